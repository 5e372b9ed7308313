/* curves.c: both sides as curves of points (t, y). */
#include "fidelity/metric/warp.h"

#include "base/dmath.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void coupling(const tl_warp_diagonal *d, double unused)
{
  (void)unused;
  const double *restrict last = d->last, *restrict before = d->before;
  double *restrict now = d->now;
  const ptrdiff_t count = (ptrdiff_t)d->count;
#pragma GCC ivdep /* rows of the table never overlap */
  for (ptrdiff_t k = 0; k < count; k++) {
    const double x = d->a_at[k] - d->b_at[k], y = d->a[k] - d->b[k], square = x * x + y * y;
    const double side = last[k - 1] < last[k] ? last[k - 1] : last[k];
    const double least = side < before[k - 1] ? side : before[k - 1];
    now[k] = least > square ? least : square; /* squares order as distances do */
  }
}

tl_code tl_family_frechet(tl_metric_value out[TL_METRIC_ALL_COUNT], const tl_metric_input *in,
                          const tl_metric_parameters *parameters, tl_error *err)
{
  double got[1 + TL_WARP_CARRIED];
  (void)parameters;
  if (in->sim_own.count == 0 || in->ref_own.count == 0) return TL_OK;
  const tl_warp_def def = {.a = in->sim_own,
                           .b = in->ref_own,
                           .below = SIZE_MAX,
                           .above = SIZE_MAX,
                           .outside = (double)INFINITY,
                           .kernel = coupling,
                           .what = "Frechet distance"};
  const tl_code code = tl_warp(got, &def, err);
  if (code == TL_OK) tl_metric_set(&out[TL_METRIC_frechet_discrete], sqrt(got[0]));
  return code;
}

/* --- area --- */

typedef struct curve {
  double *at, *value;
  size_t count;
} curve;

static double segment(const curve *c, size_t i)
{
  const double x = c->at[i + 1] - c->at[i], y = c->value[i + 1] - c->value[i];
  return sqrt(x * x + y * y);
}

/* The value half-way in time. Written as the original does, whose rounding decides which of two segments that should be
 * equal is the longer. */
static double half_way(const curve *c, size_t i, double at)
{
  const double step = c->at[i + 1] - c->at[i];
  if (step <= 0.0) return c->value[i];
  return (c->value[i + 1] - c->value[i]) / step * (at - c->at[i]) + c->value[i];
}

/* The shorter curve gets points: its longest segment is halved, the first of equals, until it has as
 * many as the longer one. */
static void refine(curve *c, double *length, size_t wanted)
{
  for (size_t i = 0; i + 1 < c->count; i++) length[i] = segment(c, i);
  while (c->count < wanted) {
    size_t longest = 0;
    for (size_t i = 1; i + 1 < c->count; i++)
      if (length[i] > length[longest]) longest = i;
    const double at = (c->at[longest + 1] + c->at[longest]) / 2.0;
    const double value = half_way(c, longest, at);
    const size_t behind = c->count - longest - 1;
    memmove(&c->at[longest + 2], &c->at[longest + 1], behind * sizeof *c->at);
    memmove(&c->value[longest + 2], &c->value[longest + 1], behind * sizeof *c->value);
    memmove(&length[longest + 2], &length[longest + 1], (behind - 1) * sizeof *length);
    c->at[longest + 1] = at;
    c->value[longest + 1] = value;
    c->count++;
    length[longest] = segment(c, longest);
    length[longest + 1] = segment(c, longest + 1);
  }
}

/* At most one corner turns against the others: no two sides cross. */
static bool is_simple(const double x[4], const double y[4])
{
  int left = 0, right = 0;
  for (int i = 0; i < 4; i++) {
    const int k = (i + 1) % 4, l = (i + 2) % 4;
    const double cross = (x[k] - x[i]) * (y[l] - y[k]) - (y[k] - y[i]) * (x[l] - x[k]);
    left += cross > 0.0;
    right += cross < 0.0;
  }
  return (left < right ? left : right) < 2;
}

static void exchange(double v[4], int i, int k)
{
  const double kept = v[i];
  v[i] = v[k];
  v[k] = kept;
}

/* Corners are reordered until no sides cross, as Jekel et al. do, then the shoelace formula. */
static double quadrilateral(double x[4], double y[4])
{
  if (!is_simple(x, y)) {
    exchange(x, 0, 1);
    exchange(y, 0, 1);
    if (!is_simple(x, y)) {
      exchange(x, 0, 1); /* back, then the second and third */
      exchange(y, 0, 1);
      exchange(x, 1, 2);
      exchange(y, 1, 2);
    }
  }
  double twice = 0.0;
  for (int i = 0; i < 4; i++) twice += x[i] * y[(i + 3) % 4] - y[i] * x[(i + 3) % 4];
  return 0.5 * fabs(twice);
}

static double area(const curve *a, const curve *b)
{
  double sum = 0.0;
  for (size_t i = 1; i < a->count; i++) {
    double x[4] = {a->at[i - 1], a->at[i], b->at[i], b->at[i - 1]};
    double y[4] = {a->value[i - 1], a->value[i], b->value[i], b->value[i - 1]};
    sum += quadrilateral(x, y);
  }
  return sum;
}

tl_code tl_family_area(tl_metric_value out[TL_METRIC_ALL_COUNT], const tl_metric_input *in,
                       const tl_metric_parameters *parameters, tl_error *err)
{
  (void)parameters;
  const bool sim_is_long = in->ref_own.count < in->sim_own.count;
  const tl_metric_side *longer = sim_is_long ? &in->sim_own : &in->ref_own;
  const tl_metric_side *shorter = sim_is_long ? &in->ref_own : &in->sim_own;
  const size_t n = longer->count;
  if (shorter->count < 2) {
    tl_metric_undefined(&out[TL_METRIC_area_between_curves], "fewer than two samples of a side");
    return TL_OK;
  }
  void *memory = NULL;
  tl_code code = tl_metric_table_allowed(n - shorter->count, n, "refining a curve", err);
  if (code == TL_OK) code = tl_metric_memory(&memory, n, 5 * sizeof(double), err);
  if (code != TL_OK) return code;
  double *room = memory;
  curve a = {room, room + n, n}, b = {room + 2 * n, room + 3 * n, shorter->count};
  memcpy(a.at, longer->at, n * sizeof *a.at);
  memcpy(a.value, longer->value, n * sizeof *a.value);
  memcpy(b.at, shorter->at, b.count * sizeof *b.at);
  memcpy(b.value, shorter->value, b.count * sizeof *b.value);
  refine(&b, room + 4 * n, n);
  tl_metric_set(&out[TL_METRIC_area_between_curves], area(&a, &b));
  free(memory);
  return TL_OK;
}
