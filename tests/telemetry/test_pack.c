#include "telemetry/recorder/pack.h"
#include "telemetry/recorder/stage.h"

#include <hdf5.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT_MAX = 64 * 256 };

/* A small generator of its own, so that a failure repeats: the seed is printed by the assert's case number. */
static uint64_t next_word(uint64_t *state)
{
  uint64_t z = (*state += 0x9e3779b97f4a7c15u);
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}

static int64_t value_of(tl_store store, const void *values, uint32_t i)
{
  return store == TL_STORE_U8    ? ((const uint8_t *)values)[i]
         : store == TL_STORE_I16 ? ((const int16_t *)values)[i]
                                 : ((const int32_t *)values)[i];
}
static void set_value(tl_store store, void *values, uint32_t i, int64_t v)
{
  if (store == TL_STORE_U8) ((uint8_t *)values)[i] = (uint8_t)v;
  if (store == TL_STORE_I16) ((int16_t *)values)[i] = (int16_t)v;
  if (store == TL_STORE_I32) ((int32_t *)values)[i] = (int32_t)v;
}
static int64_t fill_of(tl_store store)
{
  return store == TL_STORE_U8 ? TL_FILL_U8 : store == TL_STORE_I16 ? TL_FILL_I16 : TL_FILL_I32;
}
static uint32_t width_of(tl_store store) { return 8u * (uint32_t)tl_store_bytes(store); }

/* Values within 2^bits of a random smallest one; one in fill_every is the fill (0: none, 1: all). */
static void random_values(uint64_t *state, tl_store store, void *values, uint32_t count,
                          uint32_t bits, uint32_t fill_every)
{
  const int64_t least = store == TL_STORE_U8 ? 0 : fill_of(store) + 1;
  const int64_t most = store == TL_STORE_U8 ? 254 : -(fill_of(store) + 1);
  const uint64_t span = bits == 0 ? 1 : (uint64_t)1 << bits;
  const int64_t room = most - least + 1;
  const int64_t spread = (int64_t)(span < (uint64_t)room ? span : (uint64_t)room);
  const int64_t low = least + (int64_t)(next_word(state) % (uint64_t)(room - spread + 1));
  for (uint32_t i = 0; i < count; i++) {
    int64_t v = low + (int64_t)(next_word(state) % (uint64_t)spread);
    if (fill_every > 0 && next_word(state) % fill_every == 0) v = fill_of(store);
    set_value(store, values, i, v);
  }
}

typedef struct h5_chunk {
  hid_t file, set;
  hsize_t count;
} h5_chunk;

static h5_chunk chunk_open(tl_store store, uint32_t count)
{
  const hid_t type = store == TL_STORE_U8    ? H5T_STD_U8LE
                     : store == TL_STORE_I16 ? H5T_STD_I16LE
                                             : H5T_STD_I32LE;
  const int32_t fill = (int32_t)fill_of(store);
  h5_chunk c = {.count = count};
  const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  H5Pset_fapl_core(access, 1 << 20, 0);
  c.file = H5Fcreate("test_pack.h5", H5F_ACC_TRUNC, H5P_DEFAULT, access);
  const hid_t space = H5Screate_simple(1, &c.count, NULL), plist = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_chunk(plist, 1, &c.count);
  H5Pset_fill_value(plist, H5T_NATIVE_INT32, &fill);
  H5Pset_scaleoffset(plist, H5Z_SO_INT, H5Z_SO_INT_MINBITS_DEFAULT);
  c.set = H5Dcreate2(c.file, "x", type, space, H5P_DEFAULT, plist, H5P_DEFAULT);
  assert_true(c.set >= 0);
  H5Pclose(plist);
  H5Sclose(space);
  H5Pclose(access);
  return c;
}
static void chunk_close(h5_chunk c)
{
  H5Dclose(c.set);
  H5Fclose(c.file);
}

/* Our bytes equal those of the library's own filter, and the library reads ours back. */
static void check_against_library(tl_store store, const void *values, uint32_t count,
                                  tl_simd_path path)
{
  const hid_t native = store == TL_STORE_U8    ? H5T_NATIVE_UINT8
                       : store == TL_STORE_I16 ? H5T_NATIVE_INT16
                                               : H5T_NATIVE_INT32;
  const size_t value_bytes = count * tl_store_bytes(store);
  unsigned char *buffer = malloc(tl_pack_buffer_bytes(store, count)),
                *theirs = malloc(value_bytes + 64);
  void *back = malloc(value_bytes);
  memset(buffer, 0xa5, tl_pack_buffer_bytes(store, count));
  memcpy(buffer + TL_PACK_HEADROOM, values, value_bytes);
  const size_t bytes = tl_pack_chunk(path, store, buffer, count);

  h5_chunk c = chunk_open(store, count);
  assert_true(H5Dwrite(c.set, native, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
  H5Fflush(c.file, H5F_SCOPE_LOCAL);
  hsize_t their_bytes = 0;
  const hsize_t origin = 0;
  uint32_t mask = 0;
  assert_true(H5Dget_chunk_storage_size(c.set, &origin, &their_bytes) >= 0);
  assert_true(H5Dread_chunk(c.set, H5P_DEFAULT, &origin, &mask, theirs) >= 0);
  assert_int_equal(mask, 0);
  assert_int_equal(bytes, their_bytes);
  assert_memory_equal(buffer, theirs, bytes);

  chunk_close(c);
  c = chunk_open(store, count);
  assert_true(H5Dwrite_chunk(c.set, H5P_DEFAULT, 0, &origin, bytes, buffer) >= 0);
  assert_true(H5Dread(c.set, native, H5S_ALL, H5S_ALL, H5P_DEFAULT, back) >= 0);
  assert_memory_equal(back, values, value_bytes);
  chunk_close(c);
  free(buffer);
  free(theirs);
  free(back);
}

static void packed_chunks_are_the_bytes_of_the_librarys_filter(void **unused)
{
  (void)unused;
  static const uint32_t counts[] = {1, 7, 8, 15, 16, 17, 64, 250, 2048, 3 * 250 + 5};
  static const uint32_t fills[] = {0, 1, 2, 50};
  int32_t *values = malloc(COUNT_MAX * sizeof *values);
  uint64_t state = 20240607;
  for (int path = TL_PATH_SCALAR; path <= TL_PATH_AVX2; path++) {
    if (!tl_cpu_has_path((tl_simd_path)path)) {
      print_message("not run: %s\n", tl_cpu_path_name((tl_simd_path)path));
      continue;
    }
    for (tl_store store = TL_STORE_I16; store <= TL_STORE_U8; store = (tl_store)(store + 1))
      for (uint32_t bits = 0; bits <= width_of(store); bits++)
        for (size_t n = 0; n < sizeof counts / sizeof *counts; n++)
          for (size_t f = 0; f < sizeof fills / sizeof *fills; f++) {
            random_values(&state, store, values, counts[n], bits, fills[f]);
            check_against_library(store, values, counts[n], (tl_simd_path)path);
          }
  }
  free(values);
}

static void spans_at_the_edge_of_a_width_keep_their_values(void **unused)
{
  (void)unused;
  for (tl_store store = TL_STORE_I16; store <= TL_STORE_U8; store = (tl_store)(store + 1)) {
    const int64_t least = store == TL_STORE_U8 ? 0 : fill_of(store) + 1;
    for (uint32_t bits = 1; bits <= width_of(store); bits++)
      for (int64_t extra = -3; extra <= 1; extra++) {
        int32_t values[32] = {0};
        const int64_t most = store == TL_STORE_U8 ? 254 : -(fill_of(store) + 1);
        int64_t top = least + ((int64_t)1 << bits) + extra;
        if (top < least) top = least;
        if (top > most) top = most;
        for (uint32_t i = 0; i < 32; i++)
          set_value(store, values, i, i == 5 ? top : i == 9 ? fill_of(store) : least);
        for (int path = TL_PATH_SCALAR; path <= TL_PATH_AVX2; path++)
          if (tl_cpu_has_path((tl_simd_path)path))
            check_against_library(store, values, 32, (tl_simd_path)path);
      }
  }
}

static void every_path_packs_a_full_chunk_to_the_same_bytes(void **unused)
{
  (void)unused;
  const size_t buffer_bytes = tl_pack_buffer_bytes(TL_STORE_I32, COUNT_MAX);
  unsigned char *first = malloc(buffer_bytes), *other = malloc(buffer_bytes);
  int32_t *values = malloc(COUNT_MAX * sizeof *values);
  uint64_t state = 7;
  for (tl_store store = TL_STORE_I16; store <= TL_STORE_U8; store = (tl_store)(store + 1))
    for (uint32_t bits = 0; bits <= width_of(store); bits++) {
      random_values(&state, store, values, COUNT_MAX, bits, bits % 3 * 40);
      memcpy(first + TL_PACK_HEADROOM, values, COUNT_MAX * tl_store_bytes(store));
      const size_t bytes = tl_pack_chunk(TL_PATH_SCALAR, store, first, COUNT_MAX);
      for (int path = TL_PATH_SSE; path < TL_PATH_COUNT; path++) {
        if (!tl_cpu_has_path((tl_simd_path)path)) continue;
        memset(other, 0x5a, buffer_bytes);
        memcpy(other + TL_PACK_HEADROOM, values, COUNT_MAX * tl_store_bytes(store));
        assert_int_equal(tl_pack_chunk((tl_simd_path)path, store, other, COUNT_MAX), bytes);
        assert_memory_equal(first, other, bytes);
      }
    }
  free(first);
  free(other);
  free(values);
}

static tl_signal_def signal_of(tl_store store, double scale, double offset)
{
  tl_signal_def def = {.name = "x",
                       .unit = "K",
                       .low = -1e9,
                       .high = 1e9,
                       .store = store,
                       .scale = scale,
                       .offset = offset};
  return def;
}

static void staged_values_are_the_schemas_integers_on_every_path(void **unused)
{
  (void)unused;
  static const struct {
    tl_store store;
    double scale, offset, middle, spread;
  } cases[] = {
      {TL_STORE_I16, 0.01, 300.0, 310.0, 50.0}, {TL_STORE_I16, 0.01, 300.0, 310.0, 2000.0},
      {TL_STORE_U8, 1.0, 0.0, 0.5, 2.0},        {TL_STORE_U8, 0.125, -4.0, 10.0, 60.0},
      {TL_STORE_I32, 1e-4, 0.0, 5.0, 100.0},    {TL_STORE_I32, 1e-9, 1.0, 5.0, 100.0},
  };
  uint64_t state = 99;
  /* Rows without anything special take a shorter way than those with one value that is missing or out of range. */
  static const double specials[] = {0.0,  (double)NAN, (double)INFINITY, -(double)INFINITY, 1e9,
                                    -1e9, 0.0};
  for (size_t k = 0; k < 7 * (sizeof cases / sizeof *cases); k++) {
    const size_t special = k % 7;
    const tl_signal_def def =
        signal_of(cases[k / 7].store, cases[k / 7].scale, cases[k / 7].offset);
    const tl_stage stage = tl_stage_make(&def);
    double src[251];
    for (int i = 0; i < 251; i++) {
      src[i] = cases[k / 7].middle +
               cases[k / 7].spread * ((double)(next_word(&state) >> 11) * 0x1p-53 - 0.5);
      if (i % 17 == 3)
        src[i] =
            cases[k / 7].offset + cases[k / 7].scale * (double)(int64_t)(next_word(&state) % 200u);
      if (special == 6 && i % 29 == 5) src[i] = (double)NAN;
      if (special == 6 && (i == 100 || i == 101))
        src[i] = i == 100 ? (double)INFINITY : -(double)INFINITY;
      if (special > 0 && special < 6 && i == 77) src[i] = specials[special];
    }
    int32_t scalar[251 + 8], other[251 + 8];
    const uint32_t saturated = tl_stage_row(TL_PATH_SCALAR, &stage, scalar, src, 251);
    const int64_t first = def.store == TL_STORE_U8 ? 0 : fill_of(def.store) + 1;
    const int64_t last = def.store == TL_STORE_U8 ? 254 : -first;
    uint32_t expected = 0;
    for (uint32_t i = 0; i < 251; i++) {
      const int64_t got = value_of(def.store, scalar, i);
      assert_int_equal(got, tl_signal_encode(&def, src[i]));
      const double back = tl_signal_decode(&def, (int32_t)got);
      if (isnan(src[i]))
        assert_true(isnan(back));
      else if ((got == last || got == first) && fabs(back - src[i]) > def.scale * 0.4999)
        expected++; /* further off than rounding: it was out of the store's range */
    }
    assert_int_equal(saturated, expected);
    assert_true(expected >= (special == 6 ? 2 : special >= 2));
    for (int path = TL_PATH_SSE; path < TL_PATH_COUNT; path++) {
      if (!tl_cpu_has_path((tl_simd_path)path)) continue;
      assert_int_equal(tl_stage_row((tl_simd_path)path, &stage, other, src, 251), saturated);
      assert_memory_equal(scalar, other, 251 * tl_store_bytes(def.store));
    }
  }
}

static void floats_are_staged_as_they_are(void **unused)
{
  (void)unused;
  const double src[5] = {1.0, -0.1, (double)NAN, 1e300, 0.0};
  tl_signal_def def = signal_of(TL_STORE_F64, 1.0, 0.0);
  tl_stage stage = tl_stage_make(&def);
  double f64[5];
  assert_int_equal(tl_stage_row(TL_PATH_SCALAR, &stage, f64, src, 5), 0);
  assert_memory_equal(f64, src, sizeof src);
  def.store = TL_STORE_F32;
  stage = tl_stage_make(&def);
  float f32[5];
  tl_stage_row(tl_cpu_best_path(), &stage, f32, src, 5);
  assert_true(f32[1] == -0.1f && isnan(f32[2]) && isinf(f32[3]));
}

static void minima_and_maxima_pass_fills_by(void **unused)
{
  (void)unused;
  enum { ROWS = 16, COLUMNS = 37 };
  static const tl_store stores[] = {TL_STORE_I16, TL_STORE_I32, TL_STORE_U8, TL_STORE_F32,
                                    TL_STORE_F64};
  uint64_t state = 5;
  for (size_t k = 0; k < 5; k++) {
    const tl_store store = stores[k];
    double src[ROWS][COLUMNS], low[COLUMNS], high[COLUMNS];
    unsigned char values[ROWS * COLUMNS * 8], lows[COLUMNS * 8], highs[COLUMNS * 8];
    const tl_signal_def def = signal_of(store, 1.0, 0.0);
    const tl_stage stage = tl_stage_make(&def);
    for (uint32_t c = 0; c < COLUMNS; c++) low[c] = (double)INFINITY, high[c] = -(double)INFINITY;
    for (uint32_t r = 0; r < ROWS; r++)
      for (uint32_t c = 0; c < COLUMNS; c++) {
        src[r][c] = (double)(next_word(&state) % 255u) - (store == TL_STORE_U8 ? 0.0 : 127.0);
        if (c == 7 || next_word(&state) % 9u == 0)
          src[r][c] = (double)NAN; /* column 7: fills alone */
        if (src[r][c] < low[c]) low[c] = src[r][c];
        if (src[r][c] > high[c]) high[c] = src[r][c];
      }
    for (uint32_t r = 0; r < ROWS; r++)
      tl_stage_row(TL_PATH_SCALAR, &stage, values + r * COLUMNS * tl_store_bytes(store), src[r],
                   COLUMNS);
    for (int path = TL_PATH_SCALAR; path < TL_PATH_COUNT; path++) {
      if (!tl_cpu_has_path((tl_simd_path)path)) continue;
      tl_stage_range_begin(store, lows, highs, COLUMNS);
      tl_stage_range((tl_simd_path)path, store, lows, highs, values, ROWS, COLUMNS);
      tl_stage_range_end(store, lows, highs, COLUMNS);
      for (uint32_t c = 0; c < COLUMNS; c++) {
        unsigned char expected[2][8];
        if (c == 7) low[c] = high[c] = (double)NAN;
        tl_stage_row(TL_PATH_SCALAR, &stage, expected[0], &low[c], 1);
        tl_stage_row(TL_PATH_SCALAR, &stage, expected[1], &high[c], 1);
        if (c == 7 && store == TL_STORE_F32) {
          assert_true(isnan(((float *)(void *)lows)[7]) && isnan(((float *)(void *)highs)[7]));
          continue;
        }
        if (c == 7 && store == TL_STORE_F64) {
          assert_true(isnan(((double *)(void *)lows)[7]) && isnan(((double *)(void *)highs)[7]));
          continue;
        }
        assert_memory_equal(lows + c * tl_store_bytes(store), expected[0], tl_store_bytes(store));
        assert_memory_equal(highs + c * tl_store_bytes(store), expected[1], tl_store_bytes(store));
      }
    }
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(packed_chunks_are_the_bytes_of_the_librarys_filter),
      cmocka_unit_test(spans_at_the_edge_of_a_width_keep_their_values),
      cmocka_unit_test(every_path_packs_a_full_chunk_to_the_same_bytes),
      cmocka_unit_test(staged_values_are_the_schemas_integers_on_every_path),
      cmocka_unit_test(floats_are_staged_as_they_are),
      cmocka_unit_test(minima_and_maxima_pass_fills_by),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
