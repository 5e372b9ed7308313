#include "kernels/features/filters.h"

#include "kernels/real.h"

/* ---- the micro front end: bands between centres, float arithmetic ---- */

typedef struct bands {
  float low, spacing; /* mel */
  float per_bin_Hz;
  int32_t first, count; /* first bin; bins of the spectrum */
} bands;

static float micro_mel(float frequency_Hz)
{
  return (float)(1127.0 * tl_real_log(1.0 + (double)frequency_Hz / 700.0));
}

static bands bands_of(const tl_frontend_def *def)
{
  bands b = {.low = micro_mel(def->low_Hz), .count = def->fft_samples / 2 + 1};
  b.spacing = (micro_mel(def->high_Hz) - b.low) / (float)(def->channel_count + 1);
  b.per_bin_Hz = (float)(0.5 * def->sample_rate_Hz / (double)((float)b.count - 1));
  b.first = (int32_t)(1.5 + (double)(def->low_Hz / b.per_bin_Hz)); /* never the mean */
  return b;
}

static float bin_mel(const bands *b, int32_t bin) { return micro_mel((float)bin * b->per_bin_Hz); }

/* Upper end of a band, 0 .. channel_count; -1 is the lower end of all. */
static float centre(const bands *b, int32_t band)
{
  return band < 0 ? b->low : b->low + (b->spacing * (float)(band + 1));
}

static int32_t band_end(const bands *b, int32_t band, int32_t begin)
{
  int32_t bin = begin;
  while (bin < b->count && bin_mel(b, bin) <= centre(b, band)) bin++;
  return bin;
}

bool tl_filters_fit(const tl_frontend_def *def)
{
  const bands b = bands_of(def);
  return band_end(&b, def->channel_count, b.first) < b.count;
}

/* Share of a bin that belongs to the filter which falls in the band, in Q12; else to the one that
 * rises there. */
static uint16_t band_weight(const bands *b, int32_t band, int32_t bin, bool rises)
{
  const float top = centre(b, band);
  const float share = (top - bin_mel(b, bin)) / (top - centre(b, band - 1));
  return rises ? (uint16_t)tl_real_floor((1.0 - (double)share) * 4096 + 0.5)
               : (uint16_t)tl_real_floor((double)(share * 4096.0f) + 0.5);
}

static void make_micro(tl_frontend_filter *filters, uint16_t *weights, const tl_frontend_def *def)
{
  const bands b = bands_of(def);
  uint32_t used = 0;
  int32_t begin = b.first;
  for (int32_t channel = 0; channel < def->channel_count; channel++) {
    const int32_t top = band_end(&b, channel, begin), end = band_end(&b, channel + 1, top);
    filters[channel] = (tl_frontend_filter){
        .bin_begin = (uint16_t)begin, .bin_count = (uint16_t)(end - begin), .weight_begin = used};
    for (int32_t bin = begin; bin < end; bin++)
      weights[used++] = band_weight(&b, bin < top ? channel : channel + 1, bin, bin < top);
    begin = top;
  }
}

/* ---- triangles between edges, double arithmetic ---- */

static double htk_mel(double frequency_Hz)
{
  return 1127.0 * tl_real_log(1.0 + frequency_Hz / 700.0);
}

/* 3 mel each 200 Hz to 1 kHz; from there 27 mel each factor of 6.4. */
static double slaney_mel(double frequency_Hz)
{
  if (frequency_Hz < 1000.0) return frequency_Hz * 3.0 / 200.0;
  return 15.0 + tl_real_log(frequency_Hz / 1000.0) * 27.0 / tl_real_log(6.4);
}

static double slaney_Hz(double mel)
{
  if (mel < 15.0) return mel * 200.0 / 3.0;
  return 1000.0 * tl_real_exp((mel - 15.0) * tl_real_log(6.4) / 27.0);
}

/* Edge 0 .. channel_count + 1 on the axis where the triangles are straight. */
static double edge(const tl_frontend_def *def, int32_t index)
{
  const bool htk = def->mel_scale == TL_MEL_HTK;
  const double low = htk ? htk_mel((double)def->low_Hz) : slaney_mel((double)def->low_Hz);
  const double high = htk ? htk_mel((double)def->high_Hz) : slaney_mel((double)def->high_Hz);
  const double mel = low + (high - low) * index / (def->channel_count + 1);
  return htk ? mel : slaney_Hz(mel);
}

static double bin_place(const tl_frontend_def *def, int32_t bin)
{
  const double frequency_Hz = (double)bin * def->sample_rate_Hz / def->fft_samples;
  return def->mel_scale == TL_MEL_HTK ? htk_mel(frequency_Hz) : frequency_Hz;
}

static double triangle(double place, double low, double top, double high)
{
  const double rise = (place - low) / (top - low), fall = (high - place) / (high - top);
  return rise < fall ? rise : fall;
}

/* The gain of a filter goes into the logarithm, so that all weights have 16 good bits. */
static void set_gain(tl_frontend_filter *filter, const tl_frontend_def *def, double gain)
{
  const double decibels = def->energy ? 10.0 : 20.0;
  const double unit = def->decibel ? decibels / tl_real_log(10.0) : 1.0;
  filter->floor_exponent = tl_real_split(&filter->floor, (double)def->log_floor / gain);
  filter->offset = (int32_t)tl_real_floor(tl_real_log(gain) * unit * 65536.0 + 0.5);
}

static void make_mel(tl_frontend_filter *filters, uint16_t *weights, const tl_frontend_def *def)
{
  uint32_t used = 0;
  int32_t begin = 1; /* never the mean */
  for (int32_t channel = 0; channel < def->channel_count; channel++) {
    const double low = edge(def, channel), top = edge(def, channel + 1),
                 high = edge(def, channel + 2);
    while (begin <= def->fft_samples / 2 && bin_place(def, begin) <= low) begin++;
    int32_t end = begin;
    for (; end <= def->fft_samples / 2 && bin_place(def, end) < high; end++)
      weights[used + (uint32_t)(end - begin)] =
          (uint16_t)tl_real_floor(triangle(bin_place(def, end), low, top, high) * 32768.0 + 0.5);
    filters[channel] = (tl_frontend_filter){
        .bin_begin = (uint16_t)begin, .bin_count = (uint16_t)(end - begin), .weight_begin = used};
    used += (uint32_t)(end - begin);
    set_gain(&filters[channel], def, def->mel_scale == TL_MEL_SLANEY ? 2.0 / (high - low) : 1.0);
  }
}

void tl_filters_make(tl_frontend_filter *filters, uint16_t *weights, const tl_frontend_def *def)
{
  if (def->kind == TL_FRONTEND_MICRO)
    make_micro(filters, weights, def);
  else
    make_mel(filters, weights, def);
}
