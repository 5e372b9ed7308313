/* hvac_zone.c: air, inner masses and a five-node envelope; equations and sources are in README.md
 * beside this file. */
#include "twins/hvac_zone/hvac_zone.h"

#include "base/simd.h"

#include <assert.h>

static const tl_column columns[] = {
#define COL(name, role, type, unit, initial, low, high, resolution, meaning)                       \
  {#name, role, type, unit, initial, low, high, resolution, meaning},
#include "twins/hvac_zone/columns.def"
#undef COL
};

enum { NODES = 7, AIR = 0, MASS, OUTER, QUARTER, MIDDLE, INNER_QUARTER, INNER };
static const double air_J_per_kgK = 1006.0;

/* One device's conductances [W/K], sources [W] and reciprocal capacities [K/J], once a call. */
typedef struct zone {
  double supply, outdoor, air_mass, air_wall, mass_wall, wall_end, wall_middle, outside;
  double supply_K, outdoor_K;
  double source_W[NODES], per_capacity[NODES];
} zone;
typedef struct temperatures {
  double K[NODES];
} temperatures;

static void place_sources(zone *z, double *const *column, uint32_t i)
{
#define AT(name) column[HVAC_ZONE_##name][i]
  const double sun_in_W = AT(sun_W_per_m2) * AT(window_m2) * AT(window_passes);
  const double at_once_W = AT(gains_W) * AT(gains_convective) + sun_in_W * AT(sun_convective);
  const double on_surfaces_W = AT(gains_W) + sun_in_W - at_once_W;
  const double wall_share = AT(wall_m2) / (AT(wall_m2) + AT(mass_m2));
  z->source_W[AIR] = AT(heat_W) + at_once_W;
  z->source_W[MASS] = on_surfaces_W * (1.0 - wall_share);
  z->source_W[INNER] = on_surfaces_W * wall_share;
  z->source_W[OUTER] = AT(sun_W_per_m2) * AT(wall_m2) * AT(wall_absorbs);
}

static zone zone_of(double *const *column, uint32_t i)
{
  const double wall_m2 = AT(wall_m2), mass_m2 = AT(mass_m2), layer = wall_m2 / AT(wall_m2K_per_W);
  const double wall_J_per_K = wall_m2 * AT(wall_J_per_m2K);
  zone z = {
      .supply = AT(supply_kg_per_s) * air_J_per_kgK,
      .outdoor = AT(leak_W_per_K) + AT(window_m2) * AT(window_W_per_m2K),
      .air_mass = AT(inside_W_per_m2K) * mass_m2,
      .air_wall = AT(inside_W_per_m2K) * wall_m2,
      .mass_wall = AT(radiation_W_per_m2K) * wall_m2 * mass_m2 / (wall_m2 + mass_m2),
      .wall_end = 6.0 * layer,
      .wall_middle = 3.0 * layer,
      .outside = AT(outside_W_per_m2K) * wall_m2,
      .supply_K = AT(supply_K),
      .outdoor_K = AT(outdoor_K),
  };
  z.per_capacity[AIR] = 1.0 / AT(air_J_per_K);
  z.per_capacity[MASS] = 1.0 / AT(mass_J_per_K);
  z.per_capacity[OUTER] = z.per_capacity[INNER] = 8.0 / wall_J_per_K;
  z.per_capacity[QUARTER] = z.per_capacity[MIDDLE] = z.per_capacity[INNER_QUARTER] =
      4.0 / wall_J_per_K;
#undef AT
  place_sources(&z, column, i);
  return z;
}

TL_INLINE_BODY temperatures slope(const zone *z, const temperatures *t)
{
  const double *K = t->K;
  const double to_mass = z->air_mass * (K[AIR] - K[MASS]),
               to_wall = z->air_wall * (K[AIR] - K[INNER]);
  const double between = z->mass_wall * (K[MASS] - K[INNER]);
  const double in4 = z->wall_end * (K[INNER] - K[INNER_QUARTER]);
  const double in3 = z->wall_middle * (K[INNER_QUARTER] - K[MIDDLE]);
  const double in2 = z->wall_middle * (K[MIDDLE] - K[QUARTER]);
  const double in1 = z->wall_end * (K[QUARTER] - K[OUTER]);
  const double W[NODES] = {
      [AIR] = z->supply * (z->supply_K - K[AIR]) + z->outdoor * (z->outdoor_K - K[AIR]) - to_mass -
              to_wall,
      [MASS] = to_mass - between,
      [OUTER] = in1 + z->outside * (z->outdoor_K - K[OUTER]),
      [QUARTER] = in2 - in1,
      [MIDDLE] = in3 - in2,
      [INNER_QUARTER] = in4 - in3,
      [INNER] = to_wall + between - in4,
  };
  temperatures d;
  for (int k = 0; k < NODES; k++) d.K[k] = (W[k] + z->source_W[k]) * z->per_capacity[k];
  return d;
}

TL_INLINE_BODY temperatures along(const temperatures *t, const temperatures *d, double dt_s)
{
  temperatures out;
  for (int k = 0; k < NODES; k++) out.K[k] = t->K[k] + dt_s * d->K[k];
  return out;
}

static temperatures runge_kutta(const zone *z, const temperatures *t, double dt_s)
{
  const temperatures k1 = slope(z, t), at2 = along(t, &k1, 0.5 * dt_s);
  const temperatures k2 = slope(z, &at2), at3 = along(t, &k2, 0.5 * dt_s);
  const temperatures k3 = slope(z, &at3), at4 = along(t, &k3, dt_s);
  const temperatures k4 = slope(z, &at4);
  temperatures out;
  for (int k = 0; k < NODES; k++)
    out.K[k] = t->K[k] + dt_s / 6.0 * (k1.K[k] + 2.0 * (k2.K[k] + k3.K[k]) + k4.K[k]);
  return out;
}

static void hvac_zone_step(double *const *column, tl_slice rows, double dt_s, uint32_t step_count,
                           tl_simd_path path)
{
  (void)path; /* seven nodes a device: the scalar code is the only one */
  assert(rows.begin <= rows.end);
  assert(dt_s > 0.0 && step_count > 0);
  for (uint32_t i = rows.begin; i < rows.end; i++) {
    const zone z = zone_of(column, i);
    temperatures t;
    for (uint32_t k = 0; k < NODES; k++) t.K[k] = column[HVAC_ZONE_air_K + k][i];
    for (uint32_t step = 0; step < step_count; step++) t = runge_kutta(&z, &t, dt_s);
    for (uint32_t k = 0; k < NODES; k++) column[HVAC_ZONE_air_K + k][i] = t.K[k];
  }
}

static void hvac_zone_output(double *const *column, tl_slice rows)
{
  for (uint32_t i = rows.begin; i < rows.end; i++) {
    const zone z = zone_of(column, i);
    const double air_K = column[HVAC_ZONE_air_K][i], mass_K = column[HVAC_ZONE_mass_K][i];
    const double inner_K = column[HVAC_ZONE_wall_5_K][i];
    const double wall_m2 = column[HVAC_ZONE_wall_m2][i], mass_m2 = column[HVAC_ZONE_mass_m2][i];
    const double surfaces_K = (wall_m2 * inner_K + mass_m2 * mass_K) / (wall_m2 + mass_m2);
    column[HVAC_ZONE_operative_K][i] = 0.5 * (air_K + surfaces_K);
    column[HVAC_ZONE_envelope_W][i] =
        z.outdoor * (air_K - z.outdoor_K) + z.wall_end * (inner_K - column[HVAC_ZONE_wall_4_K][i]);
  }
}

const tl_twin_type hvac_zone_twin = {
    .abi = TL_TWIN_ABI,
    .flags = 0, /* supply air is a product of two inputs: not affine in both */
    .name = "hvac_zone",
    .meaning = "zone of a building: air, masses, five-node envelope, supply air",
    .columns = columns,
    .column_count = HVAC_ZONE_COUNT,
    .step = hvac_zone_step,
    .output = hvac_zone_output,
    .dt_s_max = 300.0,
};
