/* fleet.c: devices as Lua sees them: selections, samples, statistics, writes. One C pass each, no call per device. */
#include "base/text.h"
#include "script/binding.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

script_devices *script_push_devices(lua_State *L, uint32_t fleet)
{
  script_devices *devices = lua_newuserdatauv(L, sizeof *devices, 2);
  memset(devices, 0, sizeof *devices);
  devices->fleet = fleet;
  devices->all = true;
  devices->count = script_scenario(L)->fleets[fleet].count;
  tl_script_where(L, devices->where, sizeof devices->where);
  luaL_setmetatable(L, SCRIPT_DEVICES);
  return devices;
}

/* A list of `count` devices inside the new object at the top of the stack. */
static uint32_t *new_list(lua_State *L, script_devices *devices, uint32_t count)
{
  uint32_t *list = lua_newuserdatauv(L, (size_t)count * sizeof *list + 1, 0);
  lua_setiuservalue(L, -2, 1);
  devices->all = false;
  devices->list = list;
  devices->count = count;
  return list;
}

script_devices *script_check_devices(lua_State *L, int index)
{
  return luaL_checkudata(L, index, SCRIPT_DEVICES);
}

script_devices *script_check_known_devices(lua_State *L, int index, const char *what)
{
  script_devices *devices = script_check_devices(L, index);
  if (devices->pending)
    tl_script_raise(L, TL_E_SCRIPT, "call it inside run(function() ... end)",
                    "%s: which devices where() selects is known when the run begins", what);
  return devices;
}

const script_fleet *script_fleet_of(const tl_scenario *s, const script_devices *devices)
{
  return &s->fleets[devices->fleet];
}

static void needs_values(lua_State *L, const tl_scenario *s, const char *what)
{
  if (!s->running)
    tl_script_raise(L, TL_E_SCRIPT, "call it inside run(function() ... end)",
                    "%s: there are no values before the run begins", what);
}

/* --- where ----------------------------------------------------------------------------------------------------- */
/* Keeps those devices of `from` for which the expression holds; counts only when out is NULL. */
static uint32_t filter(const tl_scenario *s, const script_devices *from,
                       const script_expression *expression, uint32_t *out)
{
  const script_fleet *fleet = script_fleet_of(s, from);
  bool keep[TL_BLOCK_ROWS];
  uint32_t count = 0, next = 0;
  for (uint32_t begin = 0; begin < fleet->count; begin += TL_BLOCK_ROWS) {
    const uint32_t end =
        begin + TL_BLOCK_ROWS < fleet->count ? begin + TL_BLOCK_ROWS : fleet->count;
    if (!from->all && (next == from->count || from->list[next] >= end)) continue;
    script_expression_evaluate(expression, s->world, fleet->id, begin, end, keep);
    for (uint32_t device = begin; device < end; device++) {
      if (!from->all) {
        if (next == from->count) break;
        if (from->list[next] != device) continue;
        next++;
      }
      if (!keep[device - begin]) continue;
      if (out != NULL) out[count] = device;
      count++;
    }
  }
  return count;
}

static void compile(lua_State *L, const tl_scenario *s, const script_devices *devices,
                    const char *text, script_expression *out)
{
  tl_error err;
  char where[160];
  tl_script_where(L, where, sizeof where);
  if (script_expression_compile(out, s->world, script_fleet_of(s, devices)->id, text, where,
                                &err) != TL_OK)
    tl_script_raise_error(L, &err);
}

int api_where(lua_State *L)
{
  tl_scenario *s = script_scenario(L);
  const script_devices *from = script_check_known_devices(L, 1, "where");
  const char *text = luaL_checkstring(L, 2);
  script_expression expression;
  compile(L, s, from, text, &expression);
  script_devices *devices = script_push_devices(L, from->fleet);
  if (!s->running) {
    script_expression *kept = lua_newuserdatauv(L, sizeof *kept, 0);
    *kept = expression;
    lua_setiuservalue(L, -2, 2);
    lua_pushvalue(L, 1); /* the devices to choose from, until then */
    lua_setiuservalue(L, -2, 1);
    devices->pending = true;
    devices->all = false;
    devices->expression = kept;
    if (!script_grow(&s->pending, &s->pending_room, s->pending_count, sizeof *s->pending))
      return script_no_memory(L);
    lua_pushvalue(L, -1);
    s->pending[s->pending_count++] = luaL_ref(L, LUA_REGISTRYINDEX);
    return 1;
  }
  const uint32_t count = filter(s, from, &expression, NULL);
  filter(s, from, &expression, new_list(L, devices, count));
  return 1;
}

static int evaluate_pending(lua_State *L)
{
  tl_scenario *s = script_scenario(L);
  script_devices *devices = script_check_devices(L, 1);
  lua_getiuservalue(L, 1, 1);
  const script_devices *from = script_check_devices(L, -1);
  const script_expression expression = *devices->expression;
  const uint32_t count = filter(s, from, &expression, NULL);
  uint32_t *list = lua_newuserdatauv(L, (size_t)count * sizeof *list + 1, 0);
  filter(s, from, &expression, list);
  lua_setiuservalue(L, 1, 1); /* `from` stays on the stack while it is read */
  devices->list = list;
  devices->count = count;
  devices->pending = false;
  return 0;
}

tl_code script_seal_pending(tl_scenario *s, tl_error *err)
{
  lua_State *L = tl_sandbox_state(s->sandbox);
  for (uint32_t i = 0; i < s->pending_count; i++) {
    lua_pushcfunction(L, evaluate_pending);
    lua_rawgeti(L, LUA_REGISTRYINDEX, s->pending[i]);
    if (lua_pcall(L, 1, 0, 0) != LUA_OK) {
      tl_fail(err, TL_E_BUDGET, NULL, "%s", lua_tostring(L, -1));
      lua_pop(L, 1);
      return err->code;
    }
    luaL_unref(L, LUA_REGISTRYINDEX, s->pending[i]);
  }
  s->pending_count = 0;
  return TL_OK;
}

/* --- sample, device, count --------------------------------------------------------------------------------------- */
typedef struct keyed_device {
  double key;
  uint32_t device;
} keyed_device;

static int by_key(const void *a, const void *b)
{
  const keyed_device *x = a, *y = b;
  if (x->key != y->key) return x->key < y->key ? -1 : 1;
  return x->device < y->device ? -1 : x->device > y->device; /* devices are distinct: no ties */
}

static int by_device(const void *a, const void *b)
{
  const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return x < y ? -1 : x > y;
}

int api_sample(lua_State *L)
{
  tl_scenario *s = script_scenario(L);
  const script_devices *from = script_check_known_devices(L, 1, "sample");
  script_fleet *fleet = &s->fleets[from->fleet];
  const double size = luaL_checknumber(L, 2);
  const char *name = luaL_optstring(L, 3, NULL);
  luaL_argcheck(L, size > 0.0 && size <= (double)from->count, 2,
                "expected a ratio below 1 or a count of at most these devices");
  double wanted = size < 1.0 ? size * (double)from->count + 0.5 : size;
  const uint32_t k = wanted < 1.0 ? 1u : (uint32_t)wanted;
  char stream[TL_NAME_BYTES + 16];
  if (name != NULL)
    snprintf(stream, sizeof stream, "sample:%.60s", name);
  else
    snprintf(stream, sizeof stream, "sample %u", fleet->samples_taken++);
  script_devices *devices = script_push_devices(L, from->fleet);
  uint32_t *out = new_list(L, devices, k);
  if (from->all) {
    tl_fleet_sample(s->world, fleet->id, stream, k, out);
    return 1;
  }
  keyed_device *keyed = lua_newuserdatauv(L, from->count * sizeof *keyed + 1, 0);
  for (uint32_t i = 0; i < from->count; i++)
    keyed[i] = (keyed_device){tl_fleet_draw_uniform(s->world, fleet->id, stream, from->list[i]),
                              from->list[i]};
  qsort(keyed, from->count, sizeof *keyed, by_key);
  for (uint32_t i = 0; i < k; i++) out[i] = keyed[i].device;
  qsort(out, k, sizeof *out, by_device);
  lua_pop(L, 1);
  return 1;
}

int api_pick(lua_State *L)
{
  const script_devices *from = script_check_known_devices(L, 1, "device");
  const lua_Integer index = luaL_checkinteger(L, 2);
  luaL_argcheck(L, index >= 0 && index < (lua_Integer)from->count, 2,
                "there is no such device (indexes begin at 0)");
  const uint32_t device = from->all ? (uint32_t)index : from->list[index];
  script_devices *devices = script_push_devices(L, from->fleet);
  *new_list(L, devices, 1) = device;
  return 1;
}

int api_count(lua_State *L)
{
  lua_pushinteger(L, script_check_known_devices(L, 1, "count")->count);
  return 1;
}

/* --- statistics --------------------------------------------------------------------------------------------------- */
int api_stat(lua_State *L)
{
  static const char *const keys[] = {"window"};
  tl_scenario *s = script_scenario(L);
  const script_devices *devices = script_check_known_devices(L, 1, "stat");
  size_t length = 0;
  const char *text = luaL_checklstring(L, 2, &length);
  int64_t window_ns = 0;
  if (!lua_isnoneornil(L, 3)) {
    luaL_checktype(L, 3, LUA_TTABLE);
    script_check_keys(L, 3, "stat", keys, 1);
    if (script_field(L, 3, "window") != LUA_TNIL) window_ns = script_duration_ns(L, -1, "window");
    luaL_argcheck(L, window_ns >= 0, 3, "'window' can't be negative");
  }
  needs_values(L, s, "stat");
  char name[TL_THRESHOLD_NAME_BYTES];
  luaL_argcheck(L, length < sizeof name, 2, "name too long");
  snprintf(name, sizeof name, "%s", text);
  tl_statistic statistic = TL_STAT_NONE;
  char *space = strrchr(name, ' ');
  if (space != NULL) {
    if (!tl_statistic_find(&statistic, space + 1))
      return script_unknown(
          L, "no statistic", space + 1,
          (const char *const[]){"mean", "p50", "p90", "p95", "p99", "max", "min", "count"}, 8);
    *space = '\0';
  }
  const script_fleet *fleet = script_fleet_of(s, devices);
  const uint32_t count = devices->all ? fleet->count : devices->count;
  tl_error err;
  double value = 0.0;
  tl_sandbox_pause(s->sandbox);
  const tl_code code =
      tl_quantity_find(name) != NULL
          ? tl_judge_query(s->judge, fleet->id, devices->list, count, name, statistic, window_ns,
                           &value, NULL, &err)
          : tl_judge_stat(s->world, fleet->id, devices->list, count, name, statistic, &value, &err);
  tl_sandbox_continue(s->sandbox);
  if (code != TL_OK) return tl_script_raise_error(L, &err);
  lua_pushnumber(L, value);
  return 1;
}

static uint32_t count_holding(lua_State *L, const char *what, uint32_t *of)
{
  const tl_scenario *s = script_scenario(L);
  const script_devices *devices = script_check_known_devices(L, 1, what);
  const char *text = luaL_checkstring(L, 2);
  script_expression expression;
  compile(L, s, devices, text, &expression);
  needs_values(L, s, what);
  *of = devices->count;
  return filter(s, devices, &expression, NULL);
}

int api_all(lua_State *L)
{
  uint32_t of = 0;
  const uint32_t holding = count_holding(L, "all", &of);
  lua_pushboolean(L, holding == of);
  return 1;
}

int api_any(lua_State *L)
{
  uint32_t of = 0;
  lua_pushboolean(L, count_holding(L, "any", &of) > 0);
  return 1;
}

/* --- single values -------------------------------------------------------------------------------------------------- */
static uint32_t column_named(lua_State *L, const tl_scenario *s, const script_fleet *fleet,
                             const char *name)
{
  tl_error err;
  uint32_t column = 0;
  char where[160];
  script_where_word(L, name, where, sizeof where);
  if (tl_judge_column_find(s->world, fleet->id, name, where, &column, &err) != TL_OK)
    tl_script_raise_error(L, &err);
  return column;
}

static uint32_t single_device(lua_State *L, const script_devices *devices, const char *what)
{
  if (devices->count != 1)
    tl_script_raise(L, TL_E_ARG, "choose one: fleet:device(0)", "%s: these are %u devices, not one",
                    what, devices->count);
  return devices->all ? 0 : devices->list[0];
}

int api_read(lua_State *L)
{
  const tl_scenario *s = script_scenario(L);
  const script_devices *devices = script_check_known_devices(L, 1, "read");
  const script_fleet *fleet = script_fleet_of(s, devices);
  const uint32_t column = column_named(L, s, fleet, luaL_checkstring(L, 2));
  const uint32_t device = single_device(L, devices, "read");
  needs_values(L, s, "read");
  double value = 0.0;
  tl_fleet_read(s->world, fleet->id, column, device, device + 1, &value);
  lua_pushnumber(L, value);
  return 1;
}

static void write_values(lua_State *L, tl_scenario *s, const script_devices *devices,
                         uint32_t column, const script_spread *spread)
{
  const script_fleet *fleet = script_fleet_of(s, devices);
  const tl_column *info = tl_fleet_column(s->world, fleet->id, column);
  tl_error err;
  for (uint32_t i = 0; i < devices->count; i++) {
    const uint32_t device = devices->all ? i : devices->list[i];
    const double value = script_spread_draw(s->world, fleet->id, info->name, spread, device);
    if (tl_fleet_write(s->world, fleet->id, column, device, device + 1, &value, &err) != TL_OK)
      tl_script_raise_error(L, &err);
  }
}

int api_set(lua_State *L)
{
  tl_scenario *s = script_scenario(L);
  const script_devices *devices = script_check_known_devices(L, 1, "set");
  const script_fleet *fleet = script_fleet_of(s, devices);
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_settop(L, 2);
  needs_values(L, s, "set");
  /* Names are checked before anything is written; writes go column by column, so their order does not matter. */
  for (int pass = 0; pass < 2; pass++)
    for (lua_pushnil(L); lua_next(L, 2) != 0; lua_pop(L, 1)) {
      if (lua_type(L, -2) != LUA_TSTRING)
        return script_wrong_type(L, "set", "{ column = value }", 2);
      const char *key = lua_tostring(L, -2);
      const uint32_t column = column_named(L, s, fleet, key);
      const script_spread spread =
          script_spread_at(L, -1, tl_fleet_column(s->world, fleet->id, column), key);
      if (pass == 0) continue;
      write_values(L, s, devices, column, &spread);
    }
  script_event(s, "set", fleet->id,
               devices->count == 1 ? (int64_t)(devices->all ? 0 : devices->list[0]) : -1,
               devices->count, 0.0, "set");
  return 0;
}

/* --- fields ------------------------------------------------------------------------------------------------------------ */
static int devices_index(lua_State *L)
{
  const tl_scenario *s = script_scenario(L);
  const script_devices *devices = script_check_devices(L, 1);
  const char *key = luaL_checkstring(L, 2);
  if (script_method(L, SCRIPT_DEVICES, key)) return 1;
  const script_fleet *fleet = script_fleet_of(s, devices);
  tl_error err;
  uint32_t column = 0;
  if (tl_fleet_column_find(s->world, fleet->id, key, NULL, &column, &err) != TL_OK) {
    const char *names[300];
    uint32_t count = script_method_names(SCRIPT_DEVICES, names, 64);
    const uint32_t columns = tl_fleet_column_count(s->world, fleet->id);
    for (uint32_t i = 0; i < columns && count < 300; i++)
      if (strstr(tl_fleet_column(s->world, fleet->id, i)->name, ".window_") == NULL)
        names[count++] = tl_fleet_column(s->world, fleet->id, i)->name;
    char what[128];
    snprintf(what, sizeof what, "fleet '%s' has no method or column", fleet->name);
    return script_unknown(L, what, key, names, count);
  }
  script_check_known_devices(L, 1, key);
  script_column *out = lua_newuserdatauv(L, sizeof *out, 0);
  *out = (script_column){devices->fleet, single_device(L, devices, key), column};
  luaL_setmetatable(L, SCRIPT_COLUMN);
  return 1;
}

static int devices_length(lua_State *L) { return api_count(L); }

void script_open_devices(lua_State *L)
{
  script_class(L, SCRIPT_DEVICES, devices_index, devices_length);
}
