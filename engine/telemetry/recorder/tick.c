/* tick.c: staging and packing, on the worker that has just computed the values. */
#include "telemetry/recorder/parts.h"

#include <assert.h>
#include <libdeflate.h>
#include <string.h>

/* --- a chunk is full -------------------------------------------------------------------------------- */
static void pyramid_add(const tl_recorder *r, const fleet_plan *fleet, const signal_plan *s,
                        uint32_t strip, const unsigned char *values, uint32_t rows)
{
  const size_t row_bytes = fleet->columns * s->value_bytes;
  unsigned char *low_chunk = cell_part(fleet, strip, s->pyramid_at[0]) + TL_PACK_HEADROOM;
  unsigned char *high_chunk = cell_part(fleet, strip, s->pyramid_at[1]) + TL_PACK_HEADROOM;
  for (uint32_t row = 0; row < rows;) {
    const int64_t tick = fleet->chunk_begin + row;
    const uint32_t within = (uint32_t)(tick % PYRAMID_FACTOR);
    const uint32_t left = PYRAMID_FACTOR - within, count = left < rows - row ? left : rows - row;
    const size_t at = (size_t)(tick / PYRAMID_FACTOR % fleet->pyramid_rows) * row_bytes;
    unsigned char *low = low_chunk + at, *high = high_chunk + at;
    if (within == 0) tl_stage_range_begin(s->def.store, low, high, fleet->columns);
    tl_stage_range(r->simd, s->def.store, low, high, values + (size_t)row * row_bytes, count,
                   fleet->columns);
    row += count;
    if (count == left) tl_stage_range_end(s->def.store, low, high, fleet->columns);
  }
}

/* Ends the pyramid chunk when the fleet's ticks up to `end` fill it, or when there will be no more. */
static void pyramid_finish(const tl_recorder *r, const fleet_plan *fleet, const signal_plan *s,
                           uint32_t strip, cell_state *state, int64_t end, bool last)
{
  const int64_t ticks = (int64_t)PYRAMID_FACTOR * fleet->pyramid_rows;
  const size_t row_bytes = fleet->columns * s->value_bytes;
  if (end % ticks != 0 && !last) return;
  const uint32_t filled = end % ticks == 0
                              ? fleet->pyramid_rows
                              : (uint32_t)((end % ticks + PYRAMID_FACTOR - 1) / PYRAMID_FACTOR);
  unsigned char *chunk[2];
  for (int side = 0; side < 2; side++) chunk[side] = cell_part(fleet, strip, s->pyramid_at[side]);
  if (end % PYRAMID_FACTOR != 0) {
    const size_t at = TL_PACK_HEADROOM + (filled - 1) * row_bytes;
    tl_stage_range_end(s->def.store, chunk[0] + at, chunk[1] + at, fleet->columns);
  }
  for (int side = 0; side < 2; side++) {
    tl_stage_fill(s->def.store, chunk[side] + TL_PACK_HEADROOM + filled * row_bytes,
                  (fleet->pyramid_rows - filled) * fleet->columns);
    state->pyramid_bytes[side] = s->packed ? tl_pack_chunk(r->simd, s->def.store, chunk[side],
                                                           fleet->pyramid_rows * fleet->columns)
                                           : fleet->pyramid_rows * row_bytes;
  }
}

/* A strip's columns beyond its devices, and rows beyond `rows`, are missing values. */
static void fill_unused(const fleet_plan *fleet, const signal_plan *s, uint32_t strip,
                        unsigned char *values, uint32_t rows)
{
  const uint32_t width = strip_width(fleet, strip);
  const size_t row_bytes = fleet->columns * s->value_bytes;
  for (uint32_t row = 0; width < fleet->columns && row < rows; row++)
    tl_stage_fill(s->def.store, values + row * row_bytes + width * s->value_bytes,
                  fleet->columns - width);
  tl_stage_fill(s->def.store, values + rows * row_bytes,
                (fleet->chunk_rows - rows) * fleet->columns);
}

static void finish_cell(const tl_recorder *r, const fleet_plan *fleet, uint32_t strip,
                        uint32_t signal, uint32_t rows)
{
  const signal_plan *s = &fleet->signals[signal];
  cell_state *state = cell_of(fleet, strip, signal);
  unsigned char *chunk = cell_part(fleet, strip, s->chunk_at), *values = chunk + TL_PACK_HEADROOM;
  const size_t row_bytes = fleet->columns * s->value_bytes;
  fill_unused(fleet, s, strip, values, rows);
  memcpy(cell_part(fleet, strip, s->tail_at), values + (rows - 1) * row_bytes, row_bytes);
  if (r->pyramid) {
    pyramid_add(r, fleet, s, strip, values, rows);
    pyramid_finish(r, fleet, s, strip, state, fleet->chunk_begin + rows, rows < fleet->chunk_rows);
  }
  state->chunk_bytes =
      s->packed ? tl_pack_chunk(r->simd, s->def.store, chunk, fleet->chunk_rows * fleet->columns)
                : fleet->chunk_rows * row_bytes;
}

/* --- a row arrives ---------------------------------------------------------------------------------- */
/* A block's column as doubles; scratch has room for a block. */
static const double *as_doubles(const tl_tick_view *view, const signal_plan *s, double *scratch)
{
  const double *column = view->column[s->column];
  if (column != NULL) return column;
  const void *raw = view->raw[s->column];
  for (uint32_t i = 0; i < view->rows; i++) {
    switch (s->type) {
      case TL_F64: scratch[i] = ((const double *)raw)[i]; break;
      case TL_F32: scratch[i] = (double)((const float *)raw)[i]; break;
      case TL_I32: scratch[i] = (double)((const int32_t *)raw)[i]; break;
      case TL_U8: scratch[i] = (double)((const uint8_t *)raw)[i]; break;
    }
  }
  return scratch;
}

static void count_saturated(const fleet_plan *fleet, uint32_t block, uint32_t signal,
                            uint32_t count)
{
  if (count > 0) fleet->saturated[(size_t)block * fleet->signal_count + signal] += count;
}

static void stage_block(const tl_recorder *r, const fleet_plan *fleet, const tl_tick_view *view,
                        uint32_t row)
{
  double scratch[TL_BLOCK_ROWS];
  for (uint32_t s = 0; s < fleet->signal_count; s++) {
    const signal_plan *signal = &fleet->signals[s];
    unsigned char *to = cell_part(fleet, view->block, signal->chunk_at) + TL_PACK_HEADROOM +
                        (size_t)row * fleet->columns * signal->value_bytes;
    count_saturated(
        fleet, view->block, s,
        tl_stage_row(r->simd, &signal->stage, to, as_doubles(view, signal, scratch), view->rows));
  }
}

/* The sampled devices of this block are neighbours in the sample, perhaps in two strips. */
static void stage_sample(const tl_recorder *r, const fleet_plan *fleet, const tl_tick_view *view,
                         uint32_t row)
{
  const uint32_t begin = fleet->sample_begin[view->block],
                 end = fleet->sample_begin[view->block + 1];
  double scratch[TL_BLOCK_ROWS], gathered[TL_BLOCK_ROWS];
  for (uint32_t s = 0; begin < end && s < fleet->signal_count; s++) {
    const signal_plan *signal = &fleet->signals[s];
    const double *column = as_doubles(view, signal, scratch);
    for (uint32_t i = begin; i < end; i++)
      gathered[i - begin] = column[fleet->sample[i] % TL_BLOCK_ROWS];
    for (uint32_t i = begin; i < end;) {
      const uint32_t strip = i / fleet->columns, place = i % fleet->columns;
      const uint32_t count = end - i < fleet->columns - place ? end - i : fleet->columns - place;
      unsigned char *to = cell_part(fleet, strip, signal->chunk_at) + TL_PACK_HEADROOM +
                          ((size_t)row * fleet->columns + place) * signal->value_bytes;
      count_saturated(fleet, view->block, s,
                      tl_stage_row(r->simd, &signal->stage, to, gathered + (i - begin), count));
      i += count;
    }
  }
}

void recorder_tick(void *self, const tl_tick_view *view)
{
  const tl_recorder *r = self;
  const fleet_plan *fleet = &r->fleets[view->fleet.index1 - 1];
  if (fleet->recorded_count == 0 || r->broken) return;
  assert(view->tick >= fleet->chunk_begin && view->tick < fleet->chunk_begin + fleet->chunk_rows);
  const uint32_t row = (uint32_t)(view->tick - fleet->chunk_begin);
  if (view->block == 0) fleet->time_ns[row] = view->at_ns;
  if (fleet->sample != NULL) {
    stage_sample(r, fleet, view, row);
    return;
  }
  stage_block(r, fleet, view, row);
  if (row + 1 < fleet->chunk_rows) return;
  for (uint32_t s = 0; s < fleet->signal_count; s++)
    finish_cell(r, fleet, view->block, s, fleet->chunk_rows);
}

/* --- between segments: what tick() could not finish ------------------------------------------------- */
/* HDF5's shuffle filter (all first bytes, all second bytes, ...), then deflate, back into the cell: the packed
 * bytes start where the values did. */
static void deflate_cell(const tl_recorder *r, const fleet_plan *fleet, uint32_t strip,
                         uint32_t signal, deflater *d)
{
  const signal_plan *s = &fleet->signals[signal];
  cell_state *state = cell_of(fleet, strip, signal);
  unsigned char *values = cell_part(fleet, strip, s->chunk_at) + TL_PACK_HEADROOM;
  const size_t bytes = state->chunk_bytes, count = bytes / s->value_bytes;
  for (size_t byte = 0; byte < s->value_bytes; byte++)
    for (size_t i = 0; i < count; i++)
      d->shuffled[byte * count + i] = values[i * s->value_bytes + byte];
  const size_t packed =
      libdeflate_zlib_compress(d->compressor, d->shuffled, bytes, d->packed, r->deflate_bytes);
  /* Noise may grow by a few bytes (at most 5 in 64 KiB and 6); the cell's slack takes them. */
  assert(packed > 0 && packed <= bytes + TL_PACK_SLACK);
  memcpy(values, d->packed, packed);
  state->chunk_bytes = packed;
}

typedef struct finishing {
  const tl_recorder *recorder;
  const fleet_plan *fleet;
  uint32_t rows;
  bool staged; /* tick() left the cells as staged values */
} finishing;

static void finish_strip(void *context, uint32_t strip, uint32_t thread)
{
  const finishing *f = context;
  if (strip >= f->fleet->strip_count) return;
  for (uint32_t s = 0; s < f->fleet->signal_count; s++) {
    if (f->rows == 0) {
      pyramid_finish(f->recorder, f->fleet, &f->fleet->signals[s], strip,
                     cell_of(f->fleet, strip, s), f->fleet->tick_end, true);
      continue;
    }
    if (f->staged) finish_cell(f->recorder, f->fleet, strip, s, f->rows);
    if (f->fleet->signals[s].deflated)
      deflate_cell(f->recorder, f->fleet, strip, s, &f->recorder->deflaters[thread]);
  }
}

void recorder_finish(tl_recorder *r, fleet_plan *fleet, uint32_t rows)
{
  finishing f = {r, fleet, rows, fleet->sample != NULL || rows < fleet->chunk_rows};
  bool deflated = rows == 0;
  for (uint32_t s = 0; s < fleet->signal_count; s++)
    deflated = deflated || fleet->signals[s].deflated;
  if (f.staged || deflated) tl_world_for_blocks(r->world, fleet->id, finish_strip, &f);
}
