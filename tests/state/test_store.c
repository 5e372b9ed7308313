/* The store: where a value lies, what a digest covers, what a snapshot brings back. */
#include "state/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { DEVICES = 600, BLOCKS = 3 }; /* the last block holds 88 devices */
enum { WARM, LIGHT, COUNT, FLAG, SIGNED_BYTE, GAIN, SHOWN, RING0, RING1, COLUMNS };

static const tl_column plain = {"", TL_STATE, TL_F64, "1", 0.0, -1e9, 1e9, 0.0, "for a test"};

static tl_column named(const char *name, tl_type type, double initial, double low)
{
  tl_column column = plain;
  column.name = name;
  column.type = type;
  column.initial = initial;
  column.low = low;
  return column;
}

static void add(tl_store *store, tl_column column, tl_region region, uint32_t expected)
{
  tl_error err;
  uint32_t index = UINT32_MAX;
  assert_int_equal(tl_store_add(store, &column, region, &index, &err), TL_OK);
  assert_int_equal(index, expected);
}

static tl_store open_store(void)
{
  tl_store store;
  tl_error err;
  assert_int_equal(tl_store_create(&store, DEVICES, &err), TL_OK);
  add(&store, named("warm_K", TL_F64, 295.15, 200), TL_REGION_DYNAMIC, WARM);
  add(&store, named("light", TL_F32, 0.5, 0), TL_REGION_DYNAMIC, LIGHT);
  add(&store, named("count", TL_I32, -7, -1e9), TL_REGION_DYNAMIC, COUNT);
  add(&store, named("flag", TL_U8, 3, 0), TL_REGION_DYNAMIC, FLAG);
  add(&store, named("byte", TL_U8, -3, -128), TL_REGION_DYNAMIC, SIGNED_BYTE);
  add(&store, named("gain", TL_F64, 2.0, 0), TL_REGION_PARAM, GAIN);
  add(&store, named("shown", TL_F64, 1.0, 0), TL_REGION_SCRATCH, SHOWN);
  uint32_t ring = 0, index = 0;
  assert_int_equal(tl_store_add_bytes(&store, TL_REGION_DYNAMIC, 2 * TL_BLOCK_ROWS, &ring, &err),
                   TL_OK);
  const tl_column even = named("ring_0", TL_U8, 1, 0), odd = named("ring_1", TL_U8, 2, 0);
  assert_int_equal(tl_store_add_view(&store, &even, TL_REGION_DYNAMIC, ring, 2, &index, &err),
                   TL_OK);
  assert_int_equal(tl_store_add_view(&store, &odd, TL_REGION_DYNAMIC, ring + 1, 2, NULL, &err),
                   TL_OK);
  assert_int_equal(index, RING0);
  assert_int_equal(tl_store_seal(&store, &err), TL_OK);
  return store;
}

static void columns_of_a_block_lie_together_aligned_and_apart(void **unused)
{
  (void)unused;
  tl_store store = open_store();
  assert_int_equal(store.column_count, COLUMNS);
  assert_int_equal(store.block_count, BLOCKS);
  assert_int_equal(store.block_bytes[TL_REGION_DYNAMIC], 256 * (8 + 4 + 4 + 1 + 1 + 2));
  assert_int_equal(store.block_bytes[TL_REGION_PARAM], 256 * 8);
  assert_int_equal(store.block_bytes[TL_REGION_SCRATCH], 256 * 8);
  for (uint32_t c = WARM; c < RING0; c++)
    for (uint32_t block = 0; block < BLOCKS; block++) {
      assert_int_equal((uintptr_t)tl_store_rows(&store, block, c) % 64, 0);
      if (block)
        assert_int_equal(tl_store_rows(&store, block, c) - tl_store_rows(&store, block - 1, c),
                         store.block_bytes[store.columns[c].region]);
    }
  assert_int_equal(tl_store_rows(&store, 0, RING1) - tl_store_rows(&store, 0, RING0), 1);
  assert_int_equal(tl_store_block_rows(&store, 0), 256);
  assert_int_equal(tl_store_block_rows(&store, 2), DEVICES - 512);
  assert_int_equal(tl_store_find(&store, "gain"), GAIN);
  assert_int_equal(tl_store_find(&store, "gai"), UINT32_MAX);
  tl_store_free(&store);
}

static void seal_fills_every_row_with_the_initial_value_padding_too(void **unused)
{
  (void)unused;
  tl_store store = open_store();
  static const double initial[COLUMNS] = {295.15, 0.5, -7, 3, -3, 2.0, 1.0, 1, 2};
  for (uint32_t c = 0; c < COLUMNS; c++)
    for (uint32_t device = 0; device < DEVICES; device += 37)
      assert_true(tl_store_get(&store, c, device) == initial[c]);
  const double *last_block = (const double *)(const void *)tl_store_rows(&store, 2, WARM);
  assert_true(last_block[255] == 295.15);
  tl_store_free(&store);
}

static void every_type_gives_back_what_it_can_hold(void **unused)
{
  (void)unused;
  tl_store store = open_store();
  const struct {
    uint32_t column;
    double value;
  } cases[] = {{WARM, 1.0 / 3.0},
               {WARM, -0.0},
               {WARM, 1e300},
               {LIGHT, 0.25},
               {LIGHT, -16777216.0},
               {COUNT, 2147483647.0},
               {COUNT, -2147483648.0},
               {COUNT, 0},
               {FLAG, 0},
               {FLAG, 255},
               {SIGNED_BYTE, -128},
               {SIGNED_BYTE, 127},
               {SIGNED_BYTE, -1},
               {RING0, 200},
               {RING1, 0}};
  for (uint32_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    tl_store_set(&store, cases[i].column, 511, cases[i].value);
    const double back = tl_store_get(&store, cases[i].column, 511);
    assert_memory_equal(&back, &cases[i].value, sizeof back);
  }
  tl_store_set(&store, LIGHT, 5, 0.1); /* a float column rounds once */
  assert_true(tl_store_get(&store, LIGHT, 5) == (double)0.1f);
  tl_store_free(&store);
}

static void a_write_touches_one_row_of_one_column(void **unused)
{
  (void)unused;
  tl_store store = open_store();
  for (uint32_t c = 0; c < COLUMNS; c++) {
    const size_t bytes = store.bytes;
    unsigned char *before = malloc(bytes);
    memcpy(before, store.block_memory, bytes);
    tl_store_set(&store, c, 300, 77.0);
    static const size_t width[COLUMNS] = {8, 4, 4, 1, 1, 8, 8, 1, 1};
    const unsigned char *row =
        tl_store_rows(&store, 1, c) + (size_t)(300 % 256) * store.columns[c].stride;
    for (size_t i = 0; i < bytes; i++) {
      const unsigned char *at = store.block_memory + i;
      const int own =
          (at >= row && at < row + width[c]) || at >= (unsigned char *)(void *)store.param_digest;
      assert_true(own || *at == before[i]);
    }
    assert_true(tl_store_get(&store, c, 300) == 77.0);
    free(before);
  }
  tl_store_free(&store);
}

static void pad_gives_padding_rows_the_last_devices_value(void **unused)
{
  (void)unused;
  tl_store store = open_store();
  tl_store_set(&store, WARM, DEVICES - 1, 310.0);
  tl_store_set(&store, WARM, DEVICES - 2, 320.0);
  tl_store_set(&store, RING1, DEVICES - 1, 9);
  tl_store_pad(&store, WARM);
  tl_store_pad(&store, RING1);
  const double *warm = (const double *)(const void *)tl_store_rows(&store, 2, WARM);
  const uint32_t last = (DEVICES - 1) % 256;
  assert_true(warm[last - 1] == 320.0 && warm[last] == 310.0);
  for (uint32_t row = last + 1; row < 256; row++) {
    assert_true(warm[row] == 310.0);
    assert_int_equal(tl_store_rows(&store, 2, RING1)[row * 2], 9);
    assert_int_equal(tl_store_rows(&store, 2, RING0)[row * 2], 1);
  }
  tl_store_free(&store);
}

static void any_bit_of_state_or_parameter_changes_only_its_blocks_digest(void **unused)
{
  (void)unused;
  tl_store store = open_store();
  uint64_t clean[BLOCKS];
  for (uint32_t block = 0; block < BLOCKS; block++) clean[block] = tl_store_digest(&store, block);
  assert_true(clean[0] ==
              clean[1]); /* same bytes, same digest: blocks carry no address and no number */
  for (int region = TL_REGION_DYNAMIC; region <= TL_REGION_PARAM; region++) {
    const uint32_t bytes = store.block_bytes[region];
    for (uint32_t byte = 0; byte < bytes; byte += byte % 64 == 0 || bytes - byte < 3 ? 1 : 13) {
      unsigned char *at = store.memory[region] + bytes + byte; /* block 1 */
      const unsigned char bit = (unsigned char)(1u << byte % 8);
      *at ^= bit;
      if (region == TL_REGION_PARAM) store.param_stale[1] = 1;
      assert_true(tl_store_digest(&store, 1) != clean[1]);
      assert_true(tl_store_digest(&store, 0) == clean[0] && tl_store_digest(&store, 2) == clean[2]);
      *at ^= bit;
      if (region == TL_REGION_PARAM) store.param_stale[1] = 1;
    }
    assert_true(tl_store_digest(&store, 1) == clean[1]);
  }
  tl_store_free(&store);
}

static void scratch_is_no_state(void **unused)
{
  (void)unused;
  tl_store store = open_store();
  const uint64_t clean = tl_store_digest(&store, 0);
  tl_store_set(&store, SHOWN, 3, 42.0);
  assert_true(tl_store_digest(&store, 0) == clean);
  assert_int_equal(tl_store_snapshot_bytes(&store), BLOCKS * 256u * (8 + 4 + 4 + 1 + 1 + 2 + 8));
  tl_store_free(&store);
}

static void setting_a_parameter_is_seen_by_the_digest_without_further_ado(void **unused)
{
  (void)unused;
  tl_store store = open_store();
  const uint64_t clean = tl_store_digest(&store, 2);
  tl_store_set(&store, GAIN, DEVICES - 1, 2.5);
  assert_true(tl_store_digest(&store, 2) != clean);
  tl_store_set(&store, GAIN, DEVICES - 1, 2.0);
  assert_true(tl_store_digest(&store, 2) == clean);
  tl_store_free(&store);
}

static void a_snapshot_brings_back_values_and_digests(void **unused)
{
  (void)unused;
  tl_store store = open_store();
  for (uint32_t c = 0; c < COLUMNS; c++)
    for (uint32_t device = 0; device < DEVICES; device++)
      tl_store_set(&store, c, device, (device * 7 + c) % 100);
  uint64_t digest[BLOCKS];
  for (uint32_t block = 0; block < BLOCKS; block++) digest[block] = tl_store_digest(&store, block);
  unsigned char *snapshot = malloc(tl_store_snapshot_bytes(&store));
  tl_store_snapshot(&store, snapshot);
  for (uint32_t c = 0; c < COLUMNS; c++)
    for (uint32_t device = 0; device < DEVICES; device++) tl_store_set(&store, c, device, 101);
  for (uint32_t block = 0; block < BLOCKS; block++)
    assert_true(tl_store_digest(&store, block) != digest[block]);
  tl_store_restore(&store, snapshot);
  for (uint32_t c = 0; c < COLUMNS; c++)
    for (uint32_t device = 0; device < DEVICES; device++)
      assert_true(tl_store_get(&store, c, device) == (c == SHOWN ? 101 : (device * 7 + c) % 100));
  for (uint32_t block = 0; block < BLOCKS; block++)
    assert_true(tl_store_digest(&store, block) == digest[block]);
  free(snapshot);
  tl_store_free(&store);
}

static void a_name_is_used_once_and_has_63_characters_at_most(void **unused)
{
  (void)unused;
  tl_store store;
  tl_error err;
  assert_int_equal(tl_store_create(&store, 1, &err), TL_OK);
  const tl_column twice = named("warm_K", TL_F64, 0, 0);
  assert_int_equal(tl_store_add(&store, &twice, TL_REGION_DYNAMIC, NULL, &err), TL_OK);
  assert_int_equal(tl_store_add(&store, &twice, TL_REGION_PARAM, NULL, &err), TL_E_ARG);
  assert_string_equal(err.text, "name 'warm_K' is used twice");
  char name[TL_COLUMN_NAME_BYTES + 1] = "";
  memset(name, 'n', TL_COLUMN_NAME_BYTES - 1);
  const tl_column longest = named(name, TL_F64, 0, 0);
  assert_int_equal(tl_store_add(&store, &longest, TL_REGION_DYNAMIC, NULL, &err), TL_OK);
  assert_string_equal(store.columns[1].info.name, name);
  name[TL_COLUMN_NAME_BYTES - 1] = 'n';
  assert_int_equal(tl_store_add(&store, &longest, TL_REGION_DYNAMIC, NULL, &err), TL_E_ARG);
  assert_non_null(strstr(err.text, "is longer than 63 characters"));
  tl_store_free(&store);
}

static void a_block_of_more_than_256_megabytes_is_refused(void **unused)
{
  (void)unused;
  tl_store store;
  tl_error err;
  uint32_t offset = 0;
  assert_int_equal(tl_store_create(&store, 1, &err), TL_OK);
  assert_int_equal(tl_store_add_bytes(&store, TL_REGION_SCRATCH, 1u << 27, &offset, &err), TL_OK);
  assert_int_equal(tl_store_add_bytes(&store, TL_REGION_SCRATCH, 1u << 27, &offset, &err), TL_OK);
  assert_int_equal(tl_store_add_bytes(&store, TL_REGION_SCRATCH, 1, &offset, &err), TL_E_LIMIT);
  assert_string_equal(err.text, "a block of devices would need more than 256 MB");
  assert_int_equal(tl_store_add_bytes(&store, TL_REGION_DYNAMIC, UINT32_MAX, &offset, &err),
                   TL_E_LIMIT);
  tl_store_free(&store);
}

static void a_table_may_grow_beyond_its_first_capacity(void **unused)
{
  (void)unused;
  tl_store store;
  tl_error err;
  assert_int_equal(tl_store_create(&store, 3, &err), TL_OK);
  for (uint32_t i = 0; i < 200; i++) {
    char name[16];
    snprintf(name, sizeof name, "c%u", i);
    add(&store, named(name, TL_U8, (double)i, 0), TL_REGION_DYNAMIC, i);
  }
  assert_int_equal(tl_store_seal(&store, &err), TL_OK);
  for (uint32_t i = 0; i < 200; i++) {
    assert_ptr_equal(store.columns[i].info.name, store.columns[i].name);
    assert_true(tl_store_get(&store, i, 2) == (double)i);
  }
  tl_store_free(&store);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(columns_of_a_block_lie_together_aligned_and_apart),
      cmocka_unit_test(seal_fills_every_row_with_the_initial_value_padding_too),
      cmocka_unit_test(every_type_gives_back_what_it_can_hold),
      cmocka_unit_test(a_write_touches_one_row_of_one_column),
      cmocka_unit_test(pad_gives_padding_rows_the_last_devices_value),
      cmocka_unit_test(any_bit_of_state_or_parameter_changes_only_its_blocks_digest),
      cmocka_unit_test(scratch_is_no_state),
      cmocka_unit_test(setting_a_parameter_is_seen_by_the_digest_without_further_ado),
      cmocka_unit_test(a_snapshot_brings_back_values_and_digests),
      cmocka_unit_test(a_name_is_used_once_and_has_63_characters_at_most),
      cmocka_unit_test(a_block_of_more_than_256_megabytes_is_refused),
      cmocka_unit_test(a_table_may_grow_beyond_its_first_capacity),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
