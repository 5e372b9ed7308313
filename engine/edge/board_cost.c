/* board_cost.c: counts the work of a model's operators from their shapes, and prices it. */
#include "edge/board.h"
#include "kernels/op_table.h"

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

/* The size of an axis counted from the front; 1 where the tensor has no such axis. */
static uint64_t axis(const tl_tensor *tensor, uint32_t index)
{
  return tensor != NULL && index < tensor->rank && tensor->dims[index] > 0
             ? (uint64_t)tensor->dims[index]
             : 1;
}

static uint64_t size_of(const tl_tensor *tensor)
{
  return tensor == NULL ? 0 : tensor->element_count;
}

/* LSTM: eight matrices (inputs 1 .. 8) and a projection (16), each once per time step. */
static uint64_t lstm_macs(const tl_model *model, const tl_op *op)
{
  const tl_tensor *x = tl_op_input(model, op, 0);
  uint64_t weights = size_of(tl_op_input(model, op, 16));
  for (uint32_t i = 1; i <= 8; i++) weights += size_of(tl_op_input(model, op, i));
  return weights * (size_of(x) / axis(x, x->rank - 1));
}

/* [.., M, K] x [.., K, N], either side perhaps stored transposed: M is the output's. */
static uint64_t matmul_macs(const tl_tensor *a, const tl_tensor *out)
{
  if (a == NULL || a->rank < 2 || out->rank < 2) return 0;
  const uint64_t rows = axis(out, out->rank - 2);
  return size_of(out) * (axis(a, a->rank - 2) * axis(a, a->rank - 1) / rows);
}

/* Sets kind and macs of an operator that multiplies and accumulates; leaves the others alone. */
static void count_macs(tl_work *work, const tl_model *model, const tl_op *op)
{
  if (op->output_count == 0) return; /* ASSIGN_VARIABLE */
  const tl_tensor *weights = tl_op_input(model, op, 1), *out = tl_op_output(model, op, 0);
  const uint64_t taps = axis(weights, 1) * axis(weights, 2);
  switch (op->row->builtin) {
    case OP_CONV_2D:
      work->kind = taps == 1 ? TL_WORK_POINTWISE : TL_WORK_CONV;
      work->macs = size_of(out) * taps * axis(weights, 3);
      break;
    case OP_DEPTHWISE_CONV_2D:
      work->kind = TL_WORK_DEPTHWISE;
      work->macs = size_of(out) * taps;
      break;
    case OP_TRANSPOSE_CONV: /* every input element meets the whole filter but its input axis */
      work->kind = TL_WORK_CONV;
      work->macs = size_of(tl_op_input(model, op, 2)) * taps * axis(weights, 0);
      break;
    case OP_FULLY_CONNECTED:
      work->kind = TL_WORK_DENSE;
      work->macs = size_of(out) * axis(weights, 1);
      break;
    case OP_BATCH_MATMUL:
      work->kind = TL_WORK_DENSE;
      work->macs = matmul_macs(tl_op_input(model, op, 0), out);
      break;
    case OP_SVDF: /* features of the newest sample, then the filter over time */
      work->kind = TL_WORK_DENSE;
      work->macs = axis(tl_op_input(model, op, 0), 0) *
                   (size_of(weights) + size_of(tl_op_input(model, op, 2)));
      break;
    case OP_SEQUENCE_LSTM:
      work->kind = TL_WORK_DENSE;
      work->macs = lstm_macs(model, op);
      break;
    default: break;
  }
}

tl_work tl_work_of(const tl_model *model, uint32_t op_index)
{
  assert(op_index < model->op_count);
  const tl_op *op = &model->ops[op_index];
  tl_work work = {.kind = TL_WORK_ELEMENT};
  for (uint32_t o = 0; o < op->output_count; o++)
    work.elements += size_of(tl_op_output(model, op, o));
  count_macs(&work, model, op);
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
