/* term.h: where results, progress and messages go, and how errors end a command.
 *
 * Why: results go to stdout, all else to stderr; one place decides about colour, terminals and CI logs.
 * Owns: nothing. Threads: the main thread only. */
#ifndef TL_CLI_TERM_H
#define TL_CLI_TERM_H
#include "base/text.h"
#include "script/message.h"
#include "tools/cli/options.h"

#include <signal.h>
#include <stdio.h>

typedef struct cli_term {
  bool color;    /* of stderr */
  bool redraws;  /* progress may redraw a line: stderr is a terminal and this is not CI */
  bool quiet;    /* -q */
  bool verbose;  /* -v */
  FILE *results; /* stdout; stderr when `--json -` has stdout for itself */
} cli_term;

cli_term cli_term_make(const cli_options *options);
/* Prints the error in the house style and returns its exit code. context may be NULL. */
int cli_fail(const cli_term *term, const tl_error *err, const tl_message_context *context);
/* Writes text to a file, "-" is stdout.  errors  TL_E_IO with the system's reason */
tl_code cli_write(const char *path, const tl_text *text, tl_error *err);
/* Prints to the results stream. */
void cli_print(const cli_term *term, const tl_text *text);

/* --- signals --- */
/* SIGINT and SIGTERM: once asks for a stop at the window's end, twice stops at once (exit 130). */
void cli_signals_catch(void);
const volatile sig_atomic_t *cli_signals_interrupted(void);

/* --- progress --- */
typedef struct cli_progress {
  const cli_term *term;
  double begin_s, drawn_s; /* wall clock */
  int drawn_tenth;         /* last tenth that was printed to a log */
  uint64_t alarm_count;
  bool line_open; /* a redrawn line stands without its end */
} cli_progress;
double cli_wall_s(void); /* monotonic */
double cli_cpu_s(void);  /* of the whole process */
cli_progress cli_progress_begin(const cli_term *term);
/* After each window: a terminal's line at most 10 times a second, else a line at most every 10 s and at each 10 %. */
void cli_progress_show(cli_progress *progress, int64_t now_ns, int64_t duration_ns);
/* The same of work whose end is not known: a terminal's line, after the first second, and nothing in a log. */
void cli_progress_count(cli_progress *progress, uint64_t count, const char *of);
void cli_progress_end(cli_progress *progress);
#endif
