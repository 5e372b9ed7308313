/* A user's controller: hysteresis that switches off a tenth of a kelvin early. */
#include "tools/mcu/control.h"

void tl_control_step(tl_control_state *state, const tl_control_sample *sample)
{
  if (sample->measured < sample->setpoint - sample->gains[0]) state->command = sample->high;
  if (sample->measured > sample->setpoint + sample->gains[0] - 0.1) state->command = sample->low;
  state->user[0] += 1.0;
}
