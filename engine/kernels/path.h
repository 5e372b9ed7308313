/* path.h: the instruction sets for which a kernel has its own code.
 *
 * Why: every path gives the bits of the scalar one, so the caller chooses by what the CPU has
 * (base/cpu finds that out, not this room) or by what a user asked for with --path.
 * Threads: constants only. */
#ifndef TL_KERNELS_PATH_H
#define TL_KERNELS_PATH_H

#include "kernels/status.h"

#include <stdbool.h>

typedef enum tl_kernel_path {
  TL_KERNEL_SCALAR = 0, /* plain C, always there, the meaning of all others */
  TL_KERNEL_SSE,        /* x86: needs SSE4.1 */
  TL_KERNEL_AVX2,       /* x86: needs AVX2 and FMA3 */
  TL_KERNEL_VNNI,       /* x86: needs AVX-512 F, BW, VL and VNNI */
  TL_KERNEL_NEON,       /* aarch64: always there */
  TL_KERNEL_PATH_COUNT
} tl_kernel_path;

/* "scalar", "sse", "avx2", "vnni", "neon". Never NULL. */
TL_API const char *tl_kernel_path_name(tl_kernel_path path);

/* Whether this build holds code for the path. It says nothing about the CPU: running a path that
 * the CPU lacks is the caller's bug. A path that is not built is refused, never replaced. */
TL_API bool tl_kernel_path_built(tl_kernel_path path);

#endif
