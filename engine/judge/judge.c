#include "judge/judge.h"

#include "base/text.h"
#include "judge/internal.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COOKIE 0x746a7564u

tl_judge_def tl_judge_def_default(void)
{
  return (tl_judge_def){.grace_ns = INT64_C(300000000000),
                        .faults_reserved = 65536,
                        .alarms_reserved = 65536,
                        .cookie_ = COOKIE};
}

void *tl_judge_take(tl_judge *judge, size_t count, size_t bytes)
{
  if (judge->allocation_count == judge->allocation_room) {
    const uint32_t room = judge->allocation_room ? judge->allocation_room * 2 : 64;
    void **larger = realloc(judge->allocations, room * sizeof *larger);
    if (larger == NULL) return NULL;
    judge->allocations = larger;
    judge->allocation_room = room;
  }
  void *memory = calloc(count ? count : 1, bytes);
  if (memory != NULL) judge->allocations[judge->allocation_count++] = memory;
  return memory;
}

void tl_judge_destroy(tl_judge *judge)
{
  if (judge == NULL) return;
  for (uint32_t i = 0; i < judge->allocation_count; i++) free(judge->allocations[i]);
  free(judge->allocations);
  free(judge);
}

bool tl_choice_has(const tl_choice *choice, tl_fleet_id fleet, uint32_t device)
{
  if (choice->fleet.index1 != 0 && choice->fleet.index1 != fleet.index1) return false;
  if (choice->devices == NULL) return true;
  const uint32_t block = device / TL_BLOCK_ROWS;
  for (uint32_t k = choice->block_begin[block]; k < choice->block_begin[block + 1]; k++)
    if (choice->devices[k] == device) return true;
  return false;
}

/* --- a threshold against the world --- */

static tl_code no_memory(tl_error *err)
{
  return tl_fail(err, TL_E_LIMIT, NULL, "no memory for the judge");
}

static tl_code find_fleet(const tl_judge *judge, const char *name, const char *where,
                          tl_fleet_id *out, tl_error *err)
{
  const char *names[TL_FLEETS_MAX];
  const uint32_t count = tl_world_fleet_count(judge->world);
  for (uint32_t i = 0; i < count; i++) {
    names[i] = tl_fleet_name(judge->world, (tl_fleet_id){i + 1});
    if (strcmp(names[i], name) != 0) continue;
    *out = (tl_fleet_id){i + 1};
    return TL_OK;
  }
  tl_fail(err, TL_E_NAME, where, "there is no fleet '%s'", name);
  const char *near = tl_text_closest(name, names, count);
  return near ? tl_fail_hint(err, "did you mean '%s'?", near) : TL_E_NAME;
}

/* Copies the selection and indexes it by block. */
static tl_code choose(tl_judge *judge, tl_gauge *gauge, tl_error *err)
{
  tl_threshold *t = &gauge->threshold;
  tl_choice *c = &gauge->choice;
  const char *where = t->where[0] ? t->where : NULL;
  if (t->fleet[0]) {
    const tl_code code = find_fleet(judge, t->fleet, where, &c->fleet, err);
    if (code != TL_OK) return code;
  }
  if (t->of_fleet.index1 == 0) return TL_OK;
  assert(t->of_fleet.index1 <= tl_world_fleet_count(judge->world));
  if (c->fleet.index1 != 0 && c->fleet.index1 != t->of_fleet.index1)
    return tl_fail(err, TL_E_ARG, where, "%s: the devices of `of` are of fleet '%s'", t->name,
                   tl_fleet_name(judge->world, t->of_fleet));
  c->fleet = t->of_fleet;
  const uint32_t all = tl_fleet_device_count(judge->world, c->fleet);
  const uint32_t blocks = tl_fleet_block_count(judge->world, c->fleet);
  uint32_t *devices = tl_judge_take(judge, t->of_count, sizeof *devices);
  uint32_t *block_begin = tl_judge_take(judge, blocks + 1, sizeof *block_begin);
  if (devices == NULL || block_begin == NULL) return no_memory(err);
  for (uint32_t i = 0; i < t->of_count; i++) {
    devices[i] = t->of[i];
    if (devices[i] >= all)
      return tl_fail(err, TL_E_ARG, where, "%s: device %u is not in fleet '%s' of %u", t->name,
                     devices[i], tl_fleet_name(judge->world, c->fleet), all);
    if (i > 0 && devices[i] <= devices[i - 1])
      return tl_fail(err, TL_E_ARG, where, "%s: the devices of `of` must ascend", t->name);
    block_begin[devices[i] / TL_BLOCK_ROWS + 1]++;
  }
  for (uint32_t b = 0; b < blocks; b++) block_begin[b + 1] += block_begin[b];
  c->devices = devices;
  c->count = t->of_count;
  c->block_begin = block_begin;
  t->of = devices;
  return TL_OK;
}

static const tl_judge_control *control_of(const tl_judge *judge, tl_fleet_id fleet)
{
  for (uint32_t i = 0; i < judge->def.control_count; i++)
    if (judge->def.controls[i].fleet.index1 == fleet.index1) return &judge->def.controls[i];
  return NULL;
}

static tl_code add_control_source(tl_judge *judge, tl_meter *meter, tl_fleet_id fleet,
                                  tl_error *err)
{
  const tl_judge_control *control = control_of(judge, fleet);
  tl_source *source = &meter->sources[meter->source_count];
  if (control == NULL) return TL_OK;
  tl_code code =
      tl_fleet_column_find(judge->world, fleet, control->column, NULL, &source->column, err);
  if (code == TL_OK)
    code =
        tl_fleet_column_find(judge->world, fleet, control->setpoint, NULL, &source->setpoint, err);
  if (code != TL_OK) return code;
  double **error_max = &judge->error_max[fleet.index1 - 1];
  if (*error_max == NULL)
    *error_max =
        tl_judge_take(judge, tl_fleet_device_count(judge->world, fleet), sizeof **error_max);
  if (*error_max == NULL) return no_memory(err);
  source->fleet = fleet;
  source->error_max = *error_max;
  judge->error_unit[fleet.index1 - 1] = tl_fleet_column(judge->world, fleet, source->column)->unit;
  meter->source_count++;
  return TL_OK;
}

static tl_code comfort_sources(tl_judge *judge, tl_meter *meter, const tl_gauge *gauge,
                               const char *where, tl_error *err)
{
  for (uint32_t f = 1; f <= tl_world_fleet_count(judge->world); f++) {
    if (gauge->choice.fleet.index1 != 0 && gauge->choice.fleet.index1 != f) continue;
    const tl_code code = add_control_source(judge, meter, (tl_fleet_id){f}, err);
    if (code != TL_OK) return code;
  }
  if (meter->source_count > 0) return TL_OK;
  return tl_fail(err, TL_E_NAME, where,
                 "%s: no fleet that it names has a controller with a setpoint",
                 gauge->threshold.name);
}

static void add_column_source(tl_judge *judge, tl_meter *meter, tl_fleet_id fleet, const char *name)
{
  tl_source *source = &meter->sources[meter->source_count];
  if (tl_judge_column_find(judge->world, fleet, name, NULL, &source->column, NULL) != TL_OK) return;
  source->fleet = fleet;
  source->setpoint = TL_NO_COLUMN;
  meter->source_count++;
}

/* "hvac.box_K": the column box_K of fleet hvac; else a column of every fleet that has it
 * ("box.bias"). */
static tl_code column_sources(tl_judge *judge, tl_meter *meter, tl_gauge *gauge, const char *where,
                              tl_error *err)
{
  const char *metric = gauge->threshold.metric, *dot = strchr(metric, '.');
  const uint32_t fleets = tl_world_fleet_count(judge->world);
  for (uint32_t f = 1; dot && f <= fleets; f++) {
    const char *name = tl_fleet_name(judge->world, (tl_fleet_id){f});
    if (strlen(name) != (size_t)(dot - metric) || strncmp(name, metric, strlen(name)) != 0)
      continue;
    if (gauge->choice.fleet.index1 != 0 && gauge->choice.fleet.index1 != f)
      return tl_fail(err, TL_E_ARG, where, "%s: the devices of `of` are of fleet '%s'",
                     gauge->threshold.name, tl_fleet_name(judge->world, gauge->choice.fleet));
    add_column_source(judge, meter, (tl_fleet_id){f}, dot + 1);
    if (meter->source_count > 0) return TL_OK;
    uint32_t unused = 0;
    return tl_judge_column_find(judge->world, (tl_fleet_id){f}, dot + 1, where, &unused, err);
  }
  for (uint32_t f = 1; f <= fleets; f++)
    if (gauge->choice.fleet.index1 == 0 || gauge->choice.fleet.index1 == f)
      add_column_source(judge, meter, (tl_fleet_id){f}, metric);
  if (meter->source_count > 0) return TL_OK;
  tl_error inner;
  uint32_t unused = 0;
  tl_fail(err, TL_E_NAME, where,
          "unknown metric '%s': it is neither a metric nor a column of a fleet", metric);
  const tl_fleet_id first = {gauge->choice.fleet.index1 ? gauge->choice.fleet.index1 : 1};
  if (fleets == 0) return TL_E_NAME;
  tl_judge_column_find(judge->world, first, dot ? dot + 1 : metric, NULL, &unused, &inner);
  return inner.hint[0] ? tl_fail_hint(err, "%s", inner.hint) : TL_E_NAME;
}

static bool same_choice(const tl_choice *a, const tl_choice *b)
{
  if (a->fleet.index1 != b->fleet.index1 || a->count != b->count) return false;
  if ((a->devices == NULL) != (b->devices == NULL)) return false;
  return a->devices == NULL || memcmp(a->devices, b->devices, a->count * sizeof *a->devices) == 0;
}

static bool same_meter(const tl_meter *a, const tl_meter *b)
{
  if (a->source_count != b->source_count || a->after_ns != b->after_ns || a->band != b->band)
    return false;
  for (uint32_t i = 0; i < a->source_count; i++)
    if (a->sources[i].fleet.index1 != b->sources[i].fleet.index1 ||
        a->sources[i].column != b->sources[i].column ||
        a->sources[i].setpoint != b->sources[i].setpoint)
      return false;
  return same_choice(&a->choice, &b->choice);
}

static const tl_column *source_column(const tl_judge *judge, const tl_source *source)
{
  return tl_fleet_column(judge->world, source->fleet, source->column);
}

static tl_code check_unit(tl_judge *judge, tl_gauge *gauge, const tl_meter *meter,
                          const char *where, tl_error *err)
{
  tl_threshold *t = &gauge->threshold;
  const tl_column *first = source_column(judge, &meter->sources[0]);
  for (uint32_t i = 1; i < meter->source_count; i++) {
    const tl_column *other = source_column(judge, &meter->sources[i]);
    if (strcmp(first->unit, other->unit) != 0)
      return tl_fail(err, TL_E_UNIT, where,
                     "%s: it is in %s in fleet '%s', but in %s in fleet '%s'", t->name, first->unit,
                     tl_fleet_name(judge->world, meter->sources[0].fleet), other->unit,
                     tl_fleet_name(judge->world, meter->sources[i].fleet));
  }
  const bool counts = t->statistic == TL_STAT_COUNT || t->quantity == TL_QUANTITY_COMFORT_VIOLATION;
  const char *unit = counts ? "1" : first->unit;
  const tl_code code = tl_unit_find(&gauge->native, unit, where, err);
  if (code != TL_OK) return code;
  if (!t->unit_written && t->limit == 0.0) t->unit = gauge->native;
  if (tl_unit_same_dimension(&t->unit, &gauge->native)) return TL_OK;
  if (t->unit_written)
    tl_fail(err, TL_E_UNIT, where, "%s: '%s' has another dimension; %s is in %s", t->name,
            t->unit.name, t->metric, unit);
  else
    tl_fail(err, TL_E_UNIT, where, "%s: '%s' lacks a unit; %s is in %s", t->name, t->text,
            t->metric, unit);
  return tl_fail_hint(err, "write e.g. \"%s %s\"", t->unit_written ? "< 1" : t->text, unit);
}

static tl_code add_meter(tl_judge *judge, tl_gauge *gauge, tl_error *err)
{
  tl_threshold *t = &gauge->threshold;
  const char *where = t->where[0] ? t->where : NULL;
  const bool comfort =
      t->quantity == TL_QUANTITY_COMFORT_ERROR || t->quantity == TL_QUANTITY_COMFORT_VIOLATION;
  tl_meter *meter = &judge->meters[judge->meter_count];
  *meter = (tl_meter){.after_ns = t->after_ns, .band = (double)INFINITY};
  if (t->quantity == TL_QUANTITY_COMFORT_VIOLATION) meter->band = t->band;
  tl_code code = comfort ? comfort_sources(judge, meter, gauge, where, err)
                         : column_sources(judge, meter, gauge, where, err);
  if (code == TL_OK) code = check_unit(judge, gauge, meter, where, err);
  if (code != TL_OK) return code;
  gauge->is_difference = comfort;
  meter->choice = gauge->choice;
  const bool needs_bins = tl_quantile_of(t->statistic) > 0.0;
  uint32_t at = 0;
  while (at < judge->meter_count && !same_meter(&judge->meters[at], meter)) at++;
  if (at == judge->meter_count) judge->meter_count++;
  judge->meters[at].needs_bins |= needs_bins;
  gauge->meter = (int32_t)at;
  return TL_OK;
}

static tl_code check_abort(const tl_threshold *t, tl_error *err)
{
  const char *where = t->where[0] ? t->where : NULL;
  const bool lower = t->op == TL_OP_MORE || t->op == TL_OP_AT_LEAST;
  const bool grows = t->statistic == TL_STAT_COUNT || t->quantity == TL_QUANTITY_FOUND;
  if (!t->abort) return TL_OK;
  if (t->quantity >= TL_QUANTITY_FIDELITY_RMSE && t->quantity < TL_QUANTITY_COUNT)
    return tl_fail(err, TL_E_ARG, where,
                   "%s: known only when the run is over, so abort has no sense", t->name);
  if (lower && grows)
    return tl_fail(err, TL_E_ARG, where,
                   "%s: a lower limit on a count can be reached later, so abort has no sense",
                   t->name);
  return TL_OK;
}

static tl_code add_gauge(tl_judge *judge, const tl_threshold *threshold, tl_error *err)
{
  tl_gauge *gauge = &judge->gauges[judge->gauge_count++];
  *gauge = (tl_gauge){.threshold = *threshold, .meter = -1, .breach_ns = -1};
  tl_threshold *t = &gauge->threshold;
  tl_code code = check_abort(t, err);
  if (code == TL_OK) code = choose(judge, gauge, err);
  if (code != TL_OK) return code;
  switch (t->quantity) {
    case TL_QUANTITY_COUNT:
    case TL_QUANTITY_COMFORT_ERROR:
    case TL_QUANTITY_COMFORT_VIOLATION: return add_meter(judge, gauge, err);
    case TL_QUANTITY_DELAY:
    case TL_QUANTITY_MISSED:
    case TL_QUANTITY_FOUND:
    case TL_QUANTITY_FALSE_ALARMS: break;
    default: return TL_OK; /* fidelity.*: the unit comes with the value */
  }
  gauge->is_difference = true;
  const char *native = t->statistic == TL_STAT_COUNT ? "1" : tl_quantity_at(t->quantity)->unit;
  code = tl_unit_find(&gauge->native, native, NULL, err);
  assert(code == TL_OK);
  if (!t->unit_written && t->limit == 0.0) t->unit = gauge->native;
  for (uint32_t w = 0; w < judge->watch_count; w++)
    if (gauge->choice.fleet.index1 == 0 ||
        gauge->choice.fleet.index1 == judge->watches[w].fleet.index1)
      return TL_OK;
  return tl_fail(err, TL_E_NAME, t->where[0] ? t->where : NULL,
                 "%s: no fleet that it names has a detector", t->name);
}

static tl_code reserve(tl_judge *judge, tl_error *err)
{
  const uint32_t faults = judge->def.faults_reserved;
  judge->episodes = tl_judge_take(judge, faults, sizeof *judge->episodes);
  judge->scratch = tl_judge_take(judge, faults, sizeof *judge->scratch);
  judge->faults = tl_judge_take(judge, faults, sizeof *judge->faults);
  judge->fault_devices = tl_judge_take(judge, faults, sizeof *judge->fault_devices);
  judge->ring = tl_judge_take(judge, judge->def.alarms_reserved, sizeof *judge->ring);
  judge->episode_room = judge->fault_device_room = judge->fault_room = faults;
  judge->ring_room = judge->def.alarms_reserved;
  return judge->episodes && judge->scratch && judge->faults && judge->fault_devices && judge->ring
             ? TL_OK
             : no_memory(err);
}

/* The first meter of a fleet's comfort that looks at all devices also feeds the fleet's strip. */
static tl_code reserve_heat(tl_judge *judge, tl_meter *meter, tl_error *err)
{
  for (uint32_t i = 0; i < meter->source_count && meter->choice.devices == NULL; i++) {
    tl_source *source = &meter->sources[i];
    tl_heat **heat = &judge->heat[source->fleet.index1 - 1];
    if (source->setpoint == TL_NO_COLUMN || *heat != NULL) continue;
    const uint32_t blocks = tl_fleet_block_count(judge->world, source->fleet);
    *heat = tl_judge_take(judge, 1, sizeof **heat);
    if (*heat == NULL) return no_memory(err);
    (*heat)->rows = blocks < TL_HEAT_ROWS ? blocks : TL_HEAT_ROWS;
    (*heat)->unit = source_column(judge, source)->unit;
    source->heat = *heat;
  }
  return TL_OK;
}

static tl_code reserve_meters(tl_judge *judge, tl_error *err)
{
  for (uint32_t f = 1; f <= tl_world_fleet_count(judge->world); f++) {
    judge->first_block[f - 1] = judge->partial_stride;
    judge->partial_stride += tl_fleet_block_count(judge->world, (tl_fleet_id){f});
  }
  judge->partials = tl_judge_take(judge, (size_t)judge->meter_count * judge->partial_stride,
                                  sizeof *judge->partials);
  if (judge->partials == NULL) return no_memory(err);
  for (uint32_t m = 0; m < judge->meter_count; m++) {
    tl_meter *meter = &judge->meters[m];
    const tl_code code = reserve_heat(judge, meter, err);
    if (code != TL_OK) return code;
    if (!meter->needs_bins) continue;
    const tl_source *first = &meter->sources[0];
    const tl_column *column = source_column(judge, first);
    meter->bins =
        first->setpoint == TL_NO_COLUMN ? tl_bins_for_column(column) : tl_bins_for_errors(column);
    meter->counts = tl_judge_take(judge, (size_t)meter->bins.count * judge->thread_count,
                                  sizeof *meter->counts);
    if (meter->counts == NULL) return no_memory(err);
  }
  return TL_OK;
}

/* Alarms of a warm-up that no threshold counts would only hide the others in the report. */
static int64_t first_after(const tl_judge *judge)
{
  int64_t first_ns = INT64_MAX;
  for (uint32_t i = 0; i < judge->gauge_count; i++) {
    const tl_threshold *t = &judge->gauges[i].threshold;
    if (t->quantity == TL_QUANTITY_FALSE_ALARMS && t->after_ns < first_ns) first_ns = t->after_ns;
  }
  return first_ns == INT64_MAX ? 0 : first_ns;
}

tl_code tl_judge_create(tl_judge **out, const tl_world *world, const tl_judge_def *def,
                        tl_error *err)
{
  assert(def->cookie_ == COOKIE && "start from tl_judge_def_default()");
  *out = NULL;
  tl_judge *judge = calloc(1, sizeof *judge);
  if (judge == NULL) return no_memory(err);
  judge->world = world;
  judge->def = *def;
  judge->start_ns = judge->now_ns = tl_world_now_ns(world);
  judge->thread_count = tl_world_thread_count(world);
  judge->aborted = -1;
  judge->gauges = tl_judge_take(judge, def->threshold_count, sizeof *judge->gauges);
  judge->meters = tl_judge_take(judge, def->threshold_count + (size_t)1, sizeof *judge->meters);
  tl_code code = judge->gauges && judge->meters ? reserve(judge, err) : no_memory(err);
  if (code == TL_OK) code = tl_watches_create(judge, err);
  for (uint32_t i = 0; i < def->threshold_count && code == TL_OK; i++)
    code = add_gauge(judge, &def->thresholds[i], err);
  if (code == TL_OK) code = reserve_meters(judge, err);
  judge->alarms_from_ns = first_after(judge);
  judge->def.thresholds = NULL; /* the caller's, not to be touched later */
  judge->def.controls = NULL;
  if (code != TL_OK) {
    tl_judge_destroy(judge);
    return code;
  }
  *out = judge;
  return TL_OK;
}
