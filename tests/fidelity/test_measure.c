/* Metrics on request: closed forms, different lengths, holes, too few samples, constants, parameters. Golden rows run in
 * tests/tools (golden_cases). */
#include "fidelity/metrics.h"

#include "fidelity/stat/stat.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

typedef struct answer {
  tl_metric_value of[TL_METRIC_ALL_COUNT];
} answer;

static answer measure(const tl_metric_series *series, const tl_metric_parameters *parameters)
{
  const tl_metric_parameters fallback = tl_metric_parameters_default();
  bool wanted[TL_METRIC_ALL_COUNT];
  answer out;
  tl_error err;
  for (int m = 0; m < TL_METRIC_ALL_COUNT; m++) wanted[m] = true;
  memset(&out, 0, sizeof out);
  if (tl_metrics_measure(out.of, wanted, series, parameters ? parameters : &fallback, &err) !=
      TL_OK)
    fail_msg("%s", err.text);
  return out;
}

static answer of_pair(const double *at, const double *ref, const double *sim, size_t count,
                      const tl_metric_parameters *parameters)
{
  const tl_metric_series series = {.at = at, .ref = ref, .sim = sim, .count = count, .unit = "1"};
  return measure(&series, parameters);
}

static void is_near(const answer *a, tl_metric metric, double expected)
{
  const tl_metric_value *got = &a->of[metric];
  if (got->status != TL_METRIC_OK ||
      !(fabs(got->value - expected) <= 1e-12 + 1e-12 * fabs(expected)))
    fail_msg("%s: %.17g (%s), expected %.17g", tl_metric_describe(metric)->name, got->value,
             got->reason ? got->reason : "ok", expected);
}

static void is_undefined(const answer *a, tl_metric metric, const char *reason)
{
  const tl_metric_value *got = &a->of[metric];
  if (got->status == TL_METRIC_OK || !isnan(got->value) || strcmp(got->reason, reason) != 0)
    fail_msg("%s: %.17g, '%s'; expected '%s'", tl_metric_describe(metric)->name, got->value,
             got->reason ? got->reason : "ok", reason);
}

static void set(tl_metric_parameters *out, const char *name, double value)
{
  tl_error err;
  if (tl_metric_parameter_set(out, name, value, NULL, &err) != TL_OK) fail_msg("%s", err.text);
}

static void small_tables_have_the_values_of_paper_and_pencil(void **unused)
{
  (void)unused;
  const double at[4] = {0, 1, 2, 3}, ref[4] = {0, 1, 2, 3}, sim[4] = {0, 0, 1, 2};
  tl_metric_parameters p = tl_metric_parameters_default();
  set(&p, "eps", 0.1);
  set(&p, "mad", 0.5);
  set(&p, "atoly", 0.25);
  set(&p, "init_gap", -0.1);
  const answer a = of_pair(at, ref, sim, 4, &p);
  is_near(&a, TL_METRIC_dtw_euclid, 1.0); /* 0-0 0-0 1-1 2-2 2-3 */
  is_near(&a, TL_METRIC_dtw_euclid_warp, 2.0);
  is_near(&a, TL_METRIC_dtw_symmetric1, 1.0);
  is_near(&a, TL_METRIC_lcss, 0.75);
  is_near(&a, TL_METRIC_frechet_discrete, 1.0); /* side by side */
  is_near(&a, TL_METRIC_nw_n_gaps, 2.0);
  is_near(&a, TL_METRIC_nw_pct_matched, 75.0);
  is_near(&a, TL_METRIC_nw_p2p_mean, 0.0);
  is_near(&a, TL_METRIC_nw_score, 3.0 - 2 * 0.2);
  is_near(&a, TL_METRIC_funnel_n_outside, 3.0);
  is_near(&a, TL_METRIC_funnel_max_error, 0.75 - 1e-10); /* no tube is thinner */
  is_near(&a, TL_METRIC_ks_stat, 0.25);
  is_near(&a, TL_METRIC_wasserstein1, 0.75);
  is_near(&a, TL_METRIC_energy_distance, sqrt(2.0 * 3.0 / 16.0));
  is_near(&a, TL_METRIC_bias, -0.75);
}

static void equal_series_are_perfect(void **unused)
{
  (void)unused;
  double at[60], x[60];
  for (int i = 0; i < 60; i++) at[i] = i, x[i] = 3.0 + (double)((i * 7) % 11);
  tl_metric_parameters p = tl_metric_parameters_default();
  set(&p, "eps", 0);
  set(&p, "mad", 1);
  set(&p, "atoly", 0);
  const answer a = of_pair(at, x, x, 60, &p);
  static const tl_metric zero[] = {TL_METRIC_rmse,
                                   TL_METRIC_nrmse_range,
                                   TL_METRIC_sprague_geers_P,
                                   TL_METRIC_sprague_geers_C,
                                   TL_METRIC_theil_u1,
                                   TL_METRIC_theil_u2,
                                   TL_METRIC_pbias,
                                   TL_METRIC_iso18571_n_eps,
                                   TL_METRIC_dtw_euclid,
                                   TL_METRIC_dtw_symmetric2,
                                   TL_METRIC_frechet_discrete,
                                   TL_METRIC_area_between_curves,
                                   TL_METRIC_wasserstein1,
                                   TL_METRIC_funnel_n_outside,
                                   TL_METRIC_nw_n_gaps,
                                   TL_METRIC_dtw_euclid_warp,
                                   TL_METRIC_log_spectral_distance};
  static const tl_metric one[] = {
      TL_METRIC_r2,    TL_METRIC_nse,        TL_METRIC_kge,        TL_METRIC_kgeprime,
      TL_METRIC_kgenp, TL_METRIC_iso18571_R, TL_METRIC_iso18571_Z, TL_METRIC_iso18571_EM,
      TL_METRIC_lcss,  TL_METRIC_pearson_r,  TL_METRIC_ks_p_asymp, TL_METRIC_spearman_rho};
  for (size_t i = 0; i < sizeof zero / sizeof *zero; i++) is_near(&a, zero[i], 0.0);
  for (size_t i = 0; i < sizeof one / sizeof *one; i++) is_near(&a, one[i], 1.0);
  is_near(&a, TL_METRIC_nw_pct_matched, 100.0);
  is_near(&a, TL_METRIC_nw_score, 60.0);
}

static void every_value_stays_in_its_range(void **unused)
{
  (void)unused;
  uint32_t state = 7;
  tl_metric_parameters p = tl_metric_parameters_default();
  set(&p, "eps", 0.2);
  set(&p, "mad", 0.3);
  set(&p, "atoly", 0.1);
  set(&p, "threshold", 0.1);
  set(&p, "tolerance", 2);
  for (int round = 0; round < 200; round++) {
    double at[70], ref[70], sim[70];
    const size_t n = (size_t)(round % 70);
    for (size_t i = 0; i < n; i++) {
      state = state * 1664525u + 1013904223u;
      at[i] = (double)i;
      ref[i] = (double)(state >> 8) / 16777216.0 - 0.5;
      state = state * 1664525u + 1013904223u;
      sim[i] = round % 3 == 0 ? (double)(state >> 29) : (double)(state >> 8) / 16777216.0 - 0.4;
      if ((state >> 20) % 13 == 0) sim[i] = (double)NAN;
    }
    const answer a = of_pair(at, ref, sim, n, &p);
    for (int m = 0; m < TL_METRIC_ALL_COUNT; m++) {
      const tl_metric_info *info = tl_metric_describe((tl_metric)m);
      const tl_metric_value *got = &a.of[m];
      assert_true((got->status == TL_METRIC_OK) == (got->reason == NULL));
      if (got->status == TL_METRIC_OK && !(got->value >= info->low && got->value <= info->high))
        fail_msg("%s = %.17g with n = %zu", info->name, got->value, n);
    }
  }
}

static void sides_of_different_length_are_warped_and_matched(void **unused)
{
  (void)unused;
  const double at[5] = {0, 1, 2, 3, 4}, ref[5] = {1, 2, 2, 2, 3};
  const double sim[5] = {1, 2, 3, (double)NAN, (double)NAN};
  tl_metric_parameters p = tl_metric_parameters_default();
  set(&p, "eps", 0.1);
  set(&p, "mad", 0.5);
  const answer a = of_pair(at, ref, sim, 5, &p);
  is_near(&a, TL_METRIC_dtw_euclid, 0.0);
  is_near(&a, TL_METRIC_dtw_euclid_warp, 2.0);
  is_near(&a, TL_METRIC_lcss, 1.0);
  is_near(&a, TL_METRIC_nw_pct_matched, 60.0);
  is_near(&a, TL_METRIC_nw_n_gaps, 2.0);
  is_near(&a, TL_METRIC_rmse, sqrt(1.0 / 3.0)); /* the rows that have both */
  set(&p, "window", 1);                         /* wider by the difference in length */
  const answer narrow = of_pair(at, ref, sim, 5, &p);
  is_near(&narrow, TL_METRIC_dtw_euclid, 0.0);
}

static void nothing_is_computed_from_nothing(void **unused)
{
  (void)unused;
  const double at[3] = {0, 1, 2}, nan[3] = {(double)NAN, (double)NAN, (double)NAN};
  const answer none = of_pair(at, nan, nan, 3, NULL), empty = of_pair(at, at, at, 0, NULL);
  for (int m = 0; m < TL_METRIC_ALL_COUNT; m++) {
    assert_int_equal(none.of[m].status, TL_METRIC_UNDEFINED);
    assert_int_equal(empty.of[m].status, TL_METRIC_UNDEFINED);
    assert_true(isnan(none.of[m].value) && none.of[m].reason != NULL);
  }
  const double one[1] = {5};
  const answer single = of_pair(at, one, one, 1, NULL);
  is_near(&single, TL_METRIC_rmse, 0.0);
  is_near(&single, TL_METRIC_dtw_euclid, 0.0);
  is_undefined(&single, TL_METRIC_theil_u2, "fewer than two samples");
  is_undefined(&single, TL_METRIC_area_between_curves, "fewer than two samples of a side");
  is_undefined(&single, TL_METRIC_cvrmse_pct, "not more samples than fitted parameters (p)");
  is_undefined(&single, TL_METRIC_iso18571_R,
               "the time grid is not uniform: resample, or give dt if it is meant to be");
}

static void constants_and_weak_means_say_so(void **unused)
{
  (void)unused;
  double at[20], flat[20], wave[20], zero[20];
  for (int i = 0; i < 20; i++) {
    at[i] = i;
    flat[i] = 0.1; /* its sum is not 20 times it */
    wave[i] = i % 2 ? 1.0 : -1.0;
    zero[i] = 0.0;
  }
  const answer constant = of_pair(at, flat, wave, 20, NULL);
  static const tl_metric of_ref[] = {TL_METRIC_nrmse_range, TL_METRIC_nse,
                                     TL_METRIC_fit_pct,     TL_METRIC_kge,
                                     TL_METRIC_kge_r,       TL_METRIC_kge_alpha_or_gamma,
                                     TL_METRIC_pearson_r,   TL_METRIC_theil_u2};
  for (size_t i = 0; i < sizeof of_ref / sizeof *of_ref; i++)
    is_undefined(&constant, of_ref[i], "the reference is constant");
  is_undefined(&constant, TL_METRIC_iso18571_rho_E, "a side is constant");
  is_near(&constant, TL_METRIC_iso18571_ES, 0.0);
  const answer still = of_pair(at, wave, flat, 20, NULL);
  is_undefined(&still, TL_METRIC_pearson_r, "the simulation is constant");
  assert_int_equal(still.of[TL_METRIC_kge_beta].status, TL_METRIC_ILL_CONDITIONED);
  assert_int_equal(still.of[TL_METRIC_pbias].status, TL_METRIC_ILL_CONDITIONED);
  assert_string_equal(still.of[TL_METRIC_pbias].reason,
                      "the reference's mean is within 0.1 % of its range from zero");
  const answer nothing = of_pair(at, zero, zero, 20, NULL);
  is_undefined(&nothing, TL_METRIC_iso18571_Z, "the reference is zero throughout");
  is_undefined(&nothing, TL_METRIC_theil_u1, "both sides are zero throughout");
}

static void needed_parameters_are_asked_for(void **unused)
{
  (void)unused;
  const double at[3] = {0, 1, 2}, x[3] = {1, 2, 4};
  const answer a = of_pair(at, x, x, 3, NULL);
  is_undefined(&a, TL_METRIC_lcss, "needs the parameter eps");
  is_undefined(&a, TL_METRIC_nw_score, "needs the parameter mad");
  is_undefined(&a, TL_METRIC_funnel_n_outside, "needs the parameter atoly");
  is_undefined(&a, TL_METRIC_event_f1, "needs the parameter tolerance");
  is_undefined(&a, TL_METRIC_crps_ens_mean, "needs an ensemble (--members)");
}

static void parameters_are_checked(void **unused)
{
  (void)unused;
  tl_metric_parameters p = tl_metric_parameters_default();
  tl_error err;
  assert_int_equal(tl_metric_parameter_set(&p, "strid", 2, NULL, &err), TL_E_NAME);
  assert_string_equal(err.text, "no metric has a parameter 'strid'");
  assert_string_equal(err.hint, "did you mean 'stride'?");
  assert_int_equal(tl_metric_parameter_set(&p, "stride", 1.5, "--params", &err), TL_E_ARG);
  assert_string_equal(err.text, "--params: stride = 1.5: expected a whole number at least 1");
  assert_int_equal(tl_metric_parameter_set(&p, "mad", 0, NULL, &err), TL_E_ARG);
  assert_string_equal(err.text, "mad = 0: expected above 0");
  assert_int_equal(tl_metric_parameter_set(&p, "alpha", 1, NULL, &err), TL_E_ARG);
  assert_string_equal(err.text, "alpha = 1: expected from 0 to 1, without the ends");
  assert_int_equal(tl_metric_parameter_set(&p, "estimator", 1, NULL, &err), TL_E_ARG);
  assert_string_equal(err.text, "estimator takes a word: nrg|fair");
  assert_int_equal(tl_metric_parameter_set_word(&p, "estimator", "fare", NULL, &err), TL_E_ARG);
  assert_string_equal(err.text, "estimator = 'fare': expected nrg|fair");
  assert_int_equal(tl_metric_parameter_set_word(&p, "mad", "big", NULL, &err), TL_E_ARG);
  assert_int_equal(tl_metric_parameter_set_word(&p, "estimator", "fair", NULL, &err), TL_OK);
  assert_true(p.value[TL_PARAMETER_estimator] == 1.0);
}

static void uneven_grids_are_refused_unless_dt_is_given(void **unused)
{
  (void)unused;
  double at[40], x[40];
  for (int i = 0; i < 40; i++) at[i] = i, x[i] = (double)((i * 5) % 9);
  at[20] = 20.4;
  const answer a = of_pair(at, x, x, 40, NULL);
  is_undefined(&a, TL_METRIC_iso18571_EP,
               "the time grid is not uniform: resample, or give dt if it is meant to be");
  tl_metric_parameters p = tl_metric_parameters_default();
  set(&p, "dt", 1);
  const answer b = of_pair(at, x, x, 40, &p);
  is_near(&b, TL_METRIC_iso18571_R, 1.0);
}

static void events_match_one_to_one_in_time_order(void **unused)
{
  (void)unused;
  const double at[12] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
  const double ref[12] = {0, 0, 1, 0, 0, 1, 0, 0, 0, 1, 1, 0}; /* rises at 2, 5, 9 */
  const double sim[12] = {0, 0, 0, 1, 0, 0, 1, 0, 1, 0, 0, 0}; /* rises at 3, 6, 8 */
  tl_metric_parameters p = tl_metric_parameters_default();
  set(&p, "tolerance", 1);
  const answer a = of_pair(at, ref, sim, 12, &p);
  is_near(&a, TL_METRIC_event_f1, 1.0);
  is_near(&a, TL_METRIC_event_delay, 1.0); /* median of 1, 1, -1 */
  set(&p, "tolerance", 0);
  const answer strict = of_pair(at, ref, sim, 12, &p);
  is_near(&strict, TL_METRIC_event_f1, 0.0);
  is_undefined(&strict, TL_METRIC_event_delay, "no events match");
  set(&p, "threshold", 5);
  const answer none = of_pair(at, ref, sim, 12, &p);
  is_undefined(&none, TL_METRIC_event_f1, "no events on either side");
}

static void spectra_tell_a_gain_and_a_frequency(void **unused)
{
  (void)unused;
  double at[256], ref[256], louder[256];
  uint32_t state = 3;
  for (int i = 0; i < 256; i++) {
    state = state * 1664525u + 1013904223u;
    at[i] = 0.01 * i;
    ref[i] = (double)(state >> 8) / 16777216.0;
    louder[i] = 10.0 * ref[i] + 3.0;
  }
  const answer a = of_pair(at, ref, louder, 256, NULL);
  const tl_metric_value *got = &a.of[TL_METRIC_log_spectral_distance];
  assert_true(fabs(got->value - 20.0) < 1e-9); /* a gain of 10 is 20 dB at each frequency */
  assert_string_equal(got->unit, "dB");
}

static void temperatures_do_not_depend_on_their_scale(void **unused)
{
  (void)unused;
  double at[40], ref[40], sim[40], ref_K[40], sim_K[40];
  for (int i = 0; i < 40; i++) {
    at[i] = i;
    ref[i] = 30.0 + (double)((i * 5) % 9);
    sim[i] = ref[i] + 0.1 * (double)(i % 4);
    ref_K[i] = ref[i] + 273.15;
    sim_K[i] = sim[i] + 273.15;
  }
  const tl_metric_series c = {.at = at, .ref = ref, .sim = sim, .count = 40, .unit = "degC"};
  const tl_metric_series k = {.at = at, .ref = ref_K, .sim = sim_K, .count = 40, .unit = "K"};
  const answer a = measure(&c, NULL), b = measure(&k, NULL);
  for (int m = 0; m < TL_METRIC_ALL_COUNT; m++) {
    assert_int_equal(a.of[m].status, b.of[m].status);
    assert_string_equal(a.of[m].unit, b.of[m].unit);
    if (a.of[m].status == TL_METRIC_OK) assert_true(fabs(a.of[m].value - b.of[m].value) < 1e-8);
  }
  assert_string_equal(a.of[TL_METRIC_softdtw].unit, "K^2");
  assert_string_equal(a.of[TL_METRIC_area_between_curves].unit, "K s");
}

static void an_ensemble_is_judged_as_a_distribution(void **unused)
{
  (void)unused;
  const double obs[3] = {0, 0, 5}, m1[3] = {-1, -1, 0}, m2[3] = {1, 1, (double)NAN};
  const double *const members[2] = {m1, m2};
  const tl_metric_series two = {
      .ref = obs, .members = members, .member_count = 2, .count = 3, .unit = "W"};
  const answer a = measure(&two, NULL);
  is_near(&a, TL_METRIC_crps_ens_mean, 0.5); /* 1 - 4/8; the row with a hole is left out */
  is_near(&a, TL_METRIC_coverage90, 1.0);
  assert_true(fabs(a.of[TL_METRIC_crps_gaussian_mean].value - sqrt(2.0) * 0.23369497725510913) <
              1e-14);
  tl_metric_parameters p = tl_metric_parameters_default();
  assert_int_equal(tl_metric_parameter_set_word(&p, "estimator", "fair", NULL, NULL), TL_OK);
  const answer fair = measure(&two, &p);
  is_near(&fair, TL_METRIC_crps_ens_mean, 0.0);
  const tl_metric_series one = {
      .ref = obs, .members = members, .member_count = 1, .count = 2, .unit = "W"};
  const answer single = measure(&one, &p);
  is_undefined(&single, TL_METRIC_crps_ens_mean, "the fair estimator needs two members");
  is_undefined(&single, TL_METRIC_crps_gaussian_mean, "a standard deviation needs two members");
}

static void what_is_too_long_says_so_and_the_rest_is_computed(void **unused)
{
  (void)unused;
  enum { LONG = 70000 };
  static double at[LONG], x[LONG];
  for (int i = 0; i < LONG; i++) at[i] = i, x[i] = (double)(i % 100);
  bool wanted[TL_METRIC_ALL_COUNT] = {[TL_METRIC_rmse] = true, [TL_METRIC_frechet_discrete] = true};
  answer a;
  const tl_metric_series series = {.at = at, .ref = x, .sim = x, .count = LONG, .unit = "1"};
  const tl_metric_parameters p = tl_metric_parameters_default();
  assert_int_equal(tl_metrics_measure(a.of, wanted, &series, &p, NULL), TL_OK);
  is_near(&a, TL_METRIC_rmse, 0.0);
  is_undefined(&a, TL_METRIC_frechet_discrete,
               "too many samples for its table: score a part, or give a window or a stride");
}

/* Values of scipy.stats.kstwo.sf, at least one for each formula. */
static void kolmogorovs_tail_is_right_in_every_regime(void **unused)
{
  (void)unused;
  static const struct {
    uint64_t n;
    double d, tail;
  } rows[] = {
#include "tests/fidelity/kolmogorov_rows.inc"
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const double got = tl_stat_kolmogorov_exact_sf(rows[i].n, rows[i].d);
    if (!(fabs(got - rows[i].tail) <= 1e-8 * rows[i].tail + 1e-13))
      fail_msg("n = %llu, d = %g: %.15g, expected %.15g", (unsigned long long)rows[i].n, rows[i].d,
               got, rows[i].tail);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(small_tables_have_the_values_of_paper_and_pencil),
      cmocka_unit_test(equal_series_are_perfect),
      cmocka_unit_test(every_value_stays_in_its_range),
      cmocka_unit_test(sides_of_different_length_are_warped_and_matched),
      cmocka_unit_test(nothing_is_computed_from_nothing),
      cmocka_unit_test(constants_and_weak_means_say_so),
      cmocka_unit_test(needed_parameters_are_asked_for),
      cmocka_unit_test(parameters_are_checked),
      cmocka_unit_test(uneven_grids_are_refused_unless_dt_is_given),
      cmocka_unit_test(events_match_one_to_one_in_time_order),
      cmocka_unit_test(spectra_tell_a_gain_and_a_frequency),
      cmocka_unit_test(temperatures_do_not_depend_on_their_scale),
      cmocka_unit_test(an_ensemble_is_judged_as_a_distribution),
      cmocka_unit_test(what_is_too_long_says_so_and_the_rest_is_computed),
      cmocka_unit_test(kolmogorovs_tail_is_right_in_every_regime),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
