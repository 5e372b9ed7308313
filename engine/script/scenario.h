/* scenario.h: a Lua scenario as an object: load it, look at what it asks for, run it, read its verdict.
 *
 * Why: `check`, `plan`, `run` and a test of a user all do the same three steps and differ in how far they go.
 *   tl_scenario_load   compiles and runs the main chunk: fleets, thresholds, comparisons; no simulated time
 *   tl_scenario_seal   reserves the world, writes parameters; afterwards observers (recorder) can attach
 *   tl_scenario_run    lets time pass, wakes stories, judges and scores
 * Owns: the Lua state, the world, the judge and all texts it returns, until tl_scenario_destroy.
 * Threads: one thread; the world spreads its blocks over its own. */
#ifndef TL_SCRIPT_SCENARIO_H
#define TL_SCRIPT_SCENARIO_H
#include "fidelity/border/watch.h"
#include "fidelity/score.h"
#include "judge/judge.h"
#include "sim/world.h"

#include <signal.h>

typedef struct tl_scenario tl_scenario;

typedef struct tl_scenario_setting {
  const char *name, *value;
} tl_scenario_setting; /* --set name=value */

typedef struct tl_scenario_event { /* what happened, for /events, log and report */
  int64_t at_ns;
  const char *kind;       /* "log", "fault.begin", "fault.end", "alarm", "set", "abort" */
  tl_fleet_id fleet;      /* {0}: none */
  const char *fleet_name; /* "" when none */
  int64_t device;         /* -1: several or none */
  uint32_t count;         /* devices concerned */
  double value;           /* alarm: its score; fault: its main option; else 0 */
  const char *text;       /* "sensor.drift", a log line */
} tl_scenario_event;

typedef struct tl_scenario_options {
  bool has_seed; /* --seed wins over the scenario's */
  uint64_t seed;
  uint32_t thread_count; /* 0 = all */
  tl_simd_path path;     /* default: the best here */
  bool stepped;          /* never use affine maps */
  const tl_twin_type *const *twins;
  uint32_t twin_count;
  const tl_scenario_setting *settings; /* those that the scenario does not ask for are errors */
  uint32_t setting_count;
  const char *const
      *script_folders; /* `require` looks here after the scenario's folder; at most 3 */
  uint32_t script_folder_count;
  const char *const
      *asset_folders; /* recordings and models: working folder, scenario's folder, then these */
  uint32_t asset_folder_count;
  size_t lua_bytes;    /* memory cap of the script */
  double lua_resume_s; /* wall time of one resume */
  void *self;
  void (*event)(void *self, const tl_scenario_event *event); /* as they happen; may be NULL */
  uint32_t cookie_;
} tl_scenario_options;
TL_API tl_scenario_options tl_scenario_options_default(void);

/* Reads and runs the main chunk. Paths in errors are `path` as given.
 * errors  every code of a script (101 to 110), TL_E_IO and TL_E_FORMAT of its files, TL_E_ARG, TL_E_MODEL.
 *         *out is NULL then; render with phase "in the main chunk", time 0. */
TL_API tl_code tl_scenario_load(tl_scenario **out, const char *path,
                                const tl_scenario_options *options, tl_error *err);
TL_API void tl_scenario_destroy(tl_scenario *scenario); /* NULL is fine */

/* Reserves the world's memory, writes initial values and parameters, makes the judge. */
TL_API tl_code tl_scenario_seal(tl_scenario *scenario, tl_error *err);

typedef struct tl_scenario_hooks {
  void *self;
  /* After every window; return value unused. May be NULL. */
  void (*progress)(void *self, int64_t now_ns, int64_t duration_ns);
  const volatile sig_atomic_t
      *interrupted; /* not zero: stop at the next window's end; may be NULL */
} tl_scenario_hooks;
/* Seals if that was not done, then runs to the end. hooks may be NULL.
 * errors  TL_E_INTERRUPTED, TL_E_FAIL (fail() was called: the verdict is failed), script errors, TL_E_NAN, errors of observers, and
 *         TL_E_SAMPLES and the like from scoring. Judgements up to that time are there in any case.
 *         A threshold that did not hold is no error: see verdict. */
TL_API tl_code tl_scenario_run(tl_scenario *scenario, const tl_scenario_hooks *hooks,
                               tl_error *err);

/* --- what it is ------------------------------------------------------------------------------------------ */
typedef struct tl_scenario_file { /* everything that the run is a function of, beside the program */
  const char *kind;               /* "scenario", "module", "recording", "model", "board" */
  const char *name;               /* as the scenario names it, no machine's path */
  const char *path;               /* where it was found */
  char sha256[65];
} tl_scenario_file;

typedef struct tl_scenario_compare { /* a column that must be recorded in full (float64) */
  tl_fleet_id fleet;
  uint32_t device;
  uint32_t column;       /* of the fleet */
  const char *sim;       /* its name: "box_K" */
  const char *rec;       /* the recording's channel */
  const char *recording; /* path */
  const char *where;     /* "x.lua:12" */
} tl_scenario_compare;

typedef struct tl_scenario_info {
  const char *path; /* of the scenario, as given */
  const char *name; /* file name without .lua */
  const char *title;
  uint64_t seed;
  int64_t duration_ns, sync_ns;
  const tl_scenario_file *files;
  uint32_t file_count;
  const tl_scenario_compare *compares;
  uint32_t compare_count;
  const tl_threshold *thresholds; /* `of` lists are complete after tl_scenario_seal */
  uint32_t threshold_count;
  const tl_scenario_setting *settings; /* asked for by the scenario, with the values used */
  uint32_t setting_count;
  uint32_t story_count; /* run(), at(), every(), on() of the main chunk */
  size_t lua_bytes_max;
} tl_scenario_info;
/* Valid until the next call on scenario. */
TL_API tl_scenario_info tl_scenario_describe(const tl_scenario *scenario);
TL_API tl_world *tl_scenario_world(tl_scenario *scenario);             /* never NULL after load */
TL_API const tl_judge *tl_scenario_judge(const tl_scenario *scenario); /* NULL before seal */

/* Where the script is, for tl_message_render: "in run() of line 31". */
TL_API const char *tl_scenario_phase(const tl_scenario *scenario);

/* --- what came out (after tl_scenario_run, also when it failed) ------------------------------------------- */
typedef struct tl_scenario_parameter { /* a fitted value that a device took from a parameter file */
  const char *file, *name, *unit;
  double value, low, high; /* 95 % interval; NaN: the file states none */
  bool at_bound;
} tl_scenario_parameter;

typedef struct tl_scenario_border { /* a fleet watched against what a recording covers */
  const char *fleet;                /* its name */
  const char *source;               /* the recording or file, as the scenario names it */
  const tl_border *border;          /* in the units of the fleet's columns */
  tl_border_result result;
} tl_scenario_border;

typedef struct tl_scenario_result {
  tl_verdict verdict; /* TL_FAILED after fail(); TL_ERRORED after any other error of the run */
  const tl_judgement *judgements;
  uint32_t judgement_count;
  const tl_score
      *score; /* of all compare() lines; NULL when there are none or scoring was not reached */
  const tl_scenario_parameter *parameters; /* in the order of devices and files */
  uint32_t parameter_count;
  const tl_scenario_border *borders; /* of all border() lines, in order */
  uint32_t border_count;
  const tl_scenario_event *events; /* all of them, in order */
  uint32_t event_count;
  bool aborted; /* an `abort` threshold stopped the run */
  int64_t end_ns;
  double lua_s; /* CPU time spent in the script */
} tl_scenario_result;
TL_API const tl_scenario_result *tl_scenario_result_get(const tl_scenario *scenario);
#endif
