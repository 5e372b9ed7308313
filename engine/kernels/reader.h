/* reader.h: from the bytes of a .tflite to the tables of a tl_model; inside of this room.
 *
 * Order: tl_reader_start (file and counts are sound), tl_reader_memory_bytes (what the tables
 * need), tl_reader_read (fills the tables, prepares operators). tl_model_open joins them.
 * Threads: no shared state. */
#ifndef TL_KERNELS_READER_H
#define TL_KERNELS_READER_H

#include "kernels/op_table.h"

typedef struct tl_reader {
  tl_flat flat;
  uint64_t file_bytes; /* may pass the flatbuffer, which stays below 2 GiB */
  tl_flat_vector codes, buffers, tensors, ops, inputs, outputs;
  tl_kernel_status *status;
} tl_reader;

/* One operator as the file has it; row is NULL if this room does not run it. */
typedef struct tl_op_view {
  const tl_op_row *row;
  tl_flat_vector inputs, outputs; /* lists of tensor indices, not yet checked */
  tl_flat_table options;
} tl_op_view;

/* A bump allocator over the caller's memory. */
typedef struct tl_bump {
  uint8_t *base;
  size_t used, bytes;
} tl_bump;

/* NULL when full. Aligned to TL_MODEL_ALIGN, zeroed. */
void *tl_bump_take(tl_bump *bump, size_t bytes);

tl_kernel_code tl_reader_start(tl_reader *out, const void *file, size_t file_bytes,
                               tl_kernel_status *status);
tl_kernel_code tl_reader_memory_bytes(const tl_reader *reader, size_t *out);
tl_kernel_code tl_reader_read(const tl_reader *reader, tl_model *model, tl_bump *bump);

/* Bytes of all tables that do not depend on operators; bytes that one operator with a row adds. */
uint64_t tl_reader_tables_bytes(const tl_reader *reader);
tl_kernel_code tl_reader_op_bytes(const tl_reader *reader, const tl_op_view *op, uint64_t *out);

/* The parts of tl_reader_read, for survey.c: all tensors; one operator (node < reader->ops.count), seen and
 * then prepared. status->node and status->op say which, whatever comes of it. */
tl_kernel_code tl_reader_read_tensors(const tl_reader *reader, tl_model *model, tl_bump *bump);
tl_kernel_code tl_reader_op(const tl_reader *reader, uint32_t node, tl_op_view *out);
tl_kernel_code tl_reader_read_op(const tl_reader *reader, tl_model *model, uint32_t node,
                                 tl_bump *bump);

/* plan.c: lifetimes, then one arena. Fills first_op, last_op, arena_offset, arena_bytes.
 * errors  TL_KERNEL_E_FORMAT: an operator reads what nothing has written, or writes what is
 *         constant or written before */
tl_kernel_code tl_plan_lifetimes(tl_model *model, tl_kernel_status *status);
tl_kernel_code tl_plan_arena(tl_model *model, tl_bump *bump, tl_kernel_status *status);

#endif
