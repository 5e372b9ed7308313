#include "kernels/ops/reduce/reduce.h"
#include "kernels/ops/shape/checks.h"

#include <string.h>

static void put_dim(tl_reduce_side *side, uint32_t dim, uint32_t step)
{
  side->dims[side->rank] = dim;
  side->step[side->rank++] = step;
  side->count *= dim;
}

tl_kernel_code tl_reduce_prepare(const tl_op_setup *setup, tl_reduce_walk *walk)
{
  const tl_tensor *input = tl_op_input(setup->model, setup->op, 0);
  const tl_tensor *output = tl_op_output(setup->model, setup->op, 0);
  int64_t dims[TL_TENSOR_RANK_MAX];
  uint8_t keep_dims = 0;
  uint32_t reduced = 0, rank = 0;
  tl_constants axes;
  const tl_kernel_code code = tl_constants_read(setup, 1, "the axes", TL_TENSOR_RANK_MAX, &axes);
  if (code != TL_KERNEL_OK) return code;
  if (!tl_flat_u8(setup->flat, &setup->options, 0, &keep_dims))
    return tl_op_refuse(setup, "options leave the file");
  for (uint32_t i = 0; i < axes.count; i++) {
    uint32_t axis;
    if (!tl_axis(axes.values[i], input->rank, &axis))
      return tl_op_refuse(setup, "axis out of range");
    reduced |= 1u << axis; /* named twice is named once */
  }
  *walk = (tl_reduce_walk){.kept.count = 1, .over.count = 1};
  for (uint32_t d = 0; d < input->rank; d++) {
    const bool is_reduced = (reduced >> d & 1u) != 0;
    const uint32_t dim = (uint32_t)input->dims[d];
    put_dim(is_reduced ? &walk->over : &walk->kept, dim,
            tl_dims_product(input, d + 1, input->rank));
    if (!is_reduced || keep_dims != 0) dims[rank++] = is_reduced ? 1 : dim;
  }
  if (!tl_shape_is(output, dims, rank))
    return tl_op_refuse(setup, "the output has another shape than what the axes leave");
  return TL_KERNEL_OK;
}

void tl_reduce_next(const tl_reduce_side *side, tl_reduce_at *at)
{
  for (uint32_t d = side->rank; d-- > 0;) {
    at->offset += side->step[d];
    if (++at->index[d] < side->dims[d]) return;
    at->offset -= side->step[d] * side->dims[d];
    at->index[d] = 0;
  }
}

bool tl_reduce_is_integer(tl_tensor_type type)
{
  return type != TL_TENSOR_FLOAT32 && type != TL_TENSOR_RESOURCE;
}

int64_t tl_reduce_load(const void *data, tl_tensor_type type, uint32_t index)
{
  const uint8_t *bytes = data;
  switch (type) {
    case TL_TENSOR_BOOL: return bytes[index] != 0;
    case TL_TENSOR_UINT8: return bytes[index];
    case TL_TENSOR_INT32:
    case TL_TENSOR_INT64: return tl_integer_at(data, type, index);
    default: return tl_op_load(data, type, index);
  }
}
