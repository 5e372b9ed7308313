#include "kernels/ops/pointwise/pointwise.h"

bool tl_pointwise_int32(const tl_tensor *tensor)
{
  return tensor->type == TL_TENSOR_INT32 && tensor->scale_count == 0;
}

bool tl_pointwise_activation(uint8_t activation, const tl_tensor *output, tl_range *out)
{
  static const tl_range ranges[] = {
      {INT32_MIN, INT32_MAX}, {0, INT32_MAX}, {-1, 1}, {0, 6}}; /* NONE, RELU, N1_TO_1, RELU6 */
  if (output->type != TL_TENSOR_INT32) return tl_op_activation(activation, output, out);
  if (activation >= sizeof ranges / sizeof ranges[0]) return false;
  *out = ranges[activation];
  return true;
}

bool tl_pointwise_quantised(const tl_tensor *tensor)
{
  if (tensor->type != TL_TENSOR_UINT8 && tensor->type != TL_TENSOR_INT32)
    return tl_op_quantised(tensor);
  if (tensor->scale_count != 1 || !(tensor->scale > 0.0f) || !(tensor->scale <= 3.4e38f))
    return false;
  return tensor->type == TL_TENSOR_INT32 ||
         (tensor->zero_point >= 0 && tensor->zero_point <= UINT8_MAX);
}
