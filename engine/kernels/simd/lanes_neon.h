/* lanes_neon.h: the vector operations of window_body.h on 4 devices at a time, for any aarch64
 * (no dot-product extension: one int32 multiply-add a byte). */
#include <arm_neon.h>

#define TL_TARGET
#define V_PIN(v) (void)0
#define TL_PATH_NAME(name) name##_neon
enum { V_LANES = 4, V_WORDS = 4, V_NARROW = 0, V_BYTES = 16 };
typedef int32x4_t V;
typedef float32x4_t F;

#define V_U8(v) vreinterpretq_u8_s32(v)
#define V_OF_U8(v) vreinterpretq_s32_u8(v)
#define V_LOAD(p) V_OF_U8(vld1q_u8((const uint8_t *)(const void *)(p)))
#define V_STORE(p, v) vst1q_u8((uint8_t *)(void *)(p), V_U8(v))
#define V_SET(i) vdupq_n_s32(i)
#define V_ZERO() vdupq_n_s32(0)
#define V_ADD(a, b) vaddq_s32((a), (b))
#define V_SUB(a, b) vsubq_s32((a), (b))
#define V_AND(a, b) vandq_s32((a), (b))
#define V_SIGN(a) vshrq_n_s32((a), 31)
#define V_GREATER(a, b) vreinterpretq_s32_u32(vcgtq_s32((a), (b)))
#define V_SHIFT_LEFT(a, n) vshlq_s32((a), vdupq_n_s32(n))
#define V_SHIFT_RIGHT(a, n) vshlq_s32((a), vdupq_n_s32(-(n)))
#define V_MIN_U8(a, b) V_OF_U8(vminq_u8(V_U8(a), V_U8(b)))
#define V_MAX_U8(a, b) V_OF_U8(vmaxq_u8(V_U8(a), V_U8(b)))
#define F_SET(x) vdupq_n_f32(x)
#define F_OF(v) vcvtq_f32_s32(v)
#define V_OF(f) vcvtnq_s32_f32(f)
#define F_MUL(a, b) vmulq_f32((a), (b))
#define F_ADD(a, b) vaddq_f32((a), (b))
#define F_BY_SIGN(v, above, below) vbslq_f32(vcltq_s32((v), vdupq_n_s32(0)), (below), (above))

static inline void v_split(V x, V *out)
{
  const uint32x4_t u = vreinterpretq_u32_s32(x), byte = vdupq_n_u32(255);
  out[0] = vreinterpretq_s32_u32(vandq_u32(u, byte));
  out[1] = vreinterpretq_s32_u32(vandq_u32(vshrq_n_u32(u, 8), byte));
  out[2] = vreinterpretq_s32_u32(vandq_u32(vshrq_n_u32(u, 16), byte));
  out[3] = vreinterpretq_s32_u32(vshrq_n_u32(u, 24));
}

static inline V v_dot(V sum, V x, V w) { return vmlaq_s32(sum, x, w); }

#define v_dot_narrow v_dot /* never packed for this path */

/* (a * b + 2^30) >> 31 of each lane, b > 0. */
static inline V v_high_mul(V a, V b) { return vqrdmulhq_s32(a, b); }

/* Two outputs as int16, then four of them as quads of bytes; both steps saturate. */
static inline V v_pack_pair(V a, V b)
{
  return vreinterpretq_s32_s16(vcombine_s16(vqmovn_s32(a), vqmovn_s32(b)));
}

static inline V v_pack_quad(V ab, V cd)
{
  static const uint8_t transpose[16] = {0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15};
  const uint8x8_t low = vqmovun_s16(vreinterpretq_s16_s32(ab));
  const uint8x8_t high = vqmovun_s16(vreinterpretq_s16_s32(cd));
  return V_OF_U8(vqtbl1q_u8(vcombine_u8(low, high), vld1q_u8(transpose)));
}

/* Absolute difference of bytes, and the sum of the squares of the four bytes of each lane. */
static inline V v_distance(V a, V b) { return V_OF_U8(vabdq_u8(V_U8(a), V_U8(b))); }

static inline V v_add_squares(V sum, V d)
{
  const uint8x16_t u = V_U8(d);
  const uint32x4_t low = vpaddlq_u16(vmull_u8(vget_low_u8(u), vget_low_u8(u)));
  const uint32x4_t high = vpaddlq_u16(vmull_u8(vget_high_u8(u), vget_high_u8(u)));
  return vaddq_s32(sum, vreinterpretq_s32_u32(vpaddq_u32(low, high)));
}
