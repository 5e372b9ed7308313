/* iso9283.h: pose accuracy and pose repeatability of a manipulator (ISO 9283:1998, 7.2).
 *
 * Why: an arm that returns to the same wrong place is repeatable and not accurate; the first is the mechanism's, the
 * second mostly the model's (joint offsets, lengths), which calibration can put right. One number cannot say both.
 * What: n cycles to one commanded pose, each attained pose as x, y, z [m] and roll, pitch, yaw [rad].
 *   AP  = distance of the attained poses' mean from the command            (positioning accuracy, 7.2.1)
 *   AP_a = mean - command, of each angle                                   (orientation accuracy)
 *   RP  = mean + 3 s of the distances from their own mean, s with n - 1    (positioning repeatability, 7.2.2)
 *   RP_a = 3 s of each angle: repeats within +- that                       (orientation repeatability)
 * Angles are compared modulo a turn. The standard asks for 30 cycles; fewer are computed and are the caller's to
 * mention.
 * Owns: nothing. Threads: pure. */
#ifndef TL_FIDELITY_ISO9283_H
#define TL_FIDELITY_ISO9283_H
#include "base/error.h"

#include <stdint.h>

enum { TL_ISO9283_CYCLES = 30 }; /* that the standard asks for */

typedef struct tl_pose {
  double xyz_m[3], rpy_rad[3];
} tl_pose;

typedef struct tl_iso9283 {
  uint32_t cycle_count;
  double AP_m, AP_xyz_m[3], AP_rpy_rad[3];
  double RP_m, RP_rpy_rad[3];
} tl_iso9283;

/* errors  TL_E_SAMPLES: fewer than two cycles, so nothing repeats; TL_E_ARG: a pose is not finite (cycles count from 1) */
TL_API tl_code tl_iso9283_measure(tl_iso9283 *out, const tl_pose *attained, uint32_t count,
                                  const tl_pose *command, const char *where, tl_error *err);
#endif
