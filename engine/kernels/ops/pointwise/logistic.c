/* logistic.c: LOGISTIC and TANH; int8 in Q4.27 fixed point (curve.h), int16 by a table
 * (curve_int16.h). int8 gives steps of 1/256 from -128 or of 1/128 round 0, int16 steps of 2^-15. */
#include "kernels/ops/pointwise/pointwise.h"

#include "kernels/curve.h"

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

/* Only 256 values can come in: all are computed now. Beyond the radius of 15 the curve is flat. */
static tl_kernel_code prepare_int8(const tl_op_setup *setup, int32_t (*curve)(int32_t))
{
  const tl_tensor *input = tl_op_input(setup->model, setup->op, 0);
  tl_logistic_data *data = setup->op->data;
  if (!(input->scale < 8.0f)) return tl_op_refuse(setup, "input scale out of range");
  const tl_scale scale = tl_op_scale(setup, (double)input->scale * 134217728.0); /* 2^27 */
  const int32_t radius = scale.shift > 0 ? (int32_t)((15ll << 27) >> scale.shift) : INT32_MAX;
  for (int32_t x = INT8_MIN; x <= INT8_MAX; x++) {
    const int32_t v = x - input->zero_point;
    data->table[x - INT8_MIN] = (int8_t)(v <= -radius  ? INT8_MIN
                                         : v >= radius ? INT8_MAX
                                                       : curve(tl_fixed_mul(v, scale)));
  }
  return TL_KERNEL_OK;
}

static tl_kernel_code prepare_int16(const tl_op_setup *setup, bool is_tanh)
{
  const tl_tensor *input = tl_op_input(setup->model, setup->op, 0);
  const tl_tensor *output = tl_op_output(setup->model, setup->op, 0);
  tl_logistic_data *data = setup->op->data;
  if (input->zero_point != 0 || output->zero_point != 0 || !tl_curve_is_power(output->scale, -15))
    return tl_op_refuse(setup, "int16 needs zero points of 0 and an output scale of 2^-15");
  if (!tl_curve_int16_of(&data->curve, input->scale, is_tanh))
    return tl_op_refuse(setup, "input scale out of range");
  return TL_KERNEL_OK;
}

static tl_kernel_code prepare(const tl_op_setup *setup, bool is_tanh, float scale_out,
                              int32_t zero_out, const char *wrong_output)
{
  const tl_tensor *input = tl_op_input(setup->model, setup->op, 0);
  const tl_tensor *output = tl_op_output(setup->model, setup->op, 0);
  tl_logistic_data *data = setup->op->data;
  if (!tl_op_quantised(input) || !tl_op_quantised(output) || input->type != output->type)
    return tl_op_refuse(setup, "input and output must both be int8 or both int16, quantised per "
                               "tensor");
  if (!tl_broadcast_plan_flat(&data->plan, setup))
    return tl_op_refuse(setup, "input and output differ in size");
  if (input->type == TL_TENSOR_INT16) return prepare_int16(setup, is_tanh);
  if (output->scale != scale_out || output->zero_point != zero_out)
    return tl_op_refuse(setup, wrong_output);
  return prepare_int8(setup, is_tanh ? hyperbolic_tangent : logistic);
}

tl_kernel_code tl_logistic_prepare(const tl_op_setup *setup)
{
  return prepare(setup, false, 1.0f / 256.0f, -128,
                 "output must have scale 1/256 and zero point -128");
}

tl_kernel_code tl_tanh_prepare(const tl_op_setup *setup)
{
  return prepare(setup, true, 1.0f / 128.0f, 0, "output must have scale 1/128 and zero point 0");
}

static void int8_lanes(const void *data, int32_t (*x)[TL_LANES], int32_t *restrict y,
                       uint32_t count)
{
  const int8_t *table = ((const tl_logistic_data *)data)->table;
  for (uint32_t i = 0; i < count; i++) y[i] = table[x[0][i] - INT8_MIN];
}

static void logistic_int16_lanes(const void *data, int32_t (*x)[TL_LANES], int32_t *restrict y,
                                 uint32_t count)
{
  const tl_curve_int16 curve = ((const tl_logistic_data *)data)->curve;
  for (uint32_t i = 0; i < count; i++) y[i] = tl_curve_logistic_int16((int16_t)x[0][i], curve);
}

static void tanh_int16_lanes(const void *data, int32_t (*x)[TL_LANES], int32_t *restrict y,
                             uint32_t count)
{
  const tl_curve_int16 curve = ((const tl_logistic_data *)data)->curve;
  for (uint32_t i = 0; i < count; i++) y[i] = tl_curve_tanh_int16((int16_t)x[0][i], curve);
}

static void run(const tl_model *model, const tl_op *op, const tl_place *place, tl_lanes_fn int16)
{
  const tl_logistic_data *data = op->data;
  tl_broadcast_run(&data->plan, model, op, place,
                   data->plan.type_out == TL_TENSOR_INT16 ? int16 : int8_lanes);
}

void tl_logistic_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  run(model, op, place, logistic_int16_lanes);
}

void tl_tanh_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  run(model, op, place, tanh_int16_lanes);
}
