/* curve.h: exp and 1 / (1 + x) in fixed point, bit for bit as TFLite Micro's reference kernels.
 *
 * Why: LOGISTIC, TANH, SOFTMAX and LOG_SOFTMAX end in the same few curves. Source: the formulas of
 * gemmlowp's fixed-point library. "Qm.n" below is an int32 with m whole and n fraction bits.
 * Threads: pure functions. */
#ifndef TL_KERNELS_CURVE_H
#define TL_KERNELS_CURVE_H

#include <stdint.h>

/* x, kept inside int32. */
int32_t tl_curve_saturate(int64_t x);

/* exp(a) in Q0.31 for a <= 0 in Q(whole).(31 - whole); exp(0) is INT32_MAX. whole 4 .. 5. */
int32_t tl_curve_exp(int32_t a, int32_t whole);

/* 1 / (1 + a) in Q1.30 for a in [0, 1) as Q0.31. */
int32_t tl_curve_reciprocal(int32_t a);

#endif
