#include "report/report.h"

#include "report/internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A list of blocks, the newest first. */
typedef struct block {
  struct block *next;
} block;
_Static_assert(sizeof(block) <= 16, "the payload behind a block keeps its alignment");

tl_report tl_report_default(void)
{
  return (tl_report){.verdict = TL_ERRORED,
                     .title = "",
                     .scenario = "",
                     .version = "",
                     .command = "",
                     .message = "",
                     .where = ""};
}

void *tl_report_take(tl_report *report, size_t count, size_t bytes)
{
  block *fresh = calloc(1, 16 + count * bytes);
  if (fresh == NULL) return NULL;
  fresh->next = report->memory;
  report->memory = fresh;
  return (unsigned char *)fresh + 16;
}

const char *tl_report_keep(tl_report *report, const char *text)
{
  if (text == NULL) return NULL;
  const size_t bytes = strlen(text) + 1;
  char *copy = tl_report_take(report, bytes, 1);
  return copy ? memcpy(copy, text, bytes) : NULL;
}

void tl_report_free(tl_report *report)
{
  for (block *b = report->memory; b != NULL;) {
    block *next = b->next;
    free(b);
    b = next;
  }
  *report = tl_report_default();
}

const char *tl_report_code_name(char out[TL_CODE_NAME_BYTES], tl_code code)
{
  out[0] = '\0';
  if (code != TL_OK) snprintf(out, TL_CODE_NAME_BYTES, "TL%04d", tl_code_describe(code)->number);
  return out;
}

tl_plot *tl_report_plot_add(tl_report *report)
{
  tl_plot *plots = tl_report_take(report, report->plot_count + (size_t)1, sizeof *plots);
  if (plots == NULL) return NULL;
  if (report->plot_count > 0) memcpy(plots, report->plots, report->plot_count * sizeof *plots);
  report->plots = plots;
  return &report->plots[report->plot_count++];
}

tl_code tl_report_save(const tl_text *text, const char *path, tl_error *err)
{
  char temporary[4096];
  if (text->failed) return tl_fail(err, TL_E_LIMIT, NULL, "%s: no memory for its text", path);
  if (snprintf(temporary, sizeof temporary, "%s.part", path) >= (int)sizeof temporary)
    return tl_fail(err, TL_E_IO, NULL, "%s: the name is too long", path);
  FILE *file = fopen(temporary, "wb");
  if (file == NULL) return tl_fail(err, TL_E_IO, NULL, "%s: %s", path, strerror(errno));
  errno = 0;
  bool good = fwrite(tl_text_string(text), 1, text->length, file) == text->length;
  good = fflush(file) == 0 && good;
  const int reason = errno;
  good = fclose(file) == 0 && good;
  if (good && rename(temporary, path) == 0) return TL_OK;
  const int why = reason ? reason : errno;
  unlink(temporary);
  return tl_fail(err, TL_E_IO, NULL, "%s: could not be written: %s", path, strerror(why));
}
