/* broadcast.h: walks the elements of an output and the elements of its inputs that belong to them.
 *
 * Why: operators that work element by element differ in one line of arithmetic; shapes, types and
 * places in the file are the same for all. Elements come in lanes: up to TL_LANES at a time, as
 * int32 whatever the tensor's type (a bool is 0 or 1, a float32 its bits), so that an operator is
 * one plain loop over int32. Dimensions that need no broadcasting are merged, so that same shapes
 * are a single run.
 * Threads: the plan is made in prepare() and read-only after. */
#ifndef TL_KERNELS_BROADCAST_H
#define TL_KERNELS_BROADCAST_H

#include "kernels/op_table.h"

enum { TL_BROADCAST_INPUTS = 3, TL_LANES = 64 };

typedef struct tl_broadcast {
  uint32_t count; /* elements of the output */
  uint32_t rank;  /* of the merged dimensions, at least 1; the last is the innermost */
  uint32_t dims[TL_TENSOR_RANK_MAX];
  uint32_t strides[TL_BROADCAST_INPUTS][TL_TENSOR_RANK_MAX]; /* in elements; 0: broadcasts */
  uint32_t input_count;
  tl_tensor_type types[TL_BROADCAST_INPUTS], type_out;
} tl_broadcast;

/* Plans for inputs 0 .. input_count - 1 and output 0 of the operator. The output must have exactly
 * the shape that the inputs broadcast to (dimensions aligned at the last, 1 stretches); false where
 * it has not, or where a type has no lanes (int64). */
bool tl_broadcast_plan(tl_broadcast *out, const tl_op_setup *setup, uint32_t input_count);

/* The same for shapes that the caller chose, inputs[i] with the dims of the tensor it stands for. */
bool tl_broadcast_plan_tensors(tl_broadcast *out, const tl_tensor *const *inputs,
                               uint32_t input_count, const tl_tensor *output);

/* One input as long as the output, whatever the shapes; false where the lengths differ. */
bool tl_broadcast_plan_flat(tl_broadcast *out, const tl_op_setup *setup);

/* y[lane] from x[input][lane] for count lanes. data: the operator's. */
typedef void (*tl_lanes_fn)(const void *data, int32_t (*x)[TL_LANES], int32_t *restrict y,
                            uint32_t count);

void tl_broadcast_run(const tl_broadcast *plan, const tl_model *model, const tl_op *op,
                      const tl_place *place, tl_lanes_fn lanes);

/* The two ends of a run: count elements from element `at` on; step 1, or 0 for the same again. */
void tl_lanes_load(int32_t *restrict out, const uint8_t *from, tl_tensor_type type, uint32_t at,
                   uint32_t step, uint32_t count);
void tl_lanes_store(uint8_t *to, tl_tensor_type type, uint32_t at, const int32_t *restrict values,
                    uint32_t count);

#endif
