/* strided.h: one walk that copies elements between two tensors, each with its own strides.
 *
 * Why: slicing, transposing, reversing, padding, broadcasting, joining and cutting into blocks differ
 * only in their strides, so nine operators share one loop. With byte offsets, for every index i:
 *     to[to_begin + sum(i[d] * to_step[d])] = from[from_begin + sum(i[d] * from_step[d])]
 * Dimensions that lie as one in both tensors are joined when the walk is built, and a contiguous
 * innermost one becomes a longer run of bytes, so that a plain copy is one memcpy.
 * Threads: a walk is read-only once built. */
#ifndef TL_KERNELS_STRIDED_H
#define TL_KERNELS_STRIDED_H

#include "kernels/model.h"

#include <stddef.h>
#include <stdint.h>

enum { TL_STRIDED_RANK_MAX = TL_TENSOR_RANK_MAX };

typedef struct tl_strided {
  uint32_t dims[TL_STRIDED_RANK_MAX];
  int32_t from_step[TL_STRIDED_RANK_MAX], to_step[TL_STRIDED_RANK_MAX]; /* bytes */
  uint32_t from_begin, to_begin;                                        /* bytes */
  uint32_t rank;
  uint32_t run; /* bytes that lie together on both sides */
} tl_strided;

/* Building: start, the dimensions from the outermost to the innermost, end.
 * All places that the walk visits must lie inside of their tensors (below 2 GiB): a step of a
 * dimension that has one index only is ignored, and so may be anything. */
void tl_strided_start(tl_strided *walk, uint32_t element_bytes);
void tl_strided_add(tl_strided *walk, uint32_t dim, int64_t from_step, int64_t to_step);
void tl_strided_end(tl_strided *walk);

/* The two sides must not overlap where the walk reads and writes. Any alignment. */
void tl_strided_copy(const tl_strided *walk, uint8_t *to, const uint8_t *from);

/* Sets `count` elements to one value of element_bytes bytes. */
void tl_strided_fill(uint8_t *to, const uint8_t *value, uint32_t element_bytes, uint32_t count);

#endif
