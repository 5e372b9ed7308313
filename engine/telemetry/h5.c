#include "telemetry/h5.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* How often a SWMR reader looks again at metadata whose checksum is wrong. The pause doubles from 1 ns each time: 26 is
 * 0.1 s, time enough for a live writer; HDF5's own 100 would hang for minutes on a corrupt file. */
enum { SWMR_ATTEMPTS = 26 };

void tl_h5_quiet(void) { H5Eset_auto2(H5E_DEFAULT, NULL, NULL); }

/* --- writing --------------------------------------------------------------------------------------- */
hid_t tl_h5_dataset_plist(void)
{
  const hid_t plist = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_obj_track_times(plist, false);
  return plist;
}

hid_t tl_h5_group_create(hid_t parent, const char *name)
{
  const hid_t plist = H5Pcreate(H5P_GROUP_CREATE);
  H5Pset_obj_track_times(plist, false);
  const hid_t group = H5Gcreate2(parent, name, H5P_DEFAULT, plist, H5P_DEFAULT);
  H5Pclose(plist);
  return group;
}

static bool attr_write(hid_t object, const char *name, hid_t type, hid_t memory, const void *value)
{
  const hid_t space = H5Screate(H5S_SCALAR);
  const hid_t attr = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
  const bool ok = attr >= 0 && H5Awrite(attr, memory, value) >= 0;
  if (attr >= 0) H5Aclose(attr);
  H5Sclose(space);
  return ok;
}

bool tl_h5_attr_text(hid_t object, const char *name, const char *value)
{
  const size_t length = strlen(value);
  const hid_t type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, length > 0
                        ? length
                        : 1); /* HDF5 knows no empty string: one padding byte stands for it */
  H5Tset_strpad(type, H5T_STR_NULLPAD);
  H5Tset_cset(type, H5T_CSET_UTF8);
  const bool ok = attr_write(object, name, type, type, length > 0 ? value : "\0");
  H5Tclose(type);
  return ok;
}

bool tl_h5_attr_f64(hid_t object, const char *name, double value)
{
  return attr_write(object, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, &value);
}

bool tl_h5_attr_i64(hid_t object, const char *name, int64_t value)
{
  return attr_write(object, name, H5T_STD_I64LE, H5T_NATIVE_INT64, &value);
}

tl_code tl_h5_create(hid_t *out, const char *path, const char *kind, const char *label,
                     const char *schema_hash, tl_error *err)
{
  tl_h5_quiet();
  *out = H5I_INVALID_HID;
  const int probe = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
                         0666); /* the system's reason, not HDF5's */
  if (probe < 0) return tl_fail(err, TL_E_IO, NULL, "%s: %s", path, strerror(errno));
  close(probe);
  const hid_t access_plist = H5Pcreate(H5P_FILE_ACCESS), create_plist = H5Pcreate(H5P_FILE_CREATE);
  H5Pset_libver_bounds(access_plist, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
  /* Blocks set aside for later objects are given back at every flush, so the layout would tell when that was. */
  H5Pset_meta_block_size(access_plist, 0);
  H5Pset_small_data_block_size(access_plist, 0);
  H5Pset_obj_track_times(create_plist, false);
  const hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, create_plist, access_plist);
  H5Pclose(create_plist);
  H5Pclose(access_plist);
  if (file < 0)
    return tl_fail(err, TL_E_IO, NULL, "%s: HDF5 could not create the file (is it open elsewhere?)",
                   path);
  if (!tl_h5_attr_text(file, "twinloop_schema", TL_SCHEMA_TEXT) ||
      !tl_h5_attr_text(file, "schema_hash", schema_hash) || !tl_h5_attr_text(file, "kind", kind) ||
      !tl_h5_attr_text(file, "label", label)) {
    H5Fclose(file);
    return tl_fail(err, TL_E_IO, NULL, "%s: could not be written (is the disk full?)", path);
  }
  *out = file;
  return TL_OK;
}

hid_t tl_h5_store_type(tl_store store)
{
  switch (store) {
    case TL_STORE_I16: return H5T_STD_I16LE;
    case TL_STORE_I32: return H5T_STD_I32LE;
    case TL_STORE_U8: return H5T_STD_U8LE;
    case TL_STORE_F32: return H5T_IEEE_F32LE;
    case TL_STORE_F64: break;
  }
  return H5T_IEEE_F64LE;
}

bool tl_h5_signal_write(hid_t dataset, const tl_signal_def *def, int64_t period_ns)
{
  bool ok = tl_h5_attr_text(dataset, "unit", def->unit) &&
            tl_h5_attr_text(dataset, "quantity", def->quantity) &&
            tl_h5_attr_text(dataset, "role", tl_role_name(def->role)) &&
            tl_h5_attr_f64(dataset, "low", def->low) &&
            tl_h5_attr_f64(dataset, "high", def->high) &&
            tl_h5_attr_f64(dataset, "resolution", def->resolution) &&
            tl_h5_attr_i64(dataset, "period_ns", period_ns);
  if (!ok || def->store > TL_STORE_U8) return ok;
  const int32_t fill = def->store == TL_STORE_U8    ? TL_FILL_U8
                       : def->store == TL_STORE_I16 ? TL_FILL_I16
                                                    : TL_FILL_I32;
  return tl_h5_attr_f64(dataset, "scale_factor", def->scale) &&
         tl_h5_attr_f64(dataset, "add_offset", def->offset) &&
         attr_write(dataset, "_FillValue", tl_h5_store_type(def->store), H5T_NATIVE_INT32, &fill);
}

/* --- reading attributes ---------------------------------------------------------------------------- */
/* Opens a scalar (or one-element) attribute of a class; < 0 when there is none. */
static hid_t attr_open(hid_t object, const char *name, H5T_class_t class_a, H5T_class_t class_b)
{
  if (H5Aexists(object, name) <= 0) return H5I_INVALID_HID;
  const hid_t attr = H5Aopen(object, name, H5P_DEFAULT);
  if (attr < 0) return H5I_INVALID_HID;
  const hid_t type = H5Aget_type(attr), space = H5Aget_space(attr);
  const H5T_class_t class = type >= 0 ? H5Tget_class(type) : H5T_NO_CLASS;
  const bool ok = space >= 0 && H5Sget_simple_extent_npoints(space) == 1 &&
                  (class == class_a || class == class_b);
  if (space >= 0) H5Sclose(space);
  if (type >= 0) H5Tclose(type);
  if (ok) return attr;
  H5Aclose(attr);
  return H5I_INVALID_HID;
}

bool tl_h5_get_text(hid_t object, const char *name, char *out, size_t bytes)
{
  out[0] = '\0';
  const hid_t attr = attr_open(object, name, H5T_STRING, H5T_STRING);
  if (attr < 0) return false;
  bool ok = false;
  const hid_t type = H5Aget_type(attr);
  const size_t size = H5Tget_size(type);
  if (H5Tis_variable_str(type) > 0) {
    char *text = NULL;
    ok = H5Aread(attr, type, &text) >= 0 && text != NULL;
    if (ok) snprintf(out, bytes, "%s", text);
    if (text != NULL) H5free_memory(text);
  } else if (size < (1u << 20)) {
    char *text = calloc(1, size + 1);
    ok = text != NULL && H5Aread(attr, type, text) >= 0;
    if (ok) snprintf(out, bytes, "%s", text);
    free(text);
  }
  H5Tclose(type);
  H5Aclose(attr);
  return ok;
}

bool tl_h5_get_f64(hid_t object, const char *name, double *out)
{
  const hid_t attr = attr_open(object, name, H5T_FLOAT, H5T_INTEGER);
  if (attr < 0) return false;
  const bool ok = H5Aread(attr, H5T_NATIVE_DOUBLE, out) >= 0;
  H5Aclose(attr);
  return ok;
}

bool tl_h5_get_i64(hid_t object, const char *name, int64_t *out)
{
  const hid_t attr = attr_open(object, name, H5T_INTEGER, H5T_INTEGER);
  if (attr < 0) return false;
  const bool ok = H5Aread(attr, H5T_NATIVE_INT64, out) >= 0;
  H5Aclose(attr);
  return ok;
}

static bool store_of_type(tl_store *out, hid_t type)
{
  for (int store = TL_STORE_I16; store <= TL_STORE_F64; store++)
    if (H5Tequal(type, tl_h5_store_type((tl_store)store)) > 0) {
      *out = (tl_store)store;
      return true;
    }
  return false;
}

tl_code tl_h5_signal_read(tl_signal_def *def, int64_t *period_ns, hid_t dataset, const char *name,
                          const char *where, tl_error *err)
{
  memset(def, 0, sizeof *def);
  snprintf(def->name, sizeof def->name, "%s", name);
  def->scale = 1.0;
  char role[16];
  const hid_t type = H5Dget_type(dataset);
  const bool known = type >= 0 && store_of_type(&def->store, type);
  if (type >= 0) H5Tclose(type);
  if (!known)
    return tl_fail(err, TL_E_FORMAT, where,
                   "signal %s: its type is none of int16, int32, uint8, float32, float64", name);
  if (!tl_h5_get_text(dataset, "unit", def->unit, sizeof def->unit) ||
      !tl_h5_get_text(dataset, "role", role, sizeof role) || !tl_role_find(&def->role, role) ||
      !tl_h5_get_f64(dataset, "low", &def->low) || !tl_h5_get_f64(dataset, "high", &def->high) ||
      !tl_h5_get_f64(dataset, "resolution", &def->resolution) ||
      !tl_h5_get_i64(dataset, "period_ns", period_ns))
    return tl_fail(
        err, TL_E_FORMAT, where,
        "signal %s: needs the attributes unit, role, low, high, resolution and period_ns", name);
  tl_h5_get_text(dataset, "quantity", def->quantity, sizeof def->quantity);
  if (def->store <= TL_STORE_U8 && (!tl_h5_get_f64(dataset, "scale_factor", &def->scale) ||
                                    !tl_h5_get_f64(dataset, "add_offset", &def->offset)))
    return tl_fail(err, TL_E_FORMAT, where, "signal %s: needs scale_factor and add_offset", name);
  return tl_signal_check(def, where, err);
}

/* --- opening --------------------------------------------------------------------------------------- */
typedef struct superblock {
  bool found;
  uint8_t version, flags;
  uint64_t end; /* bytes the file should have; 0 = not known */
} superblock;

static uint64_t little_endian(const uint8_t *bytes, uint8_t count)
{
  uint64_t value = 0;
  for (uint8_t i = 0; i < count && i < 8; i++) value |= (uint64_t)bytes[i] << (8 * i);
  return value;
}

/* The superblock stands at 0, 512, 1024, 2048 ... */
static superblock superblock_read(int fd, uint64_t file_bytes)
{
  static const uint8_t signature[8] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
  superblock block = {0};
  for (uint64_t at = 0; at + 48 <= file_bytes; at = at == 0 ? 512 : at * 2) {
    uint8_t head[96] = {0};
    if (pread(fd, head, sizeof head, (off_t)at) < 48) break;
    if (memcmp(head, signature, sizeof signature) != 0) continue;
    block.found = true;
    block.version = head[8];
    if (block.version >= 2) {
      const uint8_t size = head[9];
      block.flags = head[11];
      if (size == 8 || size == 4) block.end = little_endian(head + 12 + 2 * size, size);
    } else {
      const uint8_t size = head[13];
      const size_t addresses = block.version == 0 ? 24 : 28;
      if (size == 8 || size == 4) block.end = little_endian(head + addresses + 2u * size, size);
    }
    return block;
  }
  return block;
}

/* As `h5clear -s`: the property is the tool's own way in. */
void tl_h5_clear_flags(const char *path)
{
  const hid_t plist = H5Pcreate(H5P_FILE_ACCESS);
  const hbool_t clear = true;
  H5Pset(plist, "clear_status_flags", &clear);
  const hid_t file = H5Fopen(path, H5F_ACC_RDWR, plist);
  if (file >= 0) H5Fclose(file);
  H5Pclose(plist);
}

static tl_code open_checked(hid_t *out, int fd, const char *path, tl_error *err)
{
  struct stat status;
  if (fstat(fd, &status) != 0) return tl_fail(err, TL_E_IO, NULL, "%s: %s", path, strerror(errno));
  if (S_ISDIR(status.st_mode))
    return tl_fail(err, TL_E_IO, NULL, "%s: is a folder, expected an HDF5 file", path);
  const superblock block = superblock_read(fd, (uint64_t)status.st_size);
  if (!block.found)
    return tl_fail(err, TL_E_FORMAT, NULL, "%s: not an HDF5 file (%lld bytes, no HDF5 signature)",
                   path, (long long)status.st_size);
  const bool writing = block.version >= 3 && (block.flags & 1u) != 0,
             swmr = writing && (block.flags & 4u) != 0;
  if (!writing && block.end > (uint64_t)status.st_size)
    return tl_fail(err, TL_E_FORMAT, NULL,
                   "%s: truncated: it has %lld bytes, its header promises %llu", path,
                   (long long)status.st_size, (unsigned long long)block.end);
  if (writing && !swmr) {
    if (flock(fd, LOCK_SH | LOCK_NB) != 0)
      return tl_fail(err, TL_E_IO, NULL,
                     "%s: is being written by another program; try again when it has ended", path);
    flock(fd, LOCK_UN);
    tl_h5_clear_flags(path);
  }
  const hid_t plist = H5Pcreate(H5P_FILE_ACCESS);
  H5Pset_metadata_read_attempts(plist, SWMR_ATTEMPTS);
  const hid_t file =
      H5Fopen(path, swmr ? H5F_ACC_RDONLY | H5F_ACC_SWMR_READ : H5F_ACC_RDONLY, plist);
  H5Pclose(plist);
  if (file < 0)
    return tl_fail(err, TL_E_FORMAT, NULL, "%s: not a readable HDF5 file: truncated or corrupt",
                   path);
  *out = file;
  return TL_OK;
}

tl_code tl_h5_open(hid_t *out, const char *path, tl_error *err)
{
  tl_h5_quiet();
  *out = H5I_INVALID_HID;
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return tl_fail(err, TL_E_IO, NULL, "%s: %s", path, strerror(errno));
  const tl_code code = open_checked(out, fd, path, err);
  close(fd);
  return code;
}

bool tl_h5_checksummed(const char *path)
{
  struct stat status;
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool known = fstat(fd, &status) == 0;
  const superblock block = known ? superblock_read(fd, (uint64_t)status.st_size) : (superblock){0};
  close(fd);
  return block.found && block.version >= 2;
}
