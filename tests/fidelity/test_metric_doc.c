/* The tables of docs/fidelity.md are those of the code, and every row of metrics.def says what it must. */
#include "doc_table.h"

#include "fidelity/metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void the_page_has_the_tables_of_the_code(void **unused)
{
  (void)unused;
  static char page[1 << 20];
  FILE *file = fopen(TL_SOURCE_DIR "/docs/fidelity.md", "r");
  assert_non_null(file);
  page[fread(page, 1, sizeof page - 1, file)] = '\0';
  fclose(file);
  tl_text table = {0};
  doc_table(&table);
  const char *begin = strstr(page, DOC_BEGIN);
  assert_non_null(begin);
  begin += strlen(DOC_BEGIN);
  if (strncmp(begin, tl_text_string(&table), table.length) != 0 ||
      strncmp(begin + table.length, DOC_END, strlen(DOC_END)) != 0)
    fail_msg("docs/fidelity.md is old: run gen_doc SOURCE_FOLDER");
  tl_text_free(&table);
}

static void every_row_says_what_for_and_what_not(void **unused)
{
  (void)unused;
  for (int m = 0; m < TL_METRIC_ALL_COUNT; m++) {
    const tl_metric_info *info = tl_metric_describe((tl_metric)m);
    tl_metric found;
    assert_true(strlen(info->source) > 3 && strlen(info->use) > 3 && strlen(info->not_for) > 3);
    assert_true(info->low < info->high);
    assert_true(tl_metric_find(&found, info->name) && found == (tl_metric)m);
    char copy[128], *word, *rest = copy;
    snprintf(copy, sizeof copy, "%s", info->parameters);
    while ((word = strtok_r(rest, " ", &rest)) != NULL) {
      bool is_known = false;
      for (int p = 0; p < TL_PARAMETER_COUNT; p++)
        is_known = is_known || strcmp(tl_parameter_name((tl_parameter)p), word) == 0;
      if (!is_known) fail_msg("%s names the parameter %s", info->name, word);
    }
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_page_has_the_tables_of_the_code),
      cmocka_unit_test(every_row_says_what_for_and_what_not),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
