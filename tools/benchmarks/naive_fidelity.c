#include "benchmarks/naive_fidelity.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

static double *table(size_t cells)
{
  double *out = malloc(cells * sizeof *out);
  if (out == NULL) abort();
  return out;
}

double naive_rmse(const double *sim, const double *ref, size_t n)
{
  double sum = 0.0;
  for (size_t i = 0; i < n; i++) sum += (sim[i] - ref[i]) * (sim[i] - ref[i]);
  return sqrt(sum / (double)n);
}

static double least(double a, double b, double c) { return fmin(a, fmin(b, c)); }

/* D[i][j], INFINITY outside of the band. */
static double *warp(const double *sim, const double *ref, size_t n, size_t band)
{
  double *d = table((n + 1) * (n + 1));
  for (size_t i = 0; i < (n + 1) * (n + 1); i++) d[i] = INFINITY;
  d[0] = 0.0;
  for (size_t i = 1; i <= n; i++)
    for (size_t j = 1; j <= n; j++) {
      if ((i > j ? i - j : j - i) > band) continue;
      const double gap = sim[i - 1] - ref[j - 1], *up = &d[(i - 1) * (n + 1) + j];
      double *here = &d[i * (n + 1) + j];
      *here = gap * gap + least(up[0], here[-1], up[-1]);
    }
  return d;
}

double naive_dtw(const double *sim, const double *ref, size_t n)
{
  double *d = warp(sim, ref, n, n);
  const double out = sqrt(d[(n + 1) * (n + 1) - 1]);
  free(d);
  return out;
}

static double correlation(const double *a, const double *b, size_t n)
{
  double ma = 0, mb = 0, aa = 0, bb = 0, ab = 0;
  for (size_t i = 0; i < n; i++) ma += a[i], mb += b[i];
  ma /= (double)n, mb /= (double)n;
  for (size_t i = 0; i < n; i++) {
    aa += (a[i] - ma) * (a[i] - ma);
    bb += (b[i] - mb) * (b[i] - mb);
    ab += (a[i] - ma) * (b[i] - mb);
  }
  return ab / sqrt(aa * bb);
}

static double corridor(const double *sim, const double *ref, size_t n)
{
  double most = 0, sum = 0;
  for (size_t i = 0; i < n; i++) most = fmax(most, fabs(ref[i]));
  for (size_t i = 0; i < n; i++) {
    const double gap = fabs(sim[i] - ref[i]), share = (.5 * most - gap) / (.45 * most);
    sum += gap < .05 * most ? 1 : gap > .5 * most ? 0 : share * share;
  }
  return sum / (double)n;
}

static double magnitude(const double *sim, const double *ref, size_t n)
{
  double *d = warp(sim, ref, n, (size_t)ceil(.1 * (double)n) - 1), gap = 0, size = 0;
  for (size_t i = n, j = n; i > 0 && j > 0;) {
    gap += fabs(sim[i - 1] - ref[j - 1]);
    size += fabs(ref[j - 1]);
    const double up = d[(i - 1) * (n + 1) + j], left = d[i * (n + 1) + j - 1];
    const double both = d[(i - 1) * (n + 1) + j - 1];
    if (up <= left && up <= both)
      i--;
    else if (left <= both)
      j--;
    else
      i--, j--;
  }
  free(d);
  const double eps = gap / size;
  return eps > .5 ? 0 : (.5 - eps) / .5;
}

static void slopes(double *out, const double *y, size_t n)
{
  double *raw = table(n);
  for (size_t i = 0; i < n; i++)
    raw[i] = i == 0 ? y[1] - y[0] : i == n - 1 ? y[n - 1] - y[n - 2] : (y[i + 1] - y[i - 1]) / 2;
  for (size_t i = 0; i < n; i++) {
    size_t half = i < n - 1 - i ? i : n - 1 - i;
    if (half > 4) half = 4;
    out[i] = 0;
    for (size_t k = i - half; k <= i + half; k++) out[i] += raw[k];
    out[i] /= (double)(2 * half + 1);
  }
  free(raw);
}

static double slope(const double *sim, const double *ref, size_t n)
{
  double *a = table(n), *b = table(n), gap = 0, size = 0;
  slopes(a, sim, n);
  slopes(b, ref, n);
  for (size_t i = 0; i < n; i++) gap += fabs(a[i] - b[i]), size += fabs(b[i]);
  free(a);
  free(b);
  return gap / size >= 2 ? 0 : (2 - gap / size) / 2;
}

double naive_iso18571(const double *sim, const double *ref, size_t n)
{
  double best = correlation(sim, ref, n);
  size_t shift = 0, from_sim = 0, from_ref = 0;
  for (size_t s = 1; s <= (size_t)(.2 * (double)n); s++) {
    const double left = correlation(sim + s, ref, n - s), right = correlation(sim, ref + s, n - s);
    if (left > best + 1e-12) best = left, shift = from_sim = s, from_ref = 0;
    if (right > best + 1e-12) best = right, shift = from_ref = s, from_sim = 0;
  }
  const double most = .2 * (double)n,
               phase = (double)shift >= most ? 0 : (most - (double)shift) / most;
  return .4 * corridor(sim, ref, n) + .2 * phase +
         .2 * magnitude(sim + from_sim, ref + from_ref, n - shift) +
         .2 * slope(sim + from_sim, ref + from_ref, n - shift);
}

double naive_alignment(const double *sim, const double *ref, size_t n, double mad)
{
  const size_t w = n + 1;
  const double init = -1, cont = -.1, tolerance = 1e-4;
  double *t = table(w * w), *del = table(w * w), *ins = table(w * w);
  for (size_t i = 0; i < w; i++) {
    t[i * w] = ins[i * w] = t[i] = del[i] = i ? init + cont * (double)i : 0;
    if (i) del[i * w] = ins[i] = -INFINITY;
  }
  for (size_t i = 1; i < w; i++)
    for (size_t j = 1; j < w; j++) {
      const size_t at = i * w + j;
      const double gap = fabs(sim[i - 1] - ref[j - 1]);
      del[at] = fmax(init + cont + t[at - w], cont + del[at - w]);
      ins[at] = fmax(init + cont + t[at - 1], cont + ins[at - 1]);
      const double sub = t[at - w - 1] + (gap < mad ? 1 - gap / mad : 0);
      if (sub >= del[at] - tolerance && sub >= ins[at] - tolerance)
        t[at] = sub;
      else if (sub >= del[at] - tolerance || del[at] < ins[at] - tolerance)
        t[at] = ins[at];
      else
        t[at] = del[at];
    }
  const double out = t[w * w - 1];
  free(t);
  free(del);
  free(ins);
  return out;
}

double naive_frechet(const double *sim, const double *ref, const double *at, size_t n)
{
  double *d = table((n + 1) * (n + 1));
  for (size_t i = 0; i < (n + 1) * (n + 1); i++) d[i] = INFINITY;
  d[0] = 0.0;
  for (size_t i = 1; i <= n; i++)
    for (size_t j = 1; j <= n; j++) {
      const double *up = &d[(i - 1) * (n + 1) + j];
      double *here = &d[i * (n + 1) + j];
      const double x = at[i - 1] - at[j - 1], y = sim[i - 1] - ref[j - 1];
      *here = fmax(sqrt(x * x + y * y), least(up[0], here[-1], up[-1]));
    }
  const double out = d[(n + 1) * (n + 1) - 1];
  free(d);
  return out;
}
