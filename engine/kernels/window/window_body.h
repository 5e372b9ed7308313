/* window_body.h: the fleet-batched chain, once for all vector widths.
 *
 * A path includes its lanes_*.h (vectors V of V_LANES int32, one device a lane) and then this file;
 * what comes out are the functions of tl_window_path. Nothing here rounds or saturates other than
 * the reference does, so every path gives the same bytes. No header guard: included once a path.
 *
 * Speed (64-8-64): the multiplier is the limit, so everything else is kept off its port: rescaling
 * in float where proved, clamping by saturating packs, squares by absolute difference. Outputs go
 * in fours because four of them make a quad of bytes with three packs. */
#include "kernels/window/window_layer.h"

#define TL_INLINE TL_TARGET static inline __attribute__((always_inline))
#ifdef __clang__
#define TL_UNROLL _Pragma("unroll")
#else
#define TL_UNROLL _Pragma("GCC unroll 16")
#endif

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
  if (form == TL_RESCALE_INTEGER) return rescale_integer(acc, layer, output);
  const F above = F_SET(layer->above[output]);
  const F add =
      form == TL_RESCALE_FLOAT ? above : F_BY_SIGN(acc, above, F_SET(layer->below[output]));
  return V_OF(F_ADD(F_MUL(F_OF(acc), F_SET(layer->scale[output])), add));
}

/* One block of 4 outputs of a tile: reads layer->quads quads, writes one. */
TL_INLINE void block(const tl_window_layer *layer, const uint8_t *x, size_t x_stride,
                     const uint32_t *weights, uint32_t first_output, uint8_t *y, int groups)
{
  V acc[4][GROUPS_MAX];
  for (int j = 0; j < 4; j++)
    for (int g = 0; g < groups; g++) acc[j][g] = V_SET(layer->bias[first_output + (uint32_t)j]);
  for (uint32_t q = 0; q < layer->quads; q++, x += x_stride, weights += 4 * V_WORDS) {
    V part[GROUPS_MAX][V_WORDS];
    for (int g = 0; g < groups; g++) v_split(V_LOAD(x + g * V_BYTES), part[g]);
    for (int j = 0; j < 4; j++)
      for (int p = 0; p < V_WORDS; p++) {
        const V w = V_SET((int32_t)weights[j * V_WORDS + p]);
        for (int g = 0; g < groups; g++) acc[j][g] = v_dot(acc[j][g], part[g][p], w);
      }
  }
  for (int g = 0; g < groups; g++) {
    for (uint32_t j = 0; j < 4; j++)
      acc[j][g] = rescale(acc[j][g], layer, first_output + j, layer->form);
    const V bytes =
        v_pack_quad(v_pack_pair(acc[0][g], acc[1][g]), v_pack_pair(acc[2][g], acc[3][g]));
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
                                     uint8_t buffer[2][QUADS_MAX * TILE_BYTES_MAX], size_t *stride,
                                     int groups)
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

/* The last layer against the ring: outputs in slot order, squared differences summed. Any shape. */
TL_INLINE void score_tile(const tl_window_job *job, const tl_window_layer *layer, const uint8_t *h,
                          size_t h_stride, uint32_t row, int32_t *score, int groups)
{
  V hidden[QUADS_MAX][V_WORDS][GROUPS_MAX], sum[GROUPS_MAX];
  for (int g = 0; g < groups; g++) sum[g] = V_ZERO();
  for (uint32_t q = 0; q < layer->quads; q++)
    for (int g = 0; g < groups; g++) {
      V part[V_WORDS];
      v_split(V_LOAD(h + q * h_stride + (size_t)g * V_BYTES), part);
      for (int p = 0; p < V_WORDS; p++) hidden[q][p][g] = part[p];
    }
  const uint8_t *x = job->ring + 4 * (size_t)row;
  const uint32_t *weights = layer->row_weights + (size_t)job->offset * layer->quads * V_WORDS;
  uint32_t output = job->offset;
  const uint32_t tail = job->window->inputs % 4;
  for (uint32_t k = 0; k < job->window->quads; k++, x += job->stride_bytes) {
    V y[4][GROUPS_MAX];
    for (int j = 0; j < 4; j++, output++) {
      for (int g = 0; g < groups; g++) y[j][g] = V_SET(layer->bias[output]);
      for (uint32_t q = 0; q < layer->quads; q++)
        for (int p = 0; p < V_WORDS; p++) {
          const V w = V_SET((int32_t)*weights++);
          for (int g = 0; g < groups; g++) y[j][g] = v_dot(y[j][g], hidden[q][p][g], w);
        }
      for (int g = 0; g < groups; g++) y[j][g] = rescale(y[j][g], layer, output, layer->form);
    }
    for (int g = 0; g < groups; g++) {
      V bytes = v_pack_quad(v_pack_pair(y[0][g], y[1][g]), v_pack_pair(y[2][g], y[3][g]));
      bytes = V_MIN_U8(V_MAX_U8(bytes, V_SET((int32_t)(layer->low * 0x01010101u))),
                       V_SET((int32_t)(layer->high * 0x01010101u)));
      if (tail != 0 && k + 1 == job->window->quads) /* slots past the inputs hold 0 */
        bytes = V_AND(bytes, V_SET((int32_t)((1u << (8 * tail)) - 1u)));
      sum[g] = v_add_squares(sum[g], v_distance(bytes, V_LOAD(x + g * V_BYTES)));
    }
  }
  for (int g = 0; g < groups; g++) V_STORE(score + row + g * V_LANES, sum[g]);
}

/* What score_tile_plain has in flight: the output that is rescaled while the next one is summed,
 * and the quad that is compared with the ring meanwhile. */
typedef struct flight {
  V acc[GROUPS_MAX];                   /* summed, not yet rescaled */
  F real[GROUPS_MAX], add[GROUPS_MAX]; /* on its way */
  V y[4][GROUPS_MAX];                  /* rescaled outputs of a quad */
  V front[GROUPS_MAX];                 /* the first two of them, packed */
  V distance[GROUPS_MAX];              /* the other two, packed; then the quad, compared */
  V sum[GROUPS_MAX];
} flight;

/* One of the four stages of rescaling; the last gives output y. */
TL_INLINE void rescale_stage(flight *f, const tl_window_layer *layer, V *y, int stage, int groups)
{
  for (int g = 0; g < groups; g++) {
    if (stage == 0) {
      f->real[g] = F_OF(f->acc[g]);
      f->add[g] = F_BY_SIGN(f->acc[g], F_SET(layer->above[0]), F_SET(layer->below[0]));
    } else if (stage == 1) {
      f->real[g] = F_MUL(f->real[g], F_SET(layer->scale[0]));
      V_PIN(f->real[g]);
    } else if (stage == 2) {
      f->real[g] = F_ADD(f->real[g], f->add[g]);
      V_PIN(f->real[g]);
    } else {
      y[g] = V_OF(f->real[g]);
      V_PIN(y[g]);
    }
  }
}

/* Packs two outputs as soon as both are there: 0 and 1 after round 2, 2 and 3 after the next 0. */
TL_INLINE void pack_pair(flight *f, int j, int groups)
{
  for (int g = 0; g < groups; g++) {
    if (j == 2)
      f->front[g] = v_pack_pair(f->y[0][g], f->y[1][g]);
    else
      f->distance[g] = v_pack_pair(f->y[2][g], f->y[3][g]);
  }
}

/* One of the three steps of comparing the quad that is complete with x, its place in the ring. */
TL_INLINE void compare_step(flight *f, const uint8_t *x, int step, int groups)
{
  for (int g = 0; g < groups; g++) {
    if (step == 1)
      f->distance[g] = v_pack_quad(f->front[g], f->distance[g]);
    else if (step == 2)
      f->distance[g] = v_distance(f->distance[g], V_LOAD(x + g * V_BYTES));
    else
      f->sum[g] = v_add_squares(f->sum[g], f->distance[g]);
    if (step == 3)
      V_PIN(f->sum[g]);
    else
      V_PIN(f->distance[g]);
  }
}

/* The constants of score_tile_plain; `parts`: words of one row, `narrow`: see v_dot_narrow. */
typedef struct plain_shape {
  int groups, parts;
  bool narrow;
} plain_shape;

/* Sums output j of a quad while the one before is rescaled and the quad before is compared. */
TL_INLINE void next_output(flight *f, const tl_window_layer *layer,
                           V hidden[4 * V_WORDS][GROUPS_MAX], const uint32_t *weights, int32_t bias,
                           const uint8_t *compared, int j, plain_shape shape)
{
  V acc[GROUPS_MAX];
  for (int g = 0; g < shape.groups; g++) acc[g] = V_SET(bias);
  TL_UNROLL
  for (int p = 0; p < shape.parts; p++) {
    const V w = V_SET((int32_t)weights[p]);
    for (int g = 0; g < shape.groups; g++) {
      acc[g] =
          shape.narrow ? v_dot_narrow(acc[g], hidden[p][g], w) : v_dot(acc[g], hidden[p][g], w);
      V_PIN(acc[g]);
    }
    TL_UNROLL
    for (int stage = 0; stage < 4; stage++)
      if (stage * shape.parts / 4 == p)
        rescale_stage(f, layer, f->y[(j + 3) % 4], stage, shape.groups);
    if (p == 0 && j > 0) compare_step(f, compared, j, shape.groups);
    if (p + 1 == shape.parts && (j == 2 || j == 0)) pack_pair(f, j, shape.groups);
  }
  for (int g = 0; g < shape.groups; g++) f->acc[g] = acc[g];
}

/* score_tile for what detectors are: few hidden units, one scale with a proved float form, no clamp
 * beyond int8, inputs a multiple of 4. The shape is a constant.
 *
 * The queue before a CPU's vector units is short: a chain of dependent instructions that waits in it
 * stops everything behind. So the stages of one output's rescaling stand between the multiplications
 * of the next, and V_PIN keeps the compiler from sorting them together again. */
TL_INLINE void score_tile_plain(const tl_window_job *job, const tl_window_layer *layer,
                                const uint8_t *h, size_t h_stride, uint32_t row, int32_t *score,
                                plain_shape shape)
{
  const int words = shape.narrow ? 1 : V_WORDS;
  const uint8_t *x = job->ring + 4 * (size_t)row;
  const uint32_t *weights = layer->row_weights + (size_t)job->offset * (uint32_t)shape.parts;
  const int32_t *bias = layer->bias + job->offset;
  V hidden[4 * V_WORDS][GROUPS_MAX];
  flight f;
  for (int g = 0; g < shape.groups; g++) {
    TL_UNROLL
    for (int q = 0; q * words < shape.parts; q++) {
      V part[V_WORDS];
      const V quad = V_LOAD(h + (uint32_t)q * h_stride + (size_t)g * V_BYTES);
      v_split(quad, part);
      for (int p = 0; p < words; p++) hidden[q * words + p][g] = shape.narrow ? quad : part[p];
    }
    f.acc[g] = f.sum[g] = f.front[g] = f.distance[g] = V_ZERO();
    f.y[0][g] = f.y[1][g] = f.y[2][g] = f.y[3][g] = V_ZERO();
    f.real[g] = f.add[g] = F_SET(0.0f);
  }
  const uint8_t *compared = x; /* the quad before; in the first round nothing counts yet */
  for (uint32_t k = 0; k < job->window->quads; k++) {
    next_output(&f, layer, hidden, weights, bias[0], compared, 0, shape);
    next_output(&f, layer, hidden, weights + shape.parts, bias[1], compared, 1, shape);
    next_output(&f, layer, hidden, weights + 2 * shape.parts, bias[2], compared, 2, shape);
    next_output(&f, layer, hidden, weights + 3 * shape.parts, bias[3], compared, 3, shape);
    weights += 4 * shape.parts;
    bias += 4;
    if (k == 0)
      for (int g = 0; g < shape.groups; g++) f.sum[g] = V_ZERO();
    compared = x;
    x += job->stride_bytes;
  }
  TL_UNROLL
  for (int stage = 0; stage < 4; stage++) rescale_stage(&f, layer, f.y[3], stage, shape.groups);
  pack_pair(&f, 0, shape.groups);
  TL_UNROLL
  for (int step = 1; step < 4; step++) compare_step(&f, compared, step, shape.groups);
  for (int g = 0; g < shape.groups; g++) V_STORE(score + row + g * V_LANES, f.sum[g]);
}

TL_INLINE void score_rows(const tl_window_job *job, uint32_t row, int32_t *score, int groups)
{
  uint8_t buffer[2][QUADS_MAX * TILE_BYTES_MAX] __attribute__((aligned(64)));
  const tl_window_layer *last = &job->window->layers[job->window->layer_count - 1];
  size_t stride;
  const uint8_t *h = hidden_tile(job, row, buffer, &stride, groups);
  if (last->plain && last->narrow && last->quads == 1)
    score_tile_plain(job, last, h, stride, row, score, (plain_shape){groups, 1, true});
  else if (last->plain && last->narrow && last->quads == 2)
    score_tile_plain(job, last, h, stride, row, score, (plain_shape){groups, 2, true});
  else if (last->plain && last->narrow && last->quads == 4)
    score_tile_plain(job, last, h, stride, row, score, (plain_shape){groups, 4, true});
  else if (last->plain && last->quads == 1)
    score_tile_plain(job, last, h, stride, row, score, (plain_shape){groups, 1 * V_WORDS, false});
  else if (last->plain && last->quads == 2)
    score_tile_plain(job, last, h, stride, row, score, (plain_shape){groups, 2 * V_WORDS, false});
  else if (last->plain && last->quads == 4)
    score_tile_plain(job, last, h, stride, row, score, (plain_shape){groups, 4 * V_WORDS, false});
  else
    score_tile(job, last, h, stride, row, score, groups);
}

TL_TARGET static void TL_PATH_NAME(score)(const tl_window_job *job, int32_t *score)
{
  uint32_t row = 0;
  for (; row + 2 * V_LANES <= job->rows; row += 2 * V_LANES) score_rows(job, row, score, 2);
  for (; row < job->rows; row += V_LANES) score_rows(job, row, score, 1);
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
  for (; row < job->rows; row += V_LANES) output_rows(job, row, out, out_stride, 1);
}

static const tl_window_path TL_PATH_NAME(path) = {V_WORDS, V_NARROW != 0, TL_PATH_NAME(score),
                                                  TL_PATH_NAME(outputs)};
