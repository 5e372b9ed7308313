/* Alarms: persistence, clearing, onsets, and a reference that is written the slow way. */
#include "edge/alarm.h"

#include "tests/edge/paths.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = 48 };
typedef struct bench {
  double score[ROWS], threshold[ROWS], onset_s[ROWS];
  int32_t onsets[ROWS], sums[ROWS];
  uint8_t alarm[ROWS], streak[ROWS];
} bench;

static bench fresh(void)
{
  bench b;
  memset(&b, 0, sizeof b);
  for (uint32_t i = 0; i < ROWS; i++) {
    b.threshold[i] = 5.0;
    b.onset_s[i] = -1.0;
  }
  return b;
}

static void run(bench *b, tl_simd_path path, double scale, uint32_t persist, double at_s)
{
  const tl_alarm_rows rows = {b->score, b->threshold, b->alarm, b->streak, b->onsets, b->onset_s};
  tl_alarm_run(path, &rows, ROWS, b->sums, scale, persist, at_s);
}

static void an_alarm_needs_its_inferences_in_a_row_and_clears_likewise(void **unused)
{
  (void)unused;
  static const int32_t sums[] = {20, 30, 0, 30, 30, 30, 30, 0, 0, 30, 0, 0, 0, 30};
  static const uint8_t alarm[] = {0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 0, 0};
  bench b = fresh();
  for (uint32_t k = 0; k < sizeof sums / sizeof sums[0]; k++) {
    b.sums[9] = sums[k];
    run(&b, TL_PATH_SCALAR, 0.25, 3, (double)k);
    assert_true(b.score[9] == 0.25 * sums[k]);
    assert_int_equal(b.alarm[9], alarm[k]);
  }
  assert_int_equal(b.onsets[9], 1);
  assert_true(b.onset_s[9] == 5.0);
  assert_true(b.onset_s[8] == -1.0 && b.onsets[8] == 0);
}

static void a_score_at_the_threshold_is_no_alarm(void **unused)
{
  (void)unused;
  bench b = fresh();
  b.sums[0] = 20;
  b.sums[1] = 21;
  run(&b, TL_PATH_SCALAR, 0.25, 1, 1.0);
  assert_int_equal(b.alarm[0], 0);
  assert_int_equal(b.alarm[1], 1);
}

static void every_onset_counts_and_keeps_its_time(void **unused)
{
  (void)unused;
  bench b = fresh();
  for (int k = 0; k < 10; k++) {
    b.sums[2] = k % 2 ? 0 : 99;
    run(&b, TL_PATH_SCALAR, 1.0, 1, (double)k);
  }
  assert_int_equal(b.onsets[2], 5);
  assert_true(b.onset_s[2] == 8.0);
}

static void without_persistence_only_the_score_is_written(void **unused)
{
  (void)unused;
  bench b = fresh();
  for (uint32_t i = 0; i < ROWS; i++) b.sums[i] = 1000;
  run(&b, TL_PATH_SCALAR, 1.0, 0, 1.0);
  for (uint32_t i = 0; i < ROWS; i++) {
    assert_true(b.score[i] == 1000.0);
    assert_int_equal(b.alarm[i] + b.streak[i] + b.onsets[i], 0);
  }
}

static void the_longest_persistence_is_255(void **unused)
{
  (void)unused;
  bench b = fresh();
  b.sums[0] = 9;
  for (int k = 0; k < 254; k++) run(&b, TL_PATH_SCALAR, 1.0, 255, k);
  assert_int_equal(b.alarm[0], 0);
  run(&b, TL_PATH_SCALAR, 1.0, 255, 254);
  assert_int_equal(b.alarm[0], 1);
}

/* The rule in the header, word by word, without any short cut. */
static void by_hand(bench *b, double scale, uint32_t persist, double at_s)
{
  for (uint32_t i = 0; i < ROWS; i++) {
    b->score[i] = (double)b->sums[i] * scale;
    const int over = b->score[i] > b->threshold[i];
    if (over == b->alarm[i]) {
      b->streak[i] = 0;
    } else if (++b->streak[i] == persist) {
      b->streak[i] = 0;
      b->alarm[i] = (uint8_t)over;
      if (over) {
        b->onsets[i]++;
        b->onset_s[i] = at_s;
      }
    }
  }
}

static void every_path_agrees_with_the_rule_on_random_scores(void **unused)
{
  (void)unused;
  tl_simd_path paths[TL_PATH_COUNT];
  const uint32_t path_count = paths_here(paths);
  for (uint32_t persist = 1; persist <= 4; persist++)
    for (uint32_t p = 0; p < path_count; p++) {
      uint64_t state = 99;
      bench b = fresh(), expected = fresh();
      for (int k = 0; k < 500; k++) {
        const double share =
            k % 100 < 50 ? 0.0 : 0.5; /* quiet times too: they take the short cut */
        for (uint32_t i = 0; i < ROWS; i++)
          b.sums[i] = expected.sums[i] =
              spread(&state) < share ? 21 + (int32_t)(spread(&state) * 9.0) : (int32_t)i;
        run(&b, paths[p], 0.25, persist, k);
        by_hand(&expected, 0.25, persist, k);
        assert_memory_equal(&b, &expected, sizeof b);
      }
    }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_alarm_needs_its_inferences_in_a_row_and_clears_likewise),
      cmocka_unit_test(a_score_at_the_threshold_is_no_alarm),
      cmocka_unit_test(every_onset_counts_and_keeps_its_time),
      cmocka_unit_test(without_persistence_only_the_score_is_written),
      cmocka_unit_test(the_longest_persistence_is_255),
      cmocka_unit_test(every_path_agrees_with_the_rule_on_random_scores),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
