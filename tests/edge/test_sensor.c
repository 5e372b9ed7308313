/* Sensors: each error alone against its formula, all together on every path, and rest that changes
 * no bit. */
#include "edge/sensor.h"

#include "tests/edge/paths.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = 64 };
static const uint32_t everything =
    TL_SENSOR_NOISE | TL_SENSOR_OFFSET | TL_SENSOR_QUANTISE | TL_SENSOR_HOLD;

typedef struct bench {
  double measured[ROWS], truth[ROWS], noise[ROWS], bias[ROWS], drift[ROWS], from[ROWS],
      resolution[ROWS], dropout[ROWS], stuck[ROWS], missing[ROWS], uniform[ROWS];
  float normal[ROWS];
  double low, high;
} bench;

static bench at_rest(void)
{
  bench b;
  memset(&b, 0, sizeof b);
  b.low = -1e12;
  b.high = 1e12;
  for (uint32_t i = 0; i < ROWS; i++) {
    b.truth[i] = 290.0 + (double)i / 7.0;
    b.uniform[i] = ((double)i + 0.5) / ROWS;
    b.normal[i] = (float)i / 10.0f - 3.0f;
  }
  return b;
}

static tl_sensor_rows rows_of(bench *b)
{
  return (tl_sensor_rows){.measured = b->measured,
                          .truth = b->truth,
                          .noise = b->noise,
                          .bias = b->bias,
                          .drift_per_s = b->drift,
                          .drift_from_s = b->from,
                          .resolution = b->resolution,
                          .dropout = b->dropout,
                          .stuck = b->stuck,
                          .missing = b->missing,
                          .low = b->low,
                          .high = b->high};
}

static void sample(bench *b, double at_s)
{
  const tl_sensor_rows rows = rows_of(b);
  tl_sensor_sample(TL_PATH_SCALAR, &rows, ROWS, tl_sensor_features(&rows, ROWS), at_s, b->normal,
                   b->uniform);
}

static void a_sensor_without_errors_measures_the_truth(void **unused)
{
  (void)unused;
  bench b = at_rest();
  sample(&b, 5.0);
  assert_memory_equal(b.measured, b.truth, sizeof b.truth);
}

static void noise_is_its_deviation_times_a_standard_normal(void **unused)
{
  (void)unused;
  bench b = at_rest();
  for (uint32_t i = 0; i < ROWS; i++) b.noise[i] = i % 2 ? 0.1 : 0.0;
  sample(&b, 5.0);
  for (uint32_t i = 0; i < ROWS; i++)
    assert_true(b.measured[i] == (i % 2 ? b.truth[i] + 0.1 * (double)b.normal[i] : b.truth[i]));
}

static void bias_is_added_and_drift_grows_from_its_start(void **unused)
{
  (void)unused;
  bench b = at_rest();
  b.bias[3] = -0.5;
  b.drift[4] = 0.25;
  b.from[4] = 100.0;
  sample(&b, 60.0);
  assert_true(b.measured[3] == b.truth[3] - 0.5);
  assert_true(b.measured[4] == b.truth[4]); /* not yet */
  sample(&b, 100.0);
  assert_true(b.measured[4] == b.truth[4]);
  sample(&b, 108.0);
  assert_true(b.measured[4] == b.truth[4] + 2.0);
  assert_true(b.measured[5] == b.truth[5]);
}

static void quantisation_rounds_to_the_nearest_step_and_halves_to_even(void **unused)
{
  (void)unused;
  bench b = at_rest();
  static const double truth[] = {0.37, 0.375, 0.625, -0.375, -0.4, 1000000.1, 0.0},
                      expected[] = {0.25, 0.5, 0.5, -0.5, -0.5, 1000000.0, 0.0};
  for (uint32_t i = 0; i < 7; i++) {
    b.truth[i] = truth[i];
    b.resolution[i] = 0.25;
  }
  sample(&b, 0.0);
  for (uint32_t i = 0; i < 7; i++) assert_true(b.measured[i] == expected[i]);
  assert_true(b.measured[8] == b.truth[8]); /* no resolution: untouched */
}

static void a_reading_stops_at_the_ends_of_the_range(void **unused)
{
  (void)unused;
  bench b = at_rest();
  b.low = 292.0;
  b.high = 295.0;
  b.bias[63] = 0.001; /* the full code */
  bench quick = b;
  for (uint32_t i = 0; i < ROWS; i++) quick.noise[i] = 1e-300; /* the code for noise alone */
  quick.bias[63] = 0.0;
  sample(&b, 0.0);
  sample(&quick, 0.0);
  for (uint32_t i = 0; i < ROWS; i++) {
    assert_true(b.measured[i] >= 292.0 && b.measured[i] <= 295.0);
    assert_true(quick.measured[i] >= 292.0 && quick.measured[i] <= 295.0);
  }
  assert_true(b.measured[0] == 292.0 && b.measured[63] == 295.0 && b.measured[20] == b.truth[20]);
}

static void a_missing_or_stuck_sample_keeps_the_old_value(void **unused)
{
  (void)unused;
  bench b = at_rest();
  for (uint32_t i = 0; i < ROWS; i++) b.measured[i] = 1.0;
  for (uint32_t i = 0; i < ROWS; i++) b.dropout[i] = 0.25;
  b.stuck[63] = 1.0;
  sample(&b, 0.0);
  for (uint32_t i = 0; i < ROWS; i++) {
    const int lost = b.uniform[i] < 0.25;
    assert_true(b.missing[i] == (lost ? 1.0 : 0.0));
    assert_true(b.measured[i] == (lost || i == 63 ? 1.0 : b.truth[i]));
  }
  b.dropout[0] = 0.0;  /* never */
  b.dropout[62] = 1.0; /* always */
  b.uniform[0] = 0.0;
  b.measured[62] = 7.0;
  b.truth[62] = 8.0;
  sample(&b, 1.0);
  assert_true(b.measured[0] == b.truth[0] && b.missing[0] == 0.0);
  assert_true(b.measured[62] == 7.0 && b.missing[62] == 1.0);
}

static void features_are_what_some_row_needs(void **unused)
{
  (void)unused;
  bench b = at_rest();
  const tl_sensor_rows rows = rows_of(&b);
  assert_int_equal(tl_sensor_features(&rows, ROWS), 0);
  double *const knob[] = {b.noise, b.bias, b.drift, b.resolution, b.dropout, b.stuck};
  static const uint32_t feature[] = {TL_SENSOR_NOISE,    TL_SENSOR_OFFSET, TL_SENSOR_OFFSET,
                                     TL_SENSOR_QUANTISE, TL_SENSOR_HOLD,   TL_SENSOR_HOLD};
  for (uint32_t i = 0; i < 6; i++)
    for (uint32_t row = 0; row < ROWS; row += 21) {
      knob[i][row] = 1.0;
      assert_int_equal(tl_sensor_features(&rows, ROWS), feature[i]);
      knob[i][row] = 0.0;
    }
}

static void a_feature_that_no_row_needs_changes_no_bit(void **unused)
{
  (void)unused;
  tl_simd_path paths[TL_PATH_COUNT];
  const uint32_t path_count = paths_here(paths);
  for (uint32_t needed = 0; needed <= everything; needed++) {
    bench start = at_rest();
    start.truth[1] = -0.0;
    for (uint32_t i = 0; i < ROWS; i += 3) {
      if (needed & TL_SENSOR_NOISE) start.noise[i] = 0.05;
      if (needed & TL_SENSOR_OFFSET) {
        start.bias[i] = -0.3;
        start.drift[i] = 1e-3;
      }
      if (needed & TL_SENSOR_QUANTISE) start.resolution[i] = 0.1;
      if (needed & TL_SENSOR_HOLD) {
        start.dropout[i] = 0.5;
        start.stuck[i] = i % 2;
      }
    }
    bench expected = start;
    const tl_sensor_rows expected_rows = rows_of(&expected);
    tl_sensor_sample(TL_PATH_SCALAR, &expected_rows, ROWS, everything, 33.0, expected.normal,
                     expected.uniform);
    for (uint32_t extra = 0; extra <= everything; extra++)
      for (uint32_t p = 0; p < path_count; p++) {
        bench b = start;
        const tl_sensor_rows rows = rows_of(&b);
        assert_int_equal(tl_sensor_features(&rows, ROWS), needed);
        tl_sensor_sample(paths[p], &rows, ROWS, needed | extra, 33.0, b.normal, b.uniform);
        assert_memory_equal(b.measured, expected.measured, sizeof b.measured);
      }
  }
}

static void every_path_gives_the_same_bits_with_every_error_at_once(void **unused)
{
  (void)unused;
  tl_simd_path paths[TL_PATH_COUNT];
  const uint32_t path_count = paths_here(paths);
  uint64_t state = 20240917;
  for (uint32_t round = 0; round < 200; round++) {
    bench start = at_rest();
    start.low = 285.0;
    start.high = 299.0;
    for (uint32_t i = 0; i < ROWS; i++) {
      start.noise[i] = spread(&state);
      start.bias[i] = spread(&state) - 0.5;
      start.drift[i] = spread(&state) * 0.01;
      start.from[i] = spread(&state) * 100.0;
      start.resolution[i] = spread(&state) < 0.5 ? 0.0 : spread(&state);
      start.dropout[i] = spread(&state) * 0.2;
      start.stuck[i] = spread(&state) < 0.1 ? 1.0 : 0.0;
      start.uniform[i] = spread(&state);
      start.normal[i] = (float)(spread(&state) * 8.0 - 4.0);
    }
    bench expected = start;
    for (uint32_t p = 0; p < path_count; p++) {
      bench b = start;
      const tl_sensor_rows rows = rows_of(&b);
      tl_sensor_sample(paths[p], &rows, ROWS, everything, (double)round, b.normal, b.uniform);
      if (p == 0) expected = b;
      assert_memory_equal(&b, &expected, sizeof b);
    }
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_sensor_without_errors_measures_the_truth),
      cmocka_unit_test(noise_is_its_deviation_times_a_standard_normal),
      cmocka_unit_test(bias_is_added_and_drift_grows_from_its_start),
      cmocka_unit_test(quantisation_rounds_to_the_nearest_step_and_halves_to_even),
      cmocka_unit_test(a_reading_stops_at_the_ends_of_the_range),
      cmocka_unit_test(a_missing_or_stuck_sample_keeps_the_old_value),
      cmocka_unit_test(features_are_what_some_row_needs),
      cmocka_unit_test(a_feature_that_no_row_needs_changes_no_bit),
      cmocka_unit_test(every_path_gives_the_same_bits_with_every_error_at_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
