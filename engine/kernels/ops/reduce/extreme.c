/* extreme.c: REDUCE_MAX and REDUCE_MIN; REDUCE_ANY and REDUCE_ALL are the same of 0 and 1.
 *
 * A NaN is never larger or smaller, so it is left out; where nothing but NaNs (or infinities of the
 * wrong sign) is, the result is the lowest or largest finite number: the start of TFLite's kernel. */
#include "kernels/ops/reduce/reduce.h"
#include "kernels/ops/shape/checks.h"

#include <float.h>
#include <string.h>

static tl_kernel_code prepare(const tl_op_setup *setup, bool largest)
{
  const tl_tensor *input = tl_op_input(setup->model, setup->op, 0);
  tl_extreme_data *extreme = setup->op->data;
  const tl_kernel_code code = tl_same_type(setup, 0);
  if (code != TL_KERNEL_OK) return code;
  if (!tl_scales_equal(input, tl_op_output(setup->model, setup->op, 0)))
    return tl_op_refuse(setup, "input and output must have the same scale and zero point");
  if (input->type != TL_TENSOR_FLOAT32 && !tl_reduce_is_integer(input->type))
    return tl_op_refuse(setup, "takes integers or float32");
  extreme->type = input->type;
  extreme->largest = largest;
  return tl_reduce_prepare(setup, &extreme->walk);
}

tl_kernel_code tl_reduce_max_prepare(const tl_op_setup *setup) { return prepare(setup, true); }

tl_kernel_code tl_reduce_min_prepare(const tl_op_setup *setup) { return prepare(setup, false); }

static tl_kernel_code prepare_bool(const tl_op_setup *setup, bool any)
{
  if (tl_op_input(setup->model, setup->op, 0)->type != TL_TENSOR_BOOL)
    return tl_op_refuse(setup, "takes bool");
  return prepare(setup, any);
}

tl_kernel_code tl_reduce_any_prepare(const tl_op_setup *setup) { return prepare_bool(setup, true); }

tl_kernel_code tl_reduce_all_prepare(const tl_op_setup *setup)
{
  return prepare_bool(setup, false);
}

static int64_t extreme_integer(const tl_extreme_data *extreme, const void *x, uint32_t base)
{
  tl_reduce_at at = {0};
  int64_t best = extreme->largest ? INT64_MIN : INT64_MAX;
  for (uint32_t i = 0; i < extreme->walk.over.count; i++) {
    const int64_t value = tl_reduce_load(x, extreme->type, base + at.offset);
    if (extreme->largest ? value > best : value < best) best = value;
    tl_reduce_next(&extreme->walk.over, &at);
  }
  return best;
}

static float extreme_float(const tl_extreme_data *extreme, const uint8_t *x, uint32_t base)
{
  tl_reduce_at at = {0};
  float best = extreme->largest ? -FLT_MAX : FLT_MAX;
  for (uint32_t i = 0; i < extreme->walk.over.count; i++) {
    const float value = tl_load_f32(x + 4ull * (base + at.offset));
    if (extreme->largest ? value > best : value < best) best = value;
    tl_reduce_next(&extreme->walk.over, &at);
  }
  return best;
}

void tl_extreme_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  const tl_extreme_data *extreme = op->data;
  const void *x = tl_op_read(model, op, 0, place);
  uint8_t *y = tl_op_write(model, op, 0, place);
  const uint32_t bytes = tl_element_bytes(tl_op_output(model, op, 0));
  tl_reduce_at at = {0};
  for (uint32_t i = 0; i < extreme->walk.kept.count; i++) {
    if (extreme->type == TL_TENSOR_FLOAT32) {
      const float best = extreme_float(extreme, x, at.offset);
      memcpy(y + (size_t)bytes * i, &best, sizeof best);
    } else { /* the low bytes of the element's own value */
      const int64_t best = extreme_integer(extreme, x, at.offset);
      memcpy(y + (size_t)bytes * i, &best, bytes);
    }
    tl_reduce_next(&extreme->walk.kept, &at);
  }
}
