/* log_softmax.c: y = x - max - log sum exp(x - max) along the last axis, int8 to int8.
 *
 * Differences in Q5.26, exps summed in Q12.19 (as in softmax.c), a logarithm by a rational function
 * of the mantissa. Output 1/16, zero point 127. Source: TFLite Micro's reference kernel; where its
 * sum would wrap (4096 equal elements) the same formula goes on. "Qm.n": m whole, n fraction bits. */
#include "kernels/curve.h"
#include "kernels/ops/reduce/reduce.h"

#include <string.h>

static int32_t leading_zeros(int32_t x)
{
  int32_t zeros = 0;
  for (uint32_t bits = (uint32_t)x; zeros < 32 && (bits & 1u << 31) == 0; bits <<= 1) zeros++;
  return zeros;
}

static int32_t times_power(int32_t x, int32_t exponent)
{
  return tl_curve_saturate((int64_t)x * ((int64_t)1 << exponent));
}

static int32_t mul(int32_t a, int32_t b) { return tl_fixed_high_mul(a, b); }

/* A mantissa r in [1/sqrt(2), 1), as Q0.31, of a number 2^power / 2^(1/4) r, power in Q6.25. */
typedef struct mantissa {
  int32_t r, power;
} mantissa;

/* Splits x (Q12.19, at least 1) in two ways and takes the one whose mantissa is nearer to the
 * middle: with its leading bit at the top, or times sqrt(2). */
static mantissa split(int32_t x)
{
  enum { WHOLE = 12, QUARTER = 1 << 23, ONE_BITS = 25, SQRT_HALF = 1518500250 };
  const int32_t zeros_a = leading_zeros(x);
  const int32_t r_a = times_power(mul(times_power(x, zeros_a - 1), SQRT_HALF), 1);
  const int32_t power_a = times_power(WHOLE - zeros_a, ONE_BITS) + QUARTER;
  const int32_t zeros_b = leading_zeros(mul(x, SQRT_HALF)) - 1;
  const int32_t r_b = times_power(x, zeros_b);
  const int32_t power_b = times_power(WHOLE - zeros_b, ONE_BITS) - QUARTER;
  return (mantissa){r_a < r_b ? r_a : r_b, power_a > power_b ? power_a : power_b};
}

/* log(x) in Q5.26 for x >= 1 in Q12.19. */
static int32_t logarithm(int32_t x)
{
  enum {
    LOG_2 = 1488522236,
    MIDDLE = 1805811301, /* (1/2)^(1/4) */
    ALPHA_N = 117049297,
    ALPHA_D = 127690142,
    ALPHA_I = 1057819769,
    ALPHA_F = 638450708
  };
  const mantissa m = split(x);
  const int32_t p = (int32_t)(((int64_t)m.r + MIDDLE + 1) / 2);
  const int32_t q = 2 * (m.r - MIDDLE);
  const int32_t square = mul(q, q);
  const int32_t numerator = mul(q, m.r) + mul(mul(q, square), ALPHA_N);
  const int32_t above_one = mul(p, ALPHA_I + q + mul(ALPHA_D, square)) + mul(ALPHA_F, q);
  const int32_t reciprocal = tl_curve_saturate(2 * (int64_t)tl_curve_reciprocal(above_one));
  const int32_t q25 = mul(m.power, LOG_2) + mul(tl_fixed_shift_right(numerator, 6), reciprocal);
  return times_power(q25, 1);
}

/* log of a sum in Q.19, in Q5.26. */
static int32_t log_of_sum(uint64_t sum)
{
  enum { LOG_2_Q26 = 46516320 };
  int32_t halvings = 0;
  for (; sum > INT32_MAX; sum >>= 1) halvings++;
  return logarithm((int32_t)sum) + halvings * LOG_2_Q26;
}

tl_kernel_code tl_log_softmax_prepare(const tl_op_setup *setup)
{
  const tl_tensor *input = tl_op_input(setup->model, setup->op, 0);
  const tl_tensor *output = tl_op_output(setup->model, setup->op, 0);
  tl_log_softmax_data *data = setup->op->data;
  if (!tl_op_quantised(input) || !tl_op_quantised(output) || input->type != TL_TENSOR_INT8 ||
      output->type != TL_TENSOR_INT8)
    return tl_op_refuse(setup, "input and output must be int8, quantised per tensor");
  if (output->scale != 1.0f / 16.0f || output->zero_point != 127)
    return tl_op_refuse(setup, "output must have scale 1/16 and zero point 127");
  if (input->rank == 0 || input->rank != output->rank ||
      memcmp(input->dims, output->dims, sizeof input->dims) != 0)
    return tl_op_refuse(setup, "input and output must have the same shape, not that of a scalar");
  /* Between 2^-24 and 2^4: both multipliers below then have shifts that stay inside int32. */
  const double q26 = (double)input->scale * 67108864.0; /* 2^26 */
  if (!(q26 > 4.0 && q26 < 1073741824.0)) return tl_op_refuse(setup, "input scale out of range");
  data->scale = tl_op_scale(setup, q26);
  const int32_t shift = data->scale.shift;
  data->back = tl_op_scale(setup, (double)(1ll << (31 - shift)) / (double)data->scale.multiplier);
  data->difference_min = -(int32_t)((31ll << 26) >> shift);
  data->depth = (uint32_t)input->dims[input->rank - 1];
  data->rows = input->element_count / data->depth;
  return TL_KERNEL_OK;
}

static void row(const tl_log_softmax_data *data, const int8_t *x, int8_t *y)
{
  int32_t largest = INT8_MIN;
  for (uint32_t i = 0; i < data->depth; i++) largest = x[i] > largest ? x[i] : largest;
  uint64_t sum = 0;
  for (uint32_t i = 0; i < data->depth; i++) {
    const int32_t difference = x[i] - largest;
    if (difference < data->difference_min) continue;
    const int32_t exp = tl_curve_exp(tl_fixed_mul(difference, data->scale), 5);
    sum += (uint32_t)tl_fixed_shift_right(exp, 12);
  }
  const int32_t log = log_of_sum(sum);
  /* What lies lower than Q5.26 reaches after the logarithm is subtracted is the lowest output. */
  const int32_t reach = tl_fixed_mul(log + INT32_MIN, data->back);
  const int32_t lowest = data->difference_min - 1 > reach ? data->difference_min - 1 : reach;
  for (uint32_t i = 0; i < data->depth; i++) {
    const int32_t difference = x[i] - largest;
    y[i] = INT8_MIN;
    if (difference <= lowest) continue;
    const int64_t q26 = (int64_t)tl_fixed_mul(difference, data->scale) - log;
    const int32_t result = tl_fixed_shift_right(tl_curve_saturate(q26), 22) + INT8_MAX;
    y[i] = (int8_t)tl_fixed_clamp(result, INT8_MIN, INT8_MAX);
  }
}

void tl_log_softmax_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  const tl_log_softmax_data *data = op->data;
  const int8_t *x = tl_op_read(model, op, 0, place);
  int8_t *y = tl_op_write(model, op, 0, place);
  for (uint32_t r = 0; r < data->rows; r++, x += data->depth, y += data->depth) row(data, x, y);
}
