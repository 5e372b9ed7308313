#include "telemetry/recorder/disk.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#if H5_VERSION_GE(1, 13, 0)
#include <H5FDdevelop.h>
#endif

/* Chunks follow each other in the file; put together and aligned they cost the system half as much a byte. Order is
 * kept: whatever does not continue the buffer is written after it. */
enum { BUFFER_BYTES = TL_DISK_BUFFER_BYTES };

typedef struct disk_file {
  H5FD_t public_; /* HDF5's part, first */
  tl_disk *disk;
  haddr_t buffer_begin; /* place in the file of the first of `buffered` bytes */
  size_t buffered;
  int descriptor;
  haddr_t allocated_end, file_end;
  dev_t device;
  ino_t inode;
  unsigned char buffer[BUFFER_BYTES];
} disk_file;

/* --- the superblock --------------------------------------------------------------------------------- */
/* Version 3, as the latest format writes it: signature 8, version, offset size, length size, flags, base 8,
 * extension 8, end of file 8, root 8, checksum 4. HDF5 File Format Specification 3.0, section II.A. */
enum { SUPERBLOCK_BYTES = 48, SUPERBLOCK_FLAGS = 11, SUPERBLOCK_END = 28, SUPERBLOCK_SUM = 44 };

static uint32_t rotated(uint32_t x, uint32_t k) { return x << k | x >> (32u - k); }

/* The format's checksum of the first 44 bytes: Bob Jenkins' lookup3 (public domain, 2006), initial value 0. */
static uint32_t superblock_sum(const unsigned char *bytes)
{
  uint32_t word[12] = {0}, a = 0xdeadbeefu + SUPERBLOCK_SUM, b = a, c = a;
  memcpy(word, bytes, SUPERBLOCK_SUM);
  const uint32_t *w = word;
  for (uint32_t left = SUPERBLOCK_SUM; left > 12; left -= 12, w += 3) {
    a += w[0], b += w[1], c += w[2];
    a -= c, a ^= rotated(c, 4), c += b;
    b -= a, b ^= rotated(a, 6), a += c;
    c -= b, c ^= rotated(b, 8), b += a;
    a -= c, a ^= rotated(c, 16), c += b;
    b -= a, b ^= rotated(a, 19), a += c;
    c -= b, c ^= rotated(b, 4), b += a;
  }
  a += w[0], b += w[1]; /* 44 = 3 * 12 + 8; w[2] is zero */
  c ^= b, c -= rotated(b, 14);
  a ^= c, a -= rotated(c, 11);
  b ^= a, b -= rotated(a, 25);
  c ^= b, c -= rotated(b, 16);
  a ^= c, a -= rotated(c, 4);
  b ^= a, b -= rotated(a, 14);
  c ^= b, c -= rotated(b, 24);
  return c;
}

/* What h5clear does: no writer has the file open, and its end is where it ends. */
static void superblock_settle(int descriptor)
{
  static const unsigned char signature[8] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
  unsigned char block[SUPERBLOCK_BYTES];
  struct stat info;
  if (pread(descriptor, block, sizeof block, 0) != (ssize_t)sizeof block) return;
  if (memcmp(block, signature, sizeof signature) != 0 || block[8] != 3 || block[9] != 8) return;
  uint32_t sum = 0;
  memcpy(&sum, block + SUPERBLOCK_SUM, sizeof sum);
  if (sum != superblock_sum(block) || fstat(descriptor, &info) != 0) return;
  const uint64_t end = (uint64_t)info.st_size;
  block[SUPERBLOCK_FLAGS] = 0;
  memcpy(block + SUPERBLOCK_END, &end, sizeof end);
  sum = superblock_sum(block);
  memcpy(block + SUPERBLOCK_SUM, &sum, sizeof sum);
  (void)!pwrite(descriptor, block, sizeof block, 0); /* inside the file: needs no space */
}

/* --- HDF5's driver table ---------------------------------------------------------------------------- */
static H5FD_t *disk_open(const char *name, unsigned flags, hid_t access, haddr_t maximum)
{
  (void)maximum;
  tl_disk *const *info = H5Pget_driver_info(access);
  if (info == NULL) return NULL;
  int mode = O_CLOEXEC | ((flags & H5F_ACC_RDWR) ? O_RDWR : O_RDONLY);
  if (flags & H5F_ACC_TRUNC) mode |= O_TRUNC;
  if (flags & H5F_ACC_CREAT) mode |= O_CREAT;
  if (flags & H5F_ACC_EXCL) mode |= O_EXCL;
  const int descriptor = open(name, mode, 0666);
  struct stat status;
  disk_file *file =
      descriptor >= 0 && fstat(descriptor, &status) == 0 ? calloc(1, sizeof *file) : NULL;
  if (file == NULL) {
    if (descriptor >= 0) close(descriptor);
    return NULL;
  }
  file->disk = *info;
  file->descriptor = descriptor;
  file->file_end = (haddr_t)status.st_size;
  file->device = status.st_dev;
  file->inode = status.st_ino;
  return (H5FD_t *)file;
}

static int disk_compare(const H5FD_t *handle_a, const H5FD_t *handle_b)
{
  const disk_file *a = (const disk_file *)handle_a, *b = (const disk_file *)handle_b;
  if (a->device != b->device) return a->device < b->device ? -1 : 1;
  return a->inode < b->inode ? -1 : a->inode > b->inode;
}

/* HDF5's flags are size_t's type on every system that we build for (LP64). */
static herr_t disk_query(const H5FD_t *handle, size_t *flags)
{
  (void)handle;
  if (flags != NULL)
    *flags = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE |
             H5FD_FEAT_AGGREGATE_SMALLDATA | H5FD_FEAT_SUPPORTS_SWMR_IO |
             H5FD_FEAT_DEFAULT_VFD_COMPATIBLE;
  return 0;
}

static haddr_t disk_get_eoa(const H5FD_t *handle, H5FD_mem_t type)
{
  (void)type;
  return ((const disk_file *)handle)->allocated_end;
}
static herr_t disk_set_eoa(H5FD_t *handle, H5FD_mem_t type, haddr_t end)
{
  (void)type;
  ((disk_file *)handle)->allocated_end = end;
  return 0;
}
static haddr_t disk_get_eof(const H5FD_t *handle, H5FD_mem_t type)
{
  (void)type;
  return ((const disk_file *)handle)->file_end;
}

static herr_t disk_get_handle(H5FD_t *handle, hid_t access, void **out)
{
  (void)access;
  *out = &((disk_file *)handle)->descriptor;
  return 0;
}

/* Gives the reserve back; false when there is none left. */
static bool free_reserve(tl_disk *disk)
{
  if (disk->reserve < 0) return false;
  close(disk->reserve);
  disk->reserve = -1;
  return true;
}

/* The first failure is kept in the disk. A full disk gets its reserve back, once; after that, or after
 * any other failure, nothing is written. */
static void write_through(disk_file *file, haddr_t offset, size_t bytes, const unsigned char *from)
{
  tl_disk *disk = file->disk;
  while (bytes > 0 && !disk->lost) {
    const ssize_t put = pwrite(file->descriptor, from, bytes, (off_t)offset);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) {
      const int reason = put < 0 ? errno : ENOSPC;
      if (disk->error_number == 0) {
        disk->error_number = reason;
        disk->offset = offset;
        disk->bytes = bytes;
      }
      if (reason == ENOSPC && free_reserve(disk)) continue;
      disk->lost = true;
      return;
    }
    from += put, offset += (haddr_t)put, bytes -= (size_t)put;
  }
}

static void drain(disk_file *file)
{
  if (file->buffered > 0) write_through(file, file->buffer_begin, file->buffered, file->buffer);
  file->buffered = 0;
}

static herr_t disk_write(H5FD_t *handle, H5FD_mem_t type, hid_t transfer, haddr_t offset,
                         size_t bytes, const void *data)
{
  (void)type, (void)transfer;
  disk_file *file = (disk_file *)handle;
  const unsigned char *from = data;
  if (offset + bytes > file->file_end) file->file_end = offset + bytes;
  file->disk->written_bytes += bytes;
  if (file->buffered > 0 && file->buffer_begin + file->buffered != offset) drain(file);
  while (bytes > 0) {
    if (file->buffered == 0) file->buffer_begin = offset;
    const size_t room =
        BUFFER_BYTES - (size_t)((file->buffer_begin + file->buffered) % BUFFER_BYTES);
    const size_t count = bytes < room ? bytes : room;
    memcpy(file->buffer + file->buffered, from, count);
    file->buffered += count;
    from += count, offset += count, bytes -= count;
    if (count == room) drain(file); /* ends at a multiple of the buffer's size */
  }
  return 0; /* the recorder asks tl_disk_check */
}

static herr_t disk_read(H5FD_t *handle, H5FD_mem_t type, hid_t transfer, haddr_t offset,
                        size_t bytes, void *out)
{
  (void)type, (void)transfer;
  disk_file *file = (disk_file *)handle;
  unsigned char *to = out;
  drain(file);
  while (bytes > 0) {
    const ssize_t got = pread(file->descriptor, to, bytes, (off_t)offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -1;
    if (got == 0) { /* past the end: zeros, as HDF5 expects */
      memset(to, 0, bytes);
      break;
    }
    to += got, offset += (haddr_t)got, bytes -= (size_t)got;
  }
  return 0;
}

static herr_t disk_flush(H5FD_t *handle, hid_t transfer, hbool_t closing)
{
  (void)transfer, (void)closing;
  drain((disk_file *)handle);
  return 0;
}

static herr_t disk_truncate(H5FD_t *handle, hid_t transfer, hbool_t closing)
{
  (void)transfer, (void)closing;
  disk_file *file = (disk_file *)handle;
  tl_disk *disk = file->disk;
  drain(file);
  if (file->file_end == file->allocated_end) return 0;
  if (!disk->lost && ftruncate(file->descriptor, (off_t)file->allocated_end) != 0) {
    disk->lost = true;
    disk->error_number = errno;
    disk->offset = file->file_end;
    disk->bytes = file->allocated_end > file->file_end ? file->allocated_end - file->file_end : 0;
  }
  file->file_end = file->allocated_end;
  return 0;
}

static herr_t disk_close(H5FD_t *handle)
{
  disk_file *file = (disk_file *)handle;
  drain(file);
  if (file->disk->lost) superblock_settle(file->descriptor);
  close(file->descriptor);
  free(file);
  return 0;
}

static herr_t disk_lock(H5FD_t *handle, hbool_t writing)
{
  if (flock(((disk_file *)handle)->descriptor, (writing ? LOCK_EX : LOCK_SH) | LOCK_NB) == 0)
    return 0;
  return errno == ENOSYS || errno == EOPNOTSUPP ? 0 : -1; /* some file systems have no locks */
}
/* HDF5 lets go when SWMR begins; a shared lock stays, which readers do not mind and a second writer does. */
static herr_t disk_unlock(H5FD_t *handle)
{
  if (flock(((disk_file *)handle)->descriptor, LOCK_SH | LOCK_NB) == 0) return 0;
  return errno == ENOSYS || errno == EOPNOTSUPP ? 0 : -1;
}

static const H5FD_class_t disk_class = {
#if H5_VERSION_GE(1, 13, 0)
    .version = H5FD_CLASS_VERSION,
    .value = (H5FD_class_value_t)600, /* of the range that HDF5 leaves to programs */
#endif
    .name = "twinloop disk",
    .maxaddr = INT64_MAX,
    .fc_degree = H5F_CLOSE_WEAK,
    .fapl_size = sizeof(tl_disk *),
    .open = disk_open,
    .close = disk_close,
    .cmp = disk_compare,
    .query = disk_query,
    .get_eoa = disk_get_eoa,
    .set_eoa = disk_set_eoa,
    .get_eof = disk_get_eof,
    .get_handle = disk_get_handle,
    .read = disk_read,
    .write = disk_write,
    .flush = disk_flush,
    .truncate = disk_truncate,
    .lock = disk_lock,
    .unlock = disk_unlock,
    .fl_map = H5FD_FLMAP_DICHOTOMY,
};

/* --- the caller's side ------------------------------------------------------------------------------ */
tl_code tl_disk_create(tl_disk *disk, hid_t *file, const char *path, tl_error *err)
{
  *disk = (tl_disk){.reserve = -1, .driver_ = H5FDregister(&disk_class)};
  *file = H5I_INVALID_HID;
  /* HDF5 keeps the system's reason to itself, and truncates before it locks: so ask the system first. */
  const int probe = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  const char *reason = probe < 0           ? strerror(errno)
                       : disk->driver_ < 0 ? "HDF5 refused the disk driver"
                                           : NULL;
  if (probe >= 0 && flock(probe, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
    reason = "cannot be replaced: another program, or another run, has it open";
  if (probe >= 0) close(probe);
  if (reason != NULL) {
    tl_disk_release(disk);
    return tl_fail(err, TL_E_IO, NULL, "%s: %s", path, reason);
  }
  const hid_t access = H5Pcreate(H5P_FILE_ACCESS), create = H5Pcreate(H5P_FILE_CREATE);
  H5Pset_libver_bounds(access, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
  H5Pset_driver(access, disk->driver_, &disk);
  H5Pset_obj_track_times(create, false);
  /* Blocks set aside for later objects are given back at every flush, so the layout would tell when that was. */
  H5Pset_meta_block_size(access, 0);
  H5Pset_small_data_block_size(access, 0);
  *file = H5Fcreate(path, H5F_ACC_TRUNC, create, access);
  H5Pclose(create);
  H5Pclose(access);
  if (*file >= 0) return TL_OK;
  tl_disk_release(disk);
  return tl_fail(err, TL_E_IO, NULL, "%s: HDF5 could not create the file", path);
}

void tl_disk_reserve(tl_disk *disk, const char *path, uint64_t bytes)
{
  char folder[4096];
  const char *slash = strrchr(path, '/');
  const size_t length = slash ? (size_t)(slash - path) + 1 : 0;
  if (disk->reserve >= 0 || length >= sizeof folder) return;
  memcpy(folder, length ? path : "./", length ? length : 2);
  folder[length ? length : 2] = '\0';
  const int descriptor = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (descriptor < 0) return; /* some file systems have no nameless files */
  for (; bytes >= TL_DISK_BUFFER_BYTES; bytes /= 2)
    if (fallocate(descriptor, 0, 0, (off_t)bytes) == 0) {
      disk->reserve = descriptor;
      return;
    }
  close(descriptor);
}

tl_code tl_disk_check(const tl_disk *disk, const char *path, tl_error *err)
{
  if (disk->error_number == 0) return TL_OK;
  return tl_fail(err, TL_E_IO, NULL,
                 "%s: %llu bytes at offset %llu could not be written: %s; what was recorded before "
                 "stays readable",
                 path, (unsigned long long)disk->bytes, (unsigned long long)disk->offset,
                 strerror(disk->error_number));
}

void tl_disk_release(tl_disk *disk)
{
  if (disk->driver_ >= 0) H5FDunregister(disk->driver_);
  disk->driver_ = H5I_INVALID_HID;
  (void)free_reserve(disk);
}
