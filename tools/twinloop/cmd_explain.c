#include "tools/twinloop/commands.h"

#include <string.h>

static int list_all(const cli_term *term)
{
  for (int code = 1; code < TL_CODE_COUNT; code++) {
    const tl_code_info *info = tl_code_describe((tl_code)code);
    fprintf(term->results, "TL%04d  %s (exit %d)\n", info->number, info->title, info->exit_code);
  }
  return 0;
}

/* The nearest codes are no help; the list is. */
static int explain_unknown(const cli_term *term, const char *asked)
{
  tl_error err = {0};
  tl_fail(&err, TL_E_USAGE, NULL, "no error code '%s'", asked);
  tl_fail_hint(&err, "`twinloop explain` lists them all");
  return cli_fail(term, &err, NULL);
}

int cmd_explain(const cli_options *options, const cli_term *term)
{
  if (options->argument_count == 0) return list_all(term);
  const char *asked = options->arguments[0];
  const tl_code_info *info = tl_code_lookup(asked);
  if (!info) return explain_unknown(term, asked);
  fprintf(term->results, "TL%04d: %s\n\n", info->number, info->title);
  size_t column = 0;
  for (const char *word = info->help; *word;) { /* 80 columns, as in a terminal */
    const size_t length = strcspn(word, " ");
    if (column > 0 && column + 1 + length > 80) {
      fputc('\n', term->results);
      column = 0;
    } else if (column > 0) {
      fputc(' ', term->results);
      column++;
    }
    fprintf(term->results, "%.*s", (int)length, word);
    column += length;
    word += length + (word[length] == ' ');
  }
  fprintf(term->results, "\n\nexit code %d\n", info->exit_code);
  return 0;
}
