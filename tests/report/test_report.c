#include "tests/report/sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void sample_is_written(void **unused)
{
  (void)unused;
  sample s;
  sample_open(&s, 10000, 2216, 2);
  tl_text text = {0};
  tl_report_write_html(&s.report, &text);
  assert_int_equal(tl_report_save(&text, TL_BINARY_DIR "/report-sample.html", NULL), TL_OK);
  print_message("%zu\n", text.length);
  tl_text_clear(&text);
  tl_report_write_json(&s.report, &text);
  tl_report_save(&text, TL_BINARY_DIR "/report-sample.json", NULL);
  tl_text_clear(&text);
  tl_report_write_junit(&s.report, &text);
  tl_report_save(&text, TL_BINARY_DIR "/report-sample.xml", NULL);
  tl_text_free(&text);
  sample_close(&s);
}
int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(sample_is_written)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
