/* kolmogorov.c: the two-sided Kolmogorov-Smirnov statistic of n independent samples, exactly.
 *
 * Source: Simard and L'Ecuyer 2011, J. Stat. Softw. 39(11): which formula where; Marsaglia, Tsang and Wang
 * 2003 (matrix); Pelz and Good 1976 (expansion); Birnbaum and Tingey 1951 (one-sided tail). */
#include "fidelity/stat/stat.h"

#include "base/dmath.h"

#include <assert.h>
#include <string.h>

#define PI_SQ 9.86960440108935861883
#define SQRT_2PI 2.50662827463100050242
enum { MATRIX_MAX = 2 * 64 - 1 }; /* k <= 64: n x^1.5 <= 1.4 gives k <= 59 at n = 1e5 */

static double clip(double p) { return p < 0.0 ? 0.0 : p > 1.0 ? 1.0 : p; }

/* Birnbaum and Tingey 1951: P(D+ > d) = d sum_j C(n, j) (d + j/n)^(j-1) (1 - d - j/n)^(n-j), terms by logarithm;
 * twice that is the two-sided tail but for paths that cross both bounds. */
static double one_sided(uint64_t n, double d)
{
  const double count = (double)n;
  double log_binomial = 0.0, sum = 0.0;
  for (uint64_t j = 0; j <= n; j++) {
    const double low = d + (double)j / count, high = 1.0 - low;
    if (high <= 0.0) break;
    sum += tl_math_exp(log_binomial + ((double)j - 1.0) * tl_math_log(low) +
                       (count - (double)j) * tl_math_log1p(-low));
    log_binomial += tl_math_log((count - (double)j) / ((double)j + 1.0));
  }
  return d * sum;
}

/* --- Marsaglia, Tsang and Wang: the k-th entry of n!/n^n H^n --- */
typedef struct matrix {
  double cell[MATRIX_MAX][MATRIX_MAX];
} matrix;
/* out = a b; out is neither */
static void multiply(matrix *out, const matrix *a, const matrix *b, int m)
{
  for (int i = 0; i < m; i++) {
    for (int k = 0; k < m; k++) out->cell[i][k] = 0.0;
    for (int l = 0; l < m; l++)
      for (int k = 0; k < m; k++) out->cell[i][k] += a->cell[i][l] * b->cell[l][k];
  }
}

static void fill(matrix *h, int m, double fraction)
{
  double factorial = 1.0, power = 1.0;
  double last[MATRIX_MAX];
  memset(h, 0, sizeof *h);
  for (int j = 0; j < m; j++) {
    for (int i = 0; i + j <= m; i++) /* 1/j! on the j-1-th subdiagonal */
      if (j + i - 1 >= 0 && j + i - 1 < m && i < m) h->cell[j + i - 1][i] = factorial;
    factorial /= (double)(j + 1);
    power *= fraction;
    last[j] = (1.0 - power) * factorial;
  }
  double twice = 1.0;
  const double over = 2.0 * fraction - 1.0 > 0.0 ? 2.0 * fraction - 1.0 : 0.0;
  for (int j = 0; j < m; j++) twice *= over;
  last[m - 1] = (1.0 + twice - 2.0 * power) * factorial;
  for (int j = 0; j < m; j++) {
    h->cell[j][0] = last[j];
    h->cell[m - 1][m - 1 - j] = last[j];
  }
}

static void scale(matrix *a, int m, int *exponent, double by, int of)
{
  for (int i = 0; i < m; i++)
    for (int k = 0; k < m; k++) a->cell[i][k] *= by;
  *exponent += of;
}

/* P(D_n <= d); d n <= 64 */
static double by_matrix(uint64_t n, double d)
{
  const double nd = (double)n * d, tiny = 1.0 / 1073741824.0 / 1073741824.0; /* 2^-60 */
  const int k = (int)tl_math_ceil(nd), m = 2 * k - 1;
  assert(k >= 1 && m <= MATRIX_MAX);
  const int of = 60;
  matrix h, power, room;
  int h_exponent = 0, exponent = 0;
  fill(&h, m, (double)k - nd);
  memset(&power, 0, sizeof power);
  for (int i = 0; i < m; i++) power.cell[i][i] = 1.0;
  for (uint64_t left = n; left > 0; left /= 2) {
    if (left % 2 == 1) {
      multiply(&room, &power, &h, m);
      power = room;
      exponent += h_exponent;
      while (power.cell[k - 1][k - 1] > 1.0 / tiny) scale(&power, m, &exponent, tiny, of);
    }
    if (left == 1) break;
    multiply(&room, &h, &h, m);
    h = room;
    h_exponent *= 2;
    while (h.cell[k - 1][k - 1] > 1.0 / tiny) scale(&h, m, &h_exponent, tiny, of);
  }
  double p = power.cell[k - 1][k - 1];
  for (uint64_t i = 1; i <= n; i++) {
    p = p * (double)i / (double)n;
    if (p < tiny) {
      p /= tiny;
      exponent -= of;
    }
  }
  for (; exponent > 0; exponent -= of) p /= tiny;
  for (; exponent < 0; exponent += of) p *= tiny;
  return clip(p);
}

/* Pelz and Good 1976: K0 + K1/sqrt(n) + K2/n + K3/n^1.5 in the form for small z = d sqrt(n). */
static double by_expansion(uint64_t n, double d)
{
  const double root = tl_math_sqrt((double)n), z = d * root, z2 = z * z, z4 = z2 * z2, z6 = z4 * z2;
  const double q_log = -PI_SQ / 8.0 / z2;
  if (q_log < -745.0) return 0.0;
  double k0 = 0.0, k1 = 0.0, k2 = 0.0, k3 = 0.0, k2_more = 0.0, k3_more = 0.0;
  const int most = (int)tl_math_ceil(16.0 * z / 3.14159265358979323846);
  for (int k = most; k >= 1; k--) {
    const double odd = (double)(2 * k - 1), m2 = odd * odd, m4 = m2 * m2, m6 = m4 * m2;
    const double q = tl_math_exp(q_log * m2), full = (double)k * (double)k;
    k0 += q;
    k1 += q * (-z2 + PI_SQ / 4.0 * m2);
    k2 += q * (6.0 * z6 + 2.0 * z4 + (2.0 * z4 - 5.0 * z2) * PI_SQ / 4.0 * m2 +
               PI_SQ * PI_SQ * (1.0 - 2.0 * z2) / 16.0 * m4);
    k3 += q * (-30.0 * z6 - 90.0 * z4 * z4 + PI_SQ * (135.0 * z4 - 96.0 * z6) / 4.0 * m2 +
               PI_SQ * PI_SQ * (-60.0 * z2 + 212.0 * z4) / 16.0 * m4 +
               PI_SQ * PI_SQ * PI_SQ * (5.0 - 30.0 * z2) / 64.0 * m6);
    const double whole = tl_math_exp(-PI_SQ / 2.0 / z2 * full);
    k2_more += full * whole;
    k3_more += (3.0 * z2 - PI_SQ * full) * full * whole;
  }
  k0 *= SQRT_2PI / z;
  k1 *= SQRT_2PI / (6.0 * z4);
  k2 = k2 * SQRT_2PI / (72.0 * z6 * z) - k2_more * PI_SQ * SQRT_2PI / (36.0 * z2 * z);
  k3 = k3 * SQRT_2PI / (6480.0 * z6 * z4) + k3_more * PI_SQ * SQRT_2PI / (216.0 * z6);
  return clip(k0 + k1 / root + k2 / (double)n + k3 / ((double)n * root));
}

double tl_stat_kolmogorov_exact_sf(uint64_t n, double d)
{
  assert(n >= 1);
  const double count = (double)n, t = count * d;
  if (d >= 1.0) return 0.0;
  if (t <= 0.5) return 1.0;
  if (t <= 1.0) { /* Ruben and Gambino 1982: n! (2 d - 1/n)^n */
    double p = 1.0;
    for (uint64_t i = 1; i <= n && p > 0.0; i++) p *= (double)i * (2.0 * t - 1.0) / count;
    return clip(1.0 - p);
  }
  if (t >= count - 1.0) return clip(2.0 * tl_math_pow(1.0 - d, count));
  const double square = t * d;
  if (square >= 370.0) return 0.0; /* below the least double */
  if (d >= 0.5 || square > 4.0 || (n > 140 && square >= 2.2)) return clip(2.0 * one_sided(n, d));
  if (n <= 140 || (n <= 100000 && t * tl_math_sqrt(d) <= 1.4)) return clip(1.0 - by_matrix(n, d));
  return clip(1.0 - by_expansion(n, d));
}
