/* lanes_avx2.h: the vector operations of window_body.h on 8 devices at a time. */
#include <immintrin.h>

#ifndef TL_TARGET
#define TL_TARGET __attribute__((target("avx2")))
#endif
#define TL_PATH_NAME(name) name##_avx2
enum { V_LANES = 8, V_WORDS = 2, V_NARROW = 1, V_BYTES = 32 };
typedef __m256i V;
typedef __m256 F;

/* Pins an instruction to its place; see score_tile_plain. */
#define V_PIN(v) __asm volatile("" : "+x"(v))
#define V_LOAD(p) _mm256_loadu_si256((const __m256i *)(const void *)(p))
#define V_STORE(p, v) _mm256_storeu_si256((__m256i *)(void *)(p), (v))
#define V_SET(i) _mm256_set1_epi32(i)
#define V_ZERO() _mm256_setzero_si256()
#define V_ADD(a, b) _mm256_add_epi32((a), (b))
#define V_SUB(a, b) _mm256_sub_epi32((a), (b))
#define V_AND(a, b) _mm256_and_si256((a), (b))
#define V_SIGN(a) _mm256_srai_epi32((a), 31)
#define V_GREATER(a, b) _mm256_cmpgt_epi32((a), (b))
#define V_SHIFT_LEFT(a, n) _mm256_sll_epi32((a), _mm_cvtsi32_si128(n))
#define V_SHIFT_RIGHT(a, n) _mm256_sra_epi32((a), _mm_cvtsi32_si128(n))
#define V_MIN_U8(a, b) _mm256_min_epu8((a), (b))
#define V_MAX_U8(a, b) _mm256_max_epu8((a), (b))
#define F_SET(x) _mm256_set1_ps(x)
#define F_OF(v) _mm256_cvtepi32_ps(v)
#define V_OF(f) _mm256_cvtps_epi32(f)
#define F_MUL(a, b) _mm256_mul_ps((a), (b))
#define F_ADD(a, b) _mm256_add_ps((a), (b))
#define F_BY_SIGN(v, above, below) _mm256_blendv_ps((above), (below), _mm256_castsi256_ps(v))

TL_TARGET static inline void v_split(V x, V *out)
{
  out[0] = _mm256_and_si256(x, _mm256_set1_epi16(255));
  out[1] = _mm256_srli_epi16(x, 8);
}

TL_TARGET static inline V v_dot(V sum, V x, V w)
{
  return _mm256_add_epi32(sum, _mm256_madd_epi16(x, w));
}

/* The same from bytes, for weights that the packer found small enough: no pair of products leaves
 * int16. One word a quad; more multiplications a sum, but fewer instructions in all. */
TL_TARGET static inline V v_dot_narrow(V sum, V x, V w)
{
  const V pairs = _mm256_maddubs_epi16(x, w);
  return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

/* (a * b + 2^30) >> 31 of each lane, b > 0. */
TL_TARGET static inline V v_high_mul(V a, V b)
{
  const __m256i nudge = _mm256_set1_epi64x(1 << 30);
  const __m256i even = _mm256_add_epi64(_mm256_mul_epi32(a, b), nudge);
  const __m256i odd =
      _mm256_add_epi64(_mm256_mul_epi32(_mm256_srli_epi64(a, 32), _mm256_srli_epi64(b, 32)), nudge);
  return _mm256_blend_epi32(_mm256_srli_epi64(even, 31), _mm256_slli_epi64(odd, 1), 0xAA);
}

/* Two outputs as int16, then four of them as quads of bytes; both steps saturate. */
TL_TARGET static inline V v_pack_pair(V a, V b) { return _mm256_packs_epi32(a, b); }

TL_TARGET static inline V v_pack_quad(V ab, V cd)
{
  const __m256i transpose = _mm256_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15,
                                             0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  return _mm256_shuffle_epi8(_mm256_packus_epi16(ab, cd), transpose);
}

/* Absolute difference of bytes, and the sum of the squares of the four bytes of each lane. */
TL_TARGET static inline V v_distance(V a, V b)
{
  return _mm256_or_si256(_mm256_subs_epu8(a, b), _mm256_subs_epu8(b, a));
}

TL_TARGET static inline V v_add_squares(V sum, V d)
{
  V half[2];
  v_split(d, half);
  return v_dot(v_dot(sum, half[0], half[0]), half[1], half[1]);
}
