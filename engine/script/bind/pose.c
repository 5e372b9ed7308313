/* pose.c: iso9283{}: accuracy and repeatability of the poses that a story has collected. */
#include "fidelity/iso9283.h"
#include "script/binding.h"

#include <stdlib.h>

enum { CYCLES_MAX = 100000 };

/* A list of numbers at the top of the stack into one coordinate of every pose; the list stays. */
static void read_list(lua_State *L, const char *key, tl_pose *poses, uint32_t count, int axis)
{
  if (!lua_istable(L, -1)) script_wrong_type(L, key, "a list of numbers, one a cycle", -1);
  const lua_Unsigned length = lua_rawlen(L, -1);
  if (length != count)
    tl_script_raise(L, TL_E_ARG, NULL, "iso9283: %s has %d values, x has %d", key, (int)length,
                    (int)count);
  for (uint32_t k = 0; k < count; k++) {
    lua_rawgeti(L, -1, (lua_Integer)k + 1);
    if (lua_type(L, -1) != LUA_TNUMBER) script_wrong_type(L, key, "a list of numbers", -1);
    double *at = axis < 3 ? &poses[k].xyz_m[axis] : &poses[k].rpy_rad[axis - 3];
    *at = lua_tonumber(L, -1);
    lua_pop(L, 1);
  }
}

static void push_result(lua_State *L, const tl_iso9283 *r)
{
  static const char *const axes[] = {"x", "y", "z", "roll", "pitch", "yaw"};
  lua_createtable(L, 0, 12);
  lua_pushinteger(L, r->cycle_count);
  lua_setfield(L, -2, "cycles");
  lua_pushnumber(L, r->AP_m);
  lua_setfield(L, -2, "AP");
  lua_pushnumber(L, r->RP_m);
  lua_setfield(L, -2, "RP");
  for (int axis = 0; axis < 6; axis++) {
    lua_pushfstring(L, "AP_%s", axes[axis]);
    lua_pushnumber(L, axis < 3 ? r->AP_xyz_m[axis] : r->AP_rpy_rad[axis - 3]);
    lua_rawset(L, -3);
    if (axis < 3) continue;
    lua_pushfstring(L, "RP_%s", axes[axis]);
    lua_pushnumber(L, r->RP_rpy_rad[axis - 3]);
    lua_rawset(L, -3);
  }
}

int api_iso9283(lua_State *L)
{
  static const char *const keys[] = {"x", "y", "z", "roll", "pitch", "yaw", "command"};
  if (!lua_istable(L, 1)) script_wrong_type(L, "iso9283", "{ x = {...}, y =, z =, command = }", 1);
  script_check_keys(L, 1, "iso9283", keys, 7);
  if (script_field(L, 1, "x") != LUA_TTABLE)
    script_wrong_type(L, "x", "a list of numbers, one a cycle", -1);
  const lua_Unsigned length = lua_rawlen(L, -1);
  lua_pop(L, 1);
  if (length > CYCLES_MAX)
    return tl_script_raise(L, TL_E_LIMIT, NULL, "iso9283: more than %d cycles", CYCLES_MAX);
  const uint32_t count = (uint32_t)length;
  tl_pose *poses = lua_newuserdatauv(L, (count + 1u) * sizeof *poses, 0); /* Lua owns it */
  for (uint32_t k = 0; k <= count; k++) poses[k] = (tl_pose){0};
  for (int axis = 0; axis < 6; axis++) {
    const int type = script_field(L, 1, keys[axis]);
    if (type == LUA_TNIL && axis < 3)
      return tl_script_raise(L, TL_E_ARG, NULL, "iso9283: %s is missing", keys[axis]);
    if (type != LUA_TNIL) read_list(L, keys[axis], poses, count, axis);
    lua_pop(L, 1);
  }
  tl_pose *command = &poses[count];
  if (script_field(L, 1, "command") != LUA_TTABLE)
    script_wrong_type(L, "command", "{ x, y, z } or { x, y, z, roll, pitch, yaw }", -1);
  const lua_Unsigned given = lua_rawlen(L, -1);
  if (given != 3 && given != 6)
    return tl_script_raise(L, TL_E_ARG, NULL, "iso9283: command has %d numbers, not 3 or 6",
                           (int)given);
  for (int axis = 0; axis < (int)given; axis++) {
    lua_rawgeti(L, -1, axis + 1);
    if (lua_type(L, -1) != LUA_TNUMBER) script_wrong_type(L, "command", "numbers", -1);
    *(axis < 3 ? &command->xyz_m[axis] : &command->rpy_rad[axis - 3]) = lua_tonumber(L, -1);
    lua_pop(L, 1);
  }
  tl_iso9283 result;
  tl_error err;
  if (tl_iso9283_measure(&result, poses, count, command, NULL, &err) != TL_OK)
    return tl_script_raise_error(L, &err);
  push_result(L, &result);
  return 1;
}
