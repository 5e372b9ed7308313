#include "tests/kernels/features_record.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
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

uint8_t *features_records_read(const char *path, size_t *bytes)
{
  FILE *in = fopen(path, "rb");
  if (in == NULL) return NULL;
  uint8_t *file = NULL;
  long size = -1;
  if (fseek(in, 0, SEEK_END) == 0) size = ftell(in);
  if (size > 4 && fseek(in, 0, SEEK_SET) == 0) file = malloc((size_t)size);
  if (file != NULL &&
      (fread(file, 1, (size_t)size, in) != (size_t)size || memcmp(file, "TLF1", 4) != 0)) {
    free(file);
    file = NULL;
  }
  fclose(in);
  *bytes = file != NULL ? (size_t)size : 0;
  return file;
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

static void compare_frame(features_gap *gap, const features_record *record, const int32_t *features,
                          int32_t count)
{
  for (int32_t i = 0; i < count; i++) {
    const size_t index = (size_t)(gap->frame_count * count + i);
    const bool micro = record->def.kind == TL_FRONTEND_MICRO;
    const double ours = micro ? features[i] : features[i] / 65536.0;
    const double theirs = micro ? ((const uint16_t *)record->expected)[index]
                                : (double)((const float *)record->expected)[index];
    const double difference = ours < theirs ? theirs - ours : ours - theirs;
    gap->differ_count += difference != 0.0;
    gap->sum += difference;
    if (difference > gap->largest) gap->largest = difference;
  }
}

features_gap features_record_compare(const features_record *record, size_t step)
{
  features_gap gap = {0};
  tl_kernel_status status;
  tl_frontend frontend;
  size_t bytes;
  const tl_kernel_code sized = tl_frontend_bytes(&bytes, &record->def, &status);
  void *memory = malloc(bytes);
  if (sized != TL_KERNEL_OK ||
      tl_frontend_setup(&frontend, memory, bytes, &record->def, &status) != TL_KERNEL_OK) {
    free(memory);
    return (features_gap){.frame_count = -1};
  }
  void *state = malloc(frontend.state_bytes), *scratch = malloc(frontend.scratch_bytes);
  int32_t features[TL_FRONTEND_CHANNELS_MAX];
  tl_frontend_reset(&frontend, state);
  for (size_t at = 0, taken; at < (size_t)record->sample_count; at += taken) {
    const size_t left = (size_t)record->sample_count - at;
    if (!tl_frontend_push(&frontend, state, scratch, record->samples + at,
                          left < step ? left : step, &taken, features))
      continue;
    if (gap.frame_count < record->frame_count)
      compare_frame(&gap, record, features, frontend.feature_count);
    gap.frame_count++;
  }
  free(scratch);
  free(state);
  free(memory);
  return gap;
}
