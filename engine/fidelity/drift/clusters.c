/* clusters.c: counts by cluster, and the covariance of the sides' shares that the clusters show. */
#include "fidelity/drift/drift_inside.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool drift_level_exists(const drift_frame *frame, tl_drift_level level)
{
  for (int side = 0; side < 2; side++) {
    const uint32_t devices = frame->side[side].device_count, blocks = frame->blocks[side];
    if (level == TL_DRIFT_BY_DEVICE && devices < DRIFT_CLUSTERS_MIN) return false;
    if (level == TL_DRIFT_BY_DAY && (blocks < DRIFT_CLUSTERS_MIN || devices < 2)) return false;
    if (level != TL_DRIFT_BY_BLOCK) continue;
    /* stretches of other devices say nothing about how devices differ */
    if (!frame->same_devices && devices > 1 && devices < DRIFT_CLUSTERS_MIN) {
      if (blocks * devices < 2 * DRIFT_CLUSTERS_MIN) return false;
    } else if (blocks < 2 || devices * (blocks - 1) < DRIFT_CLUSTERS_MIN - 1) {
      return false;
    }
  }
  return true;
}

static uint32_t step_of(const double *edges, uint32_t steps, double value)
{
  uint32_t low = 0, high = steps - 1;
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (value <= edges[middle])
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

static uint32_t clusters_of(const drift_frame *frame, int side, tl_drift_level level)
{
  const uint32_t devices = frame->side[side].device_count, blocks = frame->blocks[side];
  return level == TL_DRIFT_BY_DEVICE ? devices
         : level == TL_DRIFT_BY_DAY  ? blocks
                                     : devices * blocks;
}

static void count_side(drift_clusters *out, const drift_frame *frame, int side, const double *edges)
{
  const size_t rows = drift_rows(frame, side);
  const uint32_t begin = side ? out->of_side[0] : 0, devices = frame->side[side].device_count;
  for (size_t row = 0; row < rows; row++) {
    const uint32_t block = drift_block_of(frame, side, row);
    for (uint32_t d = 0; d < devices; d++) {
      const double value = drift_value(frame, side, row, d);
      if (!isfinite(value)) continue;
      const uint32_t cluster =
          begin + (out->level == TL_DRIFT_BY_DEVICE ? d
                   : out->level == TL_DRIFT_BY_DAY  ? block
                                                    : d * frame->blocks[side] + block);
      out->hist[(size_t)cluster * out->steps + step_of(edges, out->steps, value)] += 1.0;
      out->total[cluster] += 1.0;
    }
  }
}

tl_code drift_clusters_make(drift_clusters *out, const drift_frame *frame, tl_drift_level level,
                            const double *edges, uint32_t step_count, tl_error *err)
{
  memset(out, 0, sizeof *out);
  out->level = level;
  out->steps = step_count;
  out->paired = level == TL_DRIFT_BY_DEVICE && frame->same_devices;
  for (int side = 0; side < 2; side++) out->of_side[side] = clusters_of(frame, side, level);
  out->count = out->of_side[0] + out->of_side[1];
  out->hist = calloc((size_t)out->count * step_count, sizeof *out->hist);
  out->total = calloc(out->count, sizeof *out->total);
  out->stratum = calloc(out->count, sizeof *out->stratum);
  if (!out->hist || !out->total || !out->stratum) {
    drift_clusters_free(out);
    return tl_fail(err, TL_E_LIMIT, NULL, "drift: no memory for %u clusters", out->count);
  }
  const bool by_device = frame->same_devices && level != TL_DRIFT_BY_DAY;
  out->strata = by_device ? frame->side[0].device_count : 1;
  for (uint32_t c = 0; by_device && c < out->count; c++) {
    const int side = c >= out->of_side[0];
    const uint32_t place = c - (side ? out->of_side[0] : 0);
    out->stratum[c] = out->paired ? place : place / frame->blocks[side];
  }
  count_side(out, frame, 0, edges);
  count_side(out, frame, 1, edges);
  return TL_OK;
}

void drift_clusters_free(drift_clusters *clusters)
{
  free(clusters->hist);
  free(clusters->total);
  free(clusters->stratum);
  memset(clusters, 0, sizeof *clusters);
}

void drift_shares(double *out, const drift_clusters *clusters, int side)
{
  const uint32_t begin = side ? clusters->of_side[0] : 0, end = begin + clusters->of_side[side];
  double n = 0.0;
  for (uint32_t k = 0; k < clusters->steps; k++) out[k] = 0.0;
  for (uint32_t c = begin; c < end; c++) {
    n += clusters->total[c];
    for (uint32_t k = 0; k < clusters->steps; k++)
      out[k] += clusters->hist[(size_t)c * clusters->steps + k];
  }
  for (uint32_t k = 0; k < clusters->steps; k++) out[k] /= n;
}

/* Sums of a stratum on one side. */
typedef struct stratum_sums {
  double *hist;     /* [stratum][step] */
  double *total;    /* [stratum] */
  uint32_t *number; /* clusters with values */
} stratum_sums;

/* What a cluster adds to the error of its side's shares: (counts - total * stratum's shares) / n, the linearised
 * ratio estimator (W. G. Cochran, "Sampling Techniques", 1977, 6.3). */
static void residual(double *out, const drift_clusters *clusters, uint32_t c, const double *shares,
                     double n, bool cumulative)
{
  double sum = 0.0;
  for (uint32_t k = 0; k < clusters->steps; k++) {
    const double here =
        (clusters->hist[(size_t)c * clusters->steps + k] - clusters->total[c] * shares[k]) / n;
    sum += here;
    out[k] = cumulative ? sum : here;
  }
}

static void add_square(double *out, const double *u, uint32_t steps, double weight)
{
  for (uint32_t i = 0; i < steps; i++)
    for (uint32_t k = 0; k < steps; k++) out[i * steps + k] += weight * u[i] * u[k];
}

/* Same devices on both sides: the spread of their differences. */
static void paired_covariance(double *out, double *freedom, const drift_clusters *clusters,
                              bool cumulative, double *shares, double *u, double *v)
{
  const uint32_t steps = clusters->steps, devices = clusters->of_side[0];
  double n[2] = {0.0, 0.0};
  for (uint32_t c = 0; c < clusters->count; c++) n[c >= devices] += clusters->total[c];
  drift_shares(shares, clusters, 0);
  drift_shares(shares + steps, clusters, 1);
  uint32_t number = 0;
  for (uint32_t d = 0; d < devices; d++)
    number += clusters->total[d] > 0.0 || clusters->total[devices + d] > 0.0;
  for (uint32_t d = 0; d < devices; d++) {
    residual(u, clusters, d, shares, n[0], cumulative);
    residual(v, clusters, devices + d, shares + steps, n[1], cumulative);
    for (uint32_t k = 0; k < steps; k++) u[k] -= v[k];
    add_square(out, u, steps, (double)number / (double)(number - 1));
  }
  *freedom = (double)number - 1.0;
}

static bool side_covariance(double *out, double *freedom, const drift_clusters *clusters, int side,
                            bool cumulative, double *u)
{
  const uint32_t steps = clusters->steps, strata = clusters->strata;
  const uint32_t begin = side ? clusters->of_side[0] : 0, end = begin + clusters->of_side[side];
  stratum_sums sums = {.hist = calloc((size_t)strata * steps, sizeof(double)),
                       .total = calloc(strata, sizeof(double)),
                       .number = calloc(strata, sizeof(uint32_t))};
  const bool fits = sums.hist && sums.total && sums.number;
  double n = 0.0;
  for (uint32_t c = begin; fits && c < end; c++) {
    const uint32_t s = clusters->stratum[c];
    for (uint32_t k = 0; k < steps; k++)
      sums.hist[(size_t)s * steps + k] += clusters->hist[(size_t)c * steps + k];
    sums.total[s] += clusters->total[c];
    sums.number[s] += clusters->total[c] > 0.0;
    n += clusters->total[c];
  }
  for (size_t i = 0; fits && i < (size_t)strata * steps; i++)
    sums.hist[i] /= sums.total[i / steps] > 0.0 ? sums.total[i / steps] : 1.0;
  for (uint32_t c = begin; fits && c < end; c++) {
    const uint32_t s = clusters->stratum[c];
    if (sums.number[s] < 2 || !(clusters->total[c] > 0.0)) continue;
    residual(u, clusters, c, sums.hist + (size_t)s * steps, n, cumulative);
    add_square(out, u, steps, (double)sums.number[s] / (double)(sums.number[s] - 1));
  }
  for (uint32_t s = 0; fits && s < strata; s++)
    if (sums.number[s] > 1) *freedom += (double)(sums.number[s] - 1);
  free(sums.hist);
  free(sums.total);
  free(sums.number);
  return fits;
}

tl_code drift_covariance(double *out, double *freedom, const drift_clusters *clusters,
                         bool cumulative, tl_error *err)
{
  const uint32_t steps = clusters->steps;
  double *scratch = calloc((size_t)steps * 4, sizeof *scratch);
  bool fits = scratch != NULL;
  memset(out, 0, (size_t)steps * steps * sizeof *out);
  *freedom = 0.0;
  if (fits && clusters->paired) {
    paired_covariance(out, freedom, clusters, cumulative, scratch, scratch + 2 * steps,
                      scratch + 3 * steps);
  } else if (fits) {
    fits = side_covariance(out, freedom, clusters, 0, cumulative, scratch) &&
           side_covariance(out, freedom, clusters, 1, cumulative, scratch);
  }
  free(scratch);
  return fits ? TL_OK : tl_fail(err, TL_E_LIMIT, NULL, "drift: out of memory");
}

/* Products of residuals of neighbouring stretches against their squares; a mean taken out of K stretches makes the
 * raw ratio -1/K on independent ones, which is put back. */
double drift_neighbours(const drift_clusters *clusters, const drift_frame *frame)
{
  if (clusters->level == TL_DRIFT_BY_DEVICE) return 1.0;
  const uint32_t steps = clusters->steps;
  double *shares = calloc((size_t)steps * 3, sizeof *shares), square = 0.0, product = 0.0;
  double blocks = 0.0;
  if (shares == NULL) return 1.0;
  double *u = shares + steps, *before = u + steps;
  uint32_t c = 0;
  for (int side = 0; side < 2; side++) {
    const uint32_t series = clusters->of_side[side] / frame->blocks[side];
    blocks += 0.5 * (double)frame->blocks[side];
    for (uint32_t s = 0; s < series; s++) {
      double n = 0.0;
      memset(shares, 0, steps * sizeof *shares);
      for (uint32_t b = 0; b < frame->blocks[side]; b++) {
        n += clusters->total[c + b];
        for (uint32_t k = 0; k < steps; k++)
          shares[k] += clusters->hist[(size_t)(c + b) * steps + k];
      }
      for (uint32_t k = 0; k < steps; k++) shares[k] /= n > 0.0 ? n : 1.0;
      for (uint32_t b = 0; b < frame->blocks[side]; b++, c++) {
        residual(u, clusters, c, shares, 1.0, true);
        for (uint32_t k = 0; k < steps; k++) {
          square += u[k] * u[k];
          if (b > 0) product += u[k] * before[k];
          before[k] = u[k];
        }
      }
    }
  }
  free(shares);
  const double ratio = square > 0.0 ? product / square + 1.0 / blocks : 0.0;
  return ratio > 0.0 ? 1.0 + 2.0 * (ratio < 0.45 ? ratio : 0.45) : 1.0;
}
