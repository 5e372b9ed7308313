#include "kernels/features/check.h"

#include "kernels/features/filters.h"

int32_t tl_power_bits(int32_t samples)
{
  int32_t bits = 0;
  while (samples > 1 << bits) bits++;
  return bits;
}

static tl_kernel_code refuse(tl_kernel_status *status, const char *reason)
{
  return TL_KERNEL_FAIL(status, TL_KERNEL_E_ARG, "front end: ", reason);
}

typedef struct whole_range {
  const char *name;
  int32_t value, least, most;
} whole_range;
typedef struct real_range {
  const char *name;
  float value, least, most;
  const char *text;
} real_range;

static tl_kernel_code check_wholes(const whole_range *ranges, size_t count,
                                   tl_kernel_status *status)
{
  for (const whole_range *r = ranges; r < ranges + count; r++) {
    char value[12], least[12], most[12];
    if (r->value < r->least || r->value > r->most)
      return TL_KERNEL_FAIL(status, TL_KERNEL_E_ARG, "front end: ", r->name, " is ",
                            tl_kernel_number(value, r->value), ", expected ",
                            tl_kernel_number(least, r->least), " .. ",
                            tl_kernel_number(most, r->most));
  }
  return TL_KERNEL_OK;
}

static tl_kernel_code check_reals(const real_range *ranges, size_t count, tl_kernel_status *status)
{
  for (const real_range *r = ranges; r < ranges + count; r++)
    if (!(r->value >= r->least && r->value <= r->most)) /* so that not-a-number is refused, too */
      return TL_KERNEL_FAIL(status, TL_KERNEL_E_ARG, "front end: ", r->name, " is outside ",
                            r->text);
  return TL_KERNEL_OK;
}

static tl_kernel_code check_lengths(tl_frontend_def *def, tl_kernel_status *status)
{
  if (def->fft_samples == 0) {
    const int32_t least = def->frame_samples < TL_FRONTEND_FFT_MIN   ? TL_FRONTEND_FFT_MIN
                          : def->frame_samples > TL_FRONTEND_FFT_MAX ? TL_FRONTEND_FFT_MAX
                                                                     : def->frame_samples;
    def->fft_samples = 1 << tl_power_bits(least);
  }
  const whole_range first[] = {
      {"sample_rate_Hz", def->sample_rate_Hz, 1000, 192000},
      {"fft_samples", def->fft_samples, TL_FRONTEND_FFT_MIN, TL_FRONTEND_FFT_MAX},
      {"channel_count", def->channel_count, 1, TL_FRONTEND_CHANNELS_MAX},
      {"output_zero_point", def->output_zero_point, INT8_MIN, INT8_MAX},
  };
  tl_kernel_code code = check_wholes(first, sizeof first / sizeof *first, status);
  if (code != TL_KERNEL_OK) return code;
  if ((def->fft_samples & (def->fft_samples - 1)) != 0)
    return refuse(status, "fft_samples is no power of two");
  const whole_range then[] = {
      {"frame_samples", def->frame_samples, 16, def->fft_samples},
      {"step_samples", def->step_samples, 1, def->frame_samples},
      {"coefficient_count", def->coefficient_count, 0, def->channel_count},
  };
  return check_wholes(then, sizeof then / sizeof *then, status);
}

static tl_kernel_code check_band(const tl_frontend_def *def, tl_kernel_status *status)
{
  const float half_Hz = (float)def->sample_rate_Hz * 0.5f;
  if (!(def->low_Hz >= 0.0f && def->high_Hz > def->low_Hz && def->high_Hz <= half_Hz))
    return refuse(status, "expected 0 <= low_Hz < high_Hz <= half of the sample rate");
  if (!(def->output_scale >= 1e-4f && def->output_scale <= 1e4f))
    return refuse(status, "output_scale is outside 1e-4 .. 1e4");
  return TL_KERNEL_OK;
}

/* Shifts of the gain table and of the ratio must be shifts. */
static tl_kernel_code check_gain(const tl_frontend_def *def, tl_kernel_status *status)
{
  const int32_t correction = tl_power_bits(def->fft_samples) - TL_FILTER_HALF_BITS;
  if (!def->noise_reduction) return refuse(status, "pcan needs noise_reduction");
  const whole_range gain = {"pcan_gain_bits", def->pcan_gain_bits, correction + TL_GAIN_SNR_BITS,
                            31};
  const whole_range input = {"smoothing_bits with pcan", def->smoothing_bits, correction, 16};
  const real_range reals[] = {
      {"pcan_strength", def->pcan_strength, 0.0f, 4.0f, "0 .. 4"},
      {"pcan_offset", def->pcan_offset, 1e-6f, 1e9f, "1e-6 .. 1e9"},
  };
  tl_kernel_code code = check_wholes(&gain, 1, status);
  if (code == TL_KERNEL_OK) code = check_wholes(&input, 1, status);
  return code == TL_KERNEL_OK ? check_reals(reals, 2, status) : code;
}

static tl_kernel_code check_micro(const tl_frontend_def *def, tl_kernel_status *status)
{
  const whole_range wholes[] = {{"smoothing_bits", def->smoothing_bits, 0, 16},
                                {"log_scale_bits", def->log_scale_bits, 0, 10}};
  const real_range reals[] = {
      {"even_smoothing_ratio", def->even_smoothing_ratio, 0.0f, 1.0f, "0 .. 1"},
      {"odd_smoothing_ratio", def->odd_smoothing_ratio, 0.0f, 1.0f, "0 .. 1"},
      {"signal_remaining_ratio", def->signal_remaining_ratio, 0.0f, 1.0f, "0 .. 1"},
  };
  tl_kernel_code code = check_wholes(wholes, 2, status);
  if (code == TL_KERNEL_OK) code = check_reals(reals, 3, status);
  if (code == TL_KERNEL_OK && def->pcan) code = check_gain(def, status);
  if (code == TL_KERNEL_OK && !tl_filters_fit(def))
    return refuse(status, "high_Hz is within a bin of half of the sample rate");
  return code;
}

static tl_kernel_code check_mel(const tl_frontend_def *def, tl_kernel_status *status)
{
  if (def->mel_scale != TL_MEL_HTK && def->mel_scale != TL_MEL_SLANEY)
    return refuse(status, "mel_scale is none of htk and slaney");
  if (def->noise_reduction || def->pcan)
    return refuse(status, "noise_reduction and pcan are of the micro kind only");
  if (!(def->log_floor >= 1e-30f && def->log_floor <= 1.0f))
    return refuse(status, "log_floor is outside 1e-30 .. 1");
  return TL_KERNEL_OK;
}

tl_kernel_code tl_frontend_check(tl_frontend_def *checked, const tl_frontend_def *def,
                                 tl_kernel_status *status)
{
  *checked = *def;
  if (def->cookie_ != TL_FRONTEND_COOKIE)
    return refuse(status, "the recipe does not start from a tl_frontend_def_ function");
  if (def->kind != TL_FRONTEND_MICRO && def->kind != TL_FRONTEND_MEL)
    return refuse(status, "kind is none of micro and mel");
  tl_kernel_code code = check_lengths(checked, status);
  if (code == TL_KERNEL_OK) code = check_band(checked, status);
  if (code != TL_KERNEL_OK) return code;
  return def->kind == TL_FRONTEND_MICRO ? check_micro(checked, status) : check_mel(checked, status);
}
