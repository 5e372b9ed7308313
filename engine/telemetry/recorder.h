/* recorder.h: an observer of a world that writes telemetry.h5 while the run goes on.
 *
 * Why: at fleet speed a file format decides what a run costs. Workers round their own block's values to the
 * declared resolution and pack each chunk of 64 ticks x 256 devices while it is in their cache; the main thread
 * only hands finished chunks to the file, in block order. So the file's bytes depend on neither threads nor time.
 *
 * What a policy writes (docs/file-format.md has the layout):
 *   TL_RECORD_ALL     all devices of every fleet: signals, time, pyramid, tail; digests; events
 *   TL_RECORD_SAMPLE  the same for the devices in each fleet's sample list only; digests cover all devices
 *   TL_RECORD_EVENTS  digests and events
 *   TL_RECORD_NONE    digests and events but for those of single devices (TL_EVENT_ALARM)
 *
 * Memory: every byte is reserved by tl_recorder_create and stays within budget_bytes; chunks get fewer rows (32,
 * 16, ... 1) when fleets are large, so the number of ticks a chunk holds, and with it the file's bytes, is a
 * function of the definition alone. Nothing of ours allocates afterwards.
 * Live readers: the file is in SWMR mode from the start (open it with SWMR_READ); tails, partial digests and
 * events are brought up to date about once a second of wall time, which changes no byte of the final file.
 * Errors while recording: the first write that fails (full disk, RLIMIT_FSIZE with SIGXFSZ ignored) ends the
 * recording with TL_E_IO; the file stays readable up to the last flush. After SIGINT call tl_recorder_close.
 * Owns: its file and buffers. The world must outlive it. Threads: tick() runs on the world's workers, everything
 * else on the caller's thread. */
#ifndef TL_TELEMETRY_RECORDER_H
#define TL_TELEMETRY_RECORDER_H
#include "sim/world.h"
#include "telemetry/schema.h"

typedef struct tl_recorder tl_recorder; /* opaque */

typedef enum tl_record_policy {
  TL_RECORD_ALL,
  TL_RECORD_SAMPLE,
  TL_RECORD_EVENTS,
  TL_RECORD_NONE
} tl_record_policy;

/* What an event is; the number is what /events holds, the names are its attribute `kinds`. */
typedef enum tl_event_kind {
  TL_EVENT_LOG,   /* the scenario said something */
  TL_EVENT_FAULT, /* injected or cleared */
  TL_EVENT_ALARM, /* one device's detector; not written by TL_RECORD_NONE */
  TL_EVENT_PHASE, /* a step of the story: mode, rollout wave, hand-over */
  TL_EVENT_INPUT, /* came from outside: viewer, bridge, a person */
  TL_EVENT_KIND_COUNT
} tl_event_kind;
#define TL_EVENT_NO_DEVICE UINT32_MAX /* device, or fleet, that an event without one has */
enum { TL_EVENT_TEXT_BYTES = 48 };    /* longer texts are cut */

/* One recorded signal: a column of the fleet and how it is stored. Take the def from tl_signal_from_column();
 * exact ones (float64) are for signals that a comparison or a score uses. */
typedef struct tl_recorder_signal {
  uint32_t column;
  tl_signal_def def;
} tl_recorder_signal;

typedef struct tl_recorder_fleet {
  tl_fleet_id fleet;
  const tl_recorder_signal *signals; /* copied; at most TL_RECORDER_SIGNALS_MAX, names differ */
  uint32_t signal_count;             /* 0: this fleet writes digests only */
  const uint32_t *sample;            /* TL_RECORD_SAMPLE: device indexes, ascending; copied */
  uint32_t sample_count;
} tl_recorder_fleet;
enum { TL_RECORDER_SIGNALS_MAX = 64 };

/* Start from tl_recorder_def_default(). */
typedef struct tl_recorder_def {
  const char *path;  /* file to create; an existing one is replaced */
  const char *label; /* free text, e.g. the scenario's name */
  tl_record_policy policy;
  const tl_recorder_fleet *fleets; /* fleets that are not listed write digests only */
  uint32_t fleet_count;
  bool pyramid;        /* default true; minima and maxima over 16 ticks */
  bool deflate;        /* float32/64 signals: shuffle + deflate (libdeflate), default false: raw */
  size_t budget_bytes; /* of all buffers, default 256 000 000 */
  double
      flush_s; /* wall time between updates for live readers, default 1; 0 = at every hand-over */
  tl_simd_path path_simd; /* default tl_cpu_best_path() */
  uint32_t cookie_;
} tl_recorder_def;
TL_API tl_recorder_def tl_recorder_def_default(void);

/* Creates the file with every object it will ever have, and starts SWMR writing. After tl_world_seal, before the
 * first tl_world_advance.
 * errors  TL_E_IO: the file cannot be created or written; TL_E_SCHEMA: a signal's def is wrong, two have one name, a fleet's name is taken;
 *         TL_E_COLUMN: no such column; TL_E_ARG: a sample list is empty, not ascending or out of range;
 *         TL_E_LIMIT: not even one-row chunks fit budget_bytes (the message names the bytes wanted) */
TL_API tl_code tl_recorder_create(tl_recorder **out, const tl_world *world,
                                  const tl_recorder_def *def, tl_error *err);

/* The row for tl_world_observe. */
TL_API tl_observer tl_recorder_observer(tl_recorder *recorder);

/* Appends an event; call between windows, in order of time.
 * fleet   {0} for none; device TL_EVENT_NO_DEVICE for none
 * errors  TL_E_IO */
TL_API tl_code tl_recorder_event(tl_recorder *recorder, int64_t at_ns, tl_fleet_id fleet,
                                 uint32_t device, tl_event_kind kind, double value,
                                 const char *text, tl_error *err);

/* Writes what is left and closes; frees the recorder whatever it returns. NULL is fine. */
TL_API tl_code tl_recorder_close(tl_recorder *recorder, tl_error *err);

/* --- what it does, for messages, tests and the report --- */
TL_API size_t tl_recorder_bytes(const tl_recorder *recorder); /* of all buffers */
TL_API uint64_t
tl_recorder_written_bytes(const tl_recorder *recorder); /* given to the file so far */
TL_API uint32_t tl_recorder_chunk_rows(const tl_recorder *recorder,
                                       tl_fleet_id fleet); /* 0: no signals */
/* Values of all signals so far that lay outside what their integers can hold and were saturated; tells the first
 * such signal's name when `name` is not NULL. Call between windows. */
TL_API uint64_t tl_recorder_saturated(const tl_recorder *recorder, const char **name);
#endif
