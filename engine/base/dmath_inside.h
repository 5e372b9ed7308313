/* dmath_inside.h: what the dmath files share: bit moves, error-free sums and products, and the
 * cores of exp and log that the vector forms repeat.
 *
 * Why inline bodies: the scalar function and the vector loop compile from one text, so that they
 * cannot differ. Cores are free of branches (selects only). Constants are minimax fits and split
 * constants made by tests/reference/dmath_fit.py. Owns: nothing. Threads: pure. */
#ifndef TL_BASE_DMATH_INSIDE_H
#define TL_BASE_DMATH_INSIDE_H
#include "base/dmath.h"
#include "base/simd.h"

#include <stdint.h>
#include <string.h>

#define TL_INFINITY __builtin_inf()
#define TL_NOT_A_NUMBER __builtin_nan("")
#define TL_ROUND_MAGIC                                                                             \
  0x1.8p52 /* adding it rounds to whole numbers, halves to even, for |x| < 2^51 */
#define TL_LOG2E 0x1.71547652b82fep+0
#define TL_LN2_HIGH 0x1.62e42fee00000p-1 /* 32 bits: times any exponent it is exact */
#define TL_LN2_LOW 0x1.a39ef35793c76p-33

TL_INLINE_BODY uint64_t tl_bits(double x)
{
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

TL_INLINE_BODY double tl_from_bits(uint64_t bits)
{
  double x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

TL_INLINE_BODY double tl_abs(double x) { return tl_from_bits(tl_bits(x) & INT64_MAX); }

TL_INLINE_BODY double tl_copy_sign(double size, double sign)
{
  return tl_from_bits((tl_bits(size) & INT64_MAX) | (tl_bits(sign) & (UINT64_C(1) << 63)));
}

/* 2^k, k in [-1022, 1023]. */
TL_INLINE_BODY double tl_power_of_two(int64_t k)
{
  return tl_from_bits((uint64_t)(k + 1023) << 52);
}

typedef struct tl_pair {
  double high, low; /* an unrounded sum, |low| <= ulp(high) / 2 */
} tl_pair;

/* a + b exactly (Knuth). */
TL_INLINE_BODY tl_pair tl_two_sum(double a, double b)
{
  const double sum = a + b;
  const double b_part = sum - a;
  return (tl_pair){sum, (a - (sum - b_part)) + (b - b_part)};
}

/* The same for |a| >= |b| or a == 0 (Dekker). */
TL_INLINE_BODY tl_pair tl_fast_two_sum(double a, double b)
{
  const double sum = a + b;
  return (tl_pair){sum, b - (sum - a)};
}

/* a b exactly without FMA (Veltkamp, Dekker); |a|, |b| < 2^995 and no underflow of the product's
 * tail. */
TL_INLINE_BODY tl_pair tl_two_product(double a, double b)
{
  const double a_scaled = a * 134217729.0, b_scaled = b * 134217729.0;
  const double a_high = a_scaled - (a_scaled - a), b_high = b_scaled - (b_scaled - b);
  const double a_low = a - a_high, b_low = b - b_high;
  const double product = a * b;
  return (tl_pair){product,
                   ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low};
}

/* (exp(r) - 1 - r) / r^2, |r| <= ln(2)/2; error of r^2 times it below 2^-64. */
TL_INLINE_BODY double tl_exp_tail(double r)
{
  const double r2 = r * r;
  const double p0 = 0x1.0p-1 + r * 0x1.555555555555cp-3;
  const double p1 = 0x1.555555555555ep-5 + r * 0x1.111111110eb6dp-7;
  const double p2 = 0x1.6c16c16c13509p-10 + r * 0x1.a01a01b3d65fap-13;
  const double p3 = 0x1.a01a01b477261p-16 + r * 0x1.71ddef4eb4d1ep-19;
  const double p4 = 0x1.27e4bef09d47cp-22 + r * (0x1.af6d46f66d4c3p-26 + r * 0x1.1f9e49d16b352p-29);
  return p0 + r2 * (p1 + r2 * (p2 + r2 * (p3 + r2 * p4)));
}

/* exp(high + low), |low| small; high any number or NaN. Cody-Waite reduction; 2^k in two factors,
 * so that a subnormal result is rounded once and an overflow gives infinity. */
TL_INLINE_BODY double tl_exp_core(double high, double low)
{
  double x = high > 710.0 ? 710.0 : high; /* a comparison with NaN keeps x a NaN */
  x = x < -746.0 ? -746.0 : x;
  const double shifted = x * TL_LOG2E + TL_ROUND_MAGIC;
  const double k = shifted - TL_ROUND_MAGIC;
  const double whole = x - k * TL_LN2_HIGH;
  const double part = k * TL_LN2_LOW - low;
  const double r = whole - part;
  const double rest = (whole - r) - part;
  const double value = 1.0 + (r + (r * r * tl_exp_tail(r) + rest));
  /* k sits in the low bits of shifted; 2000 keeps both halves positive for a shift without sign. */
  const uint64_t biased = tl_bits(shifted) - tl_bits(TL_ROUND_MAGIC) + 2000;
  const uint64_t half = biased >> 1;
  const double scale1 = tl_from_bits((half - 1000 + 1023) << 52);
  const double scale2 = tl_from_bits((biased - half - 1000 + 1023) << 52);
  return value * scale1 * scale2;
}

/* exp(x) - 1; x <= 709.79 or NaN. */
TL_INLINE_BODY double tl_expm1_core(double high)
{
  const double x = high < -60.0 ? -60.0 : high;
  const double shifted = x * TL_LOG2E + TL_ROUND_MAGIC;
  const double k = shifted - TL_ROUND_MAGIC;
  const double whole = x - k * TL_LN2_HIGH;
  const double part = k * TL_LN2_LOW;
  const double r = whole - part;
  const double rest = (whole - r) - part;
  const double value = r + (r * r * tl_exp_tail(r) + (rest + rest * r));
  const uint64_t half_exponent = tl_bits(shifted) - tl_bits(TL_ROUND_MAGIC) + 1022;
  const double half_scale = tl_from_bits(half_exponent << 52); /* 2^(k-1): 2^1024 would not fit */
  const double result = 2.0 * (half_scale * value + (half_scale - 0.5));
  return k == 0.0 ? value : result;
}

/* log(x) for any x. x = 2^k m, sqrt(1/2) <= m < sqrt(2), log m = f - f^2/2 + s (f^2/2 + s^2 L(s^2))
 * with f = m - 1, s = f / (2 + f): what is left after 2 s of the series of atanh (as in fdlibm). */
TL_INLINE_BODY double tl_log_core(double x)
{
  const double scaled =
      x < 0x1p-1022 ? x * 0x1p54 : x; /* subnormals, and the negative ones, harmlessly */
  const uint64_t root = UINT64_C(0x3fe6a09e667f3bcd); /* sqrt(1/2) */
  const uint64_t bits = tl_bits(scaled) - root + (UINT64_C(1024) << 52);
  /* the exponent as a double by bit moves only: vector units lack the conversion */
  const double exponent =
      tl_from_bits((bits >> 52) | UINT64_C(0x4330000000000000)) - (0x1p52 + 1024.0);
  const double k = x < 0x1p-1022 ? exponent - 54.0 : exponent;
  const double m = tl_from_bits((bits & UINT64_C(0xfffffffffffff)) + root);
  const double f = m - 1.0;
  const double s = f / (2.0 + f);
  const double z = s * s, z2 = z * z;
  const double even =
      z2 * (0x1.999999997fb31p-2 + z2 * (0x1.c71c51e7f65adp-3 + z2 * 0x1.39a0f4fe079d4p-3));
  const double odd =
      z * (0x1.5555555555593p-1 +
           z2 * (0x1.2492494217a2fp-2 + z2 * (0x1.7466462cbb798p-3 + z2 * 0x1.2f0d8ec0f330dp-3)));
  const double half_square = 0.5 * f * f;
  const double tail = s * (half_square + (odd + even)) + k * TL_LN2_LOW;
  double result = k * TL_LN2_HIGH - ((half_square - tail) - f);
  result = x == TL_INFINITY ? x : result;
  result = x == 0.0 ? -TL_INFINITY : result;
  result = x < 0.0 ? TL_NOT_A_NUMBER : result;
  return x != x ? x : result;
}
#endif
