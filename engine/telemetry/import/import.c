#include "telemetry/import.h"

#include "base/hash.h"
#include "base/units.h"
#include "telemetry/import/source.h"
#include "telemetry/recording.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COOKIE 0x4d617031u /* set by the default functions; catches a forgotten one */

tl_import_map tl_import_map_default(void)
{
  return (tl_import_map){.fleet = "recording",
                         .header = true,
                         .time_unit = TL_TIME_S,
                         .clock = {.unit = TL_TIME_S},
                         .cookie_ = COOKIE};
}

tl_import_channel tl_import_channel_default(void)
{
  return (tl_import_channel){.scale = 1.0,
                             .unit = "1",
                             .low = (double)-INFINITY,
                             .high = (double)INFINITY,
                             .role = TL_OUTPUT};
}

/* --- the map --------------------------------------------------------------------------------------- */
static bool is_truth(const tl_import_channel *channel)
{
  return strcmp(channel->unit, "bool") == 0;
}

static const char *unit_stored(const tl_import_channel *channel)
{
  return channel->store_unit[0] == '\0' ? channel->unit : channel->store_unit;
}

/* A truth may be stored as a number: heater_on = TRUE drives a duty of 1. */
static const char *unit_read(const tl_import_channel *channel)
{
  return is_truth(channel) && strcmp(unit_stored(channel), "bool") != 0 ? "1" : channel->unit;
}

static bool ref_given(const tl_import_ref *ref) { return ref->number > 0 || ref->name[0] != '\0'; }

static tl_code check_channel(const tl_import_channel *channel, const char *where, tl_error *err)
{
  double ignored = 0.0;
  if (channel->name[0] == '\0') return tl_fail(err, TL_E_ARG, where, "a channel has no name");
  if (channel->from_count == 0 || channel->from_count > TL_IMPORT_MEAN_MAX)
    return tl_fail(err, TL_E_ARG, where, "channel %s: names no column", channel->name);
  for (uint32_t i = 0; i < channel->from_count; i++)
    if (!ref_given(&channel->from[i]))
      return tl_fail(err, TL_E_ARG, where, "channel %s: names no column", channel->name);
  if (!(channel->low < channel->high))
    return tl_fail(err, TL_E_ARG, where, "channel %s: low must be below high", channel->name);
  if (!isfinite(channel->scale) || !isfinite(channel->offset) || channel->scale == 0.0)
    return tl_fail(err, TL_E_ARG, where, "channel %s: scale must be a number other than 0",
                   channel->name);
  if (!(channel->resolution >= 0.0) || !isfinite(channel->resolution))
    return tl_fail(err, TL_E_ARG, where, "channel %s: resolution must not be negative",
                   channel->name);
  tl_error inner;
  if (tl_unit_convert(&ignored, 0.0, unit_read(channel), unit_stored(channel), NULL, &inner) ==
      TL_OK)
    return TL_OK;
  tl_fail(err, TL_E_UNIT, where, "channel %s: %s", channel->name, inner.text);
  return inner.hint[0] != '\0' ? tl_fail_hint(err, "%s", inner.hint) : TL_E_UNIT;
}

tl_code tl_import_map_check(const tl_import_map *map, tl_error *err)
{
  assert(map->cookie_ == COOKIE);
  const char *where = map->path[0] == '\0' ? NULL : map->path;
  if (map->channel_count == 0 || map->channel_count > TL_IMPORT_CHANNELS_MAX)
    return tl_fail(err, TL_E_ARG, where, "the map has %u channels, expected 1 to %d",
                   map->channel_count, TL_IMPORT_CHANNELS_MAX);
  if (map->period_ns < 0) return tl_fail(err, TL_E_ARG, where, "the period must be above 0");
  if (map->period_ns == 0 && !ref_given(&map->time) && map->format != TL_IMPORT_USDLOG)
    return tl_fail(err, TL_E_ARG, where, "the map gives neither a time column nor a period");
  if (map->from_occurrence > 0 && !ref_given(&map->from))
    return tl_fail(err, TL_E_ARG, where, "`from` names no column");
  if (map->from_occurrence > 0 &&
      (map->format == TL_IMPORT_HDF5 || map->format == TL_IMPORT_USDLOG))
    return tl_fail(err, TL_E_ARG, where, "`from` works on CSV files only");
  if (map->has_lateness && (map->backwards != TL_BACKWARDS_SORT || map->lateness_ns < 0))
    return tl_fail(err, TL_E_ARG, where,
                   "time: lateness is a time of 0 or more, and needs backwards = \"sort\"");
  if (map->clock.given &&
      (!isfinite(map->clock.offset_s) || !(map->clock.rate > -0.5) || !(map->clock.rate < 0.5)))
    return tl_fail(err, TL_E_ARG, where,
                   "clock: offset must be a number, rate between -0.5 and 0.5 s a second");
  if (map->clock.given && ref_given(&map->clock.reference) &&
      (map->clock.offset_s != 0.0 || map->clock.rate != 0.0))
    return tl_fail(err, TL_E_ARG, where, "clock: give either a reference, or offset and rate");
  if (map->clock.given && map->clock.unit == TL_TIME_ISO)
    return tl_fail(err, TL_E_UNIT, where,
                   "clock: the reference must be a number: s, ms, ..., unix");
  for (uint32_t i = 0; i < map->channel_count; i++) {
    const tl_code code = check_channel(&map->channels[i], where, err);
    if (code != TL_OK) return code;
    for (uint32_t j = 0; j < i; j++)
      if (strcmp(map->channels[i].name, map->channels[j].name) == 0)
        return tl_fail(err, TL_E_ARG, where, "channel %s is there twice", map->channels[i].name);
  }
  return TL_OK;
}

/* --- rows ------------------------------------------------------------------------------------------ */
bool import_rows_reserve(import_rows *rows, uint64_t count)
{
  if (count <= rows->capacity && rows->values != NULL) return true;
  if (count > ((uint64_t)1 << 36) / (rows->column_count + 1u)) return false;
  const size_t room = (size_t)count + 1;
  int64_t *times = realloc(rows->times_ns, room * sizeof *times);
  if (times != NULL) rows->times_ns = times;
  uint64_t *line = realloc(rows->line, room * sizeof *line);
  if (line != NULL) rows->line = line;
  double *values = realloc(rows->values, room * rows->column_count * sizeof *values);
  if (values != NULL) rows->values = values;
  if (times == NULL || line == NULL || values == NULL) return false;
  rows->capacity = count;
  return true;
}

double *import_rows_add(import_rows *rows, int64_t time_ns, uint64_t line)
{
  if (rows->count == rows->capacity &&
      !import_rows_reserve(rows, rows->capacity < 512 ? 1024 : rows->capacity * 2))
    return NULL;
  const uint64_t i = rows->count++;
  rows->times_ns[i] = time_ns;
  rows->line[i] = line;
  return rows->values + i * rows->column_count;
}

const char *import_place(char out[96], const import_rows *rows, uint64_t line)
{
  snprintf(out, 96, "%.64s:%s%llu", rows->name, rows->text ? "" : " row ",
           (unsigned long long)line);
  return out;
}

tl_code import_no_column(const import_rows *rows, const import_column *column,
                         const char *const *known, uint32_t known_count, tl_error *err)
{
  tl_fail(err, TL_E_COLUMN, NULL, "%s: has no column '%s'", rows->name, column->name);
  const char *near =
      column->ref.number > 0 ? NULL : tl_text_closest(column->ref.name, known, known_count);
  return near != NULL ? tl_fail_hint(err, "did you mean '%s'?", near) : TL_E_COLUMN;
}

static uint32_t column_of(import_rows *rows, const tl_import_ref *ref)
{
  for (uint32_t k = 0; k < rows->column_count; k++)
    if (rows->columns[k].ref.number == ref->number &&
        strcmp(rows->columns[k].ref.name, ref->name) == 0)
      return k;
  return UINT32_MAX;
}

/* Place of a column among those that are read, made when it is new; UINT32_MAX: too many. */
static uint32_t want_column(import_rows *rows, const tl_import_ref *ref)
{
  uint32_t k = column_of(rows, ref);
  if (k != UINT32_MAX || rows->column_count == IMPORT_COLUMNS_MAX) return k;
  k = rows->column_count++;
  import_column *column = &rows->columns[k];
  column->ref = *ref;
  if (ref->number > 0)
    snprintf(column->name, sizeof column->name, "%u", ref->number);
  else
    snprintf(column->name, sizeof column->name, "%s", ref->name);
  return k;
}

/* The columns that the channels and the clock use, each once. */
static tl_code collect_columns(import_rows *rows, tl_error *err)
{
  for (uint32_t i = 0; i < rows->map->channel_count; i++) {
    const tl_import_channel *channel = &rows->map->channels[i];
    for (uint32_t j = 0; j < channel->from_count; j++) {
      const uint32_t k = want_column(rows, &channel->from[j]);
      if (k == UINT32_MAX)
        return tl_fail(err, TL_E_LIMIT, NULL, "%s: the map uses more than %d columns",
                       rows->map->path, IMPORT_COLUMNS_MAX);
      if (is_truth(channel)) rows->columns[k].truth = true;
    }
  }
  if (ref_given(&rows->map->clock.reference) &&
      want_column(rows, &rows->map->clock.reference) == UINT32_MAX)
    return tl_fail(err, TL_E_LIMIT, NULL, "%s: the map uses more than %d columns", rows->map->path,
                   IMPORT_COLUMNS_MAX);
  return TL_OK;
}

static tl_code detect(tl_import_format *format, const char *path, tl_error *err)
{
  unsigned char head[8] = {0};
  if (*format != TL_IMPORT_AUTO) return TL_OK;
  FILE *file = fopen(path, "rb");
  if (file == NULL) return tl_fail(err, TL_E_IO, NULL, "%s: %s", path, strerror(errno));
  const size_t got = fread(head, 1, sizeof head, file);
  fclose(file);
  const char *dot = strrchr(path, '.');
  *format = TL_IMPORT_CSV;
  if ((got == 8 && memcmp(head, "\x89HDF\r\n\x1a\n", 8) == 0) ||
      (dot != NULL && (strcmp(dot, ".h5") == 0 || strcmp(dot, ".hdf5") == 0)))
    *format = TL_IMPORT_HDF5;
  else if (got == 8 && head[0] == 0xBC && head[1] == 2 && head[2] == 0)
    *format = TL_IMPORT_USDLOG;
  return TL_OK;
}

/* --- channels -------------------------------------------------------------------------------------- */
static tl_code out_of_range(const import_rows *rows, const tl_import_channel *channel,
                            uint32_t column, uint64_t row, double value, tl_error *err)
{
  char place[96], seen[TL_TEXT_DOUBLE_BYTES], limit[TL_TEXT_DOUBLE_BYTES], cell[64] = "";
  const double raw = rows->values[row * rows->column_count + column];
  import_place(place, rows, rows->line[row]);
  tl_text_format_digits(seen, value, 9);
  if (channel->scale != 1.0 || channel->offset != 0.0) {
    char number[TL_TEXT_DOUBLE_BYTES];
    tl_text_format_double(number, raw);
    snprintf(cell, sizeof cell, " (%s in the file)", number);
  }
  const char *name = rows->columns[column].name;
  if (!isfinite(value))
    return tl_fail(err, TL_E_RANGE, NULL, "%s: column %s: %s is not a finite number", place, name,
                   seen);
  if (is_truth(channel))
    return tl_fail(err, TL_E_RANGE, NULL, "%s: column %s: %s%s is neither true (1) nor false (0)",
                   place, name, seen, cell);
  const bool above = value > channel->high;
  tl_text_format_double(limit, above ? channel->high : channel->low);
  return tl_fail(err, TL_E_RANGE, NULL, "%s: column %s: %s %s%s is %s the map's %s %s %s", place,
                 name, seen, channel->unit, cell, above ? "above" : "below", above ? "high" : "low",
                 limit, channel->unit);
}

/* One value of one channel in its own unit; NaN when a column is missing. */
static tl_code channel_value(double *out, const import_rows *rows, const tl_import_channel *channel,
                             const uint32_t *columns, uint64_t row, tl_error *err)
{
  double sum = 0.0;
  for (uint32_t j = 0; j < channel->from_count; j++) {
    const double raw = rows->values[row * rows->column_count + columns[j]];
    const bool plain = channel->scale == 1.0 && channel->offset == 0.0;
    const double value = plain ? raw : raw * channel->scale + channel->offset;
    if (!isnan(value) && (!isfinite(value) || value < channel->low || value > channel->high ||
                          (is_truth(channel) && value != 0.0 && value != 1.0)))
      return out_of_range(rows, channel, columns[j], row, value, err);
    sum = j == 0 ? value : sum + value;
  }
  *out = channel->from_count > 1 ? sum / channel->from_count : sum;
  return TL_OK;
}

static double converted(double value, const tl_unit *from, const tl_unit *to)
{
  return strcmp(from->name, to->name) == 0 || !isfinite(value) ? value
                                                               : tl_unit_apply(value, from, to);
}

static void note_value(tl_import_channel_report *seen, double value)
{
  if (isnan(value)) {
    seen->missing++;
    return;
  }
  if (isnan(seen->low) || value < seen->low) seen->low = value;
  if (isnan(seen->high) || value > seen->high) seen->high = value;
}

/* Fills a channel's def, its values for the kept rows, and its line of the report. */
static tl_code make_channel(tl_signal_def *def, double *values, tl_import_channel_report *seen,
                            import_rows *rows, const tl_import_channel *channel,
                            const uint64_t *keep, uint64_t kept, tl_error *err)
{
  const char *store = unit_stored(channel);
  tl_unit from, to;
  uint32_t columns[TL_IMPORT_MEAN_MAX];
  tl_code code = tl_unit_find(&from, unit_read(channel), NULL, err);
  if (code == TL_OK) code = tl_unit_find(&to, store, NULL, err);
  if (code != TL_OK) return code;
  for (uint32_t j = 0; j < channel->from_count; j++)
    columns[j] = column_of(rows, &channel->from[j]);
  snprintf(seen->name, sizeof seen->name, "%s", channel->name);
  snprintf(seen->unit, sizeof seen->unit, "%s", store);
  seen->low = seen->high = (double)NAN;
  for (uint64_t i = 0; i < kept; i++) {
    code = channel_value(&values[i], rows, channel, columns, keep[i], err);
    if (code != TL_OK) return code;
    values[i] = converted(values[i], &from, &to);
    note_value(seen, values[i]);
  }
  *def = (tl_signal_def){.role = channel->role, .store = TL_STORE_F64, .scale = 1.0};
  snprintf(def->name, sizeof def->name, "%s", channel->name);
  snprintf(def->unit, sizeof def->unit, "%s", store);
  def->low = converted(channel->low, &from, &to);
  def->high = converted(channel->high, &from, &to);
  def->resolution = strcmp(from.name, to.name) == 0
                        ? channel->resolution
                        : tl_unit_apply_difference(channel->resolution, &from, &to);
  if (is_truth(channel)) {
    def->low = 0.0;
    def->high = 1.0;
  }
  return TL_OK;
}

/* --- the import ------------------------------------------------------------------------------------ */
static tl_code zero_times(int64_t *times_ns, tl_import_report *report, const import_rows *rows,
                          const uint64_t *keep, tl_error *err)
{
  const tl_import_map *map = rows->map;
  const bool calendar =
      map->period_ns == 0 && (map->time_unit == TL_TIME_ISO || map->time_unit == TL_TIME_UNIX_S);
  const int64_t zero_ns =
      (calendar || map->restart) && report->rows_kept > 0 ? rows->times_ns[keep[0]] : 0;
  report->epoch_ns = calendar ? zero_ns : 0;
  for (uint64_t i = 0; i < report->rows_kept; i++) {
    const int64_t at_ns = rows->times_ns[keep[i]];
    if (at_ns < -(INT64_MAX / 2) || at_ns > INT64_MAX / 2) { /* so that no interval overflows */
      char place[96];
      return tl_fail(err, TL_E_RANGE, NULL, "%s: the time is more than 146 years from 0",
                     import_place(place, rows, rows->line[keep[i]]));
    }
    times_ns[i] = at_ns - zero_ns;
  }
  return TL_OK;
}

static const char *base_name(const char *path)
{
  const char *slash = strrchr(path, '/');
  return slash == NULL ? path : slash + 1;
}

static tl_code write_out(const char *out_path, const import_rows *rows,
                         const tl_import_report *report, const int64_t *times_ns,
                         const tl_recording_series *series, tl_error *err)
{
  const tl_import_map *map = rows->map;
  const tl_recording_fleet_def fleet = {.name = map->fleet,
                                        .period_ns = map->period_ns,
                                        .sample_count = report->rows_kept,
                                        .times_ns = times_ns,
                                        .device_count = 1,
                                        .devices = &map->device,
                                        .series_count = map->channel_count,
                                        .series = series};
  const tl_recording_def def = {.label = map->label,
                                .source = report->source,
                                .source_sha256 = report->source_sha256,
                                .epoch_ns = report->epoch_ns,
                                .fleet_count = 1,
                                .fleets = &fleet};
  return tl_recording_write(out_path, &def, err);
}

static tl_code convert(const char *out_path, import_rows *rows, tl_import_report *report,
                       tl_error *err)
{
  const uint32_t channels = rows->map->channel_count;
  const uint64_t room = rows->count + 1;
  uint64_t *keep = calloc(room, sizeof *keep);
  int64_t *times_ns = calloc(room, sizeof *times_ns);
  double *values = calloc(room * channels, sizeof *values);
  tl_recording_series *series = calloc(channels, sizeof *series);
  report->channels = calloc(channels, sizeof *report->channels);
  report->channel_count = channels;
  tl_code code = TL_OK;
  if (keep == NULL || times_ns == NULL || values == NULL || series == NULL ||
      report->channels == NULL)
    code = tl_fail(err, TL_E_LIMIT, NULL, "%s: not enough memory", rows->name);
  if (code == TL_OK && rows->count == 0)
    code = tl_fail(err, TL_E_FORMAT, NULL, "%s: has no rows", rows->name);
  if (code == TL_OK) code = import_clock(report, rows, err);
  if (code == TL_OK) code = import_order(keep, report, rows, err);
  if (code == TL_OK) code = zero_times(times_ns, report, rows, keep, err);
  if (code == TL_OK) code = import_describe(report, times_ns, keep, rows, err);
  for (uint32_t k = 0; code == TL_OK && k < channels; k++) {
    series[k].values = values + k * room;
    code = make_channel(&series[k].def, values + k * room, &report->channels[k], rows,
                        &rows->map->channels[k], keep, report->rows_kept, err);
  }
  if (code == TL_OK) code = write_out(out_path, rows, report, times_ns, series, err);
  free(series);
  free(values);
  free(times_ns);
  free(keep);
  return code;
}

static tl_code read_rows(import_rows *rows, tl_import_format format, const char *path,
                         tl_error *err)
{
  rows->text = format == TL_IMPORT_CSV;
  if (format == TL_IMPORT_HDF5) return import_read_h5(rows, path, err);
  if (format == TL_IMPORT_USDLOG) return import_read_usdlog(rows, path, err);
  return import_read_csv(rows, path, err);
}

tl_code tl_import(const char *path, const tl_import_map *map, const char *out_path,
                  tl_import_report *report, tl_error *err)
{
  tl_import_report own = {0};
  tl_import_format format = map->format;
  tl_code code = tl_import_map_check(map, err);
  if (code == TL_OK) code = detect(&format, path, err);
  if (code != TL_OK) return code;
  import_rows *rows = calloc(1, sizeof *rows);
  if (rows == NULL) return tl_fail(err, TL_E_LIMIT, NULL, "%s: not enough memory", path);
  rows->name = base_name(path);
  rows->map = map;
  snprintf(own.source, sizeof own.source, "%s", rows->name);
  code = collect_columns(rows, err);
  if (code == TL_OK) code = read_rows(rows, format, path, err);
  own.rows_read = rows->count;
  if (code == TL_OK) code = tl_sha256_file(own.source_sha256, path, err);
  if (code == TL_OK) code = convert(out_path, rows, &own, err);
  free(rows->times_ns);
  free(rows->line);
  free(rows->values);
  free(rows);
  if (code != TL_OK || report == NULL)
    tl_import_report_free(&own);
  else
    *report = own;
  return code;
}
