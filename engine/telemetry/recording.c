#include "telemetry/recording.h"

#include "base/text.h"
#include "telemetry/recording_impl.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define CHUNK_BYTES_MAX                                                                            \
  ((uint64_t)64 << 20) /* a larger chunk is a corrupt header: HDF5 would allocate it */
#define CHUNK_CACHE_BYTES ((size_t)8 << 20)

/* --- opening: datasets of one fleet ---------------------------------------------------------------- */
/* A row of stamps costs 8 bytes here and at least 1/500 byte in any file: refuses extents that a corrupt header
 * made up before memory is asked for. */
static bool plausible(uint64_t sample_count, uint64_t file_bytes)
{
  return sample_count <= UINT32_MAX && sample_count / 512u <= file_bytes + (1u << 16);
}

static tl_code dataset_open(hid_t *out, hsize_t dims[2], int rank, hid_t group, const char *name,
                            const char *where, tl_error *err)
{
  const hid_t access_plist = H5Pcreate(H5P_DATASET_ACCESS);
  H5Pset_chunk_cache(access_plist, 1009, CHUNK_CACHE_BYTES, 0.75);
  const hid_t set = H5Dopen2(group, name, access_plist);
  H5Pclose(access_plist);
  if (set < 0) return tl_fail(err, TL_E_FORMAT, where, "dataset %s is missing or corrupt", name);
  tl_code code = TL_OK;
  const hid_t space = H5Dget_space(set), plist = H5Dget_create_plist(set), type = H5Dget_type(set);
  hsize_t chunk[2] = {1, 1};
  const H5T_class_t class = type >= 0 ? H5Tget_class(type) : H5T_NO_CLASS;
  if (space < 0 || plist < 0 || (class != H5T_INTEGER && class != H5T_FLOAT))
    code =
        tl_fail(err, TL_E_FORMAT, where, "dataset %s does not hold numbers, or is corrupt", name);
  else if (H5Sget_simple_extent_ndims(space) != rank ||
           H5Sget_simple_extent_dims(space, dims, NULL) != rank)
    code = tl_fail(err, TL_E_FORMAT, where, "dataset %s has not %d dimension%s", name, rank,
                   rank > 1 ? "s" : "");
  else if (H5Pget_layout(plist) == H5D_CHUNKED &&
           (H5Pget_chunk(plist, rank, chunk) != rank ||
            chunk[0] * H5Tget_size(type) > CHUNK_BYTES_MAX / (chunk[1] > 0 ? chunk[1] : 1)))
    code = tl_fail(err, TL_E_FORMAT, where, "dataset %s has chunks of %llu x %llu values: corrupt",
                   name, (unsigned long long)chunk[0], (unsigned long long)chunk[1]);
  if (type >= 0) H5Tclose(type);
  if (plist >= 0) H5Pclose(plist);
  if (space >= 0) H5Sclose(space);
  if (code != TL_OK) {
    H5Dclose(set);
    return code;
  }
  *out = set;
  return TL_OK;
}

static tl_code load_devices(recording_fleet *fleet, hid_t group, const char *where, tl_error *err)
{
  hid_t set = H5I_INVALID_HID;
  hsize_t dims[2] = {0, 1};
  tl_code code = dataset_open(&set, dims, 1, group, "device", where, err);
  if (code != TL_OK) return code;
  if (dims[0] == 0 || dims[0] > 4000000u) {
    code = tl_fail(err, TL_E_FORMAT, where, "dataset device has %llu rows, expected 1 to 4000000",
                   (unsigned long long)dims[0]);
    goto done;
  }
  fleet->view.device_count = (uint32_t)dims[0];
  fleet->devices = calloc(dims[0], sizeof *fleet->devices);
  fleet->view.devices = fleet->devices;
  if (fleet->devices == NULL)
    code = tl_fail(err, TL_E_LIMIT, where, "not enough memory");
  else if (H5Dread(set, H5T_NATIVE_UINT32, H5S_ALL, H5S_ALL, H5P_DEFAULT, fleet->devices) < 0)
    code = tl_fail(err, TL_E_FORMAT, where, "dataset device could not be read: corrupt");
  for (uint32_t i = 1; code == TL_OK && i < fleet->view.device_count; i++)
    if (fleet->devices[i] <= fleet->devices[i - 1])
      code = tl_fail(err, TL_E_FORMAT, where, "dataset device is not ascending at row %u", i);
done:
  H5Dclose(set);
  return code;
}

static tl_code load_times(recording_fleet *fleet, hid_t group, uint64_t file_bytes,
                          const char *where, tl_error *err)
{
  hid_t set = H5I_INVALID_HID, space = H5I_INVALID_HID, memory = H5I_INVALID_HID;
  hsize_t dims[2] = {0, 1};
  tl_code code = dataset_open(&set, dims, 1, group, "time_ns", where, err);
  if (code != TL_OK) return code;
  const hsize_t begin = 0,
                count = fleet->view.sample_count < dims[0] ? fleet->view.sample_count : dims[0];
  fleet->view.sample_count = count;
  if (!plausible(count, file_bytes)) {
    code = tl_fail(err, TL_E_FORMAT, where,
                   "claims %llu samples, more than the file can hold: corrupt",
                   (unsigned long long)count);
    goto done;
  }
  fleet->times_ns = calloc(count + 1, sizeof *fleet->times_ns);
  fleet->view.times_ns = fleet->times_ns;
  if (fleet->times_ns == NULL) {
    code = tl_fail(err, TL_E_LIMIT, where, "not enough memory");
    goto done;
  }
  if (count == 0) goto done;
  space = H5Dget_space(set);
  memory = H5Screate_simple(1, &count, NULL);
  if (H5Sselect_hyperslab(space, H5S_SELECT_SET, &begin, NULL, &count, NULL) < 0 ||
      H5Dread(set, H5T_NATIVE_INT64, memory, space, H5P_DEFAULT, fleet->times_ns) < 0) {
    code = tl_fail(err, TL_E_FORMAT, where, "dataset time_ns could not be read: corrupt");
    goto done;
  }
  for (uint64_t i = 1; i < count; i++)
    if (fleet->times_ns[i] < fleet->times_ns[i - 1]) {
      code = tl_fail(err, TL_E_FORMAT, where, "dataset time_ns falls at row %llu",
                     (unsigned long long)i);
      break;
    }
done:
  if (memory >= 0) H5Sclose(memory);
  if (space >= 0) H5Sclose(space);
  H5Dclose(set);
  return code;
}

/* Opens one signal; rows is lowered to what it holds. */
static tl_code load_signal(recording_fleet *fleet, hid_t group, const char *name,
                           uint64_t *rows_min, uint64_t *rows_max, const char *where, tl_error *err)
{
  const uint32_t i = fleet->view.signal_count;
  hsize_t dims[2] = {0, 0};
  int64_t period_ns = 0;
  tl_code code = dataset_open(&fleet->datasets[i], dims, 2, group, name, where, err);
  if (code != TL_OK) return code;
  fleet->view.signal_count++;
  if (dims[1] != fleet->view.device_count)
    return tl_fail(err, TL_E_FORMAT, where, "signal %s has %llu devices, dataset device %u", name,
                   (unsigned long long)dims[1], fleet->view.device_count);
  code = tl_h5_signal_read(&fleet->signals[i], &period_ns, fleet->datasets[i], name, where, err);
  if (fleet->view.period_ns == 0) fleet->view.period_ns = period_ns;
  if (dims[0] < *rows_min) *rows_min = dims[0];
  if (dims[0] > *rows_max) *rows_max = dims[0];
  return code;
}

/* Child i in name order: its name, and whether it is a hard link to an object of the wanted type (*match). A child that
 * cannot be looked at is an error: leaving it out would pass a corrupt file as one with fewer signals. */
static tl_code child_name(char *out, size_t bytes, bool *match, hid_t group, hsize_t i,
                          H5O_type_t wanted, const char *where, tl_error *err)
{
  H5L_info_t link;
  H5O_info_t object;
  *match = false;
  if (H5Lget_info_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, i, &link, H5P_DEFAULT) < 0)
    return tl_fail(err, TL_E_FORMAT, where, "child %llu of the group is corrupt",
                   (unsigned long long)i);
  if (link.type != H5L_TYPE_HARD) return TL_OK;
  const ssize_t length =
      H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, i, out, bytes, H5P_DEFAULT);
  if (length <= 0 || (size_t)length >= bytes)
    return tl_fail(err, TL_E_FORMAT, where,
                   "child %llu of the group has no name of 1 to %zu letters", (unsigned long long)i,
                   bytes - 1);
  if (H5Oget_info_by_name2(group, out, &object, H5O_INFO_BASIC, H5P_DEFAULT) < 0)
    return tl_fail(err, TL_E_FORMAT, where, "%s is corrupt", out);
  *match = object.type == wanted;
  return TL_OK;
}

static tl_code load_fleet(tl_recording *recording, recording_fleet *fleet, hid_t fleets,
                          uint64_t file_bytes, tl_error *err)
{
  char where[160];
  snprintf(where, sizeof where, "%.*s:/fleets/%s", 80, recording->path, fleet->name);
  const hid_t group = H5Gopen2(fleets, fleet->name, H5P_DEFAULT);
  if (group < 0) return tl_fail(err, TL_E_FORMAT, where, "group cannot be opened: corrupt");
  tl_code code = TL_OK;
  H5G_info_t info = {0};
  uint64_t rows_min = UINT64_MAX, rows_max = 0;
  char name[TL_SIGNAL_NAME_BYTES];
  fleet->view.name = fleet->name;
  tl_h5_get_i64(group, "period_ns", &fleet->view.period_ns);
  code = load_devices(fleet, group, where, err);
  if (code != TL_OK) goto done;
  if (H5Gget_info(group, &info) < 0 || info.nlinks > 65536) {
    code = tl_fail(err, TL_E_FORMAT, where, "group cannot be listed: corrupt");
    goto done;
  }
  fleet->signals = calloc(info.nlinks + 1, sizeof *fleet->signals);
  fleet->datasets = calloc(info.nlinks + 1, sizeof *fleet->datasets);
  if (fleet->signals == NULL || fleet->datasets == NULL) {
    code = tl_fail(err, TL_E_LIMIT, where, "not enough memory");
    goto done;
  }
  fleet->view.signals = fleet->signals;
  for (hsize_t i = 0; code == TL_OK && i < info.nlinks; i++) {
    bool match = false;
    code = child_name(name, sizeof name, &match, group, i, H5O_TYPE_DATASET, where, err);
    if (!match || strcmp(name, "time_ns") == 0 || strcmp(name, "device") == 0) continue;
    code = load_signal(fleet, group, name, &rows_min, &rows_max, where, err);
  }
  if (code != TL_OK) goto done;
  fleet->view.sample_count =
      rows_min; /* a live or killed writer may have got further with some signals */
  code = load_times(fleet, group, file_bytes, where, err);
  if (code == TL_OK && strcmp(recording->kind, "recording") == 0 && fleet->view.signal_count > 0 &&
      (rows_min != rows_max || fleet->view.sample_count != rows_min))
    code = tl_fail(err, TL_E_FORMAT, where,
                   "its signals and stamps have different lengths (%llu to %llu): corrupt",
                   (unsigned long long)fleet->view.sample_count, (unsigned long long)rows_max);
done:
  H5Gclose(group);
  return code;
}

/* --- opening: the file ----------------------------------------------------------------------------- */
static tl_code load_h5(tl_recording *recording, tl_error *err)
{
  struct stat status;
  char schema[64];
  tl_code code = tl_h5_open(&recording->file, recording->path, err);
  if (code != TL_OK) return code;
  if (stat(recording->path, &status) != 0)
    return tl_fail(err, TL_E_IO, NULL, "%s: %s", recording->path, strerror(errno));
  if (!tl_h5_get_text(recording->file, "twinloop_schema", schema, sizeof schema)) {
    tl_fail(err, TL_E_FORMAT, NULL, "%s: an HDF5 file without the attribute twinloop_schema",
            recording->path);
    return tl_fail_hint(
        err, "turn foreign files into recordings with `twinloop import FILE --map MAP.lua`");
  }
  code = tl_schema_check(schema, recording->path, err);
  if (code != TL_OK) return code;
  tl_h5_get_text(recording->file, "kind", recording->kind, sizeof recording->kind);
  tl_h5_get_text(recording->file, "label", recording->label, sizeof recording->label);
  tl_h5_get_text(recording->file, "schema_hash", recording->schema_hash,
                 sizeof recording->schema_hash);
  H5G_info_t info = {0};
  const hid_t fleets = H5Gopen2(recording->file, "/fleets", H5P_DEFAULT);
  if (fleets < 0 || H5Gget_info(fleets, &info) < 0 || info.nlinks > 4096) {
    code =
        tl_fail(err, TL_E_FORMAT, NULL, "%s: group /fleets is missing or corrupt", recording->path);
    goto done;
  }
  recording->fleets = calloc(info.nlinks + 1, sizeof *recording->fleets);
  if (recording->fleets == NULL) {
    code = tl_fail(err, TL_E_LIMIT, NULL, "%s: not enough memory", recording->path);
    goto done;
  }
  for (hsize_t i = 0; code == TL_OK && i < info.nlinks; i++) {
    recording_fleet *fleet = &recording->fleets[recording->fleet_count];
    bool match = false;
    code = child_name(fleet->name, sizeof fleet->name, &match, fleets, i, H5O_TYPE_GROUP,
                      recording->path, err);
    if (!match) continue;
    recording->fleet_count++;
    code = load_fleet(recording, fleet, fleets, (uint64_t)status.st_size, err);
  }
  if (code == TL_OK && recording->fleet_count == 0)
    code = tl_fail(err, TL_E_FORMAT, NULL, "%s: group /fleets is empty", recording->path);
done:
  if (fleets >= 0) H5Gclose(fleets);
  return code;
}

static bool named_like_h5(const char *path)
{
  const char *dot = strrchr(path, '.');
  return dot != NULL && (strcmp(dot, ".h5") == 0 || strcmp(dot, ".hdf5") == 0);
}

static bool starts_like_h5(const char *path)
{
  unsigned char head[8] = {0};
  FILE *file = fopen(path, "rb");
  if (file == NULL) return false;
  const size_t got = fread(head, 1, sizeof head, file);
  fclose(file);
  return got == sizeof head && memcmp(head, "\x89HDF\r\n\x1a\n", sizeof head) == 0;
}

/* Reads everything once, in a child process. */
static void probe_recording(void *context)
{
  tl_recording *recording = context;
  if (load_h5(recording, NULL) != TL_OK) return;
  for (uint32_t f = 0; f < recording->fleet_count; f++) {
    const tl_recording_fleet *fleet = &recording->fleets[f].view;
    double *row = calloc(fleet->device_count, sizeof *row);
    for (uint32_t s = 0; row != NULL && s < fleet->signal_count; s++)
      for (uint64_t i = 0; i < fleet->sample_count; i++)
        if (tl_recording_read_slab(recording, f, s, i, 1, 0, fleet->device_count, row, NULL) !=
            TL_OK)
          return;
    free(row);
  }
}

/* Ours carry checksums; a copy that somebody made without them is looked at by a child first. */
static tl_code load_h5_safely(tl_recording *recording, tl_error *err)
{
  if (!tl_h5_checksummed(recording->path)) {
    tl_code code = tl_h5_check_heaps(recording->path, err);
    if (code == TL_OK) code = tl_h5_probe(recording->path, probe_recording, recording, err);
    if (code != TL_OK) return code;
  }
  return load_h5(recording, err);
}

tl_code tl_recording_open(tl_recording **out, const char *path, tl_error *err)
{
  tl_code code = TL_OK;
  struct stat status;
  *out = NULL;
  tl_h5_quiet();
  if (stat(path, &status) != 0) return tl_fail(err, TL_E_IO, NULL, "%s: %s", path, strerror(errno));
  tl_recording *recording = calloc(1, sizeof *recording);
  if (recording == NULL) return tl_fail(err, TL_E_LIMIT, NULL, "%s: not enough memory", path);
  recording->file = H5I_INVALID_HID;
  if (asprintf(&recording->path, "%s%s", path, S_ISDIR(status.st_mode) ? "/telemetry.h5" : "") <
      0) {
    free(recording);
    return tl_fail(err, TL_E_LIMIT, NULL, "%s: not enough memory", path);
  }
  if (S_ISDIR(status.st_mode) && stat(recording->path, &status) != 0)
    code =
        tl_fail(err, TL_E_IO, NULL,
                "%s: a folder without telemetry.h5 (was the run made with --record none?)", path);
  else if (starts_like_h5(recording->path) || named_like_h5(recording->path))
    code = load_h5_safely(recording, err);
  else
    code = tl_recording_load_csv(recording, err);
  if (code != TL_OK)
    tl_recording_close(recording);
  else
    *out = recording;
  return code;
}

static void fleet_release(recording_fleet *fleet)
{
  for (uint32_t i = 0; i < fleet->view.signal_count; i++) {
    if (fleet->datasets != NULL && fleet->datasets[i] > 0) H5Dclose(fleet->datasets[i]);
    if (fleet->values != NULL) free(fleet->values[i]);
  }
  free(fleet->datasets);
  free(fleet->values);
  free(fleet->signals);
  free(fleet->devices);
  free(fleet->times_ns);
}

static void release(tl_recording *recording)
{
  for (uint32_t i = 0; i < recording->fleet_count; i++) fleet_release(&recording->fleets[i]);
  free(recording->fleets);
  free(recording->path);
  if (recording->file >= 0) H5Fclose(recording->file);
}

void tl_recording_close(tl_recording *recording)
{
  if (recording == NULL) return;
  release(recording);
  free(recording);
}

tl_code tl_recording_refresh(tl_recording *recording, tl_error *err)
{
  tl_recording *fresh = NULL;
  const tl_code code = tl_recording_open(&fresh, recording->path, err);
  if (code != TL_OK) return code;
  release(recording);
  *recording = *fresh;
  free(fresh);
  return TL_OK;
}

/* --- questions ------------------------------------------------------------------------------------- */
const char *tl_recording_path(const tl_recording *recording) { return recording->path; }
const char *tl_recording_kind(const tl_recording *recording) { return recording->kind; }
const char *tl_recording_label(const tl_recording *recording) { return recording->label; }
const char *tl_recording_schema_hash(const tl_recording *recording)
{
  return recording->schema_hash;
}
uint32_t tl_recording_fleet_count(const tl_recording *recording) { return recording->fleet_count; }

const tl_recording_fleet *tl_recording_fleet_at(const tl_recording *recording, uint32_t fleet)
{
  assert(fleet < recording->fleet_count);
  return &recording->fleets[fleet].view;
}

tl_code tl_recording_fleet_find(const tl_recording *recording, const char *name, uint32_t *out,
                                tl_error *err)
{
  const bool any = name == NULL || name[0] == '\0';
  if (any && recording->fleet_count == 1) {
    *out = 0;
    return TL_OK;
  }
  char names[256] = "";
  for (uint32_t i = 0; i < recording->fleet_count; i++) {
    if (!any && strcmp(recording->fleets[i].name, name) == 0) {
      *out = i;
      return TL_OK;
    }
    const size_t used = strlen(names);
    snprintf(names + used, sizeof names - used, "%s%s", used > 0 ? ", " : "",
             recording->fleets[i].name);
  }
  if (any)
    return tl_fail(err, TL_E_COLUMN, NULL, "%s: holds several fleets, name one of: %s",
                   recording->path, names);
  return tl_fail(err, TL_E_COLUMN, NULL, "%s: has no fleet '%s', only: %s", recording->path, name,
                 names);
}

tl_code tl_recording_signal_find(const tl_recording *recording, uint32_t fleet, const char *name,
                                 uint32_t *out, tl_error *err)
{
  const tl_recording_fleet *view = tl_recording_fleet_at(recording, fleet);
  for (uint32_t i = 0; i < view->signal_count; i++)
    if (strcmp(view->signals[i].name, name) == 0) {
      *out = i;
      return TL_OK;
    }
  tl_fail(err, TL_E_COLUMN, NULL, "%s: fleet %s has no signal '%s'", recording->path, view->name,
          name);
  const char *near = NULL;
  uint32_t best = 4;
  for (uint32_t i = 0; i < view->signal_count; i++) {
    const uint32_t distance = tl_text_distance(name, view->signals[i].name);
    if (distance < best) {
      best = distance;
      near = view->signals[i].name;
    }
  }
  return near != NULL ? tl_fail_hint(err, "did you mean '%s'?", near) : TL_E_COLUMN;
}

tl_code tl_recording_device_find(const tl_recording *recording, uint32_t fleet, uint32_t device,
                                 uint32_t *out, tl_error *err)
{
  const tl_recording_fleet *view = tl_recording_fleet_at(recording, fleet);
  uint32_t low = 0, high = view->device_count;
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (view->devices[middle] < device)
      low = middle + 1;
    else
      high = middle;
  }
  if (low < view->device_count && view->devices[low] == device) {
    *out = low;
    return TL_OK;
  }
  char recorded[128] = "";
  const uint32_t shown = view->device_count < 6 ? view->device_count : 6;
  for (uint32_t i = 0, used = 0; i < shown; i++)
    used += (uint32_t)snprintf(recorded + used, sizeof recorded - used, "%s%u", i ? ", " : "",
                               view->devices[i]);
  return tl_fail(err, TL_E_COLUMN, NULL,
                 "%s: device %u of fleet %s was not recorded; %u devices are: %s%s",
                 recording->path, device, view->name, view->device_count, recorded,
                 shown < view->device_count ? ", ..." : "");
}

/* --- values ---------------------------------------------------------------------------------------- */
static void decode(const tl_signal_def *def, double *values, uint64_t count)
{
  if (def->store > TL_STORE_U8) return;
  const double fill = def->store == TL_STORE_U8    ? TL_FILL_U8
                      : def->store == TL_STORE_I16 ? TL_FILL_I16
                                                   : TL_FILL_I32;
  for (uint64_t i = 0; i < count; i++)
    values[i] = values[i] == fill ? (double)NAN : values[i] * def->scale + def->offset;
}

static bool read_rectangle(hid_t set, const hsize_t begin[2], const hsize_t count[2], double *out)
{
  const hid_t space = H5Dget_space(set), memory = H5Screate_simple(2, count, NULL);
  const bool ok = space >= 0 && memory >= 0 &&
                  H5Sselect_hyperslab(space, H5S_SELECT_SET, begin, NULL, count, NULL) >= 0 &&
                  H5Dread(set, H5T_NATIVE_DOUBLE, memory, space, H5P_DEFAULT, out) >= 0;
  if (memory >= 0) H5Sclose(memory);
  if (space >= 0) H5Sclose(space);
  return ok;
}

tl_code tl_recording_read_slab(tl_recording *recording, uint32_t fleet, uint32_t signal,
                               uint64_t begin, uint64_t count, uint32_t device_begin,
                               uint32_t device_count, double *out, tl_error *err)
{
  assert(fleet < recording->fleet_count);
  recording_fleet *entry = &recording->fleets[fleet];
  assert(signal < entry->view.signal_count);
  assert(begin <= entry->view.sample_count && count <= entry->view.sample_count - begin);
  assert(device_begin <= entry->view.device_count &&
         device_count <= entry->view.device_count - device_begin);
  if (count == 0 || device_count == 0) return TL_OK;
  if (entry->values != NULL) {
    for (uint64_t i = 0; i < count; i++)
      memcpy(out + i * device_count,
             entry->values[signal] + (begin + i) * entry->view.device_count + device_begin,
             device_count * sizeof *out);
    return TL_OK;
  }
  const hsize_t from[2] = {begin, device_begin}, extent[2] = {count, device_count};
  if (!read_rectangle(entry->datasets[signal], from, extent, out))
    return tl_fail(err, TL_E_FORMAT, NULL, "%s: signal %s of fleet %s could not be read: corrupt",
                   recording->path, entry->signals[signal].name, entry->name);
  decode(&entry->signals[signal], out, count * device_count);
  return TL_OK;
}

tl_code tl_recording_read(tl_recording *recording, uint32_t fleet, uint32_t signal, uint32_t device,
                          uint64_t begin, uint64_t count, double *out, tl_error *err)
{
  return tl_recording_read_slab(recording, fleet, signal, begin, count, device, 1, out, err);
}

tl_code tl_recording_read_all(tl_recording *recording, const char *fleet, const char *signal,
                              uint32_t device, double **out, uint64_t *out_count, tl_error *err)
{
  uint32_t fleet_index = 0, signal_index = 0, place = 0;
  *out = NULL;
  *out_count = 0;
  tl_code code = tl_recording_fleet_find(recording, fleet, &fleet_index, err);
  if (code == TL_OK)
    code = tl_recording_signal_find(recording, fleet_index, signal, &signal_index, err);
  if (code == TL_OK) code = tl_recording_device_find(recording, fleet_index, device, &place, err);
  if (code != TL_OK) return code;
  const uint64_t count = recording->fleets[fleet_index].view.sample_count;
  double *values = calloc(count + 1, sizeof *values);
  if (values == NULL)
    return tl_fail(err, TL_E_LIMIT, NULL, "%s: not enough memory", recording->path);
  code = tl_recording_read(recording, fleet_index, signal_index, place, 0, count, values, err);
  if (code != TL_OK) {
    free(values);
    return code;
  }
  *out = values;
  *out_count = count;
  return TL_OK;
}
