/* The air handler against another solver's trace, closed forms of its parts, and its heat balance. */
#include "twins/air_handler/air_handler.h"
#include "twins/air_handler/coil.h"
#include "twins/air_handler/constants.h"

#include "tests/twins/readme.h"
#include "tests/twins/rig.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define A(name) AIR_HANDLER_##name
enum { PLACES = 6, INPUTS = 8, MINUTES = 40 };

typedef struct trace {
  double input[MINUTES + 1][INPUTS], at[MINUTES + 1][PLACES], heat_W[MINUTES + 1][2];
} trace;

/* tests/reference/air_handler.py: scipy's DOP853, coils as boundary value problems. */
static void read_trace(trace *t)
{
  FILE *file = fopen(TL_SOURCE_DIR "/twins/air_handler/reference.csv", "r");
  assert_non_null(file);
  char line[512];
  assert_non_null(fgets(line, sizeof line, file));
  for (int row = 0; row <= MINUTES; row++) {
    assert_non_null(fgets(line, sizeof line, file));
    char *at = line;
    assert_int_equal(strtol(at, &at, 10), row);
    for (int i = 0; i < INPUTS; i++) t->input[row][i] = strtod(at + 1, &at);
    for (int k = 0; k < PLACES; k++) t->at[row][k] = strtod(at + 1, &at);
    for (int k = 0; k < 2; k++) t->heat_W[row][k] = strtod(at + 1, &at);
  }
  fclose(file);
}

static void set_inputs(rig *r, const double *input)
{
  for (uint32_t i = 0; i < INPUTS; i++) rig_set(r, A(damper_command) + i, input[i]);
}

static double output(const rig *r, uint32_t column)
{
  r->twin->output(r->column, (tl_slice){0, TL_BLOCK_ROWS});
  return r->column[column][0];
}

static double greatest_error(const trace *t, double dt_s)
{
  rig r = rig_open(&air_handler_twin);
  double greatest = 0.0;
  for (uint32_t k = 0; k < PLACES; k++) rig_set(&r, A(damper) + k, t->at[0][k]);
  for (int minute = 0; minute < MINUTES; minute++) {
    set_inputs(&r, t->input[minute]);
    rig_step(&r, dt_s, (uint32_t)(60.0 / dt_s + 0.5));
    for (uint32_t k = 0; k < PLACES; k++)
      greatest = fmax(greatest, fabs(r.column[A(damper) + k][0] - t->at[minute + 1][k]));
  }
  rig_close(&r);
  return greatest;
}

static void forty_minutes_agree_with_another_solver_as_the_readme_states(void **unused)
{
  (void)unused;
  static trace t;
  read_trace(&t);
  double dt_s[8], bound[8];
  const uint32_t count = readme_bounds("air_handler", dt_s, bound, 8);
  assert_true(count >= 3);
  for (uint32_t i = 0; i < count; i++) {
    const double error = greatest_error(&t, dt_s[i]);
    printf("dt %g s: greatest error over forty minutes %.2e\n", dt_s[i], error);
    assert_true(error < bound[i]);
  }
}

/* The heat of a coil by effectiveness is that of the two streams' differential equations. */
static void coils_exchange_what_the_other_solver_says(void **unused)
{
  (void)unused;
  static trace t;
  read_trace(&t);
  rig r = rig_open(&air_handler_twin);
  for (int minute = 0; minute <= MINUTES; minute++) {
    set_inputs(&r, t.input[minute]);
    for (uint32_t k = 0; k < PLACES; k++) rig_set(&r, A(damper) + k, t.at[minute][k]);
    assert_true(fabs(output(&r, A(heating_W)) - t.heat_W[minute][0]) < 1e-5);
    assert_true(fabs(output(&r, A(cooling_W)) - t.heat_W[minute][1]) < 1e-5);
  }
  rig_close(&r);
}

/* Textbook values: equal capacities give N / (1 + N); a boundless other stream 1 - exp(-N). */
static void effectiveness_has_its_two_limits(void **unused)
{
  (void)unused;
  const double air = 1.0, same = AIR_J_PER_KGK / WATER_J_PER_KGK;
  for (double units = 0.1; units < 6.0; units += 0.4) {
    const coil balanced = {air, same, units * AIR_J_PER_KGK, 0.7};
    const double at_balance = coil_W_per_K(&balanced, air, same) / AIR_J_PER_KGK;
    assert_true(fabs(at_balance - units / (1.0 + units)) < 1e-9);
    const coil boundless = {air, 1e7, units * AIR_J_PER_KGK, 0.7};
    const double at_limit = coil_W_per_K(&boundless, air, 1e7) / AIR_J_PER_KGK;
    assert_true(fabs(at_limit - (1.0 - exp(-units))) < 1e-6);
  }
  const coil c = {air, same, 900.0, 0.7};
  assert_true(coil_W_per_K(&c, 0.0, same) == 0.0 && coil_W_per_K(&c, air, 0.0) == 0.0);
}

static void a_coil_gives_more_with_every_flow_and_never_more_than_the_lesser_stream(void **unused)
{
  (void)unused;
  const coil c = {2.0, 0.5, 2500.0, 0.6};
  double before_air = 0.0;
  for (double air = 0.1; air <= 2.0; air += 0.1) {
    double before = 0.0;
    for (double water = 0.01; water <= 0.5; water += 0.01) {
      const double now = coil_W_per_K(&c, air, water);
      assert_true(now > before);
      assert_true(now <= fmin(air * AIR_J_PER_KGK, water * WATER_J_PER_KGK));
      before = now;
    }
    assert_true(before > before_air);
    before_air = before;
  }
}

static void valves_are_equal_percentage_and_lose_it_with_authority(void **unused)
{
  (void)unused;
  assert_true(valve_flow_ratio(0.0, 50.0, 0.5) == 0.0);
  assert_true(fabs(valve_flow_ratio(1.0, 50.0, 0.5) - 1.0) < 1e-15);
  for (double x = 0.1; x < 0.95; x += 0.1) { /* alone in its circuit: equal steps, equal ratios */
    const double ratio = valve_flow_ratio(x + 0.05, 50.0, 1.0) / valve_flow_ratio(x, 50.0, 1.0);
    assert_true(fabs(ratio - pow(50.0, 0.05)) < 1e-12);
    const double opening = pow(50.0, x - 1.0); /* pressure drops of valve and circuit add up to 1 */
    const double flow = valve_flow_ratio(x, 50.0, 0.3);
    assert_true(fabs(0.7 * flow * flow + 0.3 * flow * flow / (opening * opening) - 1.0) < 1e-12);
  }
  const double seat = valve_flow_ratio(0.05, 50.0, 0.5);
  assert_true(fabs(valve_flow_ratio(0.05 - 1e-9, 50.0, 0.5) - seat) < 1e-8);
  assert_true(fabs(valve_flow_ratio(1e-6, 50.0, 0.5)) < 1e-5);
}

static void motors_follow_their_commands_by_exponentials(void **unused)
{
  (void)unused;
  rig r = rig_open(&air_handler_twin);
  rig_set(&r, A(damper_command), 0.7);
  rig_set(&r, A(hot_command), 0.4);
  rig_set(&r, A(fan_command), 0.9);
  for (int step = 1; step <= 120; step++) {
    rig_step(&r, 0.5, 1);
    const double t = 0.5 * step;
    assert_true(fabs(r.column[A(damper)][0] - 0.7 * (1.0 - exp(-t / 30.0))) < 1e-8);
    assert_true(fabs(r.column[A(hot_valve)][0] - 0.4 * (1.0 - exp(-t / 20.0))) < 1e-7);
    assert_true(fabs(r.column[A(fan)][0] - 0.9 * (1.0 - exp(-t / 8.0))) < 1e-6);
  }
  rig_close(&r);
}

/* At rest: what water and fan give is what the air carries away from the mixing box. */
static void at_rest_the_heat_balance_closes(void **unused)
{
  (void)unused;
  const double cases[3][INPUTS] = {{0.3, 0.8, 0.0, 0.8, 270.15, 294.15, 333.15, 280.15},
                                   {0.2, 0.0, 0.7, 1.0, 305.15, 298.15, 333.15, 279.15},
                                   {0.5, 0.4, 0.4, 0.5, 290.15, 296.15, 323.15, 281.15}};
  for (int k = 0; k < 3; k++) {
    rig r = rig_open(&air_handler_twin);
    set_inputs(&r, cases[k]);
    rig_step(&r, 2.0, 1000);
    const double air_W_per_K = output(&r, A(supply_kg_per_s)) * AIR_J_PER_KGK;
    const double carried_W = air_W_per_K * (r.column[A(supply_K)][0] - r.column[A(mixed_K)][0]);
    const double given_W =
        r.column[A(heating_W)][0] - r.column[A(cooling_W)][0] + r.column[A(fan_W)][0];
    assert_true(fabs(carried_W - given_W) < 1e-6);
    const double hot_kg_per_s = 0.35 * valve_flow_ratio(cases[k][1], 50.0, 0.5);
    const double water_W =
        hot_kg_per_s * WATER_J_PER_KGK * (cases[k][6] - r.column[A(hot_return_K)][0]);
    assert_true(fabs(water_W - r.column[A(heating_W)][0]) < 1e-6);
    rig_close(&r);
  }
}

static void fan_power_goes_with_the_cube_of_speed_and_warms_the_air(void **unused)
{
  (void)unused;
  rig r = rig_open(&air_handler_twin);
  rig_set(&r, A(fan), 0.5);
  assert_true(fabs(output(&r, A(fan_W)) - 2500.0 / 8.0) < 1e-9);
  assert_true(fabs(r.column[A(supply_kg_per_s)][0] - 1.0) < 1e-12);
  assert_true(fabs(r.column[A(supply_K)][0] - 293.15 - 2500.0 / 8.0 / 1006.0) < 1e-9);
  rig_set(&r, A(fan), 0.0);
  rig_set(&r, A(hot_valve), 1.0);
  assert_true(output(&r, A(heating_W)) == 0.0 && r.column[A(hot_return_K)][0] == 333.15);
  rig_close(&r);
}

static void the_damper_mixes_outdoor_and_return_air(void **unused)
{
  (void)unused;
  rig r = rig_open(&air_handler_twin);
  rig_set(&r, A(outdoor_K), 273.15);
  assert_true(fabs(output(&r, A(mixed_K)) - (294.15 - 0.02 * 21.0)) < 1e-12); /* shut: it leaks */
  rig_set(&r, A(damper), 1.0);
  assert_true(fabs(output(&r, A(mixed_K)) - 273.15) < 1e-12);
  rig_close(&r);
}

static void random_units(rig *r, uint64_t seed)
{
  for (uint32_t c = A(air_kg_per_s); c < r->twin->column_count; c++)
    for (uint32_t i = 0; i < TL_BLOCK_ROWS; i++) r->column[c][i] *= rig_spread(&seed, 0.9, 1.1);
  for (uint32_t i = 0; i < TL_BLOCK_ROWS; i++)
    for (uint32_t k = 0; k < 4; k++)
      r->column[A(damper_command) + k][i] = rig_spread(&seed, 0.0, 1.0);
}

static rig random_block(void)
{
  rig r = rig_open(&air_handler_twin);
  random_units(&r, 11);
  return r;
}

static void every_path_and_slice_gives_the_same_bits(void **unused)
{
  (void)unused;
  assert_true(rig_same_bits(random_block, 1.0, 60, 1));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(forty_minutes_agree_with_another_solver_as_the_readme_states),
      cmocka_unit_test(coils_exchange_what_the_other_solver_says),
      cmocka_unit_test(effectiveness_has_its_two_limits),
      cmocka_unit_test(a_coil_gives_more_with_every_flow_and_never_more_than_the_lesser_stream),
      cmocka_unit_test(valves_are_equal_percentage_and_lose_it_with_authority),
      cmocka_unit_test(motors_follow_their_commands_by_exponentials),
      cmocka_unit_test(at_rest_the_heat_balance_closes),
      cmocka_unit_test(fan_power_goes_with_the_cube_of_speed_and_warms_the_air),
      cmocka_unit_test(the_damper_mixes_outdoor_and_return_air),
      cmocka_unit_test(every_path_and_slice_gives_the_same_bits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
