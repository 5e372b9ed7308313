#include "kernels/curve.h"

#include "kernels/fixed_point.h"

#include <stddef.h>

int32_t tl_curve_saturate(int64_t x)
{
  return x > INT32_MAX ? INT32_MAX : x < INT32_MIN ? INT32_MIN : (int32_t)x;
}

/* A Taylor polynomial round -1/8 on [-1/4, 0), then one factor exp(-2^e) for each bit of the rest. */
int32_t tl_curve_exp(int32_t a, int32_t whole)
{
  static const struct {
    int32_t exponent, factor;
  } steps[] = {{-2, 1672461947}, {-1, 1302514674}, {0, 790015084}, {1, 290630308},
               {2, 39332535},    {3, 720401},      {4, 242}};
  if (a == 0) return INT32_MAX;
  const int32_t fraction = 31 - whole;
  const int32_t quarter = 1 << (fraction - 2);
  const int32_t rest = (a & (quarter - 1)) - quarter;
  const int32_t x = tl_curve_saturate((int64_t)rest * (1 << whole)) + (1 << 28);
  const int32_t x2 = tl_fixed_high_mul(x, x);
  const int32_t x3 = tl_fixed_high_mul(x2, x);
  const int32_t x4 = tl_fixed_high_mul(x2, x2);
  const int32_t cubic = tl_fixed_high_mul(tl_fixed_shift_right(x4, 2) + x3, 715827883);
  const int32_t tail = tl_fixed_shift_right(cubic + x2, 1);
  int32_t result = 1895147668 + tl_fixed_high_mul(1895147668, x + tail);
  const int32_t bits = rest - a;
  for (size_t s = 0; s < sizeof steps / sizeof steps[0]; s++)
    if (whole > steps[s].exponent && (bits & (1 << (fraction + steps[s].exponent))) != 0)
      result = tl_fixed_high_mul(result, steps[s].factor);
  return result;
}

/* Three Newton steps for 1 / h in Q2.29, h = (1 + a) / 2: the raw number is 1 / (1 + a) in Q1.30. */
int32_t tl_curve_reciprocal(int32_t a)
{
  const int32_t half = (int32_t)(((int64_t)a + INT32_MAX + 1) / 2);
  int32_t x = 1515870810 + tl_fixed_high_mul(half, -1010580540);
  for (int step = 0; step < 3; step++) {
    const int32_t error = (1 << 29) - tl_fixed_high_mul(half, x);
    x += tl_curve_saturate(4 * (int64_t)tl_fixed_high_mul(x, error));
  }
  return x;
}
