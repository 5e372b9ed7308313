/* standin_avx512.h: C meanings of the AVX-512 intrinsics that lanes_vnni.h uses, from Intel's
 * description of each, so that the VNNI path is tested on machines that lack it. */
#ifndef TL_TESTS_KERNELS_STANDIN_AVX512_H
#define TL_TESTS_KERNELS_STANDIN_AVX512_H

#include <math.h>
#include <stdint.h>
#include <string.h>

typedef union standin_512 {
  int8_t i8[64];
  uint8_t u8[64];
  int16_t i16[32];
  uint16_t u16[32];
  int32_t i32[16];
  uint32_t u32[16];
  int64_t i64[8];
  uint64_t u64[8];
} standin_512;
typedef struct standin_512f {
  float f[16];
} standin_512f;

#define __m512i standin_512
#define __m512 standin_512f

#define EACH(count, expression)                                                                    \
  do {                                                                                             \
    for (int n = 0; n < (count); n++) r.expression;                                                \
    return r;                                                                                      \
  } while (0)

static inline standin_512 _mm512_loadu_si512(const void *p)
{
  standin_512 r;
  memcpy(&r, p, sizeof r);
  return r;
}
static inline void _mm512_storeu_si512(void *p, standin_512 v) { memcpy(p, &v, sizeof v); }
static inline standin_512 _mm512_set1_epi32(int32_t x)
{
  standin_512 r;
  EACH(16, i32[n] = x);
}
static inline standin_512 _mm512_set1_epi16(int16_t x)
{
  standin_512 r;
  EACH(32, i16[n] = x);
}
static inline standin_512 _mm512_set1_epi64(int64_t x)
{
  standin_512 r;
  EACH(8, i64[n] = x);
}
static inline standin_512 _mm512_set4_epi32(int32_t d, int32_t c, int32_t b, int32_t a)
{
  const int32_t x[4] = {a, b, c, d};
  standin_512 r;
  EACH(16, i32[n] = x[n % 4]);
}
static inline standin_512 _mm512_setzero_si512(void) { return _mm512_set1_epi32(0); }
static inline standin_512 _mm512_add_epi32(standin_512 a, standin_512 b)
{
  standin_512 r;
  EACH(16, u32[n] = a.u32[n] + b.u32[n]);
}
static inline standin_512 _mm512_sub_epi32(standin_512 a, standin_512 b)
{
  standin_512 r;
  EACH(16, u32[n] = a.u32[n] - b.u32[n]);
}
static inline standin_512 _mm512_add_epi64(standin_512 a, standin_512 b)
{
  standin_512 r;
  EACH(8, u64[n] = a.u64[n] + b.u64[n]);
}
static inline standin_512 _mm512_and_si512(standin_512 a, standin_512 b)
{
  standin_512 r;
  EACH(8, u64[n] = a.u64[n] & b.u64[n]);
}
static inline standin_512 _mm512_or_si512(standin_512 a, standin_512 b)
{
  standin_512 r;
  EACH(8, u64[n] = a.u64[n] | b.u64[n]);
}
static inline standin_512 _mm512_srai_epi32(standin_512 a, unsigned count)
{
  standin_512 r;
  EACH(16, i32[n] = a.i32[n] >> (count > 31 ? 31 : count));
}
static inline standin_512 _mm512_srli_epi16(standin_512 a, unsigned count)
{
  standin_512 r;
  EACH(32, u16[n] = (uint16_t)(count > 15 ? 0 : a.u16[n] >> count));
}
static inline standin_512 _mm512_srli_epi64(standin_512 a, unsigned count)
{
  standin_512 r;
  EACH(8, u64[n] = count > 63 ? 0 : a.u64[n] >> count);
}
static inline standin_512 _mm512_slli_epi64(standin_512 a, unsigned count)
{
  standin_512 r;
  EACH(8, u64[n] = count > 63 ? 0 : a.u64[n] << count);
}
static inline standin_512 _mm512_sllv_epi32(standin_512 a, standin_512 count)
{
  standin_512 r;
  EACH(16, u32[n] = count.u32[n] > 31 ? 0 : a.u32[n] << count.u32[n]);
}
static inline standin_512 _mm512_srav_epi32(standin_512 a, standin_512 count)
{
  standin_512 r;
  EACH(16, i32[n] = a.i32[n] >> (count.u32[n] > 31 ? 31 : count.u32[n]));
}
static inline uint16_t _mm512_cmpgt_epi32_mask(standin_512 a, standin_512 b)
{
  uint16_t mask = 0;
  for (int n = 0; n < 16; n++) mask = (uint16_t)(mask | (a.i32[n] > b.i32[n] ? 1u << n : 0u));
  return mask;
}
static inline standin_512 _mm512_maskz_set1_epi32(uint16_t mask, int32_t x)
{
  standin_512 r;
  EACH(16, i32[n] = mask >> n & 1 ? x : 0);
}
static inline standin_512 _mm512_mask_blend_epi32(uint16_t mask, standin_512 a, standin_512 b)
{
  standin_512 r;
  EACH(16, i32[n] = mask >> n & 1 ? b.i32[n] : a.i32[n]);
}
static inline standin_512f _mm512_mask_blend_ps(uint16_t mask, standin_512f a, standin_512f b)
{
  standin_512f r;
  EACH(16, f[n] = mask >> n & 1 ? b.f[n] : a.f[n]);
}
static inline standin_512 _mm512_min_epu8(standin_512 a, standin_512 b)
{
  standin_512 r;
  EACH(64, u8[n] = a.u8[n] < b.u8[n] ? a.u8[n] : b.u8[n]);
}
static inline standin_512 _mm512_max_epu8(standin_512 a, standin_512 b)
{
  standin_512 r;
  EACH(64, u8[n] = a.u8[n] > b.u8[n] ? a.u8[n] : b.u8[n]);
}
static inline standin_512 _mm512_subs_epu8(standin_512 a, standin_512 b)
{
  standin_512 r;
  EACH(64, u8[n] = (uint8_t)(a.u8[n] > b.u8[n] ? a.u8[n] - b.u8[n] : 0));
}
static inline standin_512 _mm512_mul_epi32(standin_512 a, standin_512 b)
{
  standin_512 r;
  EACH(8, i64[n] = (int64_t)a.i32[2 * n] * b.i32[2 * n]);
}
static inline standin_512f _mm512_set1_ps(float x)
{
  standin_512f r;
  EACH(16, f[n] = x);
}
static inline standin_512f _mm512_cvtepi32_ps(standin_512 a)
{
  standin_512f r;
  EACH(16, f[n] = (float)a.i32[n]);
}
static inline standin_512 _mm512_cvtps_epi32(standin_512f a)
{
  standin_512 r;
  EACH(16, i32[n] = a.f[n] >= 2147483648.0f || !(a.f[n] >= -2147483648.0f)
                        ? INT32_MIN
                        : (int32_t)rintf(a.f[n]));
}
static inline standin_512f _mm512_mul_ps(standin_512f a, standin_512f b)
{
  standin_512f r;
  EACH(16, f[n] = a.f[n] * b.f[n]);
}
static inline standin_512f _mm512_add_ps(standin_512f a, standin_512f b)
{
  standin_512f r;
  EACH(16, f[n] = a.f[n] + b.f[n]);
}
static inline int32_t standin_clamp(int32_t x, int32_t low, int32_t high)
{
  return x < low ? low : x > high ? high : x;
}
/* Packs work in each 128-bit part: four of a, then four of b. */
static inline standin_512 _mm512_packs_epi32(standin_512 a, standin_512 b)
{
  standin_512 r;
  EACH(32,
       i16[n] = (int16_t)standin_clamp(
           n % 8 < 4 ? a.i32[n / 8 * 4 + n % 4] : b.i32[n / 8 * 4 + n % 4], INT16_MIN, INT16_MAX));
}
static inline standin_512 _mm512_packus_epi16(standin_512 a, standin_512 b)
{
  standin_512 r;
  EACH(64, u8[n] = (uint8_t)standin_clamp(
               n % 16 < 8 ? a.i16[n / 16 * 8 + n % 8] : b.i16[n / 16 * 8 + n % 8], 0, 255));
}
static inline standin_512 _mm512_shuffle_epi8(standin_512 a, standin_512 index)
{
  standin_512 r;
  EACH(64, u8[n] = index.u8[n] & 0x80 ? 0 : a.u8[n / 16 * 16 + (index.u8[n] & 15)]);
}
static inline standin_512 _mm512_dpbusd_epi32(standin_512 sum, standin_512 a, standin_512 b)
{
  standin_512 r;
  EACH(16,
       u32[n] = sum.u32[n] +
                (uint32_t)(a.u8[4 * n] * b.i8[4 * n] + a.u8[4 * n + 1] * b.i8[4 * n + 1] +
                           a.u8[4 * n + 2] * b.i8[4 * n + 2] + a.u8[4 * n + 3] * b.i8[4 * n + 3]));
}
static inline standin_512 _mm512_dpwssd_epi32(standin_512 sum, standin_512 a, standin_512 b)
{
  standin_512 r;
  EACH(16, u32[n] = sum.u32[n] + (uint32_t)(a.i16[2 * n] * b.i16[2 * n]) +
                    (uint32_t)(a.i16[2 * n + 1] * b.i16[2 * n + 1]));
}
static inline standin_512 _mm512_xor_si512(standin_512 a, standin_512 b)
{
  standin_512 r;
  EACH(8, u64[n] = a.u64[n] ^ b.u64[n]);
}
/* Unpacks take the low or the high 8 bytes of each 128-bit part, of a and b in turn. */
static inline standin_512 _mm512_unpacklo_epi8(standin_512 a, standin_512 b)
{
  standin_512 r;
  EACH(64, u8[n] = (n % 2 ? b : a).u8[n / 16 * 16 + n % 16 / 2]);
}
static inline standin_512 _mm512_unpackhi_epi8(standin_512 a, standin_512 b)
{
  standin_512 r;
  EACH(64, u8[n] = (n % 2 ? b : a).u8[n / 16 * 16 + 8 + n % 16 / 2]);
}
static inline standin_512 _mm512_unpacklo_epi16(standin_512 a, standin_512 b)
{
  standin_512 r;
  EACH(32, u16[n] = (n % 2 ? b : a).u16[n / 8 * 8 + n % 8 / 2]);
}
static inline standin_512 _mm512_unpackhi_epi16(standin_512 a, standin_512 b)
{
  standin_512 r;
  EACH(32, u16[n] = (n % 2 ? b : a).u16[n / 8 * 8 + 4 + n % 8 / 2]);
}
static inline standin_512f _mm512_loadu_ps(const void *p)
{
  standin_512f r;
  memcpy(&r, p, sizeof r);
  return r;
}
static inline standin_512f _mm512_fmadd_ps(standin_512f a, standin_512f b, standin_512f c)
{
  standin_512f r;
  EACH(16, f[n] = fmaf(a.f[n], b.f[n], c.f[n]));
}
static inline standin_512 standin_wide(const int8_t *p)
{
  standin_512 r;
  EACH(16, i32[n] = p[n]);
}
static inline standin_512 _mm512_slli_epi32(standin_512 a, unsigned count)
{
  standin_512 r;
  EACH(16, u32[n] = count > 31 ? 0 : a.u32[n] << count);
}
static inline standin_512 _mm512_mask_blend_epi16(uint32_t mask, standin_512 a, standin_512 b)
{
  standin_512 r;
  EACH(32, i16[n] = mask >> n & 1 ? b.i16[n] : a.i16[n]);
}
static inline standin_512f _mm512_castsi512_ps(standin_512 a)
{
  standin_512f r;
  memcpy(&r, &a, sizeof r);
  return r;
}
static inline standin_512 _mm512_castps_si512(standin_512f a)
{
  standin_512 r;
  memcpy(&r, &a, sizeof r);
  return r;
}
static inline void _mm512_mask_storeu_epi8(void *p, uint64_t mask, standin_512 a)
{
  for (int n = 0; n < 64; n++)
    if (mask >> n & 1) memcpy((uint8_t *)p + n, &a.u8[n], 1);
}
static inline standin_512 _mm512_packs_epi16(standin_512 a, standin_512 b)
{
  standin_512 r;
  EACH(64,
       i8[n] = (int8_t)standin_clamp(
           n % 16 < 8 ? a.i16[n / 16 * 8 + n % 8] : b.i16[n / 16 * 8 + n % 8], INT8_MIN, INT8_MAX));
}
static inline standin_512 _mm512_permutexvar_epi32(standin_512 index, standin_512 a)
{
  standin_512 r;
  EACH(16, i32[n] = a.i32[index.u32[n] % 16]);
}
static inline standin_512 _mm512_min_epi8(standin_512 a, standin_512 b)
{
  standin_512 r;
  EACH(64, i8[n] = a.i8[n] < b.i8[n] ? a.i8[n] : b.i8[n]);
}
static inline standin_512 _mm512_max_epi8(standin_512 a, standin_512 b)
{
  standin_512 r;
  EACH(64, i8[n] = a.i8[n] > b.i8[n] ? a.i8[n] : b.i8[n]);
}

#undef EACH
#endif
