/* The three files about a run: the same numbers, the same bytes, and a page that asks nobody for
 * anything. */
#include "tests/report/sample.h"

#include "base/hash.h"
#include "report/json.h"

#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

typedef struct written {
  tl_text json, junit, html;
} written;

static written write_all(const tl_report *report)
{
  written w = {0};
  tl_report_write_json(report, &w.json);
  tl_report_write_junit(report, &w.junit);
  tl_report_write_html(report, &w.html);
  assert_false(w.json.failed || w.junit.failed || w.html.failed);
  return w;
}

static void written_free(written *w)
{
  tl_text_free(&w->json);
  tl_text_free(&w->junit);
  tl_text_free(&w->html);
}

static json_t *parse(const tl_text *text)
{
  json_error_t error;
  json_t *root = json_loads(tl_text_string(text), JSON_REJECT_DUPLICATES, &error);
  if (root == NULL) fail_msg("line %d: %s", error.line, error.text);
  return root;
}

static bool has(const tl_text *text, const char *needle)
{
  return strstr(tl_text_string(text), needle) != NULL;
}

static void the_three_files_hold_the_same_numbers(void **unused)
{
  (void)unused;
  sample s;
  sample_open(&s, 600, 500, 1);
  written w = write_all(&s.report);
  json_t *root = parse(&w.json), *row = NULL;
  size_t index = 0;
  assert_int_equal(json_array_size(json_object_get(root, "thresholds")), 8);
  json_array_foreach(json_object_get(root, "thresholds"), index, row)
  {
    static const char *const keys[3] = {"observed", "limit", "margin"};
    for (int k = 0; k < 3; k++) {
      const json_t *value = json_object_get(row, keys[k]);
      char number[64], in_html[96];
      if (json_is_string(value))
        snprintf(number, sizeof number, "%s", json_string_value(value));
      else
        tl_text_format_double(number, json_number_value(value));
      snprintf(in_html, sizeof in_html, "<data value=\"%s\">", number);
      if (!has(&w.html, in_html)) fail_msg("%s %s is not in the page", keys[k], number);
      char sentence[128];
      snprintf(sentence, sizeof sentence, "%s%s",
               k == 1   ? " "
               : k == 0 ? "observed "
                        : "margin ",
               number);
      if (!has(&w.junit, sentence)) fail_msg("%s is not in junit.xml", sentence);
    }
  }
  assert_true(has(&w.html, s.report.run_hash) && has(&w.junit, s.report.run_hash) &&
              has(&w.json, s.report.run_hash));
  assert_true(has(&w.html, s.report.command) && has(&w.junit, s.report.command) &&
              has(&w.json, s.report.command));
  json_decref(root);
  written_free(&w);
  sample_close(&s);
}

static void run_json_has_the_keys_other_programs_read(void **unused)
{
  (void)unused;
  static const char *const keys[] = {"schema",      "scenario",   "seed",
                                     "run_hash",    "verdict",    "device_steps",
                                     "wall_s",      "cpu_s",      "device_steps_per_s",
                                     "simulated_s", "thresholds", "files"};
  sample s;
  sample_open(&s, 300, 100, 1);
  written w = write_all(&s.report);
  json_t *root = parse(&w.json);
  for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
    if (json_object_get(root, keys[i]) == NULL) fail_msg("%s is missing", keys[i]);
  assert_string_equal(json_string_value(json_object_get(root, "schema")), "twinloop.run/1");
  assert_int_equal(strlen(json_string_value(json_object_get(root, "run_hash"))), 64);
  assert_string_equal(json_string_value(json_object_get(root, "verdict")), "failed");
  assert_true(json_number_value(json_object_get(root, "simulated_s")) == 7200.0);
  const json_t *delay = json_array_get(json_object_get(root, "thresholds"), 3);
  assert_string_equal(json_string_value(json_object_get(delay, "observed")), "inf");
  assert_string_equal(json_string_value(json_object_get(delay, "margin")), "-inf");
  json_decref(root);
  written_free(&w);
  sample_close(&s);
}

static void the_same_run_gives_the_same_bytes_on_any_number_of_threads(void **unused)
{
  (void)unused;
  sample first, other;
  sample_open(&first, 600, 500, 1);
  sample_open(&other, 600, 500, 3);
  other.report.wall_s = 99.0; /* the machine's own figures are in run.json only */
  other.report.cpu_s = 98.0;
  other.report.thread_count = 97;
  other.report.path = "scalar";
  written a = write_all(&first.report), b = write_all(&other.report);
  assert_string_equal(tl_text_string(&a.html), tl_text_string(&b.html));
  assert_string_equal(tl_text_string(&a.junit), tl_text_string(&b.junit));
  assert_string_not_equal(tl_text_string(&a.json), tl_text_string(&b.json));
  written_free(&a);
  written_free(&b);
  sample_close(&first);
  sample_close(&other);
}

/* Every occurrence of `what` must be followed by `allowed`; NULL: there may be none. */
static void only(const tl_text *html, const char *what, const char *allowed)
{
  for (const char *at = tl_text_string(html); (at = strstr(at, what)) != NULL; at += strlen(what))
    if (allowed == NULL || strncmp(at + strlen(what), allowed, strlen(allowed)) != 0)
      fail_msg("%.60s", at);
}

static void the_page_requests_nothing_and_runs_nothing(void **unused)
{
  (void)unused;
  static const char *const never[] = {
      "src=",  "url(",   "<script", "<link",       "<iframe", "@import", "fetch(",
      "http:", "https:", " style=", "javascript:", " onload", " onclick"};
  sample s;
  sample_open(&s, 600, 500, 1);
  written w = write_all(&s.report);
  for (size_t i = 0; i < sizeof never / sizeof never[0]; i++) only(&w.html, never[i], NULL);
  only(&w.html, "href=", "\"#");
  assert_true(has(&w.html, "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
                           "'none'; style-src 'sha256-"));
  assert_false(has(&w.html, TL_BINARY_DIR));
  for (const char *at = tl_text_string(&w.html); (at = strstr(at, "href=\"#")) != NULL; at++) {
    char id[128] = "id=\"";
    const size_t length = strcspn(at + 7, "\"");
    assert_true(length < 100);
    strncat(id, at + 7, length);
    if (!has(&w.html, id)) fail_msg("no anchor %s", id);
  }
  written_free(&w);
  sample_close(&s);
}

static int value_of(char c)
{
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const char *at = strchr(digits, c);
  return at && c ? (int)(at - digits) : 0;
}

static void the_policy_names_the_hash_of_the_style_sheet(void **unused)
{
  (void)unused;
  sample s;
  sample_open(&s, 300, 100, 1);
  written w = write_all(&s.report);
  const char *html = tl_text_string(&w.html), *hash = strstr(html, "'sha256-") + 8;
  const char *style = strstr(html, "<style>") + 7, *end = strstr(html, "</style>");
  char expected[TL_SHA256_HEX_BYTES], got[TL_SHA256_HEX_BYTES + 4] = "";
  tl_sha256_bytes(expected, style, (size_t)(end - style));
  for (int i = 0; i < 44; i += 4) {
    const int word = value_of(hash[i]) << 18 | value_of(hash[i + 1]) << 12 |
                     value_of(hash[i + 2]) << 6 | value_of(hash[i + 3]);
    char six[8];
    snprintf(six, sizeof six, "%06x", (unsigned)word);
    strcat(got, i < 40 ? six : (six[4] = '\0', six));
  }
  assert_string_equal(got, expected);
  written_free(&w);
  sample_close(&s);
}

static void hostile_text_stays_text(void **unused)
{
  (void)unused;
  sample s;
  sample_open(&s, 300, 100, 1);
  static const tl_report_event events[] = {
      {0, "log", "", -1, 0, "</td><script>alert(1)</script>\x01\xff"}};
  s.report.title = "</title><script>\"'&";
  s.report.command = "twinloop run 'a b.lua' --set x='<&>'";
  s.report.events = events;
  s.report.event_count = 1;
  written w = write_all(&s.report);
  assert_false(has(&w.html, "<script"));
  assert_true(has(&w.html, "&lt;script&gt;alert(1)&lt;/script&gt;"));
  assert_false(has(&w.junit, "<script"));
  assert_true(has(&w.junit, "x=&#39;&lt;&amp;&gt;&#39;"));
  assert_null(strchr(tl_text_string(&w.html), '\x01'));
  json_decref(parse(&w.json));
  written_free(&w);
  sample_close(&s);
}

static void a_big_run_stays_below_500_kB(void **unused)
{
  (void)unused;
  enum { CHANNELS = 30, SAMPLES = 200000, EVENTS = 20000, THRESHOLDS = 60 };
  sample s;
  sample_open(&s, 5000, SAMPLES, 1);
  tl_score_channel *channels = calloc(CHANNELS, sizeof *channels);
  tl_report_event *events = calloc(EVENTS, sizeof *events);
  tl_judgement *judgements = calloc(THRESHOLDS, sizeof *judgements);
  for (int i = 0; i < CHANNELS; i++) {
    channels[i] = s.score.channels[0];
    snprintf(channels[i].name, sizeof channels[i].name, "channel_%d", i);
  }
  for (int i = 0; i < EVENTS; i++)
    events[i] = (tl_report_event){i * INT64_C(1000000000),   "alarm", "hvac", i, 1,
                                  i % 2 ? "raised" : "score"};
  for (int i = 0; i < THRESHOLDS; i++) judgements[i] = s.judgements[i % 8];
  const tl_score score = {.channels = channels, .channel_count = CHANNELS};
  s.report.score = &score;
  s.report.events = events;
  s.report.event_count = EVENTS;
  s.report.judgements = judgements;
  s.report.judgement_count = THRESHOLDS;
  assert_int_equal(tl_report_plot_score(&s.report, NULL), TL_OK);
  written w = write_all(&s.report);
  print_message("page: %zu bytes\n", w.html.length);
  assert_true(w.html.length < 500000);
  assert_true(has(&w.html, "The first 200 of 20000 events"));
  written_free(&w);
  free(channels);
  free(events);
  free(judgements);
  sample_close(&s);
}

static void buckets_keep_every_spike(void **unused)
{
  (void)unused;
  enum { SAMPLES = 100000 };
  sample s;
  sample_open(&s, 300, SAMPLES, 1);
  double *rec = (double *)(uintptr_t)s.score.channels[0].series_rec;
  rec[77777] = 1234.5;
  rec[5] = -99.0;
  s.report.plot_count = 0;
  assert_int_equal(tl_report_plot_score(&s.report, NULL), TL_OK);
  const tl_plot_series *recorded = &s.report.plots[0].series[0];
  double low = 0, high = 0;
  assert_true(recorded->count <= 2000);
  for (uint32_t i = 0; i < recorded->count; i++) {
    if (recorded->low[i] < low) low = recorded->low[i];
    if (recorded->high[i] > high) high = recorded->high[i];
  }
  assert_true(low == -99.0 && high == 1234.5);
  sample_close(&s);
}

static void an_error_is_told_with_its_code_and_no_threshold_is_no_pass(void **unused)
{
  (void)unused;
  tl_report report = tl_report_default();
  report.scenario = "broken";
  report.command = "twinloop run broken.lua";
  report.code = TL_E_NAN;
  report.message = "hvac device 7: box_K is not a number at 00:10:00";
  report.duration_ns = INT64_C(3600000000000);
  report.simulated_ns = INT64_C(600000000000);
  written w = write_all(&report);
  json_t *root = parse(&w.json);
  assert_string_equal(json_string_value(json_object_get(root, "verdict")), "error");
  assert_string_equal(json_string_value(json_object_get(root, "code")), "TL0120");
  assert_true(json_is_null(json_object_get(root, "run_hash")));
  assert_true(has(&w.junit, "errors=\"1\"") && has(&w.junit, "<error type=\"TL0120\""));
  assert_true(has(&w.html, "<strong>TL0120</strong> hvac device 7") &&
              has(&w.html, "Stopped at <time>00:10:00</time>"));
  json_decref(root);
  written_free(&w);
  tl_report_free(&report);
}

static void a_threshold_in_error_says_why_in_all_files(void **unused)
{
  (void)unused;
  sample s;
  sample_open(&s, 300, 100, 1);
  s.judgements[0].verdict = TL_ERRORED;
  s.judgements[0].code = TL_E_SAMPLES;
  s.judgements[0].observed = s.judgements[0].margin = (double)NAN;
  snprintf(s.judgements[0].message, sizeof s.judgements[0].message,
           "comfort.error p95: no samples: why");
  written w = write_all(&s.report);
  json_t *root = parse(&w.json);
  assert_true(json_is_null(
      json_object_get(json_array_get(json_object_get(root, "thresholds"), 0), "observed")));
  assert_true(has(&w.json, "TL0110") && has(&w.html, "TL0110") &&
              has(&w.junit, "<error type=\"TL0110\""));
  assert_true(has(&w.html, "no samples: why") && has(&w.junit, "no samples: why"));
  json_decref(root);
  written_free(&w);
  sample_close(&s);
}

static void junit_is_well_formed_xml(void **unused)
{
  (void)unused;
  sample s;
  sample_open(&s, 300, 100, 1);
  written w = write_all(&s.report);
  assert_int_equal(tl_report_save(&w.junit, TL_BINARY_DIR "/report-sample.xml", NULL), TL_OK);
  assert_int_equal(tl_report_save(&w.html, TL_BINARY_DIR "/report-sample.html", NULL), TL_OK);
  written_free(&w);
  sample_close(&s);
  if (system("command -v xmllint >/dev/null 2>&1") != 0) {
    print_message("SKIP: xmllint is not here\n");
    skip();
  }
  assert_int_equal(system("xmllint --noout " TL_BINARY_DIR "/report-sample.xml"), 0);
}

static void devices_are_drawn_from_what_was_recorded(void **unused)
{
  (void)unused;
  enum { SAMPLES = 1000 };
  static int64_t times_ns[SAMPLES];
  static double values[SAMPLES][2];
  static const uint32_t devices[2] = {3, 250};
  const char *path = TL_BINARY_DIR "/report-devices.h5";
  for (int i = 0; i < SAMPLES; i++) {
    times_ns[i] = i * INT64_C(1000000000);
    values[i][0] = 300.0;
    values[i][1] = i == 500 ? 333.0 : 301.0;
  }
  tl_recording_series series = {.values = &values[0][0]};
  snprintf(series.def.name, sizeof series.def.name, "box_K");
  snprintf(series.def.unit, sizeof series.def.unit, "K");
  series.def.role = TL_STATE;
  series.def.low = 200;
  series.def.high = 600;
  tl_signal_choose(&series.def, true);
  const tl_recording_fleet_def fleet = {"hvac", 0, SAMPLES, times_ns, 2, devices, 1, &series};
  const tl_recording_def def = {.fleet_count = 1, .fleets = &fleet};
  tl_error err;
  if (tl_recording_write(path, &def, &err) != TL_OK) fail_msg("%s", err.text);

  const tl_report_device worst[3] = {
      {.fleet = "hvac", .device = 250}, {.fleet = "hvac", .device = 4}, {.fleet = "pump"}};
  tl_report report = tl_report_default();
  report.worst = worst;
  report.worst_count = 3;
  if (tl_report_plot_devices(&report, path, NULL, 10, &err) != TL_OK) fail_msg("%s", err.text);
  assert_int_equal(report.plot_count, 1); /* device 4 and fleet pump were not recorded */
  assert_string_equal(report.plots[0].title, "hvac 250");
  double high = 0;
  for (uint32_t i = 0; i < report.plots[0].series[0].count; i++)
    if (report.plots[0].series[0].high[i] > high) high = report.plots[0].series[0].high[i];
  assert_true(high == 333.0);
  tl_text html = {0};
  tl_report_write_html(&report, &html);
  assert_true(has(&html, "hvac 250") && has(&html, "Those of them that were recorded") &&
              !has(&html, "Some recorded devices"));
  assert_true(has(&html, "<svg x=\"16%\" y=\"4\" width=\"84%\"")); /* room for the numbers */
  tl_text_free(&html);
  tl_report_free(&report);
  /* none of the worst was recorded: nobody is shown in their place */
  report.worst = worst + 1;
  report.worst_count = 2;
  if (tl_report_plot_devices(&report, path, NULL, 10, &err) != TL_OK) fail_msg("%s", err.text);
  assert_int_equal(report.plot_count, 2);
  assert_string_equal(report.plots[0].kind, "sample");
  tl_report_write_html(&report, &html);
  assert_true(has(&html, "None of them was recorded") && has(&html, "--fleet hvac --device 4 ") &&
              has(&html, "Some recorded devices") && has(&html, "hvac 3"));
  tl_text_free(&html);
  assert_int_equal(tl_report_plot_devices(&report, TL_BINARY_DIR "/no-such.h5", NULL, 10, &err),
                   TL_E_IO);
  tl_report_free(&report);
  unlink(path);
}

static void a_file_that_can_not_be_written_is_an_error(void **unused)
{
  (void)unused;
  tl_text text = {0};
  tl_error err;
  tl_text_add(&text, "x");
  assert_int_equal(tl_report_save(&text, "/no-such-folder/report.html", &err), TL_E_IO);
  assert_string_equal(err.text, "/no-such-folder/report.html: No such file or directory");
  tl_text_free(&text);
}

static void json_is_written_in_order_and_indented(void **unused)
{
  (void)unused;
  tl_text text = {0};
  tl_json json = tl_json_over(&text);
  tl_json_object_begin(&json, NULL, false);
  tl_json_text(&json, "b", "say \"hi\"\n");
  tl_json_number(&json, "a", 0.1);
  tl_json_number(&json, "nan", (double)NAN);
  tl_json_number(&json, "inf", -(double)INFINITY);
  tl_json_integer(&json, "i", -5);
  tl_json_list_begin(&json, "list", true);
  tl_json_bool(&json, NULL, true);
  tl_json_null(&json, NULL);
  tl_json_list_end(&json);
  tl_json_object_begin(&json, "empty", false);
  tl_json_object_end(&json);
  tl_json_object_end(&json);
  assert_string_equal(tl_text_string(&text),
                      "{\n  \"b\": \"say \\\"hi\\\"\\n\",\n  \"a\": 0.1,\n  \"nan\": null,\n"
                      "  \"inf\": \"-inf\",\n  \"i\": -5,\n  \"list\": [true, null],\n"
                      "  \"empty\": {}\n}\n");
  json_decref(parse(&text));
  tl_text_free(&text);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_three_files_hold_the_same_numbers),
      cmocka_unit_test(run_json_has_the_keys_other_programs_read),
      cmocka_unit_test(the_same_run_gives_the_same_bytes_on_any_number_of_threads),
      cmocka_unit_test(the_page_requests_nothing_and_runs_nothing),
      cmocka_unit_test(the_policy_names_the_hash_of_the_style_sheet),
      cmocka_unit_test(hostile_text_stays_text),
      cmocka_unit_test(a_big_run_stays_below_500_kB),
      cmocka_unit_test(buckets_keep_every_spike),
      cmocka_unit_test(an_error_is_told_with_its_code_and_no_threshold_is_no_pass),
      cmocka_unit_test(a_threshold_in_error_says_why_in_all_files),
      cmocka_unit_test(junit_is_well_formed_xml),
      cmocka_unit_test(devices_are_drawn_from_what_was_recorded),
      cmocka_unit_test(a_file_that_can_not_be_written_is_an_error),
      cmocka_unit_test(json_is_written_in_order_and_indented),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
