/* arena.h: one block of memory that setup fills and nobody frees piece by piece.
 *
 * Why: every byte of a run is reserved before its first step, so that a run cannot fail half-way for
 * memory, and snapshot, branch and hand-over are copies of one range.
 * Owns: its memory, released by tl_arena_free. Threads: setup only, from one thread. */
#ifndef TL_BASE_ARENA_H
#define TL_BASE_ARENA_H
#include "base/error.h"

#include <stdint.h>

typedef struct tl_arena {
  unsigned char *memory; /* 64-byte aligned, zeroed */
  size_t bytes;          /* reserved */
  size_t used;           /* handed out, multiples of 64 */
} tl_arena;

/* Reserves bytes (zeroed, 64-byte aligned, huge pages asked for when large).
 * errors  TL_E_LIMIT: the system has not that much; the message names the bytes wanted */
TL_API tl_code tl_arena_create(tl_arena *out, size_t bytes, tl_error *err);
/* A zeroed range of at least `bytes`, 64-byte aligned; NULL when the arena is full. */
TL_API void *tl_arena_take(tl_arena *arena, size_t bytes);
TL_API void tl_arena_free(tl_arena *arena);
/* bytes rounded up to what tl_arena_take uses. */
static inline size_t tl_arena_round(size_t bytes) { return (bytes + 63u) & ~(size_t)63u; }
#endif
