/* resize.c: RESIZE_BILINEAR (int8, int16, float32) and RESIZE_NEAREST_NEIGHBOR (any element), NHWC.
 *
 * Source: TensorFlow Lite's reference kernels. Bilinear of integers works in Q10 along each side:
 *     scale = round(2^10 * in / out), or of (in - 1) / (out - 1) with align_corners and out > 1
 *     at    = o * scale, with half_pixel_centers o * scale + scale / 2 - 2^9
 *     low   = max(at / 2^10, 0), high = min((at + 2^10 - 1) / 2^10, in - 1), C division
 *     y     = the four products of weights (at - 2^10 low, ...) and pixels, rounded from Q20
 * Where rounding of the scale takes `low` beyond the last pixel, the reference reads past its row; here
 * it stays on the last one. Bilinear of float32 and nearest take float32 arithmetic, as the reference
 * does: at = o * scale, or (o + 1/2) * scale - 1/2, between floor(at) and ceil(at). */
#include "kernels/ops/shape/checks.h"
#include "kernels/ops/shape/shape.h"

#include <string.h>

enum { ONE = 1 << 10, SIDE_MAX = 1 << 20 /* so that Q10 fits 31 bits */ };

/* Shapes, the size operand, and the two options from `field` on. */
static tl_kernel_code prepare(const tl_op_setup *setup, uint32_t field)
{
  const tl_tensor *input = tl_op_input(setup->model, setup->op, 0);
  const tl_tensor *output = tl_op_output(setup->model, setup->op, 0);
  tl_resize_data *resize = setup->op->data;
  tl_constants size;
  uint8_t align_corners = 0, half_pixel_centers = 0;
  tl_kernel_code code = tl_same_type(setup, 0);
  if (code == TL_KERNEL_OK) code = tl_constants_read(setup, 1, "the size", 2, &size);
  if (code != TL_KERNEL_OK) return code;
  if (!tl_flat_u8(setup->flat, &setup->options, field, &align_corners) ||
      !tl_flat_u8(setup->flat, &setup->options, field + 1, &half_pixel_centers))
    return tl_op_refuse(setup, "options leave the file");
  if (input->rank != 4 || output->rank != 4 || size.count != 2)
    return tl_op_refuse(setup, "4 dimensions and a size of 2 expected");
  if (input->dims[0] != output->dims[0] || input->dims[3] != output->dims[3] ||
      size.values[0] != output->dims[1] || size.values[1] != output->dims[2])
    return tl_op_refuse(setup, "input, size and output do not fit together");
  for (uint32_t d = 1; d <= 2; d++)
    if (input->dims[d] > SIDE_MAX || output->dims[d] > SIDE_MAX)
      return tl_op_refuse(setup, "a side is longer than 2^20");
  resize->batch = (uint32_t)input->dims[0];
  resize->in_height = (uint32_t)input->dims[1];
  resize->in_width = (uint32_t)input->dims[2];
  resize->out_height = (uint32_t)output->dims[1];
  resize->out_width = (uint32_t)output->dims[2];
  resize->depth = (uint32_t)input->dims[3];
  resize->type = input->type;
  resize->element_bytes = tl_element_bytes(input);
  resize->align_corners = align_corners != 0;
  resize->half_pixel_centers = half_pixel_centers != 0;
  return TL_KERNEL_OK;
}

static int32_t scale_q10(uint32_t in, uint32_t out, bool align_corners)
{
  const bool corners = align_corners && out > 1;
  const int64_t from = corners ? (int64_t)in - 1 : in, to = corners ? (int64_t)out - 1 : out;
  return (int32_t)((ONE * from + to / 2) / to);
}

static float scale_float(uint32_t in, uint32_t out, bool align_corners)
{
  return align_corners && out > 1 ? (float)(in - 1) / (float)(out - 1) : (float)in / (float)out;
}

static void set_float_scales(tl_resize_data *resize)
{
  const bool corners = resize->align_corners;
  resize->height_scale_float = scale_float(resize->in_height, resize->out_height, corners);
  resize->width_scale_float = scale_float(resize->in_width, resize->out_width, corners);
}

tl_kernel_code tl_resize_bilinear_prepare(const tl_op_setup *setup)
{
  tl_resize_data *resize = setup->op->data;
  const tl_kernel_code code = prepare(setup, 2);
  if (code != TL_KERNEL_OK) return code;
  if (resize->type != TL_TENSOR_INT8 && resize->type != TL_TENSOR_INT16 &&
      resize->type != TL_TENSOR_FLOAT32)
    return tl_op_refuse(setup, "input and output must be int8, int16 or float32");
  if (resize->align_corners && resize->half_pixel_centers)
    return tl_op_refuse(setup, "align_corners and half_pixel_centers exclude each other");
  resize->height_scale = scale_q10(resize->in_height, resize->out_height, resize->align_corners);
  resize->width_scale = scale_q10(resize->in_width, resize->out_width, resize->align_corners);
  set_float_scales(resize);
  resize->single_rounding = tl_op_scale(setup, 1.0).rounding == TL_ROUNDING_SINGLE;
  return TL_KERNEL_OK;
}

/* Between which two pixels of a side an output lies, and how far from the lower one. */
typedef struct between {
  uint32_t low, high;
  int64_t weight; /* Q10 */
  float weight_float;
} between;

static between locate_float(const tl_resize_data *resize, uint32_t out, float scale, uint32_t in)
{
  const float half = resize->half_pixel_centers ? 0.5f : 0.0f;
  const float at = ((float)out + half) * scale - half; /* > -1, at most in */
  const int32_t cut = (int32_t)at, last = (int32_t)in - 1;
  const int32_t high = cut + ((float)cut < at ? 1 : 0); /* at < 0 is cut to 0, its ceiling */
  const int32_t low = cut > last ? last : cut;
  return (between){(uint32_t)low, (uint32_t)(high > last ? last : high), 0, at - (float)low};
}

static between locate(const tl_resize_data *resize, uint32_t out, int32_t scale, uint32_t in)
{
  int64_t at = (int64_t)out * scale;
  if (resize->half_pixel_centers) at += scale / 2 - ONE / 2;
  const int64_t last = (int64_t)in - 1;
  int64_t low = at / ONE, high = (at + ONE - 1) / ONE;
  if (low < 0) low = 0;
  if (low > last) low = last;
  if (high > last) high = last;
  return (between){(uint32_t)low, (uint32_t)high, at - ONE * low, 0.0f};
}

static int32_t round_q20(int64_t sum, bool single_rounding)
{
  const int64_t half = 1 << 19;
  if (single_rounding) return (int32_t)((sum + half) >> 20);
  return (int32_t)((sum + (sum > 0 ? half : -half)) / (1 << 20));
}

/* The order of products and sums is the reference's. */
static void blend_float(const tl_resize_data *resize, uint8_t *to, const uint8_t *image, between y,
                        between x)
{
  const uint32_t depth = resize->depth, width = resize->in_width;
  const float fy = y.weight_float, fx = x.weight_float;
  for (uint32_t c = 0; c < depth; c++) {
    const float ll = tl_load_f32(image + 4ull * ((y.low * width + x.low) * depth + c));
    const float hl = tl_load_f32(image + 4ull * ((y.high * width + x.low) * depth + c));
    const float lh = tl_load_f32(image + 4ull * ((y.low * width + x.high) * depth + c));
    const float hh = tl_load_f32(image + 4ull * ((y.high * width + x.high) * depth + c));
    const float mixed = ll * (1.0f - fy) * (1.0f - fx) + hl * fy * (1.0f - fx) +
                        lh * (1.0f - fy) * fx + hh * fy * fx;
    memcpy(to + 4ull * c, &mixed, sizeof mixed);
  }
}

static void blend(const tl_resize_data *resize, uint8_t *to, const uint8_t *image, between y,
                  between x)
{
  const uint32_t depth = resize->depth, width = resize->in_width;
  const uint32_t corner[4] = {(y.low * width + x.low) * depth, (y.high * width + x.low) * depth,
                              (y.low * width + x.high) * depth, (y.high * width + x.high) * depth};
  const int64_t weight[4] = {(ONE - y.weight) * (ONE - x.weight), y.weight * (ONE - x.weight),
                             (ONE - y.weight) * x.weight, y.weight * x.weight};
  for (uint32_t c = 0; c < depth; c++) {
    int64_t sum = 0;
    for (int k = 0; k < 4; k++) sum += weight[k] * tl_op_load(image, resize->type, corner[k] + c);
    tl_op_store(to, resize->type, c, round_q20(sum, resize->single_rounding));
  }
}

/* One row of the output; `image` is one batch of the input. */
static void bilinear_row(const tl_resize_data *resize, uint8_t *to, const uint8_t *image,
                         uint32_t y)
{
  const uint32_t pixel = resize->depth * resize->element_bytes;
  if (resize->type == TL_TENSOR_FLOAT32) {
    const between row = locate_float(resize, y, resize->height_scale_float, resize->in_height);
    for (uint32_t x = 0; x < resize->out_width; x++, to += pixel)
      blend_float(resize, to, image, row,
                  locate_float(resize, x, resize->width_scale_float, resize->in_width));
    return;
  }
  const between row = locate(resize, y, resize->height_scale, resize->in_height);
  for (uint32_t x = 0; x < resize->out_width; x++, to += pixel)
    blend(resize, to, image, row, locate(resize, x, resize->width_scale, resize->in_width));
}

void tl_resize_bilinear_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  const tl_resize_data *resize = op->data;
  const uint8_t *image = tl_op_read(model, op, 0, place);
  uint8_t *to = tl_op_write(model, op, 0, place);
  const size_t pixel = (size_t)resize->depth * resize->element_bytes;
  for (uint32_t b = 0; b < resize->batch; b++) {
    for (uint32_t y = 0; y < resize->out_height; y++, to += resize->out_width * pixel)
      bilinear_row(resize, to, image, y);
    image += resize->in_height * resize->in_width * pixel;
  }
}

tl_kernel_code tl_resize_nearest_prepare(const tl_op_setup *setup)
{
  tl_resize_data *resize = setup->op->data;
  const tl_kernel_code code = prepare(setup, 0);
  if (code != TL_KERNEL_OK) return code;
  set_float_scales(resize);
  return TL_KERNEL_OK;
}

static uint32_t nearest(const tl_resize_data *resize, uint32_t out, float scale, uint32_t in)
{
  const float at = ((float)out + (resize->half_pixel_centers ? 0.5f : 0.0f)) * scale;
  const uint32_t index = (uint32_t)(resize->align_corners ? tl_fixed_round(at) : (int32_t)at);
  return index < in ? index : in - 1;
}

void tl_resize_nearest_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  const tl_resize_data *resize = op->data;
  const uint8_t *image = tl_op_read(model, op, 0, place);
  uint8_t *to = tl_op_write(model, op, 0, place);
  const size_t pixel = (size_t)resize->depth * resize->element_bytes;
  for (uint32_t b = 0; b < resize->batch; b++) {
    for (uint32_t y = 0; y < resize->out_height; y++) {
      const uint32_t from = nearest(resize, y, resize->height_scale_float, resize->in_height);
      const uint8_t *row = image + from * resize->in_width * pixel;
      for (uint32_t x = 0; x < resize->out_width; x++, to += pixel)
        memcpy(to, row + nearest(resize, x, resize->width_scale_float, resize->in_width) * pixel,
               pixel);
    }
    image += resize->in_height * resize->in_width * pixel;
  }
}
