/* Compares our front ends with the records of a file: run_features FILE. Ends with 1 if a feature of the micro kind
 * or a count of frames differs. */
#include "tests/kernels/features_record.h"

#include <stdio.h>
#include <stdlib.h>

int main(int count, char **arguments)
{
  size_t bytes, at = 0;
  uint8_t *file = count == 2 ? features_records_read(arguments[1], &bytes) : NULL;
  if (file == NULL) {
    fprintf(stderr, "usage: run_features FILE\n");
    return 2;
  }
  features_record record;
  int bad = 0, records = 0;
  int64_t feature_total = 0;
  uint32_t hash = 0;
  for (; features_record_next(&record, file, bytes, &at); records++) {
    const features_gap gap = features_record_compare(&record, 1000000);
    const bool micro = record.def.kind == TL_FRONTEND_MICRO;
    const bool wrong = gap.frame_count != record.frame_count || (micro && gap.differ_count > 0);
    const int features =
        record.def.coefficient_count > 0 ? record.def.coefficient_count : record.def.channel_count;
    if (wrong || !micro)
      printf("%3d kind %d rate %d frame %d step %d channels %d: frames %d of %d, differ %d of %d, "
             "largest %g, mean %g\n",
             records, (int)record.def.kind, record.def.sample_rate_Hz, record.def.frame_samples,
             record.def.step_samples, record.def.channel_count, gap.frame_count, record.frame_count,
             gap.differ_count, features * gap.frame_count, gap.largest,
             gap.sum / (features * gap.frame_count));
    bad += wrong;
    hash = hash * 31 + gap.hash;
    feature_total += (int64_t)features * gap.frame_count;
  }
  printf("%d records, %d features, %d wrong, hash %08x\n", records, (int)feature_total, bad, hash);
  free(file);
  return bad > 0;
}
