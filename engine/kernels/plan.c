/* plan.c: when each tensor lives, and where: one arena, the largest tensors placed first.
 *
 * Greedy by size is what TFLite Micro does too; the order (bytes, then index) is total, so the
 * plan is the same everywhere. */
#include "kernels/reader.h"

static tl_kernel_code misuse(tl_kernel_status *status, uint32_t node, const char *name,
                             const char *what)
{
  if (status != NULL) status->node = (int32_t)node;
  return TL_KERNEL_FAIL(status, TL_KERNEL_E_FORMAT, name, ": ", what);
}

tl_kernel_code tl_plan_lifetimes(tl_model *model, tl_kernel_status *status)
{
  enum { UNWRITTEN = INT32_MAX };
  const int32_t end = (int32_t)model->op_count;
  for (uint32_t t = 0; t < model->tensor_count; t++) {
    tl_tensor *tensor = &model->tensors[t];
    tensor->first_op = tensor->is_variable ? -1 : UNWRITTEN;
    tensor->last_op = tensor->is_variable ? end : -1;
    if (tensor->is_variable && tensor->data != NULL)
      return TL_KERNEL_FAIL(status, TL_KERNEL_E_FORMAT, "a variable tensor has constant data");
  }
  for (uint32_t i = 0; i < model->input_count; i++) {
    tl_tensor *tensor = &model->tensors[model->inputs[i]];
    if (tensor->data != NULL)
      return TL_KERNEL_FAIL(status, TL_KERNEL_E_FORMAT, "a model input is constant");
    tensor->first_op = -1;
  }
  for (uint32_t node = 0; node < model->op_count; node++) {
    const tl_op *op = &model->ops[node];
    for (uint32_t i = 0; i < op->input_count; i++) {
      tl_tensor *tensor = op->inputs[i] < 0 ? NULL : &model->tensors[op->inputs[i]];
      if (tensor == NULL || tensor->data != NULL) continue;
      if (tensor->first_op == UNWRITTEN)
        return misuse(status, node, op->row->name, "reads a tensor that nothing has written");
      if (tensor->last_op < (int32_t)node) tensor->last_op = (int32_t)node;
    }
    for (uint32_t o = 0; o < op->output_count; o++) {
      tl_tensor *tensor = &model->tensors[op->outputs[o]];
      if (tensor->data != NULL || tensor->first_op != UNWRITTEN)
        return misuse(status, node, op->row->name, "writes a tensor that has its value already");
      tensor->first_op = tensor->last_op = (int32_t)node;
    }
  }
  for (uint32_t o = 0; o < model->output_count; o++) {
    tl_tensor *tensor = &model->tensors[model->outputs[o]];
    if (tensor->data == NULL && tensor->first_op == UNWRITTEN)
      return TL_KERNEL_FAIL(status, TL_KERNEL_E_FORMAT, "nothing writes a model output");
    tensor->last_op = end;
  }
  return TL_KERNEL_OK;
}

static bool in_arena(const tl_tensor *tensor)
{
  return tensor->data == NULL && tensor->first_op != INT32_MAX && !tensor->is_variable;
}

static uint64_t padded(const tl_tensor *tensor)
{
  return ((uint64_t)tensor->bytes + TL_MODEL_ALIGN - 1) / TL_MODEL_ALIGN * TL_MODEL_ALIGN;
}

/* Largest first; equal sizes keep the order of the file (insertion sort: tables are short). */
static uint32_t order_by_size(const tl_model *model, uint16_t *order)
{
  uint32_t count = 0;
  for (uint32_t t = 0; t < model->tensor_count; t++) {
    if (!in_arena(&model->tensors[t])) continue;
    uint32_t at = count++;
    for (; at > 0 && model->tensors[order[at - 1]].bytes < model->tensors[t].bytes; at--)
      order[at] = order[at - 1];
    order[at] = (uint16_t)t;
  }
  return count;
}

/* The lowest gap between placed tensors that live at the same time. `placed` is in order of offset;
 * returns the position to insert at, through *offset the place. */
static uint32_t find_gap(const tl_model *model, const uint16_t *placed, uint32_t placed_count,
                         const tl_tensor *tensor, uint64_t *offset)
{
  *offset = 0;
  for (uint32_t p = 0; p < placed_count; p++) {
    const tl_tensor *other = &model->tensors[placed[p]];
    if (other->last_op < tensor->first_op || other->first_op > tensor->last_op) continue;
    if (other->offset >= *offset + padded(tensor)) break;
    const uint64_t end = other->offset + padded(other);
    if (end > *offset) *offset = end;
  }
  uint32_t at = placed_count;
  while (at > 0 && model->tensors[placed[at - 1]].offset > *offset) at--;
  return at;
}

tl_kernel_code tl_plan_arena(tl_model *model, tl_bump *bump, tl_kernel_status *status)
{
  uint16_t *order = tl_bump_take(bump, 2ull * model->tensor_count);
  uint16_t *placed = tl_bump_take(bump, 2ull * model->tensor_count);
  if (order == NULL || placed == NULL)
    return TL_KERNEL_FAIL(status, TL_KERNEL_E_MEMORY, "model memory is too small");
  const uint32_t count = order_by_size(model, order);
  uint64_t arena_bytes = 0;
  for (uint32_t i = 0; i < count; i++) {
    tl_tensor *tensor = &model->tensors[order[i]];
    uint64_t offset;
    const uint32_t at = find_gap(model, placed, i, tensor, &offset);
    const uint64_t end = offset + padded(tensor);
    if (end > INT32_MAX)
      return TL_KERNEL_FAIL(status, TL_KERNEL_E_UNSUPPORTED, "the arena would need 2 GiB");
    tensor->offset = (uint32_t)offset;
    for (uint32_t p = i; p > at; p--) placed[p] = placed[p - 1];
    placed[at] = order[i];
    if (end > arena_bytes) arena_bytes = end;
  }
  model->scratch_at = (size_t)arena_bytes;
  uint32_t scratch = 0;
  for (uint32_t node = 0; node < model->op_count; node++)
    if (model->ops[node].scratch_bytes > scratch) scratch = model->ops[node].scratch_bytes;
  arena_bytes += ((uint64_t)scratch + TL_MODEL_ALIGN - 1) / TL_MODEL_ALIGN * TL_MODEL_ALIGN;
  if (arena_bytes > INT32_MAX)
    return TL_KERNEL_FAIL(status, TL_KERNEL_E_UNSUPPORTED, "the arena would need 2 GiB");
  model->arena_bytes = (size_t)arena_bytes;
  return TL_KERNEL_OK;
}
