/* Distribution functions against mpmath, and their edges. */
#include "fidelity/stat/stat.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static double call(const char *name, double x, double a, double b)
{
#define ONE(f)                                                                                     \
  if (strcmp(name, #f) == 0) return tl_stat_##f(x)
#define TWO(f)                                                                                     \
  if (strcmp(name, #f) == 0) return tl_stat_##f(x, a)
#define THREE(f)                                                                                   \
  if (strcmp(name, #f) == 0) return tl_stat_##f(x, a, b)
  ONE(log_gamma);
  ONE(normal_sf);
  ONE(normal_quantile);
  ONE(kolmogorov_sf);
  ONE(kolmogorov_quantile_upper);
  TWO(chi2_sf);
  TWO(chi2_cdf);
  TWO(chi2_quantile);
  TWO(t_sf);
  TWO(t_quantile);
  THREE(beta_cdf);
  THREE(beta_sf);
  THREE(beta_quantile);
  THREE(f_sf);
  THREE(f_quantile);
  fail_msg("no function %s", name);
  return 0.0;
}

static void every_function_agrees_with_mpmath(void **unused)
{
  (void)unused;
  static const struct {
    const char *name;
    double x, a, b, value;
  } rows[] = {
#define STAT(name, x, a, b, value) {#name, x, a, b, value},
#include "tests/golden/stat.def"
  };
  int misses = 0;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    const double got = call(rows[i].name, rows[i].x, rows[i].a, rows[i].b);
    const double error = fabs(got - rows[i].value);
    const double about = strcmp(rows[i].name, "log_gamma") == 0 ? 1.0 : 0.0;
    if (error <= 1e-12 * (fabs(rows[i].value) + about) || (error < 1e-30 && got == 0.0)) continue;
    print_error("%s(%.17g, %g, %g) = %.17g, expected %.17g (off by %.2g)\n", rows[i].name,
                rows[i].x, rows[i].a, rows[i].b, got, rows[i].value, error / fabs(rows[i].value));
    misses++;
  }
  assert_int_equal(misses, 0);
}

static void a_quantile_and_its_distribution_undo_each_other(void **unused)
{
  (void)unused;
  for (int i = 1; i < 200; i++) {
    const double p = (double)i / 200.0;
    assert_true(fabs(tl_stat_chi2_cdf(tl_stat_chi2_quantile(p, 7.5), 7.5) - p) < 1e-13);
    assert_true(fabs(tl_stat_t_cdf(tl_stat_t_quantile(p, 3.0), 3.0) - p) < 1e-13);
    assert_true(fabs(tl_stat_normal_cdf(tl_stat_normal_quantile(p)) - p) < 1e-13);
    assert_true(fabs(tl_stat_beta_cdf(tl_stat_beta_quantile(p, 3.0, 9.0), 3.0, 9.0) - p) < 1e-13);
    assert_true(fabs(tl_stat_f_cdf(tl_stat_f_quantile(p, 3.0, 9.0), 3.0, 9.0) - p) < 1e-13);
    const double k = tl_stat_kolmogorov_quantile_upper(p);
    assert_true(fabs(tl_stat_kolmogorov_sf(k) - p) < 1e-13);
  }
}

static void small_upper_tails_are_numbers(void **unused)
{
  (void)unused;
  const double x = tl_stat_chi2_quantile_upper(1e-30, 9.0);
  assert_true(fabs(tl_stat_chi2_sf(x, 9.0) / 1e-30 - 1.0) < 1e-11);
  assert_true(tl_stat_normal_sf(20.0) > 0.0 && tl_stat_normal_sf(20.0) < 1e-80);
}

static void ends_of_the_ranges_are_exact(void **unused)
{
  (void)unused;
  assert_true(tl_stat_chi2_quantile(0.0, 3.0) == 0.0 && isinf(tl_stat_chi2_quantile(1.0, 3.0)));
  assert_true(tl_stat_normal_quantile(0.0) < -1e300 && tl_stat_normal_quantile(1.0) > 1e300);
  assert_true(tl_stat_t_quantile(0.5, 4.0) == 0.0 && isinf(tl_stat_t_quantile(1.0, 4.0)));
  assert_true(tl_stat_beta_quantile(1.0, 2.0, 2.0) == 1.0);
  assert_true(tl_stat_beta_quantile(0.0, 2.0, 2.0) == 0.0);
  assert_true(tl_stat_chi2_sf(0.0, 3.0) == 1.0 && tl_stat_chi2_cdf((double)INFINITY, 3.0) == 1.0);
  assert_true(tl_stat_kolmogorov_sf(0.0) == 1.0 && tl_stat_kolmogorov_sf(40.0) == 0.0);
  assert_true(tl_stat_t_sf((double)INFINITY, 2.0) == 0.0);
}

static void what_is_out_of_domain_is_nan(void **unused)
{
  (void)unused;
  const double none = (double)NAN;
  assert_true(isnan(tl_stat_chi2_sf(1.0, 0.0)) && isnan(tl_stat_chi2_sf(none, 2.0)));
  assert_true(isnan(tl_stat_chi2_quantile(1.5, 2.0)) && isnan(tl_stat_chi2_quantile(0.5, -1.0)));
  assert_true(isnan(tl_stat_t_sf(1.0, 0.0)) && isnan(tl_stat_t_quantile(-0.1, 3.0)));
  assert_true(isnan(tl_stat_beta_cdf(0.5, 0.0, 1.0)) && isnan(tl_stat_beta_quantile(none, 1, 1)));
  assert_true(isnan(tl_stat_f_sf(1.0, 1.0, 0.0)) && isnan(tl_stat_f_quantile(2.0, 1.0, 1.0)));
  assert_true(isnan(tl_stat_normal_quantile(-1e-9)) && isnan(tl_stat_log_gamma(0.0)));
  assert_true(isnan(tl_stat_binomial_sf(1, 2, 1.5)) && isnan(tl_stat_kolmogorov_sf(none)));
}

/* 0 and n of n have the closed form 1 - (alpha / 2)^(1/n); the middle row is scipy.stats.beta.ppf's (1.15). */
static void clopper_pearson_intervals_are_the_published_ones(void **unused)
{
  (void)unused;
  double low, high;
  tl_stat_clopper_pearson(&low, &high, 0, 10000, 0.95);
  assert_true(low == 0.0 && fabs(high - 0.0003688199146187898) < 1e-15);
  tl_stat_clopper_pearson(&low, &high, 10000, 10000, 0.95);
  assert_true(fabs(low - (1.0 - 0.0003688199146187898)) < 1e-12 && high == 1.0);
  tl_stat_clopper_pearson(&low, &high, 510, 10000, 0.95);
  assert_true(fabs(low - 0.04676941709972465) < 1e-13);
  assert_true(fabs(high - 0.05549442726462063) < 1e-13);
}

static void the_binomial_tail_is_the_sum_of_its_terms(void **unused)
{
  (void)unused;
  double sum = 0.0, term = 1.0; /* n = 12, p = 1/4 */
  for (int i = 0; i < 12; i++) term *= 0.75;
  for (uint64_t k = 0; k <= 12; k++) {
    assert_true(fabs(tl_stat_binomial_sf(k, 12, 0.25) - (1.0 - sum)) < 1e-14);
    sum += term;
    term *= (double)(12 - k) / ((double)k + 1.0) / 3.0;
  }
  assert_true(tl_stat_binomial_sf(13, 12, 0.25) == 0.0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_function_agrees_with_mpmath),
      cmocka_unit_test(a_quantile_and_its_distribution_undo_each_other),
      cmocka_unit_test(small_upper_tails_are_numbers),
      cmocka_unit_test(ends_of_the_ranges_are_exact),
      cmocka_unit_test(what_is_out_of_domain_is_nan),
      cmocka_unit_test(clopper_pearson_intervals_are_the_published_ones),
      cmocka_unit_test(the_binomial_tail_is_the_sum_of_its_terms),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
