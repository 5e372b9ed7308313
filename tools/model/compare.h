/* compare.h: one model under two personalities, operator by operator, on the same inputs.
 *
 * Why: firmware built with other rounding gives other bytes; the first operator where it happens is the cause, all
 * later ones are its consequence.
 * Owns: a model_comparison owns its rows until model_compare_free. Threads: one. */
#ifndef TL_MODEL_COMPARE_H
#define TL_MODEL_COMPARE_H
#include "base/error.h"
#include "kernels/model.h"

typedef struct model_op_difference {
  uint64_t elements, differing; /* over all cases and all outputs of the operator */
  double largest;               /* of |a - b| */
} model_op_difference;

typedef struct model_first_difference { /* in the order of operators, then cases, then elements */
  bool is_found;
  uint64_t case_index;
  uint32_t op, output, tensor, element;
  double a, b;
} model_first_difference;

typedef struct model_comparison {
  model_op_difference *ops; /* one an operator */
  uint32_t op_count;
  model_first_difference first;
  uint64_t differing; /* sum over operators */
} model_comparison;

/* a and b: the same file with two sets of options. in: `count` cases.
 * is_isolated  each operator of b reads what a computed, so that nothing is passed on
 * errors  TL_E_LIMIT */
tl_code model_compare(model_comparison *out, const tl_model *a, const tl_model *b,
                      const uint8_t *in, uint64_t count, bool is_isolated, tl_error *err);
void model_compare_free(model_comparison *comparison);

/* Bytes of one element; 0 of a tensor that has none. */
size_t model_element_bytes(const tl_tensor *tensor);
/* An element as a number, whatever the tensor's type. */
double model_element(const tl_tensor *tensor, const void *data, uint32_t element);

/* `count` random cases of a model, to be freed: integers over the whole range of their type (booleans 0 or 1), floats
 * uniform in -1 .. 1. NULL without memory. */
uint8_t *model_random_cases(const tl_model *model, uint64_t seed, uint64_t count);
#endif
