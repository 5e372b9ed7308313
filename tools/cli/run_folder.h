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
#include "tools/cli/session.h"

enum { CLI_FLIPS_MAX = 16 };
typedef struct cli_flip { /* a planted one-bit fault */
  const char *text;       /* as given: FLEET:DEVICE:COLUMN:BIT[@TIME] */
  char fleet[TL_NAME_BYTES], column[TL_NAME_BYTES];
  uint32_t device, bit;
  int64_t at_ns; /* flipped at the first window end that is not before it; 0: before the run */
  bool is_done;
} cli_flip;
/* errors  TL_E_USAGE */
tl_code cli_flip_parse(cli_flip *out, const char *text, tl_error *err);
/* Flips every bit that is due.  errors  TL_E_NAME, TL_E_ARG: no such fleet, device or column */
tl_code cli_flips_apply(cli_flip *flips, uint32_t count, tl_world *world, tl_error *err);

/* Makes a folder and those above it.  errors  TL_E_IO */
tl_code cli_folder_make(const char *path, tl_error *err);
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
  char run_hash[65];
  char version[32];
  uint64_t seed;
  bool stepped;
  cli_flip flips[CLI_FLIPS_MAX];
  uint32_t flip_count;
  void *json_; /* keeps the texts alive */
} cli_run_record;
/* path: a run folder or its telemetry.h5 or run.json.
 * errors  TL_E_IO: no run.json there; TL_E_FORMAT, TL_E_SCHEMA: its content */
tl_code cli_run_record_read(cli_run_record *out, const char *path, tl_error *err);
/* Gives a prepared session the run's seed and options; record must outlive it.
 * errors  TL_E_NAME: the run used a twin that this session has not, or another build of it */
tl_code cli_run_record_apply(const cli_run_record *record, cli_session *session, tl_error *err);
/* Compares the files of a loaded scenario with the hashes of the run.  errors  TL_E_FORMAT: a file differs */
tl_code cli_run_record_check(const cli_run_record *record, const tl_scenario_info *info,
                             tl_error *err);
void cli_run_record_free(cli_run_record *record);
#endif
