/* history.c: what a meter saw over time, in memory that does not grow: when it is full, neighbours
 * merge and each point stands for twice as many windows. */
#include "judge/internal.h"

#include <assert.h>
#include <stdio.h>

static tl_partial merge(tl_partial a, const tl_partial *b)
{
  a.sum += b->sum;
  a.count += b->count;
  if (b->low < a.low) a.low = b->low;
  if (b->high > a.high) a.high = b->high;
  return a;
}

void tl_track_add(tl_track *track, int64_t begin_ns, int64_t end_ns, const tl_partial *now)
{
  if (track->stride == 0) track->stride = 1;
  if (track->count > 0 && track->in_last < track->stride) {
    tl_track_point *last = &track->points[track->count - 1];
    last->end_ns = end_ns;
    last->partial = merge(last->partial, now);
    track->in_last++;
    return;
  }
  if (track->count == TL_JUDGE_POINTS_MAX) {
    for (uint32_t i = 0; i < TL_JUDGE_POINTS_MAX / 2; i++) {
      tl_track_point pair = track->points[2 * i];
      pair.end_ns = track->points[2 * i + 1].end_ns;
      pair.partial = merge(pair.partial, &track->points[2 * i + 1].partial);
      track->points[i] = pair;
    }
    track->count /= 2;
    track->stride *= 2;
  }
  track->points[track->count++] = (tl_track_point){begin_ns, end_ns, *now};
  track->in_last = 1;
}

/* The column that the coming window belongs to; halves the columns when they are full. */
static uint32_t heat_column(tl_heat *heat)
{
  if (heat->stride == 0) heat->stride = 1;
  if (heat->windows / heat->stride == TL_HEAT_COLUMNS) {
    for (uint32_t r = 0; r < heat->rows; r++) {
      float *row = heat->value + (size_t)r * TL_HEAT_COLUMNS;
      for (uint32_t c = 0; c < TL_HEAT_COLUMNS; c++) {
        const bool in = c < TL_HEAT_COLUMNS / 2;
        const float a = in ? row[2 * c] : -1.0f, b = in ? row[2 * c + 1] : -1.0f;
        row[c] = a > b ? a : b;
      }
    }
    heat->stride *= 2;
  }
  return (uint32_t)(heat->windows / heat->stride);
}

void tl_heat_add(tl_heat *heat, const tl_partial *partials, uint32_t blocks, int64_t begin_ns,
                 int64_t end_ns)
{
  const uint32_t column = heat_column(heat);
  if (heat->windows == 0) {
    heat->begin_ns = begin_ns;
    for (uint32_t i = 0; i < TL_HEAT_ROWS * TL_HEAT_COLUMNS; i++) heat->value[i] = -1.0f;
  }
  for (uint32_t b = 0; b < blocks; b++) {
    float *cell =
        &heat->value[(size_t)((uint64_t)b * heat->rows / blocks) * TL_HEAT_COLUMNS + column];
    if (partials[b].count > 0 && (float)partials[b].high > *cell) *cell = (float)partials[b].high;
  }
  heat->end_ns = end_ns;
  heat->windows++;
}

uint32_t tl_judge_history(const tl_judge *judge, uint32_t threshold,
                          tl_judge_point out[TL_JUDGE_POINTS_MAX])
{
  assert(threshold < judge->gauge_count);
  const tl_gauge *gauge = &judge->gauges[threshold];
  const tl_unit *to = &gauge->threshold.unit;
  if (gauge->meter < 0 || gauge->threshold.statistic == TL_STAT_COUNT) return 0;
  if (gauge->threshold.quantity == TL_QUANTITY_COMFORT_VIOLATION) return 0;
  const tl_track *track = &judge->meters[gauge->meter].track;
  for (uint32_t i = 0; i < track->count; i++) {
    const tl_partial *p = &track->points[i].partial;
    double value[3] = {(double)NAN, (double)NAN, (double)NAN};
    if (p->count > 0) {
      value[0] = p->low;
      value[1] = p->sum / (double)p->count;
      value[2] = p->high;
    }
    for (int k = 0; k < 3; k++)
      value[k] = gauge->is_difference ? tl_unit_apply_difference(value[k], &gauge->native, to)
                                      : tl_unit_apply(value[k], &gauge->native, to);
    out[i] = (tl_judge_point){track->points[i].begin_ns, track->points[i].end_ns, value[0],
                              value[1], value[2]};
  }
  return track->count;
}

bool tl_judge_heat_get(const tl_judge *judge, tl_fleet_id fleet, tl_judge_heat *out)
{
  const tl_heat *heat = judge->heat[fleet.index1 - 1];
  if (heat == NULL || heat->windows == 0) return false;
  out->rows = heat->rows;
  snprintf(out->unit, sizeof out->unit, "%s", heat->unit);
  out->columns = (uint32_t)((heat->windows + heat->stride - 1) / heat->stride);
  out->begin_ns = heat->begin_ns;
  out->end_ns = heat->end_ns;
  for (uint32_t i = 0; i < TL_HEAT_ROWS * TL_HEAT_COLUMNS; i++)
    out->value[i] = heat->value[i] < 0.0f ? (double)NAN : (double)heat->value[i];
  return true;
}
