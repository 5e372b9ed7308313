/* fidelity.c: the page's section on how true the twin is: one score and its parts, worst first; each channel
 * with tube, residuals and what they remember; fitted parameters; where the recording ends. */
#include "fidelity/overall/overall.h"
#include "report/internal.h"

#include <math.h>
#include <string.h>

enum { CHANNEL_PLOTS_SHOWN = 12, PARTS_SHOWN = 24, PARAMETERS_SHOWN = 80 };

/* Ends the cell before, if any, and begins one; on narrow screens its label stands beside the value. */
static void cell(tl_text *out, const char *label)
{
  tl_text_addf(out, "</span></td><td class=\"n\" data-label=\"%s\"><span>", label);
}

static void lead_cell(tl_text *out, const char *text)
{
  tl_text_add(out, "<tr><td class=\"lead-cell\"><span><strong>");
  tl_text_add_html(out, text);
  tl_text_add(out, "</strong>");
}

static void add_range(tl_text *out, double low, double high, const char *unit)
{
  if (isnan(low) || isnan(high)) {
    tl_text_add(out, "\xe2\x80\x93");
    return;
  }
  tl_html_data(out, low);
  tl_text_add(out, " to ");
  tl_html_value(out, high, unit);
}

static void add_part(tl_text *out, const tl_score *score, const tl_overall_part *part)
{
  const tl_score_channel *channel = &score->channels[part->channel];
  lead_cell(out, channel->name);
  cell(out, "regime");
  tl_text_add_html(out, score->regime_names[part->regime]);
  cell(out, "score");
  if (part->status == TL_METRIC_OK)
    tl_html_data(out, part->score);
  else
    tl_text_addf(out, "<small>%s: %s</small>", tl_metric_status_name(part->status), part->reason);
  cell(out, "95 % interval");
  add_range(out, part->low, part->high, "1");
  cell(out, "rmse");
  if (part->used_count > 0) tl_html_value(out, part->rmse, channel->unit);
  cell(out, "bias");
  if (part->used_count > 0) tl_html_value(out, part->bias, channel->unit);
  cell(out, "samples");
  tl_html_count(out, part->used_count);
  tl_text_add(out, "</span></td></tr>\n");
}

static void add_overall(tl_text *out, const tl_score *score)
{
  const tl_overall *o = score->overall;
  if (o == NULL) return;
  tl_text_add(out, "<p>Score ");
  if (o->status == TL_METRIC_OK) {
    tl_text_add(out, "<strong>");
    tl_html_data(out, o->score);
    tl_text_add(out, "</strong>, 95\xc2\xa0% interval ");
    add_range(out, o->low, o->high, "1");
    tl_text_add(out, " (block bootstrap, blocks of ");
    tl_html_value(out, o->block_s, "s");
    tl_text_add(out, ")");
  } else {
    tl_text_addf(out, "<strong>%s</strong>", tl_metric_status_name(o->status));
  }
  tl_text_add(
      out,
      ". 1 is perfect; 0 is an error as large as the recording's own spread, or as the "
      "declared scale. Worst first:</p>\n<div class=\"card\"><table class=\"fold\">\n<thead><tr>"
      "<th>channel</th><th>regime</th><th class=\"n\">score</th>"
      "<th class=\"n\">95\xc2\xa0% interval</th><th class=\"n\">rmse</th>"
      "<th class=\"n\">bias</th><th class=\"n\">samples</th></tr></thead>"
      "<tbody>\n");
  const uint32_t shown = o->part_count < PARTS_SHOWN ? o->part_count : PARTS_SHOWN;
  for (uint32_t i = 0; i < shown; i++) add_part(out, score, &o->parts[i]);
  tl_text_add(out, "</tbody></table></div>\n");
  if (shown < o->part_count)
    tl_text_addf(out, "<p class=\"soft small\">%u more parts are in run.json.</p>\n",
                 o->part_count - shown);
}

static void add_metrics(tl_text *out, const tl_score_channel *channel)
{
  tl_text_add(out, "<dl class=\"tiles four\">\n");
  for (uint32_t m = 0; m < TL_METRIC_COUNT; m++) {
    const tl_metric_value *v = &channel->metric[m];
    tl_html_tile(out, tl_metric_describe((tl_metric)m)->name);
    if (v->status == TL_METRIC_OK)
      tl_html_value(out, v->value, v->unit);
    else
      tl_text_addf(out, "<small>%s</small>", tl_metric_status_name(v->status));
    tl_text_add(out, "</dd></div>\n");
  }
  tl_text_add(out, "</dl>\n");
}

/* The same after what makes any offset scale look good is taken away. */
static void add_deviation(tl_text *out, const tl_score_channel *channel)
{
  if (!channel->deviation_from[0]) return;
  tl_text_add(out, "<p class=\"soft small pad\">Deviations from <strong>");
  tl_text_add_html(out, channel->deviation_from);
  tl_text_add(out, "</strong>:</p><dl class=\"tiles four\">\n");
  for (uint32_t i = 0; i < TL_DEVIATION_COUNT; i++) {
    const tl_metric_value *v = &channel->deviation[i];
    tl_html_tile(out, tl_metric_describe(tl_deviation_metric(i))->name);
    if (v->status == TL_METRIC_OK)
      tl_html_value(out, v->value, v->unit);
    else
      tl_text_addf(out, "<small title=\"%s\">%s</small>", v->reason ? v->reason : "",
                   tl_metric_status_name(v->status));
    tl_text_add(out, "</dd></div>\n");
  }
  tl_text_add(out, "</dl>\n");
}

static void add_plot(tl_text *out, const tl_report *report, const char *kind, const char *title)
{
  for (uint32_t i = 0; i < report->plot_count; i++)
    if (strcmp(report->plots[i].kind, kind) == 0 && strcmp(report->plots[i].title, title) == 0)
      tl_draw_plot(out, &report->plots[i]);
}

static void add_tube(tl_text *out, const tl_score_channel *channel)
{
  const tl_tube_result *r = &channel->in_tube;
  if (!channel->has_tube) return;
  tl_text_add(out, " In the tube of ");
  tl_html_value(out, channel->tube.value, channel->unit);
  tl_text_add(out, " and ");
  tl_html_time(out, channel->tube.time_ns);
  tl_text_add(out, ": ");
  if (isnan(r->inside_ratio)) {
    tl_text_add(out, "undefined.");
    return;
  }
  tl_html_value(out, 100.0 * r->inside_ratio, "%");
  tl_text_add(out, " of the stamps");
  if (r->outside_count > 0) {
    tl_text_add(out, "; first outside at ");
    tl_html_time(out, r->first_outside_ns);
    tl_text_add(out, ", at worst ");
    tl_html_value(out, r->worst, channel->unit);
    tl_text_add(out, " away at ");
    tl_html_time(out, r->worst_ns);
  }
  tl_text_add_char(out, '.');
}

static void add_channel(tl_text *out, const tl_report *report, const tl_score_channel *channel,
                        bool with_plot)
{
  tl_text_add(out, "<div class=\"card\">\n");
  if (with_plot) {
    add_plot(out, report, "fidelity", channel->name);
    add_plot(out, report, "autocorrelation", channel->name);
  }
  add_metrics(out, channel);
  add_deviation(out, channel);
  tl_text_add(out, "</div>\n<p class=\"soft small\"><strong>");
  tl_text_add_html(out, channel->name);
  tl_text_add(out, "</strong> against recorded <strong>");
  tl_text_add_html(out, channel->rec_name);
  tl_text_add(out, "</strong>: ");
  tl_html_count(out, channel->used_count);
  tl_text_add(out, " of ");
  tl_html_count(out, channel->rec_count);
  tl_text_add(out, " samples compared, ");
  tl_html_time(out, channel->begin_ns);
  tl_text_add(out, " to ");
  tl_html_time(out, channel->end_ns);
  if (channel->rec_gap_count + channel->sim_gap_count > 0)
    tl_text_addf(out, ", %zu in gaps of the recording, %zu of the simulation",
                 channel->rec_gap_count, channel->sim_gap_count);
  if (channel->interpolated_count > 0)
    tl_text_addf(out, ", %zu between two samples of the simulation", channel->interpolated_count);
  tl_text_add_char(out, '.');
  add_tube(out, channel);
  tl_text_add(out, "</p>\n");
}

static void add_parameters(tl_text *out, const tl_report *report)
{
  if (report->parameter_count == 0) return;
  tl_text_add(out,
              "<h3>Fitted parameters</h3>\n<div class=\"card\"><table class=\"fold\">\n<thead><tr>"
              "<th>parameter</th><th class=\"n\">value</th>"
              "<th class=\"n\">95\xc2\xa0% interval</th><th>from</th></tr></thead><tbody>\n");
  const uint32_t shown =
      report->parameter_count < PARAMETERS_SHOWN ? report->parameter_count : PARAMETERS_SHOWN;
  for (uint32_t i = 0; i < shown; i++) {
    const tl_report_parameter *p = &report->parameters[i];
    lead_cell(out, p->name);
    cell(out, "value");
    tl_html_value(out, p->value, p->unit);
    if (p->at_bound) tl_text_add(out, " <small>at its bound</small>");
    cell(out, "95 % interval");
    add_range(out, p->low, p->high, p->unit);
    cell(out, "from");
    tl_text_add_html(out, p->set);
    tl_text_add(out, "</span></td></tr>\n");
  }
  tl_text_add(out, "</tbody></table></div>\n");
  if (shown < report->parameter_count)
    tl_text_addf(out, "<p class=\"soft small\">%u more are in run.json.</p>\n",
                 report->parameter_count - shown);
}

static void add_border_row(tl_text *out, const tl_border_channel *channel, uint64_t outside)
{
  lead_cell(out, channel->name);
  cell(out, "recorded range");
  add_range(out, channel->low, channel->high, channel->unit);
  cell(out, "ticks outside");
  tl_html_count(out, outside);
  tl_text_add(out, "</span></td></tr>\n");
}

static void add_border(tl_text *out, const tl_report_border *b)
{
  const tl_border_result *r = b->result;
  tl_text_add(out, "<p><strong>");
  tl_text_add_html(out, b->fleet);
  tl_text_add(out, "</strong> against what <span class=\"mono\">");
  tl_text_add_html(out, b->source);
  tl_text_add(out, "</span> covers: ");
  if (r->outside_devices == 0) {
    tl_text_add(out, "never left it.</p>\n");
  } else {
    tl_html_count(out, r->outside_devices);
    tl_text_add(out, " of ");
    tl_html_count(out, r->device_count);
    tl_text_add(out, " devices left it, in ");
    tl_html_value(out, 100.0 * (double)r->outside_ticks / (double)r->device_ticks, "%");
    tl_text_addf(out, " of all ticks. The first, device %u at ", r->first_device);
    tl_html_time(out, r->first_ns);
    tl_text words = {0};
    tl_border_explain(b->border, r->first_value, r->first, &words);
    tl_text_add(out, ": ");
    tl_text_add_html(out, tl_text_string(&words));
    tl_text_add(out, ". What the twin says there was never checked.</p>\n");
    tl_text_free(&words);
  }
  tl_text_add(
      out, "<div class=\"card\"><table class=\"fold\">\n<thead><tr><th>column</th><th class=\"n\">"
           "recorded range</th><th class=\"n\">ticks outside</th></tr></thead><tbody>\n");
  for (uint32_t c = 0; c < b->border->channel_count; c++)
    add_border_row(out, &b->border->channels[c], r->range_ticks[c]);
  lead_cell(out, "each in range, never together");
  cell(out, "recorded range");
  cell(out, "ticks outside");
  tl_html_count(out, r->pair_ticks);
  tl_text_add(out, "</span></td></tr>\n</tbody></table></div>\n");
}

void tl_html_fidelity(tl_text *out, const tl_report *report)
{
  const tl_score *score = report->score;
  const bool is_scored = score != NULL && score->channel_count > 0;
  if (!is_scored && report->border_count == 0 && report->parameter_count == 0) return;
  tl_text_add(out, "<h2>Fidelity: the twin against the recording</h2>\n");
  if (is_scored) {
    add_overall(out, score);
    for (uint32_t i = 0; i < score->channel_count; i++)
      add_channel(out, report, &score->channels[i], i < CHANNEL_PLOTS_SHOWN);
    tl_text_add(out,
                "<p class=\"soft small\">Percentages of temperatures are taken on the Celsius "
                "scale; they say little, as its zero is arbitrary. nmbe_pct is positive when the "
                "simulation is low, bias when it is high.</p>\n");
  }
  add_parameters(out, report);
  if (report->border_count == 0) return;
  tl_text_add(out, "<h3>Where the recording ends</h3>\n");
  for (uint32_t i = 0; i < report->border_count; i++) add_border(out, &report->borders[i]);
}
