#include "state/store.h"

#include "base/hash.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "digests and checkpoints are little-endian: this machine is not supported"
#endif

static const uint32_t type_bytes[] = {[TL_F64] = 8, [TL_F32] = 4, [TL_I32] = 4, [TL_U8] = 1};

tl_code tl_store_create(tl_store *out, uint32_t device_count, tl_error *err)
{
  assert(device_count > 0);
  *out = (tl_store){.device_count = device_count, .column_capacity = 64};
  out->block_count = (device_count + TL_BLOCK_ROWS - 1) / TL_BLOCK_ROWS;
  out->columns = calloc(out->column_capacity, sizeof *out->columns);
  if (!out->columns) return tl_fail(err, TL_E_LIMIT, NULL, "no memory for a table of columns");
  return TL_OK;
}

void tl_store_free(tl_store *store)
{
  if (store->block_memory) munmap(store->block_memory, store->bytes);
  free(store->columns);
  *store = (tl_store){0};
}

static tl_code grow(tl_store *store, tl_error *err)
{
  if (store->column_count < store->column_capacity) return TL_OK;
  const uint32_t capacity = store->column_capacity * 2;
  tl_store_column *columns = realloc(store->columns, capacity * sizeof *columns);
  if (!columns) return tl_fail(err, TL_E_LIMIT, NULL, "no memory for %u columns", capacity);
  store->columns = columns;
  store->column_capacity = capacity;
  for (uint32_t i = 0; i < store->column_count; i++) {
    columns[i].info.name = columns[i].name;
    columns[i].info.unit = columns[i].unit;
  }
  return TL_OK;
}

tl_code tl_store_add_bytes(tl_store *store, tl_region region, uint32_t bytes, uint32_t *out_offset,
                           tl_error *err)
{
  assert(!store->block_memory);
  const uint32_t most = 1u << 28, rounded = (bytes + 63u) & ~63u;
  if (bytes > most ||
      rounded > most - store->block_bytes[region]) /* bytes first: rounding up could wrap */
    return tl_fail(err, TL_E_LIMIT, NULL, "a block of devices would need more than 256 MB");
  *out_offset = store->block_bytes[region];
  store->block_bytes[region] += rounded;
  return TL_OK;
}

tl_code tl_store_add_view(tl_store *store, const tl_column *column, tl_region region,
                          uint32_t offset, uint32_t stride, uint32_t *out, tl_error *err)
{
  if (strlen(column->name) >= TL_COLUMN_NAME_BYTES)
    return tl_fail(err, TL_E_ARG, NULL, "name '%s' is longer than %d characters", column->name,
                   TL_COLUMN_NAME_BYTES - 1);
  if (tl_store_find(store, column->name) != UINT32_MAX)
    return tl_fail(err, TL_E_ARG, NULL, "name '%s' is used twice", column->name);
  const tl_code code = grow(store, err);
  if (code != TL_OK) return code;
  tl_store_column *c = &store->columns[store->column_count];
  *c = (tl_store_column){.info = *column, .region = region, .offset = offset, .stride = stride};
  snprintf(c->name, sizeof c->name, "%s", column->name);
  snprintf(c->unit, sizeof c->unit, "%s", column->unit);
  c->info.name = c->name;
  c->info.unit = c->unit;
  if (out) *out = store->column_count;
  store->column_count++;
  return TL_OK;
}

tl_code tl_store_add(tl_store *store, const tl_column *column, tl_region region, uint32_t *out,
                     tl_error *err)
{
  const uint32_t stride = type_bytes[column->type];
  uint32_t offset = 0;
  const tl_code code = tl_store_add_bytes(store, region, stride * TL_BLOCK_ROWS, &offset, err);
  return code != TL_OK ? code : tl_store_add_view(store, column, region, offset, stride, out, err);
}

/* The bytes of a value in a column of that type; returns how many. */
static uint32_t encode(unsigned char out[8], tl_type type, double value)
{
  memset(out, 0, 8);
  switch (type) {
    case TL_F64: memcpy(out, &value, 8); break;
    case TL_F32: {
      const float v = (float)value;
      memcpy(out, &v, 4);
      break;
    }
    case TL_I32: {
      const int32_t v = (int32_t)value;
      memcpy(out, &v, 4);
      break;
    }
    case TL_U8: out[0] = (unsigned char)((int32_t)value & 0xff); break;
  }
  return type_bytes[type];
}

static void set_row(const tl_store *store, uint32_t column, uint32_t block, uint32_t row,
                    double value)
{
  const tl_store_column *c = &store->columns[column];
  unsigned char bytes[8];
  const uint32_t width = encode(bytes, c->info.type, value);
  memcpy(tl_store_rows(store, block, column) + (size_t)row * c->stride, bytes, width);
}

/* Fresh memory is zero, as most columns start: only the others are written. */
static void fill_initial(const tl_store *store, uint32_t column)
{
  static const unsigned char zero[8] = {0};
  const tl_store_column *c = &store->columns[column];
  unsigned char bytes[8];
  const uint32_t width = encode(bytes, c->info.type, c->info.initial);
  if (memcmp(bytes, zero, sizeof zero) == 0) return;
  for (uint32_t block = 0; block < store->block_count; block++) {
    unsigned char *at = tl_store_rows(store, block, column);
    if (width == 8 && c->stride == 8) {
      for (uint32_t row = 0; row < TL_BLOCK_ROWS; row++) memcpy(at + (size_t)row * 8, bytes, 8);
    } else {
      for (uint32_t row = 0; row < TL_BLOCK_ROWS; row++)
        memcpy(at + (size_t)row * c->stride, bytes, width);
    }
  }
}

tl_code tl_store_seal(tl_store *store, tl_error *err)
{
  assert(!store->block_memory);
  size_t bytes = 0, begin[TL_REGION_COUNT];
  for (int r = 0; r < TL_REGION_COUNT; r++) {
    begin[r] = bytes;
    bytes += (size_t)store->block_bytes[r] * store->block_count;
  }
  const size_t digests = bytes;
  bytes += (size_t)store->block_count * (sizeof *store->param_digest + sizeof *store->param_stale);
  void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    return tl_fail(err, TL_E_LIMIT, NULL, "cannot reserve %zu bytes for %u devices", bytes,
                   store->device_count);
#ifdef MADV_HUGEPAGE
  if (bytes >= (size_t)4 << 20) (void)madvise(memory, bytes, MADV_HUGEPAGE);
#endif
  store->block_memory = memory;
  store->bytes = bytes;
  for (int r = 0; r < TL_REGION_COUNT; r++) store->memory[r] = store->block_memory + begin[r];
  store->param_digest = (uint64_t *)(void *)(store->block_memory + digests);
  store->param_stale =
      store->block_memory + digests + (size_t)store->block_count * sizeof *store->param_digest;
  memset(store->param_stale, 1, store->block_count);
  for (uint32_t c = 0; c < store->column_count; c++) fill_initial(store, c);
  return TL_OK;
}

uint32_t tl_store_find(const tl_store *store, const char *name)
{
  for (uint32_t i = 0; i < store->column_count; i++)
    if (strcmp(store->columns[i].name, name) == 0) return i;
  return UINT32_MAX;
}

double tl_store_get(const tl_store *store, uint32_t column, uint32_t device)
{
  assert(device < store->device_count && column < store->column_count);
  const tl_store_column *c = &store->columns[column];
  const unsigned char *at = tl_store_rows(store, device / TL_BLOCK_ROWS, column) +
                            (size_t)(device % TL_BLOCK_ROWS) * c->stride;
  switch (c->info.type) {
    case TL_F64: {
      double v;
      memcpy(&v, at, 8);
      return v;
    }
    case TL_F32: {
      float v;
      memcpy(&v, at, 4);
      return (double)v;
    }
    case TL_I32: {
      int32_t v;
      memcpy(&v, at, 4);
      return (double)v;
    }
    case TL_U8: break;
  }
  return c->info.low < 0.0 ? (double)(int8_t)*at
                           : (double)*at; /* a one-byte column with a negative low is signed */
}

void tl_store_set(tl_store *store, uint32_t column, uint32_t device, double value)
{
  assert(device < store->device_count && column < store->column_count);
  set_row(store, column, device / TL_BLOCK_ROWS, device % TL_BLOCK_ROWS, value);
  if (store->columns[column].region == TL_REGION_PARAM)
    store->param_stale[device / TL_BLOCK_ROWS] = 1;
}

void tl_store_pad(tl_store *store, uint32_t column)
{
  const uint32_t last = store->device_count - 1;
  const double value = tl_store_get(store, column, last);
  for (uint32_t row = last % TL_BLOCK_ROWS + 1; row < TL_BLOCK_ROWS; row++)
    set_row(store, column, store->block_count - 1, row, value);
}

uint64_t tl_store_digest(tl_store *store, uint32_t block)
{
  assert(block < store->block_count);
  const uint32_t param_bytes = store->block_bytes[TL_REGION_PARAM],
                 bytes = store->block_bytes[TL_REGION_DYNAMIC];
  if (store->param_stale[block]) {
    store->param_digest[block] =
        tl_hash64(store->memory[TL_REGION_PARAM] + (size_t)block * param_bytes, param_bytes, 0);
    store->param_stale[block] = 0;
  }
  return tl_hash64(store->memory[TL_REGION_DYNAMIC] + (size_t)block * bytes, bytes,
                   store->param_digest[block]);
}

static size_t region_bytes(const tl_store *store, tl_region region)
{
  return (size_t)store->block_bytes[region] * store->block_count;
}

size_t tl_store_snapshot_bytes(const tl_store *store)
{
  return region_bytes(store, TL_REGION_DYNAMIC) + region_bytes(store, TL_REGION_PARAM);
}

void tl_store_snapshot(const tl_store *store, unsigned char *out)
{
  const size_t dynamic = region_bytes(store, TL_REGION_DYNAMIC);
  memcpy(out, store->memory[TL_REGION_DYNAMIC], dynamic);
  memcpy(out + dynamic, store->memory[TL_REGION_PARAM], region_bytes(store, TL_REGION_PARAM));
}

void tl_store_restore(tl_store *store, const unsigned char *snapshot)
{
  const size_t dynamic = region_bytes(store, TL_REGION_DYNAMIC);
  memcpy(store->memory[TL_REGION_DYNAMIC], snapshot, dynamic);
  memcpy(store->memory[TL_REGION_PARAM], snapshot + dynamic, region_bytes(store, TL_REGION_PARAM));
  memset(store->param_stale, 1, store->block_count);
}
