#include "files.h"

#include "telemetry/schema.h"

static tl_signal_def signal(double low, double high, double resolution)
{
  tl_signal_def def = {.name = "x",
                       .unit = "K",
                       .role = TL_STATE,
                       .low = low,
                       .high = high,
                       .resolution = resolution};
  tl_signal_choose(&def, false);
  return def;
}

static void the_store_is_the_smallest_that_holds_the_range_in_steps(void **unused)
{
  (void)unused;
  assert_int_equal(signal(0, 1, 1).store, TL_STORE_U8);
  assert_int_equal(signal(0, 254, 1).store, TL_STORE_U8);
  assert_int_equal(signal(0, 255, 1).store, TL_STORE_I16);
  assert_int_equal(signal(200, 600, 0.01).store,
                   TL_STORE_I16); /* 20 000 .. 60 000 steps: needs an offset */
  assert_true(signal(200, 600, 0.01).offset == 400.0);
  assert_int_equal(signal(-327.67, 327.67, 0.01).store, TL_STORE_I16);
  assert_true(signal(-327.67, 327.67, 0.01).offset == 0.0);
  assert_int_equal(signal(0, 1e6, 0.001).store, TL_STORE_I32);
  assert_int_equal(signal(0, 1e12, 0.001).store, TL_STORE_F32);
  assert_int_equal(signal(0, 1, 0).store, TL_STORE_F32);
  assert_int_equal(signal((double)-INFINITY, (double)INFINITY, 0.1).store, TL_STORE_F32);
  tl_signal_def exact = signal(0, 1, 1);
  tl_signal_choose(&exact, true);
  assert_int_equal(exact.store, TL_STORE_F64);
  assert_string_equal(exact.quantity, "temperature");
}

static void every_value_of_the_range_survives_within_half_a_step(void **unused)
{
  (void)unused;
  const double ranges[][3] = {
      {0, 1, 0.01}, {200, 600, 0.01}, {-40, 125, 0.0625}, {0, 1e6, 0.001}, {-5, 5, 0.3}};
  for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
    const tl_signal_def def = signal(ranges[i][0], ranges[i][1], ranges[i][2]);
    for (int k = 0; k <= 10000; k++) {
      const double value = ranges[i][0] + (ranges[i][1] - ranges[i][0]) * k / 10000.0;
      const double back = tl_signal_decode(&def, tl_signal_encode(&def, value));
      assert_true(fabs(back - value) <= 0.5 * ranges[i][2] * (1.0 + 1e-6));
      assert_true(tl_signal_encode(&def, back) ==
                  tl_signal_encode(&def, value)); /* a second trip changes nothing */
    }
  }
}

static void missing_is_the_fill_and_too_large_saturates_beside_it(void **unused)
{
  (void)unused;
  const tl_signal_def def = signal(-100, 100, 0.01);
  assert_int_equal(tl_signal_encode(&def, (double)NAN), TL_FILL_I16);
  assert_true(isnan(tl_signal_decode(&def, TL_FILL_I16)));
  assert_int_equal(tl_signal_encode(&def, 1e9), 32767);
  assert_int_equal(tl_signal_encode(&def, -1e9), -32767);
  const tl_signal_def byte = signal(0, 1, 1);
  assert_int_equal(tl_signal_encode(&byte, 1e9), 254);
  assert_int_equal(tl_signal_encode(&byte, -3), 0);
}

static void check_fails(tl_signal_def def, const char *message)
{
  tl_error err;
  assert_int_equal(tl_signal_check(&def, NULL, &err), TL_E_SCHEMA);
  assert_message(err, message);
}

static void bad_signals_are_refused_by_name(void **unused)
{
  (void)unused;
  const tl_signal_def good = signal(0, 1, 0.01);
  tl_error err;
  assert_int_equal(tl_signal_check(&good, NULL, &err), TL_OK);
  tl_signal_def bad = good;
  bad.name[0] = '\0';
  check_fails(bad, "a signal's name must have 1 to 63 letters");
  bad = good;
  bad.name[0] = '/';
  check_fails(bad, "signal name '/' holds a '/' or a control character");
  bad = good;
  snprintf(bad.name, sizeof bad.name, "time_ns");
  check_fails(bad, "signal name 'time_ns' is taken by the file layout");
  bad = good;
  snprintf(bad.unit, sizeof bad.unit, "furlong");
  check_fails(bad, "signal x: ");
  bad = good;
  bad.high = -1;
  check_fails(bad, "signal x: low 0 must be below high -1");
  bad = good;
  bad.resolution = -1;
  check_fails(bad, "signal x: resolution -1 must be 0 or a positive number");
  bad = good;
  bad.scale = 0;
  check_fails(bad, "signal x: stored as uint8 but scale_factor is 0 and add_offset 0");
}

static void another_version_is_refused_with_both_named(void **unused)
{
  (void)unused;
  tl_error err;
  assert_int_equal(tl_schema_check(TL_SCHEMA_TEXT, "a.h5", &err), TL_OK);
  assert_int_equal(tl_schema_check("twinloop.telemetry/2", "a.h5", &err), TL_E_SCHEMA);
  assert_string_equal(
      err.text,
      "a.h5: was written with schema twinloop.telemetry/2, this build reads twinloop.telemetry/1");
  assert_int_equal(tl_schema_check("netcdf", "a.h5", &err), TL_E_FORMAT);
}

static void the_hash_depends_on_content_and_not_on_order(void **unused)
{
  (void)unused;
  tl_signal_def two[2] = {signal(0, 1, 0.1), signal(0, 2, 0.1)};
  snprintf(two[1].name, sizeof two[1].name, "y");
  const tl_signal_def swapped[2] = {two[1], two[0]};
  char a[TL_SCHEMA_HASH_BYTES], b[TL_SCHEMA_HASH_BYTES];
  tl_schema_hash(a, &(tl_fleet_schema){"f", 5, two, 2}, 1);
  tl_schema_hash(b, &(tl_fleet_schema){"f", 5, swapped, 2}, 1);
  assert_string_equal(a, b);
  assert_int_equal(strlen(a), 16);
  tl_schema_hash(b, &(tl_fleet_schema){"f", 6, two, 2}, 1);
  assert_string_not_equal(a, b);
  snprintf(two[0].unit, sizeof two[0].unit, "degC");
  tl_schema_hash(b, &(tl_fleet_schema){"f", 5, two, 2}, 1);
  assert_string_not_equal(a, b);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_store_is_the_smallest_that_holds_the_range_in_steps),
      cmocka_unit_test(every_value_of_the_range_survives_within_half_a_step),
      cmocka_unit_test(missing_is_the_fill_and_too_large_saturates_beside_it),
      cmocka_unit_test(bad_signals_are_refused_by_name),
      cmocka_unit_test(another_version_is_refused_with_both_named),
      cmocka_unit_test(the_hash_depends_on_content_and_not_on_order),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
