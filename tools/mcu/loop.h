/* loop.h: the device's side of the closed loop: features, window, inference, alarm, command.
 *
 * Why: the simulator does the same for blocks of devices (engine/sim/closed_loop.c); here it is for
 * one, on the sources that both share: kernels, edge/controller.c, edge/alarm.c. Every double is
 * computed in the same order (edge/scoring.h), so the bits are the same, in hardware or in software arithmetic.
 * Owns: nothing; the struct is the caller's. Threads: one. */
#ifndef TL_TOOLS_MCU_LOOP_H
#define TL_TOOLS_MCU_LOOP_H

#include "edge/scoring.h"
#include "kernels/model.h"
#include "tools/mcu/control.h"
#include "tools/mcu/wire.h"

#include <stdbool.h>

typedef struct tl_loop {
  fw_config config; /* as received; its tick goes on, its state is copied to the fields below */
  tl_control_state control;
  tl_scoring scoring;
  uint8_t *window; /* the model's inputs, each with its oldest sample first */
  double score, onset_s;
  int32_t onsets;
  uint8_t alarm, streak;
} tl_loop;

/* NULL, or why this model and these settings are no detector. */
const char *tl_loop_refusal(const tl_model *model, const fw_config *config);
/* window: kept; holds what the host sent. */
void tl_loop_start(tl_loop *loop, const tl_model *model, const fw_config *config, uint8_t *window);
/* The sample's features into the windows; true when an inference is due. */
bool tl_loop_push(tl_loop *loop, const tl_model *model, const fw_sample *sample);
/* After the inference: score and alarm from the model's first output. */
void tl_loop_judge(tl_loop *loop, const tl_model *model, const uint8_t *output,
                   const fw_sample *sample);
/* The command; the sample is over. */
void tl_loop_act(tl_loop *loop, const fw_sample *sample);

#endif
