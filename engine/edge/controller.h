/* controller.h: the firmware's control law: hysteresis, or PID with anti-windup.
 * Owns: nothing. Threads: a leaf on the rows it is given. */
#ifndef TL_EDGE_CONTROLLER_H
#define TL_EDGE_CONTROLLER_H
#include "base/cpu.h"

#include <stdint.h>

typedef struct tl_hysteresis_rows {
  double *restrict command; /* in and out: stays between the limits of the band */
  const double *restrict measured;
  const double *restrict setpoint;
  const double *restrict band;
} tl_hysteresis_rows;
/* command = high below setpoint - band, low above setpoint + band, else unchanged. */
TL_API void tl_hysteresis_run(tl_simd_path path, const tl_hysteresis_rows *rows, uint32_t row_count,
                              double low, double high);

typedef struct tl_pid_rows {
  double *restrict command;
  double *restrict integral; /* dynamic state, in actuator units */
  double
      *restrict last_measured; /* dynamic state; NaN is not used: `first` says there is none yet */
  double *restrict started;    /* dynamic state: 0 before the first sample */
  const double *restrict measured;
  const double *restrict setpoint;
  const double *restrict kp, *restrict ki, *restrict kd;
} tl_pid_rows;
/* command = clamp(kp e + I - kd d(measured)/dt), e = setpoint - measured; the derivative acts on
 * the measurement so that a set point step gives no kick. Anti-windup by conditional integration:
 * I += ki e dt only when that does not push a saturated command further out (Astrom and Hagglund,
 * PID Controllers, 1995, section 3.5). dt_s > 0. */
TL_API void tl_pid_run(const tl_pid_rows *rows, uint32_t row_count, double low, double high,
                       double dt_s);
#endif
