#include "script/internal.h"

#include <assert.h>
#include <lauxlib.h>
#include <string.h>

enum { ITEMS_MAX = 10000000, SORT_MAX = 500000 };

/* --- stable merge of an index, used by pairs and table.sort --------------------------------------------- */
typedef bool index_less(lua_State *L, void *context, uint32_t a, uint32_t b);

/* Sorts index[0..count) with work[0..count) as room; bottom-up, so it needs no stack. */
static void sort_index(lua_State *L, uint32_t *index, uint32_t *work, uint32_t count,
                       index_less *less, void *context)
{
  uint32_t *from = index, *to = work;
  for (uint32_t width = 1; width < count; width *= 2) {
    for (uint32_t begin = 0; begin < count; begin += 2 * width) {
      const uint32_t middle = begin + width < count ? begin + width : count;
      const uint32_t end = middle + width < count ? middle + width : count;
      uint32_t a = begin, b = middle;
      for (uint32_t k = begin; k < end; k++) {
        const bool take_b = b < end && (a >= middle || less(L, context, from[b], from[a]));
        to[k] = take_b ? from[b++] : from[a++];
      }
    }
    uint32_t *swap = from;
    from = to;
    to = swap;
  }
  if (from != index) memcpy(index, from, count * sizeof *index);
}

/* --- pairs: numbers ascending, then strings by their bytes ------------------------------------------------ */
typedef struct pair_key {
  const char *text; /* NULL for a number */
  size_t length;
  lua_Number number;
  lua_Integer integer;
  bool is_integer;
} pair_key;

static bool key_less(lua_State *L, void *context, uint32_t a, uint32_t b)
{
  (void)L;
  const pair_key *x = (const pair_key *)context + a, *y = (const pair_key *)context + b;
  if ((x->text == NULL) != (y->text == NULL)) return x->text == NULL;
  if (x->text == NULL) {
    if (x->is_integer && y->is_integer) return x->integer < y->integer;
    return x->number < y->number;
  }
  const size_t shorter = x->length < y->length ? x->length : y->length;
  const int order = memcmp(x->text, y->text, shorter);
  return order != 0 ? order < 0 : x->length < y->length;
}

/* upvalues: table, keys, position */
static int next_pair(lua_State *L)
{
  lua_Integer at = lua_tointeger(L, lua_upvalueindex(3));
  for (;;) {
    at++;
    if (lua_rawgeti(L, lua_upvalueindex(2), at) == LUA_TNIL) return 1;
    lua_pushvalue(L, -1);
    if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL) break; /* removed meanwhile: skip it */
    lua_pop(L, 2);
  }
  lua_pushinteger(L, at);
  lua_replace(L, lua_upvalueindex(3));
  return 2;
}

static int l_pairs(lua_State *L)
{
  luaL_checkany(L, 1);
  if (luaL_getmetafield(L, 1, "__pairs") != LUA_TNIL) {
    lua_pushvalue(L, 1);
    lua_call(L, 1, 3);
    return 3;
  }
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  size_t count = 0;
  for (lua_pushnil(L); lua_next(L, 1) != 0; lua_pop(L, 1)) count++;
  if (count > ITEMS_MAX)
    return tl_script_raise(L, TL_E_BUDGET, NULL, "pairs over more than %d items", ITEMS_MAX);
  pair_key *keys = lua_newuserdatauv(L, count * sizeof *keys + 1, 0);       /* 2 */
  uint32_t *index = lua_newuserdatauv(L, 2 * count * sizeof *index + 1, 0); /* 3 */
  lua_createtable(L, (int)count, 0); /* 4: keys as they come */
  lua_createtable(L, (int)count, 0); /* 5: keys in order */
  uint32_t n = 0;
  for (lua_pushnil(L); lua_next(L, 1) != 0; lua_pop(L, 1)) {
    const int type = lua_type(L, -2);
    if (type != LUA_TNUMBER && type != LUA_TSTRING)
      return tl_script_raise(L, TL_E_SANDBOX, "use numbers or strings as keys",
                             "pairs has no fixed order for keys of type %s", lua_typename(L, type));
    pair_key *key = &keys[n];
    memset(key, 0, sizeof *key);
    if (type == LUA_TSTRING)
      key->text = lua_tolstring(L, -2, &key->length);
    else {
      key->number = lua_tonumber(L, -2);
      key->is_integer = lua_isinteger(L, -2);
      key->integer = lua_tointeger(L, -2);
    }
    index[n] = n;
    n++;
    lua_pushvalue(L, -2);
    lua_rawseti(L, 4, n);
  }
  assert(n == count);
  sort_index(L, index, index + n, n, key_less, keys);
  for (uint32_t i = 0; i < n; i++) {
    lua_rawgeti(L, 4, (lua_Integer)index[i] + 1);
    lua_rawseti(L, 5, (lua_Integer)i + 1);
  }
  lua_pushvalue(L, 1);
  lua_pushvalue(L, 5);
  lua_pushinteger(L, 0);
  lua_pushcclosure(L, next_pair, 3);
  return 1;
}

/* --- table ------------------------------------------------------------------------------------------------ */
static lua_Integer checked_length(lua_State *L, int index, lua_Integer max, const char *what)
{
  luaL_checktype(L, index, LUA_TTABLE);
  const lua_Integer n = luaL_len(L, index);
  if (n > max) tl_script_raise(L, TL_E_BUDGET, NULL, "%s: more than %d items", what, (int)max);
  return n;
}

/* The values are in the table at stack 3, the function (or nil) at 2. */
static bool value_less(lua_State *L, void *context, uint32_t a, uint32_t b)
{
  (void)context;
  bool less;
  if (lua_isnil(L, 2)) {
    lua_rawgeti(L, 3, (lua_Integer)a + 1);
    lua_rawgeti(L, 3, (lua_Integer)b + 1);
    less = lua_compare(L, -2, -1, LUA_OPLT) != 0;
    lua_pop(L, 2);
  } else {
    lua_pushvalue(L, 2);
    lua_rawgeti(L, 3, (lua_Integer)a + 1);
    lua_rawgeti(L, 3, (lua_Integer)b + 1);
    lua_call(L, 2, 1);
    less = lua_toboolean(L, -1);
    lua_pop(L, 1);
  }
  return less;
}

static int t_sort(lua_State *L)
{
  const lua_Integer n = checked_length(L, 1, SORT_MAX, "table.sort");
  if (!lua_isnoneornil(L, 2)) luaL_checktype(L, 2, LUA_TFUNCTION);
  lua_settop(L, 2);
  lua_createtable(L, (int)n, 0); /* 3 */
  uint32_t *index = lua_newuserdatauv(L, 2 * (size_t)n * sizeof *index + 1, 0);
  for (lua_Integer i = 0; i < n; i++) {
    index[i] = (uint32_t)i;
    lua_geti(L, 1, i + 1);
    lua_rawseti(L, 3, i + 1);
  }
  sort_index(L, index, index + n, (uint32_t)n, value_less, NULL);
  for (lua_Integer i = 0; i < n; i++) {
    lua_rawgeti(L, 3, (lua_Integer)index[i] + 1);
    lua_seti(L, 1, i + 1);
  }
  return 0;
}

static int t_concat(lua_State *L)
{
  luaL_checktype(L, 1, LUA_TTABLE);
  size_t separator_length = 0, total = 0;
  const char *separator = luaL_optlstring(L, 2, "", &separator_length);
  const lua_Integer first = luaL_optinteger(L, 3, 1);
  const lua_Integer last = lua_isnoneornil(L, 4) ? luaL_len(L, 1) : luaL_checkinteger(L, 4);
  luaL_Buffer buffer;
  luaL_buffinit(L, &buffer);
  if (last < first) return luaL_pushresult(&buffer), 1;
  if ((lua_Number)last - (lua_Number)first >= ITEMS_MAX)
    return tl_script_raise(L, TL_E_BUDGET, NULL, "table.concat: more than %d items", ITEMS_MAX);
  for (lua_Integer i = first;; i++) {
    size_t length = 0;
    lua_geti(L, 1, i);
    if (!lua_isstring(L, -1))
      return luaL_error(L, "table.concat: item %d is a %s, not a text", (int)i,
                        luaL_typename(L, -1));
    lua_tolstring(L, -1, &length);
    total += length + separator_length;
    if (total > TL_SANDBOX_TEXT_BYTES)
      return tl_script_raise(L, TL_E_BUDGET, NULL,
                             "table.concat would make a text of more than %d MiB",
                             (int)(TL_SANDBOX_TEXT_BYTES >> 20));
    luaL_addvalue(&buffer);
    if (i == last) break;
    luaL_addlstring(&buffer, separator, separator_length);
  }
  luaL_pushresult(&buffer);
  return 1;
}

static int t_move(lua_State *L)
{
  const lua_Integer from = luaL_checkinteger(L, 2), end = luaL_checkinteger(L, 3),
                    to = luaL_checkinteger(L, 4);
  const int target = lua_isnoneornil(L, 5) ? 1 : 5;
  luaL_checktype(L, 1, LUA_TTABLE);
  luaL_checktype(L, target, LUA_TTABLE);
  lua_settop(L, 5);
  if (end < from) return lua_pushvalue(L, target), 1;
  if ((lua_Number)end - (lua_Number)from >= ITEMS_MAX || to > LUA_MAXINTEGER - ITEMS_MAX)
    return tl_script_raise(L, TL_E_BUDGET, NULL, "table.move: more than %d items", ITEMS_MAX);
  const lua_Integer count = end - from + 1;
  const bool forward = to > end || to <= from || target != 1;
  for (lua_Integer k = 0; k < count; k++) {
    const lua_Integer i = forward ? k : count - 1 - k;
    lua_geti(L, 1, from + i);
    lua_seti(L, target, to + i);
  }
  lua_pushvalue(L, target);
  return 1;
}

/* insert and remove shift by hand: a table whose length is huge (__len) must not. */
static int bounded_shift(lua_State *L)
{
  checked_length(L, 1, ITEMS_MAX, "table.insert, remove");
  return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

void script_open_data(lua_State *L)
{
  static const char *const names[] = {"pack", "unpack", NULL};
  static const script_reg own[] = {{"sort", t_sort}, {"concat", t_concat}, {"move", t_move}};
  static const script_reg pairs_row[] = {{"pairs", l_pairs}};
  script_register(L, pairs_row, 1);
  lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  lua_getfield(L, -1, "table");
  lua_newtable(L);
  script_copy(L, -2, -1, names);
  script_register(L, own, sizeof own / sizeof *own);
  static const char *const shifting[] = {"insert", "remove"};
  for (int i = 0; i < 2; i++) {
    lua_getfield(L, -2, shifting[i]);
    lua_pushcclosure(L, bounded_shift, 1);
    lua_setfield(L, -2, shifting[i]);
  }
  lua_setfield(L, -4, "table");
  lua_pop(L, 2);
}
