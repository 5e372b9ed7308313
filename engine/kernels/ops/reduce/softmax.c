/* softmax.c: y = exp(beta x) / sum exp(beta x) along the last axis.
 *
 * int8: differences to the row's largest element in Q5.26, exp in Q0.31, their sum in Q12.19, then
 * the reciprocal of the sum by Newton steps. int16: exp and reciprocal by TFLite's tables of 513
 * points, a straight line between two. Source: TFLite Micro's reference kernels. Those abort where
 * a sum of exps reaches 512 and wrap where it reaches 4096; here the same formula just goes on. */
#include "kernels/curve.h"
#include "kernels/ops/reduce/reduce.h"

#include <string.h>

static int32_t floor_log2(uint64_t x)
{
  int32_t log = 0;
  for (; x > 1; x >>= 1) log++;
  return log;
}

/* ---- prepare ---- */

static bool near(float x, float expected)
{
  const float difference = x - expected;
  return difference <= 0.001f * expected && -difference <= 0.001f * expected;
}

static const char *wrong_output(const tl_tensor *input, const tl_tensor *output)
{
  if (input->type == TL_TENSOR_INT16)
    return output->type == TL_TENSOR_INT16 && output->zero_point == 0 &&
                   near(output->scale, 1.0f / 32768.0f)
               ? NULL
               : "output for int16 must be int16 with scale 1/32768 and zero point 0";
  if (output->type == TL_TENSOR_INT16)
    return output->zero_point == -32768 && near(output->scale, 1.0f / 65536.0f)
               ? NULL
               : "int16 output for int8 must have scale 1/65536 and zero point -32768";
  return output->zero_point == -128 && output->scale == 1.0f / 256.0f
             ? NULL
             : "int8 output must have scale 1/256 and zero point -128";
}

/* What 31 (of Q5.26) is in steps of the input; a difference beyond it has no bits left. */
static int32_t radius(tl_scale scale)
{
  const int64_t limit = 31ll << 26;
  return scale.shift > 0 ? (int32_t)(limit >> scale.shift) : (int32_t)limit;
}

static bool prepare_scale(const tl_op_setup *setup, tl_softmax_data *data, double real)
{
  if (!(real > 0.0)) return false;
  if (data->from == TL_TENSOR_INT16) {
    const double ten = real / (10.0 / 65535.0);
    if (!(ten < 32768.0)) return false; /* 65535 steps, shifted, stay inside int32 */
    data->scale = tl_op_scale(setup, ten);
    return data->scale.shift <= 15;
  }
  double q26 = real * 67108864.0; /* 2^26 */
  const bool single = tl_op_scale(setup, 1.0).rounding == TL_ROUNDING_SINGLE;
  const double most = single ? 1073741823.0 : 2147483647.0;
  if (!(q26 < most)) q26 = most;
  data->scale = tl_op_scale(setup, q26);
  data->difference_min = -radius(data->scale);
  return true;
}

tl_kernel_code tl_softmax_prepare(const tl_op_setup *setup)
{
  const tl_tensor *input = tl_op_input(setup->model, setup->op, 0);
  const tl_tensor *output = tl_op_output(setup->model, setup->op, 0);
  tl_softmax_data *data = setup->op->data;
  float beta = 0.0f;
  if (!tl_flat_f32(setup->flat, &setup->options, 0, &beta))
    return tl_op_refuse(setup, "options leave the file");
  if (!tl_op_quantised(input) || !tl_op_quantised(output))
    return tl_op_refuse(setup, "input and output must be int8 or int16, quantised per tensor");
  const char *wrong = wrong_output(input, output);
  if (wrong != NULL) return tl_op_refuse(setup, wrong);
  if (input->rank == 0 || input->rank != output->rank ||
      memcmp(input->dims, output->dims, sizeof input->dims) != 0)
    return tl_op_refuse(setup, "input and output must have the same shape, not that of a scalar");
  data->from = input->type;
  data->to = output->type;
  data->depth = (uint32_t)input->dims[input->rank - 1];
  data->rows = input->element_count / data->depth;
  if (!prepare_scale(setup, data, (double)beta * (double)input->scale))
    return tl_op_refuse(setup, "beta times input scale out of range");
  return TL_KERNEL_OK;
}

/* ---- int8 ---- */

/* exp of an element below the largest, in Q0.31. */
static int32_t exp_of(const tl_softmax_data *data, int32_t difference)
{
  return tl_curve_exp(tl_fixed_mul(difference, data->scale), 5);
}

static uint64_t sum_of_exps(const tl_softmax_data *data, const int8_t *x, int32_t largest)
{
  uint64_t sum = 0; /* Q.19: at most 2^31 elements of 2^19 */
  for (uint32_t i = 0; i < data->depth; i++) {
    const int32_t difference = x[i] - largest;
    if (difference < data->difference_min) continue;
    sum += (uint32_t)tl_fixed_shift_right(exp_of(data, difference), 12);
  }
  return sum;
}

/* 1 / sum as reciprocal * 2^-over, reciprocal in Q0.31. The largest element gives 2^19, so the
 * sum is not 0. */
static int32_t reciprocal_of_sum(uint64_t sum, int32_t *over)
{
  const int32_t log = floor_log2(sum);
  *over = log - 19;
  const uint64_t one_to_two = log <= 31 ? sum << (31 - log) : sum >> (log - 31);
  const int32_t above_one = (int32_t)(one_to_two - (1ull << 31));
  return tl_curve_saturate(2 * (int64_t)tl_curve_reciprocal(above_one));
}

static void row_int8(const tl_softmax_data *data, const int8_t *x, void *y, uint32_t first)
{
  int32_t largest = INT8_MIN, over;
  for (uint32_t i = 0; i < data->depth; i++) largest = x[i] > largest ? x[i] : largest;
  const int32_t reciprocal = reciprocal_of_sum(sum_of_exps(data, x, largest), &over);
  const bool wide = data->to == TL_TENSOR_INT16;
  const int32_t low = wide ? INT16_MIN : INT8_MIN, high = wide ? INT16_MAX : INT8_MAX;
  const int32_t shift = over + (wide ? 15 : 23);
  for (uint32_t i = 0; i < data->depth; i++) {
    const int32_t difference = x[i] - largest;
    int32_t result = 0; /* and so it is beyond 31 bits, where TFLite Micro aborts */
    if (difference >= data->difference_min && shift <= 31)
      result = tl_fixed_shift_right(tl_fixed_high_mul(reciprocal, exp_of(data, difference)), shift);
    tl_op_store(y, data->to, first + i, tl_fixed_clamp(result + low, low, high));
  }
}

/* ---- int16 ---- */

/* Both tables have 513 points for an int16: nine bits of it choose the step, seven interpolate. */
static int32_t between(int32_t left, int32_t right, int32_t x)
{
  return left + (((right - left) * (x & 127) + 64) >> 7);
}

static int32_t exp_int16(const tl_softmax_data *data, int32_t difference)
{
  static const int16_t table[513] = {
#include "kernels/ops/reduce/softmax_exp.inc"
  };
  const int32_t scaled = tl_fixed_mul(difference, data->scale);
  const int32_t x = tl_fixed_clamp(scaled + 32767, INT16_MIN, INT16_MAX);
  const int32_t step = 256 + (x >> 7);
  return between(table[step], table[step + 1], x);
}

static float one_over_one_plus(int32_t half_steps)
{
  return 32768.0f / (1.0f + (float)half_steps / 1024.0f);
}

/* Point i of the table of 1 / (1 + x), x in [0, 1], Q0.15: two of them a row are cheaper to compute
 * than to store. All steps of the rule are exact in float but the division. */
static int32_t reciprocal_point(int32_t i)
{
  const int32_t value = tl_fixed_round(one_over_one_plus(2 * i));
  if (i == 512) return value;
  const int32_t middle = tl_fixed_round(one_over_one_plus(2 * i + 1));
  const int32_t line = tl_fixed_round((one_over_one_plus(2 * i + 2) + (float)value) / 2.0f);
  const int32_t point = value - tl_fixed_round((float)(line - middle) / 2.0f);
  return tl_fixed_clamp(point, INT16_MIN, INT16_MAX);
}

/* 1 / sum in Q0.15 for a sum of 2^log .. 2^(log + 1), taken as 1 .. 2. */
static int32_t reciprocal_int16(uint64_t sum, int32_t log)
{
  const uint64_t q30 = log <= 30 ? sum << (30 - log) : sum >> (log - 30);
  const int32_t q16 = (int32_t)((q30 + (1 << 13)) >> 14);
  const int32_t x = tl_fixed_clamp(q16 - (1 << 15) - (1 << 16), INT16_MIN, INT16_MAX);
  const int32_t step = 256 + (x >> 7);
  return between(reciprocal_point(step), reciprocal_point(step + 1), x);
}

static void row_int16(const tl_softmax_data *data, const void *x, void *y, uint32_t first)
{
  int32_t largest = INT16_MIN;
  for (uint32_t i = first; i < first + data->depth; i++) {
    const int32_t value = tl_op_load(x, TL_TENSOR_INT16, i);
    largest = value > largest ? value : largest;
  }
  uint64_t sum = 0;
  for (uint32_t i = first; i < first + data->depth; i++) {
    const int32_t exp = exp_int16(data, tl_op_load(x, TL_TENSOR_INT16, i) - largest);
    tl_op_store(y, TL_TENSOR_INT16, i, exp); /* kept for the second pass */
    sum += (uint32_t)exp;
  }
  const int32_t log = floor_log2(sum);
  const int32_t reciprocal = reciprocal_int16(sum, log);
  for (uint32_t i = first; i < first + data->depth; i++) {
    const int64_t product = (int64_t)tl_op_load(y, TL_TENSOR_INT16, i) * reciprocal;
    const int64_t result = (product + (1ll << (log - 1))) >> log;
    tl_op_store(y, TL_TENSOR_INT16, i, tl_fixed_clamp((int32_t)result, 0, INT16_MAX));
  }
}

void tl_softmax_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  const tl_softmax_data *data = op->data;
  const void *x = tl_op_read(model, op, 0, place);
  void *y = tl_op_write(model, op, 0, place);
  for (uint32_t row = 0; row < data->rows; row++) {
    if (data->from == TL_TENSOR_INT16)
      row_int16(data, x, y, row * data->depth);
    else
      row_int8(data, (const int8_t *)x + row * data->depth, y, row * data->depth);
  }
}
