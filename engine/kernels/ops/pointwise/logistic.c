/* logistic.c: LOGISTIC and TANH, int8 to int8, in Q4.27 fixed point.
 *
 * Source: the fixed-point exponential and Newton reciprocal of gemmlowp, as TFLite Micro's
 * reference kernels use them. Q0.31 below means 31 fraction bits. */
#include "kernels/ops/pointwise/pointwise.h"

static int32_t saturate(int64_t x)
{
  return x > INT32_MAX ? INT32_MAX : x < INT32_MIN ? INT32_MIN : (int32_t)x;
}

/* exp(a) in Q0.31 for a <= 0 with `whole` integer bits: a Taylor polynomial round -1/8 on
 * [-1/4, 0), then one factor exp(-2^e) for each bit of the rest. */
static int32_t exp_negative(int32_t a, int32_t whole)
{
  static const struct {
    int32_t exponent, factor;
  } steps[] = {{-2, 1672461947}, {-1, 1302514674}, {0, 790015084}, {1, 290630308},
               {2, 39332535},    {3, 720401},      {4, 242}};
  if (a == 0) return INT32_MAX;
  const int32_t fraction = 31 - whole;
  const int32_t quarter = 1 << (fraction - 2);
  const int32_t rest = (a & (quarter - 1)) - quarter;
  const int32_t x = saturate((int64_t)rest * (1 << whole)) + (1 << 28);
  const int32_t x2 = tl_fixed_high_mul(x, x);
  const int32_t x3 = tl_fixed_high_mul(x2, x);
  const int32_t x4 = tl_fixed_high_mul(x2, x2);
  const int32_t cubic = tl_fixed_high_mul(tl_fixed_shift_right(x4, 2) + x3, 715827883);
  const int32_t tail = tl_fixed_shift_right(cubic + x2, 1);
  int32_t result = 1895147668 + tl_fixed_high_mul(1895147668, x + tail);
  const int32_t bits = rest - a;
  for (size_t s = 0; s < sizeof steps / sizeof steps[0]; s++)
    if (whole > steps[s].exponent && (bits & (1 << (fraction + steps[s].exponent))) != 0)
      result = tl_fixed_high_mul(result, steps[s].factor);
  return result;
}

/* 1 / (1 + a) / 2 ... in Q2.29 for a in [0, 1) as Q0.31: three Newton steps. */
static int32_t newton(int32_t a)
{
  const int32_t half = (int32_t)(((int64_t)a + INT32_MAX + 1) / 2);
  int32_t x = 1515870810 + tl_fixed_high_mul(half, -1010580540);
  for (int step = 0; step < 3; step++) {
    const int32_t error = (1 << 29) - tl_fixed_high_mul(half, x);
    x += saturate(4 * (int64_t)tl_fixed_high_mul(x, error));
  }
  return x;
}

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
  const int32_t positive = saturate(2 * (int64_t)newton(exp_negative(r > 0 ? -r : r, 4)));
  const int32_t p = r == 0 ? 1 << 30 : r > 0 ? positive : INT32_MAX - positive;
  return tl_fixed_clamp(tl_fixed_shift_right(p, 23) - 128, INT8_MIN, INT8_MAX);
}

static int32_t hyperbolic_tangent(int32_t r)
{
  const int64_t above = (int64_t)newton(exp_negative(r > 0 ? -r : r, 5)) - (1 << 29);
  const int32_t t = saturate(4 * above);
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
