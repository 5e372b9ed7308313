#include "kernels/real.h"

#include <string.h>

/* 2^exponent, -1022 .. 1023 */
static double power_of_two(int32_t exponent)
{
  const uint64_t bits = (uint64_t)(exponent + 1023) << 52;
  double power;
  memcpy(&power, &bits, sizeof power);
  return power;
}

/* exp(x) = 2^k exp(r), |r| <= log(2) / 2; log(2) in two parts so that r is exact to 2^-70, the rest
 * by Taylor's series: 14 terms leave 1e-17. */
float tl_real_exp(float x)
{
  const double log2_high = 0x1.62e42fee00000p-1, log2_low = 0x1.a39ef35793c76p-33;
  if (x >= 0x1.62e430p6f) { /* 88.7228394: above the largest float */
    const uint32_t infinite = 0x7F800000u;
    float y;
    memcpy(&y, &infinite, sizeof y);
    return y;
  }
  if (!(x >= -104.0f)) return 0.0f;
  const double scaled = (double)x * 1.4426950408889634;
  const int32_t k = (int32_t)(scaled + (scaled >= 0.0 ? 0.5 : -0.5));
  const double r = ((double)x - k * log2_high) - k * log2_low;
  double sum = 1.0;
  for (int32_t n = 14; n > 0; n--) sum = 1.0 + r * sum / n;
  return (float)(sum * power_of_two(k));
}

/* log(x) = k log(2) + log(m), m in [sqrt(1/2), sqrt(2)); log(m) = 2 artanh(z), z = (m-1)/(m+1),
 * |z| < 0.172: 12 terms leave 1e-19. */
float tl_real_log(float x)
{
  const double log2_high = 0x1.62e42fee00000p-1, log2_low = 0x1.a39ef35793c76p-33;
  const double value = (double)x;
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  int32_t k = (int32_t)(bits >> 52) - 1023;
  double m = value * power_of_two(-k);
  if (m >= 1.4142135623730951) {
    m *= 0.5;
    k++;
  }
  const double z = (m - 1.0) / (m + 1.0), square = z * z;
  double sum = 0.0;
  for (int32_t n = 25; n > 0; n -= 2) sum = sum * square + 1.0 / n;
  return (float)(k * log2_high + (2.0 * z * sum + k * log2_low));
}

/* Bit by bit: the root of a fraction of 2 x 54 bits has 54; the last one rounds (a root of 53 bits
 * is never half way between two doubles). */
double tl_real_sqrt(float x)
{
  const double value = (double)x;
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  if (!(x > 0.0f)) return 0.0;
  int32_t exponent = (int32_t)(bits >> 52) - 1023; /* of a double, so never subnormal */
  uint64_t fraction = (bits & 0xFFFFFFFFFFFFFull) | 1ull << 52;
  if (exponent % 2 != 0) {
    fraction <<= 1;
    exponent--;
  }
  /* value = fraction * 2^(exponent - 52): two bits of it a step, the highest first, then zeros. */
  uint64_t root = 0, rest = 0;
  for (int32_t step = 0; step < 54; step++) {
    const uint64_t pair = step < 27 ? fraction >> (52 - 2 * step) & 3 : 0;
    rest = rest << 2 | pair;
    root <<= 1;
    if (rest >= 2 * root + 1) {
      rest -= 2 * root + 1;
      root++;
    }
  }
  root += root & 1; /* 54 bits to 53: up where the last is set, for the rest is never 0 then */
  return (double)root * power_of_two(exponent / 2 - 53);
}

int32_t tl_real_to_int32(float x)
{
  if (!(x >= -2147483648.0f && x < 2147483648.0f)) return INT32_MIN;
  return (int32_t)x;
}

float tl_real_round(float x)
{
  if (!(x > -8388608.0f && x < 8388608.0f)) return x; /* whole already */
  const float whole = (float)(int32_t)x;
  const float rest = x - whole; /* exact */
  return rest >= 0.5f ? whole + 1.0f : rest <= -0.5f ? whole - 1.0f : whole;
}
