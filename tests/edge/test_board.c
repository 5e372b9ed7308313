/* Board profiles: the shipped ones, work counted from shapes, and cost against published results. */
#include "edge/board.h"
#include "kernels/op_table.h"

#include "tests/kernels/support.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BOARDS TL_SOURCE_DIR "/assets/boards"

/* The four networks of MLPerf Tiny: work by kind; elements; operators. */
typedef struct network {
  const char *name, *file;
  uint64_t macs[TL_WORK_KIND_COUNT], elements;
  uint32_t op_count;
} network;
static const network networks[] = {
    {"ad", "ad01_int8", {0, 0, 0, 264192, 0}, 1672, 10},
    {"kws", "kws_ref_model", {320000, 2048000, 288000, 768, 0}, 80088, 13},
    {"ic", "ic_pretrainedResnet_quant", {12238848, 262144, 0, 640, 0}, 118868, 16},
    {"vww", "vww_96_int8", {497664, 6193152, 798336, 512, 0}, 234116, 31},
};
enum { NETWORKS = sizeof networks / sizeof networks[0] };

/* --- the shipped profiles ---------------------------------------------------------------------- */
static double cycles_of(const tl_board *board, const network *net)
{
  double cycles = board->op_cycles * net->op_count + board->element_cycles * (double)net->elements;
  for (int k = 0; k < TL_WORK_KIND_COUNT; k++)
    cycles += board->mac_cycles[k] * (double)net->macs[k];
  return cycles;
}

static void every_shipped_profile_loads_and_says_what_its_rates_give(void **unused)
{
  (void)unused;
  tl_board *boards = calloc(TL_BOARDS_MAX, sizeof *boards);
  uint32_t count = 0;
  tl_error err = {0};
  assert_int_equal(tl_boards_load(boards, &count, BOARDS, &err), TL_OK);
  assert_true(count >= 15);
  for (uint32_t b = 0; b < count; b++) {
    if (b > 0) assert_true(strcmp(boards[b - 1].id, boards[b].id) < 0);
    assert_int_equal(boards[b].point_count, NETWORKS);
    double sum = 0.0;
    for (uint32_t p = 0; p < NETWORKS; p++) {
      const tl_board_point *point = &boards[b].points[p];
      assert_string_equal(point->network, networks[p].name);
      assert_true(fabs(cycles_of(&boards[b], &networks[p]) / point->fitted - 1.0) < 1e-5);
      const double miss = point->unseen / point->cycles - 1.0;
      sum += miss * miss;
    }
    assert_true(boards[b].cycles_error_ratio >= sqrt(sum / NETWORKS) - 1e-5);
    assert_true(boards[b].cycles_error_ratio < 0.6);
    assert_true(boards[b].power_error_ratio < 0.25);
  }
  free(boards);
}

static void profiles_differ_as_boards_do(void **unused)
{
  (void)unused;
  tl_board m0, m4, m7;
  assert_int_equal(tl_board_load(&m0, BOARDS "/nucleo-g0b1re-hale.json", NULL), TL_OK);
  assert_int_equal(tl_board_load(&m4, BOARDS "/nucleo-l4r5zi-tflm.json", NULL), TL_OK);
  assert_int_equal(tl_board_load(&m7, BOARDS "/nucleo-h7a3zi-q-xcubeai.json", NULL), TL_OK);
  assert_string_equal(m4.id, "nucleo-l4r5zi-tflm");
  assert_string_equal(m4.core, "Cortex-M4");
  assert_true(m4.clock_Hz == 120e6);
  assert_true(fabs(m4.power_W - 0.0405) < 0.001); /* 40 to 41 mW */
  assert_true(m0.power_W == 0.0);                 /* none was published */
  for (int n = 0; n < NETWORKS; n++) {
    assert_true(cycles_of(&m0, &networks[n]) > cycles_of(&m4, &networks[n]));
    assert_true(cycles_of(&m4, &networks[n]) > cycles_of(&m7, &networks[n]));
  }
}

/* --- work --------------------------------------------------------------------------------------- */
static tl_tensor shape(uint32_t rank, int32_t a, int32_t b, int32_t c, int32_t d)
{
  const int32_t dims[4] = {a, b, c, d};
  tl_tensor t = {.rank = rank, .element_count = 1};
  for (uint32_t i = 0; i < rank; i++) {
    t.dims[i] = dims[i];
    t.element_count *= (uint32_t)dims[i];
  }
  return t;
}

/* One operator of three inputs and one output; an input of rank 0 and no elements is absent. */
static tl_work work_of(int32_t builtin, tl_tensor x, tl_tensor w, tl_tensor v, tl_tensor y)
{
  static const int32_t inputs[3] = {0, 1, 2}, outputs[1] = {3};
  tl_tensor tensors[4] = {x, w, v, y};
  const tl_op_row row = {.builtin = builtin};
  tl_op op = {
      .row = &row, .inputs = inputs, .outputs = outputs, .input_count = 3, .output_count = 1};
  const tl_model model = {.tensors = tensors, .ops = &op, .tensor_count = 4, .op_count = 1};
  return tl_work_of(&model, 0);
}

static void expect_work(tl_work got, tl_work_kind kind, uint64_t macs, uint64_t elements)
{
  assert_int_equal(got.kind, kind);
  assert_int_equal(got.macs, macs);
  assert_int_equal(got.elements, elements);
}

static void work_follows_from_shapes(void **unused)
{
  (void)unused;
  const tl_tensor image = shape(4, 1, 8, 8, 3), bias = shape(1, 5, 0, 0, 0);
  const tl_tensor map = shape(4, 1, 8, 8, 5);
  expect_work(work_of(3, image, shape(4, 5, 3, 2, 3), bias, map), TL_WORK_CONV, 320 * 18, 320);
  expect_work(work_of(3, image, shape(4, 5, 1, 1, 3), bias, map), TL_WORK_POINTWISE, 320 * 3, 320);
  expect_work(work_of(4, image, shape(4, 1, 3, 3, 6), bias, shape(4, 1, 4, 4, 6)),
              TL_WORK_DEPTHWISE, 96 * 9, 96);
  expect_work(work_of(9, shape(2, 2, 7, 0, 0), shape(2, 5, 7, 0, 0), bias, shape(2, 2, 5, 0, 0)),
              TL_WORK_DENSE, 70, 10);
  /* from 4 x 4 x 6 with a 3 x 3 filter to 5 channels: every input element meets 45 weights */
  expect_work(work_of(67, shape(1, 4, 0, 0, 0), shape(4, 5, 3, 3, 6), shape(4, 1, 4, 4, 6),
                      shape(4, 1, 8, 8, 5)),
              TL_WORK_CONV, 96 * 45, 320);
  /* [2, 3, 4] x [2, 4, 5], the left side also stored transposed */
  const tl_tensor product = shape(3, 2, 3, 5, 0), right = shape(3, 2, 4, 5, 0);
  expect_work(work_of(126, shape(3, 2, 3, 4, 0), right, bias, product), TL_WORK_DENSE, 120, 30);
  expect_work(work_of(126, shape(3, 2, 4, 3, 0), right, bias, product), TL_WORK_DENSE, 120, 30);
  /* 8 filters over 10 features and 6 time steps */
  expect_work(work_of(27, shape(2, 1, 10, 0, 0), shape(2, 8, 10, 0, 0), shape(2, 8, 6, 0, 0),
                      shape(2, 1, 4, 0, 0)),
              TL_WORK_DENSE, 128, 4);
  /* an average over 8 x 8 reads more than it writes; a resize the other way round */
  expect_work(work_of(1, image, bias, bias, shape(4, 1, 1, 1, 3)), TL_WORK_ELEMENT, 0, 192);
  expect_work(work_of(23, shape(4, 1, 2, 2, 3), bias, bias, image), TL_WORK_ELEMENT, 0, 192);
}

static void an_lstm_uses_every_matrix_at_every_step(void **unused)
{
  (void)unused;
  int32_t inputs[24];
  const int32_t outputs[1] = {9};
  tl_tensor tensors[10] = {[0] = shape(3, 1, 28, 20, 0), [9] = shape(3, 1, 28, 16, 0)};
  for (int i = 0; i < 24; i++) inputs[i] = i <= 8 ? i : -1;
  for (int i = 1; i <= 4; i++) tensors[i] = shape(2, 16, 20, 0, 0);
  for (int i = 5; i <= 8; i++) tensors[i] = shape(2, 16, 16, 0, 0);
  const tl_op_row row = {.builtin = 44};
  tl_op op = {
      .row = &row, .inputs = inputs, .outputs = outputs, .input_count = 24, .output_count = 1};
  const tl_model model = {.tensors = tensors, .ops = &op, .tensor_count = 10, .op_count = 1};
  expect_work(tl_work_of(&model, 0), TL_WORK_DENSE, 28ull * (4 * 320 + 4 * 256), 448);
}

/* --- cost ---------------------------------------------------------------------------------------- */
static void the_networks_cost_what_was_published_within_the_error(void **unused)
{
  (void)unused;
  if (TL_SHARED_DIR[0] == '\0') skip();
  tl_board board;
  assert_int_equal(tl_board_load(&board, BOARDS "/nucleo-l4r5zi-tflm.json", NULL), TL_OK);
  for (int n = 0; n < NETWORKS; n++) {
    char path[512];
    opened m;
    snprintf(path, sizeof path, "%s/kernels/models/%s.tflite", TL_SHARED_DIR, networks[n].file);
    if (!open_model_file(&m, path)) { /* an operator that this build does not have */
      print_message("not run: %s: %s\n", networks[n].name, m.status.reason);
      assert_int_equal(m.status.code, TL_KERNEL_E_UNSUPPORTED);
      assert_int_not_equal(n, 0);
      close_model(&m);
      continue;
    }
    uint64_t macs[TL_WORK_KIND_COUNT] = {0}, elements = 0;
    tl_op_cost *ops = calloc(m.model.op_count, sizeof *ops);
    tl_cost cost;
    tl_board_cost(&board, &cost, ops, &m.model);
    double sum = 0.0;
    for (uint32_t op = 0; op < m.model.op_count; op++) {
      macs[ops[op].work.kind] += ops[op].work.macs;
      elements += ops[op].work.elements;
      sum += ops[op].cycles;
    }
    assert_int_equal(m.model.op_count, networks[n].op_count);
    assert_memory_equal(macs, networks[n].macs, sizeof macs);
    assert_int_equal(elements, networks[n].elements);
    assert_true(fabs(sum / cost.cycles - 1.0) < 1e-12);
    assert_true(fabs(cost.cycles / board.points[n].cycles - 1.0) < cost.cycles_error_ratio);
    assert_true(fabs(cost.time_s * 120e6 / cost.cycles - 1.0) < 1e-12);
    assert_true(cost.has_energy &&
                fabs(cost.energy_J / (cost.time_s * board.power_W) - 1.0) < 1e-12);
    assert_true(cost.energy_error_ratio > cost.cycles_error_ratio);
    free(ops);
    close_model(&m);
  }
}

static void a_board_without_published_power_gives_no_energy(void **unused)
{
  (void)unused;
  tl_board board;
  const tl_model nothing = {0};
  tl_cost cost;
  assert_int_equal(tl_board_load(&board, BOARDS "/nucleo-g0b1re-hale.json", NULL), TL_OK);
  tl_board_cost(&board, &cost, NULL, &nothing);
  assert_false(cost.has_energy);
  assert_true(cost.energy_J == 0.0 && cost.cycles == 0.0);
}

/* --- what a file can do wrong ---------------------------------------------------------------- */
static const char good[] =
    "{\"schema\": \"twinloop.board/1\", \"board\": \"B\", \"core\": \"C\", \"software\": \"S\",\n"
    " \"source\": \"mine\", \"clock_Hz\": 1e6, \"power_W\": 0.5, \"power_error\": 0.1,\n"
    " \"cycles\": {\"conv\": 1, \"pointwise\": 1, \"depthwise\": 2, \"dense\": 3, \"element\": 8, "
    "\"op\": 9},\n"
    " \"cycles_error\": {\"network_left_out\": 0.2, \"point_left_out\": 0.3},\n"
    " \"points\": [{\"network\": \"ad\", \"published\": 10, \"fitted\": 11, \"unseen\": 12}]}";

/* `good` with one part replaced. */
static void expect_refusal(const char *from, const char *to, const char *message)
{
  char text[2048], *at;
  tl_board board;
  tl_error err = {0};
  snprintf(text, sizeof text, "%s", good);
  assert_non_null(at = strstr(text, from));
  char rest[2048];
  snprintf(rest, sizeof rest, "%s", at + strlen(from));
  snprintf(at, sizeof text - (size_t)(at - text), "%s%s", to, rest);
  assert_int_equal(tl_board_parse(&board, text, strlen(text), "x/mine.json", &err), TL_E_FORMAT);
  assert_string_equal(err.text, message);
  assert_int_equal(board.point_count, 0);
}

static void a_profile_of_ones_own_is_taken_and_a_broken_one_refused(void **unused)
{
  (void)unused;
  tl_board board;
  tl_error err = {0};
  assert_int_equal(tl_board_parse(&board, good, strlen(good), "x/mine.json", &err), TL_OK);
  assert_string_equal(board.id, "mine");
  assert_true(board.mac_cycles[TL_WORK_DENSE] == 3.0 && board.cycles_error_ratio == 0.3);
  expect_refusal("twinloop.board/1", "twinloop.board/2",
                 "x/mine.json: board profile: 'schema' must be \"twinloop.board/1\"");
  expect_refusal("\"dense\": 3", "\"dense\": -3",
                 "x/mine.json: board profile: 'dense' must be a number from 0 to 1e+06");
  expect_refusal("\"op\"", "\"ops\"",
                 "x/mine.json: board profile: 'op' must be a number from 0 to 1e+09");
  expect_refusal("1e6", "0",
                 "x/mine.json: board profile: 'clock_Hz' must be a number from 1000 to 1e+11");
  expect_refusal("\"core\": \"C\"", "\"core\": \"\"",
                 "x/mine.json: board profile: 'core' must be a text, not empty and not too long");
  expect_refusal("[{\"network\": \"ad\", \"published\": 10, \"fitted\": 11, \"unseen\": 12}]", "[]",
                 "x/mine.json: board profile: 'points' must be a list of 1 to 8 published results");
  expect_refusal("\"clock_Hz\"", "clock_Hz",
                 "x/mine.json:2: no JSON: string or '}' expected near 'clock'");
}

static void files_that_are_not_there_are_named(void **unused)
{
  (void)unused;
  tl_board boards[1];
  uint32_t count = 9;
  tl_error err = {0};
  assert_int_equal(tl_board_load(boards, BOARDS "/none.json", &err), TL_E_IO);
  assert_string_equal(err.text, BOARDS "/none.json: No such file or directory");
  assert_int_equal(tl_boards_load(boards, &count, BOARDS "/none", &err), TL_E_IO);
  assert_int_equal(count, 0);
}

static void an_unknown_board_gets_the_nearest_and_all(void **unused)
{
  (void)unused;
  tl_error err = {0};
  assert_int_equal(tl_board_unknown("nucleo-l4r5zi-tflmm", BOARDS, "a.lua:3", &err), TL_E_NAME);
  assert_string_equal(err.hint, "did you mean 'nucleo-l4r5zi-tflm'?");
  tl_board boards[TL_BOARDS_MAX];
  uint32_t count = 0;
  assert_int_equal(tl_boards_load(boards, &count, BOARDS, NULL), TL_OK);
  for (uint32_t b = 0; b < count; b++) assert_non_null(strstr(err.text, boards[b].id));
  assert_int_equal(tl_board_unknown("nope", BOARDS "/none", NULL, &err), TL_E_NAME);
  assert_string_equal(err.text, "there is no board profile 'nope'");
  assert_string_equal(err.hint, "");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_shipped_profile_loads_and_says_what_its_rates_give),
      cmocka_unit_test(profiles_differ_as_boards_do),
      cmocka_unit_test(work_follows_from_shapes),
      cmocka_unit_test(an_lstm_uses_every_matrix_at_every_step),
      cmocka_unit_test(the_networks_cost_what_was_published_within_the_error),
      cmocka_unit_test(a_board_without_published_power_gives_no_energy),
      cmocka_unit_test(a_profile_of_ones_own_is_taken_and_a_broken_one_refused),
      cmocka_unit_test(files_that_are_not_there_are_named),
      cmocka_unit_test(an_unknown_board_gets_the_nearest_and_all),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
