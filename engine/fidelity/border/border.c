#include "fidelity/border/border.h"

#include "base/units.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

uint32_t tl_border_pair(uint32_t a, uint32_t b)
{
  assert(a < b && b < TL_BORDER_CHANNELS_MAX);
  return b * (b - 1) / 2 + a; /* a new channel adds pairs behind those that are there */
}

/* Cell of a value, -1 or TL_BORDER_CELLS when it lies outside the slack. A constant channel has one cell. */
static int cell_of(const tl_border_channel *channel, double value)
{
  if (!(value >= channel->low - channel->slack)) return -1; /* NaN, too */
  if (!(value <= channel->high + channel->slack)) return TL_BORDER_CELLS;
  const double width = channel->high - channel->low;
  if (!(width > 0.0)) return 0;
  const double place = (value - channel->low) / width * TL_BORDER_CELLS;
  if (place <= 0.0) return 0;
  return place >= TL_BORDER_CELLS ? TL_BORDER_CELLS - 1 : (int)place;
}

static bool is_whole(const double *const *value, uint32_t channel_count, size_t i)
{
  for (uint32_t c = 0; c < channel_count; c++)
    if (!isfinite(value[c][i])) return false;
  return true;
}

static void learn_ranges(tl_border *out, const double *const *value, size_t sample_count)
{
  for (size_t i = 0; i < sample_count; i++) {
    if (!is_whole(value, out->channel_count, i)) continue;
    for (uint32_t c = 0; c < out->channel_count; c++) {
      tl_border_channel *channel = &out->channels[c];
      if (out->sample_count == 0 || value[c][i] < channel->low) channel->low = value[c][i];
      if (out->sample_count == 0 || value[c][i] > channel->high) channel->high = value[c][i];
    }
    out->sample_count++;
  }
  for (uint32_t c = 0; c < out->channel_count; c++) {
    tl_border_channel *channel = &out->channels[c];
    const double half = (channel->high - channel->low) / TL_BORDER_CELLS / 2.0;
    const double rounding = 1e-9 * (fabs(channel->low) + fabs(channel->high));
    if (channel->slack < half) channel->slack = half;
    if (channel->slack < rounding) channel->slack = rounding;
  }
}

/* A cell and its eight neighbours. */
static void cover(uint16_t rows[TL_BORDER_CELLS], int i, int j)
{
  uint32_t bits = 7u << (j + 1) >> 2; /* cells j-1, j, j+1 */
  bits &= 0xffffu;
  for (int row = i - 1; row <= i + 1; row++)
    if (row >= 0 && row < TL_BORDER_CELLS) rows[row] = (uint16_t)(rows[row] | bits);
}

static void learn_cells(tl_border *out, const double *const *value, size_t sample_count)
{
  for (size_t i = 0; i < sample_count; i++) {
    if (!is_whole(value, out->channel_count, i)) continue;
    int cell[TL_BORDER_CHANNELS_MAX];
    for (uint32_t c = 0; c < out->channel_count; c++)
      cell[c] = cell_of(&out->channels[c], value[c][i]);
    for (uint32_t b = 1; b < out->channel_count; b++)
      for (uint32_t a = 0; a < b; a++) cover(out->covered[tl_border_pair(a, b)], cell[a], cell[b]);
  }
}

tl_code tl_border_learn(tl_border *out, const double *const *value, size_t sample_count,
                        tl_error *err)
{
  if (out->channel_count == 0 || out->channel_count > TL_BORDER_CHANNELS_MAX)
    return tl_fail(err, TL_E_ARG, NULL, "a border has 1 to %d channels, not %u",
                   TL_BORDER_CHANNELS_MAX, out->channel_count);
  out->sample_count = 0;
  memset(out->covered, 0, sizeof out->covered);
  learn_ranges(out, value, sample_count);
  if (out->sample_count == 0)
    return tl_fail(err, TL_E_SAMPLES, NULL,
                   "no stamp of the recording has values of all %u channels of the border",
                   out->channel_count);
  learn_cells(out, value, sample_count);
  return TL_OK;
}

tl_code tl_border_convert(tl_border *border, uint32_t channel, const char *unit, const char *where,
                          tl_error *err)
{
  tl_border_channel *c = &border->channels[channel];
  double low = 0.0, high = 0.0, slack = 0.0;
  assert(channel < border->channel_count);
  if (strcmp(c->unit, unit) == 0) return TL_OK;
  tl_code code = tl_unit_convert(&low, c->low, c->unit, unit, where, err);
  if (code == TL_OK) code = tl_unit_convert(&high, c->high, c->unit, unit, where, err);
  if (code == TL_OK) code = tl_unit_convert_difference(&slack, c->slack, c->unit, unit, where, err);
  if (code != TL_OK) return code;
  c->low = low;
  c->high = high;
  c->slack = slack;
  snprintf(c->unit, sizeof c->unit, "%s", unit);
  return TL_OK;
}

bool tl_border_inside(const tl_border *border, const double *value, tl_border_breach *breach)
{
  int cell[TL_BORDER_CHANNELS_MAX];
  for (uint32_t c = 0; c < border->channel_count; c++) {
    cell[c] = cell_of(&border->channels[c], value[c]);
    if (cell[c] >= 0 && cell[c] < TL_BORDER_CELLS) continue;
    if (breach != NULL) *breach = (tl_border_breach){c, c};
    return false;
  }
  for (uint32_t b = 1; b < border->channel_count; b++)
    for (uint32_t a = 0; a < b; a++) {
      if (border->covered[tl_border_pair(a, b)][cell[a]] >> cell[b] & 1) continue;
      if (breach != NULL) *breach = (tl_border_breach){a, b};
      return false;
    }
  return true;
}

static void add_value(tl_text *out, const tl_border_channel *channel, double value)
{
  char number[TL_TEXT_DOUBLE_BYTES];
  tl_text_format_digits(number, value, 6);
  tl_text_add(out, number);
  if (strcmp(channel->unit, "1") != 0) tl_text_addf(out, " %s", channel->unit);
}

void tl_border_explain(const tl_border *border, const double *value, tl_border_breach breach,
                       tl_text *out)
{
  const tl_border_channel *a = &border->channels[breach.channel];
  tl_text_addf(out, "%s ", a->name);
  add_value(out, a, value[breach.channel]);
  if (breach.other != breach.channel) {
    const tl_border_channel *b = &border->channels[breach.other];
    tl_text_addf(out, " together with %s ", b->name);
    add_value(out, b, value[breach.other]);
    tl_text_add(out, " was never recorded");
    return;
  }
  const bool above = value[breach.channel] > a->high;
  tl_text_addf(out, " is %s the ", above ? "above" : "below");
  add_value(out, a, above ? a->high : a->low);
  tl_text_add(out, " recorded");
}
