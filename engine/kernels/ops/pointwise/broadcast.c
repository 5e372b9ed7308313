#include "kernels/ops/pointwise/broadcast.h"

#include <string.h>

/* Bytes of an element with lanes; 0 for a type without. */
static uint32_t lane_bytes(tl_tensor_type type)
{
  switch (type) {
    case TL_TENSOR_INT8:
    case TL_TENSOR_UINT8:
    case TL_TENSOR_BOOL: return 1;
    case TL_TENSOR_INT16: return 2;
    case TL_TENSOR_INT32:
    case TL_TENSOR_FLOAT32: return 4;
    default: return 0;
  }
}

/* dims padded with 1 in front. */
static uint32_t dim_of(const tl_tensor *tensor, uint32_t d)
{
  const uint32_t missing = TL_TENSOR_RANK_MAX - tensor->rank;
  return d < missing ? 1 : (uint32_t)tensor->dims[d - missing];
}

/* Strides of one input against the output's dims; false where it does not broadcast to them. */
static bool strides_of(const tl_tensor *input, const tl_tensor *output, uint32_t *out)
{
  uint32_t stride = 1;
  for (uint32_t d = TL_TENSOR_RANK_MAX; d-- > 0;) {
    const uint32_t dim = dim_of(input, d);
    if (dim != 1 && dim != dim_of(output, d)) return false;
    out[d] = dim == 1 ? 0 : stride;
    stride *= dim;
  }
  return true;
}

/* Whether stepping dimension d is the same as going on after the end of the merged one. */
static bool merges(const tl_broadcast *plan, uint32_t merged, uint32_t d,
                   uint32_t strides[][TL_TENSOR_RANK_MAX])
{
  for (uint32_t i = 0; i < plan->input_count; i++)
    if (strides[i][d] != plan->strides[i][merged] * plan->dims[merged]) return false;
  return true;
}

/* From the innermost dimension outwards, into the end of the plan's arrays; then moved to front. */
static void merge_dims(tl_broadcast *plan, const tl_tensor *output,
                       uint32_t strides[][TL_TENSOR_RANK_MAX])
{
  uint32_t at = TL_TENSOR_RANK_MAX;
  for (uint32_t d = TL_TENSOR_RANK_MAX; d-- > 0;) {
    const uint32_t dim = dim_of(output, d);
    if (dim == 1) continue;
    if (at < TL_TENSOR_RANK_MAX && merges(plan, at, d, strides)) {
      plan->dims[at] *= dim;
      continue;
    }
    plan->dims[--at] = dim;
    for (uint32_t i = 0; i < plan->input_count; i++) plan->strides[i][at] = strides[i][d];
  }
  if (at == TL_TENSOR_RANK_MAX) { /* one element */
    plan->dims[--at] = 1;
    for (uint32_t i = 0; i < plan->input_count; i++) plan->strides[i][at] = 0;
  }
  plan->rank = TL_TENSOR_RANK_MAX - at;
  memmove(plan->dims, plan->dims + at, plan->rank * sizeof plan->dims[0]);
  for (uint32_t i = 0; i < plan->input_count; i++)
    memmove(plan->strides[i], plan->strides[i] + at, plan->rank * sizeof plan->strides[i][0]);
}

/* Each dimension of the output must come from an input. */
static bool covers(const tl_tensor *const *inputs, uint32_t input_count, const tl_tensor *output)
{
  for (uint32_t d = 0; d < TL_TENSOR_RANK_MAX; d++) {
    bool found = dim_of(output, d) == 1;
    for (uint32_t i = 0; i < input_count; i++) found |= dim_of(inputs[i], d) == dim_of(output, d);
    if (!found) return false;
  }
  return true;
}

bool tl_broadcast_plan_tensors(tl_broadcast *out, const tl_tensor *const *inputs,
                               uint32_t input_count, const tl_tensor *output)
{
  uint32_t strides[TL_BROADCAST_INPUTS][TL_TENSOR_RANK_MAX];
  *out = (tl_broadcast){
      .count = output->element_count, .input_count = input_count, .type_out = output->type};
  if (lane_bytes(output->type) == 0 || !covers(inputs, input_count, output)) return false;
  for (uint32_t i = 0; i < input_count; i++) {
    out->types[i] = inputs[i]->type;
    if (lane_bytes(inputs[i]->type) == 0 || !strides_of(inputs[i], output, strides[i]))
      return false;
  }
  merge_dims(out, output, strides);
  return true;
}

bool tl_broadcast_plan(tl_broadcast *out, const tl_op_setup *setup, uint32_t input_count)
{
  const tl_tensor *inputs[TL_BROADCAST_INPUTS] = {NULL};
  for (uint32_t i = 0; i < input_count; i++) inputs[i] = tl_op_input(setup->model, setup->op, i);
  return tl_broadcast_plan_tensors(out, inputs, input_count,
                                   tl_op_output(setup->model, setup->op, 0));
}

bool tl_broadcast_plan_flat(tl_broadcast *out, const tl_op_setup *setup)
{
  const tl_tensor *input = tl_op_input(setup->model, setup->op, 0);
  const tl_tensor *output = tl_op_output(setup->model, setup->op, 0);
  *out = (tl_broadcast){.count = output->element_count,
                        .rank = 1,
                        .dims = {output->element_count},
                        .strides = {{1}},
                        .input_count = 1,
                        .types = {input->type},
                        .type_out = output->type};
  return input->element_count == output->element_count && lane_bytes(input->type) != 0 &&
         lane_bytes(output->type) != 0;
}

/* ---- lanes ---- */

static void load_all(int32_t *restrict out, const uint8_t *from, tl_tensor_type type,
                     uint32_t count)
{
  switch (type) {
    case TL_TENSOR_INT8:
      for (uint32_t i = 0; i < count; i++) out[i] = (int8_t)from[i];
      break;
    case TL_TENSOR_UINT8:
      for (uint32_t i = 0; i < count; i++) out[i] = from[i];
      break;
    case TL_TENSOR_BOOL:
      for (uint32_t i = 0; i < count; i++) out[i] = from[i] != 0;
      break;
    case TL_TENSOR_INT16:
      for (uint32_t i = 0; i < count; i++) {
        int16_t value; /* a constant may stand at any address */
        memcpy(&value, from + 2ull * i, sizeof value);
        out[i] = value;
      }
      break;
    default: memcpy(out, from, 4ull * count); break; /* int32, float32 */
  }
}

void tl_lanes_load(int32_t *restrict out, const uint8_t *from, tl_tensor_type type, uint32_t at,
                   uint32_t step, uint32_t count)
{
  load_all(out, from + (uint64_t)at * lane_bytes(type), type, step == 0 ? 1 : count);
  if (step == 0)
    for (uint32_t i = 1; i < count; i++) out[i] = out[0];
}

void tl_lanes_store(uint8_t *to, tl_tensor_type type, uint32_t at, const int32_t *restrict values,
                    uint32_t count)
{
  uint8_t *first = to + (uint64_t)at * lane_bytes(type);
  switch (type) {
    case TL_TENSOR_INT8:
    case TL_TENSOR_UINT8:
    case TL_TENSOR_BOOL:
      for (uint32_t i = 0; i < count; i++) first[i] = (uint8_t)values[i];
      break;
    case TL_TENSOR_INT16:
      for (uint32_t i = 0; i < count; i++) {
        const int16_t value = (int16_t)values[i];
        memcpy(first + 2ull * i, &value, sizeof value);
      }
      break;
    default: memcpy(first, values, 4ull * count); break;
  }
}

/* Where the walk stands: the index in each dimension, the element of each input. */
typedef struct cursor {
  uint32_t at[TL_TENSOR_RANK_MAX], from[TL_BROADCAST_INPUTS];
} cursor;

/* `count` elements on inside the innermost dimension, then the next index like an odometer. */
static void advance(const tl_broadcast *plan, cursor *c, uint32_t count)
{
  for (uint32_t d = plan->rank; d-- > 0; count = 1) {
    for (uint32_t i = 0; i < plan->input_count; i++) c->from[i] += plan->strides[i][d] * count;
    c->at[d] += count;
    if (c->at[d] < plan->dims[d]) return;
    for (uint32_t i = 0; i < plan->input_count; i++)
      c->from[i] -= plan->strides[i][d] * plan->dims[d];
    c->at[d] = 0;
  }
}

static void gather(const tl_broadcast *plan, cursor *c, const uint8_t *const *data,
                   int32_t (*x)[TL_LANES], uint32_t count)
{
  const uint32_t inner = plan->rank - 1;
  for (uint32_t filled = 0; filled < count;) {
    const uint32_t left = plan->dims[inner] - c->at[inner];
    const uint32_t take = left < count - filled ? left : count - filled;
    for (uint32_t i = 0; i < plan->input_count; i++)
      tl_lanes_load(x[i] + filled, data[i], plan->types[i], c->from[i], plan->strides[i][inner],
                    take);
    advance(plan, c, take);
    filled += take;
  }
}

void tl_broadcast_run(const tl_broadcast *plan, const tl_model *model, const tl_op *op,
                      const tl_place *place, tl_lanes_fn lanes)
{
  int32_t x[TL_BROADCAST_INPUTS][TL_LANES], y[TL_LANES];
  const uint8_t *data[TL_BROADCAST_INPUTS] = {NULL};
  uint8_t *out = tl_op_write(model, op, 0, place);
  cursor c = {{0}, {0}};
  for (uint32_t i = 0; i < plan->input_count; i++) data[i] = tl_op_read(model, op, i, place);
  for (uint32_t begin = 0; begin < plan->count; begin += TL_LANES) {
    const uint32_t left = plan->count - begin;
    const uint32_t count = left < TL_LANES ? left : TL_LANES;
    gather(plan, &c, data, x, count);
    lanes(op->data, x, y, count);
    tl_lanes_store(out, plan->type_out, begin, y, count);
  }
}
