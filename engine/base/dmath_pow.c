/* pow, log2, log10: through a logarithm in double-double. */
#include "base/dmath_inside.h"

#include <assert.h>

/* For m near c = (90 + i) / 128: a short 1/c (so that m / c - 1 is exact in two doubles) and -log
 * of it, the high part a multiple of 2^-42 (so that it adds to a multiple of LN2_HIGH exactly). */
typedef struct log_row {
  double inverse, log_high, log_low;
} log_row;

static const log_row log_table[] = {
    {0x1.6cp+0, -0x1.686c81e9b1p-2, -0x1.2bb110af84054p-44},
    {0x1.68p+0, -0x1.5d1bdbf581p-2, 0x1.8d6bdc9c7c238p-44},
    {0x1.64p+0, -0x1.51aad872ep-2, 0x1.f4bd8db0a7cc1p-44},
    {0x1.608p+0, -0x1.478cd5959bp-2, -0x1.ec89bf0c8d098p-45},
    {0x1.5c8p+0, -0x1.3bdd24eb15p-2, 0x1.257b4970e6ed9p-44},
    {0x1.59p+0, -0x1.31871c9544p-2, -0x1.84fab94cecfd9p-46},
    {0x1.558p+0, -0x1.27161913f8p-2, -0x1.4f4f1f61564b4p-44},
    {0x1.52p+0, -0x1.1c898c169ap-2, 0x1.81410e5c62affp-44},
    {0x1.4e8p+0, -0x1.11e0e2dadap-2, 0x1.a47f88fcce5bap-45},
    {0x1.4bp+0, -0x1.071b85fcd6p-2, 0x1.bcb8ba3e01a11p-44},
    {0x1.478p+0, -0x1.f871b28956p-3, 0x1.f75fd6a526efep-44},
    {0x1.448p+0, -0x1.e598ed5a88p-3, 0x1.d134bcf1e98a1p-47},
    {0x1.418p+0, -0x1.d293581b6cp-3, 0x1.83270128aaa5fp-44},
    {0x1.3ep+0, -0x1.bc286742d8p-3, -0x1.9ac53f39d121cp-44},
    {0x1.3bp+0, -0x1.a8becfc882p-3, -0x1.e3185cf21b9cfp-44},
    {0x1.38p+0, -0x1.9525a9cf46p-3, 0x1.297137d9f158fp-44},
    {0x1.35p+0, -0x1.815c0a1436p-3, 0x1.02a52f9201ce8p-44},
    {0x1.32p+0, -0x1.6d60fe719ep-3, 0x1.bc6e557134767p-44},
    {0x1.2f8p+0, -0x1.5c94007598p-3, 0x1.a8d948cd23322p-44},
    {0x1.2c8p+0, -0x1.483bccce6ep-3, -0x1.eea52723f6369p-46},
    {0x1.2ap+0, -0x1.371fc201e8p-3, -0x1.ee8779b2d8abcp-44},
    {0x1.27p+0, -0x1.2266f190a6p-3, 0x1.4d20ab840e7f6p-45},
    {0x1.248p+0, -0x1.10f8e42254p-3, 0x1.93b3843396307p-45},
    {0x1.22p+0, -0x1.fec9131dcp-4, 0x1.54555d1ae6607p-44},
    {0x1.1f8p+0, -0x1.db5270187cp-4, -0x1.9277856ae181fp-44},
    {0x1.1dp+0, -0x1.b78c82bb1p-4, 0x1.25ef7bc3987e7p-44},
    {0x1.1a8p+0, -0x1.9375e55594p-4, -0x1.eddc37380c364p-44},
    {0x1.18p+0, -0x1.6f0d28ae58p-4, 0x1.4b4641b664613p-44},
    {0x1.158p+0, -0x1.4a50d3aa1cp-4, 0x1.f7fe1308973e2p-45},
    {0x1.138p+0, -0x1.2cb0283f5cp-4, -0x1.e1ee2ca657021p-44},
    {0x1.11p+0, -0x1.075983599p-4, 0x1.b8ecfe4b59987p-44},
    {0x1.0fp+0, -0x1.d276b8adbp-5, -0x1.6a423c78a64bp-46},
    {0x1.0c8p+0, -0x1.868a83084p-5, 0x1.2623a134ac693p-46},
    {0x1.0a8p+0, -0x1.494acc34d8p-5, -0x1.11c78a56fd247p-45},
    {0x1.088p+0, -0x1.0b94f7c198p-5, 0x1.e89896f022783p-45},
    {0x1.06p+0, -0x1.7b91b07d6p-6, 0x1.3b955b602ace4p-44},
    {0x1.04p+0, -0x1.fc0a8b0fcp-7, -0x1.f1e7cf6d3a69cp-50},
    {0x1.02p+0, -0x1.fe02a6b1p-8, -0x1.9e23f0dda40e4p-46},
    {0x1.0p+0, 0x0.0p+0, 0x0.0p+0},
    {0x1.fcp-1, 0x1.010157588p-7, 0x1.bce251998b506p-44},
    {0x1.f8p-1, 0x1.020565893p-6, 0x1.611d27c8e8417p-44},
    {0x1.f4p-1, 0x1.8492528c9p-6, -0x1.aa0ba325a0c34p-45},
    {0x1.fp-1, 0x1.0415d89e78p-5, -0x1.dddc7f461c516p-44},
    {0x1.edp-1, 0x1.35c8bfaa1p-5, 0x1.8357d5ef9eb35p-44},
    {0x1.e9p-1, 0x1.788595a358p-5, -0x1.08b0d083b3a4cp-46},
    {0x1.e5p-1, 0x1.bbcebfc69p-5, -0x1.7bf868c317c2ap-46},
    {0x1.e2p-1, 0x1.eea31c0068p-5, 0x1.c3dd83606d891p-44},
    {0x1.dep-1, 0x1.1973bd1464p-4, 0x1.566d154f930b3p-44},
    {0x1.dbp-1, 0x1.333d7f8184p-4, -0x1.692b6a81b8848p-49},
    {0x1.d7p-1, 0x1.55e10050ep-4, 0x1.c1d740c53c72ep-47},
    {0x1.d4p-1, 0x1.700d30aeacp-4, 0x1.c1e8da99ded32p-49},
    {0x1.d1p-1, 0x1.8a6477a91cp-4, 0x1.c28c0af9bd6dfp-44},
    {0x1.cep-1, 0x1.a4e7640b1cp-4, -0x1.e42b6b94407c8p-47},
    {0x1.cap-1, 0x1.c885801bc4p-4, 0x1.646d1c65aacd3p-45},
    {0x1.c7p-1, 0x1.e3707ee304p-4, 0x1.0f684e6766abdp-45},
    {0x1.c4p-1, 0x1.fe89139dbcp-4, 0x1.56594d82f7a82p-44},
    {0x1.c1p-1, 0x1.0ce7ecdcccp-3, 0x1.4652dabff5447p-46},
    {0x1.bep-1, 0x1.1aa2b7e24p-3, -0x1.1ac38dde3b366p-44},
    {0x1.bbp-1, 0x1.28753bc11ap-3, 0x1.7494e359302e6p-44},
    {0x1.b8p-1, 0x1.365fcb015ap-3, -0x1.fd3a0afb9691bp-44},
    {0x1.b5p-1, 0x1.4462b9dc9cp-3, -0x1.84858a711b062p-44},
    {0x1.b2p-1, 0x1.527e5e4a1cp-3, -0x1.4e60b8d4b411dp-44},
    {0x1.afp-1, 0x1.60b3100b0ap-3, -0x1.71456c988f814p-44},
    {0x1.acp-1, 0x1.6f0128b756p-3, 0x1.577390d31ef0fp-44},
    {0x1.aap-1, 0x1.7898d85444p-3, 0x1.8e67be3dbaf3fp-44},
    {0x1.a7p-1, 0x1.871213750ep-3, 0x1.328eb42f9af75p-44},
    {0x1.a4p-1, 0x1.95a5adcf7p-3, 0x1.7f22858a0ff6fp-47},
    {0x1.a1p-1, 0x1.a454082e6ap-3, 0x1.60a77c81f7171p-44},
    {0x1.9fp-1, 0x1.ae2ca6f672p-3, 0x1.7a8d5ae54f55p-44},
    {0x1.9cp-1, 0x1.bd087383bep-3, -0x1.d4bc4595412b6p-45},
    {0x1.9ap-1, 0x1.c6ffbc6fp-3, 0x1.ee138d3a69d43p-44},
    {0x1.97p-1, 0x1.d60a17f904p-3, -0x1.5d6e06fc20d39p-44},
    {0x1.95p-1, 0x1.e020cc6236p-3, -0x1.52b00adb91424p-45},
    {0x1.92p-1, 0x1.ef5ade4ddp-3, -0x1.a211565bb8e11p-51},
    {0x1.9p-1, 0x1.f991c6cb3cp-3, -0x1.90d04cd7cc834p-44},
    {0x1.8dp-1, 0x1.047e60cde8p-2, 0x1.dbdf10d397f3cp-45},
    {0x1.8bp-1, 0x1.09aa572e6cp-2, 0x1.b50a1e1734342p-44},
    {0x1.88p-1, 0x1.1178e8227ep-2, 0x1.1ef78ce2d07f2p-44},
    {0x1.86p-1, 0x1.16b5ccbadp-2, -0x1.23299042d74bfp-44},
    {0x1.84p-1, 0x1.1bf99635a7p-2, -0x1.1ac89575c2125p-44},
    {0x1.82p-1, 0x1.214456d0ecp-2, -0x1.caf0428b728a3p-44},
    {0x1.7fp-1, 0x1.2941afb187p-2, -0x1.210c2b730e28bp-44},
    {0x1.7dp-1, 0x1.2e9e2bce12p-2, 0x1.4300c128d1dc2p-45},
    {0x1.7bp-1, 0x1.3401e12aedp-2, -0x1.17c73556e291dp-44},
    {0x1.79p-1, 0x1.396ce359bcp-2, -0x1.5839c5663663dp-47},
    {0x1.76p-1, 0x1.419b423d5fp-2, -0x1.ce379226de3ecp-44},
    {0x1.74p-1, 0x1.4718dc271cp-2, 0x1.06c18fb4c14c5p-44},
    {0x1.72p-1, 0x1.4c9e09e173p-2, -0x1.e20891b0ad8a4p-45},
    {0x1.7p-1, 0x1.522ae0738ap-2, 0x1.ebe708164c759p-45},
    {0x1.6ep-1, 0x1.57bf753c8dp-2, 0x1.fadedee5d40efp-46},
    {0x1.6cp-1, 0x1.5d5bddf596p-2, -0x1.a0b2a08a465dcp-47},
    {0x1.6ap-1, 0x1.630030b3abp-2, -0x1.db623e731aep-45},
    {0x1.68p-1, 0x1.68ac83e9c7p-2, -0x1.7af966c548a3p-44},
};

typedef struct split_log {
  int32_t exponent; /* x = 2^exponent m, sqrt(1/2) <= m < sqrt(2) */
  tl_pair log_m;    /* relative error below 2^-67 */
  double
      log_high; /* the row's part of log_m, and the rest of it, for sums with exponent * log(2) */
  tl_pair rest;
} split_log;

/* x finite and > 0. log m = -log(inverse) + log(1 + r), r = m * inverse - 1, |r| < 2^-7.4. */
static split_log take_log(double x)
{
  const uint64_t root = UINT64_C(0x3fe6a09e667f3bcd);
  const bool subnormal = x < 0x1p-1022;
  const uint64_t bits = tl_bits(subnormal ? x * 0x1p54 : x) - root;
  split_log out;
  out.exponent = (int32_t)((int64_t)bits >> 52) - (subnormal ? 54 : 0);
  const double m = tl_from_bits((bits & UINT64_C(0xfffffffffffff)) + root);
  const int32_t index = (int32_t)(m * 128.0 + 0.5) - 90;
  assert(0 <= index && index < (int32_t)(sizeof log_table / sizeof *log_table));
  const log_row *row = &log_table[index];
  const double m_high = tl_from_bits(tl_bits(m) & ~UINT64_C(0x7ffffff));
  const tl_pair r = tl_two_sum(m_high * row->inverse - 1.0, (m - m_high) * row->inverse);
  const double x1 = r.high, x2 = x1 * x1;
  const double series = /* (log(1 + r) - r + r^2/2) / r^3 */
      0x1.5555555555555p-2 - x1 * (0.25 - x1 * (0x1.999999999999ap-3 - x1 * 0x1.5555555555555p-3)) +
      x2 * x2 * (0x1.2492492492492p-3 - x1 * (0.125 - x1 * (0x1.c71c71c71c71cp-4 - x1 * 0.1)));
  const tl_pair square = tl_two_product(x1, x1);
  const tl_pair rough = tl_two_sum(x1, -0.5 * square.high);
  const double small = rough.low + (r.low - x1 * r.low - 0.5 * square.low) + x1 * x2 * series;
  out.rest = tl_two_sum(rough.high, small + row->log_low);
  out.log_high = row->log_high;
  const tl_pair sum = tl_two_sum(out.log_high, out.rest.high);
  out.log_m = tl_fast_two_sum(sum.high, sum.low + out.rest.low);
  return out;
}

/* The arguments whose logarithm needs no arithmetic: true, and *out is the answer. */
static bool log_special(double *out, double x)
{
  if (x > 0.0 && x < TL_INFINITY) return false;
  *out = x == 0.0 ? -TL_INFINITY : x < 0.0 ? TL_NOT_A_NUMBER : x;
  return true;
}

/* exponent * scale + log m * per_e, both factors in double-double. */
static double log_scaled(double x, tl_pair scale, tl_pair per_e)
{
  const split_log log_x = take_log(x);
  const double k = log_x.exponent;
  const tl_pair product = tl_two_product(log_x.log_m.high, per_e.high);
  const double low = product.low + (log_x.log_m.high * per_e.low + log_x.log_m.low * per_e.high);
  const tl_pair sum = tl_two_sum(k * scale.high, product.high);
  return sum.high + (sum.low + (k * scale.low + low));
}

double tl_math_log2(double x)
{
  double value;
  if (log_special(&value, x)) return value;
  return log_scaled(x, (tl_pair){1.0, 0.0}, (tl_pair){0x1.71547652b82fep+0, 0x1.777d0ffda0d24p-56});
}

double tl_math_log10(double x)
{
  double value;
  if (log_special(&value, x)) return value;
  return log_scaled(x, (tl_pair){0x1.34413508p-2, 0x1.f79fef311f12bp-34},
                    (tl_pair){0x1.bcb7b1526e50ep-2, 0x1.95355baaafad3p-57});
}

/* 0: y is not whole; 1: odd; 2: even. */
static int whole_kind(double y)
{
  const double size = tl_abs(y);
  if (size >= 0x1p53) return 2;
  const int64_t whole = (int64_t)size;
  if ((double)whole != size) return 0;
  return whole & 1 ? 1 : 2;
}

/* C11 F.10.4.4, for the arguments that have no logarithm or need none: true, and *out is the
 * answer. */
static bool pow_special(double *out, double x, double y)
{
  const double size = tl_abs(x);
  if (y == 0.0 || x == 1.0)
    *out = 1.0;
  else if (x != x || y != y)
    *out = TL_NOT_A_NUMBER;
  else if (tl_abs(y) == TL_INFINITY)
    *out = size == 1.0 ? 1.0 : (size > 1.0) == (y > 0.0) ? TL_INFINITY : 0.0;
  else if (size == 0.0 || size == TL_INFINITY) {
    const double result = (size == 0.0) == (y > 0.0) ? 0.0 : TL_INFINITY;
    *out = whole_kind(y) == 1 ? tl_copy_sign(result, x) : result;
  } else if (x < 0.0 && whole_kind(y) == 0)
    *out = TL_NOT_A_NUMBER;
  else
    return false;
  return true;
}

double tl_math_pow(double x, double y)
{
  double value;
  if (pow_special(&value, x, y)) return value;
  const double size = tl_abs(x), sign = x < 0.0 && whole_kind(y) == 1 ? -1.0 : 1.0;
  if (size == 1.0) return sign;
  if (tl_abs(y) > 0x1p65) return (size > 1.0) == (y > 0.0) ? sign * TL_INFINITY : sign * 0.0;
  if (tl_abs(y) < 0x1p-65) return 1.0; /* |y log x| < 2^-55; x is positive, as y is not whole */
  const split_log log_x = take_log(size);
  const double k = log_x.exponent;
  /* k LN2_HIGH + log_high is exact; then the rest in falling size. */
  const tl_pair sum = tl_two_sum(k * TL_LN2_HIGH + log_x.log_high, log_x.rest.high);
  const tl_pair full = tl_two_sum(k * TL_LN2_LOW, sum.low);
  const tl_pair joined = tl_two_sum(sum.high, full.high);
  const tl_pair log_size = tl_two_sum(joined.high, joined.low + (full.low + log_x.rest.low));
  const tl_pair product = tl_two_product(y, log_size.high);
  if (product.high > 710.0)
    return sign * TL_INFINITY; /* the tail below is small only within this range */
  if (product.high < -746.0) return sign * 0.0;
  return sign * tl_exp_core(product.high, product.low + y * log_size.low);
}
