/* exact.h: cosine, logarithm and exponential of doubles, for the tables of a front end.
 *
 * Why: as in kernels/real.h, the C library's differ from machine to machine; these use + - * / of
 * double alone. Errors are below 4e-16 of the result (cosine: of 1).
 * Threads: pure functions. */
#ifndef TL_KERNELS_FEATURES_EXACT_H
#define TL_KERNELS_FEATURES_EXACT_H

#include <stdint.h>

#define TL_EXACT_PI 3.14159265358979323846

double tl_exact_cos(double x); /* |x| <= 1000 */
double tl_exact_sin(double x);
double tl_exact_log(double x); /* x > 0, normal */
double tl_exact_exp(double x); /* -700 <= x <= 700 */

/* Largest whole number that is not above x, |x| < 2^62. */
int64_t tl_exact_floor(double x);

/* x = *mantissa * 2^exponent with 2^30 <= *mantissa < 2^31; x > 0 and normal. Returns exponent. */
int32_t tl_exact_split(uint32_t *mantissa, double x);

#endif
