#include "script/sandbox.h"

#include "base/text.h"
#include "script/internal.h"
#include "script/scan.h"

#include <assert.h>
#include <errno.h>
#include <lauxlib.h>
#include <lualib.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { COOKIE = 0x5a4d, SOURCE_BYTES_MAX = 4 << 20, HOOK_COUNT = 100, CLOCK_STEPS = 100000 };
static const char globals_key[] = "tl.globals"; /* registry: what scripts may read */
static const char env_key[] = "tl.env";         /* registry: their empty _ENV over it */

tl_sandbox_def tl_sandbox_def_default(void)
{
  return (tl_sandbox_def){
      .memory_bytes = TL_SANDBOX_MEMORY_BYTES, .resume_s = TL_SANDBOX_RESUME_S, .cookie_ = COOKIE};
}

/* --- memory ------------------------------------------------------------------------------------------ */
static void *capped_alloc(void *context, void *block, size_t old_bytes, size_t new_bytes)
{
  tl_sandbox *s = context;
  if (block == NULL) old_bytes = 0; /* then it is a type tag */
  if (new_bytes == 0) {
    free(block);
    s->bytes -= old_bytes;
    return NULL;
  }
  if (new_bytes > old_bytes && s->bytes + (new_bytes - old_bytes) > s->bytes_cap) return NULL;
  void *moved = realloc(block, new_bytes);
  if (moved == NULL) return NULL;
  s->bytes = s->bytes - old_bytes + new_bytes;
  if (s->bytes > s->bytes_max) s->bytes_max = s->bytes;
  return moved;
}

/* --- watchdog ---------------------------------------------------------------------------------------- */
static int raise_fatal(lua_State *L, tl_code code, const char *text);

static void stop_hook(lua_State *L, lua_Debug *activation)
{
  (void)activation;
  const tl_sandbox *s = tl_sandbox_of(L);
  if (s->fatal == TL_OK) raise_fatal(L, TL_E_BUDGET, "the script ran too long without waiting");
  lua_pushstring(L, s->last.text);
  lua_error(L);
}

void script_kill(tl_sandbox *s)
{
  if (s->running != NULL)
    lua_sethook(s->running, stop_hook, LUA_MASKCOUNT | LUA_MASKCALL, HOOK_COUNT);
}

/* Runs on the thread that runs Lua, so lua_sethook sees a state that stands still (as in lua.c). */
static void on_timer(int number, siginfo_t *info, void *unused)
{
  (void)number;
  (void)unused;
  const int saved = errno;
  tl_sandbox *s = info->si_value.sival_ptr;
  if (s != NULL && s->running != NULL) {
    s->expired = 1;
    script_kill(s);
  }
  errno = saved;
}

static double monotonic_s(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Without a timer: every CLOCK_STEPS steps. Coroutines inherit it from the one that makes them. */
static void clock_hook(lua_State *L, lua_Debug *activation)
{
  const tl_sandbox *s = tl_sandbox_of(L);
  if (s->fatal != TL_OK || (s->paused == 0 && monotonic_s() > s->deadline_s))
    stop_hook(L, activation);
}

static void watchdog_create(tl_sandbox *s)
{
#if defined(__SANITIZE_THREAD__)
  return;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
  return;
#endif
#endif
  if (s->def.count_steps) return;
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = on_timer;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  sigemptyset(&action.sa_mask);
  if (sigaction(SIGRTMIN + 3, &action, NULL) != 0) return;
  struct sigevent event;
  memset(&event, 0, sizeof event);
  event.sigev_notify = SIGEV_THREAD_ID; /* this thread runs Lua; workers must not be hit */
  event._sigev_un._tid = gettid();
  event.sigev_signo = SIGRTMIN + 3;
  event.sigev_value.sival_ptr = s;
  s->has_timer = timer_create(CLOCK_MONOTONIC, &event, &s->timer) == 0;
}

static void watchdog_arm(tl_sandbox *s)
{
  if (!s->has_timer) {
    s->deadline_s = monotonic_s() + s->resume_s;
    lua_sethook(s->running, clock_hook, LUA_MASKCOUNT, CLOCK_STEPS);
    return;
  }
  struct itimerspec when = {{0, 50000000},
                            {0, 0}}; /* again every 50 ms: closers run in other coroutines */
  when.it_value.tv_sec = (time_t)s->resume_s;
  when.it_value.tv_nsec = (int32_t)((s->resume_s - (double)when.it_value.tv_sec) * 1e9) + 1;
  timer_settime(s->timer, 0, &when, NULL);
}

static void watchdog_disarm(tl_sandbox *s)
{
  const struct itimerspec never = {{0, 0}, {0, 0}};
  if (s->has_timer) timer_settime(s->timer, 0, &never, NULL);
}

void tl_sandbox_pause(tl_sandbox *s)
{
  const struct itimerspec never = {{0, 0}, {0, 0}};
  if (s->paused++ == 0 && s->has_timer) timer_settime(s->timer, 0, &never, &s->left);
}

void tl_sandbox_continue(tl_sandbox *s)
{
  assert(s->paused > 0);
  if (--s->paused == 0 && s->has_timer) timer_settime(s->timer, 0, &s->left, NULL);
}

/* --- life -------------------------------------------------------------------------------------------- */
static int open_all(lua_State *L)
{
  static const luaL_Reg stock[] = {{"_G", luaopen_base},     {"string", luaopen_string},
                                   {"table", luaopen_table}, {"math", luaopen_math},
                                   {"utf8", luaopen_utf8},   {"coroutine", luaopen_coroutine}};
  for (size_t i = 0; i < sizeof stock / sizeof *stock; i++) {
    luaL_requiref(L, stock[i].name, stock[i].func, 0);
    lua_pop(L, 1);
  }
  lua_newtable(L); /* the names that scripts see */
  script_open_base(L);
  script_open_string(L);
  script_open_data(L);
  script_open_math(L);
  lua_createtable(L, 0, 2);
  lua_pushcfunction(L, script_unknown_global);
  lua_setfield(L, -2, "__index");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_setmetatable(L, -2);

  lua_newtable(L); /* _ENV: stays empty, so that every assignment is seen */
  lua_createtable(L, 0, 3);
  lua_pushvalue(L, -3);
  lua_setfield(L, -2, "__index");
  lua_pushcfunction(L, script_assign_global);
  lua_setfield(L, -2, "__newindex");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_setmetatable(L, -2);
  lua_setfield(L, LUA_REGISTRYINDEX, env_key);
  lua_setfield(L, LUA_REGISTRYINDEX, globals_key);
  return 0;
}

tl_code tl_sandbox_create(tl_sandbox **out, const tl_sandbox_def *def, tl_error *err)
{
  assert(def->cookie_ == COOKIE);
  assert(def->folder_count <= TL_SANDBOX_FOLDERS_MAX);
  *out = NULL;
  tl_sandbox *s = calloc(1, sizeof *s);
  if (s == NULL) return tl_fail(err, TL_E_LIMIT, NULL, "out of memory");
  s->def = *def;
  s->bytes_cap = def->memory_bytes;
  s->resume_s = def->resume_s;
  for (uint32_t i = 0; i < def->folder_count; i++) s->folders[i] = strdup(def->folders[i]);
  s->L = lua_newstate(capped_alloc, s);
  if (s->L == NULL) {
    tl_sandbox_destroy(s);
    return tl_fail(err, TL_E_LIMIT, NULL, "no memory for Lua");
  }
  memcpy(lua_getextraspace(s->L), &s, sizeof(void *)); /* new coroutines inherit it */
  lua_pushcfunction(s->L, open_all);
  if (lua_pcall(s->L, 0, 0, 0) != LUA_OK) {
    tl_fail(err, TL_E_LIMIT, NULL, "Lua could not start: %s", script_message(s->L, -1));
    tl_sandbox_destroy(s);
    return TL_E_LIMIT;
  }
  watchdog_create(s);
  *out = s;
  return TL_OK;
}

void tl_sandbox_destroy(tl_sandbox *s)
{
  if (s == NULL) return;
  if (s->has_timer) timer_delete(s->timer);
  if (s->L != NULL) lua_close(s->L);
  for (uint32_t i = 0; i < TL_SANDBOX_FOLDERS_MAX; i++) free(s->folders[i]);
  for (uint32_t i = 0; i < s->chunk_count; i++) {
    free(s->chunks[i].path);
    free(s->chunks[i].text);
  }
  free(s);
}

lua_State *tl_sandbox_state(const tl_sandbox *s) { return s->L; }
void *tl_sandbox_owner(const tl_sandbox *s) { return s->def.owner; }
size_t tl_sandbox_bytes_max(const tl_sandbox *s) { return s->bytes_max; }
bool tl_sandbox_is_top(const tl_sandbox *s, const lua_State *L) { return s->top == L; }

tl_sandbox *tl_sandbox_of(lua_State *L)
{
  tl_sandbox *s = NULL;
  memcpy(&s, lua_getextraspace(L), sizeof(void *));
  return s;
}

void tl_sandbox_seed(tl_sandbox *s, uint64_t seed)
{
  s->seed = seed;
  s->seeded = true;
}

void tl_sandbox_push_globals(tl_sandbox *s, lua_State *L)
{
  (void)s;
  lua_getfield(L, LUA_REGISTRYINDEX, globals_key);
}

void tl_sandbox_set_global(tl_sandbox *s, const char *name)
{
  lua_getfield(s->L, LUA_REGISTRYINDEX, globals_key);
  lua_insert(s->L, -2);
  lua_pushstring(s->L, name);
  lua_insert(s->L, -2);
  lua_rawset(s->L, -3);
  lua_pop(s->L, 1);
}

uint32_t tl_sandbox_names(tl_sandbox *s, const char **names, uint32_t max)
{
  lua_State *L = s->L;
  uint32_t count = 0;
  lua_getfield(L, LUA_REGISTRYINDEX, globals_key);
  for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1))
    if (count < max && lua_type(L, -2) == LUA_TSTRING) names[count++] = lua_tostring(L, -2);
  lua_pop(L, 1);
  return count;
}

/* --- chunks ------------------------------------------------------------------------------------------ */
const char *tl_sandbox_source(const tl_sandbox *s, const char *short_name, const char **path)
{
  for (uint32_t i = 0; i < s->chunk_count; i++)
    if (strcmp(s->chunks[i].short_name, short_name) == 0) {
      if (path != NULL) *path = s->chunks[i].path;
      return s->chunks[i].text;
    }
  return NULL;
}

typedef struct text_reader {
  const char *text;
  size_t length;
} text_reader;

static const char *read_text(lua_State *L, void *context, size_t *bytes)
{
  (void)L;
  text_reader *reader = context;
  *bytes = reader->length;
  reader->length = 0;
  return *bytes > 0 ? reader->text : NULL;
}

/* Lua's own rule for shortening "@path" in messages, asked of Lua itself. */
static void short_name_of(lua_State *L, const char *chunk_name, char out[LUA_IDSIZE])
{
  text_reader empty = {" ", 1};
  lua_Debug info;
  out[0] = '\0';
  if (lua_load(L, read_text, &empty, chunk_name, "t") == LUA_OK && lua_getinfo(L, ">S", &info))
    snprintf(out, LUA_IDSIZE, "%s", info.short_src);
}

tl_code tl_sandbox_load_text(tl_sandbox *s, lua_State *L, const char *name, const char *text,
                             size_t length, tl_error *err)
{
  char chunk_name[1024];
  snprintf(chunk_name, sizeof chunk_name, "@%s", name);
  if (s->chunk_count == TL_SANDBOX_CHUNKS_MAX)
    return tl_fail(err, TL_E_LIMIT, NULL, "more than %d script files", (int)TL_SANDBOX_CHUNKS_MAX);
  script_chunk *chunk = &s->chunks[s->chunk_count];
  short_name_of(L, chunk_name, chunk->short_name);
  chunk->path = strdup(name);
  chunk->text = malloc(length + 1);
  if (chunk->path == NULL || chunk->text == NULL) {
    free(chunk->path);
    free(chunk->text);
    return tl_fail(err, TL_E_LIMIT, NULL, "%s: out of memory", name);
  }
  memcpy(chunk->text, text, length);
  chunk->text[length] = '\0';
  chunk->is_ours = false;
  for (uint32_t i = 1; i < TL_SANDBOX_FOLDERS_MAX && s->folders[i] != NULL; i++) {
    char *folder = realpath(s->folders[i], NULL), *file = realpath(name, NULL);
    const size_t prefix = folder != NULL ? strlen(folder) : 0;
    chunk->is_ours = chunk->is_ours || (prefix > 0 && file != NULL &&
                                        strncmp(file, folder, prefix) == 0 && file[prefix] == '/');
    free(folder);
    free(file);
  }
  s->chunk_count++;

  tl_code code = tl_scan_check(text, length, chunk->short_name, err);
  if (code != TL_OK) return code;
  text_reader reader = {text, length};
  if (length > 0 &&
      text[0] == '#') { /* a first line for the shell; its newline keeps the numbers right */
    reader.text = memchr(text, '\n', length);
    reader.length = reader.text != NULL ? length - (size_t)(reader.text - text) : 0;
  }
  const int status = lua_load(L, read_text, &reader, chunk_name, "t");
  if (status == LUA_OK) {
    lua_getfield(L, LUA_REGISTRYINDEX, env_key);
    lua_setupvalue(L, -2, 1);
    return TL_OK;
  }
  code = status == LUA_ERRSYNTAX
             ? tl_scan_syntax(script_message(L, -1), chunk->text, err)
             : tl_fail(err, TL_E_BUDGET, chunk->short_name, "the script needs too much memory");
  lua_pop(L, 1);
  return code;
}

tl_code tl_sandbox_load(tl_sandbox *s, lua_State *L, const char *path, tl_error *err)
{
  FILE *file = fopen(path, "rb");
  if (file == NULL)
    return tl_fail(err, TL_E_IO, NULL, "%s: cannot open: %s", path, strerror(errno));
  char *text = malloc(SOURCE_BYTES_MAX + 1);
  tl_code code = TL_OK;
  size_t length = 0;
  if (text == NULL)
    code = tl_fail(err, TL_E_LIMIT, NULL, "%s: out of memory", path);
  else
    length = fread(text, 1, SOURCE_BYTES_MAX + 1, file);
  if (code == TL_OK && ferror(file))
    code = tl_fail(err, TL_E_IO, NULL, "%s: cannot read: %s", path, strerror(errno));
  if (code == TL_OK && length > SOURCE_BYTES_MAX)
    code = tl_fail(err, TL_E_LIMIT, NULL, "%s: a script has at most %d MiB", path,
                   SOURCE_BYTES_MAX >> 20);
  fclose(file);
  if (code == TL_OK) code = tl_sandbox_load_text(s, L, path, text, length, err);
  if (code == TL_OK && s->def.file_used != NULL) s->def.file_used(s->def.owner, path, text, length);
  free(text);
  return code;
}

/* --- errors ------------------------------------------------------------------------------------------ */
static const script_chunk *chunk_of(const tl_sandbox *s, const char *short_name)
{
  for (uint32_t i = 0; i < s->chunk_count; i++)
    if (strcmp(s->chunks[i].short_name, short_name) == 0) return &s->chunks[i];
  return NULL;
}

/* "incubators.fleet": the module's file and the function's name. */
static void name_inside(const script_chunk *chunk, const lua_Debug *info, char *out, size_t bytes)
{
  const char *slash = strrchr(chunk->path, '/'), *file = slash != NULL ? slash + 1 : chunk->path;
  const char *dot = strrchr(file, '.');
  snprintf(out, bytes, "%.*s%s%s", dot != NULL ? (int)(dot - file) : (int)strlen(file), file,
           info->name != NULL ? "." : "", info->name != NULL ? info->name : "");
}

void script_where_of(lua_State *L, int level, char *out, size_t bytes, char *inside,
                     size_t inside_bytes)
{
  lua_Debug info;
  char ours[96] = "";
  out[0] = '\0';
  for (; lua_getstack(L, level, &info); level++) {
    lua_getinfo(L, "Sln", &info);
    if (info.currentline <= 0) continue;
    const script_chunk *chunk = chunk_of(tl_sandbox_of(L), info.short_src);
    const bool is_ours = chunk != NULL && chunk->is_ours;
    if (out[0] == '\0' || !is_ours) snprintf(out, bytes, "%s:%d", info.short_src, info.currentline);
    if (!is_ours) {
      if (inside != NULL) snprintf(inside, inside_bytes, "%s", ours);
      return;
    }
    name_inside(chunk, &info, ours, sizeof ours);
  }
  if (inside != NULL && inside_bytes > 0) inside[0] = '\0'; /* nobody of the user's called it */
}

void tl_script_where(lua_State *L, char *out, size_t bytes)
{
  script_where_of(L, 0, out, bytes, NULL, 0);
}

/* The message stands at the user's line; the note says which function of ours it came out of. */
static void note_inside(lua_State *L, tl_error *err)
{
  char where[160], inside[96] = "";
  script_where_of(L, 0, where, sizeof where, inside, sizeof inside);
  if (inside[0] == '\0') return;
  if (err->hint[0] == '\0') {
    tl_fail_hint(err, "in %s", inside);
    return;
  }
  char hint[sizeof err->hint];
  memcpy(hint, err->hint, sizeof hint);
  tl_fail_hint(err, "%.100s (in %.50s)", hint, inside);
}

int tl_script_raise(lua_State *L, tl_code code, const char *hint, const char *format, ...)
{
  tl_sandbox *s = tl_sandbox_of(L);
  char where[160], text[480];
  tl_script_where(L, where, sizeof where);
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  tl_fail(&s->last, code, where, "%s", text);
  if (hint != NULL) tl_fail_hint(&s->last, "%s", hint);
  note_inside(L, &s->last);
  lua_pushstring(L, s->last.text);
  return lua_error(L);
}

int tl_script_raise_error(lua_State *L, const tl_error *err)
{
  tl_sandbox *s = tl_sandbox_of(L);
  const tl_error copy = *err;
  char where[160];
  tl_script_where(L, where, sizeof where);
  if (copy.where[0] != '\0')
    s->last = copy;
  else {
    tl_fail(&s->last, copy.code, where, "%s", copy.text);
    if (copy.hint[0] != '\0') tl_fail_hint(&s->last, "%s", copy.hint);
  }
  note_inside(L, &s->last);
  lua_pushstring(L, s->last.text);
  return lua_error(L);
}

static int raise_fatal(lua_State *L, tl_code code, const char *text)
{
  tl_sandbox *s = tl_sandbox_of(L);
  char where[160];
  tl_script_where(L, where, sizeof where);
  tl_fail(&s->last, code, where, "%s", text);
  s->fatal = code;
  script_kill(s); /* closers and callers get no further either */
  lua_pushstring(L, s->last.text);
  return lua_error(L);
}

int tl_script_raise_fatal(lua_State *L, tl_code code, const char *format, ...)
{
  char text[480];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  return raise_fatal(L, code, text);
}

const char *script_message(lua_State *L, int index)
{
  if (lua_type(L, index) == LUA_TSTRING) return lua_tostring(L, index);
  return lua_type(L, index) == LUA_TNIL ? "error without a message"
                                        : "the error object is not a text";
}

/* Lua's run-time messages to codes; our own errors carry theirs. */
static tl_code code_of_message(const char *text)
{
  if (strstr(text, "bad argument") != NULL)
    return strstr(text, "expected") != NULL ? TL_E_TYPE : TL_E_ARG;
  if (strstr(text, "attempt to call a nil value") != NULL) return TL_E_NAME;
  if (strncmp(text, "attempt to ", 11) == 0) return TL_E_TYPE;
  if (strstr(text, "stack overflow") != NULL) return TL_E_BUDGET;
  return TL_E_SCRIPT;
}

/* "attempt to call a nil value (field 'flor')": the name that is nearest among all that scripts can call. */
static void hint_call(tl_sandbox *s, tl_error *err, const char *text)
{
  const char *start = strchr(text, '\'');
  if (start == NULL) return;
  char name[64];
  snprintf(name, sizeof name, "%.*s", (int)strcspn(start + 1, "'"), start + 1);
  const char *names[512];
  uint32_t count = tl_sandbox_names(s, names, 256);
  lua_State *L = s->L;
  static const char *const libraries[] = {"string", "table", "math", "utf8", "coroutine"};
  lua_getfield(L, LUA_REGISTRYINDEX, globals_key);
  for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++) {
    lua_pushstring(L, libraries[i]);
    if (lua_rawget(L, -2) == LUA_TTABLE)
      for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1))
        if (count < 512 && lua_type(L, -2) == LUA_TSTRING) names[count++] = lua_tostring(L, -2);
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  const char *closest = tl_text_closest(name, names, count);
  if (closest != NULL) tl_fail_hint(err, "did you mean '%s'?", closest);
}

static tl_code take_error(tl_sandbox *s, lua_State *co, int status, tl_error *err)
{
  if (status == LUA_ERRMEM && s->fatal == TL_OK) {
    char where[160];
    tl_script_where(co, where, sizeof where);
    tl_fail(&s->last, TL_E_BUDGET, where, "the script passed its memory cap of %zu MiB",
            s->bytes_cap >> 20);
    s->fatal = TL_E_BUDGET;
  }
  if (s->fatal != TL_OK) {
    *err = s->last;
    return err->code;
  }
  const char *text = script_message(co, -1);
  if (s->last.code != TL_OK && strcmp(text, s->last.text) == 0) {
    *err = s->last;
    return err->code;
  }
  char where[160] = "";
  for (uint32_t i = 0; i < s->chunk_count; i++) {
    const size_t length = strlen(s->chunks[i].short_name);
    if (strncmp(text, s->chunks[i].short_name, length) != 0 || text[length] != ':') continue;
    const size_t digits = strspn(text + length + 1, "0123456789");
    if (digits == 0 || text[length + 1 + digits] != ':') continue;
    snprintf(where, sizeof where, "%.*s", (int)(length + 1 + digits), text);
    text += length + 2 + digits;
    text += strspn(text, " ");
    if (s->chunks[i].is_ours) where[0] = '\0'; /* the caller's line */
    break;
  }
  if (where[0] == '\0') tl_script_where(co, where, sizeof where);
  tl_fail(err, code_of_message(text), where, "%s", text);
  if (err->code == TL_E_NAME) hint_call(s, err, text);
  note_inside(co, err);
  return err->code;
}

tl_code tl_sandbox_resume(tl_sandbox *s, lua_State *co, int argument_count, bool *yielded,
                          tl_error *err)
{
  assert(s->top == NULL);
  tl_error local;
  if (err == NULL) err = &local;
  *yielded = false;
  s->top = co;
  s->running = co;
  s->expired = 0;
  s->fatal = TL_OK;
  s->paused = 0;
  watchdog_arm(s);
  int results = 0;
  const int status = lua_resume(co, NULL, argument_count, &results);
  watchdog_disarm(s);
  s->running = NULL;
  s->top = NULL;
  if (status == LUA_OK || status == LUA_YIELD) {
    lua_pop(co, results);
    *yielded = status == LUA_YIELD;
    if (s->expired) lua_sethook(co, NULL, 0, 0); /* came in time after all */
    return TL_OK;
  }
  return take_error(s, co, status, err);
}
