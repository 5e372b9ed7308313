#include "kernels/model.h"

#include "kernels/reader.h"

#include <assert.h>
#include <string.h>

tl_kernel_code tl_model_memory_bytes(size_t *out, const void *file, size_t file_bytes,
                                     tl_kernel_status *status)
{
  tl_reader reader;
  *out = 0;
  const tl_kernel_code code = tl_reader_start(&reader, file, file_bytes, status);
  return code == TL_KERNEL_OK ? tl_reader_memory_bytes(&reader, out) : code;
}

tl_kernel_code tl_model_open(tl_model *out, void *memory, size_t memory_bytes, const void *file,
                             size_t file_bytes, const tl_model_options *options,
                             tl_kernel_status *status)
{
  tl_reader reader;
  tl_bump bump = {memory, 0, memory_bytes};
  *out = (tl_model){0};
  if (options != NULL) out->options = *options;
  tl_kernel_clear(status);
  if ((uintptr_t)memory % TL_MODEL_ALIGN != 0)
    return TL_KERNEL_FAIL(status, TL_KERNEL_E_MEMORY, "model memory is not aligned to 16 bytes");
  tl_kernel_code code = tl_reader_start(&reader, file, file_bytes, status);
  if (code == TL_KERNEL_OK) code = tl_reader_read(&reader, out, &bump);
  if (code == TL_KERNEL_OK) code = tl_plan_lifetimes(out, status);
  if (code == TL_KERNEL_OK) code = tl_plan_arena(out, &bump, status);
  out->memory_bytes = bump.used;
  if (code != TL_KERNEL_OK) *out = (tl_model){0};
  return code;
}

const void *tl_model_tensor(const tl_model *model, const tl_place *place, uint32_t tensor)
{
  assert(tensor < model->tensor_count);
  const tl_tensor *t = &model->tensors[tensor];
  if (t->data != NULL) return t->data;
  return (t->is_variable ? place->state : place->arena) + t->offset;
}

uint32_t tl_model_op_output(const tl_model *model, uint32_t op, uint32_t output)
{
  assert(op < model->op_count && output < model->ops[op].output_count);
  return (uint32_t)model->ops[op].outputs[output];
}

const char *tl_model_op_name(const tl_model *model, uint32_t op)
{
  assert(op < model->op_count);
  return model->ops[op].row->name;
}

const tl_tensor *tl_model_input(const tl_model *model, uint32_t input)
{
  assert(input < model->input_count);
  return &model->tensors[model->inputs[input]];
}

const tl_tensor *tl_model_output(const tl_model *model, uint32_t output)
{
  assert(output < model->output_count);
  return &model->tensors[model->outputs[output]];
}

void tl_model_reset(const tl_model *model, void *state)
{
  if (model->state_bytes > 0) memset(state, 0, model->state_bytes);
  for (uint32_t t = 0; t < model->tensor_count; t++) {
    const tl_tensor *tensor = &model->tensors[t];
    if (tensor->is_variable && tensor->type == TL_TENSOR_INT8)
      memset((uint8_t *)state + tensor->offset, tensor->zero_point, tensor->bytes);
  }
}

void tl_model_set_inputs(const tl_model *model, const tl_place *place, const void *const *inputs)
{
  for (uint32_t i = 0; i < model->input_count; i++) {
    const tl_tensor *tensor = tl_model_input(model, i);
    memcpy((tensor->is_variable ? place->state : place->arena) + tensor->offset, inputs[i],
           tensor->bytes);
  }
}

void tl_model_run_op(const tl_model *model, const tl_place *place, uint32_t op)
{
  assert(op < model->op_count);
  model->ops[op].row->eval(model, &model->ops[op], place);
}

void tl_model_get_outputs(const tl_model *model, const tl_place *place, void *const *outputs)
{
  for (uint32_t o = 0; o < model->output_count; o++)
    memcpy(outputs[o], tl_model_tensor(model, place, (uint32_t)model->outputs[o]),
           tl_model_output(model, o)->bytes);
}

tl_kernel_code tl_model_run(const tl_model *model, void *arena, size_t arena_bytes, void *state,
                            const void *const *inputs, void *const *outputs,
                            tl_kernel_status *status)
{
  const tl_place place = {arena, state};
  if (arena_bytes < model->arena_bytes || (uintptr_t)arena % TL_MODEL_ALIGN != 0) {
    tl_kernel_clear(status);
    return TL_KERNEL_FAIL(status, TL_KERNEL_E_MEMORY, "the arena is too small or not aligned");
  }
  if (model->state_bytes > 0 && (state == NULL || (uintptr_t)state % TL_MODEL_ALIGN != 0)) {
    tl_kernel_clear(status);
    return TL_KERNEL_FAIL(status, TL_KERNEL_E_MEMORY,
                          "the model has state, but none is given, or not aligned");
  }
  tl_model_set_inputs(model, &place, inputs);
  for (uint32_t op = 0; op < model->op_count; op++) tl_model_run_op(model, &place, op);
  tl_model_get_outputs(model, &place, outputs);
  return TL_KERNEL_OK;
}
