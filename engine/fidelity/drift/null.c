/* null.c: fleets in which nothing changes, and how often the whole procedure says otherwise.
 *
 * A null fleet has the sides' devices and stamps (thinned), and each signal the reference's own values, autocorrelation
 * and spread between devices and in common: a Gaussian first-order process with these, put through the reference's
 * quantiles. The two sides are one realisation, cut where the comparison cuts. */
#include "fidelity/drift/drift_inside.h"
#include "fidelity/stat/stat.h"

#include "base/dmath.h"
#include "base/hash.h"
#include "base/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_MAX = 4000, DEVICES_MAX = 64, QUANTILES = 1024 };

/* How one signal of a null fleet is drawn. */
typedef struct null_recipe {
  double quantile[QUANTILES];
  double keep;   /* first-order coefficient from one used row to the next */
  double device; /* deviation of a device's own level */
  double common; /* of what all devices share */
  double own;
} null_recipe;

typedef struct null_fleet {
  tl_drift_side side[2];
  int64_t *at_ns;
  double *values; /* both sides, [row][device] */
} null_fleet;

static size_t thin_side(tl_drift_side *out, int64_t *at_ns, const tl_drift_side *side,
                        uint32_t stride)
{
  size_t count = 0;
  for (size_t row = 0; row < side->rows; row += stride) at_ns[count++] = side->at_ns[row];
  *out = *side;
  out->at_ns = at_ns;
  out->rows = count;
  if (out->device_count > DEVICES_MAX) out->device_count = DEVICES_MAX;
  return count;
}

static bool fleet_make(null_fleet *out, const tl_drift_side *reference,
                       const tl_drift_side *current, uint32_t *stride)
{
  const size_t rows = reference->rows + current->rows;
  *stride = (uint32_t)((rows + ROWS_MAX - 1) / ROWS_MAX);
  out->at_ns = malloc((rows + 2) * sizeof *out->at_ns);
  if (out->at_ns == NULL) return false;
  const size_t n = thin_side(&out->side[0], out->at_ns, reference, *stride);
  const size_t m = thin_side(&out->side[1], out->at_ns + n, current, *stride);
  const size_t a = n * out->side[0].device_count, b = m * out->side[1].device_count;
  out->values = malloc((a + b + 1) * sizeof *out->values);
  out->side[0].values = out->values;
  out->side[1].values = out->values + a;
  return out->values != NULL;
}

static void fleet_free(null_fleet *fleet)
{
  free(fleet->at_ns);
  free(fleet->values);
}

/* Values at even shares of the reference's sorted ones. */
static void recipe_make(null_recipe *out, const tl_drift_signal *signal, const double *sorted,
                        size_t n, double row_s)
{
  for (size_t k = 0; k < QUANTILES; k++) out->quantile[k] = sorted[k * (n - 1) / (QUANTILES - 1)];
  const double tau = signal->correlation_s / row_s; /* (1 + a) / (1 - a) of the coefficient a */
  out->keep = tau > 1.1 ? (tau - 1.0) / (tau + 1.0) : 0.0;
  const double rest = 1.0 - signal->device_share;
  out->device = sqrt(signal->device_share);
  out->common = sqrt(rest * signal->common_share);
  out->own = sqrt(rest * (1.0 - signal->common_share));
}

static double place(const null_recipe *recipe, double z)
{
  const double at = tl_stat_normal_cdf(z) * (double)(QUANTILES - 1);
  return recipe->quantile[(int)(at + 0.5)];
}

static void draw_device(const null_fleet *fleet, const null_recipe *recipe, tl_rng_key key,
                        uint32_t device, bool same_devices, const double *common)
{
  const double fresh = sqrt(1.0 - recipe->keep * recipe->keep);
  double level = tl_rng_normal(key, device, UINT64_MAX), x = tl_rng_normal(key, device, 0);
  uint64_t step = 1;
  size_t row_of_both = 0;
  for (int side = 0; side < 2; side++) {
    const tl_drift_side *to = &fleet->side[side];
    double *values =
        side ? fleet->values + fleet->side[0].rows * fleet->side[0].device_count : fleet->values;
    if (device >= to->device_count) continue;
    if (side && !same_devices) level = tl_rng_normal(key, device, UINT64_MAX - 1);
    for (size_t row = 0; row < to->rows; row++) {
      x = recipe->keep * x + fresh * tl_rng_normal(key, device, step++);
      const double z =
          recipe->device * level + recipe->common * common[row_of_both++] + recipe->own * x;
      values[row * to->device_count + device] = place(recipe, z);
    }
  }
}

static bool draw(const null_fleet *fleet, const null_recipe *recipe, tl_rng_key key,
                 bool same_devices)
{
  const size_t rows = fleet->side[0].rows + fleet->side[1].rows;
  double *common = malloc((rows + 1) * sizeof *common);
  if (common == NULL) return false;
  const double fresh = sqrt(1.0 - recipe->keep * recipe->keep);
  double x = tl_rng_normal(key, UINT32_MAX, 0);
  for (size_t row = 0; row < rows; row++) {
    x = recipe->keep * x + fresh * tl_rng_normal(key, UINT32_MAX, row + 1);
    common[row] = x;
  }
  const uint32_t a = fleet->side[0].device_count, b = fleet->side[1].device_count;
  for (uint32_t d = 0; d < (a > b ? a : b); d++)
    draw_device(fleet, recipe, key, d, same_devices, common);
  free(common);
  return true;
}

static void close_rate(tl_drift_rate *rate)
{
  if (rate->tries > 0)
    tl_stat_clopper_pearson(&rate->low, &rate->high, rate->alarms, rate->tries, 0.95);
}

/* Signals that were tested; the others need no null. */
static bool was_tested(const tl_drift_signal *signal) { return signal->status == TL_DRIFT_OK; }

tl_code tl_drift_measure(tl_drift *drift, const tl_drift_side *reference,
                         const tl_drift_side *current, const double *const *sorted_reference,
                         const size_t *sorted_count, tl_error *err)
{
  const uint32_t count = drift->signal_count;
  null_fleet fleet = {0};
  uint32_t stride = 1;
  tl_drift_options options = drift->options;
  const double needed = 4.0 / options.alpha; /* enough to place the threshold, no more */
  if ((double)options.permutations > 199.0 && needed <= 199.0) options.permutations = 199;
  null_recipe *recipes = calloc(count + (size_t)1, sizeof *recipes);
  tl_drift_signal *null = calloc(count + (size_t)1, sizeof *null);
  tl_code code = TL_OK;
  if (!recipes || !null || !fleet_make(&fleet, reference, current, &stride))
    code = tl_fail(err, TL_E_LIMIT, NULL, "drift: no memory for null fleets");
  for (uint32_t i = 0; code == TL_OK && i < count; i++)
    if (was_tested(&drift->signals[i]))
      recipe_make(&recipes[i], &drift->signals[i], sorted_reference[i], sorted_count[i],
                  drift->signals[i].period_s * (double)stride);
  for (uint32_t f = 0; code == TL_OK && f < options.null_fleets; f++) {
    bool any = false, tested = false;
    for (uint32_t i = 0; code == TL_OK && i < count; i++) {
      null[i] = (tl_drift_signal){.p_value = (double)NAN};
      if (!was_tested(&drift->signals[i])) continue;
      const tl_rng_key key = tl_rng_key_make(options.seed, tl_hash_text("drift.null") + f,
                                             i); /* a fleet and signal its own stream */
      if (!draw(&fleet, &recipes[i], key, drift->signals[i].same_devices))
        code = tl_fail(err, TL_E_LIMIT, NULL, "drift: no memory for null fleets");
      else
        code = tl_drift_signal_test(&null[i], &fleet.side[0], &fleet.side[1], &options,
                                    f * count + i, err);
      for (int t = 0; code == TL_OK && t < TL_DRIFT_TEST_COUNT; t++) {
        if (drift->signals[i].test[t].status != TL_DRIFT_OK) continue;
        drift->test_rate[t].tries++;
        drift->test_rate[t].alarms +=
            null[i].test[t].status == TL_DRIFT_OK && null[i].test[t].alarm;
      }
      tested = true;
    }
    tl_drift_adjust(null, count, options.alpha);
    for (uint32_t i = 0; i < count; i++) any = any || null[i].drift;
    drift->verdict_rate.tries += tested;
    drift->verdict_rate.alarms += tested && any;
  }
  for (int t = 0; t < TL_DRIFT_TEST_COUNT; t++) close_rate(&drift->test_rate[t]);
  close_rate(&drift->verdict_rate);
  fleet_free(&fleet);
  free(recipes);
  free(null);
  return code;
}

const char *tl_drift_rate_name(const tl_drift_rate *rate, double alpha)
{
  if (rate->tries == 0) return "not measured";
  return rate->low > alpha ? "above nominal" : rate->high < alpha ? "conservative" : "as nominal";
}
