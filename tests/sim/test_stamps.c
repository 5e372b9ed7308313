/* Fleets driven by a recording: exact stamps, inputs held, a closing row at the last stamp,
 * whatever the windows. */
#include "tests/sim/kit.h"
#include "tests/twins/rig.h"

#include "twins/incubator/incubator.h"

#include <math.h>

enum { ROWS = 8 };
static const int64_t stamps_ns[ROWS] = {1 * S,      1700000000, 2000000001, 5 * S,
                                        5250000000, 9 * S,      60 * S,     61 * S};
static const double heater_on[ROWS] = {1.0, 0.0, 1.0, 1.0, 0.25, 0.0, 1.0, 0.5};
/* the room's own stamps: an input needs no value at every row, it is held */
static const int64_t room_ns[3] = {0, 5 * S, 6 * S};
static const double room_K[3] = {
    294.0, 290.0, 300.0}; /* the second is seen by the row at 5 s, the third first at 9 s */

typedef struct rows_seen {
  uint32_t count;
  int64_t at_ns[ROWS + 2];
  double box_K[ROWS + 2], room_K[ROWS + 2], heater_on[ROWS + 2];
} rows_seen;

static void see(void *self, const tl_tick_view *view)
{
  rows_seen *r = self;
  if (r->count == ROWS + 2) return;
  r->at_ns[r->count] = view->at_ns;
  r->box_K[r->count] = view->column[INCUBATOR_box_K][2];
  r->room_K[r->count] = view->column[INCUBATOR_room_K][2];
  r->heater_on[r->count] = view->column[INCUBATOR_heater_on][2];
  r->count++;
}

static tl_fleet_def recorded(void)
{
  tl_fleet_def def = tl_fleet_def_default();
  def.name = "recorded";
  def.twin = "incubator";
  def.count = 3;
  def.dt_ns = S / 2;
  def.stamps_ns = stamps_ns;
  def.stamp_count = ROWS;
  return def;
}

static tl_world *open_recorded(int64_t sync_ns, double C_heater, rows_seen *seen)
{
  kit_options o = kit_default();
  o.sync_ns = sync_ns;
  tl_world *world = kit_empty(&o);
  const tl_fleet_def def = recorded();
  tl_fleet_id fleet;
  MUST(tl_fleet_create(world, &fleet, &def, err));
  MUST(tl_fleet_drive(world, fleet, "heater_on", stamps_ns, heater_on, ROWS, "r.lua:1", err));
  MUST(tl_fleet_drive(world, fleet, "room", room_ns, room_K, 3, "r.lua:2",
                      err)); /* by its short name */
  MUST(tl_world_seal(world, err));
  for (uint32_t i = 0; i < 3; i++) kit_set(world, "recorded", "C_heater_J_per_K", i, C_heater);
  *seen = (rows_seen){0};
  const tl_observer observer = {.self = seen, .tick = see};
  MUST(tl_world_observe(world, &observer, err));
  return world;
}

static void every_row_is_seen_once_at_its_exact_stamp_with_its_inputs(void **unused)
{
  (void)unused;
  rows_seen seen;
  tl_world *world = open_recorded(10 * S, 239.61236, &seen);
  kit_run(world, 100 * S, false);
  assert_int_equal(seen.count, ROWS);
  static const double held_room_K[ROWS] = {294, 294, 294, 290, 290, 300, 300, 300};
  for (uint32_t i = 0; i < ROWS; i++) {
    assert_int_equal(seen.at_ns[i], stamps_ns[i]);
    assert_true(seen.heater_on[i] == heater_on[i]);
    assert_true(seen.room_K[i] == held_room_K[i]);
  }
  assert_int_equal(tl_fleet_tick_ns(world, (tl_fleet_id){1}), 0);
  tl_world_destroy(world);
}

static void states_are_those_of_the_twin_stepped_from_stamp_to_stamp(void **unused)
{
  (void)unused;
  rows_seen seen;
  tl_world *world = open_recorded(10 * S, 239.61236, &seen);
  kit_run(world, 100 * S, false);
  rig r = rig_open(&incubator_twin);
  uint64_t steps = 0;
  for (uint32_t i = 0; i < ROWS; i++) {
    assert_true(seen.box_K[i] == r.column[INCUBATOR_box_K][2]);
    if (i + 1 == ROWS) break;
    const int64_t gap_ns = stamps_ns[i + 1] - stamps_ns[i];
    const uint32_t count = (uint32_t)((gap_ns + S / 2 - 1) / (S / 2));
    rig_set(&r, INCUBATOR_heater_on, seen.heater_on[i]);
    rig_set(&r, INCUBATOR_room_K, seen.room_K[i]);
    r.twin->step(r.column, (tl_slice){0, 16}, (double)gap_ns / 1e9 / (double)count, count,
                 TL_PATH_SCALAR);
    steps += count;
  }
  assert_true(tl_world_device_steps(world) == 3 * steps);
  rig_close(&r);
  tl_world_destroy(world);
}

/* Two parameters: one exponential from stamp to stamp. A grid of half seconds would miss the
 * heater's edges by degrees. */
static void input_edges_are_where_the_recording_has_them(void **unused)
{
  (void)unused;
  rows_seen seen;
  tl_world *world = open_recorded(10 * S, 0.0, &seen);
  kit_run(world, 100 * S, false);
  double box_K = 295.15;
  for (uint32_t i = 0; i < ROWS; i++) {
    assert_true(fabs(seen.box_K[i] - box_K) < 1e-9);
    if (i + 1 == ROWS) break;
    const double end_K = seen.room_K[i] + 12.16 * 10.45 * heater_on[i] / 0.77307655;
    const double dt_s = (double)(stamps_ns[i + 1] - stamps_ns[i]) / 1e9;
    box_K = end_K + (box_K - end_K) * exp(-dt_s * 0.77307655 / 177.62928);
  }
  tl_world_destroy(world);
}

static void windows_do_not_matter(void **unused)
{
  (void)unused;
  static const int64_t syncs_ns[] = {100 * S, 250000000, S, 5 * S, 61 * S, 1700000000};
  rows_seen expected, seen;
  for (uint32_t i = 0; i < 6; i++) {
    tl_world *world = open_recorded(syncs_ns[i], 239.61236, &seen);
    kit_run(world, 100 * S, false);
    if (i == 0) expected = seen;
    assert_memory_equal(&seen, &expected, sizeof seen);
    tl_world_destroy(world);
  }
}

static void the_closing_row_belongs_to_the_window_that_ends_at_it(void **unused)
{
  (void)unused;
  rows_seen seen;
  tl_world *world = open_recorded(1000 * S, 239.61236, &seen);
  kit_run(world, 60 * S, false);
  assert_int_equal(seen.count, 6); /* the row at 60 s begins the next window */
  kit_run(world, 61 * S, false);
  assert_int_equal(seen.count, ROWS);
  const double box_K = kit_get(world, "recorded", "box_K", 2);
  assert_true(box_K == seen.box_K[ROWS - 1]);
  const uint64_t steps = tl_world_device_steps(world);
  kit_run(world, 5000 * S, false); /* nothing follows a recording's end */
  assert_int_equal(seen.count, ROWS);
  assert_true(kit_get(world, "recorded", "box_K", 2) == box_K);
  assert_true(tl_world_device_steps(world) == steps);
  tl_world_destroy(world);
}

static void a_regular_fleet_may_be_driven_too(void **unused)
{
  (void)unused;
  kit_options o = kit_default();
  tl_world *world = kit_empty(&o);
  tl_fleet_def def = recorded();
  def.stamps_ns = NULL;
  def.tick_ns = S;
  tl_fleet_id fleet;
  MUST(tl_fleet_create(world, &fleet, &def, err));
  MUST(tl_fleet_drive(world, fleet, "heater_on", stamps_ns, heater_on, ROWS, NULL, err));
  MUST(tl_world_seal(world, err));
  rows_seen seen = {0};
  const tl_observer observer = {.self = &seen, .tick = see};
  MUST(tl_world_observe(world, &observer, err));
  kit_run(world, 10 * S, false);
  /* the tick at 0 comes before the first stamp: its value; later ticks see the last stamp at or
   * before them */
  static const double expected[10] = {1.0, 1.0, 0.0, 1.0, 1.0, 1.0, 0.25, 0.25, 0.25, 0.0};
  for (uint32_t i = 0; i < 10; i++) assert_true(seen.heater_on[i] == expected[i]);
  const uint64_t before = tl_block_digest(world, fleet, 0);
  kit_run(world, 60 * S, false);
  assert_true(tl_block_digest(world, fleet, 0) != before);
  tl_world_destroy(world);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_row_is_seen_once_at_its_exact_stamp_with_its_inputs),
      cmocka_unit_test(states_are_those_of_the_twin_stepped_from_stamp_to_stamp),
      cmocka_unit_test(input_edges_are_where_the_recording_has_them),
      cmocka_unit_test(windows_do_not_matter),
      cmocka_unit_test(the_closing_row_belongs_to_the_window_that_ends_at_it),
      cmocka_unit_test(a_regular_fleet_may_be_driven_too),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
