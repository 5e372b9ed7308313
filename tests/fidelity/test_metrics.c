/* Metrics against the golden cases (numpy formulas), and where they must refuse to give a number.
 * */
#include "fidelity/metrics.h"

#include "base/text.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS_MAX = 2000 };

typedef struct series {
  char name[64];
  size_t n;
  double ref[ROWS_MAX], sim[ROWS_MAX];
} series;

static void load(series *out, const char *name)
{
  char path[400], line[400];
  snprintf(path, sizeof path, "%s/data/fidelity-golden/series/%.60s.csv", TL_SHARED_DIR, name);
  FILE *file = fopen(path, "r");
  assert_non_null(file);
  snprintf(out->name, sizeof out->name, "%.60s", name);
  out->n = 0;
  assert_non_null(fgets(line, sizeof line, file));
  while (fgets(line, sizeof line, file)) {
    char *ref = strchr(line, ','), *sim = ref ? strchr(ref + 1, ',') : NULL;
    assert_non_null(sim);
    assert_true(out->n < ROWS_MAX);
    out->ref[out->n] = strtod(ref + 1, NULL);
    out->sim[out->n++] = strtod(sim + 1, NULL);
  }
  fclose(file);
}

/* Golden name and p to our metric; TL_METRIC_COUNT when it is not ours. */
static tl_metric ours(const char *name, const char *rest)
{
  static const struct {
    const char *golden;
    tl_metric metric;
  } map[] = {{"rmse", TL_METRIC_rmse}, {"nrmse_range", TL_METRIC_nrmse_range},
             {"mae", TL_METRIC_mae},   {"max_abs", TL_METRIC_max_abs},
             {"bias", TL_METRIC_bias}, {"r2", TL_METRIC_r2},
             {"nse", TL_METRIC_r2}};
  for (size_t i = 0; i < sizeof map / sizeof map[0]; i++)
    if (strcmp(map[i].golden, name) == 0) return map[i].metric;
  if (strstr(rest, "\"p\"\": 1}") == NULL) return TL_METRIC_COUNT;
  if (strcmp(name, "cvrmse_pct") == 0) return TL_METRIC_cvrmse_pct;
  if (strcmp(name, "nmbe_pct") == 0) return TL_METRIC_nmbe_pct;
  return TL_METRIC_COUNT;
}

static void check_row(const series *s, tl_metric metric, const char *expected_text,
                      const char *note)
{
  tl_metric_value got[TL_METRIC_COUNT];
  tl_metrics_compute(got, s->sim, s->ref, s->n, "W");
  if (strstr(note, "ill-conditioned")) {
    assert_int_equal(got[metric].status, TL_METRIC_ILL_CONDITIONED);
    assert_true(isnan(got[metric].value));
    return;
  }
  double expected = 0.0;
  assert_true(tl_text_parse_double(&expected, expected_text));
  if (isnan(expected)) {
    assert_int_equal(got[metric].status, TL_METRIC_UNDEFINED);
    return;
  }
  assert_int_equal(got[metric].status, TL_METRIC_OK);
  const double error = fabs(got[metric].value - expected);
  if (error > 1e-9 * fabs(expected) + 1e-15)
    fail_msg("%s %s: %.17g, expected %.17g", s->name, tl_metric_describe(metric)->name,
             got[metric].value, expected);
}

static void every_golden_row_of_our_metrics_agrees(void **unused)
{
  (void)unused;
  if (TL_SHARED_DIR[0] == '\0') {
    printf("SKIP: golden cases are not here\n");
    skip();
  }
  static series s;
  char line[600];
  int rows = 0;
  FILE *file = fopen(TL_SHARED_DIR "/data/fidelity-golden/cases.csv", "r");
  assert_non_null(file);
  while (fgets(line, sizeof line, file)) {
    char *metric_text = strchr(line, ',');
    if (metric_text == NULL || line[0] != 'p') continue;
    *metric_text++ = '\0';
    char *rest = strchr(metric_text, ',');
    assert_non_null(rest);
    *rest++ = '\0';
    const tl_metric metric = ours(metric_text, rest);
    if (metric == TL_METRIC_COUNT) continue;
    /* params are {} or one quoted object; then expected, source, note */
    char *expected = rest[0] == '"' ? strstr(rest, "}\",") : strstr(rest, "},");
    assert_non_null(expected);
    expected += rest[0] == '"' ? 3 : 2;
    char *source = strchr(expected, ',');
    assert_non_null(source);
    *source++ = '\0';
    if (strncmp(source, "numpy", 5) != 0) continue; /* packages: the same formulas at 1e-6 */
    if (strcmp(s.name, line) != 0) load(&s, line);
    check_row(&s, metric, expected, source);
    rows++;
  }
  fclose(file);
  printf("golden rows checked: %d\n", rows);
  assert_true(rows >= 96); /* 12 series, 8 metrics */
}

static void a_constant_reference_has_no_nrmse_and_no_r2(void **unused)
{
  (void)unused;
  const double ref[3] = {20, 20, 20}, sim[3] = {20, 20, 20};
  tl_metric_value got[TL_METRIC_COUNT];
  tl_metrics_compute(got, sim, ref, 3, "W");
  assert_int_equal(got[TL_METRIC_nrmse_range].status, TL_METRIC_UNDEFINED);
  assert_int_equal(got[TL_METRIC_r2].status, TL_METRIC_UNDEFINED);
  assert_true(isnan(got[TL_METRIC_r2].value));
  assert_int_equal(got[TL_METRIC_rmse].status, TL_METRIC_OK);
  assert_true(got[TL_METRIC_rmse].value == 0.0);
}

static void a_mean_near_zero_is_ill_conditioned_even_for_an_exact_twin(void **unused)
{
  (void)unused;
  const double ref[4] = {-1, 1, -1, 1.001};
  tl_metric_value got[TL_METRIC_COUNT];
  tl_metrics_compute(got, ref, ref, 4, "W");
  assert_int_equal(got[TL_METRIC_cvrmse_pct].status, TL_METRIC_ILL_CONDITIONED);
  assert_int_equal(got[TL_METRIC_nmbe_pct].status, TL_METRIC_ILL_CONDITIONED);
  assert_true(isnan(got[TL_METRIC_nmbe_pct].value));
  const double zero[2] = {0, 0};
  tl_metrics_compute(got, zero, zero, 2, "W");
  assert_int_equal(got[TL_METRIC_cvrmse_pct].status, TL_METRIC_ILL_CONDITIONED);
}

static void no_samples_give_no_numbers_and_one_sample_no_percentages(void **unused)
{
  (void)unused;
  const double one[1] = {5};
  tl_metric_value got[TL_METRIC_COUNT];
  tl_metrics_compute(got, one, one, 0, "W");
  for (int i = 0; i < TL_METRIC_COUNT; i++) {
    assert_int_equal(got[i].status, TL_METRIC_UNDEFINED);
    assert_true(isnan(got[i].value));
  }
  tl_metrics_compute(got, one, one, 1, "W");
  assert_int_equal(got[TL_METRIC_rmse].status, TL_METRIC_OK);
  assert_int_equal(got[TL_METRIC_cvrmse_pct].status, TL_METRIC_UNDEFINED);
}

static void nmbe_is_positive_and_bias_negative_when_the_simulation_is_low(void **unused)
{
  (void)unused;
  const double ref[3] = {10, 20, 30}, sim[3] = {9, 19, 29};
  tl_metric_value got[TL_METRIC_COUNT];
  tl_metrics_compute(got, sim, ref, 3, "W");
  assert_true(fabs(got[TL_METRIC_nmbe_pct].value - 100.0 * 3 / (2 * 20.0)) < 1e-12);
  assert_true(fabs(got[TL_METRIC_bias].value + 1.0) < 1e-15);
  assert_string_equal(got[TL_METRIC_nmbe_pct].unit, "%");
  assert_string_equal(got[TL_METRIC_r2].unit, "1");
  assert_string_equal(got[TL_METRIC_bias].unit, "W");
}

static void percentages_of_a_temperature_do_not_depend_on_its_scale(void **unused)
{
  (void)unused;
  const double celsius[4] = {30, 34, 38, 33}, sim[4] = {30.5, 34.1, 37.2, 33.3};
  double ref_K[4], sim_K[4], ref_F[4], sim_F[4];
  for (int i = 0; i < 4; i++) {
    ref_K[i] = celsius[i] + 273.15;
    sim_K[i] = sim[i] + 273.15;
    ref_F[i] = celsius[i] * 1.8 + 32;
    sim_F[i] = sim[i] * 1.8 + 32;
  }
  tl_metric_value c[TL_METRIC_COUNT], k[TL_METRIC_COUNT], f[TL_METRIC_COUNT];
  tl_metrics_compute(c, sim, celsius, 4, "degC");
  tl_metrics_compute(k, sim_K, ref_K, 4, "K");
  tl_metrics_compute(f, sim_F, ref_F, 4, "degF");
  for (int i = 0; i < TL_METRIC_COUNT; i++) {
    assert_true(fabs(c[i].value - k[i].value) < 1e-9 * fabs(c[i].value) + 1e-9);
    assert_true(fabs(c[i].value - f[i].value) < 1e-9 * fabs(c[i].value) + 1e-9);
    assert_string_equal(c[i].unit, k[i].unit);
    assert_string_equal(c[i].unit, f[i].unit);
  }
  assert_string_equal(c[TL_METRIC_rmse].unit, "K");
}

static void a_temperature_difference_keeps_its_own_zero(void **unused)
{
  (void)unused;
  const double ref[3] = {2, 3, 4}, sim[3] = {1, 2, 3};
  tl_metric_value got[TL_METRIC_COUNT];
  tl_metrics_compute(got, sim, ref, 3, "K");
  assert_true(fabs(got[TL_METRIC_nmbe_pct].value - 50.0) < 1e-12);
}

static void metrics_are_found_by_name_and_say_what_they_are_not_for(void **unused)
{
  (void)unused;
  tl_metric metric = TL_METRIC_COUNT;
  assert_true(tl_metric_find(&metric, "nmbe_pct"));
  assert_int_equal(metric, TL_METRIC_nmbe_pct);
  assert_false(tl_metric_find(&metric, "rsme"));
  for (int i = 0; i < TL_METRIC_COUNT; i++)
    assert_true(strlen(tl_metric_describe((tl_metric)i)->not_for) > 10);
  assert_string_equal(tl_metric_status_name(TL_METRIC_ILL_CONDITIONED), "ill-conditioned");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_golden_row_of_our_metrics_agrees),
      cmocka_unit_test(a_constant_reference_has_no_nrmse_and_no_r2),
      cmocka_unit_test(a_mean_near_zero_is_ill_conditioned_even_for_an_exact_twin),
      cmocka_unit_test(no_samples_give_no_numbers_and_one_sample_no_percentages),
      cmocka_unit_test(nmbe_is_positive_and_bias_negative_when_the_simulation_is_low),
      cmocka_unit_test(percentages_of_a_temperature_do_not_depend_on_its_scale),
      cmocka_unit_test(a_temperature_difference_keeps_its_own_zero),
      cmocka_unit_test(metrics_are_found_by_name_and_say_what_they_are_not_for),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
