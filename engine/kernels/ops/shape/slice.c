/* slice.c: SLICE reads a window of its input, DYNAMIC_UPDATE_SLICE writes one into a copy.
 *
 * Where the window begins may be known only at run time; it is then clamped so that the window stays
 * inside, as DYNAMIC_UPDATE_SLICE demands. (For SLICE, TFLite Micro gives an error there.) */
#include "kernels/ops/shape/checks.h"
#include "kernels/ops/shape/shape.h"

#include <string.h>

/* `window` has the shape of the smaller tensor, `whole` the larger one. */
static tl_kernel_code prepare_window(const tl_op_setup *setup, const tl_tensor *whole,
                                     const tl_tensor *window, uint32_t begin_input)
{
  const tl_tensor *begin = tl_op_input(setup->model, setup->op, begin_input);
  tl_slice_data *slice = setup->op->data;
  int64_t step[TL_TENSOR_RANK_MAX];
  if (whole->type != window->type || whole->rank != window->rank)
    return tl_op_refuse(setup, "tensor and window differ in type or rank");
  if (!tl_is_integer(begin) || begin->element_count != whole->rank)
    return tl_op_refuse(setup, "one int32 or int64 begin a dimension expected");
  tl_tensor_steps(whole, step);
  slice->rank = whole->rank;
  slice->begin_type = begin->type;
  for (uint32_t d = 0; d < whole->rank; d++) {
    if (window->dims[d] > whole->dims[d])
      return tl_op_refuse(setup, "the window is larger than the tensor");
    slice->begin_max[d] = (uint32_t)(whole->dims[d] - window->dims[d]);
    slice->step[d] = (uint32_t)step[d];
  }
  return TL_KERNEL_OK;
}

static uint32_t window_begin(const tl_slice_data *slice, const void *begins)
{
  uint32_t offset = 0;
  for (uint32_t d = 0; d < slice->rank; d++) {
    const int64_t begin = tl_integer_at(begins, slice->begin_type, d);
    const uint32_t inside = begin < 0                     ? 0
                            : begin > slice->begin_max[d] ? slice->begin_max[d]
                                                          : (uint32_t)begin;
    offset += inside * slice->step[d];
  }
  return offset;
}

/* What is constant must fit exactly. */
static bool constants_fit(const tl_tensor *begin, const tl_tensor *size, const tl_tensor *input,
                          const tl_tensor *output)
{
  for (uint32_t d = 0; d < input->rank; d++) {
    const int64_t length = output->dims[d];
    if (begin->data != NULL) {
      const int64_t first = tl_integer_at(begin->data, begin->type, d);
      if (first < 0 || first > input->dims[d] - length) return false;
      if (size->data != NULL && tl_integer_at(size->data, size->type, d) == -1 &&
          first != input->dims[d] - length)
        return false;
    }
    if (size->data == NULL) continue;
    const int64_t asked = tl_integer_at(size->data, size->type, d);
    if (asked != -1 && asked != length) return false;
  }
  return true;
}

tl_kernel_code tl_slice_prepare(const tl_op_setup *setup)
{
  const tl_tensor *input = tl_op_input(setup->model, setup->op, 0);
  const tl_tensor *begin = tl_op_input(setup->model, setup->op, 1);
  const tl_tensor *size = tl_op_input(setup->model, setup->op, 2);
  const tl_tensor *output = tl_op_output(setup->model, setup->op, 0);
  tl_slice_data *slice = setup->op->data;
  int64_t from[TL_TENSOR_RANK_MAX];
  const tl_kernel_code code = prepare_window(setup, input, output, 1);
  if (code != TL_KERNEL_OK) return code;
  if (!tl_is_integer(size) || size->element_count != input->rank)
    return tl_op_refuse(setup, "one int32 or int64 size a dimension expected");
  if (!constants_fit(begin, size, input, output))
    return tl_op_refuse(setup, "begin and size do not fit input and output");
  tl_tensor_steps(input, from);
  tl_walk_whole_output(&slice->walk, output, from, 0);
  return TL_KERNEL_OK;
}

void tl_slice_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  const tl_slice_data *slice = op->data;
  const uint8_t *from = tl_op_read(model, op, 0, place);
  tl_strided_copy(&slice->walk, tl_op_write(model, op, 0, place),
                  from + window_begin(slice, tl_op_read(model, op, 1, place)));
}

tl_kernel_code tl_dynamic_update_slice_prepare(const tl_op_setup *setup)
{
  const tl_tensor *input = tl_op_input(setup->model, setup->op, 0);
  const tl_tensor *update = tl_op_input(setup->model, setup->op, 1);
  const tl_tensor *output = tl_op_output(setup->model, setup->op, 0);
  tl_slice_data *slice = setup->op->data;
  int64_t from[TL_TENSOR_RANK_MAX], to[TL_TENSOR_RANK_MAX];
  tl_kernel_code code = tl_same_type(setup, 0);
  if (code == TL_KERNEL_OK) code = prepare_window(setup, input, update, 2);
  if (code != TL_KERNEL_OK) return code;
  if (!tl_shapes_equal(input, output))
    return tl_op_refuse(setup, "input and output differ in shape");
  tl_tensor_steps(update, from);
  tl_tensor_steps(output, to);
  tl_strided_start(&slice->walk, tl_element_bytes(output));
  for (uint32_t d = 0; d < update->rank; d++)
    tl_strided_add(&slice->walk, (uint32_t)update->dims[d], from[d], to[d]);
  tl_strided_end(&slice->walk);
  return TL_KERNEL_OK;
}

void tl_dynamic_update_slice_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  const tl_slice_data *slice = op->data;
  uint8_t *to = tl_op_write(model, op, 0, place);
  memcpy(to, tl_op_read(model, op, 0, place), tl_op_output(model, op, 0)->bytes);
  tl_strided_copy(&slice->walk, to + window_begin(slice, tl_op_read(model, op, 2, place)),
                  tl_op_read(model, op, 1, place));
}
