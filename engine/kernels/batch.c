#include "kernels/batch.h"

#include "kernels/batch/fast.h"

#include <string.h>

enum {
  TILE_MAX = 64,       /* devices */
  TILE_BYTES = 192000, /* of their arenas: what an L2 cache holds beside the weights */
  SCRATCH_SLACK = 128  /* vector code works in whole vectors, past the end of what it needs */
};

/* Which vector form an operator could have, by its number in the schema. */
static const struct {
  int32_t builtin;
  tl_fast_kind kind;
  bool (*pack)(tl_fast_pack *pack);
} fast_rows[] = {
    {0, TL_FAST_PAIR, tl_pair_pack},           {1, TL_FAST_POOL, tl_pool_pack},
    {3, TL_FAST_GEMM, tl_gemm_pack},           {4, TL_FAST_GEMM, tl_gemm_pack}, /* of one channel */
    {4, TL_FAST_DEPTHWISE, tl_depthwise_pack}, {9, TL_FAST_GEMM, tl_gemm_pack},
    {17, TL_FAST_POOL, tl_pool_pack},          {41, TL_FAST_PAIR, tl_pair_pack},
};

static size_t aligned(size_t bytes)
{
  return (bytes + TL_BATCH_ALIGN - 1) / TL_BATCH_ALIGN * TL_BATCH_ALIGN;
}

void *tl_cut(tl_cutter *cutter, size_t bytes)
{
  void *piece = cutter->base != NULL ? cutter->base + cutter->used : NULL;
  cutter->used += aligned(bytes);
  return piece;
}

bool tl_fast_takes(const tl_tensor *tensor)
{
  return tensor->type == TL_TENSOR_INT8 && tensor->data == NULL && !tensor->is_variable;
}

static const tl_fast_path *find_path(tl_kernel_path path)
{
  switch (path) {
    case TL_KERNEL_SSE: return tl_fast_path_sse();
    case TL_KERNEL_AVX2: return tl_fast_path_avx2();
    case TL_KERNEL_VNNI: return tl_fast_path_vnni();
    case TL_KERNEL_NEON: return tl_fast_path_neon();
    case TL_KERNEL_SCALAR:
    case TL_KERNEL_PATH_COUNT: break;
  }
  return NULL;
}

/* Packs one operator if it has a vector form; what a form that did not fit has cut is taken back. */
static tl_fast_kind pack_op(tl_fast_pack *pack)
{
  const size_t used = pack->cutter->used;
  for (size_t r = 0; pack->path != NULL && r < sizeof fast_rows / sizeof fast_rows[0]; r++) {
    if (fast_rows[r].builtin != pack->op->row->builtin) continue;
    if (fast_rows[r].pack(pack)) return fast_rows[r].kind;
    pack->cutter->used = used;
    pack->packed = NULL;
    pack->scratch_bytes = 0;
  }
  return TL_FAST_NONE;
}

static uint32_t tile_of(size_t device_bytes)
{
  const size_t tile = TILE_BYTES / (device_bytes + 1);
  return tile < 1 ? 1 : tile > TILE_MAX ? TILE_MAX : (uint32_t)tile;
}

static void pack_all(tl_batch *out, const tl_model *model, const tl_fast_path *path,
                     tl_cutter *cutter)
{
  struct tl_batch_op *ops = tl_cut(cutter, model->op_count * sizeof *ops);
  *out = (tl_batch){.model = model, .ops = ops, .vector_code = path};
  out->device_bytes = aligned(model->arena_bytes);
  out->tile = tile_of(out->device_bytes);
  size_t scratch_bytes = 0;
  for (uint32_t node = 0; node < model->op_count; node++) {
    tl_fast_pack pack = {model, &model->ops[node], path, out->tile, cutter, 0, NULL};
    const tl_fast_kind kind = pack_op(&pack);
    if (kind != TL_FAST_NONE) out->fast_count++;
    if (pack.scratch_bytes > scratch_bytes) scratch_bytes = pack.scratch_bytes;
    if (ops != NULL) ops[node] = (struct tl_batch_op){kind, pack.packed};
  }
  out->arena_bytes = out->tile * out->device_bytes + aligned(scratch_bytes) + SCRATCH_SLACK;
  out->packed_bytes = cutter->used;
}

size_t tl_batch_pack_bytes(const tl_model *model)
{
  size_t most = 0;
  for (int p = 0; p < TL_KERNEL_PATH_COUNT; p++) {
    tl_batch batch;
    tl_cutter cutter = {NULL, 0};
    pack_all(&batch, model, find_path((tl_kernel_path)p), &cutter);
    if (cutter.used > most) most = cutter.used;
  }
  return most;
}

tl_kernel_code tl_batch_pack_path(tl_batch *out, void *memory, size_t memory_bytes,
                                  const tl_model *model, const tl_fast_path *path,
                                  tl_kernel_status *status)
{
  tl_cutter count = {NULL, 0}, cutter = {memory, 0};
  tl_kernel_clear(status);
  pack_all(out, model, path, &count);
  if (memory_bytes < count.used || (uintptr_t)memory % TL_BATCH_ALIGN != 0) {
    *out = (tl_batch){0};
    return TL_KERNEL_FAIL(status, TL_KERNEL_E_MEMORY,
                          "memory for the packed model is too small or not aligned to 64 bytes");
  }
  pack_all(out, model, path, &cutter);
  return TL_KERNEL_OK;
}

tl_kernel_code tl_batch_pack(tl_batch *out, void *memory, size_t memory_bytes,
                             const tl_model *model, tl_kernel_path path, tl_kernel_status *status)
{
  const tl_fast_path *code = find_path(path);
  *out = (tl_batch){0};
  tl_kernel_clear(status);
  if (path != TL_KERNEL_SCALAR && code == NULL)
    return TL_KERNEL_FAIL(status, TL_KERNEL_E_UNSUPPORTED, "this build has no code for the path ",
                          tl_kernel_path_name(path));
  const tl_kernel_code result = tl_batch_pack_path(out, memory, memory_bytes, model, code, status);
  if (result == TL_KERNEL_OK) out->path = path;
  return result;
}

/* ---- running ---- */

/* Devices [first, first + count) of a call: a tile or less. */
typedef struct tile {
  uint8_t *arena, *state;
  uint32_t first, count;
} tile;

static tl_place place_of(const tl_batch *batch, const tile *t, uint32_t device)
{
  return (tl_place){t->arena + device * batch->device_bytes,
                    t->state == NULL ? NULL : t->state + device * batch->model->state_bytes};
}

static void copy_inputs(const tl_batch *batch, const tl_place *place, size_t device,
                        const void *const *inputs)
{
  const tl_model *model = batch->model;
  for (uint32_t i = 0; i < model->input_count; i++) {
    const tl_tensor *tensor = tl_model_input(model, i);
    memcpy((tensor->is_variable ? place->state : place->arena) + tensor->offset,
           (const uint8_t *)inputs[i] + device * tensor->bytes, tensor->bytes);
  }
}

static void copy_outputs(const tl_batch *batch, const tl_place *place, size_t device,
                         void *const *outputs)
{
  const tl_model *model = batch->model;
  for (uint32_t o = 0; o < model->output_count; o++) {
    const size_t bytes = tl_model_output(model, o)->bytes;
    memcpy((uint8_t *)outputs[o] + device * bytes,
           tl_model_tensor(model, place, (uint32_t)model->outputs[o]), bytes);
  }
}

static void run_op(const tl_batch *batch, const tile *t, uint32_t node)
{
  const struct tl_batch_op *op = &batch->ops[node];
  if (op->kind != TL_FAST_NONE) {
    const tl_fast_job job = {t->arena, t->arena + batch->tile * batch->device_bytes,
                             batch->device_bytes, t->count};
    batch->vector_code->run[op->kind](op->packed, &job);
    return;
  }
  for (uint32_t d = 0; d < t->count; d++) {
    const tl_place place = place_of(batch, t, d);
    tl_model_run_op(batch->model, &place, node);
  }
}

static void run_tile(const tl_batch *batch, const tile *t, const void *const *inputs,
                     void *const *outputs)
{
  for (uint32_t d = 0; d < t->count; d++) {
    const tl_place place = place_of(batch, t, d);
    copy_inputs(batch, &place, t->first + d, inputs);
  }
  for (uint32_t node = 0; node < batch->model->op_count; node++) run_op(batch, t, node);
  for (uint32_t d = 0; d < t->count; d++) {
    const tl_place place = place_of(batch, t, d);
    copy_outputs(batch, &place, t->first + d, outputs);
  }
}

tl_kernel_code tl_model_run_batch(const tl_batch *batch, void *arena, size_t arena_bytes,
                                  void *state, uint32_t count, const void *const *inputs,
                                  void *const *outputs, tl_kernel_status *status)
{
  tl_kernel_clear(status);
  if (arena_bytes < batch->arena_bytes || (uintptr_t)arena % TL_BATCH_ALIGN != 0)
    return TL_KERNEL_FAIL(status, TL_KERNEL_E_MEMORY, "the arena is too small or not aligned");
  const size_t state_bytes = batch->model->state_bytes;
  if (state_bytes > 0 && (state == NULL || (uintptr_t)state % TL_MODEL_ALIGN != 0))
    return TL_KERNEL_FAIL(status, TL_KERNEL_E_MEMORY,
                          "the model has state, but none is given, or not aligned");
  for (uint32_t first = 0; first < count; first += batch->tile) {
    const uint32_t left = count - first;
    const tile t = {arena, state_bytes > 0 ? (uint8_t *)state + first * state_bytes : NULL, first,
                    left < batch->tile ? left : batch->tile};
    run_tile(batch, &t, inputs, outputs);
  }
  return TL_KERNEL_OK;
}
