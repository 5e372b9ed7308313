/* Operators that move elements, reductions and resource variables: what golden bytes do not say. What
 * is refused and with which sentence, indices of run time beyond the tensor, control flow. */
#include "tests/kernels/patch.h"
#include "tests/kernels/support.h"

#include "kernels/flatbuffer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { FLOAT32 = 0, INT32 = 2, UINT8 = 3, INT64 = 4, INT16 = 7, INT8 = 9, RESOURCE = 13 };

static void expect_refusals(const refusal *rows, size_t count)
{
  char message[512];
  if (!refusals_hold(rows, count, message, sizeof message)) fail_msg("%s", message);
}

#define EXPECT(...)                                                                                \
  do {                                                                                             \
    const refusal rows[] = {__VA_ARGS__};                                                          \
    expect_refusals(rows, sizeof rows / sizeof rows[0]);                                           \
  } while (0)
#define PATCHES(...)                                                                               \
  {                                                                                                \
    __VA_ARGS__                                                                                    \
  }

static void joins_and_splits_refuse_what_does_not_fit(void **unused)
{
  (void)unused;
  static const char fit[] = "CONCATENATION: inputs and output do not fit together";
  static const char same[] =
      "CONCATENATION: inputs and output must have the same scale and zero point";
  EXPECT({"concat_int16_neg", fit, PATCHES({PATCH_DIM, 0, 0, 3})},
         {"concat_int16_neg", fit, PATCHES({PATCH_DIM, 0, 2, 5})},
         {"concat_int16_neg", fit, PATCHES({PATCH_TYPE, 1, 0, INT8})},
         {"concat_int16_neg", fit, PATCHES({PATCH_INPUT, 0, 1, -1})},
         {"concat_int16_neg", same, PATCHES({PATCH_SCALE, 2, 0, 0.0004})},
         {"concat_int16_neg", same, PATCHES({PATCH_ZERO, 0, 0, 1})},
         {"concat_int16_neg", "CONCATENATION: axis out of range",
          PATCHES({PATCH_OPTION_I32, 0, 0, -4})},
         {"concat_int16_neg", "CONCATENATION: a fused activation is not supported",
          PATCHES({PATCH_OPTION_U8, 0, 1, 1})},
         {"pack_last_int16", "PACK: axis out of range", PATCHES({PATCH_OPTION_I32, 0, 1, 3})},
         {"pack_last_int16", "PACK: inputs and output do not fit together",
          PATCHES({PATCH_DIM, 3, 2, 4})},
         {"pack_last_int16", "PACK: inputs and output do not fit together",
          PATCHES({PATCH_OPTION_I32, 0, 1, 0})},
         {"pack_last_int16", "PACK: inputs and output must have the same scale and zero point",
          PATCHES({PATCH_SCALE, 3, 0, 1.0})},
         {"unpack_first", "UNPACK: axis out of range", PATCHES({PATCH_OPTION_I32, 0, 1, -4})},
         {"unpack_first", "UNPACK: input and outputs do not fit together",
          PATCHES({PATCH_DIM, 0, 0, 4})},
         {"unpack_first", "UNPACK: input and outputs do not fit together",
          PATCHES({PATCH_TYPE, 1, 0, UINT8})},
         {"split_neg_int16", "SPLIT: the axis must be constant, int32 or int64",
          PATCHES({PATCH_BUFFER, 0, 0, 0})},
         {"split_neg_int16", "SPLIT: axis out of range", PATCHES({PATCH_DATA_I32, 0, 0, 3})},
         {"split_neg_int16", "SPLIT: input and outputs do not fit together",
          PATCHES({PATCH_DATA_I32, 0, 0, 0})},
         {"split_neg_int16", "SPLIT: outputs must have the same shape",
          PATCHES({PATCH_DIM, 3, 1, 1}, {PATCH_DIM, 4, 1, 3})},
         {"split_v_rest", "SPLIT_V: the sizes must be constant, int32 or int64",
          PATCHES({PATCH_TYPE, 1, 0, FLOAT32})},
         {"split_v_rest", "SPLIT_V: the sizes do not fit the outputs",
          PATCHES({PATCH_DATA_I32, 1, 0, 3})},
         {"split_v_rest", "SPLIT_V: the axis must be constant, int32 or int64",
          PATCHES({PATCH_BUFFER, 2, 0, 0})});
}

static void padding_refuses_what_does_not_fit(void **unused)
{
  (void)unused;
  static const char fit[] = "PAD: input, paddings and output do not fit together";
  EXPECT({"pad_int16", fit, PATCHES({PATCH_DATA_I32, 1, 0, -1}, {PATCH_DATA_I32, 1, 1, 2})},
         {"pad_int16", fit, PATCHES({PATCH_DATA_I32, 1, 0, 2})},
         {"pad_int16", fit,
          PATCHES({PATCH_DATA_I32, 1, 0, INT32_MAX}, {PATCH_DATA_I32, 1, 1, INT32_MAX})},
         {"pad_int16", "PAD: the paddings must be constant, int32 or int64",
          PATCHES({PATCH_BUFFER, 1, 0, 0})},
         {"pad_int16", "PAD: input and output differ in type", PATCHES({PATCH_TYPE, 2, 0, INT8})},
         {"pad_int16", "PAD: input and output must have the same scale and zero point",
          PATCHES({PATCH_SCALE, 2, 0, 0.5})},
         {"padv2_value_input", "PADV2: the value must be one of the output's type",
          PATCHES({PATCH_DIM, 2, 0, 2})},
         {"padv2_value_input", "PADV2: the value must be quantised like the output",
          PATCHES({PATCH_ZERO, 2, 0, 5})},
         {"mirror_symmetric", "MIRROR_PAD: a padding is larger than what can be mirrored",
          PATCHES({PATCH_OPTION_U8, 0, 0, 0})},
         {"mirror_symmetric", "MIRROR_PAD: the mode must be REFLECT or SYMMETRIC",
          PATCHES({PATCH_OPTION_U8, 0, 0, 2})});
}

static void slices_refuse_what_leaves_the_tensor(void **unused)
{
  (void)unused;
  static const char fit[] = "SLICE: begin and size do not fit input and output";
  static const char shape[] = "STRIDED_SLICE: the output has another shape than the slice";
  EXPECT(
      {"slice_dynamic", fit, PATCHES({PATCH_DATA_I32, 2, 0, 3})},
      {"slice_dynamic", fit, PATCHES({PATCH_DATA_I32, 2, 0, -2})},
      {"slice_dynamic", "SLICE: the window is larger than the tensor",
       PATCHES({PATCH_DIM, 3, 0, 5})},
      {"slice_dynamic", "SLICE: one int32 or int64 begin a dimension expected",
       PATCHES({PATCH_DIM, 1, 0, 2})},
      {"slice_dynamic", "SLICE: one int32 or int64 begin a dimension expected",
       PATCHES({PATCH_TYPE, 1, 0, FLOAT32})},
      {"slice_dynamic", "SLICE: one int32 or int64 size a dimension expected",
       PATCHES({PATCH_TYPE, 2, 0, FLOAT32})},
      {"slice_rest_int64", fit, PATCHES({PATCH_DATA_I32, 1, 4, 3})}, /* low half of begin[2] */
      {"slice_rest_int64", fit, PATCHES({PATCH_DATA_I32, 1, 0, 2})},
      {"strided_slice_shrink", "STRIDED_SLICE: an index is out of range",
       PATCHES({PATCH_DATA_I32, 1, 0, 3})},
      {"strided_slice_shrink", "STRIDED_SLICE: an index is out of range",
       PATCHES({PATCH_DATA_I32, 1, 0, -4})},
      {"strided_slice_shrink", "STRIDED_SLICE: a stride is 0", PATCHES({PATCH_DATA_I32, 3, 1, 0})},
      {"strided_slice_shrink", "STRIDED_SLICE: a stride is out of range",
       PATCHES({PATCH_DATA_I32, 3, 1, INT32_MIN})},
      {"strided_slice_shrink", "STRIDED_SLICE: the slice is empty",
       PATCHES({PATCH_DATA_I32, 3, 1, -1})},
      {"strided_slice_shrink", shape, PATCHES({PATCH_DATA_I32, 3, 1, 1})},
      {"strided_slice_shrink", "STRIDED_SLICE: end must be constant, int32 or int64",
       PATCHES({PATCH_BUFFER, 2, 0, 0})},
      {"strided_slice_ellipsis", "STRIDED_SLICE: more than one ellipsis",
       PATCHES({PATCH_OPTION_I32, 0, 2, 3})},
      {"strided_slice_ellipsis", shape, PATCHES({PATCH_DIM, 4, 0, 4})},
      {"dynamic_update_slice", "DYNAMIC_UPDATE_SLICE: the window is larger than the tensor",
       PATCHES({PATCH_DIM, 1, 0, 4})},
      {"dynamic_update_slice", "DYNAMIC_UPDATE_SLICE: tensor and window differ in type or rank",
       PATCHES({PATCH_TYPE, 1, 0, UINT8})},
      {"dynamic_update_slice", "DYNAMIC_UPDATE_SLICE: input and output differ in shape",
       PATCHES({PATCH_DIM, 3, 0, 4})});
}

static void permutations_and_indices_are_checked(void **unused)
{
  (void)unused;
  EXPECT(
      {"transpose_rank5", "TRANSPOSE: the permutation must name every dimension once",
       PATCHES({PATCH_DATA_I32, 1, 2, 4})},
      {"transpose_rank5", "TRANSPOSE: the permutation must name every dimension once",
       PATCHES({PATCH_DATA_I32, 1, 0, 5})},
      {"transpose_rank5", "TRANSPOSE: the output has another shape than the permuted input",
       PATCHES({PATCH_DIM, 2, 2, 3})},
      {"transpose_rank5", "TRANSPOSE: the permutation must be constant, int32 or int64",
       PATCHES({PATCH_BUFFER, 1, 0, 0})},
      {"reverse_two_int16", "REVERSE_V2: an axis is out of range or named twice",
       PATCHES({PATCH_DATA_I32, 1, 1, 2})},
      {"reverse_two_int16", "REVERSE_V2: an axis is out of range or named twice",
       PATCHES({PATCH_DATA_I32, 1, 1, 3})},
      {"reverse_two_int16", "REVERSE_V2: input and output differ in shape",
       PATCHES({PATCH_DIM, 2, 1, 4})},
      {"gather_scalar_neg", "GATHER: an index is out of range", PATCHES({PATCH_DATA_I32, 1, 0, 4})},
      {"gather_scalar_neg", "GATHER: an index is out of range",
       PATCHES({PATCH_DATA_I32, 1, 0, -1})},
      {"gather_scalar_neg", "GATHER: axis out of range", PATCHES({PATCH_OPTION_I32, 0, 0, 3})},
      {"gather_scalar_neg", "GATHER: batch_dims out of range",
       PATCHES({PATCH_OPTION_I32, 0, 1, 1})},
      {"gather_batch_dims", "GATHER: batch_dims out of range",
       PATCHES({PATCH_OPTION_I32, 0, 1, 3})},
      {"gather_batch_dims", "GATHER: input and indices differ in a batch dimension",
       PATCHES({PATCH_DIM, 1, 1, 4})},
      {"gather_batch_dims", "GATHER: indices must be int32 or int64",
       PATCHES({PATCH_TYPE, 1, 0, FLOAT32})},
      {"gather_batch_dims", "GATHER: input, indices and output do not fit together",
       PATCHES({PATCH_DIM, 2, 3, 4})},
      {"gather_nd_elements", "GATHER_ND: indices name more dimensions than the input has",
       PATCHES({PATCH_DIM, 1, 1, 4})},
      {"gather_nd_elements", "GATHER_ND: input, indices and output do not fit together",
       PATCHES({PATCH_DIM, 1, 0, 4})});
}

static void blocks_and_sizes_are_checked(void **unused)
{
  (void)unused;
  static const char batch[] =
      "SPACE_TO_BATCH_ND: input, block shape, margins and output do not fit together";
  EXPECT(
      {"space_to_depth_3", "SPACE_TO_DEPTH: the block size must be positive",
       PATCHES({PATCH_OPTION_I32, 0, 0, 0})},
      {"space_to_depth_3", "SPACE_TO_DEPTH: input, block size and output do not fit together",
       PATCHES({PATCH_OPTION_I32, 0, 0, 2})},
      {"space_to_depth_3", "SPACE_TO_DEPTH: input, block size and output do not fit together",
       PATCHES({PATCH_OPTION_I32, 0, 0, INT32_MAX})},
      {"space_to_batch_3d", batch, PATCHES({PATCH_DATA_I32, 1, 0, 2})},
      {"space_to_batch_3d", batch, PATCHES({PATCH_DIM, 3, 0, 5})},
      {"space_to_batch_3d", "SPACE_TO_BATCH_ND: a block size is not positive or too large",
       PATCHES({PATCH_DATA_I32, 1, 0, 0})},
      {"space_to_batch_3d", "SPACE_TO_BATCH_ND: a padding or crop is negative or too large",
       PATCHES({PATCH_DATA_I32, 2, 0, -1})},
      {"space_to_batch_3d", "SPACE_TO_BATCH_ND: the block shape must be constant, int32 or int64",
       PATCHES({PATCH_BUFFER, 1, 0, 0})},
      {"batch_to_space_crops", "BATCH_TO_SPACE_ND: the crops must be constant, int32 or int64",
       PATCHES({PATCH_BUFFER, 2, 0, 0})},
      {"batch_to_space_crops",
       "BATCH_TO_SPACE_ND: input, block shape, margins and output do not fit together",
       PATCHES({PATCH_DATA_I32, 2, 0, 0})},
      {"resize_bilinear_half", "RESIZE_BILINEAR: input, size and output do not fit together",
       PATCHES({PATCH_DATA_I32, 1, 0, 8})},
      {"resize_bilinear_half",
       "RESIZE_BILINEAR: align_corners and half_pixel_centers exclude each other",
       PATCHES({PATCH_OPTION_U8, 0, 2, 1})},
      {"resize_bilinear_half", "RESIZE_BILINEAR: input and output must be int8, int16 or float32",
       PATCHES({PATCH_TYPE, 0, 0, UINT8}, {PATCH_TYPE, 2, 0, UINT8})},
      {"resize_nearest_half", "RESIZE_NEAREST_NEIGHBOR: the size must be constant, int32 or int64",
       PATCHES({PATCH_BUFFER, 1, 0, 0})},
      {"resize_nearest_half", "RESIZE_NEAREST_NEIGHBOR: a side is longer than 2^20",
       PATCHES({PATCH_DIM, 0, 1, 1 << 21})},
      {"broadcast_to_middle", "BROADCAST_TO: the shape must be constant",
       PATCHES({PATCH_BUFFER, 1, 0, 0})},
      {"broadcast_to_middle", "BROADCAST_TO: the shape is not that of the output",
       PATCHES({PATCH_DATA_I32, 1, 0, 3})},
      {"broadcast_to_middle", "BROADCAST_TO: the input cannot be broadcast to the output",
       PATCHES({PATCH_DIM, 0, 1, 2})},
      {"fill_int8", "FILL: the shape is not that of the output", PATCHES({PATCH_DIM, 2, 0, 3})},
      {"fill_int8", "FILL: the value must be one of the output's type",
       PATCHES({PATCH_TYPE, 1, 0, UINT8})},
      {"fill_int8", "FILL: value and output must have the same scale and zero point",
       PATCHES({PATCH_ZERO, 1, 0, 0})},
      {"shape_int64", "SHAPE: the output must have one int32 or int64 a dimension",
       PATCHES({PATCH_DIM, 1, 0, 2})},
      {"broadcast_args", "BROADCAST_ARGS: inputs and output must be all int32 or all int64",
       PATCHES({PATCH_TYPE, 0, 0, INT64})},
      {"broadcast_args", "BROADCAST_ARGS: the output must be as long as the longer input",
       PATCHES({PATCH_DIM, 2, 0, 2})});
}

static void reductions_refuse_what_they_do_not_compute(void **unused)
{
  (void)unused;
  static const char shape[] = "MEAN: the output has another shape than what the axes leave";
  EXPECT({"mean_batch_twice", shape, PATCHES({PATCH_DATA_I32, 1, 1, 1})},
         {"mean_batch_twice", shape, PATCHES({PATCH_OPTION_U8, 0, 0, 1})},
         {"mean_batch_twice", "MEAN: axis out of range", PATCHES({PATCH_DATA_I32, 1, 1, -4})},
         {"mean_batch_twice", "MEAN: the axes must be constant, int32 or int64",
          PATCHES({PATCH_BUFFER, 1, 0, 0})},
         {"mean_batch_twice", "MEAN: input and output differ in type",
          PATCHES({PATCH_TYPE, 2, 0, INT16})},
         {"mean_batch_twice", "MEAN: takes float32, or int8 or int16 quantised per tensor",
          PATCHES({PATCH_TYPE, 0, 0, UINT8}, {PATCH_TYPE, 2, 0, UINT8})},
         {"mean_batch_twice", "MEAN: takes float32, or int8 or int16 quantised per tensor",
          PATCHES({PATCH_SCALE, 2, 0, -1.0})},
         {"sum_keep_neg", "SUM: ratio of scales out of range", PATCHES({PATCH_SCALE, 2, 0, 1e-12})},
         {"reduce_min_keep", "REDUCE_MIN: input and output must have the same scale and zero point",
          PATCHES({PATCH_SCALE, 2, 0, 0.06})},
         {"reduce_any", "REDUCE_ANY: takes bool",
          PATCHES({PATCH_TYPE, 0, 0, INT8}, {PATCH_TYPE, 2, 0, INT8})},
         {"arg_max_middle", "ARG_MAX: axis out of range", PATCHES({PATCH_DATA_I32, 1, 0, 3})},
         {"arg_max_middle", "ARG_MAX: takes integers or float32 and gives int32 or int64",
          PATCHES({PATCH_TYPE, 2, 0, FLOAT32})},
         {"arg_max_middle", "ARG_MAX: the output has another shape than what the axis leaves",
          PATCHES({PATCH_DIM, 2, 1, 3})});
}

static void variables_are_refused_where_sizes_or_handles_do_not_fit(void **unused)
{
  (void)unused;
  /* Operator 0 is the VAR_HANDLE; its output is tensor 1. */
  EXPECT({"variable_fifo", "ASSIGN_VARIABLE: the variable has another size elsewhere",
          PATCHES({PATCH_DIM, 2, 1, 8})},
         {"variable_fifo", "VAR_HANDLE: the output must be one resource",
          PATCHES({PATCH_TYPE, 1, 0, INT32})},
         {"variable_fifo", "VAR_HANDLE: the output must be one resource",
          PATCHES({PATCH_DIM, 1, 0, 2})});
}

enum { CHANGES_MAX = 4 };
typedef struct change {
  patch patches[CHANGES_MAX];
} change;

static void run_changed(const char *name, const change *c, const void *in, void *out)
{
  opened m;
  if (!open_patched(&m, name, c->patches, CHANGES_MAX)) fail_msg("%s: %s", name, m.status.reason);
  assert_true(run_case(&m, in, out));
  close_model(&m);
}

/* What TFLite Micro answers with an error or by reading beyond the tensor. */
static void indices_of_run_time_are_clamped_into_the_tensor(void **unused)
{
  (void)unused;
  static const int32_t wild[] = {INT32_MIN, -1, 3, INT32_MAX};
  static const change none;
  struct {
    int8_t data[27 + 9];
    int32_t indices[15];
  } in;
  int8_t data[36], out[5];
  for (int i = 0; i < 36; i++) data[i] = (int8_t)i;
  for (int w = 0; w < 4; w++) { /* [3, 3, 4], five triples of indices */
    const int row = wild[w] < 0 ? 0 : 2, column = wild[w] < 0 ? 0 : 3;
    memcpy(in.data, data, 36);
    for (int i = 0; i < 15; i++) in.indices[i] = wild[w];
    run_changed("gather_nd_elements", &none, &in, out);
    for (int i = 0; i < 5; i++) assert_int_equal(out[i], 12 * row + 4 * row + column);
  }
  struct {
    int8_t data[120];
    int32_t begin[3];
  } slice = {.begin = {INT32_MIN, 100, INT32_MAX}};
  int8_t window[24];
  for (int i = 0; i < 120; i++) slice.data[i] = (int8_t)i;
  run_changed("slice_dynamic", &none, &slice, window);
  for (int i = 0; i < 24; i++) /* from [0, 2, 2] of [4, 5, 6]: [2, 3, 4] */
    assert_int_equal(window[i], 30 * (i / 12) + 6 * (2 + i / 4 % 3) + 2 + i % 4);
}

static void a_variable_starts_at_its_zero_point_and_survives(void **unused)
{
  (void)unused;
  static const change none;
  opened m;
  int8_t in[2] = {1, 2}, out[6];
  assert_true(open_patched(&m, "variable_fifo", none.patches, CHANGES_MAX));
  assert_int_equal(m.model.state_bytes, 16);
  for (int round = 0; round < 2; round++) { /* a reset forgets */
    static const int8_t first[6] = {-5, -5, -5, -5, 1, 2}, second[6] = {-5, -5, 1, 2, 1, 2};
    tl_model_reset(&m.model, m.state);
    assert_true(run_case(&m, (uint8_t *)in, (uint8_t *)out));
    assert_memory_equal(out, first, 6);
    assert_true(run_case(&m, (uint8_t *)in, (uint8_t *)out));
    assert_memory_equal(out, second, 6);
  }
  close_model(&m);
}

/* Rounding of the scale takes the lower pixel of a side of 148 beyond the last of 4. */
static void a_resized_side_stays_on_its_last_pixel(void **unused)
{
  (void)unused;
  const change long_side = {.patches = {{PATCH_DIM, 0, 1, 4},
                                        {PATCH_DIM, 2, 1, 148},
                                        {PATCH_OPTION_U8, 0, 3, 0},
                                        {PATCH_DATA_I32, 1, 0, 148}}};
  int8_t in[2 * 4 * 4 * 2], *out = take(2 * 148 * 5 * 2);
  for (size_t i = 0; i < sizeof in; i++) in[i] = (int8_t)(i / 8 % 4 * 40); /* rows 0, 40, 80, 120 */
  run_changed("resize_bilinear_half", &long_side, in, out);
  for (int y = 0; y < 148; y++) { /* linear up to the last row, scale 28 of 1024 */
    const double at = y * 28 / 1024.0, expected = 40.0 * (at < 3.0 ? at : 3.0);
    const double error = out[y * 10] - expected;
    assert_true(error <= 0.5 && error >= -0.5);
  }
  free(out);
}

static void sums_keep_their_low_32_bits(void **unused)
{
  (void)unused;
  enum { COUNT = 1 << 17 };
  const change wide = {.patches = {{PATCH_DIM, 0, 0, 1},
                                   {PATCH_DIM, 0, 1, COUNT},
                                   {PATCH_DIM, 2, 0, 1},
                                   {PATCH_SCALE, 2, 0, 0.0003 * COUNT}}};
  int16_t *in = take(2ull * COUNT * 3), out[3];
  for (int i = 0; i < COUNT * 3; i++) in[i] = (int16_t)(i % 3 == 0 ? 32767 : i % 3 == 1 ? 100 : -7);
  run_changed("sum_int16", &wide, in, out);
  assert_int_equal(out[0], -1); /* 2^32 - 2^17 wraps to -2^17 */
  assert_int_equal(out[1], 100);
  assert_int_equal(out[2], -7);
  free(in);
}

/* One operator code of a sound file becomes another. */
static void expect_control(uint32_t from, uint32_t to, const char *reason)
{
  char path[512];
  size_t bytes;
  opened m;
  snprintf(path, sizeof path, "%s/tests/golden/ops/shape_int64.tflite", TL_SOURCE_DIR);
  uint8_t *file = read_file(path, &bytes);
  int found = 0;
  for (size_t at = 0; at + 12 <= bytes;
       at += 4) /* code, version 1, code: as our scripts write it */
    if (tl_load_u32(file + at) == from && tl_load_u32(file + at + 4) == 1 &&
        tl_load_u32(file + at + 8) == from) {
      memcpy(file + at, &to, 4);
      memcpy(file + at + 8, &to, 4);
      found++;
    }
  assert_int_equal(found, 1);
  assert_false(open_model(&m, file, bytes));
  assert_int_equal(m.status.op, (int)to);
  assert_string_equal(m.status.reason, reason);
  close_model(&m);
}

static void control_flow_is_refused_by_name_with_the_reason(void **unused)
{
  (void)unused;
  expect_control(77, 118, "IF (118) calls another subgraph, and a model must have one only");
  expect_control(77, 119, "WHILE (119) calls another subgraph, and a model must have one only");
  expect_control(77, 10, "HASHTABLE_LOOKUP (10) is not supported");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(joins_and_splits_refuse_what_does_not_fit),
      cmocka_unit_test(padding_refuses_what_does_not_fit),
      cmocka_unit_test(slices_refuse_what_leaves_the_tensor),
      cmocka_unit_test(permutations_and_indices_are_checked),
      cmocka_unit_test(blocks_and_sizes_are_checked),
      cmocka_unit_test(reductions_refuse_what_they_do_not_compute),
      cmocka_unit_test(variables_are_refused_where_sizes_or_handles_do_not_fit),
      cmocka_unit_test(indices_of_run_time_are_clamped_into_the_tensor),
      cmocka_unit_test(a_variable_starts_at_its_zero_point_and_survives),
      cmocka_unit_test(a_resized_side_stays_on_its_last_pixel),
      cmocka_unit_test(sums_keep_their_low_32_bits),
      cmocka_unit_test(control_flow_is_refused_by_name_with_the_reason),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
