/* disk.h: the file under a recorder's HDF5 file: a full disk stops the recording, never the program or the file.
 *
 * Why: when a write fails inside HDF5 1.10 the library cannot close the file, leaves it marked as being written
 * and tells nobody what was wrong. So the recorder writes through this small driver (HDF5's virtual file layer):
 * the first write that fails is noted with its reason; from then on nothing reaches the disk, while HDF5 believes
 * that all is well and closes in order. In SWMR mode HDF5 orders its writes so that every prefix of them is a
 * readable file; closing makes the superblock say so (open mark cleared, size as it is).
 * A reserve of blocks, taken at the start and given back when the disk is full, leaves room for the chunks
 * that are on their way and for HDF5's index of what is there: then the file closes as any other.
 * Internal to engine/telemetry (hdf5.h stays in here). Owns: a tl_disk is the caller's and outlives the file.
 * Threads: as HDF5, one at a time. */
#ifndef TL_TELEMETRY_DISK_H
#define TL_TELEMETRY_DISK_H
#include "base/error.h"

#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>

enum { TL_DISK_BUFFER_BYTES = 262144 }; /* that a file holds */

typedef struct tl_disk {
  int error_number;       /* errno of the first write that failed, 0 = none */
  uint64_t offset, bytes; /* that write */
  uint64_t written_bytes; /* all bytes that HDF5 wrote */
  int reserve;            /* descriptor of a nameless file of blocks, -1 = none */
  bool lost;              /* bytes did not reach the disk even so: the file ends where it ended */
  hid_t driver_;
} tl_disk;

/* Creates (truncates) an HDF5 file on the disk driver: latest format, no object times.
 * errors  TL_E_IO with the system's reason: cannot be created, or is in use by a program that locked it */
tl_code tl_disk_create(tl_disk *disk, hid_t *file, const char *path, tl_error *err);
/* Sets blocks aside beside the file: so many bytes, or as near as the disk has room for, or none. */
void tl_disk_reserve(tl_disk *disk, const char *path, uint64_t bytes);
/* TL_OK, or TL_E_IO naming file, bytes, offset and reason of the write that failed. */
tl_code tl_disk_check(const tl_disk *disk, const char *path, tl_error *err);
/* After H5Fclose: lets go of the driver. */
void tl_disk_release(tl_disk *disk);
#endif
