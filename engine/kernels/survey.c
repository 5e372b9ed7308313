#include "kernels/survey.h"

#include "kernels/reader.h"

#include <assert.h>

enum {
  CONV_2D = 3,
  DEPTHWISE_CONV_2D = 4,
  FULLY_CONNECTED = 9,
  SVDF = 27,
  CUSTOM = 32,
  SEQUENCE_LSTM = 44,
  TRANSPOSE_CONV = 67,
  BATCH_MATMUL = 126
};

/* ---- names ---- */

const char *tl_builtin_name(int32_t builtin) { return tl_op_builtin_name(builtin); }

int32_t tl_builtin_find(const char *name)
{
  const char *unknown = tl_op_builtin_name(TL_KERNEL_NONE);
  for (int32_t builtin = 0; builtin < TL_MODEL_BUILTINS; builtin++) {
    const char *other = tl_op_builtin_name(builtin);
    size_t at = 0;
    while (name[at] != '\0' && name[at] == other[at]) at++;
    if (name[at] == other[at] && other != unknown) return builtin;
  }
  return TL_KERNEL_NONE;
}

const char *tl_tensor_type_name(uint32_t type)
{
  static const char *const names[] = {"FLOAT32", "FLOAT16",    "INT32",  "UINT8",     "INT64",
                                      "STRING",  "BOOL",       "INT16",  "COMPLEX64", "INT8",
                                      "FLOAT64", "COMPLEX128", "UINT64", "RESOURCE",  "VARIANT",
                                      "UINT32",  "UINT16",     "INT4",   "BFLOAT16"};
  return type < sizeof names / sizeof names[0] ? names[type] : "unknown";
}

/* ---- work ---- */

typedef struct operands {
  const tl_model *model;
  const int32_t *inputs, *outputs;
  uint32_t input_count, output_count;
} operands;

static const tl_tensor *tensor_at(const operands *o, const int32_t *list, uint32_t count,
                                  uint32_t at)
{
  return at < count && list[at] >= 0 ? &o->model->tensors[list[at]] : NULL;
}

/* Elements of a weight tensor that one output (or one input) meets: all, divided by one dimension. */
static uint64_t taps(const tl_tensor *weights, uint32_t rank, uint32_t dimension)
{
  if (weights == NULL || weights->rank != rank || weights->element_count == 0) return 0;
  return weights->element_count / (uint32_t)weights->dims[dimension];
}

/* The shared dimension of a product of matrices: K with (M K)(K N) = (M N) K^2, whichever is transposed. */
static uint64_t shared_dimension(const tl_tensor *a, const tl_tensor *b, const tl_tensor *out)
{
  if (a == NULL || b == NULL || a->rank < 2 || b->rank < 2 || out->rank < 2) return 0;
  const int32_t *da = a->dims + a->rank - 2, *db = b->dims + b->rank - 2;
  const int32_t *dy = out->dims + out->rank - 2;
  if (da[0] == dy[0] && (da[1] == db[0] || da[1] == db[1])) return (uint64_t)da[1];
  return da[1] == dy[0] ? (uint64_t)da[0] : 0;
}

static uint64_t lstm_mac_count(const operands *o)
{
  const tl_tensor *input = tensor_at(o, o->inputs, o->input_count, 0);
  uint64_t weights = 0;
  for (uint32_t i = 1; i <= 16; i++) { /* four input matrices, four recurrent ones, a projection */
    const tl_tensor *matrix = tensor_at(o, o->inputs, o->input_count, i);
    if (matrix != NULL && (i <= 8 || i == 16)) weights += matrix->element_count;
  }
  if (input == NULL || input->rank == 0 || input->element_count == 0) return 0;
  return weights * (input->element_count / (uint32_t)input->dims[input->rank - 1]);
}

static uint64_t mac_count(int32_t builtin, const operands *o)
{
  const tl_tensor *x = tensor_at(o, o->inputs, o->input_count, 0);
  const tl_tensor *w = tensor_at(o, o->inputs, o->input_count, 1);
  const tl_tensor *third = tensor_at(o, o->inputs, o->input_count, 2);
  const tl_tensor *y = tensor_at(o, o->outputs, o->output_count, 0);
  if (y == NULL) return 0;
  switch (builtin) {
    case CONV_2D: return y->element_count * taps(w, 4, 0);
    case DEPTHWISE_CONV_2D: return y->element_count * taps(w, 4, 3);
    case FULLY_CONNECTED: return y->element_count * taps(w, 2, 0);
    case TRANSPOSE_CONV: return third != NULL ? third->element_count * taps(w, 4, 3) : 0;
    case BATCH_MATMUL: return y->element_count * shared_dimension(x, w, y);
    case SVDF:
      if (x == NULL || w == NULL || third == NULL || x->rank < 1) return 0;
      return (uint64_t)x->dims[0] * ((uint64_t)w->element_count + third->element_count);
    case SEQUENCE_LSTM: return lstm_mac_count(o);
    default: return 0;
  }
}

int32_t tl_model_op_builtin(const tl_model *model, uint32_t op)
{
  assert(op < model->op_count);
  return model->ops[op].row->builtin;
}

uint32_t tl_model_op_output_count(const tl_model *model, uint32_t op)
{
  assert(op < model->op_count);
  return model->ops[op].output_count;
}

uint64_t tl_model_op_mac_count(const tl_model *model, uint32_t op)
{
  assert(op < model->op_count);
  const tl_op *o = &model->ops[op];
  const operands of = {model, o->inputs, o->outputs, o->input_count, o->output_count};
  return mac_count(o->row->builtin, &of);
}

/* ---- the survey ---- */

/* What stands in the place of an operator that was refused, for operators that look at others. */
static const tl_op_row refused_row = {.builtin = TL_KERNEL_NONE, .name = "refused"};

static bool all_known(const tl_reader *reader, const tl_flat_vector *list)
{
  for (uint32_t i = 0; i < list->count; i++) {
    const int32_t index = tl_load_i32(reader->flat.data + list->at + 4 * i);
    if (index < -1 || index >= (int32_t)reader->tensors.count) return false;
  }
  return true;
}

static tl_kernel_code copy_list(const tl_reader *reader, const tl_flat_vector *list, tl_bump *bump,
                                const int32_t **out, uint32_t *count)
{
  *out = NULL;
  *count = 0;
  if (list->count > TL_MODEL_TENSORS_MAX || !all_known(reader, list)) return TL_KERNEL_OK;
  int32_t *indices = tl_bump_take(bump, 4ull * list->count);
  if (indices == NULL)
    return TL_KERNEL_FAIL(reader->status, TL_KERNEL_E_MEMORY, "model memory is too small");
  for (uint32_t i = 0; i < list->count; i++)
    indices[i] = tl_load_i32(reader->flat.data + list->at + 4 * i);
  *out = indices;
  *count = list->count;
  return TL_KERNEL_OK;
}

static tl_kernel_code survey_node(const tl_reader *shared, tl_survey *out, uint32_t index,
                                  tl_bump *bump)
{
  tl_survey_node *node = &out->nodes[index];
  tl_op *op = &out->model.ops[index];
  tl_reader reader = *shared;
  tl_op_view view;
  reader.status = &node->status;
  tl_kernel_clear(&node->status);
  tl_kernel_code code = tl_reader_op(&reader, index, &view);
  node->builtin = node->status.op;
  node->name = node->builtin == CUSTOM ? "CUSTOM" : tl_op_builtin_name(node->builtin);
  if (copy_list(shared, &view.inputs, bump, &node->inputs, &node->input_count) != TL_KERNEL_OK ||
      copy_list(shared, &view.outputs, bump, &node->outputs, &node->output_count) != TL_KERNEL_OK)
    return TL_KERNEL_E_MEMORY;
  if (code == TL_KERNEL_OK) code = tl_reader_read_op(&reader, &out->model, index, bump);
  if (code == TL_KERNEL_E_MEMORY)
    return TL_KERNEL_FAIL(shared->status, code, "model memory is too small");
  if (code != TL_KERNEL_OK) {
    *op = (tl_op){.row = &refused_row};
    out->refused_count++;
  }
  const operands o = {&out->model, node->inputs, node->outputs, node->input_count,
                      node->output_count};
  node->mac_count = mac_count(node->builtin, &o);
  return TL_KERNEL_OK;
}

tl_kernel_code tl_survey_memory_bytes(size_t *out, const void *file, size_t file_bytes,
                                      tl_kernel_status *status)
{
  tl_reader reader;
  uint64_t bytes = 0, one;
  *out = 0;
  tl_kernel_code code = tl_reader_start(&reader, file, file_bytes, status);
  if (code != TL_KERNEL_OK) return code;
  reader.status = NULL; /* a refused operator costs its row in the survey only */
  bytes = tl_reader_tables_bytes(&reader) + TL_MODEL_ALIGN;
  bytes += (uint64_t)reader.ops.count * (sizeof(tl_survey_node) + 4 * TL_MODEL_ALIGN);
  for (uint32_t node = 0; node < reader.ops.count; node++) {
    tl_op_view view;
    code = tl_reader_op(&reader, node, &view);
    if (view.inputs.count <= TL_MODEL_TENSORS_MAX) bytes += 4ull * view.inputs.count;
    if (view.outputs.count <= TL_MODEL_TENSORS_MAX) bytes += 4ull * view.outputs.count;
    if (code == TL_KERNEL_OK && tl_reader_op_bytes(&reader, &view, &one) == TL_KERNEL_OK)
      bytes += one;
  }
  if (bytes > INT32_MAX)
    return TL_KERNEL_FAIL(status, TL_KERNEL_E_FORMAT, "the tables would need 2 GiB");
  *out = (size_t)bytes;
  return TL_KERNEL_OK;
}

tl_kernel_code tl_survey_open(tl_survey *out, void *memory, size_t memory_bytes, const void *file,
                              size_t file_bytes, tl_kernel_status *status)
{
  tl_reader reader;
  tl_bump bump = {memory, 0, memory_bytes};
  *out = (tl_survey){0};
  if ((uintptr_t)memory % TL_MODEL_ALIGN != 0) {
    tl_kernel_clear(status);
    return TL_KERNEL_FAIL(status, TL_KERNEL_E_MEMORY, "model memory is not aligned to 16 bytes");
  }
  tl_kernel_code code = tl_reader_start(&reader, file, file_bytes, status);
  if (code == TL_KERNEL_OK) code = tl_reader_read_tensors(&reader, &out->model, &bump);
  if (code != TL_KERNEL_OK) return code;
  out->node_count = reader.ops.count;
  out->nodes = tl_bump_take(&bump, out->node_count * sizeof(tl_survey_node));
  if (out->nodes == NULL)
    return TL_KERNEL_FAIL(status, TL_KERNEL_E_MEMORY, "model memory is too small");
  for (uint32_t op = 0; op < out->node_count; op++) out->model.ops[op].row = &refused_row;
  for (uint32_t node = 0; node < out->node_count && code == TL_KERNEL_OK; node++)
    code = survey_node(&reader, out, node, &bump);
  return code;
}
