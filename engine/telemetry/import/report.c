/* The gap report of an import, for people and as JSON. */
#include "telemetry/import.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void tl_import_report_free(tl_import_report *report)
{
  if (report == NULL) return;
  free(report->channels);
  report->channels = NULL;
  report->channel_count = 0;
}

static void add_time(tl_text *text, int64_t ns)
{
  char buffer[TL_TEXT_DURATION_BYTES];
  tl_text_format_duration(buffer, ns);
  tl_text_add(text, buffer);
}

static void add_count(tl_text *text, uint64_t count, const char *one, const char *many)
{
  tl_text_addf(text, "%llu %s", (unsigned long long)count, count == 1 ? one : many);
}

static void add_period(tl_text *text, const tl_import_report *report)
{
  if (report->rows_kept < 2) return;
  tl_text_add(text, "  period ");
  tl_text_add_digits(text, report->period_s_median, 6);
  tl_text_add(text, " s median, ");
  tl_text_add_digits(text, report->period_s_min, 6);
  tl_text_add(text, " to ");
  tl_text_add_digits(text, report->period_s_max, 6);
  tl_text_add(text, "\n");
}

static void add_gaps(tl_text *text, const tl_import_report *report)
{
  tl_text_add(text, "  ");
  add_count(text, report->gap_count, "gap", "gaps");
  tl_text_add(text, " (an interval above 1.5 medians)\n");
  const uint32_t shown = report->gaps_listed < 5 ? report->gaps_listed : 5;
  for (uint32_t i = 0; i < shown; i++) {
    const tl_import_gap *gap = &report->gaps[i];
    tl_text_add(text, "    ");
    add_time(text, gap->begin_ns);
    tl_text_add(text, " to ");
    add_time(text, gap->end_ns);
    tl_text_addf(text, ", before %s %llu\n", report->has_lines ? "line" : "row",
                 (unsigned long long)gap->row);
  }
  if (report->gap_count > shown)
    tl_text_addf(text, "    and %llu more\n", (unsigned long long)(report->gap_count - shown));
}

static void add_channels(tl_text *text, const tl_import_report *report)
{
  size_t width = 7;
  for (uint32_t i = 0; i < report->channel_count; i++)
    if (strlen(report->channels[i].name) > width) width = strlen(report->channels[i].name);
  tl_text_addf(text, "  %-*s  %-8s %9s  range\n", (int)width, "channel", "unit", "missing");
  for (uint32_t i = 0; i < report->channel_count; i++) {
    const tl_import_channel_report *channel = &report->channels[i];
    tl_text_addf(text, "  %-*s  %-8s %9llu  ", (int)width, channel->name, channel->unit,
                 (unsigned long long)channel->missing);
    if (isnan(channel->low))
      tl_text_add(text, "no values");
    else {
      tl_text_add_digits(text, channel->low, 6);
      tl_text_add(text, " to ");
      tl_text_add_digits(text, channel->high, 6);
    }
    tl_text_add(text, "\n");
  }
}

static void add_clock(tl_text *text, const tl_import_report *report)
{
  if (!report->clock_corrected) return;
  tl_text_add(text, "  clock corrected by ");
  tl_text_add_digits(text, report->clock_offset_s, 9);
  tl_text_add(text, " s and ");
  tl_text_add_digits(text, report->clock_rate * 1e6, 6);
  tl_text_add(text, " ppm, ");
  if (isnan(report->clock_residual_s)) {
    tl_text_add(text, "as the map says\n");
    return;
  }
  tl_text_add(text, "measured on ");
  add_count(text, report->clock_rows, "row", "rows");
  tl_text_add(text, ", rest ");
  tl_text_add_digits(text, report->clock_residual_s, 3);
  tl_text_add(text, " s\n");
}

void tl_import_report_text(const tl_import_report *report, FILE *out)
{
  tl_text text = {0};
  tl_text_addf(&text, "%s: ", report->source);
  add_count(&text, report->rows_read, "row read, ", "rows read, ");
  tl_text_addf(&text, "%llu kept, ", (unsigned long long)report->rows_kept);
  add_time(&text, report->begin_ns);
  tl_text_add(&text, " to ");
  add_time(&text, report->end_ns);
  tl_text_add(&text, "\n");
  add_period(&text, report);
  add_gaps(&text, report);
  tl_text_add(&text, "  ");
  add_count(&text, report->duplicates, "repeated stamp, ", "repeated stamps, ");
  add_count(&text, report->steps_back, "step back, ", "steps back, ");
  if (report->reordered > 0)
    add_count(&text, report->reordered, "row sorted in, ", "rows sorted in, ");
  if (report->late > 0) add_count(&text, report->late, "too late, ", "too late, ");
  add_count(&text, report->rows_dropped, "row dropped\n", "rows dropped\n");
  add_clock(&text, report);
  add_channels(&text, report);
  fputs(tl_text_string(&text), out);
  tl_text_free(&text);
}

static void add_json_count(tl_text *out, const char *key, uint64_t value)
{
  tl_text_addf(out, ",\"%s\":%llu", key, (unsigned long long)value);
}

static void add_json_number(tl_text *out, const char *key, double value)
{
  tl_text_addf(out, ",\"%s\":", key);
  tl_text_add_json_double(out, value);
}

void tl_import_report_json(const tl_import_report *report, tl_text *out)
{
  tl_text_add(out, "{\"schema\":\"twinloop.import/1\",\"source\":");
  tl_text_add_json(out, report->source);
  tl_text_addf(out, ",\"source_sha256\":\"%s\"", report->source_sha256);
  add_json_count(out, "rows_read", report->rows_read);
  add_json_count(out, "rows_kept", report->rows_kept);
  add_json_count(out, "rows_dropped", report->rows_dropped);
  add_json_count(out, "duplicates", report->duplicates);
  add_json_count(out, "steps_back", report->steps_back);
  add_json_count(out, "reordered", report->reordered);
  add_json_count(out, "late", report->late);
  tl_text_addf(out, ",\"begin_ns\":%lld,\"end_ns\":%lld,\"epoch_ns\":%lld",
               (long long)report->begin_ns, (long long)report->end_ns, (long long)report->epoch_ns);
  if (report->clock_corrected) {
    tl_text_add(out, ",\"clock\":{\"measured\":");
    tl_text_add(out, isnan(report->clock_residual_s) ? "false" : "true");
    add_json_number(out, "offset_s", report->clock_offset_s);
    add_json_number(out, "rate", report->clock_rate);
    add_json_number(out, "residual_s", report->clock_residual_s);
    add_json_count(out, "rows", report->clock_rows);
    tl_text_add_char(out, '}');
  }
  add_json_number(out, "period_s_median", report->period_s_median);
  add_json_number(out, "period_s_min", report->period_s_min);
  add_json_number(out, "period_s_max", report->period_s_max);
  add_json_count(out, "gap_count", report->gap_count);
  tl_text_add(out, ",\"gaps\":[");
  for (uint32_t i = 0; i < report->gaps_listed; i++)
    tl_text_addf(out, "%s{\"begin_ns\":%lld,\"end_ns\":%lld,\"row\":%llu}", i > 0 ? "," : "",
                 (long long)report->gaps[i].begin_ns, (long long)report->gaps[i].end_ns,
                 (unsigned long long)report->gaps[i].row);
  tl_text_add(out, "],\"channels\":[");
  for (uint32_t i = 0; i < report->channel_count; i++) {
    const tl_import_channel_report *channel = &report->channels[i];
    tl_text_add(out, i > 0 ? ",{\"name\":" : "{\"name\":");
    tl_text_add_json(out, channel->name);
    tl_text_add(out, ",\"unit\":");
    tl_text_add_json(out, channel->unit);
    add_json_count(out, "missing", channel->missing);
    add_json_number(out, "low", channel->low);
    add_json_number(out, "high", channel->high);
    tl_text_add_char(out, '}');
  }
  tl_text_add(out, "]}");
}
