/* geometry.c: what CONV_2D and DEPTHWISE_CONV_2D share: shapes, padding, bias, multipliers.
 *
 * Effective kernel: eff = (kernel - 1) * dilation + 1. SAME: out = ceil(in / stride), before = half
 * (rounded down) of what (out - 1) * stride + eff exceeds in by. VALID: out = ceil((in - eff + 1) /
 * stride), before = 0. Multiplier of a channel: input * weight / output, in double. */
#include "kernels/ops/dense/dense.h"

enum { AXIS_MAX = 1 << 20 /* of sizes, strides and dilations: products below stay in 64 bits */ };

/* The output size that the axis must have, and its padding; 0 if there is none. */
static int32_t place_axis(tl_conv_axis *axis, bool same)
{
  if (axis->stride < 1 || axis->dilation < 1 || axis->stride > AXIS_MAX ||
      axis->dilation > AXIS_MAX || axis->in > AXIS_MAX || axis->kernel > AXIS_MAX)
    return 0;
  const int64_t reach = (int64_t)(axis->kernel - 1) * axis->dilation + 1;
  const int64_t span = same ? axis->in : axis->in - reach + 1;
  if (span < 1) return 0;
  const int64_t out = (span + axis->stride - 1) / axis->stride;
  const int64_t total = (out - 1) * axis->stride + reach - axis->in;
  if (total > INT32_MAX / 2) return 0;
  axis->before = same && total > 0 ? (int32_t)(total / 2) : 0;
  return (int32_t)out;
}

static const char *place_axes(const tl_op_setup *setup, uint32_t dilation, tl_conv_data *conv)
{
  const tl_tensor *input = tl_op_input(setup->model, setup->op, 0);
  const tl_tensor *weights = tl_op_input(setup->model, setup->op, 1);
  const tl_tensor *output = tl_op_output(setup->model, setup->op, 0);
  uint8_t padding = 0;
  conv->x = (tl_conv_axis){input->dims[2], output->dims[2], weights->dims[2], 0, 1, 0};
  conv->y = (tl_conv_axis){input->dims[1], output->dims[1], weights->dims[1], 0, 1, 0};
  if (!tl_flat_u8(setup->flat, &setup->options, 0, &padding) ||
      !tl_flat_i32(setup->flat, &setup->options, 1, &conv->x.stride) ||
      !tl_flat_i32(setup->flat, &setup->options, 2, &conv->y.stride) ||
      !tl_flat_i32(setup->flat, &setup->options, dilation, &conv->x.dilation) ||
      !tl_flat_i32(setup->flat, &setup->options, dilation + 1, &conv->y.dilation))
    return "options leave the file";
  if (padding > 1) return "padding is neither SAME nor VALID";
  if (place_axis(&conv->x, padding == 0) != conv->x.out ||
      place_axis(&conv->y, padding == 0) != conv->y.out || output->dims[0] != input->dims[0])
    return "strides, dilations and shapes do not fit";
  conv->batches = (uint32_t)input->dims[0];
  return NULL;
}

/* Sums of int16 have the bits of the bias, as in TFLite Micro, and 64 without one; depthwise has 64
 * always. */
static bool fits_bias(const tl_tensor *bias, bool always64, tl_conv_data *conv)
{
  conv->sum64 = conv->wide && (always64 || bias == NULL || bias->type == TL_TENSOR_INT64);
  if (bias == NULL) return true;
  conv->bias = bias->data;
  return bias->type == (conv->sum64 ? TL_TENSOR_INT64 : TL_TENSOR_INT32) && bias->data != NULL &&
         bias->element_count == conv->outputs;
}

static bool set_scales(const tl_op_setup *setup, const tl_tensor *weights, tl_conv_data *conv)
{
  const tl_tensor *input = tl_op_input(setup->model, setup->op, 0);
  const tl_tensor *output = tl_op_output(setup->model, setup->op, 0);
  conv->scales = setup->scales;
  conv->scale_count = weights->scale_count;
  for (uint32_t c = 0; c < conv->scale_count; c++) {
    const float weight_scale = tl_load_f32(weights->scales + 4ull * c);
    const double real = (double)input->scale * (double)weight_scale / (double)output->scale;
    if (!(weight_scale > 0.0f) || !(real < 1073741824.0)) return false;
    setup->scales[c] = tl_op_scale(setup, real);
    if (conv->sum64 && setup->scales[c].shift > 14) return false;
  }
  return true;
}

tl_kernel_code tl_conv_prepare_common(const tl_op_setup *setup, uint32_t activation,
                                      uint32_t dilation, uint32_t channel_dim)
{
  const tl_tensor *input = tl_op_input(setup->model, setup->op, 0);
  const tl_tensor *weights = tl_op_input(setup->model, setup->op, 1);
  const tl_tensor *output = tl_op_output(setup->model, setup->op, 0);
  tl_conv_data *conv = setup->op->data;
  if (!tl_op_quantised(input) || !tl_op_quantised(output) || input->type != output->type)
    return tl_op_refuse(setup,
                        "input and output must both be int8 or both int16, quantised per tensor");
  if (input->rank != 4 || weights->rank != 4 || output->rank != 4)
    return tl_op_refuse(setup, "input, weights and output must have 4 dimensions");
  if (weights->type != TL_TENSOR_INT8 || weights->data == NULL || weights->scale_count == 0 ||
      weights->zero_point != 0)
    return tl_op_refuse(setup, "weights must be constant int8 with zero points of 0");
  if (weights->scale_count > 1 && weights->quantized_dimension != (int32_t)channel_dim)
    return tl_op_refuse(setup, "weights are quantised along another dimension than the outputs");
  conv->wide = input->type == TL_TENSOR_INT16;
  if (conv->wide && (input->zero_point != 0 || output->zero_point != 0))
    return tl_op_refuse(setup, "int16 needs zero points of 0");
  conv->inputs = (uint32_t)input->dims[3];
  conv->outputs = (uint32_t)output->dims[3];
  if (weights->dims[channel_dim] != output->dims[3])
    return tl_op_refuse(setup, "weights and output differ in channels");
  const char *why = place_axes(setup, dilation, conv);
  if (why != NULL) return tl_op_refuse(setup, why);
  if (!fits_bias(tl_op_input(setup->model, setup->op, 2), channel_dim == 3, conv))
    return tl_op_refuse(setup, "bias must be constant, one int32 (or int64 for int16) an output");
  if (!set_scales(setup, weights, conv)) return tl_op_refuse(setup, "scales out of range");
  uint8_t fused = 0;
  if (!tl_flat_u8(setup->flat, &setup->options, activation, &fused) ||
      !tl_op_activation(fused, output, &conv->range))
    return tl_op_refuse(setup, "fused activation is not supported");
  conv->input_zero = input->zero_point;
  conv->weights = (const int8_t *)weights->data;
  conv->output_zero = output->zero_point;
  return TL_KERNEL_OK;
}

int32_t tl_conv_finish64(const tl_conv_data *conv, uint32_t output, int64_t sum)
{
  const int64_t limit = 1ll << 46;
  const int64_t bias = conv->bias != NULL ? tl_load_i64(conv->bias + 8ull * output) : 0;
  const int64_t kept = bias > limit ? limit : bias < -limit ? -limit : bias;
  return tl_conv_place(
      conv, tl_fixed_mul64(sum + kept, conv->scales[conv->scale_count == 1 ? 0 : output]));
}
