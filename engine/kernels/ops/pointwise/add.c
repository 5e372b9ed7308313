/* add.c: ADD, int8 and int16, with broadcasting.
 *
 * Both inputs are brought to a common scale twice the larger one, with 2^20 (int8) or 2^15 (int16)
 * of headroom, added, and rescaled. */
#include "kernels/ops/pointwise/pointwise.h"

/* Strides of one input against the output's dims; false where the shapes do not broadcast. */
static bool strides(const tl_tensor *input, const uint32_t *dims, uint32_t *out)
{
  uint32_t stride = 1;
  for (uint32_t d = TL_TENSOR_RANK_MAX; d-- > 0;) {
    const uint32_t missing = TL_TENSOR_RANK_MAX - input->rank;
    const uint32_t dim = d < missing ? 1 : (uint32_t)input->dims[d - missing];
    if (dim != 1 && dim != dims[d]) return false;
    out[d] = dim == 1 ? 0 : stride;
    stride *= dim;
  }
  return true;
}

tl_kernel_code tl_add_prepare(const tl_op_setup *setup)
{
  const tl_tensor *x1 = tl_op_input(setup->model, setup->op, 0);
  const tl_tensor *x2 = tl_op_input(setup->model, setup->op, 1);
  const tl_tensor *y = tl_op_output(setup->model, setup->op, 0);
  tl_add_data *add = setup->op->data;
  uint8_t activation = 0;
  if (!tl_flat_u8(setup->flat, &setup->options, 0, &activation))
    return tl_op_refuse(setup, "options leave the file");
  if (!tl_op_quantised(x1) || !tl_op_quantised(x2) || !tl_op_quantised(y) || x1->type != y->type ||
      x2->type != y->type)
    return tl_op_refuse(setup, "inputs and output must all be int8 or all int16, quantised");
  for (uint32_t d = 0; d < TL_TENSOR_RANK_MAX; d++) {
    const uint32_t missing = TL_TENSOR_RANK_MAX - y->rank;
    add->dims[d] = d < missing ? 1 : (uint32_t)y->dims[d - missing];
  }
  if (!strides(x1, add->dims, add->stride1) || !strides(x2, add->dims, add->stride2))
    return tl_op_refuse(setup, "shapes do not broadcast to the output");
  if (!tl_op_activation(activation, y, &add->range))
    return tl_op_refuse(setup, "fused activation is not supported");
  add->wide = y->type == TL_TENSOR_INT16;
  if (add->wide && (x1->zero_point != 0 || x2->zero_point != 0 || y->zero_point != 0))
    return tl_op_refuse(setup, "int16 needs zero points of 0");
  add->left_shift = add->wide ? 15 : 20;
  const double largest = (double)(x1->scale > x2->scale ? x1->scale : x2->scale);
  const double out = 2.0 * largest / ((double)(1 << add->left_shift) * (double)y->scale);
  if (!(out < 1.0)) return tl_op_refuse(setup, "output scale is too small for the inputs");
  add->scale1 = tl_op_scale(setup, (double)x1->scale / (2.0 * largest));
  add->scale2 = tl_op_scale(setup, (double)x2->scale / (2.0 * largest));
  add->scale_out = tl_op_scale(setup, out);
  add->zero1 = x1->zero_point;
  add->zero2 = x2->zero_point;
  add->zero_out = y->zero_point;
  return TL_KERNEL_OK;
}

static int32_t add_one(const tl_add_data *add, int32_t q1, int32_t q2)
{
  const int32_t a =
      tl_fixed_mul(tl_fixed_shift_left(q1 - add->zero1, add->left_shift), add->scale1);
  const int32_t b =
      tl_fixed_mul(tl_fixed_shift_left(q2 - add->zero2, add->left_shift), add->scale2);
  const int32_t sum = tl_fixed_mul(a + b, add->scale_out);
  return tl_fixed_clamp(sum + add->zero_out, add->range.low, add->range.high);
}

void tl_add_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  const tl_add_data *add = op->data;
  const void *x1 = tl_op_read(model, op, 0, place), *x2 = tl_op_read(model, op, 1, place);
  void *y = tl_op_write(model, op, 0, place);
  const tl_tensor_type type = add->wide ? TL_TENSOR_INT16 : TL_TENSOR_INT8;
  const uint32_t count = tl_op_output(model, op, 0)->element_count;
  uint32_t at[TL_TENSOR_RANK_MAX] = {0}, from1 = 0, from2 = 0;
  for (uint32_t i = 0; i < count; i++) {
    tl_op_store(y, type, i, add_one(add, tl_op_load(x1, type, from1), tl_op_load(x2, type, from2)));
    for (uint32_t d = TL_TENSOR_RANK_MAX; d-- > 0;) { /* the next index, like an odometer */
      from1 += add->stride1[d];
      from2 += add->stride2[d];
      if (++at[d] < add->dims[d]) break;
      from1 -= add->stride1[d] * add->dims[d];
      from2 -= add->stride2[d] * add->dims[d];
      at[d] = 0;
    }
  }
}
