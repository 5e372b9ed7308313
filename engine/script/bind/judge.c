/* judge.c: thresholds{}: parsed when the script is read, judged by engine/judge. */
#include "base/text.h"
#include "script/binding.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add_threshold(lua_State *L, tl_scenario *s, const char *key, int limit)
{
  static const char *const options[] = {"of", "after", "band", "abort"};
  limit = lua_absindex(L, limit);
  const int top = lua_gettop(L);
  const char *text = NULL;
  const bool table = lua_istable(L, limit);
  char where[160];
  script_where_word(L, key, where, sizeof where);
  if (table) {
    script_check_keys(L, limit, "threshold", options, 4);
    lua_rawgeti(L, limit, 1);
    if (lua_type(L, -1) == LUA_TSTRING && lua_rawgeti(L, limit, 2) == LUA_TSTRING &&
        strcmp(lua_tostring(L, -2), key) == 0)
      lua_remove(L, -2); /* { key, limit } of a list */
    else
      lua_settop(L, top + 1);
    if (lua_type(L, -1) == LUA_TSTRING) text = lua_tostring(L, -1);
  } else if (lua_type(L, limit) == LUA_TSTRING) {
    text = lua_tostring(L, limit);
  }
  if (text == NULL) script_wrong_type(L, key, "a limit such as \"< 1 K\"", limit);
  tl_threshold threshold;
  tl_error err;
  if (tl_threshold_parse(&threshold, key, text, where, &err) != TL_OK)
    tl_script_raise_error(L, &err);
  script_threshold extra = {LUA_NOREF};
  if (table) {
    if (script_field(L, limit, "after") != LUA_TNIL)
      threshold.after_ns = script_duration_ns(L, -1, "after");
    if (script_field(L, limit, "band") != LUA_TNIL) {
      if (lua_type(L, -1) != LUA_TNUMBER) script_wrong_type(L, "band", "a number", -1);
      threshold.band = lua_tonumber(L, -1);
    }
    if (script_field(L, limit, "abort") != LUA_TNIL) {
      if (lua_type(L, -1) != LUA_TBOOLEAN) script_wrong_type(L, "abort", "true or false", -1);
      threshold.abort = lua_toboolean(L, -1);
    }
    if (script_field(L, limit, "of") != LUA_TNIL) {
      if (luaL_testudata(L, -1, SCRIPT_DEVICES) == NULL) script_wrong_type(L, "of", "devices", -1);
      extra.of = luaL_ref(L, LUA_REGISTRYINDEX);
    }
  }
  for (uint32_t i = 0; i < s->threshold_count; i++)
    if (strcmp(s->thresholds[i].name, key) == 0 && strcmp(s->thresholds[i].text, text) == 0 &&
        extra.of == LUA_NOREF && s->threshold_extra[i].of == LUA_NOREF)
      tl_script_raise(L, TL_E_ARG, NULL, "threshold '%s' is there twice", key);
  if (!script_grow(&s->thresholds, &s->threshold_room, s->threshold_count, sizeof *s->thresholds) ||
      !script_grow(&s->threshold_extra, &s->threshold_extra_room, s->threshold_count,
                   sizeof *s->threshold_extra))
    script_no_memory(L);
  s->thresholds[s->threshold_count] = threshold;
  s->threshold_extra[s->threshold_count] = extra;
  s->threshold_count++;
  lua_settop(L, top);
}

int api_thresholds(lua_State *L)
{
  tl_scenario *s = script_scenario(L);
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  if (s->loaded)
    return tl_script_raise(
        L, TL_E_SCRIPT, NULL,
        "thresholds belong to the main chunk: they are known before anything runs");
  const lua_Unsigned rows = lua_rawlen(L, 1);
  for (lua_Unsigned i = 1; i <= rows; i++) { /* a list keeps the author's order */
    lua_rawgeti(L, 1, (lua_Integer)i);
    if (!lua_istable(L, -1))
      return script_wrong_type(L, "thresholds", "{ \"metric\", \"limit\" }", -1);
    if (lua_rawgeti(L, -1, 1) != LUA_TSTRING)
      return script_wrong_type(L, "thresholds", "a metric's name", -1);
    const char *key = lua_tostring(L, -1);
    if (lua_rawgeti(L, -2, 2) == LUA_TTABLE) /* { "metric", { "< 1 K", after = 1*h } } */
      add_threshold(L, s, key, -1);
    else
      add_threshold(L, s, key, -3);
    lua_settop(L, 1);
  }
  /* A map's order is lost: by name. Selection by repeated minimum needs no memory. */
  const char *last = NULL;
  for (;;) {
    const char *next = NULL;
    for (lua_pushnil(L); lua_next(L, 1) != 0; lua_pop(L, 1)) {
      if (lua_type(L, -2) == LUA_TNUMBER && lua_isinteger(L, -2) &&
          (lua_Unsigned)lua_tointeger(L, -2) <= rows)
        continue;
      if (lua_type(L, -2) != LUA_TSTRING)
        return tl_script_raise(L, TL_E_TYPE, NULL, "thresholds: a key is a text");
      const char *key = lua_tostring(L, -2);
      if ((last == NULL || strcmp(key, last) > 0) && (next == NULL || strcmp(key, next) < 0))
        next = key;
    }
    if (next == NULL) return 0;
    script_field(L, 1, next);
    add_threshold(L, s, next, -1);
    lua_settop(L, 1);
    last = next;
  }
}

/* "fidelity.rmse box_K" must name a compare(): said at check, not after the run. */
tl_code script_check_channels(tl_scenario *s, tl_error *err)
{
  for (uint32_t i = 0; i < s->threshold_count; i++) {
    const tl_threshold *threshold = &s->thresholds[i];
    const char *names[64];
    uint32_t count = 0;
    bool found = threshold->channel[0] == '\0';
    for (uint32_t k = 0; k < s->compare_count; k++) {
      if (strcmp(s->compares[k].sim, threshold->channel) == 0) found = true;
      if (count < 64) names[count++] = s->compares[k].sim;
    }
    if (found) continue;
    const char *closest = tl_text_closest(threshold->channel, names, count);
    tl_fail(err, TL_E_NAME, threshold->where, "threshold '%s': nothing compares '%s'",
            threshold->name, threshold->channel);
    if (closest != NULL) return tl_fail_hint(err, "did you mean '%s'?", closest);
    if (count == 0)
      return tl_fail_hint(err, "write compare(twin.%.40s, rec.channel)", threshold->channel);
    return tl_fail_hint(err, "compared are: %.60s%s", names[0], count > 1 ? " and others" : "");
  }
  return TL_OK;
}

/* What can only come after the end is said before the beginning. */
tl_code script_check_times(tl_scenario *s, tl_error *err)
{
  char end[TL_TEXT_DURATION_BYTES], time[TL_TEXT_DURATION_BYTES];
  tl_text_format_duration(end, s->duration_ns);
  for (uint32_t i = 0; i < s->threshold_count; i++) {
    const tl_threshold *t = &s->thresholds[i];
    if (t->after_ns <= s->duration_ns) continue;
    tl_text_format_duration(time, t->after_ns);
    tl_fail(err, TL_E_ARG, t->where, "threshold '%s' counts after %s, but the run ends at %s",
            t->name, time, end);
    return tl_fail_hint(err, "make 'after' shorter or the scenario's duration longer");
  }
  for (uint32_t i = 0; i < s->fleet_count; i++) {
    const script_fleet *fleet = &s->fleets[i];
    if (fleet->stamp_count < 2 || s->duration_ns <= fleet->driven_ns) continue;
    if (script_is_fitted(s, i))
      continue; /* recordings of several lengths: a device ends with its own */
    tl_text_format_duration(time, fleet->driven_ns);
    tl_fail(err, TL_E_ARG, fleet->where,
            "the recording that drives fleet %s lasts %s, but the run ends at %s", fleet->name,
            time, end);
    return tl_fail_hint(err, "write duration = rec.duration");
  }
  return TL_OK;
}

/* Devices of `of` as the judge takes them. trial: lists are not known yet, device 0 stands for them. */
static tl_code set_selection(tl_scenario *s, uint32_t index, bool trial, tl_error *err)
{
  static const uint32_t first = 0;
  lua_State *L = tl_sandbox_state(s->sandbox);
  tl_threshold *threshold = &s->thresholds[index];
  lua_rawgeti(L, LUA_REGISTRYINDEX,
              s->threshold_extra[index].of); /* stays referenced: the list lives in it */
  const script_devices *devices = lua_touserdata(L, -1);
  lua_pop(L, 1);
  threshold->of_fleet = s->fleets[devices->fleet].id;
  threshold->of = trial ? &first : devices->list;
  threshold->of_count = trial ? 1 : devices->count;
  if (trial || !devices->all) return TL_OK;
  uint32_t *all = malloc(devices->count * sizeof *all);
  if (all == NULL || !script_keep_block(s, all)) {
    free(all);
    return tl_fail(err, TL_E_LIMIT, threshold->where, "out of memory");
  }
  for (uint32_t k = 0; k < devices->count; k++) all[k] = k;
  threshold->of = all;
  return TL_OK;
}

static tl_code make_judge(tl_scenario *s, bool trial, tl_judge **out, tl_error *err)
{
  tl_judge_control controls[TL_FLEETS_MAX];
  tl_judge_def def = tl_judge_def_default();
  tl_code code = TL_OK;
  for (uint32_t i = 0; i < s->threshold_count && code == TL_OK; i++)
    if (s->threshold_extra[i].of != LUA_NOREF) code = set_selection(s, i, trial, err);
  if (code != TL_OK) return code;
  for (uint32_t i = 0; i < s->fleet_count; i++)
    if (s->fleets[i].has_control)
      controls[def.control_count++] = (tl_judge_control){
          s->fleets[i].id, s->fleets[i].control_column, s->fleets[i].control_setpoint};
  def.controls = controls;
  def.thresholds = s->thresholds;
  def.threshold_count = s->threshold_count;
  if (trial) def.faults_reserved = def.alarms_reserved = 1;
  return tl_judge_create(out, s->world, &def, err);
}

/* Columns, fleets and units of thresholds are checked when the script is read: the judge looks at no value. */
tl_code script_check_thresholds(tl_scenario *s, tl_error *err)
{
  tl_judge *trial = NULL;
  if (s->threshold_count == 0) return TL_OK;
  const tl_code code = make_judge(s, true, &trial, err);
  tl_judge_destroy(trial);
  for (uint32_t i = 0; i < s->threshold_count; i++) {
    s->thresholds[i].of = NULL;
    s->thresholds[i].of_count = 0;
  }
  return code;
}

tl_code script_seal_judge(tl_scenario *s, tl_error *err)
{
  const tl_code code = make_judge(s, false, &s->judge, err);
  if (code != TL_OK) return code;
  const tl_observer observer = tl_judge_observer(s->judge);
  return tl_world_observe(s->world, &observer, err);
}
