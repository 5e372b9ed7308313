/* relu.c: RELU, RELU6, LEAKY_RELU and PRELU, int8 and int16.
 *
 * With v = x - zero_in: RELU is v * (scale in / out), clamped at zero; LEAKY_RELU multiplies a
 * negative v by alpha, PRELU by (a - zero of a) * scale of a, in one multiplication each. Ratios are
 * formed in double (TFLite forms some in float). TFLite Micro's RELU6 only clamps, so it asks for
 * equal scales. A negative alpha multiplies by its magnitude and negates what came out: halves round
 * as TFLite Micro rounds them. */
#include "kernels/ops/pointwise/pointwise.h"

/* Types, sizes, range; input_count 2 has its second input broadcast. */
static tl_kernel_code prepare(const tl_op_setup *setup, uint32_t input_count)
{
  const tl_tensor *input = tl_op_input(setup->model, setup->op, 0);
  const tl_tensor *output = tl_op_output(setup->model, setup->op, 0);
  tl_relu_data *relu = setup->op->data;
  if (!tl_op_quantised(input) || !tl_op_quantised(output) || input->type != output->type)
    return tl_op_refuse(setup, "input and output must both be int8 or both int16, quantised per "
                               "tensor");
  if (input_count == 1 && !tl_broadcast_plan_flat(&relu->plan, setup))
    return tl_op_refuse(setup, "input and output differ in size");
  (void)tl_op_activation(0, output, &relu->range);
  relu->zero_in = input->zero_point;
  relu->zero_out = output->zero_point;
  return TL_KERNEL_OK;
}

static bool scale_of(const tl_op_setup *setup, double ratio, tl_scale *out)
{
  if (!(ratio < TL_POINTWISE_RATIO_MAX)) return false;
  *out = tl_op_scale(setup, ratio);
  return true;
}

static double ratio_of(const tl_op_setup *setup)
{
  return (double)tl_op_input(setup->model, setup->op, 0)->scale /
         (double)tl_op_output(setup->model, setup->op, 0)->scale;
}

tl_kernel_code tl_relu_prepare(const tl_op_setup *setup)
{
  const tl_kernel_code code = prepare(setup, 1);
  tl_relu_data *relu = setup->op->data;
  if (code != TL_KERNEL_OK) return code;
  if (!scale_of(setup, ratio_of(setup), &relu->scale))
    return tl_op_refuse(setup, "ratio of scales out of range");
  (void)tl_op_activation(1, tl_op_output(setup->model, setup->op, 0), &relu->range);
  return TL_KERNEL_OK;
}

tl_kernel_code tl_relu6_prepare(const tl_op_setup *setup)
{
  const tl_tensor *input = tl_op_input(setup->model, setup->op, 0);
  const tl_tensor *output = tl_op_output(setup->model, setup->op, 0);
  const tl_kernel_code code = prepare(setup, 1);
  tl_relu_data *relu = setup->op->data;
  if (code != TL_KERNEL_OK) return code;
  if (input->scale != output->scale || input->zero_point != output->zero_point)
    return tl_op_refuse(setup, "input and output must have the same scale and zero point");
  (void)tl_op_activation(3, output, &relu->range);
  return TL_KERNEL_OK;
}

tl_kernel_code tl_leaky_relu_prepare(const tl_op_setup *setup)
{
  tl_relu_data *relu = setup->op->data;
  float alpha = 0.0f;
  if (!tl_flat_f32(setup->flat, &setup->options, 0, &alpha))
    return tl_op_refuse(setup, "options leave the file");
  const tl_kernel_code code = prepare(setup, 1);
  if (code != TL_KERNEL_OK) return code;
  const double below = (double)tl_op_input(setup->model, setup->op, 0)->scale * (double)alpha /
                       (double)tl_op_output(setup->model, setup->op, 0)->scale;
  relu->negates = below < 0.0;
  if (!scale_of(setup, ratio_of(setup), &relu->scale) ||
      !scale_of(setup, relu->negates ? -below : below, &relu->scale_below))
    return tl_op_refuse(setup, "ratio of scales out of range");
  return TL_KERNEL_OK;
}

tl_kernel_code tl_prelu_prepare(const tl_op_setup *setup)
{
  const tl_tensor *alpha = tl_op_input(setup->model, setup->op, 1);
  const tl_kernel_code code = prepare(setup, 2);
  tl_relu_data *relu = setup->op->data;
  if (code != TL_KERNEL_OK) return code;
  if (!tl_op_quantised(alpha) || alpha->type != TL_TENSOR_INT8)
    return tl_op_refuse(setup, "alpha must be int8, quantised per tensor");
  if (!tl_broadcast_plan(&relu->plan, setup, 2))
    return tl_op_refuse(setup, "shapes do not broadcast to the output");
  relu->zero_alpha = alpha->zero_point;
  const double below = (double)tl_op_input(setup->model, setup->op, 0)->scale *
                       (double)alpha->scale /
                       (double)tl_op_output(setup->model, setup->op, 0)->scale;
  if (!scale_of(setup, ratio_of(setup), &relu->scale) ||
      !scale_of(setup, below, &relu->scale_below))
    return tl_op_refuse(setup, "ratio of scales out of range");
  return TL_KERNEL_OK;
}

static void relu_lanes(const void *data, int32_t (*x)[TL_LANES], int32_t *restrict y,
                       uint32_t count)
{
  const tl_relu_data *relu = data;
  for (uint32_t i = 0; i < count; i++)
    y[i] = tl_pointwise_place(tl_fixed_mul(x[0][i] - relu->zero_in, relu->scale), relu->zero_out,
                              relu->range);
}

static void relu6_lanes(const void *data, int32_t (*x)[TL_LANES], int32_t *restrict y,
                        uint32_t count)
{
  const tl_relu_data *relu = data;
  for (uint32_t i = 0; i < count; i++)
    y[i] = tl_fixed_clamp(x[0][i], relu->range.low, relu->range.high);
}

static void leaky_lanes(const void *data, int32_t (*x)[TL_LANES], int32_t *restrict y,
                        uint32_t count)
{
  const tl_relu_data *relu = data;
  for (uint32_t i = 0; i < count; i++) {
    const int32_t v = x[0][i] - relu->zero_in;
    const int32_t scaled = tl_fixed_mul(v, v >= 0 ? relu->scale : relu->scale_below);
    const bool negated = relu->negates && v < 0;
    y[i] = tl_pointwise_place(negated ? (int32_t)(0u - (uint32_t)scaled) : scaled, relu->zero_out,
                              relu->range);
  }
}

static void prelu_lanes(const void *data, int32_t (*x)[TL_LANES], int32_t *restrict y,
                        uint32_t count)
{
  const tl_relu_data *relu = data;
  for (uint32_t i = 0; i < count; i++) {
    const int32_t v = x[0][i] - relu->zero_in;
    const int32_t scaled = v >= 0
                               ? tl_fixed_mul(v, relu->scale)
                               : tl_fixed_mul(v * (x[1][i] - relu->zero_alpha), relu->scale_below);
    y[i] = tl_pointwise_place(scaled, relu->zero_out, relu->range);
  }
}

static const tl_broadcast *plan_of(const tl_op *op)
{
  return &((const tl_relu_data *)op->data)->plan;
}

void tl_relu_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  tl_broadcast_run(plan_of(op), model, op, place, relu_lanes);
}

void tl_relu6_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  tl_broadcast_run(plan_of(op), model, op, place, relu6_lanes);
}

void tl_leaky_relu_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  tl_broadcast_run(plan_of(op), model, op, place, leaky_lanes);
}

void tl_prelu_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  tl_broadcast_run(plan_of(op), model, op, place, prelu_lanes);
}
