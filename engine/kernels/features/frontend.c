#include "kernels/features/frontend.h"

#include "kernels/features/fft.h"
#include "kernels/features/integers.h"
#include "kernels/features/noise.h"
#include "kernels/features/state.h"

#include <string.h>

static size_t aligned(size_t bytes)
{
  return (bytes + TL_FRONTEND_ALIGNMENT - 1) & ~(size_t)(TL_FRONTEND_ALIGNMENT - 1);
}

size_t tl_frontend_state_size(const tl_frontend_def *def)
{
  return aligned(sizeof(tl_frontend_state) + (size_t)def->channel_count * sizeof(uint32_t) +
                 (size_t)def->frame_samples * sizeof(int16_t));
}

/* ---- scratch: input of the transform, in its place the energies; spectrum; channels ---- */

typedef struct workplace {
  void *input; /* int16_t or int32_t [fft_samples], then uint32_t or uint64_t [bin_count] */
  void *spectrum;
  uint32_t *signal; /* channel_count */
  int32_t *logs;    /* channel_count, the same place */
} workplace;

static size_t energies_bytes(const tl_frontend_def *def)
{
  const size_t energy_bytes = def->kind == TL_FRONTEND_MICRO ? sizeof(uint32_t) : sizeof(uint64_t);
  return aligned((size_t)(def->fft_samples / 2 + 1) * energy_bytes);
}

/* A complex number is as large as an energy. */
size_t tl_frontend_scratch_size(const tl_frontend_def *def)
{
  return 2 * energies_bytes(def) + aligned((size_t)def->channel_count * sizeof(uint32_t));
}

static workplace workplace_of(const tl_frontend_def *def, void *scratch)
{
  const size_t bytes = energies_bytes(def);
  uint8_t *const at = scratch;
  return (workplace){at, at + bytes, (void *)(at + 2 * bytes), (void *)(at + 2 * bytes)};
}

/* ---- the micro front end ---- */

/* Under the window, shifted up as far as the largest goes. Returns the shift. */
static int32_t window_micro(int16_t *out, const int16_t *frame, const tl_frontend *f)
{
  int16_t largest = 0;
  for (int32_t i = 0; i < f->def.frame_samples; i++) {
    out[i] = (int16_t)(frame[i] * (int32_t)f->window[i] >> 12);
    const int16_t size = out[i] < 0 ? (int16_t)-out[i] : out[i]; /* -32768 is left out, as there */
    if (size > largest) largest = size;
  }
  const int32_t shift = 15 - tl_bits_of((uint64_t)largest);
  for (int32_t i = 0; i < f->def.frame_samples; i++)
    out[i] = (int16_t)(uint16_t)((uint32_t)(uint16_t)out[i] << shift);
  for (int32_t i = f->def.frame_samples; i < f->def.fft_samples; i++) out[i] = 0;
  return shift;
}

static void energies_micro(uint32_t *energies, const tl_complex16 *spectrum, int32_t count)
{
  for (int32_t i = 0; i < count; i++)
    energies[i] =
        (uint32_t)(spectrum[i].re * spectrum[i].re) + (uint32_t)(spectrum[i].im * spectrum[i].im);
}

static void filter_micro(uint32_t *signal, const uint32_t *energies, const tl_frontend *f,
                         int32_t shift)
{
  for (int32_t channel = 0; channel < f->def.channel_count; channel++) {
    const tl_frontend_filter *filter = &f->filters[channel];
    const uint16_t *weights = f->weights + filter->weight_begin;
    uint64_t sum = 0;
    for (uint32_t i = 0; i < filter->bin_count; i++) /* an energy of 2^31 is negative, as there */
      sum += weights[i] * (uint64_t)(int32_t)energies[filter->bin_begin + i];
    signal[channel] = tl_root(sum) >> shift;
  }
}

static void scale_micro(int32_t *logs, const uint32_t *signal, const tl_frontend *f)
{
  const uint32_t correction =
      (uint32_t)f->fft_bits - 6; /* >= 0: of the transform and the weights */
  for (int32_t channel = 0; channel < f->def.channel_count; channel++) {
    uint32_t value = signal[channel];
    if (f->def.log_scale) {
      value <<= correction;
      value = value > 1 ? tl_log_scaled(value, (uint32_t)f->def.log_scale_bits, f->log2_curve) : 0;
    }
    logs[channel] = (int32_t)(value < UINT16_MAX ? value : UINT16_MAX);
  }
}

static void frame_micro(const tl_frontend *f, const workplace *w, const int16_t *frame,
                        uint32_t *noise)
{
  int16_t *const input = w->input;
  uint32_t *const energies = w->input;
  const int32_t shift = window_micro(input, frame, f);
  tl_fft16(w->spectrum, input, f->twiddles, f->fft_bits);
  energies_micro(energies, w->spectrum, f->bin_count);
  filter_micro(w->signal, energies, f, shift);
  if (f->def.noise_reduction) tl_noise_reduce(f, noise, w->signal);
  if (f->def.pcan) tl_gain_control(f, noise, w->signal);
  scale_micro(w->logs, w->signal, f);
}

/* ---- logarithm of mel filters ---- */

/* Q30 under the window, shifted so that the largest is just below 2^30. Returns the shift. */
static int32_t window_mel(int32_t *out, const int16_t *frame, const tl_frontend *f)
{
  int32_t largest = 0;
  for (int32_t i = 0; i < f->def.frame_samples; i++) {
    out[i] = frame[i] * (int32_t)f->window[i];
    const int32_t size = out[i] < 0 ? -out[i] : out[i];
    if (size > largest) largest = size;
  }
  const int32_t shift = 30 - tl_bits_of((uint64_t)largest);
  for (int32_t i = 0; i < f->def.frame_samples; i++) out[i] *= 1 << shift;
  for (int32_t i = f->def.frame_samples; i < f->def.fft_samples; i++) out[i] = 0;
  return shift;
}

/* |X|^2 or |X| of each bin. */
static void energies_mel(uint64_t *energies, const tl_complex32 *spectrum, const tl_frontend *f)
{
  for (int32_t i = 0; i < f->bin_count; i++) {
    const int64_t re = spectrum[i].re, im = spectrum[i].im;
    const uint64_t energy = (uint64_t)(re * re) + (uint64_t)(im * im);
    energies[i] = f->def.energy ? energy : tl_root(energy);
  }
}

/* Sum of weight * energy, weights in Q15, in units of 1 (energies) or 2^-15 (magnitudes). The sum
 * of all energies is below 2^60 (Parseval: the mean square of the input), so nothing overflows. */
static uint64_t filter_sum(const uint64_t *energies, const uint16_t *weights, uint32_t count,
                           bool energy)
{
  uint64_t sum = 0;
  if (energy)
    for (uint32_t i = 0; i < count; i++)
      sum += (energies[i] >> 15) * weights[i] + ((energies[i] & 0x7FFF) * weights[i] >> 15);
  else
    for (uint32_t i = 0; i < count; i++) sum += energies[i] * weights[i];
  return sum;
}

/* log2(sum * 2^exponent + floor) in Q16 */
static int32_t log2_above_floor(uint64_t sum, int32_t exponent, const tl_frontend_filter *filter,
                                const uint16_t *curve)
{
  int32_t gap = filter->floor_exponent - exponent;
  if (gap > 32) {
    sum = gap - 32 < 64 ? sum >> (gap - 32) : 0;
    exponent += gap - 32;
    gap = 32;
  }
  if (gap >= 0)
    sum += (uint64_t)filter->floor << gap;
  else if (gap > -32)
    sum += filter->floor >> -gap;
  if (sum == 0) return tl_log2(filter->floor, curve, 9) + filter->floor_exponent * 65536;
  return tl_log2(sum, curve, 9) + exponent * 65536;
}

static void frame_mel(const tl_frontend *f, const workplace *w, const int16_t *frame)
{
  int32_t *const input = w->input;
  uint64_t *const energies = w->input;
  const int32_t shift = window_mel(input, frame, f);
  tl_fft32(w->spectrum, input, f->twiddles, f->fft_bits);
  energies_mel(energies, w->spectrum, f);
  const int32_t unit = f->fft_bits - 30 - shift; /* of |X|, samples as -1 .. 1 */
  const int32_t exponent = f->def.energy ? 2 * unit : unit - 15;
  for (int32_t channel = 0; channel < f->def.channel_count; channel++) {
    const tl_frontend_filter *filter = &f->filters[channel];
    const uint64_t sum = filter_sum(energies + filter->bin_begin, f->weights + filter->weight_begin,
                                    filter->bin_count, f->def.energy);
    const int64_t log2 = log2_above_floor(sum, exponent, filter, f->log2_curve);
    w->logs[channel] = (int32_t)((log2 * f->log_per_octave + (1 << 27)) >> 28) + filter->offset;
  }
}

/* ---- frames of samples ---- */

static void transform(int32_t *features, const int32_t *logs, const tl_frontend *f)
{
  const int32_t channels = f->def.channel_count;
  for (int32_t k = 0; k < f->def.coefficient_count; k++) {
    int64_t sum = 1 << 29;
    for (int32_t i = 0; i < channels; i++) sum += (int64_t)f->cosines[k * channels + i] * logs[i];
    features[k] = (int32_t)(sum >> 30);
  }
}

void tl_frontend_reset(const tl_frontend *frontend, void *state)
{
  memset(state, 0, frontend->state_bytes);
}

bool tl_frontend_push(const tl_frontend *frontend, void *state, void *scratch,
                      const int16_t *samples, size_t sample_count, size_t *taken, int32_t *features)
{
  const tl_frontend_def *def = &frontend->def;
  tl_frontend_state *const head = state;
  uint32_t *const noise = (void *)(head + 1);
  int16_t *const frame = (void *)(noise + def->channel_count);
  const uint32_t length = (uint32_t)def->frame_samples, step = (uint32_t)def->step_samples;
  const size_t room = length - head->used, count = sample_count < room ? sample_count : room;
  if (count > 0) memcpy(frame + head->used, samples, count * sizeof *samples);
  head->used += (uint32_t)count;
  *taken = count;
  if (head->used < length) return false;

  const workplace w = workplace_of(def, scratch);
  if (def->kind == TL_FRONTEND_MICRO)
    frame_micro(frontend, &w, frame, noise);
  else
    frame_mel(frontend, &w, frame);
  if (def->coefficient_count > 0)
    transform(features, w.logs, frontend);
  else
    memcpy(features, w.logs, (size_t)def->channel_count * sizeof *features);
  memmove(frame, frame + step, (length - step) * sizeof *frame);
  head->used -= step;
  return true;
}

void tl_frontend_quantize(const tl_frontend *frontend, int8_t *quantized, const int32_t *features)
{
  const int32_t shift = frontend->output_shift;
  for (int32_t i = 0; i < frontend->feature_count; i++) {
    const int64_t steps =
        (features[i] * (int64_t)frontend->output_multiplier + ((int64_t)1 << (shift - 1))) >> shift;
    const int64_t value = steps + frontend->def.output_zero_point;
    quantized[i] = (int8_t)(value < INT8_MIN ? INT8_MIN : value > INT8_MAX ? INT8_MAX : value);
  }
}

void tl_frontend_stack(int8_t *rows, int32_t frame_count, const int8_t *row, int32_t feature_count)
{
  const size_t row_bytes = (size_t)feature_count, rows_bytes = (size_t)frame_count * row_bytes;
  memmove(rows, rows + row_bytes, rows_bytes - row_bytes);
  memcpy(rows + rows_bytes - row_bytes, row, row_bytes);
}
