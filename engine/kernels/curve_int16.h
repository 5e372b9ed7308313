/* curve_int16.h: logistic and tanh of int16, by one table with linear interpolation, bit for bit as
 * TFLite Micro's reference kernels.
 *
 * Why: LOGISTIC and TANH of int16 activations, and the gates of an LSTM.
 * Threads: pure functions. */
#ifndef TL_KERNELS_CURVE_INT16_H
#define TL_KERNELS_CURVE_INT16_H

#include <stdbool.h>
#include <stdint.h>

/* How an int16 becomes the argument of the table, in steps of 1/12288:
 * (q * multiplier + half) >> shift. */
typedef struct tl_curve_int16 {
  int32_t multiplier, shift;
} tl_curve_int16;

/* For an input of this scale (zero point 0). A scale of 2^-12 (for tanh also 2^-11), or nearly so,
 * is taken as exactly that; any other gets a multiplier of 15 bits, cut off. False for a scale that
 * is not in (0, 8/3). */
bool tl_curve_int16_of(tl_curve_int16 *out, float scale, bool is_tanh);

/* Whether a scale is 2^exponent up to 0.07 %. */
bool tl_curve_is_power(float scale, int32_t exponent);

/* The curves themselves, of x in steps of 1/12288 (the gates of an LSTM have Q3.12 times 3). Q0.15. */
int16_t tl_curve_logistic_steps(int32_t x);
int16_t tl_curve_tanh_steps(int32_t x);

/* The same of an int16 input. */
int16_t tl_curve_logistic_int16(int16_t q, tl_curve_int16 curve);
int16_t tl_curve_tanh_int16(int16_t q, tl_curve_int16 curve);

#endif
