#include "base/text.h"
#include "script/internal.h"

#include <assert.h>
#include <ctype.h>
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char modules_key[] = "tl.modules"; /* registry: values of required modules */

void script_register(lua_State *L, const script_reg *rows, size_t count)
{
  for (size_t i = 0; i < count; i++) {
    lua_pushstring(L, rows[i].name);
    lua_pushcfunction(L, rows[i].function);
    lua_rawset(L, -3);
  }
}

void script_copy(lua_State *L, int from, int to, const char *const *names)
{
  to = lua_absindex(L, to);
  from = lua_absindex(L, from);
  for (; *names != NULL; names++) {
    lua_pushstring(L, *names);
    lua_pushvalue(L, -1);
    lua_rawget(L, from);
    assert(!lua_isnil(L, -1));
    lua_rawset(L, to);
  }
}

/* --- unknown names ------------------------------------------------------------------------------------ */
typedef struct refused_name {
  const char *name, *instead;
} refused_name;
static const refused_name refused[] = {
    {"os", "simulated time is elapsed() and wait(); there is no clock"},
    {"io", "a scenario reads files with recording() and writes with log()"},
    {"debug", "errors carry their lines already"},
    {"package", "use require \"name\""},
    {"load", "write the code into the scenario or a module"},
    {"loadstring", "write the code into the scenario or a module"},
    {"loadfile", "use require \"name\""},
    {"dofile", "use require \"name\""},
    {"collectgarbage", "memory is managed for you"},
    {"next", "use pairs(), whose order is fixed"},
    {"_G", "there are no user globals: use local"},
    {"unpack", "use table.unpack"},
    {"setfenv", "there are no user globals: use local"},
    {"getfenv", "there are no user globals: use local"},
};

/* Variables that the innermost script function can see. */
static uint32_t local_names(lua_State *L, const char **names, uint32_t max)
{
  lua_Debug info;
  uint32_t count = 0;
  for (int level = 0; lua_getstack(L, level, &info); level++) {
    lua_getinfo(L, "lf", &info); /* pushes the function */
    const bool is_script = info.currentline > 0;
    const char *name;
    for (int i = 1; is_script && (name = lua_getlocal(L, &info, i)) != NULL; i++) {
      lua_pop(L, 1);
      if (name[0] != '(' && count < max) names[count++] = name;
    }
    for (int i = 1; is_script && (name = lua_getupvalue(L, -1, i)) != NULL; i++) {
      lua_pop(L, 1);
      if (name[0] != '_' && count < max) names[count++] = name;
    }
    lua_pop(L, 1);
    if (is_script) break;
  }
  return count;
}

int script_unknown_global(lua_State *L)
{
  if (lua_type(L, 2) != LUA_TSTRING) return 0;
  const char *name = lua_tostring(L, 2);
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
    if (strcmp(refused[i].name, name) == 0)
      return tl_script_raise(L, TL_E_SANDBOX, refused[i].instead,
                             "'%s' does not exist in a scenario", name);
  const char *names[256];
  uint32_t count = tl_sandbox_names(tl_sandbox_of(L), names, 192);
  count += local_names(L, names + count, 256 - count);
  const char *closest = tl_text_closest(name, names, count);
  char hint[128];
  if (closest != NULL)
    snprintf(hint, sizeof hint, "did you mean '%s'?", closest);
  else
    snprintf(hint, sizeof hint, "variables are declared with local");
  return tl_script_raise(L, TL_E_NAME, hint, "unknown name '%s'", name);
}

int script_assign_global(lua_State *L)
{
  const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "?";
  const char *names[256];
  const uint32_t count = tl_sandbox_names(tl_sandbox_of(L), names, 256);
  for (uint32_t i = 0; i < count; i++)
    if (strcmp(names[i], name) == 0)
      return tl_script_raise(L, TL_E_GLOBAL, "use local and another name",
                             "'%s' belongs to twinloop", name);
  char hint[128];
  snprintf(hint, sizeof hint, "write: local %.60s = ...", name);
  return tl_script_raise(L, TL_E_GLOBAL, hint, "assignment to undeclared global '%s'", name);
}

/* --- tostring and friends ----------------------------------------------------------------------------- */
const char *tl_script_tostring(lua_State *L, int index)
{
  const int type = lua_type(L, index);
  if (type == LUA_TTABLE || type == LUA_TFUNCTION || type == LUA_TTHREAD || type == LUA_TUSERDATA ||
      type == LUA_TLIGHTUSERDATA) {
    if (luaL_getmetafield(L, index, "__tostring") == LUA_TNIL) {
      tl_script_raise(L, TL_E_SANDBOX, "print its fields instead",
                      "the text of a %s would be its address, which differs from run to run",
                      lua_typename(L, type));
      return NULL;
    }
    lua_pop(L, 1);
  }
  return luaL_tolstring(L, index, NULL);
}

static int l_tostring(lua_State *L)
{
  luaL_checkany(L, 1);
  tl_script_tostring(L, 1);
  return 1;
}

static int l_print(lua_State *L)
{
  tl_sandbox *s = tl_sandbox_of(L);
  luaL_Buffer line;
  const int count = lua_gettop(L);
  luaL_buffinit(L, &line);
  for (int i = 1; i <= count; i++) {
    if (i > 1) luaL_addchar(&line, '\t');
    tl_script_tostring(L, i);
    luaL_addvalue(&line);
  }
  luaL_pushresult(&line);
  if (s->def.print != NULL) s->def.print(s->def.owner, lua_tostring(L, -1));
  return 0;
}

static void refuse_field(lua_State *L, const char *name)
{
  tl_script_raise(L, TL_E_SANDBOX, NULL,
                  "'%s' is not allowed: finalisers and weak tables show when the collector runs",
                  name);
}

static int l_setmetatable(lua_State *L)
{
  luaL_checktype(L, 1, LUA_TTABLE);
  luaL_argexpected(L, lua_isnoneornil(L, 2) || lua_istable(L, 2), 2, "nil or table");
  if (lua_istable(L, 2)) {
    static const char *const names[] = {"__gc", "__mode"};
    for (int i = 0; i < 2; i++) {
      lua_pushstring(L, names[i]);
      if (lua_rawget(L, 2) != LUA_TNIL) refuse_field(L, names[i]);
      lua_pop(L, 1);
    }
  }
  if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL)
    return luaL_error(L, "cannot change a protected metatable");
  lua_settop(L, 2);
  lua_setmetatable(L, 1);
  return 1;
}

static int l_rawset(lua_State *L)
{
  luaL_checktype(L, 1, LUA_TTABLE);
  luaL_checkany(L, 3);
  lua_settop(L, 3);
  if (lua_type(L, 2) == LUA_TSTRING) {
    const char *key = lua_tostring(L, 2);
    if (strcmp(key, "__gc") == 0 || strcmp(key, "__mode") == 0) refuse_field(L, key);
  }
  lua_rawset(L, 1);
  return 1;
}

/* --- pcall: catches what a script may handle, not what ends the run ------------------------------------ */
static int finish_pcall(lua_State *L, int status, lua_KContext first)
{
  if (status == LUA_OK || status == LUA_YIELD) return lua_gettop(L) - (int)first;
  tl_sandbox *s = tl_sandbox_of(L);
  if (status == LUA_ERRMEM)
    return tl_script_raise_fatal(L, TL_E_BUDGET, "the script passed its memory cap of %zu MiB",
                                 s->bytes_cap >> 20);
  if (s->fatal != TL_OK) return lua_error(L);
  return -1;
}

static int pcall_continue(lua_State *L, int status, lua_KContext context)
{
  const int count = finish_pcall(L, status, context);
  if (count >= 0) return count;
  lua_pushboolean(L, 0);
  lua_pushvalue(L, -2);
  return 2;
}

static int l_pcall(lua_State *L)
{
  luaL_checkany(L, 1);
  lua_pushboolean(L, 1);
  lua_insert(L, 1);
  return pcall_continue(L, lua_pcallk(L, lua_gettop(L) - 2, LUA_MULTRET, 0, 0, pcall_continue), 0);
}

/* The handler runs after the stack has unwound: inside Lua's own handler no watchdog could stop it. */
static int xpcall_continue(lua_State *L, int status, lua_KContext context)
{
  const int count = finish_pcall(L, status, context);
  if (count >= 0) return count;
  lua_pushboolean(L, 0);
  lua_pushvalue(L, 1);
  lua_pushvalue(L, -3);
  lua_call(L, 1, 1);
  return 2;
}

static int l_xpcall(lua_State *L)
{
  luaL_checktype(L, 2, LUA_TFUNCTION);
  const int count = lua_gettop(L);
  lua_pushvalue(L, 1); /* f handler ... f -> handler true f ... */
  lua_remove(L, 1);
  lua_insert(L, 2);
  lua_pushboolean(L, 1);
  lua_insert(L, 2);
  return xpcall_continue(L, lua_pcallk(L, count - 2, LUA_MULTRET, 0, 1, xpcall_continue), 1);
}

/* --- coroutines: the stock ones, but for errors that must not be caught -------------------------------- */
static lua_State *check_coroutine(lua_State *L)
{
  lua_State *co = lua_tothread(L, 1);
  luaL_argexpected(L, co, 1, "coroutine");
  return co;
}

/* Resumes co with the top count values of L; its results (or error) are then on top of L. Returns -1 on error. */
static int resume_inner(lua_State *L, lua_State *co, int count)
{
  tl_sandbox *s = tl_sandbox_of(L);
  if (!lua_checkstack(co, count)) return lua_pushliteral(L, "too many arguments to resume"), -1;
  if (co == s->top) return lua_pushliteral(L, "cannot resume a process of run() or spawn()"), -1;
  lua_xmove(L, co, count);
  int results = 0;
  s->running = co;
  const int status = lua_resume(co, L, count, &results);
  s->running = L;
  if (s->expired) script_kill(s);
  if (status == LUA_OK || status == LUA_YIELD) {
    if (!lua_checkstack(L, results + 1)) {
      lua_pop(co, results);
      return lua_pushliteral(L, "too many results to resume"), -1;
    }
    lua_xmove(co, L, results);
    return results;
  }
  if (status == LUA_ERRMEM)
    tl_script_raise_fatal(L, TL_E_BUDGET, "the script passed its memory cap of %zu MiB",
                          s->bytes_cap >> 20);
  lua_xmove(co, L, 1);
  if (s->fatal != TL_OK) lua_error(L);
  return -1;
}

static int co_resume(lua_State *L)
{
  lua_State *co = check_coroutine(L);
  const int results = resume_inner(L, co, lua_gettop(L) - 1);
  lua_pushboolean(L, results >= 0);
  lua_insert(L, results >= 0 ? -(results + 1) : -2);
  return results >= 0 ? results + 1 : 2;
}

static int co_wrapped(lua_State *L)
{
  lua_State *co = lua_tothread(L, lua_upvalueindex(1));
  const int results = resume_inner(L, co, lua_gettop(L));
  return results >= 0 ? results : lua_error(L);
}

static int co_create(lua_State *L)
{
  luaL_checktype(L, 1, LUA_TFUNCTION);
  lua_State *co = lua_newthread(L);
  lua_pushvalue(L, 1);
  lua_xmove(L, co, 1);
  return 1;
}

static int co_wrap(lua_State *L)
{
  co_create(L);
  lua_pushcclosure(L, co_wrapped, 1);
  return 1;
}

static int co_yield (lua_State *L)
{
  if (tl_sandbox_is_top(tl_sandbox_of(L), L))
    return tl_script_raise(L, TL_E_SCRIPT, "use wait() to let simulated time pass",
                           "yield outside of a coroutine");
  return lua_yield(L, lua_gettop(L));
}

static int co_close(lua_State *L)
{
  tl_sandbox *s = tl_sandbox_of(L);
  lua_State *co = check_coroutine(L);
  lua_Debug info;
  const int status = lua_status(co);
  if (co == L || (status == LUA_OK && lua_getstack(co, 0, &info) != 0))
    return luaL_error(L, "cannot close a running coroutine");
  s->running = co;
  const int closed = lua_resetthread(co);
  s->running = L;
  if (s->expired) script_kill(s);
  if (closed == LUA_OK) return lua_pushboolean(L, 1), 1;
  lua_xmove(co, L, 1);
  if (s->fatal != TL_OK) return lua_error(L);
  lua_pushboolean(L, 0);
  lua_insert(L, -2);
  return 2;
}

/* --- require: modules of the scenario's folder and of scripts/ ------------------------------------------ */
static bool module_path(const tl_sandbox *s, const char *name, char *out, size_t bytes)
{
  for (uint32_t i = 0; i < TL_SANDBOX_FOLDERS_MAX && s->folders[i] != NULL; i++) {
    char relative[128], path[1024];
    snprintf(relative, sizeof relative, "%s", name);
    for (char *at = relative; *at; at++)
      if (*at == '.') *at = '/';
    snprintf(path, sizeof path, "%s/%s.lua", s->folders[i], relative);
    char *folder = realpath(s->folders[i], NULL), *file = realpath(path, NULL);
    const size_t length = folder != NULL ? strlen(folder) : 0;
    const bool inside =
        file != NULL && folder != NULL && strncmp(file, folder, length) == 0 && file[length] == '/';
    free(folder);
    free(file);
    if (!inside) continue; /* a link out of the folder is no module */
    snprintf(out, bytes, "%s", path);
    return true;
  }
  return false;
}

static int l_require(lua_State *L)
{
  tl_sandbox *s = tl_sandbox_of(L);
  const char *name = luaL_checkstring(L, 1);
  bool fine = isalpha((unsigned char)name[0]) && strlen(name) < 100;
  for (const char *at = name; *at != '\0'; at++)
    if (!isalnum((unsigned char)*at) && *at != '_' &&
        !(*at == '.' && isalnum((unsigned char)at[1])))
      fine = false;
  if (!fine)
    return tl_script_raise(L, TL_E_SANDBOX, "modules lie in the scenario's folder or in scripts/",
                           "'%s' is not a module name: letters, digits, '_' and single dots", name);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, modules_key);
  if (lua_getfield(L, -1, name) != LUA_TNIL) {
    if (lua_type(L, -1) == LUA_TLIGHTUSERDATA)
      return tl_script_raise(L, TL_E_SCRIPT, NULL, "module '%s' requires itself", name);
    return 1;
  }
  lua_pop(L, 1);
  char path[1024];
  if (!module_path(s, name, path, sizeof path))
    return tl_script_raise(L, TL_E_NAME, "modules lie in the scenario's folder or in scripts/",
                           "there is no module '%s'", name);
  lua_pushlightuserdata(L, s); /* being loaded */
  lua_setfield(L, -2, name);
  tl_error err;
  if (tl_sandbox_load(s, L, path, &err) != TL_OK) return tl_script_raise_error(L, &err);
  lua_call(L, 0, 1);
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    lua_pushboolean(L, 1);
  }
  lua_pushvalue(L, -1);
  lua_setfield(L, -3, name);
  return 1;
}

/* ------------------------------------------------------------------------------------------------------- */
void script_open_base(lua_State *L)
{
  static const char *const stock[] = {"assert", "error",        "ipairs", "rawequal",
                                      "rawget", "rawlen",       "select", "tonumber",
                                      "type",   "getmetatable", NULL};
  static const script_reg own[] = {{"pcall", l_pcall},
                                   {"xpcall", l_xpcall},
                                   {"tostring", l_tostring},
                                   {"print", l_print},
                                   {"setmetatable", l_setmetatable},
                                   {"rawset", l_rawset},
                                   {"require", l_require}};
  static const char *const stock_coroutine[] = {"isyieldable", "running", "status", NULL};
  static const script_reg own_coroutine[] = {{"create", co_create},
                                             {"resume", co_resume},
                                             {"wrap", co_wrap},
                                             {"yield", co_yield },
                                             {"close", co_close}};
  lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  lua_getfield(L, -1, "_G");
  script_copy(L, -1, -3, stock);
  lua_pop(L, 1);
  lua_getfield(L, -1, "coroutine");
  lua_newtable(L);
  script_copy(L, -2, -1, stock_coroutine);
  script_register(L, own_coroutine, sizeof own_coroutine / sizeof *own_coroutine);
  lua_setfield(L, -4, "coroutine");
  lua_pop(L, 2);
  script_register(L, own, sizeof own / sizeof *own);
}
