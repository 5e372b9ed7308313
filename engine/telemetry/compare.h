/* compare.h: where two runs part, from their digests alone.
 *
 * Why: a run's telemetry.h5 holds one digest a (window, fleet, block) and a root a window, whatever was recorded.
 * The roots (8 bytes a window) are read from the start, not bisected: a difference may heal, as when a planted bit
 * is overwritten by the next input, and the first one is asked for. Then one row of block digests a fleet names
 * fleet and block. Which device and column it is, the caller finds by re-simulating that slice.
 * Owns: nothing. Threads: one at a time (HDF5). */
#ifndef TL_TELEMETRY_COMPARE_H
#define TL_TELEMETRY_COMPARE_H
#include "base/error.h"

#include <stdint.h>

typedef enum tl_compare_verdict {
  TL_COMPARE_EQUAL,     /* same windows, same digests */
  TL_COMPARE_DIFFERENT, /* window, fleet and block say where first */
  TL_COMPARE_SHORTER, /* one run is a true beginning of the other; window is the first that one lacks */
  TL_COMPARE_SHAPE /* not comparable: other fleets, device counts or window ends; text says which */
} tl_compare_verdict;

typedef struct tl_compare_result {
  tl_compare_verdict verdict;
  uint64_t windows_a, windows_b;
  uint64_t window;          /* first that differs */
  int64_t begin_ns, end_ns; /* that window; begin is where both were equal */
  char fleet[64];
  uint32_t fleet_number; /* 0, 1, ... in the world's order */
  uint32_t block;
  uint32_t device_begin, device_end; /* the block's devices */
  uint64_t digest_a, digest_b;
  uint32_t differing_blocks; /* in that window, over all fleets */
  char text[256];            /* one sentence for people */
} tl_compare_result;

/* Compares two files (telemetry.h5 of a run, or a run's folder). A finished file, or one of a run that was stopped.
 * errors  TL_E_IO, TL_E_FORMAT: a file cannot be read; TL_E_SCHEMA: other version; TL_E_COLUMN: a recording, which
 *         has no digests */
TL_API tl_code tl_compare_digests(const char *path_a, const char *path_b, tl_compare_result *out,
                                  tl_error *err);
#endif
