/* embedding_lookup.c: EMBEDDING_LOOKUP: rows of a table of int8, by number.
 *
 * The table and the output have the same numbers (TFLite Micro copies bytes, whatever their scales).
 * A number outside of the table is an error there, while running; here it reads the nearest row. The
 * form that gives float32 is refused: floats have no place in an int8 graph. */
#include "kernels/ops/dense/dense.h"

#include <string.h>

tl_kernel_code tl_embedding_prepare(const tl_op_setup *setup)
{
  const tl_tensor *numbers = tl_op_input(setup->model, setup->op, 0);
  const tl_tensor *table = tl_op_input(setup->model, setup->op, 1);
  const tl_tensor *output = tl_op_output(setup->model, setup->op, 0);
  tl_embedding_data *embedding = setup->op->data;
  if (numbers->type != TL_TENSOR_INT32 || numbers->rank != 1)
    return tl_op_refuse(setup, "row numbers must be int32 of one dimension");
  if (table->type != TL_TENSOR_INT8 || output->type != TL_TENSOR_INT8)
    return tl_op_refuse(setup, "table and output must be int8");
  embedding->count = numbers->element_count;
  embedding->rows = table->rank > 0 ? table->dims[0] : 1;
  embedding->row_bytes = table->element_count / (uint32_t)embedding->rows;
  if (table->rank < 2 || (uint64_t)embedding->count * embedding->row_bytes != output->element_count)
    return tl_op_refuse(setup, "shapes of row numbers, table and output do not fit");
  return TL_KERNEL_OK;
}

void tl_embedding_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  const tl_embedding_data *embedding = op->data;
  const uint8_t *numbers = tl_op_read(model, op, 0, place);
  const int8_t *table = tl_op_read(model, op, 1, place);
  int8_t *y = tl_op_write(model, op, 0, place);
  for (uint32_t i = 0; i < embedding->count; i++, y += embedding->row_bytes) {
    const int32_t row = tl_fixed_clamp(tl_load_i32(numbers + 4ull * i), 0, embedding->rows - 1);
    memcpy(y, table + (size_t)row * embedding->row_bytes, embedding->row_bytes);
  }
}
