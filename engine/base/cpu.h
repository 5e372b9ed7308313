/* cpu.h: which code paths this processor can run, and their names on the command line.
 *
 * Why: instruction-set-specific code is chosen at run time and must give the bits of the scalar
 * code, so that --path is a question of speed only.
 * Owns: nothing. Threads: every function is pure. */
#ifndef TL_BASE_CPU_H
#define TL_BASE_CPU_H
#include "base/error.h"

#include <stdbool.h>

/* Ordered from slow to fast within a family; x86 has the first four, aarch64 the first and the
 * last. */
typedef enum tl_simd_path {
  TL_PATH_SCALAR, /* plain C, everywhere */
  TL_PATH_SSE,    /* x86-64 with SSE4.1 */
  TL_PATH_AVX2,   /* x86-64 with AVX2 and FMA3: every CPU that has the one has the other */
  TL_PATH_VNNI,   /* AVX-512 F, BW, DQ, VL and VNNI; code without such a variant takes AVX2 */
  TL_PATH_NEON,   /* aarch64 */
  TL_PATH_COUNT
} tl_simd_path;

/* The fastest path that this processor and operating system can run. */
TL_API tl_simd_path tl_cpu_best_path(void);
/* True when code of that path may run here. TL_PATH_SCALAR is always true. */
TL_API bool tl_cpu_has_path(tl_simd_path path);
/* "scalar", "sse", "avx2", "vnni" or "neon". */
TL_API const char *tl_cpu_path_name(tl_simd_path path);
/* The path of a name (exact).
 * errors  TL_E_ARG: unknown name (the message lists all), or a path this processor has not */
TL_API tl_code tl_cpu_path_parse(tl_simd_path *out, const char *name, tl_error *err);
#endif
