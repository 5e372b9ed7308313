/* scan.h: what can be refused in a script's text before it runs.
 *
 * Why: Lua's `^` calls the C library's pow, whose last bits differ between machines, and no hook can see it; weak
 * tables and finalisers show when the collector ran. All three are visible as tokens.
 * Owns: nothing. Threads: pure functions. */
#ifndef TL_SCRIPT_SCAN_H
#define TL_SCRIPT_SCAN_H
#include "base/error.h"

/* Walks the tokens of a chunk, skipping comments and the inside of strings.
 * name    how messages call the chunk
 * errors  TL_E_SANDBOX with name:line: bytecode, `^`, the names __gc and __mode (also as string literals) */
TL_API tl_code tl_scan_check(const char *text, size_t length, const char *name, tl_error *err);
/* Turns Lua's own compile message ("name:4: ')' expected near 'end'") into an error with a hint for the usual
 * slips: a missing comma, `!=`, `+=`, `&&`, `else if`, a missing `end`. */
TL_API tl_code tl_scan_syntax(const char *message, const char *text, tl_error *err);
/* The line of a text (1-based), copied without its end; empty when there is none. */
TL_API void tl_scan_line(const char *text, int line, char *out, size_t bytes);
/* Column (1-based) of a name in a line when it occurs exactly once as a whole word, or once as a key (`name =`);
 * else 0. */
TL_API int tl_scan_column(const char *line, const char *name);
TL_API bool tl_scan_has(const char *line, const char *name); /* as a whole word, however often */
#endif
