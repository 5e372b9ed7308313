/* beta.c: incomplete beta, and what is one: Student t, F, the binomial tail and Clopper-Pearson. */
#include "fidelity/stat/stat_inside.h"

#include "base/dmath.h"

#include <math.h>

enum { TERMS_MAX = 100000 };

/* x^a y^b / (B(a, b) I_x(a, b)): the continued fraction of A. R. DiDonato, A. H. Morris, "Algorithm 708", ACM TOMS
 * 18, 1992, eq. 9, by the modified Lentz method, for x < (a + 1) / (a + b + 2), where it converges fast and its terms
 * are positive. It needs a - (a + b) x, which is taken from x or from y, whichever has the small weight: for x near 1,
 * as in Student t of many degrees of freedom, the difference of two near numbers would lose half of the digits. */
static double fraction(double x, double y, double a, double b)
{
  const double lambda = a < b ? a - (a + b) * x : (a + b) * y - b;
  double value = a / (a + 1.0) * (lambda + 1.0), c = value, d = 0.0;
  for (int k = 1; k < TERMS_MAX; k++) {
    const double n = (double)k, mid = a + 2.0 * n - 1.0;
    const double alpha = (a + n - 1.0) / mid * ((a + b + n - 1.0) / mid) * n * (b - n) * x * x;
    const double beta =
        n + n * (b - n) * x / mid + (a + n) / (a + 2.0 * n + 1.0) * (lambda + 1.0 + n * (1.0 + y));
    d = 1.0 / (beta + alpha * d);
    c = beta + alpha / c;
    value *= c * d;
    if (fabs(c * d - 1.0) < 1e-16) break;
  }
  return value;
}

/* I_x(a, b) with y = 1 - x as its own number. */
static double incomplete(double x, double y, double a, double b)
{
  if (x <= 0.0) return 0.0;
  if (y <= 0.0) return 1.0;
  if (x < (a + 1.0) / (a + b + 2.0)) return stat_beta_power(x, y, a, b) / fraction(x, y, a, b);
  return 1.0 - stat_beta_power(x, y, a, b) / fraction(y, x, b, a);
}

static bool in_domain(double x, double a, double b)
{
  return !isnan(x) && a > 0.0 && b > 0.0 && isfinite(a) && isfinite(b);
}
static bool is_probability(double p) { return p >= 0.0 && p <= 1.0; }

double tl_stat_beta_cdf(double x, double a, double b)
{
  return in_domain(x, a, b) ? incomplete(x, 1.0 - x, a, b) : (double)NAN;
}
double tl_stat_beta_sf(double x, double a, double b)
{
  return in_domain(x, a, b) ? incomplete(1.0 - x, x, b, a) : (double)NAN;
}

static double beta_rises(double x, const double *s) { return tl_stat_beta_cdf(x, s[0], s[1]); }
static double beta_sf_falls(double x, const double *s) { return -tl_stat_beta_sf(x, s[0], s[1]); }

double tl_stat_beta_quantile(double p, double a, double b)
{
  const double shape[2] = {a, b};
  if (!is_probability(p) || !in_domain(0.0, a, b)) return (double)NAN;
  if (p > 0.5) return stat_first_at_least(beta_sf_falls, shape, -(1.0 - p), 0.0, 1.0);
  return stat_first_at_least(beta_rises, shape, p, 0.0, 1.0);
}

/* --- F --- */
double tl_stat_f_cdf(double x, double df1, double df2)
{
  if (!in_domain(x, df1, df2)) return (double)NAN;
  if (x <= 0.0) return 0.0;
  if (isinf(x)) return 1.0;
  const double sum = df1 * x + df2;
  return incomplete(df1 * x / sum, df2 / sum, 0.5 * df1, 0.5 * df2);
}
double tl_stat_f_sf(double x, double df1, double df2)
{
  if (!in_domain(x, df1, df2)) return (double)NAN;
  if (x <= 0.0) return 1.0;
  if (isinf(x)) return 0.0;
  const double sum = df1 * x + df2;
  return incomplete(df2 / sum, df1 * x / sum, 0.5 * df2, 0.5 * df1);
}
static double f_rises(double x, const double *s) { return tl_stat_f_cdf(x, s[0], s[1]); }
static double f_sf_falls(double x, const double *s) { return -tl_stat_f_sf(x, s[0], s[1]); }

double tl_stat_f_quantile(double p, double df1, double df2)
{
  const double shape[2] = {df1, df2};
  if (!is_probability(p) || !in_domain(0.0, df1, df2)) return (double)NAN;
  if (p > 0.5) return stat_first_at_least(f_sf_falls, shape, -(1.0 - p), 0.0, (double)INFINITY);
  return stat_first_at_least(f_rises, shape, p, 0.0, (double)INFINITY);
}

/* --- Student t --- */
/* P(T > t) for t >= 0: half of what an F(1, df) leaves above t^2. */
static double upper_half(double t, double df)
{
  const double square = t * t;
  if (isinf(square)) return 0.0;
  return 0.5 * incomplete(df / (df + square), square / (df + square), 0.5 * df, 0.5);
}
double tl_stat_t_sf(double t, double df)
{
  if (!in_domain(t, df, 1.0)) return (double)NAN;
  return t >= 0.0 ? upper_half(t, df) : 1.0 - upper_half(-t, df);
}
double tl_stat_t_cdf(double t, double df) { return tl_stat_t_sf(-t, df); }

static double t_sf_falls(double t, const double *df) { return -upper_half(t, df[0]); }

double tl_stat_t_quantile(double p, double df)
{
  if (!is_probability(p) || !in_domain(0.0, df, 1.0)) return (double)NAN;
  if (p == 0.5) return 0.0;
  if (p == 0.0 || p == 1.0) return p == 0.0 ? (double)-INFINITY : (double)INFINITY;
  const double tail = p < 0.5 ? p : 1.0 - p;
  const double t = stat_first_at_least(t_sf_falls, &df, -tail, 0.0, (double)INFINITY);
  return p < 0.5 ? -t : t;
}

/* --- binomial --- */
double tl_stat_binomial_sf(uint64_t k, uint64_t n, double p)
{
  if (!is_probability(p)) return (double)NAN;
  if (k == 0) return 1.0;
  if (k > n) return 0.0;
  return tl_stat_beta_cdf(p, (double)k, (double)(n - k) + 1.0); /* DLMF 8.17.5 */
}

/* C. J. Clopper, E. S. Pearson, Biometrika 26, 1934, through the beta distribution. */
void tl_stat_clopper_pearson(double *low, double *high, uint64_t k, uint64_t n, double confidence)
{
  const double side = 0.5 * (1.0 - confidence);
  *low = k == 0 ? 0.0 : tl_stat_beta_quantile(side, (double)k, (double)(n - k) + 1.0);
  *high = k >= n ? 1.0 : tl_stat_beta_quantile(1.0 - side, (double)k + 1.0, (double)(n - k));
}

/* --- Kolmogorov: both series of W. Feller, Annals of Mathematical Statistics 19, 1948, each where it is short --- */
double tl_stat_kolmogorov_sf(double x)
{
  if (isnan(x)) return x;
  if (x <= 0.0) return 1.0;
  if (x < 1.0) {
    const double pi2 = 0.25 * STAT_TWO_PI * STAT_TWO_PI, step = pi2 / (8.0 * x * x);
    double sum = 0.0;
    for (int k = 7; k >= 1; k -= 2) sum += tl_math_exp(-(double)(k * k) * step);
    return 1.0 - sqrt(STAT_TWO_PI) / x * sum;
  }
  double sum = 0.0;
  for (int k = 5; k >= 1; k--) sum = tl_math_exp(-2.0 * (double)(k * k) * x * x) - sum;
  return 2.0 * sum;
}
static double kolmogorov_falls(double x, const double *unused)
{
  (void)unused;
  return -tl_stat_kolmogorov_sf(x);
}
double tl_stat_kolmogorov_quantile_upper(double q)
{
  if (!is_probability(q)) return (double)NAN;
  if (q == 0.0) return (double)INFINITY;
  return stat_first_at_least(kolmogorov_falls, NULL, -q, 0.0, (double)INFINITY);
}
