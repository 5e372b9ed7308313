/* window.h: one fully-connected int8 model over the sliding windows of a whole block of devices.
 *
 * Why: devices of a block share the model, so one pass over the weights serves many inputs. The
 * windows live in a ring whose slots stay put; the *weights* rotate instead (a doubled packed
 * table, read at an offset that follows the phase), because shifting the ring costs more than the
 * inference. Every path gives the bytes of tl_model_run on the gathered window.
 *
 * The ring of one block, `quads` = ceil(inputs / 4), `stride` = rows reserved in the ring:
 *
 *     uint8_t ring[quads][stride][4];            slot s of row r: ring[s / 4][r][s % 4]
 *
 * A byte is q + 128 (q: the int8 input). Slot s = (sample mod window) * channels + channel, and the
 * model's flattened input is time * channels + channel, oldest sample first. Bytes of slots past
 * `inputs` are 0 and stay 0. `phase` is the number of samples pushed so far mod window: the slot
 * of the next push and of the oldest sample.
 * The ring is plain bytes: copy it for a snapshot, hash it for a digest. A caller with fewer rows
 * than a multiple of TL_WINDOW_ROWS rounds up; spare rows are computed and ignored.
 *
 * Owns: nothing. tl_window points into the caller's memory and into the model (and so its file).
 * Threads: read-only after tl_window_pack; any number of threads may score different blocks. */
#ifndef TL_KERNELS_WINDOW_H
#define TL_KERNELS_WINDOW_H

#include "kernels/model.h"
#include "kernels/path.h"
#include "kernels/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  TL_WINDOW_ROWS = 16,       /* rows and stride are multiples of this */
  TL_WINDOW_ALIGN = 64,      /* of ring and packed memory, in bytes */
  TL_WINDOW_WIDTH_MAX = 512, /* outputs of a layer that is not the last */
  TL_WINDOW_INPUTS_MAX = 4096
};

struct tl_window_layer;

typedef struct tl_window {
  const struct tl_window_layer *layers;
  uint32_t layer_count;
  tl_kernel_path path;
  uint32_t inputs; /* window * channels */
  uint32_t outputs;
  uint32_t window;   /* samples */
  uint32_t channels; /* values a sample */
  uint32_t quads;    /* ceil(inputs / 4) */
  bool reconstructs; /* outputs == inputs: tl_window_score has a meaning */
  bool proved;       /* every layer rescales in the faster float form, proved equal at pack time */
  float input_scale, output_scale;
  int32_t input_zero_point, output_zero_point;
  double input_per_unit; /* 1 / input_scale */
} tl_window;

/* Bytes of memory that tl_window_pack needs for this model (any path, any channels).
 * 0 when the model is no chain of int8 FULLY_CONNECTED layers; tl_window_pack says why. */
size_t tl_window_pack_bytes(const tl_model *model);

/* Packs a model for one path.
 * memory    aligned to TL_WINDOW_ALIGN, at least tl_window_pack_bytes(model)
 * model     one int8 input, one int8 output; FULLY_CONNECTED layers with RESHAPE between allowed
 * channels  values a sample; divides the model's input count
 * errors    TL_KERNEL_E_UNSUPPORTED: not such a chain, a layer too wide, accumulators that could
 *           overflow, a path that is not built; TL_KERNEL_E_ARG: channels; TL_KERNEL_E_MEMORY */
tl_kernel_code tl_window_pack(tl_window *out, void *memory, size_t memory_bytes,
                              const tl_model *model, uint32_t channels, tl_kernel_path path,
                              tl_kernel_status *status);

/* Bytes of a ring of `stride` rows: quads * stride * 4. */
size_t tl_window_ring_bytes(const tl_window *window, uint32_t stride);

/* Fills rows [0, stride) with the input's zero point, i.e. real 0. */
void tl_window_clear(const tl_window *window, uint8_t *ring, uint32_t stride);

/* Writes one channel of the newest sample of rows [0, rows). The caller then advances its phase:
 * (phase + 1) % window, once all channels are in.
 * rows   at most stride, any number
 * phase  0 .. window - 1;  channel 0 .. channels - 1 */
void tl_window_push(const tl_window *window, uint8_t *ring, uint32_t stride, uint32_t rows,
                    uint32_t phase, uint32_t channel, const int8_t *q);

/* The same from real values, in the unit the model was trained on:
 * q = clamp(round_half_even(value * input_per_unit) + input_zero_point, -128, 127), the product in
 * double. A NaN gives -128 (the caller checks its state elsewhere). rows: any number. */
void tl_window_push_real(const tl_window *window, uint8_t *ring, uint32_t stride, uint32_t rows,
                         uint32_t phase, uint32_t channel, const double *value);

/* Reconstruction error of rows [0, rows): the sum over all inputs of (output - input)^2, in int8
 * steps (so only meaningful when input and output have the same scale and zero point, which
 * tl_window_pack does not demand). Needs window->reconstructs.
 * ring   aligned to TL_WINDOW_ALIGN; to score rows from r on (r a multiple of 16) pass ring + 4 r
 * rows   a multiple of TL_WINDOW_ROWS;  score: rows values */
void tl_window_score(const tl_window *window, const uint8_t *ring, uint32_t stride, uint32_t rows,
                     uint32_t phase, int32_t *score);

/* All outputs of rows [0, rows): out[o * stride + row], o in the model's order (time order for a
 * reconstruction, not slot order). out: window->outputs * stride bytes. */
void tl_window_outputs(const tl_window *window, const uint8_t *ring, uint32_t stride, uint32_t rows,
                       uint32_t phase, int8_t *out);

/* One row's window in time order, as tl_model_run takes it. out: window->inputs values. */
void tl_window_gather(const tl_window *window, const uint8_t *ring, uint32_t stride, uint32_t row,
                      uint32_t phase, int8_t *out);

#endif
