/* Operators element by element: what they do not take, and what they say then. */
#include "tests/kernels/one_op.h"
#include "tests/kernels/support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const tl_tensor_type I8 = TL_TENSOR_INT8, I16 = TL_TENSOR_INT16, I32 = TL_TENSOR_INT32;
static const tl_tensor_type BOOL = TL_TENSOR_BOOL, F32 = TL_TENSOR_FLOAT32;
static const tl_tensor_type I64 = TL_TENSOR_INT64, U8 = TL_TENSOR_UINT8;

static void what_an_operator_does_not_take_is_refused_with_the_reason(void **unused)
{
  (void)unused;
  const float s = 0.05f;
  const uint8_t zeros[16] = {0};
  tl_tensor constant = vector(I8, s, 0, 4);
  constant.data = zeros;
  tl_tensor two_scales = vector(I8, s, 0, 4);
  two_scales.scale_count = 2;
#define FLOAT_ALONE(name)                                                                          \
  name ": takes and gives float32 alone: a quantised model has it between DEQUANTIZE and QUANTIZE"
#define ROW(type, scale, zero, count) vector(type, scale, zero, count)
  const struct {
    const char *name;
    uint32_t inputs;
    tl_tensor tensors[4];
    const char *reason;
  } rows[] = {
      {"ADD",
       2,
       {ROW(I8, s, 0, 4), ROW(I16, s, 0, 4), ROW(I8, s, 0, 4)},
       "ADD: inputs and output must all be int8 or all int16, quantised per tensor, or all int32, "
       "not quantised"},
      {"ADD",
       2,
       {two_scales, ROW(I8, s, 0, 4), ROW(I8, s, 0, 4)},
       "ADD: inputs and output must all be int8 or all int16, quantised per tensor, or all int32, "
       "not quantised"},
      {"ADD",
       2,
       {ROW(I8, s, 0, 4), ROW(I8, s, 0, 3), ROW(I8, s, 0, 4)},
       "ADD: shapes do not broadcast to the output"},
      {"ADD",
       2,
       {ROW(I8, s, 0, 1), ROW(I8, s, 0, 1), ROW(I8, s, 0, 4)},
       "ADD: shapes do not broadcast to the output"},
      {"ADD",
       2,
       {ROW(I16, s, 0, 4), ROW(I16, s, 1, 4), ROW(I16, s, 0, 4)},
       "ADD: int16 needs zero points of 0"},
      {"SUB",
       2,
       {ROW(I8, s, 0, 4), ROW(I8, s, 0, 4), ROW(I8, 1e-12f, 0, 4)},
       "SUB: output scale is too small for the inputs"},
      {"SUB",
       2,
       {ROW(I8, 3e38f, 0, 4), ROW(I8, s, 0, 4), ROW(I8, s, 0, 4)},
       "SUB: output scale is too small for the inputs"},
      {"MUL",
       2,
       {ROW(I8, 10.0f, 0, 4), ROW(I8, 10.0f, 0, 4), ROW(I8, 1e-9f, 0, 4)},
       "MUL: ratio of scales out of range"},
      {"SQUARED_DIFFERENCE",
       2,
       {ROW(F32, 0, 0, 4), ROW(F32, 0, 0, 4), ROW(F32, 0, 0, 4)},
       "SQUARED_DIFFERENCE: inputs and output must all be int8 or all int16, quantised per tensor, "
       "or all int32, not quantised"},
      {"DIV", 2, {ROW(I8, s, 0, 4), constant, ROW(I8, s, 0, 4)}, "DIV: divides by a constant zero"},
      {"DIV",
       2,
       {ROW(I16, s, 0, 4), ROW(I16, s, 0, 4), ROW(I16, s, 0, 4)},
       "DIV: inputs and output must all be int8, quantised per tensor, or all int32, not "
       "quantised"},
      {"FLOOR_DIV",
       2,
       {ROW(I8, s, 0, 4), ROW(I8, s, 0, 4), ROW(I8, s, 0, 4)},
       "FLOOR_DIV: quantised tensors are not supported"},
      {"FLOOR_MOD",
       2,
       {ROW(I64, 0, 0, 4), ROW(I64, 0, 0, 4), ROW(I64, 0, 0, 4)},
       "FLOOR_MOD: inputs and output must all be int8, all int16 or all int32"},
      {"ADD_N",
       3,
       {ROW(I8, s, 0, 4), ROW(I8, s, 0, 4), ROW(I8, s, 1, 4), ROW(I8, s, 0, 4)},
       "ADD_N: all inputs must have the same type, scale and zero point"},
      {"ADD_N",
       2,
       {ROW(I8, s, 0, 4), ROW(I8, s, 0, 3), ROW(I8, s, 0, 4)},
       "ADD_N: inputs and output differ in size"},
      {"LESS",
       2,
       {ROW(I8, 1.0f, 0, 4), ROW(I8, s, 0, 4), ROW(BOOL, 0, 0, 4)},
       "LESS: input scales must be below 1"},
      {"LESS",
       2,
       {ROW(BOOL, 0, 0, 4), ROW(BOOL, 0, 0, 4), ROW(BOOL, 0, 0, 4)},
       "LESS: takes int8, int16, int32 or float32"},
      {"EQUAL",
       2,
       {ROW(I32, 0, 0, 4), ROW(I32, 0, 0, 4), ROW(I8, s, 0, 4)},
       "EQUAL: inputs must have the same type, the output must be bool"},
      {"EQUAL",
       2,
       {ROW(I64, 0, 0, 4), ROW(I64, 0, 0, 4), ROW(BOOL, 0, 0, 4)},
       "EQUAL: takes int8, int16, int32, bool or float32"},
      {"MAXIMUM",
       2,
       {ROW(I8, s, 0, 4), ROW(I8, s, 0, 4), ROW(I16, s, 0, 4)},
       "MAXIMUM: inputs and output must all be int8, all int16 or all int32"},
      {"LOGICAL_AND",
       2,
       {ROW(BOOL, 0, 0, 4), ROW(I8, 0, 0, 4), ROW(BOOL, 0, 0, 4)},
       "LOGICAL_AND: inputs and output must be bool"},
      {"SELECT_V2",
       3,
       {ROW(I8, 0, 0, 4), ROW(I8, s, 0, 4), ROW(I8, s, 0, 4), ROW(I8, s, 0, 4)},
       "SELECT_V2: takes a bool condition, and both values in the output's type"},
      {"SELECT_V2",
       3,
       {ROW(BOOL, 0, 0, 4), ROW(I64, 0, 0, 4), ROW(I64, 0, 0, 4), ROW(I64, 0, 0, 4)},
       "SELECT_V2: int64 is not supported"},
      {"SELECT",
       3,
       {ROW(BOOL, 0, 0, 4), ROW(I8, s, 0, 1), ROW(I8, s, 0, 4), ROW(I8, s, 0, 4)},
       "SELECT: values and output differ in size"},
      {"RELU6",
       1,
       {ROW(I8, s, 0, 4), ROW(I8, s, 1, 4)},
       "RELU6: input and output must have the same scale and zero point"},
      {"LEAKY_RELU",
       1,
       {ROW(I8, 100.0f, 0, 4), ROW(I8, 1e-6f, 0, 4)},
       "LEAKY_RELU: ratio of scales out of range"},
      {"LEAKY_RELU",
       1,
       {ROW(I8, s, 0, 4), ROW(I8, s, 0, 5)},
       "LEAKY_RELU: input and output differ in size"},
      {"PRELU",
       2,
       {ROW(I16, s, 0, 4), ROW(I16, s, 0, 4), ROW(I16, s, 0, 4)},
       "PRELU: alpha must be int8, quantised per tensor"},
      {"HARD_SWISH",
       1,
       {ROW(I16, s, 0, 4), ROW(I16, s, 0, 4)},
       "HARD_SWISH: input and output must be int8, quantised per tensor"},
      {"HARD_SWISH",
       1,
       {ROW(I8, 1.0f, 0, 4), ROW(I8, 0.005f, 0, 4)},
       "HARD_SWISH: ratio of scales out of range"},
      {"HARD_SWISH",
       1,
       {ROW(I8, 1000.0f, 0, 4), ROW(I8, 1000.0f, 0, 4)},
       "HARD_SWISH: input scale out of range"},
      {"LOGISTIC",
       1,
       {ROW(I8, s, 0, 4), ROW(I8, s, 0, 4)},
       "LOGISTIC: output must have scale 1/256 and zero point -128"},
      {"TANH",
       1,
       {ROW(I16, s, 0, 4), ROW(I16, s, 0, 4)},
       "TANH: int16 needs zero points of 0 and an output scale of 2^-15"},
      {"TANH",
       1,
       {ROW(I16, 3.0f, 0, 4), ROW(I16, 1.0f / 32768.0f, 0, 4)},
       "TANH: input scale out of range"},
      {"EXP", 1, {ROW(I16, s, 1, 4), ROW(I16, s, 0, 4)}, "EXP: int16 needs zero points of 0"},
      {"EXP", 1, {ROW(I8, 1e6f, 1, 4), ROW(I8, s, 0, 4)}, "EXP: scale out of range"},
      {"EXP",
       1,
       {ROW(F32, 0, 0, 4), ROW(F32, 0, 0, 4)},
       "EXP: input and output must both be int8 or both int16, quantised per tensor"},
      {"ABS",
       1,
       {ROW(I8, 0, 0, 4), ROW(I8, 0, 0, 4)},
       "ABS: input and output must both be int8 or int16, quantised per tensor, or int16, int32 or "
       "float32, not quantised"},
      {"NEG",
       1,
       {ROW(I8, s, 0, 4), ROW(I8, s, 0, 4)},
       "NEG: input and output must both be int32, not quantised, or float32"},
      {"RSQRT",
       1,
       {ROW(I8, 1e-12f, 0, 4), ROW(I8, 1e-12f, 0, 4)},
       "RSQRT: ratio of scales out of range"},
      {"RSQRT",
       1,
       {ROW(F32, 0, 0, 4), ROW(I8, s, 0, 4)},
       "RSQRT: input and output must both be int8 or both int16, quantised per tensor, or float32"},
      {"SQRT", 1, {ROW(I8, s, 0, 4), ROW(I8, s, 0, 4)}, FLOAT_ALONE("SQRT")},
      {"SQUARE", 1, {ROW(I16, s, 0, 4), ROW(I16, s, 0, 4)}, FLOAT_ALONE("SQUARE")},
      {"FLOOR", 1, {ROW(F32, 0, 0, 4), ROW(I8, s, 0, 4)}, FLOAT_ALONE("FLOOR")},
      {"CEIL", 1, {ROW(I32, 0, 0, 4), ROW(I32, 0, 0, 4)}, FLOAT_ALONE("CEIL")},
      {"ROUND",
       1,
       {ROW(F32, 0, 0, 4), ROW(F32, 0, 0, 3)},
       "ROUND: input and output differ in size"},
      {"EXP",
       1,
       {ROW(F32, 0, 0, 4), ROW(F32, 0, 0, 4)},
       "EXP: input and output must both be int8 or both int16, quantised per tensor"},
      {"QUANTIZE",
       1,
       {ROW(F32, 0, 0, 4), ROW(I32, s, 0, 4)},
       "QUANTIZE: these types are not turned into each other"},
      {"QUANTIZE",
       1,
       {ROW(U8, s, -1, 4), ROW(I8, s, 0, 4)},
       "QUANTIZE: integers must be quantised per tensor"},
      {"QUANTIZE",
       1,
       {ROW(I8, 1.0f, 0, 4), ROW(I8, 1e-6f, 0, 4)},
       "QUANTIZE: ratio of scales out of range"},
      {"DEQUANTIZE",
       1,
       {ROW(I32, s, 0, 4), ROW(F32, 0, 0, 4)},
       "DEQUANTIZE: takes int8, uint8 or int16, quantised per tensor, and gives float32"},
      {"CAST", 1, {ROW(I8, s, 0, 4), ROW(F32, 0, 0, 5)}, "CAST: input and output differ in size"},
      {"ZEROS_LIKE",
       1,
       {ROW(I8, s, 0, 4), ROW(I16, s, 0, 4)},
       "ZEROS_LIKE: input and output differ in type or size"},
  };
#undef ROW
#undef FLOAT_ALONE
  one_op *b = take(sizeof *b);
  for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
    const tl_kernel_code code =
        one_op_prepare(b, rows[r].name, rows[r].inputs, rows[r].tensors, TL_ROUNDING_DOUBLE);
    if (code != TL_KERNEL_E_UNSUPPORTED || strcmp(b->status.reason, rows[r].reason) != 0)
      fail_msg("row %zu: '%s' instead of '%s'", r, b->status.reason, rows[r].reason);
  }
  free(b);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_an_operator_does_not_take_is_refused_with_the_reason),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
