#include "judge/internal.h"

#include "base/text.h"

#include <assert.h>
#include <string.h>

/* The column NAME.alarms of the fleet's detector, and NAME.alarm_s; false when it has none. */
static bool find_detector(const tl_world *world, tl_fleet_id fleet, uint32_t *alarms,
                          uint32_t *alarm_s)
{
  return tl_judge_column_find(world, fleet, "alarms", NULL, alarms, NULL) == TL_OK &&
         tl_judge_column_find(world, fleet, "alarm_s", NULL, alarm_s, NULL) == TL_OK;
}

static tl_code watch_create(tl_judge *judge, tl_watch *out, tl_fleet_id fleet, tl_error *err)
{
  out->fleet = fleet;
  out->device_count = tl_fleet_device_count(judge->world, fleet);
  out->block_count = tl_fleet_block_count(judge->world, fleet);
  out->seen = tl_judge_take(judge, out->device_count, sizeof *out->seen);
  out->episode1 = tl_judge_take(judge, out->device_count, sizeof *out->episode1);
  out->active = tl_judge_take(judge, out->device_count, sizeof *out->active);
  out->false_alarms = tl_judge_take(judge, out->device_count, sizeof *out->false_alarms);
  out->late_alarms = tl_judge_take(judge, out->device_count, sizeof *out->late_alarms);
  out->changed = tl_judge_take(judge, out->block_count, sizeof *out->changed);
  if (!out->seen || !out->episode1 || !out->active || !out->false_alarms || !out->late_alarms ||
      !out->changed)
    return tl_fail(err, TL_E_LIMIT, NULL, "no memory to watch %u devices for alarms",
                   out->device_count);
  double value[TL_BLOCK_ROWS];
  if (judge->start_ns == 0) return TL_OK; /* no alarm yet; the world may not even be sealed */
  for (uint32_t b = 0; b < out->block_count; b++) {
    const uint32_t rows = tl_rows_of_block(out->device_count, b);
    tl_block_values(judge->world, fleet, b, rows, out->alarms, value);
    for (uint32_t i = 0; i < rows; i++) out->seen[b * TL_BLOCK_ROWS + i] = (uint32_t)value[i];
  }
  return TL_OK;
}

tl_code tl_watches_create(tl_judge *judge, tl_error *err)
{
  const uint32_t fleets = tl_world_fleet_count(judge->world);
  judge->watches = tl_judge_take(judge, fleets + 1, sizeof *judge->watches);
  if (judge->watches == NULL)
    return tl_fail(err, TL_E_LIMIT, NULL, "no memory for %u fleets", fleets);
  for (uint32_t i = 0; i < fleets; i++) {
    tl_watch *watch = &judge->watches[judge->watch_count];
    if (!find_detector(judge->world, (tl_fleet_id){i + 1}, &watch->alarms, &watch->alarm_s))
      continue;
    const tl_code code = watch_create(judge, watch, (tl_fleet_id){i + 1}, err);
    if (code != TL_OK) return code;
    judge->watch_count++;
  }
  return TL_OK;
}

/* --- a window's end --- */

void tl_watch_look_at_block(const tl_judge *judge, tl_watch *watch, uint32_t block)
{
  const uint32_t rows = tl_rows_of_block(watch->device_count, block);
  const uint32_t *seen = watch->seen + block * TL_BLOCK_ROWS;
  double alarms[TL_BLOCK_ROWS];
  uint32_t changed = 0;
  tl_block_values(judge->world, watch->fleet, block, rows, watch->alarms, alarms);
  for (uint32_t i = 0; i < rows; i++) changed |= seen[i] ^ (uint32_t)alarms[i];
  watch->changed[block] = changed != 0;
}

static void false_alarm(tl_judge *judge, uint32_t watch_index, uint32_t device, uint32_t count,
                        int64_t at_ns)
{
  tl_watch *watch = &judge->watches[watch_index];
  watch->false_alarms[device] += count;
  if (at_ns >= judge->alarms_from_ns) watch->late_alarms[device] += count;
  for (uint32_t k = 0; k < count && judge->ring_room > 0; k++)
    judge->ring[judge->ring_count++ % judge->ring_room] =
        (tl_false_alarm){at_ns, watch_index, device};
  for (uint32_t g = 0; g < judge->gauge_count; g++) {
    tl_gauge *gauge = &judge->gauges[g];
    const tl_threshold *t = &gauge->threshold;
    if (t->quantity != TL_QUANTITY_FALSE_ALARMS || at_ns < t->after_ns) continue;
    if (tl_choice_has(&gauge->choice, watch->fleet, device)) gauge->false_alarms += count;
  }
}

/* `count` onsets within the window, the last one at at_ns: the time of the others is not kept, they
 * count as simultaneous. The first may find the device's fault. */
static void onset(tl_judge *judge, uint32_t watch_index, uint32_t device, uint32_t count,
                  int64_t at_ns)
{
  const uint32_t episode1 = judge->watches[watch_index].episode1[device];
  tl_episode *e = episode1 ? &judge->episodes[episode1 - 1] : NULL;
  const int64_t grace_ns = judge->def.grace_ns;
  if (e != NULL && at_ns >= e->begin_ns &&
      (e->end_ns == INT64_MAX || at_ns - e->end_ns <= grace_ns)) {
    if (e->found_ns < 0) e->found_ns = at_ns;
    return;
  }
  false_alarm(judge, watch_index, device, count, at_ns);
}

static void take_onsets(tl_judge *judge, uint32_t watch_index, uint32_t block, int64_t begin_ns,
                        int64_t end_ns)
{
  tl_watch *watch = &judge->watches[watch_index];
  const uint32_t rows = tl_rows_of_block(watch->device_count, block);
  double alarms[TL_BLOCK_ROWS], at_s[TL_BLOCK_ROWS];
  tl_block_values(judge->world, watch->fleet, block, rows, watch->alarms, alarms);
  tl_block_values(judge->world, watch->fleet, block, rows, watch->alarm_s, at_s);
  for (uint32_t i = 0; i < rows; i++) {
    const uint32_t device = block * TL_BLOCK_ROWS + i, now = (uint32_t)alarms[i];
    if (now == watch->seen[device]) continue;
    const double at = nearbyint(at_s[i] * 1e9);
    const int64_t at_ns = at > (double)begin_ns && at < (double)end_ns ? (int64_t)at
                          : at <= (double)begin_ns                     ? begin_ns
                                                                       : end_ns;
    onset(judge, watch_index, device, now - watch->seen[device], at_ns);
    watch->seen[device] = now;
  }
}

void tl_watches_take(tl_judge *judge, int64_t begin_ns, int64_t end_ns)
{
  for (uint32_t w = 0; w < judge->watch_count; w++)
    for (uint32_t b = 0; b < judge->watches[w].block_count; b++)
      if (judge->watches[w].changed[b]) take_onsets(judge, w, b, begin_ns, end_ns);
}

/* --- what injection tells --- */

static tl_code grow(void **list, uint32_t *room, uint32_t wanted, size_t bytes, tl_judge *judge,
                    tl_error *err)
{
  if (wanted <= *room) return TL_OK;
  uint32_t more = *room ? *room : 1024;
  while (more < wanted) more = more <= UINT32_MAX / 2 ? more * 2 : UINT32_MAX;
  void *larger = tl_judge_take(judge, more, bytes);
  if (larger == NULL)
    return tl_fail(err, TL_E_LIMIT, NULL, "no memory to follow %u faults", wanted);
  if (*list) memcpy(larger, *list, *room * bytes); /* the old one is freed with the judge */
  *list = larger;
  *room = more;
  return TL_OK;
}

static tl_code reserve(tl_judge *judge, uint32_t devices, tl_error *err)
{
  const uint32_t before = judge->episode_room;
  void *episodes = judge->episodes, *faults = judge->faults, *pool = judge->fault_devices,
       *scratch = NULL;
  tl_code code = grow(&episodes, &judge->episode_room, judge->episode_count + devices,
                      sizeof(tl_episode), judge, err);
  judge->episodes = episodes;
  if (code == TL_OK)
    code = grow(&faults, &judge->fault_room, judge->fault_count + 1, sizeof(tl_fault), judge, err);
  judge->faults = faults;
  if (code == TL_OK)
    code = grow(&pool, &judge->fault_device_room, judge->fault_device_count + devices,
                sizeof(uint32_t), judge, err);
  judge->fault_devices = pool;
  if (code != TL_OK || before == judge->episode_room) return code;
  scratch = tl_judge_take(judge, judge->episode_room, sizeof(double));
  if (scratch == NULL)
    return tl_fail(err, TL_E_LIMIT, NULL, "no memory to follow %u faults", devices);
  judge->scratch = scratch;
  return TL_OK;
}

static int32_t watch_of(const tl_judge *judge, tl_fleet_id fleet)
{
  for (uint32_t w = 0; w < judge->watch_count; w++)
    if (judge->watches[w].fleet.index1 == fleet.index1) return (int32_t)w;
  return -1;
}

tl_code tl_judge_fault_begin(tl_judge *judge, tl_fault_id *out, tl_fleet_id fleet,
                             const uint32_t *devices, uint32_t device_count, int64_t at_ns,
                             const char *kind, tl_error *err)
{
  const uint32_t in_fleet = tl_fleet_device_count(judge->world, fleet);
  *out = (tl_fault_id){0};
  for (uint32_t i = 0; i < device_count; i++)
    if (devices[i] >= in_fleet)
      return tl_fail(err, TL_E_ARG, NULL, "%s: device %u is not in fleet '%s' of %u", kind,
                     devices[i], tl_fleet_name(judge->world, fleet), in_fleet);
  const tl_code code = reserve(judge, device_count, err);
  if (code != TL_OK) return code;

  tl_fault *fault = &judge->faults[judge->fault_count++];
  *fault = (tl_fault){fleet, judge->fault_device_count, device_count, false};
  if (device_count > 0)
    memcpy(judge->fault_devices + fault->first, devices, device_count * sizeof *devices);
  judge->fault_device_count += device_count;
  *out = (tl_fault_id){judge->fault_count};

  const int32_t w = watch_of(judge, fleet);
  if (w < 0) return TL_OK; /* nothing there could find it */
  tl_watch *watch = &judge->watches[w];
  for (uint32_t i = 0; i < device_count; i++) {
    if (watch->active[devices[i]]++ > 0) continue;
    judge->episodes[judge->episode_count++] =
        (tl_episode){(uint32_t)w, devices[i], at_ns, INT64_MAX, -1};
    watch->episode1[devices[i]] = judge->episode_count;
  }
  return TL_OK;
}

void tl_judge_fault_end(tl_judge *judge, tl_fault_id fault, int64_t at_ns)
{
  assert(fault.index1 >= 1 && fault.index1 <= judge->fault_count);
  tl_fault *f = &judge->faults[fault.index1 - 1];
  const int32_t w = watch_of(judge, f->fleet);
  if (f->ended) return;
  f->ended = true;
  if (w < 0) return;
  tl_watch *watch = &judge->watches[w];
  for (uint32_t i = 0; i < f->count; i++) {
    const uint32_t device = judge->fault_devices[f->first + i];
    assert(watch->active[device] > 0);
    if (--watch->active[device] == 0) judge->episodes[watch->episode1[device] - 1].end_ns = at_ns;
  }
}

/* --- reading --- */

static bool wants(const tl_judge *judge, const tl_gauge *gauge, const tl_episode *e)
{
  return e->begin_ns >= gauge->threshold.after_ns &&
         tl_choice_has(&gauge->choice, judge->watches[e->watch].fleet, e->device);
}

/* Not found, and nothing can find it any more. */
static bool is_missed(const tl_judge *judge, const tl_episode *e, bool finished)
{
  if (e->found_ns >= 0) return false;
  return finished || (e->end_ns != INT64_MAX && judge->now_ns - e->end_ns > judge->def.grace_ns);
}

static double delay_s(const tl_judge *judge, const tl_episode *e, bool finished)
{
  if (e->found_ns >= 0) return (double)(e->found_ns - e->begin_ns) / 1e9;
  if (is_missed(judge, e, finished)) return (double)INFINITY;
  return (double)(judge->now_ns - e->begin_ns) / 1e9;
}

static double device_seconds(const tl_judge *judge, const tl_gauge *gauge)
{
  const int64_t after_ns = gauge->threshold.after_ns;
  const int64_t from_ns = after_ns > judge->start_ns ? after_ns : judge->start_ns;
  uint64_t devices = 0;
  for (uint32_t w = 0; w < judge->watch_count; w++) {
    const tl_choice *c = &gauge->choice;
    if (c->fleet.index1 != 0 && c->fleet.index1 != judge->watches[w].fleet.index1) continue;
    devices += c->devices ? c->count : judge->watches[w].device_count;
  }
  return judge->now_ns > from_ns ? (double)devices * ((double)(judge->now_ns - from_ns) / 1e9)
                                 : 0.0;
}

static tl_reading read_false_alarms(const tl_judge *judge, const tl_gauge *gauge)
{
  const double watched_s = device_seconds(judge, gauge);
  tl_reading out = {.observed = (double)NAN};
  if (!(watched_s > 0.0)) return out;
  out.samples =
      gauge->false_alarms > 0 ? gauge->false_alarms : 1; /* time was watched: none is a result */
  out.observed = (double)gauge->false_alarms;
  if (gauge->threshold.statistic != TL_STAT_COUNT) out.observed /= watched_s;
  return out;
}

tl_reading tl_watch_read(const tl_judge *judge, const tl_gauge *gauge, bool finished)
{
  const tl_threshold *t = &gauge->threshold;
  tl_reading out = {.observed = (double)NAN};
  if (t->quantity == TL_QUANTITY_FALSE_ALARMS) return read_false_alarms(judge, gauge);
  uint32_t count = 0, missed = 0, found = 0;
  for (uint32_t i = 0; i < judge->episode_count; i++) {
    const tl_episode *e = &judge->episodes[i];
    if (!wants(judge, gauge, e)) continue;
    judge->scratch[count++] = delay_s(judge, e, finished);
    missed += is_missed(judge, e, finished);
    found += e->found_ns >= 0;
  }
  out.samples = count;
  if (count == 0) return out;
  if (t->quantity == TL_QUANTITY_DELAY) {
    tl_sort_doubles(judge->scratch, count);
    out.observed = tl_sorted_statistic(judge->scratch, count, t->statistic);
  } else {
    out.observed = t->quantity == TL_QUANTITY_MISSED ? (double)missed : (double)found;
    if (strcmp(t->unit.name, "%") == 0) out.observed /= (double)count;
  }
  return out;
}

uint32_t tl_judge_delays(const tl_judge *judge, uint32_t threshold, double *out_s,
                         uint32_t capacity)
{
  assert(threshold < judge->gauge_count);
  const tl_gauge *gauge = &judge->gauges[threshold];
  uint32_t count = 0;
  for (uint32_t i = 0; i < judge->episode_count && gauge->threshold.quantity == TL_QUANTITY_DELAY;
       i++)
    if (wants(judge, gauge, &judge->episodes[i]))
      judge->scratch[count++] = delay_s(judge, &judge->episodes[i], true);
  tl_sort_doubles(judge->scratch, count);
  for (uint32_t i = 0; i < count && i < capacity; i++) out_s[i] = judge->scratch[i];
  return count;
}

/* The upper limit is lost for good when more than `allowed` of the count have passed it. */
int64_t tl_watch_breach(const tl_judge *judge, const tl_gauge *gauge)
{
  const tl_threshold *t = &gauge->threshold;
  const bool is_delay = t->quantity == TL_QUANTITY_DELAY;
  if (t->op == TL_OP_MORE || t->op == TL_OP_AT_LEAST || t->statistic == TL_STAT_MEAN) return -1;
  if (t->statistic == TL_STAT_MIN || t->statistic == TL_STAT_COUNT) return -1;
  const double limit_s =
      is_delay ? tl_unit_apply_difference(t->limit, &t->unit, &gauge->native) : 0.0;
  uint32_t count = 0, late = 0;
  for (uint32_t i = 0; i < judge->episode_count; i++) {
    const tl_episode *e = &judge->episodes[i];
    if (!wants(judge, gauge, e)) continue;
    count++;
    if (is_delay && !(delay_s(judge, e, true) <= limit_s))
      judge->scratch[late++] = (double)e->begin_ns + limit_s * 1e9;
    else if (!is_delay && e->found_ns < 0)
      judge->scratch[late++] = e->end_ns == INT64_MAX ? (double)judge->now_ns
                                                      : (double)(e->end_ns + judge->def.grace_ns);
  }
  if (late == 0) return -1;
  const double q = is_delay ? tl_quantile_of(t->statistic) : 0.0;
  uint64_t allowed = q > 0.0 ? count - tl_rank_of(q, count) : 0;
  if (!is_delay && t->op != TL_OP_LESS)
    allowed = strcmp(t->unit.name, "%") == 0 ? UINT32_MAX : (uint64_t)t->limit;
  if (allowed >= late) return -1;
  tl_sort_doubles(judge->scratch, late);
  const double at = judge->scratch[allowed];
  return at < (double)judge->now_ns ? (int64_t)at : judge->now_ns;
}
