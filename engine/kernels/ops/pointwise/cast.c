/* cast.c: CAST between int8, uint8, int16, int32, int64, bool and float32: values as they stand,
 * scales are ignored.
 *
 * To a narrower integer the low bits stay; to bool everything but 0 is true; a float is cut toward
 * zero. A float that fits no int32 (int64) becomes its lowest value first, as on x86; TFLite leaves
 * that to the machine. */
#include "kernels/ops/pointwise/pointwise.h"

#include "kernels/real.h"

#include <string.h>

tl_kernel_code tl_cast_prepare(const tl_op_setup *setup)
{
  const tl_tensor *input = tl_op_input(setup->model, setup->op, 0);
  const tl_tensor *output = tl_op_output(setup->model, setup->op, 0);
  tl_cast_data *cast = setup->op->data;
  cast->from = input->type;
  cast->to = output->type;
  cast->count = output->element_count;
  if (input->element_count != output->element_count)
    return tl_op_refuse(setup, "input and output differ in size");
  (void)tl_broadcast_plan_flat(&cast->plan, setup); /* of no use to int64, which is next */
  return TL_KERNEL_OK;
}

static float float_of(int32_t bits)
{
  float real;
  memcpy(&real, &bits, sizeof real);
  return real;
}

static int32_t bits_of(float real)
{
  int32_t bits;
  memcpy(&bits, &real, sizeof bits);
  return bits;
}

static void from_float(const tl_cast_data *cast, const int32_t *restrict x, int32_t *restrict y,
                       uint32_t count)
{
  for (uint32_t i = 0; i < count; i++)
    y[i] = cast->to == TL_TENSOR_FLOAT32 ? x[i]
           : cast->to == TL_TENSOR_BOOL  ? float_of(x[i]) != 0.0f
                                         : tl_real_to_int32(float_of(x[i]));
}

static void cast_lanes(const void *data, int32_t (*x)[TL_LANES], int32_t *restrict y,
                       uint32_t count)
{
  const tl_cast_data *cast = data;
  if (cast->from == TL_TENSOR_FLOAT32)
    from_float(cast, x[0], y, count);
  else if (cast->to == TL_TENSOR_FLOAT32)
    for (uint32_t i = 0; i < count; i++) y[i] = bits_of((float)x[0][i]);
  else if (cast->to == TL_TENSOR_BOOL)
    for (uint32_t i = 0; i < count; i++) y[i] = x[0][i] != 0;
  else
    memcpy(y, x[0], count * sizeof y[0]);
}

/* ---- int64 on one side: an element at a time ---- */

static void from_int64(const tl_cast_data *cast, const uint8_t *x, uint8_t *y)
{
  for (uint32_t i = 0; i < cast->count; i++) {
    const int64_t value = tl_load_i64(x + 8ull * i);
    const int32_t lane = cast->to == TL_TENSOR_FLOAT32 ? bits_of((float)value)
                         : cast->to == TL_TENSOR_BOOL  ? value != 0
                                                       : (int32_t)(uint32_t)(uint64_t)value;
    if (cast->to == TL_TENSOR_INT64)
      memcpy(y + 8ull * i, &value, sizeof value);
    else
      tl_lanes_store(y, cast->to, i, &lane, 1);
  }
}

static int64_t int64_of(float real)
{
  const float end = 9223372036854775808.0f;
  return real >= -end && real < end ? (int64_t)real : INT64_MIN;
}

static void to_int64(const tl_cast_data *cast, const uint8_t *x, uint8_t *y)
{
  for (uint32_t i = 0; i < cast->count; i++) {
    int32_t lane;
    tl_lanes_load(&lane, x, cast->from, i, 1, 1);
    const int64_t value = cast->from == TL_TENSOR_FLOAT32 ? int64_of(float_of(lane)) : lane;
    memcpy(y + 8ull * i, &value, sizeof value);
  }
}

void tl_cast_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  const tl_cast_data *cast = op->data;
  const uint8_t *x = tl_op_read(model, op, 0, place);
  if (cast->from == TL_TENSOR_INT64)
    from_int64(cast, x, tl_op_write(model, op, 0, place));
  else if (cast->to == TL_TENSOR_INT64)
    to_int64(cast, x, tl_op_write(model, op, 0, place));
  else
    tl_broadcast_run(&cast->plan, model, op, place, cast_lanes);
}
