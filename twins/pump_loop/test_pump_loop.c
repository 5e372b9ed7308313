/* The pump loop against its balances, solved another way, a fine integration and closed forms. */
#include "twins/pump_loop/pump_loop.h"

#include "tests/twins/readme.h"
#include "tests/twins/rig.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define AT(r, name) ((r).column[PUMP_LOOP_##name][0])

static void outputs(rig *r) { r->twin->output(r->column, (tl_slice){0, TL_ROW_ALIGN}); }

/* The README's equations for the default plant without leak, gas or cavitation, in plain words.
 * slope[0] = dw/dt, slope[1] = dQ/dt, Q in m3/s. */
static void slopes(double voltage_V, double system_m, const double x[2], double slope[2])
{
  const double w = x[0], Q = x[1], Qr = 120.0 / 60000.0, g = 9.80665;
  const double head_m = 6.0 * pow(w / 300.0, 2) - 2.5 * pow(Q / Qr, 2);
  const double load = 15.0 / 300.0 * pow(w / 300.0, 2) + 997.0 * g * Q * head_m / 0.4 / w;
  const double s = 1.0 - w / (2.0 * 3.14159265358979323846 * 50.0);
  const double torque = 2.0 * 1.5 * pow(voltage_V / 230.0, 2) / (s / 0.2 + 0.2 / s);
  slope[0] = (torque - load) / 2e-4;
  slope[1] = (head_m - 0.5 - (system_m + 0.1 + 0.1) * pow(Q / Qr, 2)) * g * 5e-4 / 5.0;
}

/* Runge-Kutta of order 4 in steps of 20 us: another method than the twin's. */
static void reference(double voltage_V, double system_m, double x[2], double time_s)
{
  const double h = 2e-5;
  const int64_t count = (int64_t)(time_s / h + 0.5);
  for (int64_t n = 0; n < count; n++) {
    double k[4][2], y[2];
    slopes(voltage_V, system_m, x, k[0]);
    for (int stage = 1; stage < 4; stage++) {
      const double part = stage == 3 ? h : 0.5 * h;
      for (int i = 0; i < 2; i++) y[i] = x[i] + part * k[stage - 1][i];
      slopes(voltage_V, system_m, y, k[stage]);
    }
    for (int i = 0; i < 2; i++) x[i] += h / 6.0 * (k[0][i] + 2.0 * (k[1][i] + k[2][i]) + k[3][i]);
  }
}

static rig open_running(void)
{
  rig r = rig_open(&pump_loop_twin);
  rig_set(&r, PUMP_LOOP_speed_rad_s, 290.0);
  rig_set(&r, PUMP_LOOP_pump_flow_L_per_min, 100.0);
  return r;
}

static void at_rest_of_all_motion_the_balances_hold(void **unused)
{
  (void)unused;
  static const double systems_m[] = {0.5, 2.0, 20.0, 100.0};
  for (int n = 0; n < 4; n++) {
    rig r = open_running();
    rig_set(&r, PUMP_LOOP_system_m, systems_m[n]);
    rig_step(&r, 1.0, 60);
    const double x[2] = {AT(r, speed_rad_s), AT(r, pump_flow_L_per_min) / 60000.0};
    double slope[2];
    slopes(230.0, systems_m[n], x, slope);
    assert_true(fabs(slope[0]) < 1e-6 && fabs(slope[1]) < 1e-12);
    /* the flow again, from the quadratic of the two curves at that speed */
    const double squared = (6.0 * pow(x[0] / 300.0, 2) - 0.5) / (2.5 + systems_m[n] + 0.2);
    assert_true(fabs(x[1] - sqrt(squared) * 120.0 / 60000.0) < 1e-12);
    rig_close(&r);
  }
}

static void the_error_after_steps_of_voltage_is_what_the_readme_states(void **unused)
{
  (void)unused;
  static const double volts[] = {230.0, 205.0, 250.0, 180.0};
  double dt_s[8], bound[8];
  const uint32_t count = readme_bounds("pump_loop", dt_s, bound, 8);
  assert_true(count >= 3);
  for (uint32_t n = 0; n < count; n++) {
    rig r = open_running();
    double x[2] = {290.0, 100.0 / 60000.0}, greatest = 0.0;
    for (int part = 0; part < 4; part++) {
      rig_set(&r, PUMP_LOOP_voltage_V, volts[part]);
      for (int second = 0; second < 2; second++) {
        rig_step(&r, dt_s[n], (uint32_t)(1.0 / dt_s[n] + 0.5));
        reference(volts[part], 2.0, x, 1.0);
        const double error = fabs(AT(r, pump_flow_L_per_min) - x[1] * 60000.0);
        if (error > greatest) greatest = error;
      }
    }
    assert_true(greatest < bound[n]);
    assert_true(greatest > 0.01 * bound[n]); /* the sentence is no idle one */
    rig_close(&r);
  }
}

static void it_starts_from_rest_and_coasts_to_rest(void **unused)
{
  (void)unused;
  rig r = rig_open(&pump_loop_twin);
  rig_step(&r, 0.1, 300);
  assert_true(AT(r, speed_rad_s) > 270.0 && AT(r, speed_rad_s) < 314.2);
  assert_true(AT(r, pump_flow_L_per_min) > 100.0);
  rig_set(&r, PUMP_LOOP_voltage_V, 0.0);
  rig_step(&r, 0.1, 600);
  outputs(&r);
  assert_true(AT(r, speed_rad_s) < 10.0 && AT(r, speed_rad_s) >= 0.0);
  assert_true(AT(r, pump_flow_L_per_min) == 0.0); /* the lift would drive it back: a check valve */
  assert_true(AT(r, current_A) == 0.0);
  rig_close(&r);
}

static void a_gate_moves_its_valve(void **unused)
{
  (void)unused;
  rig r = open_running();
  rig_set(&r, PUMP_LOOP_valve2_shut, 0.1);
  rig_step(&r, 1.0, 60);
  const double before = AT(r, pump_flow_L_per_min), speed = AT(r, speed_rad_s);
  outputs(&r);
  const double pressure_bar = AT(r, discharge_bar), current = AT(r, current_A);
  rig_set(&r, PUMP_LOOP_valve2_gate, 1.0);
  rig_step(&r, 1.0, 60);
  outputs(&r);
  const double w = AT(r, speed_rad_s) / 300.0;
  const double squared = (6.0 * w * w - 0.5) / (2.5 + 2.0 + 0.1 + 0.1 / 0.01);
  assert_true(fabs(AT(r, pump_flow_L_per_min) - 120.0 * sqrt(squared)) < 1e-6);
  assert_true(AT(r, pump_flow_L_per_min) < 0.8 * before && AT(r, speed_rad_s) > speed);
  assert_true(AT(r, discharge_bar) > pressure_bar && AT(r, current_A) < current);
  rig_set(&r, PUMP_LOOP_valve2_gate, 0.0);
  rig_step(&r, 1.0, 60);
  assert_true(fabs(AT(r, pump_flow_L_per_min) - before) < 1e-6);
  rig_close(&r);
}

static void a_leak_loses_what_its_hole_lets_through(void **unused)
{
  (void)unused;
  static const double holes_m2[] = {1e-6, 1e-5, 1e-4, 1e-3};
  for (int n = 0; n < 4; n++) {
    rig r = open_running();
    rig_set(&r, PUMP_LOOP_leak_m2, holes_m2[n]);
    rig_step(&r, 1.0, 60);
    outputs(&r);
    const double head_m = AT(r, discharge_bar) * 1e5 / (997.0 * 9.80665);
    const double law = 0.62 * holes_m2[n] * sqrt(2.0 * 9.80665 * head_m) * 60000.0;
    if (AT(r, flow_L_per_min) > 0.0)
      assert_true(fabs(AT(r, leak_L_per_min) - law) < 1e-8 * law + 1e-9);
    assert_true(fabs(AT(r, flow_L_per_min) + AT(r, leak_L_per_min) - AT(r, pump_flow_L_per_min)) <
                1e-9);
    assert_true(AT(r, leak_L_per_min) > 0.0);
    rig_close(&r);
  }
}

static void a_throttled_inlet_cavitates_and_a_throttled_outlet_does_not(void **unused)
{
  (void)unused;
  double flow[2], margin_m[2];
  for (uint32_t valve = 0; valve < 2; valve++) {
    rig r = open_running();
    rig_set(&r, PUMP_LOOP_npsh_m, 6.0);
    rig_set(&r, PUMP_LOOP_valve1_m, 4.0);
    rig_set(&r, PUMP_LOOP_valve2_m, 4.0);
    rig_set(&r, PUMP_LOOP_system_m, 0.1);
    rig_set(&r, PUMP_LOOP_shutoff_m, 20.0);
    rig_set(&r, PUMP_LOOP_breakdown_Nm, 20.0);
    rig_set(&r, valve ? PUMP_LOOP_valve2_gate : PUMP_LOOP_valve1_gate, 1.0);
    rig_step(&r, 1.0, 60);
    outputs(&r);
    flow[valve] = AT(r, pump_flow_L_per_min);
    margin_m[valve] = AT(r, npsh_margin_m);
    rig_close(&r);
  }
  assert_true(margin_m[0] < -0.1 && margin_m[1] > 0.1);
  assert_true(flow[0] < 0.99 * flow[1]); /* the same loss in all: what is missing is cavitation */
}

static void gas_takes_head_away(void **unused)
{
  (void)unused;
  rig r = open_running();
  rig_step(&r, 1.0, 60);
  const double before = AT(r, pump_flow_L_per_min);
  rig_set(&r, PUMP_LOOP_gas_ratio, 0.5);
  rig_step(&r, 1.0, 60);
  assert_true(AT(r, pump_flow_L_per_min) < 0.7 * before);
  rig_set(&r, PUMP_LOOP_gas_ratio, 1.0);
  rig_step(&r, 1.0, 60);
  assert_true(AT(r, pump_flow_L_per_min) == 0.0 && isfinite(AT(r, speed_rad_s)));
  rig_close(&r);
}

static void heat_settles_where_gains_equal_losses(void **unused)
{
  (void)unused;
  rig r = open_running();
  rig_set(&r, PUMP_LOOP_motor_J_per_K, 300.0); /* small bodies settle soon */
  rig_set(&r, PUMP_LOOP_water_J_per_K, 2000.0);
  rig_step(&r, 60.0, 250);
  outputs(&r);
  const double I = AT(r, current_A), lost_W = I * I * 15.0 + 20.0;
  const double motor = AT(r, motor_K), water = AT(r, water_K), room = 298.15;
  assert_true(fabs(lost_W - 1.0 * (motor - room) - 0.1 * (motor - water)) < 1e-6);
  assert_true(fabs(AT(r, shaft_W) - 8.0 * (water - room) + 0.1 * (motor - water)) < 1e-6);
  rig_close(&r);
}

static void the_current_is_that_of_its_two_parts(void **unused)
{
  (void)unused;
  rig r = open_running();
  rig_step(&r, 1.0, 60);
  rig_set(&r, PUMP_LOOP_voltage_V, 240.0);
  outputs(&r);
  const double active = (AT(r, shaft_W) + 20.0 * pow(240.0 / 230.0, 2)) / 240.0;
  const double idle = 0.9 * pow(240.0 / 230.0, 1.5);
  assert_true(fabs(AT(r, current_A) - hypot(active, idle)) < 1e-12);
  rig_close(&r);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(at_rest_of_all_motion_the_balances_hold),
      cmocka_unit_test(the_error_after_steps_of_voltage_is_what_the_readme_states),
      cmocka_unit_test(it_starts_from_rest_and_coasts_to_rest),
      cmocka_unit_test(a_gate_moves_its_valve),
      cmocka_unit_test(a_leak_loses_what_its_hole_lets_through),
      cmocka_unit_test(a_throttled_inlet_cavitates_and_a_throttled_outlet_does_not),
      cmocka_unit_test(gas_takes_head_away),
      cmocka_unit_test(heat_settles_where_gains_equal_losses),
      cmocka_unit_test(the_current_is_that_of_its_two_parts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
