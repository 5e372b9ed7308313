#include "base/arena.h"

#include <assert.h>
#include <string.h>
#include <sys/mman.h>

tl_code tl_arena_create(tl_arena *out, size_t bytes, tl_error *err)
{
  const size_t wanted = bytes ? tl_arena_round(bytes) : 64;
  void *memory = mmap(NULL, wanted, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    return tl_fail(err, TL_E_LIMIT, NULL, "cannot reserve %zu bytes of memory for the run", wanted);
#ifdef MADV_HUGEPAGE
  if (wanted >= (size_t)4 << 20)
    (void)madvise(memory, wanted, MADV_HUGEPAGE); /* a wish, not a need */
#endif
  *out = (tl_arena){memory, wanted, 0};
  return TL_OK;
}

void *tl_arena_take(tl_arena *arena, size_t bytes)
{
  const size_t wanted = tl_arena_round(bytes);
  assert(arena->used <= arena->bytes);
  if (wanted < bytes || wanted > arena->bytes - arena->used) return NULL;
  void *memory = arena->memory + arena->used;
  arena->used += wanted;
  return memory;
}

void tl_arena_free(tl_arena *arena)
{
  if (arena->memory) munmap(arena->memory, arena->bytes);
  *arena = (tl_arena){0};
}
