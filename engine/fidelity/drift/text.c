/* text.c: the verdict for programs and for people. */
#include "fidelity/drift/drift.h"

#include <math.h>
#include <string.h>

static void add_pair(tl_text *out, const char *key, double a, double b)
{
  tl_text_addf(out, ", \"%s\": [", key);
  tl_text_add_json_double(out, a);
  tl_text_add(out, ", ");
  tl_text_add_json_double(out, b);
  tl_text_add(out, "]");
}

static void add_number(tl_text *out, const char *key, double value)
{
  tl_text_addf(out, ", \"%s\": ", key);
  tl_text_add_json_double(out, value);
}

static void add_test(tl_text *out, const tl_drift_value *value)
{
  tl_text_add(out, "{\"status\": ");
  tl_text_add_json(out, tl_drift_status_name(value->status));
  add_number(out, "value", value->value);
  add_number(out, "threshold", value->threshold);
  add_number(out, "p_value", value->p_value);
  tl_text_addf(out, ", \"alarm\": %s", value->alarm ? "true" : "false");
  if (value->delay_ns >= 0) {
    add_number(out, "delay_s", (double)value->delay_ns / 1e9);
    add_number(out, "change_s", (double)value->change_ns / 1e9);
  }
  if (value->arl > 0.0) add_number(out, "average_run_length", value->arl);
  tl_text_add(out, "}");
}

static void add_rate(tl_text *out, const char *name, const tl_drift_rate *rate, double alpha)
{
  tl_text_add_json(out, name);
  tl_text_addf(out, ": {\"alarms\": %llu, \"tries\": %llu", (unsigned long long)rate->alarms,
               (unsigned long long)rate->tries);
  const bool known = rate->tries > 0;
  add_number(out, "rate", known ? (double)rate->alarms / (double)rate->tries : (double)NAN);
  add_number(out, "low", known ? rate->low : (double)NAN);
  add_number(out, "high", known ? rate->high : (double)NAN);
  tl_text_add(out, ", \"judged\": ");
  tl_text_add_json(out, tl_drift_rate_name(rate, alpha));
  tl_text_add(out, "}");
}

static void add_signal(tl_text *out, const tl_drift_signal *signal)
{
  tl_text_add_json(out, signal->name);
  tl_text_add(out, ": {\"unit\": ");
  tl_text_add_json(out, signal->unit);
  tl_text_addf(out, ", \"drift\": %s, \"status\": ", signal->drift ? "true" : "false");
  tl_text_add_json(out, tl_drift_status_name(signal->status));
  if (signal->why[0]) {
    tl_text_add(out, ", \"why\": ");
    tl_text_add_json(out, signal->why);
  }
  add_number(out, "p_value", signal->p_value);
  add_number(out, "p_adjusted", signal->p_adjusted);
  add_pair(out, "mean", signal->mean[0], signal->mean[1]);
  add_pair(out, "used", (double)signal->used[0], (double)signal->used[1]);
  add_pair(out, "missing", (double)signal->missing[0], (double)signal->missing[1]);
  tl_text_addf(out, ", \"thinned\": %u", signal->thinned);
  if (signal->status == TL_DRIFT_OK) {
    add_pair(out, "effective", signal->effective[0], signal->effective[1]);
    add_number(out, "correlation_s", signal->correlation_s);
    add_number(out, "block_s", signal->block_s);
    add_pair(out, "blocks", (double)signal->blocks[0], (double)signal->blocks[1]);
    tl_text_add(out, ", \"clustered_by\": ");
    tl_text_add_json(out, tl_drift_level_name(signal->level));
  }
  tl_text_add(out, ",\n      \"tests\": {");
  for (int t = 0; t < TL_DRIFT_TEST_COUNT; t++) {
    tl_text_add(out, t ? ",\n        " : "\n        ");
    tl_text_add_json(out, tl_drift_test_name((tl_drift_test)t));
    tl_text_add(out, ": ");
    add_test(out, &signal->test[t]);
  }
  tl_text_add(out, "}}");
}

void tl_drift_write_json(const tl_drift *drift, tl_text *out)
{
  const tl_drift_options *options = &drift->options;
  tl_text_addf(out, "{\n  \"schema\": \"" TL_DRIFT_SCHEMA "\",\n  \"drift\": %s,\n  \"fleet\": ",
               drift->drift ? "true" : "false");
  tl_text_add_json(out, drift->fleet);
  tl_text_add(out, ",\n  \"alpha\": ");
  tl_text_add_json_double(out, options->alpha);
  tl_text_addf(out, ",\n  \"seed\": %llu", (unsigned long long)options->seed);
  static const char *const sides[] = {"reference", "current"};
  for (int side = 0; side < 2; side++) {
    tl_text_addf(out, ",\n  \"%s\": {\"begin_s\": ", sides[side]);
    tl_text_add_json_double(out, (double)drift->begin_ns[side] / 1e9);
    add_number(out, "end_s", (double)drift->end_ns[side] / 1e9);
    tl_text_add(out, "}");
  }
  tl_text_add(out, ",\n  \"measured\": {\n    ");
  add_rate(out, "verdict", &drift->verdict_rate, options->alpha);
  for (int t = 0; t < TL_DRIFT_TEST_COUNT; t++) {
    tl_text_add(out, ",\n    ");
    add_rate(out, tl_drift_test_name((tl_drift_test)t), &drift->test_rate[t], options->alpha);
  }
  tl_text_add(out, "},\n  \"signals\": {");
  for (uint32_t i = 0; i < drift->signal_count; i++) {
    tl_text_add(out, i ? ",\n    " : "\n    ");
    add_signal(out, &drift->signals[i]);
  }
  tl_text_add(out, "}\n}\n");
}

/* --- for people --- */
static void add_padded(tl_text *out, double value, size_t width)
{
  char text[TL_TEXT_DOUBLE_BYTES] = "-";
  size_t used = 1;
  if (!isnan(value)) used = tl_text_format_digits(text, value, 4);
  for (; used < width; used++) tl_text_add_char(out, ' ');
  tl_text_add(out, text);
}

static void add_rate_text(tl_text *out, const tl_drift_rate *rate, double alpha)
{
  if (rate->tries == 0) {
    tl_text_add(out, "not measured");
    return;
  }
  tl_text_add_digits(out, 100.0 * (double)rate->alarms / (double)rate->tries, 3);
  tl_text_add(out, " % (");
  tl_text_add_digits(out, 100.0 * rate->low, 2);
  tl_text_add(out, " to ");
  tl_text_add_digits(out, 100.0 * rate->high, 2);
  tl_text_addf(out, " %%, %s)", tl_drift_rate_name(rate, alpha));
}

static void add_test_text(tl_text *out, const tl_drift *drift, const tl_drift_signal *signal, int t)
{
  const tl_drift_value *value = &signal->test[t];
  tl_text_addf(out, "  %-12s", tl_drift_test_name((tl_drift_test)t));
  if (value->status != TL_DRIFT_OK) {
    tl_text_addf(out, " %s\n", tl_drift_status_name(value->status));
    return;
  }
  add_padded(out, value->value, 11);
  add_padded(out, value->threshold, 11);
  add_padded(out, value->p_value, 11);
  tl_text_addf(out, "  %-5s ", value->alarm ? "ALARM" : "-");
  add_rate_text(out, &drift->test_rate[t], drift->options.alpha);
  if (value->delay_ns >= 0) {
    tl_text_add(out, "; began about ");
    tl_text_add_duration(out, value->change_ns);
    tl_text_add(out, ", seen after ");
    tl_text_add_duration(out, value->delay_ns);
  }
  if (value->arl > 0.0) {
    tl_text_add(out, "; ARL ");
    tl_text_add_digits(out, value->arl, 3);
    tl_text_add(out, " stretches");
  }
  tl_text_add_char(out, '\n');
}

static void add_signal_text(tl_text *out, const tl_drift *drift, const tl_drift_signal *signal)
{
  tl_text_addf(out, "%s [%s]  %s", signal->name, signal->unit,
               signal->drift                   ? "DRIFT"
               : signal->status == TL_DRIFT_OK ? "no drift seen"
                                               : tl_drift_status_name(signal->status));
  if (!isnan(signal->p_adjusted)) {
    tl_text_add(out, ", p ");
    tl_text_add_digits(out, signal->p_adjusted, 3);
    tl_text_add(out, " after Benjamini-Hochberg");
  }
  if (signal->why[0]) tl_text_addf(out, "\n  %s", signal->why);
  if (signal->missing[0] + signal->missing[1] > 0)
    tl_text_addf(out, "\n  missing: %llu and %llu values", (unsigned long long)signal->missing[0],
                 (unsigned long long)signal->missing[1]);
  if (signal->status != TL_DRIFT_OK) {
    tl_text_add_char(out, '\n');
    return;
  }
  tl_text_add(out, "\n  mean ");
  tl_text_add_digits(out, signal->mean[0], 6);
  tl_text_add(out, " then ");
  tl_text_add_digits(out, signal->mean[1], 6);
  tl_text_add(out, "; ");
  tl_text_add_count(out, (int64_t)signal->used[0]);
  tl_text_add(out, " and ");
  tl_text_add_count(out, (int64_t)signal->used[1]);
  tl_text_add(out, " samples tell as much as ");
  tl_text_add_count(out, (int64_t)signal->effective[0]);
  tl_text_add(out, " and ");
  tl_text_add_count(out, (int64_t)signal->effective[1]);
  tl_text_addf(out, " independent ones, by %s\n", tl_drift_level_name(signal->level));
  tl_text_add(
      out, "  test              value  threshold          p         false alarms on null fleets\n");
  for (int t = 0; t < TL_DRIFT_TEST_COUNT; t++) add_test_text(out, drift, signal, t);
}

void tl_drift_write_table(const tl_drift *drift, tl_text *out)
{
  uint32_t drifted = 0, tested = 0;
  for (uint32_t i = 0; i < drift->signal_count; i++) {
    drifted += drift->signals[i].drift;
    tested += drift->signals[i].drift || drift->signals[i].status == TL_DRIFT_OK;
  }
  const char *verdict = drift->drift ? "DRIFT" : tested > 0 ? "no drift seen" : "NOTHING TESTED";
  tl_text_addf(
      out, "%s: %u of %u signals of fleet %s drifted. Measured false-alarm rate of this verdict: ",
      verdict, drifted, drift->signal_count, drift->fleet);
  add_rate_text(out, &drift->verdict_rate, drift->options.alpha);
  tl_text_add(out, "; nominal ");
  tl_text_add_digits(out, 100.0 * drift->options.alpha, 3);
  tl_text_add(out, " %\n");
  for (uint32_t i = 0; i < drift->signal_count; i++) {
    tl_text_add_char(out, '\n');
    add_signal_text(out, drift, &drift->signals[i]);
  }
}
