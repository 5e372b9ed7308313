/* Writing a recording file: float64 columns, gaps as NaN, the same bytes for the same values. */
#include "telemetry/h5.h"
#include "telemetry/recording.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool write_dataset(hid_t group, const char *name, hid_t type, hid_t memory, int rank,
                          const hsize_t *dims, const void *values, hid_t *out)
{
  const hid_t space = H5Screate_simple(rank, dims, NULL), plist = tl_h5_dataset_plist();
  *out = H5Dcreate2(group, name, type, space, H5P_DEFAULT, plist, H5P_DEFAULT);
  H5Pclose(plist);
  H5Sclose(space);
  if (*out < 0) return false;
  return dims[0] == 0 || H5Dwrite(*out, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0;
}

static bool write_axis(hid_t group, const char *name, hid_t type, hid_t memory, uint64_t count,
                       const void *values, const char *unit)
{
  hid_t set = H5I_INVALID_HID;
  const hsize_t dims[1] = {count};
  bool ok = write_dataset(group, name, type, memory, 1, dims, values, &set);
  if (ok && unit != NULL) ok = tl_h5_attr_text(set, "unit", unit);
  if (set >= 0) H5Dclose(set);
  return ok;
}

static bool write_fleet(hid_t fleets, const tl_recording_fleet_def *def,
                        const tl_signal_def *signals, const uint32_t *devices)
{
  const hid_t group = tl_h5_group_create(fleets, def->name);
  if (group < 0) return false;
  bool ok = tl_h5_attr_i64(group, "period_ns", def->period_ns) &&
            write_axis(group, "time_ns", H5T_STD_I64LE, H5T_NATIVE_INT64, def->sample_count,
                       def->times_ns, "ns") &&
            write_axis(group, "device", H5T_STD_U32LE, H5T_NATIVE_UINT32, def->device_count,
                       devices, NULL);
  const hsize_t dims[2] = {def->sample_count, def->device_count};
  for (uint32_t i = 0; ok && i < def->series_count; i++) {
    hid_t set = H5I_INVALID_HID;
    ok = write_dataset(group, signals[i].name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, 2, dims,
                       def->series[i].values, &set) &&
         tl_h5_signal_write(set, &signals[i], def->period_ns);
    if (set >= 0) H5Dclose(set);
  }
  H5Gclose(group);
  return ok;
}

static tl_code check_fleet(const tl_recording_fleet_def *def, tl_signal_def *signals, tl_error *err)
{
  if (def->name[0] == '\0' || strlen(def->name) >= TL_SIGNAL_NAME_BYTES ||
      strchr(def->name, '/') != NULL)
    return tl_fail(err, TL_E_SCHEMA, NULL,
                   "fleet name '%.80s' must have 1 to %d letters and no '/'", def->name,
                   TL_SIGNAL_NAME_BYTES - 1);
  for (uint64_t i = 1; i < def->sample_count; i++)
    if (def->times_ns[i] < def->times_ns[i - 1])
      return tl_fail(err, TL_E_ARG, NULL, "fleet %s: time falls at row %llu", def->name,
                     (unsigned long long)i);
  for (uint32_t i = 0; i < def->series_count; i++) {
    signals[i] = def->series[i].def;
    signals[i].store = TL_STORE_F64;
    signals[i].scale = 1.0;
    signals[i].offset = 0.0;
    if (signals[i].quantity[0] == '\0')
      snprintf(signals[i].quantity, sizeof signals[i].quantity, "%s",
               tl_quantity_of_unit(signals[i].unit));
    const tl_code code = tl_signal_check(&signals[i], NULL, err);
    if (code != TL_OK) return code;
    for (uint32_t j = 0; j < i; j++)
      if (strcmp(signals[j].name, signals[i].name) == 0)
        return tl_fail(err, TL_E_ARG, NULL, "fleet %s: signal %s is there twice", def->name,
                       signals[i].name);
  }
  return TL_OK;
}

typedef struct prepared {
  tl_signal_def **signals; /* one array a fleet */
  uint32_t **devices;
  tl_fleet_schema *schema;
} prepared;

static tl_code prepare(prepared *out, const tl_recording_def *def, const char *path, tl_error *err)
{
  out->signals = calloc(def->fleet_count + 1, sizeof *out->signals);
  out->devices = calloc(def->fleet_count + 1, sizeof *out->devices);
  out->schema = calloc(def->fleet_count + 1, sizeof *out->schema);
  if (out->signals == NULL || out->devices == NULL || out->schema == NULL)
    return tl_fail(err, TL_E_LIMIT, NULL, "%s: not enough memory", path);
  for (uint32_t f = 0; f < def->fleet_count; f++) {
    const tl_recording_fleet_def *fleet = &def->fleets[f];
    out->signals[f] = calloc(fleet->series_count + 1, sizeof(tl_signal_def));
    out->devices[f] = calloc(fleet->device_count + 1, sizeof(uint32_t));
    if (out->signals[f] == NULL || out->devices[f] == NULL)
      return tl_fail(err, TL_E_LIMIT, NULL, "%s: not enough memory", path);
    for (uint32_t i = 0; i < fleet->device_count; i++)
      out->devices[f][i] = fleet->devices == NULL ? i : fleet->devices[i];
    const tl_code code = check_fleet(fleet, out->signals[f], err);
    if (code != TL_OK) return code;
    out->schema[f] =
        (tl_fleet_schema){fleet->name, fleet->period_ns, out->signals[f], fleet->series_count};
  }
  return TL_OK;
}

static void prepared_free(prepared *all, uint32_t fleet_count)
{
  for (uint32_t f = 0; f < fleet_count; f++) {
    if (all->signals != NULL) free(all->signals[f]);
    if (all->devices != NULL) free(all->devices[f]);
  }
  free(all->signals);
  free(all->devices);
  free(all->schema);
}

static const char *text_or_empty(const char *text) { return text == NULL ? "" : text; }

static tl_code write_file(const char *path, const tl_recording_def *def, const prepared *all,
                          tl_error *err)
{
  char hash[TL_SCHEMA_HASH_BYTES];
  hid_t file = H5I_INVALID_HID;
  tl_schema_hash(hash, all->schema, def->fleet_count);
  const tl_code code = tl_h5_create(&file, path, "recording", text_or_empty(def->label), hash, err);
  if (code != TL_OK) return code;
  const hid_t fleets = tl_h5_group_create(file, "fleets");
  bool ok = fleets >= 0 && tl_h5_attr_text(file, "source", text_or_empty(def->source)) &&
            tl_h5_attr_text(file, "source_sha256", text_or_empty(def->source_sha256)) &&
            tl_h5_attr_i64(file, "epoch_ns", def->epoch_ns);
  for (uint32_t f = 0; ok && f < def->fleet_count; f++)
    ok = write_fleet(fleets, &def->fleets[f], all->signals[f], all->devices[f]);
  if (fleets >= 0) H5Gclose(fleets);
  ok = H5Fclose(file) >= 0 && ok;
  if (!ok) return tl_fail(err, TL_E_IO, NULL, "%s: could not be written (is the disk full?)", path);
  return TL_OK;
}

tl_code tl_recording_write(const char *path, const tl_recording_def *def, tl_error *err)
{
  tl_h5_quiet();
  prepared all = {0};
  char *part = NULL;
  tl_code code = prepare(&all, def, path, err);
  if (code == TL_OK && asprintf(&part, "%s.part", path) < 0) {
    part = NULL;
    code = tl_fail(err, TL_E_LIMIT, NULL, "%s: not enough memory", path);
  }
  if (code == TL_OK) {
    code = write_file(part, def, &all, err);
    if (code == TL_OK && rename(part, path) != 0)
      code = tl_fail(err, TL_E_IO, NULL, "%s: %s", path, strerror(errno));
    if (code != TL_OK) unlink(part);
  }
  free(part);
  prepared_free(&all, def->fleet_count);
  return code;
}
