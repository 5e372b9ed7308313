/* runner.h: runs cases of a loaded model, on a path, many at a time.
 *
 * A case is the model's inputs one after the other, raw, in the order of the subgraph; likewise its outputs.
 * Owns: a model_runner owns its buffers; the model must outlive it. Threads: one runner, one thread. */
#ifndef TL_MODEL_RUNNER_H
#define TL_MODEL_RUNNER_H
#include "base/cpu.h"
#include "base/error.h"
#include "kernels/batch.h"

enum { MODEL_BATCH_MAX = 65536, MODEL_OPERANDS_MAX = 4096 };

typedef struct model_runner {
  const tl_model *model;
  tl_batch packed;              /* the model for its path */
  uint32_t batch;               /* cases that run together */
  bool is_independent;          /* state is cleared before every case */
  size_t in_bytes, out_bytes;   /* of a case */
  void *memory, *arena, *state; /* of `packed`, of one thread, of the cases of a batch */
  uint8_t *in, *out;            /* a batch, tensor by tensor */
} model_runner;

/* How cases are run. */
typedef struct model_run_options {
  const char *path; /* a word of --path, or NULL for the best here */
  uint32_t batch;   /* cases that run together, 1 .. MODEL_BATCH_MAX */
  bool
      is_independent; /* state is cleared before every case; else before the first, and cases run in order */
} model_run_options;

/* errors  TL_E_ARG: a path that this processor has not; TL_E_USAGE: a batch above 1 for a model whose state passes
 *         from case to case; TL_E_LIMIT */
tl_code model_runner_open(model_runner *out, const tl_model *model,
                          const model_run_options *options, tl_error *err);
void model_runner_close(model_runner *runner);
/* State as before the first case. */
void model_runner_reset(model_runner *runner);
/* Runs `count` cases, in order; count may pass the batch.  errors  TL_E_INTERNAL */
tl_code model_runner_run(model_runner *runner, uint8_t *out, const uint8_t *in, size_t count,
                         tl_error *err);

size_t model_in_bytes(const tl_model *model);
size_t model_out_bytes(const tl_model *model);
#endif
