/* svdf.c: SVDF, int8 with int16 state and time weights, or with both int8.
 *
 * Each filter has a short memory of what its feature weights made of the last inputs:
 *     state[f] = state[f] shifted by one, new last = sum_i wf[f, i] (x[i] - zero), rescaled
 *     y[u]     = sum over the unit's `rank` filters and their memory of wt[f, m] (state[f, m] - zero),
 *                + bias[u], rescaled
 * Source: TFLite Micro's reference kernel. It computes the two ratios of scales in float, knows no
 * fused activation here, and clamps a new state before it adds the zero point, so that an int8 state
 * can wrap (sources after the package of October 2026 clamp after that). */
#include "kernels/ops/dense/dense.h"

#include <string.h>

enum { INPUT = 0, FEATURE = 1, TIME = 2, BIAS = 3, STATE = 4 };

static bool is_matrix(const tl_tensor *tensor, uint64_t rows, uint64_t columns)
{
  return tensor->rank == 2 && (uint64_t)tensor->dims[0] == rows &&
         (uint64_t)tensor->dims[1] == columns;
}

static const char *check_types(const tl_op_setup *setup)
{
  const tl_tensor *input = tl_op_input(setup->model, setup->op, INPUT);
  const tl_tensor *feature = tl_op_input(setup->model, setup->op, FEATURE);
  const tl_tensor *time = tl_op_input(setup->model, setup->op, TIME);
  const tl_tensor *bias = tl_op_input(setup->model, setup->op, BIAS);
  const tl_tensor *state = tl_op_input(setup->model, setup->op, STATE);
  const tl_tensor *output = tl_op_output(setup->model, setup->op, 0);
  if (!tl_op_quantised(input) || !tl_op_quantised(output) || input->type != TL_TENSOR_INT8 ||
      output->type != TL_TENSOR_INT8)
    return "input and output must be int8, quantised per tensor";
  if (!tl_op_quantised(feature) || feature->type != TL_TENSOR_INT8 || feature->data == NULL ||
      feature->zero_point != 0)
    return "feature weights must be constant int8, quantised per tensor, zero point 0";
  if (!tl_op_quantised(time) || time->data == NULL || time->zero_point != 0)
    return "time weights must be constant int8 or int16, quantised per tensor, zero point 0";
  if (state == NULL || !state->is_variable || !tl_op_quantised(state) || state->type != time->type)
    return "state must be a variable of the type of the time weights, quantised per tensor";
  if (bias != NULL && (bias->type != TL_TENSOR_INT32 || bias->data == NULL))
    return "bias must be constant int32";
  return NULL;
}

static bool shapes_fit(const tl_op_setup *setup, const tl_svdf_data *svdf)
{
  const tl_tensor *input = tl_op_input(setup->model, setup->op, INPUT);
  const tl_tensor *bias = tl_op_input(setup->model, setup->op, BIAS);
  const tl_tensor *state = tl_op_input(setup->model, setup->op, STATE);
  const uint64_t filters = (uint64_t)svdf->units * svdf->rank;
  return is_matrix(input, svdf->batches, svdf->inputs) &&
         is_matrix(tl_op_input(setup->model, setup->op, FEATURE), filters, svdf->inputs) &&
         is_matrix(tl_op_input(setup->model, setup->op, TIME), filters, svdf->memory) &&
         state->element_count == svdf->batches * filters * svdf->memory &&
         is_matrix(tl_op_output(setup->model, setup->op, 0), svdf->batches, svdf->units) &&
         (bias == NULL || bias->element_count == svdf->units);
}

static bool prepare_scales(const tl_op_setup *setup, tl_svdf_data *svdf)
{
  const float input = tl_op_input(setup->model, setup->op, INPUT)->scale;
  const float feature = tl_op_input(setup->model, setup->op, FEATURE)->scale;
  const float time = tl_op_input(setup->model, setup->op, TIME)->scale;
  const float state = tl_op_input(setup->model, setup->op, STATE)->scale;
  const float into_state = input * feature / state;
  const float into_output = state * time / tl_op_output(setup->model, setup->op, 0)->scale;
  if (!(into_state < 1073741824.0f) || !(into_output < 1073741824.0f)) return false;
  svdf->scale_state = tl_op_scale(setup, (double)into_state);
  svdf->scale_output = tl_op_scale(setup, (double)into_output);
  return true;
}

tl_kernel_code tl_svdf_prepare(const tl_op_setup *setup)
{
  const tl_tensor *input = tl_op_input(setup->model, setup->op, INPUT);
  const tl_tensor *feature = tl_op_input(setup->model, setup->op, FEATURE);
  const tl_tensor *time = tl_op_input(setup->model, setup->op, TIME);
  const tl_tensor *bias = tl_op_input(setup->model, setup->op, BIAS);
  tl_svdf_data *svdf = setup->op->data;
  int32_t rank = 0;
  if (!tl_flat_i32(setup->flat, &setup->options, 0, &rank))
    return tl_op_refuse(setup, "options leave the file");
  const char *wrong = check_types(setup);
  if (wrong != NULL) return tl_op_refuse(setup, wrong);
  if (rank < 1 || input->rank != 2 || feature->rank != 2 || time->rank != 2 ||
      feature->dims[0] % rank != 0)
    return tl_op_refuse(setup, "rank and count of filters do not fit");
  svdf->batches = (uint32_t)input->dims[0];
  svdf->inputs = (uint32_t)input->dims[1];
  svdf->rank = (uint32_t)rank;
  svdf->units = (uint32_t)(feature->dims[0] / rank);
  svdf->memory = (uint32_t)time->dims[1];
  if (!shapes_fit(setup, svdf))
    return tl_op_refuse(setup, "shapes of input, weights, state and output do not fit");
  if (!prepare_scales(setup, svdf)) return tl_op_refuse(setup, "scales out of range");
  svdf->feature = (const int8_t *)feature->data;
  svdf->time = time->data;
  svdf->bias = bias != NULL ? bias->data : NULL;
  svdf->state_type = time->type;
  svdf->input_zero = input->zero_point;
  svdf->state_zero = tl_op_input(setup->model, setup->op, STATE)->zero_point;
  svdf->output_zero = tl_op_output(setup->model, setup->op, 0)->zero_point;
  return TL_KERNEL_OK;
}

/* What goes into the memory of a filter; sums wrap, as an int32 does on the MCU, and so does the
 * result where the zero point lifts it beyond its type. */
static int32_t newest(const tl_svdf_data *svdf, const int8_t *x, uint32_t filter)
{
  const bool wide = svdf->state_type == TL_TENSOR_INT16;
  const int32_t low = wide ? INT16_MIN : INT8_MIN, high = wide ? INT16_MAX : INT8_MAX;
  const int8_t *w = svdf->feature + (size_t)filter * svdf->inputs;
  uint32_t sum = 0;
  for (uint32_t i = 0; i < svdf->inputs; i++) sum += (uint32_t)(w[i] * (x[i] - svdf->input_zero));
  const int32_t scaled = tl_fixed_mul((int32_t)sum, svdf->scale_state);
  return svdf->state_zero + tl_fixed_clamp(scaled, low, high);
}

/* Shifts the memory of a filter, adds the newest, and weighs it. */
static uint32_t remember(const tl_svdf_data *svdf, void *state, uint32_t row, uint32_t filter,
                         int32_t value)
{
  const uint32_t size = svdf->state_type == TL_TENSOR_INT16 ? 2 : 1;
  uint8_t *memory = (uint8_t *)state + (size_t)row * svdf->memory * size;
  const uint8_t *weights = svdf->time + (size_t)filter * svdf->memory * size;
  memmove(memory, memory + size, (size_t)(svdf->memory - 1) * size);
  tl_op_store(memory, svdf->state_type, svdf->memory - 1, value);
  uint32_t sum = 0;
  for (uint32_t m = 0; m < svdf->memory; m++) {
    const int32_t kept = tl_op_load(memory, svdf->state_type, m) - svdf->state_zero;
    sum += (uint32_t)tl_op_load(weights, svdf->state_type, m) * (uint32_t)kept;
  }
  return sum;
}

void tl_svdf_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  const tl_svdf_data *svdf = op->data;
  const int8_t *x = tl_op_read(model, op, INPUT, place);
  int8_t *y = tl_op_write(model, op, 0, place);
  void *state = tl_op_variable(model, op, STATE, place);
  uint32_t row = 0;
  for (uint32_t b = 0; b < svdf->batches; b++, x += svdf->inputs)
    for (uint32_t u = 0; u < svdf->units; u++) {
      uint32_t sum = svdf->bias != NULL ? tl_load_u32(svdf->bias + 4ull * u) : 0;
      for (uint32_t r = 0; r < svdf->rank; r++, row++) {
        const uint32_t filter = u * svdf->rank + r;
        sum += remember(svdf, state, row, filter, newest(svdf, x, filter));
      }
      const int32_t scaled = tl_fixed_mul((int32_t)sum, svdf->scale_output);
      *y++ = (int8_t)(svdf->output_zero + tl_fixed_clamp(scaled, INT8_MIN - svdf->output_zero,
                                                         INT8_MAX - svdf->output_zero));
    }
}
