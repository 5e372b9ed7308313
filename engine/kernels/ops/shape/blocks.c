/* blocks.c: blocks of space become channels (SPACE_TO_DEPTH) or batches (SPACE_TO_BATCH_ND), and back.
 *
 *     depth:  [b, y / s, x / s, (i * s + j) * C + c] <-> [b, y, x, c],  i = y mod s, j = x mod s
 *     batch:  [k * B + b, (p + before) / block, c]   <-> [b, p, c],     k = (p + before) mod block
 *
 * where p, before and block are vectors over the blocked dimensions and k is the number of the
 * position in row-major order. Padding gets the zero point: TensorFlow's bytes (TFLite Micro pads with
 * 0 there, which is another real number). */
#include "kernels/ops/shape/checks.h"
#include "kernels/ops/shape/shape.h"

/* ---- depth ---- */

/* Fills the walk so that it goes over `deep` in order, whether that is read or written. */
static tl_kernel_code prepare_depth(const tl_op_setup *setup, const tl_tensor *space,
                                    const tl_tensor *deep, bool into_deep)
{
  tl_move_data *move = setup->op->data;
  int64_t near[TL_TENSOR_RANK_MAX], far[TL_TENSOR_RANK_MAX];
  int32_t option = 0;
  const tl_kernel_code code = tl_same_type(setup, 0);
  if (code != TL_KERNEL_OK) return code;
  if (!tl_flat_i32(setup->flat, &setup->options, 0, &option) || option < 1)
    return tl_op_refuse(setup, "the block size must be positive");
  if (space->rank != 4 || deep->rank != 4)
    return tl_op_refuse(setup, "input and output must have 4 dimensions");
  const int64_t size = option, channels = space->dims[3];
  if (space->dims[0] != deep->dims[0] || space->dims[1] != deep->dims[1] * size ||
      space->dims[2] != deep->dims[2] * size || size > INT16_MAX ||
      deep->dims[3] != channels * size * size)
    return tl_op_refuse(setup, "input, block size and output do not fit together");
  tl_tensor_steps(space, far);
  tl_tensor_steps(deep, near);
  const int64_t dims[] = {space->dims[0], deep->dims[1], deep->dims[2], size, size, channels};
  const int64_t apart[] = {far[0], far[1] * size, far[2] * size, far[1], far[2], far[3]};
  const int64_t together[] = {
      near[0], near[1], near[2], near[3] * channels * size, near[3] * channels, near[3]};
  tl_strided_start(&move->walk, tl_element_bytes(space));
  for (int d = 0; d < 6; d++)
    tl_strided_add(&move->walk, (uint32_t)dims[d], into_deep ? apart[d] : together[d],
                   into_deep ? together[d] : apart[d]);
  tl_strided_end(&move->walk);
  return TL_KERNEL_OK;
}

tl_kernel_code tl_space_to_depth_prepare(const tl_op_setup *setup)
{
  return prepare_depth(setup, tl_op_input(setup->model, setup->op, 0),
                       tl_op_output(setup->model, setup->op, 0), true);
}

tl_kernel_code tl_depth_to_space_prepare(const tl_op_setup *setup)
{
  return prepare_depth(setup, tl_op_output(setup->model, setup->op, 0),
                       tl_op_input(setup->model, setup->op, 0), false);
}

/* ---- batch ---- */

static void fill_side(tl_blocks_side *side, const tl_tensor *tensor, uint32_t blocked)
{
  int64_t step[TL_TENSOR_RANK_MAX];
  tl_tensor_steps(tensor, step);
  side->batch_step = step[0];
  for (uint32_t m = 0; m < blocked; m++) {
    side->dims[m] = (uint32_t)tensor->dims[1 + m];
    side->step[m] = step[1 + m];
  }
}

/* Block sizes and the margins (paddings or crops) of the space side. */
static tl_kernel_code read_blocks(const tl_op_setup *setup, tl_constants *block,
                                  tl_constants *margins, const char *margin_name)
{
  tl_kernel_code code = tl_same_type(setup, 0);
  if (code == TL_KERNEL_OK)
    code = tl_constants_read(setup, 1, "the block shape", TL_BLOCK_RANK_MAX, block);
  if (code == TL_KERNEL_OK)
    code = tl_constants_read(setup, 2, margin_name, 2 * TL_BLOCK_RANK_MAX, margins);
  if (code != TL_KERNEL_OK) return code;
  const uint32_t rank = tl_op_input(setup->model, setup->op, 0)->rank;
  if (margins->count != 2 * block->count || rank < 1 + block->count ||
      tl_op_output(setup->model, setup->op, 0)->rank != rank)
    return tl_op_refuse(setup, "block shape, margins and ranks do not fit together");
  for (uint32_t i = 0; i < margins->count; i++)
    if (margins->values[i] < 0 || margins->values[i] > INT32_MAX)
      return tl_op_refuse(setup, "a padding or crop is negative or too large");
  for (uint32_t m = 0; m < block->count; m++)
    if (block->values[m] < 1 || block->values[m] > INT32_MAX)
      return tl_op_refuse(setup, "a block size is not positive or too large");
  return TL_KERNEL_OK;
}

/* Paddings add to the space before it is cut into blocks; crops are what such a space loses again.
 * So both operators have the same geometry. */
static tl_kernel_code prepare_batch(const tl_op_setup *setup, const tl_tensor *space,
                                    const tl_tensor *batched, const char *margin_name)
{
  tl_blocks_data *data = setup->op->data;
  tl_constants block, margins;
  int64_t positions = 1;
  const tl_kernel_code code = read_blocks(setup, &block, &margins, margin_name);
  if (code != TL_KERNEL_OK) return code;
  const char *misfit = "input, block shape, margins and output do not fit together";
  const uint32_t blocked = block.count;
  for (uint32_t m = 0; m < blocked; m++) {
    const int64_t before = margins.values[2 * m], after = margins.values[2 * m + 1];
    if (before + space->dims[1 + m] + after != batched->dims[1 + m] * block.values[m])
      return tl_op_refuse(setup, misfit);
    positions *= block.values[m];
    if (positions > INT32_MAX) return tl_op_refuse(setup, misfit);
    data->block[m] = (uint32_t)block.values[m];
    data->before[m] = (uint32_t)before;
  }
  if (space->dims[0] * positions != batched->dims[0]) return tl_op_refuse(setup, misfit);
  for (uint32_t d = 1 + blocked; d < space->rank; d++)
    if (space->dims[d] != batched->dims[d]) return tl_op_refuse(setup, misfit);
  data->rank = blocked;
  data->batch = (uint32_t)space->dims[0];
  data->positions = (uint32_t)positions;
  data->run = tl_dims_product(space, 1 + blocked, space->rank) * tl_element_bytes(space);
  fill_side(&data->space, space, blocked);
  fill_side(&data->batched, batched, blocked);
  tl_zero_bytes(tl_op_output(setup->model, setup->op, 0), data->value);
  return TL_KERNEL_OK;
}

tl_kernel_code tl_space_to_batch_prepare(const tl_op_setup *setup)
{
  return prepare_batch(setup, tl_op_input(setup->model, setup->op, 0),
                       tl_op_output(setup->model, setup->op, 0), "the paddings");
}

tl_kernel_code tl_batch_to_space_prepare(const tl_op_setup *setup)
{
  return prepare_batch(setup, tl_op_output(setup->model, setup->op, 0),
                       tl_op_input(setup->model, setup->op, 0), "the crops");
}

/* The blocks [begin, end) whose element at `position` lies inside of the space, in one dimension. */
static tl_range blocks_inside(const tl_blocks_data *data, uint32_t m, int64_t position)
{
  const int64_t block = data->block[m], shift = (int64_t)data->before[m] - position;
  const int64_t first = shift > 0 ? (shift + block - 1) / block : 0;
  const int64_t space_end = (int64_t)data->space.dims[m] + shift; /* > 0: shift > -block */
  const int64_t last = space_end > 0 ? (space_end + block - 1) / block : 0;
  const int64_t count = data->batched.dims[m];
  return (tl_range){(int32_t)first, (int32_t)(last < count ? last : count)};
}

/* The walk of position number k: `to` is the batched side; false when no element lies inside. */
static bool walk_of_position(const tl_blocks_data *data, uint32_t k, tl_strided *walk)
{
  int64_t position[TL_BLOCK_RANK_MAX], space = 0;
  int64_t batched = (int64_t)k * data->batch * data->batched.batch_step;
  for (uint32_t m = data->rank; m-- > 0; k /= data->block[m]) position[m] = k % data->block[m];
  tl_strided_start(walk, data->run);
  tl_strided_add(walk, data->batch, data->space.batch_step, data->batched.batch_step);
  for (uint32_t m = 0; m < data->rank; m++) {
    const tl_range blocks = blocks_inside(data, m, position[m]);
    if (blocks.low >= blocks.high) return false;
    const int64_t first = (int64_t)blocks.low * data->block[m] + position[m] - data->before[m];
    space += first * data->space.step[m];
    batched += blocks.low * data->batched.step[m];
    tl_strided_add(walk, (uint32_t)(blocks.high - blocks.low), data->space.step[m] * data->block[m],
                   data->batched.step[m]);
  }
  walk->from_begin = (uint32_t)space;
  walk->to_begin = (uint32_t)batched;
  tl_strided_end(walk);
  return true;
}

void tl_space_to_batch_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  const tl_blocks_data *data = op->data;
  const tl_tensor *output = tl_op_output(model, op, 0);
  const uint8_t *from = tl_op_read(model, op, 0, place);
  uint8_t *to = tl_op_write(model, op, 0, place);
  tl_strided walk;
  tl_strided_fill(to, data->value, tl_element_bytes(output), output->element_count);
  for (uint32_t k = 0; k < data->positions; k++)
    if (walk_of_position(data, k, &walk)) tl_strided_copy(&walk, to, from);
}

/* The same walks, read from the other end. */
static void swap_sides(tl_strided *walk)
{
  const uint32_t begin = walk->from_begin;
  walk->from_begin = walk->to_begin;
  walk->to_begin = begin;
  for (uint32_t d = 0; d < walk->rank; d++) {
    const int32_t step = walk->from_step[d];
    walk->from_step[d] = walk->to_step[d];
    walk->to_step[d] = step;
  }
}

void tl_batch_to_space_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  const tl_blocks_data *data = op->data;
  const uint8_t *from = tl_op_read(model, op, 0, place);
  uint8_t *to = tl_op_write(model, op, 0, place);
  tl_strided walk;
  for (uint32_t k = 0; k < data->positions; k++) {
    if (!walk_of_position(data, k, &walk)) continue;
    swap_sides(&walk);
    tl_strided_copy(&walk, to, from);
  }
}
