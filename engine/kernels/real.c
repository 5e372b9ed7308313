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

int64_t tl_real_floor(double x)
{
  const int64_t whole = (int64_t)x;
  return (double)whole > x ? whole - 1 : whole;
}

/* ---- exp, log ---- */

/* exp(x) = 2^k exp(r), |r| <= log(2) / 2; log(2) in two parts so that r is exact to 2^-70, the rest
 * by Taylor's series: 16 terms leave less than a double shows. */
double tl_real_exp(double x)
{
  const double log2_high = 0x1.62e42fee00000p-1, log2_low = 0x1.a39ef35793c76p-33;
  const int32_t k = (int32_t)tl_real_floor(x * 1.4426950408889634 + 0.5);
  const double r = (x - k * log2_high) - k * log2_low;
  double sum = 1.0;
  for (int32_t n = 16; n > 0; n--) sum = 1.0 + r * sum / n;
  return sum * power_of_two(k);
}

/* log(x) = k log(2) + log(m), m in [sqrt(1/2), sqrt(2)); log(m) = 2 artanh(z), z = (m-1)/(m+1),
 * |z| < 0.172: 12 terms leave 1e-19. */
double tl_real_log(double x)
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

float tl_real_exp_float(float x)
{
  if (x >= 0x1.62e430p6f) { /* 88.7228394: above the largest float */
    const uint32_t infinite = 0x7F800000u;
    float y;
    memcpy(&y, &infinite, sizeof y);
    return y;
  }
  if (!(x >= -104.0f)) return 0.0f;
  return (float)tl_real_exp((double)x);
}

float tl_real_log_float(float x) { return (float)tl_real_log((double)x); }

/* ---- sine, cosine ---- */

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
  const int64_t k = tl_real_floor(x * (2.0 / TL_REAL_PI) + 0.5);
  const double r = (x - (double)k * half_pi_high) - (double)k * half_pi_low;
  switch ((uint64_t)(k + quarters) & 3) {
    case 0: return cosine_near_zero(r);
    case 1: return -sine_near_zero(r);
    case 2: return -cosine_near_zero(r);
    default: return sine_near_zero(r);
  }
}

double tl_real_cos(double x) { return cosine_plus_quarters(x, 0); }

double tl_real_sin(double x) { return cosine_plus_quarters(x, 3); }

/* ---- square root ---- */

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

/* ---- numbers in parts ---- */

int32_t tl_real_split(uint32_t *mantissa, double x)
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
