/* Text: numbers that come back, times, names, and strings that other programs can read. */
#include "base/rng.h"
#include "base/text.h"

#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

/* Fixed unless TL_SEED says otherwise; printed, so that a failure can be repeated. */
static uint64_t random_seed(void)
{
  const char *text = getenv("TL_SEED");
  uint64_t seed = 20;
  if (text != NULL && !tl_text_parse_uint64(&seed, text)) fail_msg("TL_SEED is not a number");
  print_message("  TL_SEED=%llu\n", (unsigned long long)seed);
  return seed;
}

static void numbers_are_read_whole_or_not_at_all(void **unused)
{
  (void)unused;
  static const struct {
    const char *text;
    double value;
  } good[] = {
      {"0", 0},
      {"-0", -0.0},
      {"1", 1},
      {"+1.5", 1.5},
      {".5", .5},
      {"5.", 5},
      {"1e3", 1000},
      {"1E-7", 1e-7},
      {"0.1", 0.1},
      {"123456789012345678901234567890", 123456789012345678901234567890.0},
      {"9007199254740993", 9007199254740993.0},
      {"2.2250738585072011e-308", 2.2250738585072011e-308},
      {"4.9e-324", 4.9e-324},
      {"1e400", HUGE_VAL},
      {"1e-400", 0},
      {"inf", HUGE_VAL},
      {"-Infinity", -HUGE_VAL},
      {"1e99999999999", HUGE_VAL},
      {"0.000000000000000000000000000000000000000001e42", 1.0},
      {"8.5e22", 8.5e22},
      {"1.7976931348623157e308", 1.7976931348623157e308},
  };
  static const char *const bad[] = {"",     "-",       ".",     "e5",   "1e",    "1e+",
                                    " 1",   "1 ",      "1,5",   "0x10", "1.5.2", "--1",
                                    "nanx", "infinit", "1_000", "1f",   "NaN(1)"};
  double value = 77;
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    if (!tl_text_parse_double(&value, good[i].text)) fail_msg("'%s' was refused", good[i].text);
    assert_true(value == good[i].value && signbit(value) == signbit(good[i].value));
  }
  assert_true(tl_text_parse_double(&value, "NaN") && isnan(value));
  value = 77;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    if (tl_text_parse_double(&value, bad[i])) fail_msg("'%s' was taken", bad[i]);
  assert_true(value == 77);
  assert_true(tl_text_parse_double_n(&value, "12.5,13", 4) && value == 12.5);
  char longer[1200];
  memset(longer, '1', sizeof longer);
  assert_false(tl_text_parse_double_n(&value, longer, sizeof longer));
  longer[300] = '\0';
  assert_true(tl_text_parse_double_n(&value, longer, 300) && value == strtod(longer, NULL));
}

static void integers_are_read_within_their_range(void **unused)
{
  (void)unused;
  int64_t value = 0;
  uint64_t word = 0;
  assert_true(tl_text_parse_int64(&value, "9223372036854775807") && value == INT64_MAX);
  assert_true(tl_text_parse_int64(&value, "-9223372036854775808") && value == INT64_MIN);
  assert_false(tl_text_parse_int64(&value, "9223372036854775808"));
  assert_false(tl_text_parse_int64(&value, "-9223372036854775809"));
  assert_false(tl_text_parse_int64(&value, ""));
  assert_false(tl_text_parse_int64(&value, "-"));
  assert_false(tl_text_parse_int64(&value, "1.0"));
  assert_true(tl_text_parse_uint64(&word, "18446744073709551615") && word == UINT64_MAX);
  assert_true(tl_text_parse_uint64(&word, "0xDeadBeef") && word == 0xdeadbeefu);
  assert_false(tl_text_parse_uint64(&word, "18446744073709551616"));
  assert_false(tl_text_parse_uint64(&word, "-1"));
  assert_false(tl_text_parse_uint64(&word, "0x"));
}

static void assert_formats(double value, const char *expected)
{
  char out[TL_TEXT_DOUBLE_BYTES];
  assert_int_equal(tl_text_format_double(out, value), strlen(expected));
  assert_string_equal(out, expected);
}

static void numbers_are_written_short(void **unused)
{
  (void)unused;
  assert_formats(0.1, "0.1");
  assert_formats(300, "300");
  assert_formats(-0.0, "-0");
  assert_formats(1e-7, "1e-07");
  assert_formats(0.1 + 0.2, "0.30000000000000004");
  assert_formats(1e22, "1e+22");
  assert_formats(123456789012345.0, "123456789012345");
  assert_formats(4.9e-324, "5e-324");
  assert_formats(1.7976931348623157e308, "1.7976931348623157e+308");
  assert_formats(-2.2250738585072014e-308, "-2.2250738585072014e-308");
  assert_formats((double)NAN, "nan");
  assert_formats(-(double)NAN, "nan");
  assert_formats(HUGE_VAL, "inf");
  assert_formats(-HUGE_VAL, "-inf");
}

/* A comma locale if the system has one: text must not notice. */
static void the_locale_changes_nothing(void **unused)
{
  (void)unused;
  static const char *const commas[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "de_AT.UTF-8"};
  const char *taken = NULL;
  for (size_t i = 0; i < sizeof commas / sizeof *commas && taken == NULL; i++)
    taken = setlocale(LC_ALL, commas[i]);
  if (taken == NULL) {
    print_message("  SKIP: no locale with a decimal comma is installed\n");
    skip();
  }
  double value = 0;
  assert_formats(0.30000000000000004, "0.30000000000000004");
  assert_true(tl_text_parse_double(&value, "2.2250738585072011e-308") &&
              value == 2.2250738585072011e-308);
  assert_false(tl_text_parse_double(&value, "1,5"));
  setlocale(LC_ALL, "C");
}

static void any_number_comes_back_from_its_text(void **unused)
{
  (void)unused;
  const tl_rng_key key = tl_rng_key_make(random_seed(), 0, 1);
  for (uint32_t i = 0; i < 200000; i++) {
    const uint64_t bits = tl_rng_hash64(key, i);
    double value, back = 0;
    char out[TL_TEXT_DOUBLE_BYTES];
    memcpy(&value, &bits, sizeof value);
    if (i % 3 == 0) value = (double)(int64_t)(bits % 2000000) / 1000.0;
    if (i % 3 == 1) value = (double)(float)tl_rng_uniform(key, i, 1);
    const size_t length = tl_text_format_double(out, value);
    assert_true(length < sizeof out && tl_text_parse_double(&back, out));
    assert_true(isnan(value) ? isnan(back) : memcmp(&back, &value, sizeof back) == 0);
  }
}

static void random_text_is_read_as_the_c_library_reads_it(void **unused)
{
  (void)unused;
  static const char letters[] = "0123456789012345678901234567890123456789....eE+-";
  const tl_rng_key key = tl_rng_key_make(random_seed(), 0, 2);
  uint32_t taken = 0;
  for (uint32_t i = 0; i < 200000; i++) {
    char text[40];
    const uint32_t length = 1 + tl_rng_below(key, i, 0, 30);
    for (uint32_t j = 0; j < length; j++)
      text[j] = letters[tl_rng_below(key, i, 1 + j, sizeof letters - 1)];
    text[length] = '\0';
    char *end = NULL;
    const double expected = strtod(text, &end);
    double value = 0;
    const bool ours = tl_text_parse_double(&value, text);
    if (ours != (*end == '\0')) fail_msg("'%s': ours %d, strtod stops at '%s'", text, ours, end);
    if (ours && memcmp(&value, &expected, sizeof value) != 0)
      fail_msg("'%s' is %a, got %a", text, expected, value);
    taken += ours;
  }
  print_message("  %u of 200000 texts were numbers\n", taken);
  assert_true(taken > 10000);
}

static void times_are_written_and_read(void **unused)
{
  (void)unused;
  static const struct {
    int64_t ns;
    const char *text;
  } written[] = {
      {0, "00:00:00"},
      {INT64_C(25960000000000), "07:12:40"},
      {INT64_C(25960250000000), "07:12:40.250"},
      {1, "00:00:00.000000001"},
      {-1000000000, "-00:00:01"},
      {INT64_C(360000000000000), "100:00:00"},
      {1500, "00:00:00.000001500"},
      {15000, "00:00:00.000015"},
      {INT64_MAX, "2562047:47:16.854775807"},
  };
  static const struct {
    const char *text;
    int64_t ns;
  } read[] = {
      {"5min", INT64_C(300000000000)},
      {"1h", INT64_C(3600000000000)},
      {"07:12:40", INT64_C(25960000000000)},
      {"90", INT64_C(90000000000)},
      {"250ms", 250000000},
      {"1h 30min", INT64_C(5400000000000)},
      {"1h30min", INT64_C(5400000000000)},
      {"0.1ms", 100000},
      {"1.5 h", INT64_C(5400000000000)},
      {"07:12", INT64_C(25920000000000)},
      {"-90", INT64_C(-90000000000)},
      {"2d", INT64_C(172800000000000)},
      {"1 day", INT64_C(86400000000000)},
      {"00:00:00.5", 500000000},
      {"7us", 7000},
      {"3ns", 3},
      {" 1s ", 1000000000},
      {"0", 0},
      {"100:00:00", INT64_C(360000000000000)},
      {"0.000000001", 1},
      {"1.00000000000000000", INT64_C(1000000000)},
  };
  static const struct {
    const char *text, *message;
  } refused[] = {
      {"",
       "'' is not a time: expected for example 5min, 1h 30min, 250ms, 07:12:40 or 90 (seconds)"},
      {"5 fortnights", "'5 fortnights' is not a time: expected for example 5min, 1h 30min, 250ms, "
                       "07:12:40 or 90 (seconds)"},
      {"min",
       "'min' is not a time: expected for example 5min, 1h 30min, 250ms, 07:12:40 or 90 (seconds)"},
      {"07:61:00", "'07:61:00' is not a time: expected for example 5min, 1h 30min, 250ms, 07:12:40 "
                   "or 90 (seconds)"},
      {"7:5",
       "'7:5' is not a time: expected for example 5min, 1h 30min, 250ms, 07:12:40 or 90 (seconds)"},
      {"1:2:3:4", "'1:2:3:4' is not a time: expected for example 5min, 1h 30min, 250ms, 07:12:40 "
                  "or 90 (seconds)"},
      {"5 10s", "'5 10s' is not a time: expected for example 5min, 1h 30min, 250ms, 07:12:40 or 90 "
                "(seconds)"},
      {"1h 5", "'1h 5' is not a time: expected for example 5min, 1h 30min, 250ms, 07:12:40 or 90 "
               "(seconds)"},
      {"0.5ns", "time '0.5ns' is not a whole number of nanoseconds"},
      {"300000d", "time '300000d' is longer than the 292 years a run can have"},
      {"99999999999999999999h",
       "time '99999999999999999999h' is not a whole number of nanoseconds"},
  };
  int64_t ns = 77;
  tl_error err;
  char out[TL_TEXT_DURATION_BYTES];
  for (size_t i = 0; i < sizeof written / sizeof *written; i++) {
    assert_int_equal(tl_text_format_duration(out, written[i].ns), strlen(written[i].text));
    assert_string_equal(out, written[i].text);
    assert_int_equal(tl_text_parse_duration(&ns, out, NULL, &err), TL_OK);
    assert_true(ns == written[i].ns);
  }
  for (size_t i = 0; i < sizeof read / sizeof *read; i++) {
    if (tl_text_parse_duration(&ns, read[i].text, NULL, &err) != TL_OK) fail_msg("%s", err.text);
    if (ns != read[i].ns) fail_msg("'%s' is %lld", read[i].text, (long long)ns);
  }
  ns = 77;
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
    assert_int_equal(tl_text_parse_duration(&ns, refused[i].text, NULL, &err), TL_E_ARG);
    assert_string_equal(err.text, refused[i].message);
  }
  assert_true(ns == 77);
  tl_text_format_duration(out, INT64_MIN);
  assert_string_equal(out, "-2562047:47:16.854775808");
}

static void names_nearby_are_found(void **unused)
{
  (void)unused;
  static const char *const api[] = {"threshold_of", "thresholds", "wait", "wait_until", "m",
                                    "mm",           "min",        "ms",   "spawn",      "devices",
                                    "device",       "run"};
  static const struct {
    const char *typed, *meant;
  } rows[] = {
      {"thresold", "thresholds"},
      {"thresholds", "thresholds"},
      {"Thresholds", "thresholds"},
      {"mn", "min"},
      {"wiat", "wait"},
      {"wait_untill", "wait_until"},
      {"devcies", "devices"},
      {"devic", "device"},
      {"rnu", "run"},
      {"apple", NULL},
      {"x", NULL},
      {"", NULL},
      {"zzzzzzzzzzzzz", NULL},
  };
  assert_int_equal(tl_text_distance("kitten", "sitting"), 3);
  assert_int_equal(tl_text_distance("ab", "ba"), 1);
  assert_int_equal(tl_text_distance("", "abc"), 3);
  assert_int_equal(tl_text_distance("same", "same"), 0);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const char *closest = tl_text_closest(rows[i].typed, api, sizeof api / sizeof *api);
    if ((closest == NULL) != (rows[i].meant == NULL) ||
        (closest && strcmp(closest, rows[i].meant) != 0))
      fail_msg("'%s' gives %s", rows[i].typed, closest ? closest : "nothing");
  }
}

static void a_string_grows_or_says_that_it_could_not(void **unused)
{
  (void)unused;
  tl_text text = {0};
  assert_string_equal(tl_text_string(&text), "");
  for (int i = 0; i < 1000; i++) tl_text_addf(&text, "%d,", i);
  assert_int_equal(text.length, 3890);
  assert_false(text.failed);
  tl_text_clear(&text);
  char wide[700];
  memset(wide, 'x', sizeof wide - 1);
  wide[sizeof wide - 1] = '\0';
  tl_text_addf(&text, "%s|", wide); /* longer than the inner buffer */
  assert_int_equal(text.length, 700);
  tl_text_free(&text);

  char memory[8];
  text = tl_text_over(memory, sizeof memory);
  tl_text_add(&text, "12345");
  tl_text_add(&text, NULL);
  assert_false(text.failed);
  tl_text_add(&text, "\xc3\xa4\xc3\xb6"); /* the second letter does not fit and is not cut in two */
  assert_string_equal(tl_text_string(&text), "12345\xc3\xa4");
  assert_true(text.failed);
  tl_text_clear(&text);
  tl_text_addf(&text, "%d", 123456789);
  assert_string_equal(tl_text_string(&text), "1234567");
  assert_true(text.failed);
  tl_text_add_char(&text, '!');
  assert_string_equal(tl_text_string(&text), "1234567");
  tl_text_free(&text);
}

static void figures_are_written_for_people(void **unused)
{
  (void)unused;
  tl_text text = {0};
  const uint64_t sizes[] = {0, 812, 999, 1000, 15300000, 999499, 999500, UINT64_MAX};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    tl_text_add_size(&text, sizes[i]);
    tl_text_add_char(&text, ';');
  }
  assert_string_equal(tl_text_string(&text), "0 B;812 B;999 B;1 kB;15.3 MB;999 kB;1 MB;18.4 EB;");
  tl_text_clear(&text);
  const int64_t counts[] = {0, 999, 1000, 37322, -100, -1000000, INT64_MIN};
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
    tl_text_add_count(&text, counts[i]);
    tl_text_add_char(&text, ';');
  }
  assert_string_equal(tl_text_string(&text),
                      "0;999;1 000;37 322;-100;-1 000 000;-9 223 372 036 854 775 808;");
  tl_text_clear(&text);
  tl_text_add_duration(&text, 1500000000);
  tl_text_add_double(&text, 0.25);
  tl_text_add_digits(&text, 3.14159, 3);
  assert_string_equal(tl_text_string(&text), "00:00:01.5000.253.14");
  tl_text_free(&text);
}

static void json_and_html_keep_what_they_are_given(void **unused)
{
  (void)unused;
  tl_text text = {0};
  tl_text_add_json(&text, "a\"b\\c\n\t\x01</script>\xc3\xa4");
  assert_string_equal(tl_text_string(&text), "\"a\\\"b\\\\c\\n\\t\\u0001\\u003c/script>\xc3\xa4\"");
  tl_text_clear(&text);
  tl_text_add_json(&text, NULL);
  tl_text_add_char(&text, ' ');
  tl_text_add_json_double(&text, (double)NAN);
  tl_text_add_char(&text, ' ');
  tl_text_add_json_double(&text, -0.5);
  assert_string_equal(tl_text_string(&text), "null null -0.5");
  tl_text_clear(&text);
  tl_text_add_html(&text, "<a href=\"x\">R&D's</a>\x02\xff");
  assert_string_equal(tl_text_string(&text),
                      "&lt;a href=&quot;x&quot;&gt;R&amp;D&#39;s&lt;/a&gt;\xef\xbf\xbd");
  tl_text_free(&text);
}

static void random_bytes_make_json_that_another_program_reads(void **unused)
{
  (void)unused;
  const tl_rng_key key = tl_rng_key_make(random_seed(), 0, 3);
  for (uint32_t i = 0; i < 20000; i++) {
    char bytes[24];
    const uint32_t length = tl_rng_below(key, i, 0, sizeof bytes);
    for (uint32_t j = 0; j < length; j++) {
      bytes[j] = (char)(unsigned char)(1 + tl_rng_below(key, i, 1 + j, 255));
      if (i % 2)
        bytes[j] =
            (char)(1 + tl_rng_below(key, i, 1 + j, 127)); /* plain ASCII comes back unchanged */
    }
    bytes[length] = '\0';
    tl_text text = {0};
    tl_text_add_json(&text, bytes);
    json_error_t problem;
    json_t *value = json_loads(tl_text_string(&text), JSON_DECODE_ANY, &problem);
    if (value == NULL) fail_msg("%s: %s", tl_text_string(&text), problem.text);
    if (i % 2) assert_string_equal(json_string_value(value), bytes);
    json_decref(value);
    tl_text_free(&text);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(numbers_are_read_whole_or_not_at_all),
      cmocka_unit_test(integers_are_read_within_their_range),
      cmocka_unit_test(numbers_are_written_short),
      cmocka_unit_test(the_locale_changes_nothing),
      cmocka_unit_test(any_number_comes_back_from_its_text),
      cmocka_unit_test(random_text_is_read_as_the_c_library_reads_it),
      cmocka_unit_test(times_are_written_and_read),
      cmocka_unit_test(names_nearby_are_found),
      cmocka_unit_test(a_string_grows_or_says_that_it_could_not),
      cmocka_unit_test(figures_are_written_for_people),
      cmocka_unit_test(json_and_html_keep_what_they_are_given),
      cmocka_unit_test(random_bytes_make_json_that_another_program_reads),
  };
  return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
