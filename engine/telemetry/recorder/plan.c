/* plan.c: what a recorder will need, known before the first tick. */
#include "telemetry/recorder/parts.h"

#include <assert.h>
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

/* Hands out ranges of the arena; without one it only counts. */
typedef struct ledger {
  tl_arena *arena;
  size_t bytes;
} ledger;

static void *reserve(ledger *l, size_t bytes)
{
  l->bytes += tl_arena_round(bytes);
  return l->arena == NULL ? NULL : tl_arena_take(l->arena, bytes);
}

static size_t chunk_buffer_bytes(const fleet_plan *fleet, const signal_plan *s, uint32_t rows)
{
  return tl_arena_round(TL_PACK_HEADROOM + (size_t)rows * fleet->columns * s->value_bytes +
                        TL_PACK_SLACK);
}

static void lay_out_strip(const tl_recorder *r, fleet_plan *fleet)
{
  size_t at = 0;
  for (uint32_t s = 0; s < fleet->signal_count; s++) {
    signal_plan *signal = &fleet->signals[s];
    signal->chunk_at = at;
    at += chunk_buffer_bytes(fleet, signal, fleet->chunk_rows);
    signal->tail_at = at;
    at += tl_arena_round(fleet->columns * signal->value_bytes);
    for (int side = 0; r->pyramid && side < 2; side++) {
      signal->pyramid_at[side] = at;
      at += chunk_buffer_bytes(fleet, signal, fleet->pyramid_rows);
    }
  }
  fleet->strip_bytes = at;
}

static void lay_out_fleet(const tl_recorder *r, fleet_plan *fleet, ledger *l)
{
  fleet->digest_rows = DIGEST_CHUNK_BYTES / 8u / fleet->block_count;
  if (fleet->digest_rows > DIGEST_CHUNK_ROWS) fleet->digest_rows = DIGEST_CHUNK_ROWS;
  if (fleet->digest_rows == 0) fleet->digest_rows = 1;
  fleet->digests =
      reserve(l, (size_t)fleet->digest_rows * fleet->block_count * sizeof *fleet->digests);
  if (fleet->recorded_count == 0) return;
  fleet->pyramid_rows = fleet->chunk_rows > PYRAMID_CHUNK ? fleet->chunk_rows / PYRAMID_CHUNK : 1;
  lay_out_strip(r, fleet);
  fleet->cells = reserve(l, (size_t)fleet->strip_count * fleet->strip_bytes);
  fleet->states =
      reserve(l, (size_t)fleet->strip_count * fleet->signal_count * sizeof *fleet->states);
  fleet->saturated =
      reserve(l, (size_t)fleet->block_count * fleet->signal_count * sizeof *fleet->saturated);
  fleet->time_ns = reserve(l, fleet->chunk_rows * sizeof *fleet->time_ns);
}

static void lay_out_deflaters(tl_recorder *r, ledger *l)
{
  size_t largest = 0;
  for (uint32_t f = 0; f < r->fleet_count; f++) {
    const fleet_plan *fleet = &r->fleets[f];
    for (uint32_t s = 0; s < fleet->signal_count; s++) {
      const size_t bytes =
          (size_t)fleet->chunk_rows * fleet->columns * fleet->signals[s].value_bytes;
      if (fleet->signals[s].deflated && bytes > largest) largest = bytes;
    }
  }
  if (largest == 0) return;
  r->deflate_bytes = largest + largest / 1024 + 64;
  for (uint32_t t = 0; t < r->deflater_count; t++) {
    deflater *d = &r->deflaters[t];
    unsigned char *shuffled = reserve(l, largest), *packed = reserve(l, r->deflate_bytes);
    if (l->arena != NULL) d->shuffled = shuffled, d->packed = packed;
  }
}

static size_t lay_out(tl_recorder *r, tl_arena *arena)
{
  ledger l = {.arena = arena};
  r->roots = reserve(&l, DIGEST_CHUNK_ROWS * sizeof *r->roots);
  r->window_ends = reserve(&l, DIGEST_CHUNK_ROWS * sizeof *r->window_ends);
  r->events = reserve(&l, (size_t)EVENT_CHUNK_ROWS * EVENT_BYTES);
  r->tail_row = reserve(&l, TAIL_COLUMNS * sizeof(double));
  for (uint32_t f = 0; f < r->fleet_count; f++) lay_out_fleet(r, &r->fleets[f], &l);
  lay_out_deflaters(r, &l);
  return l.bytes;
}

/* Halves the chunk rows of the fleet with the largest buffers until all fit. */
static tl_code fit_budget(tl_recorder *r, size_t budget_bytes, tl_error *err)
{
  size_t bytes = lay_out(r, NULL);
  while (bytes + TL_DISK_BUFFER_BYTES > budget_bytes) {
    fleet_plan *largest = NULL;
    for (uint32_t f = 0; f < r->fleet_count; f++) {
      fleet_plan *fleet = &r->fleets[f];
      const size_t own = (size_t)fleet->strip_count * fleet->strip_bytes;
      if (fleet->chunk_rows > 1 &&
          (largest == NULL || own > (size_t)largest->strip_count * largest->strip_bytes))
        largest = fleet;
    }
    if (largest == NULL)
      return tl_fail(err, TL_E_LIMIT, NULL,
                     "%s: recording needs %zu bytes of buffers, the budget is %zu: record fewer "
                     "signals, or a sample",
                     r->path, bytes + TL_DISK_BUFFER_BYTES, budget_bytes);
    largest->chunk_rows /= 2;
    bytes = lay_out(r, NULL);
  }
  const tl_code code = tl_arena_create(&r->arena, bytes, err);
  if (code == TL_OK) lay_out(r, &r->arena);
  return code;
}

static void sort_by_name(signal_plan *signals, uint32_t count)
{
  for (uint32_t i = 1; i < count; i++)
    for (uint32_t k = i; k > 0 && strcmp(signals[k - 1].def.name, signals[k].def.name) > 0; k--) {
      const signal_plan swap = signals[k];
      signals[k] = signals[k - 1];
      signals[k - 1] = swap;
    }
}

static tl_code plan_signals(tl_recorder *r, fleet_plan *fleet, const tl_recorder_fleet *def,
                            tl_error *err)
{
  const char *name = tl_fleet_name(r->world, fleet->id);
  if (def->signal_count > TL_RECORDER_SIGNALS_MAX)
    return tl_fail(err, TL_E_LIMIT, NULL, "fleet %s: %u signals to record, at most %d", name,
                   def->signal_count, TL_RECORDER_SIGNALS_MAX);
  fleet->signals = calloc(def->signal_count, sizeof *fleet->signals);
  if (fleet->signals == NULL)
    return tl_fail(err, TL_E_LIMIT, NULL, "%s: not enough memory", r->path);
  fleet->signal_count = def->signal_count;
  for (uint32_t s = 0; s < def->signal_count; s++) {
    const tl_signal_def *signal = &def->signals[s].def;
    const uint32_t column = def->signals[s].column;
    const tl_code code = tl_signal_check(signal, NULL, err);
    if (code != TL_OK) return code;
    if (column >= tl_fleet_column_count(r->world, fleet->id))
      return tl_fail(err, TL_E_COLUMN, NULL, "fleet %s: signal %s is column %u, the fleet has %u",
                     name, signal->name, column, tl_fleet_column_count(r->world, fleet->id));
    fleet->signals[s] = (signal_plan){
        .def = *signal,
        .stage = tl_stage_make(signal),
        .column = column,
        .type = tl_fleet_column(r->world, fleet->id, column)->type,
        .value_bytes = tl_store_bytes(signal->store),
        .packed = signal->store <= TL_STORE_U8,
        .deflated = signal->store > TL_STORE_U8 && r->deflate,
        .set = H5I_INVALID_HID,
        .tail_set = H5I_INVALID_HID,
        .pyramid_set = {H5I_INVALID_HID, H5I_INVALID_HID},
    };
  }
  sort_by_name(fleet->signals, fleet->signal_count);
  for (uint32_t s = 1; s < fleet->signal_count; s++)
    if (strcmp(fleet->signals[s - 1].def.name, fleet->signals[s].def.name) == 0)
      return tl_fail(err, TL_E_SCHEMA, NULL, "fleet %s: signal %s is recorded twice", name,
                     fleet->signals[s].def.name);
  return TL_OK;
}

static tl_code plan_sample(tl_recorder *r, fleet_plan *fleet, const tl_recorder_fleet *def,
                           tl_error *err)
{
  const char *name = tl_fleet_name(r->world, fleet->id);
  if (def->sample_count == 0 || def->sample == NULL)
    return tl_fail(err, TL_E_ARG, NULL, "fleet %s: the sample to record has no devices", name);
  for (uint32_t i = 0; i < def->sample_count; i++)
    if (def->sample[i] >= fleet->device_count || (i > 0 && def->sample[i] <= def->sample[i - 1]))
      return tl_fail(
          err, TL_E_ARG, NULL,
          "fleet %s: device %u at place %u of the sample: devices must ascend and be below %u",
          name, def->sample[i], i, fleet->device_count);
  fleet->sample = malloc(def->sample_count * sizeof *fleet->sample);
  fleet->sample_begin = malloc(((size_t)fleet->block_count + 1) * sizeof *fleet->sample_begin);
  if (fleet->sample == NULL || fleet->sample_begin == NULL)
    return tl_fail(err, TL_E_LIMIT, NULL, "%s: not enough memory", r->path);
  memcpy(fleet->sample, def->sample, def->sample_count * sizeof *fleet->sample);
  uint32_t place = 0;
  for (uint32_t block = 0; block <= fleet->block_count; block++) {
    while (place < def->sample_count && def->sample[place] / TL_BLOCK_ROWS < block) place++;
    fleet->sample_begin[block] = place;
  }
  fleet->recorded_count = def->sample_count;
  return TL_OK;
}

static tl_code plan_fleet(tl_recorder *r, const tl_recorder_fleet *def, tl_error *err)
{
  if (def->fleet.index1 == 0 || def->fleet.index1 > r->fleet_count)
    return tl_fail(err, TL_E_ARG, NULL, "%s: no fleet number %u to record", r->path,
                   def->fleet.index1);
  fleet_plan *fleet = &r->fleets[def->fleet.index1 - 1];
  if (def->signal_count == 0 || r->policy >= TL_RECORD_EVENTS) return TL_OK;
  if (fleet->signals != NULL)
    return tl_fail(err, TL_E_ARG, NULL, "%s: fleet %s is listed twice", r->path,
                   tl_fleet_name(r->world, def->fleet));
  tl_code code = plan_signals(r, fleet, def, err);
  if (code != TL_OK) return code;
  fleet->recorded_count = fleet->device_count;
  if (r->policy == TL_RECORD_SAMPLE) code = plan_sample(r, fleet, def, err);
  if (code != TL_OK) return code;
  fleet->columns = fleet->recorded_count < TL_BLOCK_ROWS ? fleet->recorded_count : TL_BLOCK_ROWS;
  fleet->strip_count = (fleet->recorded_count + fleet->columns - 1) / fleet->columns;
  fleet->chunk_rows = CHUNK_ROWS_MAX;
  return TL_OK;
}

static tl_code plan_deflaters(tl_recorder *r, tl_error *err)
{
  if (!r->deflate) return TL_OK;
  r->deflater_count = tl_world_thread_count(r->world);
  r->deflaters = calloc(r->deflater_count, sizeof *r->deflaters);
  bool ok = r->deflaters != NULL;
  for (uint32_t t = 0; ok && t < r->deflater_count; t++) {
    r->deflaters[t].compressor =
        libdeflate_alloc_compressor(1); /* level 4 buys 2 % at twice the time */
    ok = r->deflaters[t].compressor != NULL;
  }
  return ok ? TL_OK : tl_fail(err, TL_E_LIMIT, NULL, "%s: not enough memory for deflate", r->path);
}

tl_code recorder_plan(tl_recorder *r, const tl_recorder_def *def, tl_error *err)
{
  r->fleet_count = tl_world_fleet_count(r->world);
  r->fleets = calloc(r->fleet_count + 1, sizeof *r->fleets);
  if (r->fleets == NULL) return tl_fail(err, TL_E_LIMIT, NULL, "%s: not enough memory", r->path);
  for (uint32_t f = 0; f < r->fleet_count; f++) {
    fleet_plan *fleet = &r->fleets[f];
    fleet->id = (tl_fleet_id){f + 1};
    fleet->device_count = tl_fleet_device_count(r->world, fleet->id);
    fleet->block_count = tl_fleet_block_count(r->world, fleet->id);
    const char *name = tl_fleet_name(r->world, fleet->id);
    if (strchr(name, '/') != NULL || strcmp(name, ".") == 0 || strcmp(name, "root") == 0 ||
        strcmp(name, "window_end_ns") == 0)
      return tl_fail(err, TL_E_SCHEMA, NULL,
                     "fleet name '%s' is taken by the file layout, or holds a '/'", name);
    fleet->time_set = fleet->tail_time_set = fleet->digest_set = H5I_INVALID_HID;
  }
  for (uint32_t i = 0; i < def->fleet_count; i++) {
    const tl_code code = plan_fleet(r, &def->fleets[i], err);
    if (code != TL_OK) return code;
  }
  const tl_code code = plan_deflaters(r, err);
  return code == TL_OK ? fit_budget(r, def->budget_bytes, err) : code;
}

void recorder_plan_free(tl_recorder *r)
{
  for (uint32_t t = 0; t < r->deflater_count; t++)
    if (r->deflaters != NULL && r->deflaters[t].compressor != NULL)
      libdeflate_free_compressor(r->deflaters[t].compressor);
  free(r->deflaters);
  for (uint32_t f = 0; r->fleets != NULL && f < r->fleet_count; f++) {
    free(r->fleets[f].signals);
    free(r->fleets[f].sample);
    free(r->fleets[f].sample_begin);
  }
  free(r->fleets);
  tl_arena_free(&r->arena);
}
