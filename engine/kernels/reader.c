#include "kernels/reader.h"

#include "kernels/survey.h"

#include <string.h>

/* Field numbers of the schema's tables, as far as we read them. */
enum {
  MODEL_VERSION = 0,
  MODEL_CODES = 1,
  MODEL_SUBGRAPHS = 2,
  MODEL_BUFFERS = 4,
  CODE_BUILTIN_OLD = 0,
  CODE_CUSTOM = 1,
  CODE_BUILTIN = 3,
  GRAPH_TENSORS = 0,
  GRAPH_INPUTS = 1,
  GRAPH_OUTPUTS = 2,
  GRAPH_OPS = 3,
  TENSOR_SHAPE = 0,
  TENSOR_TYPE = 1,
  TENSOR_BUFFER = 2,
  TENSOR_NAME = 3,
  TENSOR_QUANTIZATION = 4,
  TENSOR_VARIABLE = 5,
  TENSOR_SPARSITY = 6,
  QUANTIZATION_SCALE = 2,
  QUANTIZATION_ZERO = 3,
  QUANTIZATION_DIMENSION = 6,
  OP_CODE = 0,
  OP_INPUTS = 1,
  OP_OUTPUTS = 2,
  OP_OPTIONS = 4,
  BUFFER_DATA = 0,
  BUFFER_OFFSET = 1,
  BUFFER_SIZE = 2,
  BUILTIN_CUSTOM = 32,
  SCHEMA_VERSION = 3,
  FLAT_MAX = INT32_MAX - 1
};

static tl_kernel_code broken(const tl_reader *reader, const char *what)
{
  return TL_KERNEL_FAIL(reader->status, TL_KERNEL_E_FORMAT, what, " leaves the file or its table");
}

static size_t aligned(size_t bytes)
{
  return (bytes + TL_MODEL_ALIGN - 1) / TL_MODEL_ALIGN * TL_MODEL_ALIGN;
}

void *tl_bump_take(tl_bump *bump, size_t bytes)
{
  if (bytes > bump->bytes || aligned(bytes) > bump->bytes - bump->used) return NULL;
  void *place = bump->base + bump->used;
  bump->used += aligned(bytes);
  if (bytes > 0) memset(place, 0, bytes);
  return place;
}

/* The larger of both numbers counts: files of before 2020 have the old one only. */
static bool code_builtin(const tl_reader *reader, uint32_t index, tl_flat_table *code,
                         int32_t *builtin)
{
  const tl_flat *flat = &reader->flat;
  uint8_t old = 0;
  *builtin = 0;
  if (!tl_flat_element(flat, &reader->codes, index, code) ||
      !tl_flat_u8(flat, code, CODE_BUILTIN_OLD, &old) ||
      !tl_flat_i32(flat, code, CODE_BUILTIN, builtin))
    return false;
  if ((int8_t)old > *builtin) *builtin = (int8_t)old;
  return true;
}

static tl_kernel_code refuse_operator(const tl_reader *reader, int32_t builtin)
{
  char number[12];
  const char *why = tl_op_calls_subgraphs(builtin)
                        ? ") calls another subgraph, and a model must have one only"
                        : ") is not supported";
  if (reader->status != NULL) reader->status->op = builtin;
  return TL_KERNEL_FAIL(reader->status, TL_KERNEL_E_UNSUPPORTED, tl_op_builtin_name(builtin), " (",
                        tl_kernel_number(number, builtin), why);
}

/* ---- the file as a whole ---- */

/* Names the operator that needs the other subgraphs, if one does. */
static tl_kernel_code refuse_subgraphs(const tl_reader *reader, uint32_t graph_count)
{
  for (uint32_t c = 0; c < reader->codes.count; c++) {
    tl_flat_table code;
    int32_t builtin;
    if (code_builtin(reader, c, &code, &builtin) && tl_op_calls_subgraphs(builtin))
      return refuse_operator(reader, builtin);
  }
  char number[12];
  return TL_KERNEL_FAIL(reader->status, TL_KERNEL_E_UNSUPPORTED, "the model has ",
                        tl_kernel_number(number, (int32_t)graph_count),
                        " subgraphs, exactly one is supported");
}

tl_kernel_code tl_reader_start(tl_reader *out, const void *file, size_t file_bytes,
                               tl_kernel_status *status)
{
  tl_kernel_clear(status);
  *out = (tl_reader){.status = status, .file_bytes = file_bytes};
  /* A flatbuffer ends before 2 GiB; what stands behind is data that buffers reach by offset. */
  out->flat = (tl_flat){file, file_bytes < FLAT_MAX ? (uint32_t)file_bytes : FLAT_MAX};
  const tl_flat *flat = &out->flat;

  tl_flat_table model, graph;
  tl_flat_vector graphs;
  if (!tl_flat_root(flat, "TFL3", &model))
    return TL_KERNEL_FAIL(status, TL_KERNEL_E_FORMAT,
                          "not a TensorFlow Lite model (no TFL3 at byte 4, or cut short)");
  int32_t version = 0;
  if (!tl_flat_i32(flat, &model, MODEL_VERSION, &version) || version != SCHEMA_VERSION)
    return TL_KERNEL_FAIL(status, TL_KERNEL_E_FORMAT, "the schema version is not 3");
  if (!tl_flat_list(flat, &model, MODEL_CODES, 4, &out->codes) ||
      !tl_flat_list(flat, &model, MODEL_BUFFERS, 4, &out->buffers) ||
      !tl_flat_list(flat, &model, MODEL_SUBGRAPHS, 4, &graphs))
    return broken(out, "a list of the model");
  if (graphs.count != 1) return refuse_subgraphs(out, graphs.count);
  if (!tl_flat_element(flat, &graphs, 0, &graph) ||
      !tl_flat_list(flat, &graph, GRAPH_TENSORS, 4, &out->tensors) ||
      !tl_flat_list(flat, &graph, GRAPH_OPS, 4, &out->ops) ||
      !tl_flat_list(flat, &graph, GRAPH_INPUTS, 4, &out->inputs) ||
      !tl_flat_list(flat, &graph, GRAPH_OUTPUTS, 4, &out->outputs))
    return broken(out, "the subgraph");
  if (out->tensors.count > TL_MODEL_TENSORS_MAX || out->ops.count > TL_MODEL_OPS_MAX)
    return TL_KERNEL_FAIL(status, TL_KERNEL_E_UNSUPPORTED, "more than 4096 tensors or operators");
  if (out->tensors.count == 0 || out->inputs.count == 0 || out->outputs.count == 0 ||
      out->inputs.count > out->tensors.count || out->outputs.count > out->tensors.count)
    return TL_KERNEL_FAIL(status, TL_KERNEL_E_FORMAT, "the subgraph has no inputs or no outputs");
  return TL_KERNEL_OK;
}

/* ---- operators ---- */

static tl_kernel_code refuse_custom(const tl_reader *reader, const tl_flat_table *code)
{
  tl_flat_vector text;
  char name[48];
  size_t count = 0;
  if (tl_flat_list(&reader->flat, code, CODE_CUSTOM, 1, &text))
    for (; count < text.count && count + 1 < sizeof name; count++) {
      const uint8_t c = reader->flat.data[text.at + count];
      name[count] = c >= 0x20 && c < 0x7F ? (char)c : '?';
    }
  name[count] = '\0';
  return TL_KERNEL_FAIL(reader->status, TL_KERNEL_E_UNSUPPORTED, "custom operator '", name,
                        "' is not supported");
}

/* Which row runs this operator; sets node and op of the status for every later message. */
static tl_kernel_code op_row(const tl_reader *reader, const tl_flat_table *op, uint32_t node,
                             const tl_op_row **out)
{
  const tl_flat *flat = &reader->flat;
  tl_kernel_status *status = reader->status;
  if (status != NULL) {
    status->node = (int32_t)node;
    status->op = TL_KERNEL_NONE;
  }
  int32_t index = 0, builtin = 0;
  tl_flat_table code;
  if (!tl_flat_i32(flat, op, OP_CODE, &index)) return broken(reader, "an operator");
  if (index < 0 || (uint32_t)index >= reader->codes.count ||
      !code_builtin(reader, (uint32_t)index, &code, &builtin))
    return broken(reader, "an operator code");
  if (status != NULL) status->op = builtin;
  if (builtin == BUILTIN_CUSTOM) return refuse_custom(reader, &code);
  *out = tl_op_row_find(builtin);
  return *out == NULL ? refuse_operator(reader, builtin) : TL_KERNEL_OK;
}

tl_kernel_code tl_reader_op(const tl_reader *reader, uint32_t node, tl_op_view *out)
{
  const tl_flat *flat = &reader->flat;
  tl_flat_table op;
  *out = (tl_op_view){0};
  if (!tl_flat_element(flat, &reader->ops, node, &op)) return broken(reader, "an operator");
  const bool is_sound = tl_flat_list(flat, &op, OP_INPUTS, 4, &out->inputs) &&
                        tl_flat_list(flat, &op, OP_OUTPUTS, 4, &out->outputs) &&
                        tl_flat_child(flat, &op, OP_OPTIONS, &out->options);
  if (!is_sound) *out = (tl_op_view){0};
  const tl_kernel_code code = op_row(reader, &op, node, &out->row);
  if (code != TL_KERNEL_OK) return code;
  if (!is_sound) return broken(reader, "an operator");
  if (out->inputs.count < out->row->inputs_min || out->inputs.count > out->row->inputs_max ||
      out->outputs.count < out->row->outputs_min || out->outputs.count > out->row->outputs_max)
    return TL_KERNEL_FAIL(reader->status, TL_KERNEL_E_FORMAT, out->row->name,
                          ": wrong number of inputs or outputs");
  return TL_KERNEL_OK;
}

/* ---- tensors ---- */

static bool lists(const tl_reader *reader, const tl_flat_vector *indices, uint32_t tensor)
{
  for (uint32_t i = 0; i < indices->count; i++)
    if (tl_load_i32(reader->flat.data + indices->at + 4 * i) == (int32_t)tensor) return true;
  return false;
}

/* Names the first operator that has this tensor, so that a refused tensor is found in the graph. */
static void blame(const tl_reader *reader, uint32_t tensor)
{
  tl_op_view op;
  if (reader->status == NULL) return;
  for (uint32_t node = 0; node < reader->ops.count; node++)
    if (tl_reader_op(reader, node, &op) == TL_KERNEL_OK &&
        (lists(reader, &op.inputs, tensor) || lists(reader, &op.outputs, tensor)))
      return; /* node and operator are in the status now */
  tl_kernel_clear(reader->status);
}

static tl_kernel_code bad_tensor(const tl_reader *reader, uint32_t index, tl_kernel_code code,
                                 const char *what)
{
  char number[12];
  blame(reader, index);
  return TL_KERNEL_FAIL(reader->status, code, "tensor ", tl_kernel_number(number, (int32_t)index),
                        ": ", what);
}

static uint32_t element_bytes(int32_t type)
{
  switch (type) {
    case TL_TENSOR_FLOAT32:
    case TL_TENSOR_INT32:
    case TL_TENSOR_RESOURCE: return 4;
    case TL_TENSOR_INT64: return 8;
    case TL_TENSOR_INT16: return 2;
    case TL_TENSOR_INT8:
    case TL_TENSOR_UINT8:
    case TL_TENSOR_BOOL: return 1;
    default: return 0;
  }
}

static tl_kernel_code read_shape(const tl_reader *reader, const tl_flat_table *table,
                                 uint32_t index, tl_tensor *tensor)
{
  tl_flat_vector shape;
  uint8_t type = 0;
  if (!tl_flat_list(&reader->flat, table, TENSOR_SHAPE, 4, &shape) ||
      !tl_flat_u8(&reader->flat, table, TENSOR_TYPE, &type))
    return bad_tensor(reader, index, TL_KERNEL_E_FORMAT, "shape leaves the file");
  const uint32_t element = element_bytes(type);
  if (element == 0) {
    char number[12];
    blame(reader, index);
    return TL_KERNEL_FAIL(reader->status, TL_KERNEL_E_UNSUPPORTED, "tensor ",
                          tl_kernel_number(number, (int32_t)index), ": element type ",
                          tl_tensor_type_name(type), " is not supported");
  }
  if (shape.count > TL_TENSOR_RANK_MAX)
    return bad_tensor(reader, index, TL_KERNEL_E_UNSUPPORTED, "more than 6 dimensions");
  uint64_t count = 1;
  for (uint32_t d = 0; d < shape.count; d++) {
    const int32_t dim = tl_load_i32(reader->flat.data + shape.at + 4 * d);
    if (dim < 0)
      return bad_tensor(reader, index, TL_KERNEL_E_UNSUPPORTED, "a dimension is negative");
    tensor->dims[d] = dim;
    count *= (uint64_t)dim;
    if (count * element > INT32_MAX)
      return bad_tensor(reader, index, TL_KERNEL_E_FORMAT, "larger than 2 GiB");
  }
  tensor->rank = shape.count;
  tensor->type = (tl_tensor_type)type;
  tensor->element_count = (uint32_t)count;
  tensor->bytes = (uint32_t)count * element;
  return TL_KERNEL_OK;
}

static tl_kernel_code read_quantisation(const tl_reader *reader, const tl_flat_table *table,
                                        uint32_t index, tl_tensor *tensor)
{
  const tl_flat *flat = &reader->flat;
  tl_flat_table quantisation;
  tl_flat_vector scales, zeros;
  if (!tl_flat_child(flat, table, TENSOR_QUANTIZATION, &quantisation) ||
      !tl_flat_list(flat, &quantisation, QUANTIZATION_SCALE, 4, &scales) ||
      !tl_flat_list(flat, &quantisation, QUANTIZATION_ZERO, 8, &zeros) ||
      !tl_flat_i32(flat, &quantisation, QUANTIZATION_DIMENSION, &tensor->quantized_dimension))
    return bad_tensor(reader, index, TL_KERNEL_E_FORMAT, "quantisation leaves the file");
  if (scales.count == 0) return TL_KERNEL_OK;
  if (zeros.count != scales.count && zeros.count != 0)
    return bad_tensor(reader, index, TL_KERNEL_E_FORMAT, "as many zero points as scales expected");
  if (tensor->rank == 1) tensor->quantized_dimension = 0; /* a bias may say that of its filter */
  if (scales.count > 1) {
    /* person_detect's biases give the dimension of their filters: one scale an element is plain. */
    if (tensor->rank == 1) tensor->quantized_dimension = 0;
    const int32_t dimension = tensor->quantized_dimension;
    if (dimension < 0 || (uint32_t)dimension >= tensor->rank ||
        scales.count != (uint32_t)tensor->dims[dimension])
      return bad_tensor(reader, index, TL_KERNEL_E_FORMAT, "one scale a channel expected");
  }
  for (uint32_t c = 0; c < zeros.count; c++) {
    const int64_t zero = tl_load_i64(flat->data + zeros.at + 8ull * c);
    if (zero < INT16_MIN || zero > INT16_MAX || (c > 0 && zero != tensor->zero_point))
      return bad_tensor(reader, index, TL_KERNEL_E_UNSUPPORTED, "zero point out of range");
    tensor->zero_point = (int32_t)zero;
  }
  tensor->scales = flat->data + scales.at;
  tensor->scale_count = scales.count;
  tensor->scale = tl_load_f32(tensor->scales);
  return TL_KERNEL_OK;
}

/* Where a buffer's bytes are: inside the flatbuffer, or, in files that would pass 2 GiB, after it: then
 * `offset` counts from the start of the file (0 and 1 mean "not there"). *data stays NULL if empty. */
static tl_kernel_code find_data(const tl_reader *reader, const tl_flat_table *buffer,
                                uint32_t index, const uint8_t **data, uint64_t *bytes)
{
  const tl_flat *flat = &reader->flat;
  tl_flat_vector inside;
  uint64_t offset = 0;
  if (!tl_flat_list(flat, buffer, BUFFER_DATA, 1, &inside) ||
      !tl_flat_u64(flat, buffer, BUFFER_OFFSET, &offset) ||
      !tl_flat_u64(flat, buffer, BUFFER_SIZE, bytes))
    return bad_tensor(reader, index, TL_KERNEL_E_FORMAT, "buffer leaves the file");
  if (inside.count > 0) {
    *data = flat->data + inside.at;
    *bytes = inside.count;
  } else if (offset > 1) {
    if (offset > reader->file_bytes || *bytes > reader->file_bytes - offset)
      return bad_tensor(reader, index, TL_KERNEL_E_FORMAT,
                        "its data, given by an offset, leave the file");
    *data = flat->data + (size_t)offset;
  }
  return TL_KERNEL_OK;
}

static tl_kernel_code read_data(const tl_reader *reader, const tl_flat_table *table, uint32_t index,
                                tl_tensor *tensor)
{
  const tl_flat *flat = &reader->flat;
  int32_t buffer_index = 0;
  tl_flat_table buffer;
  const uint8_t *data = NULL;
  uint64_t bytes = 0;
  if (!tl_flat_i32(flat, table, TENSOR_BUFFER, &buffer_index))
    return bad_tensor(reader, index, TL_KERNEL_E_FORMAT, "buffer index leaves the file");
  if (buffer_index == 0) return TL_KERNEL_OK; /* by convention the empty one */
  if (buffer_index < 0 || (uint32_t)buffer_index >= reader->buffers.count)
    return bad_tensor(reader, index, TL_KERNEL_E_FORMAT, "no such buffer");
  if (!tl_flat_element(flat, &reader->buffers, (uint32_t)buffer_index, &buffer))
    return bad_tensor(reader, index, TL_KERNEL_E_FORMAT, "buffer leaves the file");
  const tl_kernel_code code = find_data(reader, &buffer, index, &data, &bytes);
  if (code != TL_KERNEL_OK || data == NULL) return code;
  if (bytes != tensor->bytes)
    return bad_tensor(reader, index, TL_KERNEL_E_FORMAT, "data do not fit the shape");
  tensor->data = data;
  return TL_KERNEL_OK;
}

static tl_kernel_code read_tensor(const tl_reader *reader, uint32_t index, tl_tensor *tensor)
{
  const tl_flat *flat = &reader->flat;
  tl_flat_table table, sparsity;
  tl_flat_vector name;
  uint8_t variable = 0;
  if (!tl_flat_element(flat, &reader->tensors, index, &table) ||
      !tl_flat_list(flat, &table, TENSOR_NAME, 1, &name) ||
      !tl_flat_u8(flat, &table, TENSOR_VARIABLE, &variable) ||
      !tl_flat_child(flat, &table, TENSOR_SPARSITY, &sparsity))
    return bad_tensor(reader, index, TL_KERNEL_E_FORMAT, "leaves the file");
  if (sparsity.at != 0)
    return bad_tensor(reader, index, TL_KERNEL_E_UNSUPPORTED, "sparse tensors are not supported");
  tensor->name = (const char *)flat->data + name.at;
  tensor->name_bytes = name.count;
  tensor->is_variable = variable != 0;
  tl_kernel_code code = read_shape(reader, &table, index, tensor);
  if (code == TL_KERNEL_OK) code = read_quantisation(reader, &table, index, tensor);
  if (code == TL_KERNEL_OK) code = read_data(reader, &table, index, tensor);
  return code;
}

/* ---- memory, then the tables ---- */

/* How many multipliers prepare() may ask for: the scales of all inputs. Reads the file, because it
 * runs before there are tensors. */
static tl_kernel_code count_scales(const tl_reader *reader, const tl_flat_vector *inputs,
                                   uint64_t *count)
{
  *count = 1;
  for (uint32_t i = 0; i < inputs->count; i++) {
    const int32_t index = tl_load_i32(reader->flat.data + inputs->at + 4 * i);
    tl_flat_table tensor, quantisation;
    tl_flat_vector scales;
    if (index < 0) continue;
    if (!tl_flat_element(&reader->flat, &reader->tensors, (uint32_t)index, &tensor) ||
        !tl_flat_child(&reader->flat, &tensor, TENSOR_QUANTIZATION, &quantisation) ||
        !tl_flat_list(&reader->flat, &quantisation, QUANTIZATION_SCALE, 4, &scales))
      return broken(reader, "an input of the operator");
    *count += scales.count;
  }
  return TL_KERNEL_OK;
}

uint64_t tl_reader_tables_bytes(const tl_reader *reader)
{
  const uint32_t tensors = reader->tensors.count;
  return aligned(tensors * sizeof(tl_tensor)) + aligned(reader->ops.count * sizeof(tl_op)) +
         aligned(4ull * reader->inputs.count) + aligned(4ull * reader->outputs.count) +
         2 * aligned(2ull * tensors); /* two lists of the planner */
}

tl_kernel_code tl_reader_op_bytes(const tl_reader *reader, const tl_op_view *op, uint64_t *out)
{
  uint64_t scales;
  const tl_kernel_code code = count_scales(reader, &op->inputs, &scales);
  if (code != TL_KERNEL_OK) return code;
  *out = aligned(4ull * op->inputs.count) + aligned(4ull * op->outputs.count) +
         aligned(op->row->data_bytes) + scales * sizeof(tl_scale) + TL_MODEL_ALIGN;
  return TL_KERNEL_OK;
}

tl_kernel_code tl_reader_memory_bytes(const tl_reader *reader, size_t *out)
{
  uint64_t bytes = tl_reader_tables_bytes(reader);
  for (uint32_t node = 0; node < reader->ops.count; node++) {
    tl_op_view op;
    uint64_t one;
    tl_kernel_code code = tl_reader_op(reader, node, &op);
    if (code == TL_KERNEL_OK) code = tl_reader_op_bytes(reader, &op, &one);
    if (code != TL_KERNEL_OK) return code;
    bytes += one;
  }
  if (bytes > INT32_MAX)
    return TL_KERNEL_FAIL(reader->status, TL_KERNEL_E_FORMAT, "the tables would need 2 GiB");
  *out = (size_t)bytes;
  if (reader->status != NULL) tl_kernel_clear(reader->status);
  return TL_KERNEL_OK;
}

/* Copies a list of tensor indices; -1 is allowed where `optional` says so. */
static tl_kernel_code read_indices(const tl_reader *reader, const tl_flat_vector *list,
                                   bool optional, tl_bump *bump, const int32_t **out)
{
  int32_t *indices = tl_bump_take(bump, 4ull * list->count);
  if (indices == NULL)
    return TL_KERNEL_FAIL(reader->status, TL_KERNEL_E_MEMORY, "model memory is too small");
  for (uint32_t i = 0; i < list->count; i++) {
    indices[i] = tl_load_i32(reader->flat.data + list->at + 4 * i);
    const bool absent = indices[i] == -1 && optional;
    if (!absent && (indices[i] < 0 || (uint32_t)indices[i] >= reader->tensors.count))
      return TL_KERNEL_FAIL(reader->status, TL_KERNEL_E_FORMAT, "no tensor with such an index");
  }
  *out = indices;
  return TL_KERNEL_OK;
}

/* Files carry empty tensors that no operator touches (the intermediates of an LSTM); an operator or a
 * caller never gets one. */
static tl_kernel_code refuse_empty(const tl_reader *reader, const tl_model *model,
                                   const int32_t *indices, uint32_t count)
{
  for (uint32_t i = 0; i < count; i++)
    if (indices[i] >= 0 && model->tensors[indices[i]].element_count == 0)
      return bad_tensor(reader, (uint32_t)indices[i], TL_KERNEL_E_UNSUPPORTED,
                        "a dimension is not positive");
  return TL_KERNEL_OK;
}

/* Variable tensors live in the state, one after the other in the order of the file. */
static tl_kernel_code place_variables(const tl_reader *reader, tl_model *model)
{
  uint64_t bytes = 0;
  for (uint32_t t = 0; t < model->tensor_count; t++) {
    if (!model->tensors[t].is_variable) continue;
    model->tensors[t].offset = (uint32_t)bytes;
    bytes += aligned(model->tensors[t].bytes);
    if (bytes > INT32_MAX)
      return bad_tensor(reader, t, TL_KERNEL_E_UNSUPPORTED, "the state would need 2 GiB");
  }
  model->state_bytes = (size_t)bytes;
  return TL_KERNEL_OK;
}

tl_kernel_code tl_reader_read_op(const tl_reader *reader, tl_model *model, uint32_t node,
                                 tl_bump *bump)
{
  tl_op_view view;
  uint64_t scales = 0;
  tl_op *op = &model->ops[node];
  tl_kernel_code code = tl_reader_op(reader, node, &view);
  if (code == TL_KERNEL_OK) code = read_indices(reader, &view.inputs, true, bump, &op->inputs);
  if (code == TL_KERNEL_OK) code = read_indices(reader, &view.outputs, false, bump, &op->outputs);
  if (code == TL_KERNEL_OK) code = refuse_empty(reader, model, op->inputs, view.inputs.count);
  if (code == TL_KERNEL_OK) code = refuse_empty(reader, model, op->outputs, view.outputs.count);
  if (code == TL_KERNEL_OK) code = count_scales(reader, &view.inputs, &scales);
  if (code != TL_KERNEL_OK) return code;
  op->row = view.row;
  op->input_count = view.inputs.count;
  op->output_count = view.outputs.count;
  for (uint32_t i = 0; i < view.row->inputs_min; i++)
    if (op->inputs[i] < 0)
      return TL_KERNEL_FAIL(reader->status, TL_KERNEL_E_FORMAT, view.row->name,
                            ": a required input is absent");
  op->data = tl_bump_take(bump, view.row->data_bytes);
  const tl_op_setup setup = {.model = model,
                             .op = op,
                             .flat = &reader->flat,
                             .options = view.options,
                             .scales = tl_bump_take(bump, (size_t)scales * sizeof(tl_scale)),
                             .scales_count = (uint32_t)scales,
                             .status = reader->status};
  if (op->data == NULL || setup.scales == NULL)
    return TL_KERNEL_FAIL(reader->status, TL_KERNEL_E_MEMORY, "model memory is too small");
  return view.row->prepare(&setup);
}

tl_kernel_code tl_reader_read_tensors(const tl_reader *reader, tl_model *model, tl_bump *bump)
{
  model->tensor_count = reader->tensors.count;
  model->op_count = reader->ops.count;
  model->input_count = reader->inputs.count;
  model->output_count = reader->outputs.count;
  model->tensors = tl_bump_take(bump, model->tensor_count * sizeof(tl_tensor));
  model->ops = tl_bump_take(bump, model->op_count * sizeof(tl_op));
  if (model->tensors == NULL || model->ops == NULL)
    return TL_KERNEL_FAIL(reader->status, TL_KERNEL_E_MEMORY, "model memory is too small");
  tl_kernel_code code = read_indices(reader, &reader->inputs, false, bump, &model->inputs);
  if (code == TL_KERNEL_OK)
    code = read_indices(reader, &reader->outputs, false, bump, &model->outputs);
  for (uint32_t t = 0; t < model->tensor_count && code == TL_KERNEL_OK; t++)
    code = read_tensor(reader, t, &model->tensors[t]);
  if (code == TL_KERNEL_OK) code = refuse_empty(reader, model, model->inputs, model->input_count);
  if (code == TL_KERNEL_OK) code = refuse_empty(reader, model, model->outputs, model->output_count);
  return code == TL_KERNEL_OK ? place_variables(reader, model) : code;
}

tl_kernel_code tl_reader_read(const tl_reader *reader, tl_model *model, tl_bump *bump)
{
  tl_kernel_code code = tl_reader_read_tensors(reader, model, bump);
  for (uint32_t node = 0; node < model->op_count && code == TL_KERNEL_OK; node++)
    code = tl_reader_read_op(reader, model, node, bump);
  if (code == TL_KERNEL_OK) tl_kernel_clear(reader->status);
  return code;
}
