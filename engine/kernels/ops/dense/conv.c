/* conv.c: CONV_2D, int8 and int16 activations, groups included.
 *
 * The taps of one output pixel are gathered once, as int16 with the zero point taken off and
 * padding as 0; then every output channel is one dot product of contiguous arrays, which a compiler
 * turns into vector code for whatever machine it builds. */
#include "kernels/ops/dense/dense.h"

#include <string.h>

enum {
  ACTIVATION = 3,
  DILATION = 4,
  OUTPUT_DIM = 0,
  TAPS_MAX = 1 << 24,
  DOT_BLOCK = 4096,
  SUMS = 32
};

static uint32_t taps_of(const tl_conv_data *conv)
{
  return (uint32_t)conv->y.kernel * (uint32_t)conv->x.kernel * conv->group_inputs;
}

tl_kernel_code tl_conv_prepare(const tl_op_setup *setup)
{
  const tl_tensor *weights = tl_op_input(setup->model, setup->op, 1);
  tl_conv_data *conv = setup->op->data;
  const tl_kernel_code code = tl_conv_prepare_common(setup, ACTIVATION, DILATION, OUTPUT_DIM);
  if (code != TL_KERNEL_OK) return code;
  conv->group_inputs = (uint32_t)weights->dims[3];
  const uint32_t groups = conv->inputs / conv->group_inputs;
  if (groups == 0 || groups * conv->group_inputs != conv->inputs || conv->outputs % groups != 0)
    return tl_op_refuse(setup, "channels of input and weights make no whole groups");
  conv->group_outputs = conv->outputs / groups;
  const uint64_t taps = weights->element_count / conv->outputs;
  if (taps > TAPS_MAX || !tl_op_take_scratch(setup, 2 * taps))
    return tl_op_refuse(setup, "more than 16777216 weights an output");
  return TL_KERNEL_OK;
}

/* One tap of a group: its channels less the zero point. */
static void widen8(int16_t *restrict out, const int8_t *restrict x, uint32_t count, int32_t zero)
{
  for (uint32_t i = 0; i < count; i++) out[i] = (int16_t)(x[i] - zero);
}

typedef struct pixel {
  uint32_t batch, group;
  int32_t y, x; /* of the output */
} pixel;

static void gather(const tl_conv_data *conv, const void *x, pixel at, int16_t *patch)
{
  const uint32_t count = conv->group_inputs, size = conv->wide ? 2 : 1;
  const int32_t top = at.y * conv->y.stride - conv->y.before;
  const int32_t left = at.x * conv->x.stride - conv->x.before;
  for (int32_t ky = 0; ky < conv->y.kernel; ky++) {
    const int32_t row = top + ky * conv->y.dilation;
    for (int32_t kx = 0; kx < conv->x.kernel; kx++, patch += count) {
      const int32_t column = left + kx * conv->x.dilation;
      if (row < 0 || row >= conv->y.in || column < 0 || column >= conv->x.in) {
        memset(patch, 0, 2ull * count);
        continue;
      }
      const size_t from_pixel =
          ((size_t)at.batch * (uint32_t)conv->y.in + (uint32_t)row) * (uint32_t)conv->x.in +
          (uint32_t)column;
      const uint8_t *from =
          (const uint8_t *)x + (from_pixel * conv->inputs + (size_t)at.group * count) * size;
      if (conv->wide)
        memcpy(patch, from, 2ull * count);
      else
        widen8(patch, (const int8_t *)from, count, conv->input_zero);
    }
  }
}

/* At most DOT_BLOCK products of 15 + 7 bits and sign: no int32 overflows. */
static int32_t dot_block(const int8_t *restrict w, const int16_t *restrict x, uint32_t count)
{
  int32_t sum = 0;
  for (uint32_t i = 0; i < count; i++) sum += (int16_t)w[i] * x[i];
  return sum;
}

static int64_t dot(const int8_t *w, const int16_t *x, uint32_t count, uint32_t block)
{
  int64_t sum = 0;
  for (; count > block; count -= block, w += block, x += block) sum += dot_block(w, x, block);
  return sum + dot_block(w, x, count);
}

/* Four outputs at once read the taps once and hide each other's waits. */
static void dot_four(const int8_t *restrict w, uint32_t taps, const int16_t *restrict x,
                     uint32_t sum[4])
{
  const int8_t *const w1 = w + taps, *const w2 = w1 + taps, *const w3 = w2 + taps;
  int32_t a = 0, b = 0, c = 0, d = 0;
  for (uint32_t i = 0; i < taps; i++) {
    a += (int16_t)w[i] * x[i];
    b += (int16_t)w1[i] * x[i];
    c += (int16_t)w2[i] * x[i];
    d += (int16_t)w3[i] * x[i];
  }
  sum[0] = (uint32_t)a;
  sum[1] = (uint32_t)b;
  sum[2] = (uint32_t)c;
  sum[3] = (uint32_t)d;
}

/* Sums of `count` outputs of one pixel from its gathered taps. */
static void sums8(const int8_t *w, uint32_t taps, const int16_t *patch, uint32_t *sum,
                  uint32_t count)
{
  uint32_t o = 0;
  for (; taps <= DOT_BLOCK && o + 4 <= count; o += 4, w += 4 * (size_t)taps)
    dot_four(w, taps, patch, sum + o);
  for (; o < count; o++, w += taps)
    sum[o] = taps <= DOT_BLOCK ? (uint32_t)dot_block(w, patch, taps)
                               : (uint32_t)(uint64_t)dot(w, patch, taps, DOT_BLOCK);
}

/* Outputs [begin, end) of one pixel. */
static void outputs8(const tl_conv_data *conv, const int16_t *patch, int8_t *y, uint32_t begin,
                     uint32_t end)
{
  const uint32_t taps = taps_of(conv);
  uint32_t sum[SUMS];
  for (uint32_t o = begin; o < end; o += SUMS) {
    const uint32_t count = end - o < SUMS ? end - o : SUMS;
    sums8(conv->weights + (size_t)o * taps, taps, patch, sum, count);
    tl_conv_finish_row(conv, o, sum, y + o, count);
  }
}

static void outputs16(const tl_conv_data *conv, const int16_t *patch, uint8_t *y, uint32_t begin,
                      uint32_t end)
{
  const uint32_t taps = taps_of(conv);
  for (uint32_t o = begin; o < end; o++) {
    const int64_t sum = dot(conv->weights + (size_t)o * taps, patch, taps, DOT_BLOCK / 16);
    tl_op_store(y, TL_TENSOR_INT16, o,
                conv->sum64 ? tl_conv_finish64(conv, o, sum)
                            : tl_conv_finish(conv, o, (uint32_t)(uint64_t)sum));
  }
}

void tl_conv_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  const tl_conv_data *conv = op->data;
  const void *x = tl_op_read(model, op, 0, place);
  uint8_t *y = tl_op_write(model, op, 0, place);
  int16_t *patch = tl_op_scratch(model, place);
  const size_t pixel_bytes = (size_t)conv->outputs * (conv->wide ? 2 : 1);
  pixel at;
  for (at.batch = 0; at.batch < conv->batches; at.batch++)
    for (at.y = 0; at.y < conv->y.out; at.y++)
      for (at.x = 0; at.x < conv->x.out; at.x++, y += pixel_bytes)
        for (at.group = 0; at.group * conv->group_outputs < conv->outputs; at.group++) {
          const uint32_t begin = at.group * conv->group_outputs, end = begin + conv->group_outputs;
          gather(conv, x, at, patch);
          if (conv->wide)
            outputs16(conv, patch, y, begin, end);
          else
            outputs8(conv, patch, (int8_t *)y, begin, end);
        }
}
