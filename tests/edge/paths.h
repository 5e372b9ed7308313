/* paths.h: the code paths that a test compares on this processor; others say that they did not
 * run. */
#ifndef TL_TESTS_EDGE_PATHS_H
#define TL_TESTS_EDGE_PATHS_H
#include "base/cpu.h"

#include <stdint.h>
#include <stdio.h>

/* Paths of this processor, scalar first; returns how many. */
static inline uint32_t paths_here(tl_simd_path out[TL_PATH_COUNT])
{
  uint32_t count = 0;
  for (int path = 0; path < TL_PATH_COUNT; path++) {
    if (tl_cpu_has_path((tl_simd_path)path))
      out[count++] = (tl_simd_path)path;
    else
      printf("not run: path %s\n", tl_cpu_path_name((tl_simd_path)path));
  }
  return count;
}

/* A small generator for test data: reproducible, and no part of the engine. */
static inline double spread(uint64_t *state)
{
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (double)(*state >> 11) / 9007199254740992.0;
}
#endif
