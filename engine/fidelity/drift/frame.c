/* frame.c: one signal of two sides, thinned, sorted, and cut into stretches that are nearly independent. */
#include "fidelity/drift/drift_inside.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
  SERIES_MAX = 4096,   /* points a device whose autocorrelation is looked at */
  DEVICES_MAX = 16,    /* likewise devices */
  BLOCKS_MAX = 32,     /* stretches of the shorter side */
  BLOCKS_MAX_MANY = 8, /* ... when there are many devices: memory, and no need */
  MANY_DEVICES = 64
};
#define DAY_NS INT64_C(86400000000000)
/* Stretches this many correlation times long: means of neighbours of an AR(1) then correlate below 0.03. */
#define BLOCK_CORRELATIONS 10.0
#define BLOCK_INDEPENDENT 4.0 /* ... of samples that do not correlate */

static int by_value(const void *a, const void *b)
{
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static tl_code collect(drift_frame *frame, int side, tl_error *err)
{
  const size_t rows = drift_rows(frame, side);
  const uint32_t devices = frame->side[side].device_count;
  double *all = malloc((rows * devices + 1) * sizeof *all);
  if (all == NULL) return tl_fail(err, TL_E_LIMIT, NULL, "drift: no memory for %zu rows", rows);
  double sum = 0.0;
  for (size_t row = 0; row < rows; row++)
    for (uint32_t d = 0; d < devices; d++) {
      const double value = drift_value(frame, side, row, d);
      if (!isfinite(value)) {
        frame->missing[side]++;
        continue;
      }
      all[frame->n[side]++] = value;
      sum += value;
    }
  frame->mean[side] = frame->n[side] ? sum / (double)frame->n[side] : (double)NAN;
  qsort(all, frame->n[side], sizeof *all, by_value); /* ties are equal numbers */
  frame->sorted[side] = all;
  return TL_OK;
}

static int by_size(const void *a, const void *b)
{
  const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

/* Median step of the reference; of at most SERIES_MAX steps, which a steady recording shows as well as all. */
static int64_t median_period(const drift_frame *frame)
{
  int64_t steps[SERIES_MAX];
  const size_t rows = drift_rows(frame, 0);
  size_t count = 0;
  for (size_t row = 1; row < rows && count < SERIES_MAX; row++)
    steps[count++] = drift_row_ns(frame, 0, row) - drift_row_ns(frame, 0, row - 1);
  if (count == 0) return 1;
  qsort(steps, count, sizeof *steps, by_size);
  return steps[count / 2] > 0 ? steps[count / 2] : 1;
}

/* A device's values in time order about their mean, every stride-th row, missing ones left out. */
static size_t device_series(double out[SERIES_MAX], double *mean, const drift_frame *frame,
                            uint32_t device, size_t stride)
{
  const size_t rows = drift_rows(frame, 0);
  size_t count = 0;
  double sum = 0.0;
  for (size_t row = 0; row < rows && count < SERIES_MAX; row += stride) {
    const double value = drift_value(frame, 0, row, device);
    if (!isfinite(value)) continue;
    out[count++] = value;
    sum += value;
  }
  *mean = count ? sum / (double)count : 0.0;
  for (size_t i = 0; i < count; i++) out[i] -= *mean;
  return count;
}

/* Integrated autocorrelation time 1 + 2 sum rho_k of the reference, averaged over devices, with Sokal's window (stop
 * at lag 5 tau: A. Sokal, "Monte Carlo methods in statistical mechanics", 1989); of an oscillation, whose sum falls
 * again, the greatest partial sum. Also the share of variance between devices. */
static double correlation_time(drift_frame *frame)
{
  const size_t rows = drift_rows(frame, 0), stride = (rows + SERIES_MAX - 1) / SERIES_MAX;
  const uint32_t devices = frame->side[0].device_count;
  const uint32_t step = (devices + DEVICES_MAX - 1) / DEVICES_MAX;
  double(*series)[SERIES_MAX] = malloc(DEVICES_MAX * sizeof *series);
  size_t length[DEVICES_MAX], longest = 0;
  double mean[DEVICES_MAX], c0 = 0.0, points = 0.0;
  uint32_t count = 0;
  if (series == NULL) return (double)NAN;
  for (uint32_t d = 0; d < devices; d += step, count++) {
    length[count] = device_series(series[count], &mean[count], frame, d, stride);
    for (size_t i = 0; i < length[count]; i++) c0 += series[count][i] * series[count][i];
    points += (double)length[count];
    if (length[count] > longest) longest = length[count];
  }
  double tau = 1.0, greatest = 1.0;
  for (size_t lag = 1; c0 > 0.0 && lag < longest / 3; lag++) {
    double c = 0.0;
    for (uint32_t s = 0; s < count; s++)
      for (size_t i = lag; i < length[s]; i++) c += series[s][i] * series[s][i - lag];
    tau += 2.0 * c / c0;
    if (tau > greatest) greatest = tau;
    if ((double)lag >= 5.0 * tau) break;
  }
  double total = 0.0, between = 0.0;
  for (uint32_t s = 0; s < count; s++) total += mean[s];
  for (uint32_t s = 0; s < count; s++)
    between += (mean[s] - total / count) * (mean[s] - total / count);
  const double within = points > 0.0 ? c0 / points : 0.0;
  if (count > 1) between /= (double)(count - 1);
  between -= within * greatest * (double)count / (points > 0.0 ? points : 1.0); /* sampling */
  frame->device_share = count > 1 && between > 0.0 ? between / (between + within) : 0.0;
  free(series);
  return greatest * (double)stride;
}

/* Var of the mean over devices, over what it were if devices were independent: 1 + (devices - 1) x their correlation. */
static double common_factor(const drift_frame *frame)
{
  const size_t rows = drift_rows(frame, 0);
  const uint32_t devices = frame->side[0].device_count;
  double *mean = calloc((size_t)devices * 2, sizeof *mean), within = 0.0, together = 0.0;
  if (mean == NULL) return (double)NAN;
  double *number = mean + devices, values = 0.0, used = 0.0;
  for (size_t row = 0; row < rows; row++)
    for (uint32_t d = 0; d < devices; d++) {
      const double value = drift_value(frame, 0, row, d);
      if (!isfinite(value)) continue;
      mean[d] += value;
      number[d] += 1.0;
    }
  for (uint32_t d = 0; d < devices; d++) mean[d] /= number[d] > 0.0 ? number[d] : 1.0;
  for (size_t row = 0; row < rows; row++) {
    double sum = 0.0, here = 0.0;
    for (uint32_t d = 0; d < devices; d++) {
      const double away = drift_value(frame, 0, row, d) - mean[d];
      if (!isfinite(away)) continue;
      within += away * away;
      sum += away;
      here += 1.0;
    }
    values += here;
    if (here > 0.0) together += sum * sum / here, used += 1.0;
  }
  free(mean);
  const double factor = within > 0.0 && used > 0.0 ? together / used / (within / values) : 1.0;
  return factor > 1.0 ? factor : 1.0;
}

static int64_t span(const drift_frame *frame, int side)
{
  const size_t rows = drift_rows(frame, side);
  return rows
             ? drift_row_ns(frame, side, rows - 1) - drift_row_ns(frame, side, 0) + frame->period_ns
             : 0;
}

static void cut(drift_frame *frame)
{
  const int64_t a = span(frame, 0), b = span(frame, 1), shorter = a < b ? a : b;
  const double correlation_ns = frame->correlation * (double)frame->period_ns;
  const int64_t most = frame->side[0].device_count >= MANY_DEVICES ? BLOCKS_MAX_MANY : BLOCKS_MAX;
  double block =
      (frame->correlation < 1.5 ? BLOCK_INDEPENDENT : BLOCK_CORRELATIONS) * correlation_ns;
  if (block < (double)shorter / (double)most) block = (double)shorter / (double)most;
  if (shorter >= 2 * DRIFT_CLUSTERS_MIN * DAY_NS && correlation_ns <= 0.5 * (double)DAY_NS)
    block = (double)DAY_NS; /* what neighbouring days still have in common is measured */
  frame->block_ns = block < (double)shorter ? (int64_t)ceil(block) : shorter > 0 ? shorter : 1;
  frame->blocks[0] = (uint32_t)(a / frame->block_ns);
  frame->blocks[1] = (uint32_t)(b / frame->block_ns);
  for (int side = 0; side < 2; side++)
    if (frame->blocks[side] == 0) frame->blocks[side] = 1;
  frame->fine_ns = (int64_t)ceil(2.0 * correlation_ns);
  if (frame->correlation <= 1.5) frame->fine_ns = frame->period_ns;
}

tl_code drift_frame_make(drift_frame *out, const tl_drift_side *reference,
                         const tl_drift_side *current, tl_error *err)
{
  memset(out, 0, sizeof *out);
  out->side[0] = *reference;
  out->side[1] = *current;
  out->thin = 1;
  for (int side = 0; side < 2; side++) {
    const size_t values = out->side[side].rows * out->side[side].device_count;
    const uint32_t thin = (uint32_t)((values + DRIFT_VALUES_MAX - 1) / DRIFT_VALUES_MAX);
    if (thin > out->thin) out->thin = thin;
  }
  out->same_devices = reference->device_count == current->device_count &&
                      memcmp(reference->devices, current->devices,
                             reference->device_count * sizeof *reference->devices) == 0;
  tl_code code = collect(out, 0, err);
  if (code == TL_OK) code = collect(out, 1, err);
  if (code == TL_OK) {
    out->period_ns = median_period(out);
    out->correlation = correlation_time(out);
    out->common = out->side[0].device_count > 1 ? common_factor(out) : 1.0;
    if (isnan(out->correlation) || isnan(out->common))
      code = tl_fail(err, TL_E_LIMIT, NULL, "drift: out of memory");
  }
  if (code == TL_OK)
    cut(out);
  else
    drift_frame_free(out);
  return code;
}

void drift_frame_free(drift_frame *frame)
{
  for (int side = 0; side < 2; side++) {
    free(frame->sorted[side]);
    frame->sorted[side] = NULL;
  }
}

uint32_t drift_block_of(const drift_frame *frame, int side, size_t row)
{
  const int64_t at = drift_row_ns(frame, side, row) - drift_row_ns(frame, side, 0);
  const int64_t block = at / frame->block_ns;
  return block < frame->blocks[side] ? (uint32_t)block : frame->blocks[side] - 1;
}

tl_code drift_time_means(double **out, size_t *count, const drift_frame *frame, int side,
                         int64_t step_ns, tl_error *err)
{
  const size_t rows = drift_rows(frame, side);
  const uint32_t devices = frame->side[side].device_count;
  int64_t steps = span(frame, side) / step_ns;
  if (steps < 1) steps = 1;
  *count = (size_t)steps;
  double *sum = calloc(*count * 2, sizeof *sum);
  *out = sum;
  if (sum == NULL) return tl_fail(err, TL_E_LIMIT, NULL, "drift: no memory for %zu steps", *count);
  double *number = sum + *count;
  for (size_t row = 0; row < rows; row++) {
    int64_t at = (drift_row_ns(frame, side, row) - drift_row_ns(frame, side, 0)) / step_ns;
    if (at >= steps) at = steps - 1;
    for (uint32_t d = 0; d < devices; d++) {
      const double value = drift_value(frame, side, row, d);
      if (!isfinite(value)) continue;
      sum[at] += value;
      number[at] += 1.0;
    }
  }
  for (size_t i = 0; i < *count; i++) sum[i] = number[i] > 0.0 ? sum[i] / number[i] : (double)NAN;
  return TL_OK;
}

uint32_t drift_edges(double *edges, const double *sorted, size_t n, uint32_t steps)
{
  uint32_t count = 0;
  for (uint32_t k = 1; k < steps && n > 0; k++) {
    const double edge = sorted[(size_t)k * (n - 1) / steps];
    if (edge < sorted[n - 1] && (count == 0 || edge > edges[count - 1])) edges[count++] = edge;
  }
  return count + 1;
}
