#include "fidelity/score.h"

#include "base/units.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Median of the steps by counting: the smallest d for which at least half of the steps are <= d.
 * Bisection on the value needs no memory and no sort. */
static int64_t median_step(const tl_trace *trace)
{
  if (trace->count < 2) return 0;
  const size_t steps = trace->count - 1;
  int64_t low = 1, high = 1;
  for (size_t i = 0; i < steps; i++) {
    const int64_t step = trace->at_ns[i + 1] - trace->at_ns[i];
    if (step > high) high = step;
  }
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    size_t within = 0;
    for (size_t i = 0; i < steps; i++)
      if (trace->at_ns[i + 1] - trace->at_ns[i] <= middle) within++;
    if (within >= (steps + 1) / 2)
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

static void assert_ascending(const tl_trace *trace)
{
  for (size_t i = 1; i < trace->count; i++) assert(trace->at_ns[i - 1] <= trace->at_ns[i]);
}

/* First index in [begin, end) that is not less than at_ns; end when there is none. */
static size_t lower_bound(const tl_trace *trace, int64_t at_ns)
{
  size_t begin = 0, end = trace->count;
  while (begin < end) {
    const size_t middle = begin + (end - begin) / 2;
    if (trace->at_ns[middle] < at_ns)
      begin = middle + 1;
    else
      end = middle;
  }
  return begin;
}

/* The simulation at one stamp, NaN where it has none. `at` is the first sample at or after the
 * stamp and exists: the stamp lies in the overlap. */
static double sample(const tl_trace *sim, size_t at, int64_t at_ns, int64_t gap_ns, bool *between)
{
  *between = false;
  if (sim->at_ns[at] == at_ns) {
    while (at + 1 < sim->count && sim->at_ns[at + 1] == at_ns) at++;
    return sim->value[at];
  }
  assert(at > 0);
  const int64_t before_ns = sim->at_ns[at - 1], step_ns = sim->at_ns[at] - before_ns;
  if (step_ns > gap_ns) return (double)NAN;
  const double low = sim->value[at - 1], high = sim->value[at];
  *between = true;
  return low + (high - low) * ((double)(at_ns - before_ns) / (double)step_ns);
}

/* What is written into the room for series and pairs. */
typedef struct columns {
  int64_t *at_ns;
  double *sim, *rec, *sim_used, *rec_used;
} columns;

static void align(tl_score_channel *out, columns *to, const tl_trace *sim, const tl_trace *rec,
                  size_t begin, int64_t gap_ns, const tl_unit *from, const tl_unit *unit)
{
  const bool same = strcmp(from->name, unit->name) == 0; /* then not even rounding may touch it */
  size_t at = lower_bound(sim, out->begin_ns);
  for (size_t i = 0; i < out->series_count; i++) {
    const int64_t now_ns = rec->at_ns[begin + i];
    while (sim->at_ns[at] < now_ns) at++;
    bool between = false;
    const double raw = sample(sim, at, now_ns, gap_ns, &between);
    const double simulated = same ? raw : tl_unit_apply(raw, from, unit);
    const double recorded = rec->value[begin + i];
    to->at_ns[i] = now_ns;
    to->sim[i] = simulated;
    to->rec[i] = recorded;
    if (!isfinite(recorded)) {
      out->rec_gap_count++;
    } else if (!isfinite(simulated)) {
      out->sim_gap_count++;
    } else {
      to->sim_used[out->used_count] = simulated;
      to->rec_used[out->used_count++] = recorded;
      if (between) out->interpolated_count++;
    }
  }
}

static tl_code no_overlap(const tl_trace *sim, const tl_trace *rec, tl_error *err)
{
  if (sim->count == 0 || rec->count == 0)
    return tl_fail(err, TL_E_SAMPLES, NULL, "channel %s: the %s has no samples", rec->name,
                   sim->count == 0 ? "simulation" : "recording");
  char text[4][TL_TEXT_DURATION_BYTES];
  tl_text_format_duration(text[0], sim->at_ns[0]);
  tl_text_format_duration(text[1], sim->at_ns[sim->count - 1]);
  tl_text_format_duration(text[2], rec->at_ns[0]);
  tl_text_format_duration(text[3], rec->at_ns[rec->count - 1]);
  tl_fail(err, TL_E_SAMPLES, NULL,
          "channel %s: no overlap: the simulation covers %s to %s, the recording %s to %s",
          rec->name, text[0], text[1], text[2], text[3]);
  return tl_fail_hint(err, "both must count time from the same origin");
}

tl_code tl_score_traces(tl_score_channel *out, void **series_memory, const tl_trace *sim,
                        const tl_trace *rec, const tl_score_options *options, tl_error *err)
{
  tl_unit from, unit;
  *series_memory = NULL;
  memset(out, 0, sizeof *out);
  assert_ascending(sim);
  assert_ascending(rec);
  tl_code code = tl_unit_find(&from, sim->unit, NULL, err);
  if (code == TL_OK) code = tl_unit_find(&unit, rec->unit, NULL, err);
  if (code != TL_OK) return code;
  if (!tl_unit_same_dimension(&from, &unit))
    return tl_fail(err, TL_E_UNIT, NULL, "channel %s is simulated in %s, but %s is recorded in %s",
                   sim->name, sim->unit, rec->name, rec->unit);
  if (sim->count == 0 || rec->count == 0) return no_overlap(sim, rec, err);

  const int64_t sim_end = sim->at_ns[sim->count - 1], rec_end = rec->at_ns[rec->count - 1];
  const int64_t begin_ns = sim->at_ns[0] > rec->at_ns[0] ? sim->at_ns[0] : rec->at_ns[0];
  const int64_t end_ns = sim_end < rec_end ? sim_end : rec_end;
  const size_t begin = lower_bound(rec, begin_ns);
  size_t end = begin;
  while (end < rec->count && rec->at_ns[end] <= end_ns) end++;
  if (begin == end) return no_overlap(sim, rec, err);

  snprintf(out->name, sizeof out->name, "%s", sim->name);
  snprintf(out->rec_name, sizeof out->rec_name, "%s", rec->name);
  snprintf(out->unit, sizeof out->unit, "%s", rec->unit);
  out->begin_ns = begin_ns;
  out->end_ns = end_ns;
  out->rec_count = rec->count;
  out->series_count = end - begin;
  out->outside_count = rec->count - out->series_count;

  const size_t n = out->series_count;
  double *memory = malloc(n * (4 * sizeof *memory + sizeof(int64_t)));
  if (memory == NULL)
    return tl_fail(err, TL_E_LIMIT, NULL, "channel %s: no memory for %zu samples", rec->name, n);
  columns to = {
      .sim = memory, .rec = memory + n, .sim_used = memory + 2 * n, .rec_used = memory + 3 * n};
  to.at_ns = (int64_t *)(void *)(memory + 4 * n);
  const int64_t gap_ns = options && options->gap_ns > 0 ? options->gap_ns : 10 * median_step(sim);
  align(out, &to, sim, rec, begin, gap_ns, &from, &unit);
  tl_metrics_compute(out->metric, to.sim_used, to.rec_used, out->used_count, rec->unit);
  out->series_ns = to.at_ns;
  out->series_sim = to.sim;
  out->series_rec = to.rec;
  *series_memory = memory;
  return TL_OK;
}

/* --- lists of channels --- */

/* Length of a name without the unit at its end: "box_K" and "box_degC" are both "box". */
static size_t stem(const tl_trace *trace)
{
  const size_t length = strlen(trace->name), unit = strlen(trace->unit);
  if (length <= unit + 1 || trace->name[length - unit - 1] != '_') return length;
  return strcmp(trace->name + length - unit, trace->unit) == 0 ? length - unit - 1 : length;
}

/* A heater's temperature and a heater's switch share a stem and nothing else. */
static bool comparable(const tl_trace *a, const tl_trace *b)
{
  tl_unit unit_a, unit_b;
  return tl_unit_find(&unit_a, a->unit, NULL, NULL) == TL_OK &&
         tl_unit_find(&unit_b, b->unit, NULL, NULL) == TL_OK &&
         tl_unit_same_dimension(&unit_a, &unit_b);
}

/* The same name; else the only one that differs by the unit at its end alone and measures the same
 * dimension. */
static const tl_trace *find_partner(const tl_trace *traces, uint32_t count, const tl_trace *wanted)
{
  const tl_trace *near = NULL;
  for (uint32_t i = 0; i < count; i++)
    if (strcmp(traces[i].name, wanted->name) == 0) return &traces[i];
  for (uint32_t i = 0; i < count; i++) {
    const size_t length = stem(&traces[i]);
    if (length != stem(wanted) || strncmp(traces[i].name, wanted->name, length) != 0) continue;
    if (!comparable(&traces[i], wanted)) continue;
    if (near != NULL) return NULL;
    near = &traces[i];
  }
  return near;
}

static const tl_trace *find(const tl_trace *traces, uint32_t count, const char *name)
{
  for (uint32_t i = 0; i < count; i++)
    if (strcmp(traces[i].name, name) == 0) return &traces[i];
  return NULL;
}

static void add_names(tl_text *text, const tl_trace *traces, uint32_t count)
{
  for (uint32_t i = 0; i < count; i++) {
    if (i) tl_text_add(text, ", ");
    tl_text_add(text, traces[i].name);
  }
  if (count == 0) tl_text_add(text, "(none)");
}

static tl_code no_such_channel(const char *side, const char *name, const tl_trace *traces,
                               uint32_t count, const char *where, tl_error *err)
{
  enum { SHOWN = 64 };
  const char *names[SHOWN];
  const uint32_t shown = count < SHOWN ? count : SHOWN;
  for (uint32_t i = 0; i < shown; i++) names[i] = traces[i].name;
  char memory[400];
  tl_text list = tl_text_over(memory, sizeof memory);
  add_names(&list, traces, count);
  tl_fail(err, TL_E_COLUMN, where, "the %s has no channel '%s'; it has %s", side, name,
          tl_text_string(&list));
  const char *closest = tl_text_closest(name, names, shown);
  if (closest != NULL) tl_fail_hint(err, "did you mean '%s'?", closest);
  return TL_E_COLUMN;
}

/* Channels own their series through one pointer behind each; kept beside them so that free finds
 * it. */
struct owned {
  void *memory;
};

/* One simulated channel against two recorded ones: the second is "box_K:t3", as names are keys in
 * files. */
static void make_unique(tl_score *score)
{
  tl_score_channel *last = &score->channels[score->channel_count];
  for (uint32_t i = 0; i < score->channel_count; i++) {
    if (strcmp(score->channels[i].name, last->name) != 0) continue;
    char name[2 * TL_SCORE_NAME_BYTES];
    snprintf(name, sizeof name, "%s:%s", last->name, last->rec_name);
    name[sizeof last->name - 1] = '\0';
    memcpy(last->name, name, sizeof last->name);
    return;
  }
}

static tl_code add(tl_score *out, struct owned *owned, const tl_trace *sim, const tl_trace *rec,
                   const tl_score_options *options, const char *where, tl_error *err)
{
  tl_error inner;
  const uint32_t at = out->channel_count;
  const tl_code code =
      tl_score_traces(&out->channels[at], &owned[at].memory, sim, rec, options, &inner);
  if (code == TL_OK) {
    make_unique(out);
    out->channel_count++;
    return TL_OK;
  }
  char hint[sizeof inner.hint];
  memcpy(hint, inner.hint, sizeof hint);
  tl_fail(err, code, where, "%s", inner.text);
  if (hint[0]) tl_fail_hint(err, "%s", hint);
  return code;
}

static tl_code pair_by_name(tl_score *out, struct owned *owned, const tl_trace *sim,
                            uint32_t sim_count, const tl_trace *rec, uint32_t rec_count,
                            const tl_score_options *options, tl_error *err)
{
  for (uint32_t i = 0; i < rec_count; i++) {
    const tl_trace *other = find_partner(sim, sim_count, &rec[i]);
    if (other == NULL) continue;
    const tl_code code = add(out, owned, other, &rec[i], options, NULL, err);
    if (code != TL_OK) return code;
  }
  if (out->channel_count > 0) return TL_OK;
  char memory[2][240];
  tl_text list[2];
  for (int side = 0; side < 2; side++) {
    list[side] = tl_text_over(memory[side], sizeof memory[side]);
    add_names(&list[side], side ? rec : sim, side ? rec_count : sim_count);
  }
  tl_fail(err, TL_E_COLUMN, NULL,
          "no channel name is common to both: the simulation has %s; the recording has %s",
          tl_text_string(&list[0]), tl_text_string(&list[1]));
  return tl_fail_hint(
      err, "name the pairs: --pair box_K=t2, or compare(twin.box_K, rec.t2) in a scenario");
}

tl_code tl_score_sets(tl_score *out, const tl_trace *sim, uint32_t sim_count, const tl_trace *rec,
                      uint32_t rec_count, const tl_score_pair *pairs, uint32_t pair_count,
                      const tl_score_options *options, tl_error *err)
{
  const size_t room = (pairs ? pair_count : rec_count) + (size_t)1;
  tl_code code = TL_OK;
  memset(out, 0, sizeof *out);
  /* one block: channels, then the owners of their series */
  out->channels = calloc(room, sizeof *out->channels + sizeof(struct owned));
  if (out->channels == NULL)
    return tl_fail(err, TL_E_LIMIT, NULL, "no memory for %zu channels", room);
  out->room = (uint32_t)room;
  struct owned *owned = (struct owned *)(void *)(out->channels + room);
  if (pairs == NULL) {
    code = pair_by_name(out, owned, sim, sim_count, rec, rec_count, options, err);
  } else {
    for (uint32_t i = 0; i < pair_count && code == TL_OK; i++) {
      const tl_trace *a = find(sim, sim_count, pairs[i].sim),
                     *b = find(rec, rec_count, pairs[i].rec);
      if (a == NULL)
        code = no_such_channel("simulation", pairs[i].sim, sim, sim_count, pairs[i].where, err);
      else if (b == NULL)
        code = no_such_channel("recording", pairs[i].rec, rec, rec_count, pairs[i].where, err);
      else
        code = add(out, owned, a, b, options, pairs[i].where, err);
    }
  }
  if (code != TL_OK) tl_score_free(out);
  return code;
}

void tl_score_free(tl_score *score)
{
  if (score->channels != NULL) {
    struct owned *owned = (struct owned *)(void *)(score->channels + score->room);
    for (uint32_t i = 0; i < score->channel_count; i++) {
      free(owned[i].memory);
      free(score->channels[i].asked);
    }
  }
  free(score->channels);
  memset(score, 0, sizeof *score);
}
