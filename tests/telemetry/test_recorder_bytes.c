/* The recorder's file is a function of the run alone: not of threads, paths, time or addresses. And it costs no
 * memory beyond what it said. */
#include "recorder_support.h"

#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* The linker sends every allocation of our own objects through these (--wrap); the libraries' own are not seen.
 * A count is all that leaves them, and a function called by name has no other way to give it. */
static volatile sig_atomic_t allocations;
void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *old, size_t bytes);
void *__real_aligned_alloc(size_t alignment, size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);
void *__wrap_aligned_alloc(size_t alignment, size_t bytes);
void *__wrap_malloc(size_t bytes)
{
  __atomic_fetch_add(&allocations, 1, __ATOMIC_RELAXED);
  return __real_malloc(bytes);
}
void *__wrap_calloc(size_t count, size_t bytes)
{
  __atomic_fetch_add(&allocations, 1, __ATOMIC_RELAXED);
  return __real_calloc(count, bytes);
}
void *__wrap_realloc(void *old, size_t bytes)
{
  __atomic_fetch_add(&allocations, 1, __ATOMIC_RELAXED);
  return __real_realloc(old, bytes);
}
void *__wrap_aligned_alloc(size_t alignment, size_t bytes)
{
  __atomic_fetch_add(&allocations, 1, __ATOMIC_RELAXED);
  return __real_aligned_alloc(alignment, bytes);
}

static run_def two_fleets(const char *file)
{
  run_def def = run_default(file);
  def.devices[0] = 1000; /* last block short */
  def.devices[1] = 513;
  def.sync_s = 45;
  def.end_s = 1000;
  def.events = 3;
  return def;
}

static void thread_counts_write_the_same_bytes(void **unused)
{
  (void)unused;
  for (int variant = 0; variant < 3; variant++) {
    run_def def = two_fleets("bytes_1.h5");
    def.deflate = def.lossless = variant == 1;
    if (variant == 2) {
      def.policy = TL_RECORD_SAMPLE;
      def.sample_count = 300;
      for (uint32_t i = 0; i < 300; i++) def.sample[0][i] = 3 * i, def.sample[1][i] = i + 200;
    }
    char first[65], other[65];
    run_whole(&def, first);
    static const uint32_t threads[] = {1, 2, 3, 7};
    for (size_t t = 0; t < 4; t++) {
      def.threads = threads[t];
      def.file = "bytes_n.h5";
      run_whole(&def, other);
      assert_string_equal(first, other);
      assert_same_file("bytes_1.h5", "bytes_n.h5");
    }
  }
  unlink("bytes_1.h5");
  unlink("bytes_n.h5");
}

static void paths_write_the_same_bytes(void **unused)
{
  (void)unused;
  run_def def = two_fleets("bytes_scalar.h5");
  def.path = TL_PATH_SCALAR;
  run_whole(&def, NULL);
  for (int path = TL_PATH_SSE; path < TL_PATH_COUNT; path++) {
    if (!tl_cpu_has_path((tl_simd_path)path)) {
      print_message("not run: %s\n", tl_cpu_path_name((tl_simd_path)path));
      continue;
    }
    def.path = (tl_simd_path)path;
    def.file = "bytes_path.h5";
    run_whole(&def, NULL);
    assert_same_file("bytes_scalar.h5", "bytes_path.h5");
  }
  unlink("bytes_scalar.h5");
  unlink("bytes_path.h5");
}

static void updates_for_live_readers_change_no_byte(void **unused)
{
  (void)unused;
  static const double flush_s[] = {0.0, 0.0005, 0.003};
  run_def def = two_fleets("bytes_never.h5");
  def.sync_s = 7;
  run_whole(&def, NULL);
  for (size_t i = 0; i < sizeof flush_s / sizeof *flush_s; i++) {
    def.flush_s = flush_s[i];
    def.file = "bytes_often.h5";
    run_whole(&def, NULL);
    assert_same_file("bytes_never.h5", "bytes_often.h5");
  }
  unlink("bytes_never.h5");
  unlink("bytes_often.h5");
}

/* Indexes grow through several generations of blocks, which HDF5 takes from whatever space it has at hand: a flush
 * must not change what that is. */
static void a_long_run_is_laid_out_the_same_however_often_readers_are_served(void **unused)
{
  (void)unused;
  run_def def = run_default("bytes_long.h5");
  def.devices[0] = 30;
  def.devices[1] = 3;
  def.end_s = 60000; /* 20 000 and 60 000 ticks, 313 and 938 rows of chunks; 2000 windows */
  def.events = 1;
  run_whole(&def, NULL);
  static const double flush_s[] = {0.0, 0.0007, 0.01, 0.03};
  for (size_t i = 0; i < sizeof flush_s / sizeof *flush_s; i++) {
    run_def often = def;
    often.flush_s = flush_s[i];
    often.file = "bytes_long_often.h5";
    run_whole(&often, NULL);
    assert_same_file(def.file, often.file);
  }
  unlink("bytes_long.h5");
  unlink("bytes_long_often.h5");
}

static void recording_changes_no_bit_of_the_run(void **unused)
{
  (void)unused;
  run_def def = two_fleets("bytes_on.h5");
  char recorded[65], bare[65];
  run_whole(&def, recorded);
  for (int policy = TL_RECORD_EVENTS; policy <= TL_RECORD_NONE; policy++) {
    def.policy = (tl_record_policy)policy;
    run_whole(&def, bare);
    assert_string_equal(recorded, bare);
  }
  def.record = false;
  def.events = 0;
  run_whole(&def, bare);
  assert_string_equal(recorded, bare);
  unlink("bytes_on.h5");
}

static void nothing_of_ours_allocates_after_the_first_window(void **unused)
{
  (void)unused;
  run_def def = two_fleets("bytes_heap.h5");
  def.threads = 2;
  def.flush_s = 0.0;
  def.deflate = true;
  def.end_s = 90;
  run r;
  tl_error err;
  run_open(&r, &def);
  assert_true(allocations > 0); /* the wrapping works */
  assert_int_equal(run_advance(&r, &def, &err), TL_OK);
  const int before = (int)allocations;
  def.end_s = 1000;
  assert_int_equal(run_advance(&r, &def, &err), TL_OK);
  assert_int_equal(allocations, before);
  run_close(&r);
  unlink(def.file);
}

/* Names of all objects and of their attributes, in one text. */
typedef struct listing {
  char text[65536];
  size_t used;
} listing;
static herr_t list_attribute(hid_t object, const char *name, const H5A_info_t *info, void *context)
{
  (void)object, (void)info;
  listing *l = context;
  l->used += (size_t)snprintf(l->text + l->used, sizeof l->text - l->used, " %s", name);
  return 0;
}
static herr_t list_object(hid_t file, const char *name, const H5O_info_t *info, void *context)
{
  listing *l = context;
  l->used += (size_t)snprintf(l->text + l->used, sizeof l->text - l->used, "\n%s %llx:", name,
                              (unsigned long long)info->addr);
  assert_true(l->used < sizeof l->text - 1000);
  const hid_t object = H5Oopen(file, name, H5P_DEFAULT);
  H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_INC, NULL, list_attribute, context);
  H5Oclose(object);
  return 0;
}

static void every_object_is_there_before_the_first_tick(void **unused)
{
  (void)unused;
  run_def def = two_fleets("bytes_objects.h5");
  listing *early = calloc(1, sizeof *early), *late = calloc(1, sizeof *late);
  run r;
  tl_error err;
  run_open(&r, &def);
  assert_int_equal(system("cp bytes_objects.h5 bytes_early.h5"),
                   0); /* SWMR mode: what is on disk is readable */
  assert_int_equal(run_advance(&r, &def, &err), TL_OK);
  run_close(&r);
  hid_t file = H5Fopen("bytes_early.h5", H5F_ACC_RDONLY | H5F_ACC_SWMR_READ, H5P_DEFAULT);
  assert_true(file >= 0);
  assert_true(H5Ovisit(file, H5_INDEX_NAME, H5_ITER_INC, list_object, early) >= 0);
  H5Fclose(file);
  file = open_file(def.file);
  assert_true(H5Ovisit(file, H5_INDEX_NAME, H5_ITER_INC, list_object, late) >= 0);
  H5Fclose(file);
  assert_non_null(strstr(early->text, "fleets/b/pyramid/box_max"));
  assert_non_null(strstr(early->text, "scale_factor"));
  assert_string_equal(early->text, late->text);
  free(early);
  free(late);
  unlink("bytes_early.h5");
  unlink("bytes_objects.h5");
}

static void a_million_devices_fit_the_budget(void **unused)
{
  (void)unused;
  run_def def = run_default("bytes_million.h5");
  def.devices[0] = 1000000;
  def.threads = 2;
  run r;
  run_open(&r, &def); /* five signals, one of them float32 */
  assert_true(tl_recorder_bytes(r.recorder) <= 256000000);
  assert_true(tl_recorder_chunk_rows(r.recorder, (tl_fleet_id){1}) >= 8);
  run_close(&r);
  unlink(def.file);
}

static void too_small_a_budget_is_refused_with_the_bytes_wanted(void **unused)
{
  (void)unused;
  run_def def = run_default("bytes_refused.h5");
  def.record = false;
  run r;
  run_open(&r, &def);
  tl_error err;
  uint32_t column = 0;
  assert_int_equal(tl_fleet_column_find(r.world, (tl_fleet_id){1}, "box_K", NULL, &column, &err),
                   TL_OK);
  tl_recorder_signal rows[2] = {
      {column, tl_signal_from_column(tl_fleet_column(r.world, (tl_fleet_id){1}, column), true)}};
  tl_recorder_fleet fleet = {{1}, rows, 1, NULL, 0};
  tl_recorder_def recorder = tl_recorder_def_default();
  recorder.path = def.file;
  recorder.fleets = &fleet;
  recorder.fleet_count = 1;
  recorder.budget_bytes = 1000;
  tl_recorder *made = NULL;
  assert_int_equal(tl_recorder_create(&made, r.world, &recorder, &err), TL_E_LIMIT);
  assert_non_null(strstr(err.text, "bytes of buffers, the budget is 1000"));
  assert_null(made);

  recorder.budget_bytes = 256000000;
  recorder.path = "no/such/folder/t.h5";
  assert_int_equal(tl_recorder_create(&made, r.world, &recorder, &err), TL_E_IO);
  assert_string_equal(err.text, "no/such/folder/t.h5: No such file or directory");

  recorder.path = def.file;
  rows[0].column = 999;
  assert_int_equal(tl_recorder_create(&made, r.world, &recorder, &err), TL_E_COLUMN);
  rows[0].column = column;
  rows[1] = rows[0];
  fleet.signal_count = 2;
  assert_int_equal(tl_recorder_create(&made, r.world, &recorder, &err), TL_E_SCHEMA);
  assert_string_equal(err.text, "fleet a: signal box_K is recorded twice");
  fleet.signal_count = 1;
  static const uint32_t falling[] = {4, 3}, beyond[] = {4, 600};
  recorder.policy = TL_RECORD_SAMPLE;
  assert_int_equal(tl_recorder_create(&made, r.world, &recorder, &err), TL_E_ARG);
  fleet.sample_count = 2;
  fleet.sample = falling;
  assert_int_equal(tl_recorder_create(&made, r.world, &recorder, &err), TL_E_ARG);
  fleet.sample = beyond;
  assert_int_equal(tl_recorder_create(&made, r.world, &recorder, &err), TL_E_ARG);
  assert_string_equal(
      err.text,
      "fleet a: device 600 at place 1 of the sample: devices must ascend and be below 600");
  run_close(&r);
  unlink(def.file);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(thread_counts_write_the_same_bytes),
      cmocka_unit_test(paths_write_the_same_bytes),
      cmocka_unit_test(updates_for_live_readers_change_no_byte),
      cmocka_unit_test(a_long_run_is_laid_out_the_same_however_often_readers_are_served),
      cmocka_unit_test(recording_changes_no_bit_of_the_run),
      cmocka_unit_test(nothing_of_ours_allocates_after_the_first_window),
      cmocka_unit_test(every_object_is_there_before_the_first_tick),
      cmocka_unit_test(a_million_devices_fit_the_budget),
      cmocka_unit_test(too_small_a_budget_is_refused_with_the_bytes_wanted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
