/* units_sse.h: units of 2 int16 on 4 lanes, for the bodies of this folder (see fast.h). */
#include "kernels/simd/lanes_sse.h"

#define U_HAS_NARROW 1
enum {
  U_NARROW = U_HAS_NARROW,
  U_FUSED = 0,
  U_FORMAT = TL_UNIT_PAIRS,
  U_INPUTS = 2,
  U_VECTORS = 2,
  U_ROWS = 4,
  U_ROWS_LAST = 2,   /* if no more are left */
  U_ROWS_NARROW = 6, /* of panels that have fewer vectors */
  U_CHUNK = 8
};

#define U_BROADCAST(p) V_SET(u_load32(p))
#define U_DOT(sum, x, w) _mm_add_epi32((sum), _mm_madd_epi16((x), (w)))
/* Bytes 0 .. 255 times int8, pairs summed in int16; and int16 pairs summed in int32. */
enum { U_NARROW_VECTORS = 4 };
#define U_DOT_BYTES(x, w) _mm_maddubs_epi16((x), (w))
#define U_XOR(a, b) _mm_xor_si128((a), (b))
#define U_ADD16(a, b) _mm_add_epi16((a), (b))
#define U_WIDEN(sum, words) V_ADD((sum), _mm_madd_epi16((words), _mm_set1_epi16(1)))
#define F_MUL_ADD(a, b, c) F_ADD(F_MUL((a), (b)), (c))
#define V_BITS(f) _mm_castps_si128(f)
#define F_BITS(v) _mm_castsi128_ps(v)
#define F_LOAD(p) _mm_loadu_ps((const float *)(const void *)(p))
#define U_LOAD_UNITS(p) V_LOAD(p)
#define V_SHIFT_LEFT_EACH(a, n) u_shift((a), (n), true)
#define V_SHIFT_RIGHT_EACH(a, n) u_shift((a), (n), false)

/* SSE4.1 has no shift by lane; only the integer form needs it. */
TL_TARGET static inline V u_shift(V a, V n, bool left)
{
  int32_t value[4], by[4];
  V_STORE(value, a);
  V_STORE(by, n);
  for (int i = 0; i < 4; i++)
    value[i] = left ? (int32_t)((uint32_t)value[i] << by[i]) : value[i] >> by[i];
  return V_LOAD(value);
}

/* Int32 lanes as int8, saturated, in order: 4 or 8 bytes. */
TL_TARGET static inline void u_narrow_all(int8_t *out, const V *v, int vectors, V low, V high)
{
  const __m128i words = _mm_packs_epi32(v[0], v[vectors - 1]);
  const __m128i bytes = _mm_min_epi8(_mm_max_epi8(_mm_packs_epi16(words, words), low), high);
  if (vectors == 2) {
    _mm_storel_epi64((__m128i *)(void *)out, bytes);
  } else {
    const int32_t four = _mm_cvtsi128_si32(bytes);
    memcpy(out, &four, sizeof four);
  }
}

/* Four vectors as 16 bytes, in order. */
TL_TARGET static inline void u_narrow_four(int8_t *out, const V *v, V low, V high)
{
  const V bytes = _mm_packs_epi16(_mm_packs_epi32(v[0], v[1]), _mm_packs_epi32(v[2], v[3]));
  V_STORE(out, _mm_min_epi8(_mm_max_epi8(bytes, low), high));
}

/* U_CHUNK units from element `at` on of two lines. */
TL_TARGET static inline void u_interleave(uint8_t *out, const int8_t *const *line, size_t at,
                                          int32_t zero)
{
  const __m128i zeros = _mm_set1_epi16((int16_t)zero);
  const __m128i first = _mm_sub_epi16(
      _mm_cvtepi8_epi16(_mm_loadl_epi64((const __m128i *)(const void *)(line[0] + at))), zeros);
  const __m128i second = _mm_sub_epi16(
      _mm_cvtepi8_epi16(_mm_loadl_epi64((const __m128i *)(const void *)(line[1] + at))), zeros);
  V_STORE(out, _mm_unpacklo_epi16(first, second));
  V_STORE(out + 16, _mm_unpackhi_epi16(first, second));
}

/* Pairs of int16 from two arrays of bytes, and their dot products with two coefficients. */
TL_TARGET static inline V u_pairs(const int8_t *a, const int8_t *b)
{
  int32_t four[2];
  memcpy(&four[0], a, 4);
  memcpy(&four[1], b, 4);
  return _mm_unpacklo_epi16(_mm_cvtepi8_epi16(_mm_cvtsi32_si128(four[0])),
                            _mm_cvtepi8_epi16(_mm_cvtsi32_si128(four[1])));
}
TL_TARGET static inline V u_coefficients(int16_t a, int16_t b)
{
  return V_SET((int32_t)((uint32_t)(uint16_t)a | (uint32_t)(uint16_t)b << 16));
}
TL_TARGET static inline V u_madd(V x, V w) { return _mm_madd_epi16(x, w); }

/* Inputs as they are staged, in eights: up to 7 more are read and written. */
TL_TARGET static inline void u_stage(uint8_t *out, const int8_t *x, size_t count, int32_t zero)
{
  const __m128i zeros = _mm_set1_epi16((int16_t)zero);
  for (size_t i = 0; i < count; i += 8) {
    const __m128i bytes = _mm_loadl_epi64((const __m128i *)(const void *)(x + i));
    V_STORE(out + 2 * i, _mm_sub_epi16(_mm_cvtepi8_epi16(bytes), zeros));
  }
}
#include "kernels/batch/units_words.h"
