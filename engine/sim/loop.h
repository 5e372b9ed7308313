/* loop.h: how a fleet's closed loop is wired, in numbers of columns: what firmware must do likewise.
 *
 * Why: a device's firmware is held against the simulation sample by sample; whoever feeds it needs
 * to know which columns its sensors, set points and states are.
 * Owns: nothing; the models and names belong to the world. Threads: as reading the world. */
#ifndef TL_SIM_LOOP_H
#define TL_SIM_LOOP_H
#include "sim/world.h"

#define TL_LOOP_NONE UINT32_MAX /* no such column */

typedef struct tl_loop_channel { /* feature = (value - minus - mean) * scale */
  uint32_t value;                /* column of a sensor's or actuator's value */
  bool is_actuator;              /* then it is the value applied at the tick before */
  uint32_t minus;                /* column, or TL_LOOP_NONE */
  double mean, scale;
} tl_loop_channel;

typedef struct tl_loop_input { /* of the model */
  uint32_t channel_count, window;
  tl_loop_channel channels[TL_DETECTOR_CHANNELS_MAX];
} tl_loop_input;

typedef struct tl_loop_version {
  const char *name; /* of its file */
  const tl_model *model;
  uint32_t input_bytes; /* of all inputs, raw */
} tl_loop_version;

typedef struct tl_loop_info {
  tl_controller_kind controller; /* NONE: the columns of the next lines are TL_LOOP_NONE */
  uint32_t measured, command, setpoint;
  uint32_t gains[3];                         /* hysteresis: band; PID: kp, ki, kd */
  uint32_t integral, last_measured, started; /* PID */
  double low, high;                          /* limits of the command */
  bool hears_spectrum; /* the fleet's detector takes frames of a spectrum: not described */
  bool has_detector;   /* false: nothing below is set */
  uint32_t input_count, hop, persist;
  double arm_s; /* no alarm before, nor before the first input's window is full */
  tl_loop_input inputs[TL_DETECTOR_INPUTS_MAX];
  uint32_t version_count;
  uint32_t version; /* column of the number that a device runs, or TL_LOOP_NONE: 0 */
  tl_loop_version versions[TL_DETECTOR_VERSIONS_MAX];
  tl_model_options rounding; /* of the device's kernels */
  bool reconstructs;         /* how the score is read: edge/scoring.h */
  uint32_t output;
  uint32_t score, alarm, streak, onsets, onset_s, threshold;
  bool falls_back;         /* an alarm replaces the controller's command ... */
  double fallback_command; /* ... by this */
} tl_loop_info;

TL_API tl_loop_info tl_fleet_loop(const tl_world *world, tl_fleet_id fleet);

/* What a model of version `version` on that device stands on after `tick_count` ticks: its inputs as
 * they would be fed now (input_bytes, raw, one after the other) and its state (state_bytes, NULL:
 * not wanted; a device that ran another version last starts afresh). From an observer's tick, of its own block,
 * or between windows. */
TL_API void tl_fleet_loop_read(const tl_world *world, tl_fleet_id fleet, uint32_t device,
                               uint32_t version, int64_t tick_count, uint8_t *inputs,
                               uint8_t *state);
#endif
