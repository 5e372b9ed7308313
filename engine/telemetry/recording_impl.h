/* recording_impl.h: what recording.c (HDF5) and recording_csv.c share. Internal to engine/telemetry. */
#ifndef TL_TELEMETRY_RECORDING_IMPL_H
#define TL_TELEMETRY_RECORDING_IMPL_H
#include "telemetry/h5.h"
#include "telemetry/recording.h"

typedef struct recording_fleet {
  tl_recording_fleet view; /* what callers see; points at the members below */
  char name[TL_SIGNAL_NAME_BYTES];
  int64_t *times_ns;
  uint32_t *devices;
  tl_signal_def *signals;
  hid_t *datasets; /* HDF5: one a signal, open */
  double **values; /* CSV: one a signal, [sample][device] */
} recording_fleet;

struct tl_recording {
  char *path;
  char kind[16];
  char label[128];
  char schema_hash[TL_SCHEMA_HASH_BYTES];
  hid_t file; /* < 0 for CSV */
  recording_fleet *fleets;
  uint32_t fleet_count;
};

/* Fills fleets of a recording whose path is set.  errors  as tl_recording_open */
tl_code tl_recording_load_csv(tl_recording *recording, tl_error *err);
#endif
