/* The incubator against exact solutions of its equations; the bounds are those that its README
 * states. */
#include "twins/incubator/incubator.h"

#include "tests/twins/rig.h"
#include "tests/twins/readme.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* Published sets of README.md: C_air, G_box, C_heater, G_heater, V, I. */
static const double published[][6] = {
    {177.62928, 0.77307655, 239.61236, 2.31872819, 12.16, 10.45},
    {267.55929458, 0.5763498, 329.25376821, 1.67053237, 12.15579391, 1.53551347},
};

static rig open_set(const double set[6])
{
  static const uint32_t column[6] = {INCUBATOR_C_air_J_per_K,    INCUBATOR_G_box_W_per_K,
                                     INCUBATOR_C_heater_J_per_K, INCUBATOR_G_heater_W_per_K,
                                     INCUBATOR_voltage_V,        INCUBATOR_current_A};
  rig r = rig_open(&incubator_twin);
  for (uint32_t i = 0; i < 6; i++) rig_set(&r, column[i], set[i]);
  return r;
}

typedef struct pair {
  double heater_K, box_K;
} pair;

/* Exact: the distance d from the equilibrium goes as exp(M t) d, M = [-p p; q -q-l], by its two
 * real eigenvalues. */
static pair exact(const double set[6], double to_room, double room_K, double duty, pair start,
                  double time_s)
{
  const double p = set[3] / set[2], q = set[3] / set[0], l = to_room / set[0],
               power_W = set[4] * set[5] * duty;
  const double end_b = room_K + power_W / to_room, end_h = end_b + power_W / set[3];
  const double middle = -(p + q + l) / 2.0, root = sqrt(middle * middle - p * l);
  const double slow = middle + root, fast = middle - root;
  const double es = exp(slow * time_s), ef = exp(fast * time_s), per_gap = 1.0 / (slow - fast);
  const double h = start.heater_K - end_h, b = start.box_K - end_b;
  /* exp(M t) = (es (M - fast) - ef (M - slow)) / (slow - fast) */
  const double mh = -p * h + p * b, mb = q * h - (q + l) * b;
  return (pair){end_h + per_gap * (es * (mh - fast * h) - ef * (mh - slow * h)),
                end_b + per_gap * (es * (mb - fast * b) - ef * (mb - slow * b))};
}

/* Greatest error over an hour in which the heater switches every 5 minutes. */
static double greatest_error_K(const double set[6], double dt_s)
{
  rig r = open_set(set);
  pair at = {295.15, 295.15};
  double greatest = 0.0;
  for (int part = 0; part < 12; part++) {
    const double duty = part % 2 ? 0.0 : 1.0;
    const pair begin = at;
    rig_set(&r, INCUBATOR_heater_on, duty);
    const int steps = (int)(300.0 / dt_s + 0.5);
    for (int step = 1; step <= steps; step++) {
      rig_step(&r, dt_s, 1);
      at = exact(set, set[1], 295.15, duty, begin, step * dt_s);
      const double h = fabs(r.column[INCUBATOR_heater_K][0] - at.heater_K);
      const double b = fabs(r.column[INCUBATOR_box_K][0] - at.box_K);
      if (h > greatest) greatest = h;
      if (b > greatest) greatest = b;
    }
  }
  rig_close(&r);
  return greatest;
}

static void the_error_against_the_exact_solution_is_what_the_readme_states(void **unused)
{
  (void)unused;
  double dt_s[8], bound_K[8];
  const uint32_t count = readme_bounds("incubator", dt_s, bound_K, 8);
  assert_true(count >= 3);
  for (uint32_t s = 0; s < 2; s++)
    for (uint32_t i = 0; i < count; i++) {
      const double error_K = greatest_error_K(published[s], dt_s[i]);
      printf("set %u, dt %g s: greatest error over an hour %.2e K\n", s, dt_s[i], error_K);
      assert_true(error_K < bound_K[i]);
    }
}

static void halving_the_step_divides_the_error_by_sixteen(void **unused)
{
  (void)unused;
  const double ratio = greatest_error_K(published[0], 4.0) / greatest_error_K(published[0], 2.0);
  assert_true(ratio > 14.0 && ratio < 19.0);
}

static void many_steps_in_one_call_are_many_calls_of_one_step(void **unused)
{
  (void)unused;
  rig a = open_set(published[0]), b = open_set(published[0]);
  rig_set(&a, INCUBATOR_heater_on, 0.7);
  rig_set(&b, INCUBATOR_heater_on, 0.7);
  rig_step(&a, 0.5, 37);
  for (int i = 0; i < 37; i++) rig_step(&b, 0.5, 1);
  assert_memory_equal(a.memory, b.memory, rig_bytes(&a));
  rig_close(&a);
  rig_close(&b);
}

/* C_heater = 0: C_air dT_b/dt = P - G (T_b - T_room), one exponential. */
static void
the_two_parameter_model_follows_its_exponential_and_leaves_the_heater_alone(void **unused)
{
  (void)unused;
  static const double sets[2][4] = {{616.565, 0.65002, 12, 10},
                                    {642.1719, 0.4960562, 11.41653, 1.427066}};
  for (uint32_t s = 0; s < 2; s++) {
    rig r = rig_open(&incubator_twin);
    rig_set(&r, INCUBATOR_C_heater_J_per_K, 0.0);
    rig_set(&r, INCUBATOR_C_air_J_per_K, sets[s][0]);
    rig_set(&r, INCUBATOR_G_box_W_per_K, sets[s][1]);
    rig_set(&r, INCUBATOR_voltage_V, sets[s][2]);
    rig_set(&r, INCUBATOR_current_A, sets[s][3]);
    rig_set(&r, INCUBATOR_heater_on, 1.0);
    rig_set(&r, INCUBATOR_heater_K, 333.0);
    for (int step = 1; step <= 3600; step++) {
      rig_step(&r, 0.5, 1);
      const double rise_K =
          sets[s][2] * sets[s][3] / sets[s][1] * (1.0 - exp(-0.5 * step * sets[s][1] / sets[s][0]));
      assert_true(fabs(r.column[INCUBATOR_box_K][0] - (295.15 + rise_K)) < 1e-10);
      assert_true(r.column[INCUBATOR_heater_K][0] == 333.0);
    }
    rig_close(&r);
  }
}

static void the_lid_mixes_its_conductance_in(void **unused)
{
  (void)unused;
  const double lids[] = {0.0, 0.25, 1.0};
  for (uint32_t i = 0; i < 3; i++) {
    rig r = open_set(published[0]);
    const pair start = {330.0, 320.0};
    rig_set(&r, INCUBATOR_heater_K, start.heater_K);
    rig_set(&r, INCUBATOR_box_K, start.box_K);
    rig_set(&r, INCUBATOR_room_K, 290.0);
    rig_set(&r, INCUBATOR_heater_on, 0.5);
    rig_set(&r, INCUBATOR_lid_open, lids[i]);
    rig_step(&r, 0.125, 4800);
    const double to_room = (1.0 - lids[i]) * 0.77307655 + lids[i] * 14.387;
    const pair end = exact(published[0], to_room, 290.0, 0.5, start, 600.0);
    assert_true(fabs(r.column[INCUBATOR_box_K][0] - end.box_K) < 1e-10);
    assert_true(fabs(r.column[INCUBATOR_heater_K][0] - end.heater_K) < 1e-10);
    rig_close(&r);
  }
}

/* What is stored plus what left through the wall is what came in; the loss by Simpson's rule over
 * pairs of steps. */
static void energy_is_conserved(void **unused)
{
  (void)unused;
  rig r = open_set(published[0]);
  const double dt_s = 0.5, power_W = 12.16 * 10.45;
  double lost_J = 0.0, given_J = 0.0, box[3] = {295.15, 295.15, 295.15};
  for (int pair_of_steps = 0; pair_of_steps < 3600; pair_of_steps++) {
    const double duty = pair_of_steps % 600 < 300 ? 1.0 : 0.0;
    rig_set(&r, INCUBATOR_heater_on, duty);
    box[0] = box[2];
    rig_step(&r, dt_s, 1);
    box[1] = r.column[INCUBATOR_box_K][0];
    rig_step(&r, dt_s, 1);
    box[2] = r.column[INCUBATOR_box_K][0];
    lost_J += 0.77307655 * (box[0] + 4.0 * box[1] + box[2] - 6.0 * 295.15) * (2.0 * dt_s) / 6.0;
    given_J += power_W * duty * 2.0 * dt_s;
  }
  const double stored_J =
      239.61236 * (r.column[INCUBATOR_heater_K][0] - 295.15) + 177.62928 * (box[2] - 295.15);
  printf("energy: %.1f J in, %.1f J lost, %.1f J stored, %.1e of it unaccounted for\n", given_J,
         lost_J, stored_J, (given_J - lost_J - stored_J) / given_J);
  assert_true(fabs(given_J - lost_J - stored_J) < 1e-9 * given_J);
  assert_true(lost_J > 0.8 * given_J); /* the balance is about something */
  rig_close(&r);
}

static void a_closed_box_keeps_every_joule(void **unused)
{
  (void)unused;
  rig r = open_set(published[0]);
  rig_set(&r, INCUBATOR_G_box_W_per_K, 0.0);
  rig_set(&r, INCUBATOR_heater_on, 1.0);
  rig_step(&r, 0.5, 400);
  const double stored_J = 239.61236 * (r.column[INCUBATOR_heater_K][0] - 295.15) +
                          177.62928 * (r.column[INCUBATOR_box_K][0] - 295.15);
  assert_true(fabs(stored_J - 12.16 * 10.45 * 200.0) < 1e-8);
  rig_close(&r);
}

static void power_is_voltage_times_current_times_duty(void **unused)
{
  (void)unused;
  rig r = open_set(published[1]);
  rig_set(&r, INCUBATOR_heater_on, 0.25);
  r.twin->output(r.column, (tl_slice){0, TL_BLOCK_ROWS});
  assert_true(r.column[INCUBATOR_power_W][17] == 12.15579391 * 1.53551347 * 0.25);
  rig_close(&r);
}

static void random_devices(rig *r, uint64_t seed)
{
  for (uint32_t c = 0; c < r->twin->column_count; c++)
    for (uint32_t i = 0; i < TL_BLOCK_ROWS; i++) r->column[c][i] *= rig_spread(&seed, 0.8, 1.25);
  for (uint32_t i = 0; i < TL_BLOCK_ROWS; i++) {
    r->column[INCUBATOR_heater_on][i] = rig_spread(&seed, 0.0, 1.0);
    r->column[INCUBATOR_lid_open][i] = i % 3 ? 0.0 : rig_spread(&seed, 0.0, 1.0);
    if (i % 5 == 0) r->column[INCUBATOR_C_heater_J_per_K][i] = 0.0;
  }
}

static void every_path_gives_the_same_bits(void **unused)
{
  (void)unused;
  rig expected = rig_open(&incubator_twin);
  random_devices(&expected, 5);
  rig_step(&expected, 0.5, 100);
  for (int path = 0; path < TL_PATH_COUNT; path++) {
    if (!tl_cpu_has_path((tl_simd_path)path)) {
      printf("not run: path %s\n", tl_cpu_path_name((tl_simd_path)path));
      continue;
    }
    rig r = rig_open(&incubator_twin);
    random_devices(&r, 5);
    for (uint32_t begin = 0; begin < TL_BLOCK_ROWS;
         begin += 48) { /* in slices: a row does not see its neighbours */
      const uint32_t end = begin + 48 < TL_BLOCK_ROWS ? begin + 48 : TL_BLOCK_ROWS;
      r.twin->step(r.column, (tl_slice){begin, end}, 0.5, 100, (tl_simd_path)path);
    }
    assert_memory_equal(r.memory, expected.memory, rig_bytes(&r));
    rig_close(&r);
  }
  rig_close(&expected);
}

static void rows_outside_the_slice_and_all_but_states_stay_untouched(void **unused)
{
  (void)unused;
  rig before = rig_open(&incubator_twin), r = rig_open(&incubator_twin);
  random_devices(&before, 8);
  random_devices(&r, 8);
  r.twin->step(r.column, (tl_slice){32, 64}, 0.5, 3, tl_cpu_best_path());
  for (uint32_t c = 0; c < r.twin->column_count; c++)
    for (uint32_t i = 0; i < TL_BLOCK_ROWS; i++) {
      const int may_change = r.twin->columns[c].role == TL_STATE && i >= 32 && i < 64;
      assert_true(may_change || r.column[c][i] == before.column[c][i]);
    }
  rig_close(&before);
  rig_close(&r);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_error_against_the_exact_solution_is_what_the_readme_states),
      cmocka_unit_test(halving_the_step_divides_the_error_by_sixteen),
      cmocka_unit_test(many_steps_in_one_call_are_many_calls_of_one_step),
      cmocka_unit_test(the_two_parameter_model_follows_its_exponential_and_leaves_the_heater_alone),
      cmocka_unit_test(the_lid_mixes_its_conductance_in),
      cmocka_unit_test(energy_is_conserved),
      cmocka_unit_test(a_closed_box_keeps_every_joule),
      cmocka_unit_test(power_is_voltage_times_current_times_duty),
      cmocka_unit_test(every_path_gives_the_same_bits),
      cmocka_unit_test(rows_outside_the_slice_and_all_but_states_stay_untouched),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
