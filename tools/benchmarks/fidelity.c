#include "benchmarks/fidelity.h"

#include "benchmarks/figures.h"
#include "benchmarks/naive_fidelity.h"

#include "fidelity/metrics.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { SAMPLES = 1121, ROUNDS_MAX = 99 };
#define MAD 0.5

typedef struct data {
  double at[SAMPLES], ref[SAMPLES], sim[SAMPLES];
} data;

typedef struct task {
  tl_metric metric;
  double (*naive)(const data *d);
  double parameter; /* sakoe_chiba_radius; NAN: none */
} task;

static double rmse(const data *d) { return naive_rmse(d->sim, d->ref, SAMPLES); }
static double dtw(const data *d) { return naive_dtw(d->sim, d->ref, SAMPLES); }
static double iso(const data *d) { return naive_iso18571(d->sim, d->ref, SAMPLES); }
static double alignment(const data *d) { return naive_alignment(d->sim, d->ref, SAMPLES, MAD); }
static double frechet(const data *d) { return naive_frechet(d->sim, d->ref, d->at, SAMPLES); }

static const task tasks[] = {{TL_METRIC_rmse, rmse, NAN},
                             {TL_METRIC_iso18571_R, iso, NAN},
                             {TL_METRIC_nw_score, alignment, NAN},
                             {TL_METRIC_dtw_euclid, dtw, NAN},
                             {TL_METRIC_frechet_discrete, frechet, NAN},
                             {TL_METRIC_dtw_tslearn, NULL, 112},
                             {TL_METRIC_softdtw, NULL, NAN},
                             {TL_METRIC_log_spectral_distance, NULL, NAN}};

/* A box that is heated and cools, recorded with noise; the twin is late and has a gain of its own. */
static void fill(data *d)
{
  uint32_t state = 1;
  for (int i = 0; i < SAMPLES; i++) {
    const double t = 0.05 * i, late = t > 0.4 ? t - 0.4 : 0.0;
    state = state * 1664525u + 1013904223u;
    d->at[i] = 3.0 * i;
    d->ref[i] =
        35.0 + 5.0 * sin(0.6 * t) * exp(-0.01 * t) + 0.1 * ((double)(state >> 8) / 8388608.0 - 1.0);
    d->sim[i] = 35.2 + 4.8 * sin(0.6 * late) * exp(-0.01 * late);
  }
}

static tl_code product(double *value, double *used_s, const task *t, const data *d, tl_error *err)
{
  bool wanted[TL_METRIC_ALL_COUNT] = {false};
  tl_metric_value got[TL_METRIC_ALL_COUNT];
  const tl_metric_series series = {
      .at = d->at, .ref = d->ref, .sim = d->sim, .count = SAMPLES, .unit = "1"};
  tl_metric_parameters parameters = tl_metric_parameters_default();
  parameters.value[TL_PARAMETER_mad] = MAD;
  parameters.value[TL_PARAMETER_sakoe_chiba_radius] = t->parameter;
  wanted[t->metric] = true;
  const double begin = bench_cpu_s();
  const tl_code code = tl_metrics_measure(got, wanted, &series, &parameters, err);
  *used_s = bench_cpu_s() - begin;
  *value = got[t->metric].value;
  return code;
}

static void print(tl_text *json, const task *t, double ours_s, double naive_s, uint32_t rounds)
{
  const char *name = tl_metric_describe(t->metric)->name;
  fprintf(stderr, "%-24s %9.3f ms", name, ours_s * 1e3);
  if (t->naive) fprintf(stderr, "  naive %9.3f ms  ratio %6.2f", naive_s * 1e3, naive_s / ours_s);
  fputc('\n', stderr);
  tl_text_addf(json,
               "%s\n  {\"metric\": \"%s\", \"samples\": %d, \"ms\": ", json->length == 1 ? "" : ",",
               name, SAMPLES);
  tl_text_add_json_double(json, ours_s * 1e3);
  tl_text_add(json, ", \"naive_ms\": ");
  tl_text_add_json_double(json, t->naive ? naive_s * 1e3 : (double)NAN);
  tl_text_add(json, ", \"ratio\": ");
  tl_text_add_json_double(json, t->naive ? naive_s / ours_s : (double)NAN);
  tl_text_addf(json, ", \"rounds\": %u, \"clock\": \"process cpu\"}", rounds);
}

/* One warm-up, then rounds in which product and yardstick take turns. */
static tl_code measure(tl_text *json, const task *t, const data *d, uint32_t rounds, tl_error *err)
{
  double ours_s[ROUNDS_MAX + 1], naive_s[ROUNDS_MAX + 1], ours = 0.0, naive = 0.0;
  for (uint32_t r = 0; r <= rounds; r++) {
    const tl_code code = product(&ours, &ours_s[r], t, d, err);
    if (code != TL_OK) return code;
    const double begin = bench_cpu_s();
    if (t->naive) naive = t->naive(d);
    naive_s[r] = bench_cpu_s() - begin;
  }
  if (t->naive && !(fabs(ours - naive) <= 1e-9 * fabs(naive)))
    return tl_fail(err, TL_E_INTERNAL, NULL, "%s: %.17g, but written from the definition %.17g",
                   tl_metric_describe(t->metric)->name, ours, naive);
  print(json, t, bench_median(ours_s + 1, rounds), bench_median(naive_s + 1, rounds), rounds);
  return TL_OK;
}

tl_code fidelity_measure(tl_text *json, uint32_t rounds, tl_error *err)
{
  data *d = malloc(sizeof *d);
  if (d == NULL) return tl_fail(err, TL_E_LIMIT, NULL, "out of memory");
  tl_code code = TL_OK;
  fill(d);
  if (rounds > ROUNDS_MAX) rounds = ROUNDS_MAX;
  for (size_t i = 0; i < sizeof tasks / sizeof *tasks && code == TL_OK; i++)
    code = measure(json, &tasks[i], d, rounds, err);
  free(d);
  return code;
}
