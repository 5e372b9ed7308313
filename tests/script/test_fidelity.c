/* compare()'s options, regimes and borders, from the scenario to judgements and events. */
#include "tests/script/support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char head[] = "local rec = recording 'assets/recordings/incubator_synthetic.h5'\n"
                           "scenario { duration = rec.duration, sync = 60*s, seed = 1 }\n"
                           "local twin = device 'twin' { twin = 'incubator', init = { box_K = "
                           "rec.box, heater_K = rec.box },\n"
                           "  drive = rec:inputs { heater_on = 'heater', room_K = 'room' } }\n";

static outcome *run_with(const char *tail)
{
  char text[4096];
  snprintf(text, sizeof text, "%s%s\n", head, tail);
  outcome *o = run_text(text, NULL);
  expect_ok(o, tail);
  return o;
}

static double observed(const outcome *o, const char *name)
{
  for (uint32_t i = 0; i < o->judgement_count; i++)
    if (strcmp(o->judgements[i].threshold.name, name) == 0) return o->judgements[i].observed;
  fail_msg("no judgement %s", name);
  return 0.0;
}

/* Of one channel and one regime the score is that part: 1 - rmse/scale. */
static void the_score_of_one_channel_is_its_own(void **unused)
{
  (void)unused;
  outcome *o =
      run_with("compare(twin.box_K, rec.box, { scale = 2*K })\n"
               "thresholds { ['fidelity.score'] = '> 0', ['fidelity.rmse box_K'] = '< 9 K' }");
  const double rmse = observed(o, "fidelity.rmse box_K");
  assert_true(fabs(observed(o, "fidelity.score") - (1.0 - rmse / 2.0)) < 1e-12);
  free(o);
}

static void regimes_part_the_score_and_their_weights_count(void **unused)
{
  (void)unused;
  static const char *const weights[] = {"1", "1000000"};
  double score[2];
  for (int i = 0; i < 2; i++) {
    char text[512];
    snprintf(text, sizeof text,
             "compare(twin.box_K, rec.box)\n"
             "regimes { heating = { 'heater > 0.5', weight = %s }, cold = 'box < 30' }\n"
             "thresholds { ['fidelity.score'] = '> 0' }",
             weights[i]);
    outcome *o = run_with(text);
    score[i] = observed(o, "fidelity.score");
    free(o);
  }
  assert_true(score[0] > 0.0 && score[0] < 1.0);
  assert_true(score[0] != score[1]); /* "cold", "heating" and "other" differ */
}

static void tubes_count_stamps_inside(void **unused)
{
  (void)unused;
  outcome *wide = run_with("compare(twin.box_K, rec.box, { tube = { value = 50*K } })\n"
                           "thresholds { ['fidelity.in_tube box_K'] = '>= 100 %' }");
  assert_int_equal(wide->verdict, TL_PASSED);
  assert_true(wide->channels[0].has_tube && wide->channels[0].in_tube.outside_count == 0);
  free(wide);
  outcome *narrow = run_with("compare(twin.box_K, rec.box, { tube = { value = 1e-6, time = 0 } })\n"
                             "thresholds { ['fidelity.in_tube box_K'] = '>= 90 %' }");
  assert_int_equal(narrow->verdict, TL_FAILED);
  assert_true(narrow->channels[0].in_tube.outside_count > 500);
  free(narrow);
}

/* A threshold on a tube that nobody declared has no value: an error, never a pass. */
static void a_tube_that_was_not_declared_is_an_error(void **unused)
{
  (void)unused;
  char text[2048];
  snprintf(text, sizeof text, "%s%s", head,
           "compare(twin.box_K, rec.box)\nthresholds { ['fidelity.in_tube box_K'] = '>= 90 %' }\n");
  outcome *o = run_text(text, NULL);
  assert_int_equal(o->code, TL_E_SAMPLES);
  assert_non_null(strstr(o->err.text, "no samples"));
  free(o);
}

static void deviations_leave_the_scales_zero_out(void **unused)
{
  (void)unused;
  outcome *room = run_with("compare(twin.box_K, rec.box, { ambient = rec.room })");
  outcome *first = run_with("compare(twin.box_K, rec.box)");
  const tl_score_channel *a = &room->channels[0], *b = &first->channels[0];
  assert_string_equal(a->deviation_from, "room");
  assert_string_equal(b->deviation_from, "its first value");
  for (uint32_t i = 0; i < TL_DEVIATION_COUNT; i++) {
    assert_int_equal(a->deviation[i].status, TL_METRIC_OK);
    assert_int_equal(b->deviation[i].status, TL_METRIC_OK);
  }
  /* the error is the same, what it is divided by is 14 K, not 38 degC */
  assert_true(a->deviation[TL_DEVIATION_cvrmse_pct].value >
              1.5 * a->metric[TL_METRIC_cvrmse_pct].value);
  free(room);
  free(first);
}

static void a_run_within_its_recording_says_nothing(void **unused)
{
  (void)unused;
  outcome *o = run_with("border(twin, rec, { heater_on = 'heater', room_K = 'room' })\n"
                        "thresholds { ['border.outside'] = '<= 0' }");
  assert_int_equal(o->verdict, TL_PASSED);
  assert_null(strstr(o->log, "border"));
  free(o);
}

static void a_fleet_that_leaves_is_told_and_judged(void **unused)
{
  (void)unused;
  outcome *o = run_with(
      "local hot = devices 'hot' { twin = 'incubator', count = 300, dt = 1*s, tick = 3*s,\n"
      "  room_K = degC(60), init = { box_K = degC(30), heater_K = degC(30) } }\n"
      "border(hot, rec, { box_K = 'box', room_K = 'room' })\n"
      "thresholds { ['border.outside'] = '< 1 %' }");
  assert_int_equal(o->verdict, TL_FAILED);
  assert_true(observed(o, "border.outside") > 99.0);
  assert_non_null(strstr(o->log,
                         "300 of 300 hot left what assets/recordings/incubator_synthetic.h5 "
                         "covers; the first, device 0 at 00:00:00: room_K 333.15 K is above "
                         "the 295.025 K recorded"));
  free(o);
}

static void a_parameter_file_carries_its_border(void **unused)
{
  (void)unused;
  outcome *o = run_with("border(twin, 'assets/parameters/incubator.json')\n"
                        "thresholds { ['border.outside'] = '<= 100 %' }");
  assert_int_equal(o->verdict, TL_PASSED);
  free(o);
}

int main(void)
{
  enter_test_folder();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_score_of_one_channel_is_its_own),
      cmocka_unit_test(regimes_part_the_score_and_their_weights_count),
      cmocka_unit_test(tubes_count_stamps_inside),
      cmocka_unit_test(a_tube_that_was_not_declared_is_an_error),
      cmocka_unit_test(deviations_leave_the_scales_zero_out),
      cmocka_unit_test(a_run_within_its_recording_says_nothing),
      cmocka_unit_test(a_fleet_that_leaves_is_told_and_judged),
      cmocka_unit_test(a_parameter_file_carries_its_border),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
