#include "edge/energy/coulomb.h"

#include "base/simd.h"

#include <assert.h>

TL_INLINE_BODY void draw_body(const tl_coulomb_rows *rows, uint32_t row_count, double dt_s)
{
  double *restrict charge_C = rows->charge_C, *restrict duty = rows->duty;
  const double *restrict sleep_A = rows->sleep_A;
  const double *restrict inference_C = rows->inference_C, *restrict inference_s = rows->inference_s;
  const double *restrict message_C = rows->message_C;
  const double *restrict inferences = rows->inferences, *restrict messages = rows->messages;
  for (uint32_t i = 0; i < row_count; i++) {
    const double awake_s = inferences[i] * inference_s[i];
    const double left_s = dt_s - awake_s;
    const double asleep_s = left_s > 0.0 ? left_s : 0.0;
    const double events_C = inferences[i] * inference_C[i] + messages[i] * message_C[i];
    charge_C[i] += sleep_A[i] * asleep_s + events_C;
    duty[i] = awake_s / dt_s;
  }
}

TL_INLINE_BODY void state_body(const tl_coulomb_rows *rows, uint32_t row_count)
{
  double *restrict state_of_charge = rows->state_of_charge;
  const double *restrict charge_C = rows->charge_C, *restrict capacity_C = rows->capacity_C;
  for (uint32_t i = 0; i < row_count; i++) {
    const double whole_C = capacity_C[i] > 0.0 ? capacity_C[i] : 1.0; /* load, then select */
    const double left = 1.0 - charge_C[i] / whole_C;
    const double kept = left > 0.0 ? left : 0.0;
    state_of_charge[i] = capacity_C[i] > 0.0 ? kept : 1.0;
  }
}

static void run_scalar(const tl_coulomb_rows *rows, uint32_t row_count, double dt_s)
{
  draw_body(rows, row_count, dt_s);
  state_body(rows, row_count);
}

TL_TARGET_AVX2 static void run_avx2(const tl_coulomb_rows *rows, uint32_t row_count, double dt_s)
{
  draw_body(rows, row_count, dt_s);
  state_body(rows, row_count);
}

void tl_coulomb_run(tl_simd_path path, const tl_coulomb_rows *rows, uint32_t row_count, double dt_s)
{
  assert(row_count % 16 == 0);
  assert(dt_s > 0.0);
  if (path == TL_PATH_AVX2 || path == TL_PATH_VNNI)
    run_avx2(rows, row_count, dt_s);
  else
    run_scalar(rows, row_count, dt_s);
}

double tl_coulomb_of_energy(double energy_J, double voltage_V, double efficiency_ratio)
{
  assert(voltage_V > 0.0);
  assert(efficiency_ratio > 0.0 && efficiency_ratio <= 1.0);
  return energy_J / (voltage_V * efficiency_ratio);
}

double tl_coulomb_of_mAh(double capacity_mAh) { return capacity_mAh * 3.6; }
