#include "telemetry/recorder.h"

#include "telemetry/recorder/parts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RECORDER_COOKIE 0x7e1eca57u

tl_recorder_def tl_recorder_def_default(void)
{
  return (tl_recorder_def){.policy = TL_RECORD_ALL,
                           .pyramid = true,
                           .budget_bytes = 256000000u,
                           .flush_s = 1.0,
                           .path_simd = tl_cpu_best_path(),
                           .cookie_ = RECORDER_COOKIE};
}

/* Wall clock: it decides when live readers see things, and reaches neither state nor the final file. */
static int64_t wall_ns(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* What a full disk must still take: a round of chunks that has begun, then the index of all. */
static uint64_t reserve_bytes(const tl_recorder *r)
{
  const uint64_t index = 2u << 20, most = 32u << 20;
  uint64_t round = 0;
  for (uint32_t f = 0; f < r->fleet_count; f++)
    round += (uint64_t)r->fleets[f].signal_count * r->fleets[f].recorded_count *
             r->fleets[f].chunk_rows * sizeof(uint16_t);
  return index + (round < most ? round : most);
}

tl_code tl_recorder_create(tl_recorder **out, const tl_world *world, const tl_recorder_def *def,
                           tl_error *err)
{
  assert(def->cookie_ == RECORDER_COOKIE); /* start from tl_recorder_def_default() */
  assert(def->path != NULL);
  assert(tl_world_window_count(world) == 0); /* a recording starts at the first tick */
  tl_h5_quiet();
  *out = NULL;
  tl_recorder *r = calloc(1, sizeof *r);
  char *path = strdup(def->path);
  if (r == NULL || path == NULL) {
    free(r);
    free(path);
    return tl_fail(err, TL_E_LIMIT, NULL, "%s: not enough memory", def->path);
  }
  *r = (tl_recorder){.world = world,
                     .path = path,
                     .policy = def->policy,
                     .simd = def->path_simd,
                     .pyramid = def->pyramid,
                     .deflate = def->deflate,
                     .flush_ns = (int64_t)(def->flush_s * 1e9),
                     .file = H5I_INVALID_HID,
                     .event_set = H5I_INVALID_HID,
                     .root_set = H5I_INVALID_HID,
                     .window_end_set = H5I_INVALID_HID};
  tl_code code = recorder_plan(r, def, err);
  if (code == TL_OK) code = recorder_file_create(r, def, err);
  if (code != TL_OK) {
    r->broken = true;
    tl_recorder_close(r, NULL);
    return code;
  }
  tl_disk_reserve(&r->disk, r->path, reserve_bytes(r));
  r->flushed_at_ns = wall_ns();
  *out = r;
  return TL_OK;
}

/* --- handing over ----------------------------------------------------------------------------------- */
/* What a failed write means: nothing more is written, and the caller learns why. */
static tl_code outcome(tl_recorder *r, bool ok, tl_error *err)
{
  const tl_code code = tl_disk_check(&r->disk, r->path, err);
  if (code == TL_OK && ok) return TL_OK;
  r->broken = true;
  return code != TL_OK ? code
                       : tl_fail(err, TL_E_IO, NULL, "%s: HDF5 refused to write a chunk", r->path);
}

/* Brings live readers up to date. Only rewrites what has its place in the file: no byte of the end result. */
static bool update_readers(tl_recorder *r)
{
  bool ok = !r->digests_dirty || recorder_file_digests(r);
  ok = ok && (!r->events_dirty || recorder_file_events(r));
  return ok && recorder_file_tails(r) && H5Fflush(r->file, H5F_SCOPE_LOCAL) >= 0;
}

static bool update_when_due(tl_recorder *r)
{
  const int64_t now_ns = wall_ns();
  if (now_ns - r->flushed_at_ns < r->flush_ns) return true;
  r->flushed_at_ns = now_ns;
  return update_readers(r);
}

static bool hand_over_pyramid(tl_recorder *r, fleet_plan *fleet, bool last)
{
  const int64_t ticks = (int64_t)PYRAMID_FACTOR * fleet->pyramid_rows;
  if (!r->pyramid || fleet->tick_end == 0) return true;
  if (last ? fleet->tick_end % ticks == 0 : fleet->tick_end % ticks != 0) return true;
  return recorder_file_pyramid(r, fleet, (fleet->tick_end + PYRAMID_FACTOR - 1) / PYRAMID_FACTOR);
}

static uint32_t observer_segment_ticks(void *self, tl_fleet_id id)
{
  const tl_recorder *r = self;
  const fleet_plan *fleet = &r->fleets[id.index1 - 1];
  if (fleet->recorded_count == 0 || r->broken) return UINT32_MAX;
  return fleet->chunk_rows - (uint32_t)(fleet->tick_end - fleet->chunk_begin);
}

static tl_code observer_segment_end(void *self, tl_fleet_id id, int64_t tick_end, tl_error *err)
{
  tl_recorder *r = self;
  fleet_plan *fleet = &r->fleets[id.index1 - 1];
  if (r->broken) return outcome(r, false, err);
  if (fleet->recorded_count == 0) return TL_OK;
  fleet->tick_end = tick_end;
  assert(tick_end - fleet->chunk_begin <= (int64_t)fleet->chunk_rows);
  if (tick_end - fleet->chunk_begin < (int64_t)fleet->chunk_rows) return TL_OK;
  recorder_finish(r, fleet, fleet->chunk_rows);
  bool ok = recorder_file_chunks(r, fleet, fleet->chunk_rows) && hand_over_pyramid(r, fleet, false);
  fleet->tail_time_ns = fleet->time_ns[fleet->chunk_rows - 1];
  fleet->chunk_begin = tick_end;
  ok = ok && r->disk.error_number == 0 && update_when_due(r);
  return outcome(r, ok, err);
}

static tl_code observer_window_end(void *self, const tl_window_view *view, tl_error *err)
{
  tl_recorder *r = self;
  if (r->broken) return outcome(r, false, err);
  const uint64_t window = r->window_count++;
  bool chunk_edge = window % DIGEST_CHUNK_ROWS == 0 || r->window_count % DIGEST_CHUNK_ROWS == 0;
  r->roots[window % DIGEST_CHUNK_ROWS] = tl_world_root(view->world);
  r->window_ends[window % DIGEST_CHUNK_ROWS] = view->end_ns;
  for (uint32_t f = 0; f < r->fleet_count; f++) {
    fleet_plan *fleet = &r->fleets[f];
    uint64_t *row = fleet->digests + window % fleet->digest_rows * fleet->block_count;
    for (uint32_t block = 0; block < fleet->block_count; block++)
      row[block] = tl_block_digest(view->world, fleet->id, block);
    chunk_edge =
        chunk_edge || window % fleet->digest_rows == 0 || r->window_count % fleet->digest_rows == 0;
  }
  r->digests_dirty = true;
  bool ok = !chunk_edge || recorder_file_digests(r);
  ok = ok && update_when_due(r);
  return outcome(r, ok, err);
}

tl_observer tl_recorder_observer(tl_recorder *recorder)
{
  bool signals = false;
  for (uint32_t f = 0; f < recorder->fleet_count; f++)
    signals = signals || recorder->fleets[f].recorded_count > 0;
  if (!signals)
    return (tl_observer){.self = recorder,
                         .window_end = observer_window_end}; /* ticks cost nothing */
  return (tl_observer){recorder, recorder_tick, observer_segment_ticks, observer_segment_end,
                       observer_window_end};
}

static void put_u32(unsigned char *to, uint32_t value) { memcpy(to, &value, sizeof value); }

tl_code tl_recorder_event(tl_recorder *recorder, int64_t at_ns, tl_fleet_id fleet, uint32_t device,
                          tl_event_kind kind, double value, const char *text, tl_error *err)
{
  tl_recorder *r = recorder;
  assert(kind < TL_EVENT_KIND_COUNT);
  if (r->broken) return outcome(r, false, err);
  if (r->policy == TL_RECORD_NONE && kind == TL_EVENT_ALARM) return TL_OK;
  const uint64_t place = r->event_count % EVENT_CHUNK_ROWS;
  unsigned char *row = r->events + place * EVENT_BYTES;
  memset(row, 0, EVENT_BYTES);
  memcpy(row, &at_ns, sizeof at_ns);
  put_u32(row + 8, fleet.index1 == 0 ? TL_EVENT_NO_DEVICE : fleet.index1 - 1);
  put_u32(row + 12, device);
  put_u32(row + 16, (uint32_t)kind);
  memcpy(row + 20, &value, sizeof value);
  if (text != NULL) memcpy(row + 28, text, strnlen(text, TL_EVENT_TEXT_BYTES));
  r->event_count++;
  r->events_dirty = true;
  const bool chunk_edge = place == 0 || place + 1 == EVENT_CHUNK_ROWS;
  return outcome(r, !chunk_edge || recorder_file_events(r), err);
}

/* --- the end ---------------------------------------------------------------------------------------- */
static bool finish_fleet(tl_recorder *r, fleet_plan *fleet)
{
  const uint32_t rows = (uint32_t)(fleet->tick_end - fleet->chunk_begin);
  const int64_t pyramid_ticks = (int64_t)PYRAMID_FACTOR * fleet->pyramid_rows;
  if (fleet->recorded_count == 0 || fleet->tick_end == 0) return true;
  if (rows > 0 || (r->pyramid && fleet->tick_end % pyramid_ticks != 0))
    recorder_finish(r, fleet, rows);
  if (rows > 0) {
    if (!recorder_file_chunks(r, fleet, rows)) return false;
    fleet->tail_time_ns = fleet->time_ns[rows - 1];
    fleet->chunk_begin = fleet->tick_end;
  }
  return hand_over_pyramid(r, fleet, true);
}

tl_code tl_recorder_close(tl_recorder *recorder, tl_error *err)
{
  tl_recorder *r = recorder;
  if (r == NULL) return TL_OK;
  bool ok = true;
  for (uint32_t f = 0; !r->broken && ok && f < r->fleet_count; f++)
    ok = finish_fleet(r, &r->fleets[f]);
  const bool room = !r->broken || (r->disk.error_number != 0 && !r->disk.lost);
  if (room && ok) ok = update_readers(r);
  recorder_file_close(r);
  const tl_code code = outcome(r, ok, err);
  recorder_plan_free(r);
  free(r->path);
  free(r);
  return code;
}

size_t tl_recorder_bytes(const tl_recorder *recorder)
{
  return recorder->arena.bytes + TL_DISK_BUFFER_BYTES;
}

uint64_t tl_recorder_written_bytes(const tl_recorder *recorder)
{
  return recorder->disk.written_bytes;
}

uint32_t tl_recorder_chunk_rows(const tl_recorder *recorder, tl_fleet_id fleet)
{
  assert(fleet.index1 >= 1 && fleet.index1 <= recorder->fleet_count);
  const fleet_plan *plan = &recorder->fleets[fleet.index1 - 1];
  return plan->recorded_count == 0 ? 0 : plan->chunk_rows;
}

uint64_t tl_recorder_saturated(const tl_recorder *recorder, const char **name)
{
  uint64_t total = 0;
  const char *first = NULL;
  for (uint32_t f = 0; f < recorder->fleet_count; f++) {
    const fleet_plan *fleet = &recorder->fleets[f];
    if (fleet->recorded_count == 0) continue;
    for (uint32_t s = 0; s < fleet->signal_count; s++)
      for (uint32_t block = 0; block < fleet->block_count; block++) {
        const uint64_t count = fleet->saturated[(size_t)block * fleet->signal_count + s];
        if (count > 0 && first == NULL) first = fleet->signals[s].def.name;
        total += count;
      }
  }
  if (name != NULL) *name = first;
  return total;
}
