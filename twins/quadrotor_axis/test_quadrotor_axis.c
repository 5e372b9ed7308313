/* The vertical axis against closed forms of its rotors, battery and steady climb, and against a
 * reference of its own equations. */
#include "twins/quadrotor_axis/quadrotor_axis.h"

#include "tests/twins/readme.h"
#include "tests/twins/rig.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define Q(name) QUADROTOR_AXIS_##name
static const double g = 9.80665;

static void set_duties(rig *r, double duty)
{
  for (uint32_t k = 0; k < 4; k++) rig_set(r, Q(duty_1) + k, duty);
}

static double output(const rig *r, uint32_t column)
{
  r->twin->output(r->column, (tl_slice){0, TL_BLOCK_ROWS});
  return r->column[column][0];
}

/* A craft of the recordings' kind: every effect present. */
static rig open_craft(void)
{
  rig r = rig_open(&quadrotor_axis_twin);
  rig_set(&r, Q(supply_exponent), 0.77);
  rig_set(&r, Q(motor_s), 0.047);
  rig_set(&r, Q(inflow_s), 0.09);
  rig_set(&r, Q(inflow_per_Vs), 0.5);
  rig_set(&r, Q(ground_m), 0.045);
  return r;
}

/* The README's equations, written plainly. */
enum { HEIGHT, CLIMB, THRUST, ROTOR, OPEN = ROTOR + 4, RELAX, BATTERY, PLACES };
static void slope(const double duty[4], double supply, const double x[PLACES], double d[PLACES])
{
  double squares = 0.0, back = 0.0, rotor_squares = 0.0, rotor_mean = 0.0;
  for (int k = 0; k < 4; k++) {
    squares += duty[k] * duty[k];
    back += 0.7 * duty[k] * x[ROTOR + k];
    rotor_squares += x[ROTOR + k] * x[ROTOR + k] / 4.0;
    rotor_mean += x[ROTOR + k] / 4.0;
  }
  const double terminal = (x[OPEN] - x[RELAX] + 0.1 * back) / (1.0 + 0.1 * squares);
  const double current = squares * terminal - back;
  const double volts = supply > 0.0 ? supply : terminal;
  for (int k = 0; k < 4; k++)
    d[ROTOR + k] = (duty[k] * 3.5 * pow(volts / 3.5, 0.77) - x[ROTOR + k]) / 0.047;
  const double ratio = 0.045 / (4.0 * (x[HEIGHT] + 0.03));
  d[HEIGHT] = x[CLIMB];
  d[CLIMB] = x[THRUST] / (1.0 - ratio * ratio) - 0.5 * rotor_mean * x[CLIMB] - g;
  d[THRUST] = (1.72 * rotor_squares - x[THRUST]) / 0.09;
  d[OPEN] = -0.001 * current;
  d[RELAX] = (0.03 * current - x[RELAX]) / 4.0;
  d[BATTERY] = (terminal - x[BATTERY]) / 0.03;
}

/* Gragg's smoothed midpoint rule with n substeps, extrapolated: another method than the twin's. */
static void reference(const double duty[4], double supply, double x[PLACES], double time_s)
{
  enum { ROWS = 6 };
  double table[ROWS][PLACES];
  for (int row = 0; row < ROWS; row++) {
    const int n = 2 * (row + 1);
    const double h = time_s / n;
    double d[PLACES], before[PLACES], now[PLACES], keep[PLACES] = {0};
    slope(duty, supply, x, d);
    for (int i = 0; i < PLACES; i++) {
      before[i] = x[i];
      now[i] = x[i] + h * d[i];
    }
    for (int k = 1; k < n; k++) {
      slope(duty, supply, now, d);
      for (int i = 0; i < PLACES; i++) {
        const double next = before[i] + 2.0 * h * d[i];
        before[i] = now[i];
        now[i] = next;
      }
    }
    slope(duty, supply, now, d);
    for (int i = 0; i < PLACES; i++) {
      double last = 0.5 * (before[i] + now[i] + h * d[i]);
      for (int column = 1; column <= row; column++) {
        const double ratio = (double)(row + 1) / (double)(row + 1 - column);
        keep[i] = table[column - 1][i];
        table[column - 1][i] = last;
        last = last + (last - keep[i]) / (ratio * ratio - 1.0);
      }
      table[row][i] = last;
    }
  }
  for (int i = 0; i < PLACES; i++) x[i] = table[ROWS - 1][i];
}

/* In the air all the time, so that no contact falls between two steps. */
static double greatest_error(double dt_s, double supply)
{
  static const double plan[5][4] = {{0.68, 0.70, 0.66, 0.69},
                                    {0.80, 0.75, 0.78, 0.80},
                                    {0.60, 0.62, 0.65, 0.60},
                                    {0.50, 0.55, 0.50, 0.55},
                                    {0.75, 0.75, 0.70, 0.80}};
  rig r = open_craft();
  double x[PLACES] = {0.4, 0.1, 9.0, 2.3, 2.2, 2.4, 2.3, 3.8, 0.0, 3.7}, greatest = 0.0;
  for (uint32_t k = 0; k < PLACES; k++) rig_set(&r, Q(height_m) + k, x[k]);
  rig_set(&r, Q(resting), 0.0);
  rig_set(&r, Q(floor_m), 0.0);
  rig_set(&r, Q(supply_V), supply);
  for (uint32_t part = 0; part < 5; part++)
    for (int tenth = 0; tenth < 4; tenth++) {
      for (uint32_t k = 0; k < 4; k++) rig_set(&r, Q(duty_1) + k, plan[part][k]);
      rig_step(&r, dt_s, (uint32_t)(0.1 / dt_s + 0.5));
      for (int i = 0; i < 20; i++) reference(plan[part], supply, x, 0.005);
      assert_true(x[HEIGHT] > 0.05 && r.column[Q(resting)][0] == 0.0);
      for (uint32_t k = 0; k < PLACES; k++) {
        const double error = fabs(r.column[Q(height_m) + k][0] - x[k]);
        if (error > greatest) greatest = error;
      }
    }
  rig_close(&r);
  return greatest;
}

static void the_error_against_a_reference_is_what_the_readme_states(void **unused)
{
  (void)unused;
  double dt_s[8], bound[8];
  const uint32_t count = readme_bounds("quadrotor_axis", dt_s, bound, 8);
  assert_true(count >= 3);
  for (uint32_t i = 0; i < count; i++) {
    const double given = greatest_error(dt_s[i], 3.45), own = greatest_error(dt_s[i], 0.0);
    printf("dt %g s: greatest error %.2e with a given supply, %.2e with its own\n", dt_s[i], given,
           own);
    assert_true(given < bound[i] && own < bound[i]);
  }
  const double ratio = greatest_error(0.01, 3.45) / greatest_error(0.005, 3.45);
  assert_true(ratio > 12.0 && ratio < 21.0); /* order 4 */
}

/* Rotors reach the voltage u by 1 - exp(-t/tau); their square through the second lag is a sum of
 * three exponentials. */
static void rotors_and_thrust_start_by_their_closed_forms(void **unused)
{
  (void)unused;
  rig r = rig_open(&quadrotor_axis_twin);
  const double u = 0.5 * 3.6, a = 1.0 / 0.05, b = 1.0 / 0.08, k = 1.72 * u * u;
  rig_set(&r, Q(supply_V), 3.6);
  rig_set(&r, Q(inflow_s), 0.08);
  set_duties(&r, 0.5);
  for (int step = 1; step <= 400; step++) {
    rig_step(&r, 0.001, 1);
    const double t = 0.001 * step, e = exp(-b * t);
    const double lagged = k * (1.0 - e - 2.0 * b / (b - a) * (exp(-a * t) - e) +
                               b / (b - 2.0 * a) * (exp(-2.0 * a * t) - e));
    assert_true(fabs(r.column[Q(rotor_3_V)][0] - u * (1.0 - exp(-a * t))) < 1e-8);
    assert_true(fabs(r.column[Q(thrust_m_per_s2)][0] - lagged) < 1e-7);
    assert_true(r.column[Q(height_m)][0] == 0.0); /* 5.6 m/s2 do not lift it */
  }
  assert_true(output(&r, Q(acceleration_m_per_s2)) == 0.0);
  rig_close(&r);
}

static void a_steady_climb_balances_thrust_inflow_and_weight(void **unused)
{
  (void)unused;
  rig r = open_craft();
  rig_set(&r, Q(supply_V), 3.5);
  set_duties(&r, 0.72);
  rig_step(&r, 0.01, 3000);
  const double u = 0.72 * 3.5, climb = (1.72 * u * u - g) / (0.5 * u);
  assert_true(climb > 0.5);
  assert_true(fabs(r.column[Q(climb_m_per_s)][0] - climb) < 1e-5); /* 40 m up: hardly ground */
  assert_true(fabs(output(&r, Q(acceleration_m_per_s2))) < 1e-6);
  rig_close(&r);
}

/* Motors that do not turn (no back voltage) are resistors: one exponential. */
static void a_loaded_battery_sinks_by_its_closed_form(void **unused)
{
  (void)unused;
  rig r = rig_open(&quadrotor_axis_twin);
  rig_set(&r, Q(emf_ratio), 0.0);
  rig_set(&r, Q(fade_V_per_C), 0.0);
  rig_set(&r, Q(sense_s), 0.004);
  set_duties(&r, 0.6);
  const double load = 4.0 * 0.36, share = 1.0 + 0.1 * load, relaxed = 0.03 * load / share;
  const double end_V = 4.0 * relaxed / (1.0 + relaxed), tau = 4.0 / (1.0 + relaxed);
  for (int second = 1; second <= 20; second++) {
    rig_step(&r, 0.001, 1000);
    const double relax_V = end_V * (1.0 - exp(-second / tau));
    assert_true(fabs(r.column[Q(relax_V)][0] - relax_V) < 1e-10);
    assert_true(fabs(output(&r, Q(current_A)) - load * (4.0 - relax_V) / share) < 1e-9);
    assert_true(fabs(r.column[Q(battery_V)][0] - (4.0 - relax_V) / share) < 3e-4); /* 4 ms late */
  }
  rig_close(&r);
}

static void charge_drawn_lowers_the_open_circuit_voltage(void **unused)
{
  (void)unused;
  rig r = open_craft();
  rig_set(&r, Q(battery_ohm), 0.0);
  rig_set(&r, Q(relax_ohm), 0.0);
  set_duties(&r, 0.7);
  double charge_C = 0.0;
  for (int step = 0; step < 20000; step++) { /* trapezoid over the current */
    const double before_A = output(&r, Q(current_A));
    rig_step(&r, 0.001, 1);
    charge_C += 0.0005 * (before_A + output(&r, Q(current_A)));
  }
  assert_true(charge_C > 10.0);
  assert_true(fabs(4.0 - r.column[Q(open_V)][0] - 0.001 * charge_C) < 1e-5);
  set_duties(&r, 0.0);
  rig_step(&r, 0.01, 200);
  assert_true(output(&r, Q(current_A)) == 0.0);
  assert_true(fabs(r.column[Q(battery_V)][0] - r.column[Q(open_V)][0]) < 1e-9);
  rig_close(&r);
}

/* Cheeseman and Bennett (1955) at heights of half a radius and more, by the acceleration shown. */
static void thrust_near_the_ground_is_greater_by_the_published_factor(void **unused)
{
  (void)unused;
  rig r = open_craft();
  rig_set(&r, Q(ground_m), 0.1);
  rig_set(&r, Q(resting), 0.0);
  rig_set(&r, Q(thrust_m_per_s2), g);
  for (double height = 0.02; height < 1.0; height += 0.07) {
    rig_set(&r, Q(height_m), height);
    const double ratio = 0.1 / (4.0 * (height + 0.03));
    const double expected = g / (1.0 - ratio * ratio) - g;
    assert_true(fabs(output(&r, Q(acceleration_m_per_s2)) - expected) < 1e-12);
  }
  rig_set(&r, Q(height_m), -0.02); /* below the floor: held, not a pole */
  rig_set(&r, Q(ground_m), 1.0);
  assert_true(fabs(output(&r, Q(acceleration_m_per_s2)) - g) < 1e-12);
  rig_close(&r);
}

static void it_stands_lifts_off_falls_and_stands_on_the_floor(void **unused)
{
  (void)unused;
  rig r = open_craft();
  rig_set(&r, Q(floor_m), 0.1); /* begins below: on the ground beside the pad */
  rig_set(&r, Q(supply_V), 3.5);
  set_duties(&r, 0.5);
  rig_step(&r, 0.005, 200);
  assert_true(r.column[Q(resting)][0] == 1.0 && r.column[Q(height_m)][0] == 0.0);
  set_duties(&r, 0.75);
  rig_step(&r, 0.005, 200);
  assert_true(r.column[Q(resting)][0] == 0.0 && r.column[Q(height_m)][0] > 0.3);
  set_duties(&r, 0.0);
  rig_step(&r, 0.005, 400);
  assert_true(r.column[Q(resting)][0] == 1.0 && r.column[Q(height_m)][0] == 0.1);
  assert_true(r.column[Q(climb_m_per_s)][0] == 0.0 && r.column[Q(stand_m)][0] == 0.1);
  assert_true(output(&r, Q(acceleration_m_per_s2)) == 0.0);
  rig_close(&r);
}

static void a_hop_that_stays_below_the_floor_ends_where_it_began(void **unused)
{
  (void)unused;
  rig r = open_craft();
  rig_set(&r, Q(floor_m), 0.1);
  rig_set(&r, Q(supply_V), 3.5);
  rig_set(&r, Q(height_m), 0.02);
  set_duties(&r, 0.75);
  while (r.column[Q(height_m)][0] < 0.03) rig_step(&r, 0.005, 1);
  set_duties(&r, 0.0);
  double highest = 0.0;
  for (int step = 0; step < 200; step++) {
    rig_step(&r, 0.005, 1);
    if (r.column[Q(height_m)][0] > highest) highest = r.column[Q(height_m)][0];
  }
  assert_true(highest > 0.03 && highest < 0.1);
  assert_true(r.column[Q(resting)][0] == 1.0 && r.column[Q(height_m)][0] == 0.02);
  rig_close(&r);
}

static void every_horizon_the_prediction_begins_anew_at_what_was_seen(void **unused)
{
  (void)unused;
  rig r = open_craft();
  rig_set(&r, Q(horizon_s), 0.1);
  rig_set(&r, Q(height_m), 5.0);
  rig_set(&r, Q(resting), 0.0);
  rig_set(&r, Q(seen_height_m), 2.0);
  rig_set(&r, Q(seen_climb_m_per_s), -1.0);
  rig_step(&r, 0.01, 10); /* up to and with the horizon: still the first prediction */
  assert_true(r.column[Q(height_m)][0] > 4.9);
  rig_step(&r, 0.01, 1);
  assert_true(fabs(r.column[Q(height_m)][0] - (2.0 - 0.01 - 0.5 * g * 1e-4)) < 1e-6);
  assert_true(fabs(r.column[Q(since_s)][0] - 0.01) < 1e-12);
  rig_set(&r, Q(seen_climb_m_per_s), 0.03); /* motors off and hardly moving: it stands */
  rig_step(&r, 0.01, 10);
  assert_true(r.column[Q(resting)][0] == 1.0 && r.column[Q(height_m)][0] == 2.0);
  rig_set(&r, Q(floor_m), 0.1); /* motors off and seen below the floor: it bounces there */
  rig_set(&r, Q(seen_height_m), 0.07);
  rig_set(&r, Q(seen_climb_m_per_s), -0.5);
  rig_step(&r, 0.01, 10);
  assert_true(r.column[Q(resting)][0] == 1.0 && r.column[Q(height_m)][0] == 0.07);
  rig_close(&r);
}

static void random_crafts(rig *r, uint64_t seed)
{
  for (uint32_t c = Q(thrust_m_per_s2V2); c < r->twin->column_count; c++)
    for (uint32_t i = 0; i < TL_BLOCK_ROWS; i++) r->column[c][i] *= rig_spread(&seed, 0.9, 1.1);
  for (uint32_t i = 0; i < TL_BLOCK_ROWS; i++) {
    for (uint32_t k = 0; k < 4; k++) r->column[Q(duty_1) + k][i] = rig_spread(&seed, 0.4, 0.9);
    r->column[Q(supply_V)][i] = i % 2 ? rig_spread(&seed, 3.0, 4.0) : 0.0;
  }
}

static rig random_block(void)
{
  rig r = open_craft();
  random_crafts(&r, 11);
  return r;
}

static void every_path_and_slice_gives_the_same_bits(void **unused)
{
  (void)unused;
  assert_true(rig_same_bits(random_block, 0.005, 120, 1));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_error_against_a_reference_is_what_the_readme_states),
      cmocka_unit_test(rotors_and_thrust_start_by_their_closed_forms),
      cmocka_unit_test(a_steady_climb_balances_thrust_inflow_and_weight),
      cmocka_unit_test(a_loaded_battery_sinks_by_its_closed_form),
      cmocka_unit_test(charge_drawn_lowers_the_open_circuit_voltage),
      cmocka_unit_test(thrust_near_the_ground_is_greater_by_the_published_factor),
      cmocka_unit_test(it_stands_lifts_off_falls_and_stands_on_the_floor),
      cmocka_unit_test(a_hop_that_stays_below_the_floor_ends_where_it_began),
      cmocka_unit_test(every_horizon_the_prediction_begins_anew_at_what_was_seen),
      cmocka_unit_test(every_path_and_slice_gives_the_same_bits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
