/* model.h: a .tflite file, opened, checked and ready to run one inference at a time.
 *
 * Why: the kernels that run in the simulator are the kernels that ship. Results are bit-exact with
 * TFLite Micro's reference kernels (double rounding, or single where the options say so); the
 * formulas stand beside each operator.
 * Owns: nothing. The model points into the caller's file and memory, both of which must outlive it
 * and stay unchanged. No heap, no I/O, no recursion.
 * Threads: a model is read-only after tl_model_open; any number of threads may run it at once,
 * each with its own arena. State (variable tensors, resource variables) is apart: one for each
 * device, the arena one for each thread. */
#ifndef TL_KERNELS_MODEL_H
#define TL_KERNELS_MODEL_H

#include "kernels/fixed_point.h"
#include "kernels/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  TL_TENSOR_RANK_MAX = 6,
  TL_MODEL_TENSORS_MAX = 4096, /* limits keep a hostile file from costing time or overflow */
  TL_MODEL_OPS_MAX = 4096,
  TL_MODEL_ALIGN = 16,    /* of model memory, arena, state and every tensor in them, in bytes */
  TL_MODEL_BUILTINS = 256 /* operator numbers of the schema, with room */
};

/* Numbers are those of the schema. */
typedef enum tl_tensor_type {
  TL_TENSOR_FLOAT32 = 0,
  TL_TENSOR_INT32 = 2,
  TL_TENSOR_UINT8 = 3,
  TL_TENSOR_INT64 = 4,
  TL_TENSOR_BOOL = 6,
  TL_TENSOR_INT16 = 7,
  TL_TENSOR_INT8 = 9,
  TL_TENSOR_RESOURCE = 13 /* what a VAR_HANDLE gives; its bytes mean nothing */
} tl_tensor_type;

typedef struct tl_tensor {
  const char *name;      /* inside the file, not terminated */
  const uint8_t *data;   /* constant bytes inside the file, any alignment; NULL if in the arena */
  const uint8_t *scales; /* scale_count little-endian floats inside the file, any alignment */
  uint32_t name_bytes;
  uint32_t bytes;         /* size of the whole tensor */
  uint32_t element_count; /* 1 for rank 0 */
  uint32_t offset; /* in the arena while alive, or in the state; only if data == NULL and used */
  int32_t first_op, last_op; /* written by / last read by; -1 .. op_count; first > last: unused */
  int32_t dims[TL_TENSOR_RANK_MAX];
  uint32_t rank;
  tl_tensor_type type;
  float scale; /* of the first channel; 0 when the tensor is not quantised */
  int32_t zero_point;
  uint32_t scale_count; /* 0 not quantised, 1 per tensor, else per channel */
  int32_t quantized_dimension;
  bool is_variable; /* lives in the state: it survives from one inference to the next */
} tl_tensor;

struct tl_op;

/* How a device's kernels were built. All zero: TFLite Micro's reference kernels. */
typedef struct tl_model_options {
  tl_rounding rounding;                   /* of every operator ... */
  uint8_t differs[TL_MODEL_BUILTINS / 8]; /* ... but those whose bit (builtin number) is set */
} tl_model_options;

typedef struct tl_model {
  tl_tensor *tensors;
  struct tl_op *ops;
  const int32_t *inputs, *outputs; /* tensor indices, in the order of the file */
  uint32_t tensor_count, op_count, input_count, output_count;
  tl_model_options options;
  size_t arena_bytes;  /* what one running inference needs: tensors, then scratch of operators */
  size_t scratch_at;   /* in the arena: where an operator's own scratch begins */
  size_t state_bytes;  /* what one device keeps from one inference to the next; often 0 */
  size_t memory_bytes; /* what the tables took of the caller's memory */
} tl_model;

/* How many bytes of memory tl_model_open will need for this file (an upper bound).
 * file    the whole .tflite; any alignment
 * errors  as tl_model_open */
TL_API tl_kernel_code tl_model_memory_bytes(size_t *out, const void *file, size_t file_bytes,
                                            tl_kernel_status *status);

/* Opens a model: checks the whole file, prepares every operator, plans the arena.
 * memory   aligned to TL_MODEL_ALIGN, memory_bytes long
 * options  copied; NULL: all zero
 * errors  TL_KERNEL_E_FORMAT: not a sound file; TL_KERNEL_E_UNSUPPORTED: custom operator, an
 *         operator without a row in op_table.c (by name and node), more than one subgraph, a type
 *         or shape that an operator does not take; TL_KERNEL_E_MEMORY: memory too small */
TL_API tl_kernel_code tl_model_open(tl_model *out, void *memory, size_t memory_bytes,
                                    const void *file, size_t file_bytes,
                                    const tl_model_options *options, tl_kernel_status *status);

/* Runs one inference.
 * arena    aligned to TL_MODEL_ALIGN, at least model->arena_bytes; contents are scratch
 * state    aligned to TL_MODEL_ALIGN, model->state_bytes long: tl_model_reset before the first;
 *          NULL if state_bytes is 0
 * inputs   model->input_count pointers to tensors, row-major, little-endian, any alignment
 * outputs  model->output_count pointers that receive them, any alignment
 * errors   TL_KERNEL_E_MEMORY: arena too small or badly aligned, state absent */
TL_API tl_kernel_code tl_model_run(const tl_model *model, void *arena, size_t arena_bytes,
                                   void *state, const void *const *inputs, void *const *outputs,
                                   tl_kernel_status *status);

/* State before the first inference: what stands for 0, which in an int8 tensor is its zero point. */
TL_API void tl_model_reset(const tl_model *model, void *state);

/* Where a running inference has its tensors: scratch of one thread, state of one device. */
typedef struct tl_place {
  uint8_t *arena, *state;
} tl_place;

/* The three parts of tl_model_run, for a caller that looks between operators: after
 * tl_model_run_op(.., op) the outputs of op are valid until an operator reuses their place. */
TL_API void tl_model_set_inputs(const tl_model *model, const tl_place *place,
                                const void *const *inputs);
TL_API void tl_model_run_op(const tl_model *model, const tl_place *place, uint32_t op);
TL_API void tl_model_get_outputs(const tl_model *model, const tl_place *place,
                                 void *const *outputs);

/* Bytes of a tensor: in the file if it is constant, else in the arena or the state. */
TL_API const void *tl_model_tensor(const tl_model *model, const tl_place *place, uint32_t tensor);

/* Output tensor number `output` of operator `op`, and the operator's name ("FULLY_CONNECTED"). */
TL_API uint32_t tl_model_op_output(const tl_model *model, uint32_t op, uint32_t output);
TL_API const char *tl_model_op_name(const tl_model *model, uint32_t op);

/* First input and output tensor: what a detector with one of each needs. */
TL_API const tl_tensor *tl_model_input(const tl_model *model, uint32_t input);
TL_API const tl_tensor *tl_model_output(const tl_model *model, uint32_t output);

#endif
