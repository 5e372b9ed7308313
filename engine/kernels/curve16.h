/* curve16.h: logistic and tanh of int16 activations, by a table and straight lines, bit for bit as
 * TFLite Micro's reference kernels.
 *
 * Why: LOGISTIC and TANH of int16 and the gates of an LSTM are the same two curves. The argument
 * comes in steps of 1 / 12288 (3 * 2^-12): an x in Q3.12 times 3.
 * Threads: pure functions. */
#ifndef TL_KERNELS_CURVE16_H
#define TL_KERNELS_CURVE16_H

#include <stdint.h>

/* 1 / (1 + exp(-x)) in Q0.15, x in steps of 1 / 12288. */
int16_t tl_curve16_logistic(int32_t x);

/* tanh(x) in Q0.15, x in steps of 1 / 12288: 2 * logistic(2 x) - 1. */
int16_t tl_curve16_tanh(int32_t x);

#endif
