/* lanes_neon.h: the vector operations of window_body.h on 4 devices at a time, for any aarch64
 * (no dot-product extension: one int32 multiply-add a byte). */
#include <arm_neon.h>

#define TL_TARGET
#define TL_PATH_NAME(name) name##_neon
enum { V_LANES = 4, V_WORDS = 4, V_BYTES = 16 };
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

static inline V v_dot(V sum, V x, V w)
{
  return vmlaq_s32(sum, x, w);
}

/* (a * b + 2^30) >> 31 of each lane, b > 0. */
static inline V v_high_mul(V a, V b)
{
  return vqrdmulhq_s32(a, b);
}

/* Four outputs of 4 devices, saturated to bytes, as quads. */
static inline V v_pack(V a, V b, V c, V d)
{
  static const uint8_t transpose[16] = {0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15};
  const uint8x8_t ab = vqmovun_s16(vcombine_s16(vqmovn_s32(a), vqmovn_s32(b)));
  const uint8x8_t cd = vqmovun_s16(vcombine_s16(vqmovn_s32(c), vqmovn_s32(d)));
  return V_OF_U8(vqtbl1q_u8(vcombine_u8(ab, cd), vld1q_u8(transpose)));
}

/* sum + the squared differences of the four bytes of each lane. */
static inline V v_add_squares(V sum, V a, V b)
{
  const uint8x16_t d = vabdq_u8(V_U8(a), V_U8(b));
  const uint32x4_t low = vpaddlq_u16(vmull_u8(vget_low_u8(d), vget_low_u8(d)));
  const uint32x4_t high = vpaddlq_u16(vmull_u8(vget_high_u8(d), vget_high_u8(d)));
  return vaddq_s32(sum, vreinterpretq_s32_u32(vpaddq_u32(low, high)));
}
