/* hydrology.c: Kling-Gupta efficiencies and their parts. Standard deviations with n below. */
#include "fidelity/metric/family.h"

#include "base/dmath.h"

#include <math.h>
#include <stdlib.h>

/* The four values of one variant stand in a row: the efficiency, r, alpha, beta. */
static void combine(tl_metric_value four[4])
{
  double sum = 0.0;
  for (int i = 1; i < 4; i++) {
    if (four[i].status != TL_METRIC_OK) {
      tl_metric_refuse(&four[0], four[i].status, four[i].reason);
      return;
    }
    sum += (four[i].value - 1.0) * (four[i].value - 1.0);
  }
  tl_metric_set(&four[0], 1.0 - sqrt(sum));
}

static void correlation(tl_metric_value *out, const tl_metric_input *in, const tl_moments *sim,
                        const tl_moments *ref)
{
  if (ref->is_constant)
    tl_metric_undefined(out, TL_REASON_CONSTANT_REF);
  else if (sim->is_constant)
    tl_metric_undefined(out, TL_REASON_CONSTANT_SIM);
  else
    tl_metric_set(out, tl_correlation(in->sim.value, in->ref.value, in->ref.count));
}

static void beta(tl_metric_value *out, const tl_moments *sim, const tl_moments *ref)
{
  if (ref->is_weak)
    tl_metric_refuse(out, TL_METRIC_ILL_CONDITIONED, TL_REASON_WEAK_MEAN_REF);
  else
    tl_metric_set(out, sim->mean / ref->mean);
}

/* Both means divide. */
static bool has_means(tl_metric_value *out, const tl_moments *sim, const tl_moments *ref)
{
  if (ref->is_weak)
    tl_metric_refuse(out, TL_METRIC_ILL_CONDITIONED, TL_REASON_WEAK_MEAN_REF);
  else if (sim->is_weak)
    tl_metric_refuse(out, TL_METRIC_ILL_CONDITIONED, TL_REASON_WEAK_MEAN_SIM);
  return !ref->is_weak && !sim->is_weak;
}

static void ranks(double *out, const uint32_t *order, size_t count)
{
  for (size_t k = 0; k < count; k++) out[order[k]] = (double)k;
}

static tl_code non_parametric(tl_metric_value four[4], const tl_metric_input *in,
                              const tl_moments *sim, const tl_moments *ref, tl_error *err)
{
  const size_t n = in->ref.count;
  double *memory = NULL;
  tl_code code = tl_metric_memory((void **)&memory, n, 3 * sizeof(double), err);
  if (code != TL_OK) return code;
  uint32_t *sim_order = (uint32_t *)(void *)(memory + 2 * n), *ref_order = sim_order + n;
  double *sim_rank = memory, *ref_rank = memory + n;
  uint32_t *scratch = (uint32_t *)(void *)memory; /* ranks are written after the sorts */
  tl_sort_order(sim_order, scratch, in->sim.value, n);
  tl_sort_order(ref_order, scratch, in->ref.value, n);

  if (has_means(&four[2], sim, ref)) {
    double distance = 0.0;
    for (size_t k = 0; k < n;
         k++) { /* ascending after the division: a negative mean turns the order */
      const size_t of_sim = sim_order[sim->mean < 0.0 ? n - 1 - k : k];
      const size_t of_ref = ref_order[ref->mean < 0.0 ? n - 1 - k : k];
      distance += fabs(in->sim.value[of_sim] / ((double)n * sim->mean) -
                       in->ref.value[of_ref] / ((double)n * ref->mean));
    }
    tl_metric_set(&four[2], 1.0 - 0.5 * distance);
  }
  ranks(sim_rank, sim_order, n);
  ranks(ref_rank, ref_order, n);
  if (n < 2)
    tl_metric_undefined(&four[1], "fewer than two samples");
  else
    tl_metric_set(&four[1], tl_correlation(sim_rank, ref_rank, n));
  free(memory);
  return code;
}

tl_code tl_family_hydrology(tl_metric_value out[TL_METRIC_ALL_COUNT], const tl_metric_input *in,
                            const tl_metric_parameters *parameters, tl_error *err)
{
  (void)parameters;
  if (in->ref.count == 0) return TL_OK;
  const tl_moments sim = tl_moments_of(in->sim.value, in->sim.count);
  const tl_moments ref = tl_moments_of(in->ref.value, in->ref.count);
  tl_metric_value *gupta = &out[TL_METRIC_kge], *kling = &out[TL_METRIC_kgeprime],
                  *pool = &out[TL_METRIC_kgenp];
  correlation(&gupta[1], in, &sim, &ref);
  correlation(&kling[1], in, &sim, &ref);
  beta(&gupta[3], &sim, &ref);
  beta(&kling[3], &sim, &ref);
  beta(&pool[3], &sim, &ref);
  if (ref.is_constant) {
    tl_metric_undefined(&gupta[2], TL_REASON_CONSTANT_REF);
    tl_metric_undefined(&kling[2], TL_REASON_CONSTANT_REF);
  } else {
    const double ratio = sqrt(sim.spread_sq) / sqrt(ref.spread_sq);
    tl_metric_set(&gupta[2], ratio);
    if (has_means(&kling[2], &sim, &ref)) tl_metric_set(&kling[2], ratio * (ref.mean / sim.mean));
  }
  const tl_code code = non_parametric(pool, in, &sim, &ref, err);
  if (code != TL_OK) return code;
  combine(gupta);
  combine(kling);
  combine(pool);
  return TL_OK;
}
