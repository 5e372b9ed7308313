/* internal.h: the sandbox's own parts, shared by its files only.
 *
 * Owns: see sandbox.h. Threads: see sandbox.h. */
#ifndef TL_SCRIPT_INTERNAL_H
#define TL_SCRIPT_INTERNAL_H
#include "base/rng.h"
#include "script/sandbox.h"

#include <signal.h>
#include <time.h>

typedef struct script_chunk {
  char short_name[LUA_IDSIZE]; /* as Lua's messages write it */
  char *path, *text;
  bool is_ours; /* a module that comes with twinloop: errors in it are told at its caller's line */
} script_chunk;

struct tl_sandbox {
  lua_State *L;
  lua_State *top;              /* given to tl_sandbox_resume; NULL outside */
  lua_State *volatile running; /* innermost coroutine: where the watchdog sets its hook */
  volatile sig_atomic_t expired;
  tl_code fatal; /* not TL_OK: no pcall catches any more */
  tl_error last; /* structured form of the last error raised; its text is the Lua message */
  size_t bytes, bytes_max, bytes_cap;
  timer_t timer;
  bool has_timer;
  uint32_t paused;
  struct itimerspec left;      /* of a paused watchdog */
  double resume_s, deadline_s; /* deadline: of the count hook, on the monotonic clock */
  uint64_t seed;
  bool seeded;
  uint64_t random_step; /* of the default stream */
  tl_sandbox_def def;
  char *folders[TL_SANDBOX_FOLDERS_MAX];
  script_chunk chunks[TL_SANDBOX_CHUNKS_MAX];
  uint32_t chunk_count;
};

/* Each fills the table of globals at the top of the stack; stock functions come from the private libraries. */
void script_open_base(
    lua_State *L); /* sandbox_base.c: pcall, tostring, setmetatable, coroutine, require */
void script_open_string(lua_State *L); /* sandbox_string.c: string, utf8, bounded */
void script_open_data(
    lua_State *L);         /* sandbox_data.c: pairs, table, bounded and in a fixed order */
int api_pow(lua_State *L); /* rows of api.def that need the sandbox alone */
int api_rng(lua_State *L);
void script_open_math(lua_State *L); /* sandbox_math.c: base/dmath, rng streams */

/* Copies names (ended by NULL) from the stock library at `from` into the table at `to`. */
void script_copy(lua_State *L, int from, int to, const char *const *names);
/* Registers functions into the table at the top of the stack. */
typedef struct script_reg {
  const char *name;
  lua_CFunction function;
} script_reg;
void script_register(lua_State *L, const script_reg *rows, size_t count);
/* Arms the hook that ends all script code from here on. */
void script_kill(tl_sandbox *sandbox);
/* Message shown instead of an error object that is not a string. */
const char *script_message(lua_State *L, int index);
/* "file:line" of the innermost script function of any coroutine that is the user's own. inside, when not NULL, becomes
 * the function of ours that was called there, "incubators.fleet", or "". */
void script_where_of(lua_State *L, int level, char *out, size_t bytes, char *inside,
                     size_t inside_bytes);
/* Metatable of globals: unknown names and assignments are errors with hints. */
int script_unknown_global(lua_State *L);
int script_assign_global(lua_State *L);
#endif
