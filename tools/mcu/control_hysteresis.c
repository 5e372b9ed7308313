#include "edge/controller.h"
#include "tools/mcu/control.h"

void tl_control_step(tl_control_state *state, const tl_control_sample *sample)
{
  const tl_hysteresis_rows rows = {&state->command, &sample->measured, &sample->setpoint,
                                   &sample->gains[0]};
  tl_hysteresis_run(TL_PATH_SCALAR, &rows, 1, sample->low, sample->high);
}
