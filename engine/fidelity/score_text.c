#include "fidelity/score.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The value of one metric; NULL: it is not told. */
static const tl_metric_value *value_of(const tl_score *score, const tl_score_channel *channel,
                                       uint32_t metric)
{
  if (score->has_asked && channel->asked != NULL)
    return score->asked[metric] ? &channel->asked[metric] : NULL;
  return metric < TL_METRIC_COUNT ? &channel->metric[metric] : NULL;
}

static void add_metrics(tl_text *out, const tl_score *score, const tl_score_channel *channel)
{
  bool first = true;
  for (uint32_t m = 0; m < TL_METRIC_ALL_COUNT; m++) {
    const tl_metric_value *value = value_of(score, channel, m);
    if (value == NULL) continue;
    tl_text_add(out, first ? "\n      " : ",\n      ");
    tl_text_add_json(out, tl_metric_describe((tl_metric)m)->name);
    tl_text_add(out, ": ");
    tl_metric_write_json(out, value);
    first = false;
  }
}

static void add_samples(tl_text *out, const tl_score_channel *channel)
{
  tl_text_add(out, "{\"recorded_as\": ");
  tl_text_add_json(out, channel->rec_name);
  tl_text_addf(out,
               ", \"recorded\": %zu, \"used\": %zu, \"outside\": %zu, \"recording_gaps\": %zu, "
               "\"simulation_gaps\": %zu, \"interpolated\": %zu, \"begin_s\": ",
               channel->rec_count, channel->used_count, channel->outside_count,
               channel->rec_gap_count, channel->sim_gap_count, channel->interpolated_count);
  tl_text_add_json_double(out, (double)channel->begin_ns / 1e9);
  tl_text_add(out, ", \"end_s\": ");
  tl_text_add_json_double(out, (double)channel->end_ns / 1e9);
  tl_text_add(out, "}");
}

void tl_score_write_json(const tl_score *score, tl_text *out)
{
  tl_text_add(out, "{\n  \"schema\": \"" TL_SCORE_SCHEMA "\",\n  \"channels\": {");
  for (uint32_t i = 0; i < score->channel_count; i++) {
    tl_text_add(out, i ? ",\n    " : "\n    ");
    tl_text_add_json(out, score->channels[i].name);
    tl_text_add(out, ": {");
    add_metrics(out, score, &score->channels[i]);
    tl_text_add(out, "\n    }");
  }
  tl_text_add(out, "\n  },\n  \"samples\": {");
  for (uint32_t i = 0; i < score->channel_count; i++) {
    tl_text_add(out, i ? ",\n    " : "\n    ");
    tl_text_add_json(out, score->channels[i].name);
    tl_text_add(out, ": ");
    add_samples(out, &score->channels[i]);
  }
  tl_text_add(out, "\n  }\n}\n");
}

static void pad(tl_text *out, size_t width, size_t used)
{
  for (; used < width; used++) tl_text_add_char(out, ' ');
}

static void add_channel_table(const tl_score *score, const tl_score_channel *channel, tl_text *out)
{
  tl_text_add(out, channel->name);
  if (strcmp(channel->name, channel->rec_name) != 0)
    tl_text_addf(out, " against %s", channel->rec_name);
  tl_text_addf(out, "  [%s]  %zu of %zu samples, ", channel->unit, channel->used_count,
               channel->rec_count);
  tl_text_add_duration(out, channel->begin_ns);
  tl_text_add(out, " to ");
  tl_text_add_duration(out, channel->end_ns);
  const size_t gaps = channel->rec_gap_count + channel->sim_gap_count;
  if (gaps) tl_text_addf(out, ", %zu in gaps", gaps);
  if (channel->interpolated_count)
    tl_text_addf(out, ", %zu interpolated", channel->interpolated_count);
  tl_text_add_char(out, '\n');
  for (uint32_t m = 0; m < TL_METRIC_ALL_COUNT; m++) {
    const tl_metric_value *value = value_of(score, channel, m);
    if (value == NULL) continue;
    const tl_metric_info *info = tl_metric_describe((tl_metric)m);
    char number[TL_TEXT_DOUBLE_BYTES] = "-";
    size_t used = 1;
    if (value->status == TL_METRIC_OK) used = tl_text_format_digits(number, value->value, 6);
    tl_text_addf(out, "  %-11s", info->name);
    pad(out, 14, used);
    tl_text_addf(out, "%s %s", number, strcmp(value->unit, "1") == 0 ? "" : value->unit);
    if (value->status != TL_METRIC_OK)
      tl_text_addf(out, "  %s: %s", tl_metric_status_name(value->status), value->reason);
    tl_text_add_char(out, '\n');
  }
}

void tl_score_write_table(const tl_score *score, tl_text *out)
{
  for (uint32_t i = 0; i < score->channel_count; i++) {
    if (i) tl_text_add_char(out, '\n');
    add_channel_table(score, &score->channels[i], out);
  }
}
