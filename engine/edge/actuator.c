#include "edge/actuator.h"

#include "base/simd.h"

#include <assert.h>

bool tl_actuator_has_memory(const tl_actuator_limits *limits)
{
  return limits->rate_per_s > 0.0 || limits->dead_band > 0.0 || limits->min_on_s > 0.0 ||
         limits->min_off_s > 0.0;
}

bool tl_actuator_faulty(const tl_actuator_rows *rows, uint32_t row_count)
{
  for (uint32_t i = 0; i < row_count; i++)
    if (rows->stuck[i] != 0.0 || rows->efficiency[i] != 1.0) return true;
  return false;
}

TL_INLINE_BODY void saturate_body(double *restrict applied, const double *restrict command,
                                  uint32_t row_count, double low, double high)
{
  for (uint32_t i = 0; i < row_count; i++) {
    const double above = command[i] < low ? low : command[i];
    applied[i] = above > high ? high : above;
  }
}

static void saturate_scalar(double *applied, const double *command, uint32_t row_count, double low,
                            double high)
{
  saturate_body(applied, command, row_count, low, high);
}

TL_TARGET_AVX2 static void saturate_avx2(double *applied, const double *command, uint32_t row_count,
                                         double low, double high)
{
  saturate_body(applied, command, row_count, low, high);
}

/* Position of one row after its limits. Order: dead band, minimum times, rate, saturation. */
static double limited(const tl_actuator_rows *rows, uint32_t i, const tl_actuator_limits *limits,
                      double at_s, double dt_s)
{
  const double old = rows->position[i];
  double wanted = rows->command[i];
  const double change = wanted > old ? wanted - old : old - wanted;
  if (change < limits->dead_band) wanted = old;
  const bool was_on = old > limits->low, is_on = wanted > limits->low;
  if (was_on != is_on && at_s - rows->since_s[i] < (was_on ? limits->min_on_s : limits->min_off_s))
    wanted = old;
  if (limits->rate_per_s > 0.0) {
    const double most = limits->rate_per_s * dt_s;
    wanted = wanted > old + most ? old + most : wanted < old - most ? old - most : wanted;
  }
  wanted = wanted < limits->low ? limits->low : wanted > limits->high ? limits->high : wanted;
  if ((wanted > limits->low) != was_on) rows->since_s[i] = at_s;
  return wanted;
}

void tl_actuator_apply(tl_simd_path path, const tl_actuator_rows *rows, uint32_t row_count,
                       const tl_actuator_limits *limits, bool faulty, double at_s, double dt_s)
{
  assert(row_count % 16 == 0);
  assert(limits->low < limits->high);
  if (tl_actuator_has_memory(limits)) {
    for (uint32_t i = 0; i < row_count; i++)
      rows->applied[i] = rows->position[i] = limited(rows, i, limits, at_s, dt_s);
  } else if (path == TL_PATH_AVX2 || path == TL_PATH_VNNI) {
    saturate_avx2(rows->applied, rows->command, row_count, limits->low, limits->high);
  } else {
    saturate_scalar(rows->applied, rows->command, row_count, limits->low, limits->high);
  }
  if (!faulty) return;
  for (uint32_t i = 0; i < row_count; i++) {
    const double value = rows->applied[i] * rows->efficiency[i];
    rows->applied[i] = rows->stuck[i] != 0.0 ? rows->stuck_at[i] : value;
  }
}
