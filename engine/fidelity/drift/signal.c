/* signal.c: all tests of one signal, and the verdict over signals. */
#include "fidelity/drift/drift_inside.h"
#include "fidelity/stat/stat.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const test_names[] = {"psi", "ks", "wasserstein", "cusum", "adwin"};
static const char *const status_names[] = {"ok", "constant", "too short", "empty", "undefined"};
static const char *const level_names[] = {"stretches of time of a device", "devices",
                                          "stretches of time of all devices"};
const char *tl_drift_test_name(tl_drift_test test) { return test_names[test]; }
const char *tl_drift_status_name(tl_drift_status status) { return status_names[status]; }
const char *tl_drift_level_name(tl_drift_level level) { return level_names[level]; }

tl_drift_options tl_drift_options_default(void)
{
  return (tl_drift_options){
      .alpha = 0.05, .bins = 10, .permutations = 1999, .null_fleets = 200, .seed = 1};
}

static tl_code check(const tl_drift_options *options, tl_error *err)
{
  if (!(options->alpha > 0.0 && options->alpha <= 0.5))
    return tl_fail(err, TL_E_ARG, NULL, "drift: alpha %g is not in (0, 0.5]", options->alpha);
  if (options->bins < 2 || options->bins > DRIFT_BINS_MAX)
    return tl_fail(err, TL_E_ARG, NULL, "drift: %u bins, 2 to %d are possible", options->bins,
                   DRIFT_BINS_MAX);
  if ((double)(options->permutations + 1) * options->alpha < 1.0)
    return tl_fail(err, TL_E_ARG, NULL,
                   "drift: %u permutations cannot show a rate of %g: at least %.0f are needed",
                   options->permutations, options->alpha, ceil(1.0 / options->alpha) - 1.0);
  return TL_OK;
}

/* Every test of a signal that cannot be tested says why in the same words. */
static void set_status(tl_drift_signal *out, tl_drift_status status)
{
  out->status = status;
  out->p_value = out->p_adjusted = (double)NAN;
  for (int t = 0; t < TL_DRIFT_TEST_COUNT; t++)
    out->test[t] = (tl_drift_value){.status = status,
                                    .value = (double)NAN,
                                    .threshold = (double)NAN,
                                    .p_value = (double)NAN,
                                    .delay_ns = -1,
                                    .change_ns = -1};
}

static bool is_constant(const double *sorted, size_t n) { return sorted[0] == sorted[n - 1]; }

/* How the current side departs from the reference's constant. */
typedef struct departure {
  size_t values, runs; /* that differ; stretches of them, by device */
  size_t last_run;     /* longest one that lasts to the end */
} departure;

static departure departure_from(const drift_frame *frame, double constant)
{
  departure out = {0};
  for (uint32_t device = 0; device < frame->side[1].device_count; device++) {
    size_t run = 0;
    for (size_t row = 0; row < drift_rows(frame, 1); row++) {
      const double value = drift_value(frame, 1, row, device);
      if (isnan(value)) continue;
      if (value == constant) {
        run = 0;
        continue;
      }
      out.values++;
      out.runs += run++ == 0;
    }
    if (run > out.last_run) out.last_run = run;
  }
  return out;
}

/* A rare event may well miss the reference: of k stretches that differ, all fall on the current side with a chance
 * of (n1 / (n0 + n1))^k. A value that stays changed is told from a rare one by how long both lasted. */
static bool has_left(const drift_frame *frame, const departure *d)
{
  enum { LASTS = 30 };
  const double share = (double)frame->n[1] / (double)(frame->n[0] + frame->n[1]);
  double chance = 1.0;
  for (size_t k = 0; k < d->runs && chance > 0.01; k++) chance *= share;
  return chance <= 0.01 || (frame->n[0] >= LASTS && d->last_run >= LASTS);
}

/* Answers that need no test. */
static bool is_plain(tl_drift_signal *out, const drift_frame *frame)
{
  static const char *const sides[] = {"reference", "current side"};
  for (int side = 0; side < 2; side++)
    if (frame->n[side] == 0) {
      set_status(out, TL_DRIFT_EMPTY);
      snprintf(out->why, sizeof out->why, "the %s has no values", sides[side]);
      return true;
    }
  if (!is_constant(frame->sorted[0], frame->n[0])) return false;
  set_status(out, TL_DRIFT_CONSTANT);
  char value[TL_TEXT_DOUBLE_BYTES];
  tl_text_format_digits(value, frame->sorted[0][0], 6);
  const departure d = departure_from(frame, frame->sorted[0][0]);
  out->drift = d.values > 0 && has_left(frame, &d);
  if (d.values == 0)
    snprintf(out->why, sizeof out->why,
             "always %s, on both sides: a constant tells nothing about drift", value);
  else if (out->drift)
    snprintf(out->why, sizeof out->why,
             "always %s in the reference, and no longer so: changed, without a test", value);
  else
    snprintf(out->why, sizeof out->why,
             "always %s in the reference; now %zu of %zu values differ, in %zu stretches: too few "
             "to tell",
             value, d.values, frame->n[1], d.runs);
  return true;
}

static double trace_of(const double *covariance, const drift_clusters *clusters)
{
  double p[DRIFT_BINS_MAX], q[DRIFT_BINS_MAX], sum = 0.0;
  drift_shares(p, clusters, 0);
  drift_shares(q, clusters, 1);
  for (uint32_t k = 0; k < clusters->steps; k++) {
    const double pi = 0.5 * (p[k] + q[k]);
    if (pi > 0.0) sum += covariance[k * clusters->steps + k] / pi;
  }
  return sum;
}

/* PSI's bins by the level of the greatest spread: what looks calm by one level may not be by another. */
static tl_code choose_level(drift_clusters *best, double *covariance, double *freedom,
                            double *inflation, const drift_frame *frame, const double *edges,
                            uint32_t bins, tl_error *err)
{
  double trial[DRIFT_BINS_MAX * DRIFT_BINS_MAX], greatest = -1.0;
  const bool by_day = drift_level_exists(frame, TL_DRIFT_BY_DAY);
  memset(best, 0, sizeof *best);
  for (int level = TL_DRIFT_BY_BLOCK; level <= TL_DRIFT_BY_DAY; level++) {
    drift_clusters here;
    double free_here = 0.0;
    if (!drift_level_exists(frame, (tl_drift_level)level)) continue;
    tl_code code = drift_clusters_make(&here, frame, (tl_drift_level)level, edges, bins, err);
    if (code == TL_OK) code = drift_covariance(trial, &free_here, &here, false, err);
    if (code != TL_OK) {
      drift_clusters_free(&here);
      return code;
    }
    double grown = drift_neighbours(&here, frame);
    if (!by_day) grown *= frame->common; /* no level that sees what devices have in common */
    const double trace = trace_of(trial, &here) * grown;
    if (trace > greatest) {
      drift_clusters_free(best);
      *best = here;
      memcpy(covariance, trial, (size_t)bins * bins * sizeof *covariance);
      *freedom = free_here;
      *inflation = grown;
      greatest = trace;
    } else {
      drift_clusters_free(&here);
    }
  }
  return TL_OK;
}

static tl_code test_pooled(tl_drift_signal *out, const drift_frame *frame,
                           const tl_drift_options *options, uint32_t stream, double *inflation,
                           tl_error *err)
{
  double edges[DRIFT_GRID], freedom = 0.0;
  double covariance[DRIFT_BINS_MAX * DRIFT_BINS_MAX];
  drift_clusters bins, grid = {0};
  const uint32_t bin_count = drift_edges(edges, frame->sorted[0], frame->n[0], options->bins);
  tl_code code = choose_level(&bins, covariance, &freedom, inflation, frame, edges, bin_count, err);
  if (code == TL_OK) {
    out->level = bins.level;
    drift_psi(&out->test[TL_DRIFT_PSI], &bins, covariance, *inflation, freedom, options->alpha);
    const double *longer = frame->sorted[frame->n[1] > frame->n[0]];
    const size_t n = frame->n[0] > frame->n[1] ? frame->n[0] : frame->n[1];
    const double *other = frame->sorted[frame->n[1] <= frame->n[0]];
    /* half of the grid from each side, so that neither's values fall between */
    double half[DRIFT_GRID];
    const uint32_t a = drift_edges(edges, longer, n, DRIFT_GRID / 2) - 1;
    const uint32_t b = drift_edges(half, other, frame->n[0] + frame->n[1] - n, DRIFT_GRID / 2) - 1;
    double merged[DRIFT_GRID];
    uint32_t i = 0, k = 0, count = 0;
    while (i < a || k < b) {
      const double next = k >= b || (i < a && edges[i] <= half[k]) ? edges[i++] : half[k++];
      if (count == 0 || next > merged[count - 1]) merged[count++] = next;
    }
    memcpy(edges, merged, count * sizeof *edges);
    code = drift_clusters_make(&grid, frame, bins.level, edges, count + 1, err);
  }
  drift_clusters_free(&bins);
  if (code == TL_OK) code = drift_covariance(covariance, &freedom, &grid, true, err);
  if (code == TL_OK) {
    drift_ks(&out->test[TL_DRIFT_KS], out->effective, frame, &grid, covariance, *inflation, freedom,
             options->alpha);
    code = drift_wasserstein(&out->test[TL_DRIFT_WASSERSTEIN], frame, &grid, edges, *inflation,
                             options, stream, err);
  }
  drift_clusters_free(&grid);
  return code;
}

/* Means over time of both sides, one after the other. */
static tl_code chain(double **out, size_t *first, size_t *count, const drift_frame *frame,
                     int64_t step_ns, tl_error *err)
{
  double *a = NULL, *b = NULL;
  size_t n = 0, m = 0;
  tl_code code = drift_time_means(&a, &n, frame, 0, step_ns, err);
  if (code == TL_OK) code = drift_time_means(&b, &m, frame, 1, step_ns, err);
  *out = code == TL_OK ? malloc((n + m) * sizeof **out) : NULL;
  if (code == TL_OK && *out == NULL) code = tl_fail(err, TL_E_LIMIT, NULL, "drift: out of memory");
  if (code == TL_OK) {
    memcpy(*out, a, n * sizeof *a);
    memcpy(*out + n, b, m * sizeof *b);
  }
  *first = n;
  *count = n + m;
  free(a);
  free(b);
  return code;
}

static tl_code test_in_time(tl_drift_signal *out, const drift_frame *frame,
                            const tl_drift_options *options, double inflation, tl_error *err)
{
  double *series = NULL;
  size_t first = 0, count = 0;
  tl_code code = chain(&series, &first, &count, frame, frame->block_ns, err);
  if (code == TL_OK)
    drift_cusum(&out->test[TL_DRIFT_CUSUM], series, first, count, frame->block_ns, inflation,
                options->alpha);
  free(series);
  series = NULL;
  if (code == TL_OK) code = chain(&series, &first, &count, frame, frame->fine_ns, err);
  if (code == TL_OK)
    drift_adwin(&out->test[TL_DRIFT_ADWIN], series, first, count, frame->fine_ns, options->alpha);
  free(series);
  return code;
}

/* Bonferroni over the tests that ran: they look at the same values, so nothing less holds without a model. */
static void combine(tl_drift_signal *out)
{
  double least = 1.0, count = 0.0;
  for (int t = 0; t < TL_DRIFT_TEST_COUNT; t++) {
    if (out->test[t].status != TL_DRIFT_OK) continue;
    count += 1.0;
    if (out->test[t].p_value < least) least = out->test[t].p_value;
  }
  out->p_value = count > 0.0 ? (least * count < 1.0 ? least * count : 1.0) : (double)NAN;
  out->p_adjusted = out->p_value;
}

static void undefine(tl_drift_value *value)
{
  *value = (tl_drift_value){.status = TL_DRIFT_UNDEFINED,
                            .value = (double)NAN,
                            .threshold = (double)NAN,
                            .p_value = (double)NAN,
                            .delay_ns = -1,
                            .change_ns = -1};
}

static tl_code test_frame(tl_drift_signal *out, const drift_frame *frame,
                          const tl_drift_options *options, uint32_t stream, tl_error *err)
{
  bool exists = false;
  for (int level = TL_DRIFT_BY_BLOCK; level <= TL_DRIFT_BY_DAY; level++)
    exists = exists || drift_level_exists(frame, (tl_drift_level)level);
  if (!exists) {
    set_status(out, TL_DRIFT_SHORT);
    snprintf(out->why, sizeof out->why,
             "%u and %u independent stretches of time (each 10 correlation times) of %u device%s: "
             "at least %d in all are needed on each side",
             frame->blocks[0], frame->blocks[1], frame->side[0].device_count,
             frame->side[0].device_count == 1 ? "" : "s", DRIFT_CLUSTERS_MIN);
    return TL_OK;
  }
  double inflation = 1.0;
  tl_code code = test_pooled(out, frame, options, stream, &inflation, err);
  if (code == TL_OK && frame->same_devices) {
    code = test_in_time(out, frame, options, inflation, err);
  } else {
    undefine(&out->test[TL_DRIFT_CUSUM]);
    undefine(&out->test[TL_DRIFT_ADWIN]);
    snprintf(out->why, sizeof out->why,
             "the devices differ: a change in time cannot be told from one of devices, so no cusum "
             "and no adwin");
  }
  if (code == TL_OK && out->test[TL_DRIFT_CUSUM].status != TL_DRIFT_OK && out->why[0] == '\0')
    snprintf(out->why, sizeof out->why,
             "the reference has %u stretches of time, cusum needs %d: undefined", frame->blocks[0],
             DRIFT_CLUSTERS_MIN);
  if (code == TL_OK) combine(out);
  return code;
}

tl_code tl_drift_signal_test(tl_drift_signal *out, const tl_drift_side *reference,
                             const tl_drift_side *current, const tl_drift_options *options,
                             uint32_t stream, tl_error *err)
{
  drift_frame frame;
  memset(out, 0, sizeof *out);
  tl_code code = check(options, err);
  if (code != TL_OK) return code;
  assert(reference->device_count > 0 && current->device_count > 0);
  code = drift_frame_make(&frame, reference, current, err);
  if (code != TL_OK) return code;
  for (int side = 0; side < 2; side++) {
    out->used[side] = frame.n[side];
    out->missing[side] = frame.missing[side];
    out->blocks[side] = frame.blocks[side];
    out->mean[side] = frame.mean[side];
  }
  out->thinned = frame.thin;
  out->same_devices = frame.same_devices;
  out->correlation_s = frame.correlation * (double)frame.period_ns * 1e-9;
  out->block_s = (double)frame.block_ns * 1e-9;
  out->device_share = frame.device_share;
  out->period_s = (double)frame.period_ns * 1e-9 / (double)frame.thin;
  if (reference->device_count > 1)
    out->common_share = (frame.common - 1.0) / (double)(reference->device_count - 1);
  if (out->common_share > 1.0) out->common_share = 1.0;
  if (!is_plain(out, &frame)) code = test_frame(out, &frame, options, stream, err);
  drift_frame_free(&frame);
  return code;
}

/* --- over signals --- */
/* Y. Benjamini, Y. Hochberg, JRSS B 57, 1995: p(i) m / i, never less than that of a smaller p. Quadratic: a file has
 * some ten signals. */
void tl_drift_benjamini_hochberg(double *adjusted, const double *p_values, uint32_t count)
{
  double tested = 0.0;
  for (uint32_t i = 0; i < count; i++) tested += !isnan(p_values[i]);
  for (uint32_t i = 0; i < count; i++) {
    double best = 1.0;
    for (uint32_t k = 0; k < count; k++) {
      if (isnan(p_values[k]) || p_values[k] < p_values[i]) continue;
      double rank = 0.0;
      for (uint32_t j = 0; j < count; j++) rank += p_values[j] <= p_values[k];
      const double here = p_values[k] * tested / rank;
      if (here < best) best = here;
    }
    adjusted[i] = isnan(p_values[i]) ? (double)NAN : best;
  }
}

void tl_drift_adjust(tl_drift_signal *signals, uint32_t count, double alpha)
{
  double *p = calloc((size_t)count * 2 + 1, sizeof *p);
  assert(p != NULL); /* some bytes a signal that is in memory itself */
  for (uint32_t i = 0; i < count; i++) p[i] = signals[i].p_value;
  tl_drift_benjamini_hochberg(p + count, p, count);
  for (uint32_t i = 0; i < count; i++) {
    signals[i].p_adjusted = p[count + i];
    if (!isnan(p[i])) signals[i].drift = p[count + i] <= alpha;
  }
  free(p);
}
