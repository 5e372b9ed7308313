/* fidelity_json.c: the same facts as the page's section on fidelity, for run.json. */
#include "fidelity/overall/overall.h"
#include "report/internal.h"

#include <string.h>

enum { LAGS = 21 };

static double seconds(int64_t ns) { return (double)ns / 1e9; }

static void write_metrics(tl_json *json, const tl_score_channel *c)
{
  tl_json_object_begin(json, "metrics", false);
  for (uint32_t m = 0; m < TL_METRIC_COUNT; m++) {
    tl_json_object_begin(json, tl_metric_describe((tl_metric)m)->name, true);
    tl_json_number(json, "value", c->metric[m].value);
    tl_json_text(json, "unit", c->metric[m].unit);
    tl_json_text(json, "status", tl_metric_status_name(c->metric[m].status));
    tl_json_object_end(json);
  }
  tl_json_object_end(json);
}

static void write_deviation(tl_json *json, const tl_score_channel *c)
{
  tl_json_object_begin(json, "deviation", false);
  tl_json_text(json, "from", c->deviation_from);
  for (uint32_t i = 0; i < TL_DEVIATION_COUNT; i++) {
    tl_json_object_begin(json, tl_metric_describe(tl_deviation_metric(i))->name, true);
    tl_json_number(json, "value", c->deviation[i].value);
    tl_json_text(json, "unit", c->deviation[i].unit);
    tl_json_text(json, "status", tl_metric_status_name(c->deviation[i].status));
    if (c->deviation[i].reason) tl_json_text(json, "reason", c->deviation[i].reason);
    tl_json_object_end(json);
  }
  tl_json_object_end(json);
}

static void write_tube(tl_json *json, const tl_score_channel *c)
{
  tl_json_object_begin(json, "tube", true);
  tl_json_number(json, "value", c->tube.value);
  tl_json_number(json, "time_s", seconds(c->tube.time_ns));
  tl_json_number(json, "inside_ratio", c->in_tube.inside_ratio);
  tl_json_unsigned(json, "outside", c->in_tube.outside_count);
  if (c->in_tube.outside_count > 0) {
    tl_json_number(json, "first_outside_s", seconds(c->in_tube.first_outside_ns));
    tl_json_number(json, "worst", c->in_tube.worst);
    tl_json_number(json, "worst_s", seconds(c->in_tube.worst_ns));
  }
  tl_json_object_end(json);
}

static void write_channel(tl_json *json, const tl_score_channel *c)
{
  tl_json_object_begin(json, c->name, false);
  tl_json_text(json, "recorded_as", c->rec_name);
  tl_json_text(json, "unit", c->unit);
  tl_json_unsigned(json, "recorded", c->rec_count);
  tl_json_unsigned(json, "used", c->used_count);
  tl_json_unsigned(json, "outside", c->outside_count);
  tl_json_unsigned(json, "recording_gaps", c->rec_gap_count);
  tl_json_unsigned(json, "simulation_gaps", c->sim_gap_count);
  tl_json_unsigned(json, "interpolated", c->interpolated_count);
  tl_json_number(json, "begin_s", seconds(c->begin_ns));
  tl_json_number(json, "end_s", seconds(c->end_ns));
  write_metrics(json, c);
  if (c->deviation_from[0]) write_deviation(json, c);
  if (c->has_tube) write_tube(json, c);
  double acf[LAGS];
  const size_t lags = c->series_count < LAGS ? c->series_count : LAGS;
  tl_overall_autocorrelation(acf, lags, c);
  tl_json_list_begin(json, "residual_autocorrelation", true);
  for (size_t i = 0; i < lags; i++) tl_json_number(json, NULL, acf[i]);
  tl_json_list_end(json);
  tl_json_object_end(json);
}

static void write_overall(tl_json *json, const tl_score *score)
{
  const tl_overall *o = score->overall;
  tl_json_object_begin(json, "fidelity", false);
  tl_json_number(json, "score", o->score);
  tl_json_number(json, "low", o->low);
  tl_json_number(json, "high", o->high);
  tl_json_text(json, "status", tl_metric_status_name(o->status));
  tl_json_number(json, "block_s", o->block_s);
  tl_json_unsigned(json, "repetitions", o->repetition_count);
  tl_json_list_begin(json, "parts", false);
  for (uint32_t i = 0; i < o->part_count; i++) {
    const tl_overall_part *p = &o->parts[i];
    tl_json_object_begin(json, NULL, true);
    tl_json_text(json, "channel", score->channels[p->channel].name);
    tl_json_text(json, "regime", score->regime_names[p->regime]);
    tl_json_number(json, "score", p->score);
    tl_json_number(json, "low", p->low);
    tl_json_number(json, "high", p->high);
    tl_json_number(json, "rmse", p->rmse);
    tl_json_number(json, "bias", p->bias);
    tl_json_number(json, "scale", p->scale);
    tl_json_text(json, "unit", score->channels[p->channel].unit);
    tl_json_number(json, "weight", p->weight);
    tl_json_unsigned(json, "samples", p->used_count);
    tl_json_text(json, "status", tl_metric_status_name(p->status));
    tl_json_text(json, "reason", p->reason);
    tl_json_object_end(json);
  }
  tl_json_list_end(json);
  tl_json_object_end(json);
}

static void write_first(tl_json *json, const tl_report_border *b)
{
  const tl_border_result *r = b->result;
  if (r->first_ns < 0) {
    tl_json_null(json, "first");
    return;
  }
  tl_text words = {0};
  tl_border_explain(b->border, r->first_value, r->first, &words);
  tl_json_object_begin(json, "first", true);
  tl_json_number(json, "at_s", seconds(r->first_ns));
  tl_json_unsigned(json, "device", r->first_device);
  tl_json_text(json, "text", tl_text_string(&words));
  tl_json_object_end(json);
  tl_text_free(&words);
}

static void write_border(tl_json *json, const tl_report_border *b)
{
  const tl_border_result *r = b->result;
  tl_json_object_begin(json, NULL, false);
  tl_json_text(json, "fleet", b->fleet);
  tl_json_text(json, "source", b->source);
  tl_json_unsigned(json, "device_ticks", r->device_ticks);
  tl_json_unsigned(json, "outside_ticks", r->outside_ticks);
  tl_json_unsigned(json, "devices", r->device_count);
  tl_json_unsigned(json, "outside_devices", r->outside_devices);
  tl_json_unsigned(json, "never_together_ticks", r->pair_ticks);
  write_first(json, b);
  tl_json_list_begin(json, "columns", false);
  for (uint32_t c = 0; c < b->border->channel_count; c++) {
    tl_json_object_begin(json, NULL, true);
    tl_json_text(json, "column", b->border->channels[c].name);
    tl_json_text(json, "unit", b->border->channels[c].unit);
    tl_json_number(json, "low", b->border->channels[c].low);
    tl_json_number(json, "high", b->border->channels[c].high);
    tl_json_unsigned(json, "outside_ticks", r->range_ticks[c]);
    tl_json_object_end(json);
  }
  tl_json_list_end(json);
  tl_json_object_end(json);
}

static void write_parameters(tl_json *json, const tl_report *report)
{
  tl_json_list_begin(json, "parameters", false);
  for (uint32_t i = 0; i < report->parameter_count; i++) {
    const tl_report_parameter *p = &report->parameters[i];
    tl_json_object_begin(json, NULL, true);
    tl_json_text(json, "set", p->set);
    tl_json_text(json, "name", p->name);
    tl_json_number(json, "value", p->value);
    tl_json_text(json, "unit", p->unit);
    tl_json_number(json, "low", p->low);
    tl_json_number(json, "high", p->high);
    tl_json_bool(json, "at_bound", p->at_bound);
    tl_json_object_end(json);
  }
  tl_json_list_end(json);
}

void tl_report_json_fidelity(tl_json *json, const tl_report *report)
{
  if (report->score != NULL) {
    tl_json_object_begin(json, "score", false);
    for (uint32_t i = 0; i < report->score->channel_count; i++)
      write_channel(json, &report->score->channels[i]);
    tl_json_object_end(json);
    if (report->score->overall != NULL) write_overall(json, report->score);
  }
  if (report->parameter_count > 0) write_parameters(json, report);
  if (report->border_count == 0) return;
  tl_json_list_begin(json, "borders", false);
  for (uint32_t i = 0; i < report->border_count; i++) write_border(json, &report->borders[i]);
  tl_json_list_end(json);
}
