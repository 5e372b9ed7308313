/* broadcast.c: BROADCAST_TO, FILL, SHAPE and BROADCAST_ARGS. */
#include "kernels/ops/shape/checks.h"
#include "kernels/ops/shape/shape.h"

#include <string.h>

/* A shape that comes as a tensor says what the output has already; if constant, it is checked. */
static bool shape_tensor_fits(const tl_tensor *shape, const tl_tensor *output)
{
  if (!tl_is_integer(shape) || shape->element_count != output->rank) return false;
  for (uint32_t d = 0; shape->data != NULL && d < output->rank; d++)
    if (tl_integer_at(shape->data, shape->type, d) != output->dims[d]) return false;
  return true;
}

tl_kernel_code tl_broadcast_to_prepare(const tl_op_setup *setup)
{
  const tl_tensor *input = tl_op_input(setup->model, setup->op, 0);
  const tl_tensor *shape = tl_op_input(setup->model, setup->op, 1);
  const tl_tensor *output = tl_op_output(setup->model, setup->op, 0);
  tl_move_data *move = setup->op->data;
  int64_t step[TL_TENSOR_RANK_MAX], from[TL_TENSOR_RANK_MAX] = {0};
  const tl_kernel_code code = tl_same_type(setup, 0);
  if (code != TL_KERNEL_OK) return code;
  if (shape->data == NULL) return tl_op_refuse(setup, "the shape must be constant");
  if (!shape_tensor_fits(shape, output))
    return tl_op_refuse(setup, "the shape is not that of the output");
  if (input->rank > output->rank)
    return tl_op_refuse(setup, "the input cannot be broadcast to the output");
  tl_tensor_steps(input, step);
  const uint32_t ahead = output->rank - input->rank;
  for (uint32_t d = 0; d < input->rank; d++) {
    if (input->dims[d] != 1 && input->dims[d] != output->dims[ahead + d])
      return tl_op_refuse(setup, "the input cannot be broadcast to the output");
    from[ahead + d] = input->dims[d] == 1 ? 0 : step[d];
  }
  tl_walk_whole_output(&move->walk, output, from, 0);
  return TL_KERNEL_OK;
}

tl_kernel_code tl_fill_prepare(const tl_op_setup *setup)
{
  const tl_tensor *value = tl_op_input(setup->model, setup->op, 1);
  const tl_tensor *output = tl_op_output(setup->model, setup->op, 0);
  if (!shape_tensor_fits(tl_op_input(setup->model, setup->op, 0), output))
    return tl_op_refuse(setup, "the shape is not that of the output");
  if (value->type != output->type || value->element_count != 1)
    return tl_op_refuse(setup, "the value must be one of the output's type");
  if (!tl_scales_equal(value, output))
    return tl_op_refuse(setup, "value and output must have the same scale and zero point");
  return TL_KERNEL_OK;
}

void tl_fill_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  const tl_tensor *output = tl_op_output(model, op, 0);
  tl_strided_fill(tl_op_write(model, op, 0, place), tl_op_read(model, op, 1, place),
                  tl_element_bytes(output), output->element_count);
}

static void store_integer(void *data, tl_tensor_type type, uint32_t index, int64_t value)
{
  const int32_t narrow = (int32_t)value;
  if (type == TL_TENSOR_INT64)
    memcpy((uint8_t *)data + 8ull * index, &value, sizeof value);
  else
    memcpy((uint8_t *)data + 4ull * index, &narrow, sizeof narrow);
}

tl_kernel_code tl_shape_prepare(const tl_op_setup *setup)
{
  const tl_tensor *output = tl_op_output(setup->model, setup->op, 0);
  if (!tl_is_integer(output) ||
      output->element_count != tl_op_input(setup->model, setup->op, 0)->rank)
    return tl_op_refuse(setup, "the output must have one int32 or int64 a dimension");
  return TL_KERNEL_OK;
}

void tl_shape_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  const tl_tensor *input = tl_op_input(model, op, 0), *output = tl_op_output(model, op, 0);
  void *to = tl_op_write(model, op, 0, place);
  for (uint32_t d = 0; d < input->rank; d++) store_integer(to, output->type, d, input->dims[d]);
}

/* Dimension `d` counted from the last of a shape that comes as a tensor; 1 in front of it. */
static int64_t dim_from_end(const tl_tensor *shape, const void *data, uint32_t d)
{
  return d < shape->element_count ? tl_integer_at(data, shape->type, shape->element_count - 1 - d)
                                  : 1;
}

tl_kernel_code tl_broadcast_args_prepare(const tl_op_setup *setup)
{
  const tl_tensor *a = tl_op_input(setup->model, setup->op, 0);
  const tl_tensor *b = tl_op_input(setup->model, setup->op, 1);
  const tl_tensor *output = tl_op_output(setup->model, setup->op, 0);
  if (!tl_is_integer(a) || a->type != b->type || a->type != output->type)
    return tl_op_refuse(setup, "inputs and output must be all int32 or all int64");
  const uint32_t longer = a->element_count > b->element_count ? a->element_count : b->element_count;
  if (output->element_count != longer)
    return tl_op_refuse(setup, "the output must be as long as the longer input");
  for (uint32_t d = 0; a->data != NULL && b->data != NULL && d < longer; d++) {
    const int64_t x = dim_from_end(a, a->data, d), y = dim_from_end(b, b->data, d);
    if (x != y && x != 1 && y != 1)
      return tl_op_refuse(setup, "the shapes cannot be broadcast to each other");
  }
  return TL_KERNEL_OK;
}

/* Shapes that do not fit together can only come at run time; then the first one wins. */
void tl_broadcast_args_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  const tl_tensor *a = tl_op_input(model, op, 0), *b = tl_op_input(model, op, 1);
  const tl_tensor *output = tl_op_output(model, op, 0);
  const void *x = tl_op_read(model, op, 0, place), *y = tl_op_read(model, op, 1, place);
  void *to = tl_op_write(model, op, 0, place);
  for (uint32_t d = 0; d < output->element_count; d++) {
    const int64_t first = dim_from_end(a, x, d), second = dim_from_end(b, y, d);
    store_integer(to, output->type, output->element_count - 1 - d, first == 1 ? second : first);
  }
}
