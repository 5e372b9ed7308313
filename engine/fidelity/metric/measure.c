/* measure.c: from columns with holes to what the families take, and the units of what they give. */
#include "fidelity/metric/family.h"

#include "base/units.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef tl_code family_function(tl_metric_value *, const tl_metric_input *,
                                const tl_metric_parameters *, tl_error *);
static const struct {
  const char *name;
  family_function *compute;
} families[] = {
#define FAMILY(name, of) {#name, tl_family_##name},
#include "fidelity/metric/families.def"
#undef FAMILY
};
enum { FAMILY_COUNT = sizeof families / sizeof *families };

/* Everything that one call needs besides the columns. */
typedef struct room {
  double *memory;
  double *pair_at, *pair_sim, *pair_ref, *sim_at, *sim, *ref_at, *ref, *observed, *steps, *scratch;
  double *members;
} room;

static tl_code room_make(room *out, const tl_metric_series *series, tl_error *err)
{
  const size_t n = series->count,
               wide = (size_t)10 + series->member_count; /* 10: the rest of room */
  void *memory = NULL;
  const tl_code code = tl_metric_memory(&memory, n, wide * sizeof(double), err);
  if (code != TL_OK) return code;
  double *at = out->memory = memory;
  double **const columns[] = {&out->pair_at, &out->pair_sim, &out->pair_ref, &out->sim_at,
                              &out->sim,     &out->ref_at,   &out->ref,      &out->observed,
                              &out->steps,   &out->scratch};
  for (size_t i = 0; i < sizeof columns / sizeof *columns; i++, at += n) *columns[i] = at;
  out->members = at;
  return TL_OK;
}

/* Absolute temperatures in degC, as tl_metrics_compute takes them. */
static bool is_converted(tl_unit *from, tl_unit *celsius, const tl_metric_series *series)
{
  double sum = 0.0;
  size_t count = 0;
  for (size_t i = 0; i < series->count; i++)
    if (isfinite(series->ref[i])) sum += series->ref[i], count++;
  if (count == 0 || tl_metric_zero(series->unit, sum / (double)count) == 0.0) return false;
  return tl_unit_find(from, series->unit, NULL, NULL) == TL_OK &&
         tl_unit_find(celsius, "degC", NULL, NULL) == TL_OK;
}

static void convert(tl_metric_input *in, const room *to, const tl_metric_series *series)
{
  tl_unit from, celsius;
  if (!is_converted(&from, &celsius, series)) return;
  const size_t m = in->member_count;
  const struct {
    double *value;
    size_t count;
  } columns[] = {{to->pair_sim, in->sim.count},      {to->pair_ref, in->ref.count},
                 {to->sim, in->sim_own.count},       {to->ref, in->ref_own.count},
                 {to->observed, in->ensemble_count}, {to->members, in->ensemble_count * m}};
  for (size_t c = 0; c < sizeof columns / sizeof *columns; c++)
    for (size_t i = 0; i < columns[c].count; i++)
      columns[c].value[i] = tl_unit_apply(columns[c].value[i], &from, &celsius);
}

static void fill(tl_metric_input *in, const room *to, const tl_metric_series *series)
{
  size_t pairs = 0, sims = 0, refs = 0;
  for (size_t i = 0; i < series->count; i++) {
    const double at = series->at ? series->at[i] : (double)i;
    const bool has_ref = isfinite(series->ref[i]);
    const bool has_sim = series->sim != NULL && isfinite(series->sim[i]);
    assert(i == 0 || series->at == NULL || series->at[i - 1] <= at);
    if (has_sim) to->sim_at[sims] = at, to->sim[sims++] = series->sim[i];
    if (has_ref) to->ref_at[refs] = at, to->ref[refs++] = series->ref[i];
    if (!has_sim || !has_ref) continue;
    to->pair_at[pairs] = at;
    to->pair_sim[pairs] = series->sim[i];
    to->pair_ref[pairs++] = series->ref[i];
  }
  in->sim = (tl_metric_side){to->pair_sim, to->pair_at, pairs};
  in->ref = (tl_metric_side){to->pair_ref, to->pair_at, pairs};
  in->sim_own = (tl_metric_side){to->sim, to->sim_at, sims};
  in->ref_own = (tl_metric_side){to->ref, to->ref_at, refs};
  in->missing = series->count - pairs;
}

static void fill_ensemble(tl_metric_input *in, const room *to, const tl_metric_series *series)
{
  const size_t m = series->member_count;
  in->member_count = series->member_count;
  in->members = to->members;
  in->observed = to->observed;
  for (size_t i = 0; i < series->count && m > 0; i++) {
    double *row = to->members + in->ensemble_count * m;
    bool is_whole = isfinite(series->ref[i]);
    for (size_t k = 0; k < m && is_whole; k++) {
      row[k] = series->members[k][i];
      is_whole = isfinite(row[k]);
    }
    if (is_whole) to->observed[in->ensemble_count++] = series->ref[i];
  }
}

static void find_step(tl_metric_input *in, const room *to)
{
  const size_t n = in->ref.count;
  if (n < 2) return;
  for (size_t i = 0; i + 1 < n; i++) to->steps[i] = in->ref.at[i + 1] - in->ref.at[i];
  tl_sort_values(to->steps, to->scratch, n - 1);
  in->step = to->steps[(n - 1) / 2];
  in->uniform =
      in->step > 0.0 && to->steps[0] >= 0.99 * in->step && to->steps[n - 2] <= 1.01 * in->step;
}

static void begin(tl_metric_value *out, tl_metric metric, const char *difference_unit)
{
  memset(out, 0, sizeof *out);
  tl_metric_name_unit(out->unit, metric, difference_unit);
  tl_metric_undefined(out, TL_REASON_NO_SAMPLES);
}

static bool is_wanted(const char *family, const bool *wanted)
{
  for (int m = 0; m < TL_METRIC_ALL_COUNT; m++)
    if (wanted[m] && strcmp(tl_metric_describe((tl_metric)m)->family, family) == 0) return true;
  return false;
}

static void refuse_family(tl_metric_value *all, const char *family)
{
  for (int m = 0; m < TL_METRIC_ALL_COUNT; m++)
    if (strcmp(tl_metric_describe((tl_metric)m)->family, family) == 0)
      tl_metric_undefined(&all[m], "too many samples for its table: score a part, or give a window "
                                   "or a stride");
}

tl_code tl_metrics_measure(tl_metric_value out[TL_METRIC_ALL_COUNT],
                           const bool wanted[TL_METRIC_ALL_COUNT], const tl_metric_series *series,
                           const tl_metric_parameters *parameters, tl_error *err)
{
  tl_metric_value all[TL_METRIC_ALL_COUNT];
  tl_metric_input in = {0};
  room to = {0};
  tl_code code = room_make(&to, series, err);
  if (code != TL_OK) return code;
  fill(&in, &to, series);
  fill_ensemble(&in, &to, series);
  convert(&in, &to, series);
  find_step(&in, &to);
  char unit[TL_METRIC_UNIT_BYTES];
  (void)tl_metric_difference(unit, series->unit);
  for (int m = 0; m < TL_METRIC_ALL_COUNT; m++) begin(&all[m], (tl_metric)m, unit);
  for (size_t f = 0; f < FAMILY_COUNT;
       f++) /* one that is too large does not take the others along */
    if (is_wanted(families[f].name, wanted) &&
        families[f].compute(all, &in, parameters, NULL) != TL_OK)
      refuse_family(all, families[f].name);
  for (int m = 0; m < TL_METRIC_ALL_COUNT; m++)
    if (wanted[m]) out[m] = all[m];
  free(to.memory);
  return TL_OK;
}
