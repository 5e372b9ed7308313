/* fleet_def.c: devices "name" { ... }: the table becomes a tl_fleet_def and a list of column values. */
#include "base/hash.h"
#include "base/text.h"
#include "script/binding.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const fleet_keys[] = {"twin",      "count",   "dt",       "tick",  "sensors",
                                         "actuators", "control", "detector", "drive", "init",
                                         "set",       "vary",    "name"};
enum { FLEET_KEYS = sizeof fleet_keys / sizeof *fleet_keys };

static bool is_fleet_key(const char *key)
{
  for (uint32_t i = 0; i < FLEET_KEYS; i++)
    if (strcmp(fleet_keys[i], key) == 0) return true;
  return false;
}

/* Keys of a table in byte order (hash order must reach nothing), as a Lua list on the stack. Returns their count. */
static uint32_t push_sorted_keys(lua_State *L, int index)
{
  index = lua_absindex(L, index);
  lua_newtable(L);
  const int list = lua_gettop(L);
  uint32_t count = 0;
  for (lua_pushnil(L); lua_next(L, index) != 0; lua_pop(L, 1)) {
    if (lua_type(L, -2) != LUA_TSTRING)
      tl_script_raise(L, TL_E_TYPE, NULL, "expected names as keys, got a %s", luaL_typename(L, -2));
    uint32_t at = count++;
    for (; at > 0; at--) {
      lua_rawgeti(L, list, at);
      const bool later = strcmp(lua_tostring(L, -1), lua_tostring(L, -3)) > 0;
      if (!later) {
        lua_pop(L, 1);
        break;
      }
      lua_rawseti(L, list, (lua_Integer)at + 1);
    }
    lua_pushvalue(L, -2);
    lua_rawseti(L, list, (lua_Integer)at + 1);
  }
  return count;
}

/* --- parts ------------------------------------------------------------------------------------------------------ */
/* Full name of a twin column: itself, or the only one that is `name` and a unit. inputs: only inputs count. */
static const tl_column *twin_column(lua_State *L, const tl_twin_type *twin, const char *name,
                                    bool inputs)
{
  const tl_column *found = NULL;
  const char *names[128];
  uint32_t matches = 0, count = 0;
  const size_t length = strlen(name);
  for (uint32_t i = 0; i < twin->column_count; i++) {
    const tl_column *column = &twin->columns[i];
    if (strcmp(column->name, name) == 0) return column;
    if (inputs && column->role != TL_INPUT) continue;
    if (count < 128) names[count++] = column->name;
    if (strncmp(column->name, name, length) != 0 || column->name[length] != '_') continue;
    found = column;
    matches++;
  }
  if (matches == 1) return found;
  char what[128];
  snprintf(what, sizeof what, "twin '%s' has no %s", twin->name, inputs ? "input" : "column");
  script_unknown(L, what, name, names, count);
  return NULL;
}

/* A text field that the def will point to: the table keeps it alive until the fleet exists. */
const char *script_text_field(lua_State *L, int index, const char *key, const char *fallback)
{
  const int type = script_field(L, index, key);
  if (type != LUA_TNIL && type != LUA_TSTRING) script_wrong_type(L, key, "a text", -1);
  const char *text = type == LUA_TNIL ? fallback : lua_tostring(L, -1);
  lua_pop(L, 1);
  return text;
}

double script_number_field(lua_State *L, int index, const char *key, const char *unit,
                           bool difference, double fallback)
{
  double value = fallback;
  if (script_field(L, index, key) != LUA_TNIL)
    value = script_quantity(L, -1, unit, difference, key);
  lua_pop(L, 1);
  return value;
}

double script_seconds_field(lua_State *L, int index, const char *key)
{
  double value = 0.0;
  if (script_field(L, index, key) != LUA_TNIL) value = (double)script_duration_ns(L, -1, key) / 1e9;
  lua_pop(L, 1);
  return value;
}

uint32_t script_count_field(lua_State *L, int index, const char *key, uint32_t fallback,
                            uint32_t max)
{
  uint32_t value = fallback;
  if (script_field(L, index, key) != LUA_TNIL) {
    if (lua_type(L, -1) != LUA_TNUMBER || !lua_isinteger(L, -1)) {
      if (lua_type(L, -1) != LUA_TNUMBER || lua_tonumber(L, -1) != floor(lua_tonumber(L, -1)))
        script_wrong_type(L, key, "a whole number", -1);
    }
    const lua_Number given = lua_tonumber(L, -1);
    if (!(given >= 1.0 && given <= (double)max)) {
      char where[160];
      tl_error err;
      script_where_word(L, key, where, sizeof where);
      tl_fail(&err, TL_E_ARG, where, "'%s' must be 1 to %u", key, max);
      tl_script_raise_error(L, &err);
    }
    value = (uint32_t)given;
  }
  lua_pop(L, 1);
  return value;
}

void script_table_at(lua_State *L, int index, const char *key)
{
  if (!lua_istable(L, index)) script_wrong_type(L, key, "a table", index);
}

static void read_sensors(lua_State *L, int table, const tl_twin_type *twin, tl_fleet_def *def)
{
  static const char *const keys[] = {"column",  "noise", "bias", "resolution",
                                     "dropout", "low",   "high"};
  if (script_field(L, table, "sensors") == LUA_TNIL) return;
  script_table_at(L, -1, "sensors");
  const int sensors = lua_gettop(L);
  const uint32_t count = push_sorted_keys(L, sensors);
  if (count > TL_SENSORS_MAX)
    tl_script_raise(L, TL_E_LIMIT, NULL, "at most %u sensors", TL_SENSORS_MAX);
  for (uint32_t i = 0; i < count; i++) {
    lua_rawgeti(L, sensors + 1, (lua_Integer)i + 1);
    const char *name = lua_tostring(L, -1);
    script_field(L, sensors, name);
    script_table_at(L, -1, name);
    const int t = lua_gettop(L);
    char what[96];
    snprintf(what, sizeof what, "sensor '%.60s'", name);
    script_check_keys(L, t, what, keys, sizeof keys / sizeof *keys);
    tl_sensor_def *sensor = &def->sensors[i];
    *sensor = tl_sensor_def_default();
    sensor->name = name;
    const tl_column *column = twin_column(L, twin, script_text_field(L, t, "column", name), false);
    sensor->column = column->name;
    sensor->noise = script_number_field(L, t, "noise", column->unit, true, 0.0);
    sensor->bias = script_number_field(L, t, "bias", column->unit, true, 0.0);
    sensor->resolution = script_number_field(L, t, "resolution", column->unit, true, 0.0);
    sensor->dropout_ratio = script_number_field(L, t, "dropout", "1", false, 0.0);
    sensor->low = script_number_field(L, t, "low", column->unit, false, sensor->low);
    sensor->high = script_number_field(L, t, "high", column->unit, false, sensor->high);
    lua_pop(L, 2);
  }
  def->sensor_count = count;
}

static void read_actuators(lua_State *L, int table, const tl_twin_type *twin, tl_fleet_def *def)
{
  static const char *const keys[] = {"column",    "low",    "high",   "rate",
                                     "dead_band", "min_on", "min_off"};
  if (script_field(L, table, "actuators") == LUA_TNIL) return;
  script_table_at(L, -1, "actuators");
  const int actuators = lua_gettop(L);
  const uint32_t count = push_sorted_keys(L, actuators);
  if (count > TL_ACTUATORS_MAX)
    tl_script_raise(L, TL_E_LIMIT, NULL, "at most %u actuators", TL_ACTUATORS_MAX);
  for (uint32_t i = 0; i < count; i++) {
    lua_rawgeti(L, actuators + 1, (lua_Integer)i + 1);
    const char *name = lua_tostring(L, -1);
    script_field(L, actuators, name);
    script_table_at(L, -1, name);
    const int t = lua_gettop(L);
    char what[96];
    snprintf(what, sizeof what, "actuator '%.60s'", name);
    script_check_keys(L, t, what, keys, sizeof keys / sizeof *keys);
    tl_actuator_def *actuator = &def->actuators[i];
    *actuator = tl_actuator_def_default();
    actuator->name = name;
    const tl_column *column = twin_column(L, twin, script_text_field(L, t, "column", name), true);
    actuator->column = column->name;
    actuator->low = script_number_field(L, t, "low", column->unit, false, column->low);
    actuator->high = script_number_field(L, t, "high", column->unit, false, column->high);
    actuator->rate_per_s = script_number_field(L, t, "rate", "1", true, 0.0);
    actuator->dead_band = script_number_field(L, t, "dead_band", column->unit, true, 0.0);
    actuator->min_on_s = script_seconds_field(L, t, "min_on");
    actuator->min_off_s = script_seconds_field(L, t, "min_off");
    lua_pop(L, 2);
  }
  def->actuator_count = count;
}

uint32_t script_sensor_index(lua_State *L, const tl_fleet_def *def, const char *name)
{
  const char *names[TL_SENSORS_MAX];
  for (uint32_t i = 0; i < def->sensor_count; i++) {
    if (strcmp(def->sensors[i].name, name) == 0) return i;
    names[i] = def->sensors[i].name;
  }
  return (uint32_t)script_unknown(L, "no sensor", name, names, def->sensor_count);
}

uint32_t script_actuator_index(lua_State *L, const tl_fleet_def *def, const char *name)
{
  const char *names[TL_ACTUATORS_MAX];
  for (uint32_t i = 0; i < def->actuator_count; i++) {
    if (strcmp(def->actuators[i].name, name) == 0) return i;
    names[i] = def->actuators[i].name;
  }
  return (uint32_t)script_unknown(L, "no actuator", name, names, def->actuator_count);
}

const char *script_required_text(lua_State *L, int index, const char *key, const char *of)
{
  const char *text = script_text_field(L, index, key, NULL);
  if (text == NULL) tl_script_raise(L, TL_E_ARG, NULL, "%s needs '%s'", of, key);
  return text;
}

static const char *unit_of(const tl_twin_type *twin, const char *column)
{
  for (uint32_t i = 0; i < twin->column_count; i++)
    if (strcmp(twin->columns[i].name, column) == 0) return twin->columns[i].unit;
  return "1";
}

static void read_control(lua_State *L, int table, const tl_twin_type *twin, tl_fleet_def *def,
                         script_fleet *fleet)
{
  static const char *const keys[] = {"kind", "name", "sensor", "actuator", "setpoint",
                                     "band", "kp",   "ki",     "kd"};
  if (script_field(L, table, "control") == LUA_TNIL) return;
  if (!lua_istable(L, -1)) script_wrong_type(L, "control", "hysteresis { ... } or pid { ... }", -1);
  const int t = lua_gettop(L);
  const char *kind = script_text_field(L, t, "kind", "hysteresis");
  tl_controller_def *control = &def->controller;
  script_check_keys(L, t, kind, keys, sizeof keys / sizeof *keys);
  if (strcmp(kind, "hysteresis") == 0)
    control->kind = TL_CONTROL_HYSTERESIS;
  else if (strcmp(kind, "pid") == 0)
    control->kind = TL_CONTROL_PID;
  else
    script_unknown(L, "no control", kind, (const char *const[]){"hysteresis", "pid"}, 2);
  control->name = script_text_field(L, t, "name", "control");
  control->sensor = script_sensor_index(L, def, script_required_text(L, t, "sensor", kind));
  control->actuator = script_actuator_index(L, def, script_required_text(L, t, "actuator", kind));
  const char *column = def->sensors[control->sensor].column, *unit = unit_of(twin, column);
  if (script_field(L, t, "setpoint") == LUA_TNIL)
    tl_script_raise(L, TL_E_ARG, NULL, "%s needs 'setpoint'", kind);
  control->setpoint = script_quantity(L, -1, unit, false, "setpoint");
  control->band = script_number_field(L, t, "band", unit, true, control->band);
  control->kp = script_number_field(L, t, "kp", "1", false, 0.0);
  control->ki = script_number_field(L, t, "ki", "1", false, 0.0);
  control->kd = script_number_field(L, t, "kd", "1", false, 0.0);
  fleet->has_control = true;
  snprintf(fleet->control_column, sizeof fleet->control_column, "%s", column);
  snprintf(fleet->control_setpoint, sizeof fleet->control_setpoint, "%s.setpoint", control->name);
}

/* --- columns ------------------------------------------------------------------------------------------------------- */
static uint32_t column_of_key(lua_State *L, const tl_scenario *s, const script_fleet *fleet,
                              const char *key, bool top)
{
  tl_error err;
  uint32_t column = 0;
  if (tl_fleet_column_find(s->world, fleet->id, key, NULL, &column, &err) == TL_OK) return column;
  const char *names[256];
  uint32_t count = 0;
  if (top)
    for (uint32_t i = 0; i < FLEET_KEYS; i++) names[count++] = fleet_keys[i];
  const uint32_t columns = tl_fleet_column_count(s->world, fleet->id);
  for (uint32_t i = 0; i < columns && count < 256; i++)
    if (strstr(tl_fleet_column(s->world, fleet->id, i)->name, ".window_") == NULL)
      names[count++] = tl_fleet_column(s->world, fleet->id, i)->name;
  char what[160];
  snprintf(what, sizeof what, top ? "fleet '%s': unknown key" : "fleet '%s' has no column",
           fleet->name);
  return (uint32_t)script_unknown(L, what, key, names, count);
}

/* Every key of the table at index that is no fleet key: a column and its value. */
static void read_columns(lua_State *L, tl_scenario *s, int index, uint32_t fleet_index, bool top)
{
  index = lua_absindex(L, index);
  const script_fleet *fleet = &s->fleets[fleet_index];
  const uint32_t count = push_sorted_keys(L, index);
  const int list = lua_gettop(L);
  for (uint32_t i = 0; i < count; i++) {
    lua_rawgeti(L, list, (lua_Integer)i + 1);
    const char *key = lua_tostring(L, -1);
    if (top && is_fleet_key(key)) {
      lua_pop(L, 1);
      continue;
    }
    const uint32_t column = column_of_key(L, s, fleet, key, top);
    const tl_column *info = tl_fleet_column(s->world, fleet->id, column);
    script_field(L, index, key);
    script_write w = {.fleet = fleet_index, .column = column};
    w.spread = script_spread_at(L, -1, info, key);
    script_where_word(L, key, w.where, sizeof w.where);
    for (uint32_t k = 0; k < s->write_count; k++)
      if (s->writes[k].fleet == fleet_index && s->writes[k].column == column)
        tl_script_raise(L, TL_E_ARG, NULL, "'%s' is given twice", info->name);
    if (!script_grow(&s->writes, &s->write_room, s->write_count, sizeof *s->writes))
      script_no_memory(L);
    s->writes[s->write_count++] = w;
    lua_pop(L, 2);
  }
  lua_pop(L, 1);
}

static const tl_twin_type *twin_named(lua_State *L, const tl_scenario *s, const char *name)
{
  const char *names[64];
  uint32_t count = 0;
  for (uint32_t i = 0; i < s->options.twin_count; i++) {
    if (strcmp(s->options.twins[i]->name, name) == 0) return s->options.twins[i];
    if (count < 64) names[count++] = s->options.twins[i]->name;
  }
  script_unknown(L, "unknown twin", name, names, count);
  return NULL;
}

static int make_fleet(lua_State *L, const char *name, int table, bool single)
{
  tl_scenario *s = script_scenario(L);
  if (!s->declared)
    return tl_script_raise(L, TL_E_SCRIPT, "write scenario { duration = 1*h } first",
                           "devices need a scenario");
  if (s->loaded)
    return tl_script_raise(L, TL_E_SCRIPT, NULL, "fleets can't be added while time passes");
  if (!lua_istable(L, table))
    return tl_script_raise(L, TL_E_TYPE, NULL, "fleet '%s': expected { twin = ... }, got %s", name,
                           luaL_typename(L, table));
  luaL_checkstack(L, 64, "devices");
  table = lua_absindex(L, table);
  if (!script_grow(&s->fleets, &s->fleet_room, s->fleet_count, sizeof *s->fleets))
    return script_no_memory(L);
  script_fleet fleet = {0};
  tl_fleet_def def = tl_fleet_def_default();
  tl_script_where(L, fleet.where, sizeof fleet.where);
  snprintf(fleet.name, sizeof fleet.name, "%s", name);
  def.name = name;
  def.where = fleet.where;
  def.twin = script_required_text(L, table, "twin", "a fleet");
  fleet.twin = twin_named(L, s, def.twin);
  def.count = script_count_field(L, table, "count", 1, TL_FLEET_COUNT_MAX);
  if (single && def.count != 1)
    return tl_script_raise(L, TL_E_ARG, "write devices \"name\" { count = ... }",
                           "device { } is one");
  fleet.count = def.count;
  def.dt_ns =
      script_field(L, table, "dt") != LUA_TNIL ? script_duration_ns(L, -1, "dt") : def.dt_ns;
  if (script_field(L, table, "tick") != LUA_TNIL)
    def.tick_ns = script_duration_ns(L, -1, "tick");
  else if (def.tick_ns % (def.dt_ns > 0 ? def.dt_ns : 1) != 0)
    def.tick_ns = def.dt_ns;
  read_sensors(L, table, fleet.twin, &def);
  read_actuators(L, table, fleet.twin, &def);
  read_control(L, table, fleet.twin, &def, &fleet);
  script_read_detector(L, s, table, &def, &fleet);
  const script_inputs *inputs = NULL;
  if (script_field(L, table, "drive") != LUA_TNIL) {
    inputs = luaL_testudata(L, -1, SCRIPT_INPUTS);
    if (inputs == NULL) script_wrong_type(L, "drive", "rec:inputs { ... }", -1);
    script_drive_stamps(L, inputs, &def, &fleet);
  }
  fleet.sensor_count = def.sensor_count;
  for (uint32_t i = 0; i < def.sensor_count; i++)
    snprintf(fleet.sensor[i], sizeof fleet.sensor[i], "%s", def.sensors[i].name);
  fleet.actuator_count = def.actuator_count;
  for (uint32_t i = 0; i < def.actuator_count; i++)
    snprintf(fleet.actuator[i], sizeof fleet.actuator[i], "%s", def.actuators[i].name);
  tl_error err;
  if (tl_fleet_create(s->world, &fleet.id, &def, &err) != TL_OK)
    return tl_script_raise_error(L, &err);
  const uint32_t index = s->fleet_count;
  s->fleets[s->fleet_count++] = fleet;
  if (inputs != NULL) script_drive_inputs(L, inputs, &s->fleets[index]);
  read_columns(L, s, table, index, true);
  static const char *const nested[] = {"init", "set", "vary"};
  const script_parameters *parameters = NULL;
  for (int i = 0; i < 3; i++) {
    if (script_field(L, table, nested[i]) == LUA_TNIL) continue;
    if (i == 1 && (parameters = script_test_parameters(L, -1)) != NULL) continue;
    script_table_at(L, -1, nested[i]);
    read_columns(L, s, -1, index, false);
  }
  if (parameters != NULL) script_write_parameters(L, s, parameters, index);
  script_push_devices(L, index);
  return 1;
}

static int named_devices(lua_State *L)
{
  return make_fleet(L, lua_tostring(L, lua_upvalueindex(1)), 1, false);
}
static int named_device(lua_State *L)
{
  return make_fleet(L, lua_tostring(L, lua_upvalueindex(1)), 1, true);
}

int api_devices(lua_State *L)
{
  luaL_checktype(L, 1, LUA_TSTRING);
  if (lua_istable(L, 2)) return make_fleet(L, lua_tostring(L, 1), 2, false);
  lua_settop(L, 1);
  lua_pushcclosure(L, named_devices, 1);
  return 1;
}

int api_device(lua_State *L)
{
  if (lua_type(L, 1) == LUA_TSTRING) {
    lua_settop(L, 1);
    lua_pushcclosure(L, named_device, 1);
    return 1;
  }
  luaL_checktype(L, 1, LUA_TTABLE);
  char name[TL_NAME_BYTES];
  const uint32_t fleets = script_scenario(L)->fleet_count;
  if (fleets == 0)
    snprintf(name, sizeof name, "device");
  else
    snprintf(name, sizeof name, "device%u", fleets + 1);
  return make_fleet(L, script_text_field(L, 1, "name", name), 1, true);
}

static int control(lua_State *L, const char *kind)
{
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  lua_pushstring(L, kind);
  lua_setfield(L, 1, "kind");
  return 1;
}

int api_hysteresis(lua_State *L) { return control(L, "hysteresis"); }
int api_pid(lua_State *L) { return control(L, "pid"); }
