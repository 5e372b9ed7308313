/* profile.c: how far a value can move before the recording objects.
 *
 * Why: where values make up for each other the sum of squares is a bent valley, and an interval from its
 * curvature at one point covers too little. So each value is held at points further and further
 * out, all others are fitted anew, and its interval ends where the sum of squares has risen by what
 * noise explains (Bates, Watts, "Nonlinear regression analysis", 1988, 6.1.2). A bound that comes first
 * is the interval's end. All values and both sides go side by side.
 * The square root of the rise is nearly a straight line along the way: that finds the end in a few
 * steps. */
#include "fidelity/calibrate/search.h"
#include "fidelity/calibrate/statistics.h"

#include "base/dmath.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 14, ITERATIONS = 30 };
static const double close_ratio = 0.01; /* of the square root of the rise */

typedef struct side {
  uint32_t k;
  double end;               /* the bound on this side */
  double wanted;            /* square root of the rise at the interval's end */
  double inner, inner_rise; /* root of the rise is below `wanted` there ... */
  double outer, outer_rise; /* ... and above it there; NaN: not found yet */
  double next;
  double *point; /* [free] where the others were best, last */
  double step;
  bool done;
} side;

static double clamp(double x, double low, double high)
{
  return x < low ? low : x > high ? high : x;
}

/* Where to look next: further out, or between. */
static void choose(side *s, double best)
{
  if (isnan(s->outer)) {
    const double grown = s->inner_rise > 0.0 ? s->wanted / s->inner_rise : 4.0;
    const double factor = clamp(1.05 * grown, 1.2, 4.0);
    s->next = s->inner == best ? best + s->step : best + factor * (s->inner - best);
    if ((s->end - s->next) * (s->end - best) <= 0.0) s->next = s->end;
    return;
  }
  const double share = (s->wanted - s->inner_rise) / (s->outer_rise - s->inner_rise);
  s->next = s->inner + clamp(share, 0.05, 0.95) * (s->outer - s->inner);
}

static void learn(side *s, double rise, double best, bool last)
{
  const double root = rise > 0.0 ? tl_math_sqrt(rise) : 0.0;
  const bool close = fabs(root - s->wanted) <= close_ratio * s->wanted;
  if (root > s->wanted || isnan(root)) {
    s->outer = s->next;
    s->outer_rise = isfinite(root) ? root : 1e3 * s->wanted;
  } else {
    s->inner = s->next;
    s->inner_rise = root;
  }
  const bool at_end = s->inner == s->end;
  s->done = close || at_end || last;
  if (close || at_end) {
    s->inner = s->next;
    return;
  }
  if (!s->done) return;
  if (isnan(s->outer)) { /* never seen from outside: the straight line of the root goes on */
    const double factor = s->inner_rise > 0.0 ? clamp(s->wanted / s->inner_rise, 1.0, 4.0) : 1.0;
    const double to = best + factor * (s->inner - best);
    s->inner = (s->end - to) * (s->end - best) <= 0.0 ? s->end : to;
    return;
  }
  const double share = (s->wanted - s->inner_rise) / (s->outer_rise - s->inner_rise);
  s->inner += clamp(share, 0.0, 1.0) * (s->outer - s->inner);
}

/* The others on a straight line from the best point through where they were. */
static void place(tl_search_start *start, const side *s, const double *at, const double *low,
                  const double *high, uint32_t n, double before)
{
  const double ratio = (s->next - at[s->k]) / (before - at[s->k]);
  for (uint32_t i = 0; i < n; i++)
    start->at[i] = clamp(at[i] + ratio * (s->point[i] - at[i]), low[i], high[i]);
  start->at[s->k] = s->next;
  *start = (tl_search_start){.at = start->at, .cost = (double)INFINITY, .held1 = s->k + 1};
}

/* What one value's profile found counts for the others: a point that the recording allows further
 * out than a side has come is where that side goes on. So a second valley is not missed when
 * any profile leads into it. */
static void share(side *sides, uint32_t count, const tl_search_start *found, double rise,
                  const double *at, uint32_t n)
{
  const double root = rise > 0.0 ? tl_math_sqrt(rise) : 0.0;
  for (uint32_t i = 0; i < count; i++) {
    side *s = &sides[i];
    const double way = s->end > at[s->k] ? 1.0 : -1.0;
    const double where = found->at[s->k];
    if (!(root < s->wanted * (1.0 - close_ratio)) || way * (where - s->inner) <= 0.0) continue;
    if (s->done && way * (where - s->inner) <= 0.02 * way * (s->inner - at[s->k])) continue;
    s->inner = where;
    s->inner_rise = root;
    if (!isnan(s->outer) && way * (s->outer - where) <= 0.0) s->outer = (double)NAN;
    if (s->done) s->outer = (double)NAN;
    memcpy(s->point, found->at, n * sizeof *s->point);
    s->next = where;
    s->done = where == s->end;
  }
}

static uint32_t begin(side *sides, double *points, const tl_calibration *out, const double *at,
                      const double *low, const double *high, const tl_curvature *c, uint32_t n)
{
  uint32_t count = 0;
  for (uint32_t k = 0; k < n; k++)
    for (int up = 0; up < 2; up++) {
      const double bound = up ? high[k] : low[k];
      if (!(c->rise[k] > 0.0) || at[k] == bound) continue;
      side *s = &sides[count];
      const double span = high[k] - low[k];
      const double guess = 2.0 * out->values[k].deviation;
      const double reach = guess > 0.0 && guess < 0.5 * span ? guess : 0.05 * span;
      *s = (side){.k = k,
                  .end = bound,
                  .wanted = tl_math_sqrt(c->rise[k]),
                  .inner = at[k],
                  .outer = (double)NAN,
                  .point = points + (size_t)count * n,
                  .step = up ? reach : -reach};
      for (uint32_t i = 0; i < n; i++)
        s->point[i] = at[i] + s->step * c->direction[(size_t)k * n + i];
      count++;
    }
  return count;
}

static void write_back(tl_calibration *out, const tl_calibrate_problem *p, const side *sides,
                       uint32_t count, const double *at)
{
  for (uint32_t i = 0; i < count; i++) {
    const side *s = &sides[i];
    tl_calibrated *v = &out->values[s->k];
    if (isnan(v->low)) v->low = v->high = v->value; /* at a bound: that side ends there */
    *(s->end > at[s->k] ? &v->high : &v->low) = tl_free_value(&p->free[s->k], s->inner);
  }
  for (uint32_t i = 0; i < count;
       i++) { /* a side without a way is the bound that the value is at */
    tl_calibrated *v = &out->values[sides[i].k];
    if (v->at_bound && v->value == p->free[sides[i].k].low) v->low = v->value;
    if (v->at_bound && v->value == p->free[sides[i].k].high) v->high = v->value;
  }
  out->profiled = true;
}

typedef struct memory {
  side *sides;
  tl_search_start *starts;
  double *low, *high, *points, *at;
} memory;

static tl_code round_of(memory *m, tl_plan *plan, const double *at, double cost, uint32_t count,
                        bool last, tl_error *err)
{
  const uint32_t n = plan->problem->free_count;
  uint32_t active = 0;
  for (uint32_t i = 0; i < count; i++) {
    side *s = &m->sides[i];
    if (s->done) continue;
    const double before = s->inner == at[s->k] && isnan(s->outer) ? at[s->k] + s->step : s->next;
    choose(s, at[s->k]);
    m->starts[active].at = m->at + (size_t)active * n;
    place(&m->starts[active++], s, at, m->low, m->high, n, before);
  }
  const tl_code code = tl_search_levenberg(plan, m->starts, active, ITERATIONS, err);
  for (uint32_t i = 0, row = 0; i < count && code == TL_OK; i++) {
    side *s = &m->sides[i];
    if (s->done) continue;
    memcpy(s->point, m->starts[row].at, n * sizeof *s->point);
    learn(s, m->starts[row++].cost - cost, at[s->k], last);
  }
  for (uint32_t row = 0; row < active && code == TL_OK; row++)
    share(m->sides, count, &m->starts[row], m->starts[row].cost - cost, at, n);
  return code;
}

tl_code tl_profile(tl_calibration *out, tl_plan *plan, const double *at, double cost,
                   const tl_curvature *curvature, tl_error *err)
{
  const tl_calibrate_problem *p = plan->problem;
  const uint32_t n = p->free_count;
  memory m = {
      calloc(2 * n, sizeof *m.sides), calloc(2 * n, sizeof *m.starts), NULL, NULL, NULL, NULL};
  m.low = calloc((size_t)2 * n + (size_t)4 * n * n, sizeof *m.low);
  tl_code code = TL_OK;
  if (m.sides == NULL || m.starts == NULL || m.low == NULL) {
    code = tl_fail(err, TL_E_LIMIT, p->where, "no memory for profiles");
  } else {
    m.high = m.low + n;
    m.points = m.high + n;
    m.at = m.points + (size_t)2 * n * n;
    for (uint32_t k = 0; k < n; k++) {
      m.low[k] = tl_free_coordinate(&p->free[k], p->free[k].low);
      m.high[k] = tl_free_coordinate(&p->free[k], p->free[k].high);
    }
    const uint32_t count = begin(m.sides, m.points, out, at, m.low, m.high, curvature, n);
    for (uint32_t round = 0; round < ROUNDS && code == TL_OK; round++)
      code = round_of(&m, plan, at, cost, count, round + 1 == ROUNDS, err);
    if (code == TL_OK) write_back(out, p, m.sides, count, at);
  }
  free(m.sides);
  free(m.starts);
  free(m.low);
  return code;
}
