/* batch.h: one model for many devices: weights packed for a CPU path, operators run device by device in tiles.
 *
 * Why: devices of a block share the model. Weights are laid out once for the vector unit and stay in
 * the cache while a tile of devices passes over them; activations stay row-major, one arena a device
 * of the tile, so that every operator without vector code runs unchanged. Every path gives the bytes
 * of tl_model_run.
 *
 *     for each tile of `tile` devices:  for each operator:  for each device of the tile: run
 *
 * Owns: nothing. tl_batch points into the caller's memory and the model (and so its file).
 * Threads: read-only after tl_batch_pack; any number of threads may run it, each with its arena. */
#ifndef TL_KERNELS_BATCH_H
#define TL_KERNELS_BATCH_H

#include "kernels/model.h"
#include "kernels/path.h"
#include "kernels/status.h"

#include <stddef.h>
#include <stdint.h>

enum { TL_BATCH_ALIGN = 64 /* of packed memory and arena, in bytes */ };

struct tl_batch_op;
struct tl_fast_path;

typedef struct tl_batch {
  const tl_model *model;
  const struct tl_batch_op *ops;          /* model->op_count of them */
  const struct tl_fast_path *vector_code; /* NULL: none on this path */
  tl_kernel_path path;
  uint32_t tile;       /* devices that pass over an operator's weights together, at least 1 */
  size_t device_bytes; /* arena of one device of a tile */
  size_t arena_bytes;  /* what one thread needs: tile * device_bytes and scratch of vector code */
  size_t packed_bytes; /* what the weights took of the caller's memory */
  uint32_t fast_count; /* operators with vector code on this path */
} tl_batch;

/* Bytes of memory that tl_batch_pack needs for this model (an upper bound over all paths). */
TL_API size_t tl_batch_pack_bytes(const tl_model *model);

/* Packs a model for one path.
 * memory  aligned to TL_BATCH_ALIGN, at least tl_batch_pack_bytes(model)
 * errors  TL_KERNEL_E_UNSUPPORTED: the path is not built; TL_KERNEL_E_MEMORY */
TL_API tl_kernel_code tl_batch_pack(tl_batch *out, void *memory, size_t memory_bytes,
                                    const tl_model *model, tl_kernel_path path,
                                    tl_kernel_status *status);

/* Runs `count` inferences, one a device.
 * arena    aligned to TL_BATCH_ALIGN, at least batch->arena_bytes
 * state    count blocks of model->state_bytes, one after the other; NULL if state_bytes is 0
 * inputs   model->input_count pointers: device d's tensor stands at inputs[i] + d * its bytes
 * outputs  likewise, model->output_count
 * errors   TL_KERNEL_E_MEMORY: arena too small or badly aligned, state absent */
TL_API tl_kernel_code tl_model_run_batch(const tl_batch *batch, void *arena, size_t arena_bytes,
                                         void *state, uint32_t count, const void *const *inputs,
                                         void *const *outputs, tl_kernel_status *status);

#endif
