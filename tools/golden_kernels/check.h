/* check.h: runs what a manifest lists and counts what is not the golden byte.
 *
 * Owns: nothing after golden_check returns. Threads: one. */
#ifndef TL_GOLDEN_KERNELS_CHECK_H
#define TL_GOLDEN_KERNELS_CHECK_H
#include "kernels/model.h"
#include "tools/golden_kernels/manifest.h"

typedef struct golden_options {
  const char *path, *filter; /* --path, --model-filter; NULL: not given */
  uint32_t batch;
  tl_model_options personality;
  bool allows_refused, is_verbose;
} golden_options;

typedef struct golden_counts {
  uint32_t passed, failed, skipped;
} golden_counts;

/* Prints a line for each miss on stdout. */
void golden_check(golden_counts *out, const golden_manifest *manifest,
                  const golden_options *options);
#endif
