/* variable.c: resource variables: VAR_HANDLE names one, READ_VARIABLE and ASSIGN_VARIABLE use it.
 *
 * A variable is known by its container and shared name (the container does not count where the file
 * leaves it out, as in TFLite Micro). Its bytes are part of the device's state; the first operator
 * that uses it reserves them.
 * Before the first assignment every byte is the zero point of the value that the first ASSIGN_VARIABLE
 * in the file gives it (0 if that is not quantised): TFLite Micro's start. The state is zeroed at
 * reset, so it holds each byte exclusive-or this initial one. */
#include "kernels/ops/shape/checks.h"
#include "kernels/ops/shape/shape.h"

#include <string.h>

enum { VAR_HANDLE = 142, NAME_BYTES_MAX = 256 /* keeps a hostile file from costing time */ };

static bool same_text(const uint8_t *a, uint32_t a_bytes, const uint8_t *b, uint32_t b_bytes)
{
  return a_bytes == b_bytes && (a_bytes == 0 || memcmp(a, b, a_bytes) == 0);
}

static bool same_variable(const tl_variable_data *a, const tl_variable_data *b)
{
  if (!same_text(a->name, a->name_bytes, b->name, b->name_bytes)) return false;
  return a->container == NULL || b->container == NULL ||
         same_text(a->container, a->container_bytes, b->container, b->container_bytes);
}

/* Data of operator `node` if it is a VAR_HANDLE that was read; operators after one that was refused may
 * still be looked at, so what stands before may be empty. */
static const tl_variable_data *handle_at(const tl_model *model, uint32_t node)
{
  const tl_op *op = &model->ops[node];
  return op->row != NULL && op->row->builtin == VAR_HANDLE ? op->data : NULL;
}

/* The state of a variable, wherever it was named again. */
static tl_variable_data *variable(const tl_model *model, uint32_t owner)
{
  return model->ops[owner].data;
}

tl_kernel_code tl_var_handle_prepare(const tl_op_setup *setup)
{
  const tl_tensor *output = tl_op_output(setup->model, setup->op, 0);
  tl_variable_data *data = setup->op->data;
  const uint32_t self = (uint32_t)(setup->op - setup->model->ops);
  tl_flat_vector container, name;
  data->owner = self;
  if (output->type != TL_TENSOR_RESOURCE || output->element_count != 1)
    return tl_op_refuse(setup, "the output must be one resource");
  if (!tl_flat_list(setup->flat, &setup->options, 0, 1, &container) ||
      !tl_flat_list(setup->flat, &setup->options, 1, 1, &name))
    return tl_op_refuse(setup, "options leave the file");
  if (container.count > NAME_BYTES_MAX || name.count > NAME_BYTES_MAX)
    return tl_op_refuse(setup, "a name is longer than 256 bytes");
  data->container = container.at != 0 ? setup->flat->data + container.at : NULL;
  data->container_bytes = container.count;
  data->name = setup->flat->data + name.at;
  data->name_bytes = name.count;
  for (uint32_t node = 0; node < self && data->owner == self; node++) {
    const tl_variable_data *other = handle_at(setup->model, node);
    if (other != NULL && same_variable(other, data)) data->owner = other->owner;
  }
  return TL_KERNEL_OK;
}

/* The handle itself is never read; a model that outputs it gets the number of the variable. */
void tl_var_handle_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  const tl_variable_data *data = op->data;
  memcpy(tl_op_write(model, op, 0, place), &data->owner, sizeof data->owner);
}

/* Finds the variable behind operand 0 and reserves its bytes, or checks that they are as many. */
static tl_kernel_code prepare_use(const tl_op_setup *setup, const tl_tensor *value)
{
  tl_variable_use *use = setup->op->data;
  const uint32_t self = (uint32_t)(setup->op - setup->model->ops);
  for (uint32_t node = 0; node < self; node++) {
    const tl_variable_data *handle = handle_at(setup->model, node);
    if (handle == NULL || setup->model->ops[node].outputs[0] != setup->op->inputs[0]) continue;
    use->owner = handle->owner;
    tl_variable_data *data = variable(setup->model, use->owner);
    if (data->has_state && data->bytes != value->bytes)
      return tl_op_refuse(setup, "the variable has another size elsewhere");
    if (!data->has_state && !tl_op_take_state(setup, value->bytes, &data->offset))
      return tl_op_refuse(setup, "the state would need 2 GiB");
    data->has_state = true;
    data->bytes = value->bytes;
    return TL_KERNEL_OK;
  }
  return tl_op_refuse(setup, "the resource must come from a VAR_HANDLE before it");
}

tl_kernel_code tl_read_variable_prepare(const tl_op_setup *setup)
{
  return prepare_use(setup, tl_op_output(setup->model, setup->op, 0));
}

tl_kernel_code tl_assign_variable_prepare(const tl_op_setup *setup)
{
  const tl_tensor *value = tl_op_input(setup->model, setup->op, 1);
  const tl_kernel_code code = prepare_use(setup, value);
  if (code != TL_KERNEL_OK) return code;
  tl_variable_data *data =
      variable(setup->model, ((const tl_variable_use *)setup->op->data)->owner);
  if (!data->is_assigned) data->initial = (uint8_t)(uint32_t)value->zero_point;
  data->is_assigned = true;
  return TL_KERNEL_OK;
}

static void copy_changed(uint8_t *restrict to, const uint8_t *restrict from, uint32_t bytes,
                         uint8_t initial)
{
  for (uint32_t b = 0; b < bytes; b++) to[b] = (uint8_t)(from[b] ^ initial);
}

void tl_read_variable_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  const tl_variable_use *use = op->data;
  const tl_variable_data *data = variable(model, use->owner);
  copy_changed(tl_op_write(model, op, 0, place), place->state + data->offset, data->bytes,
               data->initial);
}

void tl_assign_variable_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  const tl_variable_use *use = op->data;
  const tl_variable_data *data = variable(model, use->owner);
  copy_changed(place->state + data->offset, tl_op_read(model, op, 1, place), data->bytes,
               data->initial);
}
