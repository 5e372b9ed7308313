#include "kernels/features/integers.h"

#include "kernels/real.h"

int32_t tl_bits_of(uint64_t x)
{
  int32_t bits = 0;
  for (int32_t step = 32; step > 0; step /= 2)
    if (x >> step != 0) {
      x >>= step;
      bits += step;
    }
  return bits + (x != 0);
}

/* A bit of the root a step, the highest first. */
uint32_t tl_root(uint64_t x)
{
  if (x == 0) return 0;
  const uint64_t root_max = x >> 32 == 0 ? 0xFFFFu : 0xFFFFFFFFu;
  uint64_t root = 0;
  for (uint64_t bit = 1ull << ((tl_bits_of(x) - 1) / 2 * 2); bit != 0; bit >>= 2) {
    const uint64_t trial = root + bit;
    root >>= 1;
    if (x >= trial) {
      x -= trial;
      root += bit;
    }
  }
  return (uint32_t)(x > root && root != root_max ? root + 1 : root);
}

void tl_log2_curve(uint16_t curve[TL_LOG2_CURVE_COUNT])
{
  for (int32_t i = 0; i <= TL_LOG2_SEGMENTS; i++) {
    const double x = (double)i / TL_LOG2_SEGMENTS;
    const double gap = tl_real_log(1.0 + x) / tl_real_log(2.0) - x;
    curve[i] = (uint16_t)tl_real_floor(gap * 65536.0 + 0.5);
  }
}

int32_t tl_log2(uint64_t x, const uint16_t *curve, int32_t slope_bits)
{
  const int32_t whole = tl_bits_of(x) - 1;
  const uint64_t rest = x - (1ull << whole);
  const int32_t fraction = (int32_t)(whole < 16 ? rest << (16 - whole) : rest >> (whole - 16));
  const int32_t segment = fraction >> 9; /* 65536 / 128 = 2^9 */
  const int32_t base = curve[segment], rise = curve[segment + 1] - base;
  return (whole << 16) + fraction + base + (rise * (fraction - (segment << 9)) >> slope_bits);
}

uint32_t tl_log_scaled(uint32_t x, uint32_t bits, const uint16_t *curve)
{
  const uint32_t log2 = (uint32_t)tl_log2(x, curve, 16);
  const uint32_t natural = (uint32_t)((45426ull * log2 + 32768) >> 16); /* ln 2 in Q16 */
  return ((natural << bits) + 32768) >> 16;
}
