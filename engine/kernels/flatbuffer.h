/* flatbuffer.h: reading FlatBuffers that somebody else wrote, every access checked.
 *
 * The format, little-endian, offsets from the place where they stand:
 *     file   = u32 offset of the root table, 4 bytes identifier, ...
 *     table  = i32 distance back to its vtable, fields ...
 *     vtable = u16 its bytes, u16 the table's bytes, u16 offset of field 0 in the table (0 absent) ...
 *     vector = u32 count, elements;  string = a vector of bytes;  reference = u32 offset forward
 * Why: a model file is hostile until proved otherwise. A function returns false when the file would
 * be left, an absent field is no error and gives its default. Nothing needs alignment.
 * Threads: pure functions over const bytes. */
#ifndef TL_KERNELS_FLATBUFFER_H
#define TL_KERNELS_FLATBUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct tl_flat {
  const uint8_t *data;
  uint32_t bytes; /* < 2^31 */
} tl_flat;

typedef struct tl_flat_table {
  uint32_t at; /* 0: absent */
  uint32_t bytes;
  uint32_t vtable, vtable_bytes;
} tl_flat_table;

typedef struct tl_flat_vector {
  uint32_t at; /* of the first element; 0: absent */
  uint32_t count;
} tl_flat_vector;

/* Root table of a file with this identifier (4 characters). */
bool tl_flat_root(const tl_flat *flat, const char *identifier, tl_flat_table *out);

/* Scalars; an absent field gives *out unchanged, so the caller puts the default there first. */
bool tl_flat_u8(const tl_flat *flat, const tl_flat_table *table, uint32_t field, uint8_t *out);
bool tl_flat_i32(const tl_flat *flat, const tl_flat_table *table, uint32_t field, int32_t *out);
bool tl_flat_u64(const tl_flat *flat, const tl_flat_table *table, uint32_t field, uint64_t *out);
bool tl_flat_f32(const tl_flat *flat, const tl_flat_table *table, uint32_t field, float *out);

/* A table or a vector behind a field; absent gives at == 0. All elements lie inside the file. */
bool tl_flat_child(const tl_flat *flat, const tl_flat_table *table, uint32_t field,
                   tl_flat_table *out);
bool tl_flat_list(const tl_flat *flat, const tl_flat_table *table, uint32_t field,
                  uint32_t element_bytes, tl_flat_vector *out);

/* Table number `index` of a vector of tables; index < vector->count. */
bool tl_flat_element(const tl_flat *flat, const tl_flat_vector *vector, uint32_t index,
                     tl_flat_table *out);

/* Little-endian loads from anywhere. */
uint32_t tl_load_u32(const uint8_t *from);
int32_t tl_load_i32(const uint8_t *from);
int64_t tl_load_i64(const uint8_t *from);
float tl_load_f32(const uint8_t *from);

#endif
