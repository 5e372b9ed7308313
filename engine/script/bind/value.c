/* value.c: reading arguments, with errors that point at the key's own line. */
#include "base/text.h"
#include "script/binding.h"
#include "script/scan.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void script_where_word(lua_State *L, const char *word, char *out, size_t bytes)
{
  tl_script_where(L, out, bytes);
  const char *colon = strrchr(out, ':');
  if (colon == NULL) return;
  char short_name[LUA_IDSIZE], line_text[256];
  snprintf(short_name, sizeof short_name, "%.*s", (int)(colon - out), out);
  const char *text = tl_sandbox_source(tl_sandbox_of(L), short_name, NULL);
  const int first = atoi(colon + 1);
  if (text == NULL) return;
  for (int line = first; line < first + 80; line++) { /* a table constructor is rarely longer */
    tl_scan_line(text, line, line_text, sizeof line_text);
    if (tl_scan_column(line_text, word) == 0) continue;
    snprintf(out, bytes, "%s:%d", short_name, line);
    return;
  }
}

static int raise_at(lua_State *L, const char *where, tl_code code, const char *hint,
                    const char *text)
{
  tl_error err;
  tl_fail(&err, code, where, "%s", text);
  if (hint != NULL) tl_fail_hint(&err, "%s", hint);
  return tl_script_raise_error(L, &err);
}

int script_unknown(lua_State *L, const char *what, const char *name, const char *const *candidates,
                   size_t count)
{
  char where[160], text[256], hint[128];
  const char *closest = tl_text_closest(name, candidates, count);
  script_where_word(L, name, where, sizeof where);
  snprintf(text, sizeof text, "%s '%.80s'", what, name);
  hint[0] = '\0';
  if (closest != NULL)
    snprintf(hint, sizeof hint, "did you mean '%s'?", closest);
  else if (count > 0 && count <= 6)
    for (size_t i = 0, used = 0; i < count && used < sizeof hint; i++)
      used += (size_t)snprintf(hint + used, sizeof hint - used,
                               i == 0 ? "there is: '%s'" : ", '%s'", candidates[i]);
  return raise_at(L, where, TL_E_NAME, hint[0] != '\0' ? hint : NULL, text);
}

int script_wrong_type(lua_State *L, const char *key, const char *expected, int index)
{
  char where[160], text[256];
  const char *got = luaL_typename(L, index);
  if (luaL_getmetafield(L, index, "__name") == LUA_TSTRING) got = lua_tostring(L, -1);
  script_where_word(L, key, where, sizeof where);
  snprintf(text, sizeof text, "'%s': expected %s, got %s", key, expected, got);
  return raise_at(L, where, TL_E_TYPE, NULL, text);
}

int script_no_memory(lua_State *L) { return tl_script_raise_fatal(L, TL_E_LIMIT, "out of memory"); }

double script_quantity(lua_State *L, int index, const char *unit, bool difference, const char *key)
{
  if (lua_type(L, index) == LUA_TNUMBER) {
    const double number = lua_tonumber(L, index);
    if (isfinite(number)) return number;
    char where[160], text[128];
    script_where_word(L, key, where, sizeof where);
    snprintf(text, sizeof text, "'%s' is not a finite number", key);
    raise_at(L, where, TL_E_ARG, NULL, text);
  }
  if (lua_type(L, index) == LUA_TBOOLEAN && strcmp(unit, "1") == 0) return lua_toboolean(L, index);
  if (lua_type(L, index) != LUA_TSTRING) {
    char expected[64];
    snprintf(expected, sizeof expected, "a number in %s or a text such as \"2 %s\"", unit, unit);
    script_wrong_type(L, key, strcmp(unit, "1") == 0 ? "a number" : expected, index);
  }
  tl_error err;
  tl_unit from;
  char where[160];
  double value = 0.0;
  script_where_word(L, key, where, sizeof where);
  tl_code code = tl_unit_parse_quantity(&value, &from, lua_tostring(L, index), where, &err);
  if (code == TL_OK)
    code = difference ? tl_unit_convert_difference(&value, value, from.name, unit, where, &err)
                      : tl_unit_convert(&value, value, from.name, unit, where, &err);
  if (code != TL_OK) { /* the key first: it is what the eye looks for */
    const tl_error inner = err;
    const size_t prefix = strlen(inner.where);
    tl_fail(&err, inner.code, where, "'%s': %s", key,
            inner.text +
                (strncmp(inner.text, inner.where, prefix) == 0 && prefix > 0 ? prefix + 2 : 0));
    if (inner.hint[0] != '\0') tl_fail_hint(&err, "%s", inner.hint);
    tl_script_raise_error(L, &err);
  }
  return value;
}

int64_t script_duration_ns(lua_State *L, int index, const char *key)
{
  char where[160], text[200];
  if (lua_type(L, index) == LUA_TSTRING) {
    tl_error err;
    int64_t ns = 0;
    script_where_word(L, key, where, sizeof where);
    if (tl_text_parse_duration(&ns, lua_tostring(L, index), where, &err) != TL_OK)
      tl_script_raise_error(L, &err);
    return ns;
  }
  if (lua_type(L, index) != LUA_TNUMBER)
    script_wrong_type(L, key, "a duration such as 24*h", index);
  const double seconds = lua_tonumber(L, index);
  if (!(fabs(seconds) < 9.0e9)) {
    script_where_word(L, key, where, sizeof where);
    snprintf(text, sizeof text, "'%s' is no time that can be simulated", key);
    raise_at(L, where, TL_E_ARG, NULL, text);
  }
  return (int64_t)(seconds * 1e9 + (seconds < 0.0 ? -0.5 : 0.5));
}

int script_field(lua_State *L, int index, const char *key)
{
  index = lua_absindex(L, index);
  lua_pushstring(L, key);
  return lua_rawget(L, index);
}

void script_check_keys(lua_State *L, int index, const char *what, const char *const *keys,
                       size_t count)
{
  index = lua_absindex(L, index);
  const char *worst = NULL; /* the smallest in byte order: hash order must not choose the message */
  for (lua_pushnil(L); lua_next(L, index) != 0; lua_pop(L, 1)) {
    if (lua_type(L, -2) != LUA_TSTRING) continue;
    const char *key = lua_tostring(L, -2);
    bool known = false;
    for (size_t i = 0; i < count && !known; i++) known = strcmp(keys[i], key) == 0;
    if (!known && (worst == NULL || strcmp(key, worst) < 0)) worst = key;
  }
  if (worst != NULL) {
    char text[96];
    snprintf(text, sizeof text, "%s has no key", what);
    script_unknown(L, text, worst, keys, count);
  }
}

/* --- values of columns -------------------------------------------------------------------------------------- */
static int new_spread(lua_State *L, script_spread spread)
{
  script_spread *out = lua_newuserdatauv(L, sizeof *out, 0);
  *out = spread;
  luaL_setmetatable(L, SCRIPT_SPREAD);
  return 1;
}

int api_normal(lua_State *L)
{
  const double mean = luaL_checknumber(L, 1), deviation = luaL_checknumber(L, 2);
  script_spread spread = {.kind = SPREAD_NORMAL, .a = mean, .b = deviation};
  luaL_argcheck(L, spread.b >= 0.0 && isfinite(spread.a) && isfinite(spread.b), 2,
                "the deviation can't be negative");
  spread.low = luaL_optnumber(L, 3, -INFINITY);
  spread.high = luaL_optnumber(L, 4, INFINITY);
  luaL_argcheck(L, spread.low < spread.high, 4, "low must be below high");
  return new_spread(L, spread);
}

int api_uniform(lua_State *L)
{
  const double low = luaL_checknumber(L, 1), high = luaL_checknumber(L, 2);
  const script_spread spread = {.kind = SPREAD_UNIFORM, .a = low, .b = high};
  luaL_argcheck(L, spread.a <= spread.b && isfinite(spread.a) && isfinite(spread.b), 2,
                "low must not be above high");
  return new_spread(L, spread);
}

int api_weighted(lua_State *L)
{
  luaL_checktype(L, 1, LUA_TTABLE);
  script_spread spread = {.kind = SPREAD_WEIGHTED};
  double sum = 0.0;
  for (lua_pushnil(L); lua_next(L, 1) != 0; lua_pop(L, 1)) {
    luaL_argcheck(L, lua_type(L, -2) == LUA_TNUMBER && lua_type(L, -1) == LUA_TNUMBER, 1,
                  "expected { [value] = weight }");
    luaL_argcheck(L, spread.count < SCRIPT_WEIGHTS_MAX, 1, "at most 16 values");
    const double value = lua_tonumber(L, -2), weight = lua_tonumber(L, -1);
    luaL_argcheck(L, weight > 0.0 && isfinite(weight) && isfinite(value), 1,
                  "weights must be positive");
    uint32_t at = spread.count++;
    for (; at > 0 && spread.value[at - 1] > value;
         at--) { /* ascending, whatever the table's order */
      spread.value[at] = spread.value[at - 1];
      spread.weight[at] = spread.weight[at - 1];
    }
    spread.value[at] = value;
    spread.weight[at] = weight;
  }
  luaL_argcheck(L, spread.count > 0, 1, "no values");
  for (uint32_t i = 0; i < spread.count; i++) sum += spread.weight[i];
  for (uint32_t i = 0; i < spread.count; i++) spread.weight[i] /= sum;
  return new_spread(L, spread);
}

static void check_range(lua_State *L, const tl_column *column, const char *key, double value)
{
  if (value >= column->low && value <= column->high) return;
  char where[160], text[256], number[3][TL_TEXT_DOUBLE_BYTES];
  tl_text_format_digits(number[0], value, 9);
  tl_text_format_digits(number[1], column->low, 6);
  tl_text_format_digits(number[2], column->high, 6);
  script_where_word(L, key, where, sizeof where);
  snprintf(text, sizeof text, "'%s' is %s, outside %s .. %s %s", key, number[0], number[1],
           number[2], column->unit);
  const bool celsius = strcmp(column->unit, "K") == 0 && value < 150.0 && value > -100.0;
  char hint[64];
  tl_text_format_digits(number[0], value, 6);
  snprintf(hint, sizeof hint, "did you mean degC(%s)?", number[0]);
  raise_at(L, where, TL_E_ARG, celsius ? hint : NULL, text);
}

script_spread script_spread_at(lua_State *L, int index, const tl_column *column, const char *key)
{
  script_spread spread = {.kind = SPREAD_CONSTANT};
  const script_spread *given = luaL_testudata(L, index, SCRIPT_SPREAD);
  const script_channel *channel = luaL_testudata(L, index, SCRIPT_CHANNEL);
  if (given != NULL) {
    spread = *given;
    if (spread.kind == SPREAD_NORMAL) check_range(L, column, key, spread.a);
    if (spread.kind == SPREAD_UNIFORM) {
      check_range(L, column, key, spread.a);
      check_range(L, column, key, spread.b);
    }
    for (uint32_t i = 0; i < spread.count; i++) check_range(L, column, key, spread.value[i]);
    return spread;
  }
  if (channel != NULL)
    spread.a = script_first_value(L, channel, column->unit, key);
  else if (lua_type(L, index) == LUA_TUSERDATA || lua_type(L, index) == LUA_TTABLE)
    script_wrong_type(L, key, "a number, normal(), uniform() or weighted{}", index);
  else
    spread.a = script_quantity(L, index, column->unit, false, key);
  check_range(L, column, key, spread.a);
  return spread;
}

double script_spread_draw(const tl_world *world, tl_fleet_id fleet, const char *stream,
                          const script_spread *spread, uint32_t device)
{
  if (spread->kind == SPREAD_CONSTANT) return spread->a;
  if (spread->kind == SPREAD_NORMAL) {
    const double value = spread->a + spread->b * tl_fleet_draw_normal(world, fleet, stream, device);
    return value < spread->low ? spread->low : value > spread->high ? spread->high : value;
  }
  const double u = tl_fleet_draw_uniform(world, fleet, stream, device);
  if (spread->kind == SPREAD_UNIFORM) return spread->a + u * (spread->b - spread->a);
  double sum = 0.0;
  for (uint32_t i = 0; i + 1 < spread->count; i++) {
    sum += spread->weight[i];
    if (u < sum) return spread->value[i];
  }
  return spread->value[spread->count - 1];
}

int api_degC(lua_State *L)
{
  lua_pushnumber(L, luaL_checknumber(L, 1) + 273.15);
  return 1;
}

int api_degF(lua_State *L)
{
  lua_pushnumber(L, (luaL_checknumber(L, 1) + 459.67) * 5.0 / 9.0);
  return 1;
}

int api_hms(lua_State *L)
{
  char text[TL_TEXT_DURATION_BYTES];
  tl_text_format_duration(text, script_duration_ns(L, 1, "hms"));
  lua_pushstring(L, text);
  return 1;
}
