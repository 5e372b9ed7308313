#include "telemetry/compare.h"

#include "base/text.h"
#include "telemetry/h5.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FLEETS_MAX = 64 };

typedef struct digest_fleet {
  char name[64];
  uint64_t device_count, block_count;
} digest_fleet;

typedef struct digest_file {
  char *path;
  hid_t file;
  uint64_t window_count;
  uint64_t *roots;
  int64_t *ends_ns;
  uint32_t fleet_count, block_rows;
  digest_fleet fleets[FLEETS_MAX]; /* in the world's order */
} digest_file;

static tl_code corrupt(const digest_file *f, const char *what, tl_error *err)
{
  return tl_fail(err, TL_E_FORMAT, NULL, "%s: %s could not be read: corrupt, or not a run's file",
                 f->path, what);
}

/* A one-dimensional dataset of 64-bit words under /digests; *count values, the caller frees. */
static void *read_column(const digest_file *f, const char *name, hid_t type, uint64_t *count)
{
  const hid_t set = H5Dopen2(f->file, name, H5P_DEFAULT);
  if (set < 0) return NULL;
  const hid_t space = H5Dget_space(set);
  hsize_t rows = 0;
  void *values = NULL;
  if (space >= 0 && H5Sget_simple_extent_ndims(space) == 1 &&
      H5Sget_simple_extent_dims(space, &rows, NULL) == 1 && rows < (hsize_t)1 << 32) {
    values = malloc((size_t)rows * 8 + 8);
    if (values != NULL && rows > 0 &&
        H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0) {
      free(values);
      values = NULL;
    }
  }
  *count = rows;
  if (space >= 0) H5Sclose(space);
  H5Dclose(set);
  return values;
}

static tl_code load_fleet(digest_file *f, const char *name, tl_error *err)
{
  char path[96];
  snprintf(path, sizeof path, "/digests/%s", name);
  const hid_t set = H5Dopen2(f->file, path, H5P_DEFAULT);
  if (set < 0) return corrupt(f, path, err);
  const hid_t space = H5Dget_space(set);
  hsize_t dims[2] = {0, 0};
  int64_t number = -1, devices = -1;
  const bool ok =
      space >= 0 && H5Sget_simple_extent_ndims(space) == 2 &&
      H5Sget_simple_extent_dims(space, dims, NULL) == 2 && tl_h5_get_i64(set, "number", &number) &&
      tl_h5_get_i64(set, "device_count", &devices) && number >= 0 && number < FLEETS_MAX &&
      devices > 0 && dims[1] > 0 && dims[1] < (hsize_t)1 << 24 && f->fleets[number].name[0] == '\0';
  if (space >= 0) H5Sclose(space);
  H5Dclose(set);
  if (!ok) return corrupt(f, path, err);
  snprintf(f->fleets[number].name, sizeof f->fleets[number].name, "%s", name);
  f->fleets[number].device_count = (uint64_t)devices;
  f->fleets[number].block_count = dims[1];
  f->fleet_count++;
  return TL_OK;
}

static tl_code load_fleets(digest_file *f, tl_error *err)
{
  const hid_t group = H5Gopen2(f->file, "/digests", H5P_DEFAULT);
  H5G_info_t info = {0};
  int64_t block_rows = 0;
  tl_code code = TL_OK;
  if (group < 0)
    return tl_fail(err, TL_E_COLUMN, NULL,
                   "%s: has no digests: only runs have them, not recordings", f->path);
  if (H5Gget_info(group, &info) < 0 || !tl_h5_get_i64(group, "block_rows", &block_rows) ||
      block_rows < 1)
    code = corrupt(f, "/digests", err);
  for (hsize_t i = 0; code == TL_OK && i < info.nlinks; i++) {
    char name[64] = "";
    const ssize_t length = H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, i, name,
                                              sizeof name, H5P_DEFAULT);
    if (length <= 0 || (size_t)length >= sizeof name)
      code = corrupt(f, "/digests", err);
    else if (strcmp(name, "root") != 0 && strcmp(name, "window_end_ns") != 0)
      code = load_fleet(f, name, err);
  }
  for (uint32_t i = 0; code == TL_OK && i < f->fleet_count; i++)
    if (f->fleets[i].name[0] == '\0') code = corrupt(f, "/digests (fleet numbers)", err);
  f->block_rows = (uint32_t)block_rows;
  H5Gclose(group);
  return code;
}

static tl_code load(digest_file *f, const char *path, tl_error *err)
{
  struct stat status;
  char schema[64] = "";
  uint64_t ends = 0;
  f->file = H5I_INVALID_HID;
  if (asprintf(&f->path, "%s%s", path,
               stat(path, &status) == 0 && S_ISDIR(status.st_mode) ? "/telemetry.h5" : "") < 0) {
    f->path = NULL;
    return tl_fail(err, TL_E_LIMIT, NULL, "%s: not enough memory", path);
  }
  tl_code code = tl_h5_open(&f->file, f->path, err);
  if (code != TL_OK) return code;
  tl_h5_get_text(f->file, "twinloop_schema", schema, sizeof schema);
  code = tl_schema_check(schema, f->path, err);
  if (code == TL_OK) code = load_fleets(f, err);
  if (code != TL_OK) return code;
  f->roots = read_column(f, "/digests/root", H5T_NATIVE_UINT64, &f->window_count);
  f->ends_ns = read_column(f, "/digests/window_end_ns", H5T_NATIVE_INT64, &ends);
  if (f->roots == NULL || f->ends_ns == NULL) return corrupt(f, "/digests/root", err);
  if (ends < f->window_count)
    f->window_count = ends; /* a live writer extends one after the other */
  return TL_OK;
}

static void unload(digest_file *f)
{
  if (f->file >= 0) H5Fclose(f->file);
  free(f->roots);
  free(f->ends_ns);
  free(f->path);
}

/* Digests of all blocks of a fleet in one window; the caller frees. */
static uint64_t *read_blocks(const digest_file *f, uint32_t fleet, uint64_t window)
{
  char path[96];
  snprintf(path, sizeof path, "/digests/%s", f->fleets[fleet].name);
  const hsize_t start[2] = {window, 0}, count[2] = {1, f->fleets[fleet].block_count};
  const hid_t set = H5Dopen2(f->file, path, H5P_DEFAULT);
  const hid_t space = set >= 0 ? H5Dget_space(set) : H5I_INVALID_HID,
              memory = H5Screate_simple(2, count, NULL);
  uint64_t *digests = malloc((size_t)count[1] * sizeof *digests);
  if (digests != NULL &&
      (space < 0 || H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL) < 0 ||
       H5Dread(set, H5T_NATIVE_UINT64, memory, space, H5P_DEFAULT, digests) < 0)) {
    free(digests);
    digests = NULL;
  }
  H5Sclose(memory);
  if (space >= 0) H5Sclose(space);
  if (set >= 0) H5Dclose(set);
  return digests;
}

/* False, with a sentence, when the two hold different fleets. */
static bool same_fleets(const digest_file *a, const digest_file *b, tl_compare_result *out)
{
  if (a->fleet_count != b->fleet_count) {
    snprintf(out->text, sizeof out->text, "the first run has %u fleets, the second %u",
             a->fleet_count, b->fleet_count);
    return false;
  }
  for (uint32_t i = 0; i < a->fleet_count; i++) {
    const digest_fleet *x = &a->fleets[i], *y = &b->fleets[i];
    if (strcmp(x->name, y->name) != 0)
      snprintf(out->text, sizeof out->text, "fleet %u is %s in the first run, %s in the second", i,
               x->name, y->name);
    else if (x->device_count != y->device_count)
      snprintf(out->text, sizeof out->text,
               "fleet %s has %llu devices in the first run, %llu in the second", x->name,
               (unsigned long long)x->device_count, (unsigned long long)y->device_count);
    else if (x->block_count == y->block_count && a->block_rows == b->block_rows)
      continue;
    else
      snprintf(out->text, sizeof out->text, "fleet %s is cut into other blocks", x->name);
    return false;
  }
  return true;
}

static tl_code name_block(const digest_file *a, const digest_file *b, tl_compare_result *out,
                          tl_error *err)
{
  for (uint32_t f = 0; f < a->fleet_count; f++) {
    uint64_t *x = read_blocks(a, f, out->window), *y = read_blocks(b, f, out->window);
    const digest_file *bad = x == NULL ? a : y == NULL ? b : NULL;
    for (uint32_t block = 0; bad == NULL && block < a->fleets[f].block_count; block++) {
      if (x[block] == y[block] || out->differing_blocks++ > 0) continue;
      snprintf(out->fleet, sizeof out->fleet, "%s", a->fleets[f].name);
      out->fleet_number = f;
      out->block = block;
      out->device_begin = block * a->block_rows;
      out->device_end = out->device_begin + a->block_rows;
      if (out->device_end > a->fleets[f].device_count)
        out->device_end = (uint32_t)a->fleets[f].device_count;
      out->digest_a = x[block];
      out->digest_b = y[block];
    }
    free(x);
    free(y);
    if (bad != NULL) return corrupt(bad, "block digests", err);
  }
  if (out->differing_blocks == 0)
    return tl_fail(err, TL_E_FORMAT, NULL,
                   "%s and %s: roots of window %llu differ but no block does: corrupt", a->path,
                   b->path, (unsigned long long)out->window);
  char from[TL_TEXT_DURATION_BYTES], to[TL_TEXT_DURATION_BYTES];
  tl_text_format_duration(from, out->begin_ns);
  tl_text_format_duration(to, out->end_ns);
  snprintf(
      out->text, sizeof out->text,
      "equal up to %s; in window %llu (to %s) %u block%s differ%s, first fleet %s devices %u to %u",
      from, (unsigned long long)out->window, to, out->differing_blocks,
      out->differing_blocks == 1 ? "" : "s", out->differing_blocks == 1 ? "s" : "", out->fleet,
      out->device_begin, out->device_end - 1);
  return TL_OK;
}

static tl_code compare(const digest_file *a, const digest_file *b, tl_compare_result *out,
                       tl_error *err)
{
  const uint64_t common = a->window_count < b->window_count ? a->window_count : b->window_count;
  out->windows_a = a->window_count;
  out->windows_b = b->window_count;
  if (!same_fleets(a, b, out)) {
    out->verdict = TL_COMPARE_SHAPE;
    return TL_OK;
  }
  uint64_t w = 0;
  while (w < common && a->ends_ns[w] == b->ends_ns[w] && a->roots[w] == b->roots[w]) w++;
  out->window = w;
  out->begin_ns = w == 0 ? 0 : a->ends_ns[w - 1];
  if (w < common && a->ends_ns[w] != b->ends_ns[w]) {
    char x[TL_TEXT_DURATION_BYTES], y[TL_TEXT_DURATION_BYTES];
    tl_text_format_duration(x, a->ends_ns[w]);
    tl_text_format_duration(y, b->ends_ns[w]);
    out->verdict = TL_COMPARE_SHAPE;
    snprintf(out->text, sizeof out->text,
             "window %llu ends at %s in the first run, at %s in the second", (unsigned long long)w,
             x, y);
    return TL_OK;
  }
  if (w < common) {
    out->verdict = TL_COMPARE_DIFFERENT;
    out->end_ns = a->ends_ns[w];
    return name_block(a, b, out, err);
  }
  out->end_ns = out->begin_ns;
  out->verdict = a->window_count == b->window_count ? TL_COMPARE_EQUAL : TL_COMPARE_SHORTER;
  if (out->verdict == TL_COMPARE_EQUAL)
    snprintf(out->text, sizeof out->text, "equal in all %llu windows", (unsigned long long)common);
  else
    snprintf(out->text, sizeof out->text, "equal in %llu windows, then the %s run ends",
             (unsigned long long)common, a->window_count < b->window_count ? "first" : "second");
  return TL_OK;
}

tl_code tl_compare_digests(const char *path_a, const char *path_b, tl_compare_result *out,
                           tl_error *err)
{
  tl_h5_quiet();
  *out = (tl_compare_result){0};
  digest_file *files = calloc(2, sizeof *files);
  if (files == NULL) return tl_fail(err, TL_E_LIMIT, NULL, "%s: not enough memory", path_a);
  files[0].file = files[1].file = H5I_INVALID_HID;
  tl_code code = load(&files[0], path_a, err);
  if (code == TL_OK) code = load(&files[1], path_b, err);
  if (code == TL_OK) code = compare(&files[0], &files[1], out, err);
  unload(&files[1]);
  unload(&files[0]);
  free(files);
  return code;
}
