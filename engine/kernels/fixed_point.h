/* fixed_point.h: the integer arithmetic of quantised inference, as TFLite Micro's reference
 * kernels do it (double rounding: first to 31 bits, then by the shift; single on request).
 *
 * Why: these few lines decide every output byte; all operators and all SIMD paths use or imitate
 * them. Source: the formulas of gemmlowp's fixed-point library and of TFLite's quantisation spec.
 * Threads: pure functions. */
#ifndef TL_KERNELS_FIXED_POINT_H
#define TL_KERNELS_FIXED_POINT_H

#include <stdint.h>

/* How an int32 is multiplied by a real number, as the device's kernels were built: twice rounded
 * (TFLite Micro's default), or once (its TFLITE_SINGLE_ROUNDING, and CMSIS-NN built alike). */
typedef enum tl_rounding { TL_ROUNDING_DOUBLE = 0, TL_ROUNDING_SINGLE } tl_rounding;

/* A real multiplier d = multiplier * 2^(shift - 31), multiplier in [2^30, 2^31) or 0. The rounding
 * travels with it, so that operators need not know which personality they have. */
typedef struct tl_scale {
  int32_t multiplier;
  int16_t shift;    /* > 0: left, < 0: right; -31 .. 31 */
  int16_t rounding; /* tl_rounding */
} tl_scale;

/* round_half_up(a * b / 2^31); INT32_MIN * INT32_MIN saturates. gemmlowp divides towards zero after
 * adding 2^30 or 1 - 2^30 by sign; with d = 2h, -floor((n + h - 1) / d) = floor((-n + h) / d), so one
 * shift gives the same. */
static inline int32_t tl_fixed_high_mul(int32_t a, int32_t b)
{
  if (a == INT32_MIN && b == INT32_MIN) return INT32_MAX;
  return (int32_t)(((int64_t)a * b + ((int64_t)1 << 30)) >> 31);
}

/* x / 2^exponent, halves away from zero. exponent 0 .. 31. */
static inline int32_t tl_fixed_shift_right(int32_t x, int32_t exponent)
{
  const int32_t mask = (int32_t)(((int64_t)1 << exponent) - 1);
  const int32_t rest = x & mask;
  const int32_t threshold = (mask >> 1) + (x < 0 ? 1 : 0);
  return (x >> exponent) + (rest > threshold ? 1 : 0);
}

/* x * 2^shift as an int32 product that wraps, shift 0 .. 31. */
static inline int32_t tl_fixed_shift_left(int32_t x, int32_t shift)
{
  return (int32_t)((uint32_t)x << shift);
}

/* x * scale rounded once, halves up. scale.shift <= 30. The result keeps its low 32 bits, as an
 * MCU's store would. */
static inline int32_t tl_fixed_mul_once(int32_t x, tl_scale scale)
{
  const int32_t total = 31 - scale.shift;
  return (
      int32_t)(uint32_t)(uint64_t)(((int64_t)x * scale.multiplier + ((int64_t)1 << (total - 1))) >>
                                   total);
}

/* x * scale, rounded as the scale says. */
static inline int32_t tl_fixed_mul(int32_t x, tl_scale scale)
{
  if (scale.rounding == TL_ROUNDING_SINGLE) return tl_fixed_mul_once(x, scale);
  const int32_t left = scale.shift > 0 ? scale.shift : 0;
  const int64_t product = (int64_t)tl_fixed_shift_left(x, left) * scale.multiplier;
  const int32_t high =
      (int32_t)((product + ((int64_t)1 << 30)) >> 31); /* no +-2^31: multiplier < 2^31 */
  if (scale.shift >= 0) return high;
  /* floor((high + half - (high < 0)) / 2^right), in two shifts, so that no sum leaves int32 */
  return (((high - (high < 0)) >> (-scale.shift - 1)) + 1) >> 1;
}

/* The form for 64-bit accumulators (int16 activations): 16-bit multiplier, one rounding, half up.
 * |x| < 2^47; scale.shift <= 14 (checked by operators when they prepare). */
static inline int32_t tl_fixed_mul64(int64_t x, tl_scale scale)
{
  const int64_t reduced =
      scale.multiplier < 0x7FFF0000 ? (scale.multiplier + (1 << 15)) >> 16 : 0x7FFF;
  const int32_t total = 15 - scale.shift;
  return (int32_t)((x * reduced + ((int64_t)1 << (total - 1))) >> total);
}

static inline int32_t tl_fixed_clamp(int32_t x, int32_t low, int32_t high)
{
  const int32_t raised = x > low ? x : low; /* maximum, then minimum: no branches */
  return raised < high ? raised : high;
}

/* The scale of a real multiplier (>= 0, finite): nearest 31-bit fraction, half away from zero;
 * below 2^-32 it is 0. A multiplier of 2^31 or more gives shift > 31: callers refuse it. */
tl_scale tl_scale_of(double real, tl_rounding rounding);

/* Nearest integer, halves away from zero, saturated to int32; 0 for a NaN. */
int32_t tl_fixed_round(float real);

#endif
