/* Units: conversion that is exact where it can be, and refusal in plain words. */
#include "base/cpu.h"
#include "base/units.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static double converted(double value, const char *from, const char *to)
{
  double out = (double)NAN;
  tl_error err;
  if (tl_unit_convert(&out, value, from, to, NULL, &err) != TL_OK) fail_msg("%s", err.text);
  return out;
}

static void everyday_conversions_give_the_nearest_double(void **unused)
{
  (void)unused;
  static const struct {
    double value;
    const char *from, *to;
    double expected;
  } rows[] = {
      {20, "degC", "K", 293.15},
      {293.15, "K", "degC", 20},
      {0, "K", "degC", -273.15},
      {9, "ms", "s", 0.009},
      {100, "ms", "s", 0.1},
      {5, "min", "s", 300},
      {90, "min", "h", 1.5},
      {2, "d", "h", 48},
      {1, "week", "day", 7},
      {3, "kWh", "J", 10.8e6},
      {1, "kWh", "Wh", 1000},
      {180, "uJ", "mJ", 0.18},
      {5, "%", "ratio", 0.05},
      {0.25, "1", "%", 25},
      {1, "bar", "kPa", 100},
      {1, "gn", "m/s2", 9.80665},
      {1000, "mm", "m", 1},
      {60, "L/min", "L/s", 1},
      {6, "L/min", "m3/s", 1e-4},
      {36, "km/h", "m/s", 10},
      {850, "W/degC", "W/K", 850},
      {2.5, "mAh", "C", 9},
      {1, "W*h", "kJ", 3.6},
      {8, "bit", "byte", 1},
      {1, "/device/day", "/device/h", 1.0 / 24},
      {86400, "/device/day", "1/device/s", 1},
      {1, "N*m", "J", 1},
      {4.2, "kJ/kg/K", "J/kg/K", 4200},
      {1, "J/K", "W*s/K", 1},
      {1, "kg*m^2/s^2", "J", 1},
      {1, "bool", "bool", 1},
      {3.3, "V", "mV", 3300},
      {1, "V/A", "ohm", 1},
      {50, "Hz", "1/s", 50},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const double got = converted(rows[i].value, rows[i].from, rows[i].to);
    if (got != rows[i].expected)
      fail_msg("%g %s is %.17g %s, expected %.17g", rows[i].value, rows[i].from, got, rows[i].to,
               rows[i].expected);
  }
  assert_true(fabs(converted(72, "degF", "degC") - 200.0 / 9.0) < 1e-12);
  assert_true(fabs(converted(212, "degF", "K") - 373.15) < 1e-12);
  assert_true(fabs(converted(-40, "degC", "degF") + 40) < 1e-12);
  assert_true(fabs(converted(180, "deg", "rad") - 3.14159265358979323846) < 1e-15);
  assert_true(fabs(converted(60, "rpm", "rad/s") - 6.28318530717958647692) < 1e-15);
  assert_true(fabs(converted(1, "rev", "deg") - 360) < 1e-12);
}

static void a_difference_of_temperatures_has_no_offset(void **unused)
{
  (void)unused;
  double out = 0;
  tl_error err;
  assert_int_equal(tl_unit_convert_difference(&out, 20, "degC", "K", NULL, &err), TL_OK);
  assert_true(out == 20);
  assert_int_equal(tl_unit_convert_difference(&out, 9, "degF", "K", NULL, &err), TL_OK);
  assert_true(out == 5);
  assert_int_equal(tl_unit_convert_difference(&out, 2, "min", "s", NULL, &err), TL_OK);
  assert_true(out == 120);
}

static void a_wrong_dimension_is_refused_in_plain_words(void **unused)
{
  (void)unused;
  static const struct {
    const char *from, *to, *text, *hint;
  } rows[] = {
      {"K", "W", "hvac.lua:9: cannot turn K into W", ""},
      {"rad/s", "1/s", "hvac.lua:9: cannot turn rad/s into 1/s", ""},
      {"/day", "/device/day", "hvac.lua:9: cannot turn /day into /device/day", ""},
      {"bool", "%", "hvac.lua:9: cannot turn bool into %", ""},
      {"mn", "s", "hvac.lua:9: unknown unit 'mn'", "did you mean 'min'?"},
      {"degc", "K", "hvac.lua:9: unknown unit 'degc'", "did you mean 'degC'?"},
      {"s", "kwh", "hvac.lua:9: unknown unit 'kwh'", "did you mean 'kWh'?"},
      {"W/Kelvin", "W/K", "hvac.lua:9: unknown unit 'Kelvin' in 'W/Kelvin'", ""},
      {"parsec", "m", "hvac.lua:9: unknown unit 'parsec'", ""},
      {"", "s",
       "hvac.lua:9: '' is not a unit: expected names joined by * and /, such as W/K or m/s2", ""},
      {"m//s", "s",
       "hvac.lua:9: 'm//s' is not a unit: expected names joined by * and /, such as W/K or m/s2",
       ""},
      {"*s", "s",
       "hvac.lua:9: '*s' is not a unit: expected names joined by * and /, such as W/K or m/s2", ""},
      {"m/", "s",
       "hvac.lua:9: 'm/' is not a unit: expected names joined by * and /, such as W/K or m/s2", ""},
      {"m^9", "s",
       "hvac.lua:9: 'm^9' is not a unit: expected names joined by * and /, such as W/K or m/s2",
       ""},
      {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "s",
       "hvac.lua:9: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...' is too long for a unit", ""},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    double out = 77;
    tl_error err;
    assert_int_equal(tl_unit_convert(&out, 1, rows[i].from, rows[i].to, "hvac.lua:9", &err),
                     TL_E_UNIT);
    assert_string_equal(err.text, rows[i].text);
    assert_string_equal(err.hint, rows[i].hint);
    assert_true(out == 77);
  }
}

static void a_quantity_is_a_number_and_perhaps_a_unit(void **unused)
{
  (void)unused;
  static const struct {
    const char *text;
    double value;
    const char *unit;
  } rows[] = {
      {"1.0 K", 1, "K"},    {"20 min", 20, "min"}, {"0.1 /device/day", 0.1, "/device/day"},
      {"0", 0, "1"},        {"180uJ", 180, "uJ"},  {" 21.5 degC ", 21.5, "degC"},
      {"5 %", 5, "%"},      {"1e3 W", 1000, "W"},  {"-4 K", -4, "K"},
      {"99.9%", 99.9, "%"},
  };
  tl_unit unit;
  tl_error err;
  double value = 0;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    if (tl_unit_parse_quantity(&value, &unit, rows[i].text, NULL, &err) != TL_OK)
      fail_msg("%s", err.text);
    assert_true(value == rows[i].value);
    assert_string_equal(unit.name, rows[i].unit);
  }
  assert_int_equal(tl_unit_parse_quantity(&value, &unit, "min", NULL, &err), TL_E_ARG);
  assert_string_equal(err.text, "'min' does not start with a number");
  assert_int_equal(tl_unit_parse_quantity(&value, &unit, "5 mins", NULL, &err), TL_E_UNIT);
  assert_string_equal(err.hint, "did you mean 'min'?");
}

static void the_table_is_consistent(void **unused)
{
  (void)unused;
  for (uint32_t i = 0; i < tl_unit_row_count(); i++) {
    const tl_unit_row *row = tl_unit_row_at(i);
    tl_unit found;
    tl_error err;
    assert_true(row->unit.numerator > 0 && row->unit.denominator > 0);
    assert_true(strlen(row->meaning) >= 3);
    assert_int_equal(tl_unit_find(&found, row->unit.name, NULL, &err), TL_OK);
    assert_memory_equal(&found, &row->unit, sizeof found); /* no name stands twice */
    for (uint32_t j = 0; j < tl_unit_row_count(); j++) {   /* there and back */
      const tl_unit *other = &tl_unit_row_at(j)->unit;
      if (!tl_unit_same_dimension(&row->unit, other)) continue;
      const double back =
          tl_unit_apply(tl_unit_apply(123.25, &row->unit, other), other, &row->unit);
      assert_true(fabs(back - 123.25) < 1e-9);
    }
  }
}

static void path_names_are_parsed_and_absent_paths_refused(void **unused)
{
  (void)unused;
  tl_error err;
  tl_simd_path path = TL_PATH_COUNT;
  for (int i = 0; i < TL_PATH_COUNT; i++) {
    const tl_simd_path wanted = (tl_simd_path)i;
    const tl_code code = tl_cpu_path_parse(&path, tl_cpu_path_name(wanted), &err);
    assert_int_equal(code, tl_cpu_has_path(wanted) ? TL_OK : TL_E_ARG);
    if (code == TL_OK) assert_int_equal(path, wanted);
  }
  assert_true(tl_cpu_has_path(TL_PATH_SCALAR));
  assert_true(tl_cpu_has_path(tl_cpu_best_path()));
  assert_int_equal(tl_cpu_path_parse(&path, "mmx", &err), TL_E_ARG);
  assert_string_equal(err.text, "unknown path 'mmx': expected scalar, sse, avx2, vnni or neon");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(everyday_conversions_give_the_nearest_double),
      cmocka_unit_test(a_difference_of_temperatures_has_no_offset),
      cmocka_unit_test(a_wrong_dimension_is_refused_in_plain_words),
      cmocka_unit_test(a_quantity_is_a_number_and_perhaps_a_unit),
      cmocka_unit_test(the_table_is_consistent),
      cmocka_unit_test(path_names_are_parsed_and_absent_paths_refused),
  };
  return cmocka_run_group_tests_name("units", tests, NULL, NULL);
}
