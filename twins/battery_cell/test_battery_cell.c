/* The battery cell against closed forms, energy balances and the published arithmetic. */
#include "twins/battery_cell/battery_cell.h"

#include "tests/twins/rig.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define AT(r, name) ((r).column[BATTERY_CELL_##name][0])

static void set_table(rig *r, uint32_t first, double value)
{
  for (uint32_t k = 0; k < BATTERY_CELL_TABLE_NODES; k++) rig_set(r, first + k, value);
}

/* Constant 2 mOhm, 1 mOhm with 400 s, 0.5 mOhm with 20 s; no loss to the air. */
static rig open_plain(void)
{
  rig r = rig_open(&battery_cell_twin);
  set_table(&r, BATTERY_CELL_R0_00, 2.0);
  set_table(&r, BATTERY_CELL_R1_00, 1.0);
  set_table(&r, BATTERY_CELL_R2_00, 0.5);
  set_table(&r, BATTERY_CELL_tau1_00, 400.0);
  set_table(&r, BATTERY_CELL_tau2_00, 20.0);
  rig_set(&r, BATTERY_CELL_h_W_per_m2K, 0.0);
  return r;
}

/* The default curve of the published cell, by the textbook's definition of a straight line. */
static double published_open_V(double z)
{
  static const double points[][2] = {{.0026, 3.000}, {.0634, 3.531}, {.1674, 3.723}, {.2715, 3.802},
                                     {.3756, 3.869}, {.4796, 3.909}, {.5836, 3.949}, {.6876, 3.984},
                                     {.7916, 4.048}, {.8957, 4.086}, {1.0, 4.182}};
  int k = 0;
  while (k < 9 && z >= points[k + 1][0]) k++;
  const double share = (z - points[k][0]) / (points[k + 1][0] - points[k][0]);
  return (1.0 - share) * points[k][1] + share * points[k + 1][1];
}

static void a_constant_current_follows_its_closed_form_at_any_step(void **unused)
{
  (void)unused;
  static const double steps_s[] = {0.1, 1.0, 60.0, 120.0};
  for (int n = 0; n < 4; n++) {
    rig r = open_plain();
    rig_set(&r, BATTERY_CELL_current_A, -30.0);
    for (double t = 0.0; t < 1199.0; t += 120.0) {
      rig_step(&r, steps_s[n], (uint32_t)(120.0 / steps_s[n] + 0.5));
      const double at_s = t + 120.0, z = 1.0 - 30.0 * at_s / (3600.0 * 30.6);
      const double over_V =
          -30.0 * (2e-3 + 1e-3 * (1.0 - exp(-at_s / 400.0)) + 0.5e-3 * (1.0 - exp(-at_s / 20.0)));
      assert_true(fabs(AT(r, soc) - z) < 1e-12);
      assert_true(fabs(AT(r, voltage_V) - published_open_V(z) - over_V) < 1e-11);
    }
    rig_close(&r);
  }
}

static void a_rest_relaxes_to_the_open_circuit_voltage(void **unused)
{
  (void)unused;
  rig r = open_plain();
  rig_set(&r, BATTERY_CELL_current_A, -30.0);
  rig_step(&r, 1.0, 600);
  const double v1 = AT(r, branch1_V), v2 = AT(r, branch2_V), z = AT(r, soc);
  rig_set(&r, BATTERY_CELL_current_A, 0.0);
  rig_step(&r, 60.0, 5);
  const double left_V = v1 * exp(-300.0 / 400.0) + v2 * exp(-300.0 / 20.0);
  assert_true(fabs(AT(r, voltage_V) - published_open_V(z) - left_V) < 1e-12);
  assert_true(AT(r, soc) == z); /* a rest moves no charge */
  rig_step(&r, 120.0, 200);
  r.twin->output(r.column, (tl_slice){0, TL_ROW_ALIGN});
  assert_true(fabs(AT(r, voltage_V) - AT(r, open_V)) < 1e-12);
  assert_true(fabs(AT(r, open_V) - published_open_V(z)) < 1e-12);
  rig_close(&r);
}

/* The published code's order, written again with tables as arrays: charge, then the branches at the
 * charge reached, then the voltage under the same current. */
static void it_is_the_published_arithmetic_with_lines_between_its_nodes(void **unused)
{
  (void)unused;
  static const double tau1[] = {1356.9, 1356.9, 435.7, 487.8, 643.2, 704.8,
                                573.3,  488.7,  422.6, 737.7, 737.7};
  static const double tau2[] = {26.21, 26.21, 29.28, 27.61, 35.57, 33.23,
                                22.65, 27.46, 31.24, 27.24, 27.24};
  static const double R0[] = {1.63, 1.63, 1.60, 1.60, 1.60, 1.57, 1.57, 1.63, 1.60, 1.80, 1.80};
  static const double R1[] = {1.05, 1.05, .25, .22, .49, .40, .41, .35, .45, .28, .28};
  static const double R2[] = {1.02, 1.02, .91, .91, .95, .98, .85, .86, 1.11, 1.17, 1.17};
  rig r = rig_open(&battery_cell_twin);
  uint64_t seed = 5;
  double z = 0.8, v1 = 0.0, v2 = 0.0;
  rig_set(&r, BATTERY_CELL_soc, z);
  for (int step = 0; step < 2000; step++) {
    const double dt_s = rig_spread(&seed, 0.1, 60.0);
    const double i = rig_spread(&seed, -30.0, 26.0);
    z += (i > 0.0 ? 0.98 : 1.0) * i * dt_s / (30.6 * 3600.0);
    if (z < 0.01 || z > 0.99) break;
    const int k = (int)(z * 10.0);
    const double b = z * 10.0 - k, a = 1.0 - b;
    v1 = v1 * exp(-dt_s / (a * tau1[k] + b * tau1[k + 1])) +
         1e-3 * (a * R1[k] + b * R1[k + 1]) * (1.0 - exp(-dt_s / (a * tau1[k] + b * tau1[k + 1]))) *
             i;
    v2 = v2 * exp(-dt_s / (a * tau2[k] + b * tau2[k + 1])) +
         1e-3 * (a * R2[k] + b * R2[k + 1]) * (1.0 - exp(-dt_s / (a * tau2[k] + b * tau2[k + 1]))) *
             i;
    const double V = published_open_V(z) + 1e-3 * (a * R0[k] + b * R0[k + 1]) * i + v1 + v2;
    rig_set(&r, BATTERY_CELL_current_A, i);
    rig_step(&r, dt_s, 1);
    assert_true(fabs(AT(r, voltage_V) - V) < 1e-11);
  }
  assert_true(z < 0.5); /* it went somewhere */
  rig_close(&r);
}

static void heat_warms_by_its_closed_form(void **unused)
{
  (void)unused;
  rig r = open_plain();
  set_table(&r, BATTERY_CELL_R1_00, 0.0);
  set_table(&r, BATTERY_CELL_R2_00, 0.0);
  rig_set(&r, BATTERY_CELL_current_A, -30.0);
  rig_step(&r, 60.0, 10); /* without loss: all heat stays */
  const double joule_W = 2e-3 * 900.0, capacity = 0.799 * 1600.0;
  assert_true(fabs(AT(r, temperature_K) - 298.15 - joule_W * 600.0 / capacity) < 1e-9);
  assert_true(fabs(AT(r, heat_W) - joule_W) < 1e-9);

  const double start_K = AT(r, temperature_K), loss = 9.5 * 0.067569;
  rig_set(&r, BATTERY_CELL_h_W_per_m2K, 9.5);
  rig_set(&r, BATTERY_CELL_ambient_K, 290.0);
  rig_step(&r, 60.0, 10);
  const double end_K = 290.0 + joule_W / loss;
  const double exact_K = end_K + (start_K - end_K) * exp(-600.0 * loss / capacity);
  assert_true(fabs(AT(r, temperature_K) - exact_K) < 1e-9);
  rig_close(&r);
}

static void entropy_cools_one_way_and_warms_the_other(void **unused)
{
  (void)unused;
  rig r = open_plain();
  set_table(&r, BATTERY_CELL_R0_00, 0.0);
  set_table(&r, BATTERY_CELL_R1_00, 0.0);
  set_table(&r, BATTERY_CELL_R2_00, 0.0);
  set_table(&r, BATTERY_CELL_entropy_00_V_per_K, -1e-4);
  rig_set(&r, BATTERY_CELL_soc, 0.5);
  rig_set(&r, BATTERY_CELL_current_A, 10.0);
  rig_step(&r, 1.0, 1);
  assert_true(fabs(AT(r, heat_W) + 10.0 * 298.15 * 1e-4) < 1e-9);
  rig_set(&r, BATTERY_CELL_current_A, -10.0);
  rig_step(&r, 1.0, 1);
  assert_true(AT(r, heat_W) > 0.29);
  rig_close(&r);
}

static void cold_raises_resistance_by_arrhenius(void **unused)
{
  (void)unused;
  rig r = open_plain();
  set_table(&r, BATTERY_CELL_R1_00, 0.0);
  set_table(&r, BATTERY_CELL_R2_00, 0.0);
  rig_set(&r, BATTERY_CELL_ohmic_arrhenius_K, 2400.0);
  rig_set(&r, BATTERY_CELL_temperature_K, 283.15);
  rig_set(&r, BATTERY_CELL_soc, 0.5);
  rig_set(&r, BATTERY_CELL_current_A, 10.0);
  rig_step(&r, 1e-3, 1);
  const double factor = exp(2400.0 * (1.0 / 283.15 - 1.0 / 298.15));
  const double over_V = AT(r, voltage_V) - published_open_V(AT(r, soc));
  assert_true(fabs(over_V - 0.02 * factor) < 1e-12);
  rig_close(&r);
}

static void a_short_empties_the_cell_and_warms_it(void **unused)
{
  (void)unused;
  rig r = open_plain();
  rig_set(&r, BATTERY_CELL_short_S, 0.1);
  rig_step(&r, 1.0, 3600);
  assert_true(AT(r, soc) < 1.0 - 0.4 / 30.6 && AT(r, soc) > 1.0 - 0.42 / 30.6);
  assert_true(fabs(AT(r, heat_W) - 0.1 * AT(r, voltage_V) * AT(r, voltage_V)) < 1e-4);
  assert_true(AT(r, temperature_K) > 299.0);
  rig_close(&r);
}

static void a_first_voltage_gives_the_charge_that_shows_it(void **unused)
{
  (void)unused;
  for (double z = 0.01; z < 1.0; z += 0.01) {
    rig r = open_plain();
    rig_set(&r, BATTERY_CELL_voltage_V, published_open_V(z) + 10.0 * 2e-3);
    rig_set(&r, BATTERY_CELL_soc_known, 0.0);
    rig_set(&r, BATTERY_CELL_current_A, 10.0); /* charging: the resistance lifts the voltage */
    rig_step(&r, 1e-6, 1);
    assert_true(fabs(AT(r, soc) - z) < 1e-6);
    assert_true(AT(r, soc_known) == 1.0); /* asked once */
    rig_close(&r);
  }
}

static void a_first_voltage_outside_the_curve_gives_its_end(void **unused)
{
  (void)unused;
  static const double ends[][2] = {{2.0, 0.0}, {4.19, 1.0}, {9.0, 1.0}};
  for (int n = 0; n < 3; n++) {
    rig r = open_plain();
    rig_set(&r, BATTERY_CELL_voltage_V, ends[n][0]);
    rig_set(&r, BATTERY_CELL_soc_known, 0.0);
    rig_step(&r, 1.0, 1);
    assert_true(AT(r, soc) == ends[n][1]);
    rig_close(&r);
  }
}

static void nodes_out_of_order_give_numbers(void **unused)
{
  (void)unused;
  rig r = open_plain();
  for (uint32_t k = 0; k < BATTERY_CELL_OPEN_NODES; k++)
    rig_set(&r, BATTERY_CELL_open_soc_00 + k, 0.5); /* all in one place: a calibrator may try it */
  rig_set(&r, BATTERY_CELL_current_A, -30.0);
  rig_step(&r, 60.0, 60);
  assert_true(isfinite(AT(r, voltage_V)) && isfinite(AT(r, temperature_K)));
  rig_set(&r, BATTERY_CELL_soc_known, 0.0);
  rig_step(&r, 60.0, 1);
  assert_true(isfinite(AT(r, soc)));
  rig_close(&r);
}

static void beyond_its_ends_the_curve_goes_on_straight(void **unused)
{
  (void)unused;
  rig r = open_plain();
  rig_set(&r, BATTERY_CELL_soc, -0.1);
  r.twin->output(r.column, (tl_slice){0, TL_ROW_ALIGN});
  assert_true(fabs(AT(r, open_V) - (3.0 - 0.1026 * 0.531 / 0.0608)) < 1e-12);
  rig_set(&r, BATTERY_CELL_soc, 1.1);
  r.twin->output(r.column, (tl_slice){0, TL_ROW_ALIGN});
  assert_true(fabs(AT(r, open_V) - (4.227 + 0.05 * 0.9)) < 1e-9);
  rig_close(&r);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_constant_current_follows_its_closed_form_at_any_step),
      cmocka_unit_test(a_rest_relaxes_to_the_open_circuit_voltage),
      cmocka_unit_test(it_is_the_published_arithmetic_with_lines_between_its_nodes),
      cmocka_unit_test(heat_warms_by_its_closed_form),
      cmocka_unit_test(entropy_cools_one_way_and_warms_the_other),
      cmocka_unit_test(cold_raises_resistance_by_arrhenius),
      cmocka_unit_test(a_short_empties_the_cell_and_warms_it),
      cmocka_unit_test(a_first_voltage_gives_the_charge_that_shows_it),
      cmocka_unit_test(a_first_voltage_outside_the_curve_gives_its_end),
      cmocka_unit_test(nodes_out_of_order_give_numbers),
      cmocka_unit_test(beyond_its_ends_the_curve_goes_on_straight),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
