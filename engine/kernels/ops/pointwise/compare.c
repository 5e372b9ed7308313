/* compare.c: EQUAL, NOT_EQUAL, LESS, LESS_EQUAL, GREATER, GREATER_EQUAL, giving bool.
 *
 * int8 (and GREATER of int16): (x - zero) * 2^8 * scale of each side, rounded to an integer, then
 * compared, so that values of different scales meet; a difference below 1/256 is none. Other
 * types as they stand. */
#include "kernels/ops/pointwise/pointwise.h"

#include <string.h>

enum { HEADROOM = 8 };

static tl_kernel_code set_scales(const tl_op_setup *setup, const tl_tensor *x1, const tl_tensor *x2)
{
  tl_compare_data *compare = setup->op->data;
  if (!tl_op_quantised(x1) || !tl_op_quantised(x2))
    return tl_op_refuse(setup, "int8 inputs must be quantised per tensor");
  if (!(x1->scale < 1.0f) || !(x2->scale < 1.0f))
    return tl_op_refuse(setup, "input scales must be below 1");
  compare->scale1 = tl_op_scale(setup, (double)x1->scale);
  compare->scale2 = tl_op_scale(setup, (double)x2->scale);
  compare->zero1 = x1->zero_point;
  compare->zero2 = x2->zero_point;
  return TL_KERNEL_OK;
}

static tl_kernel_code prepare(const tl_op_setup *setup, bool takes_bool, bool scales_int16)
{
  const tl_tensor *x1 = tl_op_input(setup->model, setup->op, 0);
  const tl_tensor *x2 = tl_op_input(setup->model, setup->op, 1);
  const tl_tensor *y = tl_op_output(setup->model, setup->op, 0);
  tl_compare_data *compare = setup->op->data;
  if (x1->type != x2->type || y->type != TL_TENSOR_BOOL)
    return tl_op_refuse(setup, "inputs must have the same type, the output must be bool");
  if (x1->type == TL_TENSOR_UINT8 || x1->type == TL_TENSOR_INT64 ||
      (x1->type == TL_TENSOR_BOOL && !takes_bool))
    return tl_op_refuse(setup, takes_bool ? "takes int8, int16, int32, bool or float32"
                                          : "takes int8, int16, int32 or float32");
  if (!tl_broadcast_plan(&compare->plan, setup, 2))
    return tl_op_refuse(setup, "shapes do not broadcast to the output");
  const bool scaled = x1->type == TL_TENSOR_INT8 || (x1->type == TL_TENSOR_INT16 && scales_int16);
  compare->scaled = scaled;
  return scaled ? set_scales(setup, x1, x2) : TL_KERNEL_OK;
}

tl_kernel_code tl_equal_prepare(const tl_op_setup *setup) { return prepare(setup, true, false); }

tl_kernel_code tl_less_prepare(const tl_op_setup *setup) { return prepare(setup, false, false); }

tl_kernel_code tl_greater_prepare(const tl_op_setup *setup) { return prepare(setup, false, true); }

/* A float's bits as an integer of the same order: -0 and 0 equal; a NaN has none. */
static int32_t ordered(int32_t bits)
{
  return bits >= 0 ? bits : (int32_t)(0x80000000u - (uint32_t)bits);
}

static bool is_nan(int32_t bits) { return ((uint32_t)bits & 0x7FFFFFFFu) > 0x7F800000u; }

/* Brings both sides to integers that compare as the values do; y[i] = 1 where they do not compare
 * at all (a NaN). */
static void bring(const tl_compare_data *compare, int32_t (*x)[TL_LANES], int32_t *restrict y,
                  uint32_t count)
{
  for (uint32_t i = 0; i < count; i++) y[i] = 0;
  for (uint32_t i = 0; compare->scaled && i < count; i++) {
    x[0][i] =
        tl_fixed_mul(tl_fixed_shift_left(x[0][i] - compare->zero1, HEADROOM), compare->scale1);
    x[1][i] =
        tl_fixed_mul(tl_fixed_shift_left(x[1][i] - compare->zero2, HEADROOM), compare->scale2);
  }
  for (uint32_t i = 0; compare->plan.types[0] == TL_TENSOR_FLOAT32 && i < count; i++) {
    y[i] = is_nan(x[0][i]) || is_nan(x[1][i]);
    x[0][i] = ordered(x[0][i]);
    x[1][i] = ordered(x[1][i]);
  }
}

#define COMPARISON(name, operation)                                                                \
  static void name##_lanes(const void *data, int32_t(*x)[TL_LANES], int32_t *restrict y,           \
                           uint32_t count)                                                         \
  {                                                                                                \
    bring(data, x, y, count);                                                                      \
    for (uint32_t i = 0; i < count; i++) y[i] = y[i] == 0 && x[0][i] operation x[1][i];            \
  }                                                                                                \
  void tl_##name##_eval(const tl_model *model, const tl_op *op, const tl_place *place)             \
  {                                                                                                \
    tl_broadcast_run(&((const tl_compare_data *)op->data)->plan, model, op, place, name##_lanes);  \
  }

COMPARISON(equal, ==)
COMPARISON(less, <)
COMPARISON(less_equal, <=)
COMPARISON(greater, >)
COMPARISON(greater_equal, >=)

static void not_equal_lanes(const void *data, int32_t (*x)[TL_LANES], int32_t *restrict y,
                            uint32_t count)
{
  bring(data, x, y, count);
  for (uint32_t i = 0; i < count; i++) y[i] = y[i] != 0 || x[0][i] != x[1][i];
}

void tl_not_equal_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  tl_broadcast_run(&((const tl_compare_data *)op->data)->plan, model, op, place, not_equal_lanes);
}
