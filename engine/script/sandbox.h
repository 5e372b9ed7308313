/* sandbox.h: a Lua state in which a scenario can do arithmetic, and nothing else to the machine.
 *
 * Why: a run must be a function of (scenario, seed), so scripts see no clock, file, address, hash order or random
 * seed; and a scenario from a stranger must end with a message, not with the user's memory or patience. So: text
 * chunks only, ordered pairs, our own mathematics and random streams, a memory cap, a watchdog on every resume,
 * and errors that pcall cannot swallow once the run is lost.
 * Owns: its Lua state and timer. Threads: one thread creates, uses and destroys it; the watchdog is a POSIX timer
 * whose signal (SIGRTMIN + 3) is handled by that thread; without timers (and under ThreadSanitizer, which holds
 * signals back) a count hook looks at the clock instead. */
#ifndef TL_SCRIPT_SANDBOX_H
#define TL_SCRIPT_SANDBOX_H
#include "base/error.h"

#include <lua.h>
#include <stdint.h>

#define TL_SANDBOX_MEMORY_BYTES ((size_t)256 << 20)
#define TL_SANDBOX_TEXT_BYTES ((size_t)16 << 20) /* longest text that rep and concat make */
#define TL_SANDBOX_RESUME_S 2.0                  /* wall time of one resume */
enum { TL_SANDBOX_FOLDERS_MAX = 4, TL_SANDBOX_CHUNKS_MAX = 64 };

typedef struct tl_sandbox tl_sandbox;

typedef struct tl_sandbox_def {
  size_t memory_bytes; /* cap of all that Lua holds */
  double resume_s;     /* wall time after which a resume is stopped with TL_E_BUDGET, > 0 */
  bool
      count_steps; /* look at the clock every so many steps instead of a timer: half as fast, needs no signal */
  const char *folders[TL_SANDBOX_FOLDERS_MAX]; /* `require` looks here, in this order; copied */
  uint32_t folder_count;
  void *owner; /* given back by tl_sandbox_owner and to the callbacks */
  void (*print)(void *owner, const char *line); /* where print() goes; may be NULL */
  void (*file_used)(void *owner, const char *path, const void *bytes,
                    size_t count); /* script or module; may be NULL */
  uint32_t cookie_;
} tl_sandbox_def;
TL_API tl_sandbox_def tl_sandbox_def_default(void);

/* errors  TL_E_LIMIT: no memory for the state itself */
TL_API tl_code tl_sandbox_create(tl_sandbox **out, const tl_sandbox_def *def, tl_error *err);
TL_API void tl_sandbox_destroy(tl_sandbox *sandbox); /* NULL is fine */

TL_API lua_State *tl_sandbox_state(const tl_sandbox *sandbox);
TL_API tl_sandbox *tl_sandbox_of(lua_State *L);
TL_API void *tl_sandbox_owner(const tl_sandbox *sandbox);
/* Seed of math.random and rng; until it is called they are errors. */
TL_API void tl_sandbox_seed(tl_sandbox *sandbox, uint64_t seed);
TL_API size_t tl_sandbox_bytes_max(const tl_sandbox *sandbox); /* most that Lua ever held */

/* Pops a value and makes it the global `name` of all chunks. */
TL_API void tl_sandbox_set_global(tl_sandbox *sandbox, const char *name);
/* Pushes the table of globals (read: for documentation and tests). */
TL_API void tl_sandbox_push_globals(tl_sandbox *sandbox, lua_State *L);

/* Reads, checks and compiles a file; pushes its function on L.
 * errors  TL_E_IO: unreadable; TL_E_SANDBOX: bytecode, `^`, __gc, __mode; TL_E_SYNTAX */
TL_API tl_code tl_sandbox_load(tl_sandbox *sandbox, lua_State *L, const char *path, tl_error *err);
/* The same for a text; name is what messages call it. */
TL_API tl_code tl_sandbox_load_text(tl_sandbox *sandbox, lua_State *L, const char *name,
                                    const char *text, size_t length, tl_error *err);

/* Runs or continues a coroutine with the top `argument_count` values until it yields or returns.
 * yielded  true when it can be resumed again
 * errors   whatever the script raised, as code, text, where and hint; TL_E_BUDGET */
TL_API tl_code tl_sandbox_resume(tl_sandbox *sandbox, lua_State *co, int argument_count,
                                 bool *yielded, tl_error *err);

/* --- for bindings ------------------------------------------------------------------------------------ */
/* "file:line" of the innermost script function on the stack, "" when there is none. */
TL_API void tl_script_where(lua_State *L, char *out, size_t bytes);
/* Raises an error with a code; position in front. hint may be NULL. Never returns. */
TL_API int tl_script_raise(lua_State *L, tl_code code, const char *hint, const char *format, ...)
    TL_PRINTF(4, 5);
/* Raises an error of the engine; its own `where` wins over the script's position. Never returns. */
TL_API int tl_script_raise_error(lua_State *L, const tl_error *err);
/* The same, but pcall cannot catch it: fail(), abort, budget. Never returns. */
TL_API int tl_script_raise_fatal(lua_State *L, tl_code code, const char *format, ...)
    TL_PRINTF(3, 4);
/* Work of the engine on the script's behalf (reading files, statistics) does not count as script time. */
TL_API void tl_sandbox_pause(tl_sandbox *sandbox);
TL_API void tl_sandbox_continue(tl_sandbox *sandbox);
/* True when L is the coroutine that tl_sandbox_resume was called with: it may yield to the scheduler. */
TL_API bool tl_sandbox_is_top(const tl_sandbox *sandbox, const lua_State *L);
/* tostring that prints no address: raises TL_E_SANDBOX for tables, functions and threads without __tostring.
 * Pushes the text. */
TL_API const char *tl_script_tostring(lua_State *L, int index);
/* Text of a chunk that was loaded, by the name that messages use; NULL when unknown. path may be NULL. */
TL_API const char *tl_sandbox_source(const tl_sandbox *sandbox, const char *short_name,
                                     const char **path);
/* Appends every known global name to names (for hints); returns the count, at most max. Valid while it lives. */
TL_API uint32_t tl_sandbox_names(tl_sandbox *sandbox, const char **names, uint32_t max);
#endif
