#include "fidelity/stat/stat_inside.h"

#include "base/dmath.h"

#include <math.h>
#include <string.h>

double stat_stirling_rest(double x)
{
  double rest = 0.0;
  for (; x < 15.0; x += 1.0) /* rest(x) - rest(x + 1), from Gamma(x + 2) = (x + 1) Gamma(x + 1) */
    rest += (x + 0.5) * tl_math_log1p(1.0 / x) - 1.0;
  const double s = 1.0 / (x * x); /* DLMF 5.11.1: Bernoulli numbers; the next term is below 4e-18 */
  return rest +
         (1.0 / 12.0 - s * (1.0 / 360.0 -
                            s * (1.0 / 1260.0 -
                                 s * (1.0 / 1680.0 - s * (1.0 / 1188.0 - s * 691.0 / 360360.0))))) /
             x;
}

double stat_deviance(double x, double mean)
{
  if (fabs(x - mean) >= 0.1 * (x + mean)) return x * tl_math_log(x / mean) + mean - x;
  const double v = (x - mean) / (x + mean); /* log(x / mean) = 2 atanh(v), summed by its series */
  double sum = (x - mean) * v, term = 2.0 * x * v;
  for (int k = 3; k < 100; k += 2) {
    term *= v * v;
    const double next = sum + term / (double)k;
    if (next == sum) break;
    sum = next;
  }
  return sum;
}

double stat_beta_power(double x, double y, double a, double b)
{
  const double n = a + b;
  const double exponent = stat_stirling_rest(n) - stat_stirling_rest(a) - stat_stirling_rest(b) -
                          stat_deviance(a, n * x) - stat_deviance(b, n * y);
  return tl_math_exp(exponent) * sqrt(a * b / (STAT_TWO_PI * n));
}

double tl_stat_log_gamma(double x)
{
  if (!(x > 0.0)) return (double)NAN;
  if (isinf(x)) return (double)INFINITY;
  return (x - 0.5) * tl_math_log(x) - x + 0.5 * tl_math_log(STAT_TWO_PI) + stat_stirling_rest(x);
}

/* Doubles >= 0 stand in the order of their bits. */
static uint64_t bits_of(double x)
{
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}
static double from_bits(uint64_t bits)
{
  double x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

double stat_first_at_least(stat_rising *rises, const double *shape, double wanted, double low,
                           double high)
{
  uint64_t begin = bits_of(low), end = bits_of(high);
  while (begin < end) {
    const uint64_t middle = begin + (end - begin) / 2;
    if (rises(from_bits(middle), shape) >= wanted)
      end = middle;
    else
      begin = middle + 1;
  }
  return from_bits(begin);
}
