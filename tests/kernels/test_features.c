/* Front ends as wholes: against the records of others, against closed forms, by chunks and copies, and every refusal. */
#include "tests/kernels/features_record.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
  GOLDEN_HASH = 0x502833dd
}; /* of all features: the same bits on every machine, a Cortex-M as well */

static const double pi = 3.14159265358979323846;

/* ---- a front end with all it needs ---- */

typedef struct ready {
  tl_frontend frontend;
  void *memory, *state, *scratch;
} ready;

static ready make(tl_frontend_def def)
{
  ready r;
  size_t bytes;
  tl_kernel_status status;
  assert_int_equal(tl_frontend_bytes(&bytes, &def, &status), TL_KERNEL_OK);
  r.memory = malloc(bytes);
  assert_int_equal(tl_frontend_setup(&r.frontend, r.memory, bytes, &def, &status), TL_KERNEL_OK);
  r.state = malloc(r.frontend.state_bytes);
  r.scratch = malloc(r.frontend.scratch_bytes);
  tl_frontend_reset(&r.frontend, r.state);
  return r;
}

static void drop(ready *r)
{
  free(r->scratch);
  free(r->state);
  free(r->memory);
}

/* One frame from a fresh state. */
static void one_frame(ready *r, const int16_t *samples, int32_t *features)
{
  size_t taken;
  const size_t length = (size_t)r->frontend.def.frame_samples;
  tl_frontend_reset(&r->frontend, r->state);
  assert_true(
      tl_frontend_push(&r->frontend, r->state, r->scratch, samples, length, &taken, features));
  assert_true(taken == length);
}

static void fill_sine(int16_t *samples, int32_t count, double amplitude, double turns_per_sample)
{
  for (int32_t i = 0; i < count; i++)
    samples[i] = (int16_t)lrint(amplitude * cos(2.0 * pi * turns_per_sample * i));
}

static uint32_t random_next(uint32_t *seed)
{
  *seed = *seed * 1664525u + 1013904223u;
  return *seed >> 8;
}

/* ---- records of others ---- */

static void golden_in_steps(size_t step)
{
  size_t bytes, at = 0;
  int micro_count = 0, mel_count = 0;
  uint32_t hash = 0;
  features_record record;
  uint8_t *file = features_records_read(TL_SOURCE_DIR "/tests/golden/features.bin", &bytes);
  assert_non_null(file);
  while (features_record_next(&record, file, bytes, &at)) {
    const features_gap gap = features_record_compare(&record, step);
    assert_int_equal(gap.frame_count, record.frame_count);
    hash = hash * 31 + gap.hash;
    if (record.def.kind == TL_FRONTEND_MICRO) {
      micro_count++;
      assert_int_equal(gap.differ_count, 0);
    } else { /* natural logarithms and their transform, or decibel */
      mel_count++;
      assert_true(gap.largest < (record.def.decibel ? 0.03 : 0.004));
    }
  }
  assert_int_equal(micro_count, 9);
  assert_int_equal(mel_count, 3);
  assert_int_equal(hash, GOLDEN_HASH);
  free(file);
}

static void micro_equals_tensorflow_and_mel_is_near_the_recipe(void **unused)
{
  (void)unused;
  golden_in_steps(1000000);
}

static void chunks_of_samples_make_no_difference(void **unused)
{
  (void)unused;
  golden_in_steps(1);
  golden_in_steps(37);
}

/* ---- closed forms ---- */

static double slaney_edge(int32_t index) /* of 128 filters, 0 .. 8000 Hz */
{
  const double top = 15.0 + log(8.0) * 27.0 / log(6.4), mel = top * index / 129.0;
  return mel < 15.0 ? mel * 200.0 / 3.0 : 1000.0 * exp((mel - 15.0) * log(6.4) / 27.0);
}

/* Weight of a bin of 1024 points at 16 kHz in a filter of area 1. */
static double slaney_weight(int32_t channel, int32_t bin)
{
  const double low = slaney_edge(channel), top = slaney_edge(channel + 1),
               high = slaney_edge(channel + 2);
  const double f = bin * 15.625, share = fmin((f - low) / (top - low), (high - f) / (high - top));
  return fmax(share, 0.0) * 2.0 / (high - low);
}

/* A sine at bin k under Hann's window: n A / 4 at k, n A / 8 beside it, nothing else. */
static void a_sine_has_the_decibels_of_its_filters(void **unused)
{
  (void)unused;
  ready r = make(tl_frontend_def_anomaly());
  int16_t samples[1024];
  int32_t features[128];
  for (int32_t bin = 40; bin < 500; bin += 23)
    for (double amplitude = 32767.0; amplitude > 1000.0; amplitude /= 4.0) {
      fill_sine(samples, 1024, amplitude, bin / 1024.0);
      one_frame(&r, samples, features);
      const double peak = amplitude / 32768.0 * 256.0;
      for (int32_t channel = 0; channel < 128; channel++) {
        const double beside = slaney_weight(channel, bin - 1) + slaney_weight(channel, bin + 1);
        const double energy = peak * peak * (slaney_weight(channel, bin) + beside / 4.0);
        if (energy > peak * peak * 1e-4)
          assert_true(fabs(features[channel] / 65536.0 - 10.0 * log10(energy)) < 0.02);
        else if (energy == 0.0)
          assert_true(features[channel] / 65536.0 < 10.0 * log10(peak * peak) - 60.0);
      }
    }
  drop(&r);
}

static void twice_the_sound_is_six_decibels_more(void **unused)
{
  (void)unused;
  ready r = make(tl_frontend_def_anomaly());
  int16_t samples[1024];
  int32_t soft[128], loud[128];
  uint32_t seed = 4;
  for (int32_t i = 0; i < 1024; i++)
    samples[i] = (int16_t)((int32_t)(random_next(&seed) % 32767) - 16383);
  one_frame(&r, samples, soft);
  for (int32_t i = 0; i < 1024; i++) samples[i] = (int16_t)(2 * samples[i]);
  one_frame(&r, samples, loud);
  for (int32_t i = 0; i < 128; i++) /* the same bits under the window, one place higher */
    assert_true(abs(loud[i] - soft[i] - (int32_t)lrint(65536.0 * 20.0 * log10(2.0))) <= 1);
  drop(&r);
}

static void silence_is_the_floor(void **unused)
{
  (void)unused;
  const int16_t samples[1024] = {0};
  int32_t features[128];
  ready mel = make(tl_frontend_def_anomaly());
  one_frame(&mel, samples, features);
  for (int32_t i = 0; i < 128; i++)
    assert_true(fabs(features[i] / 65536.0 - 10.0 * log10(2.220446e-16)) < 1e-3);
  drop(&mel);
  ready kws = make(tl_frontend_def_kws());
  one_frame(&kws, samples, features);
  /* the transform of a constant is in the first coefficient: sqrt(2 / 40) * 40 * ln(1e-6) */
  assert_true(fabs(features[0] / 65536.0 - sqrt(0.05) * 40.0 * log(1e-6)) < 1e-2);
  for (int32_t i = 1; i < 10; i++) assert_true(abs(features[i]) < 66); /* 0.001 */
  drop(&kws);
  ready micro = make(tl_frontend_def_micro_speech());
  one_frame(&micro, samples, features);
  for (int32_t i = 0; i < 40; i++) assert_int_equal(features[i], 0);
  drop(&micro);
}

static void a_tone_is_loudest_where_its_frequency_is(void **unused)
{
  (void)unused;
  tl_frontend_def def = tl_frontend_def_micro_speech();
  def.pcan = def.noise_reduction = false;
  ready r = make(def);
  int16_t samples[480];
  int32_t features[40];
  const double low = log1p(125.0 / 700.0), step = (log1p(7500.0 / 700.0) - low) / 41.0;
  for (int32_t channel = 3; channel < 40; channel++) {
    const double frequency_Hz = 700.0 * expm1(low + step * (channel + 1));
    fill_sine(samples, 480, 9000.0, frequency_Hz / 16000.0);
    one_frame(&r, samples, features);
    for (int32_t i = 0; i < 40; i++)
      assert_true(i >= channel - 1 && i <= channel + 1 ? true : features[i] < features[channel]);
  }
  drop(&r);
}

/* Steady noise is taken away, what is new stays. */
static void noise_reduction_learns_the_noise(void **unused)
{
  (void)unused;
  tl_frontend_def def = tl_frontend_def_micro_speech();
  def.log_scale = def.pcan = false;
  ready r = make(def);
  int16_t samples[480];
  int32_t first[40], last[40];
  size_t taken;
  fill_sine(samples, 480, 2000.0, 0.05); /* whole periods in a step: frames are the same */
  one_frame(&r, samples, first);
  for (int32_t frame = 0; frame < 400; frame++) {
    const size_t length = 320;
    assert_true(tl_frontend_push(&r.frontend, r.state, r.scratch, samples, length, &taken, last));
  }
  for (int32_t i = 0; i < 40; i++)
    if (first[i] > 1000) assert_true(last[i] * 15 < first[i]); /* a twentieth is always left */
  drop(&r);
}

/* ---- states ---- */

static void a_copied_state_goes_on_as_the_first(void **unused)
{
  (void)unused;
  ready r = make(tl_frontend_def_micro_speech());
  int16_t samples[3000];
  int32_t a[40] = {0}, b[40] = {0};
  size_t taken, at = 0;
  uint32_t seed = 8;
  for (int32_t i = 0; i < 3000; i++) samples[i] = (int16_t)(random_next(&seed) % 9000);
  while (at < 1111) {
    tl_frontend_push(&r.frontend, r.state, r.scratch, samples + at, 1111 - at, &taken, a);
    at += taken;
  }
  void *copy = malloc(r.frontend.state_bytes);
  memcpy(copy, r.state, r.frontend.state_bytes);
  for (size_t i = 1111, j = 1111; i < 3000;) {
    const bool full =
        tl_frontend_push(&r.frontend, r.state, r.scratch, samples + i, 3000 - i, &taken, a);
    i += taken;
    memset(r.scratch, 0xA5, r.frontend.scratch_bytes); /* nothing lives there between calls */
    assert_true(tl_frontend_push(&r.frontend, copy, r.scratch, samples + j, 3000 - j, &taken, b) ==
                full);
    j += taken;
    assert_true(i == j);
    assert_memory_equal(a, b, sizeof a);
  }
  assert_memory_equal(copy, r.state, r.frontend.state_bytes);
  free(copy);
  drop(&r);
}

static void no_samples_take_nothing(void **unused)
{
  (void)unused;
  ready r = make(tl_frontend_def_kws());
  int32_t features[10];
  size_t taken = 9;
  assert_false(tl_frontend_push(&r.frontend, r.state, r.scratch, NULL, 0, &taken, features));
  assert_true(taken == 0);
  drop(&r);
}

/* ---- int8 ---- */

static void quantize_rounds_to_the_nearest_step_and_saturates(void **unused)
{
  (void)unused;
  ready r = make(tl_frontend_def_micro_speech());
  int32_t features[40];
  int8_t q[40];
  for (int32_t base = 0; base < 65536; base += 40) {
    for (int32_t i = 0; i < 40; i++) features[i] = base + i;
    tl_frontend_quantize(&r.frontend, q, features);
    for (int32_t i = 0; i < 40; i++) { /* the formula of TFLM's micro_speech example */
      const int32_t value = (features[i] * 256 + 333) / 666 - 128;
      assert_int_equal(q[i], value > 127 ? 127 : value);
    }
  }
  drop(&r);
  ready mel = make(tl_frontend_def_anomaly());
  const double in[] = {-1000.0, -84.9, -34.8, 0.0, 0.3, 14.8, 15.2, 1000.0};
  for (int32_t i = 0; i < 128; i++) features[i % 8] = (int32_t)lrint(in[i % 8] * 65536.0);
  int32_t many[128];
  int8_t out[128];
  for (int32_t i = 0; i < 128; i++) many[i] = features[i % 8];
  tl_frontend_quantize(&mel.frontend, out, many);
  for (int32_t i = 0; i < 128; i++) {
    const int32_t value = (int32_t)lrint(in[i % 8] / 0.391015232) + 89;
    assert_int_equal(out[i], value < -128 ? -128 : value > 127 ? 127 : value);
  }
  drop(&mel);
}

static void stack_keeps_the_newest_rows(void **unused)
{
  (void)unused;
  int8_t rows[6] = {0};
  for (int8_t i = 1; i <= 4; i++) tl_frontend_stack(rows, 3, (const int8_t[2]){i, (int8_t)-i}, 2);
  assert_memory_equal(rows, ((const int8_t[6]){2, -2, 3, -3, 4, -4}), 6);
  tl_frontend_stack(rows, 1, (const int8_t[2]){9, 8}, 2);
  assert_memory_equal(rows, ((const int8_t[2]){9, 8}), 2);
}

/* ---- whatever the samples and the recipe ---- */

static void fill_loud(int16_t *samples, int32_t count, uint32_t *seed)
{
  const uint32_t shape = random_next(seed) % 4, period = 1 + random_next(seed) % 60;
  for (int32_t i = 0; i < count; i++) {
    const bool up = shape == 0   ? random_next(seed) % 2 == 0
                    : shape == 1 ? (uint32_t)i / period % 2 == 0
                                 : shape == 2;
    samples[i] = up ? INT16_MAX : INT16_MIN;
  }
}

static tl_frontend_def random_def(uint32_t *seed)
{
  tl_frontend_def def =
      random_next(seed) % 2 == 0 ? tl_frontend_def_micro_speech() : tl_frontend_def_anomaly();
  def.fft_samples = 64 << random_next(seed) % 6;
  def.frame_samples = 16 + (int32_t)(random_next(seed) % (uint32_t)(def.fft_samples - 15));
  def.step_samples = 1 + (int32_t)(random_next(seed) % (uint32_t)def.frame_samples);
  def.channel_count = 1 + (int32_t)(random_next(seed) % 128);
  def.coefficient_count = (int32_t)(random_next(seed) % (uint32_t)(def.channel_count + 1));
  def.low_Hz = (float)(random_next(seed) % 3000);
  def.high_Hz = def.low_Hz + 1.0f + (float)(random_next(seed) % 4500);
  if (def.kind == TL_FRONTEND_MICRO) {
    def.pcan = random_next(seed) % 2 == 0;
    def.log_scale = random_next(seed) % 2 == 0;
    def.smoothing_bits = 5 + (int32_t)(random_next(seed) % 12);
    def.pcan_gain_bits = 17 + (int32_t)(random_next(seed) % 15);
    def.pcan_strength = (float)(random_next(seed) % 400) / 100.0f;
    def.even_smoothing_ratio = (float)(random_next(seed) % 101) / 100.0f;
  } else {
    def.mel_scale = random_next(seed) % 2 == 0 ? TL_MEL_HTK : TL_MEL_SLANEY;
    def.energy = random_next(seed) % 2 == 0;
    def.decibel = random_next(seed) % 2 == 0;
    def.log_floor = random_next(seed) % 2 == 0 ? 1e-30f : 1.0f;
  }
  return def;
}

/* Sanitizers watch for what is undefined; here, that features stay where a logarithm can be. */
static void loud_random_samples_and_recipes_stay_in_range(void **unused)
{
  (void)unused;
  int16_t samples[4096];
  int32_t features[128];
  int8_t q[128];
  for (uint32_t turn = 0; turn < 150; turn++) {
    uint32_t seed = turn;
    ready r = make(random_def(&seed));
    fill_loud(samples, 4096, &seed);
    size_t taken, frames = 0;
    for (size_t at = 0; at < 4096 && frames < 4; at += taken)
      if (tl_frontend_push(&r.frontend, r.state, r.scratch, samples + at, 4096 - at, &taken,
                           features)) {
        frames++;
        tl_frontend_quantize(&r.frontend, q, features);
        if (r.frontend.def.coefficient_count > 0) continue;
        for (int32_t i = 0; i < r.frontend.feature_count; i++)
          assert_true(r.frontend.def.kind == TL_FRONTEND_MICRO
                          ? features[i] >= 0 && features[i] <= 65535
                          : features[i] > -700 * 65536 && features[i] < 200 * 65536);
      }
    assert_true(frames > 0);
    drop(&r);
  }
}

/* ---- refusals ---- */

static void refused(tl_frontend_def def, const char *reason)
{
  tl_kernel_status status;
  tl_frontend frontend;
  size_t bytes = 1;
  uint64_t memory[1];
  char text[160];
  snprintf(text, sizeof text, "front end: %s", reason);
  assert_int_equal(tl_frontend_bytes(&bytes, &def, &status), TL_KERNEL_E_ARG);
  assert_string_equal(status.reason, text);
  assert_true(bytes == 0);
  assert_int_equal(tl_frontend_setup(&frontend, memory, sizeof memory, &def, &status),
                   TL_KERNEL_E_ARG);
  assert_string_equal(status.reason, text);
}

#define REFUSED(start, field, value, reason)                                                       \
  do {                                                                                             \
    tl_frontend_def def_ = tl_frontend_def_##start();                                              \
    def_.field = (value);                                                                          \
    refused(def_, reason);                                                                         \
  } while (0)

static void lengths_and_counts_out_of_range_are_refused(void **unused)
{
  (void)unused;
  refused((tl_frontend_def){0}, "the recipe does not start from a tl_frontend_def_ function");
  REFUSED(kws, kind, (tl_frontend_kind)3, "kind is none of micro and mel");
  REFUSED(kws, sample_rate_Hz, 999, "sample_rate_Hz is 999, expected 1000 .. 192000");
  REFUSED(kws, fft_samples, 32, "fft_samples is 32, expected 64 .. 2048");
  REFUSED(kws, fft_samples, 500, "fft_samples is no power of two");
  REFUSED(kws, fft_samples, 256, "frame_samples is 480, expected 16 .. 256");
  REFUSED(kws, frame_samples, 2049, "frame_samples is 2049, expected 16 .. 2048");
  REFUSED(kws, frame_samples, -5, "frame_samples is -5, expected 16 .. 64");
  REFUSED(kws, frame_samples, INT32_MAX, "frame_samples is 2147483647, expected 16 .. 2048");
  REFUSED(kws, step_samples, 481, "step_samples is 481, expected 1 .. 480");
  REFUSED(kws, step_samples, 0, "step_samples is 0, expected 1 .. 480");
  REFUSED(kws, channel_count, 129, "channel_count is 129, expected 1 .. 128");
  REFUSED(kws, coefficient_count, 41, "coefficient_count is 41, expected 0 .. 40");
  REFUSED(kws, output_zero_point, 128, "output_zero_point is 128, expected -128 .. 127");
  REFUSED(kws, output_scale, 0.0f, "output_scale is outside 1e-4 .. 1e4");
  REFUSED(kws, output_scale, NAN, "output_scale is outside 1e-4 .. 1e4");
}

static void bands_out_of_range_are_refused(void **unused)
{
  (void)unused;
  const char *band = "expected 0 <= low_Hz < high_Hz <= half of the sample rate";
  REFUSED(kws, low_Hz, -1.0f, band);
  REFUSED(kws, low_Hz, 4000.0f, band);
  REFUSED(kws, high_Hz, 8001.0f, band);
  REFUSED(kws, high_Hz, NAN, band);
  REFUSED(micro_speech, high_Hz, 8000.0f, "high_Hz is within a bin of half of the sample rate");
  REFUSED(kws, mel_scale, (tl_mel_scale)0, "mel_scale is none of htk and slaney");
  REFUSED(kws, log_floor, 0.0f, "log_floor is outside 1e-30 .. 1");
  REFUSED(kws, log_floor, NAN, "log_floor is outside 1e-30 .. 1");
}

static void noise_and_gain_out_of_range_are_refused(void **unused)
{
  (void)unused;
  REFUSED(kws, noise_reduction, true, "noise_reduction and pcan are of the micro kind only");
  REFUSED(micro_speech, noise_reduction, false, "pcan needs noise_reduction");
  REFUSED(micro_speech, smoothing_bits, 17, "smoothing_bits is 17, expected 0 .. 16");
  REFUSED(micro_speech, smoothing_bits, 2, "smoothing_bits with pcan is 2, expected 3 .. 16");
  REFUSED(micro_speech, even_smoothing_ratio, 1.5f, "even_smoothing_ratio is outside 0 .. 1");
  REFUSED(micro_speech, odd_smoothing_ratio, -0.5f, "odd_smoothing_ratio is outside 0 .. 1");
  REFUSED(micro_speech, signal_remaining_ratio, NAN, "signal_remaining_ratio is outside 0 .. 1");
  REFUSED(micro_speech, pcan_strength, 5.0f, "pcan_strength is outside 0 .. 4");
  REFUSED(micro_speech, pcan_offset, 0.0f, "pcan_offset is outside 1e-6 .. 1e9");
  REFUSED(micro_speech, pcan_gain_bits, 14, "pcan_gain_bits is 14, expected 15 .. 31");
  REFUSED(micro_speech, log_scale_bits, 11, "log_scale_bits is 11, expected 0 .. 10");
}

static void memory_too_small_or_askew_is_refused(void **unused)
{
  (void)unused;
  tl_frontend_def def = tl_frontend_def_kws();
  tl_kernel_status status;
  tl_frontend frontend;
  size_t bytes;
  char text[100];
  assert_int_equal(tl_frontend_bytes(&bytes, &def, &status), TL_KERNEL_OK);
  uint8_t *memory = malloc(bytes + 8);
  snprintf(text, sizeof text, "front end: expected %zu bytes of memory", bytes);
  assert_int_equal(tl_frontend_setup(&frontend, memory, bytes - 1, &def, &status),
                   TL_KERNEL_E_MEMORY);
  assert_string_equal(status.reason, text);
  assert_int_equal(tl_frontend_setup(&frontend, NULL, bytes, &def, &status), TL_KERNEL_E_MEMORY);
  assert_int_equal(tl_frontend_setup(&frontend, memory + 4, bytes, &def, &status),
                   TL_KERNEL_E_MEMORY);
  assert_string_equal(status.reason, "front end: memory is not aligned to 8 bytes");
  free(memory);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(micro_equals_tensorflow_and_mel_is_near_the_recipe),
      cmocka_unit_test(chunks_of_samples_make_no_difference),
      cmocka_unit_test(a_sine_has_the_decibels_of_its_filters),
      cmocka_unit_test(twice_the_sound_is_six_decibels_more),
      cmocka_unit_test(silence_is_the_floor),
      cmocka_unit_test(a_tone_is_loudest_where_its_frequency_is),
      cmocka_unit_test(noise_reduction_learns_the_noise),
      cmocka_unit_test(a_copied_state_goes_on_as_the_first),
      cmocka_unit_test(no_samples_take_nothing),
      cmocka_unit_test(quantize_rounds_to_the_nearest_step_and_saturates),
      cmocka_unit_test(stack_keeps_the_newest_rows),
      cmocka_unit_test(loud_random_samples_and_recipes_stay_in_range),
      cmocka_unit_test(lengths_and_counts_out_of_range_are_refused),
      cmocka_unit_test(bands_out_of_range_are_refused),
      cmocka_unit_test(noise_and_gain_out_of_range_are_refused),
      cmocka_unit_test(memory_too_small_or_askew_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
