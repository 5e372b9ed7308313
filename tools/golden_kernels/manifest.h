/* manifest.h: the list of golden files of a folder, in either of two formats.
 *
 *   one row a model     model,cases,state,...: MODEL.tflite, MODEL.in.bin, MODEL.out.bin beside the list
 *   one row a file      file,model,kind,cases,state,op_index,...: kind is input, output or intermediate; models lie
 *                       in ../models, or beside the list
 *
 * Owns: a manifest owns its rows. Threads: one. */
#ifndef TL_GOLDEN_KERNELS_MANIFEST_H
#define TL_GOLDEN_KERNELS_MANIFEST_H
#include "base/error.h"

#include <stdint.h>

typedef enum golden_kind { GOLDEN_INPUT, GOLDEN_OUTPUT, GOLDEN_INTERMEDIATE } golden_kind;

typedef struct golden_row {
  char *model, *file, *cases,
      *state; /* cases: "8,9" or "0-31"; a number alone is a count where has_counts */
  golden_kind kind;
  int64_t op; /* of an intermediate */
} golden_row;

typedef struct golden_manifest {
  char *folder;    /* of the list, with a slash at its end, or "" */
  bool has_models; /* one row a model: `file` is NULL and `cases` a count */
  golden_row *rows;
  uint32_t row_count;
} golden_manifest;

/* errors  TL_E_IO; TL_E_FORMAT: neither format, a row with too few cells; TL_E_LIMIT */
tl_code golden_manifest_read(golden_manifest *out, const char *path, tl_error *err);
void golden_manifest_free(golden_manifest *manifest);

/* Whether case number `index` is in "0-31" or "8,9"; how many are named; false for text that is neither. */
bool golden_cases_count(const char *cases, uint64_t *count);
/* The n-th case named, n < count. */
uint64_t golden_cases_at(const char *cases, uint64_t n);
#endif
