/* arg.c: ARG_MAX and ARG_MIN: the index of the first largest or smallest element along one axis.
 * Raw integers are compared, for a scale is positive. A NaN never wins but from the first place. */
#include "kernels/ops/reduce/reduce.h"
#include "kernels/ops/shape/checks.h"

#include <string.h>

static tl_kernel_code prepare(const tl_op_setup *setup, bool largest)
{
  const tl_tensor *input = tl_op_input(setup->model, setup->op, 0);
  const tl_tensor *output = tl_op_output(setup->model, setup->op, 0);
  tl_arg_data *arg = setup->op->data;
  int64_t dims[TL_TENSOR_RANK_MAX];
  uint32_t axis, rank = 0;
  tl_constants axes;
  const tl_kernel_code code = tl_constants_read(setup, 1, "the axis", 1, &axes);
  if (code != TL_KERNEL_OK) return code;
  if (!tl_axis(axes.values[0], input->rank, &axis)) return tl_op_refuse(setup, "axis out of range");
  if ((input->type != TL_TENSOR_FLOAT32 && !tl_reduce_is_integer(input->type)) ||
      !tl_is_integer(output))
    return tl_op_refuse(setup, "takes integers or float32 and gives int32 or int64");
  for (uint32_t d = 0; d < input->rank; d++)
    if (d != axis) dims[rank++] = input->dims[d];
  if (!tl_shape_is(output, dims, rank))
    return tl_op_refuse(setup, "the output has another shape than what the axis leaves");
  arg->from = input->type;
  arg->to = output->type;
  arg->outer = tl_dims_product(input, 0, axis);
  arg->size = (uint32_t)input->dims[axis];
  arg->inner = tl_dims_product(input, axis + 1, input->rank);
  arg->largest = largest;
  return TL_KERNEL_OK;
}

tl_kernel_code tl_arg_max_prepare(const tl_op_setup *setup) { return prepare(setup, true); }

tl_kernel_code tl_arg_min_prepare(const tl_op_setup *setup) { return prepare(setup, false); }

static bool wins(const tl_arg_data *arg, const uint8_t *x, uint32_t challenger, uint32_t best)
{
  if (arg->from == TL_TENSOR_FLOAT32) {
    const float a = tl_load_f32(x + 4ull * challenger), b = tl_load_f32(x + 4ull * best);
    return arg->largest ? a > b : a < b;
  }
  const int64_t a = tl_reduce_load(x, arg->from, challenger);
  const int64_t b = tl_reduce_load(x, arg->from, best);
  return arg->largest ? a > b : a < b;
}

void tl_arg_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  const tl_arg_data *arg = op->data;
  const uint8_t *x = tl_op_read(model, op, 0, place);
  uint8_t *y = tl_op_write(model, op, 0, place);
  for (uint32_t o = 0; o < arg->outer; o++)
    for (uint32_t k = 0; k < arg->inner; k++) {
      const uint32_t base = o * arg->size * arg->inner + k;
      uint32_t best = 0;
      for (uint32_t i = 1; i < arg->size; i++)
        if (wins(arg, x, base + i * arg->inner, base + best * arg->inner)) best = i;
      const int32_t narrow = (int32_t)best;
      const int64_t wide = best;
      const size_t at = (size_t)o * arg->inner + k;
      if (arg->to == TL_TENSOR_INT64)
        memcpy(y + 8 * at, &wide, sizeof wide);
      else
        memcpy(y + 4 * at, &narrow, sizeof narrow);
    }
}
