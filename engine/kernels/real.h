/* real.h: exp, log, sine and square root without a mathematical library.
 *
 * Why: tables of curves (EXP, LOG, ELU), one multiplier (RSQRT) and the tables of a front end are
 * made from real functions when a model or a front end opens; the C library's differ from machine to
 * machine, these do not. They use + - * / of double alone.
 * Threads: pure functions. */
#ifndef TL_KERNELS_REAL_H
#define TL_KERNELS_REAL_H

#include <stdint.h>

#define TL_REAL_PI 3.14159265358979323846

/* Of doubles: errors are below 4e-16 of the result (sine and cosine: of 1). */
double tl_real_exp(double x); /* -700 <= x <= 700 */
double tl_real_log(double x); /* x > 0, normal */
double tl_real_cos(double x); /* |x| <= 1000 */
double tl_real_sin(double x);

/* The float nearest to exp(x) (to 1e-8 of its step; infinite from 88.7228394, 0 below -104). */
float tl_real_exp_float(float x);

/* The float nearest to log(x) (to 1e-7 of its step), x > 0 and finite. */
float tl_real_log_float(float x);

/* The double nearest to the square root of x, x >= 0 and finite. Made float, it is the float
 * nearest to it, too. */
double tl_real_sqrt(float x);

/* As an x86 processor makes an int32 of a float: toward zero; INT32_MIN for what does not fit. */
int32_t tl_real_to_int32(float x);

/* Nearest whole number as float, halves away from zero. */
float tl_real_round(float x);

/* Largest whole number that is not above x, |x| < 2^62. */
int64_t tl_real_floor(double x);

/* x = *mantissa * 2^exponent with 2^30 <= *mantissa < 2^31; x > 0 and normal. Returns exponent. */
int32_t tl_real_split(uint32_t *mantissa, double x);

#endif
