/* scoring.h: from a feature to an element of a model's input, and from its output to a score.
 *
 * Why: the simulator does it for blocks of devices, firmware (tools/mcu/loop.c) for one; both must
 * give the same bits, so both use this. Freestanding: it is built for a Cortex-M, too.
 * Owns: nothing. Threads: leaves on what they are given. */
#ifndef TL_EDGE_SCORING_H
#define TL_EDGE_SCORING_H
#include "kernels/model.h"

#include <string.h>

/* q = clamp(round_half_even(value * per_unit) + zero) into element `element` of an int8 or int16
 * tensor, as kernels/window.h; true when it was clamped. A NaN is the lowest. */
static inline bool tl_feature_quantise(uint8_t *out, tl_tensor_type type, uint32_t element,
                                       double value, double per_unit, int32_t zero)
{
  const int32_t low = type == TL_TENSOR_INT8 ? INT8_MIN : INT16_MIN;
  const int32_t high = type == TL_TENSOR_INT8 ? INT8_MAX : INT16_MAX;
  const double least = (double)(low - zero - 1), most = (double)(high - zero + 1);
  double x = value * per_unit;
  x = x > least ? x : least; /* a NaN, too */
  x = x < most ? x : most;
  const double shifted = x + 0x1.8p52; /* the integer stands in the low bits */
  uint64_t bits;
  memcpy(&bits, &shifted, sizeof bits);
  const int32_t q = (int32_t)(uint32_t)bits + zero;
  const int32_t held = q < low ? low : q > high ? high : q;
  if (type == TL_TENSOR_INT8) {
    ((int8_t *)out)[element] = (int8_t)held;
  } else {
    const int16_t wide = (int16_t)held;
    memcpy(out + 2u * (size_t)element, &wide, sizeof wide);
  }
  return held != q;
}

/* How a model's answer becomes a score. */
typedef struct tl_scoring {
  bool reconstructs; /* mean squared error of the first output against the only input ... */
  uint32_t output;   /* ... else the real value of this element of the first output */
  bool same_steps;   /* input and output count in the same steps from the same zero */
  double scale;      /* real score per integer step (or squared step) */
} tl_scoring;

/* model: with one input of as many elements as its first output, if it reconstructs. */
TL_API tl_scoring tl_scoring_of(const tl_model *model, bool reconstructs, uint32_t output);
/* in, out: first input and first output, raw. */
TL_API double tl_scoring_read(const tl_scoring *scoring, const tl_model *model, const uint8_t *in,
                              const uint8_t *out);
#endif
