/* window_body.h: the fleet-batched chain, once for all vector widths.
 *
 * A path includes its lanes_*.h (vectors V of V_LANES int32, one device a lane) and then this file;
 * what comes out are the functions of tl_window_path. Nothing here rounds or saturates other than
 * the reference does, so every path gives the same bytes. No header guard: included once a path.
 *
 * Speed (64-8-64): the multiplier is the limit, so everything else is kept off its port: rescaling
 * in float where proved, clamping by saturating packs, squares by absolute difference. Outputs go
 * in fours because four of them make a quad of bytes with three packs. */
#include "kernels/simd/window_layer.h"

#define TL_INLINE TL_TARGET static inline __attribute__((always_inline))

enum { GROUPS_MAX = 2, TILE_BYTES_MAX = GROUPS_MAX * V_BYTES, QUADS_MAX = TL_WINDOW_WIDTH_MAX / 4 };

/* tl_fixed_mul, lane by lane. */
TL_INLINE V rescale_integer(V acc, const tl_window_layer *layer, uint32_t output)
{
  const int32_t right = layer->right[output];
  const V x = v_high_mul(V_SHIFT_LEFT(acc, layer->left[output]), V_SET(layer->multiplier[output]));
  const int32_t mask = (int32_t)((1u << right) - 1u);
  const V rest = V_AND(x, V_SET(mask));
  const V threshold = V_SUB(V_SET(mask >> 1), V_SIGN(x));
  const V y = V_SUB(V_SHIFT_RIGHT(x, right), V_GREATER(rest, threshold));
  return V_ADD(y, V_SET(layer->add));
}

TL_INLINE V rescale(V acc, const tl_window_layer *layer, uint32_t output, tl_rescale form)
{
  if (form == TL_RESCALE_INTEGER)
    return rescale_integer(acc, layer, output);
  const F above = F_SET(layer->above[output]);
  const F add = form == TL_RESCALE_FLOAT ? above
                                         : F_BY_SIGN(acc, above, F_SET(layer->below[output]));
  return V_OF(F_ADD(F_MUL(F_OF(acc), F_SET(layer->scale[output])), add));
}

/* One block of 4 outputs of a tile: reads layer->quads quads, writes one. */
TL_INLINE void block(const tl_window_layer *layer, const uint8_t *x, size_t x_stride,
                     const uint32_t *weights, uint32_t first_output, uint8_t *y, int groups)
{
  V acc[4][GROUPS_MAX];
  for (int j = 0; j < 4; j++)
    for (int g = 0; g < groups; g++)
      acc[j][g] = V_SET(layer->bias[first_output + (uint32_t)j]);
  for (uint32_t q = 0; q < layer->quads; q++, x += x_stride, weights += 4 * V_WORDS) {
    V part[GROUPS_MAX][V_WORDS];
    for (int g = 0; g < groups; g++)
      v_split(V_LOAD(x + g * V_BYTES), part[g]);
    for (int j = 0; j < 4; j++)
      for (int p = 0; p < V_WORDS; p++) {
        const V w = V_SET((int32_t)weights[j * V_WORDS + p]);
        for (int g = 0; g < groups; g++)
          acc[j][g] = v_dot(acc[j][g], part[g][p], w);
      }
  }
  for (int g = 0; g < groups; g++) {
    for (uint32_t j = 0; j < 4; j++)
      acc[j][g] = rescale(acc[j][g], layer, first_output + j, layer->form);
    const V bytes = v_pack(acc[0][g], acc[1][g], acc[2][g], acc[3][g]);
    V_STORE(y + g * V_BYTES, V_MIN_U8(V_MAX_U8(bytes, V_SET((int32_t)(layer->low * 0x01010101u))),
                                      V_SET((int32_t)(layer->high * 0x01010101u))));
  }
}

/* A whole layer of a tile: into y, one quad after the other. offset: of the first layer's table. */
TL_INLINE void layer_tile(const tl_window_layer *layer, const uint8_t *x, size_t x_stride,
                          uint32_t offset, uint8_t *y, size_t y_stride, uint32_t begin,
                          uint32_t end, int groups)
{
  const size_t block_words = (size_t)layer->table_quads * 4 * V_WORDS;
  const uint32_t *weights = layer->block_weights +
                            (size_t)(offset % 4) * layer->blocks * block_words +
                            (size_t)(offset / 4) * 4 * V_WORDS;
  for (uint32_t b = begin; b < end; b++)
    block(layer, x, x_stride, weights + b * block_words, 4 * b, y + (b - begin) * y_stride, groups);
}

/* All layers but the last; returns where the last one reads, and its stride. */
TL_INLINE const uint8_t *hidden_tile(const tl_window_job *job, uint32_t row,
                                     uint8_t buffer[2][QUADS_MAX * TILE_BYTES_MAX],
                                     size_t *stride, int groups)
{
  const uint8_t *x = job->ring + 4 * (size_t)row;
  *stride = job->stride_bytes;
  for (uint32_t l = 0; l + 1 < job->window->layer_count; l++) {
    const tl_window_layer *layer = &job->window->layers[l];
    const size_t y_stride = (size_t)groups * V_BYTES;
    layer_tile(layer, x, *stride, l == 0 ? job->offset : 0, buffer[l % 2], y_stride, 0,
               layer->blocks, groups);
    x = buffer[l % 2];
    *stride = y_stride;
  }
  return x;
}

/* One output of a tile: y[g] = bias + sum of hidden times weights. */
TL_INLINE void dots(V *y, V hidden[QUADS_MAX][V_WORDS][GROUPS_MAX], const uint32_t *weights,
                    int32_t bias, uint32_t quads, int groups)
{
  for (int g = 0; g < groups; g++)
    y[g] = V_SET(bias);
  for (uint32_t q = 0; q < quads; q++)
    for (int p = 0; p < V_WORDS; p++) {
      const V w = V_SET((int32_t)*weights++);
      for (int g = 0; g < groups; g++)
        y[g] = v_dot(y[g], hidden[q][p][g], w);
    }
}

/* The last layer against the ring: outputs in slot order, squared differences summed.
 * quads and form are constants where the compiler shall keep the hidden values in registers. */
TL_INLINE void score_tile(const tl_window_job *job, const tl_window_layer *layer, const uint8_t *h,
                          size_t h_stride, uint32_t row, int32_t *score, int groups,
                          uint32_t quads, tl_rescale form, bool plain)
{
  V hidden[QUADS_MAX][V_WORDS][GROUPS_MAX], sum[GROUPS_MAX];
  for (int g = 0; g < groups; g++)
    sum[g] = V_ZERO();
  for (uint32_t q = 0; q < quads; q++)
    for (int g = 0; g < groups; g++) {
      V part[V_WORDS];
      v_split(V_LOAD(h + q * h_stride + (size_t)g * V_BYTES), part);
      for (int p = 0; p < V_WORDS; p++)
        hidden[q][p][g] = part[p];
    }
  const uint8_t *x = job->ring + 4 * (size_t)row;
  const uint32_t *weights = layer->row_weights + (size_t)job->offset * quads * V_WORDS;
  uint32_t output = job->offset;
  const uint32_t tail = job->window->inputs % 4;
  for (uint32_t k = 0; k < job->window->quads; k++, x += job->stride_bytes) {
    /* Each output is rescaled while the next one is summed: the queue before the vector units is
     * short, and instructions that wait in it stop the others. */
    V y[4][GROUPS_MAX];
    for (uint32_t j = 0; j < 5; j++) {
      if (j < 4)
        dots(y[j], hidden, weights + (size_t)j * quads * V_WORDS, layer->bias[output + j], quads,
             groups);
      for (int g = 0; j > 0 && g < groups; g++)
        y[j - 1][g] = rescale(y[j - 1][g], layer, plain ? 0 : output + j - 1, form);
    }
    output += 4;
    weights += 4 * (size_t)quads * V_WORDS;
    for (int g = 0; g < groups; g++) {
      V bytes = v_pack(y[0][g], y[1][g], y[2][g], y[3][g]);
      if (!plain) {
        bytes = V_MIN_U8(V_MAX_U8(bytes, V_SET((int32_t)(layer->low * 0x01010101u))),
                         V_SET((int32_t)(layer->high * 0x01010101u)));
        if (tail != 0 && k + 1 == job->window->quads) /* slots past the inputs hold 0 */
          bytes = V_AND(bytes, V_SET((int32_t)((1u << (8 * tail)) - 1u)));
      }
      sum[g] = v_add_squares(sum[g], bytes, V_LOAD(x + g * V_BYTES));
    }
  }
  for (int g = 0; g < groups; g++)
    V_STORE(score + row + g * V_LANES, sum[g]);
}

TL_INLINE void score_rows(const tl_window_job *job, uint32_t row, int32_t *score, int groups)
{
  uint8_t buffer[2][QUADS_MAX * TILE_BYTES_MAX] __attribute__((aligned(64)));
  const tl_window_layer *last = &job->window->layers[job->window->layer_count - 1];
  const bool plain = last->form == TL_RESCALE_FLOAT_BY_SIGN && last->per_tensor && last->low == 0 &&
                     last->high == 255 && job->window->inputs % 4 == 0;
  size_t stride;
  const uint8_t *h = hidden_tile(job, row, buffer, &stride, groups);
  if (plain && last->quads == 1)
    score_tile(job, last, h, stride, row, score, groups, 1, TL_RESCALE_FLOAT_BY_SIGN, true);
  else if (plain && last->quads == 2)
    score_tile(job, last, h, stride, row, score, groups, 2, TL_RESCALE_FLOAT_BY_SIGN, true);
  else if (plain && last->quads == 4)
    score_tile(job, last, h, stride, row, score, groups, 4, TL_RESCALE_FLOAT_BY_SIGN, true);
  else
    score_tile(job, last, h, stride, row, score, groups, last->quads, last->form, false);
}

TL_TARGET static void TL_PATH_NAME(score)(const tl_window_job *job, int32_t *score)
{
  uint32_t row = 0;
  for (; row + 2 * V_LANES <= job->rows; row += 2 * V_LANES)
    score_rows(job, row, score, 2);
  for (; row < job->rows; row += V_LANES)
    score_rows(job, row, score, 1);
}

TL_INLINE void output_rows(const tl_window_job *job, uint32_t row, int8_t *out, uint32_t out_stride,
                           int groups)
{
  uint8_t buffer[2][QUADS_MAX * TILE_BYTES_MAX] __attribute__((aligned(64)));
  uint8_t quad[TILE_BYTES_MAX];
  const tl_window_layer *last = &job->window->layers[job->window->layer_count - 1];
  size_t stride;
  const uint8_t *h = hidden_tile(job, row, buffer, &stride, groups);
  for (uint32_t b = 0; b < last->blocks; b++) {
    layer_tile(last, h, stride, job->window->layer_count == 1 ? job->offset : 0, quad,
               TILE_BYTES_MAX, b, b + 1, groups);
    for (uint32_t j = 0; j < 4 && 4 * b + j < job->window->outputs; j++)
      for (int r = 0; r < groups * V_LANES; r++)
        out[(size_t)(4 * b + j) * out_stride + row + (uint32_t)r] =
            (int8_t)(quad[4 * (uint32_t)r + j] - last->offset);
  }
}

TL_TARGET static void TL_PATH_NAME(outputs)(const tl_window_job *job, int8_t *out,
                                            uint32_t out_stride)
{
  uint32_t row = 0;
  for (; row + 2 * V_LANES <= job->rows; row += 2 * V_LANES)
    output_rows(job, row, out, out_stride, 2);
  for (; row < job->rows; row += V_LANES)
    output_rows(job, row, out, out_stride, 1);
}

static const tl_window_path TL_PATH_NAME(path) = {V_WORDS, TL_PATH_NAME(score),
                                                  TL_PATH_NAME(outputs)};
