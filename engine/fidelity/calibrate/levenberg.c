/* levenberg.c: Levenberg-Marquardt within bounds, every start and several dampings a generation.
 *
 * Source: Nocedal, Wright, "Numerical optimization", 10.3; scaling by column norms after More, "The
 * Levenberg-Marquardt algorithm", 1978; bounds by pinning (dense.h). A trial costs one candidate
 * and dampings are tried side by side, so the best of four is taken instead of one guessed. */
#include "fidelity/calibrate/search.h"

#include "base/dmath.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TRIALS = 4 };
static const double ratios[TRIALS] = {0.01, 0.1, 1.0, 10.0};
static const double lambda_low = 1e-14, lambda_high = 1e14;
static const double tolerance = 1e-12; /* of the sum of squares, twice in a row */
/* A start behind the best that came down by less than this in so many iterations crawls along a
 * valley that others have found the end of. */
static const double crawl = 1e-4;
enum { CRAWL_ITERATIONS = 20 };

typedef struct walker {
  tl_search_start *start;
  double *r;             /* [n+1][n+1] */
  double *trial;         /* [TRIALS][n] coordinates */
  double lambda, before; /* cost at the last look for crawling */
  uint32_t looked;       /* iterations then */
  uint32_t still;        /* steps in a row that brought nothing */
  bool moved;            /* r is stale */
  bool done;
} walker;

typedef struct search {
  tl_plan *plan;
  uint32_t n, count, iterations_max;
  walker *walkers;
  double *low, *high;             /* [n] coordinates */
  double *at, *r, *values, *cost; /* of a generation */
  double *scratch;
  double *memory;
} search;

static tl_code allocate(search *s, tl_search_start *starts, tl_error *err)
{
  const size_t n = s->n, count = s->count, square = (n + 1) * (n + 1);
  const size_t step = (2 * n + 1) * (n + 1) + n;
  s->walkers = calloc(count, sizeof *s->walkers);
  s->memory = calloc(2 * n + count * (n + 2 * square + (2 * n + 1) * TRIALS) + step + 2 * n,
                     sizeof *s->memory);
  if (s->walkers == NULL || s->memory == NULL)
    return tl_fail(err, TL_E_LIMIT, s->plan->problem->where, "no memory for %u starts", s->count);
  double *at = s->memory;
  s->low = at, at += n;
  s->high = at, at += n;
  s->at = at, at += count * n;
  s->r = at, at += count * square;
  s->values = at, at += count * TRIALS * n;
  s->cost = at, at += count * TRIALS;
  s->scratch = at, at += step + 2 * n;
  for (uint32_t i = 0; i < s->count; i++) {
    walker *w = &s->walkers[i];
    w->start = &starts[i];
    w->r = at, at += square;
    w->trial = at, at += TRIALS * n;
    w->lambda = starts[i].held1 ? 1e-6 : 1e-2; /* a profile begins near its end */
    w->moved = true;
  }
  for (uint32_t k = 0; k < s->n; k++) {
    const tl_calibrate_free *free = &s->plan->problem->free[k];
    s->low[k] = tl_free_coordinate(free, free->low);
    s->high[k] = tl_free_coordinate(free, free->high);
  }
  return TL_OK;
}

/* Slopes of those that moved. */
static tl_code linearise(search *s, tl_error *err)
{
  const size_t n = s->n, square = (n + 1) * (n + 1);
  uint32_t rows = 0;
  for (uint32_t i = 0; i < s->count; i++)
    if (!s->walkers[i].done && s->walkers[i].moved)
      memcpy(s->at + n * rows++, s->walkers[i].start->at, n * sizeof *s->at);
  const tl_code code = tl_plan_jacobians(s->plan, s->at, rows, s->r, err);
  if (code != TL_OK) return code;
  for (uint32_t i = 0, row = 0; i < s->count; i++) {
    walker *w = &s->walkers[i];
    if (w->done || !w->moved) continue;
    memcpy(w->r, s->r + square * row++, square * sizeof *w->r);
    w->moved = false;
    w->start->iterations++;
  }
  return TL_OK;
}

/* Trial points of one start. A coordinate at a bound that the slope pushes outward stays. */
static void plan_trials(search *s, walker *w)
{
  const uint32_t n = s->n, stride = n + 1;
  double damping[TL_CALIBRATE_FREE_MAX], low[TL_CALIBRATE_FREE_MAX], high[TL_CALIBRATE_FREE_MAX];
  double norm[TL_CALIBRATE_FREE_MAX], d[TL_CALIBRATE_FREE_MAX], greatest = 0.0;
  uint8_t held[TL_CALIBRATE_FREE_MAX], pinned[TL_CALIBRATE_FREE_MAX];
  const double *at = w->start->at, *q = w->r + (size_t)n * stride;
  for (uint32_t k = 0; k < n; k++) {
    const double *column = w->r + (size_t)k * stride;
    double sum = 0.0, slope = 0.0;
    for (uint32_t i = 0; i <= k; i++) {
      sum += column[i] * column[i];
      slope += column[i] * q[i];
    }
    norm[k] = tl_math_sqrt(sum);
    if (norm[k] > greatest) greatest = norm[k];
    low[k] = s->low[k] - at[k];
    high[k] = s->high[k] - at[k];
    held[k] = (low[k] >= 0.0 && slope >= 0.0) || (high[k] <= 0.0 && slope <= 0.0) ||
              k + 1 == w->start->held1 || sum == 0.0;
  }
  for (uint32_t t = 0; t < TRIALS; t++) {
    const double root = tl_math_sqrt(w->lambda * ratios[t]);
    for (uint32_t k = 0; k < n; k++)
      damping[k] = root * (norm[k] > 1e-8 * greatest ? norm[k] : 1e-8 * greatest);
    memcpy(pinned, held, n);
    tl_dense_step(d, n, w->r, damping, low, high, pinned, s->scratch);
    for (uint32_t k = 0; k < n; k++) {
      const double to = at[k] + d[k];
      w->trial[(size_t)t * n + k] = to < s->low[k] ? s->low[k] : to > s->high[k] ? s->high[k] : to;
    }
  }
}

static void take_best(search *s, walker *w, const double *cost)
{
  const uint32_t n = s->n;
  uint32_t best = 0;
  for (uint32_t t = 1; t < TRIALS; t++)
    if (cost[t] < cost[best]) best = t;
  const double before = w->start->cost;
  if (cost[best] < before) {
    memcpy(w->start->at, w->trial + (size_t)best * n, n * sizeof(double));
    w->start->cost = cost[best];
    w->moved = true;
    w->lambda *= ratios[best];
    if (w->lambda < lambda_low) w->lambda = lambda_low;
    w->still = before - cost[best] <= tolerance * before ? w->still + 1 : 0;
  } else {
    w->lambda *= 1e3;
    w->still++;
  }
  if (w->still >= 2 && (w->moved || w->lambda > 1e3)) w->start->converged = true;
  if (w->lambda > lambda_high || w->start->cost == 0.0) w->start->converged = true;
  w->done = w->start->converged || w->start->iterations >= s->iterations_max;
}

static void stop_crawlers(search *s)
{
  double best = (double)INFINITY;
  for (uint32_t i = 0; i < s->count; i++)
    if (s->walkers[i].start->cost < best) best = s->walkers[i].start->cost;
  for (uint32_t i = 0; i < s->count; i++) {
    walker *w = &s->walkers[i];
    if (w->done || w->start->held1 || w->start->iterations < w->looked + CRAWL_ITERATIONS) continue;
    w->looked = w->start->iterations;
    w->done = w->start->cost > best && w->before - w->start->cost < crawl * w->before;
    w->before = w->start->cost;
  }
}

static tl_code generation(search *s, tl_error *err)
{
  const uint32_t n = s->n;
  uint32_t rows = 0;
  tl_code code = linearise(s, err);
  for (uint32_t i = 0; i < s->count && code == TL_OK; i++) {
    walker *w = &s->walkers[i];
    if (w->done) continue;
    plan_trials(s, w);
    for (uint32_t t = 0; t < TRIALS; t++, rows++)
      for (uint32_t k = 0; k < n; k++)
        s->values[(size_t)rows * n + k] =
            tl_free_value(&s->plan->problem->free[k], w->trial[(size_t)t * n + k]);
  }
  if (code == TL_OK) code = tl_plan_costs(s->plan, s->values, rows, s->cost, err);
  for (uint32_t i = 0, row = 0; i < s->count && code == TL_OK; i++)
    if (!s->walkers[i].done) take_best(s, &s->walkers[i], s->cost + TRIALS * row++);
  stop_crawlers(s);
  return code;
}

static tl_code begin(search *s, tl_error *err)
{
  const uint32_t n = s->n;
  for (uint32_t i = 0; i < s->count; i++)
    for (uint32_t k = 0; k < n; k++)
      s->values[(size_t)i * n + k] =
          tl_free_value(&s->plan->problem->free[k], s->walkers[i].start->at[k]);
  const tl_code code = tl_plan_costs(s->plan, s->values, s->count, s->cost, err);
  for (uint32_t i = 0; i < s->count && code == TL_OK; i++) {
    s->walkers[i].start->cost = s->walkers[i].before = s->cost[i];
    s->walkers[i].done = !isfinite(s->cost[i]) || s->cost[i] == 0.0;
    s->walkers[i].start->converged = s->cost[i] == 0.0;
  }
  return code;
}

tl_code tl_search_levenberg(tl_plan *plan, tl_search_start *starts, uint32_t count,
                            uint32_t iterations_max, tl_error *err)
{
  search s = {.plan = plan,
              .n = plan->problem->free_count,
              .count = count,
              .iterations_max = iterations_max};
  tl_code code = allocate(&s, starts, err);
  if (code == TL_OK) code = begin(&s, err);
  for (;;) {
    bool active = false;
    for (uint32_t i = 0; i < count && code == TL_OK; i++) active |= !s.walkers[i].done;
    if (!active) break;
    if (tl_plan_interrupted(plan))
      code = tl_fail(err, TL_E_INTERRUPTED, NULL, "interrupted: nothing was written");
    if (code != TL_OK) break;
    code = generation(&s, err);
    if (plan->hooks.progress != NULL) plan->hooks.progress(plan->hooks.self, plan->simulations);
  }
  free(s.walkers);
  free(s.memory);
  return code;
}
