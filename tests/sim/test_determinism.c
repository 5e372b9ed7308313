/* The same run, whoever runs it: threads, paths, observers, segments; and nobody else's, whatever
 * is added. */
#include "tests/sim/kit.h"

static void one_hash_for_any_thread_count_and_every_path(void **unused)
{
  (void)unused;
  static const uint32_t threads[] = {1, 2, 3, 7};
  char expected[65] = "", hex[65];
  int runs = 0;
  for (int path = 0; path < TL_PATH_COUNT; path++) {
    if (!tl_cpu_has_path((tl_simd_path)path)) {
      printf("not run: path %s\n", tl_cpu_path_name((tl_simd_path)path));
      continue;
    }
    for (uint32_t t = 0; t < 4; t++, runs++) {
      kit_options o = kit_default();
      o.threads = threads[t];
      o.path = (tl_simd_path)path;
      kit_run_hash(&o, true, hex);
      if (runs == 0) memcpy(expected, hex, sizeof expected);
      assert_string_equal(hex, expected);
    }
  }
  printf("one hash in %d runs\n", runs);
}

static void another_seed_or_fault_gives_another_hash(void **unused)
{
  (void)unused;
  kit_options o = kit_default();
  char a[65], b[65], c[65];
  kit_run_hash(&o, true, a);
  kit_run_hash(&o, false, b);
  o.seed = 8;
  kit_run_hash(&o, true, c);
  assert_string_not_equal(a, b);
  assert_string_not_equal(a, c);
}

/* The pinned hash: another one means that some build computes other numbers, or that the engine
 * changed what it computes. In the second case say why in the commit that changes
 * tests/golden/core.txt. */
static void the_hash_is_the_pinned_one(void **unused)
{
  (void)unused;
  char line[256], pinned[2][65] = {"", ""}, hex[2][65];
  FILE *file = fopen(TL_SOURCE_DIR "/tests/golden/core.txt", "r");
  assert_non_null(file);
  while (fgets(line, sizeof line, file)) {
    (void)sscanf(line, "mixed_map %64[0-9a-f]", pinned[0]);
    (void)sscanf(line, "mixed_stepped %64[0-9a-f]", pinned[1]);
  }
  fclose(file);
  for (int stepped = 0; stepped < 2; stepped++) {
    kit_options o = kit_default();
    o.stepped = stepped != 0;
    kit_run_hash(&o, true, hex[stepped]);
    printf("%s %s\n", stepped ? "mixed_stepped" : "mixed_map", hex[stepped]);
  }
  assert_string_equal(hex[0], pinned[0]);
  assert_string_equal(hex[1], pinned[1]);
}

/* An observer that reads everything and demands segments. */
enum { BLOCKS_MOST = 8, FLEETS_MOST = 4 };
typedef struct watcher {
  uint32_t segment;
  int64_t next_tick[FLEETS_MOST][BLOCKS_MOST];
  int64_t drained[FLEETS_MOST];
  double sum[FLEETS_MOST][BLOCKS_MOST];
  uint64_t windows;
  int64_t end_ns;
  const tl_world *world;
} watcher;

static void watch_tick(void *self, const tl_tick_view *view)
{
  watcher *w = self;
  const uint32_t fleet = view->fleet.index1 - 1;
  if (view->tick != w->next_tick[fleet][view->block]) return; /* segment_end notices */
  w->next_tick[fleet][view->block]++;
  if (view->at_ns != view->tick * tl_fleet_tick_ns(w->world, view->fleet))
    w->next_tick[fleet][view->block] = -1;
  for (uint32_t row = 0; row < view->rows; row++)
    w->sum[fleet][view->block] += view->column[0][row];
}

static uint32_t watch_room(void *self, tl_fleet_id fleet)
{
  (void)fleet;
  return ((watcher *)self)->segment;
}

static tl_code watch_drain(void *self, tl_fleet_id fleet, int64_t tick_end, tl_error *err)
{
  watcher *w = self;
  const uint32_t f = fleet.index1 - 1;
  if (tick_end - w->drained[f] > (int64_t)w->segment)
    return tl_fail(err, TL_E_INTERNAL, NULL, "segment too long");
  for (uint32_t block = 0; block < tl_fleet_block_count(w->world, fleet); block++)
    if (w->next_tick[f][block] != tick_end)
      return tl_fail(err, TL_E_INTERNAL, NULL, "block %u is not at tick %d", block, (int)tick_end);
  w->drained[f] = tick_end;
  return TL_OK;
}

static tl_code watch_window(void *self, const tl_window_view *view, tl_error *err)
{
  watcher *w = self;
  if (view->window != w->windows || view->begin_ns != w->end_ns ||
      view->end_ns != tl_world_now_ns(view->world))
    return tl_fail(err, TL_E_INTERNAL, NULL, "window out of order");
  w->windows++;
  w->end_ns = view->end_ns;
  return TL_OK;
}

static void observers_and_their_segments_change_no_bit(void **unused)
{
  (void)unused;
  static const uint32_t segments[] = {1, 7, 64, UINT32_MAX};
  char expected[65], hex[65];
  kit_options o = kit_default();
  kit_run_hash(&o, true, expected);
  double sum = 0.0;
  for (uint32_t s = 0; s < 4; s++) {
    o.threads = 1 + s % 3;
    tl_world *world = kit_open(&o);
    watcher w = {.segment = segments[s], .world = world};
    const tl_observer seeing = {&w, watch_tick, watch_room, watch_drain, watch_window},
                      blind = {NULL, NULL, NULL, NULL, NULL};
    MUST(tl_world_observe(world, &seeing, err));
    MUST(tl_world_observe(world, &blind, err));
    kit_run(world, 600 * S, true);
    tl_world_run_hash(world, hex);
    assert_string_equal(hex, expected);
    assert_int_equal(w.windows, 20);
    assert_int_equal(w.drained[0], 200);
    assert_int_equal(w.drained[1], 300);
    double total = 0.0; /* in block order: the observer saw the same numbers each time */
    for (uint32_t block = 0; block < 3; block++) total += w.sum[0][block];
    if (s == 0) sum = total;
    assert_true(total == sum);
    tl_world_destroy(world);
  }
}

static tl_code refuse(void *self, tl_fleet_id fleet, int64_t tick_end, tl_error *err)
{
  (void)self;
  (void)fleet;
  return tick_end > 4 ? tl_fail(err, TL_E_IO, NULL, "disk is full") : TL_OK;
}

static void an_observers_error_ends_the_window(void **unused)
{
  (void)unused;
  const kit_options o = kit_default();
  tl_world *world = kit_open(&o);
  const tl_observer observer = {.segment_end = refuse};
  tl_error said;
  MUST(tl_world_observe(world, &observer, err));
  assert_int_equal(tl_world_advance(world, 30 * S, &said), TL_E_IO);
  assert_string_equal(said.text, "disk is full");
  tl_world_destroy(world);
}

/* Every column of devices [0, count) is the same in both worlds, bit for bit. */
static void same_devices(const tl_world *a, const tl_world *b, const char *fleet, uint32_t count)
{
  const tl_fleet_id in_a = kit_fleet(a, fleet), in_b = kit_fleet(b, fleet);
  assert_int_equal(tl_fleet_column_count(a, in_a), tl_fleet_column_count(b, in_b));
  double *of_a = malloc(count * sizeof *of_a), *of_b = malloc(count * sizeof *of_b);
  for (uint32_t c = 0; c < tl_fleet_column_count(a, in_a); c++) {
    tl_fleet_read(a, in_a, c, 0, count, of_a);
    tl_fleet_read(b, in_b, c, 0, count, of_b);
    assert_memory_equal(of_a, of_b, count * sizeof *of_a);
  }
  free(of_a);
  free(of_b);
}

static void adding_devices_or_a_fleet_changes_no_other_devices_run(void **unused)
{
  (void)unused;
  const kit_options o = kit_default();
  kit_options more = o, many = o, turned = o, with = o;
  more.boxes = 601;
  more.labs = 41;
  many.boxes = 2000;
  turned.labs_first = true;
  with.extra = true;
  const kit_options *const others[] = {&more, &many, &turned, &with};
  tl_world *world = kit_open(&o);
  tl_world *other[4];
  for (int i = 0; i < 4; i++) other[i] = kit_open(others[i]);
  for (int64_t at_s = 30; at_s <= 600; at_s += 30) {
    kit_run(world, at_s * S, true);
    for (int i = 0; i < 4; i++) {
      kit_run(other[i], at_s * S, true);
      const tl_fleet_id boxes = kit_fleet(world, "boxes"), theirs = kit_fleet(other[i], "boxes");
      for (uint32_t block = 0; block < 2;
           block++) /* full blocks: one look at the digests is enough */
        assert_true(tl_block_digest(world, boxes, block) ==
                    tl_block_digest(other[i], theirs, block));
      if (at_s % 150) continue;
      same_devices(world, other[i], "boxes", 600);
      same_devices(world, other[i], "labs", 40);
    }
  }
  for (int i = 0; i < 4; i++) tl_world_destroy(other[i]);
  tl_world_destroy(world);
}

static void draws_of_a_device_depend_on_seed_fleet_stream_and_device_alone(void **unused)
{
  (void)unused;
  kit_options o = kit_default(), other = kit_default();
  other.extra = true;
  other.boxes = 5000;
  tl_world *a = kit_open(&o), *b = kit_open(&other);
  const tl_fleet_id in_a = kit_fleet(a, "boxes"), in_b = kit_fleet(b, "boxes"),
                    extra = kit_fleet(b, "extra");
  int same = 0;
  for (uint32_t device = 0; device < 300; device++) {
    assert_true(tl_fleet_draw_uniform(a, in_a, "x", device) ==
                tl_fleet_draw_uniform(b, in_b, "x", device));
    assert_true(tl_fleet_draw_normal(a, in_a, "x", device) ==
                tl_fleet_draw_normal(b, in_b, "x", device));
    same +=
        tl_fleet_draw_uniform(b, in_b, "x", device) == tl_fleet_draw_uniform(b, extra, "x", device);
    same +=
        tl_fleet_draw_uniform(b, in_b, "x", device) == tl_fleet_draw_uniform(b, in_b, "y", device);
    same += tl_fleet_draw_uniform(b, in_b, "x", device) ==
            tl_fleet_draw_uniform(b, in_b, "x", device + 1);
  }
  assert_int_equal(same, 0);
  tl_world_destroy(a);
  tl_world_destroy(b);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_hash_for_any_thread_count_and_every_path),
      cmocka_unit_test(another_seed_or_fault_gives_another_hash),
      cmocka_unit_test(the_hash_is_the_pinned_one),
      cmocka_unit_test(observers_and_their_segments_change_no_bit),
      cmocka_unit_test(an_observers_error_ends_the_window),
      cmocka_unit_test(adding_devices_or_a_fleet_changes_no_other_devices_run),
      cmocka_unit_test(draws_of_a_device_depend_on_seed_fleet_stream_and_device_alone),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
