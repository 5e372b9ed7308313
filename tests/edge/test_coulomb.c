/* Coulomb counter: what each draw adds, batteries of their own, ten years against a closed form. */
#include "edge/energy/coulomb.h"

#include "tests/edge/paths.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = 32 };
typedef struct bench {
  double charge_C[ROWS], state[ROWS], duty[ROWS];
  double capacity_C[ROWS], sleep_A[ROWS], inference_C[ROWS], inference_s[ROWS], message_C[ROWS];
  double inferences[ROWS], messages[ROWS];
} bench;

/* A device of ten microamperes asleep, on 1000 mAh: an inference takes 0.1 s and 4 mC. */
static bench fresh(void)
{
  bench b;
  memset(&b, 0, sizeof b);
  for (uint32_t i = 0; i < ROWS; i++) {
    b.capacity_C[i] = tl_coulomb_of_mAh(1000.0);
    b.sleep_A[i] = 10e-6;
    b.inference_C[i] = 4e-3;
    b.inference_s[i] = 0.1;
    b.message_C[i] = 20e-3;
  }
  return b;
}

static void run(bench *b, tl_simd_path path, double dt_s)
{
  const tl_coulomb_rows rows = {b->charge_C,   b->state,       b->duty,        b->capacity_C,
                                b->sleep_A,    b->inference_C, b->inference_s, b->message_C,
                                b->inferences, b->messages};
  tl_coulomb_run(path, &rows, ROWS, dt_s);
}

static void each_draw_adds_what_it_is(void **unused)
{
  (void)unused;
  bench b = fresh();
  b.inferences[1] = 1.0;
  b.messages[2] = 3.0;
  run(&b, TL_PATH_SCALAR, 60.0);
  assert_true(b.charge_C[0] == 10e-6 * 60.0);
  assert_true(b.charge_C[1] == 10e-6 * (60.0 - 0.1) + 4e-3);
  assert_true(b.charge_C[2] == 10e-6 * 60.0 + 3.0 * 20e-3);
  assert_true(b.state[0] == 1.0 - b.charge_C[0] / 3600.0);
  assert_true(b.duty[0] == 0.0 && b.duty[1] == 0.1 / 60.0);
}

static void a_device_that_cannot_keep_up_does_not_sleep_and_says_so(void **unused)
{
  (void)unused;
  bench b = fresh();
  b.inferences[5] = 15.0;
  run(&b, TL_PATH_SCALAR, 1.0);
  assert_true(b.charge_C[5] == 15.0 * 4e-3);
  assert_true(b.duty[5] > 1.49 && b.duty[5] < 1.51);
}

static void an_empty_battery_stays_at_zero_and_mains_at_one(void **unused)
{
  (void)unused;
  bench b = fresh();
  b.charge_C[0] = 3599.9999;
  b.capacity_C[1] = 0.0;
  for (int minute = 0; minute < 3; minute++) run(&b, TL_PATH_SCALAR, 60.0);
  assert_true(b.state[0] == 0.0);
  assert_true(b.state[1] == 1.0 && b.charge_C[1] > 0.0);
}

/* An inference every 10 s and a message every hour, five years in steps of 10 s: 1.6e7 additions. */
static void years_of_small_steps_give_the_closed_form(void **unused)
{
  (void)unused;
  enum { HOURS = 5 * 365 * 24, STEPS_AN_HOUR = 360 };
  bench b = fresh();
  for (uint32_t i = 0; i < ROWS; i++) {
    b.inference_C[i] = 1e-6 * (i + 1);
    b.inferences[i] = 1.0;
  }
  for (int hour = 0; hour < HOURS; hour++)
    for (int step = 0; step < STEPS_AN_HOUR; step++) {
      for (uint32_t i = 0; i < ROWS; i++) b.messages[i] = step == 0 ? 1.0 : 0.0;
      run(&b, TL_PATH_SCALAR, 10.0);
    }
  for (uint32_t i = 0; i < ROWS; i++) {
    const double steps = (double)HOURS * STEPS_AN_HOUR;
    const double expected = steps * (10e-6 * 9.9 + 1e-6 * (i + 1)) + HOURS * 20e-3;
    assert_true(fabs(b.charge_C[i] / expected - 1.0) < 1e-9);
    assert_true(fabs(b.state[i] - (1.0 - expected / 3600.0)) < 1e-9 || b.state[i] == 0.0);
  }
}

static void every_path_gives_the_same_bits(void **unused)
{
  (void)unused;
  bench seed = fresh();
  for (uint32_t i = 0; i < ROWS; i++) {
    seed.sleep_A[i] *= 1.0 + 0.037 * i;
    seed.inference_C[i] *= 1.0 - 0.013 * i;
    seed.inferences[i] = i % 5;
    seed.messages[i] = i % 3;
    seed.capacity_C[i] = i % 4 == 0 ? 0.0 : 0.5 + 0.7 * i;
  }
  bench expected = seed;
  for (int step = 0; step < 100; step++) run(&expected, TL_PATH_SCALAR, 3.0);
  for (int path = 0; path < TL_PATH_COUNT; path++) {
    if (!tl_cpu_has_path((tl_simd_path)path)) continue;
    bench b = seed;
    for (int step = 0; step < 100; step++) run(&b, (tl_simd_path)path, 3.0);
    assert_memory_equal(&b, &expected, sizeof b);
  }
}

static void charge_of_an_energy_at_a_voltage(void **unused)
{
  (void)unused;
  assert_true(tl_coulomb_of_energy(3.6, 3.0, 1.0) == 3.6 / 3.0);
  assert_true(tl_coulomb_of_energy(1.0, 2.0, 0.5) == 1.0);
  assert_true(tl_coulomb_of_mAh(2.0) == 7.2);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_draw_adds_what_it_is),
      cmocka_unit_test(a_device_that_cannot_keep_up_does_not_sleep_and_says_so),
      cmocka_unit_test(an_empty_battery_stays_at_zero_and_mains_at_one),
      cmocka_unit_test(years_of_small_steps_give_the_closed_form),
      cmocka_unit_test(every_path_gives_the_same_bits),
      cmocka_unit_test(charge_of_an_energy_at_a_voltage),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
