/* cumsum.c: CUMSUM along one axis, int8 (rescaled) and int32 (wraps), inclusive or exclusive, from
 * either end.
 *
 * int8: elements less the zero point, in halves with 20 bits of headroom; their sum rescaled by
 * 2 * scale_in / (2^20 * scale_out). As in TFLite Micro's reference kernel the sum does not begin
 * with 0 but with -zero_in, scaled alike. */
#include "kernels/ops/reduce/reduce.h"

#include <string.h>

enum { HEADROOM = 20 };

static bool read_axis(const tl_op_setup *setup, int32_t rank, int32_t *axis)
{
  const tl_tensor *tensor = tl_op_input(setup->model, setup->op, 1);
  if (tensor->type != TL_TENSOR_INT32 || tensor->data == NULL || tensor->element_count != 1)
    return false;
  *axis = tl_load_i32(tensor->data);
  if (*axis < 0) *axis = *axis < -rank ? -1 : *axis + rank;
  return *axis >= 0 && *axis < rank;
}

tl_kernel_code tl_cumsum_prepare(const tl_op_setup *setup)
{
  const tl_tensor *input = tl_op_input(setup->model, setup->op, 0);
  const tl_tensor *output = tl_op_output(setup->model, setup->op, 0);
  tl_cumsum_data *sum = setup->op->data;
  uint8_t exclusive = 0, reverse = 0;
  int32_t axis;
  if (!tl_flat_u8(setup->flat, &setup->options, 0, &exclusive) ||
      !tl_flat_u8(setup->flat, &setup->options, 1, &reverse))
    return tl_op_refuse(setup, "options leave the file");
  const bool plain = input->type == TL_TENSOR_INT32 && output->type == TL_TENSOR_INT32;
  if (!plain && (!tl_op_quantised(input) || !tl_op_quantised(output) ||
                 input->type != TL_TENSOR_INT8 || output->type != TL_TENSOR_INT8))
    return tl_op_refuse(setup,
                        "input and output must both be int8, quantised per tensor, or int32");
  if (input->rank != output->rank || memcmp(input->dims, output->dims, sizeof input->dims) != 0)
    return tl_op_refuse(setup, "input and output must have the same shape");
  if (!read_axis(setup, (int32_t)input->rank, &axis))
    return tl_op_refuse(setup, "axis must be a constant int32 within the input's rank");
  sum->outer = sum->inner = 1;
  sum->depth = (uint32_t)input->dims[axis];
  for (int32_t d = 0; d < axis; d++) sum->outer *= (uint32_t)input->dims[d];
  for (int32_t d = axis + 1; d < (int32_t)input->rank; d++) sum->inner *= (uint32_t)input->dims[d];
  sum->exclusive = exclusive != 0;
  sum->reverse = reverse != 0;
  sum->plain = plain;
  if (plain) return TL_KERNEL_OK;
  const double twice = 2.0 * (double)input->scale;
  const double real = twice / ((double)(1 << HEADROOM) * (double)output->scale);
  if (!(real < 1.0)) return tl_op_refuse(setup, "output scale is too small for the input");
  sum->scale_in = tl_op_scale(setup, (double)input->scale / twice);
  sum->scale_out = tl_op_scale(setup, real);
  sum->zero_in = input->zero_point;
  sum->zero_out = output->zero_point;
  return TL_KERNEL_OK;
}

static uint32_t load(const tl_cumsum_data *sum, const void *x, uint32_t at)
{
  if (sum->plain) return tl_load_u32((const uint8_t *)x + 4ull * at);
  const int32_t above = ((const int8_t *)x)[at] - sum->zero_in;
  return (uint32_t)tl_fixed_mul(tl_fixed_shift_left(above, HEADROOM), sum->scale_in);
}

static void store(const tl_cumsum_data *sum, void *y, uint32_t at, uint32_t total)
{
  if (sum->plain) {
    memcpy((uint8_t *)y + 4ull * at, &total, sizeof total);
    return;
  }
  const int32_t scaled = tl_fixed_mul((int32_t)total, sum->scale_out);
  ((int8_t *)y)[at] = (int8_t)(sum->zero_out + tl_fixed_clamp(scaled, INT8_MIN - sum->zero_out,
                                                              INT8_MAX - sum->zero_out));
}

/* One line of `depth` elements, `inner` apart. */
static void line(const tl_cumsum_data *sum, const void *x, void *y, uint32_t first)
{
  uint32_t total = 0;
  if (!sum->plain)
    total = (uint32_t)tl_fixed_mul(tl_fixed_shift_left(-sum->zero_in, HEADROOM), sum->scale_in);
  for (uint32_t i = 0; i < sum->depth; i++) {
    const uint32_t at = first + (sum->reverse ? sum->depth - 1 - i : i) * sum->inner;
    const uint32_t value = load(sum, x, at);
    if (sum->exclusive) store(sum, y, at, total);
    total += value;
    if (!sum->exclusive) store(sum, y, at, total);
  }
}

void tl_cumsum_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  const tl_cumsum_data *sum = op->data;
  const void *x = tl_op_read(model, op, 0, place);
  void *y = tl_op_write(model, op, 0, place);
  for (uint32_t o = 0; o < sum->outer; o++)
    for (uint32_t i = 0; i < sum->inner; i++) line(sum, x, y, o * sum->depth * sum->inner + i);
}
