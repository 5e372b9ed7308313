#include "fidelity/border/watch.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

typedef struct block_count {
  uint64_t device_ticks, outside_ticks, pair_ticks;
  uint64_t range_ticks[TL_BORDER_CHANNELS_MAX];
  int64_t first_ns;
  uint32_t first_row;
  tl_border_breach first;
  double first_value[TL_BORDER_CHANNELS_MAX];
  bool outside[TL_BLOCK_ROWS];
} block_count;

struct tl_border_watch {
  tl_border border;
  tl_fleet_id fleet;
  uint32_t column[TL_BORDER_CHANNELS_MAX];
  uint32_t block_count, device_count;
  block_count *blocks;
};

tl_code tl_border_watch_create(tl_border_watch **out, const tl_border *border,
                               const tl_world *world, tl_fleet_id fleet, const char *where,
                               tl_error *err)
{
  tl_code code = TL_OK;
  *out = NULL;
  tl_border_watch *watch = calloc(1, sizeof *watch);
  if (watch == NULL) return tl_fail(err, TL_E_LIMIT, where, "no memory for a border");
  watch->border = *border;
  watch->fleet = fleet;
  watch->device_count = tl_fleet_device_count(world, fleet);
  watch->block_count = tl_fleet_block_count(world, fleet);
  for (uint32_t c = 0; c < border->channel_count && code == TL_OK; c++) {
    code =
        tl_fleet_column_find(world, fleet, border->channels[c].name, where, &watch->column[c], err);
    if (code != TL_OK) break;
    const tl_column *column = tl_fleet_column(world, fleet, watch->column[c]);
    if (column->type != TL_F64)
      code = tl_fail(err, TL_E_TYPE, where, "border: %s is no floating-point column", column->name);
    else
      code = tl_border_convert(&watch->border, c, column->unit, where, err);
  }
  if (code == TL_OK) {
    watch->blocks = calloc(watch->block_count, sizeof *watch->blocks);
    if (watch->blocks == NULL) code = tl_fail(err, TL_E_LIMIT, where, "no memory for a border");
  }
  if (code != TL_OK) {
    tl_border_watch_destroy(watch);
    return code;
  }
  for (uint32_t b = 0; b < watch->block_count; b++) watch->blocks[b].first_ns = -1;
  *out = watch;
  return TL_OK;
}

void tl_border_watch_destroy(tl_border_watch *watch)
{
  if (watch != NULL) free(watch->blocks);
  free(watch);
}

static void count_breach(block_count *count, const tl_border *border, int64_t at_ns, uint32_t row,
                         const double *value, tl_border_breach breach)
{
  count->outside_ticks++;
  count->outside[row] = true;
  if (breach.channel == breach.other)
    count->range_ticks[breach.channel]++;
  else
    count->pair_ticks++;
  if (count->first_ns >= 0) return; /* ticks of a block come in order, rows too */
  count->first_ns = at_ns;
  count->first_row = row;
  count->first = breach;
  memcpy(count->first_value, value, border->channel_count * sizeof *value);
}

static void tick(void *self, const tl_tick_view *view)
{
  const tl_border_watch *watch = self;
  if (view->fleet.index1 != watch->fleet.index1) return;
  assert(view->block < watch->block_count);
  block_count *count = &watch->blocks[view->block];
  const double *column[TL_BORDER_CHANNELS_MAX] = {0};
  for (uint32_t c = 0; c < watch->border.channel_count; c++)
    column[c] = view->column[watch->column[c]];
  count->device_ticks += view->rows;
  for (uint32_t row = 0; row < view->rows; row++) {
    double value[TL_BORDER_CHANNELS_MAX];
    tl_border_breach breach;
    for (uint32_t c = 0; c < watch->border.channel_count; c++) value[c] = column[c][row];
    if (!tl_border_inside(&watch->border, value, &breach))
      count_breach(count, &watch->border, view->at_ns, row, value, breach);
  }
}

tl_observer tl_border_watch_observer(tl_border_watch *watch)
{
  return (tl_observer){.self = watch, .tick = tick};
}

const tl_border *tl_border_watch_border(const tl_border_watch *watch) { return &watch->border; }

tl_border_result tl_border_watch_result(const tl_border_watch *watch)
{
  tl_border_result out = {
      .fleet = watch->fleet, .device_count = watch->device_count, .first_ns = -1};
  for (uint32_t b = 0; b < watch->block_count; b++) {
    const block_count *count = &watch->blocks[b];
    out.device_ticks += count->device_ticks;
    out.outside_ticks += count->outside_ticks;
    out.pair_ticks += count->pair_ticks;
    for (uint32_t c = 0; c < watch->border.channel_count; c++)
      out.range_ticks[c] += count->range_ticks[c];
    for (uint32_t row = 0; row < TL_BLOCK_ROWS; row++) out.outside_devices += count->outside[row];
    if (count->first_ns < 0 || (out.first_ns >= 0 && out.first_ns <= count->first_ns)) continue;
    out.first_ns = count->first_ns;
    out.first_device = b * TL_BLOCK_ROWS + count->first_row;
    out.first = count->first;
    memcpy(out.first_value, count->first_value, sizeof out.first_value);
  }
  return out;
}
