/* board_cost.c: the work of a model's operators (MACs: kernels/survey.h), and what it costs. */
#include "edge/board.h"
#include "kernels/op_table.h"
#include "kernels/survey.h"

#include <assert.h>

enum { /* numbers of the schema */
       OP_CONV_2D = 3,
       OP_DEPTHWISE_CONV_2D = 4,
       OP_FULLY_CONNECTED = 9,
       OP_SVDF = 27,
       OP_SEQUENCE_LSTM = 44,
       OP_TRANSPOSE_CONV = 67,
       OP_BATCH_MATMUL = 126
};

const char *tl_work_kind_name(tl_work_kind kind)
{
  static const char *const names[TL_WORK_KIND_COUNT] = {
      [TL_WORK_CONV] = "conv",           [TL_WORK_POINTWISE] = "pointwise",
      [TL_WORK_DEPTHWISE] = "depthwise", [TL_WORK_DENSE] = "dense",
      [TL_WORK_ELEMENT] = "element",
  };
  return (unsigned)kind < TL_WORK_KIND_COUNT ? names[kind] : "unknown";
}

static uint64_t size_of(const tl_tensor *tensor)
{
  return tensor == NULL ? 0 : tensor->element_count;
}

/* Of one pixel: height and width of a filter stand in the middle of its shape. */
static bool is_pointwise(const tl_tensor *weights)
{
  return weights != NULL && weights->rank == 4 && weights->dims[1] == 1 && weights->dims[2] == 1;
}

static tl_work_kind kind_of(const tl_model *model, const tl_op *op)
{
  switch (op->row->builtin) {
    case OP_CONV_2D:
      return is_pointwise(tl_op_input(model, op, 1)) ? TL_WORK_POINTWISE : TL_WORK_CONV;
    case OP_TRANSPOSE_CONV: return TL_WORK_CONV;
    case OP_DEPTHWISE_CONV_2D: return TL_WORK_DEPTHWISE;
    case OP_FULLY_CONNECTED:
    case OP_BATCH_MATMUL:
    case OP_SVDF:
    case OP_SEQUENCE_LSTM: return TL_WORK_DENSE;
    default: return TL_WORK_ELEMENT;
  }
}

tl_work tl_work_of(const tl_model *model, uint32_t op_index)
{
  assert(op_index < model->op_count);
  const tl_op *op = &model->ops[op_index];
  tl_work work = {.kind = kind_of(model, op), .macs = tl_model_op_mac_count(model, op_index)};
  for (uint32_t o = 0; o < op->output_count; o++)
    work.elements += size_of(tl_op_output(model, op, o));
  const uint64_t read = op->input_count > 0 ? size_of(tl_op_input(model, op, 0)) : 0;
  if (work.kind == TL_WORK_ELEMENT && read > work.elements) work.elements = read;
  return work;
}

void tl_board_cost(const tl_board *board, tl_cost *out, tl_op_cost *ops, const tl_model *model)
{
  assert(board->clock_Hz > 0.0);
  *out = (tl_cost){.cycles_error_ratio = board->cycles_error_ratio};
  for (uint32_t op = 0; op < model->op_count; op++) {
    const tl_work work = tl_work_of(model, op);
    const double cycles = (double)work.macs * board->mac_cycles[work.kind] +
                          (double)work.elements * board->element_cycles + board->op_cycles;
    if (ops != NULL) ops[op] = (tl_op_cost){work, cycles};
    out->macs += work.macs;
    out->cycles += cycles;
  }
  out->time_s = out->cycles / board->clock_Hz;
  out->has_energy = board->power_W > 0.0;
  if (!out->has_energy) return;
  out->energy_J = board->power_W * out->time_s;
  /* the worst of a product: (1 + a)(1 + b) - 1 */
  const double a = board->cycles_error_ratio, b = board->power_error_ratio;
  out->energy_error_ratio = a + b + a * b;
}
