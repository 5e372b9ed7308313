/* Directions that a recording does not see, in words. */
#include "tests/fidelity/calibrate/kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static tl_calibration fit(const kit *k)
{
  tl_calibration out;
  tl_error err;
  const tl_calibrate_options options = kit_options(4);
  if (tl_calibrate(&out, &k->problem, &options, &err) != TL_OK) fail_msg("%s", err.text);
  return out;
}

static bool says(const tl_calibration *out, const char *sentence)
{
  for (uint32_t i = 0; i < out->sentence_count; i++)
    if (strcmp(out->unidentifiable[i], sentence) == 0) return true;
  for (uint32_t i = 0; i < out->sentence_count; i++)
    print_message("said: %s\n", out->unidentifiable[i]);
  return false;
}

static kit *heated(uint32_t first, uint32_t second)
{
  kit *k = kit_incubator(400, 6.0);
  kit_free_incubator(k);
  double truth[7];
  memcpy(truth, kit_truth, sizeof kit_truth);
  const uint32_t more[2] = {first, second};
  for (uint32_t i = 0; i < 2; i++)
    if (more[i] != UINT32_MAX) {
      const double value = k->memory[0].base[more[i]];
      truth[k->problem.free_count] = value;
      kit_add_free(k, more[i], value, 0.2 * value, 5.0 * value, true);
    }
  kit_plant(k, truth, 0.02, 0.0, 5);
  return k;
}

static void power_and_all_capacities_and_conductances_scale_together(void **unused)
{
  (void)unused;
  kit *k = heated(INCUBATOR_current_A, UINT32_MAX);
  tl_calibration out = fit(k);
  assert_int_equal(out.sentence_count, 1);
  assert_true(says(
      &out, "C_air_J_per_K, G_box_W_per_K, C_heater_J_per_K, G_heater_W_per_K and current_A scale "
            "together: give one"));
  for (uint32_t p = 0; p < 6; p++)
    assert_string_equal(out.values[p].status,
                        p == 4 ? "ok" : "not identifiable"); /* heater_K is known */
  assert_true(out.condition > 1e6);
  tl_calibration_free(&out);
  kit_free_all(k);
}

static void of_voltage_and_current_only_the_product_is_seen(void **unused)
{
  (void)unused;
  kit *k = kit_incubator(400, 6.0);
  kit_add_free(k, INCUBATOR_voltage_V, 10.0, 5.0, 50.0, true);
  kit_add_free(k, INCUBATOR_current_A, 10.0, 5.0, 50.0, true);
  kit_add_free(k, INCUBATOR_G_box_W_per_K, 1.0, 0.1, 10.0, true);
  const double truth[3] = {12.0, 10.0, 0.8};
  kit_plant(k, truth, 0.02, 0.0, 5);
  tl_calibration out = fit(k);
  assert_int_equal(out.sentence_count, 1);
  assert_true(says(&out, "voltage_V and current_A: only their product is seen: give one"));
  assert_string_equal(out.values[2].status, "ok");
  tl_calibration_free(&out);
  kit_free_all(k);
}

static void two_directions_are_two_sentences(void **unused)
{
  (void)unused;
  kit *k = heated(INCUBATOR_current_A, INCUBATOR_voltage_V);
  tl_calibration out = fit(k);
  assert_int_equal(out.sentence_count, 2);
  bool product = false, scale = false;
  for (uint32_t i = 0; i < 2; i++) {
    product |= strcmp(out.unidentifiable[i],
                      "current_A and voltage_V: only their product is seen: give one") == 0;
    scale |= strstr(out.unidentifiable[i], "scale together: give one") != NULL &&
             strstr(out.unidentifiable[i], "C_air_J_per_K, ") != NULL;
  }
  assert_true(product && scale);
  tl_calibration_free(&out);
  kit_free_all(k);
}

static void what_has_no_effect_is_named(void **unused)
{
  (void)unused;
  kit *k = heated(INCUBATOR_G_lid_W_per_K, UINT32_MAX); /* the lid stays shut */
  tl_calibration out = fit(k);
  assert_int_equal(out.sentence_count, 1);
  assert_true(says(&out, "G_lid_W_per_K has no effect on what is compared: give it"));
  assert_string_equal(out.values[0].status, "ok");
  tl_calibration_free(&out);
  kit_free_all(k);
}

static kit *line(const uint32_t *columns, uint32_t count)
{
  static const uint32_t inputs[] = {LINE_x};
  kit *k = calloc(1, sizeof *k);
  assert_non_null(k);
  kit_add_run(k, &kit_line, 50, 1.0, inputs, 1, LINE_y);
  for (uint32_t i = 0; i < 50; i++) k->memory[0].input[0][i] = i % 7;
  for (uint32_t i = 0; i < count; i++) kit_add_free(k, columns[i], 2.0, 0.1, 50.0, false);
  return k;
}

/* Linear coordinates are read as exponents at the value found. */
static void a_product_of_linear_values_is_seen_as_one(void **unused)
{
  (void)unused;
  kit *k = line((const uint32_t[]){LINE_a, LINE_b, LINE_c}, 3);
  const double truth[3] = {1.5, 2.0, 4.0};
  kit_plant(k, truth, 0.01, 0.0, 1);
  tl_calibration out = fit(k);
  assert_int_equal(out.sentence_count, 1);
  assert_true(says(&out, "b and c: only their product is seen: give one"));
  tl_calibration_free(&out);
  kit_free_all(k);
}

/* x = 1 throughout: a + b c is one number. */
static void values_that_make_up_for_each_other_are_told_without_a_formula(void **unused)
{
  (void)unused;
  kit *k = line((const uint32_t[]){LINE_a, LINE_b}, 2);
  for (uint32_t i = 0; i < 50; i++) k->memory[0].input[0][i] = 1.0;
  const double truth[2] = {5.0, 2.0};
  kit_plant(k, truth, 0.01, 0.0, 1);
  tl_calibration out = fit(k);
  assert_int_equal(out.sentence_count, 1);
  assert_non_null(strstr(out.unidentifiable[0], "a and b"));
  assert_non_null(strstr(out.unidentifiable[0], "give one"));
  tl_calibration_free(&out);
  kit_free_all(k);
}

static void a_good_problem_has_no_such_sentence(void **unused)
{
  (void)unused;
  kit *k = heated(UINT32_MAX, UINT32_MAX);
  tl_calibration out = fit(k);
  assert_int_equal(out.sentence_count, 0);
  assert_true(out.condition > 1.0 && out.condition < 1e5);
  tl_calibration_free(&out);
  kit_free_all(k);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(power_and_all_capacities_and_conductances_scale_together),
      cmocka_unit_test(of_voltage_and_current_only_the_product_is_seen),
      cmocka_unit_test(two_directions_are_two_sentences),
      cmocka_unit_test(what_has_no_effect_is_named),
      cmocka_unit_test(a_product_of_linear_values_is_seen_as_one),
      cmocka_unit_test(values_that_make_up_for_each_other_are_told_without_a_formula),
      cmocka_unit_test(a_good_problem_has_no_such_sentence),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
