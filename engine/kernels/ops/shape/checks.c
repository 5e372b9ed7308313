#include "kernels/ops/shape/checks.h"

#include <string.h>

bool tl_is_integer(const tl_tensor *tensor)
{
  return tensor->type == TL_TENSOR_INT32 || tensor->type == TL_TENSOR_INT64;
}

int64_t tl_integer_at(const void *data, tl_tensor_type type, uint32_t index)
{
  const uint8_t *bytes = data;
  return type == TL_TENSOR_INT64 ? tl_load_i64(bytes + 8ull * index)
                                 : tl_load_i32(bytes + 4ull * index);
}

tl_kernel_code tl_constants_read(const tl_op_setup *setup, uint32_t input, const char *what,
                                 uint32_t max, tl_constants *out)
{
  const tl_tensor *tensor = tl_op_input(setup->model, setup->op, input);
  const char *name = setup->op->row->name;
  *out = (tl_constants){.count = 0};
  if (tensor == NULL || tensor->data == NULL || !tl_is_integer(tensor))
    return TL_KERNEL_FAIL(setup->status, TL_KERNEL_E_UNSUPPORTED, name, ": ", what,
                          " must be constant, int32 or int64");
  if (tensor->element_count > max)
    return TL_KERNEL_FAIL(setup->status, TL_KERNEL_E_UNSUPPORTED, name, ": ", what,
                          " has too many values");
  out->count = tensor->element_count;
  for (uint32_t i = 0; i < out->count; i++)
    out->values[i] = tl_integer_at(tensor->data, tensor->type, i);
  return TL_KERNEL_OK;
}

bool tl_axis(int64_t axis, uint32_t rank, uint32_t *out)
{
  if (axis < -(int64_t)rank || axis >= (int64_t)rank) return false;
  *out = (uint32_t)(axis < 0 ? axis + rank : axis);
  return true;
}

uint32_t tl_element_bytes(const tl_tensor *tensor) { return tensor->bytes / tensor->element_count; }

void tl_tensor_steps(const tl_tensor *tensor, int64_t *steps)
{
  int64_t step = tl_element_bytes(tensor);
  for (uint32_t d = tensor->rank; d-- > 0;) {
    steps[d] = step;
    step *= tensor->dims[d];
  }
}

uint32_t tl_dims_product(const tl_tensor *tensor, uint32_t begin, uint32_t end)
{
  uint32_t product = 1;
  for (uint32_t d = begin; d < end; d++) product *= (uint32_t)tensor->dims[d];
  return product;
}

bool tl_shape_is(const tl_tensor *tensor, const int64_t *dims, uint32_t rank)
{
  if (tensor->rank != rank) return false;
  for (uint32_t d = 0; d < rank; d++)
    if (tensor->dims[d] != dims[d]) return false;
  return true;
}

bool tl_shapes_equal(const tl_tensor *a, const tl_tensor *b)
{
  if (a->rank != b->rank) return false;
  for (uint32_t d = 0; d < a->rank; d++)
    if (a->dims[d] != b->dims[d]) return false;
  return true;
}

bool tl_scales_equal(const tl_tensor *a, const tl_tensor *b)
{
  if (a->scale_count != b->scale_count || a->scale_count > 1) return false;
  return a->scale_count == 0 || (a->scale == b->scale && a->zero_point == b->zero_point);
}

void tl_zero_bytes(const tl_tensor *tensor, uint8_t value[8])
{
  const int16_t zero = (int16_t)tensor->zero_point;
  memset(value, 0, 8);
  switch (tensor->type) {
    case TL_TENSOR_INT8:
    case TL_TENSOR_UINT8: value[0] = (uint8_t)zero; break;
    case TL_TENSOR_INT16: memcpy(value, &zero, sizeof zero); break;
    default: break;
  }
}

void tl_walk_whole_output(tl_strided *walk, const tl_tensor *output, const int64_t *from_steps,
                          int64_t from_begin)
{
  int64_t to[TL_TENSOR_RANK_MAX];
  tl_tensor_steps(output, to);
  tl_strided_start(walk, tl_element_bytes(output));
  walk->from_begin = (uint32_t)from_begin;
  for (uint32_t d = 0; d < output->rank; d++)
    tl_strided_add(walk, (uint32_t)output->dims[d], from_steps[d], to[d]);
  tl_strided_end(walk);
}

tl_kernel_code tl_same_type(const tl_op_setup *setup, uint32_t input)
{
  const tl_tensor *from = tl_op_input(setup->model, setup->op, input);
  if (from == NULL || from->type != tl_op_output(setup->model, setup->op, 0)->type)
    return tl_op_refuse(setup, "input and output differ in type");
  return TL_KERNEL_OK;
}
