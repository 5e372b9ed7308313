/* window_layer.h: the packed form of a chain of layers, and the functions a SIMD path brings.
 *
 * All values between layers are bytes u = y + offset (0 .. 255), four outputs of one device side by
 * side: a *quad*. A tile of devices has its quads one after the other, as the ring has. So every
 * layer reads what the one before wrote, and the ring is just the first of them.
 *
 * Weights are packed in 32-bit words; `words` of them hold the four weights that meet one quad of
 * one output: 2 (two int16 each, weights 0 2 and 1 3) for SSE and AVX2, 1 (four int8) for VNNI,
 * 4 (one int32 each) for NEON.
 *     blocks:  [residue][block of 4 outputs][quad][4 outputs][words]
 *              residue 0..3 only for the first layer, whose quads are a doubled table of inputs
 *              that starts at any input: offset o stands at residue o % 4, quad o / 4
 *     rows:    [output, doubled][quad][words]; only for the last layer of a reconstruction, whose
 *              outputs start at any offset, too
 * Threads: read-only after packing. */
#ifndef TL_KERNELS_WINDOW_LAYER_H
#define TL_KERNELS_WINDOW_LAYER_H

#include "kernels/ops/dense/dense.h"
#include "kernels/window.h"

/* How an accumulator becomes an output. The float forms are used only where tl_window_prove has
 * shown that they give the integer result for every accumulator that can occur. */
typedef enum tl_rescale {
  TL_RESCALE_FLOAT,         /* round(acc * scale + above) */
  TL_RESCALE_FLOAT_BY_SIGN, /* round(acc * scale + (acc < 0 ? below : above)) */
  TL_RESCALE_INTEGER        /* tl_fixed_mul */
} tl_rescale;

typedef struct tl_window_layer {
  const tl_fc_data *fc; /* of the model: what the scalar path runs */
  uint32_t quads;       /* of its input */
  uint32_t table_quads; /* quads of one block: `quads`, or more for the doubled first layer */
  uint32_t blocks;      /* of 4 outputs */
  const uint32_t *block_weights;
  const uint32_t *row_weights; /* NULL but for the last layer of a reconstruction */
  /* One value an output, padded and (last layer of a reconstruction) doubled. */
  const int32_t *bias; /* with the zero points folded in */
  const float *scale, *above, *below;
  const int32_t *multiplier, *left, *right;
  int32_t add; /* zero point + offset, for TL_RESCALE_INTEGER */
  int32_t offset;
  tl_rescale form;
  bool per_tensor;   /* all outputs share scale, above, below: element 0 */
  uint8_t low, high; /* clamp of the byte; 0 and 255: packing does it */
  bool plain;        /* of the last layer of a reconstruction: fits score_tile_plain */
  bool narrow; /* plain, and its rows have one word a quad: products of a pair stay in int16 */
} tl_window_layer;

/* What the functions below get: the phase as an offset into the doubled tables, 1 .. inputs. */
typedef struct tl_window_job {
  const tl_window *window;
  const uint8_t *ring;
  size_t stride_bytes; /* of one quad in the ring */
  uint32_t rows;
  uint32_t offset; /* inputs - phase * channels */
} tl_window_job;

typedef struct tl_window_path {
  uint32_t words;
  bool narrow; /* can multiply bytes in pairs */
  void (*score)(const tl_window_job *job, int32_t *score);
  void (*outputs)(const tl_window_job *job, int8_t *out, uint32_t stride);
} tl_window_path;

/* NULL when not built for this machine. */
const tl_window_path *tl_window_path_sse(void);
const tl_window_path *tl_window_path_avx2(void);
const tl_window_path *tl_window_path_vnni(void);
const tl_window_path *tl_window_path_neon(void);
const tl_window_path *tl_window_path_find(tl_kernel_path path); /* NULL for scalar, too */

/* tl_window_pack for tables of so many words, whatever the path; inside of this room and for tests
 * that run a path over C stand-ins. The window is left on the scalar path. */
tl_kernel_code tl_window_pack_words(tl_window *out, void *memory, size_t memory_bytes,
                                    const tl_model *model, uint32_t channels, uint32_t words,
                                    bool narrow, tl_kernel_status *status);

/* The float form of one output, if there is one (window_prove.c).
 * accumulators  the range that can occur
 * out           scale, above, below and whether one constant serves both signs */
typedef struct tl_float_form {
  float scale, above, below;
  bool one_sided;
} tl_float_form;
bool tl_window_prove(tl_scale scale, int32_t zero, int32_t offset, tl_range range,
                     tl_range accumulators, tl_float_form *out);

#endif
