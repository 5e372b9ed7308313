#include "edge/controller.h"

#include "base/simd.h"

#include <assert.h>

TL_INLINE_BODY void hysteresis_body(double *restrict command, const double *restrict measured,
                                    const double *restrict setpoint, const double *restrict band,
                                    uint32_t row_count, double low, double high)
{
  for (uint32_t i = 0; i < row_count; i++) {
    const double below = setpoint[i] - band[i], above = setpoint[i] + band[i];
    const double on = measured[i] < below ? high : command[i];
    command[i] = measured[i] > above ? low : on;
  }
}

static void hysteresis_scalar(const tl_hysteresis_rows *rows, uint32_t row_count, double low,
                              double high)
{
  hysteresis_body(rows->command, rows->measured, rows->setpoint, rows->band, row_count, low, high);
}

TL_TARGET_AVX2 static void hysteresis_avx2(const tl_hysteresis_rows *rows, uint32_t row_count,
                                           double low, double high)
{
  hysteresis_body(rows->command, rows->measured, rows->setpoint, rows->band, row_count, low, high);
}

void tl_hysteresis_run(tl_simd_path path, const tl_hysteresis_rows *rows, uint32_t row_count,
                       double low, double high)
{
  assert(path == TL_PATH_SCALAR || row_count % 16 == 0); /* firmware has one row */
  assert(low < high);
  if (path == TL_PATH_AVX2 || path == TL_PATH_VNNI)
    hysteresis_avx2(rows, row_count, low, high);
  else
    hysteresis_scalar(rows, row_count, low, high);
}

void tl_pid_run(const tl_pid_rows *rows, uint32_t row_count, double low, double high, double dt_s)
{
  assert(dt_s > 0.0);
  assert(low < high);
  for (uint32_t i = 0; i < row_count; i++) {
    const double error = rows->setpoint[i] - rows->measured[i];
    const double last = rows->started[i] != 0.0 ? rows->last_measured[i] : rows->measured[i];
    const double slope = (rows->measured[i] - last) / dt_s;
    const double fixed = rows->kp[i] * error - rows->kd[i] * slope;
    const double more = rows->ki[i] * error * dt_s;
    const double wanted = fixed + (rows->integral[i] + more);
    const int winds_up = (wanted > high && more > 0.0) || (wanted < low && more < 0.0);
    if (!winds_up) rows->integral[i] += more;
    const double command = fixed + rows->integral[i];
    rows->command[i] = command < low ? low : command > high ? high : command;
    rows->last_measured[i] = rows->measured[i];
    rows->started[i] = 1.0;
  }
}
