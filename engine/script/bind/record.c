/* record.c: recordings: their channels, and twins driven by them. */
#include "base/hash.h"
#include "base/text.h"
#include "script/binding.h"
#include "telemetry/governance/governed.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const tl_recording_fleet *script_recording_fleet(const tl_scenario *s,
                                                 const script_recording_ref *ref)
{
  return tl_recording_fleet_at(s->recordings[ref->recording].file, ref->fleet);
}

/* First and one past the last sample of a slice. */
void script_range_of(const tl_scenario *s, const script_recording_ref *ref, uint64_t *begin,
                     uint64_t *end)
{
  const tl_recording_fleet *fleet = script_recording_fleet(s, ref);
  *begin = 0;
  *end = fleet->sample_count;
  while (*begin < *end && fleet->times_ns[*begin] < ref->begin_ns) (*begin)++;
  while (*end > *begin && fleet->times_ns[*end - 1] > ref->end_ns) (*end)--;
}

/* --- opening ------------------------------------------------------------------------------------------------------- */
/* The engine names files by path; users know them by the name that they wrote. */
static int raise_named(lua_State *L, const script_recording *recording, const tl_error *err,
                       const char *where)
{
  tl_error named;
  const size_t length = strlen(recording->path);
  const char *at = strstr(err->text, recording->path);
  if (at != NULL)
    tl_fail(&named, err->code, where, "%.*s%s%s", (int)(at - err->text), err->text, recording->name,
            at + length);
  else
    tl_fail(&named, err->code, where, "%s", err->text);
  if (err->hint[0] != '\0') tl_fail_hint(&named, "%s", err->hint);
  return tl_script_raise_error(L, &named);
}

static uint32_t open_recording(lua_State *L, tl_scenario *s, const char *name, const char *where)
{
  tl_error err;
  char path[1024], sha[TL_SHA256_HEX_BYTES];
  if (script_find_file(s, name, where, path, sizeof path, &err) != TL_OK)
    tl_script_raise_error(L, &err);
  for (uint32_t i = 0; i < s->recording_count; i++)
    if (strcmp(s->recordings[i].path, path) == 0) return i;
  if (!script_grow(&s->recordings, &s->recording_room, s->recording_count, sizeof *s->recordings))
    script_no_memory(L);
  script_recording *row = &s->recordings[s->recording_count];
  memset(row, 0, sizeof *row);
  row->name = script_keep_text(s, name);
  row->path = script_keep_text(s, path);
  if (row->name == NULL || row->path == NULL) script_no_memory(L);
  tl_sandbox_pause(s->sandbox);
  tl_code code = tl_recording_open(&row->file, path, &err);
  if (code == TL_OK) {
    s->recording_count++; /* from here the scenario closes it */
    code = tl_sha256_file(sha, tl_recording_path(row->file), &err);
  }
  tl_sandbox_continue(s->sandbox);
  if (code == TL_OK && script_note_file(s, "recording", name, path, sha) != TL_OK)
    script_no_memory(L);
  if (code != TL_OK) raise_named(L, row, &err, where);
  return s->recording_count - 1;
}

static int push_recording(lua_State *L, script_recording_ref ref)
{
  script_recording_ref *out = lua_newuserdatauv(L, sizeof *out, 0);
  *out = ref;
  luaL_setmetatable(L, SCRIPT_RECORDING);
  return 1;
}

/* Holds a fleet of the file against a schema document, found as recordings are. */
static void check_schema(lua_State *L, tl_scenario *s, const script_recording_ref *ref,
                         const char *name)
{
  tl_error err;
  char where[160], path[1024], sha[TL_SHA256_HEX_BYTES];
  script_where_word(L, name, where, sizeof where);
  tl_governed *schema = malloc(sizeof *schema);
  tl_resolution *found = malloc(sizeof *found);
  tl_code code = schema && found ? script_find_file(s, name, where, path, sizeof path, &err)
                                 : tl_fail(&err, TL_E_LIMIT, where, "out of memory");
  tl_sandbox_pause(s->sandbox);
  if (code == TL_OK) code = tl_governed_read(schema, path, &err);
  if (code == TL_OK)
    code = tl_governed_check_recording(found, schema, s->recordings[ref->recording].file,
                                       ref->fleet, &err);
  if (code == TL_OK) code = tl_sha256_file(sha, path, &err);
  tl_sandbox_continue(s->sandbox);
  free(schema);
  free(found);
  if (code == TL_OK && script_note_file(s, "schema", name, path, sha) != TL_OK) script_no_memory(L);
  if (code != TL_OK) raise_named(L, &s->recordings[ref->recording], &err, where);
}

int api_recording(lua_State *L)
{
  static const char *const keys[] = {"fleet", "device", "schema"};
  tl_scenario *s = script_scenario(L);
  const char *name = luaL_checkstring(L, 1);
  const char *fleet = NULL;
  uint32_t device = 0;
  lua_settop(L, 2);
  if (!lua_isnil(L, 2)) {
    luaL_checktype(L, 2, LUA_TTABLE);
    script_check_keys(L, 2, "recording", keys, 3);
    if (script_field(L, 2, "fleet") != LUA_TNIL) fleet = luaL_checkstring(L, -1);
    if (script_field(L, 2, "device") != LUA_TNIL) device = (uint32_t)luaL_checkinteger(L, -1);
  }
  char where[160];
  script_where_word(L, name, where, sizeof where);
  script_recording_ref ref = {.recording = open_recording(L, s, name, where)};
  tl_recording *file = s->recordings[ref.recording].file;
  tl_error err;
  tl_code code = tl_recording_fleet_find(file, fleet, &ref.fleet, &err);
  if (code == TL_OK && lua_istable(L, 2) && script_field(L, 2, "device") != LUA_TNIL)
    code = tl_recording_device_find(file, ref.fleet, device, &ref.device, &err);
  if (code != TL_OK) return raise_named(L, &s->recordings[ref.recording], &err, where);
  const tl_recording_fleet *info = script_recording_fleet(s, &ref);
  if (info->sample_count < 1)
    return tl_script_raise(L, TL_E_FORMAT, NULL, "%s holds no samples", name);
  if (lua_istable(L, 2) && script_field(L, 2, "schema") != LUA_TNIL)
    check_schema(L, s, &ref, luaL_checkstring(L, -1));
  ref.begin_ns = info->times_ns[0];
  ref.end_ns = info->times_ns[info->sample_count - 1];
  return push_recording(L, ref);
}

script_recording_ref *script_check_recording(lua_State *L, int index)
{
  return luaL_checkudata(L, index, SCRIPT_RECORDING);
}

/* --- channels -------------------------------------------------------------------------------------------------------- */
uint32_t script_signal_find(lua_State *L, const tl_scenario *s, const script_recording_ref *ref,
                            const char *name)
{
  const script_recording *recording = &s->recordings[ref->recording];
  tl_error err, outer;
  uint32_t signal = 0;
  if (tl_recording_signal_find(recording->file, ref->fleet, name, &signal, &err) == TL_OK)
    return signal;
  char where[160];
  const tl_recording_fleet *fleet = script_recording_fleet(s, ref);
  const char *names[256];
  uint32_t count = 0;
  for (; count < fleet->signal_count && count < 256; count++)
    names[count] = fleet->signals[count].name;
  const char *closest = tl_text_closest(name, names, count);
  script_where_word(L, name, where, sizeof where);
  tl_fail(&outer, TL_E_NAME, where, "recording %s has no channel '%s'", recording->name, name);
  if (closest != NULL) tl_fail_hint(&outer, "did you mean '%s'?", closest);
  return (uint32_t)tl_script_raise_error(L, &outer);
}

static int push_channel(lua_State *L, const tl_scenario *s, const script_recording_ref *ref,
                        const char *name)
{
  const uint32_t signal = script_signal_find(L, s, ref, name);
  script_channel *channel = lua_newuserdatauv(L, sizeof *channel, 0);
  *channel = (script_channel){*ref, signal};
  luaL_setmetatable(L, SCRIPT_CHANNEL);
  return 1;
}

int api_rec_channel(lua_State *L)
{
  const script_recording_ref ref = *script_check_recording(L, 1);
  return push_channel(L, script_scenario(L), &ref, luaL_checkstring(L, 2));
}

int api_rec_channels(lua_State *L)
{
  const tl_recording_fleet *fleet =
      script_recording_fleet(script_scenario(L), script_check_recording(L, 1));
  lua_createtable(L, (int)fleet->signal_count, 0);
  for (uint32_t i = 0; i < fleet->signal_count; i++) {
    lua_pushstring(L, fleet->signals[i].name);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  return 1;
}

int api_rec_slice(lua_State *L)
{
  const tl_scenario *s = script_scenario(L);
  script_recording_ref ref = *script_check_recording(L, 1);
  const int64_t from_ns = script_duration_ns(L, 2, "slice"),
                to_ns = script_duration_ns(L, 3, "slice");
  const int64_t zero_ns = script_recording_fleet(s, &ref)->times_ns[0];
  luaL_argcheck(L, from_ns >= 0 && from_ns < to_ns, 3, "expected from < to");
  if (from_ns > ref.begin_ns - zero_ns) ref.begin_ns = from_ns + zero_ns;
  if (to_ns < ref.end_ns - zero_ns) ref.end_ns = to_ns + zero_ns;
  uint64_t begin = 0, end = 0;
  script_range_of(s, &ref, &begin, &end);
  if (begin >= end)
    return tl_script_raise(L, TL_E_ARG, NULL, "slice: no samples between these times");
  ref.begin_ns = script_recording_fleet(s, &ref)->times_ns[begin];
  ref.end_ns = script_recording_fleet(s, &ref)->times_ns[end - 1];
  return push_recording(L, ref);
}

static int recording_index(lua_State *L)
{
  const tl_scenario *s = script_scenario(L);
  const script_recording_ref *ref = script_check_recording(L, 1);
  const char *key = luaL_checkstring(L, 2);
  if (script_method(L, SCRIPT_RECORDING, key)) return 1;
  if (strcmp(key, "duration") == 0) {
    lua_pushnumber(L, (double)(ref->end_ns - ref->begin_ns) / 1e9);
    return 1;
  }
  return push_channel(L, s, ref, key);
}

void script_open_recordings(lua_State *L)
{
  script_class(L, SCRIPT_RECORDING, recording_index, NULL);
}

/* All samples of a slice's signal, in a block on the Lua stack. */
static double *read_signal(lua_State *L, tl_scenario *s, const script_recording_ref *ref,
                           uint32_t signal, uint64_t *count)
{
  uint64_t begin = 0, end = 0;
  script_range_of(s, ref, &begin, &end);
  *count = end - begin;
  double *values = lua_newuserdatauv(L, (size_t)*count * sizeof *values + 1, 0);
  tl_error err;
  tl_sandbox_pause(s->sandbox);
  const tl_code code = tl_recording_read(s->recordings[ref->recording].file, ref->fleet, signal,
                                         ref->device, begin, *count, values, &err);
  tl_sandbox_continue(s->sandbox);
  if (code != TL_OK) tl_script_raise_error(L, &err);
  return values;
}

/* bool and ratios are both 0..1. */
bool script_same_ratio(const char *from, const char *to)
{
  return strcmp(from, "bool") == 0 && strcmp(to, "1") == 0;
}

static void convert(lua_State *L, double *values, uint64_t count, const char *from, const char *to,
                    const char *where, const char *what)
{
  tl_unit a, b;
  tl_error err;
  if (script_same_ratio(from, to) || strcmp(from, to) == 0) return;
  tl_code code = tl_unit_find(&a, from, where, &err);
  if (code == TL_OK) code = tl_unit_find(&b, to, where, &err);
  if (code == TL_OK && !tl_unit_same_dimension(&a, &b))
    code =
        tl_fail(&err, TL_E_UNIT, where, "'%s': the recording is in %s, the twin in %s", what,
                strcmp(from, "1") == 0 ? "no unit" : from, strcmp(to, "1") == 0 ? "no unit" : to);
  if (code != TL_OK) tl_script_raise_error(L, &err);
  for (uint64_t i = 0; i < count; i++) values[i] = tl_unit_apply(values[i], &a, &b);
}

const double *script_signal_values(lua_State *L, tl_scenario *s, const script_recording_ref *ref,
                                   uint32_t signal, const char *unit, const char *what,
                                   uint64_t *count)
{
  char where[160];
  double *values = read_signal(L, s, ref, signal, count);
  script_where_word(L, what, where, sizeof where);
  convert(L, values, *count, script_recording_fleet(s, ref)->signals[signal].unit, unit, where,
          what);
  return values;
}

double script_first_value(lua_State *L, const script_channel *channel, const char *unit,
                          const char *key)
{
  tl_scenario *s = script_scenario(L);
  uint64_t count = 0;
  const int top = lua_gettop(L);
  double *values = read_signal(L, s, &channel->rec, channel->signal, &count);
  uint64_t first = 0;
  while (first < count && isnan(values[first])) first++;
  const tl_signal_def *signal = &script_recording_fleet(s, &channel->rec)->signals[channel->signal];
  if (first == count)
    tl_script_raise(L, TL_E_SAMPLES, NULL, "'%s': channel %s holds no value", key, signal->name);
  char where[160];
  script_where_word(L, key, where, sizeof where);
  convert(L, &values[first], 1, signal->unit, unit, where, key);
  const double value = values[first];
  lua_settop(L, top);
  return value;
}

/* --- driving ------------------------------------------------------------------------------------------------------------ */
/* { "current", held = "before" } at the top of the stack: puts the channel's name there. */
static bool held_before(lua_State *L, const char *input)
{
  static const char *const keys[] = {"held"};
  bool before = false;
  for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1)) {
    if (lua_type(L, -2) == LUA_TNUMBER && lua_tointeger(L, -2) == 1) continue;
    const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "?";
    if (strcmp(key, "held") != 0) script_unknown(L, "inputs: unknown key", key, keys, 1);
    const char *held = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "?";
    before = strcmp(held, "before") == 0;
    if (!before && strcmp(held, "after") != 0)
      tl_script_raise(L, TL_E_ARG, NULL,
                      "'%s': held is \"after\" or \"before\" its stamp, not '%s'", input, held);
  }
  lua_rawgeti(L, -1, 1);
  lua_replace(L, -2);
  return before;
}

static void add_input(lua_State *L, const tl_scenario *s, script_inputs *inputs, const char *input,
                      int value)
{
  if (inputs->count == SCRIPT_INPUTS_MAX)
    tl_script_raise(L, TL_E_LIMIT, NULL, "more than %d inputs", (int)SCRIPT_INPUTS_MAX);
  inputs->row[inputs->count].before = lua_type(L, value) == LUA_TTABLE && held_before(L, input);
  const script_channel *channel = luaL_testudata(L, value, SCRIPT_CHANNEL);
  if (channel != NULL && channel->rec.recording != inputs->rec.recording)
    tl_script_raise(L, TL_E_ARG, NULL, "'%s' comes from another recording", input);
  if (channel == NULL && lua_type(L, value) != LUA_TSTRING)
    script_wrong_type(L, input, "a channel's name", value);
  snprintf(inputs->row[inputs->count].input, TL_NAME_BYTES, "%s", input);
  script_where_word(L, input, inputs->row[inputs->count].where,
                    sizeof inputs->row[inputs->count].where);
  inputs->row[inputs->count].signal =
      channel != NULL ? channel->signal
                      : script_signal_find(L, s, &inputs->rec, lua_tostring(L, value));
  inputs->count++;
}

int api_rec_inputs(lua_State *L)
{
  const tl_scenario *s = script_scenario(L);
  const script_recording_ref ref = *script_check_recording(L, 1);
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_settop(L, 2);
  script_inputs *inputs = lua_newuserdatauv(L, sizeof *inputs, 0);
  memset(inputs, 0, sizeof *inputs);
  inputs->rec = ref;
  tl_script_where(L, inputs->where, sizeof inputs->where);
  luaL_setmetatable(L, SCRIPT_INPUTS);
  for (lua_Integer i = 1; lua_rawgeti(L, 2, i) != LUA_TNIL; i++) {
    if (lua_type(L, -1) != LUA_TSTRING)
      return tl_script_raise(L, TL_E_TYPE, NULL, "inputs: expected names, got a %s",
                             luaL_typename(L, -1));
    add_input(L, s, inputs, lua_tostring(L, -1), -1);
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  for (lua_pushnil(L); lua_next(L, 2) != 0; lua_pop(L, 1))
    if (lua_type(L, -2) == LUA_TSTRING) add_input(L, s, inputs, lua_tostring(L, -2), -1);
  for (uint32_t a = 1; a < inputs->count; a++) /* hash order must not reach the world */
    for (uint32_t b = a; b > 0 && strcmp(inputs->row[b - 1].input, inputs->row[b].input) > 0; b--) {
      script_inputs swap = {.count = 1};
      swap.row[0] = inputs->row[b];
      inputs->row[b] = inputs->row[b - 1];
      inputs->row[b - 1] = swap.row[0];
    }
  if (inputs->count == 0) return tl_script_raise(L, TL_E_ARG, NULL, "inputs: no channels");
  return 1;
}

/* Distinct stamps of a slice, from 0; rows[i] is the last sample of stamp i. On the Lua stack. */
static uint32_t distinct_stamps(lua_State *L, const tl_scenario *s, const script_recording_ref *ref,
                                int64_t **stamps, uint64_t **rows)
{
  const tl_recording_fleet *fleet = script_recording_fleet(s, ref);
  uint64_t begin = 0, end = 0;
  script_range_of(s, ref, &begin, &end);
  *stamps = lua_newuserdatauv(L, (size_t)(end - begin) * sizeof **stamps + 1, 0);
  *rows = lua_newuserdatauv(L, (size_t)(end - begin) * sizeof **rows + 1, 0);
  uint32_t count = 0;
  for (uint64_t i = begin; i < end; i++) {
    const int64_t at_ns = fleet->times_ns[i] - ref->begin_ns;
    if (count == 0 || at_ns > (*stamps)[count - 1])
      count++; /* a repeated stamp: the later row wins */
    (*stamps)[count - 1] = at_ns;
    (*rows)[count - 1] = i - begin;
  }
  return count;
}

void script_drive_stamps(lua_State *L, const script_inputs *inputs, tl_fleet_def *def,
                         script_fleet *fleet)
{
  int64_t *stamps = NULL;
  uint64_t *rows = NULL;
  def->stamp_count = distinct_stamps(L, script_scenario(L), &inputs->rec, &stamps, &rows);
  def->stamps_ns = stamps; /* stays on the Lua stack until the fleet is made */
  fleet->stamp_count = def->stamp_count;
  if (def->stamp_count > 1)
    fleet->driven_ns = 2 * stamps[def->stamp_count - 1] -
                       stamps[def->stamp_count - 2]; /* holds an interval more */
  fleet->shift_ns = inputs->rec.begin_ns;
}

void script_drive_inputs(lua_State *L, const script_inputs *inputs, const script_fleet *fleet)
{
  tl_scenario *s = script_scenario(L);
  int64_t *stamps = NULL;
  uint64_t *rows = NULL, held = 0;
  const uint32_t count = distinct_stamps(L, s, &inputs->rec, &stamps, &rows);
  for (uint32_t k = 0; k < inputs->count; k++) {
    const char *input = inputs->row[k].input;
    const tl_signal_def *signal =
        &script_recording_fleet(s, &inputs->rec)->signals[inputs->row[k].signal];
    uint64_t samples = 0;
    uint32_t column = 0;
    tl_error err;
    double *values = read_signal(L, s, &inputs->rec, inputs->row[k].signal, &samples);
    const char *where = inputs->row[k].where;
    if (tl_fleet_column_find(s->world, fleet->id, input, where, &column, &err) != TL_OK)
      tl_script_raise_error(L, &err);
    const tl_column *info = tl_fleet_column(s->world, fleet->id, column);
    convert(L, values, samples, signal->unit, info->unit, where, input);
    for (uint32_t i = 0; i < count; i++) { /* rows ascend, so values can be packed in place */
      values[i] = values[rows[i]];
      if (!isnan(values[i])) continue;
      if (i == 0)
        tl_script_raise(L, TL_E_SAMPLES, NULL, "channel %s has no value to begin with",
                        signal->name);
      values[i] = values[i - 1];
      held++;
    }
    if (inputs->row[k].before) /* a row's value is that of the time before it */
      memmove(values, values + 1, (count - 1) * sizeof *values);
    if (tl_fleet_drive(s->world, fleet->id, info->name, stamps, values, count, where, &err) !=
        TL_OK)
      tl_script_raise_error(L, &err);
    lua_pop(L, 1);
  }
  if (held > 0) {
    char text[160];
    snprintf(text, sizeof text,
             "%s: %llu missing values of driven inputs keep the value before them",
             s->recordings[inputs->rec.recording].name, (unsigned long long)held);
    script_event(s, "log", fleet->id, -1, 0, 0.0, text);
  }
  lua_pop(L, 2);
}
