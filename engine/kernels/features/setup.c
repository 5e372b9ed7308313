#include "kernels/features/check.h"
#include "kernels/real.h"
#include "kernels/features/fft.h"
#include "kernels/features/filters.h"
#include "kernels/features/frontend.h"
#include "kernels/features/integers.h"
#include "kernels/features/noise.h"
#include "kernels/features/state.h"

#include <string.h>

tl_frontend_def tl_frontend_def_micro_speech(void)
{
  return (tl_frontend_def){
      .kind = TL_FRONTEND_MICRO,
      .sample_rate_Hz = 16000,
      .frame_samples = 480,
      .step_samples = 320,
      .channel_count = 40,
      .low_Hz = 125.0f,
      .high_Hz = 7500.0f,
      .noise_reduction = true,
      .smoothing_bits = 10,
      .even_smoothing_ratio = 0.025f,
      .odd_smoothing_ratio = 0.06f,
      .signal_remaining_ratio = 0.05f,
      .pcan = true,
      .pcan_strength = 0.95f,
      .pcan_offset = 80.0f,
      .pcan_gain_bits = 21,
      .log_scale = true,
      .log_scale_bits = 6,
      .output_scale = 2.6015625f, /* 666 / 256 */
      .output_zero_point = -128,
      .cookie_ = TL_FRONTEND_COOKIE,
  };
}

tl_frontend_def tl_frontend_def_kws(void)
{
  return (tl_frontend_def){
      .kind = TL_FRONTEND_MEL,
      .sample_rate_Hz = 16000,
      .frame_samples = 480,
      .step_samples = 320,
      .channel_count = 40,
      .low_Hz = 20.0f,
      .high_Hz = 4000.0f,
      .coefficient_count = 10,
      .mel_scale = TL_MEL_HTK,
      .log_floor = 1e-6f,
      .output_scale = 0.584702909f,
      .output_zero_point = 83,
      .cookie_ = TL_FRONTEND_COOKIE,
  };
}

tl_frontend_def tl_frontend_def_anomaly(void)
{
  return (tl_frontend_def){
      .kind = TL_FRONTEND_MEL,
      .sample_rate_Hz = 16000,
      .frame_samples = 1024,
      .step_samples = 512,
      .channel_count = 128,
      .low_Hz = 0.0f,
      .high_Hz = 8000.0f,
      .mel_scale = TL_MEL_SLANEY,
      .energy = true,
      .decibel = true,
      .log_floor = 2.220446e-16f, /* the smallest step of a double at 1 */
      .output_scale = 0.391015232f,
      .output_zero_point = 89,
      .cookie_ = TL_FRONTEND_COOKIE,
  };
}

/* ---- where the tables lie ---- */

typedef struct tables {
  size_t window, twiddles, filters, weights, log2_curve, gain, cosines, bytes;
} tables;

static size_t place(size_t *at, size_t count, size_t item_bytes)
{
  const size_t here = *at;
  *at += (count * item_bytes + TL_FRONTEND_ALIGNMENT - 1) & ~(size_t)(TL_FRONTEND_ALIGNMENT - 1);
  return here;
}

/* Counts are checked: all of them together stay far below 2^32. */
static tables layout(const tl_frontend_def *def)
{
  const bool micro = def->kind == TL_FRONTEND_MICRO;
  const size_t fft = (size_t)def->fft_samples, channels = (size_t)def->channel_count;
  size_t at = 0;
  tables t;
  t.window = place(&at, (size_t)def->frame_samples, sizeof(uint16_t));
  t.twiddles = place(&at, fft / 4 * 3, micro ? sizeof(tl_complex16) : sizeof(tl_complex32));
  t.filters = place(&at, channels, sizeof(tl_frontend_filter));
  t.weights = place(&at, 2 * (fft / 2 + 1), sizeof(uint16_t));
  t.log2_curve = place(&at, TL_LOG2_CURVE_COUNT, sizeof(uint16_t));
  t.gain = place(&at, def->pcan ? TL_GAIN_COUNT : 0, sizeof(int16_t));
  t.cosines = place(&at, (size_t)def->coefficient_count * channels, sizeof(int32_t));
  t.bytes = at;
  return t;
}

tl_kernel_code tl_frontend_bytes(size_t *bytes, const tl_frontend_def *def,
                                 tl_kernel_status *status)
{
  tl_frontend_def checked;
  tl_kernel_clear(status);
  const tl_kernel_code code = tl_frontend_check(&checked, def, status);
  *bytes = code == TL_KERNEL_OK ? layout(&checked).bytes : 0;
  return code;
}

/* ---- what is in them ---- */

/* Hann's window at half samples in Q12: the micro front end's, with its angle made float. */
static void make_micro_window(uint16_t *window, int32_t count)
{
  const float angle = (float)(TL_REAL_PI * 2.0 / (double)(float)count);
  for (int32_t i = 0; i < count; i++) {
    const float value = (float)(0.5 - 0.5 * tl_real_cos((double)angle * (i + 0.5)));
    window[i] = (uint16_t)tl_real_floor((double)(value * 4096.0f) + 0.5);
  }
}

/* Hann's periodic window in Q15. The top is one step short, so that no product reaches 2^30. */
static void make_mel_window(uint16_t *window, int32_t count)
{
  for (int32_t i = 0; i < count; i++) {
    const double value = 0.5 - 0.5 * tl_real_cos(2.0 * TL_REAL_PI * i / count);
    const int64_t rounded = tl_real_floor(value * 32768.0 + 0.5);
    window[i] = (uint16_t)(rounded < 32767 ? rounded : 32767);
  }
}

/* DCT-II, sqrt(2 / channels) cos(pi k (i + 1/2) / channels), as tf.signal scales it. */
static void make_cosines(int32_t *cosines, const tl_frontend_def *def)
{
  const int32_t channels = def->channel_count;
  const double scale = tl_real_exp(0.5 * tl_real_log(2.0 / channels)) * 1073741824.0;
  for (int32_t k = 0; k < def->coefficient_count; k++)
    for (int32_t i = 0; i < channels; i++)
      cosines[k * channels + i] =
          (int32_t)tl_real_floor(scale * tl_real_cos(TL_REAL_PI * k * (i + 0.5) / channels) + 0.5);
}

static void set_numbers(tl_frontend *f)
{
  const tl_frontend_def *def = &f->def;
  const bool micro = def->kind == TL_FRONTEND_MICRO;
  f->fft_bits = tl_power_bits(def->fft_samples);
  f->bin_count = def->fft_samples / 2 + 1;
  f->feature_count = def->coefficient_count > 0 ? def->coefficient_count : def->channel_count;
  f->state_bytes = tl_frontend_state_size(def);
  f->scratch_bytes = tl_frontend_scratch_size(def);
  f->even_smoothing = (uint32_t)(def->even_smoothing_ratio * 16384.0f);
  f->odd_smoothing = (uint32_t)(def->odd_smoothing_ratio * 16384.0f);
  f->signal_remaining = (uint32_t)(def->signal_remaining_ratio * 16384.0f);
  f->gain_shift = def->pcan_gain_bits - (f->fft_bits - TL_FILTER_HALF_BITS) - TL_GAIN_SNR_BITS;
  const double decibels = (def->energy ? 10.0 : 20.0) / tl_real_log(10.0);
  const double octave = tl_real_log(2.0) * (def->decibel ? decibels : 1.0);
  f->log_per_octave = (int32_t)tl_real_floor(octave * 268435456.0 + 0.5);
  uint32_t multiplier;
  const double unit = micro ? 1.0 : 1.0 / 65536.0;
  f->output_shift = -tl_real_split(&multiplier, unit / (double)def->output_scale);
  f->output_multiplier = (int32_t)multiplier;
}

static void make_tables(tl_frontend *f, uint8_t *memory, const tables *t)
{
  const tl_frontend_def *def = &f->def;
  const bool micro = def->kind == TL_FRONTEND_MICRO;
  uint16_t *window = (void *)(memory + t->window), *weights = (void *)(memory + t->weights);
  uint16_t *curve = (void *)(memory + t->log2_curve);
  tl_frontend_filter *filters = (void *)(memory + t->filters);
  void *twiddles = memory + t->twiddles;
  if (micro) {
    make_micro_window(window, def->frame_samples);
    tl_fft16_twiddles(twiddles, f->fft_bits);
  } else {
    make_mel_window(window, def->frame_samples);
    tl_fft32_twiddles(twiddles, f->fft_bits);
  }
  tl_filters_make(filters, weights, def);
  tl_log2_curve(curve);
  f->window = window;
  f->twiddles = twiddles;
  f->filters = filters;
  f->weights = weights;
  f->log2_curve = curve;
}

tl_kernel_code tl_frontend_setup(tl_frontend *frontend, void *memory, size_t memory_bytes,
                                 const tl_frontend_def *def, tl_kernel_status *status)
{
  tl_kernel_clear(status);
  memset(frontend, 0, sizeof *frontend);
  const tl_kernel_code code = tl_frontend_check(&frontend->def, def, status);
  if (code != TL_KERNEL_OK) return code;
  const tables t = layout(&frontend->def);
  if (memory == NULL || memory_bytes < t.bytes) {
    char wanted[12];
    return TL_KERNEL_FAIL(status, TL_KERNEL_E_MEMORY, "front end: expected ",
                          tl_kernel_number(wanted, (int32_t)t.bytes), " bytes of memory");
  }
  if ((uintptr_t)memory % TL_FRONTEND_ALIGNMENT != 0)
    return TL_KERNEL_FAIL(status, TL_KERNEL_E_MEMORY,
                          "front end: memory is not aligned to 8 bytes");
  set_numbers(frontend);
  make_tables(frontend, memory, &t);
  if (frontend->def.pcan) {
    int16_t *gain = (void *)((uint8_t *)memory + t.gain);
    tl_gain_table(gain, &frontend->def,
                  frontend->def.smoothing_bits - (frontend->fft_bits - TL_FILTER_HALF_BITS));
    frontend->gain = gain;
  }
  if (frontend->def.coefficient_count > 0) {
    int32_t *cosines = (void *)((uint8_t *)memory + t.cosines);
    make_cosines(cosines, &frontend->def);
    frontend->cosines = cosines;
  }
  return TL_KERNEL_OK;
}
