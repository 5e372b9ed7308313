/* statistics.h: how well the samples know the fitted values. For this folder only.
 *
 * Model: residual = noise of one channel, its correlation exp(-dt / tau) between samples dt apart
 * (AR(1) on even stamps), channels and runs independent. tau and the noise's variance are found
 * from the residuals' sum of squares and their products with the next, both corrected for what the
 * fit took away (E[r' L r] of r = (I - Q Q') e). Covariance = R^-1 (sum_c var_c Q_c' Omega_c Q_c)
 * R^-T (White 1980; Newey, West 1987, with the kernel known); intervals by Student's t with as
 * many degrees of freedom as the variance is known by (fewer when tau is estimated too).
 * What it cannot know: an error of the model that looks like one of its parameters. */
#ifndef TL_FIDELITY_CALIBRATE_STATISTICS_H
#define TL_FIDELITY_CALIBRATE_STATISTICS_H
#include "fidelity/calibrate/simulate.h"

/* Fills values, covariance, correlation, sentences and channels of a calibration at a point.
 * at: coordinates; trace: of tl_plan_trace there.  errors  TL_E_LIMIT */
tl_code tl_statistics(tl_calibration *out, const tl_calibrate_problem *problem, const double *at,
                      const tl_trace_out *trace, tl_error *err);

/* --- noise.c: one channel's ---
 * q: [count][width] rows of Q; s: [width][width] the sum of all channels' var Q' Omega Q */
typedef struct tl_noise {
  uint32_t count, width;
  const double *at_s, *residual, *q;
  double variance, tau_s; /* tau 0: white */
  double *work;           /* [count][width] + 3 [count] */
} tl_noise;
void tl_noise_begin(tl_noise *noise);
/* One round: better variance and tau, given s; returns the relative change. */
double tl_noise_refine(tl_noise *noise, const double *s);
/* Adds var Q' Omega Q to s. */
void tl_noise_add(const tl_noise *noise, double *s);
double tl_noise_lag1(const tl_noise *noise);      /* mean correlation with the next sample */
double tl_noise_effective(const tl_noise *noise); /* count^2 / (1' Omega 1) */

/* --- identify.c --- */
/* Directions that the Jacobian does not see. r: [free+1][free+1] triangle by coordinates.
 * unseen[k]: free value k takes part in one; fixed[k]: hold it and the rest is determined.
 * Writes sentences and the condition.  errors  TL_E_LIMIT */
tl_code tl_identify(tl_calibration *out, const tl_calibrate_problem *problem, const double *r,
                    uint8_t *unseen, uint8_t *fixed, tl_error *err);
#endif
