/* incubator.c: a heated box; equations, sources and errors are in README.md beside this file. */
#include "twins/incubator/incubator.h"

#include "base/simd.h"

#include <assert.h>

static const tl_column columns[] = {
#define COL(name, role, type, unit, initial, low, high, resolution, meaning)                       \
  {#name, role, type, unit, initial, low, high, resolution, meaning},
#include "twins/incubator/columns.def"
#undef COL
};

/* The equations as rates: dT_h/dt = heat - to_air (T_h - T_b);  dT_b/dt = gain (T_h - T_b) - loss
 * T_b + rest. Divisions happen once per call here, not in each of a step's four stages. */
typedef struct incubator_rates {
  double heat[TL_BLOCK_ROWS], to_air[TL_BLOCK_ROWS], gain[TL_BLOCK_ROWS], loss[TL_BLOCK_ROWS],
      rest[TL_BLOCK_ROWS];
} incubator_rates;

TL_INLINE_BODY void rates_body(incubator_rates *restrict r, double *const *column, uint32_t begin,
                               uint32_t count)
{
  const double *restrict on = column[INCUBATOR_heater_on] + begin, *restrict room_K =
                                                                       column[INCUBATOR_room_K] +
                                                                       begin;
  const double *restrict lid = column[INCUBATOR_lid_open] + begin,
                         *restrict C_air = column[INCUBATOR_C_air_J_per_K] + begin;
  const double *restrict G_box = column[INCUBATOR_G_box_W_per_K] + begin;
  const double *restrict C_heater = column[INCUBATOR_C_heater_J_per_K] + begin;
  const double *restrict G_heater = column[INCUBATOR_G_heater_W_per_K] + begin;
  const double *restrict G_lid = column[INCUBATOR_G_lid_W_per_K] + begin;
  const double *restrict voltage_V = column[INCUBATOR_voltage_V] + begin,
                         *restrict current_A = column[INCUBATOR_current_A] + begin;
  for (uint32_t i = 0; i < count; i++) {
    const double massless =
        C_heater[i] == 0.0 ? 1.0 : 0.0; /* two-parameter model: power goes straight into the air */
    const double power_W = voltage_V[i] * current_A[i] * on[i];
    const double through = C_heater[i] == 0.0 ? 0.0 : G_heater[i];
    const double per_C_heater = 1.0 / (C_heater[i] + massless), per_C_air = 1.0 / C_air[i];
    const double to_room = (1.0 - lid[i]) * G_box[i] + lid[i] * G_lid[i];
    r->heat[i] = (1.0 - massless) * power_W * per_C_heater;
    r->to_air[i] = through * per_C_heater;
    r->gain[i] = through * per_C_air;
    r->loss[i] = to_room * per_C_air;
    r->rest[i] = (to_room * room_K[i] + massless * power_W) * per_C_air;
  }
}

#define D_HEATER(h, b) (r->heat[i] - r->to_air[i] * ((h) - (b)))
#define D_BOX(h, b) (r->gain[i] * ((h) - (b)) - r->loss[i] * (b) + r->rest[i])
/* Classical Runge-Kutta of order 4, all devices of the slice before the next step: lanes hide the
 * stages' latency. */
TL_INLINE_BODY void step_body(double *restrict heater_K, double *restrict box_K,
                              const incubator_rates *restrict r, uint32_t count, double dt_s,
                              uint32_t step_count)
{
  const double half = 0.5 * dt_s, sixth = dt_s / 6.0;
  for (uint32_t step = 0; step < step_count; step++)
    for (uint32_t i = 0; i < count; i++) {
      const double h = heater_K[i], b = box_K[i];
      const double h1 = D_HEATER(h, b), b1 = D_BOX(h, b);
      const double hh2 = h + half * h1, bb2 = b + half * b1;
      const double h2 = D_HEATER(hh2, bb2), b2 = D_BOX(hh2, bb2);
      const double hh3 = h + half * h2, bb3 = b + half * b2;
      const double h3 = D_HEATER(hh3, bb3), b3 = D_BOX(hh3, bb3);
      const double hh4 = h + dt_s * h3, bb4 = b + dt_s * b3;
      const double h4 = D_HEATER(hh4, bb4), b4 = D_BOX(hh4, bb4);
      heater_K[i] = h + sixth * (h1 + 2.0 * (h2 + h3) + h4);
      box_K[i] = b + sixth * (b1 + 2.0 * (b2 + b3) + b4);
    }
}

static void advance_scalar(double *const *column, tl_slice rows, double dt_s, uint32_t step_count)
{
  incubator_rates rates;
  rates_body(&rates, column, rows.begin, rows.end - rows.begin);
  step_body(column[INCUBATOR_heater_K] + rows.begin, column[INCUBATOR_box_K] + rows.begin, &rates,
            rows.end - rows.begin, dt_s, step_count);
}

TL_TARGET_AVX2 static void advance_avx2(double *const *column, tl_slice rows, double dt_s,
                                        uint32_t step_count)
{
  incubator_rates rates;
  rates_body(&rates, column, rows.begin, rows.end - rows.begin);
  step_body(column[INCUBATOR_heater_K] + rows.begin, column[INCUBATOR_box_K] + rows.begin, &rates,
            rows.end - rows.begin, dt_s, step_count);
}

static void incubator_step(double *const *column, tl_slice rows, double dt_s, uint32_t step_count,
                           tl_simd_path path)
{
  assert(rows.begin <= rows.end && rows.end - rows.begin <= TL_BLOCK_ROWS);
  assert(dt_s > 0.0 && step_count > 0);
  if (path == TL_PATH_AVX2 || path == TL_PATH_VNNI)
    advance_avx2(column, rows, dt_s, step_count);
  else
    advance_scalar(column, rows, dt_s, step_count);
}

static void incubator_output(double *const *column, tl_slice rows)
{
  double *restrict power_W = column[INCUBATOR_power_W];
  const double *restrict on = column[INCUBATOR_heater_on];
  const double *restrict voltage_V = column[INCUBATOR_voltage_V], *restrict current_A =
                                                                      column[INCUBATOR_current_A];
  for (uint32_t i = rows.begin; i < rows.end; i++) power_W[i] = voltage_V[i] * current_A[i] * on[i];
}

const tl_twin_type incubator_twin = {
    .abi = TL_TWIN_ABI,
    .flags = TL_TWIN_AFFINE,
    .name = "incubator",
    .meaning = "heated box with a heater, after the Aarhus incubator",
    .columns = columns,
    .column_count = INCUBATOR_COUNT,
    .step = incubator_step,
    .output = incubator_output,
    .dt_s_max = 10.0,
};
