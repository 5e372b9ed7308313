/* kernels.h: `tools/bench kernels`: inferences of whole models, every path, beside other runtimes. */
#ifndef TL_BENCHMARKS_KERNELS_H
#define TL_BENCHMARKS_KERNELS_H

#include "base/error.h"
#include "base/text.h"

#include <stdint.h>

typedef struct kernels_options {
  const char
      *root; /* of the sources: models and the peers' environment lie beside it and under it */
  const char *only;                 /* one model's label; NULL: all */
  const char *path;                 /* one path's name; NULL: every one that the CPU has */
  uint32_t rounds;                  /* medians over so many */
  uint32_t batches[8], batch_count; /* none: 1, 8, 64, 256 */
  bool peers;
} kernels_options;

/* Appends rows to a JSON list that has been opened, and prints them to standard error as they come. */
tl_code kernels_measure(tl_text *json, const kernels_options *options, tl_error *err);

#endif
