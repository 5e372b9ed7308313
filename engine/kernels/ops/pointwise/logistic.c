/* logistic.c: LOGISTIC and TANH, int8 to int8, in Q4.27 fixed point.
 *
 * Source: the fixed-point exponential and Newton reciprocal of gemmlowp, as TFLite Micro's
 * reference kernels use them. Q0.31 below means 31 fraction bits. */
#include "kernels/curve.h"
#include "kernels/ops/pointwise/pointwise.h"

static tl_kernel_code prepare(const tl_op_setup *setup, float scale_out, int32_t zero_out,
                              const char *wrong_output)
{
  const tl_tensor *input = tl_op_input(setup->model, setup->op, 0);
  const tl_tensor *output = tl_op_output(setup->model, setup->op, 0);
  tl_logistic_data *data = setup->op->data;
  if (!tl_op_quantised(input) || !tl_op_quantised(output) || input->type != TL_TENSOR_INT8 ||
      output->type != TL_TENSOR_INT8)
    return tl_op_refuse(setup, "input and output must be int8, quantised per tensor");
  if (input->element_count != output->element_count)
    return tl_op_refuse(setup, "input and output differ in size");
  if (output->scale != scale_out || output->zero_point != zero_out)
    return tl_op_refuse(setup, wrong_output);
  if (!(input->scale < 8.0f)) return tl_op_refuse(setup, "input scale out of range");
  data->count = output->element_count;
  data->scale = tl_op_scale(setup, (double)input->scale * 134217728.0); /* 2^27 */
  const int32_t shift = data->scale.shift;
  data->radius = shift > 0 ? (int32_t)((15ll << 27) >> shift) : INT32_MAX;
  data->zero_in = input->zero_point;
  return TL_KERNEL_OK;
}

tl_kernel_code tl_logistic_prepare(const tl_op_setup *setup)
{
  return prepare(setup, 1.0f / 256.0f, -128, "output must have scale 1/256 and zero point -128");
}

tl_kernel_code tl_tanh_prepare(const tl_op_setup *setup)
{
  return prepare(setup, 1.0f / 128.0f, 0, "output must have scale 1/128 and zero point 0");
}

static int32_t logistic(int32_t r)
{
  const int32_t positive =
      tl_curve_saturate(2 * (int64_t)tl_curve_reciprocal(tl_curve_exp(r > 0 ? -r : r, 4)));
  const int32_t p = r == 0 ? 1 << 30 : r > 0 ? positive : INT32_MAX - positive;
  return tl_fixed_clamp(tl_fixed_shift_right(p, 23) - 128, INT8_MIN, INT8_MAX);
}

static int32_t hyperbolic_tangent(int32_t r)
{
  const int64_t above = (int64_t)tl_curve_reciprocal(tl_curve_exp(r > 0 ? -r : r, 5)) - (1 << 29);
  const int32_t t = tl_curve_saturate(4 * above);
  return tl_fixed_clamp(tl_fixed_shift_right(r > 0 ? t : r < 0 ? -t : 0, 24), INT8_MIN, INT8_MAX);
}

static void eval(const tl_model *model, const tl_op *op, const tl_place *place,
                 int32_t (*curve)(int32_t))
{
  const tl_logistic_data *data = op->data;
  const int8_t *x = tl_op_read(model, op, 0, place);
  int8_t *y = tl_op_write(model, op, 0, place);
  for (uint32_t i = 0; i < data->count; i++) {
    const int32_t v = x[i] - data->zero_in;
    if (v <= -data->radius)
      y[i] = INT8_MIN;
    else if (v >= data->radius)
      y[i] = INT8_MAX;
    else
      y[i] = (int8_t)curve(tl_fixed_mul(v, data->scale));
  }
}

void tl_logistic_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  eval(model, op, place, logistic);
}

void tl_tanh_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  eval(model, op, place, hyperbolic_tangent);
}
