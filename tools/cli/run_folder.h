/* run_folder.h: what a run leaves behind, and how it is found again.
 *
 * Why: a run is a function of (scenario, files, seed, options), so a folder that keeps these can be simulated
 * again at any time, and proved by digest to be the same run.
 *   run.json  telemetry.h5  report.html  junit.xml  inputs/ (the scenario and the files it read)
 * report.html, junit.xml and telemetry.h5 hold no clock, host name or path: the same run writes the same bytes.
 * Owns: a cli_run_record owns its texts until cli_run_record_free. Threads: the main thread. */
#ifndef TL_CLI_RUN_FOLDER_H
#define TL_CLI_RUN_FOLDER_H
#include "script/scenario.h"
#include "tools/cli/flip.h"
#include "tools/cli/session.h"

/* Makes a folder and those above it.  errors  TL_E_IO */
tl_code cli_folder_make(const char *path, tl_error *err);
/* Has it a telemetry.h5 that no run of ours left there? A run that was killed has no run.json yet, but its inputs. */
bool cli_folder_is_foreign(const char *path);
/* Copies a file, bytes as they are.  errors  TL_E_IO */
tl_code cli_file_copy(const char *from, const char *to, tl_error *err);
/* Puts the scenario and every file it read into DIR/inputs, under the names by which a scenario there finds them;
 * files with absolute names, or names that lead out of the folder, stay where they are.
 * scripts: folder of the modules that come with twinloop */
tl_code cli_inputs_keep(const char *folder, const tl_scenario_info *info, const char *scripts,
                        tl_error *err);

typedef struct cli_run_record { /* run.json, read back */
  char folder[CLI_PATH_BYTES];  /* absolute */
  char scenario[TL_NAME_BYTES * 2];
  char run_hash[65]; /* "" when no window came to its end */
  int64_t end_ns;    /* simulated time reached */
  char version[32];
  uint64_t seed;
  bool stepped;
  cli_flip flips[CLI_FLIPS_MAX]; /* is_done: that run planted it; window and planted_ns say when */
  uint32_t flip_count;
  void *json_; /* keeps the texts alive */
} cli_run_record;
/* Is it a folder, or named like a file of one? A recording or an export that lies in a run folder is neither. */
bool cli_names_run(const char *path);
/* path: a run folder or its telemetry.h5 or run.json.
 * errors  TL_E_IO: no run.json there; TL_E_FORMAT, TL_E_SCHEMA: its content */
tl_code cli_run_record_read(cli_run_record *out, const char *path, tl_error *err);
/* Whether a column of that run came from a board's profile, as run.json says; {0}: no. */
tl_modelled cli_run_record_modelled(const cli_run_record *record, const char *fleet,
                                    const char *column);
/* Gives a prepared session the run's seed and options; record must outlive it.
 * errors  TL_E_NAME: the run used a twin that this session has not, or another build of it */
tl_code cli_run_record_apply(const cli_run_record *record, cli_session *session, tl_error *err);
/* Compares the files of a loaded scenario with the hashes of the run.  errors  TL_E_FORMAT: a file differs */
tl_code cli_run_record_check(const cli_run_record *record, const tl_scenario_info *info,
                             tl_error *err);
void cli_run_record_free(cli_run_record *record);
#endif
