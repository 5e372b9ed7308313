/* funnel.c: the tube of lbl-srg's funnel: what a rectangle of half sides (atolx, atoly) sweeps when its
 * centre moves along the reference; at a time t the greatest and the least value of the reference within
 * [t - atolx, t + atolx], atoly further out. */
#include "fidelity/metric/family.h"

#include <math.h>
#include <stdlib.h>

/* No tube is thinner, as in the original: samples on its edge are inside in spite of rounding. */
#define HALF_SIDE_MIN 1e-10
/* What rounding adds to an edge, relative to the values. */
#define EDGE_RATIO 1e-12

/* The reference at a time, on the straight line between samples; outside: the end's value. The last of
 * samples at one time. */
static double value_at(const tl_metric_side *ref, double at, size_t *hint)
{
  size_t i = *hint;
  while (i + 1 < ref->count && ref->at[i + 1] <= at) i++;
  *hint = i;
  if (i + 1 >= ref->count || at <= ref->at[i]) return ref->value[i];
  const double share = (at - ref->at[i]) / (ref->at[i + 1] - ref->at[i]);
  return ref->value[i] + (ref->value[i + 1] - ref->value[i]) * share;
}

/* Extremes of samples in a window that only moves right: a queue of candidates, best first. */
typedef struct queue {
  size_t *index, head, tail;
  double sign;
} queue;

static void queue_add(queue *q, const double *value, size_t i)
{
  while (q->tail > q->head && q->sign * value[q->index[q->tail - 1]] <= q->sign * value[i])
    q->tail--;
  q->index[q->tail++] = i;
}

static double queue_best(queue *q, const tl_metric_side *ref, double begin, double other)
{
  while (q->head < q->tail && ref->at[q->index[q->head]] < begin) q->head++;
  if (q->head == q->tail) return other;
  const double best = ref->value[q->index[q->head]];
  return q->sign * best > q->sign * other ? best : other;
}

typedef struct outside {
  size_t count;
  double greatest;
} outside;

static void measure(outside *out, const tl_metric_side *sim, const tl_metric_side *ref, double wide,
                    double high, queue *top, queue *bottom)
{
  size_t added = 0, left_hint = 0, right_hint = 0;
  for (size_t i = 0; i < sim->count; i++) {
    const double begin = sim->at[i] - wide, end = sim->at[i] + wide;
    for (; added < ref->count && ref->at[added] <= end; added++) {
      queue_add(top, ref->value, added);
      queue_add(bottom, ref->value, added);
    }
    const double left = value_at(ref, begin, &left_hint), right = value_at(ref, end, &right_hint);
    const double upper = queue_best(top, ref, begin, left > right ? left : right) + high;
    const double lower = queue_best(bottom, ref, begin, left < right ? left : right) - high;
    const double gap = sim->value[i] > upper ? sim->value[i] - upper : lower - sim->value[i];
    if (gap <= EDGE_RATIO * (fabs(sim->value[i]) + high)) continue;
    out->count++;
    if (gap > out->greatest) out->greatest = gap;
  }
}

tl_code tl_family_funnel(tl_metric_value out[TL_METRIC_ALL_COUNT], const tl_metric_input *in,
                         const tl_metric_parameters *parameters, tl_error *err)
{
  const double high = parameters->value[TL_PARAMETER_atoly];
  const size_t n = in->ref_own.count;
  tl_metric_value *count = &out[TL_METRIC_funnel_n_outside],
                  *most = &out[TL_METRIC_funnel_max_error];
  if (isnan(high)) {
    tl_metric_undefined(count, "needs the parameter atoly");
    tl_metric_undefined(most, "needs the parameter atoly");
    return TL_OK;
  }
  if (n == 0 || in->sim_own.count == 0) return TL_OK;
  void *memory = NULL;
  const tl_code code = tl_metric_memory(&memory, n, 2 * sizeof(size_t), err);
  if (code != TL_OK) return code;
  queue top = {.index = memory, .sign = 1.0}, bottom = {.index = top.index + n, .sign = -1.0};
  outside found = {0};
  const double wide = parameters->value[TL_PARAMETER_atolx];
  measure(&found, &in->sim_own, &in->ref_own, wide > HALF_SIDE_MIN ? wide : HALF_SIDE_MIN,
          high > HALF_SIDE_MIN ? high : HALF_SIDE_MIN, &top, &bottom);
  tl_metric_set(count, (double)found.count);
  tl_metric_set(most, found.greatest);
  free(memory);
  return TL_OK;
}
