/* Stamps of an import: the policies for repeated and falling ones, the period and the gaps. */
#include "telemetry/import/source.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct keyed {
  int64_t time_ns;
  uint64_t row;
} keyed;

/* By time, then by place in the file: a total order, so that any sort gives the same result. */
static int by_time(const void *a, const void *b)
{
  const keyed *x = a, *y = b;
  if (x->time_ns != y->time_ns) return x->time_ns < y->time_ns ? -1 : 1;
  return (x->row > y->row) - (x->row < y->row);
}

static tl_code refuse(const import_rows *rows, uint64_t row, uint64_t before, bool same,
                      tl_error *err)
{
  char place[96], other[96];
  import_place(place, rows, rows->line[row]);
  if (same) {
    tl_fail(err, TL_E_FORMAT, NULL, "%s: repeats the time of %s %llu", place,
            rows->text ? "line" : "row", (unsigned long long)rows->line[before]);
    return tl_fail_hint(err, "the map may say time.duplicates = \"first\" or \"last\"");
  }
  tl_text_format_digits(other,
                        ((double)rows->times_ns[before] - (double)rows->times_ns[row]) * 1e-9, 6);
  tl_fail(err, TL_E_FORMAT, NULL, "%s: the clock falls by %s s", place, other);
  return tl_fail_hint(err, "the map may say time.backwards = \"drop\" or \"sort\"");
}

/* Is a stamp among the kept ones (rising)? */
static bool kept_before(const uint64_t *keep, uint64_t count, const import_rows *rows,
                        int64_t time_ns)
{
  uint64_t low = 0, high = count;
  while (low < high) {
    const uint64_t middle = low + (high - low) / 2;
    if (rows->times_ns[keep[middle]] < time_ns)
      low = middle + 1;
    else
      high = middle;
  }
  return low < count && rows->times_ns[keep[low]] == time_ns;
}

/* Behind the newest row so far by more than the map waits for. */
static bool is_too_late(const tl_import_map *map, int64_t newest_ns, int64_t time_ns)
{
  if (map->backwards != TL_BACKWARDS_SORT || !map->has_lateness) return false;
  int64_t behind_ns;
  return __builtin_sub_overflow(newest_ns, time_ns, &behind_ns) || behind_ns > map->lateness_ns;
}

tl_code import_order(uint64_t *keep, tl_import_report *report, const import_rows *rows,
                     tl_error *err)
{
  const tl_import_map *map = rows->map;
  keyed *order = calloc(rows->count + 1, sizeof *order);
  tl_code code = TL_OK;
  if (order == NULL) return tl_fail(err, TL_E_LIMIT, NULL, "%s: not enough memory", rows->name);
  uint64_t ordered = 0;
  int64_t newest_ns = INT64_MIN;
  for (uint64_t i = 0; i < rows->count; i++) {
    const bool behind = i > 0 && rows->times_ns[i] < newest_ns;
    if (!behind) newest_ns = rows->times_ns[i];
    if (behind && is_too_late(map, newest_ns, rows->times_ns[i])) {
      report->late++;
      report->rows_dropped++;
      report->steps_back += rows->times_ns[i] < rows->times_ns[i - 1];
      continue;
    }
    report->reordered += behind && map->backwards == TL_BACKWARDS_SORT;
    order[ordered++] = (keyed){rows->times_ns[i], i};
    if (i == 0 || rows->times_ns[i] >= rows->times_ns[i - 1]) continue;
    report->steps_back++;
    if (map->backwards == TL_BACKWARDS_REFUSE) {
      code = refuse(rows, i, i - 1, false, err);
      goto done;
    }
  }
  if (map->backwards == TL_BACKWARDS_SORT && report->steps_back > 0)
    qsort(order, ordered, sizeof *order, by_time);
  uint64_t count = 0;
  for (uint64_t i = 0; i < ordered; i++) {
    const uint64_t row = order[i].row;
    const int64_t last_ns = count > 0 ? rows->times_ns[keep[count - 1]] : INT64_MIN;
    if (count == 0 || order[i].time_ns > last_ns) {
      keep[count++] = row;
      continue;
    }
    report->rows_dropped++;
    if (order[i].time_ns < last_ns) { /* only under the policy `drop` */
      report->late++;
      report->duplicates += kept_before(keep, count, rows, order[i].time_ns);
      continue;
    }
    report->duplicates++;
    if (map->duplicates == TL_DUPLICATES_REFUSE) {
      code = refuse(rows, row, keep[count - 1], true, err);
      goto done;
    }
    if (map->duplicates == TL_DUPLICATES_LAST) keep[count - 1] = row;
  }
  report->rows_kept = count;
done:
  free(order);
  return code;
}

static int by_size(const void *a, const void *b)
{
  const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

tl_code import_describe(tl_import_report *report, const int64_t *times_ns, const uint64_t *keep,
                        const import_rows *rows, tl_error *err)
{
  report->period_s_median = report->period_s_min = report->period_s_max = (double)NAN;
  report->begin_ns = report->rows_kept > 0 ? times_ns[0] : 0;
  report->end_ns = report->rows_kept > 0 ? times_ns[report->rows_kept - 1] : 0;
  report->has_lines = rows->text;
  if (report->rows_kept < 2) return TL_OK;
  const uint64_t count = report->rows_kept - 1;
  int64_t *steps = calloc(count, sizeof *steps);
  if (steps == NULL) return tl_fail(err, TL_E_LIMIT, NULL, "%s: not enough memory", rows->name);
  for (uint64_t i = 0; i < count; i++) steps[i] = times_ns[i + 1] - times_ns[i];
  qsort(steps, count, sizeof *steps, by_size); /* ties are equal numbers */
  const double median_ns = 0.5 * ((double)steps[(count - 1) / 2] + (double)steps[count / 2]);
  report->period_s_median = median_ns * 1e-9;
  report->period_s_min = (double)steps[0] * 1e-9;
  report->period_s_max = (double)steps[count - 1] * 1e-9;
  free(steps);
  for (uint64_t i = 0; i < count; i++) {
    if (!((double)(times_ns[i + 1] - times_ns[i]) > 1.5 * median_ns)) continue;
    if (report->gaps_listed < TL_IMPORT_GAPS_LISTED)
      report->gaps[report->gaps_listed++] =
          (tl_import_gap){times_ns[i], times_ns[i + 1], rows->line[keep[i + 1]]};
    report->gap_count++;
  }
  return TL_OK;
}
