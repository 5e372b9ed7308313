#include "kernels/features/exact.h"

#include <string.h>

/* 2^exponent, -1022 .. 1023 */
static double power_of_two(int32_t exponent)
{
  const uint64_t bits = (uint64_t)(exponent + 1023) << 52;
  double power;
  memcpy(&power, &bits, sizeof power);
  return power;
}

int64_t tl_exact_floor(double x)
{
  const int64_t whole = (int64_t)x;
  return (double)whole > x ? whole - 1 : whole;
}

/* Taylor's series for |r| <= pi / 4: the term left out is below 1e-18. */
static double sine_near_zero(double r)
{
  const double square = r * r;
  double sum = 1.0;
  for (int32_t n = 18; n > 0; n -= 2) sum = 1.0 - sum * square / (n * (n + 1));
  return r * sum;
}

static double cosine_near_zero(double r)
{
  const double square = r * r;
  double sum = 1.0;
  for (int32_t n = 17; n > 0; n -= 2) sum = 1.0 - sum * square / (n * (n + 1));
  return sum;
}

/* x less a whole number of quarter turns; pi / 2 in two parts, the first of 33 bits, so that its
 * multiples are exact. */
static double cosine_plus_quarters(double x, int64_t quarters)
{
  const double half_pi_high = 0x1.921fb544p+0, half_pi_low = 0x1.0b4611a626331p-34;
  const int64_t k = tl_exact_floor(x * (2.0 / TL_EXACT_PI) + 0.5);
  const double r = (x - (double)k * half_pi_high) - (double)k * half_pi_low;
  switch ((uint64_t)(k + quarters) & 3) {
    case 0: return cosine_near_zero(r);
    case 1: return -sine_near_zero(r);
    case 2: return -cosine_near_zero(r);
    default: return sine_near_zero(r);
  }
}

double tl_exact_cos(double x) { return cosine_plus_quarters(x, 0); }

double tl_exact_sin(double x) { return cosine_plus_quarters(x, 3); }

/* As tl_real_log, but of and to double. */
double tl_exact_log(double x)
{
  const double log2_high = 0x1.62e42fee00000p-1, log2_low = 0x1.a39ef35793c76p-33;
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  int32_t k = (int32_t)(bits >> 52) - 1023;
  bits = (bits & 0xFFFFFFFFFFFFFull) | 1023ull << 52;
  double m;
  memcpy(&m, &bits, sizeof m);
  if (m >= 1.4142135623730951) {
    m *= 0.5;
    k++;
  }
  const double z = (m - 1.0) / (m + 1.0), square = z * z;
  double sum = 0.0;
  for (int32_t n = 25; n > 0; n -= 2) sum = sum * square + 1.0 / n;
  return k * log2_high + (2.0 * z * sum + k * log2_low);
}

/* As tl_real_exp, but of and to double. */
double tl_exact_exp(double x)
{
  const double log2_high = 0x1.62e42fee00000p-1, log2_low = 0x1.a39ef35793c76p-33;
  const int32_t k = (int32_t)tl_exact_floor(x * 1.4426950408889634 + 0.5);
  const double r = (x - k * log2_high) - k * log2_low;
  double sum = 1.0;
  for (int32_t n = 16; n > 0; n--) sum = 1.0 + r * sum / n;
  return sum * power_of_two(k);
}

int32_t tl_exact_split(uint32_t *mantissa, double x)
{
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  const int32_t exponent = (int32_t)(bits >> 52) - 1023;
  const uint64_t fraction = (bits & 0xFFFFFFFFFFFFFull) | 1ull << 52;
  *mantissa = (uint32_t)((fraction + (1ull << 21)) >> 22);
  if (*mantissa < 1u << 31) return exponent - 30;
  *mantissa >>= 1;
  return exponent - 29;
}
