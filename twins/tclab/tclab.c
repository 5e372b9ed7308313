/* tclab.c: two heaters that exchange heat; equations, sources and errors are in README.md beside
 * this file. */
#include "twins/tclab/tclab.h"

#include "base/simd.h"

#include <assert.h>

static const tl_column columns[] = {
#define COL(name, role, type, unit, initial, low, high, resolution, meaning)                       \
  {#name, role, type, unit, initial, low, high, resolution, meaning},
#include "twins/tclab/columns.def"
#undef COL
};

/* Coefficients of one device, divided by m Cp once a call. */
typedef struct tclab_rates {
  double convect, radiate, convect_between, radiate_between, heat1, heat2, ambient_K, ambient4,
      per_tau;
} tclab_rates;
typedef struct tclab_state {
  double t1, t2, c1, c2;
} tclab_state;

static const double stefan_boltzmann =
    5.67e-8; /* W/m2/K4, the value that the published structure uses */

TL_INLINE_BODY double fourth(double t)
{
  const double square = t * t;
  return square * square;
}

TL_INLINE_BODY tclab_state slope(const tclab_rates *r, tclab_state s)
{
  const double f1 = fourth(s.t1), f2 = fourth(s.t2);
  const double between = r->convect_between * (s.t2 - s.t1) + r->radiate_between * (f2 - f1);
  tclab_state d;
  d.t1 = r->convect * (r->ambient_K - s.t1) + r->radiate * (r->ambient4 - f1) + between + r->heat1;
  d.t2 = r->convect * (r->ambient_K - s.t2) + r->radiate * (r->ambient4 - f2) - between + r->heat2;
  d.c1 = (s.t1 - s.c1) * r->per_tau;
  d.c2 = (s.t2 - s.c2) * r->per_tau;
  return d;
}

TL_INLINE_BODY tclab_state along(tclab_state s, tclab_state d, double dt_s)
{
  return (tclab_state){s.t1 + dt_s * d.t1, s.t2 + dt_s * d.t2, s.c1 + dt_s * d.c1,
                       s.c2 + dt_s * d.c2};
}

TL_INLINE_BODY tclab_state runge_kutta(const tclab_rates *r, tclab_state s, double dt_s)
{
  const tclab_state k1 = slope(r, s), k2 = slope(r, along(s, k1, 0.5 * dt_s));
  const tclab_state k3 = slope(r, along(s, k2, 0.5 * dt_s)), k4 = slope(r, along(s, k3, dt_s));
  const double sixth = dt_s / 6.0;
  return (tclab_state){s.t1 + sixth * (k1.t1 + 2.0 * (k2.t1 + k3.t1) + k4.t1),
                       s.t2 + sixth * (k1.t2 + 2.0 * (k2.t2 + k3.t2) + k4.t2),
                       s.c1 + sixth * (k1.c1 + 2.0 * (k2.c1 + k3.c1) + k4.c1),
                       s.c2 + sixth * (k1.c2 + 2.0 * (k2.c2 + k3.c2) + k4.c2)};
}

TL_INLINE_BODY tclab_rates rates_of(double *const *column, uint32_t i)
{
  const double per_heat_capacity = 1.0 / (column[TCLAB_mass_kg][i] * column[TCLAB_cp_J_per_kgK][i]);
  const double area = column[TCLAB_area_m2][i], between = column[TCLAB_area_between_m2][i];
  const double radiation = column[TCLAB_emissivity][i] * stefan_boltzmann * per_heat_capacity;
  const double tau_s = column[TCLAB_tau_s][i], ambient_K = column[TCLAB_ambient_K][i];
  return (tclab_rates){
      .convect = column[TCLAB_U_W_per_m2K][i] * area * per_heat_capacity,
      .radiate = radiation * area,
      .convect_between = column[TCLAB_Us_W_per_m2K][i] * between * per_heat_capacity,
      .radiate_between = radiation * between,
      .heat1 = column[TCLAB_alpha1_W_per_pct][i] * column[TCLAB_Q1_pct][i] * per_heat_capacity,
      .heat2 = column[TCLAB_alpha2_W_per_pct][i] * column[TCLAB_Q2_pct][i] * per_heat_capacity,
      .ambient_K = ambient_K,
      .ambient4 = fourth(ambient_K),
      .per_tau = tau_s > 0.0 ? 1.0 / tau_s : 0.0,
  };
}

static void tclab_step(double *const *column, tl_slice rows, double dt_s, uint32_t step_count,
                       tl_simd_path path)
{
  (void)path; /* a nonlinear twin of few devices: the scalar code is the only one */
  assert(rows.begin <= rows.end);
  assert(dt_s > 0.0 && step_count > 0);
  for (uint32_t i = rows.begin; i < rows.end; i++) {
    const tclab_rates rates = rates_of(column, i);
    tclab_state s = {column[TCLAB_T1_K][i], column[TCLAB_T2_K][i], column[TCLAB_Tc1_K][i],
                     column[TCLAB_Tc2_K][i]};
    for (uint32_t step = 0; step < step_count; step++) s = runge_kutta(&rates, s, dt_s);
    const int no_lag = column[TCLAB_tau_s][i] == 0.0;
    column[TCLAB_T1_K][i] = s.t1;
    column[TCLAB_T2_K][i] = s.t2;
    column[TCLAB_Tc1_K][i] = no_lag ? s.t1 : s.c1;
    column[TCLAB_Tc2_K][i] = no_lag ? s.t2 : s.c2;
  }
}

static void tclab_output(double *const *column, tl_slice rows)
{
  for (uint32_t i = rows.begin; i < rows.end; i++)
    column[TCLAB_heat_W][i] = column[TCLAB_alpha1_W_per_pct][i] * column[TCLAB_Q1_pct][i] +
                              column[TCLAB_alpha2_W_per_pct][i] * column[TCLAB_Q2_pct][i];
}

const tl_twin_type tclab_twin = {
    .abi = TL_TWIN_ABI,
    .flags = 0, /* radiation: not affine */
    .name = "tclab",
    .meaning = "two heaters with thermistors, after the temperature control lab",
    .columns = columns,
    .column_count = TCLAB_COUNT,
    .step = tclab_step,
    .output = tclab_output,
    .dt_s_max = 10.0,
};
