/* rescale.c: how sums become outputs, per output channel, and the proof that the float form may be
 * used. */
#include "kernels/batch/fast.h"

#include <string.h>

typedef struct span64 {
  int64_t low, high;
} span64;

static int64_t bias_of(const tl_sums *sums, uint32_t output)
{
  return sums->bias != NULL ? tl_load_i32(sums->bias + 4ull * output) : 0;
}

static tl_scale scale_of(const tl_sums *sums, uint32_t output)
{
  return sums->scales[sums->scale_count == 1 ? 0 : output];
}

static int32_t weight_of(const tl_weights *w, uint32_t output, uint32_t tap)
{
  return w->data[output * w->output_step + tap * w->tap_step];
}

/* All sums of an output that any inputs can give. */
static span64 reach(const tl_sums *sums, uint32_t output)
{
  span64 span = {bias_of(sums, output), bias_of(sums, output)};
  for (uint32_t t = 0; t < sums->weights.taps; t++) {
    const int64_t w = weight_of(&sums->weights, output, t);
    const int64_t a = w * (INT8_MIN - sums->input_zero), b = w * (INT8_MAX - sums->input_zero);
    span.low += a < b ? a : b;
    span.high += a < b ? b : a;
  }
  return span;
}

/* The output of a sum, as the reference has it. */
static int32_t exact(const tl_sums *sums, tl_scale scale, int64_t sum)
{
  const int64_t y = (int64_t)tl_fixed_mul((int32_t)sum, scale) + sums->output_zero;
  return y < sums->range.low    ? sums->range.low
         : y > sums->range.high ? sums->range.high
                                : (int32_t)y;
}

/* Outputs rise with sums, so both ends tell. */
static bool is_constant(const tl_sums *sums, uint32_t output, span64 span, int32_t *value)
{
  const tl_scale scale = scale_of(sums, output);
  if (span.low < INT32_MIN || span.high > INT32_MAX || (scale.shift > 0 && span.low != span.high))
    return false; /* it could wrap */
  *value = exact(sums, scale, span.low);
  return *value == exact(sums, scale, span.high);
}

bool tl_sums_constant(const tl_sums *sums, uint32_t output)
{
  int32_t value;
  return is_constant(sums, output, reach(sums, output), &value);
}

/* Vector code rounds twice; the sum must leave room for it. */
static bool fits(span64 span, tl_scale scale)
{
  const int64_t limit = (1ll << 30) >> (scale.shift > 0 ? scale.shift : 0);
  return scale.rounding == TL_ROUNDING_DOUBLE && span.low > -limit && span.high < limit;
}

typedef struct tables {
  int32_t *start, *multiplier, *left, *right, *shift;
  float *scale, *above, *below;
} tables;

static tl_range narrow(span64 span) { return (tl_range){(int32_t)span.low, (int32_t)span.high}; }

/* Rescales any sum to this value: 0 + value in float, (2 * start * 2^30) / 2^31 in integers; the
 * weights of such an output must be taken as zeros. */
static void put_constant(const tl_sums *sums, const tables *t, uint32_t o, int32_t value)
{
  t->scale[o] = 0.0f;
  t->above[o] = t->below[o] = (float)value;
  t->start[o] = value - sums->output_zero;
  t->multiplier[o] = 1 << 30;
  t->left[o] = 1;
  t->right[o] = 0;
}

/* Bias with the offset of the units folded in, and the integer form. */
static void put_integer(const tl_sums *sums, const tables *t, uint32_t o)
{
  const int64_t offset = sums->unit == TL_UNIT_BYTES ? 128 + sums->input_zero : 0;
  int64_t sum = 0;
  for (uint32_t tap = 0; tap < sums->weights.taps; tap++) sum += weight_of(&sums->weights, o, tap);
  const tl_scale scale = scale_of(sums, o);
  t->start[o] = (int32_t)(uint32_t)(uint64_t)(bias_of(sums, o) - offset * sum);
  t->multiplier[o] = scale.multiplier;
  t->left[o] = scale.shift > 0 ? scale.shift : 0;
  t->right[o] = scale.shift < 0 ? -scale.shift : 0;
}

/* The float form of an output, if it is proved; *shared keeps that of the last output, whose scale
 * and sums may be the same. */
static bool put_float(const tl_sums *sums, const tables *t, uint32_t o, span64 span, bool fused,
                      tl_fast_float *shared)
{
  if ((o == 0 || sums->scale_count > 1 || !(shared->scale > 0.0f)) &&
      !tl_fast_prove(scale_of(sums, o), sums->output_zero, sums->range, narrow(span), fused,
                     shared))
    return false;
  t->scale[o] = shared->scale;
  t->above[o] = shared->above;
  t->below[o] = shared->below;
  return true;
}

/* The reach of all outputs that share a scale and are not constant. */
static span64 reach_all(const tl_sums *sums)
{
  span64 all = {0, 0};
  int32_t value;
  for (uint32_t o = 0; o < sums->weights.outputs; o++) {
    const span64 span = reach(sums, o);
    if (is_constant(sums, o, span, &value)) continue;
    all.low = span.low < all.low ? span.low : all.low;
    all.high = span.high > all.high ? span.high : all.high;
  }
  return all;
}

/* Turns all outputs to the shifted form; false where one has none, and t->start is as it was. */
static bool put_shifted(const tl_sums *sums, const tables *t, const uint8_t *constant, span64 all)
{
  const bool shared = sums->scale_count == 1;
  tl_fast_shifted form = {0};
  for (uint32_t o = 0; o < sums->weights.outputs; o++) {
    if (constant[o]) continue;
    const bool known = shared && form.scale > 0.0f;
    if (!known && !tl_fast_prove_shifted(scale_of(sums, o), sums->output_zero, sums->range,
                                         narrow(shared ? all : reach(sums, o)), &form))
      return false;
    t->scale[o] = form.scale;
    t->above[o] = form.add;
    t->shift[o] = form.shift;
  }
  for (uint32_t o = 0; o < sums->weights.outputs; o++) {
    if (constant[o]) {
      t->above[o] += 12582912.0f;
      t->start[o] = 0; /* bits of a float: a negative number's are NaN, and 0 * NaN stays */
    } else {
      t->start[o] = (int32_t)((uint32_t)t->start[o] + TL_SHIFTED_BITS + (uint32_t)t->shift[o]);
    }
  }
  return true;
}

static tl_fast_form fill(const tl_sums *sums, const tl_fast_path *path, const tables *t,
                         uint8_t *constant)
{
  tl_fast_form form = TL_FORM_FLOAT;
  tl_fast_float shared = {0};
  const span64 all = sums->scale_count == 1 ? reach_all(sums) : (span64){0, 0};
  for (uint32_t o = 0; o < sums->weights.outputs; o++) {
    int32_t value;
    constant[o] = is_constant(sums, o, reach(sums, o), &value);
    if (constant[o])
      put_constant(sums, t, o, value);
    else
      put_integer(sums, t, o);
  }
  if (path->fused && put_shifted(sums, t, constant, all)) return TL_FORM_SHIFTED;
  for (uint32_t o = 0; o < sums->weights.outputs && form != TL_FORM_INTEGER; o++) {
    if (constant[o]) continue;
    if (!put_float(sums, t, o, sums->scale_count == 1 ? all : reach(sums, o), path->fused, &shared))
      form = TL_FORM_INTEGER;
    else if (!shared.one_sided)
      form = TL_FORM_FLOAT_BY_SIGN;
  }
  return form;
}

bool tl_rescaling_pack(tl_rescaling *out, const tl_sums *sums, const tl_fast_path *path,
                       uint32_t padded, tl_cutter *cutter)
{
  int32_t value;
  for (uint32_t o = 0; o < sums->weights.outputs; o++) {
    const span64 span = reach(sums, o);
    if (!fits(span, scale_of(sums, o)) &&
        (scale_of(sums, o).rounding != TL_ROUNDING_DOUBLE || !is_constant(sums, o, span, &value)))
      return false;
  }
  void *pieces[8];
  for (int i = 0; i < 8; i++) {
    pieces[i] = tl_cut(cutter, 4ull * padded);
    if (pieces[i] != NULL) memset(pieces[i], 0, 4ull * padded);
  }
  uint8_t *constant = tl_cut(cutter, padded);
  if (cutter->base == NULL) return true;
  memset(constant, 0, padded);
  const tables t = {pieces[0], pieces[1], pieces[2], pieces[3],
                    pieces[7], pieces[4], pieces[5], pieces[6]};
  const tl_fast_form form = fill(sums, path, &t, constant);
  *out = (tl_rescaling){.start = t.start,
                        .scale = t.scale,
                        .above = t.above,
                        .below = t.below,
                        .multiplier = t.multiplier,
                        .left = t.left,
                        .right = t.right,
                        .zero = sums->output_zero,
                        .form = form,
                        .low = (int8_t)sums->range.low,
                        .high = (int8_t)sums->range.high};
  return true;
}

void tl_rescaling_repeat(tl_rescaling *rescaling, uint32_t outputs, uint32_t count)
{
  const void *const pieces[7] = {rescaling->start,     rescaling->scale, rescaling->above,
                                 rescaling->below,     rescaling->left,  rescaling->right,
                                 rescaling->multiplier};
  for (int i = 0; i < 7; i++) {
    uint32_t *words = (uint32_t *)(uintptr_t)pieces[i]; /* ours, cut by tl_rescaling_pack */
    for (uint32_t o = outputs; o < count; o++) words[o] = words[o - outputs];
  }
}

/* ---- units ---- */

uint32_t tl_unit_inputs(tl_unit unit) { return unit == TL_UNIT_BYTES ? 4 : 2; }

uint32_t tl_unit_input_bytes(tl_unit unit) { return unit == TL_UNIT_BYTES ? 1 : 2; }

void tl_unit_put(uint8_t *out, const tl_fast_path *path, uint32_t lane, const tl_weights *weights,
                 uint32_t tap)
{
  for (uint32_t i = 0; i < tl_unit_inputs(path->unit); i++) {
    const int16_t w =
        (int16_t)(weights->outputs > 0 && tap + i < weights->taps ? weight_of(weights, 0, tap + i)
                                                                  : 0);
    if (path->unit == TL_UNIT_BYTES)
      out[4 * lane + i] = (uint8_t)w;
    else
      memcpy(out + 2 * (path->unit == TL_UNIT_PAIRS ? 2 * lane + i : i * path->lanes + lane), &w,
             sizeof w);
  }
}
