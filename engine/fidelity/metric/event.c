/* event.c: are the same things happening, and when. An event is the first sample at or beyond `threshold` after one
 * before it; columns of labels 0 and 1 need no threshold. Events of both sides are matched one to one in time order:
 * of two that are at most `tolerance` apart the earliest possible pair, which leaves the fewest alone. */
#include "fidelity/metric/family.h"

#include <math.h>
#include <stdlib.h>

enum { RISE, FALL, BOTH };

static bool is_label(const tl_metric_side *side)
{
  for (size_t i = 0; i < side->count; i++)
    if (side->value[i] != 0.0 && side->value[i] != 1.0) return false;
  return true;
}

static size_t find(double *at, const tl_metric_side *side, double threshold, int edge)
{
  size_t count = 0;
  for (size_t i = 1; i < side->count; i++) {
    const bool was = side->value[i - 1] >= threshold, is = side->value[i] >= threshold;
    if (was == is || (edge == RISE && !is) || (edge == FALL && is)) continue;
    at[count++] = side->at[i];
  }
  return count;
}

static size_t match(double *delay, const double *sim, size_t n, const double *ref, size_t m,
                    double tolerance)
{
  size_t i = 0, k = 0, count = 0;
  while (i < n && k < m) {
    const double late = sim[i] - ref[k];
    if (fabs(late) <= tolerance) {
      delay[count++] = late;
      i++;
      k++;
    } else if (late < 0.0) {
      i++;
    } else {
      k++;
    }
  }
  return count;
}

static void answer(tl_metric_value *f1, tl_metric_value *delay, double *delays, double *scratch,
                   size_t matched, size_t n, size_t m)
{
  if (n + m == 0) {
    tl_metric_undefined(f1, "no events on either side");
    tl_metric_undefined(delay, "no events on either side");
    return;
  }
  tl_metric_set(f1, 2.0 * (double)matched / (double)(n + m));
  if (matched == 0) {
    tl_metric_undefined(delay, "no events match");
    return;
  }
  tl_sort_values(delays, scratch, matched);
  tl_metric_set(delay, (delays[(matched - 1) / 2] + delays[matched / 2]) / 2.0);
}

tl_code tl_family_event(tl_metric_value out[TL_METRIC_ALL_COUNT], const tl_metric_input *in,
                        const tl_metric_parameters *parameters, tl_error *err)
{
  tl_metric_value *f1 = &out[TL_METRIC_event_f1], *delay = &out[TL_METRIC_event_delay];
  const tl_metric_side *sim = &in->sim_own, *ref = &in->ref_own;
  double threshold = parameters->value[TL_PARAMETER_threshold];
  const double tolerance = parameters->value[TL_PARAMETER_tolerance];
  if (sim->count == 0 || ref->count == 0) return TL_OK;
  const char *lacks = NULL;
  if (isnan(threshold) && is_label(sim) && is_label(ref)) threshold = 0.5;
  if (isnan(threshold)) lacks = "needs the parameter threshold: the columns are no labels 0 and 1";
  if (isnan(tolerance)) lacks = "needs the parameter tolerance";
  if (lacks != NULL) {
    tl_metric_undefined(f1, lacks);
    tl_metric_undefined(delay, lacks);
    return TL_OK;
  }
  void *memory = NULL;
  const tl_code code =
      tl_metric_memory(&memory, 3 * (sim->count + ref->count), sizeof(double), err);
  if (code != TL_OK) return code;
  double *of_sim = memory, *of_ref = of_sim + sim->count;
  double *delays = of_ref + ref->count, *scratch = delays + sim->count + ref->count;
  const int edge = (int)parameters->value[TL_PARAMETER_edge];
  const size_t n = find(of_sim, sim, threshold, edge), m = find(of_ref, ref, threshold, edge);
  const size_t matched = match(delays, of_sim, n, of_ref, m, tolerance);
  answer(f1, delay, delays, scratch, matched, n, m);
  free(memory);
  return TL_OK;
}
