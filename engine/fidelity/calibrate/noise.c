/* noise.c: variance and time constant of one channel's noise from what the fit left of it. */
#include "fidelity/calibrate/statistics.h"

#include "base/dmath.h"

#include <string.h>

/* Where what is left is nearly all correlation, the correction for what the fit took runs away: it
 * may double the time constant and the variance, no more. */
static const double correction_most = 2.0;

void tl_noise_begin(tl_noise *noise)
{
  double sum = 0.0;
  for (uint32_t i = 0; i < noise->count; i++) sum += noise->residual[i] * noise->residual[i];
  noise->variance = noise->count > 0 ? sum / noise->count : 0.0;
  noise->tau_s = 0.0;
}

static double *shares_of(const tl_noise *noise)
{
  return noise->work + (size_t)noise->count * noise->width;
}

/* share[i]: correlation of samples i and i + 1; returns the sum. */
static double shares(double *share, const double *at_s, uint32_t count, double tau_s)
{
  double sum = 0.0;
  for (uint32_t i = 0; i + 1 < count; i++) {
    share[i] = tau_s > 0.0 ? tl_math_exp(-(at_s[i + 1] - at_s[i]) / tau_s) : 0.0;
    sum += share[i];
  }
  return sum;
}

/* y = Omega x for columns of x [count][width]: what came before, and what comes after. */
static void correlate(double *restrict y, const double *restrict x, const double *restrict share,
                      uint32_t count, uint32_t width)
{
  double ahead[TL_CALIBRATE_FREE_MAX] = {0};
  for (uint32_t i = 0; i < count; i++)
    for (uint32_t k = 0; k < width; k++) {
      const double carried = i > 0 ? share[i - 1] * y[(size_t)(i - 1) * width + k] : 0.0;
      y[(size_t)i * width + k] = x[(size_t)i * width + k] + carried;
    }
  for (uint32_t i = count; i-- > 0;)
    for (uint32_t k = 0; k < width; k++) {
      y[(size_t)i * width + k] += ahead[k];
      ahead[k] = i > 0 ? share[i - 1] * (x[(size_t)i * width + k] + ahead[k]) : 0.0;
    }
}

/* tau for which the mean correlation with the next sample is `wanted`, by bisection of its
 * logarithm. */
static double tau_of(const tl_noise *noise, double wanted)
{
  const uint32_t pairs = noise->count - 1;
  double *share = shares_of(noise);
  const double span = noise->at_s[pairs] - noise->at_s[0];
  if (!(wanted > 0.0) || !(span > 0.0)) return 0.0;
  double low = tl_math_log(span / pairs) - 7.0, high = tl_math_log(span) + 10.0;
  if (shares(share, noise->at_s, noise->count, tl_math_exp(low)) >= wanted) return 0.0;
  for (int i = 0; i < 60; i++) {
    const double middle = 0.5 * (low + high);
    if (shares(share, noise->at_s, noise->count, tl_math_exp(middle)) < wanted)
      low = middle;
    else
      high = middle;
  }
  return tl_math_exp(0.5 * (low + high));
}

double tl_noise_refine(tl_noise *noise, const double *s)
{
  const uint32_t n = noise->count, w = noise->width;
  if (n < 3 || !(noise->variance > 0.0)) return 0.0;
  double *y = noise->work, *share = shares_of(noise);
  const double *q = noise->q, *r = noise->residual;
  shares(share, noise->at_s, n, noise->tau_s);
  correlate(y, q, share, n, w);
  double rr = 0.0, rn = 0.0; /* sums of squares and of products with the next */
  double b0 = 0.0, b1 = 0.0; /* what the fit took of them, by noise of variance 1 */
  double s0 = 0.0, s1 = 0.0; /* what it put back, of all channels */
  for (uint32_t i = 0; i < n; i++) {
    const double *qi = q + (size_t)i * w, *yi = y + (size_t)i * w;
    rr += r[i] * r[i];
    rn += i + 1 < n ? r[i] * r[i + 1] : 0.0;
    for (uint32_t k = 0; k < w; k++) {
      b0 += 2.0 * qi[k] * yi[k];
      if (i + 1 < n) b1 += qi[k] * yi[w + k] + qi[w + k] * yi[k];
      double sq = 0.0;
      for (uint32_t j = 0; j < w; j++) sq += s[(size_t)k * w + j] * qi[j];
      s0 += qi[k] * sq;
      if (i + 1 < n) s1 += qi[w + k] * sq;
    }
  }
  const double raw = rr / n, lag = rn / (n - 1) / raw;
  double variance = n > b0 ? (rr - s0) / (n - b0) : correction_most * raw;
  if (!(variance <= correction_most * raw)) variance = correction_most * raw;
  if (variance < raw) variance = raw;
  double sum = (rn - s1) / variance + b1;
  const double most = (n - 1) * (1.0 - (1.0 - lag) / correction_most);
  if (sum > most) sum = most;
  if (sum * sum < n - 1.0) sum = 0.0; /* a correlation below 1/sqrt(n) is what white noise shows */
  const double change = (variance - noise->variance) / variance, tau_s = tau_of(noise, sum);
  const double moved = (tau_s - noise->tau_s) / (tau_s > 0.0 ? tau_s : 1.0);
  noise->variance = variance;
  noise->tau_s = tau_s;
  return (change < 0.0 ? -change : change) + (moved < 0.0 ? -moved : moved);
}

void tl_noise_add(const tl_noise *noise, double *s)
{
  const uint32_t n = noise->count, w = noise->width;
  double *y = noise->work, *share = shares_of(noise);
  shares(share, noise->at_s, n, noise->tau_s);
  correlate(y, noise->q, share, n, w);
  for (uint32_t i = 0; i < n; i++)
    for (uint32_t k = 0; k < w; k++) {
      const double f = noise->variance * noise->q[(size_t)i * w + k];
      for (uint32_t j = 0; j < w; j++) s[(size_t)k * w + j] += f * y[(size_t)i * w + j];
    }
}

double tl_noise_lag1(const tl_noise *noise)
{
  if (noise->count < 2) return 0.0;
  return shares(shares_of(noise), noise->at_s, noise->count, noise->tau_s) / (noise->count - 1);
}

double tl_noise_effective(const tl_noise *noise)
{
  double *share = shares_of(noise), before = 0.0, sum = 0.0;
  shares(share, noise->at_s, noise->count, noise->tau_s);
  for (uint32_t i = 0; i < noise->count; i++) {
    before = i > 0 ? share[i - 1] * (1.0 + before) : 0.0; /* all earlier ones with this */
    sum += 1.0 + 2.0 * before;
  }
  return sum > 0.0 ? (double)noise->count * noise->count / sum : 0.0;
}
