/* units_neon.h: units of 2 int16 on 4 lanes, the first of all units in one half of a vector and the
 * second in the other; for the bodies of this folder (see fast.h). Any aarch64. */
#include "kernels/simd/lanes_neon.h"

#define U_HAS_NARROW 0
enum {
  U_NARROW = U_HAS_NARROW,
  U_FUSED = 1,
  U_FORMAT = TL_UNIT_HALVES,
  U_INPUTS = 2,
  U_VECTORS = 4,
  U_ROWS = 4,
  U_ROWS_LAST = 2,   /* if no more are left */
  U_ROWS_NARROW = 6, /* of panels that have fewer vectors */
  U_CHUNK = 8
};

#define U_BROADCAST(p)                                                                             \
  vreinterpretq_s32_s16(vcombine_s16(vld1_dup_s16((const int16_t *)(const void *)(p)),             \
                                     vld1_dup_s16((const int16_t *)(const void *)(p) + 1)))
#define F_MUL_ADD(a, b, c) vfmaq_f32((c), (a), (b))
#define V_BITS(f) vreinterpretq_s32_f32(f)
#define F_BITS(v) vreinterpretq_f32_s32(v)
#define F_LOAD(p) vld1q_f32((const float *)(const void *)(p))
#define V_SHIFT_LEFT_EACH(a, n) vshlq_s32((a), (n))
#define V_SHIFT_RIGHT_EACH(a, n) vshlq_s32((a), vnegq_s32(n))

static inline V u_dot(V sum, V x, V w)
{
  const int16x8_t a = vreinterpretq_s16_s32(x), b = vreinterpretq_s16_s32(w);
  return vmlal_s16(vmlal_s16(sum, vget_low_s16(a), vget_low_s16(b)), vget_high_s16(a),
                   vget_high_s16(b));
}
#define U_DOT(sum, x, w) u_dot((sum), (x), (w))
#define U_LOAD_UNITS(p) u_load_units(p)

/* Int32 lanes as int8, saturated, in order: 4, 8 or 16 bytes. */
static inline void u_narrow_all(int8_t *out, const V *v, int vectors, V low, V high)
{
  for (int i = 0; i < vectors; i += 2) {
    const bool pair = i + 1 < vectors;
    const int16x8_t words = vcombine_s16(vqmovn_s32(v[i]), vqmovn_s32(v[pair ? i + 1 : i]));
    const int8x8_t bytes =
        vmin_s8(vmax_s8(vqmovn_s16(words), vget_low_s8(vreinterpretq_s8_s32(low))),
                vget_low_s8(vreinterpretq_s8_s32(high)));
    if (pair)
      vst1_s8(out + 4 * i, bytes);
    else
      vst1_lane_s32((int32_t *)(void *)(out + 4 * i), vreinterpret_s32_s8(bytes), 0);
  }
}

/* U_CHUNK units from element `at` on of two lines, the two of a unit side by side: they are read from
 * any unit on, so halves are made when they are. */
static inline void u_interleave(uint8_t *out, const int8_t *const *line, size_t at, int32_t zero)
{
  const int16x8_t zeros = vdupq_n_s16((int16_t)zero);
  const int16x8x2_t pairs = {{vsubq_s16(vmovl_s8(vld1_s8(line[0] + at)), zeros),
                              vsubq_s16(vmovl_s8(vld1_s8(line[1] + at)), zeros)}};
  vst2q_s16((int16_t *)(void *)out, pairs);
}

static inline V u_load_units(const uint8_t *from)
{
  const int16x4x2_t halves = vld2_s16((const int16_t *)(const void *)from);
  return vreinterpretq_s32_s16(vcombine_s16(halves.val[0], halves.val[1]));
}

/* Pairs of int16 from two arrays of bytes, and their dot products with two coefficients. */
static inline V u_pairs(const int8_t *a, const int8_t *b)
{
  int8_t eight[16] = {0};
  memcpy(eight, a, 4);
  memcpy(eight + 8, b, 4);
  const int16x8_t first = vmovl_s8(vld1_s8(eight)), second = vmovl_s8(vld1_s8(eight + 8));
  return vreinterpretq_s32_s16(vcombine_s16(vget_low_s16(first), vget_low_s16(second)));
}
static inline V u_coefficients(int16_t a, int16_t b)
{
  return vreinterpretq_s32_s16(vcombine_s16(vdup_n_s16(a), vdup_n_s16(b)));
}
static inline V u_madd(V x, V w) { return u_dot(V_ZERO(), x, w); }

/* Inputs as they are staged, in eights: up to 7 more are read and written. */
static inline void u_stage(uint8_t *out, const int8_t *x, size_t count, int32_t zero)
{
  const int16x8_t zeros = vdupq_n_s16((int16_t)zero);
  for (size_t i = 0; i < count; i += 8)
    V_STORE(out + 2 * i, vreinterpretq_s32_s16(vsubq_s16(vmovl_s8(vld1_s8(x + i)), zeros)));
}
#include "kernels/batch/units_words.h"
