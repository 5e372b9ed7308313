/* transpose.c: TRANSPOSE and REVERSE_V2: the whole output, read with other strides. */
#include "kernels/ops/shape/checks.h"
#include "kernels/ops/shape/shape.h"

tl_kernel_code tl_transpose_prepare(const tl_op_setup *setup)
{
  const tl_tensor *input = tl_op_input(setup->model, setup->op, 0);
  const tl_tensor *output = tl_op_output(setup->model, setup->op, 0);
  tl_move_data *move = setup->op->data;
  int64_t step[TL_TENSOR_RANK_MAX], from[TL_TENSOR_RANK_MAX];
  uint32_t seen = 0;
  tl_constants order;
  tl_kernel_code code = tl_same_type(setup, 0);
  if (code == TL_KERNEL_OK)
    code = tl_constants_read(setup, 1, "the permutation", TL_TENSOR_RANK_MAX, &order);
  if (code != TL_KERNEL_OK) return code;
  if (order.count != input->rank || output->rank != input->rank)
    return tl_op_refuse(setup, "the permutation does not fit the ranks");
  tl_tensor_steps(input, step);
  for (uint32_t d = 0; d < order.count; d++) {
    uint32_t axis;
    if (!tl_axis(order.values[d], input->rank, &axis) || (seen & 1u << axis) != 0)
      return tl_op_refuse(setup, "the permutation must name every dimension once");
    if (output->dims[d] != input->dims[axis])
      return tl_op_refuse(setup, "the output has another shape than the permuted input");
    seen |= 1u << axis;
    from[d] = step[axis];
  }
  tl_walk_whole_output(&move->walk, output, from, 0);
  return TL_KERNEL_OK;
}

tl_kernel_code tl_reverse_prepare(const tl_op_setup *setup)
{
  const tl_tensor *input = tl_op_input(setup->model, setup->op, 0);
  const tl_tensor *output = tl_op_output(setup->model, setup->op, 0);
  tl_move_data *move = setup->op->data;
  int64_t from[TL_TENSOR_RANK_MAX], begin = 0;
  uint32_t seen = 0;
  tl_constants axes;
  tl_kernel_code code = tl_same_type(setup, 0);
  if (code == TL_KERNEL_OK)
    code = tl_constants_read(setup, 1, "the axes", TL_TENSOR_RANK_MAX, &axes);
  if (code != TL_KERNEL_OK) return code;
  if (!tl_shapes_equal(input, output))
    return tl_op_refuse(setup, "input and output differ in shape");
  tl_tensor_steps(input, from);
  for (uint32_t i = 0; i < axes.count; i++) {
    uint32_t axis;
    if (!tl_axis(axes.values[i], input->rank, &axis) || (seen & 1u << axis) != 0)
      return tl_op_refuse(setup, "an axis is out of range or named twice");
    seen |= 1u << axis;
    begin += from[axis] * (input->dims[axis] - 1);
    from[axis] = -from[axis];
  }
  tl_walk_whole_output(&move->walk, output, from, begin);
  return TL_KERNEL_OK;
}

void tl_move_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  const tl_move_data *move = op->data;
  tl_strided_copy(&move->walk, tl_op_write(model, op, 0, place), tl_op_read(model, op, 0, place));
}
