/* hash.h: XXH3-64 for digests at memory speed, SHA-256 for what people and files quote.
 *
 * Why two: a block digest is taken every window and must cost nothing; a run hash is compared by
 * people and machines that do not trust each other. Both give the same value on every CPU (XXH3 is
 * defined bytewise, little-endian data assumed: the digested columns are those of the checkpoint).
 * Owns: a tl_sha256 is its creator's. Threads: pure functions; one tl_sha256 belongs to one thread.
 * */
#ifndef TL_BASE_HASH_H
#define TL_BASE_HASH_H
#include "base/error.h"

#include <stdint.h>

enum { TL_SHA256_BYTES = 32, TL_SHA256_HEX_BYTES = 65 }; /* 64 lower-case hex digits and the end */

/* XXH3-64 with a seed. data may be NULL when bytes is 0. Unaligned data is fine. */
TL_API uint64_t tl_hash64(const void *data, size_t bytes, uint64_t seed);
/* Hash of a name (fleet, stream, signal); the same in every version of the program, as seeds hang
 * on it. */
TL_API uint64_t tl_hash_text(const char *text);

/* SHA-256 of a stream. add() never allocates. */
typedef struct tl_sha256 tl_sha256;
/* errors  TL_E_LIMIT: out of memory, or the crypto library has no SHA-256 */
TL_API tl_code tl_sha256_create(tl_sha256 **out, tl_error *err);
TL_API void tl_sha256_add(tl_sha256 *stream, const void *data, size_t bytes);
/* Appends a 64-bit word in little-endian order, whatever the machine. */
TL_API void tl_sha256_add_u64(tl_sha256 *stream, uint64_t word);
/* Digest of all that was added; the stream is empty again afterwards and may be used anew. */
TL_API void tl_sha256_finish(tl_sha256 *stream, unsigned char digest[TL_SHA256_BYTES]);
TL_API void tl_sha256_finish_hex(tl_sha256 *stream, char hex[TL_SHA256_HEX_BYTES]);
TL_API void tl_sha256_free(tl_sha256 *stream); /* NULL is fine */

/* One go. */
TL_API void tl_sha256_bytes(char hex[TL_SHA256_HEX_BYTES], const void *data, size_t bytes);
TL_API void tl_sha256_hex(char hex[TL_SHA256_HEX_BYTES],
                          const unsigned char digest[TL_SHA256_BYTES]);
/* Content of a file.  errors  TL_E_IO: cannot be opened or read; the message gives path and reason
 * */
TL_API tl_code tl_sha256_file(char hex[TL_SHA256_HEX_BYTES], const char *path, tl_error *err);
#endif
