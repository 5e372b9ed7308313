/* Layers with weights, and those with a memory: what golden bytes do not say. */
#include "tests/kernels/patch.h"

#include "kernels/batch.h"
#include "kernels/window.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { INT32 = 2, UINT8 = 3, INT64 = 4, INT16 = 7, INT8 = 9, INT4 = 17 };

static void expect_refusals(const refusal *rows, size_t count)
{
  char message[512];
  if (!refusals_hold(rows, count, message, sizeof message)) fail_msg("%s", message);
}

/* ---- refusals ---- */

static void fully_connected_refuses_what_it_does_not_compute(void **unused)
{
  (void)unused;
  static const char types[] =
      "FULLY_CONNECTED: input and output must both be int8 or both int16, quantised per tensor";
  static const char weights[] =
      "FULLY_CONNECTED: weights must be int8 [outputs][inputs], quantised";
  static const char channels[] =
      "FULLY_CONNECTED: weights per channel must be so by outputs, zero points 0";
  static const char shapes[] = "FULLY_CONNECTED: shapes of input, weights and output do not fit";
  static const char bias[] =
      "FULLY_CONNECTED: bias must be one int32 (int64 or int32 for int16) an output";
  static const char scales[] = "FULLY_CONNECTED: scales out of range";
  const refusal rows[] = {
      {"fc_channels", types, {{PATCH_TYPE, 0, 0, UINT8}}},
      {"fc_channels", types, {{PATCH_TYPE, 2, 0, INT16}}},
      {"fc_int16_no_bias",
       "FULLY_CONNECTED: int16 needs zero points of 0",
       {{PATCH_ZERO, 0, 0, 1}}},
      {"fc_computed_weights", weights, {{PATCH_TYPE, 1, 0, UINT8}}},
      {"fc_channels",
       channels,
       {{PATCH_ZERO, 1, 0, 1},
        {PATCH_ZERO, 1, 1, 1},
        {PATCH_ZERO, 1, 2, 1},
        {PATCH_ZERO, 1, 3, 1},
        {PATCH_ZERO, 1, 4, 1},
        {PATCH_ZERO, 1, 5, 1}}},
      {"fc_channels", shapes, {{PATCH_DIM, 0, 1, 16}}},
      {"fc_channels", shapes, {{PATCH_DIM, 2, 0, 4}}},
      {"fc_int16_channels", bias, {{PATCH_TYPE, 3, 0, INT8}, {PATCH_BUFFER, 3, 0, 0}}},
      {"fc_channels", scales, {{PATCH_SCALE, 1, 2, -1.0}}},
      {"fc_channels", scales, {{PATCH_SCALE, 2, 0, 1e-20}}},
      {"fc_int16_no_bias", scales, {{PATCH_SCALE, 2, 0, 1e-12}}},
      {"fc_channels",
       "FULLY_CONNECTED: shuffled weights are not supported",
       {{PATCH_OPTION_U8, 0, 1, 1}}},
      {"fc_channels",
       "FULLY_CONNECTED: fused activation is not supported",
       {{PATCH_OPTION_U8, 0, 0, 4}}},
  };
  expect_refusals(rows, sizeof rows / sizeof rows[0]);
}

static void weights_of_four_bits_are_refused_by_the_reader(void **unused)
{
  (void)unused;
  opened m;
  const patch four = {PATCH_TYPE, 1, 0, INT4};
  assert_false(open_patched(&m, "fc_computed_weights", &four, 1));
  assert_string_equal(m.status.reason, "tensor 1: element type INT4 is not supported");
  close_model(&m);
}

/* The input is its own weights: y = sum x x. */
static void computed_weights_are_no_chain_of_batched_windows(void **unused)
{
  (void)unused;
  opened m;
  const patch square[] = {{PATCH_INPUT, 0, 1, 0}, {PATCH_INPUT, 0, 2, -1}, {PATCH_DIM, 0, 0, 1},
                          {PATCH_DIM, 2, 0, 1},   {PATCH_DIM, 2, 1, 1},    {PATCH_ZERO, 0, 0, 0},
                          {PATCH_ZERO, 2, 0, 0},  {PATCH_SCALE, 0, 0, 1},  {PATCH_SCALE, 2, 0, 10}};
  assert_true(open_patched(&m, "fc_channels", square, sizeof square / sizeof square[0]));
  const int8_t x[17] = {1, 2, 3, 4, 5, 6, 7, 8, 9}; /* squares: 285 */
  int8_t y = 0;
  assert_true(run_case(&m, (const uint8_t *)x, (uint8_t *)&y));
  assert_int_equal(y, 29);
  tl_window window;
  tl_kernel_status status;
  uint8_t memory[64];
  assert_int_equal(tl_window_pack_bytes(&m.model), 0);
  assert_int_equal(tl_window_pack(&window, memory, 0, &m.model, 1, TL_KERNEL_SCALAR, &status),
                   TL_KERNEL_E_UNSUPPORTED);
  assert_string_equal(status.reason,
                      "not a model for batched windows: weights or bias are not constant");
  close_model(&m);
}

/* Vector code lays weights out before it runs; these are not there yet. */
static void computed_weights_run_in_batches_without_vector_code(void **unused)
{
  (void)unused;
  enum { DEVICES = 3, IN = 2 * 9 + 4 * 9, OUT = 2 * 4 };
  opened m;
  tl_batch batch;
  tl_kernel_status status;
  dice d = {5};
  int8_t x[DEVICES][18], w[DEVICES][36], expected[DEVICES][OUT], got[DEVICES][OUT];
  assert_true(open_patched(&m, "fc_computed_weights", NULL, 0));
  for (int device = 0; device < DEVICES; device++) {
    int8_t in[IN];
    for (int i = 0; i < IN; i++) in[i] = (int8_t)((int32_t)roll(&d, 256) - 128);
    memcpy(x[device], in, 18);
    memcpy(w[device], in + 18, 36);
    assert_true(run_case(&m, (const uint8_t *)in, (uint8_t *)expected[device]));
  }
  void *memory = take(tl_batch_pack_bytes(&m.model));
  assert_int_equal(tl_batch_pack(&batch, memory, tl_batch_pack_bytes(&m.model), &m.model,
                                 TL_KERNEL_SCALAR, &status),
                   TL_KERNEL_OK);
  for (int path = TL_KERNEL_SSE; path < TL_KERNEL_PATH_COUNT; path++)
    if (tl_batch_pack(&batch, memory, tl_batch_pack_bytes(&m.model), &m.model, (tl_kernel_path)path,
                      &status) == TL_KERNEL_OK)
      assert_int_equal(batch.fast_count, 0);
  assert_int_equal(tl_batch_pack(&batch, memory, tl_batch_pack_bytes(&m.model), &m.model,
                                 TL_KERNEL_SCALAR, &status),
                   TL_KERNEL_OK);
  void *arena = take(batch.arena_bytes);
  const void *inputs[2] = {x, w};
  void *outputs[1] = {got};
  assert_int_equal(
      tl_model_run_batch(&batch, arena, batch.arena_bytes, NULL, DEVICES, inputs, outputs, &status),
      TL_KERNEL_OK);
  assert_memory_equal(got, expected, sizeof got);
  free(arena);
  free(memory);
  close_model(&m);
}

static void transpose_conv_refuses_what_it_does_not_compute(void **unused)
{
  (void)unused;
  static const char types[] =
      "TRANSPOSE_CONV: input and output must both be int8 or both int16, quantised per tensor";
  static const char weights[] =
      "TRANSPOSE_CONV: weights must be constant int8 [outputs][y][x][inputs] with zero point 0";
  static const char shapes[] = "TRANSPOSE_CONV: shapes of input, weights and output do not fit";
  static const char range[] = "TRANSPOSE_CONV: padding, strides or sizes out of range";
  static const char bias[] =
      "TRANSPOSE_CONV: bias must be constant, one int32 (int64 or int16 for int16) an output";
  const refusal rows[] = {
      {"tconv_channels", "TRANSPOSE_CONV: output shape must be int32", {{PATCH_TYPE, 0, 0, 0}}},
      {"tconv_channels", types, {{PATCH_TYPE, 2, 0, UINT8}}},
      {"tconv_channels", types, {{PATCH_TYPE, 3, 0, INT16}}},
      {"tconv_int16", "TRANSPOSE_CONV: int16 needs zero points of 0", {{PATCH_ZERO, 3, 0, -1}}},
      {"tconv_channels", weights, {{PATCH_TYPE, 1, 0, UINT8}}},
      {"tconv_channels", weights, {{PATCH_BUFFER, 1, 0, 0}}},
      {"tconv_relu", weights, {{PATCH_ZERO, 1, 0, 3}}},
      {"tconv_channels", shapes, {{PATCH_DIM, 2, 3, 2}}},
      {"tconv_channels", shapes, {{PATCH_DIM, 3, 0, 1}}},
      {"tconv_channels", shapes, {{PATCH_DIM, 3, 3, 4}}},
      {"tconv_channels", range, {{PATCH_OPTION_U8, 0, 0, 2}}},
      {"tconv_channels", range, {{PATCH_OPTION_I32, 0, 1, 0}}},
      {"tconv_channels", range, {{PATCH_OPTION_I32, 0, 2, -1}}},
      {"tconv_channels", bias, {{PATCH_BUFFER, 4, 0, 0}}},
      {"tconv_channels", "TRANSPOSE_CONV: scales out of range", {{PATCH_SCALE, 1, 4, 0.0}}},
      {"tconv_int16", "TRANSPOSE_CONV: scales out of range", {{PATCH_SCALE, 3, 0, 1e-12}}},
      {"tconv_channels",
       "TRANSPOSE_CONV: fused activation is not supported",
       {{PATCH_OPTION_U8, 0, 3, 5}}},
  };
  expect_refusals(rows, sizeof rows / sizeof rows[0]);
}

static void svdf_refuses_what_it_does_not_compute(void **unused)
{
  (void)unused;
  static const char types[] = "SVDF: input and output must be int8, quantised per tensor";
  static const char feature[] =
      "SVDF: feature weights must be constant int8, quantised per tensor, zero point 0";
  static const char time[] =
      "SVDF: time weights must be constant int8 or int16, quantised per tensor, zero point 0";
  static const char state[] =
      "SVDF: state must be a variable of the type of the time weights, quantised per tensor";
  static const char shapes[] = "SVDF: shapes of input, weights, state and output do not fit";
  static const char rank[] = "SVDF: rank and count of filters do not fit";
  const refusal rows[] = {
      {"svdf_int8_state", types, {{PATCH_TYPE, 0, 0, INT16}}},
      {"svdf_int8_state", types, {{PATCH_TYPE, 5, 0, INT16}}},
      {"svdf_int8_state", feature, {{PATCH_BUFFER, 1, 0, 0}}},
      {"svdf_int8_state", feature, {{PATCH_ZERO, 1, 0, 1}}},
      {"svdf_int8_state", time, {{PATCH_ZERO, 2, 0, 1}}},
      {"svdf_int8_state", time, {{PATCH_BUFFER, 2, 0, 0}}},
      {"svdf_int8_state", state, {{PATCH_VARIABLE, 4, 0, 0}}},
      {"svdf_int8_state", state, {{PATCH_TYPE, 4, 0, INT16}}},
      {"svdf_int8_state", state, {{PATCH_INPUT, 0, 4, -1}}},
      {"svdf_int8_state", "SVDF: bias must be constant int32", {{PATCH_BUFFER, 3, 0, 0}}},
      {"svdf_int8_state", rank, {{PATCH_OPTION_I32, 0, 0, 0}}},
      {"svdf_int8_state", rank, {{PATCH_OPTION_I32, 0, 0, 2}}},
      {"svdf_int8_state_rank2", shapes, {{PATCH_OPTION_I32, 0, 0, 1}}},
      {"svdf_int8_state", shapes, {{PATCH_DIM, 4, 1, 19}}},
      {"svdf_int8_state", shapes, {{PATCH_DIM, 0, 1, 8}}},
      {"svdf_int8_state", shapes, {{PATCH_DIM, 5, 0, 1}}},
      {"svdf_int8_state", "SVDF: scales out of range", {{PATCH_SCALE, 4, 0, 1e-20}}},
  };
  expect_refusals(rows, sizeof rows / sizeof rows[0]);
}

static void lstm_refuses_what_it_does_not_compute(void **unused)
{
  (void)unused;
#define LSTM "UNIDIRECTIONAL_SEQUENCE_LSTM: "
  enum { X = 0, W1 = 1, B12 = 9, HIDDEN = 13, CELL = 14, Y = 15 }; /* tensors of the model */
  static const char types[] =
      LSTM "input and output must both be int8 or both int16, quantised, of three dimensions";
  static const char hidden[] =
      LSTM "hidden state must be a variable of the input's type, quantised per tensor";
  static const char cell[] =
      LSTM "cell state must be a variable int16, quantised per tensor, zero point 0";
  static const char shapes[] = LSTM "shapes of input, states and output do not fit";
  static const char weights[] =
      LSTM "weights must be constant int8 [units][inputs], quantised per tensor, zero point 0";
  static const char biases[] = LSTM "biases must be constant, one int32 (int64 for int16) a unit";
  static const char power[] = LSTM "the cell's scale must be a power of two, 2^-28 to 1";
  static const char peephole[] = LSTM "peephole weights are not supported";
  static const char coupled[] = LSTM "coupled input and forget gates are not supported";
  const refusal rows[] = {
      {"lstm_stream", peephole, {{PATCH_INPUT, 0, 9, W1}}},
      {"lstm_stream", LSTM "a projection is not supported", {{PATCH_INPUT, 0, 16, W1}}},
      {"lstm_stream", LSTM "layer norm is not supported", {{PATCH_INPUT, 0, 23, B12}}},
      {"lstm_stream", coupled, {{PATCH_INPUT, 0, 1, -1}}},
      {"lstm_stream", LSTM "the cell's activation must be TANH", {{PATCH_OPTION_U8, 0, 0, 1}}},
      {"lstm_stream", LSTM "cell clip must not be negative", {{PATCH_OPTION_F32, 0, 1, -1.0}}},
      {"lstm_stream", types, {{PATCH_TYPE, X, 0, UINT8}}},
      {"lstm_stream", types, {{PATCH_TYPE, Y, 0, INT16}}},
      {"lstm_stream", hidden, {{PATCH_VARIABLE, HIDDEN, 0, 0}}},
      {"lstm_stream", hidden, {{PATCH_TYPE, HIDDEN, 0, INT16}}},
      {"lstm_stream", hidden, {{PATCH_INPUT, 0, 18, -1}}},
      {"lstm_stream", cell, {{PATCH_TYPE, CELL, 0, INT8}}},
      {"lstm_stream", cell, {{PATCH_ZERO, CELL, 0, 1}}},
      {"lstm_stream", shapes, {{PATCH_DIM, CELL, 1, 3}}},
      {"lstm_stream", shapes, {{PATCH_DIM, Y, 1, 2}}},
      {"lstm_stream", weights, {{PATCH_DIM, X, 2, 6}}},
      {"lstm_stream", weights, {{PATCH_BUFFER, W1 + 6, 0, 0}}},
      {"lstm_stream", weights, {{PATCH_INPUT, 0, 2, -1}}},
      {"lstm_stream", biases, {{PATCH_BUFFER, B12 + 3, 0, 0}}},
      {"lstm_stream", biases, {{PATCH_INPUT, 0, 13, -1}}},
      {"lstm_stream", power, {{PATCH_SCALE, CELL, 0, 0.0003}}},
      {"lstm_stream", power, {{PATCH_SCALE, CELL, 0, 2.0}}},
      {"lstm_stream", LSTM "scales out of range", {{PATCH_SCALE, W1, 0, 1e30}}},
      {"lstm_int16", LSTM "scales out of range", {{PATCH_SCALE, W1 + 4, 0, 1e10}}},
      {"lstm_stream", LSTM "scales out of range", {{PATCH_SCALE, HIDDEN, 0, 1e-20}}},
  };
#undef LSTM
  expect_refusals(rows, sizeof rows / sizeof rows[0]);
}

static void batch_matmul_refuses_what_it_does_not_compute(void **unused)
{
  (void)unused;
  static const char types[] =
      "BATCH_MATMUL: inputs and output must all be int8 or all int16, quantised per tensor";
  static const char shapes[] = "BATCH_MATMUL: shapes of inputs and output do not fit";
  static const char scales[] = "BATCH_MATMUL: scales out of range";
  const refusal rows[] = {
      {"matmul_2d", types, {{PATCH_TYPE, 0, 0, INT16}}},
      {"matmul_2d", types, {{PATCH_TYPE, 2, 0, INT32}}},
      {"matmul_int16", "BATCH_MATMUL: int16 needs zero points of 0", {{PATCH_ZERO, 1, 0, 1}}},
      {"matmul_2d", shapes, {{PATCH_OPTION_U8, 0, 0, 1}}},
      {"matmul_2d", shapes, {{PATCH_DIM, 0, 1, 6}}},
      {"matmul_2d", shapes, {{PATCH_DIM, 2, 0, 4}}},
      {"matmul_broadcast", shapes, {{PATCH_DIM, 1, 0, 3}}},
      {"matmul_broadcast", shapes, {{PATCH_DIM, 2, 1, 1}}},
      {"matmul_broadcast", shapes, {{PATCH_DIM, 2, 0, 4}, {PATCH_DIM, 0, 0, 1}}},
      {"matmul_2d",
       "BATCH_MATMUL: sums of more than 65536 products",
       {{PATCH_DIM, 0, 1, 65537}, {PATCH_DIM, 1, 0, 65537}}},
      {"matmul_2d", scales, {{PATCH_SCALE, 2, 0, 1e-20}}},
      {"matmul_int16", scales, {{PATCH_SCALE, 2, 0, 1e-14}}},
  };
  expect_refusals(rows, sizeof rows / sizeof rows[0]);
}

static void embedding_lookup_refuses_what_it_does_not_compute(void **unused)
{
  (void)unused;
  static const char numbers[] = "EMBEDDING_LOOKUP: row numbers must be int32 of one dimension";
  static const char types[] = "EMBEDDING_LOOKUP: table and output must be int8";
  const refusal rows[] = {
      {"embedding", numbers, {{PATCH_TYPE, 0, 0, INT64}}},
      {"embedding", types, {{PATCH_TYPE, 2, 0, 0}}}, /* float32: the hybrid form */
      {"embedding", types, {{PATCH_TYPE, 1, 0, UINT8}}},
      {"embedding",
       "EMBEDDING_LOOKUP: shapes of row numbers, table and output do not fit",
       {{PATCH_DIM, 0, 0, 4}}},
  };
  expect_refusals(rows, sizeof rows / sizeof rows[0]);
}

/* ---- what they do ---- */

static void row_numbers_outside_of_the_table_read_the_nearest_row(void **unused)
{
  (void)unused;
  opened m;
  const int32_t asked[5] = {-1, 7, INT32_MIN, INT32_MAX, 3}, within[5] = {0, 6, 0, 6, 3};
  int8_t got[5 * 6], expected[5 * 6];
  assert_true(open_patched(&m, "embedding", NULL, 0));
  assert_true(run_case(&m, (const uint8_t *)asked, (uint8_t *)got));
  assert_true(run_case(&m, (const uint8_t *)within, (uint8_t *)expected));
  assert_memory_equal(got, expected, sizeof got);
  close_model(&m);
}

/* The product with the identity is the operand: a closed form for the walk over batches. */
static void a_product_with_the_identity_is_the_operand(void **unused)
{
  (void)unused;
  enum { BATCH = 2, SIZE = 3 };
  opened m;
  const patch patches[] = {
      {PATCH_DIM, 0, 0, SIZE},  {PATCH_DIM, 0, 1, SIZE},  {PATCH_DIM, 1, 0, SIZE},
      {PATCH_DIM, 1, 1, SIZE},  {PATCH_DIM, 2, 0, SIZE},  {PATCH_DIM, 2, 1, SIZE},
      {PATCH_SCALE, 0, 0, 0.5}, {PATCH_SCALE, 1, 0, 1.0}, {PATCH_SCALE, 2, 0, 0.5},
      {PATCH_ZERO, 0, 0, -3},   {PATCH_ZERO, 1, 0, 7},    {PATCH_ZERO, 2, 0, -3}};
  assert_true(open_patched(&m, "matmul_2d", patches, sizeof patches / sizeof patches[0]));
  int8_t in[2 * SIZE * SIZE], out[SIZE * SIZE];
  for (int i = 0; i < SIZE * SIZE; i++) {
    in[i] = (int8_t)(17 * i - 70);
    in[SIZE * SIZE + i] = i % (SIZE + 1) == 0 ? 8 : 7; /* 1 on the diagonal, zero point 7 */
  }
  assert_true(run_case(&m, (const uint8_t *)in, (uint8_t *)out));
  assert_memory_equal(out, in, sizeof out);
  close_model(&m);
}

/* ---- memory ---- */

static const tl_tensor *first_variable(const tl_model *model)
{
  for (uint32_t t = 0; t < model->tensor_count; t++)
    if (model->tensors[t].is_variable) return &model->tensors[t];
  fail_msg("no variable tensor");
  return NULL;
}

static void an_int8_state_begins_at_its_zero_point(void **unused)
{
  (void)unused;
  opened m;
  assert_true(open_patched(&m, "svdf_int8_state", NULL, 0));
  const tl_tensor *state = first_variable(&m.model);
  assert_int_equal(state->zero_point, -21);
  memset(m.state, 0x55, m.model.state_bytes);
  tl_model_reset(&m.model, m.state);
  for (uint32_t b = 0; b < state->bytes; b++)
    assert_int_equal(((const int8_t *)m.state)[state->offset + b], -21);
  close_model(&m);
}

static void run_with_state(opened *m, uint8_t *state, const uint8_t *in, uint8_t *out)
{
  const void *inputs[1] = {in};
  void *outputs[1] = {out};
  assert_int_equal(
      tl_model_run(&m->model, m->arena, m->model.arena_bytes, state, inputs, outputs, NULL),
      TL_KERNEL_OK);
}

/* Two devices take turns on one model and one arena; each must do as if it were alone. */
static void devices_that_share_a_model_do_not_share_its_memory(const char *name)
{
  enum { STEPS = 6, BYTES_MAX = 256 };
  opened m;
  assert_true(open_patched(&m, name, NULL, 0));
  const uint32_t in_bytes = tl_model_input(&m.model, 0)->bytes;
  const uint32_t out_bytes = tl_model_output(&m.model, 0)->bytes;
  assert_true(in_bytes <= BYTES_MAX && out_bytes <= BYTES_MAX);
  uint8_t *other = take(m.model.state_bytes), in[BYTES_MAX];
  uint8_t alone[2][STEPS][BYTES_MAX], shared[2][STEPS][BYTES_MAX];
  for (uint32_t device = 0; device < 2; device++) {
    dice d = {77 + device};
    tl_model_reset(&m.model, m.state);
    for (int step = 0; step < STEPS; step++) {
      for (uint32_t b = 0; b < in_bytes; b++) in[b] = (uint8_t)roll(&d, 256);
      run_with_state(&m, m.state, in, alone[device][step]);
    }
  }
  dice dices[2] = {{77}, {78}};
  tl_model_reset(&m.model, m.state);
  tl_model_reset(&m.model, other);
  for (int step = 0; step < STEPS; step++)
    for (uint32_t device = 0; device < 2; device++) {
      for (uint32_t b = 0; b < in_bytes; b++) in[b] = (uint8_t)roll(&dices[device], 256);
      run_with_state(&m, device == 0 ? m.state : other, in, shared[device][step]);
    }
  int changes = 0;
  for (uint32_t device = 0; device < 2; device++)
    for (int step = 0; step < STEPS; step++) {
      assert_memory_equal(alone[device][step], shared[device][step], out_bytes);
      changes += step > 0 && memcmp(alone[device][step], alone[device][0], out_bytes) != 0;
    }
  assert_true(changes > 0);
  free(other);
  close_model(&m);
}

static void svdf_keeps_one_memory_a_device(void **unused)
{
  (void)unused;
  devices_that_share_a_model_do_not_share_its_memory("svdf_int8_state");
  devices_that_share_a_model_do_not_share_its_memory("svdf_one_memory");
}

static void lstm_keeps_one_memory_a_device(void **unused)
{
  (void)unused;
  devices_that_share_a_model_do_not_share_its_memory("lstm_stream");
  devices_that_share_a_model_do_not_share_its_memory("lstm_int16");
}

/* ---- whole models ---- */

/* Runs the 32 golden cases, the state cleared before each unless they are a stream. */
static void check_whole_model(const char *name, bool stream)
{
  enum { CASES = 32 };
  if (TL_SHARED_DIR[0] == '\0') {
    print_message("SKIP: no golden tensors beside the project\n");
    skip();
  }
  char path[512];
  size_t in_bytes = 0, out_bytes = 0, wrong = 0;
  opened m;
  snprintf(path, sizeof path, "%s/kernels/models/%s.tflite", TL_SHARED_DIR, name);
  if (!open_model_file(&m, path)) fail_msg("%s: %s", name, m.status.reason);
  snprintf(path, sizeof path, "%s/kernels/golden/%s.in.bin", TL_SHARED_DIR, name);
  uint8_t *in = read_file(path, &in_bytes);
  snprintf(path, sizeof path, "%s/kernels/golden/%s.out.bin", TL_SHARED_DIR, name);
  uint8_t *out = read_file(path, &out_bytes), *got = take(out_bytes);
  assert_int_equal(in_bytes, CASES * (size_t)tl_model_input(&m.model, 0)->bytes);
  assert_int_equal(out_bytes, CASES * (size_t)tl_model_output(&m.model, 0)->bytes);
  for (size_t c = 0; c < CASES; c++) {
    if (!stream) tl_model_reset(&m.model, m.state);
    run_with_state(&m, m.state, in + c * (in_bytes / CASES), got);
    for (size_t b = 0; b < out_bytes / CASES; b++)
      wrong += got[b] != out[c * (out_bytes / CASES) + b];
  }
  print_message("%s: %zu of %zu output bytes differ, state %zu bytes\n", name, wrong, out_bytes,
                m.model.state_bytes);
  assert_int_equal(wrong, 0);
  free(in);
  free(out);
  free(got);
  close_model(&m);
}

static void the_lstm_of_handwritten_digits_gives_the_golden_bytes(void **unused)
{
  (void)unused;
  check_whole_model("mnist_lstm_int8", false);
}

static void the_streaming_keyword_detector_gives_the_golden_bytes(void **unused)
{
  (void)unused;
  check_whole_model("keyword_scrambled_8bit", true);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(fully_connected_refuses_what_it_does_not_compute),
      cmocka_unit_test(weights_of_four_bits_are_refused_by_the_reader),
      cmocka_unit_test(computed_weights_are_no_chain_of_batched_windows),
      cmocka_unit_test(computed_weights_run_in_batches_without_vector_code),
      cmocka_unit_test(transpose_conv_refuses_what_it_does_not_compute),
      cmocka_unit_test(svdf_refuses_what_it_does_not_compute),
      cmocka_unit_test(lstm_refuses_what_it_does_not_compute),
      cmocka_unit_test(batch_matmul_refuses_what_it_does_not_compute),
      cmocka_unit_test(embedding_lookup_refuses_what_it_does_not_compute),
      cmocka_unit_test(row_numbers_outside_of_the_table_read_the_nearest_row),
      cmocka_unit_test(a_product_with_the_identity_is_the_operand),
      cmocka_unit_test(an_int8_state_begins_at_its_zero_point),
      cmocka_unit_test(svdf_keeps_one_memory_a_device),
      cmocka_unit_test(lstm_keeps_one_memory_a_device),
      cmocka_unit_test(the_lstm_of_handwritten_digits_gives_the_golden_bytes),
      cmocka_unit_test(the_streaming_keyword_detector_gives_the_golden_bytes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
