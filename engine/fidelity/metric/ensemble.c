/* ensemble.c: several simulations of one recording, judged as a distribution. */
#include "fidelity/metric/family.h"

#include "base/dmath.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Gneiting and Raftery 2007, by order statistics: sum over i, j of |xi - xj| = 2 sum_i (2 i - M + 1) x(i). */
static double crps(const double *sorted, size_t m, double observed, bool is_fair)
{
  double near = 0.0, spread = 0.0;
  for (size_t i = 0; i < m; i++) {
    near += fabs(sorted[i] - observed);
    spread += (2.0 * (double)i - (double)m + 1.0) * sorted[i];
  }
  const double pairs = (double)m * (is_fair ? (double)m - 1.0 : (double)m);
  return near / (double)m - spread / pairs;
}

/* Standard normal distribution function: 1 - tail, tail = erfc(x / sqrt 2) / 2 by its continued fraction (Abramowitz
 * and Stegun 26.2.14) beyond 3 and by the series 26.2.11 below; error under 1e-14. */
static double normal_density(double x)
{
  return 0.39894228040143267794 * tl_math_exp(-0.5 * x * x);
}
static double normal_below(double x)
{
  const double size = fabs(x);
  double below;
  if (size < 3.0) {
    double term = size, sum = size;
    for (int k = 1; k < 200 && term > 1e-18 * sum; k++) {
      term *= size * size / (double)(2 * k + 1);
      sum += term;
    }
    below = 0.5 + normal_density(size) * sum;
  } else {
    double fraction = size;
    for (int k = 200; k >= 1; k--) fraction = size + (double)k / fraction;
    below = 1.0 - normal_density(size) / fraction;
  }
  return x < 0.0 ? 1.0 - below : below;
}

/* Gneiting et al. 2005: sd (z (2 Phi(z) - 1) + 2 phi(z) - 1/sqrt(pi)). */
static double crps_gaussian(double mean, double sd, double observed)
{
  const double z = (observed - mean) / sd;
  return sd *
         (z * (2.0 * normal_below(z) - 1.0) + 2.0 * normal_density(z) - 0.56418958354775628695);
}

/* Linear between order statistics (type 7 of Hyndman and Fan). */
static double quantile(const double *sorted, size_t m, double level)
{
  const double place = level * (double)(m - 1), below = tl_math_floor(place);
  const size_t i = (size_t)below;
  if (i + 1 >= m) return sorted[m - 1];
  return sorted[i] + (sorted[i + 1] - sorted[i]) * (place - below);
}

static void moments(double *mean, double *sd, const double *sorted, size_t m)
{
  double sum = 0.0, square = 0.0;
  for (size_t i = 0; i < m; i++) sum += sorted[i];
  *mean = sum / (double)m;
  for (size_t i = 0; i < m; i++) square += (sorted[i] - *mean) * (sorted[i] - *mean);
  *sd = sqrt(square / (double)(m - 1));
  if (sorted[0] == sorted[m - 1]) *sd = 0.0;
}

typedef struct totals {
  double crps, gaussian, interval;
  size_t inside;
  bool has_no_spread;
} totals;

static void add(totals *t, const double *sorted, size_t m, double observed, double alpha,
                bool is_fair)
{
  double mean = 0.0, sd = 0.0;
  t->crps += crps(sorted, m, observed, is_fair);
  if (m > 1) {
    moments(&mean, &sd, sorted, m);
    if (sd > 0.0)
      t->gaussian += crps_gaussian(mean, sd, observed);
    else
      t->has_no_spread = true;
  }
  const double low = quantile(sorted, m, alpha / 2.0),
               high = quantile(sorted, m, 1.0 - alpha / 2.0);
  const double under = observed < low ? low - observed : 0.0;
  const double over = observed > high ? observed - high : 0.0;
  t->interval += (high - low) + 2.0 / alpha * (under + over);
  t->inside += observed >= quantile(sorted, m, 0.05) && observed <= quantile(sorted, m, 0.95);
}

static void answer(tl_metric_value *out, const totals *t, size_t n, size_t m, bool is_fair)
{
  const double rows = (double)n;
  if (is_fair && m < 2)
    tl_metric_undefined(&out[TL_METRIC_crps_ens_mean], "the fair estimator needs two members");
  else
    tl_metric_set(&out[TL_METRIC_crps_ens_mean], t->crps / rows);
  if (m < 2)
    tl_metric_undefined(&out[TL_METRIC_crps_gaussian_mean],
                        "a standard deviation needs two members");
  else if (t->has_no_spread)
    tl_metric_undefined(&out[TL_METRIC_crps_gaussian_mean],
                        "a row's members are all equal: no spread");
  else
    tl_metric_set(&out[TL_METRIC_crps_gaussian_mean], t->gaussian / rows);
  tl_metric_set(&out[TL_METRIC_interval_score_mean], t->interval / rows);
  tl_metric_set(&out[TL_METRIC_coverage90], (double)t->inside / rows);
}

tl_code tl_family_ensemble(tl_metric_value out[TL_METRIC_ALL_COUNT], const tl_metric_input *in,
                           const tl_metric_parameters *parameters, tl_error *err)
{
  const size_t m = in->member_count, n = in->ensemble_count;
  const bool is_fair = parameters->value[TL_PARAMETER_estimator] == 1.0;
  if (m == 0) {
    for (int i = TL_METRIC_crps_ens_mean; i <= TL_METRIC_coverage90; i++)
      tl_metric_undefined(&out[i], "needs an ensemble (--members)");
    return TL_OK;
  }
  if (n == 0) return TL_OK;
  void *memory = NULL;
  const tl_code code = tl_metric_memory(&memory, m, 2 * sizeof(double), err);
  if (code != TL_OK) return code;
  double *sorted = memory;
  totals t = {0};
  for (size_t row = 0; row < n; row++) {
    memcpy(sorted, in->members + row * m, m * sizeof *sorted);
    tl_sort_values(sorted, sorted + m, m);
    add(&t, sorted, m, in->observed[row], parameters->value[TL_PARAMETER_alpha], is_fair);
  }
  answer(out, &t, n, m, is_fair);
  free(memory);
  return TL_OK;
}
