/* iso18571.c: the objective rating of ISO/TS 18571:2014 for non-ambiguous signals: corridor Z, phase EP,
 * magnitude EM, slope ES, overall R. */
#include "fidelity/metric/warp.h"

#include "base/dmath.h"

#include <math.h>
#include <stdlib.h>

#define SHIFT_SHARE 0.2
#define TIE 1e-12 /* correlations that differ by less are equal */
enum { MEAN_POINTS = 9 };

typedef struct shifted {
  tl_metric_side sim, ref; /* what overlaps after the shift */
  size_t shift;
  double correlation; /* NaN when neither shift 0 nor any better one has one */
} shifted;

static double corridor(const tl_metric_input *in)
{
  double norm = 0.0, sum = 0.0;
  for (size_t i = 0; i < in->ref.count; i++)
    if (fabs(in->ref.value[i]) > norm) norm = fabs(in->ref.value[i]);
  const double inner = 0.05 * norm, outer = 0.5 * norm;
  for (size_t i = 0; i < in->ref.count; i++) {
    const double gap = fabs(in->ref.value[i] - in->sim.value[i]);
    const double share = (outer - gap) / (outer - inner);
    sum += gap < inner ? 1.0 : gap > outer ? 0.0 : share * share;
  }
  return sum / (double)in->ref.count;
}

/* --- phase --- */

static double sum4(const double *a, size_t count)
{
  double lane[4] = {0}; /* four chains of additions instead of one: their order is fixed */
  size_t i = 0;
  for (; i + 4 <= count; i += 4)
    for (size_t l = 0; l < 4; l++) lane[l] += a[i + l];
  for (; i < count; i++) lane[i % 4] += a[i];
  return (lane[0] + lane[1]) + (lane[2] + lane[3]);
}

/* Pearson correlation of two stretches; NaN when one is constant. */
static double correlation(const double *a, const double *b, size_t count)
{
  const double mean_a = sum4(a, count) / (double)count, mean_b = sum4(b, count) / (double)count;
  double aa[4] = {0}, bb[4] = {0}, ab[4] = {0};
  bool is_constant_a = true, is_constant_b = true;
  for (size_t i = 1; i < count && (is_constant_a || is_constant_b); i++) {
    is_constant_a = is_constant_a && a[i] == a[0];
    is_constant_b = is_constant_b && b[i] == b[0];
  }
  if (is_constant_a || is_constant_b) return (double)NAN;
  size_t i = 0;
  for (; i + 4 <= count; i += 4)
    for (size_t l = 0; l < 4; l++) {
      const double x = a[i + l] - mean_a, y = b[i + l] - mean_b;
      aa[l] += x * x;
      bb[l] += y * y;
      ab[l] += x * y;
    }
  for (; i < count; i++) {
    const double x = a[i] - mean_a, y = b[i] - mean_b;
    aa[i % 4] += x * x;
    bb[i % 4] += y * y;
    ab[i % 4] += x * y;
  }
  const double r = ((ab[0] + ab[1]) + (ab[2] + ab[3])) / (sqrt((aa[0] + aa[1]) + (aa[2] + aa[3])) *
                                                          sqrt((bb[0] + bb[1]) + (bb[2] + bb[3])));
  return r > 1.0 ? 1.0 : r < -1.0 ? -1.0 : r;
}

static tl_metric_side from(const tl_metric_side *side, size_t begin, size_t count)
{
  return (tl_metric_side){side->value + begin, side->at + begin, count};
}

/* Periodic signals, ramps and exponentials match at several shifts alike: rounding must not choose one. */
static bool is_better(double correlation, const shifted *best)
{
  return correlation > best->correlation + TIE; /* false for NaN, too */
}

/* The smallest shift wins ties, and sim moved to the left before to the right. */
static shifted align(const tl_metric_input *in)
{
  const size_t n = in->ref.count, most = (size_t)((double)n * SHIFT_SHARE);
  const double *sim = in->sim.value, *ref = in->ref.value;
  shifted best = {.sim = in->sim, .ref = in->ref, .correlation = correlation(ref, sim, n)};
  for (size_t s = 1; s <= most; s++) {
    const double left = correlation(ref, sim + s, n - s);
    if (is_better(left, &best))
      best = (shifted){from(&in->sim, s, n - s), from(&in->ref, 0, n - s), s, left};
    const double right = correlation(ref + s, sim, n - s);
    if (is_better(right, &best))
      best = (shifted){from(&in->sim, 0, n - s), from(&in->ref, s, n - s), s, right};
  }
  return best;
}

static double phase(size_t shift, size_t n)
{
  const double most = (double)n * SHIFT_SHARE;
  if (shift == 0) return 1.0;
  return (double)shift >= most ? 0.0 : (most - (double)shift) / most;
}

/* --- magnitude --- */

/* Squared local cost; of equal ways back: sim first, then ref, then both. Carried: sums of |sim - ref| and of
 * |ref| along the path. */
static void path_sums(const tl_warp_diagonal *d, double unused)
{
  (void)unused;
  const double *restrict last = d->last, *restrict before = d->before;
  const double *restrict gap_last = d->carried_last[0], *restrict gap_before = d->carried_before[0];
  const double *restrict ref_last = d->carried_last[1], *restrict ref_before = d->carried_before[1];
  double *restrict now = d->now, *restrict gap_now = d->carried_now[0];
  double *restrict ref_now = d->carried_now[1];
  const ptrdiff_t count = (ptrdiff_t)d->count;
  for (ptrdiff_t k = 0; k < count; k++) {
    const double gap = d->a[k] - d->b[k], cost = gap * gap;
    const double up = last[k - 1] + cost, left = last[k] + cost, both = before[k - 1] + cost;
    const bool is_up = up <= left && up <= both, is_left = left <= both;
    const double gap_side = is_left ? gap_last[k] : gap_before[k - 1];
    const double ref_side = is_left ? ref_last[k] : ref_before[k - 1];
    const double side = is_left ? left : both;
    now[k] = is_up ? up : side;
    gap_now[k] = (is_up ? gap_last[k - 1] : gap_side) + fabs(gap);
    ref_now[k] = (is_up ? ref_last[k - 1] : ref_side) + fabs(d->b[k]);
  }
}

static tl_code magnitude(double *out, const shifted *s, tl_error *err)
{
  double got[1 + TL_WARP_CARRIED];
  tl_warp_def def = {.a = s->sim,
                     .b = s->ref,
                     .outside = (double)INFINITY,
                     .kernel = path_sums,
                     .what = "ISO 18571's warping"};
  tl_warp_band(&def, tl_math_ceil(0.1 * (double)s->ref.count) - 1.0);
  const tl_code code = tl_warp(got, &def, err);
  if (code != TL_OK) return code;
  const double eps = got[1] / got[2];
  *out = eps == 0.0 ? 1.0 : eps > 0.5 ? 0.0 : (0.5 - eps) / 0.5;
  return TL_OK;
}

/* --- slope --- */

/* Central differences (one-sided at the ends), then the mean of 9, at the ends of 1, 3, 5, 7. */
static void slopes(double *out, double *raw, const double *y, size_t n, double dt)
{
  raw[0] = (y[1] - y[0]) / dt;
  raw[n - 1] = (y[n - 1] - y[n - 2]) / dt;
  for (size_t i = 1; i + 1 < n; i++) raw[i] = (y[i + 1] - y[i - 1]) / (2.0 * dt);
  for (size_t i = 0; i < n; i++) {
    const size_t edge = i < n - 1 - i ? i : n - 1 - i;
    const size_t half = edge < MEAN_POINTS / 2 ? edge : MEAN_POINTS / 2;
    double sum = 0.0;
    for (size_t k = i - half; k <= i + half; k++) sum += raw[k];
    out[i] = sum / (double)(2 * half + 1);
  }
}

static tl_code slope(double *out, const shifted *s, double dt, tl_error *err)
{
  const size_t n = s->ref.count;
  void *memory = NULL;
  const tl_code code = tl_metric_memory(&memory, n, 3 * sizeof(double), err);
  if (code != TL_OK) return code;
  double *sim = memory, *ref = sim + n, *raw = ref + n, gap = 0.0, size = 0.0;
  slopes(sim, raw, s->sim.value, n, dt);
  slopes(ref, raw, s->ref.value, n, dt);
  for (size_t i = 0; i < n; i++) {
    gap += fabs(sim[i] - ref[i]);
    size += fabs(ref[i]);
  }
  const double eps = gap / size; /* infinite when ref has no slope, NaN when neither has */
  *out = eps <= 0.0 ? 1.0 : eps >= 2.0 ? 0.0 : (2.0 - eps) / 2.0;
  free(memory);
  return TL_OK;
}

/* --- */

static void refuse_all(tl_metric_value *out, const char *reason)
{
  for (int m = TL_METRIC_iso18571_R; m <= TL_METRIC_iso18571_rho_E; m++)
    tl_metric_undefined(&out[m], reason);
}

static void set_or(tl_metric_value *out, double value, const char *reason)
{
  if (isnan(value))
    tl_metric_undefined(out, reason);
  else
    tl_metric_set(out, value);
}

static void overall(tl_metric_value *out)
{
  static const struct {
    tl_metric part;
    double weight;
  } parts[] = {{TL_METRIC_iso18571_Z, 0.4},
               {TL_METRIC_iso18571_EP, 0.2},
               {TL_METRIC_iso18571_EM, 0.2},
               {TL_METRIC_iso18571_ES, 0.2}};
  double sum = 0.0;
  for (size_t i = 0; i < 4; i++) {
    const tl_metric_value *part = &out[parts[i].part];
    if (part->status != TL_METRIC_OK) {
      tl_metric_undefined(&out[TL_METRIC_iso18571_R], part->reason);
      return;
    }
    sum += parts[i].weight * part->value;
  }
  tl_metric_set(&out[TL_METRIC_iso18571_R], sum);
}

tl_code tl_family_iso18571(tl_metric_value out[TL_METRIC_ALL_COUNT], const tl_metric_input *in,
                           const tl_metric_parameters *parameters, tl_error *err)
{
  const double given_s = parameters->value[TL_PARAMETER_dt];
  const double dt_s = isnan(given_s) ? in->step : given_s;
  const size_t n = in->ref.count;
  if (n == 0) return TL_OK;
  if (isnan(given_s) && !in->uniform) {
    refuse_all(out, "the time grid is not uniform: resample, or give dt if it is meant to be");
    return TL_OK;
  }
  if (n - (size_t)((double)n * SHIFT_SHARE) < MEAN_POINTS) {
    refuse_all(out, "fewer than 9 samples may be left after the shift");
    return TL_OK;
  }
  tl_code code = tl_metric_table_allowed((size_t)((double)n * SHIFT_SHARE) * 2, n,
                                         "ISO 18571's correlation", err);
  if (code != TL_OK) return code;
  const shifted s = align(in);
  double of_magnitude = 0.0, of_slope = 0.0;
  code = magnitude(&of_magnitude, &s, err);
  if (code == TL_OK) code = slope(&of_slope, &s, dt_s, err);
  if (code != TL_OK) return code;
  set_or(&out[TL_METRIC_iso18571_Z], corridor(in), "the reference is zero throughout");
  tl_metric_set(&out[TL_METRIC_iso18571_n_eps], (double)s.shift);
  tl_metric_set(&out[TL_METRIC_iso18571_EP], phase(s.shift, n));
  set_or(&out[TL_METRIC_iso18571_rho_E], s.correlation, "a side is constant");
  set_or(&out[TL_METRIC_iso18571_EM], of_magnitude, "the reference is zero throughout");
  set_or(&out[TL_METRIC_iso18571_ES], of_slope, "both sides are constant: no slope to compare");
  overall(out);
  return TL_OK;
}
