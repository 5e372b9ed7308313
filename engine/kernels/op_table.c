#include "kernels/op_table.h"

#include "kernels/ops/dense/dense.h"
#include "kernels/ops/pointwise/pointwise.h"
#include "kernels/ops/reduce/reduce.h"
#include "kernels/ops/shape/shape.h"

#include <assert.h>
#include <string.h>

/* One row an operator, by number; the folders of ops/ have one file a family. */
static const tl_op_row rows[] = {
    /* builtin, name, inputs min, max, outputs min, max, bytes of data, functions */
    {0, "ADD", 2, 2, 1, 1, sizeof(tl_pair_data), tl_add_prepare, tl_add_eval},
    {1, "AVERAGE_POOL_2D", 1, 1, 1, 1, sizeof(tl_pool_data), tl_average_pool_prepare,
     tl_average_pool_eval},
    {2, "CONCATENATION", 1, TL_MODEL_TENSORS_MAX, 1, 1, sizeof(tl_join_data),
     tl_concatenation_prepare, tl_join_eval},
    {3, "CONV_2D", 2, 3, 1, 1, sizeof(tl_conv_data), tl_conv_prepare, tl_conv_eval},
    {4, "DEPTHWISE_CONV_2D", 2, 3, 1, 1, sizeof(tl_conv_data), tl_depthwise_prepare,
     tl_depthwise_eval},
    {5, "DEPTH_TO_SPACE", 1, 1, 1, 1, sizeof(tl_move_data), tl_depth_to_space_prepare,
     tl_move_eval},
    {6, "DEQUANTIZE", 1, 1, 1, 1, sizeof(tl_quantize_data), tl_dequantize_prepare,
     tl_dequantize_eval},
    {7, "EMBEDDING_LOOKUP", 2, 2, 1, 1, sizeof(tl_embedding_data), tl_embedding_prepare,
     tl_embedding_eval},
    {8, "FLOOR", 1, 1, 1, 1, sizeof(tl_elementwise_data), tl_floor_prepare, tl_floor_eval},
    {9, "FULLY_CONNECTED", 2, 3, 1, 1, sizeof(tl_fc_data), tl_fc_prepare, tl_fc_eval},
    {11, "L2_NORMALIZATION", 1, 1, 1, 1, sizeof(tl_l2_data), tl_l2_normalization_prepare,
     tl_l2_normalization_eval},
    {14, "LOGISTIC", 1, 1, 1, 1, sizeof(tl_logistic_data), tl_logistic_prepare, tl_logistic_eval},
    {17, "MAX_POOL_2D", 1, 1, 1, 1, sizeof(tl_pool_data), tl_max_pool_prepare, tl_max_pool_eval},
    {18, "MUL", 2, 2, 1, 1, sizeof(tl_multiply_data), tl_mul_prepare, tl_mul_eval},
    {19, "RELU", 1, 1, 1, 1, sizeof(tl_relu_data), tl_relu_prepare, tl_relu_eval},
    {21, "RELU6", 1, 1, 1, 1, sizeof(tl_relu_data), tl_relu6_prepare, tl_relu6_eval},
    {22, "RESHAPE", 1, 2, 1, 1, 0, tl_reshape_prepare, tl_reshape_eval},
    {23, "RESIZE_BILINEAR", 2, 2, 1, 1, sizeof(tl_resize_data), tl_resize_bilinear_prepare,
     tl_resize_bilinear_eval},
    {25, "SOFTMAX", 1, 1, 1, 1, sizeof(tl_softmax_data), tl_softmax_prepare, tl_softmax_eval},
    {26, "SPACE_TO_DEPTH", 1, 1, 1, 1, sizeof(tl_move_data), tl_space_to_depth_prepare,
     tl_move_eval},
    {27, "SVDF", 3, 5, 1, 1, sizeof(tl_svdf_data), tl_svdf_prepare, tl_svdf_eval},
    {28, "TANH", 1, 1, 1, 1, sizeof(tl_logistic_data), tl_tanh_prepare, tl_tanh_eval},
    {34, "PAD", 2, 2, 1, 1, sizeof(tl_pad_data), tl_pad_prepare, tl_pad_eval},
    {36, "GATHER", 2, 2, 1, 1, sizeof(tl_gather_data), tl_gather_prepare, tl_gather_eval},
    {37, "BATCH_TO_SPACE_ND", 3, 3, 1, 1, sizeof(tl_blocks_data), tl_batch_to_space_prepare,
     tl_batch_to_space_eval},
    {38, "SPACE_TO_BATCH_ND", 3, 3, 1, 1, sizeof(tl_blocks_data), tl_space_to_batch_prepare,
     tl_space_to_batch_eval},
    {39, "TRANSPOSE", 2, 2, 1, 1, sizeof(tl_move_data), tl_transpose_prepare, tl_move_eval},
    {40, "MEAN", 2, 2, 1, 1, sizeof(tl_mean_data), tl_mean_prepare, tl_mean_eval},
    {41, "SUB", 2, 2, 1, 1, sizeof(tl_pair_data), tl_sub_prepare, tl_sub_eval},
    {42, "DIV", 2, 2, 1, 1, sizeof(tl_multiply_data), tl_div_prepare, tl_div_eval},
    {43, "SQUEEZE", 1, 1, 1, 1, 0, tl_reshape_prepare, tl_reshape_eval},
    {44, "UNIDIRECTIONAL_SEQUENCE_LSTM", 1, 24, 1, 1, sizeof(tl_lstm_data), tl_lstm_prepare,
     tl_lstm_eval},
    {45, "STRIDED_SLICE", 4, 4, 1, 1, sizeof(tl_move_data), tl_strided_slice_prepare, tl_move_eval},
    {47, "EXP", 1, 1, 1, 1, sizeof(tl_table_data), tl_exp_prepare, tl_table_eval},
    {49, "SPLIT", 2, 2, 1, TL_MODEL_TENSORS_MAX, sizeof(tl_split_data), tl_split_prepare,
     tl_split_eval},
    {50, "LOG_SOFTMAX", 1, 1, 1, 1, sizeof(tl_log_softmax_data), tl_log_softmax_prepare,
     tl_log_softmax_eval},
    {53, "CAST", 1, 1, 1, 1, sizeof(tl_cast_data), tl_cast_prepare, tl_cast_eval},
    {54, "PRELU", 2, 2, 1, 1, sizeof(tl_relu_data), tl_prelu_prepare, tl_prelu_eval},
    {55, "MAXIMUM", 2, 2, 1, 1, sizeof(tl_choose_data), tl_maximum_prepare, tl_maximum_eval},
    {56, "ARG_MAX", 2, 2, 1, 1, sizeof(tl_arg_data), tl_arg_max_prepare, tl_arg_eval},
    {57, "MINIMUM", 2, 2, 1, 1, sizeof(tl_choose_data), tl_minimum_prepare, tl_minimum_eval},
    {58, "LESS", 2, 2, 1, 1, sizeof(tl_compare_data), tl_less_prepare, tl_less_eval},
    {59, "NEG", 1, 1, 1, 1, sizeof(tl_elementwise_data), tl_neg_prepare, tl_neg_eval},
    {60, "PADV2", 3, 3, 1, 1, sizeof(tl_pad_data), tl_pad_prepare, tl_pad_eval},
    {61, "GREATER", 2, 2, 1, 1, sizeof(tl_compare_data), tl_greater_prepare, tl_greater_eval},
    {62, "GREATER_EQUAL", 2, 2, 1, 1, sizeof(tl_compare_data), tl_less_prepare,
     tl_greater_equal_eval},
    {63, "LESS_EQUAL", 2, 2, 1, 1, sizeof(tl_compare_data), tl_less_prepare, tl_less_equal_eval},
    {64, "SELECT", 3, 3, 1, 1, sizeof(tl_choose_data), tl_select_prepare, tl_select_eval},
    {65, "SLICE", 3, 3, 1, 1, sizeof(tl_slice_data), tl_slice_prepare, tl_slice_eval},
    {67, "TRANSPOSE_CONV", 3, 4, 1, 1, sizeof(tl_tconv_data), tl_tconv_prepare, tl_tconv_eval},
    {70, "EXPAND_DIMS", 2, 2, 1, 1, 0, tl_reshape_prepare, tl_reshape_eval},
    {71, "EQUAL", 2, 2, 1, 1, sizeof(tl_compare_data), tl_equal_prepare, tl_equal_eval},
    {72, "NOT_EQUAL", 2, 2, 1, 1, sizeof(tl_compare_data), tl_equal_prepare, tl_not_equal_eval},
    {73, "LOG", 1, 1, 1, 1, sizeof(tl_table_data), tl_log_prepare, tl_table_eval},
    {74, "SUM", 2, 2, 1, 1, sizeof(tl_mean_data), tl_sum_prepare, tl_mean_eval},
    {75, "SQRT", 1, 1, 1, 1, sizeof(tl_elementwise_data), tl_sqrt_prepare, tl_sqrt_eval},
    {76, "RSQRT", 1, 1, 1, 1, sizeof(tl_rsqrt_data), tl_rsqrt_prepare, tl_rsqrt_eval},
    {77, "SHAPE", 1, 1, 1, 1, 0, tl_shape_prepare, tl_shape_eval},
    {79, "ARG_MIN", 2, 2, 1, 1, sizeof(tl_arg_data), tl_arg_min_prepare, tl_arg_eval},
    {82, "REDUCE_MAX", 2, 2, 1, 1, sizeof(tl_extreme_data), tl_reduce_max_prepare, tl_extreme_eval},
    {83, "PACK", 1, TL_MODEL_TENSORS_MAX, 1, 1, sizeof(tl_join_data), tl_pack_prepare,
     tl_join_eval},
    {84, "LOGICAL_OR", 2, 2, 1, 1, sizeof(tl_choose_data), tl_logical_prepare, tl_logical_or_eval},
    {86, "LOGICAL_AND", 2, 2, 1, 1, sizeof(tl_choose_data), tl_logical_prepare,
     tl_logical_and_eval},
    {87, "LOGICAL_NOT", 1, 1, 1, 1, sizeof(tl_choose_data), tl_logical_prepare,
     tl_logical_not_eval},
    {88, "UNPACK", 1, 1, 1, TL_MODEL_TENSORS_MAX, sizeof(tl_split_data), tl_unpack_prepare,
     tl_split_eval},
    {89, "REDUCE_MIN", 2, 2, 1, 1, sizeof(tl_extreme_data), tl_reduce_min_prepare, tl_extreme_eval},
    {90, "FLOOR_DIV", 2, 2, 1, 1, sizeof(tl_multiply_data), tl_floor_div_prepare,
     tl_floor_div_eval},
    {91, "REDUCE_ANY", 2, 2, 1, 1, sizeof(tl_extreme_data), tl_reduce_any_prepare, tl_extreme_eval},
    {92, "SQUARE", 1, 1, 1, 1, sizeof(tl_elementwise_data), tl_square_prepare, tl_square_eval},
    {93, "ZEROS_LIKE", 1, 1, 1, 1, 0, tl_zeros_like_prepare, tl_zeros_like_eval},
    {94, "FILL", 2, 2, 1, 1, 0, tl_fill_prepare, tl_fill_eval},
    {95, "FLOOR_MOD", 2, 2, 1, 1, sizeof(tl_multiply_data), tl_floor_div_prepare,
     tl_floor_mod_eval},
    {97, "RESIZE_NEAREST_NEIGHBOR", 2, 2, 1, 1, sizeof(tl_resize_data), tl_resize_nearest_prepare,
     tl_resize_nearest_eval},
    {98, "LEAKY_RELU", 1, 1, 1, 1, sizeof(tl_relu_data), tl_leaky_relu_prepare, tl_leaky_relu_eval},
    {99, "SQUARED_DIFFERENCE", 2, 2, 1, 1, sizeof(tl_pair_data), tl_squared_difference_prepare,
     tl_squared_difference_eval},
    {100, "MIRROR_PAD", 2, 2, 1, 1, sizeof(tl_mirror_pad_data), tl_mirror_pad_prepare,
     tl_mirror_pad_eval},
    {101, "ABS", 1, 1, 1, 1, sizeof(tl_elementwise_data), tl_abs_prepare, tl_abs_eval},
    {102, "SPLIT_V", 3, 3, 1, TL_MODEL_TENSORS_MAX, sizeof(tl_split_data), tl_split_v_prepare,
     tl_split_eval},
    {104, "CEIL", 1, 1, 1, 1, sizeof(tl_elementwise_data), tl_ceil_prepare, tl_ceil_eval},
    {105, "REVERSE_V2", 2, 2, 1, 1, sizeof(tl_move_data), tl_reverse_prepare, tl_move_eval},
    {106, "ADD_N", 2, 64, 1, 1, sizeof(tl_pair_data), tl_add_n_prepare, tl_add_n_eval},
    {107, "GATHER_ND", 2, 2, 1, 1, sizeof(tl_gather_nd_data), tl_gather_nd_prepare,
     tl_gather_nd_eval},
    {111, "ELU", 1, 1, 1, 1, sizeof(tl_table_data), tl_elu_prepare, tl_table_eval},
    {114, "QUANTIZE", 1, 1, 1, 1, sizeof(tl_quantize_data), tl_quantize_prepare, tl_quantize_eval},
    {116, "ROUND", 1, 1, 1, 1, sizeof(tl_elementwise_data), tl_round_prepare, tl_round_eval},
    {117, "HARD_SWISH", 1, 1, 1, 1, sizeof(tl_hard_swish_data), tl_hard_swish_prepare,
     tl_hard_swish_eval},
    {123, "SELECT_V2", 3, 3, 1, 1, sizeof(tl_choose_data), tl_select_v2_prepare, tl_select_eval},
    {126, "BATCH_MATMUL", 2, 2, 1, 1, sizeof(tl_matmul_data), tl_batch_matmul_prepare,
     tl_batch_matmul_eval},
    {128, "CUMSUM", 2, 2, 1, 1, sizeof(tl_cumsum_data), tl_cumsum_prepare, tl_cumsum_eval},
    {130, "BROADCAST_TO", 2, 2, 1, 1, sizeof(tl_move_data), tl_broadcast_to_prepare, tl_move_eval},
    {140, "REDUCE_ALL", 2, 2, 1, 1, sizeof(tl_extreme_data), tl_reduce_all_prepare,
     tl_extreme_eval},
    {142, "VAR_HANDLE", 0, 0, 1, 1, sizeof(tl_variable_data), tl_var_handle_prepare,
     tl_var_handle_eval},
    {143, "READ_VARIABLE", 1, 1, 1, 1, sizeof(tl_variable_use), tl_read_variable_prepare,
     tl_read_variable_eval},
    {144, "ASSIGN_VARIABLE", 2, 2, 0, 0, sizeof(tl_variable_use), tl_assign_variable_prepare,
     tl_assign_variable_eval},
    {145, "BROADCAST_ARGS", 2, 2, 1, 1, 0, tl_broadcast_args_prepare, tl_broadcast_args_eval},
    {151, "DYNAMIC_UPDATE_SLICE", 3, 3, 1, 1, sizeof(tl_slice_data),
     tl_dynamic_update_slice_prepare, tl_dynamic_update_slice_eval},
};

const tl_op_row *tl_op_row_find(int32_t builtin)
{
  for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++)
    if (rows[r].builtin == builtin) return &rows[r];
  return NULL;
}

const char *tl_op_builtin_name(int32_t builtin)
{
  static const char *const names[] = {
#define NAME(name) #name,
#include "kernels/builtin_names.def"
#undef NAME
  };
  const size_t count = sizeof names / sizeof names[0];
  return builtin >= 0 && (size_t)builtin < count ? names[builtin] : "operator";
}

bool tl_op_calls_subgraphs(int32_t builtin)
{
  enum { CALL = 31, IF = 118, WHILE = 119, CALL_ONCE = 129 };
  return builtin == CALL || builtin == IF || builtin == WHILE || builtin == CALL_ONCE;
}

const tl_tensor *tl_op_input(const tl_model *model, const tl_op *op, uint32_t input)
{
  return input < op->input_count && op->inputs[input] >= 0 ? &model->tensors[op->inputs[input]]
                                                           : NULL;
}

const tl_tensor *tl_op_output(const tl_model *model, const tl_op *op, uint32_t output)
{
  assert(output < op->output_count);
  return &model->tensors[op->outputs[output]];
}

const void *tl_op_read(const tl_model *model, const tl_op *op, uint32_t input,
                       const tl_place *place)
{
  if (tl_op_input(model, op, input) == NULL) return NULL;
  return tl_model_tensor(model, place, (uint32_t)op->inputs[input]);
}

void *tl_op_write(const tl_model *model, const tl_op *op, uint32_t output, const tl_place *place)
{
  const tl_tensor *tensor = tl_op_output(model, op, output);
  assert(tensor->data == NULL && !tensor->is_variable);
  return place->arena + tensor->offset;
}

void *tl_op_variable(const tl_model *model, const tl_op *op, uint32_t input, const tl_place *place)
{
  const tl_tensor *tensor = tl_op_input(model, op, input);
  assert(tensor != NULL && tensor->is_variable);
  return place->state + tensor->offset;
}

bool tl_op_take_scratch(const tl_op_setup *setup, uint64_t bytes)
{
  if (bytes > INT32_MAX - TL_MODEL_ALIGN) return false;
  setup->op->scratch_bytes = (uint32_t)bytes;
  return true;
}

void *tl_op_scratch(const tl_model *model, const tl_place *place)
{
  return place->arena + model->scratch_at;
}

bool tl_op_take_state(const tl_op_setup *setup, uint64_t bytes, uint32_t *offset)
{
  const uint64_t begin = setup->model->state_bytes;
  const uint64_t padded = (bytes + TL_MODEL_ALIGN - 1) / TL_MODEL_ALIGN * TL_MODEL_ALIGN;
  if (bytes > INT32_MAX || begin + padded > INT32_MAX) return false;
  *offset = (uint32_t)begin;
  setup->model->state_bytes = (size_t)(begin + padded);
  return true;
}

tl_scale tl_op_scale(const tl_op_setup *setup, double real)
{
  const tl_model_options *options = &setup->model->options;
  const int32_t builtin = setup->op->row->builtin;
  const bool differs = (options->differs[builtin / 8] >> (builtin % 8) & 1) != 0;
  const bool single = (options->rounding == TL_ROUNDING_SINGLE) != differs;
  return tl_scale_of(real, single ? TL_ROUNDING_SINGLE : TL_ROUNDING_DOUBLE);
}

tl_kernel_code tl_op_refuse(const tl_op_setup *setup, const char *reason)
{
  return TL_KERNEL_FAIL(setup->status, TL_KERNEL_E_UNSUPPORTED, setup->op->row->name, ": ", reason);
}

bool tl_op_quantised(const tl_tensor *tensor)
{
  if (tensor->scale_count != 1 || !(tensor->scale > 0.0f) || !(tensor->scale <= 3.4e38f))
    return false;
  if (tensor->type == TL_TENSOR_INT8)
    return tensor->zero_point >= INT8_MIN && tensor->zero_point <= INT8_MAX;
  return tensor->type == TL_TENSOR_INT16 && tensor->zero_point >= INT16_MIN &&
         tensor->zero_point <= INT16_MAX;
}

bool tl_op_activation(uint8_t activation, const tl_tensor *output, tl_range *out)
{
  enum { NONE, RELU, RELU_N1_TO_1, RELU6, COUNT };
  static const float lows[COUNT] = {0.0f, 0.0f, -1.0f, 0.0f};
  static const float highs[COUNT] = {0.0f, 0.0f, 1.0f, 6.0f};
  const tl_range full = output->type == TL_TENSOR_INT16 ? (tl_range){INT16_MIN, INT16_MAX}
                                                        : (tl_range){INT8_MIN, INT8_MAX};
  *out = full;
  if (activation >= COUNT) return false;
  if (activation == NONE) return true;
  /* A tiny scale saturates the quotient; the bounds below keep the sum in range. */
  const int32_t low = tl_fixed_clamp(tl_fixed_round(lows[activation] / output->scale), -100000, 0);
  out->low = tl_fixed_clamp(low + output->zero_point, full.low, full.high);
  if (activation != RELU) {
    const int32_t high =
        tl_fixed_clamp(tl_fixed_round(highs[activation] / output->scale), 0, 100000);
    out->high = tl_fixed_clamp(high + output->zero_point, full.low, full.high);
  }
  return true;
}

int32_t tl_op_load(const void *data, tl_tensor_type type, uint32_t index)
{
  if (type == TL_TENSOR_INT8) return ((const int8_t *)data)[index];
  int16_t wide;
  memcpy(&wide, (const uint8_t *)data + 2ull * index, sizeof wide);
  return wide;
}

void tl_op_store(void *data, tl_tensor_type type, uint32_t index, int32_t value)
{
  if (type == TL_TENSOR_INT8) {
    ((int8_t *)data)[index] = (int8_t)value;
    return;
  }
  const int16_t wide = (int16_t)value;
  memcpy((uint8_t *)data + 2ull * index, &wide, sizeof wide);
}
