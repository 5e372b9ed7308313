#include "kernels/features/noise.h"

#include "kernels/real.h"
#include "kernels/features/integers.h"

enum { RATIO_BITS = 14, SNR_BITS = 12, OUTPUT_BITS = 6, INTERVAL_LAST = 32 };

void tl_noise_reduce(const tl_frontend *frontend, uint32_t *estimate, uint32_t *signal)
{
  const int32_t bits = frontend->def.smoothing_bits;
  for (int32_t i = 0; i < frontend->def.channel_count; i++) {
    const uint64_t smoothing = i % 2 == 0 ? frontend->even_smoothing : frontend->odd_smoothing;
    const uint32_t fine = signal[i] << bits;
    const uint64_t mixed = fine * smoothing + estimate[i] * ((1ull << RATIO_BITS) - smoothing);
    const uint32_t noise = (uint32_t)(mixed >> RATIO_BITS);
    const uint32_t least =
        (uint32_t)((uint64_t)signal[i] * frontend->signal_remaining >> RATIO_BITS);
    const uint32_t rest = (fine - (noise < fine ? noise : fine)) >> bits;
    estimate[i] = noise;
    signal[i] = rest > least ? rest : least;
  }
}

static int16_t gain_at(const tl_frontend_def *def, int32_t input_bits, uint32_t x)
{
  const float noise = (float)x / (float)(1u << input_bits);
  const double power =
      tl_real_exp(-(double)def->pcan_strength * tl_real_log((double)(noise + def->pcan_offset)));
  const float gain = (float)(1u << def->pcan_gain_bits) * (float)power;
  return gain > 32767.0f ? INT16_MAX : (int16_t)(gain + 0.5f);
}

void tl_gain_table(int16_t gain[TL_GAIN_COUNT], const tl_frontend_def *def, int32_t input_bits)
{
  for (int32_t i = 0; i < TL_GAIN_COUNT; i++) gain[i] = 0;
  gain[0] = gain_at(def, input_bits, 0);
  gain[1] = gain_at(def, input_bits, 1);
  for (int32_t interval = 2; interval <= INTERVAL_LAST; interval++) {
    const uint32_t begin = 1u << (interval - 1);
    const uint32_t end = interval == INTERVAL_LAST ? UINT32_MAX : 2 * begin;
    const int32_t y0 = gain_at(def, input_bits, begin);
    const int32_t middle = gain_at(def, input_bits, begin + begin / 2) - y0;
    const int32_t last = gain_at(def, input_bits, end) - y0;
    const int32_t linear = 4 * middle - last;
    int16_t *at = gain + (4 * interval - 6);
    at[0] = (int16_t)y0;
    at[1] = (int16_t)linear;
    at[2] = (int16_t)(last - linear);
  }
}

/* The parabola of the interval that x is in, at its upper 10 bits below the first. */
static int16_t gain_of(const int16_t *gain, uint32_t x)
{
  if (x <= 2) return gain[x];
  const int32_t interval = tl_bits_of(x);
  const int16_t *at = gain + (4 * interval - 6);
  const uint32_t place = (interval < 11 ? x << (11 - interval) : x >> (interval - 11)) & 0x3FF;
  const int32_t slope = (at[2] * (int32_t)place >> 5) + at[1] * 32;
  const int32_t rise = (int32_t)((uint32_t)slope * place);
  return (int16_t)(((int32_t)((uint32_t)rise + (1u << 14)) >> 15) + at[0]);
}

static uint32_t shrink(uint32_t x)
{
  if (x < 2u << SNR_BITS) return x * x >> (2 + 2 * SNR_BITS - OUTPUT_BITS);
  return (x >> (SNR_BITS - OUTPUT_BITS)) - (1u << OUTPUT_BITS);
}

void tl_gain_control(const tl_frontend *frontend, const uint32_t *estimate, uint32_t *signal)
{
  for (int32_t i = 0; i < frontend->def.channel_count; i++) {
    const uint32_t gain = (uint32_t)gain_of(frontend->gain, estimate[i]);
    signal[i] = shrink((uint32_t)((uint64_t)signal[i] * gain >> frontend->gain_shift));
  }
}
