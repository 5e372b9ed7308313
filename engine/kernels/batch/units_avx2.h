/* units_avx2.h: units of 2 int16 on 8 lanes, for the bodies of this folder (see fast.h). */
#define TL_TARGET __attribute__((target("avx2,fma")))
#include "kernels/simd/lanes_avx2.h"

#define U_HAS_NARROW 1
enum {
  U_NARROW = U_HAS_NARROW,
  U_FUSED = 1,
  U_FORMAT = TL_UNIT_PAIRS,
  U_INPUTS = 2,
  U_VECTORS = 2,
  U_ROWS = 4,
  U_ROWS_LAST = 2,   /* if no more are left */
  U_ROWS_NARROW = 6, /* of panels that have fewer vectors */
  U_CHUNK = 8
};

#define U_BROADCAST(p) V_SET(u_load32(p))
#define U_DOT(sum, x, w) _mm256_add_epi32((sum), _mm256_madd_epi16((x), (w)))
/* Bytes 0 .. 255 times int8, pairs summed in int16; and int16 pairs summed in int32. */
enum { U_NARROW_VECTORS = 4 };
#define U_DOT_BYTES(x, w) _mm256_maddubs_epi16((x), (w))
#define U_XOR(a, b) _mm256_xor_si256((a), (b))
#define U_ADD16(a, b) _mm256_add_epi16((a), (b))
#define U_WIDEN(sum, words) V_ADD((sum), _mm256_madd_epi16((words), _mm256_set1_epi16(1)))
#define F_MUL_ADD(a, b, c) _mm256_fmadd_ps((a), (b), (c))
#define V_BITS(f) _mm256_castps_si256(f)
#define F_BITS(v) _mm256_castsi256_ps(v)
#define F_LOAD(p) _mm256_loadu_ps((const float *)(const void *)(p))
#define U_LOAD_UNITS(p) V_LOAD(p)
#define V_SHIFT_LEFT_EACH(a, n) _mm256_sllv_epi32((a), (n))
#define V_SHIFT_RIGHT_EACH(a, n) _mm256_srav_epi32((a), (n))

/* Int32 lanes as int8, saturated, in order: 8 or 16 bytes. */
TL_TARGET static inline void u_narrow_all(int8_t *out, const V *v, int vectors, V low, V high)
{
  const V words =
      _mm256_permute4x64_epi64(_mm256_packs_epi32(v[0], v[vectors - 1]), 0xD8); /* in order */
  const __m128i bytes =
      _mm_packs_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
  const __m128i clamped =
      _mm_min_epi8(_mm_max_epi8(bytes, _mm256_castsi256_si128(low)), _mm256_castsi256_si128(high));
  if (vectors == 2)
    _mm_storeu_si128((__m128i *)(void *)out, clamped);
  else
    _mm_storel_epi64((__m128i *)(void *)out, clamped);
}

/* Four vectors as 32 bytes, in order. */
TL_TARGET static inline void u_narrow_four(int8_t *out, const V *v, V low, V high)
{
  const V mixed =
      _mm256_packs_epi16(_mm256_packs_epi32(v[0], v[1]), _mm256_packs_epi32(v[2], v[3]));
  const V bytes = _mm256_permutevar8x32_epi32(mixed, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
  V_STORE(out, _mm256_min_epi8(_mm256_max_epi8(bytes, low), high));
}

/* U_CHUNK units from element `at` on of two lines. */
TL_TARGET static inline void u_interleave(uint8_t *out, const int8_t *const *line, size_t at,
                                          int32_t zero)
{
  const V first =
      _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)(line[0] + at)));
  const V second =
      _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)(line[1] + at)));
  const V both = _mm256_blend_epi16(first, _mm256_slli_epi32(second, 16), 0xAA);
  V_STORE(out, _mm256_sub_epi16(both, _mm256_set1_epi16((int16_t)zero)));
}

/* Pairs of int16 from two arrays of bytes, and their dot products with two coefficients. */
TL_TARGET static inline V u_pairs(const int8_t *a, const int8_t *b)
{
  const int8_t *const lines[2] = {a, b};
  V out;
  u_interleave((uint8_t *)&out, lines, 0, 0);
  return out;
}
TL_TARGET static inline V u_coefficients(int16_t a, int16_t b)
{
  return V_SET((int32_t)((uint32_t)(uint16_t)a | (uint32_t)(uint16_t)b << 16));
}
TL_TARGET static inline V u_madd(V x, V w) { return _mm256_madd_epi16(x, w); }

/* Inputs as they are staged, in sixteens: up to 15 more are read and written. */
TL_TARGET static inline void u_stage(uint8_t *out, const int8_t *x, size_t count, int32_t zero)
{
  const __m256i zeros = _mm256_set1_epi16((int16_t)zero);
  for (size_t i = 0; i < count; i += 16) {
    const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(x + i));
    V_STORE(out + 2 * i, _mm256_sub_epi16(_mm256_cvtepi8_epi16(bytes), zeros));
  }
}
#include "kernels/batch/units_words.h"
