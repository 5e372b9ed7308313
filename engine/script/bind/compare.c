/* compare.c: compare(twin.column, rec.channel): what is captured in a run and scored after it. */
#include "base/text.h"
#include "script/binding.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int api_compare(lua_State *L)
{
  tl_scenario *s = script_scenario(L);
  if (luaL_testudata(L, 1, SCRIPT_COLUMN) == NULL)
    return script_wrong_type(L, "compare", "a column such as twin.box_K", 1);
  if (luaL_testudata(L, 2, SCRIPT_CHANNEL) == NULL)
    return script_wrong_type(L, "compare", "a channel such as rec.box", 2);
  if (s->loaded) return tl_script_raise(L, TL_E_SCRIPT, NULL, "compare belongs to the main chunk");
  const script_column sim = *(const script_column *)lua_touserdata(L, 1);
  const script_channel rec = *(const script_channel *)lua_touserdata(L, 2);
  const script_fleet *fleet = &s->fleets[sim.fleet];
  const tl_column *column = tl_fleet_column(s->world, fleet->id, sim.column);
  const tl_signal_def *signal = &script_recording_fleet(s, &rec.rec)->signals[rec.signal];
  tl_unit a, b;
  tl_error err;
  if (tl_unit_find(&a, column->unit, NULL, &err) != TL_OK ||
      tl_unit_find(&b, signal->unit, NULL, &err) != TL_OK)
    return tl_script_raise_error(L, &err);
  if (!tl_unit_same_dimension(&a, &b) && !script_same_ratio(signal->unit, column->unit))
    return tl_script_raise(L, TL_E_UNIT, NULL, "%s is in %s, channel %s in %s", column->name,
                           column->unit, signal->name, signal->unit);
  if (column->type != TL_F64)
    return tl_script_raise(L, TL_E_ARG, NULL, "%s is no floating-point column", column->name);
  if (!script_grow(&s->compares, &s->compare_room, s->compare_count, sizeof *s->compares))
    return script_no_memory(L);
  script_compare *out = &s->compares[s->compare_count];
  memset(out, 0, sizeof *out);
  snprintf(out->sim, sizeof out->sim, "%s", column->name);
  for (uint32_t i = 0; i < s->compare_count; i++)
    if (strcmp(s->compares[i].sim, out->sim) == 0)
      snprintf(out->sim, sizeof out->sim, "%.31s.%.31s", fleet->name, column->name);
  snprintf(out->rec, sizeof out->rec, "%s", signal->name);
  tl_script_where(L, out->where, sizeof out->where);
  script_compare_options(L, 3, signal->unit, &rec, out);
  out->channel = rec;
  out->shift_ns = fleet->stamp_count > 0 ? fleet->shift_ns : rec.rec.begin_ns;
  out->info = (tl_scenario_compare){.fleet = fleet->id, .device = sim.device, .column = sim.column};
  s->compare_count++;
  return 0;
}

/* One tick of one block on a worker thread: each compare has its own arrays, written by the block that has its device. */
static void capture(void *self, const tl_tick_view *view)
{
  script_compare *compare = self;
  if (view->fleet.index1 != compare->info.fleet.index1 ||
      view->block != compare->info.device / TL_BLOCK_ROWS)
    return;
  if (compare->count == compare->capacity) return;
  compare->at_ns[compare->count] = view->at_ns;
  compare->value[compare->count] =
      view->column[compare->info.column][compare->info.device % TL_BLOCK_ROWS];
  compare->count++;
}

static void capture_all(void *self, const tl_tick_view *view)
{
  tl_scenario *s = self;
  for (uint32_t i = 0; i < s->compare_count; i++) capture(&s->compares[i], view);
}

tl_code script_seal_compares(tl_scenario *s, tl_error *err)
{
  if (s->compare_count == 0) return TL_OK;
  for (uint32_t i = 0; i < s->compare_count; i++) {
    script_compare *compare = &s->compares[i];
    const int64_t tick_ns = tl_fleet_tick_ns(s->world, compare->info.fleet);
    compare->capacity = tick_ns > 0 ? (uint64_t)(s->duration_ns / tick_ns) + 2
                                    : s->fleets[compare->info.fleet.index1 - 1].stamp_count + 1u;
    compare->at_ns = malloc(compare->capacity * sizeof *compare->at_ns);
    compare->value = malloc(compare->capacity * sizeof *compare->value);
    if (compare->at_ns == NULL || compare->value == NULL)
      return tl_fail(err, TL_E_LIMIT, compare->where, "no memory for %llu samples",
                     (unsigned long long)compare->capacity);
  }
  const tl_observer observer = {.self = s, .tick = capture_all};
  return tl_world_observe(s->world, &observer, err);
}

tl_code script_recorded_trace(tl_scenario *s, const script_compare *compare, int64_t **at_ns,
                              double **value, size_t *count, tl_error *err)
{
  const tl_recording_fleet *fleet = script_recording_fleet(s, &compare->channel.rec);
  uint64_t begin = 0, end = 0;
  script_range_of(s, &compare->channel.rec, &begin, &end);
  *at_ns = malloc((size_t)(end - begin) * sizeof **at_ns);
  *value = malloc((size_t)(end - begin) * sizeof **value);
  if (*at_ns == NULL || *value == NULL)
    return tl_fail(err, TL_E_LIMIT, compare->where, "no memory to score %s", compare->sim);
  const tl_code code = tl_recording_read(
      s->recordings[compare->channel.rec.recording].file, compare->channel.rec.fleet,
      compare->channel.signal, compare->channel.rec.device, begin, end - begin, *value, err);
  if (code != TL_OK) return code;
  *count = 0;
  for (uint64_t i = begin; i < end; i++) {
    const int64_t at = fleet->times_ns[i] - compare->shift_ns;
    if (*count == 0 || at > (*at_ns)[*count - 1]) (*count)++;
    (*at_ns)[*count - 1] = at;
    (*value)[*count - 1] = (*value)[i - begin];
  }
  return TL_OK;
}

static tl_code score_one(tl_scenario *s, uint32_t index, tl_error *err)
{
  const script_compare *compare = &s->compares[index];
  const tl_column *column = tl_fleet_column(s->world, compare->info.fleet, compare->info.column);
  const tl_signal_def *signal =
      &script_recording_fleet(s, &compare->channel.rec)->signals[compare->channel.signal];
  int64_t *at_ns = NULL;
  double *value = NULL;
  size_t count = 0;
  tl_code code = script_recorded_trace(s, compare, &at_ns, &value, &count, err);
  if (code == TL_OK) {
    const char *unit = script_same_ratio(signal->unit, column->unit) ? column->unit : signal->unit;
    const tl_trace sim = {compare->sim, column->unit, compare->at_ns, compare->value,
                          (size_t)compare->count};
    const tl_trace rec = {compare->rec, unit, at_ns, value, count};
    const tl_score_options options = {0};
    code = tl_score_traces(&s->score.channels[index], &s->score_memory[index], &sim, &rec, &options,
                           err);
  }
  free(at_ns);
  free(value);
  return code;
}

tl_code script_score(tl_scenario *s, tl_error *err)
{
  if (s->compare_count == 0) return TL_OK;
  s->score.channels = calloc(s->compare_count, sizeof *s->score.channels);
  s->score_memory = calloc(s->compare_count, sizeof *s->score_memory);
  if (s->score.channels == NULL || s->score_memory == NULL)
    return tl_fail(err, TL_E_LIMIT, NULL, "no memory to score");
  s->score.channel_count = s->compare_count;
  for (uint32_t i = 0; i < s->compare_count; i++) {
    tl_error inner;
    if (score_one(s, i, &inner) != TL_OK) {
      tl_fail(err, inner.code, s->compares[i].where, "%s",
              inner.where[0] != '\0' && strstr(inner.text, ": ") ? strstr(inner.text, ": ") + 2
                                                                 : inner.text);
      return err->code;
    }
    tl_code code = TL_OK;
    for (int m = 0; m < TL_METRIC_COUNT && code == TL_OK; m++)
      code = script_tell_judge(s, i, (tl_metric)m, &s->score.channels[i].metric[m], err);
    if (code == TL_OK) code = script_score_asked(s, i, err);
    if (code != TL_OK) return code;
  }
  s->has_score = true;
  return script_score_overall(s, err);
}
