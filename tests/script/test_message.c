/* What users read when something is wrong: every case of tests/script/errors against its golden text. */
#include "tests/script/support.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int by_name(const struct dirent **a, const struct dirent **b)
{
  return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_lua(const struct dirent *entry)
{
  const size_t length = strlen(entry->d_name);
  return length > 4 && strcmp(entry->d_name + length - 4, ".lua") == 0;
}

static void every_mistake_gets_its_golden_message(void **unused)
{
  (void)unused;
  struct dirent **entries = NULL;
  assert_int_equal(chdir(TL_SOURCE_DIR "/tests/script/errors"), 0);
  const int count = scandir(".", &entries, is_lua, by_name);
  assert_true(count >= 30);
  for (int i = 0; i < count; i++) {
    outcome *o = run_file(entries[i]->d_name, NULL);
    char golden[300];
    snprintf(golden, sizeof golden, "%.*s.txt", (int)(strlen(entries[i]->d_name) - 4),
             entries[i]->d_name);
    if (o->code == TL_OK) fail_msg("%s: no error", entries[i]->d_name);
    expect_golden(golden, o->message);
    free(o);
    free(entries[i]);
  }
  free(entries);
  print_message("%d messages\n", count);
}

/* Bar of interface.md: 10 typical typos give the right hint. */
static void typical_typos_get_the_right_hint(void **unused)
{
  (void)unused;
  static const char *const cases[][2] = {
      {"unknown_name.lua", "'thresholds'"},    {"typo_min.lua", "'min'"},
      {"typo_devices.lua", "'devices'"},       {"typo_method.lua", "'sample'"},
      {"typo_metric.lua", "'comfort.error'"},  {"typo_sensor_key.lua", "'noise'"},
      {"typo_scenario_key.lua", "'duration'"}, {"typo_fault.lua", "'sensor.bias'"},
      {"typo_statistic.lua", "'mean'"},        {"typo_channel.lua", "'heater'"},
      {"typo_where.lua", "'box_K'"},           {"unknown_twin.lua", "'incubator'"},
      {"unknown_key.lua", "'count'"},          {"unknown_parameter.lua", "'G_box_W_per_K'"},
      {"typo_sensor_of_control.lua", "'box'"}, {"unknown_column.lua", "'box_K'"},
  };
  assert_int_equal(chdir(TL_SOURCE_DIR "/tests/script/errors"), 0);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    outcome *o = run_file(cases[i][0], NULL);
    if (strstr(o->err.hint, cases[i][1]) == NULL)
      fail_msg("%s: hint \"%s\", expected %s\n%s", cases[i][0], o->err.hint, cases[i][1],
               o->message);
    free(o);
  }
}

static void an_error_of_any_exit_code_renders_without_a_file(void **unused)
{
  (void)unused;
  tl_error err;
  tl_text text = {0};
  tl_fail(&err, TL_E_IO, NULL, "run.h5: no space left on device");
  tl_message_render(&text, &err, NULL);
  assert_string_equal(
      tl_text_string(&text),
      "error[TL0020]: run.h5: no space left on device\n  = help: twinloop explain TL0020\n");
  tl_text_clear(&text);
  tl_fail(&err, TL_E_NAME, "gone.lua:7", "unknown name 'x'");
  tl_fail_hint(&err, "did you mean 'y'?");
  tl_message_render(&text, &err, &(tl_message_context){61000000000, "in run() of line 3", false});
  assert_string_equal(
      tl_text_string(&text),
      "error[TL0103]: unknown name 'x'\n --> gone.lua:7\n  = did you mean 'y'?\n"
      "  = simulated time 00:01:01, in run() of line 3       help: twinloop explain TL0103\n");
  tl_text_free(&text);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_mistake_gets_its_golden_message),
      cmocka_unit_test(typical_typos_get_the_right_hint),
      cmocka_unit_test(an_error_of_any_exit_code_renders_without_a_file),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
