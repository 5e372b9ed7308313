/* h5.h: the few HDF5 calls of this room, quiet and with the settings that make files byte-identical.
 *
 * Why: object times, variable-length strings and HDF5's printed error stack are each one forgotten call away.
 * Internal to engine/telemetry: no other room may include it (hdf5.h stays in here).
 * Owns: handles returned are the caller's to close. Threads: HDF5 is not thread-safe here; one thread at a time. */
#ifndef TL_TELEMETRY_H5_H
#define TL_TELEMETRY_H5_H
#include "telemetry/schema.h"

#include <hdf5.h>

/* HDF5 prints its error stack to stderr by default; our messages replace it. Call at every public entry. */
void tl_h5_quiet(void);

/* New file: latest format, no object times (H5Pset_obj_track_times off on everything made below), truncates.
 * kind "run"|"recording", label free text, hash of tl_schema_hash. Writes the root attributes.
 * errors  TL_E_IO with the system's reason */
tl_code tl_h5_create(hid_t *out, const char *path, const char *kind, const char *label,
                     const char *schema_hash, tl_error *err);
/* Opens for reading, SWMR when it is being written. A file that a killed writer left open without SWMR has its flag
 * cleared first (needs the right to write it). The superblock is checked against the file's size, so that truncated
 * files are refused before HDF5 walks them.
 * errors  TL_E_IO: missing, unreadable, being written without SWMR; TL_E_FORMAT: not HDF5, truncated, corrupt */
tl_code tl_h5_open(hid_t *out, const char *path, tl_error *err);
/* Clears the "open for writing" flag of a file whose writer was killed, as `h5clear -s` does; nobody may have it open. */
void tl_h5_clear_flags(const char *path);

/* Property lists with object times off; the caller closes them. */
hid_t tl_h5_dataset_plist(void);                          /* H5P_DATASET_CREATE */
hid_t tl_h5_group_create(hid_t parent, const char *name); /* < 0 on failure */

/* Fixed-length string (no variable-length type in our files), scalars. Replace nothing: names must be new.
 * Return false when HDF5 refused (a full disk). */
bool tl_h5_attr_text(hid_t object, const char *name, const char *value);
bool tl_h5_attr_f64(hid_t object, const char *name, double value);
bool tl_h5_attr_i64(hid_t object, const char *name, int64_t value);
/* Reads; false when missing or of another class. Texts may be fixed or variable length, cut to bytes - 1. */
bool tl_h5_get_text(hid_t object, const char *name, char *out, size_t bytes);
bool tl_h5_get_f64(hid_t object, const char *name, double *out);
bool tl_h5_get_i64(hid_t object, const char *name, int64_t *out);

hid_t tl_h5_store_type(tl_store store); /* file type, little endian; not to be closed */
/* All attributes of a signal's dataset: unit, quantity, role, low, high, resolution, period_ns and, for integer
 * stores, scale_factor, add_offset, _FillValue (of the dataset's own type). */
bool tl_h5_signal_write(hid_t dataset, const tl_signal_def *def, int64_t period_ns);
/* The same, read and checked (tl_signal_check); where names file and dataset for messages.
 * errors  TL_E_FORMAT, TL_E_SCHEMA */
tl_code tl_h5_signal_read(tl_signal_def *def, int64_t *period_ns, hid_t dataset, const char *name,
                          const char *where, tl_error *err);

/* HDF5 1.10 loops for ever on a global heap (where variable-length texts live) with an object of no size. Walks every
 * heap of a foreign file before HDF5 does.  errors  TL_E_FORMAT: a heap is corrupt; TL_E_IO */
tl_code tl_h5_check_heaps(const char *path, tl_error *err);

/* Does reading a file that is not ours crash or hang HDF5 (1.10.8 does on some corrupt files)? A child process calls
 * read(context) first; what it finds is thrown away. Costs the reading twice, so it is for files whose metadata carries
 * no checksums (tl_h5_checksummed is false) and for foreign files.
 * errors  TL_E_FORMAT: the child was killed, or needed more than 60 s of CPU */
tl_code tl_h5_probe(const char *path, void (*read)(void *context), void *context, tl_error *err);
/* Is the superblock of version 2 or later, whose objects carry checksums? True for every file of ours. */
bool tl_h5_checksummed(const char *path);
#endif
