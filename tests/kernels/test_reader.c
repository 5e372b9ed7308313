/* The reader on what converters write beside the usual, and on every way in which a description can be wrong:
 * an error that names the place, or a model that runs; never more. */
#include "tests/kernels/model_writer.h"
#include "tests/kernels/support.h"

#include "kernels/survey.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

static tl_kernel_status refused(const write_model *model)
{
  opened m;
  size_t bytes;
  uint8_t *file = write_file(&bytes, model);
  assert_false(open_model(&m, file, bytes));
  assert_int_not_equal(m.status.code, TL_KERNEL_OK);
  const tl_kernel_status status = m.status;
  close_model(&m);
  return status;
}

static void assert_refused(const write_model *model, tl_kernel_code code, const char *reason)
{
  const tl_kernel_status status = refused(model);
  assert_string_equal(status.reason, reason);
  assert_int_equal(status.code, code);
}

/* The three outputs for the input 1, 2, 3, 4, as the formula gives them: scale 0.5 * 0.25 / 2 = 1/16. */
static void assert_runs(const write_model *model)
{
  opened m;
  size_t bytes;
  uint8_t *file = write_file(&bytes, model);
  const int8_t in[4] = {1, 2, 3, 4};
  int8_t out[3];
  const void *inputs[1] = {in};
  void *outputs[1] = {out};
  if (!open_model(&m, file, bytes)) fail_msg("refused: %s", m.status.reason);
  assert_int_equal(
      tl_model_run(&m.model, m.arena, m.model.arena_bytes, m.state, inputs, outputs, NULL),
      TL_KERNEL_OK);
  /* sum of w * (x + 3), and the bias: 140, -92, 296; by 16: 8.75, -5.75, 18.5; rounded, halves away from zero; + 5 */
  assert_int_equal(out[0], 14);
  assert_int_equal(out[1], -1);
  assert_int_equal(out[2], 24);
  close_model(&m);
}

static void a_sound_model_runs(void **unused)
{
  (void)unused;
  const write_model m = sound_model();
  assert_runs(&m);
}

/* ---- what converters write beside the usual ---- */

static void metadata_is_passed_over(void **unused)
{
  (void)unused;
  write_model m = sound_model();
  m.has_metadata = true;
  assert_runs(&m);
}

static void buffers_may_stand_after_the_flatbuffer(void **unused)
{
  (void)unused;
  write_model m = sound_model();
  m.buffers[1].is_outside = m.buffers[2].is_outside = true;
  assert_runs(&m);
}

static void buffers_outside_are_cut_off_with_an_error(void **unused)
{
  (void)unused;
  write_model m = sound_model();
  m.buffers[1].is_outside = m.buffers[2].is_outside = true;
  size_t bytes;
  uint8_t *file = write_file(&bytes, &m);
  for (size_t cut = 0; cut < bytes; cut++) {
    uint8_t *exact = malloc(cut + 1);
    memcpy(exact, file, cut);
    opened o;
    assert_false(open_model(&o, exact, cut));
    close_model(&o);
  }
  free(file);
}

static void an_offset_out_of_the_file_is_an_error(void **unused)
{
  (void)unused;
  static const uint64_t offsets[] = {1u << 20, UINT64_MAX, UINT64_MAX - 11,
                                     (uint64_t)INT64_MAX + 1};
  write_model m = sound_model();
  for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
    m.buffers[1] = (write_buffer){.offset = offsets[i], .size = 12};
    assert_refused(&m, TL_KERNEL_E_FORMAT,
                   "tensor 1: its data, given by an offset, leave the file");
  }
  m.buffers[1] = (write_buffer){.offset = 16, .size = UINT64_MAX - 8};
  assert_refused(&m, TL_KERNEL_E_FORMAT, "tensor 1: its data, given by an offset, leave the file");
  m.buffers[1] = (write_buffer){.offset = 16, .size = 11};
  assert_refused(&m, TL_KERNEL_E_FORMAT, "tensor 1: data do not fit the shape");
  m.buffers[1] = (write_buffer){.offset = 1, .size = 12}; /* 0 and 1 mean: not there */
  assert_int_equal(refused(&m).node, 0);
}

static void data_beyond_two_gigabytes_are_found(void **unused)
{
  (void)unused;
  const size_t far = ((size_t)1 << 31) + 4096, whole = far + 4096;
  write_model m = sound_model();
  m.buffers[1].offset = far;
  m.buffers[1].size = m.buffers[1].bytes;
  size_t bytes, memory_bytes;
  uint8_t *file = write_file(&bytes, &m);
  uint8_t *space =
      mmap(NULL, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (space == MAP_FAILED) {
    free(file);
    print_message("SKIP: no address space of 2 GiB\n");
    skip();
  }
  memcpy(space, file, bytes);
  memcpy(space + far, m.buffers[1].data, m.buffers[1].bytes);
  tl_kernel_status status;
  tl_model model;
  assert_int_equal(tl_model_memory_bytes(&memory_bytes, space, whole, &status), TL_KERNEL_OK);
  void *memory = take(memory_bytes);
  assert_int_equal(tl_model_open(&model, memory, memory_bytes, space, whole, NULL, &status),
                   TL_KERNEL_OK);
  assert_ptr_equal(model.tensors[1].data, space + far);
  assert_int_equal(tl_model_open(&model, memory, memory_bytes, space, far + 11, NULL, &status),
                   TL_KERNEL_E_FORMAT);
  munmap(space, whole);
  free(memory);
  free(file);
}

/* ---- the graph ---- */

static void other_than_one_subgraph_is_refused(void **unused)
{
  (void)unused;
  write_model m = sound_model();
  m.subgraph_count = 0;
  assert_refused(&m, TL_KERNEL_E_UNSUPPORTED,
                 "the model has 0 subgraphs, exactly one is supported");
  m.subgraph_count = 3;
  assert_refused(&m, TL_KERNEL_E_UNSUPPORTED,
                 "the model has 3 subgraphs, exactly one is supported");
}

static void another_schema_version_is_refused(void **unused)
{
  (void)unused;
  write_model m = sound_model();
  m.version = 4;
  assert_refused(&m, TL_KERNEL_E_FORMAT, "the schema version is not 3");
}

static void a_custom_operator_is_refused_by_its_name(void **unused)
{
  (void)unused;
  write_model m = sound_model();
  m.codes[0] = (write_code){32, "TFLite_Detection_PostProcess"};
  assert_refused(&m, TL_KERNEL_E_UNSUPPORTED,
                 "custom operator 'TFLite_Detection_PostProcess' is not supported");
  assert_int_equal(refused(&m).node, 0);
  assert_int_equal(refused(&m).op, 32);
  m.codes[0].custom = "new\nline\x1b[31m";
  assert_refused(&m, TL_KERNEL_E_UNSUPPORTED, "custom operator 'new?line?[31m' is not supported");
  m.codes[0].custom = "a name that is longer than any message should be, by far";
  assert_refused(&m, TL_KERNEL_E_UNSUPPORTED,
                 "custom operator 'a name that is longer than any message should b' is not "
                 "supported");
}

static void an_operator_of_no_known_number_is_refused(void **unused)
{
  (void)unused;
  write_model m = sound_model();
  m.codes[0].builtin = 999;
  assert_refused(&m, TL_KERNEL_E_UNSUPPORTED, "operator (999) is not supported");
  m.op.code = 1;
  assert_refused(&m, TL_KERNEL_E_FORMAT, "an operator code leaves the file or its table");
}

static void operands_that_are_not_there_are_errors(void **unused)
{
  (void)unused;
  static const int32_t wrong[] = {4, -2, INT32_MAX, INT32_MIN};
  const char *none = "no tensor with such an index";
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    write_model m = sound_model();
    m.op.inputs[0] = wrong[i];
    assert_int_equal(refused(&m).code, TL_KERNEL_E_FORMAT);
    m = sound_model();
    m.op.outputs[0] = wrong[i];
    assert_refused(&m, TL_KERNEL_E_FORMAT, none);
    m = sound_model();
    m.inputs[0] = wrong[i];
    assert_refused(&m, TL_KERNEL_E_FORMAT, none);
    m = sound_model();
    m.outputs[0] = wrong[i];
    assert_refused(&m, TL_KERNEL_E_FORMAT, none);
  }
  write_model m = sound_model();
  m.op.inputs[1] = -1;
  assert_refused(&m, TL_KERNEL_E_FORMAT, "FULLY_CONNECTED: a required input is absent");
  m = sound_model();
  m.op.input_count = 4;
  assert_refused(&m, TL_KERNEL_E_FORMAT, "FULLY_CONNECTED: wrong number of inputs or outputs");
  m = sound_model();
  m.op.output_count = 0;
  assert_refused(&m, TL_KERNEL_E_FORMAT, "FULLY_CONNECTED: wrong number of inputs or outputs");
  m = sound_model();
  m.input_count = 0;
  assert_refused(&m, TL_KERNEL_E_FORMAT, "the subgraph has no inputs or no outputs");
}

static void values_must_be_written_once_and_before_they_are_read(void **unused)
{
  (void)unused;
  write_model m = sound_model();
  m.op.inputs[0] = m.op.outputs[0]; /* its own output */
  m.tensors[3].dims[1] = 4;
  m.tensors[0].dims[1] = 3;
  assert_int_equal(refused(&m).code != TL_KERNEL_OK, true);
  m = sound_model();
  m.inputs[0] = 1;
  assert_refused(&m, TL_KERNEL_E_FORMAT, "a model input is constant");
  m = sound_model();
  m.op_count = 0;
  assert_refused(&m, TL_KERNEL_E_FORMAT, "nothing writes a model output");
  m = sound_model();
  m.outputs[0] = 0; /* the input, handed through: sound */
  size_t bytes;
  opened o;
  uint8_t *file = write_file(&bytes, &m);
  assert_true(open_model(&o, file, bytes));
  close_model(&o);
  write_op twice[2] = {sound_model().op, sound_model().op};
  m = sound_model();
  m.ops = twice;
  m.op_count = 2;
  assert_refused(&m, TL_KERNEL_E_FORMAT,
                 "FULLY_CONNECTED: writes a tensor that has its value already");
  assert_int_equal(refused(&m).node, 1);
}

static void more_operators_than_the_limit_are_refused_and_so_many_are_run(void **unused)
{
  (void)unused;
  enum { RESHAPE = 22 };
  static write_op ops[WRITE_OPS_MAX]; /* a long file; nothing in the reader goes deep */
  write_model m = sound_model();
  for (int i = 0; i < WRITE_OPS_MAX; i++) ops[i] = m.op;
  m.ops = ops;
  m.op_count = TL_MODEL_OPS_MAX + 1;
  assert_refused(&m, TL_KERNEL_E_UNSUPPORTED, "more than 4096 tensors or operators");
  m.op_count = TL_MODEL_OPS_MAX;
  assert_int_equal(refused(&m).node, 1); /* all were prepared; the second writes again */
}

/* ---- tensors ---- */

static void shapes_that_overflow_are_errors(void **unused)
{
  (void)unused;
  write_model m = sound_model();
  m.tensors[0].dims[0] = 65536;
  m.tensors[0].dims[1] = 65536; /* 2^32 bytes: 0 in 32 bits */
  assert_refused(&m, TL_KERNEL_E_FORMAT, "tensor 0: larger than 2 GiB");
  assert_int_equal(refused(&m).node, 0); /* the operator that has it */
  m.tensors[0].dims[0] = m.tensors[0].dims[1] = INT32_MAX;
  assert_refused(&m, TL_KERNEL_E_FORMAT, "tensor 0: larger than 2 GiB");
  m.tensors[2].dims[0] = 1 << 30; /* int32: 4 GiB */
  m.tensors[0] = sound_model().tensors[0];
  assert_refused(&m, TL_KERNEL_E_FORMAT, "tensor 2: larger than 2 GiB");
  m = sound_model();
  m.tensors[0].rank = 7;
  for (int d = 0; d < 7; d++) m.tensors[0].dims[d] = 1;
  assert_refused(&m, TL_KERNEL_E_UNSUPPORTED, "tensor 0: more than 6 dimensions");
  m = sound_model();
  m.tensors[0].dims[1] = -1;
  assert_refused(&m, TL_KERNEL_E_UNSUPPORTED, "tensor 0: a dimension is negative");
  m.tensors[0].dims[1] = 0;
  assert_refused(&m, TL_KERNEL_E_UNSUPPORTED, "tensor 0: a dimension is not positive");
  m = sound_model();
  m.tensors[1].dims[0] = 0; /* weights without an output: the survey divides by it */
  m.tensors[1].buffer = 0;
  assert_refused(&m, TL_KERNEL_E_UNSUPPORTED, "tensor 1: a dimension is not positive");
  size_t bytes, memory_bytes;
  tl_survey survey;
  uint8_t *file = write_file(&bytes, &m);
  assert_int_equal(tl_survey_memory_bytes(&memory_bytes, file, bytes, NULL), TL_KERNEL_OK);
  void *memory = take(memory_bytes);
  assert_int_equal(tl_survey_open(&survey, memory, memory_bytes, file, bytes, NULL), TL_KERNEL_OK);
  assert_int_equal(survey.refused_count, 1);
  assert_int_equal(survey.nodes[0].mac_count, 0);
  free(memory);
  free(file);
}

static void the_arena_and_the_state_stay_below_two_gigabytes(void **unused)
{
  (void)unused;
  write_model m = sound_model();
  for (uint32_t t = 4; t < WRITE_MAX; t++) {
    m.tensors[t] = m.tensors[0];
    m.tensors[t].dims[1] = 1 << 30;
    m.tensors[t].is_variable = true;
  }
  m.tensor_count = WRITE_MAX;
  assert_refused(&m, TL_KERNEL_E_UNSUPPORTED, "tensor 5: the state would need 2 GiB");
  for (uint32_t t = 4; t < WRITE_MAX; t++) {
    m.tensors[t].is_variable = false;
    m.inputs[t - 3] = (int32_t)t; /* inputs live at the same time */
  }
  m.input_count = WRITE_MAX - 3;
  for (uint32_t t = 4; t < WRITE_MAX; t++) m.outputs[t - 3] = (int32_t)t;
  m.output_count = WRITE_MAX - 3;
  assert_refused(&m, TL_KERNEL_E_UNSUPPORTED, "the arena would need 2 GiB");
}

static void a_refused_tensor_is_found_in_the_graph(void **unused)
{
  (void)unused;
  write_model m = sound_model();
  m.tensors[3].type = 17;
  assert_refused(&m, TL_KERNEL_E_UNSUPPORTED, "tensor 3: element type INT4 is not supported");
  assert_int_equal(refused(&m).node, 0);
  assert_int_equal(refused(&m).op, 9);
  m.tensors[3].type = 77;
  assert_refused(&m, TL_KERNEL_E_UNSUPPORTED, "tensor 3: element type unknown is not supported");
  m = sound_model();
  m.tensors[1].is_sparse = true;
  assert_refused(&m, TL_KERNEL_E_UNSUPPORTED, "tensor 1: sparse tensors are not supported");
  m = sound_model();
  m.tensors[4] = m.tensors[0]; /* of no operator */
  m.tensors[4].type = 1;
  m.tensor_count = 5;
  assert_refused(&m, TL_KERNEL_E_UNSUPPORTED, "tensor 4: element type FLOAT16 is not supported");
  assert_int_equal(refused(&m).node, TL_KERNEL_NONE);
}

static void quantisation_must_fit_the_tensor(void **unused)
{
  (void)unused;
  const char *channels = "tensor 1: one scale a channel expected";
  write_model m = sound_model();
  m.tensors[1].scale_count = m.tensors[1].zero_count = 2;
  assert_refused(&m, TL_KERNEL_E_FORMAT, channels);
  m.tensors[1].scale_count = m.tensors[1].zero_count = 3;
  m.tensors[1].quantized_dimension = 2;
  assert_refused(&m, TL_KERNEL_E_FORMAT, channels);
  m.tensors[1].quantized_dimension = -1;
  assert_refused(&m, TL_KERNEL_E_FORMAT, channels);
  m = sound_model();
  m.tensors[1].zero_count = 3;
  assert_refused(&m, TL_KERNEL_E_FORMAT, "tensor 1: as many zero points as scales expected");
  m = sound_model();
  m.tensors[0].zeros[0] = INT64_C(1) << 32; /* 0 in 32 bits */
  assert_refused(&m, TL_KERNEL_E_UNSUPPORTED, "tensor 0: zero point out of range");
  static const float scales[] = {0.0f, -1.0f, 1.0f / 0.0f, 0.0f / 0.0f, 1e-45f, 3e38f};
  for (size_t s = 0; s < sizeof scales / sizeof scales[0]; s++)
    for (int t = 0; t < 4; t++) {
      opened o;
      size_t bytes;
      m = sound_model();
      m.tensors[t].scales[0] = scales[s];
      uint8_t *file = write_file(&bytes, &m);
      if (!open_model(&o, file, bytes)) assert_true(strlen(o.status.reason) > 5);
      close_model(&o);
    }
}

static void data_must_fit_the_shape(void **unused)
{
  (void)unused;
  write_model m = sound_model();
  m.buffers[1].bytes = 11;
  assert_refused(&m, TL_KERNEL_E_FORMAT, "tensor 1: data do not fit the shape");
  m = sound_model();
  m.tensors[1].buffer = 3;
  assert_refused(&m, TL_KERNEL_E_FORMAT, "tensor 1: no such buffer");
  m.tensors[1].buffer = UINT32_MAX;
  assert_refused(&m, TL_KERNEL_E_FORMAT, "tensor 1: no such buffer");
}

/* Tables that are each other: a reader that follows them without end would not return. */
static void tables_in_a_ring_are_errors(void **unused)
{
  (void)unused;
  size_t bytes;
  const write_model m = sound_model();
  uint8_t *file = write_file(&bytes, &m);
  for (size_t at = 0; at + 4 <= bytes; at += 4)
    for (size_t to = 0; to < 64;
         to += 4) { /* every reference, turned back to the file's first tables */
      opened o;
      uint8_t *ring = malloc(bytes);
      const uint32_t offset = (uint32_t)(to - at);
      memcpy(ring, file, bytes);
      memcpy(ring + at, &offset, 4);
      (void)open_model(&o, ring, bytes); /* whatever it says, it says something */
      close_model(&o);
    }
  free(file);
}

/* ---- the survey ---- */

static void a_survey_names_every_refusal(void **unused)
{
  (void)unused;
  enum { HASHTABLE_LOOKUP = 10 };
  write_model m = sound_model();
  write_op ops[4] = {m.op, m.op, m.op, m.op};
  ops[1].code = 1;
  ops[2].code = 2;
  ops[3].inputs[1] = -1;
  m.codes[1].builtin = HASHTABLE_LOOKUP;
  m.codes[2] = (write_code){32, "EthosU"};
  m.code_count = 3;
  m.ops = ops;
  m.op_count = 4;
  size_t bytes, memory_bytes;
  tl_survey survey;
  tl_kernel_status status;
  uint8_t *file = write_file(&bytes, &m);
  assert_int_equal(tl_survey_memory_bytes(&memory_bytes, file, bytes, &status), TL_KERNEL_OK);
  void *memory = take(memory_bytes);
  assert_int_equal(tl_survey_open(&survey, memory, memory_bytes, file, bytes, &status),
                   TL_KERNEL_OK);
  assert_int_equal(survey.node_count, 4);
  assert_int_equal(survey.refused_count, 3);
  assert_int_equal(survey.nodes[0].status.code, TL_KERNEL_OK);
  assert_int_equal(survey.nodes[0].mac_count, 12);
  assert_string_equal(survey.nodes[1].name, "HASHTABLE_LOOKUP");
  assert_string_equal(survey.nodes[1].status.reason, "HASHTABLE_LOOKUP (10) is not supported");
  assert_int_equal(survey.nodes[1].outputs[0], 3);
  assert_string_equal(survey.nodes[2].name, "CUSTOM");
  assert_string_equal(survey.nodes[2].status.reason, "custom operator 'EthosU' is not supported");
  assert_string_equal(survey.nodes[3].status.reason, "FULLY_CONNECTED: a required input is absent");
  for (size_t given = 0; given < memory_bytes; given += 16) {
    const tl_kernel_code code = tl_survey_open(&survey, memory, given, file, bytes, &status);
    assert_true(code == TL_KERNEL_OK || code == TL_KERNEL_E_MEMORY);
  }
  free(memory);
  free(file);
}

static void names_and_numbers_of_operators_belong_together(void **unused)
{
  (void)unused;
  assert_int_equal(tl_builtin_find("CONV_2D"), 3);
  assert_int_equal(tl_builtin_find("QUANTIZE"), 114);
  assert_int_equal(tl_builtin_find("conv_2d"), TL_KERNEL_NONE);
  assert_int_equal(tl_builtin_find(""), TL_KERNEL_NONE);
  assert_int_equal(tl_builtin_find("operator"), TL_KERNEL_NONE);
  for (int32_t builtin = 0; builtin < 206; builtin++)
    assert_int_equal(tl_builtin_find(tl_builtin_name(builtin)), builtin);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_sound_model_runs),
      cmocka_unit_test(metadata_is_passed_over),
      cmocka_unit_test(buffers_may_stand_after_the_flatbuffer),
      cmocka_unit_test(buffers_outside_are_cut_off_with_an_error),
      cmocka_unit_test(an_offset_out_of_the_file_is_an_error),
      cmocka_unit_test(data_beyond_two_gigabytes_are_found),
      cmocka_unit_test(other_than_one_subgraph_is_refused),
      cmocka_unit_test(another_schema_version_is_refused),
      cmocka_unit_test(a_custom_operator_is_refused_by_its_name),
      cmocka_unit_test(an_operator_of_no_known_number_is_refused),
      cmocka_unit_test(operands_that_are_not_there_are_errors),
      cmocka_unit_test(values_must_be_written_once_and_before_they_are_read),
      cmocka_unit_test(more_operators_than_the_limit_are_refused_and_so_many_are_run),
      cmocka_unit_test(shapes_that_overflow_are_errors),
      cmocka_unit_test(the_arena_and_the_state_stay_below_two_gigabytes),
      cmocka_unit_test(a_refused_tensor_is_found_in_the_graph),
      cmocka_unit_test(quantisation_must_fit_the_tensor),
      cmocka_unit_test(data_must_fit_the_shape),
      cmocka_unit_test(tables_in_a_ring_are_errors),
      cmocka_unit_test(a_survey_names_every_refusal),
      cmocka_unit_test(names_and_numbers_of_operators_belong_together),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
