#include "fidelity/metrics.h"

#include "base/units.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Below this a temperature in K can only be a difference: nothing that runs a controller is colder.
 * */
#define ABSOLUTE_K_MIN 150.0
/* A mean nearer to zero than this share of the range makes percentages of it meaningless. */
#define MEAN_RATIO_MIN 0.01

static const tl_metric_info table[TL_METRIC_COUNT] = {
#define METRIC(name, unit, direction, source, use, not_for)                                        \
  [TL_METRIC_##name] = {#name, unit, direction, source, use, not_for},
#include "fidelity/metrics.def"
#undef METRIC
};

const tl_metric_info *tl_metric_describe(tl_metric metric)
{
  assert(metric < TL_METRIC_COUNT);
  return &table[metric];
}

bool tl_metric_find(tl_metric *out, const char *name)
{
  for (uint32_t i = 0; i < TL_METRIC_COUNT; i++)
    if (strcmp(table[i].name, name) == 0) {
      *out = (tl_metric)i;
      return true;
    }
  return false;
}

const char *tl_metric_status_name(tl_metric_status status)
{
  static const char *const names[] = {"ok", "undefined", "ill-conditioned"};
  assert(status <= TL_METRIC_ILL_CONDITIONED);
  return names[status];
}

static bool is_temperature(const tl_unit *unit)
{
  for (int d = 0; d < TL_DIM_COUNT; d++)
    if (unit->power[d] != (d == TL_DIM_TEMPERATURE ? 1 : 0)) return false;
  return true;
}

/* The mean that percentages divide by, and the factor that brings errors to its scale. */
static void percent_scale(double *mean, double *factor, const char *unit_name)
{
  tl_unit unit, celsius;
  *factor = 1.0;
  if (tl_unit_find(&unit, unit_name, NULL, NULL) != TL_OK || !is_temperature(&unit)) return;
  const tl_code found = tl_unit_find(&celsius, "degC", NULL, NULL);
  assert(found == TL_OK);
  (void)found;
  if (unit.offset == 0.0 && *mean * unit.numerator / unit.denominator < ABSOLUTE_K_MIN) return;
  *mean = tl_unit_apply(*mean, &unit, &celsius);
  *factor = tl_unit_apply_difference(1.0, &unit, &celsius);
}

typedef struct sums {
  double mean, low, high;            /* of ref */
  double error, error_abs, error_sq; /* sums of e, |e|, e^2 */
  double error_max, spread_sq;       /* max |e|, sum (ref - mean)^2 */
} sums;

static sums add_up(const double *sim, const double *ref, size_t n)
{
  sums s = {.low = ref[0], .high = ref[0]};
  double total = 0.0;
  for (size_t i = 0; i < n; i++) {
    assert(!isnan(sim[i]) && !isnan(ref[i]));
    total += ref[i];
    if (ref[i] < s.low) s.low = ref[i];
    if (ref[i] > s.high) s.high = ref[i];
  }
  s.mean = total / (double)n;
  for (size_t i = 0; i < n; i++) {
    const double e = sim[i] - ref[i], away = ref[i] - s.mean;
    s.error += e;
    s.error_abs += fabs(e);
    s.error_sq += e * e;
    s.spread_sq += away * away;
    if (fabs(e) > s.error_max) s.error_max = fabs(e);
  }
  return s;
}

static void set(tl_metric_value *out, double value, tl_metric_status status)
{
  out->value = status != TL_METRIC_OK ? (double)NAN : value == 0.0 ? 0.0 : value; /* no "-0 %" */
  out->status = status;
}

/* A difference in degC or degF is told in K: there is no zero in it. */
static double difference_scale(char out[TL_METRIC_UNIT_BYTES], const char *unit_name)
{
  tl_unit unit, kelvin;
  snprintf(out, TL_METRIC_UNIT_BYTES, "%s", unit_name);
  if (tl_unit_find(&unit, unit_name, NULL, NULL) != TL_OK || unit.offset == 0.0) return 1.0;
  const tl_code found = tl_unit_find(&kelvin, "K", NULL, NULL);
  assert(found == TL_OK);
  (void)found;
  snprintf(out, TL_METRIC_UNIT_BYTES, "K");
  return tl_unit_apply_difference(1.0, &unit, &kelvin);
}

void tl_metrics_compute(tl_metric_value out[TL_METRIC_COUNT], const double *sim, const double *ref,
                        size_t n, const char *unit)
{
  char difference_unit[TL_METRIC_UNIT_BYTES];
  const double scale = difference_scale(difference_unit, unit);
  for (uint32_t i = 0; i < TL_METRIC_COUNT; i++) {
    const bool of_channel = strcmp(table[i].unit, "channel") == 0;
    memset(&out[i], 0, sizeof out[i]);
    snprintf(out[i].unit, sizeof out[i].unit, "%s", of_channel ? difference_unit : table[i].unit);
    set(&out[i], 0.0, TL_METRIC_UNDEFINED);
  }
  if (n == 0) return;

  const sums s = add_up(sim, ref, n);
  const double rmse = sqrt(s.error_sq / (double)n);
  set(&out[TL_METRIC_rmse], rmse * scale, TL_METRIC_OK);
  set(&out[TL_METRIC_mae], s.error_abs / (double)n * scale, TL_METRIC_OK);
  set(&out[TL_METRIC_max_error], s.error_max * scale, TL_METRIC_OK);
  set(&out[TL_METRIC_bias], s.error / (double)n * scale, TL_METRIC_OK);

  const double range = s.high - s.low;
  if (range > 0.0) {
    set(&out[TL_METRIC_nrmse], rmse / range, TL_METRIC_OK);
    set(&out[TL_METRIC_r2], 1.0 - s.error_sq / s.spread_sq, TL_METRIC_OK);
  }
  if (n < 2) return; /* p = 1 leaves nothing to divide by */
  double mean = s.mean, factor = 1.0;
  percent_scale(&mean, &factor, unit);
  const bool weak = fabs(mean) <= MEAN_RATIO_MIN * range * factor;
  const tl_metric_status status = weak ? TL_METRIC_ILL_CONDITIONED : TL_METRIC_OK;
  set(&out[TL_METRIC_cvrmse_pct], 100.0 * sqrt(s.error_sq / (double)(n - 1)) * factor / mean,
      status);
  set(&out[TL_METRIC_nmbe_pct], 100.0 * -s.error * factor / ((double)(n - 1) * mean), status);
}
