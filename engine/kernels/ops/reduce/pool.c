/* pool.c: AVERAGE_POOL_2D and MAX_POOL_2D, NHWC, int8 and int16.
 *
 * A window sees only what lies inside of the input. Average: sum of the integers over the count of
 * them, halves away from zero; input and output share scale and zero point. */
#include "kernels/ops/reduce/reduce.h"

enum { SAME, VALID, WINDOW_MAX = 65535 /* elements: their sum fits int32, even of int16 */ };

typedef struct pool_options {
  uint8_t padding, activation;
  int32_t stride_width, stride_height, filter_width, filter_height;
} pool_options;

static bool read_options(const tl_op_setup *setup, pool_options *out)
{
  const tl_flat *flat = setup->flat;
  const tl_flat_table *options = &setup->options;
  return tl_flat_u8(flat, options, 0, &out->padding) &&
         tl_flat_i32(flat, options, 1, &out->stride_width) &&
         tl_flat_i32(flat, options, 2, &out->stride_height) &&
         tl_flat_i32(flat, options, 3, &out->filter_width) &&
         tl_flat_i32(flat, options, 4, &out->filter_height) &&
         tl_flat_u8(flat, options, 5, &out->activation);
}

/* Padding before the first element of one axis; false unless the sizes fit. Every window then has
 * at least one element inside. */
static bool place_windows(int32_t in, int32_t filter, int32_t stride, int32_t out, uint8_t padding,
                          int32_t *before)
{
  *before = 0;
  if (filter <= 0 || stride <= 0) return false;
  const int64_t span = padding == SAME ? in : (int64_t)in - filter + 1;
  if (span <= 0 || (span + stride - 1) / stride != out) return false;
  const int64_t total = (int64_t)(out - 1) * stride + filter - in;
  if (padding == SAME && total > 0) *before = (int32_t)(total / 2);
  return true;
}

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

static tl_kernel_code prepare(const tl_op_setup *setup)
{
  const tl_tensor *input = tl_op_input(setup->model, setup->op, 0);
  const tl_tensor *output = tl_op_output(setup->model, setup->op, 0);
  tl_pool_data *pool = setup->op->data;
  pool_options options = {0};
  if (!read_options(setup, &options)) return tl_op_refuse(setup, "options leave the file");
  if (!tl_op_quantised(input) || !tl_op_quantised(output) || input->type != output->type)
    return tl_op_refuse(setup,
                        "input and output must both be int8 or both int16, quantised per tensor");
  const float difference = input->scale - output->scale;
  if (!(difference <= 1e-6f && -difference <= 1e-6f) || input->zero_point != output->zero_point)
    return tl_op_refuse(setup, "input and output must have the same scale and zero point");
  if (input->rank != 4 || output->rank != 4 || input->dims[0] != output->dims[0] ||
      input->dims[3] != output->dims[3] || options.padding > VALID)
    return tl_op_refuse(setup, "input and output must be batch, height, width, channels");
  if (!place_windows(input->dims[1], options.filter_height, options.stride_height, output->dims[1],
                     options.padding, &pool->pad_top) ||
      !place_windows(input->dims[2], options.filter_width, options.stride_width, output->dims[2],
                     options.padding, &pool->pad_left))
    return tl_op_refuse(setup, "filter, stride and output do not fit the input");
  if (smaller(options.filter_height, input->dims[1]) *
          smaller(options.filter_width, input->dims[2]) >
      WINDOW_MAX)
    return tl_op_refuse(setup, "a window of more than 65535 elements");
  if (!tl_op_activation(options.activation, output, &pool->range))
    return tl_op_refuse(setup, "fused activation is not supported");
  pool->type = input->type;
  pool->batches = input->dims[0];
  pool->height = input->dims[1];
  pool->width = input->dims[2];
  pool->channels = input->dims[3];
  pool->out_height = output->dims[1];
  pool->out_width = output->dims[2];
  pool->filter_height = options.filter_height;
  pool->filter_width = options.filter_width;
  pool->stride_height = options.stride_height;
  pool->stride_width = options.stride_width;
  return TL_KERNEL_OK;
}

tl_kernel_code tl_average_pool_prepare(const tl_op_setup *setup) { return prepare(setup); }

tl_kernel_code tl_max_pool_prepare(const tl_op_setup *setup) { return prepare(setup); }

/* The part of a window that lies inside of the input, [begin, end) of each axis. */
typedef struct window {
  int32_t top, bottom, left, right;
  uint32_t image; /* element where the batch's image begins */
} window;

/* Sums or maxima of a block of channels: they lie side by side, so that a compiler makes vector code
 * of each tap. */
enum { BLOCK = 64 };

static void add_tap(int32_t *restrict sum, const int8_t *restrict x, uint32_t count)
{
  for (uint32_t c = 0; c < count; c++) sum[c] += x[c];
}

static void keep_largest(int32_t *restrict most, const int8_t *restrict x, uint32_t count)
{
  for (uint32_t c = 0; c < count; c++) most[c] = x[c] > most[c] ? x[c] : most[c];
}

static void average_tap(const tl_pool_data *pool, const void *x, uint32_t at, uint32_t count,
                        int32_t *sum)
{
  if (pool->type == TL_TENSOR_INT8)
    add_tap(sum, (const int8_t *)x + at, count);
  else
    for (uint32_t c = 0; c < count; c++) sum[c] += tl_op_load(x, TL_TENSOR_INT16, at + c);
}

static void max_tap(const tl_pool_data *pool, const void *x, uint32_t at, uint32_t count,
                    int32_t *most)
{
  if (pool->type == TL_TENSOR_INT8) {
    keep_largest(most, (const int8_t *)x + at, count);
    return;
  }
  for (uint32_t c = 0; c < count; c++) {
    const int32_t value = tl_op_load(x, TL_TENSOR_INT16, at + c);
    most[c] = value > most[c] ? value : most[c];
  }
}

typedef void tap_function(const tl_pool_data *pool, const void *x, uint32_t at, uint32_t count,
                          int32_t *block);

static void gather(const tl_pool_data *pool, const window *w, const void *x, uint32_t channel,
                   uint32_t count, tap_function *tap, int32_t *block)
{
  const uint32_t channels = (uint32_t)pool->channels;
  for (int32_t row = w->top; row < w->bottom; row++) {
    uint32_t at = w->image + (uint32_t)(row * pool->width + w->left) * channels + channel;
    for (int32_t column = w->left; column < w->right; column++, at += channels)
      tap(pool, x, at, count, block);
  }
}

static int32_t mean_of(int32_t sum, int32_t count)
{
  return (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
}

/* All channels of one output pixel; `out` is its first element. */
static void pool_window(const tl_pool_data *pool, const window *w, const void *x, void *y,
                        uint32_t out, bool average)
{
  const uint32_t channels = (uint32_t)pool->channels;
  const int32_t taps = (w->bottom - w->top) * (w->right - w->left);
  int32_t block[BLOCK];
  for (uint32_t begin = 0; begin < channels; begin += BLOCK) {
    const uint32_t count = channels - begin < BLOCK ? channels - begin : BLOCK;
    for (uint32_t c = 0; c < count; c++) block[c] = average ? 0 : INT16_MIN;
    gather(pool, w, x, begin, count, average ? average_tap : max_tap, block);
    for (uint32_t c = 0; c < count; c++) {
      const int32_t value = average ? mean_of(block[c], taps) : block[c];
      tl_op_store(y, pool->type, out + begin + c,
                  tl_fixed_clamp(value, pool->range.low, pool->range.high));
    }
  }
}

/* Cuts the window that starts at `origin` to [0, size). */
static void cut(int64_t origin, int32_t filter, int32_t size, int32_t *begin, int32_t *end)
{
  *begin = origin < 0 ? 0 : (int32_t)origin;
  *end = (int32_t)smaller(origin + filter, size);
}

static void eval(const tl_model *model, const tl_op *op, const tl_place *place, bool average)
{
  const tl_pool_data *pool = op->data;
  const void *x = tl_op_read(model, op, 0, place);
  void *y = tl_op_write(model, op, 0, place);
  const uint32_t image = (uint32_t)(pool->height * pool->width * pool->channels);
  uint32_t out = 0;
  for (int32_t batch = 0; batch < pool->batches; batch++)
    for (int32_t row = 0; row < pool->out_height; row++)
      for (int32_t column = 0; column < pool->out_width; column++) {
        window w = {.image = (uint32_t)batch * image};
        cut((int64_t)row * pool->stride_height - pool->pad_top, pool->filter_height, pool->height,
            &w.top, &w.bottom);
        cut((int64_t)column * pool->stride_width - pool->pad_left, pool->filter_width, pool->width,
            &w.left, &w.right);
        pool_window(pool, &w, x, y, out, average);
        out += (uint32_t)pool->channels;
      }
}

void tl_average_pool_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  eval(model, op, place, true);
}

void tl_max_pool_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  eval(model, op, place, false);
}
