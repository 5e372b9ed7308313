/* lanes_vnni.h: the vector operations of window_body.h on 16 devices at a time, with one
 * multiply-add instruction a quad of bytes.
 *
 * A machine without AVX-512 VNNI tests this file over C stand-ins of the intrinsics: it defines
 * TL_STANDIN, gives the names below a meaning, and includes this file and the body as here. */
#ifdef TL_STANDIN
#define TL_TARGET
#define V_PIN(v) (void)0
#else
#include <immintrin.h>
#define V_PIN(v) __asm volatile("" : "+v"(v))
#define TL_TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni")))
#endif
#define TL_PATH_NAME(name) name##_vnni
enum { V_LANES = 16, V_WORDS = 1, V_NARROW = 0, V_BYTES = 64 };
typedef __m512i V;
typedef __m512 F;

#define V_LOAD(p) _mm512_loadu_si512((const void *)(p))
#define V_STORE(p, v) _mm512_storeu_si512((void *)(p), (v))
#define V_SET(i) _mm512_set1_epi32(i)
#define V_ZERO() _mm512_setzero_si512()
#define V_ADD(a, b) _mm512_add_epi32((a), (b))
#define V_SUB(a, b) _mm512_sub_epi32((a), (b))
#define V_AND(a, b) _mm512_and_si512((a), (b))
#define V_SIGN(a) _mm512_srai_epi32((a), 31)
#define V_GREATER(a, b) _mm512_maskz_set1_epi32(_mm512_cmpgt_epi32_mask((a), (b)), -1)
#define V_SHIFT_LEFT(a, n) _mm512_sllv_epi32((a), _mm512_set1_epi32(n))
#define V_SHIFT_RIGHT(a, n) _mm512_srav_epi32((a), _mm512_set1_epi32(n))
#define V_MIN_U8(a, b) _mm512_min_epu8((a), (b))
#define V_MAX_U8(a, b) _mm512_max_epu8((a), (b))
#define F_SET(x) _mm512_set1_ps(x)
#define F_OF(v) _mm512_cvtepi32_ps(v)
#define V_OF(f) _mm512_cvtps_epi32(f)
#define F_MUL(a, b) _mm512_mul_ps((a), (b))
#define F_ADD(a, b) _mm512_add_ps((a), (b))
#define F_BY_SIGN(v, above, below)                                                                 \
  _mm512_mask_blend_ps(_mm512_cmpgt_epi32_mask(_mm512_setzero_si512(), (v)), (above), (below))

TL_TARGET static inline void v_split(V x, V *out) { out[0] = x; }

/* Unsigned bytes of x times signed bytes of w, the four products summed exactly. */
TL_TARGET static inline V v_dot(V sum, V x, V w) { return _mm512_dpbusd_epi32(sum, x, w); }

#define v_dot_narrow v_dot /* the plain form has one word a quad already */

/* (a * b + 2^30) >> 31 of each lane, b > 0. */
TL_TARGET static inline V v_high_mul(V a, V b)
{
  const V nudge = _mm512_set1_epi64(1 << 30);
  const V even = _mm512_add_epi64(_mm512_mul_epi32(a, b), nudge);
  const V odd =
      _mm512_add_epi64(_mm512_mul_epi32(_mm512_srli_epi64(a, 32), _mm512_srli_epi64(b, 32)), nudge);
  return _mm512_mask_blend_epi32(0xAAAA, _mm512_srli_epi64(even, 31), _mm512_slli_epi64(odd, 1));
}

/* Two outputs as int16, then four of them as quads of bytes; both steps saturate. */
TL_TARGET static inline V v_pack_pair(V a, V b) { return _mm512_packs_epi32(a, b); }

TL_TARGET static inline V v_pack_quad(V ab, V cd)
{
  return _mm512_shuffle_epi8(_mm512_packus_epi16(ab, cd),
                             _mm512_set4_epi32(0x0F0B0703, 0x0E0A0602, 0x0D090501, 0x0C080400));
}

/* Absolute difference of bytes, and the sum of the squares of the four bytes of each lane. */
TL_TARGET static inline V v_distance(V a, V b)
{
  return _mm512_or_si512(_mm512_subs_epu8(a, b), _mm512_subs_epu8(b, a));
}

TL_TARGET static inline V v_add_squares(V sum, V d)
{
  const V even = _mm512_and_si512(d, _mm512_set1_epi16(255));
  const V odd = _mm512_srli_epi16(d, 8);
  return _mm512_dpwssd_epi32(_mm512_dpwssd_epi32(sum, even, even), odd, odd);
}
