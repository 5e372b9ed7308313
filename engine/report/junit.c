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

/* digits 0: exact */
static void number(tl_text *out, double value, int digits)
{
  if (digits == 0)
    tl_text_add_double(out, value);
  else
    tl_text_add_digits(out, value, digits);
}

/* "observed 1.2 K, limit < 1 K, margin -0.2 K": the unit said once each. */
static void sentence(tl_text *out, const tl_judgement *j, int digits)
{
  const char *unit = strcmp(j->threshold.unit.name, "1") == 0 ? "" : j->threshold.unit.name;
  tl_text_add(out, "observed ");
  number(out, j->observed, digits);
  tl_text_addf(out, "%s%s, limit %s ", unit[0] ? " " : "", unit, tl_operator_name(j->threshold.op));
  number(out, j->threshold.limit, digits);
  tl_text_addf(out, "%s%s, margin ", unit[0] ? " " : "", unit);
  number(out, j->margin, digits);
  tl_text_addf(out, "%s%s", unit[0] ? " " : "", unit);
  char modelled[TL_MODELLED_TEXT_BYTES];
  if (tl_modelled_text(modelled, &j->modelled)[0]) tl_text_addf(out, ", %s", modelled);
  if (j->breach_ns >= 0) {
    tl_text_add(out, ", since ");
    tl_text_add_duration(out, j->breach_ns);
  }
}

/* message: for lists, in few digits; body: the same in full */
static void result(tl_text *out, const char *element, const char *type, const char *message,
                   const char *body, const tl_report *report, const char *where)
{
  tl_text_addf(out, "      <%s", element);
  attribute(out, "type", type);
  attribute(out, "message", message);
  tl_text_add_char(out, '>');
  tl_text_add_html(out, body);
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
  tl_text message = {0}, exact = {0};
  if (j->verdict == TL_ERRORED) {
    tl_text_add(&message, j->message);
    tl_text_add(&exact, j->message);
  } else {
    sentence(&message, j, 5);
    sentence(&exact, j, 0);
  }
  tl_text_add(out, "    <testcase");
  attribute(out, "name", j->threshold.name);
  attribute(out, "classname", report->scenario);
  tl_text_add(out, ">\n");
  if (j->verdict == TL_FAILED)
    result(out, "failure", "threshold", tl_text_string(&message), tl_text_string(&exact), report,
           j->threshold.where);
  if (j->not_judged) {
    tl_text_add(out, "      <skipped");
    attribute(out, "message", j->message);
    tl_text_add(out, "/>\n");
  } else if (j->verdict == TL_ERRORED) {
    result(out, "error", tl_report_code_name(code, j->code), j->message, j->message, report,
           j->threshold.where);
  }
  if (j->verdict == TL_PASSED) {
    tl_text_add(out, "      <system-out>");
    tl_text_add_html(out, tl_text_string(&exact));
    tl_text_add(out, "</system-out>\n");
  }
  tl_text_add(out, "    </testcase>\n");
  tl_text_free(&exact);
  tl_text_free(&message);
}

void tl_report_write_junit(const tl_report *report, tl_text *out)
{
  const bool says_failed = report->code == TL_E_FAIL; /* the scenario's own verdict is no error */
  uint32_t failed = says_failed, errored = report->code != TL_OK && !says_failed, skipped = 0;
  for (uint32_t i = 0; i < report->judgement_count; i++) {
    failed += report->judgements[i].verdict == TL_FAILED;
    skipped += report->judgements[i].not_judged;
    errored += report->judgements[i].verdict == TL_ERRORED && !report->judgements[i].not_judged;
  }
  const uint32_t tests = report->judgement_count + 1;
  tl_text_add(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
  attribute(out, "name", "twinloop");
  tl_text_addf(out, " tests=\"%u\" failures=\"%u\" errors=\"%u\">\n  <testsuite", tests, failed,
               errored);
  attribute(out, "name", report->scenario);
  tl_text_addf(out,
               " tests=\"%u\" failures=\"%u\" errors=\"%u\" skipped=\"%u\">\n    <properties>\n",
               tests, failed, errored, skipped);
  char seed[32], code[TL_CODE_NAME_BYTES];
  snprintf(seed, sizeof seed, "%llu", (unsigned long long)report->seed);
  property(out, "title", report->title);
  property(out, "verdict", tl_verdict_name(report->verdict));
  if (!report->seed_unknown) property(out, "seed", seed);
  if (report->run_hash[0]) property(out, "run_hash", report->run_hash);
  property(out, "command", report->command);
  tl_text_add(out, "    </properties>\n    <testcase");
  attribute(out, "name", "run");
  attribute(out, "classname", report->scenario);
  if (report->code == TL_OK) {
    tl_text_add(out, "/>\n");
  } else {
    tl_text_add(out, ">\n");
    result(out, says_failed ? "failure" : "error", tl_report_code_name(code, report->code),
           report->message, report->message, report, report->where);
    tl_text_add(out, "    </testcase>\n");
  }
  for (uint32_t i = 0; i < report->judgement_count; i++)
    write_threshold(out, report, &report->judgements[i]);
  tl_text_add(out, "  </testsuite>\n</testsuites>\n");
}
