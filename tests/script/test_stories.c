/* Time in a scenario: stories, callbacks, faults, selections, and their exact order. */
#include "tests/script/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void logs(const char *body, const char *expected)
{
  char text[8192];
  snprintf(text, sizeof text, "%s%s\n", preamble, body);
  outcome *o = run_text(text, NULL);
  expect_ok(o, text);
  if (strcmp(o->log, expected) != 0)
    fail_msg("%s\n--- expected\n%s--- got\n%s", body, expected, o->log);
  free(o);
}

static void fails(const char *body, tl_code code, const char *part)
{
  char text[8192];
  snprintf(text, sizeof text, "%s%s\n", preamble, body);
  outcome *o = run_text(text, NULL);
  if (o->code != code || strstr(o->message, part) == NULL)
    fail_msg("%s\n%d %s", body, (int)o->code, o->message);
  free(o);
}

static void stories_wake_at_exact_times_not_at_windows(void **unused)
{
  (void)unused;
  logs("run(function() wait(3.5*s) log 'a' wait(0) log 'b' wait('1min') log 'never' end)\n"
       "run(function() for i = 1, 3 do log('%d', i) wait(7*s) end end)",
       "0.000 1\n3.500 a\n3.500 b\n7.000 2\n14.000 3\n60.000 the story in run() of line 7 had not "
       "ended\n");
  logs("run(function() wait(60*s) log 'at the end' end)", "60.000 at the end\n");
  logs("run(function() local x = elapsed() wait(1/3) log('%.9f %.1f', elapsed(), x) end)",
       "0.333 0.333333333 0.0\n");
}

static void callbacks_run_in_their_order(void **unused)
{
  (void)unused;
  logs("run(function() wait(20*s) log 'story 1' end)\nat(20*s, function() log 'at 1' "
       "end)\nrun(function() wait(20*s) log 'story 2' end)\n"
       "every(20*s, function() log 'every' end)\nat(20*s, function() log 'at 2' end)",
       "20.000 at 1\n20.000 every\n20.000 at 2\n20.000 story 1\n20.000 story 2\n40.000 "
       "every\n60.000 every\n");
  logs("at(10*s, function() wait(5*s) log 'a callback may wait' end)",
       "15.000 a callback may wait\n");
  logs("run(function() spawn(function(a, b) log('%s %s', a, b) wait(1*s) log 'child' end, 1, 'x') "
       "log 'parent' end)",
       "0.000 parent\n0.000 1 x\n1.000 child\n");
}

static void wait_until_asks_at_window_ends_and_gives_up_on_time(void **unused)
{
  (void)unused;
  logs("run(function() local ok = wait_until(function() return elapsed() >= 25 end) log('%s', "
       "tostring(ok)) end)",
       "30.000 true\n");
  logs("run(function() local ok = wait_until(function() return false end, { timeout = 12*s }) "
       "log('%s', tostring(ok)) end)",
       "12.000 false\n");
  logs("run(function() local n = 0 wait_until(function() n = n + 1 return elapsed() > 50 end, { "
       "every = 20*s }) log('%d', n) end)",
       "60.000 4\n");
  logs("run(function() local ok, e = pcall(wait_until, function() error('x', 0) end) log('%s %s', "
       "tostring(ok), e) end)",
       "0.000 false x\n");
  logs("run(function() local ok = pcall(function() wait(5*s) log 'in pcall' error 'x' end) "
       "wait(1*s) log('%s', tostring(ok)) end)",
       "5.000 in pcall\n6.000 false\n");
}

static void selections_choose_by_value_and_by_lot(void **unused)
{
  (void)unused;
  logs("local f = devices 'more' { twin = 'incubator', count = 1000, room_K = uniform(280, 300) }\n"
       "local cold = f:where 'room_K < 290'\nlocal five = f:sample(5, 'x')\n"
       "run(function() log('%s %d %d', tostring(cold:count() > 400 and cold:count() < 600), "
       "f:sample(0.1):count(), five:count())\n"
       "local a = f:where('room_K < 290'):count() + f:where('not room_K < 290'):count() log('%d', "
       "a)\n"
       "log('%d', f:where('room_K < 285 or room_K >= 295'):where('room_K > 290'):count() - "
       "f:where('room_K >= 295'):count())\n"
       "log('%s %s', tostring(cold:all 'room < 290'), tostring(cold:any 'room_K * 2 - 1 > 580'))\n"
       "log('%s', tostring(f:sample(5, 'x'):stat 'room_K mean' == five:stat 'room_K mean'))\n"
       "log('%d', cold:sample(7):count()) end)",
       "0.000 true 100 5\n0.000 1000\n0.000 0\n0.000 true false\n0.000 true\n0.000 7\n");
}

static void values_are_written_and_read_by_name(void **unused)
{
  (void)unused;
  logs("run(function() wait(10*s) fleet:set { ['control.setpoint'] = '35 degC', box_K = "
       "uniform(300, 301) }\n"
       "log('%.2f %s', fleet:device(7):read 'control.setpoint', tostring(fleet:all 'box_K >= 300 "
       "and box_K < 301'))\n"
       "log('%.0f %.0f', fleet:stat 'control.setpoint min', #fleet) end)",
       "10.000 set room 20 set\n10.000 308.15 true\n10.000 308 20\n");
}

static void a_fault_writes_its_columns_and_gives_them_back(void **unused)
{
  (void)unused;
  logs("local two = fleet:sample(2, 'x')\n"
       "run(function() wait(10*s) local f = two:inject('sensor.bias', { channel = 'box', value = 3 "
       "})\n"
       "log('%g %g', two:stat 'box.bias min', fleet:stat 'box.bias max') wait(20*s) f:clear() "
       "f:clear()\n"
       "log('%g %s', fleet:stat 'box.bias max', hms(elapsed(f))) end)",
       "10.000 fault.begin room 2 sensor.bias\n10.000 3 3\n30.000 fault.end room 2 "
       "sensor.bias\n30.000 0 00:00:20\n");
  logs("fleet:inject('sensor.drift', { rate = 6/min, lasting = 30*s })\n"
       "at(30*s, function() log('%g', fleet:stat 'box.drift_per_s max') end)\nat(20*s, function() "
       "log('%g', fleet:stat 'box.drift_per_s max') end)",
       "0.000 fault.begin room 20 sensor.drift\n20.000 0.1\n30.000 fault.end room 20 "
       "sensor.drift\n30.000 0\n");
  logs("run(function() wait(10*s) fleet:device(3):inject('plant.scale', { column = "
       "'G_box_W_per_K', factor = 2, lasting = 10*s })\n"
       "log('%.4f', fleet:device(3):read 'G_box_W_per_K') wait(10*s) log('%.4f', "
       "fleet:device(3):read 'G_box_W_per_K') end)",
       "10.000 fault.begin room 1 plant.scale\n10.000 1.5462\n20.000 fault.end room 1 "
       "plant.scale\n20.000 0.7731\n");
  logs("local stuck = fleet:where 'room_K > 1'\nstuck:inject('actuator.stuck', { at = '100 %' })\n"
       "at(50*s, function() log('%g %g', fleet:stat 'heater_on min', stuck:count()) end)",
       "0.000 fault.begin room 20 actuator.stuck\n50.000 1 20\n");
}

static void alarms_call_handlers_once_per_onset(void **unused)
{
  (void)unused;
  static const char detector[] =
      "local more = devices 'more' { twin = 'incubator', count = 3, dt = 0.1*s, tick = 0.1*s,\n"
      "  sensors = { box = { column = 'box_K' } }, actuators = { heater = { column = 'heater_on' } "
      "},\n"
      "  detector = { model = 'w1-synthetic-int8.tflite', channels = { { sensor = 'box', mean = "
      "295.15 } }, threshold = -1 } }\n";
  char body[2048];
  snprintf(body, sizeof body,
           "%son('alarm', function(e) log('%%s %%d %%s %%d', e.fleet, e.device, tostring(e.at <= "
           "elapsed()), e.devices:count()) end)\n"
           "on('alarm', function(e) wait(1*s) end)\nrun(function() local ok = "
           "wait_until(function() return more:all 'detector.alarm' end) log 'all' end)",
           detector);
  logs(body, "10.000 alarm more 1 alarm\n10.000 more 0 true 1\n10.000 alarm more 1 alarm\n10.000 "
             "more 1 true 1\n"
             "10.000 alarm more 1 alarm\n10.000 more 2 true 1\n10.000 all\n");
}

static void an_abort_threshold_stops_the_run(void **unused)
{
  (void)unused;
  char text[4096];
  snprintf(text, sizeof text,
           "%sthresholds { ['box_K max'] = { '< 300 K', abort = true } }\n"
           "at(20*s, function() fleet:set { box_K = 310 } end)\n",
           preamble);
  outcome *o = run_text(text, NULL);
  expect_ok(o, text);
  assert_true(o->aborted);
  assert_int_equal(o->verdict, TL_FAILED);
  assert_true(o->end_ns > 20000000000 && o->end_ns <= 30000000000);
  free(o);
}

static void a_list_of_thresholds_may_hold_limits_with_options(void **unused)
{
  (void)unused;
  char text[1024];
  snprintf(
      text, sizeof text,
      "%sthresholds { { 'box_K max', { '< 400 K', after = 30*s } }, { 'box_K min', '> 1 K' },\n"
      "  { 'heater_K max', '< 500 K', after = 20*s } }\n",
      preamble);
  outcome *o = run_text(text, NULL);
  expect_ok(o, "list");
  assert_int_equal(o->judgement_count, 3);
  assert_string_equal(o->judgements[0].threshold.text, "< 400 K");
  assert_int_equal(o->judgements[0].threshold.after_ns, 30000000000);
  assert_int_equal(o->judgements[2].threshold.after_ns, 20000000000);
  free(o);
}

static void what_ends_a_run_cannot_be_caught(void **unused)
{
  (void)unused;
  fails("run(function() wait(10*s) pcall(fail, 'no') log 'not reached' end)", TL_E_FAIL, "no");
  fails("run(function() pcall(coroutine.wrap(function() fail 'inner' end)) end)", TL_E_FAIL,
        "inner");
  fails("run(function() for i = 1, 20000 do spawn(function() wait(1*h) end) end end)", TL_E_BUDGET,
        "10000 stories");
  fails("run(function() while true do at(59*s, print) end end)", TL_E_BUDGET, "callbacks");
  fails("every(1*ns, function() end)", TL_E_BUDGET, "does a loop wait for no time");
  fails("run(function() local x = nil; x.y = 1 end)", TL_E_TYPE, "attempt to index a nil value");
  fails("run(function() wait(30*s) error { code = 1 } end)", TL_E_SCRIPT,
        "simulated time 00:00:30");
}

static void an_interrupt_ends_at_a_window_with_its_own_code(void **unused)
{
  (void)unused;
  const volatile sig_atomic_t now = 1;
  const run_options options = {.interrupted = &now};
  outcome *o = run_text(preamble, &options);
  assert_int_equal(o->code, TL_E_INTERRUPTED);
  assert_int_equal(o->end_ns, 10000000000);
  free(o);
}

int main(void)
{
  enter_test_folder();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(stories_wake_at_exact_times_not_at_windows),
      cmocka_unit_test(callbacks_run_in_their_order),
      cmocka_unit_test(wait_until_asks_at_window_ends_and_gives_up_on_time),
      cmocka_unit_test(selections_choose_by_value_and_by_lot),
      cmocka_unit_test(values_are_written_and_read_by_name),
      cmocka_unit_test(a_fault_writes_its_columns_and_gives_them_back),
      cmocka_unit_test(alarms_call_handlers_once_per_onset),
      cmocka_unit_test(an_abort_threshold_stops_the_run),
      cmocka_unit_test(a_list_of_thresholds_may_hold_limits_with_options),
      cmocka_unit_test(what_ends_a_run_cannot_be_caught),
      cmocka_unit_test(an_interrupt_ends_at_a_window_with_its_own_code),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
