#include "kernels/curve_int16.h"

#include <stddef.h>
#include <string.h>

/* 65536 * logistic(i / 24), raised by half of what a chord to the next entry would lack in its
 * middle, to the nearest integer; the last entry (the end of the last chord) is 65535.
 * tests/kernels/test_curve.c computes it again. tanh(x) = 2 logistic(2 x) - 1 shares it. */
enum { ENTRIES = 256 };
static const uint16_t table[ENTRIES] = {
    32768, 33451, 34133, 34813, 35493, 36169, 36843, 37513, 38180, 38841, 39498, 40149, 40794,
    41432, 42064, 42688, 43304, 43912, 44511, 45102, 45683, 46255, 46817, 47369, 47911, 48443,
    48964, 49475, 49975, 50464, 50942, 51409, 51865, 52311, 52745, 53169, 53581, 53983, 54374,
    54755, 55125, 55485, 55834, 56174, 56503, 56823, 57133, 57433, 57724, 58007, 58280, 58544,
    58800, 59048, 59288, 59519, 59743, 59959, 60168, 60370, 60565, 60753, 60935, 61110, 61279,
    61441, 61599, 61750, 61896, 62036, 62172, 62302, 62428, 62549, 62666, 62778, 62886, 62990,
    63090, 63186, 63279, 63368, 63454, 63536, 63615, 63691, 63765, 63835, 63903, 63968, 64030,
    64090, 64148, 64204, 64257, 64308, 64357, 64405, 64450, 64494, 64536, 64576, 64614, 64652,
    64687, 64721, 64754, 64786, 64816, 64845, 64873, 64900, 64926, 64950, 64974, 64997, 65019,
    65039, 65060, 65079, 65097, 65115, 65132, 65149, 65164, 65179, 65194, 65208, 65221, 65234,
    65246, 65258, 65269, 65280, 65291, 65301, 65310, 65319, 65328, 65337, 65345, 65352, 65360,
    65367, 65374, 65381, 65387, 65393, 65399, 65404, 65410, 65415, 65420, 65425, 65429, 65433,
    65438, 65442, 65445, 65449, 65453, 65456, 65459, 65462, 65465, 65468, 65471, 65474, 65476,
    65479, 65481, 65483, 65485, 65488, 65489, 65491, 65493, 65495, 65497, 65498, 65500, 65501,
    65503, 65504, 65505, 65507, 65508, 65509, 65510, 65511, 65512, 65513, 65514, 65515, 65516,
    65517, 65517, 65518, 65519, 65520, 65520, 65521, 65522, 65522, 65523, 65523, 65524, 65524,
    65525, 65525, 65526, 65526, 65526, 65527, 65527, 65528, 65528, 65528, 65529, 65529, 65529,
    65529, 65530, 65530, 65530, 65530, 65531, 65531, 65531, 65531, 65531, 65532, 65532, 65532,
    65532, 65532, 65532, 65533, 65533, 65533, 65533, 65533, 65533, 65533, 65533, 65534, 65534,
    65534, 65534, 65534, 65534, 65534, 65534, 65534, 65534, 65535,
};

bool tl_curve_is_power(float scale, int32_t exponent)
{
  const double power = exponent >= 0 ? (double)(1u << exponent) : 1.0 / (double)(1u << -exponent);
  const double ratio = (double)scale / power; /* TFLite: |log2(scale) - exponent| < 0.001 */
  return ratio > 0.99930709 && ratio < 1.00069339;
}

bool tl_curve_int16_of(tl_curve_int16 *out, float scale, bool is_tanh)
{
  *out = (tl_curve_int16){3, 0};
  if (tl_curve_is_power(scale, -12)) return true;
  if (is_tanh && tl_curve_is_power(scale, -11)) {
    out->multiplier = 6;
    return true;
  }
  if (!(scale > 0.0f) || !(scale < 2.66f)) return false;
  double multiplier = (double)scale * 12288.0;
  for (; multiplier <= 32767.0 / 2.0 && out->shift <= 30; out->shift++) multiplier *= 2.0;
  out->multiplier = (int32_t)multiplier;
  return true;
}

static int32_t argument(int16_t q, tl_curve_int16 curve)
{
  const int32_t half = curve.shift > 0 ? 1 << (curve.shift - 1) : 0;
  return (q * curve.multiplier + half) >> curve.shift;
}

/* The table at |x| with `bits` of fraction between entries, times 2^bits; `beyond` past its end. */
static int32_t look_up(int32_t x, int32_t bits, int32_t beyond)
{
  const uint32_t magnitude = x < 0 ? 0u - (uint32_t)x : (uint32_t)x;
  const uint32_t index = magnitude >> bits;
  if (index >= ENTRIES - 1) return beyond;
  const int32_t rest = (int32_t)(magnitude & ((1u << bits) - 1));
  return table[index] * (1 << bits) + rest * (table[index + 1] - table[index]);
}

int16_t tl_curve_logistic_steps(int32_t x)
{
  const int32_t p = look_up(x, 9, 0x7FFF << 10);
  return (int16_t)((x >= 0 ? p + (1 << 9) : (1 << 25) - p + (1 << 9) - 1) >> 10);
}

int16_t tl_curve_tanh_steps(int32_t x)
{
  const int32_t p = look_up(x, 8, 0xFFFF << 8); /* half the step: logistic(2 x) */
  return (int16_t)((x >= 0 ? p - (1 << 23) + (1 << 7) : -p + (1 << 23) + (1 << 7) - 1) >> 8);
}

int16_t tl_curve_logistic_int16(int16_t q, tl_curve_int16 curve)
{
  return tl_curve_logistic_steps(argument(q, curve));
}

int16_t tl_curve_tanh_int16(int16_t q, tl_curve_int16 curve)
{
  return tl_curve_tanh_steps(argument(q, curve));
}
