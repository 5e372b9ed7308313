#include "tests/kernels/features_record.h"

#include <assert.h>
#include <string.h>

typedef struct numbers {
  int32_t kind, sample_rate_Hz, frame_samples, step_samples, channel_count;
  float low_Hz, high_Hz;
  int32_t coefficient_count, noise_reduction, smoothing_bits;
  float even_smoothing_ratio, odd_smoothing_ratio, signal_remaining_ratio;
  int32_t pcan;
  float pcan_strength, pcan_offset;
  int32_t pcan_gain_bits, log_scale, log_scale_bits, mel_scale, energy, decibel;
  float log_floor;
  int32_t sample_count, frame_count;
} numbers;

static size_t padded(size_t bytes) { return (bytes + 3) / 4 * 4; }

static tl_frontend_def def_of(const numbers *n)
{
  tl_frontend_def def = tl_frontend_def_micro_speech();
  def.kind = (tl_frontend_kind)n->kind;
  def.sample_rate_Hz = n->sample_rate_Hz;
  def.frame_samples = n->frame_samples;
  def.step_samples = n->step_samples;
  def.channel_count = n->channel_count;
  def.low_Hz = n->low_Hz;
  def.high_Hz = n->high_Hz;
  def.coefficient_count = n->coefficient_count;
  def.noise_reduction = n->noise_reduction != 0;
  def.smoothing_bits = n->smoothing_bits;
  def.even_smoothing_ratio = n->even_smoothing_ratio;
  def.odd_smoothing_ratio = n->odd_smoothing_ratio;
  def.signal_remaining_ratio = n->signal_remaining_ratio;
  def.pcan = n->pcan != 0;
  def.pcan_strength = n->pcan_strength;
  def.pcan_offset = n->pcan_offset;
  def.pcan_gain_bits = n->pcan_gain_bits;
  def.log_scale = n->log_scale != 0;
  def.log_scale_bits = n->log_scale_bits;
  def.mel_scale = (tl_mel_scale)n->mel_scale;
  def.energy = n->energy != 0;
  def.decibel = n->decibel != 0;
  def.log_floor = n->log_floor;
  return def;
}

bool features_record_next(features_record *record, const uint8_t *file, size_t file_bytes,
                          size_t *at)
{
  numbers n;
  if (*at == 0) *at = 4; /* "TLF1" */
  if (*at + sizeof n > file_bytes) return false;
  memcpy(&n, file + *at, sizeof n);
  *record = (features_record){
      .def = def_of(&n), .sample_count = n.sample_count, .frame_count = n.frame_count};
  const size_t features = (size_t)(n.coefficient_count > 0 ? n.coefficient_count : n.channel_count);
  const size_t feature_bytes = n.kind == TL_FRONTEND_MICRO ? sizeof(uint16_t) : sizeof(float);
  record->samples = (const void *)(file + *at + sizeof n);
  *at += sizeof n + padded((size_t)n.sample_count * sizeof(int16_t));
  record->expected = file + *at;
  *at += padded((size_t)n.frame_count * features * feature_bytes);
  assert(*at <= file_bytes);
  return true;
}

uint32_t features_hash(uint32_t hash, const int32_t *features, int32_t count)
{
  for (int32_t i = 0; i < count; i++)
    for (int32_t shift = 0; shift < 32; shift += 8)
      hash = (hash ^ ((uint32_t)features[i] >> shift & 0xFF)) * 16777619u;
  return hash;
}
