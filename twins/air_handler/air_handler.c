/* air_handler.c: mixing box, two coils with valves, a fan; equations and sources are in README.md
 * beside this file. */
#include "twins/air_handler/air_handler.h"

#include "base/simd.h"
#include "twins/air_handler/coil.h"
#include "twins/air_handler/constants.h"

#include <assert.h>

static const tl_column columns[] = {
#define COL(name, role, type, unit, initial, low, high, resolution, meaning)                       \
  {#name, role, type, unit, initial, low, high, resolution, meaning},
#include "twins/air_handler/columns.def"
#undef COL
};

enum { PLACES = 6, DAMPER = 0, HOT_VALVE, COLD_VALVE, FAN, HEATED, COOLED };

/* One device's parameters and held inputs, once a call. */
typedef struct unit {
  coil hot, cold;
  double target[4], per_s[PLACES]; /* what the motors go to, and how fast everything does */
  double outdoor_K, return_K, hot_K, cold_K;
  double air_kg_per_s, rated_fan_W, damper_leak, rangeability, authority;
} unit;
typedef struct places {
  double at[PLACES];
} places;

/* What follows at once from where everything is. */
typedef struct flows {
  double air_kg_per_s, hot_kg_per_s, cold_kg_per_s, mixed_K, heating_W, cooling_W;
} flows;

static unit unit_of(double *const *column, uint32_t i)
{
#define AT(name) column[AIR_HANDLER_##name][i]
  const unit u = {
      .hot = {AT(air_kg_per_s), AT(hot_kg_per_s), AT(hot_UA_W_per_K), AT(air_share)},
      .cold = {AT(air_kg_per_s), AT(cold_kg_per_s), AT(cold_UA_W_per_K), AT(air_share)},
      .target = {AT(damper_command), AT(hot_command), AT(cold_command), AT(fan_command)},
      .per_s = {1.0 / AT(damper_s), 1.0 / AT(valve_s), 1.0 / AT(valve_s), 1.0 / AT(fan_s),
                1.0 / AT(coil_s), 1.0 / AT(coil_s)},
      .outdoor_K = AT(outdoor_K),
      .return_K = AT(return_K),
      .hot_K = AT(hot_K),
      .cold_K = AT(cold_K),
      .air_kg_per_s = AT(air_kg_per_s),
      .rated_fan_W = AT(rated_fan_W),
      .damper_leak = AT(damper_leak),
      .rangeability = AT(rangeability),
      .authority = AT(authority),
  };
#undef AT
  return u;
}

static flows flows_of(const unit *u, const places *p)
{
  flows f;
  const double share = u->damper_leak + (1.0 - u->damper_leak) * p->at[DAMPER];
  f.air_kg_per_s = u->air_kg_per_s * p->at[FAN];
  f.mixed_K = share * u->outdoor_K + (1.0 - share) * u->return_K;
  f.hot_kg_per_s = u->hot.rated_water_kg_per_s *
                   valve_flow_ratio(p->at[HOT_VALVE], u->rangeability, u->authority);
  f.cold_kg_per_s = u->cold.rated_water_kg_per_s *
                    valve_flow_ratio(p->at[COLD_VALVE], u->rangeability, u->authority);
  f.heating_W = coil_W_per_K(&u->hot, f.air_kg_per_s, f.hot_kg_per_s) * (u->hot_K - f.mixed_K);
  f.cooling_W =
      coil_W_per_K(&u->cold, f.air_kg_per_s, f.cold_kg_per_s) * (p->at[HEATED] - u->cold_K);
  return f;
}

static places slope(const unit *u, const places *p)
{
  const flows f = flows_of(u, p);
  const double air_W_per_K = f.air_kg_per_s * AIR_J_PER_KGK;
  const double warmer_K = f.heating_W != 0.0 ? f.heating_W / air_W_per_K : 0.0;
  const double colder_K = f.cooling_W != 0.0 ? f.cooling_W / air_W_per_K : 0.0;
  const double target[PLACES] = {u->target[0], u->target[1],         u->target[2],
                                 u->target[3], f.mixed_K + warmer_K, p->at[HEATED] - colder_K};
  places d;
  for (int k = 0; k < PLACES; k++) d.at[k] = (target[k] - p->at[k]) * u->per_s[k];
  return d;
}

TL_INLINE_BODY places along(const places *p, const places *d, double dt_s)
{
  places out;
  for (int k = 0; k < PLACES; k++) out.at[k] = p->at[k] + dt_s * d->at[k];
  return out;
}

static places runge_kutta(const unit *u, const places *p, double dt_s)
{
  const places k1 = slope(u, p), at2 = along(p, &k1, 0.5 * dt_s);
  const places k2 = slope(u, &at2), at3 = along(p, &k2, 0.5 * dt_s);
  const places k3 = slope(u, &at3), at4 = along(p, &k3, dt_s);
  const places k4 = slope(u, &at4);
  places out;
  for (int k = 0; k < PLACES; k++)
    out.at[k] = p->at[k] + dt_s / 6.0 * (k1.at[k] + 2.0 * (k2.at[k] + k3.at[k]) + k4.at[k]);
  return out;
}

static places places_of(double *const *column, uint32_t i)
{
  places p;
  for (uint32_t k = 0; k < PLACES; k++) p.at[k] = column[AIR_HANDLER_damper + k][i];
  return p;
}

static void air_handler_step(double *const *column, tl_slice rows, double dt_s, uint32_t step_count,
                             tl_simd_path path)
{
  (void)path; /* powers and exponentials a coil: the scalar code is the only one */
  assert(rows.begin <= rows.end);
  assert(dt_s > 0.0 && step_count > 0);
  for (uint32_t i = rows.begin; i < rows.end; i++) {
    const unit u = unit_of(column, i);
    places p = places_of(column, i);
    for (uint32_t step = 0; step < step_count; step++) p = runge_kutta(&u, &p, dt_s);
    for (uint32_t k = 0; k < PLACES; k++) column[AIR_HANDLER_damper + k][i] = p.at[k];
  }
}

static void air_handler_output(double *const *column, tl_slice rows)
{
  for (uint32_t i = rows.begin; i < rows.end; i++) {
    const unit u = unit_of(column, i);
    const places p = places_of(column, i);
    const flows f = flows_of(&u, &p);
    const double speed = p.at[FAN];
    const double fan_W = u.rated_fan_W * speed * speed * speed;
    const double fan_K = u.rated_fan_W * speed * speed / (u.air_kg_per_s * AIR_J_PER_KGK);
    column[AIR_HANDLER_mixed_K][i] = f.mixed_K;
    column[AIR_HANDLER_supply_K][i] = p.at[COOLED] + fan_K;
    column[AIR_HANDLER_supply_kg_per_s][i] = f.air_kg_per_s;
    column[AIR_HANDLER_fan_W][i] = fan_W;
    column[AIR_HANDLER_heating_W][i] = f.heating_W;
    column[AIR_HANDLER_cooling_W][i] = f.cooling_W;
    column[AIR_HANDLER_hot_return_K][i] =
        f.heating_W != 0.0 ? u.hot_K - f.heating_W / (f.hot_kg_per_s * WATER_J_PER_KGK) : u.hot_K;
    column[AIR_HANDLER_cold_return_K][i] =
        f.cooling_W != 0.0 ? u.cold_K + f.cooling_W / (f.cold_kg_per_s * WATER_J_PER_KGK)
                           : u.cold_K;
  }
}

const tl_twin_type air_handler_twin = {
    .abi = TL_TWIN_ABI,
    .flags = 0, /* coils and valves: not affine */
    .name = "air_handler",
    .meaning = "air handler: mixing box, two coils with valves, fan",
    .columns = columns,
    .column_count = AIR_HANDLER_COUNT,
    .step = air_handler_step,
    .output = air_handler_output,
    .dt_s_max = 5.0,
};
