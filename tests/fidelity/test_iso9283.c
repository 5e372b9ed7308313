/* Pose accuracy and repeatability against poses whose answer is known by hand. */
#include "fidelity/iso9283.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define PI 3.14159265358979323846

static tl_iso9283 measured(const tl_pose *attained, uint32_t count, const tl_pose *command)
{
  tl_iso9283 out;
  tl_error err;
  if (tl_iso9283_measure(&out, attained, count, command, NULL, &err) != TL_OK)
    fail_msg("%s", err.text);
  return out;
}

static void an_arm_that_returns_to_one_wrong_place_is_repeatable_and_not_accurate(void **unused)
{
  (void)unused;
  const tl_pose command = {{0.5, 0.2, 0.3}, {0.1, 0.2, 0.3}};
  tl_pose attained[30];
  for (int k = 0; k < 30; k++) attained[k] = (tl_pose){{0.503, 0.204, 0.3}, {0.1, 0.25, 0.3}};
  const tl_iso9283 r = measured(attained, 30, &command);
  assert_true(fabs(r.AP_m - 0.005) < 1e-15 && fabs(r.AP_xyz_m[1] - 0.004) < 1e-15);
  assert_true(fabs(r.AP_rpy_rad[1] - 0.05) < 1e-15 && fabs(r.AP_rpy_rad[0]) < 1e-15);
  assert_true(r.RP_m < 1e-15 && r.RP_rpy_rad[1] < 1e-15);
  assert_int_equal(r.cycle_count, 30);
}

static void an_arm_that_scatters_around_the_command_is_accurate_and_not_repeatable(void **unused)
{
  (void)unused;
  const tl_pose command = {{0.0, 0.0, 0.0}, {0.0, 0.0, 0.0}};
  /* distances from the mean 1, 1, 3, 3 mm: mean 2, s = sqrt(4 / 3) */
  const tl_pose attained[4] = {{{0.001, 0, 0}, {0.01, 0, 0}},
                               {{-0.001, 0, 0}, {-0.01, 0, 0}},
                               {{0, 0.003, 0}, {0.03, 0, 0}},
                               {{0, -0.003, 0}, {-0.03, 0, 0}}};
  const tl_iso9283 r = measured(attained, 4, &command);
  assert_true(r.AP_m < 1e-18);
  assert_true(fabs(r.RP_m - (0.002 + 3.0 * 0.001 * sqrt(4.0 / 3.0))) < 1e-15);
  assert_true(fabs(r.RP_rpy_rad[0] - 3.0 * sqrt(2.0 * (0.0001 + 0.0009) / 3.0)) < 1e-15);
}

static void angles_are_compared_modulo_a_turn(void **unused)
{
  (void)unused;
  const tl_pose command = {{0, 0, 0}, {0.0, 0.0, PI}};
  const tl_pose attained[2] = {{{0, 0, 0}, {0, 0, PI - 0.01}}, {{0, 0, 0}, {0, 0, -PI + 0.03}}};
  const tl_iso9283 r = measured(attained, 2, &command);
  assert_true(fabs(r.AP_rpy_rad[2] - 0.01) < 1e-12);
  assert_true(fabs(r.RP_rpy_rad[2] - 3.0 * 0.02 * sqrt(2.0)) < 1e-12);
}

static void what_cannot_be_measured_is_refused_in_words(void **unused)
{
  (void)unused;
  const tl_pose command = {{0, 0, 0}, {0, 0, 0}};
  tl_pose attained[3] = {{{0, 0, 0}, {0, 0, 0}}};
  tl_iso9283 out;
  tl_error err;
  assert_int_equal(tl_iso9283_measure(&out, attained, 1, &command, NULL, &err), TL_E_SAMPLES);
  assert_string_equal(
      err.text, "iso9283: 1 cycle: repeatability needs two at least, the standard asks for 30");
  assert_int_equal(tl_iso9283_measure(&out, NULL, 0, &command, NULL, &err), TL_E_SAMPLES);
  attained[2].rpy_rad[1] = NAN;
  assert_int_equal(tl_iso9283_measure(&out, attained, 3, &command, NULL, &err), TL_E_ARG);
  assert_string_equal(err.text, "iso9283: the pose of cycle 3 is not finite");
  const tl_pose nowhere = {{INFINITY, 0, 0}, {0, 0, 0}};
  assert_int_equal(tl_iso9283_measure(&out, attained, 2, &nowhere, NULL, &err), TL_E_ARG);
  assert_string_equal(err.text, "iso9283: the commanded pose is not finite");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_arm_that_returns_to_one_wrong_place_is_repeatable_and_not_accurate),
      cmocka_unit_test(an_arm_that_scatters_around_the_command_is_accurate_and_not_repeatable),
      cmocka_unit_test(angles_are_compared_modulo_a_turn),
      cmocka_unit_test(what_cannot_be_measured_is_refused_in_words),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
