/* features_record.h: recipes of front ends with samples and the features that another program made of them
 * (tools/models/features_golden.py writes them), and how far ours are from those.
 * A file is "TLF1", then records: 25 numbers (int32 or float, in the order of the script), int16 samples, features
 * (uint16 of the micro kind, else float), each part padded to 4 bytes; all little-endian. */
#ifndef TL_TESTS_FEATURES_RECORD_H
#define TL_TESTS_FEATURES_RECORD_H

#include "kernels/features/frontend.h"

typedef struct features_record {
  tl_frontend_def def;
  const int16_t *samples;
  int32_t sample_count, frame_count;
  const void *expected; /* uint16_t or float, frame_count x features */
} features_record;

typedef struct features_gap {
  int32_t frame_count,
      differ_count;    /* frames of ours; features that are not the same (micro kind) */
  double largest, sum; /* of the differences, in feature units */
  uint32_t hash;       /* of our features */
} features_gap;

/* The record at *at of a file, which is moved behind it; false at the end. */
bool features_record_next(features_record *record, const uint8_t *file, size_t file_bytes,
                          size_t *at);

/* FNV-1a of features, low byte first, going on from hash; start with features_hash_start. */
static const uint32_t features_hash_start = 2166136261u;
uint32_t features_hash(uint32_t hash, const int32_t *features, int32_t count);

/* ---- features_compare.c, on a host ---- */

/* Whole file, to be freed; NULL if it cannot be read. */
uint8_t *features_records_read(const char *path, size_t *bytes);

/* Runs the record's front end, `step` samples a call. */
features_gap features_record_compare(const features_record *record, size_t step);

#endif
