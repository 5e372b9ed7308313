/* quantize.c: QUANTIZE (float32, int8, int16 to int8, int16) and DEQUANTIZE (int8, int16). */
#include "kernels/ops/pointwise/pointwise.h"

#include <string.h>

static float load_float(const void *data, uint32_t index)
{
  return tl_load_f32((const uint8_t *)data + 4ull * index);
}

tl_kernel_code tl_quantize_prepare(const tl_op_setup *setup)
{
  const tl_tensor *input = tl_op_input(setup->model, setup->op, 0);
  const tl_tensor *output = tl_op_output(setup->model, setup->op, 0);
  tl_quantize_data *q = setup->op->data;
  if (!tl_op_quantised(output) || (input->type != TL_TENSOR_FLOAT32 && !tl_op_quantised(input)))
    return tl_op_refuse(setup, "takes float32, int8 or int16 and gives int8 or int16");
  if (input->element_count != output->element_count)
    return tl_op_refuse(setup, "input and output differ in size");
  q->count = output->element_count;
  q->from = input->type;
  q->to = output->type;
  q->real_scale = output->scale;
  q->zero_in = input->zero_point;
  q->zero_out = output->zero_point;
  (void)tl_op_activation(0, output, &q->range);
  if (input->type != TL_TENSOR_FLOAT32) {
    const double ratio = (double)input->scale / (double)output->scale;
    if (!(ratio < 32768.0)) return tl_op_refuse(setup, "ratio of scales out of range");
    q->scale = tl_op_scale(setup, ratio);
  }
  return TL_KERNEL_OK;
}

void tl_quantize_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  const tl_quantize_data *q = op->data;
  const void *x = tl_op_read(model, op, 0, place);
  void *y = tl_op_write(model, op, 0, place);
  for (uint32_t i = 0; i < q->count; i++) {
    const int32_t scaled = q->from == TL_TENSOR_FLOAT32
                               ? tl_fixed_round(load_float(x, i) / q->real_scale)
                               : tl_fixed_mul(tl_op_load(x, q->from, i) - q->zero_in, q->scale);
    tl_op_store(y, q->to, i,
                tl_fixed_clamp(scaled, q->range.low - q->zero_out, q->range.high - q->zero_out) +
                    q->zero_out);
  }
}

tl_kernel_code tl_dequantize_prepare(const tl_op_setup *setup)
{
  const tl_tensor *input = tl_op_input(setup->model, setup->op, 0);
  const tl_tensor *output = tl_op_output(setup->model, setup->op, 0);
  tl_quantize_data *q = setup->op->data;
  if (!tl_op_quantised(input) || output->type != TL_TENSOR_FLOAT32)
    return tl_op_refuse(setup, "takes int8 or int16 and gives float32");
  if (input->element_count != output->element_count)
    return tl_op_refuse(setup, "input and output differ in size");
  q->count = output->element_count;
  q->from = input->type;
  q->to = TL_TENSOR_FLOAT32;
  q->real_scale = input->scale;
  q->zero_in = input->zero_point;
  return TL_KERNEL_OK;
}

void tl_dequantize_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  const tl_quantize_data *q = op->data;
  const void *x = tl_op_read(model, op, 0, place);
  uint8_t *y = tl_op_write(model, op, 0, place);
  for (uint32_t i = 0; i < q->count; i++) {
    const float real = (float)((double)q->real_scale * (tl_op_load(x, q->from, i) - q->zero_in));
    memcpy(y + 4ull * i, &real, sizeof real);
  }
}
