/* replay.h: makes a recorded run again up to a window, watches one block on the way, and proves it is that run.
 *
 * Why: telemetry keeps digests of everything and values of little; whoever asks for a value gets it simulated again
 * from the run folder's own scenario, and every window's digest on the way says whether it is the same run.
 * Owns: the session with its world until cli_replay_close. The struct must not move while open.
 * Threads: the main thread. */
#ifndef TL_CLI_REPLAY_H
#define TL_CLI_REPLAY_H
#include "tools/cli/record.h"
#include "tools/cli/run_folder.h"

typedef struct cli_replay_stop { /* whichever comes first */
  uint64_t window;               /* the last window to run; UINT64_MAX: no limit */
  int64_t at_ns;                 /* run until a window ends at or after it; INT64_MAX: no limit */
} cli_replay_stop;

typedef struct cli_replay {
  cli_session session;
  cli_flip flips[CLI_FLIPS_MAX];
  uint32_t flip_count;
  const cli_run_record *record;
  cli_replay_stop stop;
  /* the watched block: its columns at every tick of the last window, as doubles */
  char fleet_name[TL_NAME_BYTES];
  tl_fleet_id fleet;
  uint32_t block, rows, column_count;
  uint32_t tick_count, tick_room;
  int64_t *tick_ns;
  double *
      begin_values; /* [column][TL_BLOCK_ROWS] when the last window began, planted faults included */
  int64_t begin_ns;
  double *values;      /* [tick][column][TL_BLOCK_ROWS] */
  bool too_many_ticks; /* the window has more than fit; only its end is known */
  cli_record digests;  /* of this replay, in a temporary file */
  tl_error flip_error;
  bool stopped; /* at the window asked for */
  uint64_t last_window;
} cli_replay;

/* record must outlive the replay. fleet NULL: the first; device: one of the block to watch.
 * errors  those of loading; TL_E_FORMAT: inputs are not those of the run; TL_E_NAME, TL_E_ARG: no such fleet, device */
tl_code cli_replay_open(cli_replay *replay, const cli_run_record *record,
                        const cli_options *options, const char *fleet, uint32_t device,
                        tl_error *err);
/* Runs to the stop, then compares the digests of every window on the way with the recorded ones.
 * errors  TL_E_DIVERGED: this build does not reproduce the recorded run (the message says from when); TL_E_ARG: the
 *         run ends before the stop; those of the run itself and of reading its telemetry.h5 */
tl_code cli_replay_run(cli_replay *replay, cli_replay_stop stop, tl_error *err);
static inline double cli_replay_value(const cli_replay *replay, uint32_t tick, uint32_t column,
                                      uint32_t row)
{
  return replay->values[((size_t)tick * replay->column_count + column) * TL_BLOCK_ROWS + row];
}
void cli_replay_close(cli_replay *replay);
#endif
