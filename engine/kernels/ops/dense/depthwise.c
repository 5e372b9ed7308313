/* depthwise.c: DEPTHWISE_CONV_2D, int8 and int16 activations, any depth multiplier.
 *
 * Channels lie side by side in input, weights and output, so sums of a block of channels are kept
 * while the taps of a pixel pass; with a multiplier of 1 the inner loop is a plain product of
 * arrays. Taps in the padding are skipped. */
#include "kernels/ops/dense/dense.h"

#include <string.h>

enum {
  MULTIPLIER = 3,
  ACTIVATION = 4,
  DILATION = 5,
  OUTPUT_DIM = 3,
  BLOCK = 64,
  TAPS_MAX = 1 << 24
};

tl_kernel_code tl_depthwise_prepare(const tl_op_setup *setup)
{
  const tl_tensor *weights = tl_op_input(setup->model, setup->op, 1);
  tl_conv_data *conv = setup->op->data;
  const tl_kernel_code code = tl_conv_prepare_common(setup, ACTIVATION, DILATION, OUTPUT_DIM);
  if (code != TL_KERNEL_OK) return code;
  int32_t multiplier = 0;
  if (!tl_flat_i32(setup->flat, &setup->options, MULTIPLIER, &multiplier))
    return tl_op_refuse(setup, "options leave the file");
  conv->group_inputs = 1;
  conv->group_outputs = conv->outputs / conv->inputs;
  if (weights->dims[0] != 1 || conv->group_outputs * conv->inputs != conv->outputs ||
      (multiplier != 0 && multiplier != (int32_t)conv->group_outputs))
    return tl_op_refuse(setup, "depth multiplier and channels do not fit");
  if (weights->element_count / conv->outputs > TAPS_MAX)
    return tl_op_refuse(setup, "more than 16777216 weights an output");
  return TL_KERNEL_OK;
}

/* Outputs [begin, end) of one pixel, and the taps that lie inside of the input. */
typedef struct job {
  uint32_t begin, end;
  int32_t row, column;            /* of tap 0, 0 in the input */
  int32_t ky, ky_end, kx, kx_end; /* taps inside */
  uint32_t batch;
} job;

/* First and last + 1 tap whose input lies inside. */
static void inside(const tl_conv_axis *axis, int32_t first, int32_t *begin, int32_t *end)
{
  *begin = first < 0 ? (-first + axis->dilation - 1) / axis->dilation : 0;
  const int32_t room = axis->in - first; /* taps k with k * dilation < room */
  const int32_t most = room <= 0 ? 0 : (room + axis->dilation - 1) / axis->dilation;
  *end = most < axis->kernel ? most : axis->kernel;
}

static size_t input_at(const tl_conv_data *conv, const job *j, int32_t ky, int32_t kx)
{
  const size_t row = (size_t)(j->row + ky * conv->y.dilation);
  const size_t column = (size_t)(j->column + kx * conv->x.dilation);
  return ((j->batch * (size_t)conv->y.in + row) * (size_t)conv->x.in + column) * conv->inputs;
}

/* Products of one tap, one input channel an output. Wraps, as an int32 on the MCU does. */
static void add_tap(uint32_t *restrict sum, const int8_t *restrict w, const int8_t *restrict x,
                    uint32_t count, int32_t zero)
{
  const int16_t offset =
      (int16_t)zero; /* 16 bits hold the difference: products of 16 bits are cheap */
  for (uint32_t c = 0; c < count; c++)
    sum[c] += (uint32_t)((int16_t)w[c] * (int16_t)(x[c] - offset));
}

/* The same where `multiplier` outputs share an input channel; outputs begin + c. */
static void add_tap_shared(uint32_t *restrict sum, const int8_t *restrict w,
                           const int8_t *restrict x, uint32_t begin, uint32_t count,
                           uint32_t multiplier, int32_t zero)
{
  for (uint32_t c = 0; c < count;) {
    const uint32_t input = (begin + c) / multiplier, next = (input + 1) * multiplier - begin;
    const uint32_t end = next < count ? next : count;
    const int32_t value = x[input] - zero;
    for (; c < end; c++) sum[c] += (uint32_t)(w[c] * value);
  }
}

static void block8(const tl_conv_data *conv, const int8_t *x, const job *j, int8_t *y)
{
  uint32_t sum[BLOCK];
  const uint32_t count = j->end - j->begin;
  for (uint32_t c = 0; c < count; c++) sum[c] = 0;
  for (int32_t ky = j->ky; ky < j->ky_end; ky++)
    for (int32_t kx = j->kx; kx < j->kx_end; kx++) {
      const int8_t *w =
          conv->weights + (size_t)(ky * conv->x.kernel + kx) * conv->outputs + j->begin;
      const int8_t *from = x + input_at(conv, j, ky, kx);
      if (conv->group_outputs == 1)
        add_tap(sum, w, from + j->begin, count, conv->input_zero);
      else
        add_tap_shared(sum, w, from, j->begin, count, conv->group_outputs, conv->input_zero);
    }
  tl_conv_finish_row(conv, j->begin, sum, y + j->begin, count);
}

static void block16(const tl_conv_data *conv, const uint8_t *x, const job *j, uint8_t *y)
{
  int64_t sum[BLOCK] = {0};
  const uint32_t count = j->end - j->begin;
  for (int32_t ky = j->ky; ky < j->ky_end; ky++)
    for (int32_t kx = j->kx; kx < j->kx_end; kx++) {
      const int8_t *w =
          conv->weights + (size_t)(ky * conv->x.kernel + kx) * conv->outputs + j->begin;
      const uint8_t *from = x + 2 * input_at(conv, j, ky, kx);
      for (uint32_t c = 0; c < count; c++)
        sum[c] += w[c] * tl_op_load(from, TL_TENSOR_INT16, (j->begin + c) / conv->group_outputs);
    }
  for (uint32_t c = 0; c < count; c++)
    tl_op_store(y, TL_TENSOR_INT16, j->begin + c, tl_conv_finish64(conv, j->begin + c, sum[c]));
}

static void eval_pixel(const tl_conv_data *conv, const uint8_t *x, job j, uint8_t *y)
{
  for (j.begin = 0; j.begin < conv->outputs; j.begin = j.end) {
    j.end = conv->outputs - j.begin < BLOCK ? conv->outputs : j.begin + BLOCK;
    if (conv->wide)
      block16(conv, x, &j, y);
    else
      block8(conv, (const int8_t *)x, &j, (int8_t *)y);
  }
}

void tl_depthwise_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  const tl_conv_data *conv = op->data;
  const uint8_t *x = tl_op_read(model, op, 0, place);
  uint8_t *y = tl_op_write(model, op, 0, place);
  const size_t pixel_bytes = (size_t)conv->outputs * (conv->wide ? 2 : 1);
  job j = {0};
  for (j.batch = 0; j.batch < conv->batches; j.batch++)
    for (int32_t oy = 0; oy < conv->y.out; oy++) {
      j.row = oy * conv->y.stride - conv->y.before;
      inside(&conv->y, j.row, &j.ky, &j.ky_end);
      for (int32_t ox = 0; ox < conv->x.out; ox++, y += pixel_bytes) {
        j.column = ox * conv->x.stride - conv->x.before;
        inside(&conv->x, j.column, &j.kx, &j.kx_end);
        eval_pixel(conv, x, j, y);
      }
    }
}
