/* op_table.h: the operators this room runs, one row each, and what a row must bring.
 *
 * Why: adding an operator is one row here and one function pair in ops/; reader, planner and
 * runner know none of them by name (docs/add-an-operator.md).
 * Owns: rows are const data for the life of the program.
 * Threads: prepare() runs once, inside tl_model_open; eval() runs on many threads at once and
 * writes only to its output tensors, its scratch and its state in the place it is given. */
#ifndef TL_KERNELS_OP_TABLE_H
#define TL_KERNELS_OP_TABLE_H

#include "kernels/fixed_point.h"
#include "kernels/flatbuffer.h"
#include "kernels/model.h"

typedef struct tl_op {
  const struct tl_op_row *row;
  void *data;                      /* row->data_bytes, zeroed before prepare(), read-only after */
  const int32_t *inputs, *outputs; /* tensor indices; an input of -1 is absent */
  uint32_t input_count, output_count;
  uint32_t scratch_bytes; /* of the arena's scratch part; prepare() asks: tl_op_take_scratch */
} tl_op;

/* What prepare() sees. */
typedef struct tl_op_setup {
  tl_model *model; /* its tensors; prepare() reads them */
  tl_op *op;
  const tl_flat *flat;
  tl_flat_table options;    /* the operator's builtin options; at == 0: absent, all defaults */
  tl_scale *scales;         /* room for scales_count multipliers, kept as long as the model */
  uint32_t scales_count;    /* sum of scale counts of all inputs, at least 1 */
  tl_kernel_status *status; /* node and op are filled in already */
} tl_op_setup;

typedef struct tl_op_row {
  int32_t builtin; /* number in the schema's BuiltinOperator */
  const char *name;
  uint32_t inputs_min, inputs_max, outputs_min, outputs_max;
  uint32_t data_bytes; /* of the struct that prepare() fills */
  tl_kernel_code (*prepare)(const tl_op_setup *setup);
  void (*eval)(const tl_model *model, const tl_op *op, const tl_place *place);
} tl_op_row;

/* Declares an operator's two functions; its family's header has the struct between them. */
#define TL_OP(name)                                                                                \
  tl_kernel_code tl_##name##_prepare(const tl_op_setup *setup);                                    \
  void tl_##name##_eval(const tl_model *model, const tl_op *op, const tl_place *place)

/* NULL when this room does not run the operator. */
const tl_op_row *tl_op_row_find(int32_t builtin);

/* The schema's name of any builtin operator ("CONV_2D"), or "operator" if the number is unknown. */
const char *tl_op_builtin_name(int32_t builtin);

/* IF, WHILE, CALL_ONCE and their like, which cannot run in a model of one subgraph. */
bool tl_op_calls_subgraphs(int32_t builtin);

/* Tensor of an operand; NULL if absent. */
const tl_tensor *tl_op_input(const tl_model *model, const tl_op *op, uint32_t input);
const tl_tensor *tl_op_output(const tl_model *model, const tl_op *op, uint32_t output);

/* Bytes of an operand while the graph runs. */
const void *tl_op_read(const tl_model *model, const tl_op *op, uint32_t input,
                       const tl_place *place);
void *tl_op_write(const tl_model *model, const tl_op *op, uint32_t output, const tl_place *place);

/* A variable tensor among the inputs, which eval() may write. */
void *tl_op_variable(const tl_model *model, const tl_op *op, uint32_t input, const tl_place *place);

/* Scratch for eval(), valid during the call, aligned to TL_MODEL_ALIGN, not cleared. In prepare():
 * ask once; false when too much. In eval(): where it is. */
bool tl_op_take_scratch(const tl_op_setup *setup, uint64_t bytes);
void *tl_op_scratch(const tl_model *model, const tl_place *place);

/* State of a device that no tensor holds (resource variables). In prepare(): reserves bytes of the
 * state, zero at first, *offset from its start; false when too much. */
bool tl_op_take_state(const tl_op_setup *setup, uint64_t bytes, uint32_t *offset);

/* tl_scale_of with the rounding that the model's options give this operator. */
tl_scale tl_op_scale(const tl_op_setup *setup, double real);

/* Typed access to int8 and int16 tensors that may stand anywhere in the file. */
int32_t tl_op_load(const void *data, tl_tensor_type type, uint32_t index);
void tl_op_store(void *data, tl_tensor_type type, uint32_t index, int32_t value);

/* Fails for this node: "FULLY_CONNECTED: " and the reason. */
tl_kernel_code tl_op_refuse(const tl_op_setup *setup, const char *reason);

/* Checks of prepare(): true when the tensor is quantised per tensor with a positive finite scale
 * and a zero point in the range of its type (int8 or int16). */
bool tl_op_quantised(const tl_tensor *tensor);

typedef struct tl_range {
  int32_t low, high;
} tl_range;

/* The fused activation of the schema (0 NONE, 1 RELU, 2 RELU_N1_TO_1, 3 RELU6) as a range of the
 * output's integers; false for others. */
bool tl_op_activation(uint8_t activation, const tl_tensor *output, tl_range *out);

#endif
