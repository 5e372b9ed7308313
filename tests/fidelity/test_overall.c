/* One score from parts, its interval, the tube and the residuals' memory. */
#include "base/rng.h"
#include "fidelity/overall/overall.h"
#include "fidelity/overall/tube.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define S INT64_C(1000000000)
enum { N = 400 };

/* A channel in memory, one sample a second. */
typedef struct trace {
  tl_score_channel channel;
  int64_t at_ns[N];
  double sim[N], rec[N];
  uint8_t regime[N];
} trace;

static void trace_open(trace *t, const char *name, size_t count)
{
  memset(t, 0, sizeof *t);
  strcpy(t->channel.name, name);
  strcpy(t->channel.unit, "K");
  for (size_t i = 0; i < count; i++) t->at_ns[i] = (int64_t)i * S;
  t->channel.series_count = count;
  t->channel.series_ns = t->at_ns;
  t->channel.series_sim = t->sim;
  t->channel.series_rec = t->rec;
}

static tl_overall result;

static tl_code compute(const tl_overall_channel *channels, uint32_t count, tl_error *err)
{
  tl_overall_def def = tl_overall_def_default();
  def.channels = channels;
  def.channel_count = count;
  return tl_overall_compute(&result, &def, err);
}

static void a_perfect_twin_scores_one_and_the_mean_scores_nothing(void **unused)
{
  (void)unused;
  static trace t;
  trace_open(&t, "box_K", N);
  for (int i = 0; i < N; i++) t.sim[i] = t.rec[i] = 300.0 + (i % 2 ? 1.0 : -1.0);
  const tl_overall_channel channel = {&t.channel, 1.0, 0.0, NULL};
  assert_int_equal(compute(&channel, 1, NULL), TL_OK);
  assert_true(result.score == 1.0 && result.low == 1.0 && result.high == 1.0);
  for (int i = 0; i < N; i++) t.sim[i] = 300.0;
  assert_int_equal(compute(&channel, 1, NULL), TL_OK);
  assert_true(fabs(result.score) < 1e-12);
}

static void the_score_does_not_see_the_units_zero(void **unused)
{
  (void)unused;
  static trace t;
  double score[2];
  const double offset[2] = {0.0, 273.15};
  for (int k = 0; k < 2; k++) {
    trace_open(&t, "box_K", N);
    for (int i = 0; i < N; i++) {
      t.rec[i] = offset[k] + 20.0 + (double)(i % 40) / 8.0;
      t.sim[i] = t.rec[i] + 0.5;
    }
    const tl_overall_channel channel = {&t.channel, 1.0, 0.0, NULL};
    assert_int_equal(compute(&channel, 1, NULL), TL_OK);
    score[k] = result.score;
  }
  assert_true(fabs(score[0] - score[1]) < 1e-9);
  assert_true(score[0] < 0.7); /* half a kelvin of a movement of 1.44 K: not "0.2 % off" */
}

static void parts_come_worst_first_and_weights_decide(void **unused)
{
  (void)unused;
  static trace a, b;
  trace_open(&a, "a", N);
  trace_open(&b, "b", N);
  for (int i = 0; i < N; i++) {
    a.regime[i] = i < N / 4;
    a.sim[i] = a.regime[i] ? 0.8 : 0.1; /* rmse 0.8 in regime 1, 0.1 in regime 0 */
    b.sim[i] = 0.4;
    b.regime[i] = TL_OVERALL_NO_REGIME;
    if (i < N / 2) b.regime[i] = 0;
  }
  const tl_overall_channel channels[2] = {{&a.channel, 1.0, 1.0, a.regime},
                                          {&b.channel, 3.0, 1.0, b.regime}};
  static const char *const names[2] = {"on", "off"};
  static const double weights[2] = {1.0, 2.0};
  tl_overall_def def = tl_overall_def_default();
  def.channels = channels;
  def.channel_count = 2;
  def.regime_names = names;
  def.regime_weights = weights;
  def.regime_count = 2;
  assert_int_equal(tl_overall_compute(&result, &def, NULL), TL_OK);
  assert_int_equal(result.part_count, 4);
  assert_true(fabs(result.parts[0].score - 0.2) < 1e-12); /* a, regime 1 */
  assert_int_equal(result.parts[0].regime, 1);
  assert_true(fabs(result.parts[1].score - 0.6) < 1e-12); /* b, regime 0 */
  assert_int_equal(result.parts[1].used_count, N / 2);
  assert_true(fabs(result.parts[2].score - 0.9) < 1e-12);
  assert_int_equal(result.parts[3].status, TL_METRIC_UNDEFINED); /* b never was in regime 1 */
  assert_string_equal(result.parts[3].reason, "the recording never was in this regime");
  assert_true(fabs(result.score - (1.0 * 0.9 + 2.0 * 0.2 + 3.0 * 0.6) / 6.0) < 1e-12);
}

static void a_constant_channel_needs_a_scale(void **unused)
{
  (void)unused;
  static trace t;
  trace_open(&t, "room_K", N);
  for (int i = 0; i < N; i++) t.sim[i] = 0.25;
  tl_overall_channel channel = {&t.channel, 1.0, 0.0, NULL};
  assert_int_equal(compute(&channel, 1, NULL), TL_OK);
  assert_int_equal(result.status, TL_METRIC_UNDEFINED);
  assert_true(isnan(result.score));
  assert_string_equal(result.parts[0].reason, "the recorded channel is constant: declare a scale");
  channel.scale = 1.0;
  assert_int_equal(compute(&channel, 1, NULL), TL_OK);
  assert_true(fabs(result.score - 0.75) < 1e-12);
}

static void few_or_missing_samples_say_so(void **unused)
{
  (void)unused;
  static trace t;
  trace_open(&t, "box_K", 20);
  for (int i = 0; i < 20; i++) t.sim[i] = t.rec[i] = i < 7 ? i : (double)NAN;
  const tl_overall_channel channel = {&t.channel, 1.0, 0.0, NULL};
  assert_int_equal(compute(&channel, 1, NULL), TL_OK);
  assert_string_equal(result.parts[0].reason, "fewer than 8 samples in this regime");
  t.channel.series_count = 0;
  assert_int_equal(compute(&channel, 1, NULL), TL_OK);
  assert_int_equal(result.status, TL_METRIC_UNDEFINED);
}

static void bad_weights_are_refused_by_name(void **unused)
{
  (void)unused;
  static trace t;
  tl_error err;
  trace_open(&t, "box_K", N);
  tl_overall_channel channel = {&t.channel, 0.0, 0.0, NULL};
  assert_int_equal(compute(&channel, 1, &err), TL_E_ARG);
  assert_string_equal(err.text, "channel box_K: its weight must be above 0");
  channel = (tl_overall_channel){&t.channel, 1.0, -1.0, NULL};
  assert_int_equal(compute(&channel, 1, &err), TL_E_ARG);
  assert_string_equal(err.text, "channel box_K: its scale must be above 0");
  assert_int_equal(compute(&channel, 0, &err), TL_E_ARG);
  assert_string_equal(err.text, "a score needs 1 to 32 channels, not 0");
}

/* Residuals of a first-order autoregression with variance 1: the true score is 1 - 1/scale. */
static void draw_residuals(trace *t, uint32_t trial, double phi)
{
  const tl_rng_key key = tl_rng_key_make(11, 0, 1);
  double e = tl_rng_normal(key, trial, N);
  for (uint32_t i = 0; i < N; i++) {
    e = phi * e + sqrt(1.0 - phi * phi) * (double)tl_rng_normal(key, trial, i);
    t->sim[i] = e;
  }
}

static void intervals_cover_the_true_score(void **unused)
{
  (void)unused;
  static trace t;
  enum { TRIALS = 300 };
  const double phi[2] = {0.0, 0.6};
  int covered[2] = {0, 0};
  for (int k = 0; k < 2; k++)
    for (uint32_t trial = 0; trial < TRIALS; trial++) {
      trace_open(&t, "box_K", N);
      draw_residuals(&t, trial, phi[k]);
      const tl_overall_channel channel = {&t.channel, 1.0, 4.0, NULL};
      tl_overall_def def = tl_overall_def_default();
      def.channels = &channel;
      def.channel_count = 1;
      def.repetition_count = 400;
      def.seed = trial;
      assert_int_equal(tl_overall_compute(&result, &def, NULL), TL_OK);
      covered[k] += result.low <= 0.75 && 0.75 <= result.high;
    }
  print_message("95 %% intervals that hold the true score: white %d of %d, phi 0.6 %d of %d\n",
                covered[0], TRIALS, covered[1], TRIALS);
  /* binomial 3 sigma of 95 % is 3.8 %; a block bootstrap covers a little less with memory */
  assert_in_range(covered[0], 0.91 * TRIALS, 0.988 * TRIALS);
  assert_in_range(covered[1], 0.88 * TRIALS, 0.988 * TRIALS);
}

static void blocks_grow_with_the_residuals_memory(void **unused)
{
  (void)unused;
  static trace t;
  size_t length[3];
  const double phi[3] = {0.0, 0.6, 0.95};
  for (int k = 0; k < 3; k++) {
    draw_residuals(&t, 5, phi[k]);
    length[k] = tl_overall_block_length(t.sim, N);
  }
  assert_in_range(length[0], 1, 3);
  assert_true(length[0] < length[1] && length[1] < length[2] && length[2] <= 60);
  /* the formula's own optimum for the mean of an AR(1): (2 g^2/D)^(1/3) n^(1/3) with
   * g/G = 2 phi/(1-phi^2), D/G^2 = 4/3: 13.6 at phi 0.6, n 400 */
  assert_in_range(length[1], 7, 27);
  memset(t.sim, 0, sizeof t.sim);
  assert_int_equal(tl_overall_block_length(t.sim, N), 1);
  assert_int_equal(tl_overall_block_length(t.sim, 0), 1);
}

static void autocorrelation_is_that_of_the_process(void **unused)
{
  (void)unused;
  static trace t;
  double acf[4];
  trace_open(&t, "box_K", N);
  for (int i = 0; i < N; i++) t.sim[i] = i % 2 ? 1.0 : -1.0;
  t.sim[17] = (double)NAN;
  tl_overall_autocorrelation(acf, 4, &t.channel);
  assert_true(fabs(acf[0] - 1.0) < 1e-12);
  assert_true(fabs(acf[1] + 1.0) < 0.02 && fabs(acf[2] - 1.0) < 0.02);
  memset(t.sim, 0, sizeof t.sim);
  tl_overall_autocorrelation(acf, 4, &t.channel);
  assert_true(isnan(acf[0]));
}

static void a_late_step_stays_in_the_tube_and_a_missing_one_does_not(void **unused)
{
  (void)unused;
  static trace t;
  static double low[N], high[N];
  trace_open(&t, "box_K", N);
  for (int i = 0; i < N; i++) {
    t.rec[i] = i < 100 ? 0.0 : 10.0;
    t.sim[i] = i < 103 ? 0.0 : 10.0;
  }
  tl_tube_make(low, high, &t.channel, (tl_tube){.value = 0.5, .time_ns = 3 * S});
  tl_tube_result got = tl_tube_score(low, high, &t.channel);
  assert_int_equal(got.outside_count, 0);
  assert_true(got.inside_ratio == 1.0 && got.first_outside_ns == -1);
  tl_tube_make(low, high, &t.channel, (tl_tube){.value = 0.5, .time_ns = 2 * S});
  got = tl_tube_score(low, high, &t.channel);
  assert_int_equal(got.outside_count, 1); /* 102 s: three seconds late, two allowed */
  assert_true(got.first_outside_ns == 102 * S && got.worst == 9.5 && got.worst_ns == 102 * S);
}

/* The window's extremes by definition, at each stamp. */
static void the_tube_is_the_windows_extremes(void **unused)
{
  (void)unused;
  static trace t;
  static double low[N], high[N];
  trace_open(&t, "box_K", N);
  draw_residuals(&t, 3, 0.9);
  memcpy(t.rec, t.sim, sizeof t.rec);
  for (int i = 0; i < N; i += 37) t.rec[i] = (double)NAN;
  for (int i = 1; i < N; i++) t.at_ns[i] = t.at_ns[i - 1] + (i % 5 + 1) * S / 2;
  const int64_t windows[3] = {0, 4 * S, 4000 * S};
  for (int k = 0; k < 3; k++) {
    tl_tube_make(low, high, &t.channel, (tl_tube){.value = 0.25, .time_ns = windows[k]});
    for (int i = 0; i < N; i++) {
      double least = (double)INFINITY, most = -(double)INFINITY;
      for (int j = 0; j < N; j++) {
        if (llabs(t.at_ns[j] - t.at_ns[i]) > windows[k] || isnan(t.rec[j])) continue;
        least = fmin(least, t.rec[j]);
        most = fmax(most, t.rec[j]);
      }
      if (least > most)
        assert_true(isnan(low[i]) && isnan(high[i]));
      else
        assert_true(low[i] == least - 0.25 && high[i] == most + 0.25);
    }
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_perfect_twin_scores_one_and_the_mean_scores_nothing),
      cmocka_unit_test(the_score_does_not_see_the_units_zero),
      cmocka_unit_test(parts_come_worst_first_and_weights_decide),
      cmocka_unit_test(a_constant_channel_needs_a_scale),
      cmocka_unit_test(few_or_missing_samples_say_so),
      cmocka_unit_test(bad_weights_are_refused_by_name),
      cmocka_unit_test(intervals_cover_the_true_score),
      cmocka_unit_test(blocks_grow_with_the_residuals_memory),
      cmocka_unit_test(autocorrelation_is_that_of_the_process),
      cmocka_unit_test(a_late_step_stays_in_the_tube_and_a_missing_one_does_not),
      cmocka_unit_test(the_tube_is_the_windows_extremes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
