/* calibrate{} in a scenario: what is fitted is what runs, bit for bit; parameter files; validation. */
#include "script/fit/fit.h"
#include "tests/script/support.h"
#include "twins/registry.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char recorded[] =
    "local rec = recording '" TL_SOURCE_DIR "/assets/recordings/incubator_synthetic.h5'\n"
    "scenario { duration = rec.duration, sync = 60 }\n"
    "local function box(name, from) local twin = device(name) { twin = 'incubator', dt = 5,\n"
    "  drive = from:inputs { heater_on = 'heater', room_K = 'room' }, init = { box_K = from.box, "
    "heater_K = from.box } }\n"
    "  compare(twin.box_K, from.box) return twin end\n";
static const char four[] =
    "C_air_J_per_K = { 10, 1e4 }, G_box_W_per_K = { 0.05, 50 }, C_heater_J_per_K = { 1, 1e4 }, "
    "G_heater_W_per_K = { 0.05, 50 }";

static void write_text(const char *name, const char *text)
{
  FILE *file = fopen(name, "wb");
  assert_non_null(file);
  fputs(text, file);
  fclose(file);
}

static tl_code load(tl_scenario **out, const char *more, tl_error *err)
{
  char text[4096];
  snprintf(text, sizeof text, "%s%s\n", recorded, more);
  write_text("fit.lua", text);
  tl_scenario_options options = tl_scenario_options_default();
  options.twins = tl_twins;
  options.twin_count = tl_twin_count;
  tl_code code = tl_scenario_load(out, "fit.lua", &options, err);
  if (code == TL_OK) code = tl_scenario_seal(*out, err);
  return code;
}

static tl_scenario *calibrated(const char *more, tl_scenario_fit *fit)
{
  tl_scenario *s = NULL;
  tl_error err;
  if (load(&s, more, &err) != TL_OK) fail_msg("%s", err.text);
  if (tl_scenario_calibrate(s, fit, NULL, &err) != TL_OK) fail_msg("%s", err.text);
  return s;
}

static void run(tl_scenario *s)
{
  tl_error err;
  if (tl_scenario_run(s, NULL, &err) != TL_OK) fail_msg("%s", err.text);
}

static void done(tl_scenario *s, tl_scenario_fit *fit)
{
  tl_scenario_fit_free(fit);
  tl_scenario_destroy(s);
}

static void what_was_fitted_is_what_runs_bit_for_bit(void **unused)
{
  (void)unused;
  tl_scenario_fit fit;
  char text[1024];
  snprintf(
      text, sizeof text,
      "box('a', rec) calibrate { free = { %s, init = { heater_K = { 283, 333 } } }, starts = 3 }",
      four);
  tl_scenario *s = calibrated(text, &fit);
  const tl_calibrate_channel *channel = &fit.problem.runs[0].channels[0];
  double *trace = malloc(channel->count * sizeof *trace), values[5];
  assert_non_null(trace);
  tl_error err;
  for (uint32_t k = 0; k < 5; k++) values[k] = fit.fit.values[k].value;
  assert_int_equal(tl_calibrate_trace(&fit.problem, values, 0, 0, TL_PATH_SCALAR, trace, &err),
                   TL_OK);
  run(s);
  const tl_score_channel *score = &tl_scenario_result_get(s)->score->channels[0];
  assert_int_equal(score->series_count, channel->count);
  for (uint32_t i = 0; i < channel->count; i++) /* the score is in degC */
    assert_true(trace[i] - 273.15 == score->series_sim[i]);
  assert_true(fabs(score->metric[TL_METRIC_rmse].value - fit.fit.rmse) < 1e-12);
  free(trace);
  done(s, &fit);
}

static void
a_fitted_world_is_the_same_world_with_these_values_written_in_the_scenario(void **unused)
{
  (void)unused;
  tl_scenario_fit fit;
  char text[1024], hash[65], again[65];
  tl_scenario *s =
      calibrated("box('a', rec) calibrate { free = { G_box_W_per_K = { 0.05, 50 } } }", &fit);
  run(s);
  tl_world_run_hash(tl_scenario_world(s), hash);
  snprintf(text, sizeof text,
           "local twin = device 'a' { twin = 'incubator', dt = 5, drive = rec:inputs { heater_on = "
           "'heater', room_K = 'room' }, init = { box_K = rec.box, heater_K = rec.box }, "
           "G_box_W_per_K = %.17g } "
           "compare(twin.box_K, rec.box)",
           fit.fit.values[0].value);
  done(s, &fit);
  tl_error err;
  if (load(&s, text, &err) != TL_OK) fail_msg("%s", err.text);
  run(s);
  tl_world_run_hash(tl_scenario_world(s), again);
  assert_string_equal(hash, again);
  tl_scenario_destroy(s);
}

static void validation_keeps_parameters_and_finds_only_states(void **unused)
{
  (void)unused;
  tl_scenario_fit fit;
  tl_scenario *s = calibrated(
      "local a = box('a', rec:slice(0, 1500)) local b = box('b', rec:slice(1500, 3000))\n"
      "calibrate { of = a, validate = b, free = { G_box_W_per_K = { 0.05, 50 }, init = { heater_K "
      "= "
      "{ 283, 373 } } }, settle = 0.2, starts = 4 }",
      &fit);
  assert_true(fit.has_validation);
  assert_int_equal(fit.fit.channel_count, 1);
  assert_int_equal(fit.validation.free_count, 1); /* heater_K of b */
  assert_string_equal(fit.validation_problem.free[0].name, "heater_K");
  const tl_calibrate_channel_fit *row = &fit.validation.channels[0];
  assert_true(row->train.count > 50 && row->validate.count > 4 * row->train.count - 20);
  assert_true(row->validate.rmse < row->validate.rmse_mean);
  assert_true(fit.validation_problem.runs[0].base[7] == fit.fit.values[0].value); /* G_box */
  double held = 0.0;
  tl_fleet_read(tl_scenario_world(s), (tl_fleet_id){2}, 7, 0, 1, &held);
  assert_true(held == fit.fit.values[0].value); /* and the run has it too */
  run(s);
  done(s, &fit);
}

static void settle_0_leaves_the_scenario_s_own_states(void **unused)
{
  (void)unused;
  tl_scenario_fit fit;
  tl_scenario *s = calibrated(
      "local a = box('a', rec:slice(0, 1500)) local b = box('b', rec:slice(1500, 2500))\n"
      "calibrate { of = a, validate = b, free = { G_box_W_per_K = { 0.05, 50 }, init = { heater_K "
      "= "
      "{ 283, 373 } } }, settle = 0, starts = 2 }",
      &fit);
  assert_int_equal(fit.validation.free_count, 0);
  assert_int_equal(fit.validation.channels[0].train.count, 0);
  assert_true(fit.validation.channels[0].validate.rmse > 0.0);
  done(s, &fit);
}

static void two_recordings_share_parameters_and_have_states_of_their_own(void **unused)
{
  (void)unused;
  tl_scenario_fit fit;
  tl_scenario *s = calibrated("box('a', rec:slice(0, 1500)) box('b', rec:slice(1000, 3500))\n"
                              "calibrate { free = { G_box_W_per_K = { 0.05, 50 }, C_air_J_per_K = "
                              "{ 10, 1e4, each = true }, "
                              "init = { heater_K = { 283, 373 } } }, starts = 4 }",
                              &fit);
  static const char *const names[] = {"a.C_air_J_per_K", "b.C_air_J_per_K", "G_box_W_per_K",
                                      "a.heater_K", "b.heater_K"};
  assert_int_equal(fit.fit.free_count, 5);
  for (uint32_t k = 0; k < 5; k++) assert_string_equal(fit.problem.free[k].name, names[k]);
  assert_int_equal(fit.problem.free[2].target_count, 2);
  assert_int_equal(fit.fit.channel_count, 2);
  run(s);
  done(s, &fit);
}

static void a_border_in_time_parts_training_from_validation(void **unused)
{
  (void)unused;
  tl_scenario_fit ratio, until;
  tl_scenario *s = calibrated(
      "box('a', rec) calibrate { free = { G_box_W_per_K = { 0.05, 50 } }, train = 0.6 }", &ratio);
  tl_scenario *t = calibrated("box('a', rec) calibrate { free = { G_box_W_per_K = { 0.05, 50 } }, "
                              "train_until = 0.6*rec.duration }",
                              &until);
  const tl_calibrate_channel_fit *row = &ratio.fit.channels[0];
  assert_true(row->train.count > 600 && row->validate.count > 400);
  assert_int_equal(row->train.count, until.fit.channels[0].train.count);
  assert_true(ratio.fit.values[0].value == until.fit.values[0].value);
  done(s, &ratio);
  done(t, &until);
}

static void noise_and_weight_say_how_much_a_channel_counts(void **unused)
{
  (void)unused;
  tl_scenario_fit fit;
  tl_scenario *s = calibrated("box('a', rec) calibrate { free = { G_box_W_per_K = { 0.05, 50 } }, "
                              "noise = { box_K = 0.25 } }",
                              &fit);
  assert_true(fit.problem.runs[0].channels[0].weight == 4.0);
  done(s, &fit);
  s = calibrated(
      "box('a', rec) calibrate { free = { G_box_W_per_K = { 0.05, 50 } }, weight = { box_K = 3 } }",
      &fit);
  assert_true(fit.problem.runs[0].channels[0].weight == 3.0);
  done(s, &fit);
}

/* --- errors of a fit --------------------------------------------------------------------------------------- */
static void expect_refused(const char *more, tl_code code, const char *text)
{
  tl_scenario *s = NULL;
  tl_scenario_fit fit;
  tl_error err;
  if (load(&s, more, &err) != TL_OK) fail_msg("%s", err.text);
  assert_int_equal(tl_scenario_plan_fit(s, &fit, &err), code);
  if (strstr(err.text, text) == NULL) fail_msg("'%s' does not say '%s'", err.text, text);
  assert_int_equal(tl_scenario_calibrate(s, &fit, NULL, &err), code);
  tl_scenario_destroy(s);
}

static void a_fit_that_cannot_be_is_refused_at_its_line(void **unused)
{
  (void)unused;
  expect_refused("box('a', rec)", TL_E_SCRIPT, "has no calibrate { ... }");
  expect_refused("box('a', rec)\ncalibrate { free = {\n G_box_W_per_K = { 5, 0.1 } } }", TL_E_ARG,
                 "fit.lua:8: 'G_box_W_per_K': the lower bound 5 is not below the upper bound 0.1");
  expect_refused("box('a', rec) calibrate { free = { G_box_W_per_K = { 2, 5 } } }", TL_E_ARG,
                 "'G_box_W_per_K' starts at 0.77307655, outside its bounds 2 .. 5 W/K");
  expect_refused("box('a', rec) calibrate { free = { room_K = { 280, 300 } } }", TL_E_ARG,
                 "it is driven by the recording");
}

/* --- parameter files ------------------------------------------------------------------------------------------- */
static void expect_file_refused(const char *file, tl_code code, const char *text, const char *hint)
{
  tl_scenario *s = NULL;
  tl_error err;
  write_text("p.json", file);
  assert_int_equal(load(&s, "device 'x' { twin = 'incubator', set = parameters 'p.json' }", &err),
                   code);
  if (strstr(err.text, text) == NULL) fail_msg("'%s' does not say '%s'", err.text, text);
  assert_string_equal(err.hint, hint);
}

#define FILE_OF(rows)                                                                              \
  "{\"schema\":\"twinloop.parameters/1\",\"twin\":\"incubator\",\"parameters\":[" rows "]}"

static void files_that_do_not_fit_are_refused(void **unused)
{
  (void)unused;
  expect_file_refused("{", TL_E_FORMAT, "p.json:1: ", "");
  expect_file_refused(
      "{\"schema\":\"twinloop.parameters/2\"}", TL_E_SCHEMA,
      "p.json: schema is 'twinloop.parameters/2', this program reads 'twinloop.parameters/1'", "");
  expect_file_refused("{\"schema\":\"x\"}", TL_E_FORMAT, "schema is 'x'", "");
  expect_file_refused("{\"schema\":\"twinloop.parameters/1\",\"twin\":\"tclab\"}", TL_E_ARG,
                      "p.json is for twin 'tclab', 'x' is a 'incubator'", "");
  expect_file_refused(FILE_OF("{\"name\":\"G_bx_W_per_K\",\"unit\":\"W/K\",\"value\":1}"),
                      TL_E_NAME, "p.json: twin 'incubator' has no column 'G_bx_W_per_K'",
                      "did you mean 'G_box_W_per_K'?");
  expect_file_refused(FILE_OF("{\"name\":\"G_box_W_per_K\",\"unit\":\"K\",\"value\":1}"), TL_E_UNIT,
                      "p.json: 'G_box_W_per_K' is in K, the twin has it in W/K", "");
  expect_file_refused(FILE_OF("{\"name\":\"G_box_W_per_K\",\"unit\":\"W/K\",\"value\":-1}"),
                      TL_E_ARG, "p.json: 'G_box_W_per_K' is outside of its range", "");
  expect_file_refused(FILE_OF("{\"name\":\"G_box_W_per_K\",\"value\":1}"), TL_E_FORMAT,
                      "p.json: parameter 1 has no name, unit or value", "");
}

static void files_are_read_in_their_units_and_the_scenario_s_word_wins(void **unused)
{
  (void)unused;
  tl_scenario *s = NULL;
  tl_error err;
  double value = 0.0;
  write_text(
      "p.json",
      FILE_OF("{\"name\":\"heater_K\",\"unit\":\"degC\",\"value\":40},{\"name\":\"G_box_W_per_K\","
              "\"unit\":"
              "\"W/K\",\"value\":3.5},{\"name\":\"C_air_J_per_K\",\"unit\":\"kJ/K\",\"value\":0.5},"
              "{\"name\":\"box_K\",\"unit\":\"K\",\"value\":300,\"device\":\"other\"}"));
  if (load(&s, "device 'x' { twin = 'incubator', set = parameters 'p.json', G_box_W_per_K = 2 }",
           &err) != TL_OK)
    fail_msg("%s", err.text);
  static const double expected[] = {313.15, 295.15, 0, 0, 0, 0, 500.0, 2.0};
  for (uint32_t c = 0; c < 8; c++) {
    tl_fleet_read(tl_scenario_world(s), (tl_fleet_id){1}, c, 0, 1, &value);
    if (c < 2 || c > 5) assert_true(fabs(value - expected[c]) < 1e-9);
  }
  const tl_scenario_info info = tl_scenario_describe(s);
  bool noted = false;
  for (uint32_t i = 0; i < info.file_count; i++)
    noted |= strcmp(info.files[i].kind, "parameters") == 0;
  assert_true(noted); /* the run is a function of it */
  tl_scenario_destroy(s);
}

static int enter(void **unused)
{
  (void)unused;
  enter_test_folder();
  return 0;
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_was_fitted_is_what_runs_bit_for_bit),
      cmocka_unit_test(a_fitted_world_is_the_same_world_with_these_values_written_in_the_scenario),
      cmocka_unit_test(validation_keeps_parameters_and_finds_only_states),
      cmocka_unit_test(settle_0_leaves_the_scenario_s_own_states),
      cmocka_unit_test(two_recordings_share_parameters_and_have_states_of_their_own),
      cmocka_unit_test(a_border_in_time_parts_training_from_validation),
      cmocka_unit_test(noise_and_weight_say_how_much_a_channel_counts),
      cmocka_unit_test(a_fit_that_cannot_be_is_refused_at_its_line),
      cmocka_unit_test(files_that_do_not_fit_are_refused),
      cmocka_unit_test(files_are_read_in_their_units_and_the_scenario_s_word_wins),
  };
  return cmocka_run_group_tests(tests, enter, NULL);
}
