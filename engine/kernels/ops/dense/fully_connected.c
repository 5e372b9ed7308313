#include "kernels/ops/dense/dense.h"

/* Multiplier input * weight / output. Per tensor the product of the two is rounded to float first,
 * as TFLite does; per channel it is not. */
static bool prepare_scales(const tl_op_setup *setup, const tl_tensor *input,
                           const tl_tensor *weights, const tl_tensor *output, tl_fc_data *fc)
{
  fc->scales = setup->scales;
  fc->scale_count = weights->scale_count;
  for (uint32_t c = 0; c < fc->scale_count; c++) {
    const float weight_scale = tl_load_f32(weights->scales + 4ull * c);
    const float product = input->scale * weight_scale;
    const double exact = (double)input->scale * (double)weight_scale;
    const double real = (fc->scale_count == 1 ? (double)product : exact) / (double)output->scale;
    if (!(weight_scale > 0.0f) || !(real < 1073741824.0)) return false;
    setup->scales[c] = tl_op_scale(setup, real);
    if (fc->wide && setup->scales[c].shift > 14) return false;
  }
  return true;
}

tl_kernel_code tl_fc_prepare(const tl_op_setup *setup)
{
  const tl_tensor *input = tl_op_input(setup->model, setup->op, 0);
  const tl_tensor *weights = tl_op_input(setup->model, setup->op, 1);
  const tl_tensor *bias = tl_op_input(setup->model, setup->op, 2);
  const tl_tensor *output = tl_op_output(setup->model, setup->op, 0);
  tl_fc_data *fc = setup->op->data;
  uint8_t activation = 0, format = 0;
  if (!tl_flat_u8(setup->flat, &setup->options, 0, &activation) ||
      !tl_flat_u8(setup->flat, &setup->options, 1, &format))
    return tl_op_refuse(setup, "options leave the file");
  if (format != 0) return tl_op_refuse(setup, "shuffled weights are not supported");
  if (!tl_op_quantised(input) || !tl_op_quantised(output) || input->type != output->type)
    return tl_op_refuse(setup,
                        "input and output must both be int8 or both int16, quantised per tensor");
  if (weights->type != TL_TENSOR_INT8 || weights->data == NULL || weights->rank != 2 ||
      weights->scale_count == 0 || weights->quantized_dimension != 0)
    return tl_op_refuse(setup, "weights must be constant int8 [outputs][inputs]");
  fc->wide = input->type == TL_TENSOR_INT16;
  fc->outputs = (uint32_t)weights->dims[0];
  fc->inputs = (uint32_t)weights->dims[1];
  fc->batches = input->element_count / fc->inputs;
  if (fc->batches * fc->inputs != input->element_count ||
      (uint64_t)fc->batches * fc->outputs != output->element_count)
    return tl_op_refuse(setup, "shapes of input, weights and output do not fit");
  const tl_tensor_type bias_type = fc->wide ? TL_TENSOR_INT64 : TL_TENSOR_INT32;
  if (bias != NULL &&
      (bias->type != bias_type || bias->data == NULL || bias->element_count != fc->outputs))
    return tl_op_refuse(setup, "bias must be constant, one int32 (int64 for int16) an output");
  if (!prepare_scales(setup, input, weights, output, fc))
    return tl_op_refuse(setup, "scales out of range");
  if (!tl_op_activation(activation, output, &fc->range))
    return tl_op_refuse(setup, "fused activation is not supported");
  fc->weights = (const int8_t *)weights->data;
  fc->bias = bias != NULL ? bias->data : NULL;
  fc->input_zero = input->zero_point;
  fc->weight_zero = weights->zero_point;
  fc->output_zero = output->zero_point;
  return TL_KERNEL_OK;
}

static int32_t finish(const tl_fc_data *fc, int32_t scaled)
{
  return tl_fixed_clamp(scaled, fc->range.low - fc->output_zero, fc->range.high - fc->output_zero) +
         fc->output_zero;
}

static tl_scale scale_of_output(const tl_fc_data *fc, uint32_t o)
{
  return fc->scales[fc->scale_count == 1 ? 0 : o];
}

/* One row of inputs; the accumulator wraps as an int32 does on the MCU. */
void tl_fc_row(const tl_fc_data *fc, const int8_t *x, int8_t *y)
{
  for (uint32_t o = 0; o < fc->outputs; o++) {
    const int8_t *w = fc->weights + (size_t)o * fc->inputs;
    uint32_t sum = fc->bias != NULL ? tl_load_u32(fc->bias + 4ull * o) : 0;
    for (uint32_t i = 0; i < fc->inputs; i++)
      sum += (uint32_t)((w[i] - fc->weight_zero) * (x[i] - fc->input_zero));
    y[o] = (int8_t)finish(fc, tl_fixed_mul((int32_t)sum, scale_of_output(fc, o)));
  }
}

static void row_int16(const tl_fc_data *fc, const void *x, void *y, uint32_t row)
{
  for (uint32_t o = 0; o < fc->outputs; o++) {
    const int8_t *w = fc->weights + (size_t)o * fc->inputs;
    int64_t sum = fc->bias != NULL ? tl_load_i64(fc->bias + 8ull * o) : 0;
    sum = sum > (1ll << 46) ? 1ll << 46 : sum < -(1ll << 46) ? -(1ll << 46) : sum;
    for (uint32_t i = 0; i < fc->inputs; i++) {
      const int32_t value = tl_op_load(x, TL_TENSOR_INT16, row * fc->inputs + i);
      sum += (int64_t)(w[i] - fc->weight_zero) * (value - fc->input_zero);
    }
    tl_op_store(y, TL_TENSOR_INT16, row * fc->outputs + o,
                finish(fc, tl_fixed_mul64(sum, scale_of_output(fc, o))));
  }
}

void tl_fc_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  const tl_fc_data *fc = op->data;
  const void *x = tl_op_read(model, op, 0, place);
  void *y = tl_op_write(model, op, 0, place);
  for (uint32_t b = 0; b < fc->batches; b++) {
    if (fc->wide)
      row_int16(fc, x, y, b);
    else
      tl_fc_row(fc, (const int8_t *)x + (size_t)b * fc->inputs,
                (int8_t *)y + (size_t)b * fc->outputs);
  }
}
