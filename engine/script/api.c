/* api.c: registers every row of api.def. */
#include "script/binding.h"

#include "script/internal.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

typedef struct function_row {
  const char *name;
  lua_CFunction function;
} function_row;
typedef struct method_row {
  const char *class_name, *name;
  lua_CFunction function;
} method_row;
typedef struct constant_row {
  const char *name;
  double value;
} constant_row;

static const function_row functions[] = {
#define API_FUNCTION(name, function, ...) {#name, function},
#define API_METHOD(...)
#define API_CONSTANT(...)
#define API_FIELD(...)
#include "script/api.def"
#undef API_FUNCTION
#undef API_METHOD
#undef API_CONSTANT
#undef API_FIELD
};
static const method_row methods[] = {
#define API_FUNCTION(...)
#define API_METHOD(class_name, name, function, ...) {"tl." #class_name, #name, function},
#define API_CONSTANT(...)
#define API_FIELD(...)
#include "script/api.def"
#undef API_FUNCTION
#undef API_METHOD
#undef API_CONSTANT
#undef API_FIELD
};
static const constant_row constants[] = {
#define API_FUNCTION(...)
#define API_METHOD(...)
#define API_CONSTANT(name, value, doc) {#name, value},
#define API_FIELD(...)
#include "script/api.def"
#undef API_FUNCTION
#undef API_METHOD
#undef API_CONSTANT
#undef API_FIELD
};

bool script_method(lua_State *L, const char *class_name, const char *key)
{
  for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
    if (strcmp(methods[i].class_name, class_name) == 0 && strcmp(methods[i].name, key) == 0) {
      lua_pushcfunction(L, methods[i].function);
      return true;
    }
  return false;
}

uint32_t script_method_names(const char *class_name, const char **out, uint32_t max)
{
  uint32_t count = 0;
  for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
    if (count < max && strcmp(methods[i].class_name, class_name) == 0)
      out[count++] = methods[i].name;
  return count;
}

/* Index of classes without fields that depend on data. */
static int plain_index(lua_State *L)
{
  const char *key = luaL_checkstring(L, 2);
  char class_name[64], what[96];
  luaL_getmetafield(L, 1, "__name");
  snprintf(class_name, sizeof class_name, "tl.%s", lua_tostring(L, -1));
  if (script_method(L, class_name, key)) return 1;
  const char *names[16];
  const uint32_t count = script_method_names(class_name, names, 16);
  snprintf(what, sizeof what, "a %s has no field or method", class_name + 3);
  return script_unknown(L, what, key, names, count);
}

static int refuse_assignment(lua_State *L)
{
  luaL_getmetafield(L, 1, "__name");
  const char *class_name = lua_tostring(L, -1);
  return tl_script_raise(L, TL_E_TYPE,
                         strcmp(class_name, "devices") == 0 ? "write fleet:set { column = value }"
                                                            : NULL,
                         "fields of %s can't be assigned", class_name);
}

static int name_of(lua_State *L)
{
  luaL_getmetafield(L, 1, "__name"); /* "devices": no address */
  return 1;
}

void script_class(lua_State *L, const char *name, lua_CFunction index, lua_CFunction length)
{
  luaL_newmetatable(L, name);
  lua_pushstring(L, name + 3); /* "devices" for "tl.devices", in messages */
  lua_setfield(L, -2, "__name");
  lua_pushcfunction(L, index != NULL ? index : plain_index);
  lua_setfield(L, -2, "__index");
  lua_pushcfunction(L, refuse_assignment);
  lua_setfield(L, -2, "__newindex");
  lua_pushcfunction(L, name_of);
  lua_setfield(L, -2, "__tostring");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  if (length != NULL) {
    lua_pushcfunction(L, length);
    lua_setfield(L, -2, "__len");
  }
  lua_pop(L, 1);
}

void script_open_api(tl_scenario *s)
{
  lua_State *L = tl_sandbox_state(s->sandbox);
  static const char *const plain[] = {SCRIPT_COLUMN, SCRIPT_CHANNEL, SCRIPT_INPUTS,
                                      SCRIPT_SPREAD, SCRIPT_FAULT,   SCRIPT_PARAMETERS};
  for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) script_class(L, plain[i], NULL, NULL);
  script_open_devices(L);
  script_open_recordings(L);
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    lua_pushcfunction(L, functions[i].function);
    tl_sandbox_set_global(s->sandbox, functions[i].name);
  }
  for (size_t i = 0; i < sizeof constants / sizeof *constants; i++) {
    const double value = constants[i].value;
    if (value >= 1.0 && value == (double)(lua_Integer)value)
      lua_pushinteger(L, (lua_Integer)value); /* prints as 60, not 60.0 */
    else
      lua_pushnumber(L, value);
    tl_sandbox_set_global(s->sandbox, constants[i].name);
  }
}

/* --- log and fail ---------------------------------------------------------------------------------------------- */
int api_log(lua_State *L)
{
  tl_scenario *s = script_scenario(L);
  luaL_checkany(L, 1);
  if (lua_gettop(L) == 1 || lua_type(L, 1) != LUA_TSTRING) { /* a lone "100 %" is no format */
    tl_script_tostring(L, 1);
  } else {
    tl_sandbox_push_globals(s->sandbox, L);
    lua_getfield(L, -1, "string");
    lua_getfield(L, -1, "format");
    lua_insert(L, 1);
    lua_pop(L, 2);
    if (lua_pcall(L, lua_gettop(L) - 1, 1, 0) != LUA_OK) {
      const char *text = lua_tostring(L, -1); /* called from here, format has no name */
      if (text != NULL && strstr(text, "to '?'") != NULL) luaL_gsub(L, text, "to '?'", "to 'log'");
      return lua_error(L);
    }
  }
  script_event(s, "log", (tl_fleet_id){0}, -1, 0, 0.0, lua_tostring(L, -1));
  return 0;
}

int api_fail(lua_State *L)
{
  luaL_checkany(L, 1);
  return tl_script_raise_fatal(L, TL_E_FAIL, "%s", tl_script_tostring(L, 1));
}
