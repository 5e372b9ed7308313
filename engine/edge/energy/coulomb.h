/* coulomb.h: the charge that a device takes from its battery: asleep, inferring, sending.
 *
 *     charge += sleep_A * asleep_s + inferences * inference_C + messages * message_C
 *     asleep_s = dt_s - inferences * inference_s, at least 0
 *
 * Why: a model that is right but empties the battery in a month is wrong; the counter makes energy a
 * column like any other, so that thresholds and reports see it. The charge of an inference comes
 * from a board profile (edge/energy/board.h) and is *modelled*, with that profile's error.
 * Owns: nothing. Threads: a leaf on the rows it is given. */
#ifndef TL_EDGE_COULOMB_H
#define TL_EDGE_COULOMB_H
#include "base/cpu.h"

#include <stdint.h>

typedef struct tl_coulomb_rows {
  double *restrict charge_C;         /* dynamic: drawn so far, >= 0 */
  double *restrict state_of_charge;  /* out: 1 full .. 0 empty; 1 without a battery */
  double *restrict duty;             /* out: share of this interval spent inferring; above 1 the
                                        device cannot keep up */
  const double *restrict capacity_C; /* parameter; 0: no battery (mains) */
  const double *restrict sleep_A;    /* parameter: all that flows while nothing runs, leakage too */
  const double *restrict inference_C, *restrict inference_s; /* parameters: one inference */
  const double *restrict message_C;                          /* parameter: one message sent */
  const double *restrict inferences, *restrict messages; /* of this interval, may be parts of one */
} tl_coulomb_rows;

/* Rows [0, row_count), row_count a multiple of 16; dt_s > 0. Every path gives the same bits. */
TL_API void tl_coulomb_run(tl_simd_path path, const tl_coulomb_rows *rows, uint32_t row_count,
                           double dt_s);

/* Charge at the battery for an energy at the board: energy / (voltage * efficiency of the
 * regulator). voltage_V > 0, efficiency_ratio in (0, 1]. */
TL_API double tl_coulomb_of_energy(double energy_J, double voltage_V, double efficiency_ratio);
/* 1 mAh = 3.6 C. */
TL_API double tl_coulomb_of_mAh(double capacity_mAh);
#endif
