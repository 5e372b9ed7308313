#include "script/internal.h"

#include <lauxlib.h>
#include <string.h>

/* --- patterns: refused when they could take too long ---------------------------------------------------- */
enum { PATTERN_COST_MAX = 100000000 }; /* about half a second */

/* Backtracking visits at most one way per choice of where each repetition ends: C(n + q + 1, q + 1) for a text of
 * n bytes and q repetitions, from any start; sets cost their length, `?` doubles. */
static double pattern_cost(size_t n, const char *pattern, size_t length)
{
  double cost = (double)n + 1.0, sets = 1.0, optional = 1.0;
  uint32_t repeats = 0;
  for (size_t i = 0; i < length; i++) {
    if (pattern[i] == '%' && i + 1 < length) {
      i++;
      if (pattern[i] == 'b' || (pattern[i] >= '0' && pattern[i] <= '9')) repeats++;
    } else if (pattern[i] == '[') {
      const size_t start = i++;
      if (i < length && pattern[i] == '^') i++;
      do { /* a ']' that comes first belongs to the set */
        if (i < length && pattern[i] == '%') i++;
        i++;
      } while (i < length && pattern[i] != ']');
      sets += (double)(i - start) / 4.0;
    } else if (pattern[i] == '*' || pattern[i] == '+' || pattern[i] == '-') {
      repeats++;
    } else if (pattern[i] == '?' && optional < 1e12) {
      optional *= 2.0;
    }
  }
  for (uint32_t k = 1; k <= repeats && cost < 1e18; k++)
    cost = cost * ((double)n + 1.0 + k) / (1.0 + k);
  return cost * sets * optional;
}

static int bounded_pattern(lua_State *L)
{
  size_t n = 0, length = 0;
  luaL_checklstring(L, 1, &n);
  const char *pattern = luaL_checklstring(L, 2, &length);
  if (pattern_cost(n, pattern, length) > PATTERN_COST_MAX)
    return tl_script_raise(L, TL_E_BUDGET, "use fewer * + - or a shorter text",
                           "this pattern could take too long on a text of %d bytes", (int)n);
  return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

/* string.find with plain = true searches, it does not match. */
static int bounded_find(lua_State *L)
{
  if (lua_toboolean(L, 4)) return lua_tocfunction(L, lua_upvalueindex(1))(L);
  return bounded_pattern(L);
}

/* gsub: what it writes is bounded too. */
static int bounded_gsub(lua_State *L)
{
  size_t n = 0, replacement = 0;
  luaL_checklstring(L, 1, &n);
  if (lua_type(L, 3) == LUA_TSTRING) lua_tolstring(L, 3, &replacement);
  if ((double)n * ((double)replacement + 1.0) > (double)TL_SANDBOX_TEXT_BYTES)
    return tl_script_raise(L, TL_E_BUDGET, NULL,
                           "string.gsub could make a text of more than %d MiB",
                           (int)(TL_SANDBOX_TEXT_BYTES >> 20));
  return bounded_pattern(L);
}

static int bounded_rep(lua_State *L)
{
  size_t n = 0, separator = 0;
  luaL_checklstring(L, 1, &n);
  const lua_Integer count = luaL_checkinteger(L, 2);
  luaL_optlstring(L, 3, "", &separator);
  const double bytes = (double)count * ((double)n + (double)separator);
  if (count > 0 && bytes > (double)TL_SANDBOX_TEXT_BYTES)
    return tl_script_raise(L, TL_E_BUDGET, NULL, "string.rep would make a text of more than %d MiB",
                           (int)(TL_SANDBOX_TEXT_BYTES >> 20));
  if (count > 0 && bytes == 0.0) return lua_pushliteral(L, ""), 1; /* Lua would count them all */
  return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

/* %p is an address, and so is %s of a table. */
static int checked_format(lua_State *L)
{
  const char *format = luaL_checkstring(L, 1);
  int argument = 1;
  for (const char *at = format; *at != '\0'; at++) {
    if (*at != '%') continue;
    if (*++at == '%') continue;
    argument++;
    at += strspn(at, "-+ #0123456789.");
    if (*at == 'p')
      return tl_script_raise(L, TL_E_SANDBOX, NULL,
                             "'%%p' prints an address, which differs from run to run");
    if (*at == 's' && argument <= lua_gettop(L)) {
      tl_script_tostring(L, argument);
      lua_replace(L, argument);
    }
    if (*at == '\0') break;
  }
  return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

static void wrap(lua_State *L, int stock, const char *name, lua_CFunction with)
{
  lua_getfield(L, stock, name);
  lua_pushcclosure(L, with, 1);
  lua_setfield(L, -2, name);
}

void script_open_string(lua_State *L)
{
  static const char *const names[] = {"byte",    "char", "len",   "lower",
                                      "reverse", "sub",  "upper", NULL};
  static const char *const utf8_names[] = {"char", "charpattern", "codepoint", "codes",
                                           "len",  "offset",      NULL};
  lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  const int loaded = lua_gettop(L);
  lua_getfield(L, loaded, "string");
  const int stock = lua_gettop(L);
  lua_newtable(L);
  script_copy(L, stock, -1, names);
  wrap(L, stock, "find", bounded_find);
  wrap(L, stock, "match", bounded_pattern);
  wrap(L, stock, "gmatch", bounded_pattern);
  wrap(L, stock, "gsub", bounded_gsub);
  wrap(L, stock, "rep", bounded_rep);
  wrap(L, stock, "format", checked_format);

  lua_pushliteral(L, "");
  lua_createtable(L, 0, 2); /* no arithmetic on texts, and nothing to change */
  lua_pushvalue(L, -3);
  lua_setfield(L, -2, "__index");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_setmetatable(L, -2);
  lua_pop(L, 1);
  lua_setfield(L, loaded - 1, "string");

  lua_getfield(L, loaded, "utf8");
  lua_newtable(L);
  script_copy(L, -2, -1, utf8_names);
  lua_setfield(L, loaded - 1, "utf8");
  lua_settop(L, loaded - 1);
}
