/* calibrate.c: calibrate { ... } becomes data: what is free, within which bounds, and what it is fitted to. */
#include "base/text.h"
#include "script/binding.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const keys[] = {"of",         "free",        "starts",   "method",
                                   "train",      "train_until", "validate", "settle",
                                   "iterations", "noise",       "weight"};
static const char *const free_keys[] = {"start", "scale", "tie", "each"};

static int raise_at(lua_State *L, tl_code code, const char *key, const char *text)
{
  char where[160];
  tl_error err;
  script_where_word(L, key, where, sizeof where);
  tl_fail(&err, code, where, "%s", text);
  return tl_script_raise_error(L, &err);
}

/* --- devices ------------------------------------------------------------------------------------------------ */
static void add_device(lua_State *L, const char *key, uint32_t *list, uint32_t *count)
{
  const tl_scenario *s = script_scenario(L);
  const script_devices *devices = luaL_testudata(L, -1, SCRIPT_DEVICES);
  if (devices == NULL) script_wrong_type(L, key, "a device or a list of devices", -1);
  const script_fleet *fleet = &s->fleets[devices->fleet];
  char text[256];
  snprintf(text, sizeof text, "'%s': '%s' is no single device driven by a recording", key,
           fleet->name);
  if (fleet->count != 1 || fleet->stamp_count == 0) raise_at(L, TL_E_ARG, key, text);
  snprintf(text, sizeof text, "'%s': '%s' is named twice", key, fleet->name);
  for (uint32_t i = 0; i < *count; i++)
    if (list[i] == devices->fleet) raise_at(L, TL_E_ARG, key, text);
  if (*count == SCRIPT_FITTED_MAX)
    tl_script_raise(L, TL_E_LIMIT, NULL, "more than %d devices", (int)SCRIPT_FITTED_MAX);
  list[(*count)++] = devices->fleet;
}

static void read_devices(lua_State *L, int table, const char *key, uint32_t *list, uint32_t *count)
{
  const int type = script_field(L, table, key);
  if (type == LUA_TTABLE) {
    for (lua_Integer i = 1; lua_rawgeti(L, -1, i) != LUA_TNIL; i++) {
      add_device(L, key, list, count);
      lua_pop(L, 1);
    }
    lua_pop(L, 1);
  } else if (type != LUA_TNIL) {
    add_device(L, key, list, count);
  }
  lua_pop(L, 1);
}

static bool has(const uint32_t *list, uint32_t count, uint32_t fleet)
{
  for (uint32_t i = 0; i < count; i++)
    if (list[i] == fleet) return true;
  return false;
}

bool script_is_fitted(const tl_scenario *s, uint32_t fleet)
{
  const script_calibrate *c = s->calibrate;
  return c != NULL && (has(c->train_fleets, c->train_count, fleet) ||
                       has(c->validate_fleets, c->validate_count, fleet));
}

/* Without `of`: every driven device that is compared and is not for validation. */
static void choose_devices(lua_State *L, const tl_scenario *s, script_calibrate *c)
{
  if (s->compare_count == 0)
    tl_script_raise(L, TL_E_SCRIPT, "write compare(twin.column, rec.channel) before calibrate",
                    "calibrate: nothing is compared with a recording");
  for (uint32_t i = 0; i < s->compare_count && c->train_count == 0; i++)
    for (uint32_t k = i; k < s->compare_count; k++) {
      const uint32_t fleet = s->compares[k].info.fleet.index1 - 1;
      if (s->fleets[fleet].count != 1 || s->fleets[fleet].stamp_count == 0) continue;
      if (has(c->validate_fleets, c->validate_count, fleet) ||
          has(c->train_fleets, c->train_count, fleet))
        continue;
      if (c->train_count < SCRIPT_FITTED_MAX) c->train_fleets[c->train_count++] = fleet;
    }
  if (c->train_count == 0)
    tl_script_raise(L, TL_E_ARG, "device { drive = rec:inputs { ... }, ... }",
                    "calibrate: no compared device is driven by a recording");
  c->twin = s->fleets[c->train_fleets[0]].twin;
  for (uint32_t i = 0; i < c->train_count + c->validate_count; i++) {
    const uint32_t index =
        i < c->train_count ? c->train_fleets[i] : c->validate_fleets[i - c->train_count];
    const script_fleet *fleet = &s->fleets[index];
    if (fleet->twin != c->twin)
      tl_script_raise(L, TL_E_ARG, NULL, "calibrate: '%s' is a %s, '%s' a %s",
                      s->fleets[c->train_fleets[0]].name, c->twin->name, fleet->name,
                      fleet->twin->name);
    if (fleet->sensor_count + fleet->actuator_count > 0 || fleet->has_detector)
      tl_script_raise(L, TL_E_ARG, "leave them out of the device that is fitted",
                      "calibrate: '%s' has sensors, actuators or a detector", fleet->name);
    if (i >= c->train_count && has(c->train_fleets, c->train_count, index))
      tl_script_raise(L, TL_E_ARG, NULL, "calibrate: '%s' is both fitted and validated",
                      fleet->name);
    bool compared = false;
    for (uint32_t k = 0; k < s->compare_count; k++)
      compared |= s->compares[k].info.fleet.index1 - 1 == index;
    if (!compared)
      tl_script_raise(L, TL_E_ARG, "write compare(twin.column, rec.channel) before calibrate",
                      "calibrate: '%s' is compared with nothing", fleet->name);
  }
}

/* --- free values --------------------------------------------------------------------------------------------- */
static uint32_t column_named(lua_State *L, const script_calibrate *c, const char *name)
{
  const char *names[256];
  uint32_t count = 0, found = UINT32_MAX, matches = 0;
  const size_t length = strlen(name);
  for (uint32_t i = 0; i < c->twin->column_count; i++) {
    const tl_column *column = &c->twin->columns[i];
    if (strcmp(column->name, name) == 0) return i;
    if (column->role != TL_OUTPUT && count < 256) names[count++] = column->name;
    if (strncmp(column->name, name, length) != 0 || column->name[length] != '_') continue;
    found = i;
    matches++;
  }
  if (matches == 1) return found;
  char what[128];
  snprintf(what, sizeof what, "calibrate: twin '%s' has no column", c->twin->name);
  return (uint32_t)script_unknown(L, what, name, names, count);
}

static void claim(lua_State *L, const script_calibrate *c, const script_free *self, uint32_t column,
                  const char *key)
{
  char text[160];
  snprintf(text, sizeof text, "'%s' is free twice", c->twin->columns[column].name);
  for (uint32_t i = 0; i <= c->free_count; i++) {
    const script_free *f = i < c->free_count ? &c->free[i] : self;
    bool taken = f != self && f->column == column;
    for (uint32_t t = 0; t < f->tied_count; t++) taken |= f->tied[t] == column;
    if (f == self && f->tied_count > 0) taken |= f->column == column;
    if (taken) raise_at(L, TL_E_ARG, key, text);
  }
}

static void tie(lua_State *L, const script_calibrate *c, script_free *f)
{
  if (lua_type(L, -1) != LUA_TSTRING)
    script_wrong_type(L, "tie", "a column's name or a list of names", -1);
  const uint32_t column = column_named(L, c, lua_tostring(L, -1));
  char text[200];
  snprintf(text, sizeof text, "'%s' is in %s, '%s' in %s: they cannot be tied", f->name,
           c->twin->columns[f->column].unit, c->twin->columns[column].name,
           c->twin->columns[column].unit);
  if (strcmp(c->twin->columns[f->column].unit, c->twin->columns[column].unit) != 0)
    raise_at(L, TL_E_UNIT, "tie", text);
  if (f->tied_count == SCRIPT_TIED_MAX)
    tl_script_raise(L, TL_E_LIMIT, NULL, "more than %d tied columns", (int)SCRIPT_TIED_MAX);
  if (column == f->column) raise_at(L, TL_E_ARG, "tie", "a column cannot be tied to itself");
  claim(L, c, f, column, "tie");
  f->tied[f->tied_count++] = column;
}

static void read_ties(lua_State *L, int table, const script_calibrate *c, script_free *f)
{
  const int type = script_field(L, table, "tie");
  if (type == LUA_TTABLE) {
    for (lua_Integer i = 1; lua_rawgeti(L, -1, i) != LUA_TNIL; i++) {
      tie(L, c, f);
      lua_pop(L, 1);
    }
    lua_pop(L, 1);
  } else if (type != LUA_TNIL) {
    tie(L, c, f);
  }
  lua_pop(L, 1);
}

/* By its logarithm: a parameter that may be ten times as large as at least. */
static bool read_scale(lua_State *L, int table, const script_free *f, const tl_column *column)
{
  const char *scale = script_text_field(L, table, "scale", NULL);
  if (scale == NULL) return column->role == TL_PARAM && f->low > 0.0 && f->high / f->low >= 10.0;
  if (strcmp(scale, "log") != 0 && strcmp(scale, "linear") != 0)
    script_unknown(L, "no scale", scale, (const char *const[]){"log", "linear"}, 2);
  return strcmp(scale, "log") == 0;
}

static void read_free(lua_State *L, script_calibrate *c, const char *key)
{
  const int t = lua_gettop(L);
  if (!lua_istable(L, t)) script_wrong_type(L, key, "bounds { low, high }", t);
  script_check_keys(L, t, key, free_keys, sizeof free_keys / sizeof *free_keys);
  if (!script_grow(&c->free, &c->free_room, c->free_count, sizeof *c->free)) script_no_memory(L);
  script_free f = {.column = column_named(L, c, key)};
  const tl_column *column = &c->twin->columns[f.column];
  snprintf(f.name, sizeof f.name, "%s", column->name);
  script_where_word(L, key, f.where, sizeof f.where);
  claim(L, c, &f, f.column, key);
  if (lua_rawgeti(L, t, 1) == LUA_TNIL || lua_rawgeti(L, t, 2) == LUA_TNIL) {
    char text[160];
    snprintf(text, sizeof text, "'%s' needs two bounds: { low, high }", key);
    raise_at(L, TL_E_ARG, key, text);
  }
  f.low = script_quantity(L, -2, column->unit, false, key);
  f.high = script_quantity(L, -1, column->unit, false, key);
  if (script_field(L, t, "start") != LUA_TNIL) {
    const script_channel *channel = luaL_testudata(L, -1, SCRIPT_CHANNEL);
    f.start = channel ? script_first_value(L, channel, column->unit, key)
                      : script_quantity(L, -1, column->unit, false, key);
    f.has_start = true;
  }
  f.each = column->role == TL_STATE;
  if (script_field(L, t, "each") != LUA_TNIL) f.each = lua_toboolean(L, -1) != 0;
  f.log = read_scale(L, t, &f, column);
  lua_settop(L, t);
  read_ties(L, t, c, &f);
  c->free[c->free_count++] = f;
}

/* Keys in byte order; those of `init` are states and follow. */
static void read_free_table(lua_State *L, script_calibrate *c, int table, bool init)
{
  const char *last = "";
  for (;;) {
    const char *next = NULL;
    for (lua_pushnil(L); lua_next(L, table) != 0; lua_pop(L, 1)) {
      if (lua_type(L, -2) != LUA_TSTRING) script_wrong_type(L, "free", "names as keys", -2);
      const char *key = lua_tostring(L, -2);
      if (!init && strcmp(key, "init") == 0) continue;
      if (strcmp(key, last) > 0 && (next == NULL || strcmp(key, next) < 0)) next = key;
    }
    if (next == NULL) break;
    script_field(L, table, next);
    read_free(L, c, next);
    if (init && c->twin->columns[c->free[c->free_count - 1].column].role != TL_STATE) {
      char text[160];
      snprintf(text, sizeof text, "'%s' is no state: it belongs outside of init", next);
      raise_at(L, TL_E_ARG, next, text);
    }
    lua_settop(L, table);
    last = next;
  }
  if (init) return;
  if (script_field(L, table, "init") != LUA_TNIL) {
    script_table_at(L, -1, "init");
    read_free_table(L, c, lua_gettop(L), true);
  }
  lua_settop(L, table);
}

/* --- weights --------------------------------------------------------------------------------------------------- */
/* noise = { box_K = 0.1 }: a difference of one noise weighs 1. weight = { box_K = 2 }: as it is. */
static void read_weights(lua_State *L, tl_scenario *s, script_calibrate *c, int table,
                         const char *key)
{
  if (script_field(L, table, key) == LUA_TNIL) return;
  script_table_at(L, -1, key);
  const int t = lua_gettop(L);
  for (uint32_t i = 0; i < s->compare_count; i++) {
    const script_compare *compare = &s->compares[i];
    if (script_field(L, t, compare->sim) == LUA_TNIL) continue;
    const tl_column *column =
        &s->fleets[compare->info.fleet.index1 - 1].twin->columns[compare->info.column];
    const bool noise = strcmp(key, "noise") == 0;
    const double given = script_quantity(L, -1, noise ? column->unit : "1", true, compare->sim);
    char text[160];
    snprintf(text, sizeof text, "%s of '%s' must be above 0", key, compare->sim);
    if (!(given > 0.0)) raise_at(L, TL_E_ARG, compare->sim, text);
    if (!script_grow(&c->weights, &c->weight_room, c->weight_count, sizeof *c->weights))
      script_no_memory(L);
    c->weights[c->weight_count++] = (script_weight){i, noise ? 1.0 / given : given};
    lua_settop(L, t);
  }
  const char *names[64];
  uint32_t count = 0;
  for (; count < s->compare_count && count < 64; count++) names[count] = s->compares[count].sim;
  script_check_keys(L, t, key, names, count);
}

static double ratio_field(lua_State *L, int table, const char *key, double fallback, double most)
{
  const double value = script_number_field(L, table, key, "1", false, fallback);
  char text[160];
  snprintf(text, sizeof text, "'%s' must be a share of the recording above 0 and at most 1", key);
  if (most < 1.0)
    snprintf(text, sizeof text, "'%s' must be a share of the recording, at least 0 and below 1",
             key);
  if (!(most < 1.0 ? value >= 0.0 && value < 1.0 : value > 0.0 && value <= 1.0))
    raise_at(L, TL_E_ARG, key, text);
  return value;
}

static void read_method(lua_State *L, int table, script_calibrate *c)
{
  const char *method = script_text_field(L, table, "method", "lm");
  const char *names[TL_CALIBRATE_METHOD_COUNT];
  for (int m = 0; m < TL_CALIBRATE_METHOD_COUNT; m++) {
    names[m] = tl_calibrate_method_name((tl_calibrate_method)m);
    if (strcmp(names[m], method) != 0) continue;
    c->method = (tl_calibrate_method)m;
    return;
  }
  script_unknown(L, "no method", method, names, TL_CALIBRATE_METHOD_COUNT);
}

int api_calibrate(lua_State *L)
{
  tl_scenario *s = script_scenario(L);
  const script_devices *only = luaL_testudata(L, 1, SCRIPT_DEVICES);
  const int table = only != NULL ? 2 : 1;
  luaL_checktype(L, table, LUA_TTABLE);
  lua_settop(L, table);
  if (s->loaded)
    return tl_script_raise(L, TL_E_SCRIPT, NULL, "calibrate belongs to the main chunk");
  if (s->calibrate != NULL)
    return tl_script_raise(L, TL_E_SCRIPT, NULL, "calibrate was called before");
  script_check_keys(L, table, "calibrate", keys, sizeof keys / sizeof *keys);
  script_calibrate *c = s->calibrate = calloc(1, sizeof *c);
  if (c == NULL) return script_no_memory(L);
  tl_script_where(L, c->where, sizeof c->where);
  if (only != NULL) {
    lua_pushvalue(L, 1);
    add_device(L, "calibrate", c->train_fleets, &c->train_count);
    lua_settop(L, table);
  }
  read_devices(L, table, "of", c->train_fleets, &c->train_count);
  read_devices(L, table, "validate", c->validate_fleets, &c->validate_count);
  choose_devices(L, s, c);
  read_method(L, table, c);
  c->starts = script_count_field(L, table, "starts", 12, 10000);
  c->iterations = script_count_field(L, table, "iterations", 200, 100000);
  c->train_ratio = ratio_field(L, table, "train", 1.0, 1.0);
  c->settle_ratio = ratio_field(L, table, "settle", 0.1, 0.999);
  if (script_field(L, table, "train_until") != LUA_TNIL) {
    c->until_ns = script_duration_ns(L, -1, "train_until");
    if (c->until_ns <= 0)
      raise_at(L, TL_E_ARG, "train_until", "'train_until' must be after the recording's begin");
    if (script_field(L, table, "train") != LUA_TNIL)
      raise_at(L, TL_E_ARG, "train_until", "give 'train' or 'train_until', not both");
  }
  lua_settop(L, table);
  if (script_field(L, table, "free") == LUA_TNIL)
    return tl_script_raise(L, TL_E_ARG, "free = { column = { low, high } }",
                           "calibrate needs 'free'");
  script_table_at(L, -1, "free");
  read_free_table(L, c, lua_gettop(L), false);
  if (c->free_count == 0)
    return tl_script_raise(L, TL_E_ARG, NULL, "calibrate: nothing is free to be fitted");
  read_weights(L, s, c, table, "noise");
  read_weights(L, s, c, table, "weight");
  return 0;
}
