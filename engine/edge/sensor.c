#include "edge/sensor.h"

#include "base/simd.h"

#include <assert.h>

/* Nearest integer, ties to even, for |x| < 2^51: exact in every rounding-to-nearest build and
 * vectorises everywhere. */
#define ROUND_MAGIC 6755399441055744.0 /* 1.5 * 2^52 */

/* The same operations in the same order whatever the features: a term that is at rest adds an
 * exact zero. */
TL_INLINE_BODY void noise_body(const tl_sensor_rows *rows, uint32_t row_count,
                               const float *restrict normal)
{
  double *restrict measured = rows->measured;
  const double *restrict truth = rows->truth, *restrict noise = rows->noise;
  const double low = rows->low, high = rows->high;
  for (uint32_t i = 0; i < row_count; i++) {
    const double value = (truth[i] + 0.0) + noise[i] * (double)normal[i];
    const double above = value < low ? low : value;
    measured[i] = above > high ? high : above;
  }
}

TL_INLINE_BODY void full_body(const tl_sensor_rows *rows, uint32_t row_count, uint32_t features,
                              double at_s, const float *restrict normal,
                              const double *restrict uniform)
{
  for (uint32_t i = 0; i < row_count; i++) {
    const double since_s = at_s - rows->drift_from_s[i];
    const double offset = rows->bias[i] + rows->drift_per_s[i] * (since_s > 0.0 ? since_s : 0.0);
    const double noise = features & TL_SENSOR_NOISE ? rows->noise[i] * (double)normal[i] : 0.0;
    double value = (rows->truth[i] + offset) + noise;
    const double step = rows->resolution[i];
    if (step > 0.0) value = ((value / step + ROUND_MAGIC) - ROUND_MAGIC) * step;
    value = value < rows->low ? rows->low : value;
    value = value > rows->high ? rows->high : value;
    const int lost = (features & TL_SENSOR_HOLD) && uniform[i] < rows->dropout[i];
    const int held = lost || rows->stuck[i] != 0.0;
    rows->missing[i] = lost ? 1.0 : 0.0;
    rows->measured[i] = held ? rows->measured[i] : value;
  }
}

static void noise_scalar(const tl_sensor_rows *rows, uint32_t row_count, const float *normal)
{
  noise_body(rows, row_count, normal);
}

TL_TARGET_AVX2 static void noise_avx2(const tl_sensor_rows *rows, uint32_t row_count,
                                      const float *normal)
{
  noise_body(rows, row_count, normal);
}

static void full_scalar(const tl_sensor_rows *rows, uint32_t row_count, uint32_t features,
                        double at_s, const float *normal, const double *uniform)
{
  full_body(rows, row_count, features, at_s, normal, uniform);
}

TL_TARGET_AVX2 static void full_avx2(const tl_sensor_rows *rows, uint32_t row_count,
                                     uint32_t features, double at_s, const float *normal,
                                     const double *uniform)
{
  full_body(rows, row_count, features, at_s, normal, uniform);
}

void tl_sensor_sample(tl_simd_path path, const tl_sensor_rows *rows, uint32_t row_count,
                      uint32_t features, double at_s, const float *normal, const double *uniform)
{
  assert(row_count % 16 == 0);
  assert(rows->low < rows->high);
  const int wide = path == TL_PATH_AVX2 || path == TL_PATH_VNNI;
  if (features == TL_SENSOR_NOISE) {
    if (wide)
      noise_avx2(rows, row_count, normal);
    else
      noise_scalar(rows, row_count, normal);
  } else if (wide)
    full_avx2(rows, row_count, features, at_s, normal, uniform);
  else
    full_scalar(rows, row_count, features, at_s, normal, uniform);
}

uint32_t tl_sensor_features(const tl_sensor_rows *rows, uint32_t row_count)
{
  uint32_t features = 0;
  for (uint32_t i = 0; i < row_count; i++) {
    if (rows->noise[i] > 0.0) features |= TL_SENSOR_NOISE;
    if (rows->bias[i] != 0.0 || rows->drift_per_s[i] != 0.0) features |= TL_SENSOR_OFFSET;
    if (rows->resolution[i] > 0.0) features |= TL_SENSOR_QUANTISE;
    if (rows->dropout[i] > 0.0 || rows->stuck[i] != 0.0) features |= TL_SENSOR_HOLD;
  }
  return features;
}
