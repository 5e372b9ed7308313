/* wasserstein.c: the area between two distribution functions, and its null by exchanging clusters.
 *
 * The null is a permutation test: when nothing drifts, clusters of one stratum are exchangeable between the sides, so
 * the rank of the seen figure among permuted ones is uniform (M. D. Ernst, Statistical Science 19, 2004). Value: exact
 * on all samples; permuted: on a grid of quantiles, where the seen one is taken too, made smaller by what neighbouring
 * stretches still have in common (the permuted ones have lost that). */
#include "fidelity/drift/drift_inside.h"

#include "base/hash.h"
#include "base/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double exact(const drift_frame *frame)
{
  const double *a = frame->sorted[0], *b = frame->sorted[1];
  const size_t n = frame->n[0], m = frame->n[1];
  size_t i = 0, k = 0;
  double area = 0.0, last = a[0] < b[0] ? a[0] : b[0];
  while (i < n || k < m) {
    const double at = k >= m || (i < n && a[i] <= b[k]) ? a[i] : b[k];
    area += (at - last) * fabs((double)i / (double)n - (double)k / (double)m);
    last = at;
    while (i < n && a[i] == at) i++;
    while (k < m && b[k] == at) k++;
  }
  return area;
}

typedef struct permuter {
  const drift_clusters *clusters;
  uint32_t *order; /* clusters by stratum */
  uint32_t *begin; /* of a stratum in order; strata + 1 */
  uint32_t *first; /* of a stratum: how many belong to the reference */
  double *sum;     /* [2][step] */
  double widths[DRIFT_GRID];
} permuter;

static double distance(const permuter *p)
{
  const uint32_t steps = p->clusters->steps;
  double n = 0.0, m = 0.0, i = 0.0, k = 0.0, area = 0.0;
  for (uint32_t s = 0; s < steps; s++) {
    n += p->sum[s];
    m += p->sum[steps + s];
  }
  if (!(n > 0.0) || !(m > 0.0)) return (double)INFINITY; /* counts against drift */
  for (uint32_t s = 0; s + 1 < steps; s++) {
    i += p->sum[s];
    k += p->sum[steps + s];
    area += p->widths[s] * fabs(i / n - k / m);
  }
  return area;
}

static double permuted(permuter *p)
{
  const drift_clusters *clusters = p->clusters;
  const uint32_t steps = clusters->steps;
  memset(p->sum, 0, 2 * (size_t)steps * sizeof *p->sum);
  for (uint32_t s = 0; s < clusters->strata; s++)
    for (uint32_t i = p->begin[s]; i < p->begin[s + 1]; i++) {
      const double *from = clusters->hist + (size_t)p->order[i] * steps;
      double *to = p->sum + (i - p->begin[s] < p->first[s] ? 0 : steps);
      for (uint32_t k = 0; k < steps; k++) to[k] += from[k];
    }
  return distance(p);
}

static void shuffle(permuter *p, tl_rng_key key, uint32_t turn, uint64_t *draw)
{
  for (uint32_t s = 0; s < p->clusters->strata; s++)
    for (uint32_t i = p->begin[s + 1] - p->begin[s]; i > 1; i--) {
      const uint32_t k = tl_rng_below(key, turn, (*draw)++, i);
      uint32_t *list = p->order + p->begin[s];
      const uint32_t kept = list[i - 1];
      list[i - 1] = list[k];
      list[k] = kept;
    }
}

/* By stratum, the reference's first: the clusters already stand in the order of their sides. */
static void arrange(permuter *p)
{
  const drift_clusters *clusters = p->clusters;
  for (uint32_t c = 0; c < clusters->count; c++) p->begin[clusters->stratum[c] + 1]++;
  for (uint32_t s = 0; s < clusters->strata; s++) p->begin[s + 1] += p->begin[s];
  uint32_t *next = p->first + clusters->strata; /* scratch behind it */
  memcpy(next, p->begin, clusters->strata * sizeof *next);
  for (uint32_t c = 0; c < clusters->count; c++) {
    const uint32_t s = clusters->stratum[c];
    p->order[next[s]++] = c;
    p->first[s] += c < clusters->of_side[0];
  }
}

static int by_value(const void *a, const void *b)
{
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

tl_code drift_wasserstein(tl_drift_value *out, const drift_frame *frame,
                          const drift_clusters *clusters, const double *edges, double inflation,
                          const tl_drift_options *options, uint32_t stream, tl_error *err)
{
  const uint32_t turns = options->permutations;
  permuter p = {.clusters = clusters};
  p.order = calloc(clusters->count, sizeof *p.order);
  p.begin = calloc(clusters->strata + 1, sizeof *p.begin);
  p.first = calloc((size_t)clusters->strata * 2, sizeof *p.first);
  p.sum = calloc((size_t)clusters->steps * 2, sizeof *p.sum);
  double *seen = calloc(turns, sizeof *seen);
  tl_code code = TL_OK;
  if (!p.order || !p.begin || !p.first || !p.sum || !seen) {
    code = tl_fail(err, TL_E_LIMIT, NULL, "drift: no memory for %u permutations", turns);
    goto done;
  }
  arrange(&p);
  const uint32_t last = clusters->steps - 1;
  for (uint32_t k = 0; k < last; k++) /* around an edge: half-way to its neighbours */
    p.widths[k] = 0.5 * (edges[k + 1 < last ? k + 1 : k] - edges[k > 0 ? k - 1 : k]);
  if (last == 1) p.widths[0] = 1.0;
  const double here = permuted(&p) / sqrt(inflation);
  const tl_rng_key key = tl_rng_key_make(options->seed, tl_hash_text("drift.wasserstein"), stream);
  uint32_t as_great = 0;
  for (uint32_t t = 0; t < turns; t++) {
    uint64_t draw = 0;
    shuffle(&p, key, t, &draw);
    seen[t] = permuted(&p);
    as_great += seen[t] >= here * (1.0 - 1e-12); /* equal up to the order of a sum */
  }
  qsort(seen, turns, sizeof *seen, by_value);
  *out = (tl_drift_value){.value = exact(frame), .delay_ns = -1, .change_ns = -1};
  out->p_value = (1.0 + (double)as_great) / (1.0 + (double)turns);
  /* p <= alpha means: at most alpha (turns + 1) - 1 permuted ones are as great */
  const double allowed = floor(options->alpha * (1.0 + (double)turns) + 1e-9) - 1.0;
  const uint32_t place = allowed < 0.0 ? turns - 1 : turns - 1 - (uint32_t)allowed;
  out->threshold = here > 0.0 ? seen[place] * (out->value / here) : seen[place];
  out->alarm = allowed >= 0.0 && (double)as_great <= allowed;
done:
  free(p.order);
  free(p.begin);
  free(p.first);
  free(p.sum);
  free(seen);
  return code;
}
