#include "kernels/ops/shape/strided.h"

#include <assert.h>
#include <string.h>

void tl_strided_start(tl_strided *walk, uint32_t element_bytes)
{
  assert(element_bytes > 0);
  *walk = (tl_strided){.run = element_bytes};
}

void tl_strided_add(tl_strided *walk, uint32_t dim, int64_t from_step, int64_t to_step)
{
  if (dim == 1) return;
  if (walk->rank > 0) {
    const uint32_t last = walk->rank - 1;
    if (walk->from_step[last] == from_step * dim && walk->to_step[last] == to_step * dim) {
      walk->dims[last] *= dim;
      walk->from_step[last] = (int32_t)from_step;
      walk->to_step[last] = (int32_t)to_step;
      return;
    }
  }
  assert(walk->rank < TL_STRIDED_RANK_MAX);
  walk->dims[walk->rank] = dim;
  walk->from_step[walk->rank] = (int32_t)from_step;
  walk->to_step[walk->rank] = (int32_t)to_step;
  walk->rank++;
}

void tl_strided_end(tl_strided *walk)
{
  if (walk->rank == 0) return;
  const uint32_t last = walk->rank - 1;
  if (walk->from_step[last] != (int32_t)walk->run || walk->to_step[last] != (int32_t)walk->run)
    return;
  walk->run *= walk->dims[last];
  walk->rank--;
}

/* One function a width: the compiler then makes a load and a store of each memcpy. */
#define ROW(bytes)                                                                                 \
  static void row_##bytes(uint8_t *to, const uint8_t *from, uint32_t count, ptrdiff_t to_step,     \
                          ptrdiff_t from_step)                                                     \
  {                                                                                                \
    for (ptrdiff_t i = 0; i < (ptrdiff_t)count; i++)                                               \
      memcpy(to + i * to_step, from + i * from_step, bytes);                                       \
  }
ROW(1)
ROW(2)
ROW(4)
ROW(8)
#undef ROW

static void row(uint8_t *to, const uint8_t *from, uint32_t count, ptrdiff_t to_step,
                ptrdiff_t from_step, uint32_t run)
{
  switch (run) {
    case 1: row_1(to, from, count, to_step, from_step); break;
    case 2: row_2(to, from, count, to_step, from_step); break;
    case 4: row_4(to, from, count, to_step, from_step); break;
    case 8: row_8(to, from, count, to_step, from_step); break;
    default:
      for (ptrdiff_t i = 0; i < (ptrdiff_t)count; i++)
        memcpy(to + i * to_step, from + i * from_step, run);
  }
}

void tl_strided_copy(const tl_strided *walk, uint8_t *to, const uint8_t *from)
{
  uint32_t at[TL_STRIDED_RANK_MAX] = {0};
  to += walk->to_begin;
  from += walk->from_begin;
  if (walk->rank == 0) {
    memcpy(to, from, walk->run);
    return;
  }
  const uint32_t inner = walk->rank - 1;
  for (;;) {
    row(to, from, walk->dims[inner], walk->to_step[inner], walk->from_step[inner], walk->run);
    uint32_t d = inner;
    while (d > 0 && ++at[d - 1] == walk->dims[d - 1]) { /* the next index, like an odometer */
      d--;
      at[d] = 0;
      to -= (ptrdiff_t)walk->to_step[d] * (ptrdiff_t)(walk->dims[d] - 1);
      from -= (ptrdiff_t)walk->from_step[d] * (ptrdiff_t)(walk->dims[d] - 1);
    }
    if (d == 0) return;
    to += walk->to_step[d - 1];
    from += walk->from_step[d - 1];
  }
}

void tl_strided_fill(uint8_t *to, const uint8_t *value, uint32_t element_bytes, uint32_t count)
{
  if (element_bytes == 1)
    memset(to, value[0], count);
  else
    row(to, value, count, (ptrdiff_t)element_bytes, 0, element_bytes);
}
