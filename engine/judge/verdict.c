#include "judge/internal.h"

#include "base/text.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

const char *tl_verdict_name(tl_verdict verdict)
{
  static const char *const names[] = {"passed", "failed", "error"};
  assert(verdict <= TL_ERRORED);
  return names[verdict];
}

/* A gauge in its threshold's unit. */
static tl_reading read(const tl_judge *judge, const tl_gauge *gauge, bool finished)
{
  const tl_threshold *t = &gauge->threshold;
  tl_reading out = {.observed = (double)NAN};
  if (gauge->meter >= 0) {
    out = tl_meter_read(judge, &judge->meters[gauge->meter], t);
  } else if (t->quantity < TL_QUANTITY_FIDELITY_RMSE) {
    out = tl_watch_read(judge, gauge, finished);
  } else {
    out.observed = gauge->value;
    out.samples = gauge->has_value ? 1 : 0;
  }
  if (out.samples == 0) return out;
  out.bin = tl_unit_apply_difference(out.bin, &gauge->native, &t->unit);
  if (strcmp(gauge->native.name, t->unit.name) == 0) return out;
  out.observed = gauge->is_difference
                     ? tl_unit_apply_difference(out.observed, &gauge->native, &t->unit)
                     : tl_unit_apply(out.observed, &gauge->native, &t->unit);
  return out;
}

/* Detection delays and misses are walked fault by fault: only when somebody waits for them. */
static bool is_cheap(const tl_threshold *t)
{
  return t->quantity == TL_QUANTITY_COUNT || t->quantity == TL_QUANTITY_COMFORT_ERROR ||
         t->quantity == TL_QUANTITY_COMFORT_VIOLATION || t->quantity == TL_QUANTITY_FALSE_ALARMS;
}

static void evaluate(tl_judge *judge)
{
  for (uint32_t i = 0; i < judge->gauge_count; i++) {
    tl_gauge *gauge = &judge->gauges[i];
    const tl_threshold *t = &gauge->threshold;
    if (!t->abort && !is_cheap(t)) continue;
    const tl_reading now = read(judge, gauge, false);
    if (now.samples == 0) continue;
    if (tl_threshold_holds(t, now.observed)) {
      gauge->breach_ns = -1;
      continue;
    }
    if (gauge->breach_ns < 0) gauge->breach_ns = judge->now_ns;
    if (t->abort && judge->aborted < 0) judge->aborted = (int32_t)i;
  }
}

typedef struct looking {
  tl_judge *judge;
  tl_fleet_id fleet;
  int64_t end_ns;
} looking;

/* Everything that is asked of one block, while it is in cache. */
static void look_at_block(void *context, uint32_t block, uint32_t thread)
{
  const looking *l = context;
  tl_judge *judge = l->judge;
  for (uint32_t w = 0; w < judge->watch_count; w++)
    if (judge->watches[w].fleet.index1 == l->fleet.index1)
      tl_watch_look_at_block(judge, &judge->watches[w], block);
  for (uint32_t m = 0; m < judge->meter_count; m++) {
    tl_meter *meter = &judge->meters[m];
    tl_partial *partials = judge->partials + (size_t)m * judge->partial_stride;
    for (uint32_t s = 0; s < meter->source_count && l->end_ns >= meter->after_ns; s++)
      if (meter->sources[s].fleet.index1 == l->fleet.index1)
        tl_meter_sample_block(judge, meter, &meter->sources[s], block, thread,
                              &partials[judge->first_block[l->fleet.index1 - 1] + block]);
  }
}

static bool is_looked_at(const tl_judge *judge, tl_fleet_id fleet)
{
  for (uint32_t w = 0; w < judge->watch_count; w++)
    if (judge->watches[w].fleet.index1 == fleet.index1) return true;
  for (uint32_t m = 0; m < judge->meter_count; m++)
    for (uint32_t s = 0; s < judge->meters[m].source_count; s++)
      if (judge->meters[m].sources[s].fleet.index1 == fleet.index1) return true;
  return false;
}

static tl_code window_end(void *self, const tl_window_view *view, tl_error *err)
{
  enum { WORTH_A_TEAM = 16 }; /* blocks; below, waking threads costs more than looking */
  tl_judge *judge = self;
  (void)err;
  judge->now_ns = view->end_ns;
  for (uint32_t f = 1; f <= tl_world_fleet_count(judge->world); f++) {
    looking l = {judge, {f}, view->end_ns};
    const uint32_t blocks = tl_fleet_block_count(judge->world, l.fleet);
    if (!is_looked_at(judge, l.fleet)) continue;
    if (blocks >= WORTH_A_TEAM)
      tl_world_for_blocks(judge->world, l.fleet, look_at_block, &l);
    else
      for (uint32_t b = 0; b < blocks; b++) look_at_block(&l, b, 0);
  }
  tl_watches_take(judge, view->begin_ns, view->end_ns);
  for (uint32_t m = 0; m < judge->meter_count; m++)
    tl_meter_close_window(judge, &judge->meters[m], view->begin_ns, view->end_ns);
  evaluate(judge);
  return TL_OK;
}

tl_observer tl_judge_observer(tl_judge *judge)
{
  return (tl_observer){.self = judge, .window_end = window_end};
}

int32_t tl_judge_aborted(const tl_judge *judge) { return judge->aborted; }
uint32_t tl_judge_threshold_count(const tl_judge *judge) { return judge->gauge_count; }

/* --- values from elsewhere --- */

static void refuse(tl_gauge *gauge, tl_code code, const char *message)
{
  gauge->code = code;
  snprintf(gauge->message, sizeof gauge->message, "%s", message);
}

static tl_code take_value(tl_gauge *gauge, double value, const char *unit, const char *status,
                          tl_error *err)
{
  tl_threshold *t = &gauge->threshold;
  char message[320];
  if (status != NULL && strcmp(status, "ok") != 0) {
    snprintf(message, sizeof message, "%.100s of %.64s is %.40s: it may not decide a verdict",
             t->metric, t->channel, status);
    refuse(gauge, TL_E_SAMPLES, message);
    return TL_OK;
  }
  tl_code code = tl_unit_find(&gauge->native, unit, t->where[0] ? t->where : NULL, err);
  if (code != TL_OK) return code;
  if (!t->unit_written && (t->limit == 0.0 || gauge->native.power[TL_DIM_TEMPERATURE] == 0))
    if (t->limit == 0.0 || strcmp(unit, "%") == 0)
      t->unit = gauge->native; /* "< 5" of a percentage is 5 % */
  if (!tl_unit_same_dimension(&gauge->native, &t->unit)) {
    snprintf(message, sizeof message, "%.100s of %.64s is in %.32s, but the limit is '%.60s'",
             t->metric, t->channel, unit, t->text);
    refuse(gauge, TL_E_UNIT, message);
    return tl_fail(err, TL_E_UNIT, t->where[0] ? t->where : NULL, "%s", message);
  }
  gauge->is_difference = true;
  gauge->value = t->quantity == TL_QUANTITY_FIDELITY_CVRMSE ? fabs(value) : value;
  gauge->has_value = true;
  gauge->code = TL_OK;
  gauge->message[0] = '\0';
  return TL_OK;
}

tl_code tl_judge_set_value(tl_judge *judge, const char *metric, const char *channel, double value,
                           const char *unit, const char *status, tl_error *err)
{
  tl_code first = TL_OK;
  for (uint32_t i = 0; i < judge->gauge_count; i++) {
    const tl_threshold *t = &judge->gauges[i].threshold;
    if (strcmp(t->metric, metric) != 0 || strcmp(t->channel, channel) != 0) continue;
    const tl_code code =
        take_value(&judge->gauges[i], value, unit, status, first == TL_OK ? err : NULL);
    if (first == TL_OK) first = code;
  }
  return first;
}

/* --- the verdict --- */

static const char *why_no_samples(const tl_threshold *t)
{
  switch (t->quantity) {
    case TL_QUANTITY_DELAY:
    case TL_QUANTITY_MISSED:
    case TL_QUANTITY_FOUND: return "no fault began on the devices that it looks at";
    case TL_QUANTITY_FALSE_ALARMS: return "no time was watched";
    case TL_QUANTITY_COUNT:
    case TL_QUANTITY_COMFORT_ERROR:
    case TL_QUANTITY_COMFORT_VIOLATION:
      return "no window ended after its warm-up, or no device had a value";
    default: return "no comparison gave this value; is the channel compared?";
  }
}

/* The least certain of what a meter reads. */
static tl_modelled modelled_of(const tl_judge *judge, const tl_gauge *gauge)
{
  tl_modelled out = {0};
  if (gauge->meter < 0) return out;
  const tl_meter *meter = &judge->meters[gauge->meter];
  for (uint32_t s = 0; s < meter->source_count; s++) {
    const tl_modelled one =
        tl_fleet_modelled(judge->world, meter->sources[s].fleet, meter->sources[s].column);
    if (one.board == NULL) continue;
    if (out.board == NULL || isnan(one.error_ratio) || one.error_ratio > out.error_ratio) out = one;
  }
  return out;
}

static void judge_one(const tl_judge *judge, const tl_gauge *gauge, tl_judgement *out)
{
  const tl_threshold *t = &gauge->threshold;
  const tl_reading reading = read(judge, gauge, true);
  *out = (tl_judgement){.threshold = *t,
                        .observed = (double)NAN,
                        .margin = (double)NAN,
                        .sample_count = reading.samples,
                        .modelled = modelled_of(judge, gauge),
                        .breach_ns = -1,
                        .verdict = TL_ERRORED};
  if (gauge->code != TL_OK) {
    out->code = gauge->code;
    snprintf(out->message, sizeof out->message, "%s", gauge->message);
    return;
  }
  if (reading.samples == 0 || isnan(reading.observed)) {
    out->code = TL_E_SAMPLES;
    snprintf(out->message, sizeof out->message, "%s: no samples: %s", t->name, why_no_samples(t));
    return;
  }
  out->observed = reading.observed;
  out->bin = reading.bin;
  out->margin = tl_threshold_margin(t, reading.observed);
  out->verdict = tl_threshold_holds(t, reading.observed) ? TL_PASSED : TL_FAILED;
  if (out->verdict == TL_PASSED) return;
  out->breach_ns = is_cheap(t)                               ? gauge->breach_ns
                   : t->quantity < TL_QUANTITY_FIDELITY_RMSE ? tl_watch_breach(judge, gauge)
                                                             : -1;
}

void tl_judge_finish(tl_judge *judge, tl_judgement *out, tl_verdict *overall)
{
  *overall = TL_PASSED;
  for (uint32_t i = 0; i < judge->gauge_count; i++) {
    judge_one(judge, &judge->gauges[i], &out[i]);
    if (out[i].verdict > *overall) *overall = out[i].verdict; /* passed < failed < error */
  }
}
