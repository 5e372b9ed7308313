/* rig.h: one block of a twin without the engine around it: columns at their initial values,
 * stepped directly. */
#ifndef TL_TESTS_TWINS_RIG_H
#define TL_TESTS_TWINS_RIG_H
#include "sim/twin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct rig {
  const tl_twin_type *twin;
  double **column; /* [column_count] -> 256 rows */
  double *memory;
} rig;

static inline rig rig_open(const tl_twin_type *twin)
{
  rig r = {twin, malloc(twin->column_count * sizeof(double *)),
           aligned_alloc(64, (size_t)twin->column_count * TL_BLOCK_ROWS * sizeof(double))};
  if (!r.column || !r.memory) abort();
  for (uint32_t c = 0; c < twin->column_count; c++) {
    r.column[c] = r.memory + (size_t)c * TL_BLOCK_ROWS;
    for (uint32_t i = 0; i < TL_BLOCK_ROWS; i++) r.column[c][i] = twin->columns[c].initial;
  }
  return r;
}

static inline void rig_close(rig *r)
{
  free(r->column);
  free(r->memory);
}

static inline void rig_set(rig *r, uint32_t column, double value)
{
  for (uint32_t i = 0; i < TL_BLOCK_ROWS; i++) r->column[column][i] = value;
}

static inline void rig_step(rig *r, double dt_s, uint32_t step_count)
{
  r->twin->step(r->column, (tl_slice){0, TL_BLOCK_ROWS}, dt_s, step_count, TL_PATH_SCALAR);
}

static inline size_t rig_bytes(const rig *r)
{
  return (size_t)r->twin->column_count * TL_BLOCK_ROWS * sizeof(double);
}

/* True when every path that this processor has, in slices of rows and calls of steps_a_call steps, leaves the bits
 * that one call over the whole block leaves in plain code. make: the same block each time. */
static inline bool rig_same_bits(rig (*make)(void), double dt_s, uint32_t calls,
                                 uint32_t steps_a_call)
{
  bool same = true;
  rig expected = make();
  rig_step(&expected, dt_s, calls * steps_a_call);
  for (int path = 0; path < TL_PATH_COUNT; path++) {
    if (!tl_cpu_has_path((tl_simd_path)path)) continue;
    rig r = make();
    for (uint32_t begin = 0; begin < TL_BLOCK_ROWS; begin += 32)
      for (uint32_t call = 0; call < calls; call++)
        r.twin->step(r.column, (tl_slice){begin, begin + 32}, dt_s, steps_a_call,
                     (tl_simd_path)path);
    if (memcmp(r.memory, expected.memory, rig_bytes(&r)) != 0) {
      fprintf(stderr, "path %s gives other bits\n", tl_cpu_path_name((tl_simd_path)path));
      same = false;
    }
    rig_close(&r);
  }
  rig_close(&expected);
  return same;
}

/* A small generator for test data: reproducible, and no part of the engine. */
static inline double rig_spread(uint64_t *state, double low, double high)
{
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return low + (high - low) * (double)(*state >> 11) / 9007199254740992.0;
}
#endif
