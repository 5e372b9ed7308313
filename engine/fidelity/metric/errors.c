/* errors.c: metrics of the difference at each sample, and their ratios to the reference. */
#include "fidelity/metric/family.h"

#include "base/dmath.h"

#include <math.h>

typedef struct sums {
  double error, error_abs, error_sq, error_max;
  double sim_sq, ref_sq, gap_sq; /* gap: of the unit vectors, see phase() */
} sums;

static sums add_up(const tl_metric_input *in)
{
  sums s = {0};
  for (size_t i = 0; i < in->ref.count; i++) {
    const double sim = in->sim.value[i], ref = in->ref.value[i], e = sim - ref;
    s.error += e;
    s.error_abs += fabs(e);
    s.error_sq += e * e;
    s.sim_sq += sim * sim;
    s.ref_sq += ref * ref;
    if (fabs(e) > s.error_max) s.error_max = fabs(e);
  }
  const double sim_norm = sqrt(s.sim_sq), ref_norm = sqrt(s.ref_sq);
  if (sim_norm > 0.0 && ref_norm > 0.0)
    for (size_t i = 0; i < in->ref.count; i++) {
      const double gap = in->sim.value[i] / sim_norm - in->ref.value[i] / ref_norm;
      s.gap_sq += gap * gap;
    }
  return s;
}

/* acos of the cosine of two vectors loses half of the digits near 0: the angle of two unit vectors is
 * also 2 asin(|u - v| / 2), exact there, and pi minus that of u and -v beyond a right angle. */
static double phase(const sums *s)
{
  const double pi = 3.14159265358979323846, half = sqrt(s->gap_sq) / 2.0;
  if (s->gap_sq <= 2.0) return 2.0 * tl_math_asin(half) / pi;
  const double other = 4.0 - s->gap_sq; /* |u + v|^2 */
  return 1.0 - 2.0 * tl_math_asin(other > 0.0 ? sqrt(other) / 2.0 : 0.0) / pi;
}

static void of_range(tl_metric_value *out, const sums *s, const tl_moments *ref, double n)
{
  static const tl_metric of_spread[] = {TL_METRIC_nrmse_range, TL_METRIC_r2, TL_METRIC_nse,
                                        TL_METRIC_fit_pct};
  if (ref->is_constant) {
    for (size_t i = 0; i < sizeof of_spread / sizeof *of_spread; i++)
      tl_metric_undefined(&out[of_spread[i]], TL_REASON_CONSTANT_REF);
    return;
  }
  tl_metric_set(&out[TL_METRIC_nrmse_range], sqrt(s->error_sq / n) / ref->range);
  tl_metric_set(&out[TL_METRIC_r2], 1.0 - s->error_sq / ref->spread_sq);
  tl_metric_set(&out[TL_METRIC_nse], 1.0 - s->error_sq / ref->spread_sq);
  tl_metric_set(&out[TL_METRIC_fit_pct], 100.0 * (1.0 - sqrt(s->error_sq) / sqrt(ref->spread_sq)));
}

static void of_mean(tl_metric_value *out, const sums *s, const tl_moments *ref, double zero,
                    double n, double p)
{
  static const tl_metric all[] = {TL_METRIC_cvrmse_pct, TL_METRIC_nmbe_pct, TL_METRIC_pbias};
  const double mean = ref->mean - zero;
  if (fabs(mean) <= TL_METRIC_MEAN_RATIO_MIN * ref->range || mean == 0.0) {
    for (size_t i = 0; i < 3; i++)
      tl_metric_refuse(&out[all[i]], TL_METRIC_ILL_CONDITIONED, TL_REASON_WEAK_MEAN_REF);
    return;
  }
  tl_metric_set(&out[TL_METRIC_pbias], 100.0 * -s->error / (n * mean));
  if (n <= p) { /* nothing to divide by */
    tl_metric_undefined(&out[TL_METRIC_cvrmse_pct], "not more samples than fitted parameters (p)");
    tl_metric_undefined(&out[TL_METRIC_nmbe_pct], "not more samples than fitted parameters (p)");
    return;
  }
  tl_metric_set(&out[TL_METRIC_cvrmse_pct], 100.0 * sqrt(s->error_sq / (n - p)) / mean);
  tl_metric_set(&out[TL_METRIC_nmbe_pct], 100.0 * -s->error / ((n - p) * mean));
}

static void theil(tl_metric_value *out, const tl_metric_input *in, const sums *s)
{
  const double n = (double)in->ref.count;
  const double *sim = in->sim.value, *ref = in->ref.value;
  const double size = sqrt(s->ref_sq / n) + sqrt(s->sim_sq / n);
  if (size > 0.0)
    tl_metric_set(&out[TL_METRIC_theil_u1], sqrt(s->error_sq / n) / size);
  else
    tl_metric_undefined(&out[TL_METRIC_theil_u1], "both sides are zero throughout");

  double twin = 0.0, holding = 0.0;
  bool has_zero = false;
  for (size_t i = 0; i + 1 < in->ref.count; i++) {
    const double a = (sim[i + 1] - ref[i + 1]) / ref[i], b = (ref[i + 1] - ref[i]) / ref[i];
    if (ref[i] == 0.0) has_zero = true;
    twin += a * a;
    holding += b * b;
  }
  if (in->ref.count < 2)
    tl_metric_undefined(&out[TL_METRIC_theil_u2], "fewer than two samples");
  else if (has_zero)
    tl_metric_undefined(&out[TL_METRIC_theil_u2], "the reference has a zero");
  else if (holding == 0.0)
    tl_metric_undefined(&out[TL_METRIC_theil_u2], TL_REASON_CONSTANT_REF);
  else
    tl_metric_set(&out[TL_METRIC_theil_u2], sqrt(twin / holding));
}

static void sprague_geers(tl_metric_value *out, const sums *s)
{
  if (s->ref_sq == 0.0) {
    tl_metric_undefined(&out[TL_METRIC_sprague_geers_M], "the reference is zero throughout");
    tl_metric_undefined(&out[TL_METRIC_sprague_geers_P], "the reference is zero throughout");
    tl_metric_undefined(&out[TL_METRIC_sprague_geers_C], "the reference is zero throughout");
    return;
  }
  const double magnitude = sqrt(s->sim_sq / s->ref_sq) - 1.0;
  tl_metric_set(&out[TL_METRIC_sprague_geers_M], magnitude);
  if (s->sim_sq == 0.0) {
    tl_metric_undefined(&out[TL_METRIC_sprague_geers_P], "the simulation is zero throughout");
    tl_metric_undefined(&out[TL_METRIC_sprague_geers_C], "the simulation is zero throughout");
    return;
  }
  const double angle = phase(s);
  tl_metric_set(&out[TL_METRIC_sprague_geers_P], angle);
  tl_metric_set(&out[TL_METRIC_sprague_geers_C], tl_math_hypot(magnitude, angle));
}

tl_code tl_family_errors(tl_metric_value out[TL_METRIC_ALL_COUNT], const tl_metric_input *in,
                         const tl_metric_parameters *parameters, tl_error *err)
{
  (void)err;
  if (in->ref.count == 0) return TL_OK; /* all stay undefined: no samples */
  const double n = (double)in->ref.count;
  const sums s = add_up(in);
  const tl_moments ref = tl_moments_of(in->ref.value, in->ref.count);
  tl_metric_set(&out[TL_METRIC_rmse], sqrt(s.error_sq / n));
  tl_metric_set(&out[TL_METRIC_mae], s.error_abs / n);
  tl_metric_set(&out[TL_METRIC_max_abs], s.error_max);
  tl_metric_set(&out[TL_METRIC_bias], s.error / n);
  of_range(out, &s, &ref, n);
  of_mean(out, &s, &ref, in->zero, n, parameters->value[TL_PARAMETER_p]);
  theil(out, in, &s);
  sprague_geers(out, &s);
  return TL_OK;
}
