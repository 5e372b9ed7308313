#include "edge/controller.h"
#include "tools/mcu/control.h"

void tl_control_step(tl_control_state *state, const tl_control_sample *sample)
{
  const tl_pid_rows rows = {&state->command,   &state->integral,  &state->last_measured,
                            &state->started,   &sample->measured, &sample->setpoint,
                            &sample->gains[0], &sample->gains[1], &sample->gains[2]};
  tl_pid_run(&rows, 1, sample->low, sample->high, sample->dt_s);
}
