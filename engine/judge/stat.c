#include "judge/internal.h"

#include "base/text.h"

#include <assert.h>
#include <string.h>

/* --- exact statistics of a list --- */

static void sift_down(double *values, uint32_t count, uint32_t at)
{
  for (;;) {
    uint32_t top = at;
    for (uint32_t child = 2 * at + 1; child <= 2 * at + 2 && child < count; child++)
      if (values[child] > values[top]) top = child;
    if (top == at) return;
    const double swap = values[at];
    values[at] = values[top];
    values[top] = swap;
    at = top;
  }
}

void tl_sort_doubles(double *values, uint32_t count)
{
  for (uint32_t at = count / 2; at-- > 0;) sift_down(values, count, at);
  for (uint32_t end = count; end-- > 1;) {
    const double swap = values[0];
    values[0] = values[end];
    values[end] = swap;
    sift_down(values, end, 0);
  }
}

uint64_t tl_rank_of(double quantile, uint64_t count)
{
  assert(count > 0);
  /* hundredths are exact as integers; quantile * count in double is not */
  const uint64_t hundredths = (uint64_t)nearbyint(quantile * 100.0);
  const uint64_t rank = count / 100 * hundredths + (count % 100 * hundredths + 99) / 100;
  return rank < 1 ? 1 : rank;
}

double tl_sorted_statistic(const double *sorted, uint32_t count, tl_statistic statistic)
{
  assert(count > 0);
  double sum = 0.0;
  switch (statistic) {
    case TL_STAT_MIN: return sorted[0];
    case TL_STAT_NONE:
    case TL_STAT_MAX: return sorted[count - 1];
    case TL_STAT_COUNT: return (double)count;
    case TL_STAT_MEAN:
      for (uint32_t i = 0; i < count; i++) sum += sorted[i];
      return sum / (double)count;
    default: return sorted[tl_rank_of(tl_quantile_of(statistic), count) - 1];
  }
}

/* --- columns as they are now --- */

void tl_block_values(const tl_world *world, tl_fleet_id fleet, uint32_t block, uint32_t rows,
                     uint32_t column, double *out)
{
  const double *values = tl_block_column(world, fleet, block, column);
  if (values != NULL)
    memcpy(out, values, rows * sizeof *out);
  else
    tl_fleet_read(world, fleet, column, block * TL_BLOCK_ROWS, block * TL_BLOCK_ROWS + rows, out);
}

tl_code tl_judge_column_find(const tl_world *world, tl_fleet_id fleet, const char *name,
                             const char *where, uint32_t *out, tl_error *err)
{
  static const char *const of_detector[] = {"alarm", "alarms", "alarm_s", "score"};
  if (tl_fleet_column_find(world, fleet, name, where, out, NULL) == TL_OK) return TL_OK;
  bool may = false;
  for (size_t i = 0; i < sizeof of_detector / sizeof of_detector[0]; i++)
    may |= strcmp(name, of_detector[i]) == 0;
  uint32_t found = TL_NO_COLUMN;
  const uint32_t count = may ? tl_fleet_column_count(world, fleet) : 0;
  for (uint32_t i = 0; i < count; i++) {
    const char *column = tl_fleet_column(world, fleet, i)->name, *dot = strrchr(column, '.');
    if (dot == NULL || strcmp(dot + 1, name) != 0) continue;
    if (found != TL_NO_COLUMN)
      return tl_fleet_column_find(world, fleet, name, where, out, err); /* which? */
    found = i;
  }
  if (found == TL_NO_COLUMN) return tl_fleet_column_find(world, fleet, name, where, out, err);
  *out = found;
  return TL_OK;
}

/* Walks values of chosen devices in ascending order, 256 at a time, without allocating. */
typedef struct walk {
  const tl_world *world;
  tl_fleet_id fleet;
  const uint32_t *devices; /* NULL: all */
  uint32_t count, column, next;
} walk;

static uint32_t walk_on(walk *w, double out[TL_BLOCK_ROWS])
{
  uint32_t n = 0;
  for (; n < TL_BLOCK_ROWS && w->next < w->count; n++, w->next++) {
    const uint32_t device = w->devices ? w->devices[w->next] : w->next;
    if (w->devices == NULL && n == 0 && device % TL_BLOCK_ROWS == 0) {
      n = tl_rows_of_block(w->count, device / TL_BLOCK_ROWS);
      tl_block_values(w->world, w->fleet, device / TL_BLOCK_ROWS, n, w->column, out);
      w->next += n;
      return n;
    }
    tl_fleet_read(w->world, w->fleet, w->column, device, device + 1, &out[n]);
  }
  return n;
}

static walk walk_from(const tl_world *world, tl_fleet_id fleet, const uint32_t *devices,
                      uint32_t device_count, uint32_t column)
{
  const uint32_t all = tl_fleet_device_count(world, fleet);
  return (walk){world, fleet, devices, devices ? device_count : all, column, 0};
}

static uint64_t ordered_bits(double value)
{
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}

/* The rank-th smallest by its bits, eleven at a time from the top: exact, six passes, no memory. */
static double select_rank(walk start, uint64_t rank)
{
  enum { DIGIT = 11 };
  uint64_t prefix = 0;
  for (int shift = 55; shift >= 0; shift -= DIGIT) {
    uint64_t counts[1 << DIGIT] = {0}, seen = 0, digit = 0;
    double value[TL_BLOCK_ROWS];
    walk w = start;
    for (uint32_t n = walk_on(&w, value); n > 0; n = walk_on(&w, value))
      for (uint32_t i = 0; i < n; i++) {
        const uint64_t key = ordered_bits(value[i]);
        const bool same = shift == 55 || key >> (shift + DIGIT) == prefix;
        if (value[i] == value[i] && same) counts[key >> shift & ((1 << DIGIT) - 1)]++;
      }
    while (seen + counts[digit] < rank) seen += counts[digit++];
    rank -= seen;
    prefix = shift == 55 ? digit : prefix << DIGIT | digit;
  }
  const uint64_t bits = prefix >> 63 ? prefix & ~(UINT64_C(1) << 63) : ~prefix;
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

tl_code tl_judge_stat(const tl_world *world, tl_fleet_id fleet, const uint32_t *devices,
                      uint32_t device_count, const char *column, tl_statistic statistic,
                      double *out, tl_error *err)
{
  uint32_t index = 0;
  const tl_code code = tl_judge_column_find(world, fleet, column, NULL, &index, err);
  if (code != TL_OK) return code;
  const walk start = walk_from(world, fleet, devices, device_count, index);
  double value[TL_BLOCK_ROWS], sum = 0.0, low = (double)INFINITY, high = -(double)INFINITY;
  uint64_t count = 0;
  walk w = start;
  for (uint32_t n = walk_on(&w, value); n > 0; n = walk_on(&w, value)) {
    double part = 0.0; /* a sum a block, then in block order */
    for (uint32_t i = 0; i < n; i++) {
      if (value[i] != value[i]) continue;
      part += value[i];
      count++;
      if (value[i] < low) low = value[i];
      if (value[i] > high) high = value[i];
    }
    sum += part;
  }
  if (statistic == TL_STAT_COUNT) {
    *out = (double)count;
    return TL_OK;
  }
  if (count == 0)
    return tl_fail(err, TL_E_SAMPLES, NULL, "%s: none of the %u devices has a value", column,
                   start.count);
  switch (statistic) {
    case TL_STAT_NONE:
    case TL_STAT_MEAN: *out = sum / (double)count; break;
    case TL_STAT_MIN: *out = low; break;
    case TL_STAT_MAX: *out = high; break;
    default: *out = select_rank(start, tl_rank_of(tl_quantile_of(statistic), count)); break;
  }
  return TL_OK;
}

tl_code tl_judge_count_true(const tl_world *world, tl_fleet_id fleet, const uint32_t *devices,
                            uint32_t device_count, const char *column, uint32_t *out, tl_error *err)
{
  uint32_t index = 0, count = 0;
  const tl_code code = tl_judge_column_find(world, fleet, column, NULL, &index, err);
  if (code != TL_OK) return code;
  walk w = walk_from(world, fleet, devices, device_count, index);
  double value[TL_BLOCK_ROWS];
  for (uint32_t n = walk_on(&w, value); n > 0; n = walk_on(&w, value))
    for (uint32_t i = 0; i < n; i++) count += value[i] != 0.0 && value[i] == value[i];
  *out = count;
  return TL_OK;
}
