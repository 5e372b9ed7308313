/* gather.c: GATHER and GATHER_ND: slices of the input, chosen by index.
 *
 * Indices may come at run time. A constant one outside of the input is refused; one that comes at run
 * time is clamped to the nearest inside. (TFLite Micro gives an error or reads beyond the tensor.) */
#include "kernels/ops/shape/checks.h"
#include "kernels/ops/shape/shape.h"

#include <string.h>

static uint32_t clamped(int64_t index, uint32_t size)
{
  return index < 0 ? 0 : index >= size ? size - 1 : (uint32_t)index;
}

static bool indices_inside(const tl_tensor *indices, uint32_t depth, const uint32_t *sizes)
{
  if (indices->data == NULL) return true;
  for (uint32_t i = 0; i < indices->element_count; i++) {
    const int64_t index = tl_integer_at(indices->data, indices->type, i);
    if (index < 0 || index >= sizes[i % depth]) return false;
  }
  return true;
}

/* input dims [0, axis), the indices' dims from `batch` on, input dims (axis, rank) */
static bool gather_shape_fits(const tl_tensor *input, const tl_tensor *indices,
                              const tl_tensor *output, uint32_t axis, uint32_t batch)
{
  int64_t dims[2 * TL_TENSOR_RANK_MAX];
  uint32_t rank = 0;
  for (uint32_t d = 0; d < axis; d++) dims[rank++] = input->dims[d];
  for (uint32_t d = batch; d < indices->rank; d++) dims[rank++] = indices->dims[d];
  for (uint32_t d = axis + 1; d < input->rank; d++) dims[rank++] = input->dims[d];
  return tl_shape_is(output, dims, rank);
}

tl_kernel_code tl_gather_prepare(const tl_op_setup *setup)
{
  const tl_tensor *input = tl_op_input(setup->model, setup->op, 0);
  const tl_tensor *indices = tl_op_input(setup->model, setup->op, 1);
  tl_gather_data *gather = setup->op->data;
  int32_t axis_option = 0, batch = 0;
  uint32_t axis;
  const tl_kernel_code code = tl_same_type(setup, 0);
  if (code != TL_KERNEL_OK) return code;
  if (!tl_is_integer(indices)) return tl_op_refuse(setup, "indices must be int32 or int64");
  if (!tl_flat_i32(setup->flat, &setup->options, 0, &axis_option) ||
      !tl_flat_i32(setup->flat, &setup->options, 1, &batch))
    return tl_op_refuse(setup, "options leave the file");
  if (!tl_axis(axis_option, input->rank, &axis)) return tl_op_refuse(setup, "axis out of range");
  if (batch < 0 && batch >= -(int32_t)indices->rank) batch += (int32_t)indices->rank;
  if (batch < 0 || (uint32_t)batch > axis || (uint32_t)batch > indices->rank)
    return tl_op_refuse(setup, "batch_dims out of range");
  for (uint32_t d = 0; d < (uint32_t)batch; d++)
    if (input->dims[d] != indices->dims[d])
      return tl_op_refuse(setup, "input and indices differ in a batch dimension");
  if (!gather_shape_fits(input, indices, tl_op_output(setup->model, setup->op, 0), axis,
                         (uint32_t)batch))
    return tl_op_refuse(setup, "input, indices and output do not fit together");
  gather->batch = tl_dims_product(input, 0, (uint32_t)batch);
  gather->outer = tl_dims_product(input, (uint32_t)batch, axis);
  gather->indices = tl_dims_product(indices, (uint32_t)batch, indices->rank);
  gather->axis_size = (uint32_t)input->dims[axis];
  gather->inner_bytes = tl_dims_product(input, axis + 1, input->rank) * tl_element_bytes(input);
  if (!indices_inside(indices, 1, &gather->axis_size))
    return tl_op_refuse(setup, "an index is out of range");
  return TL_KERNEL_OK;
}

void tl_gather_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  const tl_gather_data *gather = op->data;
  const tl_tensor_type type = tl_op_input(model, op, 1)->type;
  const uint8_t *from = tl_op_read(model, op, 0, place);
  const void *indices = tl_op_read(model, op, 1, place);
  uint8_t *to = tl_op_write(model, op, 0, place);
  for (uint32_t b = 0; b < gather->batch; b++)
    for (uint32_t o = 0; o < gather->outer; o++) {
      for (uint32_t i = 0; i < gather->indices; i++) {
        const int64_t index = tl_integer_at(indices, type, b * gather->indices + i);
        memcpy(to, from + (size_t)clamped(index, gather->axis_size) * gather->inner_bytes,
               gather->inner_bytes);
        to += gather->inner_bytes;
      }
      from += (size_t)gather->axis_size * gather->inner_bytes;
    }
}

tl_kernel_code tl_gather_nd_prepare(const tl_op_setup *setup)
{
  const tl_tensor *input = tl_op_input(setup->model, setup->op, 0);
  const tl_tensor *indices = tl_op_input(setup->model, setup->op, 1);
  const tl_tensor *output = tl_op_output(setup->model, setup->op, 0);
  tl_gather_nd_data *gather = setup->op->data;
  int64_t steps[TL_TENSOR_RANK_MAX], dims[2 * TL_TENSOR_RANK_MAX];
  uint32_t rank = 0;
  const tl_kernel_code code = tl_same_type(setup, 0);
  if (code != TL_KERNEL_OK) return code;
  if (!tl_is_integer(indices) || indices->rank == 0)
    return tl_op_refuse(setup, "indices must be int32 or int64, at least a vector");
  gather->depth = (uint32_t)indices->dims[indices->rank - 1];
  if (gather->depth > input->rank)
    return tl_op_refuse(setup, "indices name more dimensions than the input has");
  for (uint32_t d = 0; d + 1 < indices->rank; d++) dims[rank++] = indices->dims[d];
  for (uint32_t d = gather->depth; d < input->rank; d++) dims[rank++] = input->dims[d];
  if (!tl_shape_is(output, dims, rank))
    return tl_op_refuse(setup, "input, indices and output do not fit together");
  tl_tensor_steps(input, steps);
  for (uint32_t d = 0; d < gather->depth; d++) {
    gather->dims[d] = (uint32_t)input->dims[d];
    gather->step[d] = (uint32_t)steps[d];
  }
  gather->count = tl_dims_product(indices, 0, indices->rank - 1);
  gather->slice_bytes = gather->step[gather->depth - 1];
  if (!indices_inside(indices, gather->depth, gather->dims))
    return tl_op_refuse(setup, "an index is out of range");
  return TL_KERNEL_OK;
}

void tl_gather_nd_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  const tl_gather_nd_data *gather = op->data;
  const tl_tensor_type type = tl_op_input(model, op, 1)->type;
  const uint8_t *from = tl_op_read(model, op, 0, place);
  const void *indices = tl_op_read(model, op, 1, place);
  uint8_t *to = tl_op_write(model, op, 0, place);
  for (uint32_t i = 0; i < gather->count; i++, to += gather->slice_bytes) {
    size_t offset = 0;
    for (uint32_t d = 0; d < gather->depth; d++)
      offset +=
          (size_t)clamped(tl_integer_at(indices, type, i * gather->depth + d), gather->dims[d]) *
          gather->step[d];
    memcpy(to, from + offset, gather->slice_bytes);
  }
}
