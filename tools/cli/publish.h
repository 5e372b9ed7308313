/* publish.h: tells the report room what a run was, and puts its documents into the run folder and where asked.
 *
 * Owns: nothing after cli_publish returns. Threads: the main thread. */
#ifndef TL_CLI_PUBLISH_H
#define TL_CLI_PUBLISH_H
#include "report/report.h"
#include "tools/cli/run_folder.h"

typedef struct cli_outcome { /* what a run came to */
  tl_scenario_info info;     /* of one that could not be loaded: path, name, title, seed */
  bool seed_unknown;
  const tl_scenario_result *result; /* NULL: the run did not come that far */
  tl_error error;                   /* code TL_OK: none */
  tl_verdict verdict;
  char run_hash[65]; /* "" when no window came to its end */
  uint64_t device_steps, window_count;
  int64_t end_ns;
  double wall_s, cpu_s;
  uint32_t thread_count;
  int32_t verified; /* -1 not asked for, 0 differs, 1 equal */
} cli_outcome;

typedef struct cli_publication {
  const cli_outcome *outcome;
  cli_session *session; /* without a scenario when that could not be loaded */
  const cli_flip *flips;
  uint32_t flip_count;
  const char *folder;       /* of the run; NULL: it came not that far */
  const char *json, *junit; /* further copies: --json, --junit; NULL: none */
} cli_publication;

/* Writes run.json, report.html and junit.xml into the folder, then the copies.
 * errors  TL_E_IO, TL_E_LIMIT; what was written before stays */
tl_code cli_publish(const cli_publication *publication, tl_error *err);
#endif
