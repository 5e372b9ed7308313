/* The zone against another solver's trace, its steady state and the energy that goes in and out. */
#include "twins/hvac_zone/hvac_zone.h"

#include "tests/twins/readme.h"
#include "tests/twins/rig.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define Z(name) HVAC_ZONE_##name
enum { NODES = 7, INPUTS = 6, HOURS = 48 };

typedef struct trace {
  double input[HOURS + 1][INPUTS], K[HOURS + 1][NODES];
} trace;

/* tests/reference/hvac_zone.py: scipy's matrix exponential, hour by hour. */
static void read_trace(trace *t)
{
  FILE *file = fopen(TL_SOURCE_DIR "/twins/hvac_zone/reference.csv", "r");
  assert_non_null(file);
  char line[512];
  assert_non_null(fgets(line, sizeof line, file));
  for (int row = 0; row <= HOURS; row++) {
    assert_non_null(fgets(line, sizeof line, file));
    char *at = line;
    assert_int_equal(strtol(at, &at, 10), row);
    for (int i = 0; i < INPUTS; i++) t->input[row][i] = strtod(at + 1, &at);
    for (int k = 0; k < NODES; k++) t->K[row][k] = strtod(at + 1, &at);
  }
  fclose(file);
}

static double greatest_error_K(const trace *t, double dt_s)
{
  rig r = rig_open(&hvac_zone_twin);
  double greatest = 0.0;
  for (uint32_t k = 0; k < NODES; k++) rig_set(&r, Z(air_K) + k, t->K[0][k]);
  for (int hour = 0; hour < HOURS; hour++) {
    for (uint32_t i = 0; i < INPUTS; i++) rig_set(&r, Z(outdoor_K) + i, t->input[hour][i]);
    rig_step(&r, dt_s, (uint32_t)(3600.0 / dt_s + 0.5));
    for (uint32_t k = 0; k < NODES; k++) {
      const double error = fabs(r.column[Z(air_K) + k][0] - t->K[hour + 1][k]);
      if (error > greatest) greatest = error;
    }
  }
  rig_close(&r);
  return greatest;
}

static void two_days_agree_with_another_solver_as_the_readme_states(void **unused)
{
  (void)unused;
  static trace t;
  read_trace(&t);
  double dt_s[8], bound_K[8];
  const uint32_t count = readme_bounds("hvac_zone", dt_s, bound_K, 8);
  assert_true(count >= 3);
  for (uint32_t i = 0; i < count; i++) {
    const double error_K = greatest_error_K(&t, dt_s[i]);
    printf("dt %g s: greatest error over two days %.2e K\n", dt_s[i], error_K);
    assert_true(error_K < bound_K[i]);
  }
  const double ratio = greatest_error_K(&t, 120.0) / greatest_error_K(&t, 60.0);
  assert_true(ratio > 13.0 && ratio < 19.0); /* order 4 */
}

/* At rest every path in series: the wall's resistance with its surfaces, beside windows and leaks.
 * Air and mass only meet the inner surface, so the network has a closed form. */
static void the_steady_state_is_that_of_the_resistances(void **unused)
{
  (void)unused;
  rig r = rig_open(&hvac_zone_twin);
  rig_set(&r, Z(outdoor_K), 268.15);
  rig_set(&r, Z(heat_W), 600.0);
  rig_step(&r, 300.0, 60000);
  const double air_wall = 2.5 * 15.0, radiation = 5.13 * 15.0 * 80.0 / 95.0, air_mass = 2.5 * 80.0;
  const double inside = air_wall + 1.0 / (1.0 / air_mass + 1.0 / radiation); /* air to wall 5 */
  const double layers = 15.0 / (3.0 * (2.0 / 6.0 + 2.0 / 3.0)), outside = 24.14 * 15.0;
  const double wall = 1.0 / (1.0 / inside + 1.0 / layers + 1.0 / outside);
  const double air_K = 268.15 + 600.0 / (wall + 2.0 + 5.0 * 1.3);
  assert_true(fabs(r.column[Z(air_K)][0] - air_K) < 1e-8);
  const double wall_W = wall * (air_K - 268.15);
  assert_true(fabs(r.column[Z(wall_1_K)][0] - (268.15 + wall_W / outside)) < 1e-8);
  assert_true(fabs(r.column[Z(wall_5_K)][0] - (air_K - wall_W / inside)) < 1e-8);
  r.twin->output(r.column, (tl_slice){0, TL_BLOCK_ROWS});
  assert_true(fabs(r.column[Z(envelope_W)][0] - 600.0) < 1e-6);
  rig_close(&r);
}

/* A zone that nothing leaves keeps what is put into it, wherever it goes. */
static void a_closed_zone_stores_every_joule(void **unused)
{
  (void)unused;
  rig r = rig_open(&hvac_zone_twin);
  rig_set(&r, Z(leak_W_per_K), 0.0);
  rig_set(&r, Z(window_W_per_m2K), 0.0);
  rig_set(&r, Z(gains_W), 300.0);
  rig_set(&r, Z(heat_W), 200.0);
  rig_set(&r, Z(sun_W_per_m2), 100.0);
  rig_set(&r, Z(wall_absorbs), 0.0);
  double out_J = 0.0;
  for (int minute = 0; minute < 600; minute++) { /* Simpson would be finer: minutes do */
    const double before = r.column[Z(wall_1_K)][0];
    rig_step(&r, 60.0, 1);
    out_J += 60.0 * 24.14 * 15.0 * (0.5 * (before + r.column[Z(wall_1_K)][0]) - 283.15);
  }
  double stored_J =
      272e3 * (r.column[Z(air_K)][0] - 293.15) + 6e6 * (r.column[Z(mass_K)][0] - 293.15);
  static const double share[5] = {0.125, 0.25, 0.25, 0.25, 0.125};
  for (uint32_t k = 0; k < 5; k++)
    stored_J += share[k] * 15.0 * 175e3 * (r.column[Z(wall_1_K) + k][0] - 293.15);
  const double in_J = (300.0 + 200.0 + 100.0 * 5.0 * 0.6) * 36000.0;
  assert_true(fabs(stored_J + out_J - in_J) < 1e-3 * in_J);
  rig_close(&r);
}

static void supply_air_carries_heat_by_its_flow(void **unused)
{
  (void)unused;
  rig r = rig_open(&hvac_zone_twin);
  rig_set(&r, Z(outdoor_K), 293.15); /* nothing else moves the air at first */
  rig_set(&r, Z(supply_K), 288.15);
  rig_set(&r, Z(supply_kg_per_s), 0.1);
  rig_step(&r, 0.01, 1);
  const double rate = (r.column[Z(air_K)][0] - 293.15) / 0.01;
  assert_true(fabs(rate + 0.1 * 1006.0 * 5.0 / 272e3) < 1e-7);
  rig_step(&r, 300.0, 60000); /* the envelope follows: the zone ends between supply and outdoors */
  assert_true(r.column[Z(air_K)][0] > 288.15 && r.column[Z(air_K)][0] < 289.2);
  rig_close(&r);
}

static void sun_and_gains_are_split_between_air_and_surfaces(void **unused)
{
  (void)unused;
  rig r = rig_open(&hvac_zone_twin);
  rig_set(&r, Z(outdoor_K), 293.15);
  rig_set(&r, Z(sun_W_per_m2), 400.0);
  rig_set(&r, Z(gains_W), 250.0);
  rig_step(&r, 0.01, 1);
  const double in_W = 400.0 * 5.0 * 0.6, air_W = 0.4 * 250.0 + 0.1 * in_W;
  const double rest_W = 250.0 + in_W - air_W;
  assert_true(fabs((r.column[Z(air_K)][0] - 293.15) / 0.01 * 272e3 - air_W) < 0.5);
  assert_true(fabs((r.column[Z(mass_K)][0] - 293.15) / 0.01 * 6e6 - rest_W * 80.0 / 95.0) < 0.5);
  assert_true(fabs((r.column[Z(wall_1_K)][0] - 293.15) / 0.01 * 15.0 * 175e3 / 8.0 -
                   400.0 * 15.0 * 0.6) < 1.0);
  rig_close(&r);
}

static void random_zones(rig *r, uint64_t seed)
{
  for (uint32_t c = Z(wall_m2); c <= Z(gains_convective); c++)
    for (uint32_t i = 0; i < TL_BLOCK_ROWS; i++) r->column[c][i] *= rig_spread(&seed, 0.8, 1.2);
  for (uint32_t i = 0; i < TL_BLOCK_ROWS; i++)
    r->column[Z(supply_kg_per_s)][i] = rig_spread(&seed, 0.0, 0.2);
}

static rig random_block(void)
{
  rig r = rig_open(&hvac_zone_twin);
  random_zones(&r, 11);
  return r;
}

static void every_path_and_slice_gives_the_same_bits(void **unused)
{
  (void)unused;
  assert_true(rig_same_bits(random_block, 60.0, 60, 1));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(two_days_agree_with_another_solver_as_the_readme_states),
      cmocka_unit_test(the_steady_state_is_that_of_the_resistances),
      cmocka_unit_test(a_closed_zone_stores_every_joule),
      cmocka_unit_test(supply_air_carries_heat_by_its_flow),
      cmocka_unit_test(sun_and_gains_are_split_between_air_and_surfaces),
      cmocka_unit_test(every_path_and_slice_gives_the_same_bits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
