/* null_fleet.h: fleets for tests: first-order processes with spread between devices, and a planted shift. */
#ifndef TL_TESTS_NULL_FLEET_H
#define TL_TESTS_NULL_FLEET_H
#include "fidelity/drift/drift.h"

#include "base/dmath.h"
#include "base/rng.h"

#include <math.h>
#include <stdlib.h>

typedef enum made_shape { MADE_NORMAL, MADE_SKEWED, MADE_SWITCH } made_shape;
typedef struct made_def {
  uint32_t devices;
  size_t rows[2]; /* reference, current */
  double keep;    /* autocorrelation of neighbours */
  double spread;  /* deviation between devices; of a device's noise: 1 */
  made_shape shape;
  bool other_devices; /* the current side has devices of its own */
  double shift;       /* added to the current side from row `shift_row` of it on */
  size_t shift_row;
} made_def;
typedef struct made_fleet {
  tl_drift_side side[2];
  int64_t *at_ns;
  double *values;
  uint32_t *devices;
} made_fleet;

static inline made_fleet made_begin(const made_def *def)
{
  const size_t rows = def->rows[0] + def->rows[1];
  made_fleet out = {.at_ns = malloc(rows * sizeof *out.at_ns),
                    .values = malloc(rows * def->devices * sizeof *out.values),
                    .devices = malloc(2 * def->devices * sizeof *out.devices)};
  for (size_t row = 0; row < rows; row++) out.at_ns[row] = (int64_t)row * 1000000000;
  for (uint32_t d = 0; d < def->devices; d++) {
    out.devices[d] = d;
    out.devices[def->devices + d] = def->other_devices ? def->devices + d : d;
  }
  for (int side = 0; side < 2; side++)
    out.side[side] =
        (tl_drift_side){.at_ns = out.at_ns + (side ? def->rows[0] : 0),
                        .rows = def->rows[side],
                        .values = out.values + (side ? def->rows[0] * def->devices : 0),
                        .device_count = def->devices,
                        .devices = out.devices + (side ? def->devices : 0)};
  return out;
}
static inline void made_end(made_fleet *fleet)
{
  free(fleet->at_ns);
  free(fleet->values);
  free(fleet->devices);
}
static inline void made_draw(made_fleet *fleet, const made_def *def, uint64_t seed)
{
  const tl_rng_key key = tl_rng_key_make(seed, 77, 0);
  const double fresh = sqrt(1.0 - def->keep * def->keep);
  for (uint32_t d = 0; d < def->devices; d++) {
    double level = def->spread * (double)tl_rng_normal(key, d, UINT64_MAX);
    double x = tl_rng_normal(key, d, 0);
    for (size_t row = 0; row < def->rows[0] + def->rows[1]; row++) {
      if (row == def->rows[0] && def->other_devices)
        level = def->spread * (double)tl_rng_normal(key, d, UINT64_MAX - 1);
      x = def->keep * x + fresh * (double)tl_rng_normal(key, d, row + 1);
      double value = level + x + (row >= def->rows[0] + def->shift_row ? def->shift : 0.0);
      if (def->shape == MADE_SKEWED) value = tl_math_exp(value);
      if (def->shape == MADE_SWITCH) value = value > 0.3 ? 1.0 : 0.0;
      fleet->values[row * def->devices + d] = value;
    }
  }
}
#endif
