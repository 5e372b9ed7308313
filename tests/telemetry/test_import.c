/* Import by maps made here: every policy, every refusal with its message. */
#include "files.h"

#include "script/map.h"
#include "telemetry/recording.h"

#include <math.h>

static tl_import_map simple_map(void)
{
  static tl_import_map map; /* large: not on every test's stack twice */
  map = tl_import_map_default();
  snprintf(map.time.name, sizeof map.time.name, "t");
  map.channel_count = 1;
  map.channels[0] = tl_import_channel_default();
  tl_import_channel *channel = &map.channels[0];
  snprintf(channel->name, sizeof channel->name, "box");
  snprintf(channel->from[0].name, sizeof channel->from[0].name, "t2");
  channel->from_count = 1;
  snprintf(channel->unit, sizeof channel->unit, "degC");
  channel->low = 0.0;
  channel->high = 100.0;
  return map;
}

static void import_fails(const tl_import_map *map, const char *text, tl_code code,
                         const char *message)
{
  tl_error err;
  const tl_code got = tl_import(file_text("exp2.csv", text), map, file_path("out.h5"), NULL, &err);
  if (got != code) fail_msg("code %d, expected %d: %s", got, code, got == TL_OK ? "" : err.text);
  assert_message(err, message);
  assert_int_not_equal(access(file_path("out.h5"), F_OK), 0); /* all or nothing */
  assert_int_not_equal(access(file_path("out.h5.part"), F_OK), 0);
}

static tl_import_report import_passes(const tl_import_map *map, const char *text)
{
  tl_error err;
  tl_import_report report;
  if (tl_import(file_text("exp2.csv", text), map, file_path("ok.h5"), &report, &err) != TL_OK)
    fail_msg("%s", err.text);
  return report;
}

static uint64_t read_box(double *values, int64_t *times_ns)
{
  tl_recording *recording = NULL;
  tl_error err;
  assert_int_equal(tl_recording_open(&recording, file_path("ok.h5"), &err), TL_OK);
  const tl_recording_fleet *fleet = tl_recording_fleet_at(recording, 0);
  const uint64_t count = fleet->sample_count;
  assert_int_equal(tl_recording_read(recording, 0, 0, 0, 0, count, values, &err), TL_OK);
  if (times_ns != NULL) memcpy(times_ns, fleet->times_ns, count * sizeof *times_ns);
  tl_recording_close(recording);
  return count;
}

static void a_value_above_the_range_is_refused_with_line_and_column(void **unused)
{
  (void)unused;
  const tl_import_map map = simple_map();
  import_fails(&map, "t,t2\n0,20\n1,412\n", TL_E_RANGE,
               "exp2.csv:3: column t2: 412 degC is above the map's high 100 degC");
  import_fails(&map, "t,t2\n0,20\n1,-0.5\n", TL_E_RANGE,
               "exp2.csv:3: column t2: -0.5 degC is below the map's low 0 degC");
  import_fails(&map, "t,t2\n0,20\n1,inf\n", TL_E_RANGE,
               "exp2.csv:3: column t2: inf is not a finite number");
}

static void a_scaled_value_is_shown_with_its_text_in_the_file(void **unused)
{
  (void)unused;
  tl_import_map map = simple_map();
  map.channels[0].scale = 0.5;
  import_fails(&map, "t,t2\n0,300\n", TL_E_RANGE,
               "column t2: 150 degC (300 in the file) is above the map's high 100 degC");
}

static void text_in_a_number_column_is_refused(void **unused)
{
  (void)unused;
  tl_import_map map = simple_map();
  import_fails(&map, "t,t2\n0,20\n1,abc\n", TL_E_FORMAT,
               "exp2.csv:3: column t2: 'abc' is not a number");
  import_fails(&map, "t,t2\n0,20\n1,TRUE\n", TL_E_FORMAT,
               "exp2.csv:3: column t2: 'TRUE' is not a number");
  snprintf(map.missing[map.missing_count++], 32, "abc");
  tl_import_report report = import_passes(&map, "t,t2\n0,20\n1,abc\n");
  assert_int_equal(report.channels[0].missing, 1);
  tl_import_report_free(&report);
}

static void a_truth_is_read_in_any_case_and_nothing_else(void **unused)
{
  (void)unused;
  tl_import_map map = simple_map();
  snprintf(map.channels[0].unit, sizeof map.channels[0].unit, "bool");
  tl_import_report report = import_passes(&map, "t,t2\n0,TRUE\n1,false\n2,1\n3,0.0\n");
  double values[8];
  assert_int_equal(read_box(values, NULL), 4);
  assert_true(values[0] == 1.0 && values[1] == 0.0 && values[2] == 1.0 && values[3] == 0.0);
  tl_import_report_free(&report);
  import_fails(&map, "t,t2\n0,0.5\n", TL_E_RANGE,
               "exp2.csv:2: column t2: 0.5 is neither true (1) nor false (0)");
}

static void an_unknown_column_is_named_with_the_nearest(void **unused)
{
  (void)unused;
  const tl_import_map map = simple_map();
  tl_error err;
  assert_int_equal(
      tl_import(file_text("e.csv", "t,t2x\n0,1\n"), &map, file_path("out.h5"), NULL, &err),
      TL_E_COLUMN);
  assert_message(err, "e.csv: has no column 't2'");
  import_fails(&map, "t,t2,t2\n0,1,2\n", TL_E_COLUMN,
               "column 't2' occurs 2 times (columns 2, 3): give its number instead");
}

static void a_bad_stamp_is_refused_with_its_line(void **unused)
{
  (void)unused;
  tl_import_map map = simple_map();
  import_fails(&map, "t,t2\n0,20\n,20\n", TL_E_FORMAT,
               "exp2.csv:3: time column: '' is not a number of s");
  map.time_unit = TL_TIME_ISO;
  import_fails(&map, "t,t2\n2020-02-30 10:00:00,20\n", TL_E_FORMAT,
               "exp2.csv:2: time column: '2020-02-30 10:00:00' is not a date and time");
}

static void repeated_stamps_need_a_policy(void **unused)
{
  (void)unused;
  tl_import_map map = simple_map();
  const char *text = "t,t2\n0,1\n1,2\n1,3\n2,4\n";
  double values[8];
  import_fails(&map, text, TL_E_FORMAT, "exp2.csv:4: repeats the time of line 3");
  map.duplicates = TL_DUPLICATES_FIRST;
  tl_import_report report = import_passes(&map, text);
  assert_int_equal(report.duplicates, 1);
  assert_int_equal(report.rows_dropped, 1);
  assert_int_equal(read_box(values, NULL), 3);
  assert_true(values[1] == 2.0);
  tl_import_report_free(&report);
  map.duplicates = TL_DUPLICATES_LAST;
  report = import_passes(&map, text);
  read_box(values, NULL);
  assert_true(values[1] == 3.0);
  tl_import_report_free(&report);
}

static void a_falling_clock_needs_a_policy(void **unused)
{
  (void)unused;
  tl_import_map map = simple_map();
  const char *text = "t,t2\n0,1\n2,2\n1,3\n3,4\n";
  double values[8];
  int64_t times_ns[8];
  import_fails(&map, text, TL_E_FORMAT, "exp2.csv:4: the clock falls by 1 s");
  map.backwards = TL_BACKWARDS_DROP;
  tl_import_report report = import_passes(&map, text);
  assert_int_equal(report.steps_back, 1);
  assert_int_equal(read_box(values, times_ns), 3);
  assert_true(values[1] == 2.0 && values[2] == 4.0);
  tl_import_report_free(&report);
  map.backwards = TL_BACKWARDS_SORT;
  report = import_passes(&map, text);
  assert_int_equal(read_box(values, times_ns), 4);
  assert_true(values[1] == 3.0 && values[2] == 2.0 && times_ns[1] == 1000000000);
  tl_import_report_free(&report);
}

static void late_rows_are_sorted_in_or_dropped_and_counted(void **unused)
{
  (void)unused;
  tl_import_map map = simple_map();
  const char *text = "t,t2\n0,1\n2,2\n1,3\n10,4\n4,5\n9,6\n";
  double values[8];
  map.backwards = TL_BACKWARDS_SORT;
  map.has_lateness = true;
  map.lateness_ns = INT64_C(2000000000);
  tl_import_report report = import_passes(&map, text);
  assert_int_equal(report.late, 1); /* 4 comes 6 s after 10 */
  assert_int_equal(report.reordered, 2);
  assert_int_equal(report.rows_dropped, 1);
  assert_int_equal(report.steps_back, 2);
  assert_int_equal(read_box(values, NULL), 5);
  assert_true(values[1] == 3.0 && values[2] == 2.0 && values[3] == 6.0 && values[4] == 4.0);
  tl_text json = {0};
  tl_import_report_json(&report, &json);
  assert_non_null(strstr(tl_text_string(&json), "\"reordered\":2,\"late\":1"));
  tl_text_free(&json);
  tl_import_report_free(&report);
  map.lateness_ns = 0; /* no waiting at all */
  report = import_passes(&map, text);
  assert_int_equal(report.late, 3);
  tl_import_report_free(&report);
  map.backwards = TL_BACKWARDS_DROP;
  import_fails(&map, text, TL_E_ARG,
               "time: lateness is a time of 0 or more, and needs backwards = \"sort\"");
  map.has_lateness = false;
  report = import_passes(&map, text);
  assert_int_equal(report.late, 3);
  assert_int_equal(report.reordered, 0);
  tl_import_report_free(&report);
}

static void a_declared_skew_moves_and_stretches_the_clock(void **unused)
{
  (void)unused;
  tl_import_map map = simple_map();
  double values[8];
  int64_t times_ns[8];
  map.clock = (tl_import_clock){.given = true, .offset_s = 0.5, .rate = 100e-6, .unit = TL_TIME_S};
  tl_import_report report = import_passes(&map, "t,t2\n10,1\n20,2\n1010,3\n");
  assert_int_equal(read_box(values, times_ns), 3);
  assert_true(times_ns[0] == INT64_C(10500000000) && times_ns[1] == INT64_C(20501000000));
  assert_true(times_ns[2] == INT64_C(1010600000000));
  assert_true(report.clock_corrected && isnan(report.clock_residual_s));
  tl_text json = {0};
  tl_import_report_json(&report, &json);
  assert_non_null(strstr(tl_text_string(&json),
                         "\"clock\":{\"measured\":false,\"offset_s\":0.5,\"rate\":0.0001"));
  tl_text_free(&json);
  tl_import_report_free(&report);
  map.clock.rate = 0.7;
  import_fails(&map, "t,t2\n0,1\n", TL_E_ARG,
               "clock: offset must be a number, rate between -0.5 and 0.5 s a second");
}

static void a_skew_is_measured_against_a_better_clock(void **unused)
{
  (void)unused;
  tl_import_map map = simple_map();
  tl_text text = {0};
  tl_text_add(&text, "t,t2,gps\n");
  for (int i = 0; i < 1000;
       i++) { /* the logger loses 50 ppm, started 3 s late, and gps jitters by 1 ms */
    if (i % 7 == 3)
      tl_text_addf(&text, "%d,20,\n", i);
    else
      tl_text_addf(&text, "%d,20,%d.%06d\n", i, i + 3, 50 * i + (i % 2 ? 1000 : 0));
  }
  map.clock.given = true;
  snprintf(map.clock.reference.name, sizeof map.clock.reference.name, "gps");
  tl_import_report report = import_passes(&map, tl_text_string(&text));
  assert_true(fabs(report.clock_offset_s - 3.0005) < 1e-4);
  assert_true(fabs(report.clock_rate - 50e-6) < 5e-7);
  assert_true(fabs(report.clock_residual_s - 0.0005) < 1e-5);
  assert_int_equal(report.clock_rows, 857);
  tl_import_report_free(&report);
  tl_text_free(&text);
  import_fails(
      &map, "t,t2,gps\n0,1,\n1,2,5\n", TL_E_FORMAT,
      "exp2.csv: the clock's reference gps has 1 values at different times: at least 2 are "
      "needed for offset and rate");
  import_fails(&map, "t,t2,gps\n0,1,9\n1,2,5\n", TL_E_FORMAT,
               "exp2.csv: the clock's reference gps does not rise with time");
  map.clock.offset_s = 1.0;
  import_fails(&map, "t,t2,gps\n0,1,9\n", TL_E_ARG,
               "clock: give either a reference, or offset and rate");
}

static void a_gap_is_listed_and_no_row_is_made_up(void **unused)
{
  (void)unused;
  const tl_import_map map = simple_map();
  tl_import_report report = import_passes(&map, "t,t2\n0,1\n1,\n2,3\n7.5,4\n8.5,5\n");
  assert_int_equal(report.gap_count, 1);
  assert_true(report.gaps[0].begin_ns == 2000000000 && report.gaps[0].end_ns == 7500000000);
  assert_int_equal(report.gaps[0].row, 5);
  assert_int_equal(report.channels[0].missing, 1);
  double values[8];
  assert_int_equal(read_box(values, NULL), 5);
  assert_true(isnan(values[1]));
  tl_text json = {0};
  tl_import_report_json(&report, &json);
  assert_non_null(
      strstr(tl_text_string(&json),
             "\"gap_count\":1,\"gaps\":[{\"begin_ns\":2000000000,\"end_ns\":7500000000"));
  tl_text_free(&json);
  tl_import_report_free(&report);
}

/* CSV files have lines, tables of other files have rows. */
static void a_gap_lies_before_a_line_or_a_row(void **unused)
{
  (void)unused;
  const tl_import_map map = simple_map();
  tl_import_report report = import_passes(&map, "t,t2\n0,1\n1,2\n2,3\n7.5,4\n8.5,5\n");
  for (int text = 0; text < 2; text++) {
    char said[2048] = "";
    FILE *out = fmemopen(said, sizeof said, "w");
    assert_true(report.has_lines);
    if (!text) report.has_lines = false;
    tl_import_report_text(&report, out);
    report.has_lines = true;
    fclose(out);
    assert_non_null(strstr(said, text ? ", before line 5\n" : ", before row 5\n"));
  }
  tl_import_report_free(&report);
}

static void an_interval_of_exactly_one_and_a_half_medians_is_no_gap(void **unused)
{
  (void)unused;
  const tl_import_map map = simple_map();
  tl_import_report report = import_passes(&map, "t,t2\n0,1\n1,1\n2,1\n3.5,1\n4.5,1\n");
  assert_int_equal(report.gap_count, 0);
  tl_import_report_free(&report);
  report = import_passes(&map, "t,t2\n0,1\n1,1\n2,1\n3.500000001,1\n4.500000001,1\n");
  assert_int_equal(report.gap_count, 1);
  tl_import_report_free(&report);
}

static void loggers_oddities_are_read(void **unused)
{
  (void)unused;
  tl_import_map map = simple_map();
  double values[8];
  /* BOM, CRLF, blank lines, quotes, blanks round names, trailing delimiter */
  tl_import_report report =
      import_passes(&map, "\xEF\xBB\xBFt ; \"t2\";\r\n\r\n 0 ; \"20\" ;\r\n1;21;\r\n");
  assert_int_equal(read_box(values, NULL), 2);
  assert_true(values[0] == 20.0 && values[1] == 21.0);
  tl_import_report_free(&report);
  map.comment = '#';
  map.skip_lines = 1;
  map.skip_rows = 1;
  report =
      import_passes(&map, "logger v1\n# made today\nt\tt2\n[s]\t[degC]\n0\t20\n# pause\n1\t21\n");
  assert_int_equal(read_box(values, NULL), 2);
  tl_import_report_free(&report);
  map = simple_map();
  map.header = false;
  map.time = (tl_import_ref){.number = 1};
  map.channels[0].from[0] = (tl_import_ref){.number = 3};
  report = import_passes(&map, "0,a,20\n1,b,21\n");
  assert_int_equal(read_box(values, NULL), 2);
  assert_true(values[1] == 21.0);
  tl_import_report_free(&report);
}

static void a_short_row_is_refused(void **unused)
{
  (void)unused;
  const tl_import_map map = simple_map();
  import_fails(&map, "t,t2\n0,20\n1", TL_E_FORMAT,
               "exp2.csv:3: the row has 1 cells, expected 2 (is the file truncated?)");
  import_fails(&map, "t,t2\n0,20,7\n1,2\n", TL_E_FORMAT,
               "exp2.csv:2: the row has 3 cells, expected 2");
  import_fails(&map, "t,t2\n0,\"20\n", TL_E_FORMAT,
               "exp2.csv:2: a quote is opened and never closed");
  import_fails(&map, "t,t2\n", TL_E_FORMAT, "exp2.csv: has no rows");
  import_fails(&map, "", TL_E_FORMAT, "exp2.csv: has no lines to read");
}

static void missing_binary_and_damaged_files_are_told_apart(void **unused)
{
  (void)unused;
  const tl_import_map map = simple_map();
  tl_error err;
  assert_int_equal(tl_import(file_path("none.csv"), &map, file_path("out.h5"), NULL, &err),
                   TL_E_IO);
  assert_message(err, "none.csv: No such file or directory");
  assert_int_equal(
      tl_import(file_bytes("b.csv", "t,t2\n\0\n", 7), &map, file_path("out.h5"), NULL, &err),
      TL_E_FORMAT);
  assert_message(err, "b.csv: holds zero bytes: a binary or UTF-16 file, not CSV text");
  static const unsigned char half_gzip[] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0x2b, 0xd1};
  assert_int_equal(tl_import(file_bytes("c.csv.gz", half_gzip, sizeof half_gzip), &map,
                             file_path("out.h5"), NULL, &err),
                   TL_E_FORMAT);
  assert_message(err, "c.csv.gz: truncated or corrupt gzip file");
  assert_int_equal(tl_import(file_text("d.h5", "nothing"), &map, file_path("out.h5"), NULL, &err),
                   TL_E_FORMAT);
  assert_message(err, "d.h5: not an HDF5 file (7 bytes, no HDF5 signature)");
  char log[64] = {(char)0xBC, 2, 0, 0, 0};
  assert_int_equal(
      tl_import(file_bytes("E8", log, sizeof log), &map, file_path("out.h5"), NULL, &err),
      TL_E_FORMAT);
  assert_message(err, "E8: uSD log checksum is 00000000, expected");
}

static void units_are_converted_and_wrong_ones_refused(void **unused)
{
  (void)unused;
  tl_import_map map = simple_map();
  snprintf(map.channels[0].store_unit, sizeof map.channels[0].store_unit, "K");
  tl_import_report report = import_passes(&map, "t,t2\n0,20\n");
  double values[2];
  read_box(values, NULL);
  assert_true(values[0] == 293.15);
  tl_import_report_free(&report);
  snprintf(map.channels[0].store_unit, sizeof map.channels[0].store_unit, "W");
  import_fails(&map, "t,t2\n0,20\n", TL_E_UNIT, "channel box: ");
}

static void a_mean_is_missing_when_one_of_its_columns_is(void **unused)
{
  (void)unused;
  tl_import_map map = simple_map();
  map.channels[0].from_count = 2;
  snprintf(map.channels[0].from[1].name, sizeof map.channels[0].from[1].name, "t3");
  tl_import_report report = import_passes(&map, "t,t2,t3\n0,20,21\n1,20,\n");
  double values[2];
  read_box(values, NULL);
  assert_true(values[0] == 20.5 && isnan(values[1]));
  tl_import_report_free(&report);
  import_fails(&map, "t,t2,t3\n0,20,210\n", TL_E_RANGE, "exp2.csv:2: column t3: 210 degC is above");
}

/* --- the map file ---------------------------------------------------------------------------------- */
static void map_fails(const char *text, tl_code code, const char *message, const char *hint)
{
  static tl_import_map map;
  tl_error err;
  const tl_code got = tl_import_map_load(file_text("m.lua", text), &map, &err);
  if (got != code) fail_msg("code %d, expected %d: %s", got, code, got == TL_OK ? "" : err.text);
  assert_message(err, message);
  if (hint != NULL) assert_string_equal(err.hint, hint);
}

static void a_map_file_is_read_into_the_struct(void **unused)
{
  (void)unused;
  static tl_import_map map;
  tl_error err;
  const char *path = file_text(
      "m.lua",
      "return { fleet = 'a', device = 7, label = 'x', delimiter = ';', header = false,\n"
      "missing = { '-', 'n/a' }, from = { column = 'S', equals = 'x', occurrence = 2 },\n"
      "time = { period = 20*ms, restart = true, duplicates = 'last', backwards = 'sort' },\n"
      "channels = { { name = 'p', mean = { 't2', 4 }, unit = 'degC', store = 'K', low = -1,\n"
      "high = 2^3, scale = 1/255, role = 'input', resolution = 0.5 } } }");
  if (tl_import_map_load(path, &map, &err) != TL_OK) fail_msg("%s", err.text);
  assert_int_equal(map.period_ns, 20000000);
  assert_int_equal(map.device, 7);
  assert_int_equal(map.delimiter, ';');
  assert_false(map.header);
  assert_string_equal(map.missing[1], "n/a");
  assert_int_equal(map.from_occurrence, 2);
  assert_true(map.restart && map.duplicates == TL_DUPLICATES_LAST &&
              map.backwards == TL_BACKWARDS_SORT);
  const tl_import_channel *channel = &map.channels[0];
  assert_int_equal(channel->from_count, 2);
  assert_int_equal(channel->from[1].number, 4);
  assert_true(channel->scale == 1.0 / 255 && channel->high == 8.0 && channel->role == TL_INPUT);
}

static void mistakes_in_a_map_are_named(void **unused)
{
  (void)unused;
  map_fails("return { chanels = {} }", TL_E_NAME, "m.lua: the map has no key 'chanels'",
            "did you mean 'channels'?");
  map_fails("return { channels = { { name = 'a', unti = 'K' } } }", TL_E_NAME,
            "m.lua: channel 1 (a) has no key 'unti'", "did you mean 'unit'?");
  map_fails("return { channels = { { name = 'a', unit = degC } } }", TL_E_NAME,
            "m.lua:1: unknown name 'degC'", "texts stand in quotes: \"degC\"");
  map_fails("return { channels = { { name = 'a', unit = K } } }", TL_E_TYPE,
            "m.lua: channel 1 (a): unit must be a text, it is a number", NULL);
  map_fails("return { time = { column = 't', unit = 'parsec' }, channels = { { name = 'a' } } }",
            TL_E_UNIT, "m.lua: time: unit 'parsec' is none of", NULL);
  map_fails("return { time = { column = 't' }, channels = { { name = 'a', unit = 'furlong' } } }",
            TL_E_UNIT, "m.lua: channel a: ", NULL);
  map_fails("return { channels = { { name = 'a' } } }", TL_E_ARG,
            "m.lua: the map gives neither a time column nor a period", NULL);
  map_fails("return { time = { column = 't' } }", TL_E_ARG, "m.lua: the map has 0 channels", NULL);
  map_fails("return { format = 'xls', channels = {} }", TL_E_ARG,
            "m.lua: the map: format is 'xls', expected one of", NULL);
  map_fails("return {", TL_E_SYNTAX, "m.lua:1:", NULL);
  map_fails("local x = nil + 1", TL_E_SCRIPT,
            "m.lua:1: attempt to perform arithmetic on a nil value", NULL);
  map_fails("return 7", TL_E_TYPE, "its value (`return { ... }`) must be a table", NULL);
}

static void a_map_can_do_nothing_but_arithmetic(void **unused)
{
  (void)unused;
  map_fails("while true do end", TL_E_BUDGET, "m.lua: the map used too much time or memory", NULL);
  map_fails("local t = 'x' while true do t = t .. t end", TL_E_BUDGET,
            "m.lua: the map used too much time or memory", NULL);
  map_fails("return os.time()", TL_E_NAME, "m.lua:1: unknown name 'os'", NULL);
  map_fails("return require('x')", TL_E_NAME, "m.lua:1: unknown name 'require'", NULL);
  map_fails("return ('x'):rep(1e9)", TL_E_SCRIPT, "attempt to index a string value", NULL);
  map_fails("\x1bLua", TL_E_SANDBOX, "m.lua: is Lua bytecode; maps must be text", NULL);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_value_above_the_range_is_refused_with_line_and_column),
      cmocka_unit_test(a_scaled_value_is_shown_with_its_text_in_the_file),
      cmocka_unit_test(text_in_a_number_column_is_refused),
      cmocka_unit_test(a_truth_is_read_in_any_case_and_nothing_else),
      cmocka_unit_test(an_unknown_column_is_named_with_the_nearest),
      cmocka_unit_test(a_bad_stamp_is_refused_with_its_line),
      cmocka_unit_test(repeated_stamps_need_a_policy),
      cmocka_unit_test(a_falling_clock_needs_a_policy),
      cmocka_unit_test(late_rows_are_sorted_in_or_dropped_and_counted),
      cmocka_unit_test(a_declared_skew_moves_and_stretches_the_clock),
      cmocka_unit_test(a_skew_is_measured_against_a_better_clock),
      cmocka_unit_test(a_gap_is_listed_and_no_row_is_made_up),
      cmocka_unit_test(a_gap_lies_before_a_line_or_a_row),
      cmocka_unit_test(an_interval_of_exactly_one_and_a_half_medians_is_no_gap),
      cmocka_unit_test(loggers_oddities_are_read),
      cmocka_unit_test(a_short_row_is_refused),
      cmocka_unit_test(missing_binary_and_damaged_files_are_told_apart),
      cmocka_unit_test(units_are_converted_and_wrong_ones_refused),
      cmocka_unit_test(a_mean_is_missing_when_one_of_its_columns_is),
      cmocka_unit_test(a_map_file_is_read_into_the_struct),
      cmocka_unit_test(mistakes_in_a_map_are_named),
      cmocka_unit_test(a_map_can_do_nothing_but_arithmetic),
  };
  return cmocka_run_group_tests(tests, NULL, file_cleanup);
}
