/* join.c: CONCATENATION and PACK put slabs of all inputs side by side; SPLIT, SPLIT_V and UNPACK take
 * them apart. TFLite asks for one scale at both ends of CONCATENATION and PACK, and so do we. */
#include "kernels/ops/shape/checks.h"
#include "kernels/ops/shape/shape.h"

#include <string.h>

/* The axis option, and the outer dimensions that come before it. */
static tl_kernel_code read_axis(const tl_op_setup *setup, uint32_t field, uint32_t rank,
                                uint32_t *axis)
{
  int32_t option = 0;
  if (!tl_flat_i32(setup->flat, &setup->options, field, &option))
    return tl_op_refuse(setup, "options leave the file");
  if (!tl_axis(option, rank, axis)) return tl_op_refuse(setup, "axis out of range");
  return TL_KERNEL_OK;
}

static bool equal_dims(const tl_tensor *a, uint32_t a_begin, const tl_tensor *b, uint32_t b_begin,
                       uint32_t count)
{
  for (uint32_t d = 0; d < count; d++)
    if (a->dims[a_begin + d] != b->dims[b_begin + d]) return false;
  return true;
}

/* An input or output of one element in the axis of the whole, or of any number there. */
static bool part_fits(const tl_tensor *part, const tl_tensor *whole, uint32_t axis, bool has_axis)
{
  const uint32_t skip = has_axis ? 1 : 0;
  return part->type == whole->type && part->rank + 1 == whole->rank + skip &&
         equal_dims(part, 0, whole, 0, axis) &&
         equal_dims(part, axis + skip, whole, axis + 1, whole->rank - axis - 1);
}

tl_kernel_code tl_concatenation_prepare(const tl_op_setup *setup)
{
  const tl_tensor *output = tl_op_output(setup->model, setup->op, 0);
  tl_join_data *join = setup->op->data;
  uint8_t activation = 0;
  uint32_t axis;
  int64_t sum = 0;
  const tl_kernel_code code = read_axis(setup, 0, output->rank, &axis);
  if (code != TL_KERNEL_OK) return code;
  if (!tl_flat_u8(setup->flat, &setup->options, 1, &activation) || activation != 0)
    return tl_op_refuse(setup, "a fused activation is not supported");
  for (uint32_t i = 0; i < setup->op->input_count; i++) {
    const tl_tensor *input = tl_op_input(setup->model, setup->op, i);
    if (input == NULL || !part_fits(input, output, axis, true))
      return tl_op_refuse(setup, "inputs and output do not fit together");
    if (!tl_scales_equal(input, output))
      return tl_op_refuse(setup, "inputs and output must have the same scale and zero point");
    sum += input->dims[axis];
  }
  if (sum != output->dims[axis])
    return tl_op_refuse(setup, "inputs and output do not fit together");
  join->outer = tl_dims_product(output, 0, axis);
  return TL_KERNEL_OK;
}

tl_kernel_code tl_pack_prepare(const tl_op_setup *setup)
{
  const tl_tensor *output = tl_op_output(setup->model, setup->op, 0);
  tl_join_data *join = setup->op->data;
  uint32_t axis;
  const tl_kernel_code code = read_axis(setup, 1, output->rank, &axis);
  if (code != TL_KERNEL_OK) return code;
  for (uint32_t i = 0; i < setup->op->input_count; i++) {
    const tl_tensor *input = tl_op_input(setup->model, setup->op, i);
    if (input == NULL || !part_fits(input, output, axis, false))
      return tl_op_refuse(setup, "inputs and output do not fit together");
    if (!tl_scales_equal(input, output))
      return tl_op_refuse(setup, "inputs and output must have the same scale and zero point");
  }
  if (setup->op->input_count != (uint32_t)output->dims[axis])
    return tl_op_refuse(setup, "inputs and output do not fit together");
  join->outer = tl_dims_product(output, 0, axis);
  return TL_KERNEL_OK;
}

void tl_join_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  const tl_join_data *join = op->data;
  uint8_t *to = tl_op_write(model, op, 0, place);
  const size_t step = tl_op_output(model, op, 0)->bytes / join->outer;
  for (uint32_t i = 0; i < op->input_count; i++) {
    const uint8_t *from = tl_op_read(model, op, i, place);
    const size_t slab = tl_op_input(model, op, i)->bytes / join->outer;
    for (size_t o = 0; o < join->outer; o++) memcpy(to + o * step, from + o * slab, slab);
    to += slab;
  }
}

/* Checks all outputs of a cut; what they have in the axis adds up to the input's. */
static tl_kernel_code finish_split(const tl_op_setup *setup, uint32_t input_index, uint32_t axis,
                                   bool has_axis)
{
  const tl_tensor *input = tl_op_input(setup->model, setup->op, input_index);
  tl_split_data *split = setup->op->data;
  int64_t sum = 0;
  for (uint32_t o = 0; o < setup->op->output_count; o++) {
    const tl_tensor *output = tl_op_output(setup->model, setup->op, o);
    if (!part_fits(output, input, axis, has_axis))
      return tl_op_refuse(setup, "input and outputs do not fit together");
    sum += has_axis ? output->dims[axis] : 1;
  }
  if (sum != input->dims[axis]) return tl_op_refuse(setup, "input and outputs do not fit together");
  split->outer = tl_dims_product(input, 0, axis);
  split->input = input_index;
  return TL_KERNEL_OK;
}

static tl_kernel_code constant_axis(const tl_op_setup *setup, uint32_t operand, uint32_t rank,
                                    uint32_t *axis)
{
  tl_constants values;
  const tl_kernel_code code = tl_constants_read(setup, operand, "the axis", 1, &values);
  if (code != TL_KERNEL_OK) return code;
  if (!tl_axis(values.values[0], rank, axis)) return tl_op_refuse(setup, "axis out of range");
  return TL_KERNEL_OK;
}

tl_kernel_code tl_split_prepare(const tl_op_setup *setup)
{
  const tl_tensor *input = tl_op_input(setup->model, setup->op, 1);
  uint32_t axis;
  const tl_kernel_code code = constant_axis(setup, 0, input->rank, &axis);
  if (code != TL_KERNEL_OK) return code;
  for (uint32_t o = 0; o < setup->op->output_count; o++)
    if (!tl_shapes_equal(tl_op_output(setup->model, setup->op, o),
                         tl_op_output(setup->model, setup->op, 0)))
      return tl_op_refuse(setup, "outputs must have the same shape");
  return finish_split(setup, 1, axis, true);
}

/* The sizes are in the outputs' shapes already; the constants only repeat them, -1 for "the rest". */
tl_kernel_code tl_split_v_prepare(const tl_op_setup *setup)
{
  const tl_tensor *input = tl_op_input(setup->model, setup->op, 0);
  const tl_tensor *sizes = tl_op_input(setup->model, setup->op, 1);
  uint32_t axis;
  const tl_kernel_code code = constant_axis(setup, 2, input->rank, &axis);
  if (code != TL_KERNEL_OK) return code;
  if (sizes->data == NULL || !tl_is_integer(sizes))
    return tl_op_refuse(setup, "the sizes must be constant, int32 or int64");
  if (sizes->element_count != setup->op->output_count)
    return tl_op_refuse(setup, "as many sizes as outputs expected");
  const tl_kernel_code fits = finish_split(setup, 0, axis, true);
  if (fits != TL_KERNEL_OK) return fits;
  for (uint32_t o = 0; o < setup->op->output_count; o++) {
    const int64_t size = tl_integer_at(sizes->data, sizes->type, o);
    if (size != -1 && size != tl_op_output(setup->model, setup->op, o)->dims[axis])
      return tl_op_refuse(setup, "the sizes do not fit the outputs");
  }
  return TL_KERNEL_OK;
}

tl_kernel_code tl_unpack_prepare(const tl_op_setup *setup)
{
  uint32_t axis;
  const tl_kernel_code code =
      read_axis(setup, 1, tl_op_input(setup->model, setup->op, 0)->rank, &axis);
  return code == TL_KERNEL_OK ? finish_split(setup, 0, axis, false) : code;
}

void tl_split_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  const tl_split_data *split = op->data;
  const uint8_t *from = tl_op_read(model, op, split->input, place);
  const size_t step = tl_op_input(model, op, split->input)->bytes / split->outer;
  for (uint32_t i = 0; i < op->output_count; i++) {
    uint8_t *to = tl_op_write(model, op, i, place);
    const size_t slab = tl_op_output(model, op, i)->bytes / split->outer;
    for (size_t o = 0; o < split->outer; o++) memcpy(to + o * slab, from + o * step, slab);
    from += slab;
  }
}
