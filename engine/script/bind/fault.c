/* fault.c: inject and clear: rows of edge/faults.def become column writes, and the judge is told the truth. */
#include "script/binding.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

typedef enum place { SENSOR, ACTUATOR, PLANT } place;
typedef enum source { OPTION, ONE, NOW_S, FACTOR } source;
typedef struct kind_row {
  const char *kind;
  place at;
  const char *meaning;
} kind_row;
typedef struct write_row {
  const char *kind, *column;
  source from;
  const char *option;
  bool needed;
} write_row;

static const kind_row kinds[] = {
#define FAULT(kind, at, meaning) {kind, at, meaning},
#define FAULT_WRITE(kind, column, from, option, needed)
#include "edge/faults.def"
#undef FAULT
#undef FAULT_WRITE
};
static const write_row writes[] = {
#define FAULT(kind, at, meaning)
#define FAULT_WRITE(kind, column, from, option, needed) {kind, column, from, option, needed},
#include "edge/faults.def"
#undef FAULT
#undef FAULT_WRITE
};
enum {
  KINDS = sizeof kinds / sizeof *kinds,
  WRITES = sizeof writes / sizeof *writes,
  WRITES_PER_FAULT = 4
};

/* User value 1: the devices object; 2: the values that the columns had, [write][device]. */
struct script_fault {
  uint32_t fleet, write_count;
  struct {
    uint32_t column;
    source from;
    double value;
  } write[WRITES_PER_FAULT];
  const char *kind; /* of the table */
  double main_value;
  int64_t begin_ns, lasting_ns; /* lasting 0: until cleared */
  tl_fault_id truth;
  bool begun, cleared;
};

static const kind_row *find_kind(lua_State *L, const char *name)
{
  const char *names[KINDS];
  for (uint32_t i = 0; i < KINDS; i++) {
    if (strcmp(kinds[i].kind, name) == 0) return &kinds[i];
    names[i] = kinds[i].kind;
  }
  script_unknown(L, "unknown fault", name, names, KINDS);
  return NULL;
}

/* The sensor or actuator that `channel` names; the only one when it is not given. */
static const char *component(lua_State *L, const script_fleet *fleet, place at, int options)
{
  const uint32_t count = at == SENSOR ? fleet->sensor_count : fleet->actuator_count;
  const char *what = at == SENSOR ? "sensor" : "actuator";
  const char *names[TL_SENSORS_MAX];
  for (uint32_t i = 0; i < count; i++)
    names[i] = at == SENSOR ? fleet->sensor[i] : fleet->actuator[i];
  if (options == 0 || script_field(L, options, "channel") == LUA_TNIL) {
    if (count == 1) return names[0];
    tl_script_raise(L, TL_E_ARG, NULL,
                    count == 0 ? "fleet '%s' has no %s"
                               : "fleet '%s' has several: say channel = \"%s\"",
                    fleet->name, count == 0 ? what : names[0]);
  }
  if (lua_type(L, -1) != LUA_TSTRING) script_wrong_type(L, "channel", "a text", -1);
  const char *wanted = lua_tostring(L, -1);
  for (uint32_t i = 0; i < count; i++)
    if (strcmp(names[i], wanted) == 0) return names[i];
  char text[128];
  snprintf(text, sizeof text, "fleet '%s' has no %s", fleet->name, what);
  script_unknown(L, text, wanted, names, count);
  return NULL;
}

static uint32_t column_of(lua_State *L, const tl_scenario *s, const script_fleet *fleet,
                          const char *name)
{
  tl_error err;
  uint32_t column = 0;
  char where[160];
  script_where_word(L, name, where, sizeof where);
  if (tl_fleet_column_find(s->world, fleet->id, name, where, &column, &err) != TL_OK)
    tl_script_raise_error(L, &err);
  return column;
}

static void check_options(lua_State *L, int options, const kind_row *kind)
{
  const char *keys[8];
  size_t count = 0;
  keys[count++] = "lasting";
  keys[count++] = kind->at == PLANT ? "column" : "channel";
  for (uint32_t i = 0; i < WRITES; i++)
    if (strcmp(writes[i].kind, kind->kind) == 0 && writes[i].option[0] != '\0')
      keys[count++] = writes[i].option;
  if (options != 0) script_check_keys(L, options, kind->kind, keys, count);
}

static void read_write(lua_State *L, const tl_scenario *s, script_fault *fault,
                       const write_row *row, uint32_t column, int options)
{
  const tl_column *info = tl_fleet_column(s->world, s->fleets[fault->fleet].id, column);
  double value = row->from == ONE ? 1.0 : 0.0;
  if (row->option[0] != '\0') {
    if (options == 0 || script_field(L, options, row->option) == LUA_TNIL) {
      if (row->needed) tl_script_raise(L, TL_E_ARG, NULL, "%s needs '%s'", row->kind, row->option);
      return;
    }
    value = script_quantity(L, -1, row->from == FACTOR ? "1" : info->unit,
                            strcmp(row->column, "bias") == 0 || strcmp(row->column, "noise") == 0,
                            row->option);
    fault->main_value = value;
    if (row->from == OPTION && !(value >= info->low && value <= info->high))
      tl_script_raise(L, TL_E_ARG, NULL, "%s: '%s' is outside the range of %s", row->kind,
                      row->option, info->name);
  }
  assert(fault->write_count < WRITES_PER_FAULT);
  fault->write[fault->write_count].column = column;
  fault->write[fault->write_count].from = row->from;
  fault->write[fault->write_count].value = value;
  fault->write_count++;
}

/* --- begin and end ------------------------------------------------------------------------------------------------ */
static void device_at(const script_devices *devices, uint32_t i, uint32_t *device)
{
  *device = devices->all ? i : devices->list[i];
}

/* With the fault at stack index 1: remembers the values, writes the new ones, tells the judge. */
static void begin(lua_State *L, tl_scenario *s, script_fault *fault)
{
  const script_fleet *fleet = &s->fleets[fault->fleet];
  lua_getiuservalue(L, 1, 1);
  const script_devices *devices = script_check_devices(L, -1);
  double *old =
      lua_newuserdatauv(L, (size_t)fault->write_count * devices->count * sizeof *old + 1, 0);
  lua_setiuservalue(L, 1, 2);
  uint32_t *list = devices->list;
  if (devices->all) {
    list = lua_newuserdatauv(L, (size_t)devices->count * sizeof *list + 1, 0);
    for (uint32_t i = 0; i < devices->count; i++) list[i] = i;
  }
  tl_error err;
  fault->begin_ns = script_now_ns(s);
  for (uint32_t w = 0; w < fault->write_count; w++)
    for (uint32_t i = 0; i < devices->count; i++) {
      double *was = &old[(size_t)w * devices->count + i];
      tl_fleet_read(s->world, fleet->id, fault->write[w].column, list[i], list[i] + 1, was);
      double value = fault->write[w].value;
      if (fault->write[w].from == NOW_S) value = (double)fault->begin_ns / 1e9;
      if (fault->write[w].from == FACTOR) value = *was * fault->write[w].value;
      if (tl_fleet_write(s->world, fleet->id, fault->write[w].column, list[i], list[i] + 1, &value,
                         &err) != TL_OK)
        tl_script_raise_error(L, &err);
    }
  if (devices->count > 0 &&
      tl_judge_fault_begin(s->judge, &fault->truth, fleet->id, list, devices->count,
                           fault->begin_ns, fault->kind, &err) != TL_OK)
    tl_script_raise_error(L, &err);
  fault->begun = true;
  script_event(s, "fault.begin", fleet->id, devices->count == 1 ? (int64_t)list[0] : -1,
               devices->count, fault->main_value, fault->kind);
  if (fault->lasting_ns > 0) {
    lua_pushvalue(L, 1);
    const tl_event event = {.at_ns = fault->begin_ns + fault->lasting_ns,
                            .kind = SCRIPT_EVENT_FAULT_END,
                            .what = (uint64_t)luaL_ref(L, LUA_REGISTRYINDEX)};
    if (tl_events_add(&s->queue, event, SCRIPT_EVENTS_MAX, NULL, &err) != TL_OK)
      tl_script_raise_error(L, &err);
  }
}

static void end(lua_State *L, tl_scenario *s, script_fault *fault)
{
  if (fault->cleared) return;
  fault->cleared = true;
  if (!fault->begun) return;
  const script_fleet *fleet = &s->fleets[fault->fleet];
  lua_getiuservalue(L, 1, 1);
  const script_devices *devices = script_check_devices(L, -1);
  lua_getiuservalue(L, 1, 2);
  const double *old = lua_touserdata(L, -1);
  tl_error err;
  for (uint32_t w = 0; w < fault->write_count; w++)
    for (uint32_t i = 0; i < devices->count; i++) {
      uint32_t device = 0;
      device_at(devices, i, &device);
      if (tl_fleet_write(s->world, fleet->id, fault->write[w].column, device, device + 1,
                         &old[(size_t)w * devices->count + i], &err) != TL_OK)
        tl_script_raise_error(L, &err);
    }
  tl_judge_fault_end(s->judge, fault->truth, script_now_ns(s));
  script_event(s, "fault.end", fleet->id, -1, devices->count, fault->main_value, fault->kind);
}

static int begin_later(lua_State *L)
{
  script_fault *fault = luaL_checkudata(L, 1, SCRIPT_FAULT);
  if (!fault->cleared) begin(L, script_scenario(L), fault);
  return 0;
}

tl_code script_seal_faults(tl_scenario *s, tl_error *err)
{
  lua_State *L = tl_sandbox_state(s->sandbox);
  for (uint32_t i = 0; i < s->pending_fault_count; i++) {
    lua_pushcfunction(L, begin_later);
    lua_rawgeti(L, LUA_REGISTRYINDEX, s->pending_faults[i]);
    if (lua_pcall(L, 1, 0, 0) != LUA_OK) {
      tl_fail(err, TL_E_ARG, NULL, "%s", lua_tostring(L, -1));
      lua_pop(L, 1);
      return err->code;
    }
    luaL_unref(L, LUA_REGISTRYINDEX, s->pending_faults[i]);
  }
  s->pending_fault_count = 0;
  return TL_OK;
}

static int end_later(lua_State *L)
{
  end(L, script_scenario(L), luaL_checkudata(L, 1, SCRIPT_FAULT));
  return 0;
}

void script_fault_end(tl_scenario *s, int reference)
{
  lua_State *L = tl_sandbox_state(s->sandbox);
  lua_pushcfunction(L, end_later);
  lua_rawgeti(L, LUA_REGISTRYINDEX, reference);
  luaL_unref(L, LUA_REGISTRYINDEX, reference);
  if (lua_pcall(L, 1, 0, 0) != LUA_OK)
    lua_pop(L, 1); /* old values were in range when they were read */
}

/* --- the API --------------------------------------------------------------------------------------------------------- */
int api_inject(lua_State *L)
{
  tl_scenario *s = script_scenario(L);
  const script_devices *devices = script_check_devices(L, 1);
  const kind_row *kind = find_kind(L, luaL_checkstring(L, 2));
  int options = 0;
  lua_settop(L, 3);
  if (!lua_isnil(L, 3)) {
    luaL_checktype(L, 3, LUA_TTABLE);
    options = 3;
  }
  if (s->running) script_check_known_devices(L, 1, "inject");
  check_options(L, options, kind);
  script_fault *fault = lua_newuserdatauv(L, sizeof *fault, 2);
  const int made = lua_gettop(L);
  memset(fault, 0, sizeof *fault);
  fault->fleet = devices->fleet;
  fault->kind = kind->kind;
  luaL_setmetatable(L, SCRIPT_FAULT);
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, -2, 1);
  const script_fleet *fleet = &s->fleets[fault->fleet];
  if (options != 0 && script_field(L, options, "lasting") != LUA_TNIL) {
    fault->lasting_ns = script_duration_ns(L, -1, "lasting");
    if (fault->lasting_ns <= 0)
      return tl_script_raise(L, TL_E_ARG, NULL, "%s: 'lasting' must be positive", kind->kind);
  }
  const char *part = kind->at == PLANT ? NULL : component(L, fleet, kind->at, options);
  if (kind->at == PLANT) {
    if (options == 0 || script_field(L, options, "column") != LUA_TSTRING)
      return tl_script_raise(L, TL_E_ARG, NULL, "%s needs 'column'", kind->kind);
    part = lua_tostring(L, -1);
  }
  for (uint32_t i = 0; i < WRITES; i++) {
    if (strcmp(writes[i].kind, kind->kind) != 0) continue;
    char name[2 * TL_NAME_BYTES];
    snprintf(name, sizeof name, kind->at == PLANT ? "%s" : "%s.%s", part, writes[i].column);
    read_write(L, s, fault, &writes[i], column_of(L, s, fleet, name), options);
  }
  lua_pushvalue(L, made);
  lua_replace(L, 1); /* begin() wants it there; the devices live in its user value */
  lua_settop(L, 1);
  if (s->running) {
    begin(L, s, fault);
  } else {
    if (!script_grow(&s->pending_faults, &s->pending_fault_room, s->pending_fault_count,
                     sizeof *s->pending_faults))
      return script_no_memory(L);
    lua_pushvalue(L, 1);
    s->pending_faults[s->pending_fault_count++] = luaL_ref(L, LUA_REGISTRYINDEX);
  }
  lua_settop(L, 1);
  return 1;
}

int api_clear(lua_State *L)
{
  script_fault *fault = luaL_checkudata(L, 1, SCRIPT_FAULT);
  lua_settop(L, 1);
  end(L, script_scenario(L), fault);
  return 0;
}

int api_elapsed(lua_State *L)
{
  const tl_scenario *s = script_scenario(L);
  int64_t since_ns = 0;
  if (!lua_isnoneornil(L, 1))
    since_ns = ((const script_fault *)luaL_checkudata(L, 1, SCRIPT_FAULT))->begin_ns;
  const int64_t ns = script_now_ns(s) - since_ns;
  if (ns % 1000000000 == 0)
    lua_pushinteger(L, (lua_Integer)(ns / 1000000000));
  else
    lua_pushnumber(L, (double)ns / 1e9);
  return 1;
}
