/* rescale.c: how sums become outputs, per output channel, and the proof that the float form may be
 * used. */
#include "kernels/batch/fast.h"
#include "kernels/window/window_layer.h"

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

/* Vector code rounds twice; the sum must leave room for it. */
static bool fits(span64 span, tl_scale scale)
{
  const int64_t limit = (1ll << 30) >> (scale.shift > 0 ? scale.shift : 0);
  return scale.rounding == TL_ROUNDING_DOUBLE && span.low > -limit && span.high < limit;
}

typedef struct tables {
  int32_t *start, *multiplier, *left, *right;
  float *scale, *above, *below;
} tables;

static tl_range narrow(span64 span) { return (tl_range){(int32_t)span.low, (int32_t)span.high}; }

/* The float form of every output, or TL_FORM_INTEGER for all. */
static tl_fast_form prove(const tl_sums *sums, const tables *t)
{
  tl_fast_form form = TL_FORM_FLOAT;
  tl_float_form found = {0};
  span64 all = {0, 0};
  for (uint32_t o = 0; o < sums->weights.outputs && sums->scale_count == 1; o++) {
    const span64 span = reach(sums, o);
    all.low = span.low < all.low ? span.low : all.low;
    all.high = span.high > all.high ? span.high : all.high;
  }
  for (uint32_t o = 0; o < sums->weights.outputs; o++) {
    if (o == 0 || sums->scale_count > 1) {
      const span64 span = sums->scale_count > 1 ? reach(sums, o) : all;
      if (!tl_window_prove(scale_of(sums, o), sums->output_zero, 0, sums->range, narrow(span),
                           &found))
        return TL_FORM_INTEGER;
      if (!found.one_sided) form = TL_FORM_FLOAT_BY_SIGN;
    }
    t->scale[o] = found.scale;
    t->above[o] = found.above;
    t->below[o] = found.below;
  }
  return form;
}

/* Bias with the offset of the units folded in, and the integer form. */
static void fill(const tl_sums *sums, tl_unit unit, const tables *t)
{
  const int64_t offset = unit == TL_UNIT_BYTES ? 128 + sums->input_zero : 0;
  for (uint32_t o = 0; o < sums->weights.outputs; o++) {
    int64_t sum = 0;
    for (uint32_t tap = 0; tap < sums->weights.taps; tap++)
      sum += weight_of(&sums->weights, o, tap);
    const tl_scale scale = scale_of(sums, o);
    t->start[o] = (int32_t)(uint32_t)(uint64_t)(bias_of(sums, o) - offset * sum);
    t->multiplier[o] = scale.multiplier;
    t->left[o] = scale.shift > 0 ? scale.shift : 0;
    t->right[o] = scale.shift < 0 ? -scale.shift : 0;
  }
}

bool tl_rescaling_pack(tl_rescaling *out, const tl_sums *sums, const tl_fast_path *path,
                       uint32_t padded, tl_cutter *cutter)
{
  for (uint32_t o = 0; o < sums->weights.outputs; o++)
    if (!fits(reach(sums, o), scale_of(sums, o))) return false;
  void *pieces[7];
  for (int i = 0; i < 7; i++) {
    pieces[i] = tl_cut(cutter, 4ull * padded);
    if (pieces[i] != NULL) memset(pieces[i], 0, 4ull * padded);
  }
  if (cutter->base == NULL) return true;
  const tables t = {pieces[0], pieces[1], pieces[2], pieces[3], pieces[4], pieces[5], pieces[6]};
  fill(sums, path->unit, &t);
  *out = (tl_rescaling){.start = t.start,
                        .scale = t.scale,
                        .above = t.above,
                        .below = t.below,
                        .multiplier = t.multiplier,
                        .left = t.left,
                        .right = t.right,
                        .zero = sums->output_zero,
                        .form = prove(sums, &t),
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
