/* strided_slice.c: STRIDED_SLICE with all of its masks, as Python's x[a:b:c, ..., None, i].
 *
 * Source: the operator's definition in TensorFlow. Entry i of begin, end and strides stands, by bit i
 * of the masks, for an ellipsis (as many whole dimensions as are left over), for a new dimension of
 * one, for a single index whose dimension goes away (shrink), or for a range whose begin or end may
 * be left open. Ends are clamped into the dimension; negative ones count from its end. */
#include "kernels/ops/shape/checks.h"
#include "kernels/ops/shape/shape.h"

enum { BEGIN, END, STRIDES, ARRAYS };

typedef struct masks {
  int32_t begin, end, ellipsis, new_axis, shrink;
  uint8_t end_is_length; /* "offset" in the schema */
} masks;

/* What has been decided so far: of the input `used` dimensions, of the output `rank`. */
typedef struct slicing {
  const tl_op_setup *setup;
  const tl_tensor *input;
  masks mask;
  tl_constants values[ARRAYS];
  int64_t input_step[TL_TENSOR_RANK_MAX];
  int64_t dims[TL_TENSOR_RANK_MAX], from[TL_TENSOR_RANK_MAX], begin;
  uint32_t used, rank;
} slicing;

static bool read_masks(const tl_op_setup *setup, masks *out)
{
  const tl_flat *flat = setup->flat;
  const tl_flat_table *options = &setup->options;
  *out = (masks){0};
  return tl_flat_i32(flat, options, 0, &out->begin) && tl_flat_i32(flat, options, 1, &out->end) &&
         tl_flat_i32(flat, options, 2, &out->ellipsis) &&
         tl_flat_i32(flat, options, 3, &out->new_axis) &&
         tl_flat_i32(flat, options, 4, &out->shrink) &&
         tl_flat_u8(flat, options, 5, &out->end_is_length);
}

static bool bit(int32_t mask, uint32_t index) { return ((uint32_t)mask >> index & 1u) != 0; }

static bool put_dim(slicing *s, int64_t dim, int64_t from_step)
{
  if (s->rank == TL_TENSOR_RANK_MAX) return false;
  s->dims[s->rank] = dim;
  s->from[s->rank++] = from_step;
  return true;
}

static bool put_whole(slicing *s, uint32_t count)
{
  for (uint32_t i = 0; i < count; i++, s->used++)
    if (!put_dim(s, s->input->dims[s->used], s->input_step[s->used])) return false;
  return true;
}

static int64_t clamped(int64_t index, int64_t size, int64_t stride)
{
  const int64_t low = stride > 0 ? 0 : -1, high = stride > 0 ? size : size - 1;
  return index < low ? low : index > high ? high : index;
}

/* The half-open range [begin, end) of entry i, in steps of stride. */
static void range_of(const slicing *s, uint32_t i, int64_t size, int64_t *begin, int64_t *end)
{
  const int64_t stride = s->values[STRIDES].values[i];
  int64_t first = s->values[BEGIN].values[i], last = s->values[END].values[i];
  if (first < 0) first += size;
  first = bit(s->mask.begin, i) ? (stride > 0 ? 0 : size - 1) : clamped(first, size, stride);
  if (s->mask.end_is_length) last += first;
  if (last < 0) last += size;
  last = bit(s->mask.end, i) ? (stride > 0 ? size : -1) : clamped(last, size, stride);
  *begin = first;
  *end = last;
}

static const char *put_index(slicing *s, uint32_t i, int64_t size)
{
  int64_t index = s->values[BEGIN].values[i];
  if (index < 0) index += size;
  if (bit(s->mask.begin, i)) index = s->values[STRIDES].values[i] > 0 ? 0 : size - 1;
  if (index < 0 || index >= size) return "an index is out of range";
  s->begin += index * s->input_step[s->used++];
  return NULL;
}

static const char *put_range(slicing *s, uint32_t i, int64_t size)
{
  const int64_t stride = s->values[STRIDES].values[i];
  int64_t begin, end;
  range_of(s, i, size, &begin, &end);
  const int64_t distance = stride > 0 ? end - begin : begin - end;
  const int64_t step = stride > 0 ? stride : -stride;
  if (distance <= 0) return "the slice is empty";
  const int64_t count = (distance + step - 1) / step;
  s->begin += begin * s->input_step[s->used];
  /* a stride beyond the tensor leaves one index, whose step nobody uses */
  const int64_t from = count > 1 ? stride * s->input_step[s->used] : 0;
  s->used++;
  return put_dim(s, count, from) ? NULL : "the output would have more than 6 dimensions";
}

/* How many dimensions of the input the entries from i on take. */
static uint32_t entries_taking(const slicing *s, uint32_t i)
{
  uint32_t count = 0;
  for (; i < s->values[BEGIN].count; i++) count += !bit(s->mask.new_axis, i);
  return count;
}

static const char *put_entry(slicing *s, uint32_t i)
{
  const char *too_many = "the output would have more than 6 dimensions";
  if (bit(s->mask.ellipsis, i)) {
    const uint32_t behind = entries_taking(s, i + 1);
    if (s->used + behind > s->input->rank) return "more entries than dimensions";
    return put_whole(s, s->input->rank - s->used - behind) ? NULL : too_many;
  }
  if (bit(s->mask.new_axis, i)) return put_dim(s, 1, 0) ? NULL : too_many;
  if (s->used == s->input->rank) return "more entries than dimensions";
  const int64_t size = s->input->dims[s->used], stride = s->values[STRIDES].values[i];
  if (stride == 0) return "a stride is 0";
  /* keeps sums and products below 64 bit; no tensor is as large */
  if (stride < -INT32_MAX || stride > INT32_MAX) return "a stride is out of range";
  return bit(s->mask.shrink, i) ? put_index(s, i, size) : put_range(s, i, size);
}

static tl_kernel_code read_arrays(const tl_op_setup *setup, slicing *s)
{
  static const char *const names[ARRAYS] = {"begin", "end", "strides"};
  for (uint32_t a = 0; a < ARRAYS; a++) {
    const tl_kernel_code code =
        tl_constants_read(setup, a + 1, names[a], TL_CONSTANTS_MAX, &s->values[a]);
    if (code != TL_KERNEL_OK) return code;
    if (s->values[a].count != s->values[BEGIN].count)
      return tl_op_refuse(setup, "begin, end and strides differ in length");
    for (uint32_t i = 0; a != STRIDES && i < s->values[a].count; i++) /* int64: keep sums exact */
      s->values[a].values[i] = s->values[a].values[i] < -INT32_MAX  ? -INT32_MAX
                               : s->values[a].values[i] > INT32_MAX ? INT32_MAX
                                                                    : s->values[a].values[i];
  }
  return TL_KERNEL_OK;
}

tl_kernel_code tl_strided_slice_prepare(const tl_op_setup *setup)
{
  const tl_tensor *output = tl_op_output(setup->model, setup->op, 0);
  tl_move_data *move = setup->op->data;
  slicing s = {.setup = setup, .input = tl_op_input(setup->model, setup->op, 0)};
  tl_kernel_code code = tl_same_type(setup, 0);
  if (code == TL_KERNEL_OK) code = read_arrays(setup, &s);
  if (code != TL_KERNEL_OK) return code;
  if (!read_masks(setup, &s.mask)) return tl_op_refuse(setup, "options leave the file");
  if ((s.mask.ellipsis & (s.mask.ellipsis - 1)) != 0)
    return tl_op_refuse(setup, "more than one ellipsis");
  tl_tensor_steps(s.input, s.input_step);
  for (uint32_t i = 0; i < s.values[BEGIN].count; i++) {
    const char *reason = put_entry(&s, i);
    if (reason != NULL) return tl_op_refuse(setup, reason);
  }
  if (!put_whole(&s, s.input->rank - s.used))
    return tl_op_refuse(setup, "the output would have more than 6 dimensions");
  if (!tl_shape_is(output, s.dims, s.rank))
    return tl_op_refuse(setup, "the output has another shape than the slice");
  tl_walk_whole_output(&move->walk, output, s.from, s.begin);
  return TL_KERNEL_OK;
}
