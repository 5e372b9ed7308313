/* pair_pack.c: ADD and SUB of int8 tensors of one shape as one linear form in integers.
 *
 * The output is (nearly) a1 x1 + a2 x2 + c, clamped. Written as
 *     y = (((x1 h1 + x2 h2) << 6) + ((x1 l1 + x2 l2) >> 9) + c) >> (21 - bits)
 * with a = (h + l / 2^15) / 2^(15 - bits), it needs two multiply-adds of int16 pairs. The reference
 * rounds three times on its way; for each of the 65536 pairs of bytes its output bounds c from both
 * sides, and if any c is left, the form equals the reference by exhaustion. */
#include "kernels/batch/fast.h"

enum { FRACTION = 15, BITS_MAX = 6, ADD = 0 };

static double real_of(tl_scale scale)
{
  double real = (double)scale.multiplier / 2147483648.0;
  for (int i = 0; i < scale.shift; i++) real *= 2.0;
  for (int i = 0; i > scale.shift; i--) real *= 0.5;
  return real;
}

/* What the reference makes of an input before it adds, for each byte. */
static void common(int32_t *out, int32_t zero, int32_t left_shift, tl_scale scale)
{
  for (int32_t x = INT8_MIN; x <= INT8_MAX; x++)
    out[x - INT8_MIN] = tl_fixed_mul(tl_fixed_shift_left(x - zero, left_shift), scale);
}

/* The factor in its two parts; false if it does not fit. */
static bool split(double factor, int32_t bits, int16_t *high, int16_t *low)
{
  const double scaled = factor * (double)(1 << (2 * FRACTION - bits));
  if (!(scaled > -1073741824.0 && scaled < 1073709056.0)) return false;
  const int64_t whole = (int64_t)(scaled < 0.0 ? scaled - 0.5 : scaled + 0.5);
  *high = (int16_t)(whole >> FRACTION);
  *low = (int16_t)(whole & ((1 << FRACTION) - 1));
  return true;
}

/* The form without its constant. */
static int64_t linear(const tl_fast_pair *p, int32_t x1, int32_t x2)
{
  const int64_t low = x1 * p->low[0] + x2 * p->low[1];
  return 64 * (int64_t)(x1 * p->high[0] + x2 * p->high[1]) + (low >> 9);
}

/* The constant that makes the form equal the reference for every pair of bytes. */
static bool find_constant(tl_fast_pair *p, const tl_pair_data *pair, bool add)
{
  int32_t common1[256], common2[256];
  int64_t least = INT32_MIN, most = INT32_MAX;
  common(common1, pair->zero1, pair->left_shift, pair->scale1);
  common(common2, pair->zero2, pair->left_shift, pair->scale2);
  for (int32_t x1 = INT8_MIN; x1 <= INT8_MAX; x1++)
    for (int32_t x2 = INT8_MIN; x2 <= INT8_MAX; x2++) {
      const int32_t a = common1[x1 - INT8_MIN], b = common2[x2 - INT8_MIN];
      const int64_t scaled = tl_fixed_mul(add ? a + b : a - b, pair->scale_out);
      const int64_t y = scaled + pair->zero_out, sum = linear(p, x1, x2);
      const int64_t from = y * (1 << p->shift) - sum, to = from + (1 << p->shift) - 1;
      if (y > pair->range.low && from > least) least = from;
      if (y < pair->range.high && to < most) most = to;
    }
  const int64_t reach = 3ll << 29; /* of the form without its constant, and more */
  if (least > most || least < -(1ll << 31) + reach || most > (1ll << 31) - reach) return false;
  p->constant = (int32_t)(least + (most - least) / 2);
  return true;
}

bool tl_pair_pack(tl_fast_pack *pack)
{
  const tl_pair_data *pair = pack->op->data;
  const tl_tensor *x1 = tl_op_input(pack->model, pack->op, 0);
  const tl_tensor *x2 = tl_op_input(pack->model, pack->op, 1);
  const tl_tensor *y = tl_op_output(pack->model, pack->op, 0);
  if (!tl_fast_takes(x1) || !tl_fast_takes(x2) || !tl_fast_takes(y) ||
      x1->element_count != y->element_count || x2->element_count != y->element_count)
    return false;
  const bool add = pack->op->row->builtin == ADD;
  const double unit = (double)(1 << pair->left_shift) * real_of(pair->scale_out);
  const double factor1 = real_of(pair->scale1) * unit;
  const double factor2 = real_of(pair->scale2) * unit * (add ? 1.0 : -1.0);
  tl_fast_pair p = {.in_offset = {x1->offset, x2->offset},
                    .out_offset = y->offset,
                    .count = y->element_count,
                    .low_clamp = (int8_t)pair->range.low,
                    .high_clamp = (int8_t)pair->range.high};
  for (int32_t bits = 0;; bits++) {
    if (bits > BITS_MAX) return false;
    p.shift = 21 - bits;
    if (split(factor1, bits, &p.high[0], &p.low[0]) && split(factor2, bits, &p.high[1], &p.low[1]))
      break;
  }
  tl_fast_pair *packed = tl_cut(pack->cutter, sizeof *packed);
  if (!find_constant(&p, pair, add)) return false;
  if (packed != NULL) *packed = p;
  pack->packed = packed;
  return true;
}

bool tl_pool_pack(tl_fast_pack *pack)
{
  const tl_tensor *x = tl_op_input(pack->model, pack->op, 0);
  const tl_tensor *y = tl_op_output(pack->model, pack->op, 0);
  if (!tl_fast_takes(x) || !tl_fast_takes(y)) return false;
  tl_fast_pool *packed = tl_cut(pack->cutter, sizeof *packed);
  if (packed != NULL)
    *packed = (tl_fast_pool){pack->op->data, x->offset, y->offset, pack->op->row->builtin == 1};
  pack->packed = packed;
  return true;
}
