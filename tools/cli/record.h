/* record.h: which signals and devices a run's telemetry keeps, and the recorder that keeps them.
 *
 * Why: the default must be small and still enough for the report and for scoring: all digests and events, the
 * compared columns bit for bit, and a sample of devices.
 * Owns: a cli_record owns its recorder until cli_record_close. Threads: the main thread. */
#ifndef TL_CLI_RECORD_H
#define TL_CLI_RECORD_H
#include "script/scenario.h"
#include "telemetry/recorder.h"

enum { CLI_SAMPLE_DEVICES = 16 };

typedef struct cli_record {
  tl_recorder *recorder;
  const tl_world *world;
  tl_error failed; /* first error of an event; code TL_OK: none */
} cli_record;

/* Creates path and attaches the recorder. policy: NULL or a word of --record. The scenario must be sealed.
 * errors  those of tl_recorder_create and tl_world_observe; TL_E_LIMIT */
tl_code cli_record_open(cli_record *record, tl_scenario *scenario, const char *path,
                        const char *policy, tl_simd_path simd, tl_error *err);
/* Writes an event of the scenario; harmless while no recorder is open. */
void cli_record_event(cli_record *record, const tl_scenario_event *event);
/* errors  TL_E_IO: what could not be written, events too */
tl_code cli_record_close(cli_record *record, tl_error *err);
#endif
