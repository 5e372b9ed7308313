/* border.c: border(fleet, rec, { box_K = "box" }): who leaves the conditions that were recorded. */
#include "base/hash.h"
#include "script/binding.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_BYTES_MAX = 1 << 22 };

static tl_code read_file(const char *path, const char *name, tl_text *out, tl_error *err)
{
  char chunk[4096];
  size_t got = 0;
  FILE *file = fopen(path, "rb");
  if (file == NULL) return tl_fail(err, TL_E_IO, NULL, "%s: %s", name, strerror(errno));
  while ((got = fread(chunk, 1, sizeof chunk, file)) > 0 && out->length <= FILE_BYTES_MAX)
    tl_text_add_bytes(out, chunk, got);
  const bool failed = ferror(file) != 0 || out->failed;
  fclose(file);
  if (failed) return tl_fail(err, TL_E_IO, NULL, "%s: cannot be read", name);
  if (out->length > FILE_BYTES_MAX)
    return tl_fail(err, TL_E_FORMAT, NULL, "%s: larger than 4 MiB", name);
  return TL_OK;
}

static void border_from_file(lua_State *L, tl_scenario *s, const char *name, tl_border *out)
{
  char path[1024], where[160], hex[TL_SHA256_HEX_BYTES];
  tl_text text = {0};
  tl_error err;
  tl_script_where(L, where, sizeof where);
  tl_sandbox_pause(s->sandbox);
  tl_code code = script_find_file(s, name, where, path, sizeof path, &err);
  if (code == TL_OK) code = read_file(path, name, &text, &err);
  if (code == TL_OK) code = tl_border_read_json(out, tl_text_string(&text), name, &err);
  if (code == TL_OK) {
    tl_sha256_bytes(hex, text.data, text.length);
    code = script_note_file(s, "border", name, path, hex);
  }
  tl_text_free(&text);
  tl_sandbox_continue(s->sandbox);
  if (code != TL_OK) tl_script_raise_error(L, &err);
}

/* The table's keys are columns of the fleet, its values channels; in the order of names. */
static void add_channel(lua_State *L, const tl_scenario *s, const script_fleet *fleet,
                        const script_recording_ref *ref, const char *key, tl_border *out,
                        uint32_t signals[TL_BORDER_CHANNELS_MAX])
{
  uint32_t column = 0;
  tl_error err;
  char where[160];
  script_where_word(L, key, where, sizeof where);
  if (out->channel_count == TL_BORDER_CHANNELS_MAX)
    tl_script_raise(L, TL_E_LIMIT, NULL, "border: more than %d channels", TL_BORDER_CHANNELS_MAX);
  if (lua_type(L, -1) != LUA_TSTRING) script_wrong_type(L, key, "a channel's name", -1);
  if (tl_fleet_column_find(s->world, fleet->id, key, where, &column, &err) != TL_OK)
    tl_script_raise_error(L, &err);
  const tl_column *info = tl_fleet_column(s->world, fleet->id, column);
  signals[out->channel_count] = script_signal_find(L, s, ref, lua_tostring(L, -1));
  tl_border_channel *channel = &out->channels[out->channel_count++];
  memset(channel, 0, sizeof *channel);
  snprintf(channel->name, sizeof channel->name, "%s", info->name);
  snprintf(channel->unit, sizeof channel->unit, "%s", info->unit);
  channel->slack = info->resolution;
}

static void border_from_recording(lua_State *L, tl_scenario *s, const script_fleet *fleet,
                                  const script_recording_ref *ref, tl_border *out)
{
  uint32_t signals[TL_BORDER_CHANNELS_MAX] = {0};
  const double *value[TL_BORDER_CHANNELS_MAX];
  uint64_t count = 0;
  const char *last = NULL;
  if (!lua_istable(L, 3))
    script_wrong_type(L, "border", "a table of columns and channels, { box_K = \"box\" }", 3);
  memset(out, 0, sizeof *out);
  for (;;) {
    const char *next = NULL;
    for (lua_pushnil(L); lua_next(L, 3) != 0; lua_pop(L, 1)) {
      if (lua_type(L, -2) != LUA_TSTRING)
        tl_script_raise(L, TL_E_TYPE, NULL, "border: a key is a column's name");
      const char *key = lua_tostring(L, -2);
      if ((last == NULL || strcmp(key, last) > 0) && (next == NULL || strcmp(key, next) < 0))
        next = key;
    }
    if (next == NULL) break;
    script_field(L, 3, next);
    add_channel(L, s, fleet, ref, next, out, signals);
    lua_settop(L, 3);
    last = next;
  }
  if (out->channel_count == 0) tl_script_raise(L, TL_E_ARG, NULL, "border: no columns");
  for (uint32_t c = 0; c < out->channel_count; c++)
    value[c] = script_signal_values(L, s, ref, signals[c], out->channels[c].unit,
                                    out->channels[c].name, &count);
  tl_error err;
  if (tl_border_learn(out, value, count, &err) != TL_OK) tl_script_raise_error(L, &err);
}

int api_border(lua_State *L)
{
  tl_scenario *s = script_scenario(L);
  const script_devices *devices = script_check_devices(L, 1);
  const uint32_t fleet = devices->fleet;
  tl_border border;
  tl_error err;
  lua_settop(L, 3);
  if (s->loaded) return tl_script_raise(L, TL_E_SCRIPT, NULL, "border belongs to the main chunk");
  if (!script_grow(&s->borders, &s->border_room, s->border_count, sizeof *s->borders))
    return script_no_memory(L);
  script_border *out = &s->borders[s->border_count];
  memset(out, 0, sizeof *out);
  out->fleet = fleet;
  char where[160];
  tl_script_where(L, where, sizeof where);
  if (lua_type(L, 2) == LUA_TSTRING) {
    border_from_file(L, s, lua_tostring(L, 2), &border);
    snprintf(out->source, sizeof out->source, "%s", lua_tostring(L, 2));
  } else if (luaL_testudata(L, 2, SCRIPT_RECORDING) != NULL) {
    const script_recording_ref *ref = script_check_recording(L, 2);
    border_from_recording(L, s, &s->fleets[fleet], ref, &border);
    snprintf(out->source, sizeof out->source, "%s", s->recordings[ref->recording].name);
  } else {
    return script_wrong_type(L, "border", "a recording, or the name of a border or parameter file",
                             2);
  }
  if (tl_border_watch_create(&out->watch, &border, s->world, s->fleets[fleet].id, where, &err) !=
      TL_OK)
    return tl_script_raise_error(L, &err);
  s->border_count++;
  return 0;
}

tl_code script_seal_borders(tl_scenario *s, tl_error *err)
{
  if (s->border_count == 0) return TL_OK;
  s->border_results = calloc(s->border_count, sizeof *s->border_results);
  if (s->border_results == NULL) return tl_fail(err, TL_E_LIMIT, NULL, "no memory for borders");
  for (uint32_t i = 0; i < s->border_count; i++) {
    const tl_observer observer = tl_border_watch_observer(s->borders[i].watch);
    const tl_code code = tl_world_observe(s->world, &observer, err);
    if (code != TL_OK) return code;
  }
  return TL_OK;
}

static void tell(tl_scenario *s, const script_border *border, const tl_border_result *result)
{
  char memory[400], time[TL_TEXT_DURATION_BYTES];
  tl_text text = tl_text_over(memory, sizeof memory);
  tl_text_format_duration(time, result->first_ns);
  tl_text_addf(&text, "%u of %u %s left what %s covers; the first, device %u at %s: ",
               result->outside_devices, result->device_count, s->fleets[border->fleet].name,
               border->source, result->first_device, time);
  tl_border_explain(tl_border_watch_border(border->watch), result->first_value, result->first,
                    &text);
  script_event(s, "border", result->fleet, (int64_t)result->first_device, result->outside_devices,
               0.0, tl_text_string(&text));
}

tl_code script_judge_borders(tl_scenario *s, tl_error *err)
{
  uint64_t ticks = 0, outside = 0;
  for (uint32_t i = 0; i < s->border_count; i++) {
    const script_border *border = &s->borders[i];
    s->border_results[i] = (tl_scenario_border){.fleet = s->fleets[border->fleet].name,
                                                .source = border->source,
                                                .border = tl_border_watch_border(border->watch),
                                                .result = tl_border_watch_result(border->watch)};
    const tl_border_result *result = &s->border_results[i].result;
    ticks += result->device_ticks;
    outside += result->outside_ticks;
    if (result->outside_devices > 0) tell(s, border, result);
  }
  if (s->border_count == 0 || ticks == 0) return TL_OK;
  const tl_code code = tl_judge_set_value(s->judge, "border.outside", "",
                                          (double)outside / (double)ticks, "1", "ok", err);
  return code == TL_E_UNIT ? TL_OK : code; /* the judgement repeats a wrong unit */
}
