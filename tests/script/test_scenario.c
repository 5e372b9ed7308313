/* Whole scenarios: the shipped ones against published figures, the same bits anywhere, and the promises of `check`. */
#include "script/map.h"
#include "script/sandbox.h"
#include "tests/script/support.h"
#include "twins/registry.h"

#include <lauxlib.h>
#include <lualib.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static double wall_s(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static double metric(const outcome *o, uint32_t channel, tl_metric which)
{
  assert_true(channel < o->channel_count);
  return o->channels[channel].metric[which].value;
}

static void near(double value, double expected, double tolerance, const char *what)
{
  if (!(fabs(value - expected) <= tolerance))
    fail_msg("%s is %.6f, expected %.6f within %g", what, value, expected, tolerance);
}

static void import_shared(const char *source, const char *map_name, const char *out)
{
  char path[1024];
  tl_error err;
  tl_import_map *map = malloc(sizeof *map);
  assert_non_null(map);
  *map = tl_import_map_default();
  snprintf(path, sizeof path, "%s/assets/maps/%s", TL_SOURCE_DIR, map_name);
  if (tl_import_map_load(path, map, &err) != TL_OK) fail_msg("%s", err.text);
  snprintf(path, sizeof path, "%s/data/%s", TL_SHARED_DIR, source);
  if (tl_import(path, map, out, NULL, &err) != TL_OK) fail_msg("%s", err.text);
  free(map);
}

static bool shared_missing(void)
{
  if (TL_SHARED_DIR[0] != '\0') return false;
  print_message("SKIP: the shared recordings are not here\n");
  return true;
}

static const char incubator[] = TL_SOURCE_DIR "/scenarios/regression/incubator_recorded.lua";
static const char tclab[] = TL_SOURCE_DIR "/scenarios/regression/tclab_recorded.lua";

static void the_real_incubator_is_reached_as_published(void **unused)
{
  (void)unused;
  if (shared_missing()) skip();
  import_shared("incubator/exp2_ht20_hg30_2P_4P_Model.csv", "incubator.lua", "exp2.h5");
  const run_options options = {.settings = {"recording", "exp2.h5"}};
  outcome *o = run_file(incubator, &options);
  expect_ok(o, "exp2");
  assert_int_equal(o->verdict, TL_PASSED);
  near(metric(o, 0, TL_METRIC_rmse), 0.6050, 0.001, "RMSE");
  near(metric(o, 0, TL_METRIC_cvrmse_pct), 1.815, 0.001, "CV(RMSE)");
  near(metric(o, 0, TL_METRIC_nmbe_pct), 0.539, 0.001, "NMBE");
  assert_int_equal(o->channels[0].used_count, 1121);
  free(o);
}

static void the_real_temperature_lab_is_reached_with_both_fits(void **unused)
{
  (void)unused;
  if (shared_missing()) skip();
  import_shared("tclab/energy_balance_600s.csv", "tclab_energy_balance.lua", "tclab.h5");
  const run_options published = {.settings = {"recording", "tclab.h5", "fit", "published"}};
  outcome *o = run_file(tclab, &published);
  expect_ok(o, "published");
  near(metric(o, 0, TL_METRIC_rmse), 1.6373, 0.001, "T1, published");
  near(metric(o, 1, TL_METRIC_rmse), 0.8270, 0.001, "T2, published");
  free(o);
  const run_options four = {.settings = {"recording", "tclab.h5"}};
  o = run_file(tclab, &four);
  expect_ok(o, "four states");
  near(metric(o, 0, TL_METRIC_rmse), 0.5952, 0.001, "T1, 4 states");
  near(metric(o, 1, TL_METRIC_rmse), 0.7539, 0.001, "T2, 4 states");
  free(o);
}

static void the_built_in_recording_runs_in_a_bare_clone(void **unused)
{
  (void)unused;
  outcome *o = run_file(incubator, NULL);
  expect_ok(o, "synthetic");
  assert_int_equal(o->verdict, TL_PASSED);
  assert_true(metric(o, 0, TL_METRIC_rmse) >
              0.3); /* another model made it: a perfect score would be a leak */
  free(o);
}

static void a_missed_threshold_is_a_verdict_not_an_error(void **unused)
{
  (void)unused;
  const run_options options = {.settings = {"rmse", "< 0.1 K"}};
  outcome *o = run_file(incubator, &options);
  expect_ok(o, "strict");
  assert_int_equal(o->verdict, TL_FAILED);
  free(o);
}

/* --- the same bits ---------------------------------------------------------------------------------------------- */
static const char busy[] =
    "scenario { duration = 3*min, sync = 10*s, seed = 5 }\n"
    "local fleet = devices 'room' { twin = 'incubator', count = 777, dt = 0.5*s, tick = 1*s,\n"
    "  sensors = { box = { column = 'box_K', noise = 0.1, dropout = 0.01 } }, actuators = { heater "
    "= { column = 'heater_on' } },\n"
    "  control = hysteresis { sensor = 'box', actuator = 'heater', setpoint = degC(26), band = 0.2 "
    "},\n"
    "  detector = { model = 'w1-synthetic-int8.tflite', channels = { { sensor = 'box', minus = "
    "'control.setpoint' } }, threshold = 40 },\n"
    "  vary = { G_box_W_per_K = normal(0.77, 0.1, 0.4, 1), room_K = uniform(285, 296), "
    "C_air_J_per_K = weighted { [150] = 1, [200] = 2 } } }\n"
    "local t = { c = 3, a = 1, b = 2, [7] = 4, [0.5] = 5 }\n"
    "run(function() for k, v in pairs(t) do wait(v + math.random()) fleet:sample(0.05):set { "
    "room_K = 280 + v } end\n"
    "  fleet:where('box_K > 296'):inject('sensor.bias', { value = rng 'x':normal(1, 0.1), lasting "
    "= 30*s }) end)\n"
    "every(25*s, function() log('%.17g', fleet:stat 'box_K mean') end)\n";

static void the_hash_is_the_same_for_any_thread_count(void **unused)
{
  (void)unused;
  const char *text = busy;
  const run_options one = {.thread_count = 1};
  outcome *first = run_text(text, &one);
  expect_ok(first, text);
  assert_non_null(strstr(first->log, "fault.begin"));
  static const uint32_t threads[] = {2, 3, 7};
  for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
    const run_options options = {.thread_count = threads[i]};
    outcome *o = run_text(text, &options);
    assert_string_equal(o->hash, first->hash);
    assert_string_equal(o->log, first->log);
    free(o);
  }
  const run_options other = {.has_seed = true, .seed = 6};
  outcome *o = run_text(text, &other);
  assert_string_not_equal(o->hash, first->hash);
  free(o);
  free(first);
}

static void keep_line(void *owner, const char *line)
{
  (void)owner;
  printf("%s ", line);
}

/* Child process: the order in which pairs goes through a table, ours or Lua's own. */
static int print_order(bool stock)
{
  tl_sandbox_def def = tl_sandbox_def_default();
  def.print = keep_line;
  tl_sandbox *sandbox = NULL;
  tl_error err;
  if (tl_sandbox_create(&sandbox, &def, &err) != TL_OK) return 1;
  lua_State *L = tl_sandbox_state(sandbox);
  if (stock) {
    luaL_requiref(L, "_G", luaopen_base, 0);
    lua_getfield(L, -1, "pairs");
    tl_sandbox_set_global(sandbox, "pairs");
  }
  static const char text[] = "for k in pairs { sensor = 1, alarm = 2, fleet = 3, box = 4, heater = "
                             "5, room = 6, lid = 7, power = 8 } do print(k) end";
  lua_State *co = lua_newthread(L);
  bool yielded = false;
  tl_code code = tl_sandbox_load_text(sandbox, co, "order.lua", text, sizeof text - 1, &err);
  if (code == TL_OK) code = tl_sandbox_resume(sandbox, co, 0, &yielded, &err);
  tl_sandbox_destroy(sandbox);
  return code == TL_OK ? 0 : 1;
}

static int print_hash(void)
{
  outcome *o = run_text(busy, NULL);
  fputs(o->hash, stdout);
  const tl_code code = o->code;
  free(o);
  return code == TL_OK ? 0 : 1;
}

static void child(const char *mode, char out[512])
{
  char self[512], command[600];
  const ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
  assert_true(length > 0);
  self[length] = '\0';
  snprintf(command, sizeof command, "'%s' %s", self, mode);
  FILE *pipe = popen(command, "r");
  assert_non_null(pipe);
  out[fread(out, 1, 511, pipe)] = '\0';
  assert_int_equal(pclose(pipe), 0);
}

/* Address space layout and hash seeds differ from process to process, so only fresh ones show a dependence. */
static void twenty_fresh_processes_give_one_hash(void **unused)
{
  (void)unused;
  char first[512], next[512];
  child("hash", first);
  assert_int_equal(strlen(first), 64);
  for (int i = 1; i < 20; i++) {
    child("hash", next);
    assert_string_equal(first, next);
  }
}

static void lua_own_pairs_would_fail_that_test(void **unused)
{
  (void)unused;
  char ours[512], stock[512], next[512];
  bool differs = false;
  child("ours", ours);
  child("stock", stock);
  for (int i = 0; i < 12; i++) {
    child("ours", next);
    assert_string_equal(ours, next);
    child("stock", next);
    differs = differs || strcmp(stock, next) != 0;
  }
  assert_true(differs);
}

/* --- bars ----------------------------------------------------------------------------------------------------------- */
static void check_reads_a_scenario_in_50_ms(void **unused)
{
  (void)unused;
  double best = 1.0;
  for (int i = 0; i < 5; i++) {
    const run_options options = {.check_only = true};
    const double start = wall_s();
    outcome *o = run_file(incubator, &options);
    const double spent = wall_s() - start;
    expect_ok(o, "check");
    free(o);
    if (spent < best) best = spent;
  }
  print_message("check: %.1f ms\n", best * 1e3);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  assert_true(best < 0.050);
#endif
}

static void lua_takes_less_than_a_hundredth_of_a_fleet_run(void **unused)
{
  (void)unused;
  static const char text[] =
      "scenario { duration = 30*min, sync = 10*s, seed = 5 }\n"
      "local fleet = devices 'room' { twin = 'incubator', count = 10000, dt = 0.5*s, tick = 3*s,\n"
      "  sensors = { box = { column = 'box_K', noise = 0.1 } }, actuators = { heater = { column = "
      "'heater_on' } },\n"
      "  control = hysteresis { sensor = 'box', actuator = 'heater', setpoint = degC(26), band = "
      "0.2 },\n"
      "  detector = { model = 'w1-synthetic-int8.tflite', channels = { { sensor = 'box', minus = "
      "'control.setpoint' } }, threshold = 1e9 } }\n"
      "local sick = fleet:sample(0.01)\n"
      "run(function() for i = 1, 29 do wait(1*min) log('%d %d', i, sick:count()) end end)\n"
      "run(function() local f = sick:inject('sensor.drift', { channel = 'box', rate = 1/h }) "
      "wait(5*min) f:clear() end)\n";
  const run_options options = {.thread_count = 1};
  double least_ratio = INFINITY; /* of a few runs: another program's turn inside Lua's only adds */
  for (int k = 0; k < 5 && least_ratio > 0.01; k++) {
    outcome *o = run_text(text, &options);
    expect_ok(o, text);
    print_message("Lua %.1f ms of %.0f ms\n", o->lua_s * 1e3, o->wall_s * 1e3);
    least_ratio = fmin(least_ratio, o->lua_s / o->wall_s);
    free(o);
  }
  assert_true(least_ratio <= 0.01);
}

/* --- settings and files ------------------------------------------------------------------------------------------------ */
static void settings_have_the_type_of_their_default(void **unused)
{
  (void)unused;
  static const char text[] = "scenario { duration = 10*s }\n"
                             "log('%s %s %s %s', setting('n', 5), setting('t', 60), setting('b', "
                             "false) and 'yes' or 'no', setting('x', 'text'))\n";
  outcome *o = run_text(text, NULL);
  expect_ok(o, text);
  assert_string_equal(o->log, "0.000 5 60 no text\n");
  free(o);
  const run_options given = {.settings = {"n", "7", "t", "5min", "b", "true", "x", "1"}};
  o = run_text(text, &given);
  expect_ok(o, text);
  assert_string_equal(o->log, "0.000 7 300.0 yes 1\n");
  free(o);
  const run_options typo = {.settings = {"nn", "7"}};
  o = run_text(text, &typo);
  assert_int_equal(o->code, TL_E_NAME);
  assert_string_equal(o->err.text, "--set nn: scenario.lua asks for no such setting");
  assert_string_equal(o->err.hint, "did you mean 'n'?");
  free(o);
  const run_options wrong = {.settings = {"b", "maybe"}};
  o = run_text(text, &wrong);
  assert_int_equal(o->code, TL_E_TYPE);
  free(o);
}

static void inputs_are_listed_with_their_hashes(void **unused)
{
  (void)unused;
  tl_scenario_options options = tl_scenario_options_default();
  const char *assets[] = {TL_SOURCE_DIR};
  options.twins = tl_twins;
  options.twin_count = tl_twin_count;
  options.asset_folders = assets;
  options.asset_folder_count = 1;
  tl_scenario *s = NULL;
  tl_error err;
  assert_int_equal(tl_scenario_load(&s, incubator, &options, &err), TL_OK);
  assert_int_equal(tl_scenario_seal(s, &err), TL_OK);
  const tl_scenario_info info = tl_scenario_describe(s);
  assert_string_equal(info.name, "incubator_recorded");
  assert_int_equal(info.file_count, 2);
  assert_string_equal(info.files[0].kind, "scenario");
  assert_string_equal(info.files[1].kind, "recording");
  assert_string_equal(info.files[1].name, "assets/recordings/incubator_synthetic.h5");
  assert_int_equal(strlen(info.files[1].sha256), 64);
  assert_int_equal(info.compare_count, 1);
  assert_string_equal(info.compares[0].sim, "box_K");
  assert_int_equal(info.setting_count, 2);
  tl_scenario_destroy(s);
}

static void without_scenario_or_file_the_message_says_so(void **unused)
{
  (void)unused;
  outcome *o = run_text("log 'hello'\n", NULL);
  assert_int_equal(o->code, TL_E_SCRIPT);
  assert_string_equal(o->err.hint, "a scenario begins with scenario { duration = 1*h }");
  free(o);
  o = run_file("no_such.lua", NULL);
  assert_int_equal(o->code, TL_E_IO);
  free(o);
}

int main(int argc, char **argv)
{
  if (argc > 1 && strcmp(argv[1], "ours") == 0) return print_order(false);
  if (argc > 1 && strcmp(argv[1], "stock") == 0) return print_order(true);
  if (argc > 1 && strcmp(argv[1], "hash") == 0) return print_hash();
  enter_test_folder();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_real_incubator_is_reached_as_published),
      cmocka_unit_test(the_real_temperature_lab_is_reached_with_both_fits),
      cmocka_unit_test(the_built_in_recording_runs_in_a_bare_clone),
      cmocka_unit_test(a_missed_threshold_is_a_verdict_not_an_error),
      cmocka_unit_test(the_hash_is_the_same_for_any_thread_count),
      cmocka_unit_test(twenty_fresh_processes_give_one_hash),
      cmocka_unit_test(lua_own_pairs_would_fail_that_test),
      cmocka_unit_test(check_reads_a_scenario_in_50_ms),
      cmocka_unit_test(lua_takes_less_than_a_hundredth_of_a_fleet_run),
      cmocka_unit_test(settings_have_the_type_of_their_default),
      cmocka_unit_test(inputs_are_listed_with_their_hashes),
      cmocka_unit_test(without_scenario_or_file_the_message_says_so),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
