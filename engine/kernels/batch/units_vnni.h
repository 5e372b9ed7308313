/* units_vnni.h: units of 4 bytes on 16 lanes, for the bodies of this folder (see fast.h). */
#include "kernels/simd/lanes_vnni.h"

#define U_HAS_NARROW 0
enum {
  U_NARROW = U_HAS_NARROW,
  U_FUSED = 1,
  U_FORMAT = TL_UNIT_BYTES,
  U_INPUTS = 4,
  U_VECTORS = 4,
  U_ROWS = 6,
  U_ROWS_LAST = 4,   /* if no more are left */
  U_ROWS_NARROW = 8, /* of panels that have fewer vectors */
  U_CHUNK = 64
};

#ifdef TL_STANDIN
#define u_wide(p) standin_wide(p)
#define U_STORE_16(p, v, part, count) memcpy((p), (v).u8 + 16 * (part), (count))
#define U_STORE_32(p, v, part, count) memcpy((p), (v).u8 + 32 * (part), (count))
#else
#define u_wide(p) _mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)(const void *)(p)))
#define U_STORE_16(p, v, part, count)                                                              \
  _mm_mask_storeu_epi8((p), (__mmask16)((1u << (count)) - 1u),                                     \
                       _mm512_extracti32x4_epi32((v), (part)))
#define U_STORE_32(p, v, part, count)                                                              \
  _mm256_mask_storeu_epi8((p), (__mmask32)((1ull << (count)) - 1u),                                \
                          _mm512_extracti64x4_epi64((v), (part)))
#endif
#define U_BROADCAST(p) V_SET(u_load32(p))
#define U_DOT(sum, x, w) _mm512_dpbusd_epi32((sum), (x), (w))
#define F_MUL_ADD(a, b, c) _mm512_fmadd_ps((a), (b), (c))
#define V_BITS(f) _mm512_castps_si512(f)
#define F_BITS(v) _mm512_castsi512_ps(v)
#define F_LOAD(p) _mm512_loadu_ps((const void *)(p))
#define U_LOAD_UNITS(p) V_LOAD(p)
#define V_SHIFT_LEFT_EACH(a, n) _mm512_sllv_epi32((a), (n))
#define V_SHIFT_RIGHT_EACH(a, n) _mm512_srav_epi32((a), (n))
#define V_MIN_I8(a, b) _mm512_min_epi8((a), (b))
#define V_MAX_I8(a, b) _mm512_max_epi8((a), (b))

/* Packs work within 16 bytes, so four packed vectors have their fours of outputs in this order. */
static const int32_t u_order[16] = {0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15};

/* Four vectors of int32 as int8, saturated and clamped, in order. */
TL_TARGET static inline V u_narrow4(V a, V b, V c, V d, V low, V high)
{
  const V mixed = _mm512_packs_epi16(_mm512_packs_epi32(a, b), _mm512_packs_epi32(c, d));
  const V bytes = _mm512_permutexvar_epi32(V_LOAD(u_order), mixed);
  return V_MIN_I8(V_MAX_I8(bytes, low), high);
}

/* Stores `count` of the vectors' int32. */
TL_TARGET static inline void u_narrow(int8_t *out, const V *v, int vectors, V low, V high,
                                      uint32_t count)
{
  const V bytes = u_narrow4(v[0], v[vectors > 1 ? 1 : 0], v[vectors > 2 ? 2 : 0],
                            v[vectors > 2 ? vectors - 1 : 0], low, high);
  if (count == 64)
    V_STORE(out, bytes);
  else
    _mm512_mask_storeu_epi8((void *)out, (1ull << count) - 1, bytes);
}

/* Stores the first `count` outputs of rows that together have four vectors: 4 of one, 2 of two. */
enum { U_TOGETHER = 4 };
TL_TARGET static inline void u_narrow_rows(int8_t *const *out, const V *v, int vectors, V low,
                                           V high, uint32_t count)
{
  const V bytes = u_narrow4(v[0], v[1], v[2], v[3], low, high);
  if (vectors == 1) {
    U_STORE_16(out[0], bytes, 0, count);
    U_STORE_16(out[1], bytes, 1, count);
    U_STORE_16(out[2], bytes, 2, count);
    U_STORE_16(out[3], bytes, 3, count);
  } else {
    U_STORE_32(out[0], bytes, 0, count);
    U_STORE_32(out[1], bytes, 1, count);
  }
}

/* Inputs as they are staged, in whole vectors: up to 63 bytes more are read and written. */
TL_TARGET static inline void u_stage(uint8_t *out, const int8_t *x, size_t count, int32_t zero)
{
  (void)zero;
  const V sign = V_SET((int32_t)0x80808080u);
  for (size_t i = 0; i < count; i += 64) V_STORE(out + i, _mm512_xor_si512(V_LOAD(x + i), sign));
}
TL_TARGET static inline void u_stage_zero(uint8_t *out, size_t count, int32_t zero)
{
  memset(out, zero + 128, count);
}

/* U_CHUNK units from element `at` on of four lines. Unpacking works within 16 bytes; the order that
 * it makes is undone before. */
TL_TARGET static inline void u_interleave(uint8_t *out, const int8_t *const *line, size_t at,
                                          int32_t zero)
{
  (void)zero;
  const V order = V_LOAD(u_order), sign = V_SET((int32_t)0x80808080u);
  V x[4];
  for (int i = 0; i < 4; i++)
    x[i] = _mm512_permutexvar_epi32(order, _mm512_xor_si512(V_LOAD(line[i] + at), sign));
  const V low01 = _mm512_unpacklo_epi8(x[0], x[1]), high01 = _mm512_unpackhi_epi8(x[0], x[1]);
  const V low23 = _mm512_unpacklo_epi8(x[2], x[3]), high23 = _mm512_unpackhi_epi8(x[2], x[3]);
  V_STORE(out, _mm512_unpacklo_epi16(low01, low23));
  V_STORE(out + 64, _mm512_unpackhi_epi16(low01, low23));
  V_STORE(out + 128, _mm512_unpacklo_epi16(high01, high23));
  V_STORE(out + 192, _mm512_unpackhi_epi16(high01, high23));
}

/* Pairs of int16 from two arrays of bytes, and their dot products with two coefficients. */
TL_TARGET static inline V u_pairs(const int8_t *a, const int8_t *b)
{
  const V first = u_wide(a), second = u_wide(b);
  return _mm512_mask_blend_epi16(0xAAAAAAAAu, first, _mm512_slli_epi32(second, 16));
}
TL_TARGET static inline V u_coefficients(int16_t a, int16_t b)
{
  return V_SET((int32_t)((uint32_t)(uint16_t)a | (uint32_t)(uint16_t)b << 16));
}
TL_TARGET static inline V u_madd(V x, V w) { return _mm512_dpwssd_epi32(V_ZERO(), x, w); }
