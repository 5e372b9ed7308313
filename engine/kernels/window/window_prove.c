/* window_prove.c: a float formula that equals the integer one, or none.
 *
 * Why: with AVX2 the exact integer rescale (64-bit products, two roundings) costs three times the
 * float one. But output as a function of the accumulator is a monotone staircase of at most 255
 * steps, and the float formula is monotone, too: conversion (|acc| < 2^24: exact), product with a
 * positive constant, sum with a constant, rounding. Two monotone staircases are equal everywhere
 * when they agree on both sides of every step; that is checked here, step by step, so a form that
 * passes is proved for every accumulator of the range, not only tested.
 *
 * Double rounding first rounds to a multiple of 2^-e, so its steps lie 2^-(e+1) before the half
 * for positive and behind it for negative accumulators: hence a constant for each sign. */
#include "kernels/window/window_layer.h"

#include <string.h>

enum { STEPS_MAX = 256, SCALE_TRIES = 7, SHIFT_TRIES = 33 };
static const float magic = 12582912.0f; /* 1.5 * 2^23: adding it rounds to an integer, half even */

/* The integer formula; the range of fc outputs. */
static int32_t exact(tl_scale scale, int32_t zero, tl_range range, int32_t acc)
{
  const int64_t y = (int64_t)tl_fixed_mul(acc, scale) + zero;
  return y < range.low ? range.low : y > range.high ? range.high : (int32_t)y;
}

/* Smallest accumulator of the range whose output is >= y; one past the range if there is none. */
static int64_t first_reaching(tl_scale scale, int32_t zero, tl_range range, tl_range accumulators,
                              int32_t y)
{
  int64_t low = accumulators.low, high = (int64_t)accumulators.high + 1;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (exact(scale, zero, range, (int32_t)middle) >= y)
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

/* What every SIMD path computes, with the same operations in the same order. */
static int32_t approximate(int64_t acc, float scale, float add)
{
  float x = (float)acc * scale;
  x = x + add;
  x = x < -1024.0f ? -1024.0f : x > 1024.0f ? 1024.0f : x; /* far outside of the clamp */
  const float rounded = x + magic;
  return (int32_t)(rounded - magic);
}

/* Both staircases agree on [begin, end], given the accumulators where the exact one steps. */
static bool agree(const int64_t *steps, int32_t step_count, int32_t first_value, int64_t begin,
                  int64_t end, float scale, float add)
{
  if (begin > end) return true;
  for (int32_t s = 0; s < step_count; s++) {
    const int32_t value = first_value + s;
    const int64_t at = steps[s] < begin ? begin : steps[s];
    if (at <= end && approximate(at, scale, add) < value) return false;
    const int64_t before = steps[s] - 1 > end ? end : steps[s] - 1;
    if (before >= begin && approximate(before, scale, add) >= value) return false;
  }
  return true;
}

static float next_float(float value, int32_t steps)
{
  int32_t bits;
  memcpy(&bits, &value, sizeof bits);
  bits += steps;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* 0, 1, -1, 2, -2 ... */
static int32_t alternating(int32_t index)
{
  return index % 2 != 0 ? (index + 1) / 2 : -(index / 2);
}

typedef struct side {
  int64_t begin, end;
  float centre; /* where the constant should be */
} side;

static bool find_constant(const int64_t *steps, int32_t step_count, int32_t first_value, side where,
                          float scale, float *out)
{
  for (int32_t t = 0; t < SHIFT_TRIES; t++) {
    *out = where.centre + (float)alternating(t) * (1.0f / 262144.0f);
    if (agree(steps, step_count, first_value, where.begin, where.end, scale, *out)) return true;
  }
  return false;
}

bool tl_window_prove(tl_scale scale, int32_t zero, int32_t offset, tl_range range,
                     tl_range accumulators, tl_float_form *out)
{
  const int32_t limit = 1 << 24;
  if (scale.multiplier == 0 || scale.shift > 0 || accumulators.low <= -limit ||
      accumulators.high >= limit)
    return false;
  int64_t steps[STEPS_MAX];
  const int32_t step_count = range.high - range.low;
  for (int32_t s = 0; s < step_count; s++)
    steps[s] = first_reaching(scale, zero, range, accumulators, range.low + 1 + s);

  const int32_t right = -scale.shift;
  const double unit = 1.0 / (double)(1ull << (31 + right));
  const float nominal = (float)((double)scale.multiplier * unit);
  const float half = right == 0 ? 0.0f : (float)(1.0 / (double)(1ull << (right + 1)));
  const float base = (float)(zero + offset);
  const int32_t first_value = range.low + 1 + offset;
  const side above = {accumulators.low > 0 ? accumulators.low : 0, accumulators.high, base + half};
  const side below = {accumulators.low, accumulators.high < -1 ? accumulators.high : -1,
                      base - half};
  for (int32_t t = 0; t < SCALE_TRIES; t++) {
    const float s = next_float(nominal, alternating(t));
    if (!find_constant(steps, step_count, first_value, above, s, &out->above)) continue;
    out->scale = s;
    out->one_sided = agree(steps, step_count, first_value, below.begin, below.end, s, out->above);
    out->below = out->above;
    if (out->one_sided || find_constant(steps, step_count, first_value, below, s, &out->below))
      return true;
  }
  return false;
}
