#include "tools/model/compare.h"

#include "base/rng.h"
#include "tools/model/file.h"
#include "tools/model/runner.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

size_t model_element_bytes(const tl_tensor *tensor)
{
  return tensor->element_count > 0 ? tensor->bytes / tensor->element_count : 0;
}

double model_element(const tl_tensor *tensor, const void *data, uint32_t element)
{
  const uint8_t *at = (const uint8_t *)data + model_element_bytes(tensor) * element;
  switch (tensor->type) {
    case TL_TENSOR_FLOAT32: {
      float value;
      memcpy(&value, at, sizeof value);
      return (double)value;
    }
    case TL_TENSOR_RESOURCE:
    case TL_TENSOR_INT32: {
      int32_t value;
      memcpy(&value, at, sizeof value);
      return value;
    }
    case TL_TENSOR_INT64: {
      int64_t value;
      memcpy(&value, at, sizeof value);
      return (double)value;
    }
    case TL_TENSOR_INT16: {
      int16_t value;
      memcpy(&value, at, sizeof value);
      return value;
    }
    case TL_TENSOR_INT8: return (int8_t)*at;
    default: return *at;
  }
}

/* --- inputs -------------------------------------------------------------------------------------- */
static void fill(const tl_tensor *tensor, uint8_t *data, tl_rng_key key, uint32_t input,
                 uint64_t case_index)
{
  const size_t bytes = model_element_bytes(tensor);
  for (uint32_t e = 0; e < tensor->element_count; e++) {
    uint32_t draw[4];
    tl_rng_u32x4(key, input, case_index << 32 | e, draw);
    if (tensor->type == TL_TENSOR_FLOAT32) {
      const float value = (float)(int32_t)draw[0] * 0x1p-31f;
      memcpy(data + bytes * e, &value, sizeof value);
    } else if (tensor->type == TL_TENSOR_BOOL) {
      data[e] = draw[0] & 1;
    } else {
      memcpy(data + bytes * e, draw, bytes);
    }
  }
}

uint8_t *model_random_cases(const tl_model *model, uint64_t seed, uint64_t count)
{
  const size_t case_bytes = model_in_bytes(model);
  if (case_bytes == 0 || count > SIZE_MAX / 4 / case_bytes) return NULL;
  uint8_t *cases = model_take(case_bytes * count), *at = cases;
  const tl_rng_key key = tl_rng_key_make(seed, 0, 0);
  for (uint64_t c = 0; cases && c < count; c++)
    for (uint32_t i = 0; i < model->input_count; i++) {
      fill(tl_model_input(model, i), at, key, i, c);
      at += tl_model_input(model, i)->bytes;
    }
  return cases;
}

/* --- comparing ----------------------------------------------------------------------------------- */
typedef struct side { /* one personality, running */
  const tl_model *model;
  tl_place place;
} side;

static bool side_open(side *out, const tl_model *model)
{
  *out = (side){model, {model_take(model->arena_bytes), model_take(model->state_bytes)}};
  if (!out->place.arena || !out->place.state) return false;
  tl_model_reset(model, out->place.state);
  return true;
}

static void side_close(side *s)
{
  free(s->place.arena);
  free(s->place.state);
}

typedef struct spot { /* which tensor is compared */
  uint64_t case_index;
  uint32_t op, output, tensor;
} spot;

static void compare_tensor(model_comparison *out, const side *a, const side *b, spot at)
{
  const tl_tensor *tensor = &a->model->tensors[at.tensor];
  const uint8_t *x = tl_model_tensor(a->model, &a->place, at.tensor);
  const uint8_t *y = tl_model_tensor(b->model, &b->place, at.tensor);
  const size_t bytes = model_element_bytes(tensor);
  model_op_difference *row = &out->ops[at.op];
  row->elements += tensor->element_count;
  if (memcmp(x, y, tensor->bytes) == 0) return;
  for (uint32_t e = 0; e < tensor->element_count; e++) {
    if (memcmp(x + bytes * e, y + bytes * e, bytes) == 0) continue;
    const double va = model_element(tensor, x, e), vb = model_element(tensor, y, e);
    if (!out->first.is_found || at.op < out->first.op)
      out->first =
          (model_first_difference){true, at.case_index, at.op, at.output, at.tensor, e, va, vb};
    row->differing++;
    out->differing++;
    if (fabs(va - vb) > row->largest) row->largest = fabs(va - vb);
  }
}

/* Both sides plan their arena alike, for only multipliers differ: a's arena and state are b's next input. */
static void pass_on(const side *a, const side *b)
{
  memcpy(b->place.arena, a->place.arena, a->model->arena_bytes);
  if (a->model->state_bytes > 0) memcpy(b->place.state, a->place.state, a->model->state_bytes);
}

static void compare_case(model_comparison *out, const side *a, const side *b, uint64_t case_index,
                         const uint8_t *in, bool is_isolated)
{
  const void *inputs[MODEL_OPERANDS_MAX];
  for (uint32_t i = 0; i < a->model->input_count; i++) {
    inputs[i] = in;
    in += tl_model_input(a->model, i)->bytes;
  }
  tl_model_set_inputs(a->model, &a->place, inputs);
  tl_model_set_inputs(b->model, &b->place, inputs);
  for (uint32_t op = 0; op < a->model->op_count; op++) {
    if (is_isolated) pass_on(a, b);
    tl_model_run_op(a->model, &a->place, op);
    tl_model_run_op(b->model, &b->place, op);
    for (uint32_t o = 0; o < tl_model_op_output_count(a->model, op); o++)
      compare_tensor(out, a, b, (spot){case_index, op, o, tl_model_op_output(a->model, op, o)});
  }
}

tl_code model_compare(model_comparison *out, const tl_model *a, const tl_model *b,
                      const uint8_t *in, uint64_t count, bool is_isolated, tl_error *err)
{
  side sa, sb;
  const bool has_a = side_open(&sa, a), has_b = side_open(&sb, b);
  *out = (model_comparison){.op_count = a->op_count};
  out->ops = model_take(a->op_count * sizeof *out->ops);
  tl_code code = TL_OK;
  if (!has_a || !has_b || !out->ops)
    code = tl_fail(err, TL_E_LIMIT, NULL, "out of memory");
  else if (a->arena_bytes != b->arena_bytes || a->state_bytes != b->state_bytes)
    code = tl_fail(err, TL_E_INTERNAL, NULL, "the personalities do not plan their memory alike");
  for (uint64_t c = 0; code == TL_OK && c < count; c++)
    compare_case(out, &sa, &sb, c, in + c * model_in_bytes(a), is_isolated);
  side_close(&sa);
  side_close(&sb);
  return code;
}

void model_compare_free(model_comparison *comparison)
{
  free(comparison->ops);
  *comparison = (model_comparison){0};
}
