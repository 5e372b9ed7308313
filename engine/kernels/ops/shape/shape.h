/* shape.h: elements move, none changes (RESIZE_BILINEAR, which mixes four, stands with its sibling).
 *
 * Why: outputs are the inputs' bytes in another order or place, so every element type goes that the
 * reader knows, unless an operator says otherwise. prepare() turns shapes, options and constant
 * parameters into walks (strided.h); eval() trusts them. Indices that come at run time are clamped
 * into the tensor, because eval() cannot fail where TFLite Micro would give an error.
 * Threads: see op_table.h. */
#ifndef TL_KERNELS_SHAPE_H
#define TL_KERNELS_SHAPE_H

#include "kernels/op_table.h"
#include "kernels/ops/shape/strided.h"

/* reshape.c: a copy; SQUEEZE and EXPAND_DIMS, too */
TL_OP(reshape);

/* join.c: CONCATENATION and PACK; SPLIT, SPLIT_V and UNPACK. Seen from the axis, a tensor is
 * `outer` slabs of equally many bytes. */
typedef struct tl_join_data {
  uint32_t outer;
} tl_join_data;
tl_kernel_code tl_concatenation_prepare(const tl_op_setup *setup);
tl_kernel_code tl_pack_prepare(const tl_op_setup *setup);
void tl_join_eval(const tl_model *model, const tl_op *op, const tl_place *place);

typedef struct tl_split_data {
  uint32_t outer;
  uint32_t input; /* which operand is cut: SPLIT has the axis first */
} tl_split_data;
tl_kernel_code tl_split_prepare(const tl_op_setup *setup);
tl_kernel_code tl_split_v_prepare(const tl_op_setup *setup);
tl_kernel_code tl_unpack_prepare(const tl_op_setup *setup);
void tl_split_eval(const tl_model *model, const tl_op *op, const tl_place *place);

/* pad.c: PAD and PADV2 */
typedef struct tl_pad_data {
  tl_strided walk;
  uint8_t value[8];
  uint32_t element_bytes, count;
  bool value_is_input;
} tl_pad_data;
TL_OP(pad);

/* pad.c: MIRROR_PAD copies the input into the middle, then mirrors one dimension after the other. */
typedef struct tl_mirror_pad_data {
  tl_strided middle;
  tl_strided before[TL_TENSOR_RANK_MAX], after[TL_TENSOR_RANK_MAX];
  bool has_before[TL_TENSOR_RANK_MAX], has_after[TL_TENSOR_RANK_MAX];
  uint32_t rank;
} tl_mirror_pad_data;
TL_OP(mirror_pad);

/* transpose.c: one walk from the whole input; STRIDED_SLICE and BROADCAST_TO are that, too */
typedef struct tl_move_data {
  tl_strided walk;
} tl_move_data;
tl_kernel_code tl_transpose_prepare(const tl_op_setup *setup);
tl_kernel_code tl_reverse_prepare(const tl_op_setup *setup);
tl_kernel_code tl_strided_slice_prepare(const tl_op_setup *setup); /* strided_slice.c */
tl_kernel_code tl_broadcast_to_prepare(const tl_op_setup *setup);  /* broadcast.c */
void tl_move_eval(const tl_model *model, const tl_op *op, const tl_place *place);

/* slice.c: SLICE and DYNAMIC_UPDATE_SLICE: a window of one tensor, where it begins may come at run
 * time */
typedef struct tl_slice_data {
  tl_strided walk;
  uint32_t begin_max[TL_TENSOR_RANK_MAX]; /* so that the window stays inside */
  uint32_t step[TL_TENSOR_RANK_MAX];      /* bytes, of the tensor that has the window */
  uint32_t rank;
  tl_tensor_type begin_type;
} tl_slice_data;
TL_OP(slice);
TL_OP(dynamic_update_slice);

/* gather.c */
typedef struct tl_gather_data {
  uint32_t batch, outer, indices, axis_size;
  uint32_t inner_bytes;
} tl_gather_data;
TL_OP(gather);

typedef struct tl_gather_nd_data {
  uint32_t dims[TL_TENSOR_RANK_MAX], step[TL_TENSOR_RANK_MAX]; /* of the first `depth` dimensions */
  uint32_t depth, count;
  uint32_t slice_bytes;
} tl_gather_nd_data;
TL_OP(gather_nd);

/* blocks.c: SPACE_TO_DEPTH and DEPTH_TO_SPACE are moves. SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND
 * are a move for each position in a block, cut where paddings or crops are. */
tl_kernel_code tl_space_to_depth_prepare(const tl_op_setup *setup);
tl_kernel_code tl_depth_to_space_prepare(const tl_op_setup *setup);

enum { TL_BLOCK_RANK_MAX = TL_TENSOR_RANK_MAX - 1 };

typedef struct tl_blocks_side {
  uint32_t dims[TL_BLOCK_RANK_MAX]; /* of the blocked dimensions */
  int64_t step[TL_BLOCK_RANK_MAX];
  int64_t batch_step;
} tl_blocks_side;

typedef struct tl_blocks_data {
  tl_blocks_side space, batched;
  uint32_t block[TL_BLOCK_RANK_MAX], before[TL_BLOCK_RANK_MAX];
  uint32_t rank;      /* blocked dimensions */
  uint32_t batch;     /* of the space side */
  uint32_t positions; /* product of block */
  uint32_t run;       /* bytes of the dimensions that are not blocked */
  uint8_t value[8];   /* padding */
} tl_blocks_data;
TL_OP(space_to_batch);
TL_OP(batch_to_space);

/* resize.c */
typedef struct tl_resize_data {
  uint32_t batch, in_height, in_width, out_height, out_width, depth;
  uint32_t element_bytes;
  tl_tensor_type type;
  int32_t height_scale, width_scale;           /* bilinear of integers: Q10 */
  float height_scale_float, width_scale_float; /* nearest, and bilinear of float32 */
  bool align_corners, half_pixel_centers;
  bool single_rounding;
} tl_resize_data;
TL_OP(resize_bilinear);
TL_OP(resize_nearest);

/* broadcast.c: FILL, SHAPE and BROADCAST_ARGS; they need no data */
TL_OP(fill);
TL_OP(shape);
TL_OP(broadcast_args);

/* variable.c: VAR_HANDLE, READ_VARIABLE, ASSIGN_VARIABLE. A variable is what the first VAR_HANDLE of
 * its name has reserved in the device's state. */
typedef struct tl_variable_data {
  const uint8_t *container, *name; /* inside the file; container may be NULL */
  uint32_t container_bytes, name_bytes;
  uint32_t owner; /* operator number of the first VAR_HANDLE with this name */
  uint32_t offset, bytes;
  uint8_t initial; /* every byte of the value before the first assignment */
  bool has_state, is_assigned;
} tl_variable_data;
TL_OP(var_handle);

typedef struct tl_variable_use {
  uint32_t owner;
} tl_variable_use;
TL_OP(read_variable);
TL_OP(assign_variable);

#endif
