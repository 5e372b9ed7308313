/* Actuators: each limit alone against its rule, their order, faults, and every path. */
#include "edge/actuator.h"

#include "tests/edge/paths.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = 32 };
typedef struct bench {
  double applied[ROWS], command[ROWS], stuck[ROWS], stuck_at[ROWS], efficiency[ROWS],
      position[ROWS], since_s[ROWS];
} bench;

static bench fresh(double position)
{
  bench b;
  memset(&b, 0, sizeof b);
  for (uint32_t i = 0; i < ROWS; i++) {
    b.efficiency[i] = 1.0;
    b.position[i] = position;
    b.since_s[i] = -1e9;
  }
  return b;
}

static tl_actuator_rows rows_of(bench *b)
{
  return (tl_actuator_rows){b->applied,    b->command,  b->stuck,  b->stuck_at,
                            b->efficiency, b->position, b->since_s};
}

/* Commands every row alike; returns what row 7 applies. */
static double apply(bench *b, const tl_actuator_limits *limits, double command, double at_s,
                    double dt_s)
{
  for (uint32_t i = 0; i < ROWS; i++) b->command[i] = command;
  const tl_actuator_rows rows = rows_of(b);
  tl_actuator_apply(TL_PATH_SCALAR, &rows, ROWS, limits, tl_actuator_faulty(&rows, ROWS), at_s,
                    dt_s);
  return b->applied[7];
}

static void a_command_stops_at_the_ends_of_the_range(void **unused)
{
  (void)unused;
  const tl_actuator_limits limits = {.low = -2.0, .high = 5.0};
  bench b = fresh(0.0);
  assert_false(tl_actuator_has_memory(&limits));
  assert_true(apply(&b, &limits, 7.0, 0, 1) == 5.0);
  assert_true(apply(&b, &limits, -3.0, 1, 1) == -2.0);
  assert_true(apply(&b, &limits, 1.5, 2, 1) == 1.5);
}

static void a_rate_limit_turns_a_step_into_a_ramp_both_ways(void **unused)
{
  (void)unused;
  const tl_actuator_limits limits = {.low = 0.0, .high = 1.0, .rate_per_s = 0.125};
  bench b = fresh(0.0);
  assert_true(tl_actuator_has_memory(&limits));
  for (int tick = 1; tick <= 10; tick++) {
    const double expected = 0.25 * tick < 1.0 ? 0.25 * tick : 1.0;
    assert_true(apply(&b, &limits, 9.0, 2.0 * tick, 2.0) == expected);
  }
  assert_true(apply(&b, &limits, -9.0, 22.0, 2.0) == 0.75);
  assert_true(apply(&b, &limits, 0.7, 24.0, 2.0) == 0.7); /* within reach: goes there */
}

static void a_dead_band_ignores_small_changes_but_not_small_steps_that_add_up(void **unused)
{
  (void)unused;
  const tl_actuator_limits limits = {.low = 0.0, .high = 10.0, .dead_band = 0.5};
  bench b = fresh(4.0);
  assert_true(apply(&b, &limits, 4.4, 1, 1) == 4.0);
  assert_true(apply(&b, &limits, 3.6, 2, 1) == 4.0);
  assert_true(apply(&b, &limits, 4.5, 3, 1) == 4.5); /* exactly the band: acts */
  assert_true(apply(&b, &limits, 4.9, 4, 1) == 4.5);
  assert_true(apply(&b, &limits, 5.1, 5, 1) == 5.1); /* measured against what is applied */
}

static void what_was_switched_on_stays_on_for_its_minimum_time(void **unused)
{
  (void)unused;
  const tl_actuator_limits limits = {.low = 0.0, .high = 1.0, .min_on_s = 10.0};
  bench b = fresh(0.0);
  assert_true(apply(&b, &limits, 1.0, 100.0, 1) == 1.0);
  for (double at_s = 101.0; at_s < 110.0; at_s += 1.0)
    assert_true(apply(&b, &limits, 0.0, at_s, 1) == 1.0);
  assert_true(apply(&b, &limits, 0.0, 110.0, 1) == 0.0);
  assert_true(apply(&b, &limits, 1.0, 111.0, 1) == 1.0);   /* no minimum off time */
  assert_true(apply(&b, &limits, 0.25, 112.0, 1) == 0.25); /* on is on: the level may change */
}

static void what_was_switched_off_stays_off_for_its_minimum_time(void **unused)
{
  (void)unused;
  const tl_actuator_limits limits = {.low = 0.0, .high = 1.0, .min_off_s = 5.0};
  bench b = fresh(0.0);
  assert_true(apply(&b, &limits, 1.0, 0.0, 1) == 1.0); /* never switched before: at once */
  assert_true(apply(&b, &limits, 0.0, 1.0, 1) == 0.0);
  for (double at_s = 2.0; at_s < 6.0; at_s += 1.0)
    assert_true(apply(&b, &limits, 1.0, at_s, 1) == 0.0);
  assert_true(apply(&b, &limits, 1.0, 6.0, 1) == 1.0);
}

static void a_stuck_actuator_ignores_commands_and_comes_back_where_it_is_asked(void **unused)
{
  (void)unused;
  const tl_actuator_limits limits = {.low = 0.0, .high = 1.0};
  bench b = fresh(0.0);
  b.stuck[7] = 1.0;
  b.stuck_at[7] = 0.6;
  const tl_actuator_rows rows = rows_of(&b);
  assert_true(tl_actuator_faulty(&rows, ROWS));
  assert_true(apply(&b, &limits, 1.0, 0, 1) == 0.6);
  assert_true(b.applied[6] == 1.0);
  b.stuck[7] = 0.0;
  assert_false(tl_actuator_faulty(&rows, ROWS));
  assert_true(apply(&b, &limits, 0.25, 1, 1) == 0.25);
}

static void efficiency_is_the_share_that_arrives_and_the_rate_limit_does_not_see_it(void **unused)
{
  (void)unused;
  const tl_actuator_limits limits = {.low = 0.0, .high = 1.0, .rate_per_s = 0.25};
  bench b = fresh(0.0);
  for (uint32_t i = 0; i < ROWS; i++) b.efficiency[i] = i == 7 ? 0.5 : 1.0;
  assert_true(apply(&b, &limits, 1.0, 0, 1) == 0.125);
  assert_true(apply(&b, &limits, 1.0, 1, 1) == 0.25);
  assert_true(b.position[7] == 0.5 && b.applied[6] == 0.5);
}

static void healthy_rows_do_not_read_fault_columns(void **unused)
{
  (void)unused;
  const tl_actuator_limits limits = {.low = 0.0, .high = 1.0};
  bench b = fresh(0.0);
  const tl_actuator_rows rows = {.applied = b.applied, .command = b.command};
  tl_actuator_apply(TL_PATH_SCALAR, &rows, ROWS, &limits, false, 0.0, 1.0);
  assert_true(b.applied[31] == 0.0);
}

static void every_path_gives_the_same_bits(void **unused)
{
  (void)unused;
  tl_simd_path paths[TL_PATH_COUNT];
  const uint32_t path_count = paths_here(paths);
  const tl_actuator_limits limits[] = {
      {.low = 0.0, .high = 1.0},
      {.low = -1.0, .high = 1.0, .rate_per_s = 0.3},
      {.low = 0.0, .high = 1.0, .dead_band = 0.2, .min_on_s = 3.0, .min_off_s = 2.0}};
  uint64_t state = 7;
  for (uint32_t l = 0; l < 3; l++)
    for (int faulty = 0; faulty < 2; faulty++) {
      bench b[TL_PATH_COUNT];
      for (uint32_t p = 0; p < path_count; p++) b[p] = fresh(limits[l].low);
      for (int tick = 0; tick < 100; tick++) {
        for (uint32_t i = 0; i < ROWS; i++) {
          const double command = spread(&state) * 4.0 - 2.0, share = faulty ? spread(&state) : 1.0;
          for (uint32_t p = 0; p < path_count; p++) {
            b[p].command[i] = command;
            b[p].efficiency[i] = share;
          }
        }
        for (uint32_t p = 0; p < path_count; p++) {
          const tl_actuator_rows rows = rows_of(&b[p]);
          tl_actuator_apply(paths[p], &rows, ROWS, &limits[l], faulty != 0, tick, 1.0);
          assert_memory_equal(&b[p], &b[0], sizeof b[0]);
        }
      }
    }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_command_stops_at_the_ends_of_the_range),
      cmocka_unit_test(a_rate_limit_turns_a_step_into_a_ramp_both_ways),
      cmocka_unit_test(a_dead_band_ignores_small_changes_but_not_small_steps_that_add_up),
      cmocka_unit_test(what_was_switched_on_stays_on_for_its_minimum_time),
      cmocka_unit_test(what_was_switched_off_stays_off_for_its_minimum_time),
      cmocka_unit_test(a_stuck_actuator_ignores_commands_and_comes_back_where_it_is_asked),
      cmocka_unit_test(efficiency_is_the_share_that_arrives_and_the_rate_limit_does_not_see_it),
      cmocka_unit_test(healthy_rows_do_not_read_fault_columns),
      cmocka_unit_test(every_path_gives_the_same_bits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
