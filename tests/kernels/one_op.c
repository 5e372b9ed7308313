#include "tests/kernels/one_op.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static uint32_t width(tl_tensor_type type)
{
  switch (type) {
    case TL_TENSOR_INT8:
    case TL_TENSOR_UINT8:
    case TL_TENSOR_BOOL: return 1;
    case TL_TENSOR_INT16: return 2;
    case TL_TENSOR_INT64: return 8;
    default: return 4;
  }
}

static const tl_op_row *row_named(const char *name)
{
  for (int32_t builtin = 0; builtin < TL_MODEL_BUILTINS; builtin++)
    if (strcmp(tl_op_builtin_name(builtin), name) == 0) return tl_op_row_find(builtin);
  return NULL;
}

tl_tensor tensor(tl_tensor_type type, float scale, int32_t zero, shape s)
{
  tl_tensor t = {.type = type, .rank = s.rank, .element_count = 1};
  for (uint32_t d = 0; d < s.rank; d++) {
    t.dims[d] = s.dims[d];
    t.element_count *= (uint32_t)s.dims[d];
  }
  t.bytes = t.element_count * width(t.type);
  t.scale = scale;
  t.scale_count = scale != 0.0f;
  t.zero_point = zero;
  assert_true(t.bytes <= ONE_OP_ROOM);
  return t;
}

tl_tensor vector(tl_tensor_type type, float scale, int32_t zero, int32_t count)
{
  return tensor(type, scale, zero, (shape){1, {count}});
}

tl_kernel_code one_op_prepare(one_op *b, const char *name, uint32_t input_count,
                              const tl_tensor *tensors, tl_rounding rounding)
{
  static const tl_flat nothing = {(const uint8_t *)"", 0};
  *b = (one_op){.output = (int32_t)input_count};
  b->model = (tl_model){.tensors = b->tensors, .tensor_count = input_count + 1};
  b->model.options.rounding = rounding;
  for (uint32_t t = 0; t <= input_count; t++) {
    b->tensors[t] = tensors[t];
    b->tensors[t].offset = t * ONE_OP_ROOM;
    b->inputs[t] = (int32_t)t;
  }
  b->op = (tl_op){.row = row_named(name),
                  .data = b->data,
                  .inputs = b->inputs,
                  .outputs = &b->output,
                  .input_count = input_count,
                  .output_count = 1};
  assert_non_null(b->op.row);
  assert_true(b->op.row->data_bytes <= ONE_OP_ROOM);
  assert_true(input_count >= b->op.row->inputs_min && input_count <= b->op.row->inputs_max);
  const tl_op_setup setup = {.model = &b->model,
                             .op = &b->op,
                             .flat = &nothing,
                             .scales = b->scales,
                             .scales_count = ONE_OP_TENSORS,
                             .status = &b->status};
  return b->op.row->prepare(&setup);
}

void *one_op_place(one_op *b, uint32_t t) { return b->arena + b->tensors[t].offset; }

void *one_op_run(one_op *b)
{
  const tl_place place = {b->arena, NULL};
  b->op.row->eval(&b->model, &b->op, &place);
  return one_op_place(b, (uint32_t)b->output);
}

void one_op_ready(one_op *b, const char *name, uint32_t input_count, const tl_tensor *tensors)
{
  if (one_op_prepare(b, name, input_count, tensors, TL_ROUNDING_DOUBLE) != TL_KERNEL_OK)
    fail_msg("%s: %s", name, b->status.reason);
}
