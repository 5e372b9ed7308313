/* choose.c: MAXIMUM, MINIMUM, SELECT, SELECT_V2 and the logic of bool: nothing is rescaled.
 *
 * MAXIMUM and MINIMUM compare the integers as they stand, as TFLite Micro does: the scales of both
 * inputs and the output ought to be the same, and nothing checks it. */
#include "kernels/ops/pointwise/pointwise.h"

static tl_kernel_code prepare_extremum(const tl_op_setup *setup)
{
  const tl_tensor *x1 = tl_op_input(setup->model, setup->op, 0);
  const tl_tensor *x2 = tl_op_input(setup->model, setup->op, 1);
  const tl_tensor *y = tl_op_output(setup->model, setup->op, 0);
  tl_choose_data *choose = setup->op->data;
  if ((y->type != TL_TENSOR_INT8 && y->type != TL_TENSOR_INT16 && y->type != TL_TENSOR_INT32) ||
      x1->type != y->type || x2->type != y->type)
    return tl_op_refuse(setup, "inputs and output must all be int8, all int16 or all int32");
  if (!tl_broadcast_plan(&choose->plan, setup, 2))
    return tl_op_refuse(setup, "shapes do not broadcast to the output");
  return TL_KERNEL_OK;
}

tl_kernel_code tl_maximum_prepare(const tl_op_setup *setup) { return prepare_extremum(setup); }

tl_kernel_code tl_minimum_prepare(const tl_op_setup *setup) { return prepare_extremum(setup); }

/* LOGICAL_AND, LOGICAL_OR, LOGICAL_NOT: as many inputs as the operator has. */
tl_kernel_code tl_logical_prepare(const tl_op_setup *setup)
{
  tl_choose_data *choose = setup->op->data;
  const uint32_t input_count = setup->op->input_count;
  bool all_bool = tl_op_output(setup->model, setup->op, 0)->type == TL_TENSOR_BOOL;
  for (uint32_t i = 0; i < input_count; i++)
    all_bool &= tl_op_input(setup->model, setup->op, i)->type == TL_TENSOR_BOOL;
  if (!all_bool) return tl_op_refuse(setup, "inputs and output must be bool");
  if (!tl_broadcast_plan(&choose->plan, setup, input_count))
    return tl_op_refuse(setup, "shapes do not broadcast to the output");
  return TL_KERNEL_OK;
}

/* condition ? x : y. SELECT's condition of rank 1 stands for the first dimension of x and y, or is
 * one value for all. */
static tl_kernel_code prepare_select(const tl_op_setup *setup, bool stretches)
{
  const tl_tensor *x = tl_op_input(setup->model, setup->op, 1);
  const tl_tensor *y = tl_op_input(setup->model, setup->op, 2);
  const tl_tensor *out = tl_op_output(setup->model, setup->op, 0);
  tl_tensor condition = *tl_op_input(setup->model, setup->op, 0);
  tl_choose_data *choose = setup->op->data;
  if (condition.type != TL_TENSOR_BOOL || x->type != y->type || x->type != out->type)
    return tl_op_refuse(setup, "takes a bool condition, and both values in the output's type");
  if (!stretches &&
      (x->element_count != out->element_count || y->element_count != out->element_count))
    return tl_op_refuse(setup, "values and output differ in size");
  if (!stretches && condition.rank == 1 && x->rank > 1)
    for (; condition.rank < x->rank; condition.rank++) condition.dims[condition.rank] = 1;
  const tl_tensor *inputs[] = {&condition, x, y};
  if (!tl_broadcast_plan_tensors(&choose->plan, inputs, 3, out))
    return tl_op_refuse(setup, out->type == TL_TENSOR_INT64
                                   ? "int64 is not supported"
                                   : "shapes do not broadcast to the output");
  return TL_KERNEL_OK;
}

tl_kernel_code tl_select_prepare(const tl_op_setup *setup) { return prepare_select(setup, false); }

tl_kernel_code tl_select_v2_prepare(const tl_op_setup *setup)
{
  return prepare_select(setup, true);
}

#define CHOICE(name, expression)                                                                   \
  static void name##_lanes(const void *data, int32_t(*x)[TL_LANES], int32_t *restrict y,           \
                           uint32_t count)                                                         \
  {                                                                                                \
    (void)data;                                                                                    \
    for (uint32_t i = 0; i < count; i++) y[i] = expression;                                        \
  }                                                                                                \
  void tl_##name##_eval(const tl_model *model, const tl_op *op, const tl_place *place)             \
  {                                                                                                \
    tl_broadcast_run(&((const tl_choose_data *)op->data)->plan, model, op, place, name##_lanes);   \
  }

CHOICE(maximum, x[0][i] > x[1][i] ? x[0][i] : x[1][i])
CHOICE(minimum, x[0][i] < x[1][i] ? x[0][i] : x[1][i])
CHOICE(logical_and, x[0][i] & x[1][i])
CHOICE(logical_or, x[0][i] | x[1][i])
CHOICE(logical_not, x[0][i] ^ 1)
CHOICE(select, x[0][i] != 0 ? x[1][i] : x[2][i])
