#include "script/map.h"

#include "base/text.h"
#include "base/units.h"
#include "telemetry/governance/registry.h"

#include <errno.h>
#include <lauxlib.h>
#include <lua.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MEMORY_BYTES_MAX = 16 << 20, INSTRUCTIONS_MAX = 20000000, FILE_BYTES_MAX = 1 << 20 };

typedef struct reader {
  const char *path;
  tl_import_map *map;
  tl_error *err;
  tl_code code; /* what the C side refused; TL_OK when Lua itself raised the error */
  size_t bytes; /* that Lua holds */
  bool out_of_budget;
  char schema[TL_SIGNAL_NAME_BYTES + 16]; /* whose policy governs; "" none */
  bool says_duplicates, says_backwards;   /* the map itself */
  const char *text;
  size_t text_bytes;
} reader;

static void *limited_alloc(void *self, void *block, size_t old_bytes, size_t new_bytes)
{
  reader *r = self;
  if (block == NULL) old_bytes = 0; /* then it is a kind of object, not a size */
  if (new_bytes == 0) {
    free(block);
    r->bytes -= old_bytes;
    return NULL;
  }
  if (new_bytes > old_bytes && r->bytes + (new_bytes - old_bytes) > MEMORY_BYTES_MAX) {
    r->out_of_budget = true;
    return NULL;
  }
  void *moved = realloc(block, new_bytes);
  if (moved != NULL) r->bytes = r->bytes - old_bytes + new_bytes;
  return moved;
}

static reader *reader_of(lua_State *L)
{
  void *self = NULL;
  lua_getallocf(L, &self);
  return self;
}

static void stop(lua_State *L, lua_Debug *unused)
{
  (void)unused;
  reader_of(L)->out_of_budget = true;
  luaL_error(L, "the map ran too long");
}

/* Leaves Lua with a failure that tl_fail has filled in. */
static int refuse(lua_State *L, tl_code code)
{
  reader_of(L)->code = code;
  return lua_error(L);
}

static int refuse_key(lua_State *L, const char *where, const char *key, const char *const *known,
                      size_t count)
{
  reader *r = reader_of(L);
  tl_code code = tl_fail(r->err, TL_E_NAME, r->path, "%s has no key '%s'", where, key);
  const char *near = tl_text_closest(key, known, count);
  if (near != NULL) code = tl_fail_hint(r->err, "did you mean '%s'?", near);
  return refuse(L, code);
}

static int refuse_type(lua_State *L, const char *where, const char *key, const char *wanted)
{
  reader *r = reader_of(L);
  return refuse(L, tl_fail(r->err, TL_E_TYPE, r->path, "%s: %s must be %s, it is a %s", where, key,
                           wanted, luaL_typename(L, -1)));
}

/* Every key of the table on top is one of `known`. */
static void check_keys(lua_State *L, const char *where, const char *const *known, size_t count)
{
  const char *worst =
      NULL; /* the first unknown in byte order, so that the message does not depend on hash order */
  lua_pushnil(L);
  while (lua_next(L, -2) != 0) {
    lua_pop(L, 1);
    if (lua_type(L, -1) != LUA_TSTRING) {
      reader *r = reader_of(L);
      refuse(L, tl_fail(r->err, TL_E_TYPE, r->path, "%s holds a value without a key", where));
    }
    const char *key = lua_tostring(L, -1);
    bool found = false;
    for (size_t i = 0; i < count && !found; i++) found = strcmp(key, known[i]) == 0;
    if (!found && (worst == NULL || strcmp(key, worst) < 0)) worst = key;
  }
  if (worst != NULL) refuse_key(L, where, worst, known, count);
}

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* --- one value of the table on top; absent leaves *out alone --------------------------------------- */
static bool get(lua_State *L, const char *key)
{
  lua_pushstring(L, key);
  lua_rawget(L, -2);
  if (!lua_isnil(L, -1)) return true;
  lua_pop(L, 1);
  return false;
}

static void get_text(lua_State *L, const char *where, const char *key, char *out, size_t bytes)
{
  if (!get(L, key)) return;
  if (lua_type(L, -1) != LUA_TSTRING) refuse_type(L, where, key, "a text");
  size_t length = 0;
  const char *text = lua_tolstring(L, -1, &length);
  if (length >= bytes || memchr(text, '\0', length) != NULL) {
    reader *r = reader_of(L);
    refuse(L, tl_fail(r->err, TL_E_ARG, r->path, "%s: %s must have at most %zu letters", where, key,
                      bytes - 1));
  }
  memcpy(out, text, length + 1);
  lua_pop(L, 1);
}

static void get_number(lua_State *L, const char *where, const char *key, double *out)
{
  if (!get(L, key)) return;
  if (lua_type(L, -1) != LUA_TNUMBER) refuse_type(L, where, key, "a number");
  *out = (double)lua_tonumber(L, -1);
  lua_pop(L, 1);
}

static void get_count(lua_State *L, const char *where, const char *key, uint32_t *out,
                      lua_Integer low)
{
  if (!get(L, key)) return;
  int is_whole = 0;
  const lua_Integer value = lua_tointegerx(L, -1, &is_whole);
  if (lua_type(L, -1) != LUA_TNUMBER || !is_whole || value < low || value > 1000000000) {
    reader *r = reader_of(L);
    refuse(L, tl_fail(r->err, TL_E_ARG, r->path, "%s: %s must be a whole number from %lld on",
                      where, key, (long long)low));
  }
  *out = (uint32_t)value;
  lua_pop(L, 1);
}

static void get_truth(lua_State *L, const char *where, const char *key, bool *out)
{
  if (!get(L, key)) return;
  if (lua_type(L, -1) != LUA_TBOOLEAN) refuse_type(L, where, key, "true or false");
  *out = lua_toboolean(L, -1) != 0;
  lua_pop(L, 1);
}

static void get_letter(lua_State *L, const char *where, const char *key, char *out)
{
  char text[2] = "";
  get_text(L, where, key, text, sizeof text);
  if (text[0] != '\0') *out = text[0];
}

static int32_t get_choice(lua_State *L, const char *where, const char *key,
                          const char *const *choices, size_t count, int32_t absent)
{
  char text[32] = "", all[160] = "";
  if (!get(L, key)) return absent;
  lua_pop(L, 1);
  get_text(L, where, key, text, sizeof text);
  for (size_t i = 0; i < count; i++) {
    if (strcmp(text, choices[i]) == 0) return (int32_t)i;
    const size_t used = strlen(all);
    snprintf(all + used, sizeof all - used, "%s\"%s\"", used > 0 ? ", " : "", choices[i]);
  }
  reader *r = reader_of(L);
  refuse(L, tl_fail(r->err, TL_E_ARG, r->path, "%s: %s is '%s', expected one of %s", where, key,
                    text, all));
  return absent;
}

/* A column name or number on top of the stack; pops it. */
static void take_ref(lua_State *L, const char *where, const char *key, tl_import_ref *out)
{
  reader *r = reader_of(L);
  int is_whole = 0;
  if (lua_type(L, -1) == LUA_TNUMBER) {
    const lua_Integer number = lua_tointegerx(L, -1, &is_whole);
    if (!is_whole || number < 1 || number > 1000000)
      refuse(L, tl_fail(r->err, TL_E_ARG, r->path,
                        "%s: %s: column numbers are whole and count from 1", where, key));
    out->number = (uint32_t)number;
  } else {
    size_t length = 0;
    if (lua_type(L, -1) != LUA_TSTRING) refuse_type(L, where, key, "a column's name or number");
    const char *name = lua_tolstring(L, -1, &length);
    if (length == 0 || length >= sizeof out->name || memchr(name, '\0', length) != NULL)
      refuse(L, tl_fail(r->err, TL_E_ARG, r->path, "%s: %s: a column's name has 1 to %zu letters",
                        where, key, sizeof out->name - 1));
    memcpy(out->name, name, length + 1);
  }
  lua_pop(L, 1);
}

/* --- parts of the map ------------------------------------------------------------------------------ */
static void read_columns(lua_State *L, const char *where, tl_import_channel *channel)
{
  reader *r = reader_of(L);
  const bool has_mean = get(L, "mean");
  if (!has_mean) {
    channel->from_count = 1;
    if (get(L, "column"))
      take_ref(L, where, "column", &channel->from[0]);
    else
      memcpy(channel->from[0].name, channel->name, sizeof channel->name);
    return;
  }
  if (lua_type(L, -1) != LUA_TTABLE) refuse_type(L, where, "mean", "a list of columns");
  const lua_Unsigned count = lua_rawlen(L, -1);
  if (count == 0 || count > TL_IMPORT_MEAN_MAX)
    refuse(L, tl_fail(r->err, TL_E_ARG, r->path, "%s: mean takes 1 to %d columns", where,
                      TL_IMPORT_MEAN_MAX));
  channel->from_count = (uint32_t)count;
  for (uint32_t i = 0; i < channel->from_count; i++) {
    lua_rawgeti(L, -1, i + 1);
    take_ref(L, where, "mean", &channel->from[i]);
  }
  lua_pop(L, 1);
  if (get(L, "column"))
    refuse(L, tl_fail(r->err, TL_E_ARG, r->path, "%s: give either column or mean", where));
}

static void read_channel(lua_State *L, uint32_t index)
{
  static const char *const keys[] = {"name",   "column", "mean", "unit",       "store", "scale",
                                     "offset", "low",    "high", "resolution", "role"};
  static const char *const roles[] = {"state", "input", "output", "param"};
  reader *r = reader_of(L);
  char where[96];
  snprintf(where, sizeof where, "channel %u", index + 1);
  if (lua_type(L, -1) != LUA_TTABLE) refuse_type(L, "channels", where, "a table");
  tl_import_channel *channel = &r->map->channels[index];
  *channel = tl_import_channel_default();
  get_text(L, where, "name", channel->name, sizeof channel->name);
  if (channel->name[0] != '\0')
    snprintf(where, sizeof where, "channel %u (%s)", index + 1, channel->name);
  check_keys(L, where, keys, COUNT(keys));
  read_columns(L, where, channel);
  get_text(L, where, "unit", channel->unit, sizeof channel->unit);
  get_text(L, where, "store", channel->store_unit, sizeof channel->store_unit);
  get_number(L, where, "scale", &channel->scale);
  get_number(L, where, "offset", &channel->offset);
  get_number(L, where, "low", &channel->low);
  get_number(L, where, "high", &channel->high);
  get_number(L, where, "resolution", &channel->resolution);
  channel->role = (tl_role)get_choice(L, where, "role", roles, COUNT(roles), TL_OUTPUT);
}

static void read_channels(lua_State *L)
{
  reader *r = reader_of(L);
  if (!get(L, "channels")) return;
  if (lua_type(L, -1) != LUA_TTABLE) refuse_type(L, "the map", "channels", "a list");
  const lua_Unsigned count = lua_rawlen(L, -1);
  if (count > TL_IMPORT_CHANNELS_MAX)
    refuse(L, tl_fail(r->err, TL_E_LIMIT, r->path,
                      "the map has %llu channels, at most %d are possible",
                      (unsigned long long)count, TL_IMPORT_CHANNELS_MAX));
  r->map->channel_count = (uint32_t)count;
  for (uint32_t i = 0; i < r->map->channel_count; i++) {
    lua_rawgeti(L, -1, i + 1);
    read_channel(L, i);
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
}

/* Does the table on top hold the key? */
static bool says(lua_State *L, const char *key)
{
  if (!get(L, key)) return false;
  lua_pop(L, 1);
  return true;
}

static void read_time(lua_State *L)
{
  static const char *const keys[] = {"column",  "unit",       "period",    "rate",
                                     "restart", "duplicates", "backwards", "lateness"};
  static const char *const duplicates[] = {"refuse", "first", "last"};
  static const char *const backwards[] = {"refuse", "drop", "sort"};
  reader *r = reader_of(L);
  tl_import_map *map = r->map;
  char unit[16] = "s";
  double period_s = 0.0, rate_Hz = 0.0;
  if (!get(L, "time")) return;
  if (lua_type(L, -1) != LUA_TTABLE) refuse_type(L, "the map", "time", "a table");
  check_keys(L, "time", keys, COUNT(keys));
  if (get(L, "column")) take_ref(L, "time", "column", &map->time);
  get_text(L, "time", "unit", unit, sizeof unit);
  if (!tl_time_unit_find(&map->time_unit, unit))
    refuse(L, tl_fail(r->err, TL_E_UNIT, r->path,
                      "time: unit '%s' is none of ns, us, ms, s, min, h, day, unix, iso", unit));
  get_number(L, "time", "period", &period_s);
  get_number(L, "time", "rate", &rate_Hz);
  if (rate_Hz > 0.0) period_s = 1.0 / rate_Hz;
  if (rate_Hz < 0.0 || period_s < 0.0 || period_s > 1e9 || isnan(period_s) ||
      (period_s > 0.0 && !tl_time_from_double(&map->period_ns, period_s, TL_TIME_S)) ||
      (period_s > 0.0 && map->period_ns == 0))
    refuse(L, tl_fail(r->err, TL_E_ARG, r->path,
                      "time: period or rate must be above 0 and at least 1 ns"));
  get_truth(L, "time", "restart", &map->restart);
  r->says_duplicates = says(L, "duplicates");
  r->says_backwards = says(L, "backwards");
  map->duplicates = (tl_import_duplicates)get_choice(L, "time", "duplicates", duplicates,
                                                     COUNT(duplicates), TL_DUPLICATES_REFUSE);
  map->backwards = (tl_import_backwards)get_choice(L, "time", "backwards", backwards,
                                                   COUNT(backwards), TL_BACKWARDS_REFUSE);
  double lateness_s = (double)NAN;
  get_number(L, "time", "lateness", &lateness_s);
  map->has_lateness = !isnan(lateness_s);
  if (map->has_lateness &&
      (lateness_s < 0.0 || !tl_time_from_double(&map->lateness_ns, lateness_s, TL_TIME_S)))
    refuse(L, tl_fail(r->err, TL_E_ARG, r->path, "time: lateness must be a time of 0 or more"));
  lua_pop(L, 1);
}

static void read_clock(lua_State *L)
{
  static const char *const keys[] = {"offset", "rate", "reference", "unit"};
  reader *r = reader_of(L);
  tl_import_clock *clock = &r->map->clock;
  char unit[16] = "s";
  if (!get(L, "clock")) return;
  if (lua_type(L, -1) != LUA_TTABLE) refuse_type(L, "the map", "clock", "a table");
  check_keys(L, "clock", keys, COUNT(keys));
  clock->given = true;
  get_number(L, "clock", "offset", &clock->offset_s);
  get_number(L, "clock", "rate", &clock->rate);
  if (get(L, "reference")) take_ref(L, "clock", "reference", &clock->reference);
  get_text(L, "clock", "unit", unit, sizeof unit);
  if (!tl_time_unit_find(&clock->unit, unit))
    refuse(L, tl_fail(r->err, TL_E_UNIT, r->path,
                      "clock: unit '%s' is none of ns, us, ms, s, min, h, day, unix", unit));
  lua_pop(L, 1);
}

static void read_from(lua_State *L)
{
  static const char *const keys[] = {"column", "equals", "occurrence"};
  reader *r = reader_of(L);
  if (!get(L, "from")) return;
  if (lua_type(L, -1) != LUA_TTABLE) refuse_type(L, "the map", "from", "a table");
  check_keys(L, "from", keys, COUNT(keys));
  r->map->from_occurrence = 1;
  if (get(L, "column")) take_ref(L, "from", "column", &r->map->from);
  get_text(L, "from", "equals", r->map->from_equals, sizeof r->map->from_equals);
  get_count(L, "from", "occurrence", &r->map->from_occurrence, 1);
  lua_pop(L, 1);
}

static void read_missing(lua_State *L)
{
  reader *r = reader_of(L);
  if (!get(L, "missing")) return;
  if (lua_type(L, -1) != LUA_TTABLE) refuse_type(L, "the map", "missing", "a list of texts");
  const lua_Unsigned count = lua_rawlen(L, -1);
  if (count > TL_IMPORT_MISSING_MAX)
    refuse(L, tl_fail(r->err, TL_E_LIMIT, r->path, "missing: at most %d texts",
                      TL_IMPORT_MISSING_MAX));
  for (uint32_t i = 0; i < (uint32_t)count; i++) {
    size_t length = 0;
    lua_rawgeti(L, -1, i + 1);
    if (lua_type(L, -1) != LUA_TSTRING) refuse_type(L, "missing", "its entry", "a text");
    const char *text = lua_tolstring(L, -1, &length);
    if (length >= sizeof r->map->missing[i])
      refuse(L, tl_fail(r->err, TL_E_ARG, r->path, "missing: '%.40s' has too many letters", text));
    memcpy(r->map->missing[r->map->missing_count++], text, length + 1);
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
}

static void read_map(lua_State *L)
{
  static const char *const keys[] = {
      "format",    "fleet", "device",  "label",  "delimiter", "comment", "header",   "skip_lines",
      "skip_rows", "from",  "missing", "object", "time",      "clock",   "channels", "schema"};
  static const char *const formats[] = {"auto", "csv", "hdf5", "usdlog"};
  reader *r = reader_of(L);
  tl_import_map *map = r->map;
  if (lua_type(L, -1) != LUA_TTABLE)
    refuse_type(L, "the map", "its value (`return { ... }`)", "a table");
  check_keys(L, "the map", keys, COUNT(keys));
  map->format =
      (tl_import_format)get_choice(L, "the map", "format", formats, COUNT(formats), TL_IMPORT_AUTO);
  get_text(L, "the map", "fleet", map->fleet, sizeof map->fleet);
  get_count(L, "the map", "device", &map->device, 0);
  get_text(L, "the map", "schema", r->schema, sizeof r->schema);
  get_text(L, "the map", "label", map->label, sizeof map->label);
  get_letter(L, "the map", "delimiter", &map->delimiter);
  get_letter(L, "the map", "comment", &map->comment);
  get_truth(L, "the map", "header", &map->header);
  get_count(L, "the map", "skip_lines", &map->skip_lines, 0);
  get_count(L, "the map", "skip_rows", &map->skip_rows, 0);
  get_text(L, "the map", "object", map->object, sizeof map->object);
  read_from(L);
  read_missing(L);
  read_time(L);
  read_clock(L);
  read_channels(L);
}

/* --- running it ------------------------------------------------------------------------------------ */
/* `unit = degC` without quotes would read as nil, that is as absent: refused instead. */
static int unknown_name(lua_State *L)
{
  reader *r = reader_of(L);
  lua_Debug caller;
  char where[sizeof r->err->where];
  snprintf(where, sizeof where, "%s", r->path);
  if (lua_getstack(L, 1, &caller) && lua_getinfo(L, "l", &caller))
    snprintf(where, sizeof where, "%.140s:%d", r->path, caller.currentline);
  const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "?";
  tl_fail(r->err, TL_E_NAME, where, "unknown name '%.60s'", name);
  return refuse(L, tl_fail_hint(r->err, "texts stand in quotes: \"%.60s\"", name));
}

/* The chunk's whole world: unit names that are Lua names, as their size in SI. */
static void push_units(lua_State *L)
{
  lua_newtable(L);
  for (uint32_t i = 0; i < tl_unit_row_count(); i++) {
    const tl_unit *unit = &tl_unit_row_at(i)->unit;
    if (unit->offset != 0.0) continue; /* a product with degC would be wrong: write unit = "degC" */
    lua_pushnumber(L, unit->numerator / unit->denominator);
    lua_setfield(L, -2, unit->name);
  }
  lua_newtable(L);
  lua_pushcfunction(L, unknown_name);
  lua_setfield(L, -2, "__index");
  lua_setmetatable(L, -2);
}

static int run(lua_State *L)
{
  reader *r = lua_touserdata(L, 1);
  char name[256];
  lua_settop(L, 0);
  snprintf(name, sizeof name, "@%s", r->path);
  if (r->text_bytes > 0 && r->text[0] == LUA_SIGNATURE[0])
    return refuse(L, tl_fail(r->err, TL_E_SANDBOX, r->path, "is Lua bytecode; maps must be text"));
  if (luaL_loadbufferx(L, r->text, r->text_bytes, name, "t") != LUA_OK) {
    const char *text = lua_tostring(L, -1);
    return refuse(L, tl_fail(r->err, TL_E_SYNTAX, NULL, "%s", text == NULL ? r->path : text));
  }
  push_units(L);
  lua_setupvalue(L, -2, 1);
  lua_sethook(L, stop, LUA_MASKCOUNT, INSTRUCTIONS_MAX);
  lua_call(L, 0, 1);
  lua_sethook(L, NULL, 0, 0);
  read_map(L);
  return 0;
}

static tl_code run_reader(reader *r)
{
  lua_State *L = lua_newstate(limited_alloc, r);
  if (L == NULL) return tl_fail(r->err, TL_E_LIMIT, r->path, "not enough memory for Lua");
  lua_pushcfunction(L, run);
  lua_pushlightuserdata(L, r);
  const int status = lua_pcall(L, 1, 0, 0);
  tl_code code = TL_OK;
  if (r->out_of_budget)
    code = tl_fail(r->err, TL_E_BUDGET, r->path, "the map used too much time or memory");
  else if (r->code != TL_OK)
    code = r->code;
  else if (status != LUA_OK) {
    const char *text = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : NULL;
    code =
        tl_fail(r->err, TL_E_SCRIPT, NULL, "%s", text == NULL ? "the map raised an error" : text);
  }
  lua_close(L);
  return code;
}

static tl_code load_text(char **out, size_t *out_bytes, const char *path, tl_error *err)
{
  FILE *file = fopen(path, "rb");
  if (file == NULL) return tl_fail(err, TL_E_IO, NULL, "%s: %s", path, strerror(errno));
  tl_code code = TL_OK;
  char *text = malloc(FILE_BYTES_MAX + 1);
  *out_bytes = text == NULL ? 0 : fread(text, 1, FILE_BYTES_MAX + 1, file);
  if (text == NULL)
    code = tl_fail(err, TL_E_LIMIT, NULL, "%s: not enough memory", path);
  else if (ferror(file))
    code = tl_fail(err, TL_E_IO, NULL, "%s: %s", path, strerror(errno));
  else if (*out_bytes > FILE_BYTES_MAX)
    code = tl_fail(err, TL_E_LIMIT, NULL, "%s: larger than 1 MB, not a map", path);
  fclose(file);
  if (code != TL_OK) {
    free(text);
    return code;
  }
  *out = text;
  return TL_OK;
}

/* schema = "NAME" or "NAME@N" of the folder `schemas`: its policy is the map's. */
static tl_code follow_schema(const reader *r)
{
  if (r->schema[0] == '\0') return TL_OK;
  tl_governed *schema = malloc(sizeof *schema);
  if (schema == NULL) return tl_fail(r->err, TL_E_LIMIT, r->path, "not enough memory");
  tl_code code = tl_registry_read(schema, "schemas", r->schema, r->err);
  if (code == TL_OK) {
    char name[TL_SIGNAL_NAME_BYTES + 16];
    snprintf(name, sizeof name, "%s@%u", schema->name, schema->version);
    code = tl_sample_policy_apply(&schema->policy, name, r->map, r->says_duplicates,
                                  r->says_backwards, r->err);
  }
  free(schema);
  return code;
}

tl_code tl_import_map_load(const char *path, tl_import_map *map, tl_error *err)
{
  tl_error own;
  char *text = NULL;
  reader r = {.path = path, .map = map, .err = err == NULL ? &own : err};
  *map = tl_import_map_default();
  tl_code code = load_text(&text, &r.text_bytes, path, r.err);
  if (code != TL_OK) return code;
  r.text = text;
  snprintf(map->path, sizeof map->path, "%s", path);
  code = run_reader(&r);
  free(text);
  if (code == TL_OK) code = follow_schema(&r);
  return code == TL_OK ? tl_import_map_check(map, r.err) : code;
}
