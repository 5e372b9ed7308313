/* pad.c: PAD, PADV2 and MIRROR_PAD.
 *
 * PAD fills with real 0, i.e. the zero point of a quantised tensor; PADV2 with a value that is
 * quantised like the output. MIRROR_PAD with mode REFLECT leaves the edge element out, with
 * SYMMETRIC it repeats it. */
#include "kernels/ops/shape/checks.h"
#include "kernels/ops/shape/shape.h"

#include <string.h>

/* Paddings before and after each dimension, checked against both shapes. */
typedef struct paddings {
  int64_t before[TL_TENSOR_RANK_MAX], after[TL_TENSOR_RANK_MAX];
} paddings;

static tl_kernel_code read_paddings(const tl_op_setup *setup, paddings *out)
{
  const tl_tensor *input = tl_op_input(setup->model, setup->op, 0);
  const tl_tensor *output = tl_op_output(setup->model, setup->op, 0);
  tl_constants values;
  tl_kernel_code code = tl_same_type(setup, 0);
  if (code == TL_KERNEL_OK)
    code = tl_constants_read(setup, 1, "the paddings", TL_CONSTANTS_MAX, &values);
  if (code != TL_KERNEL_OK) return code;
  if (values.count != 2 * input->rank || output->rank != input->rank)
    return tl_op_refuse(setup, "two paddings a dimension expected");
  for (uint32_t d = 0; d < input->rank; d++) {
    const int64_t before = values.values[2 * d], after = values.values[2 * d + 1];
    if (before < 0 || after < 0 || before > INT32_MAX || after > INT32_MAX ||
        before + input->dims[d] + after != output->dims[d])
      return tl_op_refuse(setup, "input, paddings and output do not fit together");
    out->before[d] = before;
    out->after[d] = after;
  }
  return TL_KERNEL_OK;
}

/* The whole input into a part of the output. */
static void walk_into_middle(tl_strided *walk, const tl_tensor *input, const tl_tensor *output,
                             const paddings *padding)
{
  int64_t from[TL_TENSOR_RANK_MAX], to[TL_TENSOR_RANK_MAX];
  tl_tensor_steps(input, from);
  tl_tensor_steps(output, to);
  tl_strided_start(walk, tl_element_bytes(input));
  for (uint32_t d = 0; d < input->rank; d++) {
    walk->to_begin += (uint32_t)(padding->before[d] * to[d]);
    tl_strided_add(walk, (uint32_t)input->dims[d], from[d], to[d]);
  }
  tl_strided_end(walk);
}

tl_kernel_code tl_pad_prepare(const tl_op_setup *setup)
{
  const tl_tensor *input = tl_op_input(setup->model, setup->op, 0);
  const tl_tensor *value = tl_op_input(setup->model, setup->op, 2);
  const tl_tensor *output = tl_op_output(setup->model, setup->op, 0);
  tl_pad_data *pad = setup->op->data;
  paddings padding;
  const tl_kernel_code code = read_paddings(setup, &padding);
  if (code != TL_KERNEL_OK) return code;
  if (!tl_scales_equal(input, output))
    return tl_op_refuse(setup, "input and output must have the same scale and zero point");
  if (value != NULL && (value->type != output->type || value->element_count != 1))
    return tl_op_refuse(setup, "the value must be one of the output's type");
  if (value != NULL && value->scale_count != 0 && !tl_scales_equal(value, output))
    return tl_op_refuse(setup, "the value must be quantised like the output");
  walk_into_middle(&pad->walk, input, output, &padding);
  pad->element_bytes = tl_element_bytes(output);
  pad->count = output->element_count;
  pad->value_is_input = value != NULL;
  tl_zero_bytes(output, pad->value);
  return TL_KERNEL_OK;
}

void tl_pad_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  const tl_pad_data *pad = op->data;
  uint8_t *to = tl_op_write(model, op, 0, place);
  const uint8_t *value = pad->value_is_input ? tl_op_read(model, op, 2, place) : pad->value;
  tl_strided_fill(to, value, pad->element_bytes, pad->count);
  tl_strided_copy(&pad->walk, to, tl_op_read(model, op, 0, place));
}

/* Walks inside of the output that mirror dimension `axis`: of the dimensions before it only the
 * middle is filled so far, the ones after it are whole.
 * first, target  index that is read first and index that is written first; reading goes back */
static void walk_mirrored(tl_strided *walk, const tl_tensor *input, const tl_tensor *output,
                          const paddings *padding, uint32_t axis, int64_t count, int64_t first,
                          int64_t target)
{
  int64_t step[TL_TENSOR_RANK_MAX], begin = 0;
  tl_tensor_steps(output, step);
  tl_strided_start(walk, tl_element_bytes(output));
  for (uint32_t d = 0; d < axis; d++) {
    begin += padding->before[d] * step[d];
    tl_strided_add(walk, (uint32_t)input->dims[d], step[d], step[d]);
  }
  tl_strided_add(walk, (uint32_t)count, -step[axis], step[axis]);
  for (uint32_t d = axis + 1; d < output->rank; d++)
    tl_strided_add(walk, (uint32_t)output->dims[d], step[d], step[d]);
  walk->from_begin = (uint32_t)(begin + first * step[axis]);
  walk->to_begin = (uint32_t)(begin + target * step[axis]);
  tl_strided_end(walk);
}

tl_kernel_code tl_mirror_pad_prepare(const tl_op_setup *setup)
{
  const tl_tensor *input = tl_op_input(setup->model, setup->op, 0);
  const tl_tensor *output = tl_op_output(setup->model, setup->op, 0);
  tl_mirror_pad_data *mirror = setup->op->data;
  paddings padding;
  uint8_t mode = 0;
  const tl_kernel_code code = read_paddings(setup, &padding);
  if (code != TL_KERNEL_OK) return code;
  if (!tl_flat_u8(setup->flat, &setup->options, 0, &mode) || mode > 1)
    return tl_op_refuse(setup, "the mode must be REFLECT or SYMMETRIC");
  const int64_t edge = mode == 0 ? 1 : 0;
  mirror->rank = input->rank;
  walk_into_middle(&mirror->middle, input, output, &padding);
  for (uint32_t d = 0; d < input->rank; d++) {
    const int64_t size = input->dims[d], before = padding.before[d], after = padding.after[d];
    if (before > size - edge || after > size - edge)
      return tl_op_refuse(setup, "a padding is larger than what can be mirrored");
    mirror->has_before[d] = before > 0;
    mirror->has_after[d] = after > 0;
    if (before > 0)
      walk_mirrored(&mirror->before[d], input, output, &padding, d, before, 2 * before + edge - 1,
                    0);
    if (after > 0)
      walk_mirrored(&mirror->after[d], input, output, &padding, d, after, before + size - 1 - edge,
                    before + size);
  }
  return TL_KERNEL_OK;
}

void tl_mirror_pad_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  const tl_mirror_pad_data *mirror = op->data;
  uint8_t *to = tl_op_write(model, op, 0, place);
  tl_strided_copy(&mirror->middle, to, tl_op_read(model, op, 0, place));
  for (uint32_t d = mirror->rank; d-- > 0;) {
    if (mirror->has_before[d]) tl_strided_copy(&mirror->before[d], to, to);
    if (mirror->has_after[d]) tl_strided_copy(&mirror->after[d], to, to);
  }
}
