#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void a_failure_starts_with_the_users_line(void **unused)
{
  (void)unused;
  tl_error err;
  assert_int_equal(tl_fail(&err, TL_E_FORMAT, "hvac.lua:3", "t.h5: /t has %d samples", 4),
                   TL_E_FORMAT);
  assert_string_equal(err.text, "hvac.lua:3: t.h5: /t has 4 samples");
  assert_string_equal(err.hint, "");
}

static void a_long_message_is_cut_and_ends(void **unused)
{
  (void)unused;
  char word[2000];
  memset(word, 'x', sizeof word - 1);
  word[sizeof word - 1] = '\0';
  tl_error err;
  tl_fail(&err, TL_E_IO, word, "%s", word);
  assert_int_equal(strlen(err.text), sizeof err.text - 1);
  assert_int_equal(strlen(err.where), sizeof err.where - 1);
}

static void a_code_is_found_as_users_write_it(void **unused)
{
  (void)unused;
  assert_string_equal(tl_code_lookup("TL0103")->name, "TL_E_NAME");
  assert_string_equal(tl_code_lookup("tl103")->name, "TL_E_NAME");
  assert_null(tl_code_lookup("TL9999"));
  assert_null(tl_code_lookup("thresold"));
}

static void numbers_are_unique_and_every_row_explains(void **unused)
{
  (void)unused;
  for (int a = 1; a < TL_CODE_COUNT; a++) {
    assert_true(strlen(tl_code_describe((tl_code)a)->help) > 40);
    for (int b = a + 1; b < TL_CODE_COUNT; b++)
      assert_int_not_equal(tl_code_describe((tl_code)a)->number,
                           tl_code_describe((tl_code)b)->number);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_failure_starts_with_the_users_line),
      cmocka_unit_test(a_long_message_is_cut_and_ends),
      cmocka_unit_test(a_code_is_found_as_users_write_it),
      cmocka_unit_test(numbers_are_unique_and_every_row_explains),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
