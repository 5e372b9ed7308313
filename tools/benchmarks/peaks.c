#include "benchmarks/peaks.h"

#include "benchmarks/figures.h"

#include <stdint.h>

enum { WINDOWS = 400, TURNS = 2000, CHAINS = 12 };

/* The shortest of many windows of about a hundredth of a millisecond. */
static double best_gops(void (*loop)(int turns), double ops_per_turn)
{
  double best = 1e9;
  for (int w = 0; w < WINDOWS; w++) {
    const double begin = bench_now_s();
    loop(TURNS);
    const double used = bench_now_s() - begin;
    if (used < best) best = used;
  }
  return ops_per_turn * TURNS / best * 1e-9;
}

#if defined(__x86_64__)
#include <immintrin.h>

#define UNROLL _Pragma("GCC unroll 16")

/* CHAINS independent sums, one step of each a turn; the assembler lines keep the compiler from folding
 * and from seeing that the product is always the same. */
#define LOOP(name, isa, vector, zero, step)                                                        \
  __attribute__((target(isa), noinline)) static void name(int turns)                               \
  {                                                                                                \
    vector sum[CHAINS], x = zero, w = zero;                                                        \
    __asm volatile("" : "+x"(x), "+x"(w));                                                         \
    UNROLL for (int c = 0; c < CHAINS; c++) sum[c] = zero;                                         \
    for (int t = 0; t < turns; t++) {                                                              \
      UNROLL for (int c = 0; c < CHAINS; c++)                                                      \
      {                                                                                            \
        __asm volatile("" : "+x"(x));                                                              \
        sum[c] = step(sum[c], x, w);                                                               \
        __asm volatile("" : "+x"(sum[c]));                                                         \
      }                                                                                            \
    }                                                                                              \
    UNROLL for (int c = 0; c < CHAINS; c++) __asm volatile("" : : "x"(sum[c]));                    \
  }

#define WORDS_SSE(sum, x, w) _mm_add_epi32((sum), _mm_madd_epi16((x), (w)))
#define BYTES_SSE(sum, x, w) _mm_add_epi16((sum), _mm_maddubs_epi16((x), (w)))
#define WORDS_AVX2(sum, x, w) _mm256_add_epi32((sum), _mm256_madd_epi16((x), (w)))
#define BYTES_AVX2(sum, x, w) _mm256_add_epi16((sum), _mm256_maddubs_epi16((x), (w)))
LOOP(words_sse, "sse4.1", __m128i, _mm_setzero_si128(), WORDS_SSE)
LOOP(bytes_sse, "sse4.1", __m128i, _mm_setzero_si128(), BYTES_SSE)
LOOP(words_avx2, "avx2", __m256i, _mm256_setzero_si256(), WORDS_AVX2)
LOOP(bytes_avx2, "avx2", __m256i, _mm256_setzero_si256(), BYTES_AVX2)

__attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni"), noinline)) static void
quads_vnni(int turns)
{
  __m512i sum[CHAINS], x = _mm512_setzero_si512(), w = _mm512_setzero_si512();
  __asm volatile("" : "+v"(x), "+v"(w));
  UNROLL for (int c = 0; c < CHAINS; c++) sum[c] = _mm512_setzero_si512();
  for (int t = 0; t < turns; t++) {
    UNROLL for (int c = 0; c < CHAINS; c++)
    {
      sum[c] = _mm512_dpbusd_epi32(sum[c], x, w);
      __asm volatile("" : "+v"(sum[c]));
    }
  }
  UNROLL for (int c = 0; c < CHAINS; c++) __asm volatile("" : : "v"(sum[c]));
}

static peak better(peak a, peak b) { return a.gops > b.gops ? a : b; }

/* A pair of int16 is two products, two sums; a byte loop that widens every eighth time (one more
 * multiplication and one more addition) does eight ninths of what it could. */
peak peak_measure(tl_kernel_path path)
{
  static const char words[] = "pmaddwd, paddd", bytes[] = "8 x (pmaddubsw, paddw), pmaddwd, paddd";
  if (path == TL_KERNEL_VNNI) return (peak){"vpdpbusd", best_gops(quads_vnni, 128.0 * CHAINS)};
  if (path == TL_KERNEL_AVX2)
    return better((peak){words, best_gops(words_avx2, 32.0 * CHAINS)},
                  (peak){bytes, best_gops(bytes_avx2, 64.0 * CHAINS) * 8.0 / 9.0});
  if (path == TL_KERNEL_SSE)
    return better((peak){words, best_gops(words_sse, 16.0 * CHAINS)},
                  (peak){bytes, best_gops(bytes_sse, 32.0 * CHAINS) * 8.0 / 9.0});
  return (peak){"pmaddwd, paddd (128 bits)", best_gops(words_sse, 16.0 * CHAINS)};
}

#elif defined(__aarch64__)
#include <arm_neon.h>

static void halves_neon(int turns)
{
  int32x4_t sum[CHAINS];
  int16x4_t x = vdup_n_s16(0), w = vdup_n_s16(0);
  for (int c = 0; c < CHAINS; c++) sum[c] = vdupq_n_s32(0);
  for (int t = 0; t < turns; t++)
    for (int c = 0; c < CHAINS; c++) {
      sum[c] = vmlal_s16(sum[c], x, w);
      __asm volatile("" : "+w"(sum[c]));
    }
}

peak peak_measure(tl_kernel_path path)
{
  (void)path;
  return (peak){"smlal", best_gops(halves_neon, 8.0 * CHAINS)};
}

#else
static void products(int turns)
{
  int32_t sum[CHAINS] = {0}, x = 0;
  for (int t = 0; t < turns; t++)
    for (int c = 0; c < CHAINS; c++) {
      __asm volatile("" : "+r"(x));
      sum[c] += x * x;
      __asm volatile("" : "+r"(sum[c]));
    }
}

peak peak_measure(tl_kernel_path path)
{
  (void)path;
  return (peak){"multiply, add", best_gops(products, 2.0 * CHAINS)};
}
#endif
