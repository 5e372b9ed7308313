/* Small dense least squares against closed forms. */
#include "fidelity/calibrate/dense.h"
#include "tests/twins/rig.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = 150, N = 5 }; /* two full buffers and a rest */

static void random_rows(double *rows, uint64_t seed)
{
  for (uint32_t i = 0; i < ROWS * N; i++) rows[i] = rig_spread(&seed, -1.0, 1.0);
}

static void push(tl_qr *qr, const double *row)
{
  for (uint32_t j = 0; j < N; j++) tl_qr_row(qr)[(size_t)j * TL_QR_ROWS] = row[j];
  tl_qr_pushed(qr);
}

static void triangle_of(double *r, const double *rows, uint32_t begin, uint32_t end,
                        tl_simd_path path)
{
  double *memory = malloc(tl_qr_doubles(N) * sizeof *memory);
  tl_qr qr;
  assert_non_null(memory);
  tl_qr_begin(&qr, N, memory, path);
  for (uint32_t i = begin; i < end; i++) push(&qr, rows + (size_t)i * N);
  tl_qr_fold(&qr);
  memcpy(r, qr.r, N * N * sizeof *r);
  free(memory);
}

/* R'R = A'A, whatever the buffers cut. */
static void expect_gram(const double *r, const double *rows)
{
  for (uint32_t a = 0; a < N; a++)
    for (uint32_t b = 0; b < N; b++) {
      double have = 0.0, want = 0.0;
      for (uint32_t i = 0; i < N; i++) have += r[a * N + i] * r[b * N + i];
      for (uint32_t i = 0; i < ROWS; i++) want += rows[i * N + a] * rows[i * N + b];
      assert_true(fabs(have - want) < 1e-12);
    }
}

static void folded_rows_keep_their_products(void **unused)
{
  (void)unused;
  double rows[ROWS * N], r[N * N];
  random_rows(rows, 3);
  triangle_of(r, rows, 0, ROWS, tl_cpu_best_path());
  for (uint32_t j = 0; j < N; j++)
    for (uint32_t i = j + 1; i < N; i++) assert_true(r[j * N + i] == 0.0);
  expect_gram(r, rows);
}

static void merged_triangles_are_the_triangle_of_all_rows(void **unused)
{
  (void)unused;
  double rows[ROWS * N], part[N * N];
  random_rows(rows, 4);
  double *memory = malloc(tl_qr_doubles(N) * sizeof *memory);
  assert_non_null(memory);
  tl_qr qr;
  tl_qr_begin(&qr, N, memory, tl_cpu_best_path());
  triangle_of(part, rows, 0, 70, tl_cpu_best_path());
  tl_qr_merge(&qr, part);
  triangle_of(part, rows, 70, ROWS, tl_cpu_best_path());
  tl_qr_merge(&qr, part);
  expect_gram(qr.r, rows);
  free(memory);
}

static void every_path_folds_to_the_same_bits(void **unused)
{
  (void)unused;
  double rows[ROWS * N], expected[N * N], r[N * N];
  random_rows(rows, 6);
  triangle_of(expected, rows, 0, ROWS, TL_PATH_SCALAR);
  for (int path = 0; path < TL_PATH_COUNT; path++) {
    if (!tl_cpu_has_path((tl_simd_path)path)) continue;
    triangle_of(r, rows, 0, ROWS, (tl_simd_path)path);
    assert_memory_equal(r, expected, sizeof r);
  }
}

static void no_rows_and_columns_of_zeros_give_zeros(void **unused)
{
  (void)unused;
  double rows[ROWS * N], r[N * N];
  triangle_of(r, NULL, 0, 0, tl_cpu_best_path());
  for (uint32_t i = 0; i < N * N; i++) assert_true(r[i] == 0.0);
  random_rows(rows, 5);
  for (uint32_t i = 0; i < ROWS; i++) rows[i * N + 2] = 0.0;
  triangle_of(r, rows, 0, ROWS, tl_cpu_best_path());
  for (uint32_t i = 0; i < N; i++) assert_true(r[2 * N + i] == 0.0);
  expect_gram(r, rows);
}

/* min (2 x + 1)^2 + (y - 3)^2 : x = -0.5, y = 3; R = diag(2, 1), q = (1, -3). */
static const double plain[9] = {2, 0, 0, 0, 1, 0, 1, -3, 0};

static void step(double *d, const double *r, double damping, double low, double high,
                 const uint8_t *held)
{
  double scratch[40];
  const double lows[2] = {low, low}, highs[2] = {high, high}, dampings[2] = {damping, damping};
  uint8_t pinned[2] = {held ? held[0] : 0, held ? held[1] : 0};
  tl_dense_step(d, 2, r, dampings, lows, highs, pinned, scratch);
}

static void a_step_solves_the_least_squares(void **unused)
{
  (void)unused;
  double d[2];
  step(d, plain, 0.0, -10, 10, NULL);
  assert_true(fabs(d[0] + 0.5) < 1e-15 && fabs(d[1] - 3.0) < 1e-15);
  step(d, plain, 1.0, -10, 10, NULL); /* damped: x = -2/5, y = 3/2 */
  assert_true(fabs(d[0] + 0.4) < 1e-15 && fabs(d[1] - 1.5) < 1e-15);
}

/* (x + y - 3)^2 + (y - 1)^2: free x = 2, y = 1; with x <= 1 the best is y = 1.5, not the cut-off y = 1. */
static void what_meets_a_bound_is_pinned_and_the_rest_solved_again(void **unused)
{
  (void)unused;
  const double r[9] = {1, 0, 0, 1, 1, 0, -3, -1, 0};
  double d[2];
  step(d, r, 0.0, -1, 1, NULL);
  assert_true(d[0] == 1.0 && d[1] == 1.0); /* y = 1.5 is beyond 1 too */
  const double wide[2] = {1.0, 10.0}, low[2] = {-10, -10}, none[2] = {0, 0};
  double scratch[40];
  uint8_t pinned[2] = {0, 0};
  tl_dense_step(d, 2, r, none, low, wide, pinned, scratch);
  assert_true(d[0] == 1.0 && fabs(d[1] - 1.5) < 1e-15);
  const uint8_t held[2] = {1, 0};
  step(d, r, 0.0, -10, 10, held);
  assert_true(d[0] == 0.0 && fabs(d[1] - 2.0) < 1e-15);
}

/* [[1,1],[0,1]] has the golden ratio and its inverse. */
static void singular_values_are_those_of_the_book(void **unused)
{
  (void)unused;
  double a[4] = {1, 0, 1, 1}, v[4], sigma[2];
  tl_dense_svd(a, v, sigma, 2);
  assert_true(fabs(sigma[0] - 1.618033988749895) < 1e-15);
  assert_true(fabs(sigma[1] - 0.6180339887498949) < 1e-15);
  double vt = v[0] * v[2] + v[1] * v[3];
  assert_true(fabs(vt) < 1e-15);
}

static void small_singular_values_keep_their_digits(void **unused)
{
  (void)unused;
  /* columns (1, 1, 1), (e, 0, 0), (0, e, 0): the Laeuchli matrix's triangle side; sigma = sqrt(3), e, e/sqrt 3 nearly */
  const double e = 1e-9;
  double a[9] = {1, 1, 1, e, 0, 0, 0, e, 0}, v[9], sigma[3];
  tl_dense_svd(a, v, sigma, 3);
  assert_true(fabs(sigma[0] - sqrt(3.0)) < 1e-14);
  assert_true(fabs(sigma[1] / e - 1.0) < 1e-9);
  assert_true(fabs(sigma[2] / (e / sqrt(3.0)) - 1.0) < 1e-9);
}

static void a_singular_matrix_has_a_zero(void **unused)
{
  (void)unused;
  double a[9] = {1, 2, 3, 2, 4, 6, 0, 1, 1}, v[9], sigma[3];
  tl_dense_svd(a, v, sigma, 3);
  assert_true(sigma[2] < 1e-15 * sigma[0]);
  assert_true(fabs(fabs(v[6]) - 2.0 / sqrt(5.0)) < 1e-12 && fabs(v[8]) < 1e-12); /* 2 a - b */
}

static void an_inverse_times_its_triangle_is_one(void **unused)
{
  (void)unused;
  const double r[9] = {2, 0, 0, 1, 4, 0, -1, 3, 5};
  double inverse[9];
  tl_dense_invert(inverse, r, 3, 3);
  for (uint32_t i = 0; i < 3; i++)
    for (uint32_t j = 0; j < 3; j++) {
      double sum = 0.0;
      for (uint32_t k = 0; k < 3; k++) sum += r[k * 3 + i] * inverse[j * 3 + k];
      assert_true(fabs(sum - (i == j)) < 1e-15);
    }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(folded_rows_keep_their_products),
      cmocka_unit_test(merged_triangles_are_the_triangle_of_all_rows),
      cmocka_unit_test(every_path_folds_to_the_same_bits),
      cmocka_unit_test(no_rows_and_columns_of_zeros_give_zeros),
      cmocka_unit_test(a_step_solves_the_least_squares),
      cmocka_unit_test(what_meets_a_bound_is_pinned_and_the_rest_solved_again),
      cmocka_unit_test(singular_values_are_those_of_the_book),
      cmocka_unit_test(small_singular_values_keep_their_digits),
      cmocka_unit_test(a_singular_matrix_has_a_zero),
      cmocka_unit_test(an_inverse_times_its_triangle_is_one),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
