/* transpose_conv.c: TRANSPOSE_CONV, int8 and int16 activations.
 *
 * Input pixel (y, x) adds (x - input_zero) * w[o, ky, kx] to output pixel (y * stride - before + ky,
 * ...). Here each output pixel gathers what is added to it, so that no sums need to be kept. The
 * padding `before` is that of the forward convolution from output to input. The input that names the
 * output's shape is not read: the output tensor has it. Source: TFLite Micro's reference kernel. */
#include "kernels/ops/dense/dense.h"

enum {
  SHAPE = 0,
  WEIGHTS = 1,
  INPUT = 2,
  BIAS = 3,
  SAME = 0,
  VALID = 1,
  TAPS_MAX = 1 << 24,        /* weights an output: sums of int16 stay within 2^46 */
  SIZE_MAX_OF_AXIS = 1 << 20 /* of sizes and strides: products below stay in 64 bits */
};

static bool read_axis(const tl_op_setup *setup, uint32_t dim, uint32_t field, uint8_t padding,
                      tl_tconv_axis *axis)
{
  axis->in = tl_op_input(setup->model, setup->op, INPUT)->dims[dim];
  axis->out = tl_op_output(setup->model, setup->op, 0)->dims[dim];
  axis->kernel = tl_op_input(setup->model, setup->op, WEIGHTS)->dims[dim];
  axis->stride = 0;
  if (!tl_flat_i32(setup->flat, &setup->options, field, &axis->stride)) return false;
  if (axis->stride < 1 || axis->stride > SIZE_MAX_OF_AXIS || axis->in > SIZE_MAX_OF_AXIS ||
      axis->out > SIZE_MAX_OF_AXIS || axis->kernel > SIZE_MAX_OF_AXIS)
    return false;
  const int64_t windows = (axis->out + axis->stride - 1) / axis->stride;
  const int64_t total = (windows - 1) * axis->stride + axis->kernel - axis->out;
  axis->before = padding == SAME && total > 0 ? (int32_t)(total / 2) : 0;
  return true;
}

static const char *check_types(const tl_op_setup *setup)
{
  const tl_tensor *weights = tl_op_input(setup->model, setup->op, WEIGHTS);
  const tl_tensor *input = tl_op_input(setup->model, setup->op, INPUT);
  const tl_tensor *output = tl_op_output(setup->model, setup->op, 0);
  if (tl_op_input(setup->model, setup->op, SHAPE)->type != TL_TENSOR_INT32)
    return "output shape must be int32";
  if (!tl_op_quantised(input) || !tl_op_quantised(output) || input->type != output->type)
    return "input and output must both be int8 or both int16, quantised per tensor";
  if (input->type == TL_TENSOR_INT16 && (input->zero_point != 0 || output->zero_point != 0))
    return "int16 needs zero points of 0";
  if (weights->type != TL_TENSOR_INT8 || weights->data == NULL || weights->rank != 4 ||
      weights->scale_count == 0 || weights->zero_point != 0 ||
      (weights->scale_count > 1 && weights->quantized_dimension != 0))
    return "weights must be constant int8 [outputs][y][x][inputs] with zero point 0";
  if (input->rank != 4 || output->rank != 4 || input->dims[0] != output->dims[0] ||
      input->dims[3] != weights->dims[3] || output->dims[3] != weights->dims[0])
    return "shapes of input, weights and output do not fit";
  if (weights->element_count / (uint32_t)weights->dims[0] > TAPS_MAX)
    return "more than 16777216 weights an output";
  return NULL;
}

/* int32 for int8; int64, int16 (a habit of TFLite Micro) or int32 (one of TensorFlow, whose sums then
 * have 32 bits, too) for int16; or none. */
static bool bias_fits(const tl_tensor *bias, const tl_tensor *output)
{
  if (bias == NULL) return true;
  const bool wide = output->type == TL_TENSOR_INT16;
  const bool type = bias->type == TL_TENSOR_INT32 ||
                    (wide && (bias->type == TL_TENSOR_INT64 || bias->type == TL_TENSOR_INT16));
  return type && bias->data != NULL && bias->element_count == (uint32_t)output->dims[3];
}

static bool prepare_scales(const tl_op_setup *setup, tl_tconv_data *conv)
{
  const tl_tensor *weights = tl_op_input(setup->model, setup->op, WEIGHTS);
  const double input = (double)tl_op_input(setup->model, setup->op, INPUT)->scale;
  const double output = (double)tl_op_output(setup->model, setup->op, 0)->scale;
  conv->scales = setup->scales;
  conv->scale_count = weights->scale_count;
  for (uint32_t c = 0; c < conv->scale_count; c++) {
    const float weight = tl_load_f32(weights->scales + 4ull * c);
    const double real = input * (double)weight / output;
    if (!(weight > 0.0f) || !(real < 1073741824.0)) return false;
    setup->scales[c] = tl_op_scale(setup, real);
    if (conv->sum64 && setup->scales[c].shift > 14) return false;
  }
  return true;
}

tl_kernel_code tl_tconv_prepare(const tl_op_setup *setup)
{
  const tl_tensor *input = tl_op_input(setup->model, setup->op, INPUT);
  const tl_tensor *bias = tl_op_input(setup->model, setup->op, BIAS);
  const tl_tensor *output = tl_op_output(setup->model, setup->op, 0);
  tl_tconv_data *conv = setup->op->data;
  uint8_t padding = 0, activation = 0;
  if (!tl_flat_u8(setup->flat, &setup->options, 0, &padding) ||
      !tl_flat_u8(setup->flat, &setup->options, 3, &activation))
    return tl_op_refuse(setup, "options leave the file");
  const char *wrong = check_types(setup);
  if (wrong != NULL) return tl_op_refuse(setup, wrong);
  if (padding > VALID || !read_axis(setup, 2, 1, padding, &conv->x) ||
      !read_axis(setup, 1, 2, padding, &conv->y))
    return tl_op_refuse(setup, "padding, strides or sizes out of range");
  if (!bias_fits(bias, output))
    return tl_op_refuse(setup,
                        "bias must be constant, one int32 (int64 or int16 for int16) an output");
  conv->type = input->type;
  conv->sum64 = conv->type == TL_TENSOR_INT16 && (bias == NULL || bias->type != TL_TENSOR_INT32);
  if (!prepare_scales(setup, conv)) return tl_op_refuse(setup, "scales out of range");
  if (!tl_op_activation(activation, output, &conv->range))
    return tl_op_refuse(setup, "fused activation is not supported");
  conv->weights = (const int8_t *)tl_op_input(setup->model, setup->op, WEIGHTS)->data;
  conv->bias = bias != NULL ? bias->data : NULL;
  conv->bias_type = bias != NULL ? bias->type : TL_TENSOR_INT32;
  conv->batches = (uint32_t)input->dims[0];
  conv->inputs = (uint32_t)input->dims[3];
  conv->outputs = (uint32_t)output->dims[3];
  conv->input_zero = input->zero_point;
  conv->output_zero = output->zero_point;
  return TL_KERNEL_OK;
}

static int64_t bias_of(const tl_tconv_data *conv, uint32_t output)
{
  const int64_t limit = 1ll << 46; /* more would leave the range of tl_fixed_mul64 */
  if (conv->bias == NULL) return 0;
  if (conv->bias_type == TL_TENSOR_INT16) return tl_op_load(conv->bias, TL_TENSOR_INT16, output);
  if (conv->bias_type == TL_TENSOR_INT32) return tl_load_i32(conv->bias + 4ull * output);
  const int64_t bias = tl_load_i64(conv->bias + 8ull * output);
  return bias > limit ? limit : bias < -limit ? -limit : bias;
}

/* Row or column of the input that tap k adds to output position `at`; -1 if none does. */
static int32_t source(const tl_tconv_axis *axis, int32_t at, int32_t k)
{
  const int32_t from = at + axis->before - k;
  if (from < 0 || from % axis->stride != 0) return -1;
  const int32_t index = from / axis->stride;
  return index < axis->in ? index : -1;
}

static int64_t dot(const tl_tconv_data *conv, const void *x, size_t at, const int8_t *w)
{
  if (conv->type == TL_TENSOR_INT8) {
    const int8_t *from = (const int8_t *)x + at;
    uint32_t wrapping = 0;
    for (uint32_t i = 0; i < conv->inputs; i++)
      wrapping += (uint32_t)((from[i] - conv->input_zero) * w[i]);
    return (int32_t)wrapping;
  }
  int64_t sum = 0;
  for (uint32_t i = 0; i < conv->inputs; i++)
    sum += tl_op_load(x, TL_TENSOR_INT16, (uint32_t)at + i) * w[i];
  return sum;
}

typedef struct pixel {
  uint32_t batch;
  int32_t y, x; /* of the output */
} pixel;

static int64_t sum_of(const tl_tconv_data *conv, const void *x, pixel at, uint32_t output)
{
  int64_t sum = 0;
  for (int32_t ky = 0; ky < conv->y.kernel; ky++) {
    const int32_t row = source(&conv->y, at.y, ky);
    if (row < 0) continue;
    for (int32_t kx = 0; kx < conv->x.kernel; kx++) {
      const int32_t column = source(&conv->x, at.x, kx);
      if (column < 0) continue;
      const size_t tap =
          ((size_t)output * (uint32_t)conv->y.kernel + (uint32_t)ky) * (uint32_t)conv->x.kernel +
          (uint32_t)kx;
      const size_t from =
          ((size_t)at.batch * (uint32_t)conv->y.in + (uint32_t)row) * (uint32_t)conv->x.in +
          (uint32_t)column;
      sum += dot(conv, x, from * conv->inputs, conv->weights + tap * conv->inputs);
    }
  }
  return sum;
}

/* A sum of 32 bits wraps as an int32 does on the MCU. */
static int32_t finish(const tl_tconv_data *conv, uint32_t output, int64_t sum)
{
  const tl_scale scale = conv->scales[conv->scale_count == 1 ? 0 : output];
  const int64_t total = sum + bias_of(conv, output);
  const int32_t scaled =
      conv->sum64 ? tl_fixed_mul64(total, scale) : tl_fixed_mul((int32_t)total, scale);
  return conv->output_zero + tl_fixed_clamp(scaled, conv->range.low - conv->output_zero,
                                            conv->range.high - conv->output_zero);
}

void tl_tconv_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  const tl_tconv_data *conv = op->data;
  const void *x = tl_op_read(model, op, INPUT, place);
  void *y = tl_op_write(model, op, 0, place);
  uint32_t out = 0;
  pixel at;
  for (at.batch = 0; at.batch < conv->batches; at.batch++)
    for (at.y = 0; at.y < conv->y.out; at.y++)
      for (at.x = 0; at.x < conv->x.out; at.x++)
        for (uint32_t o = 0; o < conv->outputs; o++)
          tl_op_store(y, conv->type, out++, finish(conv, o, sum_of(conv, x, at, o)));
}
