/* html.c: the page people open: verdict first, then how to repeat it, then what it rests on. No
 * script, no request, no clock, no path: the same run gives the same bytes. */
#include "base/hash.h"
#include "report/internal.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { EVENTS_SHOWN = 200, DEVICE_PLOTS_SHOWN = 10, FLEET_PLOTS_SHOWN = 12 };

/* 10000 as "10 000", with spaces that do not break. */
void tl_html_count(tl_text *out, uint64_t value)
{
  char digits[32];
  const int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)value);
  for (int i = 0; i < length; i++) {
    if (i > 0 && (length - i) % 3 == 0) tl_text_add(out, "\xe2\x80\xaf");
    tl_text_add_char(out, digits[i]);
  }
}

void tl_html_value(tl_text *out, double value, const char *unit)
{
  tl_html_data(out, value);
  if (tl_unit_shown(unit)[0]) tl_text_add(out, "\xc2\xa0");
  tl_text_add_html(out, tl_unit_shown(unit));
}

/* Begins a tile: name above, figure below; the caller ends it with </dd></div>. */
void tl_html_tile(tl_text *out, const char *name)
{
  tl_text_add(out, "<div><dt>");
  tl_text_add_html(out, name);
  tl_text_add(out, "</dt><dd>");
}

static void fact(tl_text *out, const char *name, const char *value)
{
  if (value == NULL || value[0] == '\0') return;
  tl_text_addf(out, "<dt>%s</dt><dd class=\"mono\">", name);
  tl_text_add_html(out, value);
  tl_text_add(out, "</dd>\n");
}

static void badge(tl_text *out, tl_verdict verdict, bool not_judged)
{
  if (not_judged) {
    tl_text_add(out, "<span class=\"badge\">NOT JUDGED</span>");
    return;
  }
  static const char *const words[] = {"PASSED", "FAILED", "ERROR"};
  static const char *const signs[] = {"\xe2\x9c\x93", "\xe2\x9c\x97", "!"};
  tl_text_addf(out, "<span class=\"badge %s\">%s %s</span>", tl_verdict_name(verdict),
               signs[verdict], words[verdict]);
}

/* --- head --- */

static void add_base64(tl_text *out, const unsigned char *bytes, size_t count)
{
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t i = 0; i < count; i += 3) {
    uint32_t word = (uint32_t)bytes[i] << 16;
    if (i + 1 < count) word |= (uint32_t)bytes[i + 1] << 8;
    if (i + 2 < count) word |= bytes[i + 2];
    tl_text_add_char(out, digits[word >> 18 & 63]);
    tl_text_add_char(out, digits[word >> 12 & 63]);
    tl_text_add_char(out, i + 1 < count ? digits[word >> 6 & 63] : '=');
    tl_text_add_char(out, i + 2 < count ? digits[word & 63] : '=');
  }
}

/* The policy names the one style sheet by its hash: nothing else may style, load or run. */
static void add_head(tl_text *out, const tl_report *report)
{
  unsigned char digest[TL_SHA256_BYTES] = {0};
  tl_text style = {0};
  tl_style_add(&style);
  tl_sha256 *stream = NULL;
  if (tl_sha256_create(&stream, NULL) == TL_OK) {
    tl_sha256_add(stream, tl_text_string(&style), style.length);
    tl_sha256_finish(stream, digest);
  }
  tl_sha256_free(stream);
  tl_text_add(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                   "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                   "style-src 'sha256-");
  add_base64(out, digest, sizeof digest);
  tl_text_add(out, "'; base-uri 'none'; form-action 'none'\">\n<meta name=\"viewport\" "
                   "content=\"width=device-width, "
                   "initial-scale=1\">\n<title>");
  tl_text_add(out, tl_verdict_name(report->verdict));
  tl_text_add(out, ": ");
  tl_text_add_html(out, report->title[0] ? report->title : report->scenario);
  tl_text_add(out, "</title>\n<style>");
  tl_text_add_bytes(out, tl_text_string(&style), style.length);
  tl_text_free(&style);
  tl_text_add(out, "</style>\n</head>\n<body>\n");
}

static void add_verdict(tl_text *out, const tl_report *report)
{
  uint32_t held = 0;
  uint64_t devices = 0;
  for (uint32_t i = 0; i < report->judgement_count; i++)
    held += report->judgements[i].verdict == TL_PASSED;
  for (uint32_t i = 0; i < report->fleet_count; i++) devices += report->fleets[i].device_count;
  tl_text_addf(out, "<header class=\"%s\">\n", tl_verdict_name(report->verdict));
  badge(out, report->verdict, false);
  tl_text_add(out, "\n<h1>");
  tl_text_add_html(out, report->title[0] ? report->title : report->scenario);
  tl_text_add(out, "</h1>\n<p class=\"lead\">");
  if (report->judgement_count > 0)
    tl_text_addf(out, "<strong>%u of %u thresholds held</strong>", held, report->judgement_count);
  else
    tl_text_add(out, "<strong>No thresholds</strong>");
  if (devices > 0) {
    tl_text_add(out, " \xc2\xb7 ");
    tl_html_count(out, devices);
    tl_text_add(out, devices == 1 ? " device" : " devices");
  }
  tl_text_add(out, " \xc2\xb7 ");
  tl_html_time(out, report->simulated_ns);
  tl_text_addf(out, " simulated \xc2\xb7 seed %llu</p>\n", (unsigned long long)report->seed);
  if (report->code != TL_OK || (report->message && report->message[0])) {
    char code[TL_CODE_NAME_BYTES];
    tl_text_addf(out, "<p class=\"message %s\"><strong>", tl_verdict_name(report->verdict));
    tl_text_add(out, tl_report_code_name(code, report->code));
    tl_text_add(out, "</strong> ");
    tl_text_add_html(out, report->message);
    if (report->where && report->where[0]) {
      tl_text_add(out, " <small class=\"soft\">");
      tl_text_add_html(out, tl_where_shown(report->where));
      tl_text_add(out, "</small>");
    }
    tl_text_add(out, "</p>\n");
  }
  if (report->aborted || report->simulated_ns < report->duration_ns) {
    tl_text_add(out, "<p class=\"message failed\">Stopped at ");
    tl_html_time(out, report->simulated_ns);
    tl_text_add(out, " of ");
    tl_html_time(out, report->duration_ns);
    tl_text_add(out, report->aborted ? ": a threshold with <code>abort</code> no longer held.</p>\n"
                                     : ".</p>\n");
  }
  tl_text_add(out, "</header>\n");
  if (report->command[0]) {
    tl_text_add(out, "<h2>Repeat this run</h2>\n<pre><code>");
    tl_text_add_html(out, report->command);
    tl_text_add(out, "</code></pre>\n");
  }
}

/* --- thresholds --- */

static const tl_plot *plot_of(const tl_report *report, const tl_threshold *t)
{
  char title[2 * TL_THRESHOLD_NAME_BYTES];
  const bool fidelity = t->channel[0] != '\0';
  snprintf(title, sizeof title, "%s%s%s", t->fleet, t->fleet[0] ? "." : "", t->metric);
  for (uint32_t i = 0; i < report->plot_count; i++) {
    const tl_plot *p = &report->plots[i];
    if (t->quantity == TL_QUANTITY_DELAY && strcmp(p->kind, "delay") == 0) return p;
    if (!fidelity && strcmp(p->kind, "fleet") == 0 && strcmp(p->title, title) == 0) return p;
    if (fidelity && strcmp(p->kind, "fidelity") == 0 && strcmp(p->title, t->channel) == 0) return p;
  }
  return NULL;
}

static void add_samples(tl_text *out, const tl_judgement *j)
{
  const tl_quantity_id q = j->threshold.quantity;
  const bool faults = q == TL_QUANTITY_DELAY || q == TL_QUANTITY_MISSED || q == TL_QUANTITY_FOUND;
  if (q == TL_QUANTITY_FALSE_ALARMS || (q >= TL_QUANTITY_FIDELITY_RMSE && q < TL_QUANTITY_COUNT))
    return;
  tl_text_add(out, " \xc2\xb7 ");
  tl_html_count(out, j->sample_count);
  tl_text_add(out, faults ? " fault" : " sample");
  tl_text_add(out, j->sample_count == 1 ? "" : "s");
}

static void add_name(tl_text *out, const tl_report *report, const tl_judgement *j)
{
  const tl_threshold *t = &j->threshold;
  const tl_plot *plot = plot_of(report, t);
  tl_text_add(out, "<strong>");
  if (plot) tl_text_addf(out, "<a href=\"#%s\">", plot->id);
  tl_text_add_html(out, t->name);
  tl_text_add(out, plot ? "</a></strong>" : "</strong>");
  tl_text_add(out, "<br><small class=\"soft\">");
  tl_text_add_html(out, tl_where_shown(t->where));
  if (t->of_fleet.index1)
    tl_text_addf(out, "%s%u devices", t->where[0] ? " \xc2\xb7 " : "", t->of_count);
  if (t->after_ns > 0) {
    tl_text_add(out, " \xc2\xb7 after ");
    tl_text_add_duration(out, t->after_ns);
  }
  add_samples(out, j);
  tl_text_add(out, "</small>");
  char modelled[TL_MODELLED_TEXT_BYTES];
  if (tl_modelled_text(modelled, &j->modelled)[0]) {
    tl_text_add(out, "<br><small>");
    tl_text_add_html(out, modelled);
    tl_text_add(out, "</small>");
  }
  if (j->breach_ns >= 0) {
    tl_text_add(out, "<br><small class=\"since\">not held since ");
    tl_html_time(out, j->breach_ns);
    tl_text_add(out, "</small>");
  }
}

/* A fault that nothing found has no delay in minutes. */
static void add_figure(tl_text *out, const tl_judgement *j, double value, const char *otherwise)
{
  if (isfinite(value))
    tl_html_value(out, value, j->threshold.unit.name);
  else
    tl_text_addf(out, "<data value=\"%s\">%s</data>", value > 0.0 ? "inf" : "-inf", otherwise);
}

static void add_judgement(tl_text *out, const tl_report *report, const tl_judgement *j)
{
  tl_text_addf(out, "<tr class=\"%s\"><td class=\"lead-cell\">", tl_verdict_name(j->verdict));
  badge(out, j->verdict, j->not_judged);
  tl_text_add(out, "</td><td class=\"lead-cell name\">");
  add_name(out, report, j);
  if (j->verdict == TL_ERRORED) {
    char code[TL_CODE_NAME_BYTES];
    tl_text_add(out, "</td><td colspan=\"3\" class=\"lead-cell\">");
    if (!j->not_judged)
      tl_text_addf(out, "<strong>%s</strong> ", tl_report_code_name(code, j->code));
    tl_text_add_html(out, j->message);
    tl_text_add(out, "</td></tr>\n");
    return;
  }
  tl_text_add(out, "</td><td class=\"n\" data-label=\"observed\"><span>");
  add_figure(out, j, j->observed, "not found");
  tl_text_add(out, "</span></td><td class=\"n\" data-label=\"limit\"><span>");
  tl_text_add_html(out, tl_operator_name(j->threshold.op));
  tl_text_add(out, "\xc2\xa0");
  tl_html_value(out, j->threshold.limit, j->threshold.unit.name);
  tl_text_add(out, "</span></td><td class=\"n\" data-label=\"margin\"><span>");
  add_figure(out, j, j->margin, "none");
  tl_draw_margin(out, j);
  tl_text_add(out, "</span></td></tr>\n");
}

static void add_thresholds(tl_text *out, const tl_report *report)
{
  if (report->judgement_count == 0) return;
  tl_text_add(out,
              "<h2>Thresholds</h2>\n<div class=\"card\"><table "
              "class=\"fold\"><thead><tr><th>Verdict</th><th>Threshold</th>"
              "<th class=\"n\">Observed</th><th class=\"n\">Limit</th><th class=\"n\">Margin</th>"
              "</tr></thead><tbody>\n");
  for (uint32_t i = 0; i < report->judgement_count; i++)
    add_judgement(out, report, &report->judgements[i]);
  tl_text_add(out, "</tbody></table></div>\n");
}

/* --- the fleet --- */

static uint32_t add_plots(tl_text *out, const tl_report *report, const char *kind, uint32_t most,
                          bool in_cards)
{
  uint32_t shown = 0;
  for (uint32_t i = 0; i < report->plot_count && shown < most; i++) {
    if (strcmp(report->plots[i].kind, kind) != 0) continue;
    shown++;
    if (in_cards) tl_text_add(out, "<div class=\"card\">\n");
    tl_draw_plot(out, &report->plots[i]);
    if (in_cards) tl_text_add(out, "</div><br>\n");
  }
  return shown;
}

static bool has_kind(const tl_report *report, const char *kind)
{
  for (uint32_t i = 0; i < report->plot_count; i++)
    if (strcmp(report->plots[i].kind, kind) == 0) return true;
  return false;
}

static void add_detection(tl_text *out, const tl_report *report)
{
  const tl_judge_totals *t = &report->totals;
  if (!report->has_totals || (t->faults == 0 && t->false_alarms == 0)) return;
  tl_text_add(out, "<h2>Detection</h2>\n<div class=\"card\"><dl class=\"tiles\">\n");
  const struct {
    const char *name;
    uint64_t count;
  } tiles[] = {{"faults injected", t->faults},
               {"found", t->found},
               {"not found", t->missed},
               {"false alarms", t->false_alarms}};
  for (size_t i = 0; i < sizeof tiles / sizeof tiles[0]; i++) {
    tl_html_tile(out, tiles[i].name);
    tl_html_count(out, tiles[i].count);
    tl_text_add(out, "</dd></div>\n");
  }
  if (t->device_days > 0.0) {
    tl_html_tile(out, "false alarms a device and day");
    tl_html_data(out, (double)t->false_alarms / t->device_days);
    tl_text_add(out, "</dd></div>\n");
  }
  tl_text_add(out, "</dl>\n");
  add_plots(out, report, "delay", 1, false);
  tl_text_add(out, "</div>\n");
  if (t->alarms_from_ns > 0) {
    tl_text_add(out, "<p class=\"soft small\">False alarms count from ");
    tl_html_time(out, t->alarms_from_ns);
    tl_text_add(out, " on, as in the thresholds.</p>\n");
  }
}

static void add_fleet(tl_text *out, const tl_report *report)
{
  if (has_kind(report, "fleet") || has_kind(report, "heat")) {
    tl_text_add(out, "<h2>The fleet over time</h2>\n");
    add_plots(out, report, "fleet", FLEET_PLOTS_SHOWN, true);
    add_plots(out, report, "heat", 4, true);
  }
  add_detection(out, report);
}

static void add_worst(tl_text *out, const tl_report *report)
{
  if (report->worst_count == 0) return;
  tl_text_add(out, "<h2>Devices to look at first</h2>\n<div class=\"card\"><table "
                   "class=\"fold\"><thead><tr><th>Device</th>"
                   "<th class=\"n\">Faults not found</th><th class=\"n\">False alarms</th><th "
                   "class=\"n\">Greatest comfort error</th>"
                   "</tr></thead><tbody>\n");
  for (uint32_t i = 0; i < report->worst_count; i++) {
    const tl_report_device *d = &report->worst[i];
    tl_text_add(out, "<tr><td class=\"lead-cell\"><strong>");
    tl_text_add_html(out, d->fleet);
    tl_text_addf(out,
                 " %u</strong></td><td class=\"n\" data-label=\"faults not found\">%u</td>"
                 "<td class=\"n\" data-label=\"false alarms\">%u</td><td class=\"n\" "
                 "data-label=\"greatest comfort error\">",
                 d->device, d->missed, d->false_alarms);
    if (!isnan(d->error_max)) tl_html_value(out, d->error_max, d->unit ? d->unit : "1");
    tl_text_add(out, "</td></tr>\n");
  }
  tl_text_add(out, "</tbody></table></div>\n");
  if (has_kind(report, "device")) {
    tl_text_add(out, "<p class=\"soft small\">Those of them that were recorded:</p>\n<div "
                     "class=\"card two\">\n");
    add_plots(out, report, "device", DEVICE_PLOTS_SHOWN, false);
    tl_text_add(out, "</div>\n");
  } else {
    tl_text_addf(out,
                 "<p class=\"soft small\">None of them was recorded; <code>twinloop inspect RUN "
                 "--fleet %s --device %u --at TIME</code> shows any of them.</p>\n",
                 report->worst[0].fleet, report->worst[0].device);
  }
  if (!has_kind(report, "sample")) return;
  tl_text_add(out, "<h2>Some recorded devices</h2>\n<div class=\"card two\">\n");
  add_plots(out, report, "sample", DEVICE_PLOTS_SHOWN, false);
  tl_text_add(out, "</div>\n");
}

/* --- what happened, and what it rests on --- */

/* Alarms come by the thousand: neighbours of one kind, fleet and text make one row. */
static uint32_t same_events(const tl_report *report, uint32_t begin)
{
  const tl_report_event *first = &report->events[begin];
  uint32_t end = begin + 1;
  while (end < report->event_count && first->device >= 0) {
    const tl_report_event *e = &report->events[end];
    if (e->device < 0 || strcmp(e->kind, first->kind) != 0 || strcmp(e->text, first->text) != 0)
      break;
    if (strcmp(e->fleet ? e->fleet : "", first->fleet ? first->fleet : "") != 0) break;
    end++;
  }
  return end;
}

static void add_event_devices(tl_text *out, const tl_report_event *events, uint32_t count)
{
  enum { NAMED = 5 };
  tl_text_add_html(out, events->fleet ? events->fleet : "");
  if (events->device < 0 && events->count > 0) tl_text_addf(out, " (%u devices)", events->count);
  for (uint32_t i = 0; i < count && i < NAMED && events->device >= 0; i++)
    tl_text_addf(out, "%s%lld", i ? ", " : " ", (long long)events[i].device);
  if (count > NAMED) tl_text_addf(out, " and %u more", count - NAMED);
}

static void add_event(tl_text *out, const tl_report_event *events, uint32_t count)
{
  tl_text_add(out, "<tr><td data-label=\"time\"><span>");
  tl_html_time(out, events[0].at_ns);
  if (events[count - 1].at_ns != events[0].at_ns) {
    tl_text_add(out, " to ");
    tl_html_time(out, events[count - 1].at_ns);
  }
  tl_text_add(out, "</span></td><td class=\"kind\" data-label=\"event\">");
  tl_text_add_html(out, events->kind);
  tl_text_add(out, "</td><td data-label=\"devices\">");
  add_event_devices(out, events, count);
  tl_text_add(out, "</td><td class=\"lead-cell\">");
  tl_text_add_html(out, events->text);
  tl_text_add(out, "</td></tr>\n");
}

static void add_events(tl_text *out, const tl_report *report)
{
  if (report->event_count == 0) return;
  tl_text_add(out, "<h2>Events and injected faults</h2>\n<div class=\"card\"><table "
                   "class=\"fold\"><thead><tr><th>Time</th>"
                   "<th>Event</th><th>Devices</th><th>What</th></tr></thead><tbody>\n");
  uint32_t at = 0;
  for (uint32_t rows = 0; at < report->event_count && rows < EVENTS_SHOWN; rows++) {
    const uint32_t end = same_events(report, at);
    add_event(out, &report->events[at], end - at);
    at = end;
  }
  tl_text_add(out, "</tbody></table></div>\n");
  if (at < report->event_count)
    tl_text_addf(out,
                 "<p class=\"soft small\">The first %u of %u events; run.json has them all.</p>\n",
                 at, report->event_count);
}

static void add_files(tl_text *out, const char *title, const tl_report_file *files, uint32_t count)
{
  if (count == 0) return;
  tl_text_addf(out,
               "<h2>%s</h2>\n<div class=\"card\"><table "
               "class=\"fold\"><thead><tr><th>Kind</th><th>Name</th><th>SHA-256</th>"
               "</tr></thead><tbody>\n",
               title);
  for (uint32_t i = 0; i < count; i++) {
    tl_text_add(out, "<tr><td class=\"kind\" data-label=\"kind\">");
    tl_text_add_html(out, files[i].kind);
    tl_text_add(out, "</td><td data-label=\"name\">");
    tl_text_add_html(out, files[i].name);
    tl_text_add(out, "</td><td class=\"mono\" data-label=\"sha-256\">");
    tl_text_add_html(out, files[i].sha256);
    tl_text_add(out, "</td></tr>\n");
  }
  tl_text_add(out, "</tbody></table></div>\n");
}

static void add_modelled(tl_text *out, const tl_report_fleet *fleet)
{
  tl_text value = {0};
  for (uint32_t i = 0; i < fleet->modelled_count; i++) {
    char modelled[TL_MODELLED_TEXT_BYTES];
    tl_text_clear(&value);
    tl_text_addf(&value, "%s.%s: %s", fleet->name, fleet->modelled[i].column,
                 tl_modelled_text(modelled, &fleet->modelled[i].from));
    fact(out, "modelled", tl_text_string(&value));
  }
  tl_text_free(&value);
}

static void add_facts(tl_text *out, const tl_report *report)
{
  tl_text value = {0};
  tl_text_add(out, "<h2>What this rests on</h2>\n<div class=\"card\"><dl class=\"facts\">\n");
  fact(out, "scenario", report->scenario);
  tl_text_addf(&value, "%llu", (unsigned long long)report->seed);
  fact(out, "seed", tl_text_string(&value));
  fact(out, "run hash", report->run_hash);
  fact(out, "program", report->version);
  for (uint32_t i = 0; i < report->fleet_count; i++) {
    tl_text_clear(&value);
    tl_text_addf(&value, "%s: %u", report->fleets[i].name, report->fleets[i].device_count);
    if (report->fleets[i].twin) tl_text_addf(&value, " of twin %s", report->fleets[i].twin);
    fact(out, "fleet", tl_text_string(&value));
    add_modelled(out, &report->fleets[i]);
  }
  for (uint32_t i = 0; i < report->setting_count; i++) {
    tl_text_clear(&value);
    tl_text_addf(&value, "%s = %s", report->settings[i].name, report->settings[i].value);
    fact(out, "setting", tl_text_string(&value));
  }
  tl_text_clear(&value);
  tl_text_addf(&value, "%llu", (unsigned long long)report->device_steps);
  fact(out, "device-steps", tl_text_string(&value));
  tl_text_add(out, "</dl></div>\n");
  tl_text_free(&value);
  add_files(out, "Inputs", report->inputs, report->input_count);
}

void tl_report_write_html(const tl_report *report, tl_text *out)
{
  add_head(out, report);
  add_verdict(out, report);
  tl_text_add(out, "<main>\n");
  add_thresholds(out, report);
  tl_html_fidelity(out, report);
  add_fleet(out, report);
  add_worst(out, report);
  add_events(out, report);
  add_facts(out, report);
  tl_text_add(out, "</main>\n<footer><p>The same scenario, inputs and seed give the same run hash "
                   "on every machine, and this page "
                   "byte for byte. Times are simulated; wall-clock figures are in "
                   "run.json.</p></footer>\n</body>\n</html>\n");
}
