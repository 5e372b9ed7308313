/* distribution.c: the two sets of values without their times, and two correlations. */
#include "fidelity/metric/family.h"
#include "fidelity/stat/stat.h"

#include "base/dmath.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One walk along the merged values: greatest distance of the two distribution functions, and the integrals
 * of |F - G| and (F - G)^2. Both sides ascend. */
typedef struct distance {
  double greatest, area, area_sq;
} distance;

static distance walk(const double *a, size_t n, const double *b, size_t m)
{
  distance d = {0};
  size_t i = 0, k = 0;
  while (i < n || k < m) {
    const double here = k >= m || (i < n && a[i] <= b[k]) ? a[i] : b[k];
    while (i < n && a[i] == here) i++;
    while (k < m && b[k] == here) k++;
    const double gap = (double)i / (double)n - (double)k / (double)m;
    if (fabs(gap) > d.greatest) d.greatest = fabs(gap);
    if (i == n && k == m) break;
    const double next = k >= m || (i < n && a[i] <= b[k]) ? a[i] : b[k];
    d.area += fabs(gap) * (next - here);
    d.area_sq += gap * gap * (next - here);
  }
  return d;
}

/* Equal values share the mean of their places. */
static void mean_ranks(double *out, const double *value, const uint32_t *order, size_t count)
{
  for (size_t begin = 0, end; begin < count; begin = end) {
    for (end = begin + 1; end < count && value[order[end]] == value[order[begin]];) end++;
    for (size_t k = begin; k < end; k++) out[order[k]] = ((double)begin + (double)(end - 1)) / 2.0;
  }
}

static tl_code correlations(tl_metric_value *out, const tl_metric_input *in, tl_error *err)
{
  const size_t n = in->ref.count;
  tl_metric_value *pearson = &out[TL_METRIC_pearson_r], *spearman = &out[TL_METRIC_spearman_rho];
  if (n == 0) return TL_OK;
  const bool is_constant_ref = tl_moments_of(in->ref.value, n).is_constant;
  if (is_constant_ref || tl_moments_of(in->sim.value, n).is_constant) {
    tl_metric_undefined(pearson, is_constant_ref ? TL_REASON_CONSTANT_REF : TL_REASON_CONSTANT_SIM);
    tl_metric_undefined(spearman,
                        is_constant_ref ? TL_REASON_CONSTANT_REF : TL_REASON_CONSTANT_SIM);
    return TL_OK;
  }
  void *memory = NULL;
  const tl_code code = tl_metric_memory(&memory, n, 3 * sizeof(double), err);
  if (code != TL_OK) return code;
  double *ranks_a = memory, *ranks_b = ranks_a + n;
  uint32_t *order = (uint32_t *)(void *)(ranks_b + n), *scratch = order + n;
  tl_sort_order(order, scratch, in->sim.value, n);
  mean_ranks(ranks_a, in->sim.value, order, n);
  tl_sort_order(order, scratch, in->ref.value, n);
  mean_ranks(ranks_b, in->ref.value, order, n);
  tl_metric_set(pearson, tl_correlation(in->sim.value, in->ref.value, n));
  tl_metric_set(spearman, tl_correlation(ranks_a, ranks_b, n));
  free(memory);
  return TL_OK;
}

tl_code tl_family_distribution(tl_metric_value out[TL_METRIC_ALL_COUNT], const tl_metric_input *in,
                               const tl_metric_parameters *parameters, tl_error *err)
{
  const size_t n = in->sim_own.count, m = in->ref_own.count;
  (void)parameters;
  tl_code code = correlations(out, in, err);
  if (code != TL_OK || n == 0 || m == 0) return code;
  void *memory = NULL;
  code = tl_metric_memory(&memory, n + m + (n > m ? n : m), sizeof(double), err);
  if (code != TL_OK) return code;
  double *sim = memory, *ref = sim + n, *scratch = ref + m;
  memcpy(sim, in->sim_own.value, n * sizeof *sim);
  memcpy(ref, in->ref_own.value, m * sizeof *ref);
  tl_sort_values(sim, scratch, n);
  tl_sort_values(ref, scratch, m);
  const distance d = walk(sim, n, ref, m);
  free(memory);
  tl_metric_set(&out[TL_METRIC_ks_stat], d.greatest);
  tl_metric_set(&out[TL_METRIC_wasserstein1], d.area);
  tl_metric_set(&out[TL_METRIC_energy_distance], sqrt(2.0 * d.area_sq));
  const double effective = tl_math_round_even((double)n * (double)m / (double)(n + m));
  if (effective < 1.0)
    tl_metric_undefined(&out[TL_METRIC_ks_p_asymp], "fewer than two samples of a side");
  else
    tl_metric_set(&out[TL_METRIC_ks_p_asymp],
                  tl_stat_kolmogorov_exact_sf((uint64_t)effective, d.greatest));
  return TL_OK;
}
