#include "tests/kernels/patch.h"

#include "kernels/flatbuffer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(bool fact)
{
  if (fact) return;
  fprintf(stderr, "patch: the file has no such number\n");
  abort();
}

/* Where a scalar of a table stands. */
static size_t place_of(const tl_flat *flat, const tl_flat_table *table, uint32_t field)
{
  must(4 + 2 * field + 2 <= table->vtable_bytes);
  uint16_t offset;
  memcpy(&offset, flat->data + table->vtable + 4 + 2 * field, sizeof offset);
  must(offset != 0);
  return table->at + offset;
}

static void put_i32(uint8_t *at, double value)
{
  const int32_t number = (int32_t)value;
  memcpy(at, &number, sizeof number);
}

static void put_f32(uint8_t *at, double value)
{
  const float number = (float)value;
  memcpy(at, &number, sizeof number);
}

static void put_i64(uint8_t *at, double value)
{
  const int64_t number = (int64_t)value;
  memcpy(at, &number, sizeof number);
}

/* Where the constant data of a tensor begin. */
static size_t data_of(const tl_flat *flat, const tl_flat_table *model, const tl_flat_table *tensor)
{
  enum { BUFFERS = 4, BUFFER = 2, DATA = 0 };
  tl_flat_vector buffers, data;
  tl_flat_table buffer;
  int32_t index = 0;
  must(tl_flat_i32(flat, tensor, BUFFER, &index) && index > 0);
  must(tl_flat_list(flat, model, BUFFERS, 4, &buffers) && (uint32_t)index < buffers.count);
  must(tl_flat_element(flat, &buffers, (uint32_t)index, &buffer));
  must(tl_flat_list(flat, &buffer, DATA, 1, &data) && data.count > 0);
  return data.at;
}

static void patch_tensor(uint8_t *file, const tl_flat *flat, const tl_flat_table *tensor, patch p)
{
  enum { SHAPE = 0, TYPE = 1, BUFFER = 2, QUANTIZATION = 4, VARIABLE = 5, SCALE = 2, ZERO = 3 };
  tl_flat_table quantisation;
  tl_flat_vector list = {0};
  if (p.kind == PATCH_TYPE) file[place_of(flat, tensor, TYPE)] = (uint8_t)p.value;
  if (p.kind == PATCH_BUFFER) put_i32(file + place_of(flat, tensor, BUFFER), p.value);
  if (p.kind == PATCH_VARIABLE) file[place_of(flat, tensor, VARIABLE)] = (uint8_t)p.value;
  if (p.kind == PATCH_DIM) {
    must(tl_flat_list(flat, tensor, SHAPE, 4, &list) && p.index < list.count);
    put_i32(file + list.at + 4 * p.index, p.value);
  }
  if (p.kind != PATCH_SCALE && p.kind != PATCH_ZERO) return;
  const bool zero = p.kind == PATCH_ZERO;
  must(tl_flat_child(flat, tensor, QUANTIZATION, &quantisation));
  must(tl_flat_list(flat, &quantisation, zero ? ZERO : SCALE, zero ? 8 : 4, &list));
  must(p.index < list.count);
  if (zero)
    put_i64(file + list.at + 8 * p.index, p.value);
  else
    put_f32(file + list.at + 4 * p.index, p.value);
}

static void patch_operator(uint8_t *file, const tl_flat *flat, const tl_flat_table *op, patch p)
{
  enum { INPUTS = 1, OPTIONS = 4 };
  tl_flat_table options;
  tl_flat_vector list;
  if (p.kind == PATCH_INPUT) {
    must(tl_flat_list(flat, op, INPUTS, 4, &list) && p.index < list.count);
    put_i32(file + list.at + 4 * p.index, p.value);
    return;
  }
  must(tl_flat_child(flat, op, OPTIONS, &options) && options.at != 0);
  uint8_t *at = file + place_of(flat, &options, p.index);
  if (p.kind == PATCH_OPTION_U8) *at = (uint8_t)p.value;
  if (p.kind == PATCH_OPTION_I32) put_i32(at, p.value);
  if (p.kind == PATCH_OPTION_F32) put_f32(at, p.value);
}

void apply_patch(uint8_t *file, size_t bytes, patch p)
{
  enum { SUBGRAPHS = 2, TENSORS = 0, OPERATORS = 3 };
  const tl_flat flat = {file, (uint32_t)bytes};
  tl_flat_table model, graph, table;
  tl_flat_vector graphs, list;
  if (p.kind == PATCH_NONE) return;
  const bool of_tensor = p.kind <= PATCH_DATA_I32;
  must(tl_flat_root(&flat, "TFL3", &model));
  must(tl_flat_list(&flat, &model, SUBGRAPHS, 4, &graphs));
  must(tl_flat_element(&flat, &graphs, 0, &graph));
  must(tl_flat_list(&flat, &graph, of_tensor ? TENSORS : OPERATORS, 4, &list));
  must(p.tensor < list.count);
  must(tl_flat_element(&flat, &list, of_tensor ? p.tensor : 0, &table));
  if (p.kind == PATCH_DATA_I32)
    put_i32(file + data_of(&flat, &model, &table) + 4 * p.index, p.value);
  else if (of_tensor)
    patch_tensor(file, &flat, &table, p);
  else
    patch_operator(file, &flat, &table, p);
}

bool open_patched(opened *m, const char *name, const patch *patches, size_t count)
{
  char path[512];
  size_t bytes = 0;
  snprintf(path, sizeof path, "%s/tests/golden/ops/%s.tflite", TL_SOURCE_DIR, name);
  uint8_t *file = read_file(path, &bytes);
  must(file != NULL);
  for (size_t p = 0; p < count; p++) apply_patch(file, bytes, patches[p]);
  return open_model(m, file, bytes);
}

bool refusals_hold(const refusal *rows, size_t count, char *message, size_t message_bytes)
{
  for (size_t r = 0; r < count; r++) {
    opened m;
    const bool open = open_patched(&m, rows[r].model, rows[r].patches, 6);
    const tl_kernel_status status = m.status;
    close_model(&m);
    if (!open && status.node >= 0 && status.code == TL_KERNEL_E_UNSUPPORTED &&
        strcmp(status.reason, rows[r].reason) == 0)
      continue;
    snprintf(message, message_bytes, "row %zu, %s: %s (node %d: '%s'), expected '%s'", r,
             rows[r].model, open ? "opened" : "refused", status.node, status.reason,
             rows[r].reason);
    return false;
  }
  return true;
}
