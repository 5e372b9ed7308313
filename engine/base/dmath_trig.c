/* sin, cos, tan and their inverses. */
#include "base/dmath_inside.h"

#include <assert.h>

typedef unsigned wide
    __attribute__((mode(TI))); /* 128 bits, without the words that -Wpedantic refuses */

/* pi/2 in pieces of 33, 33, 33 and 53 bits: a whole number below 2^20 times a piece is exact. */
#define PI_2_A 0x1.921fb54400000p+0
#define PI_2_B 0x1.0b4611a600000p-34
#define PI_2_C 0x1.3198a2e000000p-69
#define PI_2_D 0x1.b839a252049c1p-104
#define PI_2_HIGH 0x1.921fb54442d18p+0
#define PI_2_LOW 0x1.1a62633145c07p-54
#define TWO_OVER_PI 0x1.45f306dc9c883p-1
#define SMALL_MAX 0x1p20 /* |x| up to here is reduced by Cody and Waite's way */

typedef struct reduced {
  double high, low; /* in [-pi/4, pi/4] */
  uint64_t quarter; /* the low two bits count quarter turns */
} reduced;

/* x - n pi/2 in double-double; |x| <= SMALL_MAX. */
TL_INLINE_BODY reduced reduce_small(double x)
{
  const double shifted = x * TWO_OVER_PI + TL_ROUND_MAGIC;
  const double n = shifted - TL_ROUND_MAGIC;
  const double a = x - n * PI_2_A; /* exact: n PI_2_A is, and lies near x */
  const tl_pair b = tl_two_sum(a, -(n * PI_2_B));
  const tl_pair c = tl_two_sum(b.high, -(n * PI_2_C));
  const tl_pair sum = tl_two_sum(c.high, b.low + (c.low - n * PI_2_D));
  return (reduced){sum.high, sum.low, tl_bits(shifted)};
}

/* sin(high + low) on [-pi/4, pi/4]. */
TL_INLINE_BODY double sine_core(double high, double low)
{
  const double y = high * high, y2 = y * y;
  const double tail =
      (0x1.111111110f861p-7 + y * -0x1.a01a019c0e4c2p-13) +
      y2 * ((0x1.71de3574ba711p-19 + y * -0x1.ae5e63cd98ff4p-26) + y2 * 0x1.5d9246d2f580fp-33);
  const double cube = y * high;
  return high - ((y * (0.5 * low - cube * tail) - low) - cube * -0x1.5555555555549p-3);
}

/* cos(high + low) on [-pi/4, pi/4]. */
TL_INLINE_BODY double cosine_core(double high, double low)
{
  const double y = high * high, y2 = y * y;
  const double tail = y * ((0x1.555555555554cp-5 + y * -0x1.6c16c16c15162p-10) +
                           y2 * ((0x1.a01a019caef39p-16 + y * -0x1.27e4f807d6367p-22) +
                                 y2 * (0x1.1ee9ea6cceb7ap-29 + y * -0x1.8fadd0767a36bp-37)));
  const double half = 0.5 * y;
  const double rough = 1.0 - half;
  return rough + (((1.0 - rough) - half) + (y * tail - high * low));
}

/* The sine `quarter` quarter turns further on. */
TL_INLINE_BODY double turned_sine(reduced angle, uint64_t quarter)
{
  const double sine = sine_core(angle.high, angle.low), cosine = cosine_core(angle.high, angle.low);
  const double value = quarter & 1 ? cosine : sine;
  return tl_from_bits(tl_bits(value) ^ (quarter & 2) << 62);
}

TL_INLINE_BODY double sine_small(double x)
{
  const reduced angle = reduce_small(x);
  const double value = turned_sine(angle, angle.quarter);
  return tl_abs(x) < 0x1p-27 ? x : value; /* and the sign of zero */
}

TL_INLINE_BODY double cosine_small(double x)
{
  const reduced angle = reduce_small(x);
  return turned_sine(angle, angle.quarter + 1);
}

/* The bits of 2/pi behind the point, 64 zeros before them. */
static const uint64_t two_over_pi[] = {
    UINT64_C(0x0000000000000000), UINT64_C(0xa2f9836e4e441529), UINT64_C(0xfc2757d1f534ddc0),
    UINT64_C(0xdb6295993c439041), UINT64_C(0xfe5163abdebbc561), UINT64_C(0xb7246e3a424dd2e0),
    UINT64_C(0x06492eea09d1921c), UINT64_C(0xfe1deb1cb129a73e), UINT64_C(0xe88235f52ebb4484),
    UINT64_C(0xe99c7026b45f7e41), UINT64_C(0x3991d639835339f4), UINT64_C(0x9c845f8bbdf9283b),
    UINT64_C(0x1ff897ffde05980f), UINT64_C(0xef2f118b5a0a6d1f), UINT64_C(0x6d367ecf27cb09b7),
    UINT64_C(0x4f463f669e5fea2d), UINT64_C(0x7527bac7ebe5f17b), UINT64_C(0x3d0739f78a5292ea),
    UINT64_C(0x6bfb5fb11f8d5d08), UINT64_C(0x56033046fc7b6bab), UINT64_C(0xf0cfbc209af4361d),
};

/* 64 bits of the table from bit `first` on, without a shift by the width. */
static uint64_t table_bits(uint32_t first)
{
  const uint32_t word = first / 64, shift = first % 64;
  assert(word + 1 < sizeof two_over_pi / sizeof *two_over_pi);
  return shift == 0 ? two_over_pi[word]
                    : two_over_pi[word] << shift | two_over_pi[word + 1] >> (64 - shift);
}

/* Payne and Hanek: the 192 bits of 2/pi that matter for this exponent, times the significand, in
 * integers. What is left out of the product is below 2^-137 of a quarter turn; no double lies
 * nearer than 2^-62 to a multiple of pi/2. x finite, |x| > 2^19. */
static reduced reduce_large(double x)
{
  const uint64_t bits = tl_bits(x) & INT64_MAX;
  const int32_t exponent = (int32_t)(bits >> 52) - 1075; /* of the significand's last bit */
  const uint64_t significand = (bits & UINT64_C(0xfffffffffffff)) | UINT64_C(1) << 52;
  /* A bit of weight 2^-i gives whole turns when exponent - i >= 2: start at i = exponent - 1. */
  assert(exponent >= -33);
  const uint32_t first = (uint32_t)(exponent - 2 + 64);
  const wide low = (wide)significand * table_bits(first + 128);
  const wide middle = (wide)significand * table_bits(first + 64) + (uint64_t)(low >> 64);
  uint64_t word0 =
      significand * table_bits(first) + (uint64_t)(middle >> 64); /* modulo whole turns */
  uint64_t word1 = (uint64_t)middle, word2 = (uint64_t)low;
  /* word0's top two bits count quarter turns, the rest is the fraction; round to the nearest
   * quarter. */
  uint64_t quarter = (word0 + (UINT64_C(1) << 61)) >> 62;
  word0 -= quarter << 62;
  const bool negative = word0 >> 63;
  if (negative) { /* two's complement of 192 bits */
    word2 = 0 - word2;
    word1 = ~word1 + (word2 == 0);
    word0 = ~word0 + (word2 == 0 && word1 == 0);
  }
  int32_t scale = -62;       /* word0's last bit, in quarter turns */
  while (word0 >> 63 == 0) { /* about two rounds, at most 63 */
    word0 = word0 << 1 | word1 >> 63;
    word1 = word1 << 1 | word2 >> 63;
    word2 <<= 1;
    scale--;
  }
  const double unit = tl_power_of_two(scale);
  const double high = (double)(word0 >> 11) * 0x1p11 * unit;
  const uint64_t rest = (word0 & 0x7ff) << 53 | word1 >> 11;
  const double low_part = (double)(rest >> 11) * 0x1p-42 * unit;
  const tl_pair product = tl_two_product(high, PI_2_HIGH);
  const double correction = product.low + (high * PI_2_LOW + low_part * PI_2_HIGH);
  tl_pair sum = tl_fast_two_sum(product.high, correction);
  if (negative != (tl_bits(x) >> 63 != 0)) sum = (tl_pair){-sum.high, -sum.low};
  if (tl_bits(x) >> 63) quarter = 0 - quarter;
  return (reduced){sum.high, sum.low, quarter};
}

static reduced reduce(double x)
{
  return tl_abs(x) <= SMALL_MAX ? reduce_small(x) : reduce_large(x);
}

double tl_math_sin(double x)
{
  if (tl_abs(x) <= SMALL_MAX) return sine_small(x);
  if (!(tl_abs(x) < TL_INFINITY)) return TL_NOT_A_NUMBER;
  const reduced angle = reduce_large(x);
  return turned_sine(angle, angle.quarter);
}

double tl_math_cos(double x)
{
  if (tl_abs(x) <= SMALL_MAX) return cosine_small(x);
  if (!(tl_abs(x) < TL_INFINITY)) return TL_NOT_A_NUMBER;
  const reduced angle = reduce_large(x);
  return turned_sine(angle, angle.quarter + 1);
}

double tl_math_tan(double x)
{
  if (!(tl_abs(x) < TL_INFINITY)) return TL_NOT_A_NUMBER;
  if (tl_abs(x) < 0x1p-27) return x;
  const reduced angle = reduce(x);
  const double sine = sine_core(angle.high, angle.low), cosine = cosine_core(angle.high, angle.low);
  return angle.quarter & 1 ? -cosine / sine : sine / cosine;
}

/* atan of size >= 0: atan(size) = atan(c) + atan((size - c) / (1 + c size)) with c of 0, 1/2, 1,
 * 3/2 or infinity, so that the argument of the series stays within 7/16. */
static double atan_positive(double size)
{
  double high = 0.0, low = 0.0, t = size;
  if (size > 0x1p66) return PI_2_HIGH;
  if (size >= 2.4375) {
    high = PI_2_HIGH, low = PI_2_LOW;
    t = -1.0 / size;
  } else if (size >= 1.1875) {
    high = 0x1.f730bd281f69bp-1, low = 0x1.007887af0cbbdp-56;
    t = (size - 1.5) / (1.0 + 1.5 * size);
  } else if (size >= 0.6875) {
    high = 0x1.921fb54442d18p-1, low = 0x1.1a62633145c07p-55;
    t = (size - 1.0) / (size + 1.0);
  } else if (size >= 0.4375) {
    high = 0x1.dac670561bb4fp-2, low = 0x1.a2b7f222f65e2p-56;
    t = (2.0 * size - 1.0) / (2.0 + size);
  } else if (size < 0x1p-27) {
    return size;
  }
  const double y = t * t, y2 = y * y;
  const double even = 0x1.555555555550cp-2 +
                      y2 * (0x1.2492491ffcd36p-3 +
                            y2 * (0x1.745cdbeb9e60cp-4 +
                                  y2 * (0x1.10d6254b406d6p-4 +
                                        y2 * (0x1.97a61b72d957ep-5 + y2 * 0x1.0a908b513efc8p-6))));
  const double odd = -0x1.999999998e9bbp-3 +
                     y2 * (-0x1.c71c6fde2a1d9p-4 +
                           y2 * (-0x1.3b0f245224bedp-4 +
                                 y2 * (-0x1.dddf4658ad534p-5 + y2 * -0x1.2b228b5cdcb81p-5)));
  const double tail = t * (y * (even + y * odd)); /* t - atan(t) */
  return high - ((tail - low) - t);
}

double tl_math_atan(double x) { return x != x ? x : tl_copy_sign(atan_positive(tl_abs(x)), x); }

double tl_math_atan2(double y, double x)
{
  if (x != x || y != y) return TL_NOT_A_NUMBER;
  const double up = tl_abs(y), along = tl_abs(x);
  const bool left = tl_bits(x) >> 63;
  double angle;
  if (up == 0.0)
    angle = left ? 2.0 * PI_2_HIGH : 0.0;
  else if (along == 0.0)
    angle = PI_2_HIGH;
  else if (along == TL_INFINITY)
    angle = up == TL_INFINITY ? (left ? 0x1.2d97c7f3321d2p+1 : 0x1.921fb54442d18p-1)
                              : (left ? 2.0 * PI_2_HIGH : 0.0);
  else {
    const double quotient = up / along; /* overflow is pi/2, underflow is 0 */
    angle = atan_positive(quotient);
    if (left) angle = 2.0 * PI_2_HIGH - (angle - 2.0 * PI_2_LOW);
  }
  return tl_copy_sign(angle, y);
}

double tl_math_asin(double x)
{
  if (!(tl_abs(x) <= 1.0)) return TL_NOT_A_NUMBER;
  if (tl_abs(x) < 0x1p-27) return x;
  return tl_math_atan2(x, tl_math_sqrt((1.0 - x) * (1.0 + x)));
}

double tl_math_acos(double x)
{
  if (!(tl_abs(x) <= 1.0)) return TL_NOT_A_NUMBER;
  return 2.0 * tl_math_atan2(tl_math_sqrt(1.0 - x), tl_math_sqrt(1.0 + x));
}

/* Whole arrays in pieces: the vector loop first, then the rare large arguments of the piece one by
 * one. */
enum { PIECE = 64 };

TL_INLINE_BODY void array_body(double *out, const double *in, size_t count, bool cosine)
{
  for (size_t begin = 0; begin < count; begin += PIECE) {
    const size_t length = count - begin < PIECE ? count - begin : PIECE;
    double x[PIECE];
    bool large = false;
    memcpy(x, in + begin, length * sizeof *x);
    for (size_t i = 0; i < length; i++)
      out[begin + i] = cosine ? cosine_small(x[i]) : sine_small(x[i]);
    for (size_t i = 0; i < length; i++) large |= tl_abs(x[i]) > SMALL_MAX;
    for (size_t i = 0; large && i < length; i++)
      out[begin + i] = cosine ? tl_math_cos(x[i]) : tl_math_sin(x[i]);
  }
}

static void sine_array_plain(double *out, const double *in, size_t count)
{
  array_body(out, in, count, false);
}
static void cosine_array_plain(double *out, const double *in, size_t count)
{
  array_body(out, in, count, true);
}
TL_TARGET_AVX2 static void sine_array_avx2(double *out, const double *in, size_t count)
{
  array_body(out, in, count, false);
}
TL_TARGET_AVX2 static void cosine_array_avx2(double *out, const double *in, size_t count)
{
  array_body(out, in, count, true);
}

void tl_math_sin_array(double *out, const double *in, size_t count)
{
  if (tl_cpu_has_path(TL_PATH_AVX2))
    sine_array_avx2(out, in, count);
  else
    sine_array_plain(out, in, count);
}

void tl_math_cos_array(double *out, const double *in, size_t count)
{
  if (tl_cpu_has_path(TL_PATH_AVX2))
    cosine_array_avx2(out, in, count);
  else
    cosine_array_plain(out, in, count);
}
