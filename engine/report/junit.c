/* junit.c: what CI systems read. No times of the machine: the same run gives the same bytes. */
#include "report/internal.h"

#include <stdio.h>
#include <string.h>

static void attribute(tl_text *out, const char *name, const char *value)
{
  tl_text_add_char(out, ' ');
  tl_text_add(out, name);
  tl_text_add(out, "=\"");
  tl_text_add_html(out, value);
  tl_text_add_char(out, '"');
}

static void property(tl_text *out, const char *name, const char *value)
{
  tl_text_add(out, "      <property");
  attribute(out, "name", name);
  attribute(out, "value", value);
  tl_text_add(out, "/>\n");
}

/* "observed 1.2 K, limit < 1 K, margin -0.2 K": exact numbers, the unit said once each. */
static void sentence(tl_text *out, const tl_judgement *j)
{
  const char *unit = strcmp(j->threshold.unit.name, "1") == 0 ? "" : j->threshold.unit.name;
  tl_text_add(out, "observed ");
  tl_text_add_double(out, j->observed);
  tl_text_addf(out, "%s%s, limit %s ", unit[0] ? " " : "", unit, tl_operator_name(j->threshold.op));
  tl_text_add_double(out, j->threshold.limit);
  tl_text_addf(out, "%s%s, margin ", unit[0] ? " " : "", unit);
  tl_text_add_double(out, j->margin);
  tl_text_addf(out, "%s%s", unit[0] ? " " : "", unit);
  if (j->breach_ns >= 0) {
    tl_text_add(out, ", since ");
    tl_text_add_duration(out, j->breach_ns);
  }
}

static void result(tl_text *out, const char *element, const char *type, const char *message,
                   const tl_report *report, const char *where)
{
  tl_text_addf(out, "      <%s", element);
  attribute(out, "type", type);
  attribute(out, "message", message);
  tl_text_add_char(out, '>');
  tl_text_add_html(out, message);
  if (where && where[0]) {
    tl_text_add(out, "\nat ");
    tl_text_add_html(out, tl_where_shown(where));
  }
  tl_text_add(out, "\nrepeat with: ");
  tl_text_add_html(out, report->command);
  tl_text_addf(out, "</%s>\n", element);
}

static void write_threshold(tl_text *out, const tl_report *report, const tl_judgement *j)
{
  char code[TL_CODE_NAME_BYTES];
  tl_text message = {0};
  if (j->verdict == TL_ERRORED)
    tl_text_add(&message, j->message);
  else
    sentence(&message, j);
  tl_text_add(out, "    <testcase");
  attribute(out, "name", j->threshold.name);
  attribute(out, "classname", report->scenario);
  tl_text_add(out, ">\n");
  if (j->verdict == TL_FAILED)
    result(out, "failure", "threshold", tl_text_string(&message), report, j->threshold.where);
  if (j->verdict == TL_ERRORED)
    result(out, "error", tl_report_code_name(code, j->code), tl_text_string(&message), report,
           j->threshold.where);
  if (j->verdict == TL_PASSED) {
    tl_text_add(out, "      <system-out>");
    tl_text_add_html(out, tl_text_string(&message));
    tl_text_add(out, "</system-out>\n");
  }
  tl_text_add(out, "    </testcase>\n");
  tl_text_free(&message);
}

void tl_report_write_junit(const tl_report *report, tl_text *out)
{
  uint32_t failed = 0, errored = report->code != TL_OK;
  for (uint32_t i = 0; i < report->judgement_count; i++) {
    failed += report->judgements[i].verdict == TL_FAILED;
    errored += report->judgements[i].verdict == TL_ERRORED;
  }
  const uint32_t tests = report->judgement_count + 1;
  tl_text_add(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
  attribute(out, "name", "twinloop");
  tl_text_addf(out, " tests=\"%u\" failures=\"%u\" errors=\"%u\">\n  <testsuite", tests, failed,
               errored);
  attribute(out, "name", report->scenario);
  tl_text_addf(out,
               " tests=\"%u\" failures=\"%u\" errors=\"%u\" skipped=\"0\">\n    <properties>\n",
               tests, failed, errored);
  char number[32], code[TL_CODE_NAME_BYTES];
  snprintf(number, sizeof number, "%llu", (unsigned long long)report->seed);
  property(out, "title", report->title);
  property(out, "verdict", tl_verdict_name(report->verdict));
  property(out, "seed", number);
  property(out, "run_hash", report->run_hash);
  property(out, "command", report->command);
  tl_text_add(out, "    </properties>\n    <testcase");
  attribute(out, "name", "run");
  attribute(out, "classname", report->scenario);
  if (report->code == TL_OK) {
    tl_text_add(out, "/>\n");
  } else {
    tl_text_add(out, ">\n");
    result(out, "error", tl_report_code_name(code, report->code), report->message, report, NULL);
    tl_text_add(out, "    </testcase>\n");
  }
  for (uint32_t i = 0; i < report->judgement_count; i++)
    write_threshold(out, report, &report->judgements[i]);
  tl_text_add(out, "  </testsuite>\n</testsuites>\n");
}
