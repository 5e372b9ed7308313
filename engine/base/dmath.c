/* exp, log, their relatives, and what IEEE 754 makes exact. */
#include "base/dmath_inside.h"

#include <assert.h>

double tl_math_exp(double x) { return tl_exp_core(x, 0.0); }

double tl_math_expm1(double x)
{
  if (x > 709.79) return tl_math_exp(x);
  if (tl_abs(x) < 0x1p-54) return x; /* and the sign of zero */
  return tl_expm1_core(x);
}

double tl_math_log(double x) { return tl_log_core(x); }

/* log(u) with u = 1 + x rounded; what the rounding lost is added as its first-order effect. */
double tl_math_log1p(double x)
{
  if (tl_abs(x) < 0x1p-54 || x == TL_INFINITY) return x;
  if (x == -1.0) return -TL_INFINITY;
  const tl_pair u = tl_two_sum(1.0, x);
  return tl_log_core(u.high) + u.low / u.high;
}

/* An odd polynomial (relative error 2^-58) below 1/2; 1 - 2 / (exp(2x) + 1) above, where it loses
 * nothing. */
TL_INLINE_BODY double tanh_core(double x)
{
  const double size = tl_abs(x);
  const double capped = size > 22.0 ? 22.0 : size; /* tanh(22) rounds to 1 */
  const double far = 1.0 - 2.0 / (tl_exp_core(2.0 * capped, 0.0) + 1.0);
  const double y = size * size, y2 = y * y;
  const double even = -0x1.5555555555538p-2 +
                      y2 * (-0x1.ba1ba1b714b84p-5 +
                            y2 * (-0x1.226e167aeb8c7p-7 +
                                  y2 * (-0x1.7d49857bfd119p-10 + y2 * -0x1.c8e71d5ee82eep-13)));
  const double odd =
      0x1.111111110e371p-3 +
      y2 * (0x1.664f47b6db692p-6 + y2 * (0x1.d6ce020dc7656p-9 + y2 * (0x1.31d40ae321fbap-11 +
                                                                      y2 * 0x1.dcb77fafd95c4p-15)));
  const double near = size + size * y * (even + y * odd);
  double value = size < 0.5 ? near : far;
  value = x != x ? x : value;
  return tl_copy_sign(value, x);
}

double tl_math_tanh(double x) { return tanh_core(x); }

double tl_math_hypot(double x, double y)
{
  const double a = tl_abs(x), b = tl_abs(y);
  if (a == TL_INFINITY || b == TL_INFINITY) return TL_INFINITY;
  if (a != a || b != b) return TL_NOT_A_NUMBER;
  const double large = a > b ? a : b, small = a > b ? b : a;
  if (small == 0.0) return large;
  if (small < large * 0x1p-60) return large;
  const double scale = large > 0x1p500 ? 0x1p-600 : large < 0x1p-450 ? 0x1p600 : 1.0;
  const double p = large * scale, q = small * scale;
  const double sum = tl_math_sqrt(p * p + q * q);
  return scale == 1.0 ? sum : sum / scale;
}

double tl_math_sqrt(double x) { return __builtin_sqrt(x); }

double tl_math_trunc(double x)
{
  if (!(tl_abs(x) < 0x1p52)) return x; /* whole already, infinite or NaN */
  return tl_copy_sign((double)(int64_t)x, x);
}

double tl_math_floor(double x)
{
  const double whole = tl_math_trunc(x);
  return whole > x ? whole - 1.0 : whole;
}

double tl_math_ceil(double x)
{
  const double whole = tl_math_trunc(x);
  return whole < x ? tl_copy_sign(whole + 1.0, x) : whole;
}

double tl_math_round_even(double x)
{
  const double size = tl_abs(x);
  if (!(size < 0x1p52)) return x;
  return tl_copy_sign((size + 0x1p52) - 0x1p52, x);
}

/* Significand (with its leading bit) and the power of two of its last bit, of a finite x > 0. */
static uint64_t take_apart(double x, int32_t *exponent)
{
  const uint64_t bits = tl_bits(x), fraction = bits & UINT64_C(0xfffffffffffff);
  const int32_t field = (int32_t)(bits >> 52);
  *exponent = (field == 0 ? 1 : field) - 1075;
  return field == 0 ? fraction : fraction | UINT64_C(1) << 52;
}

/* Long division in binary, eleven bits a step; every step is exact. */
double tl_math_fmod(double x, double y)
{
  const double a = tl_abs(x), b = tl_abs(y);
  if (!(a < TL_INFINITY) || b != b || b == 0.0) return TL_NOT_A_NUMBER;
  if (a < b) return x;
  int32_t a_exponent, b_exponent;
  uint64_t rest = take_apart(a, &a_exponent);
  const uint64_t divisor = take_apart(b, &b_exponent);
  assert(a_exponent >= b_exponent);
  rest %= divisor;
  for (int32_t left = a_exponent - b_exponent; left > 0 && rest != 0;) {
    const int32_t bits = left < 11 ? left : 11;
    rest = (rest << bits) % divisor;
    left -= bits;
  }
  /* rest < 2^53 times 2^b_exponent is representable: rest < divisor has no bit below b's last. */
  const double scale1 = tl_power_of_two(b_exponent < -1000 ? b_exponent + 74 : b_exponent);
  const double value = (double)rest * scale1;
  return tl_copy_sign(b_exponent < -1000 ? value * 0x1p-74 : value, x);
}

/* Each array form: one loop body, compiled plainly and for AVX2. */
#define ARRAY_FORM(name, core)                                                                     \
  TL_INLINE_BODY void name##_body(double *out, const double *in, size_t count)                     \
  {                                                                                                \
    for (size_t i = 0; i < count; i++) out[i] = core(in[i]);                                       \
  }                                                                                                \
  static void name##_plain(double *out, const double *in, size_t count)                            \
  {                                                                                                \
    name##_body(out, in, count);                                                                   \
  }                                                                                                \
  TL_TARGET_AVX2 static void name##_avx2(double *out, const double *in, size_t count)              \
  {                                                                                                \
    name##_body(out, in, count);                                                                   \
  }                                                                                                \
  void tl_math_##name##_array(double *out, const double *in, size_t count)                         \
  {                                                                                                \
    if (tl_cpu_has_path(TL_PATH_AVX2))                                                             \
      name##_avx2(out, in, count);                                                                 \
    else                                                                                           \
      name##_plain(out, in, count);                                                                \
  }

TL_INLINE_BODY double exp_core(double x) { return tl_exp_core(x, 0.0); }

ARRAY_FORM(exp, exp_core)
ARRAY_FORM(log, tl_log_core)
ARRAY_FORM(tanh, tanh_core)
