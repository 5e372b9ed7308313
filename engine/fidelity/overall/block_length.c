/* block_length.c: how long a stretch of residuals remembers itself. */
#include "fidelity/overall/overall.h"

#include "base/dmath.h"

#include <assert.h>
#include <math.h>

static double mean_of(const double *x, size_t n)
{
  double sum = 0.0;
  for (size_t i = 0; i < n; i++) sum += x[i];
  return sum / (double)n;
}

static double covariance(const double *x, size_t n, double mean, size_t lag)
{
  double sum = 0.0;
  for (size_t i = lag; i < n; i++) sum += (x[i] - mean) * (x[i - lag] - mean);
  return sum / (double)n;
}

/* Half the bandwidth: the first lag after which `quiet` autocorrelations in a row are not significant. */
static size_t last_significant_lag(const double *x, size_t n, double mean, double variance,
                                   size_t lag_max, size_t quiet)
{
  const double limit = 2.0 * tl_math_sqrt(tl_math_log10((double)n) / (double)n);
  size_t in_a_row = 0, last = 0;
  for (size_t lag = 1; lag <= lag_max && lag < n; lag++) {
    if (fabs(covariance(x, n, mean, lag) / variance) < limit) {
      if (++in_a_row == quiet) break;
    } else {
      in_a_row = 0;
      last = lag;
    }
  }
  return last;
}

size_t tl_overall_block_length(const double *x, size_t n)
{
  if (n < 4) return 1;
  const double mean = mean_of(x, n), variance = covariance(x, n, mean, 0);
  if (!(variance > 0.0)) return 1;
  size_t quiet = (size_t)tl_math_ceil(tl_math_sqrt(tl_math_log10((double)n)));
  if (quiet < 5) quiet = 5;
  const size_t lag_max = (size_t)tl_math_ceil(tl_math_sqrt((double)n)) + quiet;
  size_t width = 2 * last_significant_lag(x, n, mean, variance, lag_max, quiet);
  if (width == 0) return 1;
  if (width > lag_max) width = lag_max;
  if (width > n - 1) width = n - 1;
  double spectrum = variance, slope = 0.0; /* flat-top lag window: 1 up to a half, then to 0 */
  for (size_t lag = 1; lag <= width; lag++) {
    const double place = (double)lag / (double)width;
    const double weight = place <= 0.5 ? 1.0 : 2.0 * (1.0 - place);
    const double both = 2.0 * weight * covariance(x, n, mean, lag);
    spectrum += both;
    slope += both * (double)lag;
  }
  const double spread = 4.0 / 3.0 * spectrum * spectrum;
  const double longest = tl_math_ceil(fmin(3.0 * tl_math_sqrt((double)n), (double)n / 3.0));
  double length = longest;
  if (spread > 0.0)
    length = tl_math_ceil(tl_math_pow(2.0 * slope * slope / spread * (double)n, 1.0 / 3.0));
  if (!(length < longest)) length = longest;
  return length < 1.0 ? 1 : (size_t)length;
}

void tl_overall_autocorrelation(double *out, size_t lag_count, const tl_score_channel *channel)
{
  const size_t n = channel->series_count;
  const double *sim = channel->series_sim, *rec = channel->series_rec;
  double sum = 0.0, variance = 0.0;
  size_t used = 0;
  for (size_t i = 0; i < n; i++) {
    const double e = sim[i] - rec[i];
    if (!isfinite(e)) continue;
    sum += e;
    used++;
  }
  const double mean = used > 0 ? sum / (double)used : 0.0;
  for (size_t i = 0; i < n; i++) {
    const double e = sim[i] - rec[i] - mean;
    if (isfinite(e)) variance += e * e;
  }
  for (size_t lag = 0; lag < lag_count; lag++) {
    double product = 0.0;
    size_t pairs = 0;
    for (size_t i = lag; i < n; i++) {
      const double both = (sim[i] - rec[i] - mean) * (sim[i - lag] - rec[i - lag] - mean);
      if (!isfinite(both)) continue;
      product += both;
      pairs++;
    }
    out[lag] = variance > 0.0 && pairs > 0 ? product / variance : (double)NAN;
  }
}
