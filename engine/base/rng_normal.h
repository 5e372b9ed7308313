/* rng_normal.h: inside of rng: Philox's constants, and the Box-Muller step that every path repeats.
 *
 * Why apart: the scalar function below is the definition; rng_lanes.inc does the same float
 * operations in the same order on whole registers, so both give the same bits. Change one, change
 * both (a test compares).
 * Owns: nothing. Threads: pure. */
#ifndef TL_BASE_RNG_NORMAL_H
#define TL_BASE_RNG_NORMAL_H
#include "base/rng.h"
#include "base/simd.h"

#include <string.h>

#define TL_PHILOX_M0 0xD2511F53u
#define TL_PHILOX_M1 0xCD9E8D57u
#define TL_PHILOX_W0 0x9E3779B9u
#define TL_PHILOX_W1 0xBB67AE85u
enum { TL_RNG_KIND_NORMAL = 2 };

/* Minimax fits (Remez, relative error 2.6e-7, 3.6e-9, 3.2e-8 before rounding):
 * -2 log(1 + f) = f (-2 + f (1 + f L(f))), sqrt(1/2) <= 1 + f < sqrt(2)
 * sin(x) = x + x y S(y), cos(x) = 1 + y C(y), y = x x, |x| <= pi/4 */
#define TL_NORMAL_L0 -0x1.5557bap-1f
#define TL_NORMAL_L1 0x1.ffa846p-2f
#define TL_NORMAL_L2 -0x1.980dc8p-2f
#define TL_NORMAL_L3 0x1.5ef7e6p-2f
#define TL_NORMAL_L4 -0x1.482de8p-2f
#define TL_NORMAL_L5 0x1.a17410p-3f
#define TL_NORMAL_S0 -0x1.555546p-3f
#define TL_NORMAL_S1 0x1.110760p-7f
#define TL_NORMAL_S2 -0x1.994eb4p-13f
#define TL_NORMAL_C0 -0x1.ffffbap-2f
#define TL_NORMAL_C1 0x1.553f94p-5f
#define TL_NORMAL_C2 -0x1.647572p-10f
#define TL_NORMAL_MINUS_2_LN2 -0x1.62e430p+0f
#define TL_NORMAL_ANGLE 0x1.921fb6p-32f /* 2 pi / 2^34 */
#define TL_NORMAL_SQRT_HALF_BITS 0x3f3504f3

/* Two words to two independent standard normals.
 * Radius: u = (top 24 bits + 1) / 2^24 in (0, 1], r = sqrt(-2 ln u) <= 5.768.
 * Angle: all 32 bits; the nearest quarter turn by its top bits, the rest in [-pi/4, pi/4). */
TL_INLINE_BODY void tl_rng_box_muller(float *first, float *second, uint32_t radius_word,
                                      uint32_t angle_word)
{
  const float u = (float)(int32_t)((radius_word >> 8) + 1u); /* exact, 1 .. 2^24 */
  uint32_t bits;
  memcpy(&bits, &u, sizeof bits);
  bits -= TL_NORMAL_SQRT_HALF_BITS;
  const float exponent =
      (float)((int32_t)(bits >> 23) - 24); /* u >= 1: never negative before the 24 */
  bits = (bits & 0x7fffffu) + TL_NORMAL_SQRT_HALF_BITS;
  float f;
  memcpy(&f, &bits, sizeof f);
  f = f - 1.0f;
  float log_sum = TL_NORMAL_L5 * f + TL_NORMAL_L4;
  log_sum = log_sum * f + TL_NORMAL_L3;
  log_sum = log_sum * f + TL_NORMAL_L2;
  log_sum = log_sum * f + TL_NORMAL_L1;
  log_sum = log_sum * f + TL_NORMAL_L0;
  log_sum = log_sum * f + 1.0f;
  log_sum = log_sum * f + -2.0f;
  const float radius = __builtin_sqrtf(log_sum * f + exponent * TL_NORMAL_MINUS_2_LN2);

  const uint32_t turned = angle_word + 0x20000000u; /* top two bits: nearest quarter turn */
  const uint32_t rest = angle_word << 2;
  int32_t signed_rest;
  memcpy(&signed_rest, &rest, sizeof rest);
  const float x = (float)signed_rest * TL_NORMAL_ANGLE;
  const float y = x * x;
  float sine = TL_NORMAL_S2 * y + TL_NORMAL_S1;
  sine = (sine * y + TL_NORMAL_S0) * y;
  sine = sine * x + x;
  float cosine = TL_NORMAL_C2 * y + TL_NORMAL_C1;
  cosine = cosine * y + TL_NORMAL_C0;
  cosine = cosine * y + 1.0f;
  const float along = turned & 0x40000000u ? sine : cosine;
  const float across = turned & 0x40000000u ? cosine : sine;
  const float one = radius * along, two = radius * across;
  uint32_t one_bits, two_bits;
  memcpy(&one_bits, &one, sizeof one_bits);
  memcpy(&two_bits, &two, sizeof two_bits);
  one_bits ^= (turned + 0x40000000u) & 0x80000000u; /* cosine is negative in quarters 1 and 2 */
  two_bits ^= turned & 0x80000000u;                 /* sine in quarters 2 and 3 */
  memcpy(first, &one_bits, sizeof one_bits);
  memcpy(second, &two_bits, sizeof two_bits);
}

/* The paths; arguments as tl_rng_normal_block. */
#if TL_HAVE_X86
void tl_rng_normal_rows_avx2(tl_rng_key key, uint32_t device_begin, uint32_t rows, uint64_t quad,
                             float out[4][TL_RNG_ROWS_MAX]);
void tl_rng_normal_rows_sse(tl_rng_key key, uint32_t device_begin, uint32_t rows, uint64_t quad,
                            float out[4][TL_RNG_ROWS_MAX]);
#endif
#if TL_HAVE_NEON
void tl_rng_normal_rows_neon(tl_rng_key key, uint32_t device_begin, uint32_t rows, uint64_t quad,
                             float out[4][TL_RNG_ROWS_MAX]);
#endif
#endif
