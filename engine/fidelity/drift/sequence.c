/* sequence.c: CUSUM and ADWIN, which also say when. */
#include "fidelity/drift/drift_inside.h"
#include "fidelity/stat/stat.h"

#include "base/dmath.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define CUSUM_ALLOWANCE 0.5 /* tuned for a shift of one deviation of a block's mean */

/* Average run length of a two-sided CUSUM to a false alarm: Siegmund's approximation with h + 1.166 (D. Siegmund,
 * "Sequential Analysis", 1985; D. C. Montgomery, "Statistical Quality Control"); within 3 % for h >= 3. */
static double run_length(double h)
{
  const double b = 2.0 * CUSUM_ALLOWANCE * (h + 1.166);
  return (tl_math_exp(b) - b - 1.0) / (4.0 * CUSUM_ALLOWANCE * CUSUM_ALLOWANCE);
}

/* The h whose run of `count` blocks raises a false alarm with probability alpha: runs end like 1 - exp(-n / ARL). */
static double limit_for(double count, double alpha)
{
  const double wanted = -count / tl_math_log1p(-alpha);
  double low = 0.0, high = 700.0;
  for (int i = 0; i < 100; i++) {
    const double middle = 0.5 * (low + high);
    if (run_length(middle) < wanted)
      low = middle;
    else
      high = middle;
  }
  return high;
}

/* The place of a block among all before it and itself, as a normal score: sequential ranks of exchangeable blocks are
 * independent and uniform whatever the distribution is, so the run length needs neither the reference's mean and
 * deviation nor normal values (D. McDonald, "A CUSUM procedure based on sequential ranks", Naval Research Logistics 37,
 * 1990). Ties count half. */
static double rank_score(const double *series, size_t at)
{
  double below = 0.0, count = 0.0;
  for (size_t i = 0; i <= at; i++) {
    if (isnan(series[i])) continue;
    count += 1.0;
    below += series[i] < series[at] ? 1.0 : series[i] == series[at] ? 0.5 : 0.0;
  }
  return tl_stat_normal_quantile(below / count);
}

void drift_cusum(tl_drift_value *out, const double *series, size_t reference_count, size_t count,
                 int64_t block_ns, double inflation, double alpha)
{
  *out = (tl_drift_value){.delay_ns = -1, .change_ns = -1, .p_value = (double)NAN};
  double known = 0.0, blocks = 0.0;
  for (size_t i = 0; i < count; i++)
    *(i < reference_count ? &known : &blocks) += isnan(series[i]) ? 0.0 : 1.0;
  if (known < DRIFT_CLUSTERS_MIN || blocks < 1.0) {
    out->status = TL_DRIFT_UNDEFINED;
    out->value = out->threshold = (double)NAN;
    return;
  }
  const double h = limit_for(blocks, alpha);
  double up = 0.0, down = 0.0;
  size_t up_from = reference_count, down_from = reference_count;
  for (size_t i = reference_count; i < count; i++) {
    if (isnan(series[i])) continue;
    const double z = rank_score(series, i) / sqrt(inflation);
    up += z - CUSUM_ALLOWANCE;
    down += -z - CUSUM_ALLOWANCE;
    if (!(up > 0.0)) up = 0.0, up_from = i + 1;
    if (!(down > 0.0)) down = 0.0, down_from = i + 1;
    const double greater = up > down ? up : down;
    if (greater > out->value) out->value = greater;
    if (greater > h && !out->alarm) {
      out->alarm = true;
      out->delay_ns = (int64_t)(i + 1 - reference_count) * block_ns;
      out->change_ns = (int64_t)((up > down ? up_from : down_from) - reference_count) * block_ns;
    }
  }
  out->threshold = h;
  out->arl = run_length(h);
  out->p_value = -tl_math_expm1(-blocks / run_length(out->value));
}

/* --- ADWIN: A. Bifet, R. Gavalda, "Learning from time-changing data with adaptive windowing", SDM 2007 --- */
enum { ROW_BUCKETS = 5, ROWS_MAX = 40 }; /* M of the paper; 2^40 values */

typedef struct bucket {
  double sum, square; /* square: of distances from its own mean */
} bucket;
typedef struct window {
  bucket row[ROWS_MAX][ROW_BUCKETS + 1]; /* row r: buckets of 2^r values, the oldest first */
  int filled[ROWS_MAX];
  double count, sum, square;
} window;

static double merged_square(bucket a, double na, bucket b, double nb)
{
  const double apart = a.sum / na - b.sum / nb;
  return a.square + b.square + na * nb / (na + nb) * apart * apart;
}

static void insert(window *w, double x)
{
  if (w->count > 0.0)
    w->square += w->count / (w->count + 1.0) * (x - w->sum / w->count) * (x - w->sum / w->count);
  w->count += 1.0;
  w->sum += x;
  w->row[0][w->filled[0]++] = (bucket){.sum = x};
  double size = 1.0;
  for (int r = 0; r + 1 < ROWS_MAX && w->filled[r] > ROW_BUCKETS; r++, size *= 2.0) {
    const bucket a = w->row[r][0], b = w->row[r][1];
    w->row[r + 1][w->filled[r + 1]++] =
        (bucket){.sum = a.sum + b.sum, .square = merged_square(a, size, b, size)};
    memmove(w->row[r], w->row[r] + 2, (size_t)(w->filled[r] - 2) * sizeof(bucket));
    w->filled[r] -= 2;
  }
}

static void drop_oldest(window *w)
{
  int r = ROWS_MAX - 1;
  double size = 1.0;
  while (r > 0 && w->filled[r] == 0) r--;
  for (int i = 0; i < r; i++) size *= 2.0;
  const bucket old = w->row[r][0];
  const double left = w->count - size;
  const double apart = left > 0.0 ? old.sum / size - (w->sum - old.sum) / left : 0.0;
  w->square -= old.square + size * left / w->count * apart * apart;
  if (!(w->square > 0.0)) w->square = 0.0;
  w->count = left;
  w->sum -= old.sum;
  memmove(w->row[r], w->row[r] + 1, (size_t)(w->filled[r] - 1) * sizeof(bucket));
  w->filled[r]--;
}

/* ln(2 / delta') at which a cut of these two halves would just be made: the bound of the paper's section 4,
 * sqrt(2 v L / m) + 2 L / (3 m) = |difference|, solved for L; m the harmonic sum of the halves. */
static double cut_strength(double difference, double n0, double n1, double variance)
{
  const double m = n0 * n1 / (n0 + n1), a = 2.0 / (3.0 * m), b = sqrt(2.0 * variance / m);
  const double root = (-b + sqrt(b * b + 4.0 * a * difference)) / (2.0 * a);
  return root * root;
}

/* The strongest cut of the window: its strength, and how many values are younger. */
static double strongest(const window *w, double *younger)
{
  double n1 = 0.0, sum1 = 0.0, best = 0.0, size = 1.0;
  *younger = 0.0;
  for (int r = 0; r < ROWS_MAX; r++, size *= 2.0)
    for (int i = w->filled[r] - 1; i >= 0; i--) {
      n1 += size;
      sum1 += w->row[r][i].sum;
      const double n0 = w->count - n1;
      if (n0 < 1.0) return best;
      const double strength =
          cut_strength(fabs(sum1 / n1 - (w->sum - sum1) / n0), n0, n1, w->square / w->count);
      if (strength > best) {
        best = strength;
        *younger = n1;
      }
    }
  return best;
}

/* Values are brought to [0, 1] by the reference's range, a quarter of it more on either side. A run of N values is given
 * alpha / N a step and, as in the paper, a ln n-th of that a cut. */
void drift_adwin(tl_drift_value *out, const double *series, size_t reference_count, size_t count,
                 int64_t step_ns, double alpha)
{
  *out = (tl_drift_value){.delay_ns = -1, .change_ns = -1, .p_value = (double)NAN};
  double low = (double)INFINITY, high = (double)-INFINITY, steps = 0.0;
  for (size_t i = 0; i < count; i++) {
    if (isnan(series[i])) continue;
    if (i >= reference_count) steps += 1.0;
    if (i >= reference_count) continue;
    if (series[i] < low) low = series[i];
    if (series[i] > high) high = series[i];
  }
  if (!(high > low) || steps < 1.0) {
    out->status = TL_DRIFT_UNDEFINED;
    out->value = out->threshold = (double)NAN;
    return;
  }
  window w = {0};
  const double range = 1.5 * (high - low), zero = low - 0.25 * (high - low);
  double p_value = 1.0;
  for (size_t i = 0; i < count; i++) {
    if (isnan(series[i])) continue;
    const double scaled = (series[i] - zero) / range;
    insert(&w, scaled < 0.0 ? 0.0 : scaled > 1.0 ? 1.0 : scaled);
    const double logarithm = tl_math_log(w.count) > 1.0 ? tl_math_log(w.count) : 1.0;
    const double needed = tl_math_log(2.0 * steps * logarithm / alpha);
    double younger = 0.0, strength = strongest(&w, &younger);
    if (i < reference_count) { /* what the reference does is not the question: it is not cut */
      continue;
    }
    const double p = 2.0 * steps * logarithm * tl_math_exp(-strength);
    if (p < p_value) p_value = p;
    if (strength / needed > out->value) out->value = strength / needed;
    if (strength <= needed) continue;
    if (!out->alarm) {
      out->alarm = true;
      const size_t at = i + 1 - reference_count;
      out->delay_ns = (int64_t)at * step_ns;
      out->change_ns = younger < (double)at ? (int64_t)((double)at - younger) * step_ns : 0;
    }
    while (strength > needed && w.count > 2.0) {
      drop_oldest(&w);
      strength = strongest(&w, &younger);
    }
  }
  out->threshold = 1.0;
  out->p_value = p_value;
}
