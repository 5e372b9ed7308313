/* run.c: the signals that two recordings, or two parts of one, have in common. */
#include "fidelity/drift/drift_inside.h"

#include "base/units.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A part of a file: rows [begin, end) of one fleet. */
typedef struct file_part {
  tl_recording *recording;
  const tl_recording_fleet *fleet;
  uint32_t fleet_index;
  uint64_t begin, end;
} file_part;

static uint64_t first_at_or_after(const tl_recording_fleet *fleet, int64_t at_ns)
{
  uint64_t low = 0, high = fleet->sample_count;
  while (low < high) {
    const uint64_t middle = low + (high - low) / 2;
    if (fleet->times_ns[middle] < at_ns)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static tl_code open_part(file_part *out, const tl_drift_source *source, tl_error *err)
{
  memset(out, 0, sizeof *out);
  out->recording = source->recording;
  if (!(source->begin >= 0.0 && source->begin < source->end && source->end <= 1.0))
    return tl_fail(err, TL_E_ARG, NULL, "drift: %g to %g is not a part of a recording",
                   source->begin, source->end);
  const tl_code code =
      tl_recording_fleet_find(source->recording, source->fleet, &out->fleet_index, err);
  if (code != TL_OK) return code;
  out->fleet = tl_recording_fleet_at(source->recording, out->fleet_index);
  const char *path = tl_recording_path(source->recording);
  const uint64_t n = out->fleet->sample_count;
  if (n == 0)
    return tl_fail(err, TL_E_SAMPLES, NULL, "%s: fleet %s has no samples", path, out->fleet->name);
  const double from = (double)out->fleet->times_ns[0], to = (double)out->fleet->times_ns[n - 1];
  out->begin = source->begin > 0.0
                   ? first_at_or_after(out->fleet, (int64_t)(from + source->begin * (to - from)))
                   : 0;
  out->end = source->end < 1.0
                 ? first_at_or_after(out->fleet, (int64_t)(from + source->end * (to - from)))
                 : n;
  if (out->begin < out->end) return TL_OK;
  tl_fail(err, TL_E_SAMPLES, NULL, "%s: no sample between %g %% and %g %% of its time", path,
          100.0 * source->begin, 100.0 * source->end);
  return tl_fail_hint(err, "it has %llu samples in all", (unsigned long long)n);
}

static const tl_signal_def *find_signal(const file_part *part, const char *name, uint32_t *index)
{
  for (uint32_t i = 0; i < part->fleet->signal_count; i++)
    if (strcmp(part->fleet->signals[i].name, name) == 0) {
      *index = i;
      return &part->fleet->signals[i];
    }
  return NULL;
}

static bool is_asked(const char *name, const char *const *only, uint32_t only_count)
{
  for (uint32_t i = 0; i < only_count; i++)
    if (strcmp(only[i], name) == 0) return true;
  return only == NULL;
}

static tl_code read_side(tl_drift_side *out, double *values, const file_part *part, uint32_t signal,
                         const char *unit_name, tl_error *err)
{
  const uint64_t rows = part->end - part->begin;
  *out = (tl_drift_side){.at_ns = part->fleet->times_ns + part->begin,
                         .rows = (size_t)rows,
                         .values = values,
                         .device_count = part->fleet->device_count,
                         .devices = part->fleet->devices};
  const tl_code code =
      tl_recording_read_slab(part->recording, part->fleet_index, signal, part->begin, rows, 0,
                             part->fleet->device_count, values, err);
  const tl_signal_def *def = &part->fleet->signals[signal];
  if (code != TL_OK || strcmp(def->unit, unit_name) == 0) return code;
  tl_unit from, to;
  tl_error inner;
  if (tl_unit_find(&from, def->unit, NULL, &inner) != TL_OK ||
      tl_unit_find(&to, unit_name, NULL, &inner) != TL_OK)
    return tl_fail(err, TL_E_UNIT, NULL, "signal %s: %s", def->name, inner.text);
  if (!tl_unit_same_dimension(&from, &to))
    return tl_fail(err, TL_E_UNIT, NULL,
                   "signal %s is in %s in the reference and in %s now: not one quantity", def->name,
                   unit_name, def->unit);
  for (uint64_t i = 0; i < rows * part->fleet->device_count; i++)
    values[i] = tl_unit_apply(values[i], &from, &to);
  return TL_OK;
}

static int by_value(const void *a, const void *b)
{
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Some thousand sorted values of a side, for the null fleets. */
static size_t sample_sorted(double **out, const tl_drift_side *side)
{
  enum { KEPT = 8192 };
  const size_t all = side->rows * side->device_count, stride = (all + KEPT - 1) / KEPT;
  size_t count = 0;
  *out = malloc((all / (stride ? stride : 1) + 2) * sizeof **out);
  if (*out == NULL) return 0;
  for (size_t i = 0; i < all; i += stride)
    if (isfinite(side->values[i])) (*out)[count++] = side->values[i];
  qsort(*out, count, sizeof **out, by_value);
  return count;
}

typedef struct work {
  file_part part[2];
  double *values[2];
  double **sorted;
  size_t *sorted_count;
} work;

static tl_code test_all(tl_drift *out, work *w, const char *const *only, uint32_t only_count,
                        tl_error *err)
{
  const tl_recording_fleet *fleet = w->part[0].fleet;
  tl_drift_side side[2] = {0};
  for (uint32_t i = 0; i < fleet->signal_count; i++) {
    const tl_signal_def *def = &fleet->signals[i];
    uint32_t other = 0;
    if (!is_asked(def->name, only, only_count) || !find_signal(&w->part[1], def->name, &other))
      continue;
    tl_drift_signal *signal = &out->signals[out->signal_count];
    tl_code code = read_side(&side[0], w->values[0], &w->part[0], i, def->unit, err);
    if (code == TL_OK) code = read_side(&side[1], w->values[1], &w->part[1], other, def->unit, err);
    if (code == TL_OK)
      code =
          tl_drift_signal_test(signal, &side[0], &side[1], &out->options, out->signal_count, err);
    if (code != TL_OK) return code;
    snprintf(signal->name, sizeof signal->name, "%s", def->name);
    snprintf(signal->unit, sizeof signal->unit, "%s", def->unit);
    const uint32_t at = out->signal_count++;
    w->sorted_count[at] = sample_sorted(&w->sorted[at], &side[0]);
    if (w->sorted[at] == NULL) return tl_fail(err, TL_E_LIMIT, NULL, "drift: out of memory");
    if (signal->status == TL_DRIFT_OK && w->sorted_count[at] == 0) signal->status = TL_DRIFT_EMPTY;
  }
  if (out->signal_count == 0)
    return tl_fail(err, TL_E_COLUMN, NULL, "drift: %s and %s have no %ssignal in common",
                   tl_recording_path(w->part[0].recording), tl_recording_path(w->part[1].recording),
                   only ? "such " : "");
  tl_drift_adjust(out->signals, out->signal_count, out->options.alpha);
  if (out->options.null_fleets == 0) return TL_OK;
  return tl_drift_measure(out, &side[0], &side[1], (const double *const *)w->sorted,
                          w->sorted_count, err);
}

static tl_code check_names(const file_part *part, const char *const *only, uint32_t count,
                           tl_error *err)
{
  uint32_t index;
  for (uint32_t i = 0; only && i < count; i++) {
    const tl_code code =
        tl_recording_signal_find(part->recording, part->fleet_index, only[i], &index, err);
    if (code != TL_OK) return code;
  }
  return TL_OK;
}

tl_code tl_drift_run(tl_drift *out, const tl_drift_source *reference,
                     const tl_drift_source *current, const char *const *only, uint32_t only_count,
                     const tl_drift_options *options, tl_error *err)
{
  work w = {0};
  memset(out, 0, sizeof *out);
  out->options = *options;
  tl_code code = open_part(&w.part[0], reference, err);
  if (code == TL_OK) code = open_part(&w.part[1], current, err);
  for (int side = 0; code == TL_OK && side < 2; side++)
    code = check_names(&w.part[side], only, only_count, err);
  if (code != TL_OK) return code;
  snprintf(out->fleet, sizeof out->fleet, "%s", w.part[0].fleet->name);
  bool fits = true;
  for (int side = 0; side < 2; side++) {
    const file_part *part = &w.part[side];
    out->begin_ns[side] = part->fleet->times_ns[part->begin];
    out->end_ns[side] = part->fleet->times_ns[part->end - 1];
    w.values[side] = malloc((part->end - part->begin) * part->fleet->device_count * sizeof(double));
    fits = fits && w.values[side];
  }
  const uint32_t most = w.part[0].fleet->signal_count;
  out->signals = calloc(most + (size_t)1, sizeof *out->signals);
  w.sorted = calloc(most + (size_t)1, sizeof *w.sorted);
  w.sorted_count = calloc(most + (size_t)1, sizeof *w.sorted_count);
  if (fits && out->signals && w.sorted && w.sorted_count)
    code = test_all(out, &w, only, only_count, err);
  else
    code = tl_fail(err, TL_E_LIMIT, NULL, "drift: no memory for the samples");
  for (uint32_t i = 0; i < out->signal_count; i++) out->drift = out->drift || out->signals[i].drift;
  for (uint32_t i = 0; w.sorted && i < most; i++) free(w.sorted[i]);
  free(w.sorted);
  free(w.sorted_count);
  free(w.values[0]);
  free(w.values[1]);
  if (code != TL_OK) tl_drift_free(out);
  return code;
}

void tl_drift_free(tl_drift *drift)
{
  free(drift->signals);
  memset(drift, 0, sizeof *drift);
}
