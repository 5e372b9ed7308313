/* Where two runs part is found from their digests alone. */
#include "recorder_support.h"

#include "telemetry/compare.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static run_def plain(const char *file)
{
  run_def def = run_default(file);
  def.devices[1] = 700;
  def.policy = TL_RECORD_NONE;
  def.end_s = 900;
  return def;
}

/* The plain run with one bit of one device turned at flip_s, which must be a window's end. */
static void record_flipped(const run_def *def, int64_t flip_s, uint32_t fleet, uint32_t device,
                           const char *column)
{
  run r;
  tl_error err;
  run_def part = *def;
  uint32_t index = 0;
  part.end_s = flip_s;
  run_open(&r, &part);
  assert_int_equal(run_advance(&r, &part, &err), TL_OK);
  assert_int_equal(
      tl_fleet_column_find(r.world, (tl_fleet_id){fleet + 1}, column, NULL, &index, &err), TL_OK);
  assert_int_equal(tl_world_flip_bit(r.world, (tl_fleet_id){fleet + 1}, device, index, 3, &err),
                   TL_OK);
  assert_int_equal(run_advance(&r, def, &err), TL_OK);
  run_close(&r);
}

static tl_compare_result compare(const char *a, const char *b)
{
  tl_compare_result result;
  tl_error err;
  if (tl_compare_digests(a, b, &result, &err) != TL_OK) fail_msg("%s", err.text);
  return result;
}

static void equal_runs_are_equal_whatever_they_recorded(void **unused)
{
  (void)unused;
  run_def def = plain("compare_a.h5");
  run_whole(&def, NULL);
  def.file = "compare_b.h5";
  def.policy = TL_RECORD_ALL;
  def.threads = 3;
  run_whole(&def, NULL);
  const tl_compare_result result = compare("compare_a.h5", "compare_b.h5");
  assert_int_equal(result.verdict, TL_COMPARE_EQUAL);
  assert_int_equal(result.windows_a, 30);
  assert_string_equal(result.text, "equal in all 30 windows");
  unlink("compare_b.h5");
}

static void one_turned_bit_is_found_in_its_window_fleet_and_block(void **unused)
{
  (void)unused;
  static const struct {
    int64_t at_s;
    uint32_t fleet, device;
  } cases[] = {{0, 0, 0}, {420, 1, 699}, {870, 0, 300}};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    const run_def def = plain("compare_b.h5");
    record_flipped(&def, cases[k].at_s, cases[k].fleet, cases[k].device, "box_K");
    const tl_compare_result result = compare("compare_a.h5", "compare_b.h5");
    assert_int_equal(result.verdict, TL_COMPARE_DIFFERENT);
    assert_int_equal(result.window, cases[k].at_s / 30);
    assert_true(result.begin_ns == cases[k].at_s * 1000000000);
    assert_true(result.end_ns == result.begin_ns + 30000000000);
    assert_string_equal(result.fleet, cases[k].fleet == 0 ? "a" : "b");
    assert_int_equal(result.fleet_number, cases[k].fleet);
    assert_int_equal(result.block, cases[k].device / 256);
    assert_int_equal(result.device_begin, cases[k].device / 256 * 256);
    assert_int_equal(result.device_end, k == 0 ? 256 : k == 1 ? 700 : 512);
    assert_int_equal(result.differing_blocks, 1);
    assert_true(result.digest_a != result.digest_b);
    if (k == 1)
      assert_string_equal(
          result.text,
          "equal up to 00:07:00; in window 14 (to 00:07:30) 1 block differs, first fleet b devices "
          "512 to 699");
    unlink("compare_b.h5");
  }
}

static void a_run_that_stopped_early_is_a_beginning(void **unused)
{
  (void)unused;
  run_def def = plain("compare_b.h5");
  def.end_s = 600;
  run_whole(&def, NULL);
  const tl_compare_result result = compare("compare_a.h5", "compare_b.h5");
  assert_int_equal(result.verdict, TL_COMPARE_SHORTER);
  assert_int_equal(result.window, 20);
  assert_string_equal(result.text, "equal in 20 windows, then the second run ends");
  unlink("compare_b.h5");
}

static void other_fleets_and_windows_are_another_shape(void **unused)
{
  (void)unused;
  run_def def = plain("compare_b.h5");
  def.devices[1] = 701;
  run_whole(&def, NULL);
  tl_compare_result result = compare("compare_a.h5", "compare_b.h5");
  assert_int_equal(result.verdict, TL_COMPARE_SHAPE);
  assert_string_equal(result.text, "fleet b has 700 devices in the first run, 701 in the second");
  def.devices[1] = 0;
  run_whole(&def, NULL);
  result = compare("compare_a.h5", "compare_b.h5");
  assert_int_equal(result.verdict, TL_COMPARE_SHAPE);
  assert_string_equal(result.text, "the first run has 2 fleets, the second 1");
  def = plain("compare_b.h5");
  def.sync_s = 45;
  run_whole(&def, NULL);
  result = compare("compare_a.h5", "compare_b.h5");
  assert_int_equal(result.verdict, TL_COMPARE_SHAPE);
  assert_string_equal(result.text,
                      "window 0 ends at 00:00:30 in the first run, at 00:00:45 in the second");
  unlink("compare_b.h5");
}

static void a_run_may_be_named_by_its_folder(void **unused)
{
  (void)unused;
  mkdir("compare_dir", 0777);
  assert_int_equal(link("compare_a.h5", "compare_dir/telemetry.h5"), 0);
  assert_int_equal(compare("compare_dir", "compare_a.h5").verdict, TL_COMPARE_EQUAL);
  unlink("compare_dir/telemetry.h5");
  tl_compare_result result;
  tl_error err;
  assert_int_equal(tl_compare_digests("compare_dir", "compare_a.h5", &result, &err), TL_E_IO);
  rmdir("compare_dir");
}

static void damaged_files_are_errors_that_name_the_file(void **unused)
{
  (void)unused;
  tl_compare_result result;
  tl_error err;
  assert_int_equal(tl_compare_digests("compare_a.h5", "compare_gone.h5", &result, &err), TL_E_IO);
  assert_non_null(strstr(err.text, "compare_gone.h5"));
  size_t count = 0;
  unsigned char *bytes = file_bytes("compare_a.h5", &count);
  FILE *file = fopen("compare_cut.h5", "wb");
  fwrite(bytes, 1, count / 2, file);
  fclose(file);
  assert_int_equal(tl_compare_digests("compare_cut.h5", "compare_a.h5", &result, &err),
                   TL_E_FORMAT);
  assert_non_null(strstr(err.text, "compare_cut.h5"));
  /* Damage anywhere is an error or a verdict, never a crash. */
  uint64_t state = 3;
  for (int round = 0; round < 400; round++) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    const size_t at = (size_t)(state >> 20) % (count < 20000 ? count : 20000);
    const unsigned char before = bytes[at];
    bytes[at] = (unsigned char)(before ^ (1u << (state >> 8 & 7u)));
    file = fopen("compare_cut.h5", "wb");
    fwrite(bytes, 1, count, file);
    fclose(file);
    (void)tl_compare_digests("compare_cut.h5", "compare_a.h5", &result, &err);
    bytes[at] = before;
  }
  free(bytes);
  unlink("compare_cut.h5");
  unlink("compare_a.h5");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(equal_runs_are_equal_whatever_they_recorded),
      cmocka_unit_test(one_turned_bit_is_found_in_its_window_fleet_and_block),
      cmocka_unit_test(a_run_that_stopped_early_is_a_beginning),
      cmocka_unit_test(other_fleets_and_windows_are_another_shape),
      cmocka_unit_test(a_run_may_be_named_by_its_folder),
      cmocka_unit_test(damaged_files_are_errors_that_name_the_file),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
