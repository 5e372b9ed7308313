/* checks.h: what prepare() of operators that move elements asks of tensors, also for reductions.
 *
 * Why: the schema passes axes, sizes and paddings as tensors. Here they become checked numbers, and
 * shapes become byte strides, once for all operators.
 * Threads: pure functions, but for the status of the setup. */
#ifndef TL_KERNELS_SHAPE_CHECKS_H
#define TL_KERNELS_SHAPE_CHECKS_H

#include "kernels/op_table.h"
#include "kernels/ops/shape/strided.h"

enum { TL_CONSTANTS_MAX = 2 * TL_TENSOR_RANK_MAX };

typedef struct tl_constants {
  int64_t values[TL_CONSTANTS_MAX];
  uint32_t count;
} tl_constants;

/* A constant int32 or int64 input of any rank with 1 .. max values (max <= TL_CONSTANTS_MAX).
 * what    its name for the message, e.g. "the axis"
 * errors  TL_KERNEL_E_UNSUPPORTED: absent, not constant, of another type, too many values */
tl_kernel_code tl_constants_read(const tl_op_setup *setup, uint32_t input, const char *what,
                                 uint32_t max, tl_constants *out);

/* Value number `index` of an int32 or int64 tensor, any alignment. */
int64_t tl_integer_at(const void *data, tl_tensor_type type, uint32_t index);
bool tl_is_integer(const tl_tensor *tensor);

/* An axis that may count from the end; false when it is outside of the rank. */
bool tl_axis(int64_t axis, uint32_t rank, uint32_t *out);

/* Bytes of one element, and the byte stride of every dimension of a row-major tensor. */
uint32_t tl_element_bytes(const tl_tensor *tensor);
void tl_tensor_steps(const tl_tensor *tensor, int64_t *steps);

/* Product of the dims [begin, end). */
uint32_t tl_dims_product(const tl_tensor *tensor, uint32_t begin, uint32_t end);

/* True when the tensor has exactly this shape. */
bool tl_shape_is(const tl_tensor *tensor, const int64_t *dims, uint32_t rank);
bool tl_shapes_equal(const tl_tensor *a, const tl_tensor *b);

/* Both not quantised, or with the same scale and zero point. */
bool tl_scales_equal(const tl_tensor *a, const tl_tensor *b);

/* The bytes of one element that means real 0: the zero point of a quantised tensor, else 0. */
void tl_zero_bytes(const tl_tensor *tensor, uint8_t value[8]);

/* A walk that writes the whole output in order and reads with the given byte strides. */
void tl_walk_whole_output(tl_strided *walk, const tl_tensor *output, const int64_t *from_steps,
                          int64_t from_begin);

/* Refuses when an input and the output differ in type. The usual first line of prepare(). */
tl_kernel_code tl_same_type(const tl_op_setup *setup, uint32_t input);

#endif
