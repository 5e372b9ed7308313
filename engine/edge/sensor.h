/* sensor.h: what a device believes it measures: truth, faults, noise, resolution, missing samples.
 *
 * Why: between plant and controller; a roll-out is judged by what its sensors do to it.
 * Owns: nothing. Threads: a leaf on the rows it is given. */
#ifndef TL_EDGE_SENSOR_H
#define TL_EDGE_SENSOR_H
#include "base/cpu.h"

#include <stdint.h>

/* Which parameters of a block are not at rest; others are skipped without changing a bit. */
enum {
  TL_SENSOR_NOISE = 1,    /* some noise > 0 */
  TL_SENSOR_OFFSET = 2,   /* some bias or drift != 0 */
  TL_SENSOR_QUANTISE = 4, /* some resolution > 0 */
  TL_SENSOR_HOLD = 8      /* some dropout > 0 or stuck != 0: the old value may stay */
};

typedef struct tl_sensor_rows {
  double *restrict measured;    /* in and out: a missing or stuck sample keeps the old value */
  const double *restrict truth; /* twin column, same unit */
  const double *restrict noise; /* standard deviation */
  const double *restrict bias;
  const double *restrict drift_per_s; /* grows from drift_from_s on */
  const double *restrict drift_from_s;
  const double *restrict resolution; /* 0 = none */
  const double *restrict dropout;    /* probability of a missing sample */
  const double *restrict stuck;      /* != 0: stuck */
  double *restrict missing;          /* out: 1 when this tick's sample is missing */
  double low, high;                  /* saturation */
} tl_sensor_rows;

/* One sample of rows [0, row_count), row_count a multiple of 16.
 * at_s     time of the sample [s]
 * normal   standard normals, one a row; read only with TL_SENSOR_NOISE
 * uniform  [0,1), one a row; read only with TL_SENSOR_HOLD
 * features bits above */
TL_API void tl_sensor_sample(tl_simd_path path, const tl_sensor_rows *rows, uint32_t row_count,
                             uint32_t features, double at_s, const float *normal,
                             const double *uniform);
/* The features that these parameters need. */
TL_API uint32_t tl_sensor_features(const tl_sensor_rows *rows, uint32_t row_count);
#endif
