/* pack.h: chunks of integers in the bit layout of HDF5's scale-offset filter, packed where they lie.
 *
 * Why: workers pack their own block's chunk while it is hot in cache, and the main thread hands the bytes to
 * H5Dwrite_chunk; any HDF5 program then reads the dataset with the library's built-in filter (H5Z_SO_INT,
 * bits chosen by the filter, fill value defined). Nine times faster than deflate for the same size.
 * Layout, as HDF5's filter writes it: bits a value (u32), 8 (u8), smallest value (i64), 8 zero bytes, then the
 * values minus the smallest, most significant bit first; all ones is the fill; one more byte at the end.
 * Little-endian machines only (asserted at compile time). Owns: nothing. Threads: every function is pure but for
 * its buffer. Every path gives the same bytes. */
#ifndef TL_TELEMETRY_PACK_H
#define TL_TELEMETRY_PACK_H
#include "base/cpu.h"
#include "telemetry/schema.h"

enum {
  TL_PACK_HEADER = 21, /* bytes before the packed bits */
  TL_PACK_HEADROOM =
      64, /* bytes before the values in a buffer; room for the header, keeps values aligned */
  TL_PACK_SLACK = 64 /* bytes after the values; the last store may be wider than its values */
};

/* Bytes of a buffer for `count` values of an integer store: headroom, values, slack. */
TL_API size_t tl_pack_buffer_bytes(tl_store store, uint32_t count);

/* Packs in place. buffer + TL_PACK_HEADROOM holds `count` values (int16_t, int32_t or uint8_t; the fill is the
 * store's TL_FILL_*); afterwards the chunk lies at buffer[0 .. result) and the values are gone.
 * store   TL_STORE_I16, TL_STORE_I32 or TL_STORE_U8
 * count   1 or more
 * Returns the bytes of the chunk, at most TL_PACK_HEADER + the values' bytes + 1. */
TL_API size_t tl_pack_chunk(tl_simd_path path, tl_store store, unsigned char *buffer,
                            uint32_t count);
#endif
