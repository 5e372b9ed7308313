/* actuator.h: what becomes of a command: saturation, rate limit, dead band, minimum on and off
 * times, faults.
 * Owns: nothing. Threads: a leaf on the rows it is given. */
#ifndef TL_EDGE_ACTUATOR_H
#define TL_EDGE_ACTUATOR_H
#include "base/cpu.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct tl_actuator_limits {
  double low, high;  /* saturation, low < high */
  double rate_per_s; /* largest change per second; 0 = unlimited */
  double dead_band;  /* commands that differ less from the applied value are ignored; 0 = none */
  double min_on_s, min_off_s; /* shortest stay above / at low; 0 = none */
} tl_actuator_limits;

typedef struct tl_actuator_rows {
  double *restrict applied; /* out: the twin's input */
  const double *restrict command;
  const double *restrict stuck; /* != 0: applied is stuck_at */
  const double *restrict stuck_at;
  const double *restrict efficiency; /* what arrives of the value, 0..1 */
  double *restrict position;         /* value before efficiency and stuck; dynamic state */
  double *restrict since_s; /* time of the last switch between low and above; dynamic state */
} tl_actuator_rows;

/* True when the limits need memory: position and since_s are then used. */
TL_API bool tl_actuator_has_memory(const tl_actuator_limits *limits);
/* True when some row is stuck or less than fully efficient. */
TL_API bool tl_actuator_faulty(const tl_actuator_rows *rows, uint32_t row_count);
/* Applies commands of rows [0, row_count) at time at_s; dt_s since the last tick, for the rate
 * limit.
 * faulty: tl_actuator_faulty() of these rows; when false the fault columns are not read. */
TL_API void tl_actuator_apply(tl_simd_path path, const tl_actuator_rows *rows, uint32_t row_count,
                              const tl_actuator_limits *limits, bool faulty, double at_s,
                              double dt_s);
#endif
