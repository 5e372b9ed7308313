/* setup.c: scenario{}, setting(), and the values that columns get before time 0. */
#include "base/text.h"
#include "script/binding.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int api_scenario(lua_State *L)
{
  static const char *const keys[] = {"title", "duration", "sync", "seed"};
  tl_scenario *s = script_scenario(L);
  luaL_checktype(L, 1, LUA_TTABLE);
  if (s->declared)
    return tl_script_raise(L, TL_E_SCRIPT, NULL, "scenario { ... } was called before");
  if (s->loaded)
    return tl_script_raise(L, TL_E_SCRIPT, NULL, "scenario { ... } belongs to the main chunk");
  script_check_keys(L, 1, "scenario", keys, sizeof keys / sizeof *keys);
  if (script_field(L, 1, "title") != LUA_TNIL) {
    if (lua_type(L, -1) != LUA_TSTRING) script_wrong_type(L, "title", "a text", -1);
    snprintf(s->title, sizeof s->title, "%s", lua_tostring(L, -1));
  }
  if (script_field(L, 1, "duration") == LUA_TNIL)
    return tl_script_raise(L, TL_E_ARG, "write duration = 24*h", "scenario needs a duration");
  s->duration_ns = script_duration_ns(L, -1, "duration");
  if (s->duration_ns <= 0)
    return tl_script_raise(L, TL_E_ARG, NULL, "scenario: 'duration' must be positive");
  if (script_field(L, 1, "sync") != LUA_TNIL) s->sync_ns = script_duration_ns(L, -1, "sync");
  if (s->sync_ns <= 0)
    return tl_script_raise(L, TL_E_ARG, NULL, "scenario: 'sync' must be positive");
  if (script_field(L, 1, "seed") != LUA_TNIL) {
    if (!lua_isinteger(L, -1)) script_wrong_type(L, "seed", "a whole number", -1);
    if (!s->options.has_seed) s->seed = (uint64_t)lua_tointeger(L, -1);
  }
  tl_world_def def = tl_world_def_default();
  def.seed = s->seed;
  def.sync_ns = s->sync_ns;
  def.thread_count = s->options.thread_count;
  def.path = s->options.path;
  def.stepped = s->options.stepped;
  def.twins = s->options.twins;
  def.twin_count = s->options.twin_count;
  tl_error err;
  if (tl_world_create(&s->world, &def, &err) != TL_OK) return tl_script_raise_error(L, &err);
  tl_sandbox_seed(s->sandbox, s->seed);
  s->declared = true;
  return 0;
}

/* --- setting ------------------------------------------------------------------------------------------------ */
static void note_setting(lua_State *L, tl_scenario *s, const char *name, const char *value)
{
  for (uint32_t i = 0; i < s->used_count; i++)
    if (strcmp(s->used[i].name, name) == 0) return;
  if (!script_grow(&s->used, &s->used_room, s->used_count, sizeof *s->used)) script_no_memory(L);
  tl_scenario_setting *row = &s->used[s->used_count];
  row->name = script_keep_text(s, name);
  row->value = script_keep_text(s, value);
  if (row->name == NULL || row->value == NULL) script_no_memory(L);
  s->used_count++;
}

static int setting_value(lua_State *L, const char *name, const char *text)
{
  const int type = lua_type(L, 2);
  if (type == LUA_TBOOLEAN) {
    const bool yes =
        strcmp(text, "true") == 0 || strcmp(text, "1") == 0 || strcmp(text, "yes") == 0;
    if (!yes && strcmp(text, "false") != 0 && strcmp(text, "0") != 0 && strcmp(text, "no") != 0)
      return tl_script_raise(L, TL_E_TYPE, NULL, "--set %s=%s: expected true or false", name, text);
    return lua_pushboolean(L, yes), 1;
  }
  if (type != LUA_TNUMBER) return lua_pushstring(L, text), 1;
  double value = 0.0;
  int64_t integer = 0, ns = 0;
  tl_unit unit;
  tl_error err;
  if (tl_text_parse_int64(&integer, text))
    lua_pushinteger(L, integer);
  else if (tl_text_parse_double(&value, text) && isfinite(value))
    lua_pushnumber(L, value);
  else if (tl_text_parse_duration(&ns, text, NULL, &err) == TL_OK)
    lua_pushnumber(L, (double)ns / 1e9);
  else if (tl_unit_parse_quantity(&value, &unit, text, NULL, &err) == TL_OK)
    lua_pushnumber(L, (value + unit.offset) * unit.numerator / unit.denominator);
  else
    return tl_script_raise(L, TL_E_TYPE, NULL, "--set %s=%s: expected a number", name, text);
  return 1;
}

int api_setting(lua_State *L)
{
  tl_scenario *s = script_scenario(L);
  const char *name = luaL_checkstring(L, 1);
  lua_settop(L, 2);
  luaL_argcheck(L, lua_type(L, 2) <= LUA_TSTRING && lua_type(L, 2) != LUA_TLIGHTUSERDATA, 2,
                "a default is a number, a text, true or false");
  for (uint32_t i = 0; i < s->options.setting_count; i++) {
    if (strcmp(s->settings[i].name, name) != 0) continue;
    s->setting_used[i] = true;
    setting_value(L, name, s->settings[i].value);
    note_setting(L, s, name, s->settings[i].value);
    return 1;
  }
  note_setting(L, s, name, lua_isnil(L, 2) ? "" : luaL_tolstring(L, 2, NULL));
  lua_settop(L, 2);
  if (lua_isnil(L, 2)) {
    char hint[96];
    snprintf(hint, sizeof hint, "add --set %.60s=...", name);
    return tl_script_raise(L, TL_E_USAGE, hint, "this scenario needs the setting '%s'", name);
  }
  return 1;
}

/* --- values before time 0 ------------------------------------------------------------------------------------- */
static tl_code write_column(tl_scenario *s, const script_write *w, tl_error *err)
{
  const script_fleet *fleet = &s->fleets[w->fleet];
  const tl_column *column = tl_fleet_column(s->world, fleet->id, w->column);
  double values[TL_BLOCK_ROWS];
  for (uint32_t begin = 0; begin < fleet->count; begin += TL_BLOCK_ROWS) {
    const uint32_t end =
        begin + TL_BLOCK_ROWS < fleet->count ? begin + TL_BLOCK_ROWS : fleet->count;
    for (uint32_t i = begin; i < end; i++)
      values[i - begin] = script_spread_draw(s->world, fleet->id, column->name, &w->spread, i);
    if (tl_fleet_write(s->world, fleet->id, w->column, begin, end, values, err) != TL_OK) {
      tl_error outer;
      tl_fail(&outer, err->code, w->where, "%s", err->text);
      if (w->spread.kind == SPREAD_NORMAL)
        tl_fail_hint(&outer, "limit the spread: normal(mean, sd, low, high)");
      *err = outer;
      return err->code;
    }
  }
  return TL_OK;
}

tl_code script_seal_writes(tl_scenario *s, tl_error *err)
{
  tl_code code = TL_OK;
  for (uint32_t i = 0; i < s->write_count && code == TL_OK; i++)
    code = write_column(s, &s->writes[i], err);
  return code;
}
