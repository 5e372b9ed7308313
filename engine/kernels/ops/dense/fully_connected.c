/* fully_connected.c: FULLY_CONNECTED, int8 and int16 activations, int8 weights.
 *
 * y[b, o] = sum_i (w[o, i] - weight_zero) (x[b, i] - input_zero) + bias[o], rescaled. Multiplier input *
 * weight / output: per tensor the product of the two is rounded to float first, as TFLite does; per
 * channel it is not. Sums of int16 have the bits of the bias: 64, or 32 that wrap. */
#include "kernels/ops/dense/dense.h"

enum {
  INPUT = 0,
  WEIGHTS = 1,
  BIAS = 2,
  INPUTS_MOST = 1 << 24 /* of a row: sums of int16 stay within 2^46 */
};

/* ---- prepare ---- */

static bool prepare_scales(const tl_op_setup *setup, tl_fc_data *fc)
{
  const tl_tensor *input = tl_op_input(setup->model, setup->op, INPUT);
  const tl_tensor *weights = tl_op_input(setup->model, setup->op, WEIGHTS);
  const tl_tensor *output = tl_op_output(setup->model, setup->op, 0);
  fc->scales = setup->scales;
  fc->scale_count = weights->scale_count;
  for (uint32_t c = 0; c < fc->scale_count; c++) {
    const float weight_scale = tl_load_f32(weights->scales + 4ull * c);
    const float product = input->scale * weight_scale;
    const double exact = (double)input->scale * (double)weight_scale;
    const double real = (fc->scale_count == 1 ? (double)product : exact) / (double)output->scale;
    if (!(weight_scale > 0.0f) || !(real < 1073741824.0)) return false;
    setup->scales[c] = tl_op_scale(setup, real);
    if (fc->sum64 && setup->scales[c].shift > 14) return false;
  }
  return true;
}

static const char *check_types(const tl_op_setup *setup)
{
  const tl_tensor *input = tl_op_input(setup->model, setup->op, INPUT);
  const tl_tensor *weights = tl_op_input(setup->model, setup->op, WEIGHTS);
  const tl_tensor *output = tl_op_output(setup->model, setup->op, 0);
  if (!tl_op_quantised(input) || !tl_op_quantised(output) || input->type != output->type)
    return "input and output must both be int8 or both int16, quantised per tensor";
  if (input->type == TL_TENSOR_INT16 && (input->zero_point != 0 || output->zero_point != 0))
    return "int16 needs zero points of 0";
  if (weights->type != TL_TENSOR_INT8 || weights->rank != 2 || weights->scale_count == 0)
    return "weights must be int8 [outputs][inputs], quantised";
  if (weights->scale_count > 1 && (weights->quantized_dimension != 0 || weights->zero_point != 0))
    return "weights per channel must be so by outputs, zero points 0";
  return NULL;
}

static bool shapes_fit(const tl_op_setup *setup, tl_fc_data *fc)
{
  const tl_tensor *input = tl_op_input(setup->model, setup->op, INPUT);
  const tl_tensor *weights = tl_op_input(setup->model, setup->op, WEIGHTS);
  const tl_tensor *output = tl_op_output(setup->model, setup->op, 0);
  fc->outputs = (uint32_t)weights->dims[0];
  fc->inputs = (uint32_t)weights->dims[1];
  fc->batches = input->element_count / fc->inputs;
  return fc->inputs <= INPUTS_MOST && fc->batches * fc->inputs == input->element_count &&
         (uint64_t)fc->batches * fc->outputs == output->element_count;
}

static bool bias_fits(const tl_tensor *bias, const tl_fc_data *fc)
{
  if (bias == NULL) return true;
  const bool type = bias->type == TL_TENSOR_INT32 || (fc->wide && bias->type == TL_TENSOR_INT64);
  return type && bias->element_count == fc->outputs;
}

tl_kernel_code tl_fc_prepare(const tl_op_setup *setup)
{
  const tl_tensor *input = tl_op_input(setup->model, setup->op, INPUT);
  const tl_tensor *weights = tl_op_input(setup->model, setup->op, WEIGHTS);
  const tl_tensor *bias = tl_op_input(setup->model, setup->op, BIAS);
  const tl_tensor *output = tl_op_output(setup->model, setup->op, 0);
  tl_fc_data *fc = setup->op->data;
  uint8_t activation = 0, format = 0;
  if (!tl_flat_u8(setup->flat, &setup->options, 0, &activation) ||
      !tl_flat_u8(setup->flat, &setup->options, 1, &format))
    return tl_op_refuse(setup, "options leave the file");
  if (format != 0) return tl_op_refuse(setup, "shuffled weights are not supported");
  const char *wrong = check_types(setup);
  if (wrong != NULL) return tl_op_refuse(setup, wrong);
  if (!shapes_fit(setup, fc))
    return tl_op_refuse(setup, "shapes of input, weights and output do not fit");
  fc->wide = input->type == TL_TENSOR_INT16;
  fc->sum64 = fc->wide && (bias == NULL || bias->type == TL_TENSOR_INT64);
  if (!bias_fits(bias, fc))
    return tl_op_refuse(setup, "bias must be one int32 (int64 or int32 for int16) an output");
  if (!prepare_scales(setup, fc)) return tl_op_refuse(setup, "scales out of range");
  if (!tl_op_activation(activation, output, &fc->range))
    return tl_op_refuse(setup, "fused activation is not supported");
  fc->varies = weights->data == NULL || (bias != NULL && bias->data == NULL);
  fc->weights = (const int8_t *)weights->data;
  fc->bias = bias != NULL ? bias->data : NULL;
  fc->input_zero = input->zero_point;
  fc->weight_zero = weights->zero_point;
  fc->output_zero = output->zero_point;
  return TL_KERNEL_OK;
}

/* ---- eval ---- */

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

static int64_t bias_int16(const tl_fc_data *fc, uint32_t o)
{
  const int64_t limit = 1ll << 46; /* more would leave the range of tl_fixed_mul64 */
  if (fc->bias == NULL) return 0;
  if (!fc->sum64) return tl_load_i32(fc->bias + 4ull * o);
  const int64_t bias = tl_load_i64(fc->bias + 8ull * o);
  return bias > limit ? limit : bias < -limit ? -limit : bias;
}

static void row_int16(const tl_fc_data *fc, const void *x, void *y, uint32_t row)
{
  for (uint32_t o = 0; o < fc->outputs; o++) {
    const int8_t *w = fc->weights + (size_t)o * fc->inputs;
    int64_t sum = bias_int16(fc, o);
    for (uint32_t i = 0; i < fc->inputs; i++)
      sum += (w[i] - fc->weight_zero) * tl_op_load(x, TL_TENSOR_INT16, row * fc->inputs + i);
    const tl_scale scale = scale_of_output(fc, o);
    tl_op_store(
        y, TL_TENSOR_INT16, row * fc->outputs + o,
        finish(fc, fc->sum64 ? tl_fixed_mul64(sum, scale) : tl_fixed_mul((int32_t)sum, scale)));
  }
}

void tl_fc_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  tl_fc_data fc = *(const tl_fc_data *)op->data;
  const void *x = tl_op_read(model, op, INPUT, place);
  void *y = tl_op_write(model, op, 0, place);
  if (fc.varies) {
    fc.weights = tl_op_read(model, op, WEIGHTS, place);
    fc.bias = tl_op_read(model, op, BIAS, place);
  }
  for (uint32_t b = 0; b < fc.batches; b++) {
    if (fc.wide)
      row_int16(&fc, x, y, b);
    else
      tl_fc_row(&fc, (const int8_t *)x + (size_t)b * fc.inputs,
                (int8_t *)y + (size_t)b * fc.outputs);
  }
}
