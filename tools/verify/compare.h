/* compare.h: the same inferences and the same samples on the host and in a firmware, bit by bit.
 *
 * Why: what the simulator ran must be what the device will run. Every tensor of every inference is compared, and the
 * first difference is named, because all later ones may be its consequence.
 * Owns: a comparison owns its buffers until comparison_close; model and client are the caller's. Threads: one. */
#ifndef TL_VERIFY_COMPARE_H
#define TL_VERIFY_COMPARE_H
#include "tools/verify/client.h"
#include "tools/verify/trace.h"

typedef enum difference_kind {
  DIFFERS_NOTHING,
  DIFFERS_WINDOW, /* output: number of the model's input; tensor, element of it */
  DIFFERS_TENSOR, /* op, output, tensor, element */
  DIFFERS_SCORE,
  DIFFERS_ALARM, /* alarm, streak, onsets or onset_s */
  DIFFERS_COMMAND
} difference_kind;

/* "nothing", "window", "tensor", "score", "alarm", "command". */
const char *difference_name(difference_kind kind);

typedef struct difference {
  difference_kind kind;
  uint64_t number; /* of the case or sample, from 0 */
  int64_t at_ns;   /* of the sample */
  uint32_t op, output, tensor, element;
  double expected, got; /* host or simulation, firmware */
} difference;

typedef struct op_ticks { /* of the firmware's clock, over all inferences */
  uint64_t sum;
  uint32_t least, most;
} op_ticks;

typedef struct comparison {
  const tl_model *model;
  fw_client *client;
  void *arena, *state, *out; /* of the host's inference */
  uint8_t *got;              /* in_bytes or out_bytes of the firmware */
  op_ticks *ops;             /* model->op_count */
  uint64_t loop_ticks;       /* of all samples, without the inferences */
  uint64_t inferences, samples;
  uint64_t tensors, tensors_differing; /* compared; one of them or more elements */
  uint64_t samples_differing;          /* in window, score, alarm or command */
  difference first;
} comparison;

/* errors  TL_E_LIMIT */
tl_code comparison_open(comparison *out, const tl_model *model, fw_client *client, tl_error *err);
/* Raw cases, the model's inputs one after the other; state is cleared before the first.
 * errors  those of the fw_client */
tl_code compare_cases(comparison *c, const uint8_t *in, uint64_t count, tl_error *err);
/* The samples of a trace through the firmware's loop; the host's inferences are made of the simulation's windows.
 * version: that the model is of, and that the device ran at every sample.  errors  those of the fw_client */
tl_code compare_loop(comparison *c, const trace *t, uint32_t version, tl_error *err);
void comparison_close(comparison *c);
#endif
