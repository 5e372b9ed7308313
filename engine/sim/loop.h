/* loop.h: how a fleet's closed loop is wired, in numbers of columns: what firmware must do likewise.
 *
 * Why: a device's firmware is held against the simulation sample by sample; whoever feeds it needs
 * to know which columns its sensors, set points and states are.
 * Owns: nothing; the model belongs to the world. Threads: as reading the world. */
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

typedef struct tl_loop_info {
  tl_controller_kind controller; /* NONE: the columns of the next lines are TL_LOOP_NONE */
  uint32_t measured, command, setpoint;
  uint32_t gains[3];                         /* hysteresis: band; PID: kp, ki, kd */
  uint32_t integral, last_measured, started; /* PID */
  double low, high;                          /* limits of the command */
  bool other_detector;                       /* the fleet has one, but not of the kind below */
  bool has_detector; /* one version over one window of bytes; false: nothing below is set */
  uint32_t channel_count, window, hop, persist;
  double arm_s; /* no alarm before */
  tl_loop_channel channels[TL_DETECTOR_CHANNELS_MAX];
  uint32_t score, alarm, streak, onsets, onset_s, threshold;
  uint32_t slots;          /* column of window slot 0; slot s is column slots + s */
  uint32_t slot_count;     /* window * channel_count, the model's inputs */
  uint32_t slot_stride;    /* bytes from row to row of a slot in tl_tick_view.raw */
  bool falls_back;         /* an alarm replaces the controller's command ... */
  double fallback_command; /* ... by this */
} tl_loop_info;

TL_API tl_loop_info tl_fleet_loop(const tl_world *world, tl_fleet_id fleet);
#endif
