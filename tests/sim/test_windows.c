/* Windows, ticks and time: what a window is, when a write takes effect, what a snapshot brings
 * back, what is counted. */
#include "tests/sim/kit.h"

#include "base/hash.h"
#include "base/rng.h"

#include <math.h>

static void a_window_ends_at_the_next_sync_or_where_it_is_asked(void **unused)
{
  (void)unused;
  kit_options o = kit_default();
  o.sync_ns = 10 * S;
  tl_world *world = kit_open(&o);
  static const int64_t until_s[] = {100, 100, 23, 27, 100, 30 + 10, 41},
                       ends_s[] = {10, 20, 23, 27, 30, 40, 41};
  for (int i = 0; i < 7; i++) {
    MUST(tl_world_advance(world, until_s[i] * S, err));
    assert_int_equal(tl_world_now_ns(world), ends_s[i] * S);
    assert_int_equal(tl_world_window_count(world), i + 1);
  }
  tl_world_destroy(world);
}

/* A fleet runs the ticks that begin before the window's end, whole: so windows never cut a tick. */
static void cutting_time_into_other_windows_changes_no_device(void **unused)
{
  (void)unused;
  static const int64_t syncs_ns[] = {S, 2 * S, 3 * S, 7 * S, 60 * S, 1234567891};
  const kit_options first = kit_default();
  tl_world *whole = kit_open(&first);
  kit_run(whole, 600 * S, false);
  for (uint32_t i = 0; i < 6; i++) {
    kit_options o = kit_default();
    o.sync_ns = syncs_ns[i];
    tl_world *world = kit_open(&o);
    kit_run(world, 600 * S, false);
    for (uint32_t f = 1; f <= 2; f++)
      for (uint32_t block = 0; block < tl_fleet_block_count(world, (tl_fleet_id){f}); block++)
        assert_true(tl_block_digest(world, (tl_fleet_id){f}, block) ==
                    tl_block_digest(whole, (tl_fleet_id){f}, block));
    assert_true(tl_world_device_steps(world) == tl_world_device_steps(whole));
    tl_world_destroy(world);
  }
  tl_world_destroy(whole);
}

static void a_write_between_windows_takes_effect_at_the_fleets_next_tick(void **unused)
{
  (void)unused;
  kit_options o = kit_default();
  o.labs = 0;
  o.sync_ns = 600 * S;
  tl_world *early = kit_open(&o), *late = kit_open(&o), *next = kit_open(&o);
  kit_run(early, 32 * S,
          false); /* ticks begin at 0, 3, ... 30: eleven ran, states are those of 33 s */
  kit_run(late, 33 * S, false);
  kit_run(next, 36 * S, false);
  assert_true(kit_get(early, "boxes", "box_K", 3) == kit_get(late, "boxes", "box_K", 3));
  kit_set(early, "boxes", "lid_open", 3, 1.0);
  kit_set(late, "boxes", "lid_open", 3, 1.0);
  kit_set(next, "boxes", "lid_open", 3, 1.0);
  kit_run(early, 90 * S, false);
  kit_run(late, 90 * S, false);
  kit_run(next, 90 * S, false);
  assert_true(kit_get(early, "boxes", "box_K", 3) == kit_get(late, "boxes", "box_K", 3));
  assert_true(kit_get(early, "boxes", "box_K", 3) != kit_get(next, "boxes", "box_K", 3));
  tl_world_destroy(early);
  tl_world_destroy(late);
  tl_world_destroy(next);
}

static void device_steps_are_devices_times_plant_steps(void **unused)
{
  (void)unused;
  const kit_options o = kit_default();
  tl_world *world = kit_open(&o);
  kit_run(world, 61 * S,
          false); /* boxes: ticks at 0 .. 60, 6 steps each; labs: 0 .. 60, 4 steps each */
  assert_true(tl_world_device_steps(world) == 600u * 21u * 6u + 40u * 31u * 4u);
  tl_world_destroy(world);
}

static void a_snapshot_goes_on_as_the_unbroken_run_from_every_window(void **unused)
{
  (void)unused;
  enum { WINDOWS = 20 };
  kit_options o = kit_default();
  o.threads = 2;
  uint64_t roots[WINDOWS];
  char expected[65], hex[65];
  tl_world *unbroken = kit_open(&o);
  for (int w = 0; w < WINDOWS; w++) {
    kit_run(unbroken, (w + 1) * 30 * S, true);
    roots[w] = tl_world_root(unbroken);
  }
  tl_world_run_hash(unbroken, expected);
  tl_world *world = kit_open(&o), *other = kit_open(&o);
  unsigned char *snapshot = malloc(tl_world_snapshot_bytes(world));
  for (int w = 0; w < WINDOWS; w++) {
    kit_run(world, w * 30 * S, true); /* on from the last round's restore */
    tl_world_snapshot(world, snapshot);
    const uint64_t steps = tl_world_device_steps(world);
    uint64_t digest[3];
    double power_W[600];
    for (uint32_t block = 0; block < 3; block++)
      digest[block] = tl_block_digest(world, (tl_fleet_id){1}, block);
    const uint32_t power = kit_column(world, (tl_fleet_id){1}, "power_W");
    tl_fleet_read(world, (tl_fleet_id){1}, power, 0, 600, power_W);
    kit_set(world, "boxes", "lid_open", 77, 1.0);
    kit_run(world, (w + 4) * 30 * S, false); /* somewhere else, with another map */
    kit_set(world, "boxes", "box.noise", 5, 3.0);
    tl_world_restore(world, snapshot);
    assert_int_equal(tl_world_now_ns(world), w * 30 * S);
    assert_true(tl_world_device_steps(world) == steps);
    for (uint32_t block = 0; block < 3; block++)
      assert_true(tl_block_digest(world, (tl_fleet_id){1}, block) == digest[block]);
    for (uint32_t device = 0; w && device < 600;
         device++) { /* outputs are those of the states again */
      double now = 0.0;
      tl_fleet_read(world, (tl_fleet_id){1}, power, device, device + 1, &now);
      assert_true(now == power_W[device]);
    }
    tl_world_restore(other, snapshot); /* a fresh world, made from the same recipe */
    for (int later = w; later < WINDOWS; later++) {
      kit_run(other, (later + 1) * 30 * S, true);
      assert_true(tl_world_root(other) == roots[later]);
    }
  }
  kit_run(world, WINDOWS * 30 * S, true);
  tl_world_run_hash(world, hex);
  assert_string_equal(hex, expected);
  free(snapshot);
  tl_world_destroy(unbroken);
  tl_world_destroy(world);
  tl_world_destroy(other);
}

static void a_state_that_is_no_number_names_time_fleet_device_and_column(void **unused)
{
  (void)unused;
  for (int stepped = 0; stepped < 2; stepped++) {
    kit_options o = kit_default();
    o.stepped = stepped != 0;
    tl_world *world = kit_open(&o);
    kit_set(world, "boxes", "C_air_J_per_K", 300,
            0.001); /* within its range, but far too stiff for the step */
    kit_set(world, "boxes", "G_box_W_per_K", 300, 1e4);
    tl_error said;
    tl_code code = TL_OK;
    while (code == TL_OK && tl_world_now_ns(world) < 600 * S)
      code = tl_world_advance(world, 600 * S, &said);
    assert_int_equal(code, TL_E_NAN);
    printf("%s\n", said.text);
    assert_string_equal(said.text,
                        "fleet 'boxes' device 300: heater_K is not a finite number at 30.000 s");
    tl_world_destroy(world);
  }
}

static void a_flipped_bit_changes_the_digest_of_exactly_one_block(void **unused)
{
  (void)unused;
  static const struct {
    const char *fleet, *column;
    uint32_t device, bit;
  } flips[] = {{"boxes", "box_K", 299, 20},         {"boxes", "heater_K", 599, 51},
               {"boxes", "G_lid_W_per_K", 0, 0},    {"labs", "T2_K", 39, 30},
               {"labs", "control.integral", 3, 40}, {"boxes", "control.band", 256, 3}};
  for (uint32_t i = 0; i < sizeof flips / sizeof flips[0]; i++) {
    const kit_options o = kit_default();
    tl_world *a = kit_open(&o), *b = kit_open(&o);
    kit_run(a, 90 * S, false);
    kit_run(b, 90 * S, false);
    assert_true(tl_world_root(a) == tl_world_root(b));
    const tl_fleet_id fleet = kit_fleet(b, flips[i].fleet);
    MUST(tl_world_flip_bit(b, fleet, flips[i].device, kit_column(b, fleet, flips[i].column),
                           flips[i].bit, err));
    kit_run(a, 120 * S, false);
    kit_run(b, 120 * S, false);
    assert_true(tl_world_root(a) != tl_world_root(b));
    for (uint32_t f = 1; f <= 2; f++)
      for (uint32_t block = 0; block < tl_fleet_block_count(a, (tl_fleet_id){f}); block++) {
        const int here = f == fleet.index1 && block == flips[i].device / 256;
        const int differs = tl_block_digest(a, (tl_fleet_id){f}, block) !=
                            tl_block_digest(b, (tl_fleet_id){f}, block);
        assert_int_equal(differs, here);
      }
    tl_world_destroy(a);
    tl_world_destroy(b);
  }
}

/* The k smallest keyed hashes, written the slow way. */
static void a_sample_is_the_smallest_keyed_hashes_in_order(void **unused)
{
  (void)unused;
  enum { DEVICES = 600 };
  const kit_options o = kit_default();
  tl_world *world = kit_open(&o);
  const tl_fleet_id boxes = kit_fleet(world, "boxes");
  const tl_rng_key key =
      tl_rng_key_make(o.seed, tl_hash_text("boxes"), (uint32_t)tl_hash_text("faulty"));
  static const uint32_t sizes[] = {0, 1, 2, 7, 300, 599, 600};
  for (uint32_t s = 0; s < 7; s++) {
    uint32_t picked[DEVICES], expected_count = 0;
    tl_fleet_sample(world, boxes, "faulty", sizes[s], picked);
    for (uint32_t device = 0; device < DEVICES; device++) {
      uint32_t smaller = 0;
      for (uint32_t d = 0; d < DEVICES; d++)
        smaller += tl_rng_hash64(key, d) < tl_rng_hash64(key, device);
      if (smaller >= sizes[s]) continue;
      assert_int_equal(picked[expected_count], device);
      expected_count++;
    }
    assert_int_equal(expected_count, sizes[s]);
  }
  tl_world_destroy(world);
}

static void more_devices_only_push_members_out_of_a_sample(void **unused)
{
  (void)unused;
  kit_options o = kit_default(), more = kit_default();
  more.boxes = 900;
  more.extra = true;
  tl_world *small = kit_open(&o), *large = kit_open(&more);
  uint32_t of_small[60], of_large[60], other[60];
  tl_fleet_sample(small, kit_fleet(small, "boxes"), "faulty", 60, of_small);
  tl_fleet_sample(large, kit_fleet(large, "boxes"), "faulty", 60, of_large);
  tl_fleet_sample(small, kit_fleet(small, "boxes"), "other", 60, other);
  uint32_t kept = 0, newcomers = 0;
  for (int i = 0; i < 60; i++) {
    int found = 0;
    for (int j = 0; j < 60; j++) found |= of_small[j] == of_large[i];
    newcomers += of_large[i] >= 600;
    kept += of_large[i] < 600;
    assert_true(of_large[i] >= 600 || found); /* nobody old comes in because of the new */
  }
  assert_int_equal(kept + newcomers, 60);
  assert_in_range(newcomers, 8, 35); /* a third of the devices is new: 20 expected */
  assert_memory_not_equal(of_small, other, sizeof other);
  tl_world_destroy(small);
  tl_world_destroy(large);
}

static void a_name_without_its_unit_finds_its_column(void **unused)
{
  (void)unused;
  const kit_options o = kit_default();
  tl_world *world = kit_open(&o);
  const tl_fleet_id boxes = kit_fleet(world, "boxes");
  assert_int_equal(kit_column(world, boxes, "room"), kit_column(world, boxes, "room_K"));
  assert_int_equal(kit_column(world, boxes, "C_air"), kit_column(world, boxes, "C_air_J_per_K"));
  assert_string_equal(tl_fleet_column(world, boxes, kit_column(world, boxes, "box"))->meaning,
                      "measured value"); /* the sensor */
  assert_null(tl_fleet_column(world, boxes, tl_fleet_column_count(world, boxes)));
  tl_world_destroy(world);
}

typedef struct visits {
  uint32_t count[3];
  double sum[3];
  const tl_world *world;
  uint32_t column;
} visits;

static void visit(void *context, uint32_t block, uint32_t thread)
{
  visits *v = context;
  const double *rows = tl_block_column(v->world, (tl_fleet_id){1}, block, v->column);
  v->count[block] += thread < tl_world_thread_count(v->world);
  for (uint32_t row = 0; row < (block < 2 ? 256u : 88u); row++) v->sum[block] += rows[row];
}

static void reductions_visit_every_block_once_and_read_its_rows(void **unused)
{
  (void)unused;
  kit_options o = kit_default();
  double expected = 0.0;
  for (o.threads = 1; o.threads <= 3; o.threads++) {
    tl_world *world = kit_open(&o);
    kit_run(world, 60 * S, false);
    visits v = {.world = world, .column = kit_column(world, (tl_fleet_id){1}, "box_K")};
    tl_world_for_blocks(world, (tl_fleet_id){1}, visit, &v);
    for (int block = 0; block < 3; block++) assert_int_equal(v.count[block], 1);
    const double sum = v.sum[0] + v.sum[1] + v.sum[2];
    if (o.threads == 1) expected = sum;
    assert_true(sum == expected && sum > 600 * 295.0);
    tl_world_destroy(world);
  }
}

static void no_sample_is_missing_once_the_fault_is_gone(void **unused)
{
  (void)unused;
  const kit_options o = kit_default();
  tl_world *world = kit_open(&o);
  kit_set(world, "boxes", "box.dropout", 300, 1.0);
  kit_set(world, "boxes", "box_K", 300, 310.5);
  kit_set(world, "boxes", "box.stuck", 12, 1.0);
  kit_run(world, 30 * S, false);
  assert_true(kit_get(world, "boxes", "box.missing", 300) == 1.0);
  const double held = kit_get(world, "boxes", "box", 300);
  assert_true(held == 310.5); /* what was true when the first sample was due */
  kit_set(world, "boxes", "box.dropout", 300, 0.0);
  kit_run(world, 60 * S, false);
  assert_true(kit_get(world, "boxes", "box.missing", 300) == 0.0);
  assert_true(kit_get(world, "boxes", "box", 300) != held);
  assert_true(kit_get(world, "boxes", "box", 12) == 295.15); /* still stuck */
  tl_world_destroy(world);
}

static void hysteresis_and_pid_hold_their_set_points(void **unused)
{
  (void)unused;
  const kit_options o = kit_default();
  tl_world *world = kit_open(&o);
  kit_run(world, 3600 * S, false);
  double low = 1e9, high = 0.0;
  for (int tick = 0; tick < 200; tick++) {
    kit_run(world, tl_world_now_ns(world) + 3 * S, false);
    const double box_K = kit_get(world, "boxes", "box_K", 11);
    low = fmin(low, box_K);
    high = fmax(high, box_K);
  }
  assert_true(low > 305.0 && high < 314.0 && high - low > 1.0);
  assert_true(fabs(kit_get(world, "labs", "T1_K", 7) - 320.0) < 0.5);
  assert_true(kit_get(world, "labs", "Q1_pct", 7) > 5.0);
  tl_world_destroy(world);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_window_ends_at_the_next_sync_or_where_it_is_asked),
      cmocka_unit_test(cutting_time_into_other_windows_changes_no_device),
      cmocka_unit_test(a_write_between_windows_takes_effect_at_the_fleets_next_tick),
      cmocka_unit_test(device_steps_are_devices_times_plant_steps),
      cmocka_unit_test(a_snapshot_goes_on_as_the_unbroken_run_from_every_window),
      cmocka_unit_test(a_state_that_is_no_number_names_time_fleet_device_and_column),
      cmocka_unit_test(a_flipped_bit_changes_the_digest_of_exactly_one_block),
      cmocka_unit_test(a_sample_is_the_smallest_keyed_hashes_in_order),
      cmocka_unit_test(more_devices_only_push_members_out_of_a_sample),
      cmocka_unit_test(a_name_without_its_unit_finds_its_column),
      cmocka_unit_test(reductions_visit_every_block_once_and_read_its_rows),
      cmocka_unit_test(no_sample_is_missing_once_the_fault_is_gone),
      cmocka_unit_test(hysteresis_and_pid_hold_their_set_points),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
