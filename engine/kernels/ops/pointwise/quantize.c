/* quantize.c: QUANTIZE (float32 and integers to integers) and DEQUANTIZE (integers to float32).
 *
 * From float: round(x / scale) + zero, in float, halves away from zero. Between integers:
 * (x - zero in) * (scale in / scale out) + zero out. Both kept in the output's range.
 * To float: scale * (x - zero) in double, then rounded to float. */
#include "kernels/ops/pointwise/pointwise.h"

#include <string.h>

/* Which integers become which: those of TFLite Micro, and uint8 to uint8 of TFLite. */
static bool requantises(tl_tensor_type from, tl_tensor_type to)
{
  switch (from) {
    case TL_TENSOR_INT8:
      return to == TL_TENSOR_INT8 || to == TL_TENSOR_UINT8 || to == TL_TENSOR_INT16 ||
             to == TL_TENSOR_INT32;
    case TL_TENSOR_INT16:
      return to == TL_TENSOR_INT8 || to == TL_TENSOR_INT16 || to == TL_TENSOR_INT32;
    case TL_TENSOR_INT32: return to == TL_TENSOR_INT8 || to == TL_TENSOR_INT16;
    case TL_TENSOR_UINT8: return to == TL_TENSOR_INT8 || to == TL_TENSOR_UINT8;
    case TL_TENSOR_FLOAT32:
      return to == TL_TENSOR_INT8 || to == TL_TENSOR_INT16 || to == TL_TENSOR_UINT8;
    default: return false;
  }
}

static tl_range range_of(tl_tensor_type type)
{
  return type == TL_TENSOR_INT8    ? (tl_range){INT8_MIN, INT8_MAX}
         : type == TL_TENSOR_UINT8 ? (tl_range){0, UINT8_MAX}
         : type == TL_TENSOR_INT16 ? (tl_range){INT16_MIN, INT16_MAX}
                                   : (tl_range){INT32_MIN, INT32_MAX};
}

tl_kernel_code tl_quantize_prepare(const tl_op_setup *setup)
{
  const tl_tensor *input = tl_op_input(setup->model, setup->op, 0);
  const tl_tensor *output = tl_op_output(setup->model, setup->op, 0);
  tl_quantize_data *q = setup->op->data;
  if (!requantises(input->type, output->type))
    return tl_op_refuse(setup, "these types are not turned into each other");
  if (!tl_pointwise_quantised(output) ||
      (input->type != TL_TENSOR_FLOAT32 && !tl_pointwise_quantised(input)))
    return tl_op_refuse(setup, "integers must be quantised per tensor");
  if (!tl_broadcast_plan_flat(&q->plan, setup))
    return tl_op_refuse(setup, "input and output differ in size");
  q->real_scale = output->scale;
  q->zero_in = input->zero_point;
  q->zero_out = output->zero_point;
  q->range = range_of(output->type);
  if (input->type != TL_TENSOR_FLOAT32) {
    const double ratio = (double)input->scale / (double)output->scale;
    if (!(ratio < TL_POINTWISE_RATIO_MAX))
      return tl_op_refuse(setup, "ratio of scales out of range");
    q->scale = tl_op_scale(setup, ratio);
  }
  return TL_KERNEL_OK;
}

static void from_float_lanes(const void *data, int32_t (*x)[TL_LANES], int32_t *restrict y,
                             uint32_t count)
{
  const tl_quantize_data *q = data;
  for (uint32_t i = 0; i < count; i++) {
    float real;
    memcpy(&real, &x[0][i], sizeof real);
    y[i] = tl_pointwise_place(tl_fixed_round(real / q->real_scale), q->zero_out, q->range);
  }
}

static void requantize_lanes(const void *data, int32_t (*x)[TL_LANES], int32_t *restrict y,
                             uint32_t count)
{
  const tl_quantize_data *q = data;
  for (uint32_t i = 0; i < count; i++) {
    const int32_t v = (int32_t)((uint32_t)x[0][i] - (uint32_t)q->zero_in);
    y[i] = tl_pointwise_place(tl_fixed_mul(v, q->scale), q->zero_out, q->range);
  }
}

/* To int32 nothing is clamped: the sum wraps. */
static void to_int32_lanes(const void *data, int32_t (*x)[TL_LANES], int32_t *restrict y,
                           uint32_t count)
{
  const tl_quantize_data *q = data;
  for (uint32_t i = 0; i < count; i++)
    y[i] =
        (int32_t)((uint32_t)tl_fixed_mul(x[0][i] - q->zero_in, q->scale) + (uint32_t)q->zero_out);
}

void tl_quantize_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  const tl_quantize_data *q = op->data;
  tl_broadcast_run(&q->plan, model, op, place,
                   q->plan.types[0] == TL_TENSOR_FLOAT32 ? from_float_lanes
                   : q->plan.type_out == TL_TENSOR_INT32 ? to_int32_lanes
                                                         : requantize_lanes);
}

tl_kernel_code tl_dequantize_prepare(const tl_op_setup *setup)
{
  const tl_tensor *input = tl_op_input(setup->model, setup->op, 0);
  const tl_tensor *output = tl_op_output(setup->model, setup->op, 0);
  tl_quantize_data *q = setup->op->data;
  if (!tl_pointwise_quantised(input) || input->type == TL_TENSOR_INT32 ||
      output->type != TL_TENSOR_FLOAT32)
    return tl_op_refuse(setup, "takes int8, uint8 or int16, quantised per tensor, and gives "
                               "float32");
  if (!tl_broadcast_plan_flat(&q->plan, setup))
    return tl_op_refuse(setup, "input and output differ in size");
  q->real_scale = input->scale;
  q->zero_in = input->zero_point;
  return TL_KERNEL_OK;
}

static void to_float_lanes(const void *data, int32_t (*x)[TL_LANES], int32_t *restrict y,
                           uint32_t count)
{
  const tl_quantize_data *q = data;
  for (uint32_t i = 0; i < count; i++) {
    const float real = (float)((double)q->real_scale * (x[0][i] - q->zero_in));
    memcpy(&y[i], &real, sizeof real);
  }
}

void tl_dequantize_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  tl_broadcast_run(&((const tl_quantize_data *)op->data)->plan, model, op, place, to_float_lanes);
}
