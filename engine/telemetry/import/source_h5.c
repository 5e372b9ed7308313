/* Foreign HDF5 for import.c: a group with a dataset per channel, a compound table, or a matrix whose attribute
 * `columns` names its columns. HDF5 converts byte order, width, enums and filters. */
#include "telemetry/import/source.h"

#include "telemetry/h5.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { NAMES_MAX = 1024, CHUNK_BYTES_MAX = 64 << 20 };

typedef enum layout { LAYOUT_GROUP, LAYOUT_COMPOUND, LAYOUT_MATRIX } layout;

typedef struct foreign {
  hid_t file, object;
  layout layout;
  uint64_t file_bytes;
  char *names[NAMES_MAX]; /* columns there are */
  uint32_t name_count;
} foreign;

/* Extent of a dataset, if HDF5 may read it without allocating what a corrupt header asks for. */
static tl_code check_dataset(hsize_t dims[2], hid_t set, int rank, const foreign *source,
                             const import_rows *rows, const char *name, tl_error *err)
{
  tl_code code = TL_OK;
  dims[0] = 0;
  dims[1] = 1;
  const hid_t space = H5Dget_space(set), plist = H5Dget_create_plist(set), type = H5Dget_type(set);
  hsize_t chunk[2] = {1, 1};
  if (space < 0 || plist < 0 || type < 0)
    code = tl_fail(err, TL_E_FORMAT, NULL, "%s: %s is corrupt", rows->name, name);
  else if (H5Sget_simple_extent_ndims(space) != rank ||
           H5Sget_simple_extent_dims(space, dims, NULL) != rank)
    code = tl_fail(err, TL_E_FORMAT, NULL, "%s: %s has %d dimensions, expected %d", rows->name,
                   name, H5Sget_simple_extent_ndims(space), rank);
  else if (dims[0] / 512u > source->file_bytes + 65536u || dims[1] > NAMES_MAX)
    code = tl_fail(err, TL_E_FORMAT, NULL,
                   "%s: %s claims %llu x %llu values, more than the file can hold: corrupt",
                   rows->name, name, (unsigned long long)dims[0], (unsigned long long)dims[1]);
  else if (H5Pget_layout(plist) == H5D_CHUNKED &&
           (H5Pget_chunk(plist, rank, chunk) != rank ||
            chunk[0] > CHUNK_BYTES_MAX / (H5Tget_size(type) * (chunk[1] > 0 ? chunk[1] : 1))))
    code = tl_fail(err, TL_E_FORMAT, NULL, "%s: %s has chunks of %llu x %llu values: corrupt",
                   rows->name, name, (unsigned long long)chunk[0], (unsigned long long)chunk[1]);
  if (type >= 0) H5Tclose(type);
  if (plist >= 0) H5Pclose(plist);
  if (space >= 0) H5Sclose(space);
  return code;
}

/* --- names of the columns -------------------------------------------------------------------------- */
static void add_name(foreign *source, char *name)
{
  if (name == NULL) return;
  if (source->name_count == NAMES_MAX)
    free(name);
  else
    source->names[source->name_count++] = name;
}

static void list_group(foreign *source)
{
  H5G_info_t info = {0};
  if (H5Gget_info(source->object, &info) < 0) return;
  for (hsize_t i = 0; i < info.nlinks && i < NAMES_MAX; i++) {
    char name[256];
    H5O_info_t object;
    const ssize_t length = H5Lget_name_by_idx(source->object, ".", H5_INDEX_NAME, H5_ITER_INC, i,
                                              name, sizeof name, H5P_DEFAULT);
    if (length <= 0 || (size_t)length >= sizeof name) continue;
    if (H5Oget_info_by_name2(source->object, name, &object, H5O_INFO_BASIC, H5P_DEFAULT) < 0)
      continue;
    if (object.type == H5O_TYPE_DATASET) add_name(source, strdup(name));
  }
}

static void list_members(foreign *source)
{
  const hid_t type = H5Dget_type(source->object);
  const int count = type < 0 ? 0 : H5Tget_nmembers(type);
  for (int i = 0; i < count && i < NAMES_MAX; i++) {
    char *name = H5Tget_member_name(type, (unsigned)i);
    if (name == NULL) continue;
    add_name(source, strdup(name));
    H5free_memory(name);
  }
  if (type >= 0) H5Tclose(type);
}

/* Attribute `columns`: an array of fixed or variable strings. */
static void list_columns(foreign *source)
{
  if (H5Aexists(source->object, "columns") <= 0) return;
  const hid_t attr = H5Aopen(source->object, "columns", H5P_DEFAULT);
  if (attr < 0) return;
  const hid_t type = H5Aget_type(attr), space = H5Aget_space(attr);
  const hssize_t count = space < 0 ? 0 : H5Sget_simple_extent_npoints(space);
  const size_t size = type < 0 ? 0 : H5Tget_size(type);
  if (count > 0 && count <= NAMES_MAX && type >= 0 && H5Tget_class(type) == H5T_STRING &&
      size < 65536) {
    if (H5Tis_variable_str(type) > 0) {
      char **texts = calloc((size_t)count, sizeof *texts);
      if (texts != NULL && H5Aread(attr, type, texts) >= 0) {
        for (hssize_t i = 0; i < count; i++)
          add_name(source, strdup(texts[i] == NULL ? "" : texts[i]));
        H5Dvlen_reclaim(type, space, H5P_DEFAULT, texts);
      }
      free(texts);
    } else {
      char *texts = calloc((size_t)count, size);
      if (texts != NULL && H5Aread(attr, type, texts) >= 0)
        for (hssize_t i = 0; i < count; i++)
          add_name(source, strndup(texts + (size_t)i * size, size));
      free(texts);
    }
  }
  if (space >= 0) H5Sclose(space);
  if (type >= 0) H5Tclose(type);
  H5Aclose(attr);
}

static tl_code open_object(foreign *source, const import_rows *rows, tl_error *err)
{
  const char *name = rows->map->object[0] == '\0' ? "/" : rows->map->object;
  source->object = H5Oopen(source->file, name, H5P_DEFAULT);
  const H5I_type_t kind = source->object < 0 ? H5I_BADID : H5Iget_type(source->object);
  if (kind == H5I_GROUP) {
    source->layout = LAYOUT_GROUP;
    list_group(source);
    return TL_OK;
  }
  if (kind != H5I_DATASET) {
    tl_fail(err, TL_E_COLUMN, NULL, "%s: has no group or dataset '%s'", rows->name, name);
    return tl_fail_hint(err, "the map's `object` names it; h5ls -r lists what a file has");
  }
  const hid_t type = H5Dget_type(source->object);
  const H5T_class_t class = type < 0 ? H5T_NO_CLASS : H5Tget_class(type);
  if (type >= 0) H5Tclose(type);
  if (class == H5T_COMPOUND) {
    source->layout = LAYOUT_COMPOUND;
    list_members(source);
  } else {
    source->layout = LAYOUT_MATRIX;
    list_columns(source);
  }
  return TL_OK;
}

/* --- reading one column ---------------------------------------------------------------------------- */
static tl_code column_index(uint32_t *out, const foreign *source, const import_rows *rows,
                            const import_column *column, tl_error *err)
{
  const tl_import_ref *ref = &column->ref;
  if (ref->number > 0) {
    *out = ref->number - 1;
    if (ref->number <= source->name_count || source->layout == LAYOUT_MATRIX) return TL_OK;
  }
  for (uint32_t i = 0; ref->number == 0 && i < source->name_count; i++)
    if (strcmp(source->names[i], ref->name) == 0) {
      *out = i;
      return TL_OK;
    }
  return import_no_column(rows, column, (const char *const *)source->names, source->name_count,
                          err);
}

/* Reads as `memory` (native double or int64) into out[*count]; allocates. */
static tl_code read_plain(void **out, uint64_t *count, hid_t set, hid_t memory,
                          const foreign *source, const import_rows *rows, const char *name,
                          tl_error *err)
{
  hsize_t dims[2];
  const tl_code code = check_dataset(dims, set, 1, source, rows, name, err);
  if (code != TL_OK) return code;
  *count = dims[0];
  *out = calloc(dims[0] + 1, 8);
  if (*out == NULL) return tl_fail(err, TL_E_LIMIT, NULL, "%s: not enough memory", rows->name);
  if (H5Dread(set, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, *out) < 0)
    return tl_fail(err, TL_E_FORMAT, NULL, "%s: %s could not be read: not numbers, or corrupt",
                   rows->name, name);
  return TL_OK;
}

static tl_code read_matrix(void **out, uint64_t *count, uint32_t index, hid_t memory,
                           const foreign *source, const import_rows *rows, const char *name,
                           tl_error *err)
{
  hsize_t dims[2];
  tl_code code = check_dataset(dims, source->object, 2, source, rows, "the matrix", err);
  if (code != TL_OK) return code;
  if (index >= dims[1])
    return tl_fail(err, TL_E_COLUMN, NULL, "%s: the map asks for column %u, the matrix has %llu",
                   rows->name, index + 1, (unsigned long long)dims[1]);
  *count = dims[0];
  *out = calloc(dims[0] + 1, 8);
  if (*out == NULL) return tl_fail(err, TL_E_LIMIT, NULL, "%s: not enough memory", rows->name);
  if (dims[0] == 0) return TL_OK;
  const hsize_t begin[2] = {0, index}, extent[2] = {dims[0], 1};
  const hid_t space = H5Dget_space(source->object), room = H5Screate_simple(2, extent, NULL);
  if (space < 0 || room < 0 ||
      H5Sselect_hyperslab(space, H5S_SELECT_SET, begin, NULL, extent, NULL) < 0 ||
      H5Dread(source->object, memory, room, space, H5P_DEFAULT, *out) < 0)
    code = tl_fail(err, TL_E_FORMAT, NULL, "%s: %s could not be read: not numbers, or corrupt",
                   rows->name, name);
  if (room >= 0) H5Sclose(room);
  if (space >= 0) H5Sclose(space);
  return code;
}

/* The member's class in *class when integer_out is asked for: whole numbers stay whole. */
static hid_t type_of_column(const foreign *source, uint32_t index, hid_t set)
{
  const hid_t type = H5Dget_type(set);
  if (source->layout != LAYOUT_COMPOUND || type < 0) return type;
  const hid_t member = H5Tget_member_type(type, index);
  H5Tclose(type);
  return member;
}

/* Column as doubles, or as int64 when `whole` is asked for and the file holds integers. */
static tl_code read_column(void **out, uint64_t *count, bool *whole, const foreign *source,
                           const import_rows *rows, const import_column *column, tl_error *err)
{
  uint32_t index = 0;
  *out = NULL;
  tl_code code = column_index(&index, source, rows, column, err);
  if (code != TL_OK) return code;
  const hid_t set = source->layout == LAYOUT_GROUP
                        ? H5Dopen2(source->object, source->names[index], H5P_DEFAULT)
                        : source->object;
  if (set < 0)
    return tl_fail(err, TL_E_FORMAT, NULL, "%s: %s cannot be opened: corrupt", rows->name,
                   column->name);
  const hid_t file_type = type_of_column(source, index, set);
  const H5T_class_t class = file_type < 0 ? H5T_NO_CLASS : H5Tget_class(file_type);
  if (file_type >= 0) H5Tclose(file_type);
  *whole = *whole && class == H5T_INTEGER;
  const hid_t memory = *whole ? H5T_NATIVE_INT64 : H5T_NATIVE_DOUBLE;
  if (class != H5T_INTEGER && class != H5T_FLOAT && class != H5T_ENUM)
    code = tl_fail(err, TL_E_FORMAT, NULL, "%s: column %s does not hold numbers", rows->name,
                   column->name);
  else if (source->layout == LAYOUT_MATRIX)
    code = read_matrix(out, count, index, memory, source, rows, column->name, err);
  else if (source->layout == LAYOUT_GROUP)
    code = read_plain(out, count, set, memory, source, rows, column->name, err);
  else {
    const hid_t member = H5Tcreate(H5T_COMPOUND, 8);
    H5Tinsert(member, source->names[index], 0, memory);
    code = read_plain(out, count, set, member, source, rows, column->name, err);
    H5Tclose(member);
  }
  if (source->layout == LAYOUT_GROUP) H5Dclose(set);
  if (code != TL_OK) {
    free(*out);
    *out = NULL;
  }
  return code;
}

/* --- rows ------------------------------------------------------------------------------------------ */
static bool whole_time(int64_t *out_ns, int64_t value, tl_time_unit unit)
{
  char text[32];
  const int length = snprintf(text, sizeof text, "%lld", (long long)value);
  return tl_time_parse_decimal(out_ns, text, (size_t)length, unit);
}

static tl_code read_times(import_rows *rows, const foreign *source, uint64_t *count, tl_error *err)
{
  const tl_import_map *map = rows->map;
  const import_column column = {.ref = map->time, .name = "time"};
  void *times = NULL;
  bool whole = true;
  tl_code code = read_column(&times, count, &whole, source, rows, &column, err);
  if (code == TL_OK && !import_rows_reserve(rows, *count))
    code = tl_fail(err, TL_E_LIMIT, NULL, "%s: not enough memory", rows->name);
  for (uint64_t i = 0; code == TL_OK && i < *count; i++) {
    int64_t ns = 0;
    const bool ok = whole ? whole_time(&ns, ((int64_t *)times)[i], map->time_unit)
                          : tl_time_from_double(&ns, ((double *)times)[i], map->time_unit);
    if (ok)
      import_rows_add(rows, ns, i + 1);
    else
      code = tl_fail(err, TL_E_FORMAT, NULL, "%s: row %llu: time is missing or out of range",
                     rows->name, (unsigned long long)(i + 1));
  }
  free(times);
  return code;
}

static tl_code fill_column(import_rows *rows, uint32_t k, const foreign *source, tl_error *err)
{
  void *values = NULL;
  uint64_t count = 0;
  bool whole = false;
  tl_code code = read_column(&values, &count, &whole, source, rows, &rows->columns[k], err);
  if (code != TL_OK) return code;
  if (rows->map->period_ns > 0 && rows->count == 0) {
    if (!import_rows_reserve(rows, count))
      code = tl_fail(err, TL_E_LIMIT, NULL, "%s: not enough memory", rows->name);
    for (uint64_t i = 0; code == TL_OK && i < count; i++)
      import_rows_add(rows, import_row_time(rows, i), i + 1);
  }
  if (code == TL_OK && count != rows->count)
    code =
        tl_fail(err, TL_E_FORMAT, NULL, "%s: column %s has %llu rows, others have %llu", rows->name,
                rows->columns[k].name, (unsigned long long)count, (unsigned long long)rows->count);
  for (uint64_t i = 0; code == TL_OK && i < count; i++)
    rows->values[i * rows->column_count + k] = ((double *)values)[i];
  free(values);
  return code;
}

static tl_code read_source(import_rows *rows, const char *path, tl_error *err)
{
  struct stat status;
  uint64_t count = 0;
  if (stat(path, &status) != 0) return tl_fail(err, TL_E_IO, NULL, "%s: %s", path, strerror(errno));
  foreign *source = calloc(1, sizeof *source);
  if (source == NULL) return tl_fail(err, TL_E_LIMIT, NULL, "%s: not enough memory", rows->name);
  source->file_bytes = (uint64_t)status.st_size;
  source->file = source->object = H5I_INVALID_HID;
  tl_code code = tl_h5_open(&source->file, path, err);
  if (code == TL_OK) code = open_object(source, rows, err);
  if (code == TL_OK && rows->map->period_ns == 0) code = read_times(rows, source, &count, err);
  for (uint32_t k = 0; code == TL_OK && k < rows->column_count; k++)
    code = fill_column(rows, k, source, err);
  for (uint32_t i = 0; i < source->name_count; i++) free(source->names[i]);
  if (source->object >= 0) H5Oclose(source->object);
  if (source->file >= 0) H5Fclose(source->file);
  free(source);
  return code;
}

typedef struct probe {
  import_rows *rows;
  const char *path;
} probe;

static void probe_source(void *context)
{
  const probe *what = context;
  (void)read_source(what->rows, what->path, NULL); /* the child's copy of rows: lost with it */
}

tl_code import_read_h5(import_rows *rows, const char *path, tl_error *err)
{
  probe what = {rows, path};
  tl_code code = tl_h5_check_heaps(path, err);
  if (code == TL_OK) code = tl_h5_probe(path, probe_source, &what, err);
  return code == TL_OK ? read_source(rows, path, err) : code;
}
