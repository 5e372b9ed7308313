/* recording.h: time series of a fleet in a file, whoever wrote it: a run, an import, or our CSV.
 *
 * Why: scoring, driving a twin, plotting and exporting ask the same questions of all of them: which signals, in
 * which unit, at which times, and what were the values.
 * Forms read: HDF5 of schema twinloop.telemetry/1 (recordings and runs; a run may be named by its folder), and CSV
 * as `twinloop export --csv` writes it (first column time_s, then perhaps device, then channels "name[unit]").
 * Owns: a tl_recording owns its file handle and all it returns, until tl_recording_close.
 * Threads: one thread at a time for all recordings of the process (HDF5 is not thread-safe). */
#ifndef TL_TELEMETRY_RECORDING_H
#define TL_TELEMETRY_RECORDING_H
#include "telemetry/schema.h"

typedef struct tl_recording tl_recording;

typedef struct tl_recording_fleet {
  const char *name;
  int64_t period_ns;       /* declared; 0 = by the stamps */
  uint64_t sample_count;   /* rows */
  const int64_t *times_ns; /* sample_count stamps, never falling */
  uint32_t device_count;   /* devices in the file, >= 1 */
  const uint32_t *devices; /* their indexes in the fleet, ascending */
  uint32_t signal_count;
  const tl_signal_def *signals;
} tl_recording_fleet;

/* errors  TL_E_IO: missing or unreadable; TL_E_FORMAT: truncated, corrupt, not one of the forms; TL_E_SCHEMA: other
 *         version (names both), bad attributes; TL_E_LIMIT: not enough memory */
TL_API tl_code tl_recording_open(tl_recording **out, const char *path, tl_error *err);
TL_API void tl_recording_close(tl_recording *recording); /* NULL is fine */
/* Has a live writer added rows? Re-reads counts and stamps; pointers got from fleets before are stale then. */
TL_API tl_code tl_recording_refresh(tl_recording *recording, tl_error *err);

TL_API const char *
tl_recording_path(const tl_recording *recording); /* as given, or DIR/telemetry.h5 */
TL_API const char *
tl_recording_kind(const tl_recording *recording); /* "run", "recording" or "csv" */
TL_API const char *tl_recording_label(const tl_recording *recording); /* "" or e.g. "synthetic" */
TL_API const char *tl_recording_schema_hash(const tl_recording *recording);
TL_API uint32_t tl_recording_fleet_count(const tl_recording *recording);
TL_API const tl_recording_fleet *tl_recording_fleet_at(const tl_recording *recording,
                                                       uint32_t fleet);
/* By name; NULL or "" = the only fleet.  errors  TL_E_COLUMN with the fleets there are */
TL_API tl_code tl_recording_fleet_find(const tl_recording *recording, const char *name,
                                       uint32_t *out, tl_error *err);
/* errors  TL_E_COLUMN with the nearest name as hint */
TL_API tl_code tl_recording_signal_find(const tl_recording *recording, uint32_t fleet,
                                        const char *name, uint32_t *out, tl_error *err);
/* Place of a fleet's device in the file's columns.  errors  TL_E_COLUMN: it was not recorded */
TL_API tl_code tl_recording_device_find(const tl_recording *recording, uint32_t fleet,
                                        uint32_t device, uint32_t *out, tl_error *err);

/* Values of one device (place in the file, 0 .. device_count - 1), samples [begin, begin + count), in the signal's
 * unit; NaN where missing. Ranges are the caller's duty (asserted).  errors  TL_E_FORMAT: corrupt data */
TL_API tl_code tl_recording_read(tl_recording *recording, uint32_t fleet, uint32_t signal,
                                 uint32_t device, uint64_t begin, uint64_t count, double *out,
                                 tl_error *err);
/* out[sample][device] for a rectangle. */
TL_API tl_code tl_recording_read_slab(tl_recording *recording, uint32_t fleet, uint32_t signal,
                                      uint64_t begin, uint64_t count, uint32_t device_begin,
                                      uint32_t device_count, double *out, tl_error *err);
/* The whole signal of one device by names; *out has *out_count values and is the caller's to free.
 * errors  as the finds and reads above; TL_E_LIMIT */
TL_API tl_code tl_recording_read_all(tl_recording *recording, const char *fleet, const char *signal,
                                     uint32_t device, double **out, uint64_t *out_count,
                                     tl_error *err);

/* Recipe for a recording file. */
typedef struct tl_recording_series {
  tl_signal_def def;    /* store is taken as F64 whatever it says */
  const double *values; /* [sample][device], NaN = missing */
} tl_recording_series;
typedef struct tl_recording_fleet_def {
  const char *name;
  int64_t period_ns; /* 0 = by the stamps */
  uint64_t sample_count;
  const int64_t *times_ns; /* never falling */
  uint32_t device_count;   /* >= 1 */
  const uint32_t *devices; /* NULL = 0, 1, 2, ... */
  uint32_t series_count;
  const tl_recording_series *series;
} tl_recording_fleet_def;
typedef struct tl_recording_def {
  const char *label;         /* free text; NULL = "" */
  const char *source;        /* file name it came from, no folder; NULL = "" */
  const char *source_sha256; /* 64 hex; NULL = "" */
  int64_t epoch_ns;          /* Unix time of time 0; 0 = not known */
  uint32_t fleet_count;
  const tl_recording_fleet_def *fleets;
} tl_recording_def;
/* Writes to a temporary file beside `path`, then renames. The same def gives the same bytes.
 * errors  TL_E_IO; TL_E_SCHEMA: a name or unit that the schema refuses; TL_E_ARG: falling stamps, twice the same name */
TL_API tl_code tl_recording_write(const char *path, const tl_recording_def *def, tl_error *err);
#endif
