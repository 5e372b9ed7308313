#include "fidelity/metric/family.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

void tl_metric_refuse(tl_metric_value *out, tl_metric_status status, const char *reason)
{
  assert(status != TL_METRIC_OK && reason != NULL);
  out->value = (double)NAN;
  out->status = status;
  out->reason = reason;
}

void tl_metric_set(tl_metric_value *out, double value)
{
  if (!isfinite(value)) {
    tl_metric_refuse(out, TL_METRIC_UNDEFINED, "no finite number: values are too large");
    return;
  }
  out->value = value == 0.0 ? 0.0 : value;
  out->status = TL_METRIC_OK;
  out->reason = NULL;
}

tl_moments tl_moments_of(const double *value, size_t count)
{
  assert(count > 0);
  tl_moments m = {.low = value[0], .high = value[0]};
  for (size_t i = 0; i < count; i++) {
    m.sum += value[i];
    m.sum_sq += value[i] * value[i];
    if (value[i] < m.low) m.low = value[i];
    if (value[i] > m.high) m.high = value[i];
  }
  m.mean = m.sum / (double)count;
  m.range = m.high - m.low;
  m.is_constant = m.range == 0.0;
  if (m.is_constant) m.mean = m.low; /* the sum's rounding is no spread */
  for (size_t i = 0; i < count; i++) m.spread_sq += (value[i] - m.mean) * (value[i] - m.mean);
  m.is_weak = fabs(m.mean) <= TL_METRIC_MEAN_RATIO_MIN * m.range || m.mean == 0.0;
  return m;
}

double tl_correlation(const double *a, const double *b, size_t count)
{
  if (count == 0) return (double)NAN;
  const tl_moments of_a = tl_moments_of(a, count), of_b = tl_moments_of(b, count);
  if (of_a.is_constant || of_b.is_constant) return (double)NAN;
  double product = 0.0;
  for (size_t i = 0; i < count; i++) product += (a[i] - of_a.mean) * (b[i] - of_b.mean);
  const double r = product / (sqrt(of_a.spread_sq) * sqrt(of_b.spread_sq));
  return r > 1.0 ? 1.0 : r < -1.0 ? -1.0 : r;
}

/* Bottom-up merge sort: stable, so that no platform's qsort decides about ties. */
void tl_sort_values(double *value, double *scratch, size_t count)
{
  double *from = value, *to = scratch;
  for (size_t width = 1; width < count; width *= 2) {
    for (size_t begin = 0; begin < count; begin += 2 * width) {
      const size_t middle = begin + width < count ? begin + width : count;
      const size_t end = begin + 2 * width < count ? begin + 2 * width : count;
      size_t i = begin, k = middle;
      for (size_t at = begin; at < end; at++)
        to[at] = i < middle && (k >= end || from[i] <= from[k]) ? from[i++] : from[k++];
    }
    double *swap = from;
    from = to;
    to = swap;
  }
  if (from != value) memcpy(value, from, count * sizeof *value);
}

void tl_sort_order(uint32_t *order, uint32_t *scratch, const double *value, size_t count)
{
  uint32_t *from = order, *to = scratch;
  for (size_t i = 0; i < count; i++) order[i] = (uint32_t)i;
  for (size_t width = 1; width < count; width *= 2) {
    for (size_t begin = 0; begin < count; begin += 2 * width) {
      const size_t middle = begin + width < count ? begin + width : count;
      const size_t end = begin + 2 * width < count ? begin + 2 * width : count;
      size_t i = begin, k = middle;
      for (size_t at = begin; at < end; at++)
        to[at] =
            i < middle && (k >= end || value[from[i]] <= value[from[k]]) ? from[i++] : from[k++];
    }
    uint32_t *swap = from;
    from = to;
    to = swap;
  }
  if (from != order) memcpy(order, from, count * sizeof *order);
}

tl_code tl_metric_memory(void **out, size_t count, size_t bytes, tl_error *err)
{
  const size_t rows = count > 0 ? count : 1;
  *out = rows <= SIZE_MAX / bytes ? malloc(rows * bytes) : NULL;
  if (*out == NULL) return tl_fail(err, TL_E_LIMIT, NULL, "no memory for %zu samples", count);
  return TL_OK;
}

tl_code tl_metric_table_allowed(size_t rows, size_t columns, const char *what, tl_error *err)
{
  if (columns == 0 || rows <= TL_METRIC_CELLS_MAX / columns) return TL_OK;
  tl_fail(err, TL_E_LIMIT, NULL, "%s of %zu by %zu samples needs more than %zu steps", what, rows,
          columns, (size_t)TL_METRIC_CELLS_MAX);
  return tl_fail_hint(err, "score a part of the recording, or give a window or stride");
}
