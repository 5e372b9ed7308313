/* store.h: the columns of one fleet, block by block, in three contiguous regions.
 *
 * Why: a block's rows lie together, so a block stays in cache for a whole window, its digest is
 * one hash over one range, and a snapshot is one copy. What changes in a run (dynamic), what
 * faults and calibration change (param) and what can be computed again (scratch) are apart,
 * because only the first two are state.
 * Owns: its table and memory, reserved by tl_store_seal. Threads: setup from one; rows of
 * different blocks from many. */
#ifndef TL_STATE_STORE_H
#define TL_STATE_STORE_H
#include "state/column.h"

#include <stdbool.h>

#define TL_COLUMN_NAME_BYTES 64

typedef enum tl_region {
  TL_REGION_DYNAMIC,
  TL_REGION_PARAM,
  TL_REGION_SCRATCH,
  TL_REGION_COUNT
} tl_region;

typedef struct tl_store_column {
  tl_column info; /* info.name and info.unit point at the copies below */
  char name[TL_COLUMN_NAME_BYTES];
  char unit[32];
  tl_region region;
  uint32_t offset; /* bytes from the block's start in its region to row 0 */
  uint32_t stride; /* bytes from row to row */
} tl_store_column;

typedef struct tl_store {
  tl_store_column *columns;
  uint32_t column_count, column_capacity;
  uint32_t device_count, block_count;
  uint32_t block_bytes[TL_REGION_COUNT]; /* multiples of 64 */
  unsigned char *memory[TL_REGION_COUNT];
  uint64_t *param_digest;      /* [block], valid unless param_stale */
  uint8_t *param_stale;        /* [block] */
  unsigned char *block_memory; /* what tl_store_seal reserved */
  size_t bytes;
} tl_store;

TL_API tl_code tl_store_create(tl_store *out, uint32_t device_count, tl_error *err);
TL_API void tl_store_free(tl_store *store);
/* Adds a column of its own 256 rows; returns its index in *out (may be NULL).
 * errors TL_E_ARG: name too long or taken; TL_E_LIMIT: no memory. */
TL_API tl_code tl_store_add(tl_store *store, const tl_column *column, tl_region region,
                            uint32_t *out, tl_error *err);
/* Adds a range of `bytes` to a region and `count` one-byte columns that lie in it; offsets[i] from
 * the range's start to row 0 of column i, rows `stride` bytes apart. For layouts that a kernel
 * prescribes (ring buffers). */
TL_API tl_code tl_store_add_bytes(tl_store *store, tl_region region, uint32_t bytes,
                                  uint32_t *out_offset, tl_error *err);
TL_API tl_code tl_store_add_view(tl_store *store, const tl_column *column, tl_region region,
                                 uint32_t offset, uint32_t stride, uint32_t *out, tl_error *err);
/* Reserves memory and fills each column with its initial value, padding rows too. */
TL_API tl_code tl_store_seal(tl_store *store, tl_error *err);

/* Index of a column, or UINT32_MAX. */
TL_API uint32_t tl_store_find(const tl_store *store, const char *name);
static inline unsigned char *tl_store_rows(const tl_store *store, uint32_t block, uint32_t column)
{
  const tl_store_column *c = &store->columns[column];
  return store->memory[c->region] + (size_t)block * store->block_bytes[c->region] + c->offset;
}
static inline uint32_t tl_store_block_rows(const tl_store *store, uint32_t block)
{
  const uint32_t left = store->device_count - block * TL_BLOCK_ROWS;
  return left < TL_BLOCK_ROWS ? left : TL_BLOCK_ROWS;
}
TL_API double tl_store_get(const tl_store *store, uint32_t column, uint32_t device);
/* Writes one value, converted to the column's type; marks the block's parameters stale when it is
 * one. */
TL_API void tl_store_set(tl_store *store, uint32_t column, uint32_t device, double value);
/* Sets the padding rows of the last block to the last device's values, so that they compute like a
 * device. */
TL_API void tl_store_pad(tl_store *store, uint32_t column);

/* XXH3-64 over the block's dynamic region, seeded with the hash of its param region: what a
 * checkpoint stores. */
TL_API uint64_t tl_store_digest(tl_store *store, uint32_t block);

/* Snapshot: dynamic and param regions. */
TL_API size_t tl_store_snapshot_bytes(const tl_store *store);
TL_API void tl_store_snapshot(const tl_store *store, unsigned char *out);
TL_API void tl_store_restore(tl_store *store, const unsigned char *snapshot);
#endif
