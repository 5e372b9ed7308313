#include "kernels/fixed_point.h"

#include <string.h>

tl_scale tl_scale_of(double real, tl_rounding rounding)
{
  const tl_scale none = {0, 0, (int16_t)rounding};
  uint64_t bits;
  memcpy(&bits, &real, sizeof bits);
  const int32_t exponent = (int32_t)((bits >> 52) & 0x7FF);
  if (exponent == 0 || exponent == 0x7FF || bits >> 63 != 0)
    return none; /* 0 and subnormals (far below 2^-32); the rest is refused before */
  /* real = fraction * 2^shift with fraction in [1/2, 1): 53 bits, of which 31 stay. */
  const uint64_t fraction = (bits & 0xFFFFFFFFFFFFFull) | 1ull << 52;
  uint64_t multiplier = (fraction + (1ull << 21)) >> 22;
  int32_t shift = exponent - 1022;
  if (multiplier == 1ull << 31) {
    multiplier >>= 1;
    shift++;
  }
  if (shift < -31) return none;
  if (rounding == TL_ROUNDING_SINGLE && shift > 30) {
    shift = 30; /* as TFLite saturates it there */
    multiplier = INT32_MAX;
  }
  return (tl_scale){(int32_t)multiplier, (int16_t)shift, (int16_t)rounding};
}

int32_t tl_fixed_round(float real)
{
  if (real >= 2147483648.0f) return INT32_MAX;
  if (real <= -2147483648.0f) return INT32_MIN;
  if (real != real) return 0;
  const int32_t whole = (int32_t)real;
  const float rest = real - (float)whole; /* exact */
  return rest >= 0.5f ? whole + 1 : rest <= -0.5f ? whole - 1 : whole;
}
