/* parts.h: the recorder's insides, shared by the files of this folder and by nobody else.
 *
 * A fleet's recorded devices stand in `strips` of up to 256 columns: with TL_RECORD_ALL a strip is a block, else
 * 256 neighbours of the sample list. A strip and a signal make a `cell`: the chunk that is being staged, its last
 * row for the tail, and the pyramid chunk that is being made. Cells of a strip lie together, so that a worker's
 * data are one range of memory.
 * Time runs in ticks of the fleet: chunk_begin <= tick < tick_end are staged, what is older is in the file. */
#ifndef TL_TELEMETRY_RECORDER_PARTS_H
#define TL_TELEMETRY_RECORDER_PARTS_H
#include "base/arena.h"
#include "telemetry/h5.h"
#include "telemetry/recorder.h"
#include "telemetry/recorder/disk.h"
#include "telemetry/recorder/pack.h"
#include "telemetry/recorder/stage.h"

enum {
  CHUNK_ROWS_MAX = 64, /* ticks of a chunk */
  PYRAMID_FACTOR = 16, /* ticks of a pyramid row */
  PYRAMID_CHUNK = 4,   /* a pyramid chunk has a quarter of a chunk's rows, at least one */
  DIGEST_CHUNK_BYTES = 65536,
  DIGEST_CHUNK_ROWS = 64,
  EVENT_CHUNK_ROWS = 64,
  EVENT_BYTES = 8 + 4 + 4 + 4 + 8 + TL_EVENT_TEXT_BYTES,
  TAIL_COLUMNS = 8192 /* devices of a tail that are put together for one write */
};

typedef struct cell_state {
  size_t chunk_bytes;      /* of the finished chunk */
  size_t pyramid_bytes[2]; /* low, high */
} cell_state;

typedef struct signal_plan {
  tl_signal_def def;
  tl_stage stage;
  uint32_t column;
  tl_type type;                            /* of the world's column */
  size_t value_bytes;                      /* stored */
  bool packed, deflated;                   /* scale-offset; shuffle + deflate */
  size_t chunk_at, tail_at, pyramid_at[2]; /* in a strip's memory */
  hid_t set, tail_set, pyramid_set[2];
} signal_plan;

typedef struct fleet_plan {
  tl_fleet_id id;
  uint32_t device_count, block_count; /* of the world */
  uint32_t recorded_count;            /* devices in the file; 0 = digests only */
  uint32_t *sample;                   /* recorded_count device indexes; NULL = all */
  uint32_t *sample_begin;             /* by block, and one more: first index into sample */
  uint32_t strip_count, columns;      /* columns of a chunk, at most 256 */
  uint32_t chunk_rows, pyramid_rows;  /* rows of a chunk, of a pyramid chunk */
  uint32_t signal_count;
  signal_plan *signals; /* by name */
  cell_state *states;   /* strip x signal */
  uint64_t *saturated;  /* block x signal */
  unsigned char *cells;
  size_t strip_bytes;
  int64_t *time_ns; /* chunk_rows */
  int64_t chunk_begin, tick_end;
  int64_t tail_time_ns;
  hid_t time_set, tail_time_set;
  uint64_t *digests; /* digest_rows x block_count */
  uint32_t digest_rows;
  hid_t digest_set;
} fleet_plan;

typedef struct deflater { /* one a thread */
  struct libdeflate_compressor *compressor;
  unsigned char *shuffled, *packed;
} deflater;

struct tl_recorder {
  const tl_world *world;
  char *path;
  tl_record_policy policy;
  tl_simd_path simd;
  bool pyramid, deflate;
  bool broken; /* a write failed: nothing more is staged or written */
  tl_arena arena;
  tl_disk disk;
  hid_t file;
  int64_t flush_ns, flushed_at_ns; /* wall clock; decides only when live readers see things */
  fleet_plan *fleets;              /* every fleet of the world, by number */
  uint32_t fleet_count;
  unsigned char *tail_row; /* scratch for one write of a tail */
  deflater *deflaters;
  uint32_t deflater_count;
  size_t deflate_bytes;  /* of one packed buffer */
  uint64_t window_count; /* ended so far */
  uint64_t *roots;
  int64_t *window_ends;
  hid_t root_set, window_end_set;
  unsigned char *events; /* EVENT_CHUNK_ROWS rows */
  uint64_t event_count;
  hid_t event_set;
  bool digests_dirty, events_dirty; /* partial chunks that the file has not */
};

static inline unsigned char *cell_part(const fleet_plan *fleet, uint32_t strip, size_t at)
{
  return fleet->cells + (size_t)strip * fleet->strip_bytes + at;
}
static inline cell_state *cell_of(const fleet_plan *fleet, uint32_t strip, uint32_t signal)
{
  return &fleet->states[(size_t)strip * fleet->signal_count + signal];
}
/* Devices of a strip; the other columns of its chunks are fills. */
static inline uint32_t strip_width(const fleet_plan *fleet, uint32_t strip)
{
  const uint32_t left = fleet->recorded_count - strip * fleet->columns;
  return left < fleet->columns ? left : fleet->columns;
}

/* plan.c: checks the definition, fits chunk rows into the budget, reserves memory. */
tl_code recorder_plan(tl_recorder *r, const tl_recorder_def *def, tl_error *err);
void recorder_plan_free(tl_recorder *r);

/* file.c: every object of the file and what goes into it. False when HDF5 refused; a disk that refused is in
 * r->disk. */
tl_code recorder_file_create(tl_recorder *r, const tl_recorder_def *def, tl_error *err);
void recorder_file_close(tl_recorder *r);
/* Staged chunks of a fleet, `rows` of them real; then the tick after them. */
bool recorder_file_chunks(tl_recorder *r, fleet_plan *fleet, uint32_t rows);
/* Pyramid chunks that hold rows up to pyramid_end (exclusive). */
bool recorder_file_pyramid(tl_recorder *r, fleet_plan *fleet, int64_t pyramid_end);
bool recorder_file_digests(tl_recorder *r);
bool recorder_file_events(tl_recorder *r);
bool recorder_file_tails(tl_recorder *r);

/* tick.c: what runs on the workers. */
void recorder_tick(void *self, const tl_tick_view *view);
/* Finishes the chunks that tick() could not: samples (several blocks fill a strip), deflated signals, and at the
 * end of the run the part-filled ones, whose rows from `rows` on become fills. rows 0: no chunk is open, only the
 * pyramid chunks are ended. */
void recorder_finish(tl_recorder *r, fleet_plan *fleet, uint32_t rows);
#endif
