/* plot.c: from long series to few points: the lowest and highest value of equal parts of time, so
 * that no spike is lost and a page stays small whatever the run's length. */
#include "fidelity/overall/overall.h"
#include "report/internal.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static tl_code no_memory(tl_error *err)
{
  return tl_fail(err, TL_E_LIMIT, NULL, "no memory for the report's plots");
}

/* Series with room for `count` buckets, all empty. */
static bool series_open(tl_report *report, tl_plot_series *out, const char *name, const char *role,
                        uint32_t count)
{
  double *low = tl_report_take(report, count, sizeof *low),
         *high = tl_report_take(report, count, sizeof *high);
  if (low == NULL || high == NULL) return false;
  for (uint32_t i = 0; i < count; i++) {
    low[i] = (double)INFINITY;
    high[i] = -(double)INFINITY;
  }
  *out = (tl_plot_series){name, role, count, low, high};
  return true;
}

/* The arrays of a series that series_open made are ours to write. */
static void put(const tl_plot_series *series, uint32_t bucket, double value)
{
  double *low = (double *)(uintptr_t)series->low, *high = (double *)(uintptr_t)series->high;
  if (!isfinite(value)) return;
  if (value < low[bucket]) low[bucket] = value;
  if (value > high[bucket]) high[bucket] = value;
}

static uint32_t bucket_of(int64_t at_ns, int64_t begin_ns, int64_t end_ns, uint32_t count)
{
  if (end_ns <= begin_ns) return 0;
  const double part = (double)(at_ns - begin_ns) / (double)(end_ns - begin_ns) * (double)count;
  return part <= 0.0 ? 0 : part >= (double)(count - 1) ? count - 1 : (uint32_t)part;
}

static const char *make_id(tl_report *report, const char *prefix, const char *name)
{
  char id[160];
  int used = snprintf(id, sizeof id, "%.40s-%.100s", prefix, name);
  for (int i = 0; i < used; i++)
    if (!((id[i] >= 'a' && id[i] <= 'z') || (id[i] >= 'A' && id[i] <= 'Z') ||
          (id[i] >= '0' && id[i] <= '9')))
      id[i] = '-';
  return tl_report_keep(report, id);
}

/* --- recorded and simulated --- */

static tl_code plot_channel(tl_report *report, const tl_score_channel *channel, tl_error *err)
{
  static const char *const names[4] = {"tube", "recorded", "simulated", "simulated - recorded"};
  static const char *const roles[4] = {"band", "recorded", "simulated", "residual"};
  const uint32_t skip = channel->has_tube ? 0 : 1;
  tl_plot *plot = tl_report_plot_add(report);
  if (plot == NULL) return no_memory(err);
  *plot = (tl_plot){.id = make_id(report, "channel", channel->name),
                    .kind = "fidelity",
                    .title = tl_report_keep(report, channel->name),
                    .unit = tl_report_keep(report, channel->unit),
                    .begin_ns = channel->begin_ns,
                    .end_ns = channel->end_ns,
                    .series_count = 4 - skip};
  const uint32_t count = channel->series_count < TL_PLOT_BUCKETS_MAX
                             ? (uint32_t)channel->series_count
                             : TL_PLOT_BUCKETS_MAX;
  for (uint32_t k = skip; k < 4; k++)
    if (!series_open(report, &plot->series[k - skip], names[k], roles[k], count))
      return no_memory(err);
  for (size_t i = 0; i < channel->series_count && count > 0; i++) {
    const uint32_t bucket =
        count == channel->series_count
            ? (uint32_t)i
            : bucket_of(channel->series_ns[i], channel->begin_ns, channel->end_ns, count);
    if (channel->has_tube) {
      put(&plot->series[0], bucket, channel->tube_low[i]);
      put(&plot->series[0], bucket, channel->tube_high[i]);
    }
    put(&plot->series[1 - skip], bucket, channel->series_rec[i]);
    put(&plot->series[2 - skip], bucket, channel->series_sim[i]);
    put(&plot->series[3 - skip], bucket, channel->series_sim[i] - channel->series_rec[i]);
  }
  return TL_OK;
}

enum { LAGS_MAX = 200 };

/* What the residual still remembers, over a tenth of the record; x is the lag. */
static tl_code plot_memory(tl_report *report, const tl_score_channel *channel, tl_error *err)
{
  double acf[LAGS_MAX];
  uint32_t lags = channel->series_count / 10 < LAGS_MAX ? (uint32_t)(channel->series_count / 10)
                                                        : (uint32_t)LAGS_MAX;
  if (lags < 3 || channel->used_count < 30) return TL_OK; /* too short to tell */
  tl_overall_autocorrelation(acf, lags, channel);
  if (isnan(acf[0])) return TL_OK;
  tl_plot *plot = tl_report_plot_add(report);
  if (plot == NULL) return no_memory(err);
  const int64_t step_ns =
      (channel->end_ns - channel->begin_ns) / (int64_t)(channel->series_count - 1);
  *plot = (tl_plot){.id = make_id(report, "autocorrelation", channel->name),
                    .kind = "autocorrelation",
                    .title = tl_report_keep(report, channel->name),
                    .unit = "1",
                    .note = "autocorrelation of the residual against the lag",
                    .end_ns = step_ns * (int64_t)(lags - 1),
                    .series_count = 1,
                    .limit_count = 2};
  plot->limit[0] = 1.96 / sqrt((double)channel->used_count);
  plot->limit[1] = -plot->limit[0];
  plot->limit_text[0] = "white noise stays within 95 %";
  plot->limit_text[1] = "";
  if (!series_open(report, &plot->series[0], "autocorrelation", "residual", lags))
    return no_memory(err);
  for (uint32_t i = 0; i < lags; i++) put(&plot->series[0], i, acf[i]);
  return TL_OK;
}

tl_code tl_report_plot_score(tl_report *report, tl_error *err)
{
  tl_code code = TL_OK;
  for (uint32_t i = 0; report->score && i < report->score->channel_count && code == TL_OK; i++)
    if ((code = plot_channel(report, &report->score->channels[i], err)) == TL_OK)
      code = plot_memory(report, &report->score->channels[i], err);
  return code;
}

/* --- the fleet over time --- */

static tl_plot *find_plot(tl_report *report, const char *title)
{
  for (uint32_t i = 0; i < report->plot_count; i++)
    if (strcmp(report->plots[i].kind, "fleet") == 0 && strcmp(report->plots[i].title, title) == 0)
      return &report->plots[i];
  return NULL;
}

/* "p95 < 1.5 K": the limit as the page writes units. */
static void add_limit(tl_report *report, tl_plot *plot, const tl_threshold *t)
{
  char number[TL_TEXT_DOUBLE_BYTES], text[TL_TEXT_DOUBLE_BYTES + 80];
  if (plot->limit_count == TL_PLOT_LIMITS_MAX || strcmp(plot->unit, t->unit.name) != 0) return;
  tl_text_format_digits(number, t->limit, 6);
  snprintf(text, sizeof text, "%s%s%s %s %s", tl_statistic_name(t->statistic),
           t->statistic == TL_STAT_NONE ? "" : " ", tl_operator_name(t->op), number,
           tl_unit_shown(t->unit.name));
  plot->limit[plot->limit_count] = t->limit;
  plot->limit_text[plot->limit_count++] = tl_report_keep(report, text);
}

/* Thresholds on p95 and on max of the same metric share their drawing. */
static tl_code plot_threshold(tl_report *report, const tl_judge *judge, uint32_t index,
                              tl_error *err)
{
  tl_judge_point points[TL_JUDGE_POINTS_MAX];
  const tl_threshold *t = &report->judgements[index].threshold;
  const uint32_t count = tl_judge_history(judge, index, points);
  char title[2 * TL_THRESHOLD_NAME_BYTES];
  snprintf(title, sizeof title, "%s%s%s", t->fleet, t->fleet[0] ? "." : "", t->metric);
  if (count < 2) return TL_OK;
  tl_plot *plot = find_plot(report, title);
  if (plot != NULL) {
    add_limit(report, plot, t);
    return TL_OK;
  }
  plot = tl_report_plot_add(report);
  if (plot == NULL) return no_memory(err);
  char modelled[TL_MODELLED_TEXT_BYTES];
  tl_modelled_text(modelled, &report->judgements[index].modelled);
  *plot = (tl_plot){.id = make_id(report, "fleet", title),
                    .kind = "fleet",
                    .title = tl_report_keep(report, title),
                    .unit = tl_report_keep(report, t->unit.name),
                    .note = modelled[0] ? tl_report_keep(report, modelled) : NULL,
                    .begin_ns = points[0].begin_ns,
                    .end_ns = points[count - 1].end_ns,
                    .series_count = 2};
  add_limit(report, plot, t);
  if (!series_open(report, &plot->series[0], "lowest to highest device", "band", count) ||
      !series_open(report, &plot->series[1], "mean", "mean", count))
    return no_memory(err);
  for (uint32_t i = 0; i < count; i++) {
    put(&plot->series[0], i, points[i].low);
    put(&plot->series[0], i, points[i].high);
    put(&plot->series[1], i, points[i].mean);
  }
  return TL_OK;
}

static tl_code plot_heat(tl_report *report, const tl_judge *judge, const tl_world *world,
                         tl_fleet_id fleet, tl_error *err)
{
  tl_judge_heat *heat = tl_report_take(report, 1, sizeof *heat);
  if (heat == NULL) return no_memory(err);
  if (!tl_judge_heat_get(judge, fleet, heat) || heat->columns < 2) return TL_OK;
  tl_plot *plot = tl_report_plot_add(report);
  if (plot == NULL) return no_memory(err);
  char note[96], title[TL_NAME_BYTES + 40];
  snprintf(title, sizeof title, "comfort.error of all %s", tl_fleet_name(world, fleet));
  const uint32_t devices = tl_fleet_device_count(world, fleet);
  snprintf(note, sizeof note, "%u devices from top to bottom, the worst of each group", devices);
  *plot = (tl_plot){.id = make_id(report, "strip", tl_fleet_name(world, fleet)),
                    .kind = "heat",
                    .title = tl_report_keep(report, title),
                    .unit = heat->unit,
                    .note = tl_report_keep(report, note),
                    .begin_ns = heat->begin_ns,
                    .end_ns = heat->end_ns,
                    .series_count = 1,
                    .rows = heat->rows};
  if (!series_open(report, &plot->series[0], "comfort.error", "heat", heat->rows * heat->columns))
    return no_memory(err);
  for (uint32_t r = 0; r < heat->rows; r++)
    for (uint32_t c = 0; c < heat->columns; c++)
      put(&plot->series[0], r * heat->columns + c, heat->value[r * TL_HEAT_COLUMNS + c]);
  return TL_OK;
}

/* Share of the faults found against the time since they began. */
static tl_code plot_delays(tl_report *report, const tl_judge *judge, uint32_t index, tl_error *err)
{
  enum { BUCKETS = 200 };
  const tl_threshold *t = &report->judgements[index].threshold;
  const uint32_t count = tl_judge_delays(judge, index, NULL, 0);
  double *delay_s = tl_report_take(report, count + (size_t)1, sizeof *delay_s);
  if (delay_s == NULL) return no_memory(err);
  tl_judge_delays(judge, index, delay_s, count);
  uint32_t found = count;
  while (found > 0 && isinf(delay_s[found - 1])) found--;
  if (found == 0) return TL_OK;
  tl_plot *plot = tl_report_plot_add(report);
  if (plot == NULL) return no_memory(err);
  char note[160];
  snprintf(note, sizeof note, "%u of %u faults found; limit: %s %s", found, count,
           tl_statistic_name(t->statistic), t->text);
  *plot = (tl_plot){.id = "delay",
                    .kind = "delay",
                    .title = "detect.delay",
                    .unit = "%",
                    .note = tl_report_keep(report, note),
                    .end_ns = (int64_t)(delay_s[found - 1] * 1.05e9) + 1000000000,
                    .series_count = 1};
  if (!series_open(report, &plot->series[0], "faults found since they began", "mean", BUCKETS))
    return no_memory(err);
  uint32_t seen = 0;
  for (uint32_t b = 0; b < BUCKETS; b++) {
    const double until_s = (double)plot->end_ns / 1e9 * (b + 0.5) / BUCKETS;
    while (seen < found && delay_s[seen] <= until_s) seen++;
    put(&plot->series[0], b, 100.0 * seen / count);
  }
  return TL_OK;
}

static tl_code take_worst(tl_report *report, const tl_judge *judge, const tl_world *world,
                          tl_error *err)
{
  enum { WORST = 10 };
  tl_judge_device worst[WORST];
  const uint32_t count = tl_judge_worst(judge, worst, WORST);
  tl_report_device *list = tl_report_take(report, count, sizeof *list);
  if (list == NULL) return no_memory(err);
  for (uint32_t i = 0; i < count; i++)
    list[i] = (tl_report_device){tl_report_keep(report, tl_fleet_name(world, worst[i].fleet)),
                                 worst[i].device,
                                 worst[i].error_max,
                                 tl_report_keep(report, worst[i].unit),
                                 worst[i].false_alarms,
                                 worst[i].missed};
  report->worst = list;
  report->worst_count = count;
  return TL_OK;
}

tl_code tl_report_plot_judge(tl_report *report, const tl_judge *judge, const tl_world *world,
                             tl_error *err)
{
  tl_code code = TL_OK;
  assert(report->judgement_count <= tl_judge_threshold_count(judge));
  for (uint32_t i = 0; i < report->judgement_count && code == TL_OK; i++)
    code = plot_threshold(report, judge, i, err);
  for (uint32_t i = 0; i < report->judgement_count && code == TL_OK; i++) {
    if (report->judgements[i].threshold.quantity != TL_QUANTITY_DELAY) continue;
    code = plot_delays(report, judge, i, err);
    break;
  }
  for (uint32_t f = 1; f <= tl_world_fleet_count(world) && code == TL_OK; f++)
    code = plot_heat(report, judge, world, (tl_fleet_id){f}, err);
  if (!report->has_totals) report->totals = tl_judge_totals_get(judge);
  report->has_totals = true;
  if (code == TL_OK && report->worst_count == 0) code = take_worst(report, judge, world, err);
  return code;
}

/* --- single devices, from what was recorded --- */

static uint32_t first_state(const tl_recording_fleet *fleet, const char *signal)
{
  uint32_t found = fleet->signal_count;
  for (uint32_t s = 0; s < fleet->signal_count; s++) {
    const bool wanted =
        signal
            ? strcmp(fleet->signals[s].name, signal) == 0
            : fleet->signals[s].role == TL_STATE && strchr(fleet->signals[s].name, '.') == NULL &&
                  strcmp(tl_quantity_of_unit(fleet->signals[s].unit), "temperature") == 0;
    if (wanted && found == fleet->signal_count) found = s;
  }
  return found;
}

static tl_code plot_device(tl_report *report, tl_recording *run, const char *kind,
                           const tl_report_device *device, const char *signal, tl_error *err)
{
  enum { CHUNK = 4096, BUCKETS = 400 };
  uint32_t fleet_index = 0, place = 0;
  if (tl_recording_fleet_find(run, device->fleet, &fleet_index, NULL) != TL_OK) return TL_OK;
  if (tl_recording_device_find(run, fleet_index, device->device, &place, NULL) != TL_OK)
    return TL_OK;
  const tl_recording_fleet *fleet = tl_recording_fleet_at(run, fleet_index);
  const uint32_t s = first_state(fleet, signal);
  if (s == fleet->signal_count || fleet->sample_count < 2) return TL_OK;

  char title[160];
  snprintf(title, sizeof title, "%.60s %u", device->fleet, device->device);
  tl_plot *plot = tl_report_plot_add(report);
  if (plot == NULL) return no_memory(err);
  *plot = (tl_plot){.id = make_id(report, "device", title),
                    .kind = kind,
                    .title = tl_report_keep(report, title),
                    .unit = tl_report_keep(report, fleet->signals[s].unit),
                    .begin_ns = fleet->times_ns[0],
                    .end_ns = fleet->times_ns[fleet->sample_count - 1],
                    .series_count = 1};
  const uint32_t buckets = fleet->sample_count < BUCKETS ? (uint32_t)fleet->sample_count : BUCKETS;
  const char *name = tl_report_keep(report, fleet->signals[s].name);
  if (!series_open(report, &plot->series[0], name, "device", buckets)) return no_memory(err);
  double value[CHUNK];
  for (uint64_t begin = 0; begin < fleet->sample_count; begin += CHUNK) {
    const uint64_t left = fleet->sample_count - begin, count = left < CHUNK ? left : CHUNK;
    const tl_code code = tl_recording_read(run, fleet_index, s, place, begin, count, value, err);
    if (code != TL_OK) return code;
    for (uint64_t i = 0; i < count; i++)
      put(&plot->series[0],
          bucket_of(fleet->times_ns[begin + i], plot->begin_ns, plot->end_ns, buckets), value[i]);
  }
  return TL_OK;
}

tl_code tl_report_plot_devices(tl_report *report, const char *run_path, const char *signal,
                               uint32_t most, tl_error *err)
{
  enum { OTHERS = 4 };
  tl_recording *run = NULL;
  tl_code code = tl_recording_open(&run, run_path, err);
  const uint32_t before = report->plot_count;
  for (uint32_t i = 0; i < report->worst_count && code == TL_OK; i++)
    if (report->plot_count - before < most)
      code = plot_device(report, run, "device", &report->worst[i], signal, err);
  /* of a sample the worst ones are seldom part: then the first that were recorded, and named as such */
  const uint32_t drawn = report->plot_count - before;
  const tl_recording_fleet *fleet =
      code == TL_OK && tl_recording_fleet_count(run) > 0 ? tl_recording_fleet_at(run, 0) : NULL;
  for (uint32_t i = 0; fleet && drawn == 0 && i < fleet->device_count && code == TL_OK; i++) {
    const tl_report_device device = {.fleet = fleet->name, .device = fleet->devices[i]};
    if (i == OTHERS || report->plot_count - before >= most) break;
    code = plot_device(report, run, "sample", &device, signal, err);
  }
  tl_recording_close(run);
  return code;
}
