/* integers.h: roots and logarithms of whole numbers, as the micro front end rounds them.
 *
 * Source: TensorFlow Lite's micro front end (filterbank, log_scale); the logarithm is that of
 * "Fast base-10 logarithm", SPL 2007: a table of what log2(1 + x) - x adds, lines between.
 * Threads: pure functions. */
#ifndef TL_KERNELS_FEATURES_INTEGERS_H
#define TL_KERNELS_FEATURES_INTEGERS_H

#include <stdint.h>

enum { TL_LOG2_SEGMENTS = 128, TL_LOG2_CURVE_COUNT = TL_LOG2_SEGMENTS + 1 };

/* Bits that a number needs: 0 of 0, 64 of UINT64_MAX. */
int32_t tl_bits_of(uint64_t x);

/* Root, nearest (a root of less than 2^32 at most 65535). */
uint32_t tl_root(uint64_t x);

/* Q16: round(65536 (log2(1 + i / 128) - i / 128)) for i = 0 .. 128 */
void tl_log2_curve(uint16_t curve[TL_LOG2_CURVE_COUNT]);

/* log2(x) in Q16, x > 0. slope_bits 9 draws lines in the curve (off by less than 5 / 65536); the
 * micro front end takes 16, which leaves steps (off by less than 230 / 65536). */
int32_t tl_log2(uint64_t x, const uint16_t *curve, int32_t slope_bits);

/* Natural logarithm of x > 1 times 2^bits, to the whole number, by a coefficient of 16 bits. */
uint32_t tl_log_scaled(uint32_t x, uint32_t bits, const uint16_t *curve);

#endif
