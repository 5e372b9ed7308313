/* binding.h: what the files that bind Lua to the engine share.
 *
 * Why: one scenario object holds every C resource, so that a Lua error, which jumps past C code, leaves nothing
 * behind: a binding checks its arguments, fills a def, calls the engine, and keeps nothing of its own.
 * Owns: see the members of tl_scenario. Threads: the scenario's thread. */
#ifndef TL_SCRIPT_BINDING_H
#define TL_SCRIPT_BINDING_H
#include "fidelity/border/watch.h"
#include "fidelity/overall/overall.h"
#include "script/expression.h"
#include "script/sandbox.h"
#include "fidelity/calibrate/calibrate.h"
#include "script/scenario.h"
#include "sim/events.h"
#include "telemetry/recording.h"

#include <lauxlib.h>
#include <lua.h>

#define SCRIPT_DEVICES "tl.devices"
#define SCRIPT_COLUMN "tl.column"
#define SCRIPT_RECORDING "tl.recording"
#define SCRIPT_CHANNEL "tl.channel"
#define SCRIPT_INPUTS "tl.inputs"
#define SCRIPT_SPREAD "tl.spread"
#define SCRIPT_FAULT "tl.fault"
#define SCRIPT_PARAMETERS "tl.parameters"

enum {
  SCRIPT_PROCESSES_MAX = 10000, /* stories that wait at one time */
  SCRIPT_EVENTS_MAX = 100000,   /* wake-ups queued; cost of those within a simulated millisecond */
  SCRIPT_WINDOW_COST = 50,      /* a window costs about as much as this many resumes */
  SCRIPT_HISTORY_MAX = 100000,  /* events kept in memory */
  SCRIPT_INPUTS_MAX = 16,
  SCRIPT_WEIGHTS_MAX = 16,
  SCRIPT_TIED_MAX = 15,  /* columns that follow a free one */
  SCRIPT_FITTED_MAX = 64 /* devices of calibrate{} */
};

/* --- objects that Lua owns ------------------------------------------------------------------------------- */
/* A fleet, or some of its devices. User value 1: the list of devices (userdata) or nil; 2: the text of a where()
 * that the main chunk asked for and that is evaluated when the world is there. */
typedef struct script_devices {
  uint32_t fleet;                /* index into tl_scenario.fleets */
  bool all;                      /* every device of the fleet; list is NULL */
  bool pending;                  /* where() of the main chunk */
  uint32_t count;                /* not known while pending */
  uint32_t *list;                /* ascending */
  script_expression *expression; /* while pending */
  char where[160];
} script_devices;

typedef struct script_column { /* twin.box_K */
  uint32_t fleet, device, column;
} script_column;

typedef struct script_recording_ref { /* a recording or a slice of it, one device's channels */
  uint32_t recording;                 /* index into tl_scenario.recordings */
  uint32_t fleet, device;             /* places in the file */
  int64_t begin_ns, end_ns;           /* first and last stamp that belong to it */
} script_recording_ref;

typedef struct script_channel { /* rec.box */
  script_recording_ref rec;
  uint32_t signal;
} script_channel;

typedef struct script_inputs { /* rec:inputs { room = "t1" } */
  script_recording_ref rec;
  uint32_t count;
  struct {
    char input[TL_NAME_BYTES];
    uint32_t signal;
    bool before;     /* held from the stamp before to its own, not from its own to the next */
    char where[160]; /* the key's own line */
  } row[SCRIPT_INPUTS_MAX];
  char where[160];
} script_inputs;

typedef enum script_spread_kind {
  SPREAD_CONSTANT,
  SPREAD_NORMAL,
  SPREAD_UNIFORM,
  SPREAD_WEIGHTED
} script_spread_kind;
typedef struct script_spread { /* normal(1, 0.1) */
  script_spread_kind kind;
  double a, b;      /* mean and deviation; low and high */
  double low, high; /* normal: values are cut here */
  uint32_t count;
  double value[SCRIPT_WEIGHTS_MAX], weight[SCRIPT_WEIGHTS_MAX]; /* weights sum to 1 */
} script_spread;

typedef struct script_fault script_fault; /* bind_fault.c */

typedef struct script_parameter { /* a row of a parameter file */
  char name[TL_NAME_BYTES], unit[32], device[TL_NAME_BYTES];
  double value;
  bool is_fitted, at_bound;
  double low, high; /* 95 % interval; NaN: none */
} script_parameter;

typedef struct script_parameters { /* parameters "file.json" */
  char file[160], twin[TL_NAME_BYTES];
  uint32_t count;
  script_parameter row[]; /* in the file's order */
} script_parameters;

/* --- what the scenario owns ------------------------------------------------------------------------------- */
typedef struct script_write { /* initial value of a column, before time 0 */
  uint32_t fleet, column;
  script_spread spread;
  char where[160];
} script_write;

typedef struct script_fleet {
  tl_fleet_id id;
  char name[TL_NAME_BYTES];
  const tl_twin_type *twin;
  uint32_t count;
  char where[160];
  bool has_control, has_detector;
  char control_column[TL_NAME_BYTES], control_setpoint[TL_NAME_BYTES + 16];
  char detector[TL_NAME_BYTES];
  char sensor[TL_SENSORS_MAX][TL_NAME_BYTES];
  uint32_t sensor_count;
  char actuator[TL_ACTUATORS_MAX][TL_NAME_BYTES];
  uint32_t actuator_count;
  int64_t shift_ns;       /* recording time - simulated time of a driven fleet */
  uint32_t stamp_count;   /* of a driven fleet, else 0 */
  int64_t driven_ns;      /* its last stamp, and an interval more: the last row holds that long */
  double *alarms_seen;    /* onsets by device at the last window's end */
  uint32_t samples_taken; /* anonymous sample() calls */
} script_fleet;

typedef struct script_recording {
  char *name, *path;
  tl_recording *file;
} script_recording;

typedef struct script_compare {
  tl_scenario_compare info;
  char sim[TL_SCORE_NAME_BYTES], rec[TL_SCORE_NAME_BYTES], where[160];
  script_channel channel;
  int64_t shift_ns;
  int64_t *at_ns; /* of the simulation, from time 0 */
  double *value;
  uint64_t count, capacity;
  double weight, scale; /* of the overall score; scale in the channel's unit, 0: its spread */
  bool has_tube, has_ambient;
  tl_tube tube;
  uint32_t ambient;                /* signal of the channel's recording */
  tl_metric_parameters parameters; /* of metrics that thresholds name */
} script_compare;

typedef struct script_regime { /* regimes { heating = "heater > 0.5" } */
  char name[TL_NAME_BYTES], text[256], where[160];
  double weight;
} script_regime;

typedef struct script_border { /* border(fleet, rec, { box_K = "box" }) */
  uint32_t fleet;              /* index */
  tl_border_watch *watch;
  char source[256]; /* recording or file, as the scenario names it */
} script_border;

typedef struct script_process { /* a coroutine that run(), spawn(), at(), every() or on() started */
  lua_State *co;                /* NULL: ended */
  int anchor;                   /* registry reference */
  uint64_t number;
  uint64_t wake_sequence; /* of its event; others are stale */
  bool polling, waiting;
  int64_t deadline_ns, poll_ns, poll_next_ns; /* wait_until; INT64_MAX: none */
  char phase[96];
} script_process;

typedef struct script_call { /* at(), every(), on() */
  int function;              /* registry reference */
  int64_t period_ns;         /* 0: once */
  uint32_t fleet1;           /* on(): fleet index + 1, 0 = any */
  bool on_alarm;
  char phase[96];
} script_call;

typedef struct script_free { /* a key of calibrate{ free = } */
  char name[TL_NAME_BYTES];
  uint32_t column;                            /* of the twin */
  uint32_t tied_count, tied[SCRIPT_TIED_MAX]; /* columns that take its value */
  double low, high, start;
  bool has_start, log, each; /* each: one a device, not one for all */
  char where[160];
} script_free;

typedef struct script_weight { /* of a compare, by its number */
  uint32_t compare;
  double weight; /* of a difference in the column's unit */
} script_weight;

typedef struct script_calibrate { /* calibrate { ... }, as data */
  const tl_twin_type *twin;
  uint32_t train_fleets[SCRIPT_FITTED_MAX], validate_fleets[SCRIPT_FITTED_MAX];
  uint32_t train_count, validate_count;
  script_free *free;
  uint32_t free_count, free_room;
  script_weight *weights;
  uint32_t weight_count, weight_room;
  tl_calibrate_method method;
  tl_calibrate_intervals intervals;
  uint32_t starts, iterations;
  double train_ratio;  /* of a recording's length; 1: all of it */
  int64_t until_ns;    /* instead, when > 0 */
  double settle_ratio; /* of a validation recording: finds its initial states */
  char where[160];
} script_calibrate;

typedef struct script_threshold {
  int of; /* registry reference of a devices object, LUA_NOREF = none */
} script_threshold;

struct tl_scenario {
  tl_scenario_options options;
  tl_scenario_setting *settings; /* copies; .name NULL = taken by setting() */
  bool *setting_used;
  char *path, *name, *folder;
  char title[160];
  tl_sandbox *sandbox;
  tl_world *world;
  tl_judge *judge;
  bool declared, sealed, running, loaded;
  uint64_t seed;
  int64_t duration_ns, sync_ns;

  script_fleet *fleets;
  uint32_t fleet_count, fleet_room;
  script_recording *recordings;
  uint32_t recording_count, recording_room;
  script_compare *compares;
  uint32_t compare_count, compare_room;
  tl_scenario_compare *compare_infos; /* for describe */
  script_regime regimes[TL_OVERALL_REGIMES_MAX];
  uint32_t regime_count;
  const char *regime_names[TL_OVERALL_REGIMES_MAX];
  script_border *borders;
  uint32_t border_count, border_room;
  tl_scenario_border *border_results;
  tl_scenario_parameter *fitted; /* of parameter files that devices use */
  uint32_t fitted_count, fitted_room;
  tl_overall *overall;
  script_calibrate *calibrate; /* NULL: none */
  tl_threshold *thresholds;
  script_threshold *threshold_extra;
  uint32_t threshold_count, threshold_room, threshold_extra_room;
  script_write *writes;
  uint32_t write_count, write_room;
  tl_scenario_file *files;
  uint32_t file_count, file_room;
  tl_scenario_setting *used; /* settings asked for, with values */
  uint32_t used_count, used_room;
  void **blocks; /* model bytes and the like, freed at the end */
  uint32_t block_count, block_room;
  int *pending; /* registry references of devices objects to evaluate at seal */
  uint32_t pending_count, pending_room;
  int *pending_faults; /* of fault handles to begin at time 0 */
  uint32_t pending_fault_count, pending_fault_room;

  tl_events queue;
  script_process *processes; /* ascending numbers */
  uint32_t process_count, process_room, process_alive;
  uint64_t process_next;
  script_process *current; /* while it runs */
  script_call *calls;
  uint32_t call_count, call_room;
  uint32_t story_count;
  uint32_t wake_cost; /* of stories and of windows they made, since wake_from_ns */
  int64_t wake_from_ns;
  char phase[96];
  double lua_s;

  tl_scenario_event *history;
  uint32_t history_count, history_room;
  tl_score score;
  void **score_memory;
  bool has_score;
  tl_judgement *judgements;
  tl_scenario_result result;
};

/* --- helpers (scenario.c, bind/value.c) --------------------------------------------------------------------- */
tl_scenario *script_scenario(lua_State *L);
/* Room for one more item; false when out of memory. */
bool script_grow(void *array_pointer, uint32_t *room, uint32_t count, size_t item_bytes);
int script_no_memory(lua_State *L);
char *script_keep_text(tl_scenario *s, const char *text); /* NULL: out of memory */
bool script_keep_block(tl_scenario *s, void *block);
/* Working folder, the scenario's folder, then the asset folders. errors TL_E_IO naming the file */
tl_code script_find_file(const tl_scenario *s, const char *name, const char *where, char *out,
                         size_t bytes, tl_error *err);
tl_code script_note_file(tl_scenario *s, const char *kind, const char *name, const char *path,
                         const char sha256[65]);
void script_event(tl_scenario *s, const char *kind, tl_fleet_id fleet, int64_t device,
                  uint32_t count, double value, const char *text);
int64_t script_now_ns(const tl_scenario *s);
void script_full_path(const tl_scenario *s, tl_error *err); /* err->where as users know it */
void script_full_where(const tl_scenario *s, char *where, size_t bytes); /* the same of a text */

/* Position of a word in the source, at or after the call that runs: the line of a key in a table. */
void script_where_word(lua_State *L, const char *word, char *out, size_t bytes);
/* Raises at that word's line; hint from the candidates. Never returns. */
int script_unknown(lua_State *L, const char *what, const char *name, const char *const *candidates,
                   size_t count);
/* Raises TL_E_TYPE "KEY: expected EXPECTED, got TYPE" at the key's line. Never returns. */
int script_wrong_type(lua_State *L, const char *key, const char *expected, int index);
/* Number, or text with a unit, in `unit` (a difference: noise, band). */
double script_quantity(lua_State *L, int index, const char *unit, bool difference, const char *key);
/* Seconds as a number, or text as "20 min", to nanoseconds; refused when not finite or beyond 292 years. */
int64_t script_duration_ns(lua_State *L, int index, const char *key);
/* Field of the table at index; leaves it on the stack and returns its type. Marks nothing. */
int script_field(lua_State *L, int index, const char *key);
/* Every string key of the table must be in the list (or be accepted by extra, which may be NULL). */
void script_check_keys(lua_State *L, int index, const char *what, const char *const *keys,
                       size_t count);

/* --- objects ------------------------------------------------------------------------------------------------- */
script_devices *script_push_devices(lua_State *L, uint32_t fleet);
script_devices *script_check_devices(lua_State *L, int index);
/* The same, and its list must be known. */
script_devices *script_check_known_devices(lua_State *L, int index, const char *what);
const script_fleet *script_fleet_of(const tl_scenario *s, const script_devices *devices);
script_recording_ref *script_check_recording(lua_State *L, int index);
/* First value that is there, in the channel's unit converted to `unit`. */
const tl_recording_fleet *script_recording_fleet(const tl_scenario *s,
                                                 const script_recording_ref *ref);
bool script_same_ratio(const char *from, const char *to); /* bool and ratios are both 0..1 */
/* Rows [begin, end) of a slice; a channel by name, raising with a hint; all values of a slice's channel in
 * `unit`, in a block on the Lua stack (what: the word of the source that a message points at). */
void script_range_of(const tl_scenario *s, const script_recording_ref *ref, uint64_t *begin,
                     uint64_t *end);
uint32_t script_signal_find(lua_State *L, const tl_scenario *s, const script_recording_ref *ref,
                            const char *name);
const double *script_signal_values(lua_State *L, tl_scenario *s, const script_recording_ref *ref,
                                   uint32_t signal, const char *unit, const char *what,
                                   uint64_t *count);
double script_first_value(lua_State *L, const script_channel *channel, const char *unit,
                          const char *key);
/* Columns of a parameter file as values before time 0; columns that were written already stay. */
void script_write_parameters(lua_State *L, tl_scenario *s, const script_parameters *parameters,
                             uint32_t fleet);
/* True for a device that calibrate{} fits or validates. */
bool script_is_fitted(const tl_scenario *s, uint32_t fleet);
/* The file of the object at index; NULL when it is something else. */
const script_parameters *script_test_parameters(lua_State *L, int index);
/* Reads a spread, number, text with unit or channel at index as values for a column. */
script_spread script_spread_at(lua_State *L, int index, const tl_column *column, const char *key);
double script_spread_draw(const tl_world *world, tl_fleet_id fleet, const char *stream,
                          const script_spread *spread, uint32_t device);
/* Makes the metatable of a class from api.def; index, when not NULL, is asked for names that are no methods. */
void script_open_devices(lua_State *L);    /* bind/fleet.c: index functions of its classes */
void script_open_recordings(lua_State *L); /* bind/record.c */
void script_class(lua_State *L, const char *name, lua_CFunction index, lua_CFunction length);
/* Pushes method `key` of the class and returns true; index functions ask this first. */
bool script_method(lua_State *L, const char *class_name, const char *key);
/* Names of all methods of a class, for hints. */
uint32_t script_method_names(const char *class_name, const char **out, uint32_t max);

/* --- steps of load and run ----------------------------------------------------------------------------------- */
void script_open_api(tl_scenario *s);                        /* api.c: every row of api.def */
tl_code script_seal_writes(tl_scenario *s, tl_error *err);   /* bind/setup.c */
tl_code script_seal_pending(tl_scenario *s, tl_error *err);  /* bind/fleet.c */
tl_code script_seal_judge(tl_scenario *s, tl_error *err);    /* bind/judge.c */
tl_code script_seal_faults(tl_scenario *s, tl_error *err);   /* bind/fault.c */
tl_code script_seal_compares(tl_scenario *s, tl_error *err); /* bind/compare.c */
tl_code script_check_channels(tl_scenario *s,
                              tl_error *err); /* bind/judge.c: fidelity.* names a compare */
tl_code script_check_times(tl_scenario *s, tl_error *err); /* bind/judge.c: all before the end */
tl_code script_check_thresholds(tl_scenario *s,
                                tl_error *err); /* bind/judge.c: names and units, before time 0 */
tl_code script_score(tl_scenario *s,
                     tl_error *err); /* bind/compare.c: compares, and their thresholds */
/* bind/overall.c: compare()'s third argument (unit: the channel's); regimes name channels; tubes and the one
 * score, after the channels' own. */
void script_compare_options(lua_State *L, int index, const char *unit, const script_channel *rec,
                            script_compare *out);
tl_code script_check_regimes(tl_scenario *s, tl_error *err);
tl_code script_score_overall(tl_scenario *s, tl_error *err);
tl_code script_seal_borders(tl_scenario *s, tl_error *err);  /* bind/border.c */
tl_code script_judge_borders(tl_scenario *s, tl_error *err); /* the same, after the run */
void script_fault_end(tl_scenario *s, int reference); /* bind/fault.c: an event of the queue */
/* Runs a function as a new process now: bind/time.c. */
tl_code script_start(tl_scenario *s, int function, const char *phase, int argument_count,
                     lua_State *from, tl_error *err);
/* Acts on every event of the queue that is due; asks every wait_until: bind/time.c. */
tl_code script_wake(tl_scenario *s, tl_error *err);
tl_code script_poll(tl_scenario *s, tl_error *err);
/* The recorded side of a compare on the simulation's clock; stamps distinct. The caller frees both. */
tl_code script_recorded_trace(tl_scenario *s, const script_compare *compare, int64_t **at_ns,
                              double **value, size_t *count, tl_error *err);
/* Adds a fleet's stamps and inputs from a recording to its def. */
void script_drive_stamps(lua_State *L, const script_inputs *inputs, tl_fleet_def *def,
                         script_fleet *fleet);
void script_drive_inputs(lua_State *L, const script_inputs *inputs, const script_fleet *fleet);

enum { SCRIPT_EVENT_FAULT_END, SCRIPT_EVENT_CALL, SCRIPT_EVENT_WAKE }; /* order at one time */

/* --- every function of api.def --------------------------------------------------------------------------------- */
#define API_FUNCTION(name, function, ...) int function(lua_State *L);
#define API_METHOD(class_name, name, function, ...) int function(lua_State *L);
#define API_CONSTANT(name, value, doc)
#define API_FIELD(class_name, name, type, doc)
#include "script/api.def"
#undef API_FUNCTION
#undef API_METHOD
#undef API_CONSTANT
#undef API_FIELD
/* fleet_def.c: fields of a recipe; each leaves the stack as it was. */
const char *script_text_field(lua_State *L, int index, const char *key, const char *fallback);
const char *script_required_text(lua_State *L, int index, const char *key, const char *of);
double script_number_field(lua_State *L, int index, const char *key, const char *unit,
                           bool difference, double fallback);
double script_seconds_field(lua_State *L, int index, const char *key);
uint32_t script_count_field(lua_State *L, int index, const char *key, uint32_t fallback,
                            uint32_t max); /* 1 .. max */
void script_table_at(lua_State *L, int index, const char *key);
uint32_t script_sensor_index(lua_State *L, const tl_fleet_def *def, const char *name);
uint32_t script_actuator_index(lua_State *L, const tl_fleet_def *def, const char *name);
/* detector_card.c: raises when the card beside a model says other channels, units, ranges or another rate than the first
 * input of the detector in `def` gives it, or another schema than the twin's. No card: nothing. */
void script_check_model_card(lua_State *L, tl_scenario *s, const tl_fleet_def *def,
                             const tl_twin_type *twin, bool is_driven, const char *model,
                             const char *model_path);
/* detector_def.c: the key `detector` of a fleet's table, if it is there. */
void script_read_detector(lua_State *L, tl_scenario *s, int table, tl_fleet_def *def,
                          script_fleet *fleet);
void script_read_board(lua_State *L, tl_scenario *s, int table, tl_detector_def *detector);
#endif
