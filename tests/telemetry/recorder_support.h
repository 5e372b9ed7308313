/* recorder_support.h: worlds of incubators and their recorders, for the recorder's tests. */
#ifndef TL_TESTS_TELEMETRY_RECORDER_SUPPORT_H
#define TL_TESTS_TELEMETRY_RECORDER_SUPPORT_H
#include "telemetry/recorder.h"

#include <hdf5.h>

enum { FLEETS_MAX = 2, SIGNALS_PER_FLEET = 5 };

/* What one run is. Start from run_default(). */
typedef struct run_def {
  uint32_t devices[FLEETS_MAX]; /* of fleet "a" (3 s ticks) and "b" (1 s ticks); 0: no such fleet */
  int64_t sync_s, end_s;
  uint32_t threads;
  tl_simd_path path;
  bool record; /* false: no recorder at all */
  tl_record_policy policy;
  bool exact, lossless, deflate, no_pyramid; /* exact: box_K float64; lossless: all floats */
  size_t budget_bytes;                       /* 0: the default */
  double flush_s;
  uint32_t sample[FLEETS_MAX][600], sample_count;
  const char *file;
  uint32_t events;       /* logged after every window */
  uint32_t signal_count; /* the first so many; 0: all */
} run_def;
run_def run_default(const char *file);

typedef struct run {
  tl_world *world;
  tl_recorder *recorder;
  tl_recorder_signal signals[FLEETS_MAX][SIGNALS_PER_FLEET];
} run;

/* World sealed, recorder attached. Fails the test when anything goes wrong. */
void run_open(run *out, const run_def *def);
/* To end_s, events between windows; returns the first failure. */
tl_code run_advance(run *r, const run_def *def, tl_error *err);
void run_close(run *r);
/* All of it; the run hash when hash is not NULL. */
void run_whole(const run_def *def, char hash[65]);

/* A file's bytes; the caller frees. */
unsigned char *file_bytes(const char *path, size_t *count);
void assert_same_file(const char *a, const char *b);
/* Reads a whole dataset as `type`; the caller frees. rows and columns may be NULL; columns is 1 for one dimension. */
void *read_set(hid_t file, const char *name, hid_t type, size_t value_bytes, uint64_t *rows,
               uint64_t *columns);
/* Values in the signal's unit, decoded by the attributes as any CF tool would; NaN where missing. */
double *read_decoded(hid_t file, const char *name, uint64_t *rows, uint64_t *columns);
hid_t open_file(const char *path);
#endif
