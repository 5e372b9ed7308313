/* The x86 and aarch64 paths of tl_rng_normal_block: Philox on registers by intrinsics (gcc does not
 * vectorise the 32 x 32 -> 64 bit product), then the shared rng_lanes.inc. */
#include "base/rng_normal.h"

#if TL_HAVE_X86
#include <immintrin.h>

/* Each 64-bit lane holds one device, the word in its low half; what stands in the high half never
 * matters, as the product reads low halves only. So the product's low and high words need no
 * shuffles: even and odd devices run in two registers and are merged once, at the end. */
TL_TARGET_AVX2 static inline __attribute__((always_inline)) void
philox_avx2(__m256i out[4], tl_rng_key key, uint32_t device, uint64_t quad)
{
  const __m256i m0 = _mm256_set1_epi64x(TL_PHILOX_M0), m1 = _mm256_set1_epi64x(TL_PHILOX_M1);
  const __m256i first = _mm256_set1_epi64x(device);
  __m256i c0[2], c1[2], c2[2], c3[2];
  for (int odd = 0; odd < 2; odd++) {
    c0[odd] = _mm256_set1_epi64x((uint32_t)quad);
    c1[odd] = _mm256_set1_epi64x((int64_t)(quad >> 32));
    c2[odd] = _mm256_add_epi64(first, _mm256_set_epi64x(6 + odd, 4 + odd, 2 + odd, odd));
    c3[odd] = _mm256_set1_epi64x(TL_RNG_KIND_NORMAL);
  }
  uint32_t k0 = key.word0, k1 = key.word1;
#pragma GCC unroll 10
  for (int round = 0; round < 10; round++) {
    const __m256i key0 = _mm256_set1_epi64x(k0), key1 = _mm256_set1_epi64x(k1);
#pragma GCC unroll 2
    for (int odd = 0; odd < 2; odd++) {
      const __m256i p0 = _mm256_mul_epu32(m0, c0[odd]), p1 = _mm256_mul_epu32(m1, c2[odd]);
      c0[odd] = _mm256_xor_si256(_mm256_srli_epi64(p1, 32), _mm256_xor_si256(c1[odd], key0));
      c2[odd] = _mm256_xor_si256(_mm256_srli_epi64(p0, 32), _mm256_xor_si256(c3[odd], key1));
      c1[odd] = p1;
      c3[odd] = p0;
    }
    k0 += TL_PHILOX_W0;
    k1 += TL_PHILOX_W1;
  }
  out[0] = _mm256_blend_epi32(c0[0], _mm256_slli_epi64(c0[1], 32), 0xaa);
  out[1] = _mm256_blend_epi32(c1[0], _mm256_slli_epi64(c1[1], 32), 0xaa);
  out[2] = _mm256_blend_epi32(c2[0], _mm256_slli_epi64(c2[1], 32), 0xaa);
  out[3] = _mm256_blend_epi32(c3[0], _mm256_slli_epi64(c3[1], 32), 0xaa);
}

#define V_TARGET TL_TARGET_AVX2
#define V_LANES 8
#define V_NAME(name) name##_avx2
#define v_int __m256i
#define v_float __m256
#define V_SET(x) _mm256_set1_ps(x)
#define V_SET_I(x) _mm256_set1_epi32(x)
#define V_ADD(a, b) _mm256_add_ps(a, b)
#define V_SUB(a, b) _mm256_sub_ps(a, b)
#define V_MUL(a, b) _mm256_mul_ps(a, b)
#define V_SQRT(a) _mm256_sqrt_ps(a)
#define V_ADD_I(a, b) _mm256_add_epi32(a, b)
#define V_SUB_I(a, b) _mm256_sub_epi32(a, b)
#define V_AND(a, b) _mm256_and_si256(a, b)
#define V_SHIFT_LEFT(a, n) _mm256_slli_epi32(a, n)
#define V_SHIFT_RIGHT(a, n) _mm256_srli_epi32(a, n)
#define V_TO_FLOAT(a) _mm256_cvtepi32_ps(a)
#define V_AS_INT(a) _mm256_castps_si256(a)
#define V_AS_FLOAT(a) _mm256_castsi256_ps(a)
#define V_CHOOSE(bit, yes, no) _mm256_blendv_ps(no, yes, _mm256_castsi256_ps(bit))
#define V_FLIP(a, sign) _mm256_xor_ps(a, _mm256_castsi256_ps(sign))
#define V_STORE(p, a) _mm256_storeu_ps(p, a)
#include "base/rng_lanes.inc"

TL_TARGET_SSE41 static inline __attribute__((always_inline)) void
philox_sse(__m128i out[4], tl_rng_key key, uint32_t device, uint64_t quad)
{
  const __m128i m0 = _mm_set1_epi64x(TL_PHILOX_M0), m1 = _mm_set1_epi64x(TL_PHILOX_M1);
  const __m128i first = _mm_set1_epi64x(device);
  __m128i c0[2], c1[2], c2[2], c3[2];
  for (int odd = 0; odd < 2; odd++) {
    c0[odd] = _mm_set1_epi64x((uint32_t)quad);
    c1[odd] = _mm_set1_epi64x((int64_t)(quad >> 32));
    c2[odd] = _mm_add_epi64(first, _mm_set_epi64x(2 + odd, odd));
    c3[odd] = _mm_set1_epi64x(TL_RNG_KIND_NORMAL);
  }
  uint32_t k0 = key.word0, k1 = key.word1;
#pragma GCC unroll 10
  for (int round = 0; round < 10; round++) {
    const __m128i key0 = _mm_set1_epi64x(k0), key1 = _mm_set1_epi64x(k1);
#pragma GCC unroll 2
    for (int odd = 0; odd < 2; odd++) {
      const __m128i p0 = _mm_mul_epu32(m0, c0[odd]), p1 = _mm_mul_epu32(m1, c2[odd]);
      c0[odd] = _mm_xor_si128(_mm_srli_epi64(p1, 32), _mm_xor_si128(c1[odd], key0));
      c2[odd] = _mm_xor_si128(_mm_srli_epi64(p0, 32), _mm_xor_si128(c3[odd], key1));
      c1[odd] = p1;
      c3[odd] = p0;
    }
    k0 += TL_PHILOX_W0;
    k1 += TL_PHILOX_W1;
  }
  out[0] = _mm_blend_epi16(c0[0], _mm_slli_epi64(c0[1], 32), 0xcc);
  out[1] = _mm_blend_epi16(c1[0], _mm_slli_epi64(c1[1], 32), 0xcc);
  out[2] = _mm_blend_epi16(c2[0], _mm_slli_epi64(c2[1], 32), 0xcc);
  out[3] = _mm_blend_epi16(c3[0], _mm_slli_epi64(c3[1], 32), 0xcc);
}

#define V_TARGET TL_TARGET_SSE41
#define V_LANES 4
#define V_NAME(name) name##_sse
#define v_int __m128i
#define v_float __m128
#define V_SET(x) _mm_set1_ps(x)
#define V_SET_I(x) _mm_set1_epi32(x)
#define V_ADD(a, b) _mm_add_ps(a, b)
#define V_SUB(a, b) _mm_sub_ps(a, b)
#define V_MUL(a, b) _mm_mul_ps(a, b)
#define V_SQRT(a) _mm_sqrt_ps(a)
#define V_ADD_I(a, b) _mm_add_epi32(a, b)
#define V_SUB_I(a, b) _mm_sub_epi32(a, b)
#define V_AND(a, b) _mm_and_si128(a, b)
#define V_SHIFT_LEFT(a, n) _mm_slli_epi32(a, n)
#define V_SHIFT_RIGHT(a, n) _mm_srli_epi32(a, n)
#define V_TO_FLOAT(a) _mm_cvtepi32_ps(a)
#define V_AS_INT(a) _mm_castps_si128(a)
#define V_AS_FLOAT(a) _mm_castsi128_ps(a)
#define V_CHOOSE(bit, yes, no) _mm_blendv_ps(no, yes, _mm_castsi128_ps(bit))
#define V_FLIP(a, sign) _mm_xor_ps(a, _mm_castsi128_ps(sign))
#define V_STORE(p, a) _mm_storeu_ps(p, a)
#include "base/rng_lanes.inc"
#endif

#if TL_HAVE_NEON
#include <arm_neon.h>

static inline __attribute__((always_inline)) void philox_neon(uint32x4_t out[4], tl_rng_key key,
                                                              uint32_t device, uint64_t quad)
{
  const uint32_t lanes[4] = {0, 1, 2, 3};
  uint32x4_t c0 = vdupq_n_u32((uint32_t)quad), c1 = vdupq_n_u32((uint32_t)(quad >> 32));
  uint32x4_t c2 = vaddq_u32(vdupq_n_u32(device), vld1q_u32(lanes));
  uint32x4_t c3 = vdupq_n_u32(TL_RNG_KIND_NORMAL);
  const uint32x4_t m0 = vdupq_n_u32(TL_PHILOX_M0), m1 = vdupq_n_u32(TL_PHILOX_M1);
  uint32_t k0 = key.word0, k1 = key.word1;
  for (int round = 0; round < 10; round++) {
    const uint32x4_t p0a = vreinterpretq_u32_u64(vmull_u32(vget_low_u32(m0), vget_low_u32(c0)));
    const uint32x4_t p0b = vreinterpretq_u32_u64(vmull_high_u32(m0, c0));
    const uint32x4_t p1a = vreinterpretq_u32_u64(vmull_u32(vget_low_u32(m1), vget_low_u32(c2)));
    const uint32x4_t p1b = vreinterpretq_u32_u64(vmull_high_u32(m1, c2));
    c0 = veorq_u32(vuzp2q_u32(p1a, p1b), veorq_u32(c1, vdupq_n_u32(k0)));
    c2 = veorq_u32(vuzp2q_u32(p0a, p0b), veorq_u32(c3, vdupq_n_u32(k1)));
    c1 = vuzp1q_u32(p1a, p1b);
    c3 = vuzp1q_u32(p0a, p0b);
    k0 += TL_PHILOX_W0;
    k1 += TL_PHILOX_W1;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

#define V_TARGET
#define V_LANES 4
#define V_NAME(name) name##_neon
#define v_int uint32x4_t
#define v_float float32x4_t
#define V_SET(x) vdupq_n_f32(x)
#define V_SET_I(x) vdupq_n_u32((uint32_t)(x))
#define V_ADD(a, b) vaddq_f32(a, b)
#define V_SUB(a, b) vsubq_f32(a, b)
#define V_MUL(a, b) vmulq_f32(a, b)
#define V_SQRT(a) vsqrtq_f32(a)
#define V_ADD_I(a, b) vaddq_u32(a, b)
#define V_SUB_I(a, b) vsubq_u32(a, b)
#define V_AND(a, b) vandq_u32(a, b)
#define V_SHIFT_LEFT(a, n) vshlq_n_u32(a, n)
#define V_SHIFT_RIGHT(a, n) vshrq_n_u32(a, n)
#define V_TO_FLOAT(a) vcvtq_f32_s32(vreinterpretq_s32_u32(a))
#define V_AS_INT(a) vreinterpretq_u32_f32(a)
#define V_AS_FLOAT(a) vreinterpretq_f32_u32(a)
#define V_CHOOSE(bit, yes, no)                                                                     \
  vbslq_f32(vreinterpretq_u32_s32(vshrq_n_s32(vreinterpretq_s32_u32(bit), 31)), yes, no)
#define V_FLIP(a, sign) vreinterpretq_f32_u32(veorq_u32(vreinterpretq_u32_f32(a), sign))
#define V_STORE(p, a) vst1q_f32(p, a)
#include "base/rng_lanes.inc"
#endif
