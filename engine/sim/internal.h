/* internal.h: how a world and its fleets look inside; for the files of this room only.
 *
 * Why: sim is one machine in several files (world, fleet, access, affine, closed_loop, step,
 * digest); this is the structure they share. Nothing outside engine/sim includes it.
 * Threads: during tl_world_advance a worker touches only its block's rows and its own
 * tl_scratch. */
#ifndef TL_SIM_INTERNAL_H
#define TL_SIM_INTERNAL_H
#include "base/rng.h"
#include "edge/actuator.h"
#include "edge/alarm.h"
#include "edge/board.h"
#include "edge/controller.h"
#include "edge/coulomb.h"
#include "edge/scoring.h"
#include "edge/sensor.h"
#include "kernels/batch.h"
#include "kernels/window.h"
#include "sim/world.h"
#include "state/store.h"

#define TL_NO_COLUMN UINT32_MAX
#define TL_DRIVES_MAX 16u
#define TL_DETECTOR_OUTPUTS_MAX 8u
#define TL_WORLD_COOKIE 0x74776c77u
#define TL_FLEET_COOKIE 0x74776c66u
#define TL_WINDOWS_MAX ((uint64_t)1 << 26)

typedef struct tl_sensor {
  tl_sensor_def def;
  char name[TL_NAME_BYTES];
  uint32_t truth, measured, missing; /* column indices */
  uint32_t noise, bias, drift_per_s, drift_from_s, resolution, dropout, stuck;
  tl_rng_key noise_key, dropout_key;
} tl_sensor;

typedef struct tl_actuator {
  tl_actuator_limits limits;
  char name[TL_NAME_BYTES];
  uint32_t applied, command, stuck, stuck_at, efficiency, position, since_s;
} tl_actuator;

typedef struct tl_controller {
  tl_controller_kind kind;
  char name[TL_NAME_BYTES];
  uint32_t sensor, actuator;
  uint32_t setpoint, band, kp, ki, kd, integral, last_measured, started;
} tl_controller;

typedef struct tl_detector_channel { /* feature = (value - minus - mean) * scale */
  uint32_t value, minus;             /* column indices */
  double mean, scale;
} tl_detector_channel;

typedef struct tl_detector_ring { /* of one model input */
  uint32_t channel_count, window; /* samples */
  uint32_t offset;                /* bytes in the block's dynamic region */
  tl_detector_channel channels[TL_DETECTOR_CHANNELS_MAX];
  bool has_spectrum; /* then window counts frames, and channel_count their features */
  tl_frontend spectrum;
  void *tables;
  uint32_t hearing; /* [256][spectrum.state_bytes] in the block's dynamic region */
  double samples_per_unit;
} tl_detector_ring;

typedef struct tl_detector_version {
  tl_model model;
  tl_window window; /* of a windowed detector */
  tl_batch batch;   /* of any other */
  void *memory;     /* model tables and packed weights */
  tl_scoring scoring;
  char name[160]; /* of its file, for messages */
  double inference_J, inference_C, inference_s;
  double energy_error_ratio, time_error_ratio;
} tl_detector_version;

/* Windowed: every version is a chain of dense layers over one window, with one quantisation of its
 * input; the ring holds the model's bytes (kernels/window.h). Otherwise the rings hold features as
 * doubles, [sample mod window][channel][256], and models run by kernels/batch.h. */
typedef struct tl_detector {
  char name[TL_NAME_BYTES];
  char board[TL_BOARD_TEXT_BYTES]; /* "": costs come from no profile */
  bool windowed, reconstructs, counters, has_battery;
  uint32_t version_count, input_count, hop, persist, output;
  tl_detector_version versions[TL_DETECTOR_VERSIONS_MAX];
  tl_detector_ring rings[TL_DETECTOR_INPUTS_MAX];
  uint32_t state_offset, state_bytes; /* [256][state_bytes] in the block's dynamic region */
  uint32_t score, alarm, streak, onsets, onset_s, threshold, version, clipped, saturated;
  uint32_t charge, state_of_charge, duty, inference_J, capacity, sleep; /* column indices */
  double arm_s, fallback_command;
  tl_reaction reaction;
} tl_detector;

/* What one worker needs to run any detector of the world that is not windowed. */
typedef struct tl_detector_scratch {
  uint8_t *inputs, *outputs, *state, *arena, *spectrum;
  size_t spectrum_bytes, input_bytes, output_bytes, state_bytes, arena_bytes;
} tl_detector_scratch;

typedef struct tl_drive { /* an input held from stamp to stamp */
  uint32_t column, count;
  int64_t *stamps_ns;
  double *values;
} tl_drive;

typedef struct tl_affine { /* next = A x + b + C u over one tick, per device */
  uint32_t state_count, input_count;
  uint32_t states[8], inputs[TL_ACTUATORS_MAX]; /* column indices */
  uint32_t terms; /* doubles a device: states * (states + 1 + inputs) */
  double *map;    /* [block][terms][256] */
} tl_affine;

typedef struct tl_fleet {
  char name[TL_NAME_BYTES];
  uint64_t name_hash;
  const tl_twin_type *twin; /* its columns are the store's first ones */
  tl_store store;
  int64_t dt_ns, tick_ns;
  int64_t *stamps_ns; /* NULL: regular ticks */
  uint32_t stamp_count;
  uint32_t steps_per_tick;
  uint32_t sensor_count, actuator_count, drive_count;
  tl_sensor sensors[TL_SENSORS_MAX];
  tl_actuator actuators[TL_ACTUATORS_MAX];
  tl_controller controller;
  bool has_detector, outputs_sensed;
  tl_detector detector;
  tl_drive drives[TL_DRIVES_MAX];
  tl_affine affine;    /* map == NULL: the twin steps */
  int64_t tick_count;  /* ticks done */
  uint32_t *features;  /* [block][sensor] */
  uint8_t *faulty;     /* [block][actuator] */
  uint8_t *stale;      /* [block]: parameters were written since features and map were made */
  uint64_t *digests;   /* [block] */
  uint8_t *not_finite; /* [block] */
} tl_fleet;

typedef struct tl_scratch { /* one worker's */
  float normal[TL_SENSORS_MAX][4][TL_BLOCK_ROWS];
  double uniform[TL_BLOCK_ROWS], feature[TL_BLOCK_ROWS];
  int32_t sums[TL_BLOCK_ROWS];
  double **column; /* [columns of the largest fleet] */
  const void **raw;
  double **twin_column;           /* copies for building maps */
  double *twin_rows;              /* [twin columns][256] */
  int8_t *outputs;                /* [model outputs][256] */
  double drawn[4][TL_BLOCK_ROWS]; /* what the coulomb counter is told: inferences, messages, cost */
  tl_detector_scratch model;
} tl_scratch;

struct tl_world {
  tl_world_def def;
  tl_fleet *fleets[TL_FLEETS_MAX];
  uint32_t fleet_count, observer_count;
  tl_observer observers[TL_OBSERVERS_MAX];
  bool sealed;
  tl_scratch *scratch; /* [thread_count] */
  int64_t now_ns;
  uint64_t device_steps, window_count;
  uint64_t *roots; /* [TL_WINDOWS_MAX], pages come as they are written */
  size_t bytes;
};

/* One block over ticks [begin, end): what step.c walks. */
typedef struct tl_frame {
  tl_world *world;
  tl_fleet *fleet;
  tl_scratch *scratch;
  uint32_t block, rows, row_padded;
  tl_simd_path path;
  int64_t tick;           /* current */
  int64_t at_ns, next_ns; /* of this tick and the next */
  double at_s;
  int64_t first_tick; /* of this frame: noise of a quad begun earlier is made again */
} tl_frame;

static inline tl_fleet *tl_fleet_of(const tl_world *world, tl_fleet_id id)
{
  return id.index1 >= 1 && id.index1 <= world->fleet_count ? world->fleets[id.index1 - 1]
                                                           : (tl_fleet *)0;
}
int64_t tl_fleet_time_of_tick(const tl_fleet *fleet, int64_t tick);
int64_t tl_fleet_ticks_until(const tl_fleet *fleet,
                             int64_t end_ns); /* ticks that lie before end_ns */

/* closed_loop.c: the stages of a tick */
void tl_frame_bind(tl_frame *frame);
void tl_frame_inputs(tl_frame *frame);
void tl_frame_sense(tl_frame *frame);
void tl_frame_infer(tl_frame *frame);
void tl_frame_act(tl_frame *frame);
void tl_frame_record(tl_frame *frame);
void tl_frame_step(tl_frame *frame);
void tl_frame_finish(tl_frame *frame); /* outputs, finite check, digest */

/* affine.c */
tl_code tl_affine_setup(tl_world *world, tl_fleet *fleet, tl_error *err);
void tl_affine_build(tl_fleet *fleet, tl_scratch *scratch, uint32_t block, tl_simd_path path);
void tl_affine_apply(const tl_fleet *fleet, double *const *column, uint32_t block, uint32_t rows,
                     tl_simd_path path);

/* detector.c */
tl_code tl_detector_create(tl_fleet *fleet, const tl_fleet_def *def, tl_simd_path path,
                           tl_error *err);
void tl_detector_reset(tl_fleet *fleet); /* clears the rings; after the store is sealed */
/* Makes the scratch at least as large as this fleet's detector needs. */
void tl_detector_scratch_for(tl_detector_scratch *scratch, const tl_fleet *fleet);
void tl_detector_run(tl_frame *frame);
/* detector_spectrum.c: frames of a spectrum as samples of a window. */
tl_code tl_spectrum_create(tl_fleet *fleet, const tl_fleet_def *def, uint32_t input, tl_error *err);
void tl_spectrum_reset(const tl_detector_ring *ring, uint8_t *dynamic);
void tl_spectrum_push(tl_frame *frame, const tl_detector_ring *ring, const double *value);
/* Samples of the window (ticks or frames) that there are after this tick. */
int64_t tl_detector_samples(const tl_detector_ring *ring, int64_t tick);
/* Where a slot's rows stand. */
double *tl_detector_slot(const tl_frame *frame, const tl_detector_ring *ring, uint32_t slot);
/* The block's dynamic region. */
uint8_t *tl_detector_dynamic(const tl_fleet *fleet, uint32_t block);
void tl_detector_feature(tl_frame *frame, const tl_detector_channel *channel, double *out);
uint32_t tl_detector_version_of(const tl_frame *frame, uint32_t row);
/* detector_batch.c: a detector that is not windowed: gathers windows, runs the models, fills the
 * scores of the rows. */
void tl_detector_push(tl_frame *frame);
void tl_detector_infer(tl_frame *frame);
void tl_detector_free(tl_fleet *fleet);

/* step.c */
tl_code tl_world_run_window(tl_world *world, int64_t end_ns, tl_error *err);
void tl_fleet_free(tl_fleet *fleet);
#endif
