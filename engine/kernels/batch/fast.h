/* fast.h: operators in a form for vector units, and the functions that a SIMD path brings.
 *
 * Why: packing is plain C and the same for all paths; what differs is how many inputs a vector lane
 * takes at once. A *unit* is 32 bits of consecutive inputs, or of the weights that meet them:
 *     TL_UNIT_BYTES   4 inputs as u = x + 128 (0 .. 255), 4 weights as int8      (AVX-512 VNNI)
 *     TL_UNIT_PAIRS   2 inputs as x - input_zero, 2 weights, int16 each          (SSE4.1, AVX2)
 *     TL_UNIT_HALVES  the same values, but a vector has the first of all its units, then the second
 *                     of all (depthwise inputs lie as pairs until they are read) (NEON)
 * A vector of `lanes` units of weights belongs to `lanes` consecutive outputs (channels).
 * Owns: nothing; packed forms point into the memory of tl_batch_pack, and into the model.
 * Threads: read-only after packing; scratch and arena belong to the caller's thread. */
#ifndef TL_KERNELS_BATCH_FAST_H
#define TL_KERNELS_BATCH_FAST_H

#include "kernels/batch.h"
#include "kernels/op_table.h"
#include "kernels/ops/dense/dense.h"
#include "kernels/ops/pointwise/pointwise.h"
#include "kernels/ops/reduce/reduce.h"

typedef enum tl_unit { TL_UNIT_BYTES, TL_UNIT_PAIRS, TL_UNIT_HALVES } tl_unit;

typedef enum tl_fast_kind {
  TL_FAST_NONE, /* runs as in tl_model_run, device by device */
  TL_FAST_GEMM, /* FULLY_CONNECTED, CONV_2D, DEPTHWISE_CONV_2D of one channel */
  TL_FAST_DEPTHWISE,
  TL_FAST_PAIR, /* ADD, SUB */
  TL_FAST_POOL, /* AVERAGE_POOL_2D, MAX_POOL_2D */
  TL_FAST_KIND_COUNT
} tl_fast_kind;

/* `count` devices of a tile: tensors of device d stand at arena + d * device_bytes. */
typedef struct tl_fast_job {
  uint8_t *arena, *scratch;
  size_t device_bytes;
  uint32_t count;
} tl_fast_job;

typedef struct tl_fast_path {
  tl_unit unit;
  uint32_t lanes;   /* int32 lanes of a vector */
  uint32_t vectors; /* most vectors of outputs that one pass has, a power of 2 */
  bool fused;       /* multiplies and adds with one rounding */
  bool narrow;      /* multiplies bytes into int16, too (narrow_pack.c) */
  void (*run[TL_FAST_KIND_COUNT])(const void *packed, const tl_fast_job *job);
} tl_fast_path;

/* NULL when not built for this machine. */
const tl_fast_path *tl_fast_path_sse(void);
const tl_fast_path *tl_fast_path_avx2(void);
const tl_fast_path *tl_fast_path_vnni(void);
const tl_fast_path *tl_fast_path_neon(void);

struct tl_batch_op {
  tl_fast_kind kind;
  const void *packed;
};

/* tl_batch_pack with a path of the caller's (NULL: no vector code), so that tests can run one over C
 * stand-ins. */
tl_kernel_code tl_batch_pack_path(tl_batch *out, void *memory, size_t memory_bytes,
                                  const tl_model *model, const tl_fast_path *path,
                                  tl_kernel_status *status);

/* ---- packing ---- */

/* Hands out aligned pieces of the caller's memory; with base == NULL it only counts. */
typedef struct tl_cutter {
  uint8_t *base;
  size_t used;
} tl_cutter;
void *tl_cut(tl_cutter *cutter, size_t bytes);

/* Tables larger than this are not made; such an operator runs as it stands. */
enum { TL_PACKED_BYTES_MAX = 1 << 28 };

/* What packing one operator is told, and says. */
typedef struct tl_fast_pack {
  const tl_model *model;
  const tl_op *op;
  const tl_fast_path *path;
  uint32_t tile; /* devices at once */
  tl_cutter *cutter;
  size_t scratch_bytes; /* out: what running it needs */
  const void *packed;   /* out; NULL while only counting */
} tl_fast_pack;

/* Each: true when the operator has an exact vector form on this path. */
bool tl_gemm_pack(tl_fast_pack *pack);
bool tl_depthwise_pack(tl_fast_pack *pack);
bool tl_pair_pack(tl_fast_pack *pack);
bool tl_pool_pack(tl_fast_pack *pack);

/* Whether vector code may read or write it: int8, in the arena. */
bool tl_fast_takes(const tl_tensor *tensor);

uint32_t tl_unit_inputs(tl_unit unit);      /* 4 or 2 */
uint32_t tl_unit_input_bytes(tl_unit unit); /* 1 or 2 */

/* Weight `tap` of output `o`: data[o * output_step + tap * tap_step]. */
typedef struct tl_weights {
  const int8_t *data;
  size_t output_step, tap_step;
  uint32_t outputs, taps;
} tl_weights;

/* Puts weights `tap` and on of the first output into a lane of a vector of units; zeros past the
 * taps, or if there is no output. */
void tl_unit_put(uint8_t *out, const tl_fast_path *path, uint32_t lane, const tl_weights *weights,
                 uint32_t tap);

/* ---- rescaling: from int32 sums to int8 outputs (rescale.c) ---- */

typedef enum tl_fast_form {
  TL_FORM_FLOAT,         /* round(sum * scale + above), half to even */
  TL_FORM_FLOAT_BY_SIGN, /* round(sum * scale + (sum < 0 ? below : above)) */
  TL_FORM_SHIFTED,       /* sums are floats by their bits, and so is the result (prove.c) */
  TL_FORM_INTEGER        /* tl_fixed_mul, then + zero */
} tl_fast_form;

/* One value an output, padded to whole vectors; sums begin at `start`. The float forms are used only
 * where tl_fast_prove has shown that they give the integer result for every sum that can occur. */
typedef struct tl_rescaling {
  const int32_t *start; /* bias, with the input's offset folded in */
  const float *scale, *above, *below;
  const int32_t *multiplier, *left, *right;
  int32_t zero;
  tl_fast_form form;
  int8_t low, high; /* clamp */
} tl_rescaling;

/* What rescaling needs to know of an operator. */
typedef struct tl_sums {
  tl_weights weights;
  const tl_scale *scales; /* scale_count: 1 or outputs */
  uint32_t scale_count;
  const uint8_t *bias; /* int32 in the file, or NULL */
  int32_t input_zero, output_zero;
  tl_range range;
  tl_unit unit; /* how inputs are staged */
} tl_sums;

/* Channels that training has left dead have a huge bias beside tiny weights, or no weights at all:
 * one output whatever comes in. Their weights are to be packed as zeros. */
bool tl_sums_constant(const tl_sums *sums, uint32_t output);

/* False where vector code would not be exact: single rounding, sums of 2^30 and more.
 * padded  outputs rounded up to whole vectors */
bool tl_rescaling_pack(tl_rescaling *out, const tl_sums *sums, const tl_fast_path *path,
                       uint32_t padded, tl_cutter *cutter);

/* The float form of one output, if there is one (prove.c).
 * sums   those that can occur, within +-2^30 even when shifted left
 * fused  the path multiplies and adds with one rounding */
typedef struct tl_fast_float {
  float scale, above, below;
  bool one_sided; /* above == below */
} tl_fast_float;
bool tl_fast_prove(tl_scale scale, int32_t zero, tl_range range, tl_range sums, bool fused,
                   tl_fast_float *out);

/* The float with the bits of 1.5 * 2^23, plus sum + shift, times scale, plus add: 1.5 * 2^23 + y, whose
 * integer stands in the low bits. Paths that are fused only. */
enum { TL_SHIFTED_BITS = 0x4B400000 /* of 1.5 * 2^23 */ };
typedef struct tl_fast_shifted {
  float scale, add;
  int32_t shift;
} tl_fast_shifted;
bool tl_fast_prove_shifted(tl_scale scale, int32_t zero, tl_range range, tl_range sums,
                           tl_fast_shifted *out);

/* Fills `count` values of each table by repeating the first `outputs`. */
void tl_rescaling_repeat(tl_rescaling *rescaling, uint32_t outputs, uint32_t count);

/* ---- matrix product (gemm_pack.c, gemm_body.h) ---- */

/* One axis of an image as it is staged: padded, without what a stride skips when the kernel is 1. */
typedef struct tl_staged_axis {
  int32_t in, out; /* of the operator */
  int32_t size;    /* staged positions; number s holds input first + s * step */
  int32_t first, step;
  int32_t stride; /* staged positions from one output to the next */
} tl_staged_axis;

enum { TL_PANEL_VECTORS = 4 };

/* Outputs [first, first + count) in `vectors` vectors. */
typedef struct tl_panel {
  uint32_t first, count, vectors;
  size_t weights;                   /* byte offset of its table: [run][unit][vector][lane] */
  uint32_t rests[TL_PANEL_VECTORS]; /* narrow form: of each vector, and the first of all */
  uint32_t first_rest;
} tl_panel;

/* Images of `inputs` channels are staged as units; an output pixel sums `runs` runs of `units` units,
 * run r at byte offsets[r] from its first tap. FULLY_CONNECTED: a row of inputs is a pixel. */
typedef struct tl_gemm {
  uint32_t in_offset, out_offset; /* of the tensors in the arena */
  uint32_t images;                /* of one device */
  uint32_t inputs, outputs;       /* channels */
  tl_staged_axis y, x;
  uint32_t runs, units;
  const uint32_t *offsets;      /* of runs */
  const uint32_t *unit_offsets; /* of all units of all runs; not in the narrow form */
  uint32_t pixel_bytes, line_bytes, image_bytes; /* staged */
  uint32_t group;                                /* devices staged at once */
  /* Rows that lie equally far apart, in the staged image and in the output: a line, or the whole. */
  uint32_t run_rows, runs_of_image, run_bytes;
  bool row_a_device; /* a device has one row: all devices are one run */
  int32_t input_zero;
  uint32_t panel_count;
  const tl_panel *panels;
  const uint8_t *weights;
  /* The narrow form (narrow_pack.c): `narrow` units are summed in int16, from an offset, before they
   * are widened; tables are [run][units / narrow][offsets, then narrow times units][vector][lane].
   * Rests are units that did not fit: at byte rest_offsets[] of the row. */
  uint32_t narrow; /* 0: the plain form */
  const uint32_t *rest_offsets;
  const uint8_t *rest_weights;
  tl_rescaling rescaling;
} tl_gemm;

/* How many units to sum in int16, 0 if the plain form is faster; run_taps: of one of `runs` runs. */
uint32_t tl_narrow_choose(const tl_sums *sums, uint32_t lanes, uint32_t runs, uint32_t run_taps);

/* Panels and weights for gemm->narrow; gemm->units is a multiple of it. Corrects the starts. */
void tl_narrow_pack(tl_gemm *gemm, const tl_sums *sums, uint32_t lanes, uint32_t run_taps,
                    tl_cutter *cutter);

/* ---- depthwise (depthwise_pack.c, depthwise_body.h) ---- */

/* Each input line is copied with its padding, columns sorted by their place modulo the stride (if
 * need be), and channels multiplied; then the taps of a column become units of consecutive lines. So one output
 * line is a sum of shifted arrays, pixels and channels alike: output number i (pixel * outputs +
 * channel) adds unit i + shift[k] of tap k of each group. Tables repeat the channels, so that every
 * vector of a pass of `vectors * lanes` outputs has its own: pass number n uses table n % tables.
 * Where output lines move by one input line, the last group begins at kernel - inputs of a unit (what
 * it has in common with the group before is 0 there): so every line of units serves several output
 * lines, and only one is made for each; they stand in a ring. */
typedef struct tl_depthwise {
  uint32_t in_offset, out_offset; /* of the tensors in the arena */
  uint32_t images;                /* of one device */
  uint32_t inputs, outputs;       /* channels */
  tl_conv_axis y, x;
  uint32_t places;        /* the stride, or 1 where whole vectors lie in one pixel: then unsorted */
  uint32_t columns;       /* of a copied line, for each place */
  uint32_t pixel_step;    /* columns from one output pixel to the next */
  uint32_t line_bytes;    /* of a copied line, with room to read past it */
  uint32_t groups;        /* of units: lines of taps, by inputs of a unit */
  const uint32_t *starts; /* of each group: its first tap */
  uint32_t ring;          /* lines of units that are kept; 0: made afresh for each output line */
  uint32_t group_bytes;   /* of one line of units */
  uint32_t taps;          /* groups * taps of a line */
  const uint32_t *shift;  /* of the taps of a line: bytes into the units */
  int32_t input_zero;
  uint32_t tables;
  const uint8_t *weights; /* [table][group][tap of a line][vector][lane] */
  tl_rescaling rescaling;
} tl_depthwise;

/* ---- pairs and pools (pair_pack.c, pair_body.h, pool_body.h) ---- */

/* y = (((x1 h1 + x2 h2) << 6) + ((x1 l1 + x2 l2) >> 9) + constant) >> shift, clamped. */
typedef struct tl_fast_pair {
  uint32_t in_offset[2], out_offset; /* of the tensors in the arena */
  uint32_t count;
  int16_t high[2], low[2];
  int32_t constant, shift;
  int8_t low_clamp, high_clamp;
} tl_fast_pair;

typedef struct tl_fast_pool {
  const tl_pool_data *pool;
  uint32_t in_offset, out_offset; /* of the tensors in the arena */
  bool average;
} tl_fast_pool;

#endif
