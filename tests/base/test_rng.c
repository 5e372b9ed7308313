/* Random numbers: the published vectors, the statistics, and that nothing but the key decides a
 * value. */
#include "base/hash.h"
#include "base/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = TL_RNG_ROWS_MAX, QUADS = 1000, DRAWS = ROWS * QUADS * 4 };

typedef float block[4][TL_RNG_ROWS_MAX];

static void philox_gives_the_published_vectors(void **unused)
{
  (void)unused;
  /* Random123, tests/kat_vectors, philox4x32 10 */
  static const struct {
    uint32_t counter[4], key[2], expected[4];
  } rows[] = {
      {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
      {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
       {0xffffffff, 0xffffffff},
       {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
      {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
       {0xa4093822, 0x299f31d0},
       {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    uint32_t out[4];
    tl_rng_philox(out, rows[i].counter, rows[i].key);
    assert_memory_equal(out, rows[i].expected, sizeof out);
  }
}

static void every_path_gives_the_bits_of_the_scalar_code(void **unused)
{
  (void)unused;
  uint32_t path_count = 0;
  for (int path = TL_PATH_SSE; path < TL_PATH_COUNT; path++) {
    if (!tl_cpu_has_path((tl_simd_path)path)) {
      print_message("  path %s: not run (this processor has it not)\n",
                    tl_cpu_path_name((tl_simd_path)path));
      continue;
    }
    path_count++;
    for (uint32_t round = 0; round < 300; round++) {
      const tl_rng_key key = tl_rng_key_make(round, 5, 6);
      const uint32_t rows = 16 * (1 + round % 16);
      const uint32_t begin = round % 7 == 0 ? UINT32_MAX - rows + 1 : round * 977;
      const uint64_t quad = round % 5 == 0 ? (UINT64_C(1) << 62) - 1 - round : round;
      block expected, got;
      memset(expected, 0, sizeof expected);
      memset(got, 0, sizeof got);
      tl_rng_normal_block(TL_PATH_SCALAR, key, begin, rows, quad, expected);
      tl_rng_normal_block((tl_simd_path)path, key, begin, rows, quad, got);
      assert_memory_equal(got, expected, sizeof got); /* and nothing behind `rows` was touched */
    }
  }
  print_message("  %u paths besides scalar ran\n", path_count);
}

static void the_block_holds_the_single_values_wherever_it_begins(void **unused)
{
  (void)unused;
  const tl_rng_key key = tl_rng_key_make(42, tl_hash_text("hvac"), 3);
  const tl_simd_path best = tl_cpu_best_path();
  block whole, part;
  tl_rng_normal_block(best, key, 1000, 256, 9, whole);
  for (uint32_t i = 0; i < 256; i++)
    for (uint32_t j = 0; j < 4; j++) {
      const float single = tl_rng_normal(key, 1000 + i, 4 * 9 + j);
      assert_memory_equal(&single, &whole[j][i], sizeof single);
    }
  for (uint32_t offset = 1; offset < 240; offset += 13) {
    tl_rng_normal_block(best, key, 1000 + offset, 16, 9, part);
    for (uint32_t j = 0; j < 4; j++)
      assert_memory_equal(part[j], whole[j] + offset, 16 * sizeof(float));
  }
}

static void normals_have_the_moments_of_a_normal(void **unused)
{
  (void)unused;
  const tl_rng_key key = tl_rng_key_make(1, 2, 3);
  double sum[5] = {0}, largest = 0;
  for (uint64_t quad = 0; quad < QUADS; quad++) {
    block z;
    tl_rng_normal_block(tl_cpu_best_path(), key, 0, ROWS, quad, z);
    for (uint32_t i = 0; i < 4 * ROWS; i++) {
      const double x = z[i / ROWS][i % ROWS];
      sum[1] += x, sum[2] += x * x, sum[3] += x * x * x, sum[4] += x * x * x * x;
      if (fabs(x) > largest) largest = fabs(x);
    }
  }
  const double n = DRAWS;
  print_message("  mean %.5f variance %.5f skewness %.5f kurtosis %.5f largest %.3f of %d\n",
                sum[1] / n, sum[2] / n, sum[3] / n, sum[4] / n, largest, DRAWS);
  assert_true(fabs(sum[1] / n) < 4 * sqrt(1 / n)); /* four deviations of each estimate */
  assert_true(fabs(sum[2] / n - 1) < 4 * sqrt(2 / n));
  assert_true(fabs(sum[3] / n) < 4 * sqrt(15 / n));
  assert_true(fabs(sum[4] / n - 3) < 4 * sqrt(96 / n));
  assert_true(largest > 4.0 && largest <= 5.7682);
}

static void normals_follow_the_normal_distribution(void **unused)
{
  (void)unused;
  enum { BINS = 800 }; /* of 1/80 from -5 to 5 */
  uint32_t counts[BINS + 1];
  const tl_rng_key key = tl_rng_key_make(11, 12, 13);
  memset(counts, 0, sizeof counts);
  for (uint64_t quad = 0; quad < QUADS; quad++) {
    block z;
    tl_rng_normal_block(tl_cpu_best_path(), key, 512, ROWS, quad, z);
    for (uint32_t i = 0; i < 4 * ROWS; i++) {
      const double bin = ceil(((double)z[i / ROWS][i % ROWS] + 5.0) * (BINS / 10.0));
      counts[bin < 0 ? 0 : bin > BINS ? BINS : (uint32_t)bin]++;
    }
  }
  double worst = 0, below = 0;
  for (uint32_t i = 0; i < BINS; i++) {
    below += counts[i];
    const double x = i * (10.0 / BINS) - 5.0;
    const double gap = fabs(below / DRAWS - 0.5 * erfc(-x / sqrt(2.0)));
    if (gap > worst) worst = gap;
  }
  print_message("  Kolmogorov-Smirnov sqrt(n) D = %.3f\n", worst * sqrt(DRAWS));
  assert_true(worst * sqrt(DRAWS) < 1.95); /* 0.1 % level */
}

/* Correlation of values and of squares between two sources, each given as block `quad`. */
static void assert_uncorrelated(const char *what, tl_rng_key a, uint32_t a_device, uint64_t a_quad,
                                uint32_t a_row, tl_rng_key b, uint32_t b_device, uint64_t b_quad,
                                uint32_t b_row)
{
  double product = 0, squares = 0;
  for (uint64_t quad = 0; quad < QUADS; quad++) {
    block p, q;
    tl_rng_normal_block(tl_cpu_best_path(), a, a_device, ROWS, a_quad + quad, p);
    tl_rng_normal_block(tl_cpu_best_path(), b, b_device, ROWS, b_quad + quad, q);
    for (uint32_t i = 0; i < ROWS; i++) {
      const double x = p[a_row][i], y = q[b_row][i];
      product += x * y;
      squares += (x * x - 1) * (y * y - 1) / 2;
    }
  }
  const double n = (double)ROWS * QUADS;
  print_message("  %s: correlation %.4f, of squares %.4f\n", what, product / n, squares / n);
  assert_true(fabs(product / n) < 4 / sqrt(n));
  assert_true(fabs(squares / n) < 4 / sqrt(n));
}

static void devices_steps_streams_fleets_and_seeds_are_independent(void **unused)
{
  (void)unused;
  const tl_rng_key key = tl_rng_key_make(1, 2, 3);
  assert_uncorrelated("two values of a pair", key, 0, 0, 0, key, 0, 0, 1);
  assert_uncorrelated("two pairs", key, 0, 0, 1, key, 0, 0, 2);
  assert_uncorrelated("neighbour devices", key, 0, 0, 0, key, 1, 0, 0);
  assert_uncorrelated("next quads", key, 0, 0, 0, key, 0, 1, 0);
  assert_uncorrelated("streams", key, 0, 0, 0, tl_rng_key_make(1, 2, 4), 0, 0, 0);
  assert_uncorrelated("fleets", key, 0, 0, 0, tl_rng_key_make(1, 3, 3), 0, 0, 0);
  assert_uncorrelated("seeds", key, 0, 0, 0, tl_rng_key_make(2, 2, 3), 0, 0, 0);
}

static void kinds_of_values_do_not_share_words(void **unused)
{
  (void)unused;
  const tl_rng_key key = tl_rng_key_make(3, 4, 5);
  uint32_t w[4];
  tl_rng_u32x4(key, 7, 0, w);
  const uint64_t word = (uint64_t)w[1] << 32 | w[0];
  assert_true(tl_rng_hash64(key, 7) != word);
  assert_true(tl_rng_uniform(key, 7, 0) != (double)(word >> 11) * 0x1p-53);
}

static void uniforms_fill_the_unit_interval_evenly(void **unused)
{
  (void)unused;
  enum { COUNT = 100000, BINS = 64 };
  const tl_rng_key key = tl_rng_key_make(5, 0, 1);
  double counts[BINS] = {0}, sum = 0, chi_square = 0;
  for (uint32_t i = 0; i < COUNT; i++) {
    const double u = tl_rng_uniform(key, i % 1000, i / 1000);
    assert_true(u >= 0.0 && u < 1.0);
    assert_true(u * 0x1p53 == floor(u * 0x1p53));
    counts[(uint32_t)(u * BINS)]++;
    sum += u;
  }
  for (int i = 0; i < BINS; i++) {
    const double expected = (double)COUNT / BINS, gap = counts[i] - expected;
    chi_square += gap * gap / expected;
  }
  assert_true(fabs(sum / COUNT - 0.5) < 4 * sqrt(1.0 / 12 / COUNT));
  assert_true(chi_square < 103.4); /* 63 degrees of freedom, 0.1 % level */
}

static void below_is_even_and_in_range(void **unused)
{
  (void)unused;
  enum { COUNT = 100000 };
  const tl_rng_key key = tl_rng_key_make(6, 0, 1);
  const uint32_t limits[] = {1, 2, 10, 255, 0x80000001u, UINT32_MAX};
  for (size_t k = 0; k < sizeof limits / sizeof *limits; k++) {
    double counts[10] = {0}, chi_square = 0;
    const uint32_t limit = limits[k];
    for (uint32_t i = 0; i < COUNT; i++) {
      const uint32_t value = tl_rng_below(key, i, k, limit);
      assert_true(value < limit);
      counts[(uint64_t)value * 10 / limit]++;
    }
    if (limit < 10) continue;
    for (uint64_t i = 0; i < 10; i++) { /* values that fall into this tenth */
      const uint64_t first = (i * limit + 9) / 10, next = ((i + 1) * limit + 9) / 10;
      const double expected = (double)(next - first) / limit * COUNT, gap = counts[i] - expected;
      chi_square += gap * gap / expected;
    }
    assert_true(chi_square < 27.9); /* 9 degrees of freedom, 0.1 % level */
  }
}

static void values_are_pinned(void **unused)
{
  (void)unused;
  /* A run's hash hangs on these: whoever changes them changes every run ever made. */
  const tl_rng_key key = tl_rng_key_make(42, tl_hash_text("hvac"), 7);
  uint64_t digest = 0;
  for (uint64_t quad = 0; quad < 4; quad++) {
    block z;
    tl_rng_normal_block(TL_PATH_SCALAR, key, 100, ROWS, quad, z);
    digest = tl_hash64(z, sizeof z, digest);
  }
  for (uint32_t i = 0; i < 100; i++) {
    const double u = tl_rng_uniform(key, i, i);
    const uint32_t n = tl_rng_below(key, i, i, 1000);
    const uint64_t h = tl_rng_hash64(key, i);
    digest = tl_hash64(&u, sizeof u, digest);
    digest = tl_hash64(&n, sizeof n, digest);
    digest = tl_hash64(&h, sizeof h, digest);
  }
  FILE *file = fopen(TL_SOURCE_DIR "/tests/golden/rng.txt", "r");
  assert_non_null(file);
  unsigned long long pinned = 0;
  assert_int_equal(fscanf(file, "%llx", &pinned), 1);
  fclose(file);
  print_message("  digest %016llx\n", (unsigned long long)digest);
  assert_true(digest == pinned);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(philox_gives_the_published_vectors),
      cmocka_unit_test(every_path_gives_the_bits_of_the_scalar_code),
      cmocka_unit_test(the_block_holds_the_single_values_wherever_it_begins),
      cmocka_unit_test(normals_have_the_moments_of_a_normal),
      cmocka_unit_test(normals_follow_the_normal_distribution),
      cmocka_unit_test(devices_steps_streams_fleets_and_seeds_are_independent),
      cmocka_unit_test(kinds_of_values_do_not_share_words),
      cmocka_unit_test(uniforms_fill_the_unit_interval_evenly),
      cmocka_unit_test(below_is_even_and_in_range),
      cmocka_unit_test(values_are_pinned),
  };
  return cmocka_run_group_tests_name("rng", tests, NULL, NULL);
}
