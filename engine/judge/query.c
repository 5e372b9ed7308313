#include "judge/internal.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* Devices of a question: a list that ascends, or all. */
static bool asked(const uint32_t *devices, uint32_t count, uint32_t device)
{
  if (devices == NULL) return true;
  uint32_t begin = 0, end = count;
  while (begin < end) {
    const uint32_t middle = begin + (end - begin) / 2;
    if (devices[middle] < device)
      begin = middle + 1;
    else
      end = middle;
  }
  return begin < count && devices[begin] == device;
}

typedef struct question {
  const tl_judge *judge;
  uint32_t watch;
  tl_fleet_id fleet;
  const uint32_t *devices;
  uint32_t device_count;
  int64_t from_ns; /* what happened after this counts */
} question;

static tl_code false_alarm_rate(const question *q, tl_statistic statistic, double *out,
                                tl_error *err)
{
  const tl_judge *judge = q->judge;
  const tl_watch *watch = &judge->watches[q->watch];
  const uint32_t devices = q->devices ? q->device_count : watch->device_count;
  const double seconds = (double)(judge->now_ns - q->from_ns) / 1e9;
  uint64_t count = 0;
  if (devices == 0 || !(seconds > 0.0))
    return tl_fail(err, TL_E_SAMPLES, NULL,
                   "detect.false_alarms: no device was watched for any time");
  if (q->from_ns <= judge->start_ns) {
    for (uint32_t i = 0; i < watch->device_count; i++)
      if (asked(q->devices, q->device_count, i)) count += watch->false_alarms[i];
  } else {
    const uint64_t kept =
        judge->ring_count < judge->ring_room ? judge->ring_count : judge->ring_room;
    for (uint64_t k = 0; k < kept; k++) {
      const tl_false_alarm *a = &judge->ring[(judge->ring_count - 1 - k) % judge->ring_room];
      if (a->watch == q->watch && a->at_ns > q->from_ns &&
          asked(q->devices, q->device_count, a->device))
        count++;
    }
    if (kept < judge->ring_count &&
        judge->ring[judge->ring_count % judge->ring_room].at_ns > q->from_ns)
      return tl_fail(err, TL_E_LIMIT, NULL,
                     "detect.false_alarms: only the last %u alarms are kept, and the window "
                     "reaches further back",
                     judge->ring_room);
  }
  *out = statistic == TL_STAT_COUNT ? (double)count : (double)count / ((double)devices * seconds);
  return TL_OK;
}

static tl_code of_episodes(const question *q, const tl_quantity *quantity, tl_statistic statistic,
                           double *out, tl_error *err)
{
  const tl_judge *judge = q->judge;
  uint32_t found = 0, missed = 0;
  for (uint32_t i = 0; i < judge->episode_count; i++) {
    const tl_episode *e = &judge->episodes[i];
    if (e->watch != q->watch || !asked(q->devices, q->device_count, e->device)) continue;
    const bool lost = e->found_ns < 0 && e->end_ns != INT64_MAX &&
                      judge->now_ns - e->end_ns > judge->def.grace_ns;
    if (e->found_ns >= 0 && e->found_ns > q->from_ns)
      judge->scratch[found++] = (double)(e->found_ns - e->begin_ns) / 1e9;
    if (lost && e->end_ns + judge->def.grace_ns > q->from_ns) missed++;
  }
  if (strcmp(quantity->name, "detect.found") == 0) {
    *out = (double)found;
  } else if (strcmp(quantity->name, "detect.missed") == 0) {
    *out = (double)missed;
  } else {
    for (uint32_t i = 0; i < missed; i++) judge->scratch[found++] = (double)INFINITY;
    if (found == 0)
      return tl_fail(err, TL_E_SAMPLES, NULL, "detect.delay: no fault was found or missed yet");
    tl_sort_doubles(judge->scratch, found);
    *out = tl_sorted_statistic(judge->scratch, found, statistic);
  }
  return TL_OK;
}

/* Comfort has no history a device: the error as it is now. */
static tl_code comfort_now(const question *q, tl_statistic statistic, double *out, tl_error *err)
{
  const tl_judge *judge = q->judge;
  const tl_source *source = NULL;
  for (uint32_t m = 0; m < judge->meter_count && source == NULL; m++)
    for (uint32_t s = 0; s < judge->meters[m].source_count; s++) {
      const tl_source *candidate = &judge->meters[m].sources[s];
      if (candidate->setpoint != TL_NO_COLUMN && candidate->fleet.index1 == q->fleet.index1)
        source = candidate;
    }
  if (source == NULL)
    return tl_fail(err, TL_E_SAMPLES, NULL, "comfort.error: no threshold measures it in fleet '%s'",
                   tl_fleet_name(judge->world, q->fleet));
  if (tl_quantile_of(statistic) > 0.0)
    return tl_fail(err, TL_E_ARG, NULL,
                   "comfort.error of a moment has mean, max, min and count, no %s",
                   tl_statistic_name(statistic));
  const uint32_t all = tl_fleet_device_count(judge->world, q->fleet),
                 count = q->devices ? q->device_count : all;
  double sum = 0.0, low = (double)INFINITY, high = 0.0;
  for (uint32_t i = 0; i < count; i++) {
    const uint32_t device = q->devices ? q->devices[i] : i;
    double value = 0.0, setpoint = 0.0;
    tl_fleet_read(judge->world, q->fleet, source->column, device, device + 1, &value);
    tl_fleet_read(judge->world, q->fleet, source->setpoint, device, device + 1, &setpoint);
    const double error = fabs(value - setpoint);
    sum += error;
    if (error < low) low = error;
    if (error > high) high = error;
  }
  if (count == 0) return tl_fail(err, TL_E_SAMPLES, NULL, "comfort.error: no devices");
  *out = statistic == TL_STAT_MAX     ? high
         : statistic == TL_STAT_MIN   ? low
         : statistic == TL_STAT_COUNT ? (double)count
                                      : sum / (double)count;
  return TL_OK;
}

tl_code tl_judge_query(const tl_judge *judge, tl_fleet_id fleet, const uint32_t *devices,
                       uint32_t device_count, const char *metric, tl_statistic statistic,
                       int64_t window_ns, double *out, char *unit_out, tl_error *err)
{
  tl_threshold probe;
  const tl_code known =
      tl_threshold_parse(&probe, metric, ">= 0", NULL, err); /* the same message for a typo */
  if (known != TL_OK && known != TL_E_ARG) return known;
  const tl_quantity *quantity = tl_quantity_find(metric);
  if (quantity == NULL || strncmp(metric, "fidelity.", 9) == 0 ||
      strcmp(metric, "comfort.violation") == 0)
    return tl_fail(err, TL_E_NAME, NULL,
                   "'%s' is no metric that can be asked for while the run goes on", metric);
  if (unit_out != NULL)
    snprintf(unit_out, 32, "%s", statistic == TL_STAT_COUNT ? "1" : quantity->unit);

  question q = {judge, 0, fleet, devices, device_count, judge->start_ns};
  if (window_ns > 0 && judge->now_ns - window_ns > judge->start_ns)
    q.from_ns = judge->now_ns - window_ns;
  if (strcmp(metric, "comfort.error") == 0) return comfort_now(&q, statistic, out, err);
  while (q.watch < judge->watch_count && judge->watches[q.watch].fleet.index1 != fleet.index1)
    q.watch++;
  if (q.watch == judge->watch_count)
    return tl_fail(err, TL_E_NAME, NULL, "%s: fleet '%s' has no detector", metric,
                   tl_fleet_name(judge->world, fleet));
  if (strcmp(metric, "detect.false_alarms") == 0) return false_alarm_rate(&q, statistic, out, err);
  return of_episodes(&q, quantity, statistic, out, err);
}

/* --- for the report --- */

static int worse(const tl_judge_device *a, const tl_judge_device *b)
{
  if (a->missed != b->missed) return a->missed > b->missed;
  if (a->false_alarms != b->false_alarms) return a->false_alarms > b->false_alarms;
  const double x = isnan(a->error_max) ? -1.0 : a->error_max,
               y = isnan(b->error_max) ? -1.0 : b->error_max;
  if (x > y || x < y) return x > y;
  return a->fleet.index1 != b->fleet.index1 ? a->fleet.index1 < b->fleet.index1
                                            : a->device < b->device;
}

static uint32_t missed_of(const tl_judge *judge, const tl_watch *watch, uint32_t device)
{
  const uint32_t episode1 =
      watch->episode1[device]; /* the latest one: enough to bring it to the list */
  return episode1 && judge->episodes[episode1 - 1].found_ns < 0;
}

uint32_t tl_judge_worst(const tl_judge *judge, tl_judge_device *out, uint32_t capacity)
{
  uint32_t count = 0;
  for (uint32_t f = 1; f <= tl_world_fleet_count(judge->world) && capacity > 0; f++) {
    const double *error_max = judge->error_max[f - 1];
    const tl_watch *watch = NULL;
    for (uint32_t w = 0; w < judge->watch_count; w++)
      if (judge->watches[w].fleet.index1 == f) watch = &judge->watches[w];
    const uint32_t devices = tl_fleet_device_count(judge->world, (tl_fleet_id){f});
    for (uint32_t d = 0; d < devices && (error_max || watch); d++) {
      const tl_judge_device candidate = {{f},
                                         d,
                                         error_max ? error_max[d] : (double)NAN,
                                         judge->error_unit[f - 1] ? judge->error_unit[f - 1] : "1",
                                         watch ? watch->late_alarms[d] : 0,
                                         watch ? missed_of(judge, watch, d) : 0};
      if (!(candidate.error_max > 0.0) && !candidate.false_alarms && !candidate.missed) continue;
      if (count == capacity && !worse(&candidate, &out[count - 1])) continue;
      uint32_t at = count < capacity ? count++ : count - 1;
      for (; at > 0 && worse(&candidate, &out[at - 1]); at--) out[at] = out[at - 1];
      out[at] = candidate;
    }
  }
  return count;
}

tl_judge_totals tl_judge_totals_get(const tl_judge *judge)
{
  tl_judge_totals out = {.faults = judge->episode_count};
  for (uint32_t i = 0; i < judge->episode_count; i++) out.found += judge->episodes[i].found_ns >= 0;
  out.missed = out.faults - out.found;
  const int64_t from_ns =
      judge->alarms_from_ns > judge->start_ns ? judge->alarms_from_ns : judge->start_ns;
  out.alarms_from_ns = from_ns;
  for (uint32_t w = 0; w < judge->watch_count; w++) {
    const tl_watch *watch = &judge->watches[w];
    for (uint32_t d = 0; d < watch->device_count; d++) out.false_alarms += watch->late_alarms[d];
    if (judge->now_ns > from_ns)
      out.device_days +=
          (double)watch->device_count * ((double)(judge->now_ns - from_ns) / 86400e9);
  }
  return out;
}
