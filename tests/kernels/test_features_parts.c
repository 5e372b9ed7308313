/* Parts of the front ends against what mathematics says: real functions, roots, logarithms, transforms. */
#include "kernels/real.h"
#include "kernels/features/fft.h"
#include "kernels/features/integers.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { POINTS_MAX = 2048 };

static uint32_t random_next(uint32_t *seed)
{
  *seed = *seed * 1664525u + 1013904223u;
  return *seed >> 8;
}

/* -size .. size - 1 */
static int32_t random_in(uint32_t *seed, int32_t size)
{
  return (int32_t)(random_next(seed) % (2u * (uint32_t)size)) - size;
}

/* ---- real functions ---- */

static void exact_functions_are_those_of_the_mathematical_library(void **unused)
{
  (void)unused;
  for (int i = -4000; i <= 4000; i++) {
    const double x = i * 0.0127;
    assert_true(fabs(tl_real_cos(x) - cos(x)) < 4e-16);
    assert_true(fabs(tl_real_sin(x) - sin(x)) < 4e-16);
    assert_true(fabs(tl_real_exp(x) / exp(x) - 1.0) < 5e-16);
    const double y = exp(x * 0.8);
    assert_true(fabs(tl_real_log(y) - log(y)) <= 4e-16 * fmax(1.0, fabs(log(y))));
  }
  assert_true(fabs(tl_real_cos(987.654) - cos(987.654)) < 4e-16);
}

static void floor_and_split_are_exact_at_their_edges(void **unused)
{
  (void)unused;
  assert_true(tl_real_floor(-0.25) == -1 && tl_real_floor(-3.0) == -3 && tl_real_floor(2.999) == 2);
  uint32_t mantissa;
  assert_int_equal(tl_real_split(&mantissa, 1.0), -30);
  assert_true(mantissa == 1u << 30);
  assert_int_equal(tl_real_split(&mantissa, 2.0 - 1e-12), -29); /* rounds up to the next power */
  assert_true(mantissa == 1u << 30);
  assert_int_equal(tl_real_split(&mantissa, 0.75 / 1024), -41);
  assert_true(mantissa == 3u << 29);
}

/* ---- whole numbers ---- */

static void bits_counts_what_a_number_needs(void **unused)
{
  (void)unused;
  assert_int_equal(tl_bits_of(0), 0);
  for (int32_t bits = 1; bits <= 64; bits++) {
    const uint64_t top = 1ull << (bits - 1);
    assert_int_equal(tl_bits_of(top), bits);
    assert_int_equal(tl_bits_of(top | (top - 1)), bits);
  }
}

static void root_is_the_nearest_one(void **unused)
{
  (void)unused;
  for (uint64_t root = 0; root < 70000; root++) {
    const uint64_t square = root * root;
    if (root <= UINT16_MAX) assert_true(tl_root(square) == root);
    if (square + root <= UINT32_MAX && root < UINT16_MAX)
      assert_true(tl_root(square + root) == root);
    if (square + root + 1 <= UINT32_MAX && root < UINT16_MAX)
      assert_true(tl_root(square + root + 1) == root + 1);
  }
  const uint64_t large = 4000000000u;
  assert_true(tl_root(large * large + large) == large &&
              tl_root(large * large + large + 1) == large + 1);
}

static void root_stays_in_its_type(void **unused)
{
  (void)unused;
  assert_true(tl_root(UINT32_MAX) ==
              UINT16_MAX); /* as the micro front end has it: 65536 would be nearer */
  assert_true(tl_root(1ull << 32) == 65536);
  assert_true(tl_root(UINT64_MAX) == UINT32_MAX);
}

static void log2_is_near_the_real_one_over_all_sizes(void **unused)
{
  (void)unused;
  uint16_t curve[TL_LOG2_CURVE_COUNT];
  tl_log2_curve(curve);
  assert_int_equal(curve[0], 0);
  assert_int_equal(curve[64], 5568); /* log2(1.5) - 0.5 */
  assert_int_equal(curve[128], 0);
  uint32_t seed = 5;
  for (int i = 0; i < 200000; i++) {
    uint64_t x = (uint64_t)random_next(&seed) << 40 | (uint64_t)random_next(&seed) << 20 |
                 random_next(&seed);
    x = x >> (random_next(&seed) % 63) | 1;
    const double real = log2((double)x) * 65536.0;
    assert_true(fabs(tl_log2(x, curve, 9) - real) < 5.0);
    assert_true(fabs(tl_log2(x, curve, 16) - real) < 230.0);
  }
  for (int32_t bits = 0; bits < 64; bits++)
    assert_int_equal(tl_log2(1ull << bits, curve, 9), bits << 16);
}

/* ---- transforms ---- */

typedef struct spectrum {
  double re[POINTS_MAX / 2 + 1], im[POINTS_MAX / 2 + 1];
} spectrum;

/* DFT / n by its definition. */
static void define_spectrum(spectrum *out, const double *in, int32_t n)
{
  static double cosine[POINTS_MAX], sine[POINTS_MAX];
  const double pi = 3.14159265358979323846;
  for (int32_t i = 0; i < n; i++) {
    cosine[i] = cos(2.0 * pi * i / n) / n;
    sine[i] = -sin(2.0 * pi * i / n) / n;
  }
  for (int32_t k = 0; k <= n / 2; k++) {
    double re = 0.0, im = 0.0;
    for (int32_t i = 0; i < n; i++) {
      re += in[i] * cosine[k * i % n];
      im += in[i] * sine[k * i % n];
    }
    out->re[k] = re;
    out->im[k] = im;
  }
}

typedef struct quality {
  double signal_dB, largest;
} quality;

static quality judge(const spectrum *ours, const spectrum *real, int32_t n)
{
  double signal = 0.0, noise = 0.0, largest = 0.0;
  for (int32_t k = 0; k <= n / 2; k++) {
    const double re = ours->re[k] - real->re[k], im = ours->im[k] - real->im[k];
    signal += real->re[k] * real->re[k] + real->im[k] * real->im[k];
    noise += re * re + im * im;
    largest = fmax(largest, fmax(fabs(re), fabs(im)));
  }
  return (quality){10.0 * log10(signal / (noise + 1e-30)), largest};
}

static void run16(spectrum *out, const int16_t *in, int32_t bits)
{
  static tl_complex16 twiddles[POINTS_MAX / 4 * 3], bins[POINTS_MAX / 2 + 1];
  tl_fft16_twiddles(twiddles, bits);
  tl_fft16(bins, in, twiddles, bits);
  for (int32_t k = 0; k <= 1 << (bits - 1); k++) {
    out->re[k] = bins[k].re;
    out->im[k] = bins[k].im;
  }
}

static void run32(spectrum *out, const int32_t *in, int32_t bits)
{
  static tl_complex32 twiddles[POINTS_MAX / 4 * 3], bins[POINTS_MAX / 2 + 1];
  tl_fft32_twiddles(twiddles, bits);
  tl_fft32(bins, in, twiddles, bits);
  for (int32_t k = 0; k <= 1 << (bits - 1); k++) {
    out->re[k] = bins[k].re;
    out->im[k] = bins[k].im;
  }
}

static quality quality16(const int16_t *in, int32_t bits)
{
  static spectrum ours, real;
  static double wide[POINTS_MAX];
  for (int32_t i = 0; i < 1 << bits; i++) wide[i] = in[i];
  run16(&ours, in, bits);
  define_spectrum(&real, wide, 1 << bits);
  return judge(&ours, &real, 1 << bits);
}

static quality quality32(const int32_t *in, int32_t bits)
{
  static spectrum ours, real;
  static double wide[POINTS_MAX];
  for (int32_t i = 0; i < 1 << bits; i++) wide[i] = in[i];
  run32(&ours, in, bits);
  define_spectrum(&real, wide, 1 << bits);
  return judge(&ours, &real, 1 << bits);
}

/* Noise that is as loud as the window of a front end leaves it. */
static void transforms_of_noise_are_near_the_definition(void **unused)
{
  (void)unused;
  static int16_t narrow[POINTS_MAX];
  static int32_t wide[POINTS_MAX];
  uint32_t seed = 77;
  for (int32_t bits = 6; bits <= 11; bits++) {
    for (int32_t i = 0; i < 1 << bits; i++) {
      narrow[i] = (int16_t)random_in(&seed, 16384);
      wide[i] = narrow[i] * 65536 + random_in(&seed, 32768);
    }
    const quality q16 = quality16(narrow, bits), q32 = quality32(wide, bits);
    print_message(
        "  %4d points: int16 %.1f dB, largest error %.2f; int32 %.1f dB, largest error %.2f\n",
        1 << bits, q16.signal_dB, q16.largest, q32.signal_dB, q32.largest);
    assert_true(q16.signal_dB > 74.0 - 2.8 * bits);
    assert_true(q16.largest < 4.0);
    assert_true(q32.signal_dB > 171.0 - 2.8 * bits);
    assert_true(q32.largest < 4.0);
  }
}

static void a_sine_at_a_bin_is_that_bin_alone(void **unused)
{
  (void)unused;
  static int16_t narrow[POINTS_MAX];
  static int32_t wide[POINTS_MAX];
  static spectrum s16, s32;
  for (int32_t bits = 6; bits <= 11; bits++) {
    const int32_t n = 1 << bits, bin = n / 4 + 3;
    for (int32_t i = 0; i < n; i++) {
      const double value = cos(2.0 * 3.14159265358979323846 * (double)(bin * i % n) / n);
      narrow[i] = (int16_t)lrint(16000.0 * value);
      wide[i] = (int32_t)lrint(1e9 * value);
    }
    run16(&s16, narrow, bits);
    run32(&s32, wide, bits);
    for (int32_t k = 0; k <= n / 2; k++) {
      assert_true(fabs(s16.re[k] - (k == bin ? 8000.0 : 0.0)) < 10.0 && fabs(s16.im[k]) < 10.0);
      assert_true(fabs(s32.re[k] - (k == bin ? 5e8 : 0.0)) < 10.0 && fabs(s32.im[k]) < 10.0);
    }
  }
}

static void an_impulse_is_flat_and_zero_is_zero(void **unused)
{
  (void)unused;
  static int32_t wide[POINTS_MAX];
  static int16_t narrow[POINTS_MAX];
  static spectrum s;
  memset(narrow, 0, sizeof narrow);
  memset(wide, 0, sizeof wide);
  run16(&s, narrow, 9);
  for (int32_t k = 0; k <= 256; k++) assert_true(s.re[k] == 0.0 && s.im[k] == 0.0);
  wide[0] = 1 << 30;
  for (int32_t bits = 6; bits <= 11; bits++) {
    run32(&s, wide, bits);
    for (int32_t k = 0; k <= 1 << (bits - 1); k++)
      assert_true(fabs(s.re[k] - ldexp(1.0, 30 - bits)) < 4.0 && fabs(s.im[k]) < 4.0);
  }
}

/* sum |x|^2 / n = |X0|^2 + |Xn/2|^2 + 2 sum |Xk|^2 of DFT / n */
static void energy_in_is_energy_out(void **unused)
{
  (void)unused;
  static int32_t wide[POINTS_MAX];
  static spectrum s;
  uint32_t seed = 31;
  for (int32_t bits = 6; bits <= 11; bits++) {
    const int32_t n = 1 << bits;
    double in = 0.0, out = 0.0;
    for (int32_t i = 0; i < n; i++) {
      wide[i] = random_in(&seed, 1 << 22) * 128;
      in += (double)wide[i] * wide[i] / n;
    }
    run32(&s, wide, bits);
    for (int32_t k = 0; k <= n / 2; k++)
      out += (k == 0 || k == n / 2 ? 1.0 : 2.0) * (s.re[k] * s.re[k] + s.im[k] * s.im[k]);
    assert_true(fabs(out / in - 1.0) < 1e-6);
  }
}

/* The loudest signals there are: a sum that wraps would be off by 2^32. (2^31 - 1) / 2^31 in each stage takes some
 * units of 2^30. */
static void full_scale_does_not_overflow_the_wide_transform(void **unused)
{
  (void)unused;
  static int32_t wide[POINTS_MAX];
  uint32_t seed = 9;
  for (int32_t bits = 6; bits <= 11; bits++)
    for (int32_t shape = 0; shape < 12; shape++) {
      for (int32_t i = 0; i < 1 << bits; i++) {
        const bool up = shape == 0   ? true
                        : shape == 1 ? i % 2 == 0
                        : shape == 2 ? i / 2 % 2 == 0
                        : shape == 3 ? i == 0
                                     : random_next(&seed) % 2 == 0;
        wide[i] = up ? 1 << 30 : -(1 << 30);
      }
      assert_true(quality32(wide, bits).largest < 8.0);
    }
}

/* At full scale without a window sums of int16 may wrap; they must stay defined. */
static void full_scale_is_defined_in_the_narrow_transform(void **unused)
{
  (void)unused;
  static int16_t narrow[POINTS_MAX];
  static spectrum s;
  uint32_t seed = 10;
  for (int32_t bits = 6; bits <= 11; bits++)
    for (int32_t turn = 0; turn < 50; turn++) {
      for (int32_t i = 0; i < 1 << bits; i++)
        narrow[i] = random_next(&seed) % 2 == 0 ? INT16_MAX : INT16_MIN;
      run16(&s, narrow, bits);
      assert_true(s.im[0] == 0.0 && s.im[1 << (bits - 1)] == 0.0);
    }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(exact_functions_are_those_of_the_mathematical_library),
      cmocka_unit_test(floor_and_split_are_exact_at_their_edges),
      cmocka_unit_test(bits_counts_what_a_number_needs),
      cmocka_unit_test(root_is_the_nearest_one),
      cmocka_unit_test(root_stays_in_its_type),
      cmocka_unit_test(log2_is_near_the_real_one_over_all_sizes),
      cmocka_unit_test(transforms_of_noise_are_near_the_definition),
      cmocka_unit_test(a_sine_at_a_bin_is_that_bin_alone),
      cmocka_unit_test(an_impulse_is_flat_and_zero_is_zero),
      cmocka_unit_test(energy_in_is_energy_out),
      cmocka_unit_test(full_scale_does_not_overflow_the_wide_transform),
      cmocka_unit_test(full_scale_is_defined_in_the_narrow_transform),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
