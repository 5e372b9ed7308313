/* relu.c: RELU and RELU6 that stand alone, int8. RELU rescales; TFLite Micro's RELU6 only clamps,
 * so it asks for equal scales. */
#include "kernels/ops/pointwise/pointwise.h"

static tl_kernel_code prepare(const tl_op_setup *setup, uint8_t activation, bool rescales)
{
  const tl_tensor *input = tl_op_input(setup->model, setup->op, 0);
  const tl_tensor *output = tl_op_output(setup->model, setup->op, 0);
  tl_relu_data *relu = setup->op->data;
  if (!tl_op_quantised(input) || !tl_op_quantised(output) || input->type != TL_TENSOR_INT8 ||
      output->type != TL_TENSOR_INT8)
    return tl_op_refuse(setup, "input and output must be int8, quantised per tensor");
  if (input->element_count != output->element_count)
    return tl_op_refuse(setup, "input and output differ in size");
  const double ratio = (double)input->scale / (double)output->scale;
  if (!(ratio < 65536.0)) return tl_op_refuse(setup, "ratio of scales out of range");
  if (!rescales && (input->scale != output->scale || input->zero_point != output->zero_point))
    return tl_op_refuse(setup, "input and output must have the same scale and zero point");
  relu->count = output->element_count;
  relu->scale = rescales ? tl_op_scale(setup, ratio)
                         : (tl_scale){1 << 30, 1, TL_ROUNDING_DOUBLE}; /* exactly 1 */
  relu->zero_in = input->zero_point;
  relu->zero_out = output->zero_point;
  (void)tl_op_activation(activation, output, &relu->range);
  return TL_KERNEL_OK;
}

tl_kernel_code tl_relu_prepare(const tl_op_setup *setup) { return prepare(setup, 1, true); }

tl_kernel_code tl_relu6_prepare(const tl_op_setup *setup) { return prepare(setup, 3, false); }

void tl_relu_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  const tl_relu_data *relu = op->data;
  const int8_t *x = tl_op_read(model, op, 0, place);
  int8_t *y = tl_op_write(model, op, 0, place);
  for (uint32_t i = 0; i < relu->count; i++) {
    const int32_t scaled = tl_fixed_mul(x[i] - relu->zero_in, relu->scale) + relu->zero_out;
    y[i] = (int8_t)tl_fixed_clamp(scaled, relu->range.low, relu->range.high);
  }
}
