/* survey.h: what is in a model file, operator by operator, whether it would run or not.
 *
 * Why: tl_model_open ends at the first refusal. Who has a model that is refused wants to see all of them,
 * and who reads a model (tools, cost models) wants operators, operands and work without knowing the
 * structs of this room. Nothing here is needed to run a model.
 * Owns: nothing. A survey points into the caller's file and memory.
 * Threads: no shared state. */
#ifndef TL_KERNELS_SURVEY_H
#define TL_KERNELS_SURVEY_H

#include "kernels/model.h"

typedef struct tl_survey_node {
  const char *name;                /* "CONV_2D"; "CUSTOM"; "operator" if the number is unknown */
  const int32_t *inputs, *outputs; /* tensor indices; an input of -1 is absent */
  uint32_t input_count, output_count;
  int32_t builtin;    /* number in the schema's BuiltinOperator, TL_KERNEL_NONE if unreadable */
  uint64_t mac_count; /* multiplications that are summed, padding taps included */
  tl_kernel_status status; /* TL_KERNEL_OK, or why this operator is refused */
} tl_survey_node;

typedef struct tl_survey {
  tl_model model; /* its tensors and the lists of inputs and outputs; not to be run */
  tl_survey_node *nodes;
  uint32_t node_count, refused_count;
} tl_survey;

/* How many bytes of memory tl_survey_open will need (an upper bound).
 * errors  TL_KERNEL_E_FORMAT, TL_KERNEL_E_UNSUPPORTED: nothing can be said operator by operator */
TL_API tl_kernel_code tl_survey_memory_bytes(size_t *out, const void *file, size_t file_bytes,
                                             tl_kernel_status *status);

/* Reads all tensors and prepares every operator that this room has.
 * memory  as of tl_model_open
 * errors  TL_KERNEL_E_FORMAT, TL_KERNEL_E_UNSUPPORTED: the file or a tensor, not an operator */
TL_API tl_kernel_code tl_survey_open(tl_survey *out, void *memory, size_t memory_bytes,
                                     const void *file, size_t file_bytes, tl_kernel_status *status);

/* Number of an operator's name in capitals; TL_KERNEL_NONE if the schema has none of that name. */
TL_API int32_t tl_builtin_find(const char *name);
/* "CONV_2D", or "operator" if the number is unknown. */
TL_API const char *tl_builtin_name(int32_t builtin);
/* "INT8", as the schema writes it, or "unknown". */
TL_API const char *tl_tensor_type_name(uint32_t type);
/* Of operator `op` of a model that opened: its number, how many outputs it writes (tl_model_op_output names them), and
 * the multiplications that it sums. */
TL_API int32_t tl_model_op_builtin(const tl_model *model, uint32_t op);
TL_API uint32_t tl_model_op_output_count(const tl_model *model, uint32_t op);
TL_API uint64_t tl_model_op_mac_count(const tl_model *model, uint32_t op);

#endif
