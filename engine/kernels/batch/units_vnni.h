/* units_vnni.h: units of 4 bytes on 16 lanes, for the bodies of this folder (see fast.h). */
#include "kernels/simd/lanes_vnni.h"

enum {
  U_FUSED = 1,
  U_FORMAT = TL_UNIT_BYTES,
  U_INPUTS = 4,
  U_VECTORS = 4,
  U_ROWS = 6,
  U_CHUNK = 64
};

#define U_BROADCAST(p) V_SET(u_load32(p))
#define U_DOT(sum, x, w) _mm512_dpbusd_epi32((sum), (x), (w))
#define F_MUL_ADD(a, b, c) _mm512_fmadd_ps((a), (b), (c))
#define V_BITS(f) _mm512_castps_si512(f)
#define F_LOAD(p) _mm512_loadu_ps((const void *)(p))
#define V_SHIFT_LEFT_EACH(a, n) _mm512_sllv_epi32((a), (n))
#define V_SHIFT_RIGHT_EACH(a, n) _mm512_srav_epi32((a), (n))
#define V_MIN_I8(a, b) _mm512_min_epi8((a), (b))
#define V_MAX_I8(a, b) _mm512_max_epi8((a), (b))

/* Packs work within 16 bytes, so four packed vectors have their fours of outputs in this order. */
static const int32_t u_order[16] = {0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15};

/* The first `count` of 16, 32 or 64 int32 as int8, saturated, in order. */
TL_TARGET static inline void u_narrow(int8_t *out, const V *v, int vectors, V low, V high,
                                      uint32_t count)
{
  const V front = _mm512_packs_epi32(v[0], v[vectors > 1 ? 1 : 0]);
  const V back = vectors == 4 ? _mm512_packs_epi32(v[2], v[vectors - 1]) : front;
  const V order = _mm512_loadu_si512((const void *)u_order);
  const V bytes = _mm512_permutexvar_epi32(order, _mm512_packs_epi16(front, back));
  const V clamped = V_MIN_I8(V_MAX_I8(bytes, low), high);
  if (count == 64)
    V_STORE(out, clamped);
  else
    _mm512_mask_storeu_epi8((void *)out, (1ull << count) - 1, clamped);
}

/* Inputs as they are staged. */
TL_TARGET static inline void u_stage(uint8_t *restrict out, const int8_t *restrict x, size_t count,
                                     int32_t zero)
{
  (void)zero;
  for (size_t i = 0; i < count; i++) out[i] = (uint8_t)(x[i] ^ -128);
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
