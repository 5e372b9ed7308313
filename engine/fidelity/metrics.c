#include "fidelity/metrics.h"

#include "base/text.h"
#include "base/units.h"
#include "fidelity/metric/family.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Below this a temperature in K can only be a difference: nothing that runs a controller is colder.
 * */
#define ABSOLUTE_K_MIN 150.0

static const tl_metric_info table[TL_METRIC_ALL_COUNT] = {
#define METRIC(name, family, unit, low, high, direction, parameters, source, use, not_for)         \
  [TL_METRIC_##name] = {#name,      unit,   (double)(low), (double)(high), direction,              \
                        parameters, source, use,           not_for,        #family},
#define ASKED METRIC
#include "fidelity/metrics.def"
#undef METRIC
};

const tl_metric_info *tl_metric_describe(tl_metric metric)
{
  assert(metric < TL_METRIC_ALL_COUNT);
  return &table[metric];
}

bool tl_metric_find(tl_metric *out, const char *name)
{
  for (uint32_t i = 0; i < TL_METRIC_ALL_COUNT; i++)
    if (strcmp(table[i].name, name) == 0) {
      *out = (tl_metric)i;
      return true;
    }
  return false;
}

tl_code tl_metric_parse(tl_metric *out, const char *name, const char *where, tl_error *err)
{
  const char *names[TL_METRIC_ALL_COUNT];
  if (tl_metric_find(out, name)) return TL_OK;
  for (uint32_t i = 0; i < TL_METRIC_ALL_COUNT; i++) names[i] = table[i].name;
  tl_fail(err, TL_E_NAME, where, "there is no metric '%.60s'", name);
  const char *near = tl_text_closest(name, names, TL_METRIC_ALL_COUNT);
  return near ? tl_fail_hint(err, "did you mean '%s'?", near)
              : tl_fail_hint(err, "docs/fidelity.md lists them");
}

const char *tl_direction_name(tl_direction direction)
{
  static const char *const names[] = {"lower", "higher", "zero", "one", "nominal"};
  assert(direction <= TL_NOMINAL);
  return names[direction];
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

double tl_metric_zero(const char *unit_name, double mean)
{
  tl_unit unit, celsius;
  if (tl_unit_find(&unit, unit_name, NULL, NULL) != TL_OK || !is_temperature(&unit)) return 0.0;
  const tl_code found = tl_unit_find(&celsius, "degC", NULL, NULL);
  assert(found == TL_OK);
  (void)found;
  if (unit.offset == 0.0 && mean * unit.numerator / unit.denominator < ABSOLUTE_K_MIN) return 0.0;
  return tl_unit_apply(0.0, &celsius, &unit);
}

/* A difference in degC or degF is told in K: there is no zero in it. */
double tl_metric_difference(char out[TL_METRIC_UNIT_BYTES], const char *unit_name)
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

void tl_metric_name_unit(char out[TL_METRIC_UNIT_BYTES], tl_metric metric, const char *difference)
{
  const char *rule = table[metric].unit;
  const size_t length = strlen("channel");
  if (strncmp(rule, "channel", length) != 0)
    snprintf(out, TL_METRIC_UNIT_BYTES, "%s", rule);
  else if (strcmp(difference, "1") == 0 && rule[length] == ' ')
    snprintf(out, TL_METRIC_UNIT_BYTES, "%s", rule + length + 1);
  else
    snprintf(out, TL_METRIC_UNIT_BYTES, "%s%s", difference,
             strcmp(difference, "1") == 0 ? "" : rule + length);
}

void tl_metrics_compute(tl_metric_value out[TL_METRIC_COUNT], const double *sim, const double *ref,
                        size_t n, const char *unit)
{
  tl_metric_value all[TL_METRIC_ALL_COUNT];
  const tl_metric_parameters parameters = tl_metric_parameters_default();
  char difference_unit[TL_METRIC_UNIT_BYTES];
  const double scale = tl_metric_difference(difference_unit, unit);
  memset(all, 0, sizeof all);
  for (uint32_t i = 0; i < TL_METRIC_ALL_COUNT; i++)
    tl_metric_undefined(&all[i], TL_REASON_NO_SAMPLES);
  for (size_t i = 0; i < n; i++) assert(!isnan(sim[i]) && !isnan(ref[i]));
  tl_metric_input in = {.sim = {sim, NULL, n}, .ref = {ref, NULL, n}};
  if (n > 0) in.zero = tl_metric_zero(unit, tl_moments_of(ref, n).mean);
  const tl_code code = tl_family_errors(all, &in, &parameters, NULL);
  assert(code == TL_OK); /* sums only: it allocates nothing */
  (void)code;
  for (uint32_t i = 0; i < TL_METRIC_COUNT; i++) {
    out[i] = all[i];
    tl_metric_name_unit(out[i].unit, (tl_metric)i, difference_unit);
    if (strcmp(table[i].unit, "channel") == 0) out[i].value *= scale;
  }
}
