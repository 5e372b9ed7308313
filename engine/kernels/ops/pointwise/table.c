/* table.c: EXP, LOG (int8, int16) and ELU (int8): a table made when the model opens.
 *
 * Source: LUTPopulate and LUTLookup of TFLite, all in float. int8: one entry a value,
 * round(f(scale * (x - zero)) * (1 / scale out)) + zero out. int16: 513 entries over the input's
 * range, each corrected by half of what the chord to the next would be off in its middle, and linear
 * interpolation on the low 7 bits. TFLite Micro itself has only ELU of these. */
#include "kernels/ops/pointwise/pointwise.h"

#include "kernels/real.h"

enum { STEPS = 512, STEP_BITS = 7 };

/* The real function; `floor_value` is what an argument outside of its domain gives. */
typedef float (*function)(float x, float floor_value);

static float exponential(float x, float floor_value)
{
  (void)floor_value;
  return tl_real_exp_float(x);
}

static float logarithm(float x, float floor_value)
{
  return x <= 0.0f ? floor_value : tl_real_log_float(x);
}

static float elu(float x, float floor_value)
{
  (void)floor_value;
  return x < 0.0f ? tl_real_exp_float(x) - 1.0f : x;
}

static void populate_int8(tl_table_data *data, const tl_tensor *input, const tl_tensor *output,
                          function f, float floor_value)
{
  const float inverse = 1.0f / output->scale;
  const tl_range range = {INT8_MIN, INT8_MAX};
  for (int32_t x = INT8_MIN; x <= INT8_MAX; x++) {
    const float value = f(input->scale * (float)(x - input->zero_point), floor_value);
    data->table[x - INT8_MIN] =
        (int16_t)tl_pointwise_place(tl_fixed_round(value * inverse), output->zero_point, range);
  }
}

/* Between the ends of int16; a NaN gives 0. */
static int16_t entry(float value)
{
  const float low = (float)INT16_MIN, high = (float)INT16_MAX;
  return value != value ? 0 : (int16_t)(value < low ? low : value > high ? high : value);
}

static void populate_int16(tl_table_data *data, const tl_tensor *input, const tl_tensor *output,
                           function f, float floor_value)
{
  const float begin = input->scale * (float)INT16_MIN, end = input->scale * (float)INT16_MAX;
  const float low = output->scale * (float)INT16_MIN, high = output->scale * (float)INT16_MAX;
  const float step = (end - begin) / (float)STEPS, half = step / 2.0f;
  const float inverse = 65536.0f / (high - low);
  for (int32_t i = 0; i < STEPS; i++) {
    const float x = begin + (float)i * step, next = begin + (float)(i + 1) * step;
    const float value = tl_real_round(f(x, floor_value) * inverse);
    const float chord = tl_real_round((f(next, floor_value) * inverse + value) / 2.0f);
    const float middle = tl_real_round(f(x + half, floor_value) * inverse);
    data->table[i] = entry(value - tl_real_round((chord - middle) / 2.0f));
  }
  data->table[STEPS] = entry(tl_real_round(f(end, floor_value) * inverse));
}

static tl_kernel_code prepare(const tl_op_setup *setup, bool takes_int16)
{
  const tl_tensor *input = tl_op_input(setup->model, setup->op, 0);
  const tl_tensor *output = tl_op_output(setup->model, setup->op, 0);
  tl_table_data *data = setup->op->data;
  if (!tl_op_quantised(input) || !tl_op_quantised(output) || input->type != output->type ||
      (input->type == TL_TENSOR_INT16 && !takes_int16))
    return tl_op_refuse(setup, takes_int16 ? "input and output must both be int8 or both int16, "
                                             "quantised per tensor"
                                           : "input and output must be int8, quantised per tensor");
  if (!tl_broadcast_plan_flat(&data->plan, setup))
    return tl_op_refuse(setup, "input and output differ in size");
  if (input->type == TL_TENSOR_INT16 && (input->zero_point != 0 || output->zero_point != 0))
    return tl_op_refuse(setup, "int16 needs zero points of 0");
  if (!(input->scale < 65536.0f) || !(input->scale > 1e-20f) || !(output->scale < 65536.0f) ||
      !(output->scale > 1e-20f))
    return tl_op_refuse(setup, "scale out of range");
  return TL_KERNEL_OK;
}

static void populate(const tl_op_setup *setup, function f, float floor_value)
{
  const tl_tensor *input = tl_op_input(setup->model, setup->op, 0);
  const tl_tensor *output = tl_op_output(setup->model, setup->op, 0);
  if (input->type == TL_TENSOR_INT8)
    populate_int8(setup->op->data, input, output, f, floor_value);
  else
    populate_int16(setup->op->data, input, output, f, floor_value);
}

tl_kernel_code tl_exp_prepare(const tl_op_setup *setup)
{
  const tl_kernel_code code = prepare(setup, true);
  if (code == TL_KERNEL_OK) populate(setup, exponential, 0.0f);
  return code;
}

/* Below the domain: the lowest value that the output has. */
tl_kernel_code tl_log_prepare(const tl_op_setup *setup)
{
  const tl_tensor *output = tl_op_output(setup->model, setup->op, 0);
  const tl_kernel_code code = prepare(setup, true);
  const int32_t lowest = output->type == TL_TENSOR_INT8 ? INT8_MIN : INT16_MIN;
  if (code == TL_KERNEL_OK)
    populate(setup, logarithm, (float)(lowest - output->zero_point) * output->scale);
  return code;
}

tl_kernel_code tl_elu_prepare(const tl_op_setup *setup)
{
  const tl_kernel_code code = prepare(setup, false);
  if (code == TL_KERNEL_OK) populate(setup, elu, 0.0f);
  return code;
}

static void int8_lanes(const void *data, int32_t (*x)[TL_LANES], int32_t *restrict y,
                       uint32_t count)
{
  const int16_t *table = ((const tl_table_data *)data)->table;
  for (uint32_t i = 0; i < count; i++) y[i] = table[x[0][i] - INT8_MIN];
}

static void int16_lanes(const void *data, int32_t (*x)[TL_LANES], int32_t *restrict y,
                        uint32_t count)
{
  const int16_t *table = ((const tl_table_data *)data)->table;
  for (uint32_t i = 0; i < count; i++) {
    const int32_t at = x[0][i] - INT16_MIN, index = at >> STEP_BITS;
    const int32_t slope = (int16_t)(table[index + 1] - table[index]);
    const int32_t rest = at & ((1 << STEP_BITS) - 1);
    y[i] = table[index] + ((slope * rest + (1 << (STEP_BITS - 1))) >> STEP_BITS);
  }
}

void tl_table_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  const tl_broadcast *plan = &((const tl_table_data *)op->data)->plan;
  tl_broadcast_run(plan, model, op, place,
                   plan->type_out == TL_TENSOR_INT16 ? int16_lanes : int8_lanes);
}
