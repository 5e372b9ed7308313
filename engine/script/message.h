/* message.h: an error as users read it: what, where, the source line with a caret, the hint, and where to read on.
 *
 * Why: an error that points at the line and says what to do is half of the documentation.
 * Owns: nothing. Threads: pure functions (they read the source file that the error names). */
#ifndef TL_SCRIPT_MESSAGE_H
#define TL_SCRIPT_MESSAGE_H
#include "base/text.h"

typedef struct tl_message_context {
  int64_t at_ns;     /* simulated time, -1 = no run yet or not of interest */
  const char *phase; /* "in the main chunk", "in run() of line 31"; NULL or "" = none */
  bool color;        /* ANSI colours, for a terminal */
} tl_message_context;

/* Appends the message, ending in a newline:
 *   error[TL0103]: unknown name 'thresold'
 *     --> scenarios/hvac_drift.lua:22:1
 *      |
 *   22 | thresold {
 *      | ^^^^^^^^ did you mean 'thresholds'?
 *      = simulated time 00:00:00, in the main chunk       help: twinloop explain TL0103
 * The column is that of the first 'quoted' name of the text in the source line; a name that is there twice gets no
 * caret. context may be NULL. An error without place, or whose file cannot be read, has no source line. */
TL_API void tl_message_render(tl_text *out, const tl_error *err, const tl_message_context *context);
#endif
