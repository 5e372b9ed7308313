/* simd.h: write a leaf loop once, compile it once per instruction set.
 *
 * Why: gcc and clang vectorise a plain loop for the instructions its function may use. So the loop
 * body is an always-inlined function, and each variant is a two-line wrapper that carries a target
 * attribute; the caller picks one by tl_simd_path. IEEE operations in written order give every
 * variant the same bits.
 *
 *   TL_INLINE_BODY void scale_body(float *restrict out, const float *restrict in, size_t n) {...}
 *   static void scale_scalar(...) { scale_body(out, in, n); }
 *   TL_TARGET_AVX2 static void scale_avx2(...) { scale_body(out, in, n); }
 *
 * A function with a target attribute may use that target's intrinsics; guard them with TL_HAVE_X86.
 * Call a variant only when tl_cpu_has_path() says so. Owns: nothing. Threads: nothing to share. */
#ifndef TL_BASE_SIMD_H
#define TL_BASE_SIMD_H
#include "base/cpu.h"

#if defined(__x86_64__)
#define TL_HAVE_X86 1
#define TL_TARGET_SSE41 __attribute__((target("sse4.1")))
#define TL_TARGET_AVX2 __attribute__((target("avx2")))
/* TL_PATH_VNNI: AVX-512 with vpdpbusd on 512 and 256 bit */
#define TL_TARGET_VNNI __attribute__((target("avx2,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")))
#else
#define TL_HAVE_X86 0
#define TL_TARGET_SSE41
#define TL_TARGET_AVX2
#define TL_TARGET_VNNI
#endif

#if defined(__aarch64__)
#define TL_HAVE_NEON 1
#else
#define TL_HAVE_NEON 0
#endif

#define TL_INLINE_BODY static inline __attribute__((always_inline))
#endif
