/* gamma.c: incomplete gamma, and what is one: chi2 and the normal distribution. */
#include "fidelity/stat/stat_inside.h"

#include "base/dmath.h"

#include <math.h>

enum { TERMS_MAX = 100000 }; /* some 10 sqrt(shape) are needed: enough for a shape of 1e8 */

/* x^a e^-x / Gamma(a + 1) */
static double power(double a, double x)
{
  return tl_math_exp(-stat_stirling_rest(a) - stat_deviance(a, x)) / sqrt(STAT_TWO_PI * a);
}

/* DLMF 8.7.1: P = power sum x^k / ((a+1) ... (a+k)) */
static double by_series(double a, double x)
{
  double term = 1.0, sum = 1.0;
  for (int k = 1; k < TERMS_MAX; k++) {
    term *= x / (a + (double)k);
    sum += term;
    if (term < sum * 1e-17) break;
  }
  return power(a, x) * sum;
}

/* DLMF 8.9.2 in its even part, evaluated by the modified Lentz method; x > a. */
static double by_fraction(double a, double x)
{
  double b = x + 1.0 - a, c = 1e300, d = 1.0 / b, h = d;
  for (int k = 1; k < TERMS_MAX; k++) {
    const double n = (double)k, numerator = -n * (n - a);
    b += 2.0;
    d = 1.0 / (numerator * d + b);
    c = b + numerator / c;
    h *= d * c;
    if (fabs(d * c - 1.0) < 1e-16) break;
  }
  return power(a, x) * a * h;
}

static bool in_domain(double shape, double x)
{
  return shape > 0.0 && isfinite(shape) && !isnan(x);
}

double tl_stat_gamma_lower(double shape, double x)
{
  if (!in_domain(shape, x)) return (double)NAN;
  if (x <= 0.0) return 0.0;
  if (isinf(x)) return 1.0;
  return x < shape + 1.0 ? by_series(shape, x) : 1.0 - by_fraction(shape, x);
}

double tl_stat_gamma_upper(double shape, double x)
{
  if (!in_domain(shape, x)) return (double)NAN;
  if (x <= 0.0) return 1.0;
  if (isinf(x)) return 0.0;
  return x < shape + 1.0 ? 1.0 - by_series(shape, x) : by_fraction(shape, x);
}

double tl_stat_chi2_cdf(double x, double df) { return tl_stat_gamma_lower(0.5 * df, 0.5 * x); }
double tl_stat_chi2_sf(double x, double df) { return tl_stat_gamma_upper(0.5 * df, 0.5 * x); }

static double chi2_rises(double x, const double *df) { return tl_stat_chi2_cdf(x, df[0]); }
static double chi2_sf_falls(double x, const double *df) { return -tl_stat_chi2_sf(x, df[0]); }
static bool is_probability(double p) { return p >= 0.0 && p <= 1.0; }

double tl_stat_chi2_quantile(double p, double df)
{
  if (!is_probability(p) || !(df > 0.0)) return (double)NAN;
  if (p > 0.5) return tl_stat_chi2_quantile_upper(1.0 - p, df); /* exact: p is in [1/2, 1] */
  return stat_first_at_least(chi2_rises, &df, p, 0.0, (double)INFINITY);
}

double tl_stat_chi2_quantile_upper(double q, double df)
{
  if (!is_probability(q) || !(df > 0.0)) return (double)NAN;
  if (q == 0.0) return (double)INFINITY; /* not where the tail's last bit goes */
  return stat_first_at_least(chi2_sf_falls, &df, -q, 0.0, (double)INFINITY);
}

/* z^2 is chi2 with one degree of freedom. */
double tl_stat_normal_sf(double z)
{
  if (isnan(z)) return z;
  const double both = tl_stat_gamma_upper(0.5, 0.5 * z * z);
  return z >= 0.0 ? 0.5 * both : 0.5 + 0.5 * tl_stat_gamma_lower(0.5, 0.5 * z * z);
}
double tl_stat_normal_cdf(double z) { return tl_stat_normal_sf(-z); }

static double ratio8(const double *top, const double *bottom, double x)
{
  double a = top[7], b = bottom[7];
  for (int k = 6; k >= 0; k--) {
    a = a * x + top[k];
    b = b * x + bottom[k];
  }
  return a / b;
}

/* M. J. Wichura, "Algorithm AS 241: the percentage points of the normal distribution", Applied Statistics 37, 1988:
 * PPND16 and its three ranges. */
double tl_stat_normal_quantile(double p)
{
  static const double a[8] = {3.3871328727963666080e0,  1.3314166789178437745e+2,
                              1.9715909503065514427e+3, 1.3731693765509461125e+4,
                              4.5921953931549871457e+4, 6.7265770927008700853e+4,
                              3.3430575583588128105e+4, 2.5090809287301226727e+3};
  static const double b[8] = {1.0,
                              4.2313330701600911252e+1,
                              6.8718700749205790830e+2,
                              5.3941960214247511077e+3,
                              2.1213794301586595867e+4,
                              3.9307895800092710610e+4,
                              2.8729085735721942674e+4,
                              5.2264952788528545610e+3};
  static const double c[8] = {1.42343711074968357734e0,  4.63033784615654529590e0,
                              5.76949722146069140550e0,  3.64784832476320460504e0,
                              1.27045825245236838258e0,  2.41780725177450611770e-1,
                              2.27238449892691845833e-2, 7.74545014278341407640e-4};
  static const double d[8] = {1.0,
                              2.05319162663775882187e0,
                              1.67638483018380384940e0,
                              6.89767334985100004550e-1,
                              1.48103976427480074590e-1,
                              1.51986665636164571966e-2,
                              5.47593808499534494600e-4,
                              1.05075007164441684324e-9};
  static const double e[8] = {6.65790464350110377720e0,  5.46378491116411436990e0,
                              1.78482653991729133580e0,  2.96560571828504891230e-1,
                              2.65321895265761230930e-2, 1.24266094738807843860e-3,
                              2.71155556874348757815e-5, 2.01033439929228813265e-7};
  static const double f[8] = {1.0,
                              5.99832206555887937690e-1,
                              1.36929880922735805310e-1,
                              1.48753612908506148525e-2,
                              7.86869131145613259100e-4,
                              1.84631831751005468180e-5,
                              1.42151175831644588870e-7,
                              2.04426310338993978564e-15};
  if (!is_probability(p)) return (double)NAN;
  const double middle = p - 0.5;
  if (fabs(middle) <= 0.425) return middle * ratio8(a, b, 0.180625 - middle * middle);
  const double tail = middle < 0.0 ? p : 1.0 - p;
  if (tail == 0.0) return middle < 0.0 ? (double)-INFINITY : (double)INFINITY;
  const double r = sqrt(-tl_math_log(tail));
  const double z = r <= 5.0 ? ratio8(c, d, r - 1.6) : ratio8(e, f, r - 5.0);
  return middle < 0.0 ? -z : z;
}
