/* control.h: the controller that a firmware is built with: hysteresis, pid, or a file of the user's.
 *
 *     tools/firmware MODEL.tflite --controller mine.c ...
 *
 * where mine.c has `#include "tools/mcu/control.h"` and defines tl_control_step. It is freestanding
 * C: no heap, no I/O, no math library. Threads: one. */
#ifndef TL_TOOLS_MCU_CONTROL_H
#define TL_TOOLS_MCU_CONTROL_H

#include <stdint.h>

typedef struct tl_control_state {          /* kept from sample to sample; all 0 at first */
  double command;                          /* the controller's output */
  double integral, last_measured, started; /* what the PID needs; free for others to use */
  double user[8];
} tl_control_state;

typedef struct tl_control_sample {
  double at_s, dt_s; /* time of the sample, and to the next one */
  double measured, setpoint;
  double gains[3];  /* hysteresis: band; PID: kp, ki, kd */
  double low, high; /* limits of the command */
  double score;     /* of the detector's newest inference, 0 before the first */
  uint32_t alarm;   /* 1 while its alarm is raised */
} tl_control_sample;

/* Sets state->command. */
void tl_control_step(tl_control_state *state, const tl_control_sample *sample);

#endif
