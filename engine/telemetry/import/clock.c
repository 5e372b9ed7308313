/* clock.c: a logger's clock that starts elsewhere and runs fast or slow, put right by a declared or a measured line. */
#include "telemetry/import/source.h"

#include <math.h>
#include <string.h>

static uint32_t reference_column(const import_rows *rows)
{
  const tl_import_ref *ref = &rows->map->clock.reference;
  for (uint32_t k = 0; k < rows->column_count; k++)
    if (rows->columns[k].ref.number == ref->number &&
        strcmp(rows->columns[k].ref.name, ref->name) == 0)
      return k;
  return 0; /* import.c made one */
}

/* The least-squares line of the reference over the logger's own time, both from their first values. */
static tl_code fit(double *offset_s, double *rate, tl_import_report *report,
                   const import_rows *rows, tl_error *err)
{
  const uint32_t column = reference_column(rows);
  double first = (double)NAN, n = 0.0, sum_x = 0.0, sum_y = 0.0;
  double to_s = 1.0;
  int64_t unit_ns = 0;
  if (tl_time_from_double(&unit_ns, 1.0, rows->map->clock.unit)) to_s = (double)unit_ns * 1e-9;
  for (uint64_t i = 0; i < rows->count; i++) {
    const double y = rows->values[i * rows->column_count + column] * to_s;
    if (!isfinite(y)) continue;
    if (isnan(first)) first = y;
    n += 1.0;
    sum_x += ((double)rows->times_ns[i] - (double)rows->times_ns[0]) * 1e-9;
    sum_y += y - first;
  }
  const double mean_x = sum_x / n, mean_y = sum_y / n;
  double xx = 0.0, xy = 0.0, rest = 0.0;
  for (uint64_t i = 0; i < rows->count; i++) {
    const double y = rows->values[i * rows->column_count + column] * to_s;
    if (!isfinite(y)) continue;
    const double x = ((double)rows->times_ns[i] - (double)rows->times_ns[0]) * 1e-9 - mean_x;
    xx += x * x;
    xy += x * (y - first - mean_y);
  }
  if (!(n >= 2.0) || !(xx > 0.0))
    return tl_fail(
        err, TL_E_FORMAT, NULL,
        "%s: the clock's reference %s has %.0f values at different times: at least 2 are "
        "needed for offset and rate",
        rows->name, rows->columns[column].name, n);
  const double slope = xy / xx;
  for (uint64_t i = 0; i < rows->count; i++) {
    const double y = rows->values[i * rows->column_count + column] * to_s;
    if (!isfinite(y)) continue;
    const double x = ((double)rows->times_ns[i] - (double)rows->times_ns[0]) * 1e-9 - mean_x;
    const double away = y - first - mean_y - slope * x;
    rest += away * away;
  }
  if (!(slope > 0.0))
    return tl_fail(err, TL_E_FORMAT, NULL, "%s: the clock's reference %s does not rise with time",
                   rows->name, rows->columns[column].name);
  *rate = slope - 1.0;
  *offset_s = first + mean_y - slope * mean_x - (double)rows->times_ns[0] * 1e-9;
  report->clock_residual_s = sqrt(rest / n);
  report->clock_rows = (uint64_t)n;
  return TL_OK;
}

tl_code import_clock(tl_import_report *report, import_rows *rows, tl_error *err)
{
  const tl_import_clock *clock = &rows->map->clock;
  double offset_s = clock->offset_s, rate = clock->rate;
  report->clock_residual_s = (double)NAN;
  if (!clock->given || rows->count == 0) return TL_OK;
  if (clock->reference.number > 0 || clock->reference.name[0] != '\0') {
    const tl_code code = fit(&offset_s, &rate, report, rows, err);
    if (code != TL_OK) return code;
  }
  const int64_t first = rows->times_ns[0];
  for (uint64_t i = 0; i < rows->count; i++) {
    const double add_ns = offset_s * 1e9 + rate * ((double)rows->times_ns[i] - (double)first);
    if (!(fabs(add_ns) < 4e18))
      return tl_fail(err, TL_E_RANGE, NULL, "%s: the clock's correction is %g s", rows->name,
                     add_ns * 1e-9);
    if (__builtin_add_overflow(rows->times_ns[i], (int64_t)nearbyint(add_ns), &rows->times_ns[i]))
      return tl_fail(err, TL_E_RANGE, NULL, "%s: a corrected time is out of range", rows->name);
  }
  report->clock_corrected = true;
  report->clock_offset_s = offset_s;
  report->clock_rate = rate;
  return TL_OK;
}
