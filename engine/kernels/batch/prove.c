/* prove.c: a float formula that gives the integer result for every sum that can occur, or none.
 *
 * Why: the exact integer rescale (64-bit products, two roundings) costs three times the float one,
 * and with few weights an output it costs more than the products.
 * How: both are monotone staircases of the sum (conversion, product with a positive constant, sum
 * with a constant, rounding), so they are equal everywhere when they agree on both sides of every
 * step. At a step from v - 1 to v, reached first by the sum a, the constant must be at least
 * v - 1/2 - a * scale and less than v - 1/2 - (a - 1) * scale: all steps together leave an interval
 * of constants; its middle is then checked in the very arithmetic of the vector code.
 * Double rounding moves steps up for positive and down for negative sums; where no one constant
 * serves both signs, there is one for each.
 * The shifted form is better still where one constant serves: sums begin at the bits of 1.5 * 2^23, so
 * that they are floats as they stand, and one fused multiply-add makes the integer. Its constant is
 * whole; the fraction that the interval wants comes from a whole number that is added to the sums,
 * whose product with the scale has it. Nothing but the scale is rounded. */
#include "kernels/batch/fast.h"

#include <string.h>

enum { STEPS_MAX = 256, SCALE_TRIES = 33, SHIFTED_TRIES = 9, SHIFT_MAX = 1 << 19 };

/* The staircase of the reference: steps[i] is the first sum whose output is at least first + i. */
typedef struct staircase {
  int64_t steps[STEPS_MAX];
  int32_t count, first;
  tl_range sums; /* that can occur */
} staircase;

static int32_t exact(tl_scale scale, int32_t zero, int64_t sum)
{
  return tl_fixed_mul((int32_t)sum, scale) + zero;
}

/* First sum of [low, high) whose output is at least y; high if none. */
static int64_t first_reaching(tl_scale scale, int32_t zero, int64_t low, int64_t high, int32_t y)
{
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (exact(scale, zero, middle) >= y)
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

static void find_steps(staircase *s, tl_scale scale, int32_t zero, tl_range range, double real)
{
  const int64_t end = (int64_t)s->sums.high + 1;
  s->first = range.low + 1;
  s->count = range.high - range.low;
  for (int32_t i = 0; i < s->count; i++) { /* near the real quotient, or else anywhere */
    const int32_t y = s->first + i;
    const double near = ((double)(y - zero) - 0.5) / real;
    int64_t low = s->sums.low, high = end;
    const double margin = 2.0 + 1.0 / real;
    if (near - margin > (double)low && near + margin < (double)high) {
      const int64_t from = (int64_t)(near - margin), to = (int64_t)(near + margin);
      if (exact(scale, zero, from) < y) low = from;
      if (exact(scale, zero, to) >= y) high = to;
    }
    s->steps[i] = first_reaching(scale, zero, low, high, y);
  }
}

static const float magic =
    12582912.0f; /* 1.5 * 2^23: adding it rounds to an integer, half to even */

/* What vector code computes. The product of two floats is exact in double, and so is the sum here
 * (at most 8 + 24 bits before the point, 32 behind), so that (float) rounds as a fused one does. */
static int32_t approximate(int64_t sum, float scale, float add, bool fused)
{
  const float x = (float)sum;
  float y;
  if (fused) {
    y = (float)((double)x * (double)scale + (double)add);
  } else {
    const float product = x * scale;
    y = product + add;
  }
  y = y < -1024.0f ? -1024.0f : y > 1024.0f ? 1024.0f : y; /* far outside of the clamp */
  const float rounded = y + magic;
  return (int32_t)(rounded - magic);
}

/* Constants that would do, in real numbers. */
typedef struct interval {
  double low, high;
} interval;

static void narrow(interval *all, double low, double high)
{
  if (low > all->low) all->low = low;
  if (high < all->high) all->high = high;
}

/* sides[0]: for sums of 0 and more, sides[1]: for negative ones. */
static void allowed(const staircase *s, float scale, interval sides[2])
{
  sides[0] = sides[1] = (interval){-1e9, 1e9};
  for (int32_t i = 0; i < s->count; i++) {
    const double edge = (double)(s->first + i) - 0.5;
    const int64_t at = s->steps[i], before = at - 1;
    if (at <= s->sums.high) narrow(&sides[at < 0], edge - (double)(float)at * (double)scale, 1e9);
    if (before >= s->sums.low)
      narrow(&sides[before < 0], -1e9, edge - (double)(float)before * (double)scale);
  }
}

static bool agrees(const staircase *s, const tl_fast_float *form, bool fused)
{
  for (int32_t i = 0; i < s->count; i++) {
    const int32_t value = s->first + i;
    const int64_t at = s->steps[i], before = at - 1;
    if (at <= s->sums.high &&
        approximate(at, form->scale, at < 0 ? form->below : form->above, fused) < value)
      return false;
    if (before >= s->sums.low &&
        approximate(before, form->scale, before < 0 ? form->below : form->above, fused) >= value)
      return false;
  }
  return true;
}

static float middle(const interval *i)
{
  const double low = i->low < -1e6 ? i->high - 1.0 : i->low;
  const double high = i->high > 1e6 ? low + 1.0 : i->high;
  return (float)(0.5 * (low + high));
}

static bool try_scale(const staircase *s, float scale, bool fused, tl_fast_float *out)
{
  interval sides[2];
  allowed(s, scale, sides);
  interval both = sides[0];
  narrow(&both, sides[1].low, sides[1].high);
  out->scale = scale;
  if (both.low < both.high) {
    out->above = out->below = middle(&both);
    out->one_sided = true;
    if (agrees(s, out, fused)) return true;
  }
  out->above = middle(&sides[0]);
  out->below = middle(&sides[1]);
  out->one_sided = false;
  return sides[0].low < sides[0].high && sides[1].low < sides[1].high && agrees(s, out, fused);
}

static float next_float(float value, int32_t steps)
{
  int32_t bits;
  memcpy(&bits, &value, sizeof bits);
  bits += steps;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* The real number, and the staircase of the reference; false where no float form is looked for. */
static bool prepare(staircase *s, tl_scale scale, int32_t zero, tl_range range, tl_range sums,
                    double *real)
{
  if (scale.multiplier == 0 || scale.shift < -30 || range.high - range.low > STEPS_MAX)
    return false;
  double unit = 1.0 / 2147483648.0;
  for (int i = 0; i < scale.shift; i++) unit *= 2.0;
  for (int i = 0; i > scale.shift; i--) unit *= 0.5;
  *real = (double)scale.multiplier * unit;
  s->sums = sums;
  find_steps(s, scale, zero, range, *real);
  return true;
}

/* The nearest float, and those around it: number 0, 1, 2 ... */
static float candidate(double real, int32_t number)
{
  return next_float((float)real, number % 2 != 0 ? (number + 1) / 2 : -(number / 2));
}

bool tl_fast_prove(tl_scale scale, int32_t zero, tl_range range, tl_range sums, bool fused,
                   tl_fast_float *out)
{
  staircase s;
  double real;
  if (!prepare(&s, scale, zero, range, sums, &real)) return false;
  for (int32_t t = 0; t < SCALE_TRIES; t++)
    if (try_scale(&s, candidate(real, t), fused, out)) return true;
  return false;
}

/* ---- the shifted form ---- */

enum { WHOLE = 12582912, SUM_MAX = (1 << 22) - 1 /* so that WHOLE + sum keeps its exponent */ };

/* What vector code computes: WHOLE + sum + shift is a float by its bits; times the scale, plus an
 * integer, rounded once. The product is exact in double, the sum need not be, so it is rounded here
 * by hand: to nearest, halves to even. */
static int32_t approximate_shifted(int64_t sum, const tl_fast_shifted *form)
{
  const double product = (double)(WHOLE + sum + form->shift) * (double)form->scale; /* >= 0 */
  const int64_t add = (int64_t)form->add, floor = (int64_t)product;
  const double rest = product - (double)floor;
  const bool up = rest > 0.5 || (rest == 0.5 && (add + floor) % 2 != 0);
  return (int32_t)(add + floor + (up ? 1 : 0) - WHOLE);
}

static bool agrees_shifted(const staircase *s, const tl_fast_shifted *form)
{
  for (int32_t i = 0; i < s->count; i++) {
    const int32_t value = s->first + i;
    if (s->steps[i] <= s->sums.high && approximate_shifted(s->steps[i], form) < value) return false;
    if (s->steps[i] - 1 >= s->sums.low && approximate_shifted(s->steps[i] - 1, form) >= value)
      return false;
  }
  return true;
}

/* A shift whose product with the scale, and that of WHOLE, has the fraction that the interval wants. */
static bool find_shift(const interval *want, tl_range shifts, tl_fast_shifted *out)
{
  const double low = want->low, width = want->high - want->low, scale = (double)out->scale;
  int64_t tries = (int64_t)shifts.high - shifts.low + 1;
  if (tries > SHIFT_MAX) tries = SHIFT_MAX;
  int32_t shift = shifts.low > 0 || shifts.high < SHIFT_MAX ? shifts.low : 0;
  double at = (double)(WHOLE + shift) * scale - low; /* behind the interval's begin, modulo 1 */
  at -= (double)(int64_t)at + 1.0;
  for (int64_t t = 0; t < tries; t++, shift++) {
    if (at > 0.0 && at < width) {
      const double add = low + at - (double)(WHOLE + shift) * scale; /* nearly whole */
      out->shift = shift;
      out->add = (float)(WHOLE + (int64_t)(add - 0.25)); /* negative: towards 0 */
      return out->add >= 8388608.0f;
    }
    at += scale;
    if (at >= width) at -= (double)(int64_t)(at - width) + 1.0;
  }
  return false;
}

bool tl_fast_prove_shifted(tl_scale scale, int32_t zero, tl_range range, tl_range sums,
                           tl_fast_shifted *out)
{
  const tl_range shifts = {-SUM_MAX - sums.low, SUM_MAX - sums.high};
  staircase s;
  double real;
  if (sums.low < -SUM_MAX || sums.high > SUM_MAX || shifts.low > shifts.high || scale.shift > -2 ||
      scale.shift < -16 || !prepare(&s, scale, zero, range, sums, &real))
    return false;
  for (int32_t t = 0; t < SHIFTED_TRIES; t++) {
    interval sides[2];
    out->scale = candidate(real, t);
    allowed(&s, out->scale, sides);
    narrow(&sides[0], sides[1].low, sides[1].high);
    if (!(sides[0].low < sides[0].high) || sides[0].low < -1e6 || sides[0].high > 1e6) continue;
    if (find_shift(&sides[0], shifts, out) && agrees_shifted(&s, out)) return true;
  }
  return false;
}
