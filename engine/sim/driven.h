/* driven.h: how the time between two stamps of a recording is stepped; the one definition of it.
 *
 * Why: a run and a calibration must give the same bits for the same parameters, so both call this.
 * Inputs are held over the interval; it is cut into the fewest equal steps that are no longer than
 * the fleet's dt.
 * Owns: nothing. Threads: as the twin's step(). */
#ifndef TL_SIM_DRIVEN_H
#define TL_SIM_DRIVEN_H
#include "sim/twin.h"

static inline uint32_t tl_driven_steps(int64_t interval_ns, int64_t dt_ns)
{
  return (uint32_t)((interval_ns + dt_ns - 1) / dt_ns);
}

static inline void tl_driven_step(const tl_twin_type *twin, double *const *column, tl_slice rows,
                                  int64_t interval_ns, int64_t dt_ns, tl_simd_path path)
{
  if (interval_ns <= 0) return; /* the last stamp of a recording: nothing follows */
  const uint32_t steps = tl_driven_steps(interval_ns, dt_ns);
  twin->step(column, rows, (double)interval_ns / 1e9 / (double)steps, steps, path);
}
#endif
