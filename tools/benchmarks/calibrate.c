#include "benchmarks/calibrate.h"

#include "benchmarks/figures.h"
#include "benchmarks/naive_incubator.h"
#include "fidelity/calibrate/calibrate.h"
#include "twins/registry.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As many samples as the recording whose published calibration takes a minute and a half. */
enum { SAMPLES = 2216, FREE = 5, NAIVE_RUNS = 200, BATCH = 256, ROUNDS_MAX = 99, COLUMNS = 32 };

typedef struct data {
  int64_t stamps_ns[SAMPLES];
  double time_s[SAMPLES], on[SAMPLES], room_K[SAMPLES], box_K[SAMPLES], fraction[SAMPLES];
  double base[COLUMNS];
  uint32_t stamp[SAMPLES];
  uint8_t part[SAMPLES];
  tl_calibrate_input inputs[2];
  tl_calibrate_channel channel;
  tl_calibrate_run run;
  tl_calibrate_target targets[FREE];
  tl_calibrate_free free[FREE];
  tl_calibrate_problem problem;
} data;

static uint32_t column_of(const tl_twin_type *twin, const char *name)
{
  uint32_t c = 0;
  while (strcmp(twin->columns[c].name, name) != 0) c++;
  return c;
}

static const tl_twin_type *incubator(void)
{
  for (uint32_t i = 0; i < tl_twin_count; i++)
    if (strcmp(tl_twins[i]->name, "incubator") == 0) return tl_twins[i];
  return NULL;
}

static void free_column(data *d, uint32_t k, const char *name, double start, double low,
                        double high, bool log)
{
  d->targets[k] = (tl_calibrate_target){0, column_of(d->run.twin, name)};
  d->free[k] = (tl_calibrate_free){.name = name,
                                   .unit = d->run.twin->columns[d->targets[k].column].unit,
                                   .start = start,
                                   .low = low,
                                   .high = high,
                                   .log = log,
                                   .relative = log,
                                   .target_count = 1,
                                   .targets = &d->targets[k]};
}

/* A recording made of known parameters, with a wobble that no parameters explain. */
static tl_code fill(data *d, tl_error *err)
{
  static const double truth[FREE] = {200.0, 0.8, 150.0, 1.8, 305.0};
  const tl_twin_type *twin = incubator();
  for (uint32_t i = 0; i < SAMPLES; i++) {
    d->time_s[i] = 3.0 * i + 0.03 * (i % 5);
    d->stamps_ns[i] = (int64_t)(1e9 * d->time_s[i]);
    d->time_s[i] = (double)d->stamps_ns[i] / 1e9;
    d->on[i] = i % 230 < 18 ? 1.0 : 0.0;
    d->room_K[i] = 294.0 + 0.001 * (i % 1000);
    d->stamp[i] = i;
  }
  for (uint32_t c = 0; c < twin->column_count; c++) d->base[c] = twin->columns[c].initial;
  d->inputs[0] = (tl_calibrate_input){column_of(twin, "heater_on"), d->on};
  d->inputs[1] = (tl_calibrate_input){column_of(twin, "room_K"), d->room_K};
  d->channel = (tl_calibrate_channel){.name = "box_K",
                                      .unit = "K",
                                      .per_unit = 1.0,
                                      .column = column_of(twin, "box_K"),
                                      .weight = 1.0,
                                      .count = SAMPLES,
                                      .stamp = d->stamp,
                                      .fraction = d->fraction,
                                      .value = d->box_K,
                                      .part = d->part};
  d->run = (tl_calibrate_run){.name = "incubator",
                              .twin = twin,
                              .dt_ns = 5000000000,
                              .stamp_count = SAMPLES,
                              .stamps_ns = d->stamps_ns,
                              .input_count = 2,
                              .inputs = d->inputs,
                              .base = d->base,
                              .channel_count = 1,
                              .channels = &d->channel};
  free_column(d, 0, "C_air_J_per_K", 177.62928, 10.0, 10000.0, true);
  free_column(d, 1, "G_box_W_per_K", 0.77307655, 0.05, 50.0, true);
  free_column(d, 2, "C_heater_J_per_K", 239.61236, 1.0, 10000.0, true);
  free_column(d, 3, "G_heater_W_per_K", 2.31872819, 0.05, 50.0, true);
  free_column(d, 4, "heater_K", 295.15, 283.15, 333.15, false);
  d->problem =
      (tl_calibrate_problem){.run_count = 1, .free_count = FREE, .runs = &d->run, .free = d->free};
  const tl_code code = tl_calibrate_trace(&d->problem, truth, 0, 0, TL_PATH_SCALAR, d->box_K, err);
  for (uint32_t i = 0; i < SAMPLES; i++) d->box_K[i] += 0.05 * sin(0.7 * i) + 0.05 * sin(0.011 * i);
  return code;
}

static double naive_us(const data *d, double *cost)
{
  const double begin_s = bench_cpu_s();
  for (uint32_t i = 0; i < NAIVE_RUNS; i++) {
    const naive_incubator p = {177.62928, 0.77307655, 239.61236 + 0.001 * i, 2.31872819,
                               12.16 * 10.45};
    *cost =
        naive_incubator_cost(&p, 295.15, 295.15, d->time_s, d->on, d->room_K, d->box_K, SAMPLES);
  }
  return 1e6 * (bench_cpu_s() - begin_s) / NAIVE_RUNS;
}

typedef struct times {
  double naive_us[ROUNDS_MAX], candidate_us[ROUNDS_MAX], all_us[ROUNDS_MAX], fit_s[ROUNDS_MAX];
  double ratio[ROUNDS_MAX];
} times;

/* A batch of candidates about the published start. */
static tl_code batch_us(const data *d, const tl_calibrate_options *options, double *out,
                        tl_error *err)
{
  double values[BATCH][FREE], cost[BATCH];
  for (uint32_t i = 0; i < BATCH; i++)
    for (uint32_t k = 0; k < FREE; k++) values[i][k] = d->free[k].start * (1.0 + 1e-4 * i);
  const double begin_s = bench_cpu_s();
  const tl_code code = tl_calibrate_costs(&d->problem, values[0], BATCH, options, cost, err);
  *out = 1e6 * (bench_cpu_s() - begin_s) / BATCH;
  return code;
}

/* all_us: a whole fit over its simulations: slopes, linear algebra and statistics too. */
static tl_code round_of(const data *d, times *t, uint32_t round, tl_calibration *fit,
                        tl_simd_path path, tl_error *err)
{
  tl_calibrate_options options = tl_calibrate_options_default();
  double cost = 0.0;
  options.thread_count = 1;
  options.path = path;
  t->naive_us[round] = naive_us(d, &cost);
  tl_code code = batch_us(d, &options, &t->candidate_us[round], err);
  if (code != TL_OK) return code;
  const double begin_s = bench_cpu_s();
  code = tl_calibrate(fit, &d->problem, &options, err);
  t->fit_s[round] = bench_cpu_s() - begin_s;
  t->all_us[round] = 1e6 * t->fit_s[round] / (double)(fit->simulations ? fit->simulations : 1);
  t->ratio[round] = t->naive_us[round] / t->candidate_us[round];
  return code;
}

static void tell(tl_text *json, times *t, uint32_t rounds, const tl_calibration *fit,
                 tl_simd_path path)
{
  const double naive = bench_median(t->naive_us, rounds),
               candidate = bench_median(t->candidate_us, rounds);
  const double fit_s = bench_median(t->fit_s, rounds), ratio = bench_median(t->ratio, rounds);
  fprintf(stderr,
          "incubator, %d samples, one core: plain C %.1f us a simulation; a candidate in a batch "
          "%.1f us, ratio "
          "%.2f (%.2f .. %.2f)\n%d free values from %u starts: %.3f s, %llu simulations (%.1f us "
          "each with slopes and "
          "statistics), %u starts at the best, rmse %.6f K\n",
          SAMPLES, naive, candidate, ratio, t->ratio[0], t->ratio[rounds - 1], FREE, fit->starts,
          fit_s, (unsigned long long)fit->simulations, bench_median(t->all_us, rounds),
          fit->starts_at_best, fit->rmse);
  tl_text_addf(json,
               "\n  {\"twin\": \"incubator\", \"samples\": %d, \"free\": %d, \"starts\": %u, "
               "\"threads\": 1, \"path\": \"%s\", "
               "\"rounds\": %u, \"simulations\": %llu, \"naive_us\": ",
               SAMPLES, FREE, fit->starts, tl_cpu_path_name(path), rounds,
               (unsigned long long)fit->simulations);
  tl_text_add_json_double(json, naive);
  tl_text_add(json, ", \"candidate_us\": ");
  tl_text_add_json_double(json, candidate);
  tl_text_add(json, ", \"simulation_of_a_fit_us\": ");
  tl_text_add_json_double(json, bench_median(t->all_us, rounds));
  tl_text_add(json, ", \"ratio\": ");
  tl_text_add_json_double(json, ratio);
  tl_text_add(json, ", \"fit_s\": ");
  tl_text_add_json_double(json, fit_s);
  tl_text_add(json, ", \"rmse\": ");
  tl_text_add_json_double(json, fit->rmse);
  tl_text_add(json, "}");
}

tl_code calibrate_measure(tl_text *json, uint32_t rounds, tl_simd_path path, tl_error *err)
{
  times *t = calloc(1, sizeof *t);
  data *d = calloc(1, sizeof *d);
  tl_calibration fit = {0};
  if (rounds > ROUNDS_MAX) rounds = ROUNDS_MAX;
  tl_code code = t && d ? fill(d, err) : tl_fail(err, TL_E_LIMIT, NULL, "out of memory");
  for (uint32_t round = 0; round <= rounds && code == TL_OK; round++) { /* the first warms up */
    tl_calibration_free(&fit);
    code = round_of(d, t, round > 0 ? round - 1 : 0, &fit, path, err);
  }
  if (code == TL_OK) tell(json, t, rounds, &fit, path);
  tl_calibration_free(&fit);
  free(t);
  free(d);
  return code;
}
