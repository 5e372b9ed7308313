/* Our CSV form as a recording: `time_s`, perhaps `device`, then "name[unit]" or "name@device[unit]". */
#include "telemetry/recording_impl.h"

#include "base/text.h"
#include "telemetry/csv.h"
#include "telemetry/timeparse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct csv_column {
  uint32_t signal;
  uint32_t device; /* index in the fleet; wide form only */
} csv_column;

typedef struct csv_rows {
  int64_t *times_ns; /* a row */
  uint32_t *devices; /* a row; long form only */
  double *values;    /* [row][channel] */
  size_t count, capacity;
  uint32_t channel_count;
} csv_rows;

static bool rows_grow(csv_rows *rows)
{
  const size_t capacity = rows->capacity == 0 ? 1024 : rows->capacity * 2;
  int64_t *times = realloc(rows->times_ns, capacity * sizeof *times);
  if (times != NULL) rows->times_ns = times;
  uint32_t *devices = realloc(rows->devices, capacity * sizeof *devices);
  if (devices != NULL) rows->devices = devices;
  double *values = realloc(rows->values, capacity * (rows->channel_count + 1u) * sizeof *values);
  if (values != NULL) rows->values = values;
  if (times == NULL || devices == NULL || values == NULL) return false;
  rows->capacity = capacity;
  return true;
}

/* "box@37[degC]" -> box, 37, degC; the device and the unit may be absent. */
static tl_code parse_heading(tl_signal_def *def, uint32_t *device, const char *heading,
                             const char *path, tl_error *err)
{
  *def = (tl_signal_def){.role = TL_OUTPUT,
                         .low = (double)-INFINITY,
                         .high = (double)INFINITY,
                         .unit = "1",
                         .store = TL_STORE_F64,
                         .scale = 1.0};
  *device = 0;
  size_t length = strlen(heading);
  const char *bracket = strrchr(heading, '[');
  if (bracket != NULL && length > 0 && heading[length - 1] == ']') {
    const size_t unit_length = (size_t)(heading + length - 1 - (bracket + 1));
    if (unit_length >= sizeof def->unit)
      return tl_fail(err, TL_E_FORMAT, NULL, "%s: column '%s': unit is too long", path, heading);
    memcpy(def->unit, bracket + 1, unit_length);
    def->unit[unit_length] = '\0';
    length = (size_t)(bracket - heading);
  }
  char name[TL_SIGNAL_NAME_BYTES + 16];
  if (length >= sizeof name)
    return tl_fail(err, TL_E_FORMAT, NULL, "%s: column '%s': name is too long", path, heading);
  memcpy(name, heading, length);
  name[length] = '\0';
  char *at = strrchr(name, '@');
  uint64_t number = 0;
  if (at != NULL && tl_text_parse_uint64(&number, at + 1) && number < 4000000u) {
    *device = (uint32_t)number;
    *at = '\0';
  }
  if (strlen(name) >= sizeof def->name)
    return tl_fail(err, TL_E_FORMAT, NULL, "%s: column '%s': name is too long", path, heading);
  memcpy(def->name, name, strlen(name) + 1);
  snprintf(def->quantity, sizeof def->quantity, "%s", tl_quantity_of_unit(def->unit));
  return tl_signal_check(def, path, err);
}

/* Signals of the header; columns[k] says which signal and device channel k is. */
static tl_code read_headings(recording_fleet *fleet, csv_column *columns, const tl_csv *csv,
                             uint32_t first, const char *path, tl_error *err)
{
  for (uint32_t k = first; k < tl_csv_column_count(csv); k++) {
    tl_signal_def def;
    csv_column *column = &columns[k - first];
    const tl_code code =
        parse_heading(&def, &column->device, tl_csv_column_name(csv, k), path, err);
    if (code != TL_OK) return code;
    uint32_t s = 0;
    while (s < fleet->view.signal_count && strcmp(fleet->signals[s].name, def.name) != 0) s++;
    column->signal = s;
    if (s == fleet->view.signal_count)
      fleet->signals[fleet->view.signal_count++] = def;
    else if (strcmp(fleet->signals[s].unit, def.unit) != 0)
      return tl_fail(err, TL_E_FORMAT, NULL, "%s: signal %s has the units %s and %s", path,
                     def.name, fleet->signals[s].unit, def.unit);
    for (uint32_t j = 0; j < k - first; j++)
      if (columns[j].signal == s && columns[j].device == column->device)
        return tl_fail(err, TL_E_FORMAT, NULL, "%s: column '%s' occurs twice", path,
                       tl_csv_column_name(csv, k));
  }
  return TL_OK;
}

static tl_code read_rows(csv_rows *rows, tl_csv *csv, bool has_device, const char *path,
                         tl_error *err)
{
  for (;;) {
    const tl_csv_cell *cells = NULL;
    uint64_t line = 0, device = 0;
    bool more = false;
    const tl_code code = tl_csv_next(csv, &cells, &line, &more, err);
    if (code != TL_OK || !more) return code;
    if (rows->count == rows->capacity && !rows_grow(rows))
      return tl_fail(err, TL_E_LIMIT, NULL, "%s: not enough memory", path);
    const size_t i = rows->count++;
    if (!tl_time_parse_decimal(&rows->times_ns[i], cells[0].text, cells[0].length, TL_TIME_S))
      return tl_fail(err, TL_E_FORMAT, NULL,
                     "%s:%llu: first column: '%.*s' is not a time in seconds", path,
                     (unsigned long long)line, (int)(cells[0].length < 40 ? cells[0].length : 40),
                     cells[0].text);
    char text[16] = "";
    if (has_device) {
      if (cells[1].length < sizeof text) memcpy(text, cells[1].text, cells[1].length);
      if (!tl_text_parse_uint64(&device, text) || device >= 4000000u)
        return tl_fail(err, TL_E_FORMAT, NULL,
                       "%s:%llu: column device: '%.*s' is not a device index", path,
                       (unsigned long long)line, (int)(cells[1].length < 40 ? cells[1].length : 40),
                       cells[1].text);
    }
    rows->devices[i] = (uint32_t)device;
    const tl_csv_cell *channel = cells + 1 + has_device;
    double *values = rows->values + i * rows->channel_count;
    for (uint32_t k = 0; k < rows->channel_count; k++) {
      values[k] = (double)NAN;
      if (channel[k].length > 0 &&
          !tl_text_parse_double_n(&values[k], channel[k].text, channel[k].length))
        return tl_fail(err, TL_E_FORMAT, NULL, "%s:%llu: column %s: '%.*s' is not a number", path,
                       (unsigned long long)line, tl_csv_column_name(csv, k + 1 + has_device),
                       (int)(channel[k].length < 40 ? channel[k].length : 40), channel[k].text);
    }
  }
}

static int by_value(const void *a, const void *b)
{
  const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

/* Sorted set of the devices that occur. */
static bool collect_devices(recording_fleet *fleet, const csv_rows *rows, const csv_column *columns,
                            bool has_device)
{
  const size_t count = has_device ? rows->count : rows->channel_count;
  uint32_t *all = calloc(count + 1, sizeof *all);
  if (all == NULL) return false;
  for (size_t i = 0; i < count; i++) all[i] = has_device ? rows->devices[i] : columns[i].device;
  qsort(all, count, sizeof *all, by_value); /* ties are equal numbers */
  size_t kept = 0;
  for (size_t i = 0; i < count; i++)
    if (kept == 0 || all[kept - 1] != all[i]) all[kept++] = all[i];
  if (kept == 0) kept = 1; /* no channels or no rows: device 0 */
  fleet->devices = all;
  fleet->view.devices = all;
  fleet->view.device_count = (uint32_t)kept;
  return true;
}

static uint32_t place_of(const recording_fleet *fleet, uint32_t device)
{
  uint32_t low = 0, high = fleet->view.device_count;
  while (low + 1 < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (fleet->devices[middle] <= device)
      low = middle;
    else
      high = middle;
  }
  return low;
}

/* Rows to [sample][device]. In the long form a new sample begins when the time changes or a device comes again. */
static tl_code arrange(recording_fleet *fleet, const csv_rows *rows, const csv_column *columns,
                       bool has_device, const char *path, tl_error *err)
{
  const uint32_t device_count = fleet->view.device_count;
  size_t *sample_of = calloc(rows->count + 1, sizeof *sample_of);
  size_t *seen =
      calloc(device_count, sizeof *seen); /* sample + 1 in which a device was last seen */
  tl_code code = TL_OK;
  fleet->times_ns = calloc(rows->count + 1, sizeof *fleet->times_ns);
  fleet->values = calloc(fleet->view.signal_count + 1, sizeof *fleet->values);
  if (sample_of == NULL || seen == NULL || fleet->times_ns == NULL || fleet->values == NULL)
    goto memory;
  fleet->view.times_ns = fleet->times_ns;
  size_t samples = 0;
  for (size_t i = 0; i < rows->count; i++) {
    const uint32_t place = has_device ? place_of(fleet, rows->devices[i]) : 0;
    if (samples > 0 && rows->times_ns[i] < fleet->times_ns[samples - 1]) {
      code = tl_fail(err, TL_E_FORMAT, NULL, "%s: time falls at row %zu of the data", path, i + 1);
      goto done;
    }
    if (samples == 0 || rows->times_ns[i] > fleet->times_ns[samples - 1] || seen[place] == samples)
      fleet->times_ns[samples++] = rows->times_ns[i];
    seen[place] = samples;
    sample_of[i] = samples - 1;
  }
  fleet->view.sample_count = samples;
  for (uint32_t s = 0; s < fleet->view.signal_count; s++) {
    const size_t count = samples * device_count;
    if (samples > 0 && count / samples != device_count) goto memory;
    fleet->values[s] = malloc((count + 1) * sizeof(double));
    if (fleet->values[s] == NULL) goto memory;
    for (size_t i = 0; i < count; i++) fleet->values[s][i] = (double)NAN;
  }
  for (size_t i = 0; i < rows->count; i++)
    for (uint32_t k = 0; k < rows->channel_count; k++) {
      const uint32_t device = has_device ? rows->devices[i] : columns[k].device;
      fleet->values[columns[k].signal][sample_of[i] * device_count + place_of(fleet, device)] =
          rows->values[i * rows->channel_count + k];
    }
  goto done;
memory:
  code = tl_fail(err, TL_E_LIMIT, NULL, "%s: not enough memory", path);
done:
  free(seen);
  free(sample_of);
  return code;
}

/* What other programs call the time that we call time_s. */
static bool names_seconds(const char *name)
{
  static const char *const names[] = {"time_s", "time", "t", "t_s", "time[s]", "t[s]"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    if (strcmp(name, names[i]) == 0) return true;
  return false;
}

static tl_code load(recording_fleet *fleet, tl_csv *csv, const char *path, tl_error *err)
{
  const uint32_t column_count = tl_csv_column_count(csv);
  if (!names_seconds(tl_csv_column_name(csv, 0))) {
    tl_fail(err, TL_E_FORMAT, NULL,
            "%s: not a twinloop CSV: its first column is '%.60s', expected 'time_s' (or 'time' or "
            "'t', in seconds)",
            path, tl_csv_column_name(csv, 0));
    return tl_fail_hint(
        err, "turn foreign files into recordings with `twinloop import FILE --map MAP.lua`");
  }
  const bool has_device = column_count > 1 && strcmp(tl_csv_column_name(csv, 1), "device") == 0;
  const uint32_t first = 1u + has_device;
  csv_rows rows = {.channel_count = column_count - first};
  csv_column *columns = calloc(column_count, sizeof *columns);
  fleet->signals = calloc(column_count, sizeof *fleet->signals);
  tl_code code = TL_OK;
  if (columns == NULL || fleet->signals == NULL)
    code = tl_fail(err, TL_E_LIMIT, NULL, "%s: not enough memory", path);
  fleet->view.signals = fleet->signals;
  if (code == TL_OK) code = read_headings(fleet, columns, csv, first, path, err);
  if (code == TL_OK) code = read_rows(&rows, csv, has_device, path, err);
  if (code == TL_OK && !collect_devices(fleet, &rows, columns, has_device))
    code = tl_fail(err, TL_E_LIMIT, NULL, "%s: not enough memory", path);
  if (code == TL_OK) code = arrange(fleet, &rows, columns, has_device, path, err);
  free(columns);
  free(rows.times_ns);
  free(rows.devices);
  free(rows.values);
  return code;
}

tl_code tl_recording_load_csv(tl_recording *recording, tl_error *err)
{
  tl_csv *csv = NULL;
  const tl_csv_def def = {.delimiter = ',', .comment = '#', .header = true};
  snprintf(recording->kind, sizeof recording->kind, "csv");
  recording->fleets = calloc(1, sizeof *recording->fleets);
  if (recording->fleets == NULL)
    return tl_fail(err, TL_E_LIMIT, NULL, "%s: not enough memory", recording->path);
  recording->fleet_count = 1;
  recording_fleet *fleet = &recording->fleets[0];
  snprintf(fleet->name, sizeof fleet->name, "recording");
  fleet->view.name = fleet->name;
  tl_code code = tl_csv_open(&csv, recording->path, &def, err);
  if (code == TL_OK) code = load(fleet, csv, recording->path, err);
  tl_csv_close(csv);
  if (code != TL_OK) return code;
  const tl_fleet_schema schema = {fleet->name, 0, fleet->signals, fleet->view.signal_count};
  tl_schema_hash(recording->schema_hash, &schema, 1);
  return TL_OK;
}
