#include "files.h"

#include "telemetry/timeparse.h"

static int64_t decimal(const char *text, tl_time_unit unit)
{
  int64_t ns = -1;
  if (!tl_time_parse_decimal(&ns, text, strlen(text), unit)) fail_msg("'%s' was refused", text);
  return ns;
}

static bool refused(const char *text, tl_time_unit unit)
{
  int64_t ns = 0;
  return unit == TL_TIME_ISO ? !tl_time_parse_iso(&ns, text, strlen(text))
                             : !tl_time_parse_decimal(&ns, text, strlen(text), unit);
}

static void nine_decimals_are_exact_at_any_size(void **unused)
{
  (void)unused;
  assert_true(decimal("3.119963408", TL_TIME_S) == 3119963408);
  assert_true(decimal("1608639794.123456789", TL_TIME_UNIX_S) == 1608639794123456789);
  assert_true(decimal("9223372036.854775807", TL_TIME_S) == INT64_MAX);
  assert_true(decimal("-9223372036.854775807", TL_TIME_S) == -INT64_MAX);
  for (int64_t ns = 1; ns < 4000000000000000000; ns = ns * 7 + 3) {
    char text[40];
    snprintf(text, sizeof text, "%lld.%09lld", (long long)(ns / 1000000000),
             (long long)(ns % 1000000000));
    assert_true(decimal(text, TL_TIME_S) == ns);
  }
}

static void digits_below_a_nanosecond_round_half_away(void **unused)
{
  (void)unused;
  assert_true(decimal("0.0000000005", TL_TIME_S) == 1);
  assert_true(decimal("-0.0000000005", TL_TIME_S) == -1);
  assert_true(decimal("0.00000000049999999999999999999999999999999999999999999999999", TL_TIME_S) ==
              0);
  assert_true(decimal("0.0989999999947031", TL_TIME_S) == 99000000);
  assert_true(decimal("1e-12", TL_TIME_S) == 0);
}

static void exponents_and_units_scale_by_integers(void **unused)
{
  (void)unused;
  assert_true(decimal("2.997731685638427734e+00", TL_TIME_S) == 2997731686);
  assert_true(decimal("0.000000000000000000e+00", TL_TIME_S) == 0);
  assert_true(decimal("1.5E3", TL_TIME_MS) == 1500000000);
  assert_true(decimal(".5", TL_TIME_US) == 500);
  assert_true(decimal("20", TL_TIME_MS) == 20000000);
  assert_true(decimal("0.1", TL_TIME_MIN) == 6000000000);
  assert_true(decimal("1.5", TL_TIME_H) == 5400000000000);
  assert_true(decimal("0.000001", TL_TIME_DAY) == 86400000);
  assert_true(decimal("106751", TL_TIME_DAY) == (int64_t)106751 * 86400 * 1000000000);
}

static void texts_that_are_no_number_or_do_not_fit_are_refused(void **unused)
{
  (void)unused;
  static const char *const bad[] = {"",
                                    "-",
                                    ".",
                                    "1.2.3",
                                    "1e",
                                    "1e+",
                                    "1 ",
                                    " 1",
                                    "0x10",
                                    "nan",
                                    "inf",
                                    "1,5",
                                    "--1",
                                    "1e99999999999999",
                                    "9223372036.854775808",
                                    "1e400"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    if (!refused(bad[i], TL_TIME_S)) fail_msg("'%s' was read", bad[i]);
  assert_true(refused("106752", TL_TIME_DAY));
}

static void calendar_times_are_utc(void **unused)
{
  (void)unused;
  static const struct {
    const char *text;
    int64_t unix_s;
  } good[] = {
      {"1970-01-01", 0},
      {"1970-01-01 00:00:01", 1},
      {"2020-02-08 13:30:47", 1581168647},
      {"2020-02-29T23:59:59Z", 1583020799},
      {"2000-03-01 00:00", 951868800},
      {"2020-02-08T13:30:47+02:00", 1581161447},
      {"2020-02-08T13:30:47-0130", 1581174047},
      {"1969-12-31 23:59:59", -1},
      {"2100-03-01 00:00:00", 4107542400},
  };
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
    int64_t ns = 0;
    assert_true(tl_time_parse_iso(&ns, good[i].text, strlen(good[i].text)));
    if (ns != good[i].unix_s * 1000000000) fail_msg("%s is %lld ns", good[i].text, (long long)ns);
  }
  int64_t ns = 0;
  assert_true(tl_time_parse_iso(&ns, "1970-01-01 00:00:00.123456789", 29));
  assert_true(ns == 123456789);
}

static void impossible_dates_are_refused(void **unused)
{
  (void)unused;
  static const char *const bad[] = {"",
                                    "2020-02-30",
                                    "2019-02-29",
                                    "2020-13-01",
                                    "2020-00-10",
                                    "2020-01-32",
                                    "2020-1-1",
                                    "20200101",
                                    "1600-01-01",
                                    "2300-01-01",
                                    "2020-01-01x00:00",
                                    "2020-01-01 24:00",
                                    "2020-01-01 10:60",
                                    "2020-01-01 10:00:60",
                                    "2020-01-01 10:00:00.5.5",
                                    "2020-01-01 10:00:00+1",
                                    "2020-01-01 10:00:00Zx",
                                    "2020-01-01 "};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    if (!refused(bad[i], TL_TIME_ISO)) fail_msg("'%s' was read", bad[i]);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nine_decimals_are_exact_at_any_size),
      cmocka_unit_test(digits_below_a_nanosecond_round_half_away),
      cmocka_unit_test(exponents_and_units_scale_by_integers),
      cmocka_unit_test(texts_that_are_no_number_or_do_not_fit_are_refused),
      cmocka_unit_test(calendar_times_are_utc),
      cmocka_unit_test(impossible_dates_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
