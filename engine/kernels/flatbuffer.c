#include "kernels/flatbuffer.h"

#include <string.h>

static uint32_t load_u16(const uint8_t *from) { return (uint32_t)from[0] | (uint32_t)from[1] << 8; }

uint32_t tl_load_u32(const uint8_t *from) { return load_u16(from) | load_u16(from + 2) << 16; }

int32_t tl_load_i32(const uint8_t *from) { return (int32_t)tl_load_u32(from); }

static uint64_t load_u64(const uint8_t *from)
{
  return (uint64_t)tl_load_u32(from) | (uint64_t)tl_load_u32(from + 4) << 32;
}

int64_t tl_load_i64(const uint8_t *from) { return (int64_t)load_u64(from); }

float tl_load_f32(const uint8_t *from)
{
  const uint32_t bits = tl_load_u32(from);
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static bool inside(const tl_flat *flat, uint64_t at, uint64_t bytes)
{
  return at <= flat->bytes && bytes <= flat->bytes - at;
}

static bool table_at(const tl_flat *flat, uint64_t at, tl_flat_table *out)
{
  if (!inside(flat, at, 4)) return false;
  const int64_t vtable = (int64_t)at - tl_load_i32(flat->data + at);
  if (vtable < 0 || !inside(flat, (uint64_t)vtable, 4)) return false;
  out->at = (uint32_t)at;
  out->vtable = (uint32_t)vtable;
  out->vtable_bytes = load_u16(flat->data + vtable);
  out->bytes = load_u16(flat->data + vtable + 2);
  return out->vtable_bytes >= 4 && out->bytes >= 4 &&
         inside(flat, (uint64_t)vtable, out->vtable_bytes) && inside(flat, at, out->bytes);
}

/* Where a field of so many bytes stands, 0 if absent. False when it leaves its table. */
static bool field_at(const tl_flat *flat, const tl_flat_table *table, uint32_t field,
                     uint32_t bytes, uint32_t *at)
{
  *at = 0;
  const uint32_t entry = 4 + 2 * field;
  if (table->at == 0 || entry + 2 > table->vtable_bytes) return true;
  const uint32_t offset = load_u16(flat->data + table->vtable + entry);
  if (offset == 0) return true;
  if (offset < 4 || offset + bytes > table->bytes) return false;
  *at = table->at + offset;
  return true;
}

bool tl_flat_root(const tl_flat *flat, const char *identifier, tl_flat_table *out)
{
  if (flat->bytes < 8 || memcmp(flat->data + 4, identifier, 4) != 0) return false;
  return table_at(flat, tl_load_u32(flat->data), out);
}

bool tl_flat_u8(const tl_flat *flat, const tl_flat_table *table, uint32_t field, uint8_t *out)
{
  uint32_t at;
  if (!field_at(flat, table, field, 1, &at)) return false;
  if (at != 0) *out = flat->data[at];
  return true;
}

bool tl_flat_i32(const tl_flat *flat, const tl_flat_table *table, uint32_t field, int32_t *out)
{
  uint32_t at;
  if (!field_at(flat, table, field, 4, &at)) return false;
  if (at != 0) *out = tl_load_i32(flat->data + at);
  return true;
}

bool tl_flat_u64(const tl_flat *flat, const tl_flat_table *table, uint32_t field, uint64_t *out)
{
  uint32_t at;
  if (!field_at(flat, table, field, 8, &at)) return false;
  if (at != 0) *out = load_u64(flat->data + at);
  return true;
}

bool tl_flat_f32(const tl_flat *flat, const tl_flat_table *table, uint32_t field, float *out)
{
  uint32_t at;
  if (!field_at(flat, table, field, 4, &at)) return false;
  if (at != 0) *out = tl_load_f32(flat->data + at);
  return true;
}

bool tl_flat_child(const tl_flat *flat, const tl_flat_table *table, uint32_t field,
                   tl_flat_table *out)
{
  uint32_t at;
  *out = (tl_flat_table){0};
  if (!field_at(flat, table, field, 4, &at)) return false;
  return at == 0 || table_at(flat, (uint64_t)at + tl_load_u32(flat->data + at), out);
}

bool tl_flat_list(const tl_flat *flat, const tl_flat_table *table, uint32_t field,
                  uint32_t element_bytes, tl_flat_vector *out)
{
  uint32_t at;
  *out = (tl_flat_vector){0};
  if (!field_at(flat, table, field, 4, &at)) return false;
  if (at == 0) return true;
  const uint64_t vector = (uint64_t)at + tl_load_u32(flat->data + at);
  if (!inside(flat, vector, 4)) return false;
  out->at = (uint32_t)vector + 4;
  out->count = tl_load_u32(flat->data + vector);
  return inside(flat, vector + 4, (uint64_t)out->count * element_bytes);
}

bool tl_flat_element(const tl_flat *flat, const tl_flat_vector *vector, uint32_t index,
                     tl_flat_table *out)
{
  const uint64_t at = (uint64_t)vector->at + 4ull * index;
  if (index >= vector->count || !inside(flat, at, 4)) return false;
  return table_at(flat, at + tl_load_u32(flat->data + at), out);
}
