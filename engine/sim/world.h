/* world.h: fleets of devices that advance together through windows of time, bit for bit the same
 * anywhere.
 *
 * Why: the one place where plants, sensors, controllers, detectors and time meet; everything else
 * attaches to it as data (twin tables, observers) so that the engine calls nothing above itself.
 * Owns: all memory of the run, reserved by tl_world_seal; nothing allocates afterwards.
 * Threads: call everything from one thread; tl_world_advance spreads blocks over its own
 * threads. */
#ifndef TL_SIM_WORLD_H
#define TL_SIM_WORLD_H
#include "kernels/features/frontend.h"
#include "kernels/model.h"
#include "sim/twin.h"

#include <stdbool.h>

typedef struct tl_world tl_world; /* opaque */
typedef struct tl_fleet_id {
  uint32_t index1;
} tl_fleet_id; /* {0} is "none"; fleet number + 1 */

#define TL_NAME_BYTES 64            /* fleet, component and column names, with the 0 */
#define TL_FLEET_COUNT_MAX 4000000u /* devices a fleet */
#define TL_FLEETS_MAX 64u
#define TL_SENSORS_MAX 8u
#define TL_ACTUATORS_MAX 4u
#define TL_DETECTOR_CHANNELS_MAX 4u
#define TL_DETECTOR_INPUTS_MAX 4u
#define TL_DETECTOR_VERSIONS_MAX 8u

typedef struct tl_world_def {
  uint64_t seed;
  int64_t sync_ns;                  /* windows end at multiples of this [ns], > 0 */
  uint32_t thread_count;            /* 0 = all the machine has */
  tl_simd_path path;                /* widest path to use; results do not depend on it */
  bool stepped;                     /* true: never use affine maps, always call the twin's step() */
  const tl_twin_type *const *twins; /* table of twin types, e.g. tl_twins */
  uint32_t twin_count;
  uint32_t cookie_;
} tl_world_def;
TL_API tl_world_def tl_world_def_default(void);

/* A sensor reads one twin column at every tick: measured = quantise(true + bias + drift + noise).
 * Makes the columns  NAME (measured, dynamic)  and  NAME.noise NAME.bias NAME.drift_per_s
 * NAME.drift_from_s NAME.resolution NAME.dropout NAME.stuck  (parameters; faults write them). */
typedef struct tl_sensor_def {
  const char *name;     /* e.g. "box" */
  const char *column;   /* twin column it measures, e.g. "box_K" */
  double noise;         /* standard deviation, in the column's unit */
  double bias;          /* added, in the column's unit */
  double resolution;    /* quantisation step, 0 = none */
  double dropout_ratio; /* probability that a sample is missing, 0..1 */
  double low, high;     /* saturation; low < high */
} tl_sensor_def;

/* An actuator turns a command into a twin input within its limits.
 * Columns: NAME.command (dynamic), NAME.stuck NAME.stuck_at NAME.efficiency (parameters). */
typedef struct tl_actuator_def {
  const char *name;           /* e.g. "heater" */
  const char *column;         /* twin input it drives, e.g. "heater_on" */
  double low, high;           /* saturation of the command */
  double rate_per_s;          /* largest change per second, 0 = unlimited */
  double dead_band;           /* commands that change less than this are ignored */
  double min_on_s, min_off_s; /* shortest time above / at `low` once switched */
} tl_actuator_def;

typedef enum tl_controller_kind {
  TL_CONTROL_NONE,
  TL_CONTROL_HYSTERESIS,
  TL_CONTROL_PID
} tl_controller_kind;
/* Reads a sensor, commands an actuator, at every tick. Columns: NAME.setpoint NAME.band | NAME.kp
 * NAME.ki NAME.kd. */
typedef struct tl_controller_def {
  tl_controller_kind kind;
  const char *name;  /* e.g. "control" */
  uint32_t sensor;   /* index into sensors */
  uint32_t actuator; /* index into actuators */
  double setpoint;   /* in the sensor's unit */
  double band;       /* hysteresis: on below setpoint - band, off above setpoint + band */
  double kp, ki, kd; /* PID, in actuator units per sensor unit (ki per s, kd times s) */
} tl_controller_def;

typedef enum tl_feature_source { TL_FEATURE_SENSOR, TL_FEATURE_ACTUATOR } tl_feature_source;
typedef struct tl_feature_def {
  tl_feature_source source;
  uint32_t index;    /* which sensor, or which actuator (its applied value) */
  const char *minus; /* column subtracted first, e.g. "control.setpoint"; NULL = none */
  double mean,
      scale; /* feature = (value - minus - mean) * scale, then the model's own quantisation */
} tl_feature_def;

typedef enum tl_reaction { TL_REACT_ALARM, TL_REACT_FALLBACK } tl_reaction;
/* One version of a detector's model, and what an inference costs on the device's board (modelled,
 * edge/board.h). */
typedef struct tl_detector_model {
  const void *bytes; /* a .tflite file; must live until tl_world_destroy */
  size_t byte_count;
  const char *name;                             /* for messages */
  double inference_J, inference_C, inference_s; /* energy, charge, time; 0: not counted */
  double energy_error_ratio; /* of inference_J and inference_C; NaN: no power was published */
  double time_error_ratio;   /* of inference_s */
} tl_detector_model;

/* One input of the model: a window of the last (its elements / channels) samples, or of the last
 * (its elements / features) frames of a spectrum of one channel, a tick a sample. */
typedef struct tl_detector_input {
  uint32_t channel_count;
  tl_feature_def channels[TL_DETECTOR_CHANNELS_MAX];
  bool has_spectrum;
  tl_frontend_def spectrum; /* its output is that of the model's input */
  double full_scale;        /* channel value that is the largest sample, > 0 */
} tl_detector_input;

/* An int8 or int16 model on sliding windows of features. Columns: NAME.score (mean squared
 * reconstruction error in feature units if the model gives its input back, else one output's real
 * value), NAME.alarm (0/1), NAME.alarms (count of onsets), NAME.alarm_s (time of the last onset),
 * NAME.threshold (parameter).
 * With more than one version: NAME.version (parameter), the version that a device runs; versions
 * may differ in everything but the shapes of inputs. With counters: NAME.clipped (input values so
 * far that the model's range could not hold) and NAME.saturated_N (elements so far of operator N's
 * output at an end of their type that does not mean 0). With a battery: NAME.charge_C,
 * NAME.state_of_charge, NAME.duty, NAME.inference_J, NAME.capacity_C, NAME.sleep_A.
 * A stateful model (streaming) keeps its state a device; give it a hop of its window. */
typedef struct tl_detector_def {
  const char *name; /* e.g. "detector" */
  uint32_t version_count;
  tl_detector_model versions[TL_DETECTOR_VERSIONS_MAX];
  tl_model_options options; /* how the device's kernels round */
  uint32_t input_count;
  tl_detector_input inputs[TL_DETECTOR_INPUTS_MAX];
  uint32_t
      output; /* element of the first output that is the score, if nothing is reconstructed ... */
  bool scores_output; /* ... or if this says so */
  bool counters;      /* count saturated and clipped values: runs the plain kernels, slower */
  bool has_battery;   /* count charge: capacity_C 0 is a device on the mains */
  const char *board;  /* the profile that the costs come from, for tl_fleet_modelled; NULL: none */
  double capacity_C, sleep_A;
  double arm_s;     /* no alarm before this time: a start-up is not what the detector is for */
  uint32_t hop;     /* one inference every `hop` ticks, >= 1 */
  double threshold; /* alarm when score > threshold ... */
  uint32_t persist; /* ... for this many inferences in a row, >= 1; it clears likewise */
  tl_reaction reaction;
  double fallback_command; /* TL_REACT_FALLBACK: command of actuator 0 while alarmed */
} tl_detector_def;

/* Recipe for one fleet. Start from tl_fleet_def_default(), then change what differs. */
typedef struct tl_fleet_def {
  const char *name; /* unique; part of every random draw's key */
  const char *twin; /* name of a twin type */
  uint32_t count;   /* devices, 1 .. TL_FLEET_COUNT_MAX */
  int64_t dt_ns;    /* plant step [ns], > 0 */
  int64_t tick_ns;  /* sample, control and telemetry period: a multiple of dt_ns */
  const int64_t
      *stamps_ns; /* instead of tick_ns: ascending stamps of a recording, first may be 0; copied */
  uint32_t stamp_count;
  uint32_t sensor_count, actuator_count;
  tl_sensor_def sensors[TL_SENSORS_MAX];
  tl_actuator_def actuators[TL_ACTUATORS_MAX];
  tl_controller_def controller; /* kind NONE: no controller */
  bool has_detector;
  tl_detector_def detector;
  const char *where; /* scenario file:line, for messages; may be NULL */
  uint32_t cookie_;
} tl_fleet_def;
TL_API tl_fleet_def tl_fleet_def_default(void);
TL_API tl_sensor_def tl_sensor_def_default(void);
TL_API tl_actuator_def tl_actuator_def_default(void);
TL_API tl_controller_def tl_controller_def_default(void);
TL_API tl_detector_def tl_detector_def_default(void);

TL_API tl_code tl_world_create(tl_world **out, const tl_world_def *def, tl_error *err);
TL_API void tl_world_destroy(tl_world *world);
/* Checks and remembers a fleet; memory comes with tl_world_seal.
 * errors  TL_E_NAME: unknown twin or column (hint: nearest); TL_E_ARG: count, dt, ranges;
 *         TL_E_MODEL: model refused;
 *         TL_E_LIMIT: too many fleets. */
TL_API tl_code tl_fleet_create(tl_world *world, tl_fleet_id *out, const tl_fleet_def *def,
                               tl_error *err);
/* Reserves every byte and sets initial values; fleets can't be added afterwards. Reads and writes
 * need it. */
TL_API tl_code tl_world_seal(tl_world *world, tl_error *err);
TL_API size_t tl_world_bytes(const tl_world *world); /* reserved by seal */

/* --- columns: everything a device has, by name; setup, faults, Lua, judge and recorder use the
 * same names --- */
TL_API uint32_t tl_world_fleet_count(const tl_world *world);
TL_API const char *tl_fleet_name(const tl_world *world, tl_fleet_id fleet);
TL_API const char *tl_fleet_twin_name(const tl_world *world, tl_fleet_id fleet);
TL_API uint32_t tl_fleet_device_count(const tl_world *world, tl_fleet_id fleet);
TL_API uint32_t tl_fleet_block_count(const tl_world *world, tl_fleet_id fleet);
TL_API int64_t tl_fleet_dt_ns(const tl_world *world, tl_fleet_id fleet);
TL_API int64_t tl_fleet_tick_ns(const tl_world *world,
                                tl_fleet_id fleet); /* 0 for a fleet with stamps */
TL_API uint32_t tl_fleet_column_count(const tl_world *world, tl_fleet_id fleet);
TL_API const tl_column *tl_fleet_column(const tl_world *world, tl_fleet_id fleet, uint32_t column);
/* Bytes from one device's value to the next one's in tl_tick_view.raw: a window's slots lie apart. */
TL_API uint32_t tl_fleet_column_stride(const tl_world *world, tl_fleet_id fleet, uint32_t column);
/* Index of a column; errors TL_E_NAME with a hint. where may be NULL. Aliases: a twin column may
 * be named without its unit when that is unambiguous and no sensor has the name ("room" for
 * "room_K"). */
TL_API tl_code tl_fleet_column_find(const tl_world *world, tl_fleet_id fleet, const char *name,
                                    const char *where, uint32_t *out, tl_error *err);
/* What a figure rests on that no physics gave but a board's profile (edge/board.h). */
typedef struct tl_modelled {
  const char *board;  /* NULL: not modelled; lives as long as the world */
  double error_ratio; /* on networks that the profile has not seen, of the inferences' share, the
                         largest of all versions; NaN: the board's power was not published */
} tl_modelled;
/* Charge, energy and time of inferences are modelled; any other column gives {0}. */
TL_API tl_modelled tl_fleet_modelled(const tl_world *world, tl_fleet_id fleet, uint32_t column);
/* "modelled +-27 % (nucleo-l4r5zi-tflm)", "" for what is not: stands beside every such figure. */
enum { TL_MODELLED_TEXT_BYTES = 160 };
TL_API const char *tl_modelled_text(char out[TL_MODELLED_TEXT_BYTES], const tl_modelled *modelled);
/* Values of devices [begin, end) as doubles. */
TL_API void tl_fleet_read(const tl_world *world, tl_fleet_id fleet, uint32_t column, uint32_t begin,
                          uint32_t end, double *out);
/* Writes devices [begin, end); refuses values outside the column's range or not finite
 * (TL_E_ARG). */
TL_API tl_code tl_fleet_write(tl_world *world, tl_fleet_id fleet, uint32_t column, uint32_t begin,
                              uint32_t end, const double *values, tl_error *err);
/* Rows of one block's column; for observers and judge. NULL if the column is not TL_F64. */
TL_API const double *tl_block_column(const tl_world *world, tl_fleet_id fleet, uint32_t block,
                                     uint32_t column);
/* Holds input `column` of every device at values[i] from stamps_ns[i] on (i < count); for fleets
 * with stamps the counts match. Arrays are copied. Before tl_world_seal. */
TL_API tl_code tl_fleet_drive(tl_world *world, tl_fleet_id fleet, const char *column,
                              const int64_t *stamps_ns, const double *values, uint32_t count,
                              const char *where, tl_error *err);

/* What a fleet with stamps follows; arrays live as long as the world. NULL and 0 for other fleets. */
TL_API const int64_t *tl_fleet_stamps(const tl_world *world, tl_fleet_id fleet, uint32_t *count);
/* Inputs that tl_fleet_drive holds: how many, and one of them with its column and values. */
TL_API uint32_t tl_fleet_drive_count(const tl_world *world, tl_fleet_id fleet);
TL_API const double *tl_fleet_drive_at(const tl_world *world, tl_fleet_id fleet, uint32_t index,
                                       uint32_t *column, uint32_t *count);

/* --- time --- */
TL_API int64_t tl_world_now_ns(const tl_world *world);
/* Runs one window: to the next multiple of sync_ns or to until_ns, whichever is first. A fleet
 * runs whole ticks: those that begin before the window's end, so its states may lie up to one tick
 * beyond it. What is written between windows therefore takes effect at a fleet's next tick, and
 * cutting time into other windows changes no tick (docs/architecture.md).
 * errors  TL_E_NAN: a state is not finite, names time, fleet, device, column; whatever an observer
 *         returned. After an error the world may be read and destroyed, but not advanced. */
TL_API tl_code tl_world_advance(tl_world *world, int64_t until_ns, tl_error *err);
TL_API uint64_t
tl_world_device_steps(const tl_world *world); /* sum over fleets of devices * plant steps */
TL_API uint64_t tl_world_window_count(const tl_world *world);
/* Whether tl_world_flip_bit could; also before tl_world_seal.
 * errors  TL_E_ARG: no such device or column, the column has fewer bits, or it is computed */
TL_API tl_code tl_world_flip_check(const tl_world *world, tl_fleet_id fleet, uint32_t device,
                                   uint32_t column, uint32_t bit, tl_error *err);
/* Flips one bit (0..63) of a device's column value: a planted fault for `diff`. */
TL_API tl_code tl_world_flip_bit(tl_world *world, tl_fleet_id fleet, uint32_t device,
                                 uint32_t column, uint32_t bit, tl_error *err);

/* --- digests (design.md section 4) --- */
/* XXH3-64 of (fleet, block) at the end of the last window, over exactly what a checkpoint
 * stores. */
TL_API uint64_t tl_block_digest(const tl_world *world, tl_fleet_id fleet, uint32_t block);
TL_API uint64_t tl_world_root(const tl_world *world); /* root of the last window */
TL_API void tl_world_run_hash(const tl_world *world,
                              char out_hex[65]); /* SHA-256 over all window roots so far */

/* --- snapshot: a copy of everything that changes, for diff, branch and rewind ---
 * Into the world it came from, or one made from the same recipe. Window roots stay behind: the run
 * hash goes on only where the windows before the snapshot were run. */
TL_API size_t tl_world_snapshot_bytes(const tl_world *world);
TL_API void tl_world_snapshot(const tl_world *world, void *out);
TL_API void tl_world_restore(tl_world *world, const void *snapshot);

/* --- observers: recorder, judge and others attach as rows; they read, they never write state
 * --- */
typedef struct tl_tick_view { /* one block at one tick, before the plant steps on */
  tl_fleet_id fleet;
  uint32_t block;
  uint32_t rows;       /* devices of this block, 1..256 */
  uint32_t row_padded; /* rows that hold computed values, multiple of 16 */
  int64_t tick;        /* 0, 1, ... */
  int64_t at_ns;
  double *const *column;  /* by fleet column index; NULL for columns that are not TL_F64 */
  const void *const *raw; /* by fleet column index, any type */
} tl_tick_view;

typedef struct tl_window_view {
  uint64_t window; /* 0, 1, ... */
  int64_t begin_ns, end_ns;
  const tl_world *world; /* digests, columns as of end_ns */
} tl_window_view;

typedef struct tl_observer {
  void *self;
  /* Worker threads, disjoint blocks, ticks of a block in order. May be NULL. */
  void (*tick)(void *self, const tl_tick_view *view);
  /* Ticks of this fleet that may run before segment_end must be called; NULL = no limit. */
  uint32_t (*segment_ticks)(void *self, tl_fleet_id fleet);
  /* Caller's thread, after every block of the fleet ran the same ticks. May be NULL. */
  tl_code (*segment_end)(void *self, tl_fleet_id fleet, int64_t tick_end, tl_error *err);
  /* Caller's thread, at a window's end, digests made. May be NULL. */
  tl_code (*window_end)(void *self, const tl_window_view *view, tl_error *err);
} tl_observer;
#define TL_OBSERVERS_MAX 8u
TL_API tl_code tl_world_observe(tl_world *world, const tl_observer *observer, tl_error *err);

/* Calls work(context, block, thread) for every block of a fleet on the world's threads (judge's
 * reductions); results must be combined by the caller in block order. */
TL_API void tl_world_for_blocks(const tl_world *world, tl_fleet_id fleet,
                                void (*work)(void *context, uint32_t block, uint32_t thread),
                                void *context);
TL_API uint32_t tl_world_thread_count(const tl_world *world);

/* Device-keyed random helpers with the world's seed: the k devices with the smallest keyed hashes,
 * ascending. */
TL_API void tl_fleet_sample(const tl_world *world, tl_fleet_id fleet, const char *stream,
                            uint32_t k, uint32_t *out);
/* One draw per device for `vary` and faults: uniform [0,1) / standard normal, keyed by stream
 * name. */
TL_API double tl_fleet_draw_uniform(const tl_world *world, tl_fleet_id fleet, const char *stream,
                                    uint32_t device);
TL_API double tl_fleet_draw_normal(const tl_world *world, tl_fleet_id fleet, const char *stream,
                                   uint32_t device);
#endif
