#include "tests/kernels/features_record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint8_t *features_records_read(const char *path, size_t *bytes)
{
  FILE *in = fopen(path, "rb");
  if (in == NULL) return NULL;
  uint8_t *file = NULL;
  int64_t size = -1;
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
  features_gap gap = {.hash = features_hash_start};
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
    gap.hash = features_hash(gap.hash, features, frontend.feature_count);
    gap.frame_count++;
  }
  free(scratch);
  free(state);
  free(memory);
  return gap;
}
