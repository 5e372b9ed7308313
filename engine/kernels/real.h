/* real.h: exp, log and square root without a mathematical library.
 *
 * Why: tables of curves (EXP, LOG, ELU) and one multiplier (RSQRT) are made from real functions
 * when a model opens; the C library's differ from machine to machine, these do not. They use
 * + - * / of double alone.
 * Threads: pure functions. */
#ifndef TL_KERNELS_REAL_H
#define TL_KERNELS_REAL_H

#include <stdint.h>

/* The float nearest to exp(x) (to 1e-8 of its step; infinite from 88.7228394, 0 below -104). */
float tl_real_exp(float x);

/* The float nearest to log(x) (to 1e-7 of its step), x > 0 and finite. */
float tl_real_log(float x);

/* The double nearest to the square root of x, x >= 0 and finite. Made float, it is the float
 * nearest to it, too. */
double tl_real_sqrt(float x);

/* As an x86 processor makes an int32 of a float: toward zero; INT32_MIN for what does not fit. */
int32_t tl_real_to_int32(float x);

/* Nearest whole number as float, halves away from zero. */
float tl_real_round(float x);

#endif
