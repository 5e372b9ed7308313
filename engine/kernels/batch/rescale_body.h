/* rescale_body.h: sums to outputs, once for all vector widths; see tl_rescaling in fast.h. No header
 * guard: included once a path. */
#include "kernels/batch/fast.h"

/* TL_EACH: before loops whose count is a constant; TL_MANY: where it can be a variable. What is slow
 * anyhow (stand-ins, sanitizers) is left to the compiler, or it would take minutes. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer) ||                         \
    __has_feature(thread_sanitizer) || __has_feature(undefined_behavior_sanitizer)
#define TL_SLOWLY
#endif
#endif
#if defined(TL_STANDIN) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) ||        \
    defined(TL_SLOWLY)
#define TL_INLINE TL_TARGET static
#define TL_EACH
#define TL_MANY
#else
#define TL_INLINE TL_TARGET static inline __attribute__((always_inline))
#ifdef __clang__
#define TL_EACH _Pragma("clang loop unroll(full)")
#define TL_MANY
#else
#define TL_EACH _Pragma("GCC unroll 16")
#define TL_MANY _Pragma("GCC unroll 16")
#endif
#endif

/* tl_fixed_mul, lane by lane: shift left, high product, shift right with halves away from zero,
 * where e > 0: (x + 2^(e-1) - (x < 0)) >> e. */
TL_INLINE V rescale_integer(V sum, const tl_rescaling *r, uint32_t output)
{
  const V right = V_LOAD(r->right + output), one = V_SET(1);
  const V x =
      v_high_mul(V_SHIFT_LEFT_EACH(sum, V_LOAD(r->left + output)), V_LOAD(r->multiplier + output));
  const V shifts = V_GREATER(right, V_ZERO()); /* -1 where e > 0 */
  const V half = V_AND(shifts, V_SHIFT_LEFT_EACH(one, V_ADD(right, shifts)));
  const V y = V_SHIFT_RIGHT_EACH(V_ADD(x, V_ADD(half, V_AND(shifts, V_SIGN(x)))), right);
  return V_ADD(y, V_SET(r->zero));
}

TL_INLINE V rescale_float(V sum, const tl_rescaling *r, uint32_t output, bool by_sign)
{
  const F above = F_LOAD(r->above + output);
  const F add = by_sign ? F_BY_SIGN(sum, above, F_LOAD(r->below + output)) : above;
  return V_OF(F_MUL_ADD(F_OF(sum), F_LOAD(r->scale + output), add));
}

/* See tl_fast_shifted: the product and the sum are rounded once, to an integer. */
TL_INLINE V rescale_shifted(V sum, const tl_rescaling *r, uint32_t output)
{
  const F whole = F_MUL_ADD(F_BITS(sum), F_LOAD(r->scale + output), F_LOAD(r->above + output));
  return V_SUB(V_BITS(whole), V_SET(TL_SHIFTED_BITS));
}

TL_INLINE V rescale(V sum, const tl_rescaling *r, uint32_t output, tl_fast_form form)
{
  return form == TL_FORM_INTEGER   ? rescale_integer(sum, r, output)
         : form == TL_FORM_SHIFTED ? rescale_shifted(sum, r, output)
                                   : rescale_float(sum, r, output, form == TL_FORM_FLOAT_BY_SIGN);
}

/* The clamp, a byte repeated. */
typedef struct limits {
  V low, high;
} limits;

TL_INLINE limits limits_of(int8_t low, int8_t high)
{
  return (limits){V_SET((int32_t)((uint8_t)low * 0x01010101u)),
                  V_SET((int32_t)((uint8_t)high * 0x01010101u))};
}

static inline int32_t u_load32(const uint8_t *from)
{
  int32_t unit;
  memcpy(&unit, from, sizeof unit);
  return unit;
}
