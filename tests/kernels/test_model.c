/* The reader on files that are not what they should be: an error with node and reason, never more. */
#include "tests/kernels/support.h"

#include "kernels/flatbuffer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint8_t *good_file(size_t *bytes)
{
  dice d = {42};
  const uint32_t widths[] = {12, 5, 7, 12};
  return random_chain(bytes, &d, widths, 3, 100, true, true);
}

static uint8_t *copy(const uint8_t *data, size_t bytes)
{
  uint8_t *out = take(bytes);
  memcpy(out, data, bytes);
  return out;
}

/* Opens a file that must fail; the message in `reason`. */
static tl_kernel_status refused(uint8_t *file, size_t bytes)
{
  opened m;
  assert_false(open_model(&m, file, bytes));
  assert_int_not_equal(m.status.code, TL_KERNEL_OK);
  assert_true(strlen(m.status.reason) > 5);
  const tl_kernel_status status = m.status;
  close_model(&m);
  return status;
}

static void a_truncated_file_is_an_error_at_every_length(void **unused)
{
  (void)unused;
  size_t bytes;
  uint8_t *file = good_file(&bytes);
  for (size_t cut = 0; cut < bytes; cut++) {
    uint8_t *exact = malloc(cut + 1); /* no slack: a sanitizer sees the first byte beyond */
    memcpy(exact, file, cut);
    opened m;
    if (open_model(&m, exact, cut)) { /* the last bytes may be padding that nobody reads */
      int8_t in[12] = {0}, out[12];
      const void *inputs[1] = {in};
      void *outputs[1] = {out};
      assert_int_equal(
          tl_model_run(&m.model, m.arena, m.model.arena_bytes, m.state, inputs, outputs, NULL), 0);
      assert_true(cut + 64 > bytes);
    }
    close_model(&m);
  }
  free(file);
}

static void a_flipped_bit_is_an_error_or_another_model_but_never_a_crash(void **unused)
{
  (void)unused;
  size_t bytes, opens = 0;
  uint8_t *file = good_file(&bytes);
  for (size_t bit = 0; bit < 8 * bytes; bit++) {
    uint8_t *flipped = copy(file, bytes);
    flipped[bit / 8] ^= (uint8_t)(1u << bit % 8);
    opened m;
    if (open_model(&m, flipped, bytes)) {
      uint8_t *in = take(1 << 16), *out = take(1 << 16);
      const void *inputs[1] = {in};
      void *outputs[1] = {out};
      assert_true(tl_model_input(&m.model, 0)->bytes <= 1 << 16);
      assert_true(tl_model_output(&m.model, 0)->bytes <= 1 << 16);
      assert_int_equal(
          tl_model_run(&m.model, m.arena, m.model.arena_bytes, m.state, inputs, outputs, NULL), 0);
      opens++;
      free(in);
      free(out);
    }
    close_model(&m);
  }
  print_message("%zu of %zu single-bit flips still open\n", opens, 8 * bytes);
  assert_true(opens < 8 * bytes);
  free(file);
}

static void random_bytes_behind_the_identifier_are_errors(void **unused)
{
  (void)unused;
  dice d = {9};
  for (int round = 0; round < 2000; round++) {
    const size_t bytes = 8 + roll(&d, 300);
    uint8_t *file = malloc(bytes);
    for (size_t b = 0; b < bytes; b++)
      file[b] = (uint8_t)(roll(&d, 3) ? roll(&d, 40) : roll(&d, 256));
    memcpy(file + 4, "TFL3", 4);
    refused(file, bytes);
  }
}

static void what_is_no_model_is_named_so(void **unused)
{
  (void)unused;
  uint8_t *text = copy((const uint8_t *)"# this is a text file, not a model\n", 35);
  const tl_kernel_status status = refused(text, 35);
  assert_int_equal(status.code, TL_KERNEL_E_FORMAT);
  assert_string_equal(status.reason,
                      "not a TensorFlow Lite model (no TFL3 at byte 4, or cut short)");
  assert_int_equal(status.node, TL_KERNEL_NONE);
}

/* Places in the test's own file: the operator codes are the first tables after the model's. */
static size_t find_code(const uint8_t *file, size_t bytes, uint32_t builtin)
{
  for (size_t at = 8; at + 16 <= bytes; at += 4)
    if (tl_load_u32(file + at) == builtin && tl_load_u32(file + at + 8) == 1 &&
        tl_load_u32(file + at + 12) == builtin)
      return at;
  fail_msg("no operator code %u", builtin);
  return 0;
}

static void an_operator_without_a_row_is_refused_by_name_and_node(void **unused)
{
  (void)unused;
  size_t bytes;
  uint8_t *file = good_file(&bytes);
  const size_t at = find_code(file, bytes, 9);
  file[at] = 10;
  file[at + 12] = 10;
  const tl_kernel_status status = refused(file, bytes);
  assert_int_equal(status.code, TL_KERNEL_E_UNSUPPORTED);
  assert_int_equal(status.op, 10);
  assert_true(status.node >= 0);
  assert_string_equal(status.reason, "HASHTABLE_LOOKUP (10) is not supported");
}

static void the_larger_of_both_operator_codes_counts(void **unused)
{
  (void)unused;
  size_t bytes;
  opened m;
  uint8_t *file = good_file(&bytes);
  const size_t at = find_code(file, bytes, 9);
  file[at] = 0; /* the old field says ADD, the new one FULLY_CONNECTED */
  assert_true(open_model(&m, file, bytes));
  close_model(&m);
}

static void a_custom_operator_is_refused(void **unused)
{
  (void)unused;
  size_t bytes;
  uint8_t *file = good_file(&bytes);
  const size_t at = find_code(file, bytes, 9);
  file[at] = 32;
  file[at + 12] = 32;
  const tl_kernel_status status = refused(file, bytes);
  assert_int_equal(status.code, TL_KERNEL_E_UNSUPPORTED);
  assert_string_equal(status.reason, "custom operator '' is not supported");
}

static void too_little_memory_is_an_error_not_an_overrun(void **unused)
{
  (void)unused;
  size_t bytes, needed;
  tl_kernel_status status;
  tl_model model;
  uint8_t *file = good_file(&bytes);
  assert_int_equal(tl_model_memory_bytes(&needed, file, bytes, &status), TL_KERNEL_OK);
  int opens = 0;
  for (size_t given = 0; given <= needed; given += 16) {
    uint8_t *memory = aligned_alloc(16, given + 16);
    memset(memory + given, 0xA5, 16);
    const tl_kernel_code code = tl_model_open(&model, memory, given, file, bytes, NULL, &status);
    assert_true(code == TL_KERNEL_OK || code == TL_KERNEL_E_MEMORY);
    for (int b = 0; b < 16; b++) assert_int_equal(memory[given + (size_t)b], 0xA5);
    opens += code == TL_KERNEL_OK;
    free(memory);
  }
  assert_true(opens >= 1);
  uint8_t *memory = take(needed + 64);
  assert_int_equal(tl_model_open(&model, memory + 4, needed, file, bytes, NULL, &status),
                   TL_KERNEL_E_MEMORY);
  assert_int_equal(tl_model_open(&model, memory, needed, file, bytes, NULL, &status), TL_KERNEL_OK);
  uint8_t *arena = take(model.arena_bytes);
  assert_int_equal(tl_model_run(&model, arena, model.arena_bytes - 1, NULL, NULL, NULL, &status),
                   TL_KERNEL_E_MEMORY);
  assert_string_equal(status.reason, "the arena is too small or not aligned");
  free(arena);
  free(memory);
  free(file);
}

static void tensors_that_live_together_do_not_overlap(void **unused)
{
  (void)unused;
  size_t bytes;
  opened m;
  uint8_t *file = good_file(&bytes);
  assert_true(open_model(&m, file, bytes));
  size_t sum = 0;
  for (uint32_t a = 0; a < m.model.tensor_count; a++) {
    const tl_tensor *x = &m.model.tensors[a];
    if (x->data != NULL || x->first_op > x->last_op) continue;
    sum += x->bytes;
    assert_true(x->offset + (size_t)x->bytes <= m.model.arena_bytes);
    for (uint32_t b = 0; b < a; b++) {
      const tl_tensor *y = &m.model.tensors[b];
      if (y->data != NULL || y->first_op > y->last_op || y->last_op < x->first_op ||
          y->first_op > x->last_op)
        continue;
      assert_true(x->offset + x->bytes <= y->offset || y->offset + y->bytes <= x->offset);
    }
  }
  assert_true(sum > 0);
  close_model(&m);
}

static void a_status_may_be_absent_and_long_reasons_are_cut(void **unused)
{
  (void)unused;
  tl_kernel_status status;
  char name[400];
  memset(name, 'x', sizeof name - 1);
  name[sizeof name - 1] = '\0';
  tl_kernel_clear(&status);
  assert_int_equal(TL_KERNEL_FAIL(&status, TL_KERNEL_E_ARG, name, name), TL_KERNEL_E_ARG);
  assert_int_equal(strlen(status.reason), TL_KERNEL_REASON_BYTES - 1);
  assert_int_equal(TL_KERNEL_FAIL(NULL, TL_KERNEL_E_ARG, "x"), TL_KERNEL_E_ARG);
  char number[12];
  assert_string_equal(tl_kernel_number(number, INT32_MIN), "-2147483648");
  assert_string_equal(tl_kernel_number(number, 0), "0");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_truncated_file_is_an_error_at_every_length),
      cmocka_unit_test(a_flipped_bit_is_an_error_or_another_model_but_never_a_crash),
      cmocka_unit_test(random_bytes_behind_the_identifier_are_errors),
      cmocka_unit_test(what_is_no_model_is_named_so),
      cmocka_unit_test(an_operator_without_a_row_is_refused_by_name_and_node),
      cmocka_unit_test(the_larger_of_both_operator_codes_counts),
      cmocka_unit_test(a_custom_operator_is_refused),
      cmocka_unit_test(too_little_memory_is_an_error_not_an_overrun),
      cmocka_unit_test(tensors_that_live_together_do_not_overlap),
      cmocka_unit_test(a_status_may_be_absent_and_long_reasons_are_cut),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
