/* pooled.c: PSI and KS, whose null is scaled by the covariance that the clusters show. */
#include "fidelity/drift/drift_inside.h"
#include "fidelity/stat/stat.h"

#include "base/dmath.h"

#include <math.h>

/* PSI = sum (q - p) ln(q / p). Without drift it is, to second order, the quadratic form sum (q - p)^2 / pi, for
 * independent samples (1/n + 1/m) chi2 of B - 1 (B. Yurdakul, "Statistical properties of population stability index",
 * 2018). For clusters its mean is E = trace(D^-1 V) and its variance 2 trace((D^-1 V)^2), D = diag(pi): Satterthwaite's
 * degrees of freedom and an F for the estimated V (J. N. K. Rao, A. J. Scott, JASA 76, 1981; D. R. Thomas, J. N. K.
 * Rao, JASA 82, 1987). E is never taken smaller than for independent samples. An empty bin counts as half a value. */
void drift_psi(tl_drift_value *out, const drift_clusters *clusters, const double *covariance,
               double inflation, double freedom, double alpha)
{
  const uint32_t bins = clusters->steps;
  double p[DRIFT_BINS_MAX], q[DRIFT_BINS_MAX], n[2] = {0.0, 0.0};
  for (uint32_t c = 0; c < clusters->count; c++) n[c >= clusters->of_side[0]] += clusters->total[c];
  drift_shares(p, clusters, 0);
  drift_shares(q, clusters, 1);
  double psi = 0.0, trace = 0.0, square = 0.0;
  for (uint32_t k = 0; k < bins; k++) {
    const double a = (p[k] * n[0] + 0.5) / (n[0] + 0.5 * bins);
    const double b = (q[k] * n[1] + 0.5) / (n[1] + 0.5 * bins);
    psi += (b - a) * tl_math_log(b / a);
  }
  for (uint32_t i = 0; i < bins; i++)
    for (uint32_t k = 0; k < bins; k++) {
      const double pi_i = (p[i] * n[0] + q[i] * n[1] + 0.5) / (n[0] + n[1] + 0.5 * bins);
      const double pi_k = (p[k] * n[0] + q[k] * n[1] + 0.5) / (n[0] + n[1] + 0.5 * bins);
      const double v = covariance[i * bins + k] * inflation;
      square += v * v / (pi_i * pi_k);
      if (i == k) trace += v / pi_i;
    }
  const double independent = (1.0 / n[0] + 1.0 / n[1]) * (double)(bins - 1);
  double shape = square > 0.0 ? trace * trace / square : (double)(bins - 1);
  if (shape > (double)(bins - 1)) shape = (double)(bins - 1);
  if (shape < 1.0) shape = 1.0;
  const double mean = trace > independent ? trace : independent;
  *out = (tl_drift_value){.value = psi, .delay_ns = -1, .change_ns = -1};
  out->p_value = tl_stat_f_sf(psi / mean, shape, shape * freedom);
  out->threshold = mean * tl_stat_f_quantile(1.0 - alpha, shape, shape * freedom);
  out->alarm = psi > out->threshold;
}

/* Greatest distance of the two distribution functions, ties taken as one place. */
static double greatest_distance(const drift_frame *frame)
{
  const double *a = frame->sorted[0], *b = frame->sorted[1];
  const size_t n = frame->n[0], m = frame->n[1];
  size_t i = 0, k = 0;
  double greatest = 0.0;
  while (i < n && k < m) {
    const double at = a[i] < b[k] ? a[i] : b[k];
    while (i < n && a[i] == at) i++;
    while (k < m && b[k] == at) k++;
    const double distance = fabs((double)i / (double)n - (double)k / (double)m);
    if (distance > greatest) greatest = distance;
  }
  return greatest;
}

/* For independent samples Var(F - G) = F(1-F) / e with e = n m / (n + m), and sqrt(e) D has Kolmogorov's distribution.
 * For clusters e is what makes that true on average over a grid; never more than n m / (n + m). freedom / (freedom - 2)
 * is the variance of a t: V is an estimate. On ties and coarse grids the test is conservative. */
void drift_ks(tl_drift_value *out, double effective[2], const drift_frame *frame,
              const drift_clusters *clusters, const double *covariance, double inflation,
              double freedom, double alpha)
{
  const uint32_t steps = clusters->steps;
  double p[DRIFT_GRID], q[DRIFT_GRID], sum = 0.0, spread = 0.0, at_p = 0.0, at_q = 0.0;
  drift_shares(p, clusters, 0);
  drift_shares(q, clusters, 1);
  const double n = (double)frame->n[0], m = (double)frame->n[1];
  for (uint32_t k = 0; k + 1 < steps; k++) {
    at_p += p[k];
    at_q += q[k];
    const double f = (at_p * n + at_q * m) / (n + m);
    sum += f * (1.0 - f);
    spread += covariance[k * steps + k] * inflation;
  }
  const double independent = n * m / (n + m);
  const double correction = freedom > 3.0 ? (freedom - 2.0) / freedom : 0.25;
  double e = spread > 0.0 ? sum / spread * correction : independent;
  if (e > independent) e = independent;
  effective[0] = n * e / independent;
  effective[1] = m * e / independent;
  *out = (tl_drift_value){.value = greatest_distance(frame), .delay_ns = -1, .change_ns = -1};
  out->p_value = tl_stat_kolmogorov_sf(sqrt(e) * out->value);
  out->threshold = tl_stat_kolmogorov_quantile_upper(alpha) / sqrt(e);
  out->alarm = out->value > out->threshold;
}
