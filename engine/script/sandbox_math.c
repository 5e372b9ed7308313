#include "base/dmath.h"
#include "base/hash.h"
#include "script/internal.h"

#include <lauxlib.h>
#include <math.h>
#include <string.h>

/* --- functions of base/dmath: the same bits everywhere -------------------------------------------------- */
#define UNARY(name)                                                                                \
  static int m_##name(lua_State *L)                                                                \
  {                                                                                                \
    lua_pushnumber(L, tl_math_##name(luaL_checknumber(L, 1)));                                     \
    return 1;                                                                                      \
  }
UNARY(exp)
UNARY(sin)
UNARY(cos)
UNARY(tan)
UNARY(asin)
UNARY(acos)
UNARY(tanh)
UNARY(log10)
UNARY(log2)
#undef UNARY

static int m_log(lua_State *L)
{
  const double x = luaL_checknumber(L, 1);
  if (lua_isnoneornil(L, 2)) return lua_pushnumber(L, tl_math_log(x)), 1;
  const double base = luaL_checknumber(L, 2);
  if (base == 2.0)
    lua_pushnumber(L, tl_math_log2(x));
  else if (base == 10.0)
    lua_pushnumber(L, tl_math_log10(x));
  else
    lua_pushnumber(L, tl_math_log(x) / tl_math_log(base));
  return 1;
}

static int m_atan(lua_State *L)
{
  const double y = luaL_checknumber(L, 1),
               x = luaL_optnumber(L, 2, 1.0); /* in this order on every compiler */
  lua_pushnumber(L, tl_math_atan2(y, x));
  return 1;
}

int api_pow(lua_State *L)
{
  const double x = luaL_checknumber(L, 1), y = luaL_checknumber(L, 2);
  lua_pushnumber(L, tl_math_pow(x, y));
  return 1;
}

/* --- random streams: number `step` of stream `name`, looked up, not drawn ------------------------------- */
typedef struct rng_stream {
  tl_rng_key key;
  uint64_t step;
} rng_stream;
static const char rng_type[] = "tl.rng";

static tl_rng_key stream_key(lua_State *L, const char *name)
{
  const tl_sandbox *s = tl_sandbox_of(L);
  if (!s->seeded)
    tl_script_raise(L, TL_E_SCRIPT, "call scenario { seed = ... } first",
                    "random numbers need the scenario's seed");
  return tl_rng_key_make(s->seed, tl_hash_text("script"), (uint32_t)tl_hash_text(name));
}

static int draw(lua_State *L, tl_rng_key key, uint64_t *step, int first)
{
  const int count = lua_gettop(L) - first + 1;
  if (count <= 0) return lua_pushnumber(L, tl_rng_uniform(key, 0, (*step)++)), 1;
  const lua_Integer low = count == 1 ? 1 : luaL_checkinteger(L, first);
  const lua_Integer high = luaL_checkinteger(L, count == 1 ? first : first + 1);
  luaL_argcheck(L, low <= high, count == 1 ? first : first + 1, "interval is empty");
  luaL_argcheck(L, (lua_Unsigned)high - (lua_Unsigned)low < UINT32_MAX, first,
                "interval has more than 2^32 - 1 values");
  const uint32_t offset =
      tl_rng_below(key, 0, (*step)++, (uint32_t)((lua_Unsigned)high - (lua_Unsigned)low) + 1u);
  lua_pushinteger(L, (lua_Integer)((lua_Unsigned)low + offset));
  return 1;
}

static int m_random(lua_State *L)
{
  return draw(L, stream_key(L, "math.random"), &tl_sandbox_of(L)->random_step, 1);
}

static int m_randomseed(lua_State *L)
{
  return tl_script_raise(
      L, TL_E_SANDBOX,
      "the seed is scenario { seed = ... } or --seed; use rng \"name\" for a stream of your own",
      "'randomseed' does not exist in a scenario");
}

int api_rng(lua_State *L)
{
  const char *name = luaL_checkstring(L, 1);
  const tl_rng_key key = stream_key(L, name);
  rng_stream *stream = lua_newuserdatauv(L, sizeof *stream, 0);
  *stream = (rng_stream){key, 0};
  luaL_setmetatable(L, rng_type);
  return 1;
}

static int rng_random(lua_State *L)
{
  rng_stream *stream = luaL_checkudata(L, 1, rng_type);
  return draw(L, stream->key, &stream->step, 2);
}

static int rng_normal(lua_State *L)
{
  rng_stream *stream = luaL_checkudata(L, 1, rng_type);
  const double mean = luaL_optnumber(L, 2, 0.0), deviation = luaL_optnumber(L, 3, 1.0);
  lua_pushnumber(L, mean + deviation * (double)tl_rng_normal(stream->key, 0, stream->step++));
  return 1;
}

static int rng_tostring(lua_State *L)
{
  lua_pushliteral(L, "rng stream");
  return 1;
}

void script_open_math(lua_State *L)
{
  static const char *const names[] = {
      "abs",        "ceil", "deg", "floor", "fmod", "huge",      "max",  "maxinteger", "min",
      "mininteger", "modf", "pi",  "rad",   "sqrt", "tointeger", "type", "ult",        NULL};
  static const script_reg own[] = {{"exp", m_exp},       {"sin", m_sin},
                                   {"cos", m_cos},       {"tan", m_tan},
                                   {"asin", m_asin},     {"acos", m_acos},
                                   {"atan", m_atan},     {"tanh", m_tanh},
                                   {"log", m_log},       {"log2", m_log2},
                                   {"log10", m_log10},   {"pow", api_pow},
                                   {"random", m_random}, {"randomseed", m_randomseed}};
  static const script_reg methods[] = {{"random", rng_random}, {"normal", rng_normal}};
  luaL_newmetatable(L, rng_type);
  lua_newtable(L);
  script_register(L, methods, 2);
  lua_setfield(L, -2, "__index");
  lua_pushcfunction(L, rng_random);
  lua_setfield(L, -2, "__call");
  lua_pushcfunction(L, rng_tostring);
  lua_setfield(L, -2, "__tostring");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 1);

  lua_pushcfunction(L, api_pow);
  lua_setfield(L, -2, "pow");
  lua_pushcfunction(L, api_rng);
  lua_setfield(L, -2, "rng");
  lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  lua_getfield(L, -1, "math");
  lua_newtable(L);
  script_copy(L, -2, -1, names);
  script_register(L, own, sizeof own / sizeof *own);
  lua_setfield(L, -4, "math");
  lua_pop(L, 2);
}
