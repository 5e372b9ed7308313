/* CSV, gzip, uSD logs and time stamps from strangers: an error or a value, never a crash; and what reads as our CSV
 * form is exported and read again with the same bits. */
#include "memory_file.h"

#include "telemetry/csv.h"
#include "telemetry/export.h"
#include "telemetry/import.h"
#include "telemetry/timeparse.h"

#include <string.h>
#include <zlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_rows(const uint8_t *data, size_t size, uint8_t option)
{
  static const char delimiters[] = {0, ',', ';', '\t'};
  const tl_csv_def def = {.delimiter = delimiters[option & 3],
                          .comment = (option & 4) != 0 ? '#' : '\0',
                          .header = (option & 8) != 0,
                          .skip_lines = (option >> 4) & 1,
                          .skip_rows = (option >> 5) & 1};
  tl_csv *csv = NULL;
  tl_error err;
  if (tl_csv_open_bytes(&csv, "fuzz", (const char *)data, size, &def, &err) != TL_OK) return;
  const tl_csv_cell *cells = NULL;
  uint64_t line = 0;
  bool more = true;
  while (tl_csv_next(csv, &cells, &line, &more, &err) == TL_OK && more)
    for (uint32_t k = 0; k < tl_csv_column_count(csv); k++) {
      int64_t ns = 0;
      (void)tl_time_parse_decimal(&ns, cells[k].text, cells[k].length,
                                  (tl_time_unit)(line % TL_TIME_ISO));
      (void)tl_time_parse_iso(&ns, cells[k].text, cells[k].length);
    }
  tl_csv_close(csv);
}

static void import_by_number(const uint8_t *data, size_t size, uint8_t option,
                             tl_import_format format)
{
  static tl_import_map map;
  map = tl_import_map_default();
  map.format = format;
  map.header = (option & 8) != 0;
  map.time.number = 1;
  map.time_unit = (tl_time_unit)((option >> 4) % (TL_TIME_ISO + 1));
  map.restart = (option & 1) != 0;
  map.duplicates = (tl_import_duplicates)(option % 3);
  map.backwards = (tl_import_backwards)((option >> 2) % 3);
  snprintf(map.object, sizeof map.object, "e");
  map.channel_count = 2;
  for (uint32_t i = 0; i < 2; i++) {
    map.channels[i] = tl_import_channel_default();
    snprintf(map.channels[i].name, sizeof map.channels[i].name, "c%u", i);
    snprintf(map.channels[i].unit, sizeof map.channels[i].unit, "%s", i == 0 ? "degF" : "bool");
    if (i == 0) snprintf(map.channels[i].store_unit, sizeof map.channels[i].store_unit, "degC");
    map.channels[i].from_count = 1;
    map.channels[i].from[0].number = format == TL_IMPORT_USDLOG ? i + 1 : i + 2;
  }
  const memory_file file = memory_file_of("in", data, size);
  const memory_file out = memory_file_of("out", NULL, 0);
  tl_import_report report;
  tl_error err;
  if (tl_import(file.path, &map, out.path, &report, &err) == TL_OK) {
    tl_text json = {0};
    tl_import_report_json(&report, &json);
    tl_text_free(&json);
    tl_import_report_free(&report);
  }
  memory_file_remove(&out);
  memory_file_remove(&file);
}

/* A log whose checksum is right: the fuzzer would never find it. */
static void import_log(const uint8_t *data, size_t size, uint8_t option)
{
  uint8_t *log = malloc(size + 4);
  if (log == NULL) abort();
  memcpy(log, data, size);
  const uint32_t crc = (uint32_t)crc32_z(crc32_z(0, NULL, 0), log, size);
  for (int i = 0; i < 4; i++) log[size + (size_t)i] = (uint8_t)(crc >> (8 * i));
  import_by_number(log, size + 4, option, TL_IMPORT_USDLOG);
  free(log);
}

static bool same(const double *a, const double *b, uint64_t count)
{
  for (uint64_t i = 0; i < count; i++)
    if (memcmp(&a[i], &b[i], sizeof *a) != 0 && (a[i] == a[i] || b[i] == b[i])) return false;
  return true;
}

static void round_trip(const uint8_t *data, size_t size, uint8_t option)
{
  const memory_file file = memory_file_of("in", data, size);
  const memory_file copy = memory_file_of("copy", NULL, 0);
  tl_recording *one = NULL, *two = NULL;
  tl_error err;
  if (tl_recording_open(&one, file.path, &err) == TL_OK) {
    const tl_export_def def = {.form = (option & 1) != 0 ? TL_EXPORT_LONG : TL_EXPORT_WIDE};
    if (tl_export_csv_file(one, &def, copy.path, &err) != TL_OK) abort();
    if (tl_recording_open(&two, copy.path, &err) != TL_OK) {
      fprintf(stderr, "%s\n", err.text);
      abort();
    }
    const tl_recording_fleet *a = tl_recording_fleet_at(one, 0), *b = tl_recording_fleet_at(two, 0);
    if (a->sample_count != b->sample_count || a->signal_count != b->signal_count) abort();
    if (a->signal_count > 0 && a->sample_count > 0 && a->device_count != b->device_count) abort();
    if (memcmp(a->times_ns, b->times_ns, a->sample_count * sizeof(int64_t)) != 0) abort();
    double *x = malloc((a->sample_count + 1) * sizeof *x),
           *y = malloc((a->sample_count + 1) * sizeof *y);
    for (uint32_t s = 0; x != NULL && y != NULL && a->sample_count > 0 && s < a->signal_count; s++)
      for (uint32_t d = 0; d < a->device_count; d++) {
        if (tl_recording_read(one, 0, s, d, 0, a->sample_count, x, &err) != TL_OK) abort();
        if (tl_recording_read(two, 0, s, d, 0, a->sample_count, y, &err) != TL_OK) abort();
        if (!same(x, y, a->sample_count)) abort();
      }
    free(x);
    free(y);
  }
  tl_recording_close(one);
  tl_recording_close(two);
  memory_file_remove(&file);
  memory_file_remove(&copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  if (size < 2) return 0;
  const uint8_t mode = data[0] & 3, option = data[1];
  if (mode == 0) read_rows(data + 2, size - 2, option);
  if (mode == 1) import_by_number(data + 2, size - 2, option, TL_IMPORT_CSV);
  if (mode == 2) import_log(data + 2, size - 2, option);
  if (mode == 3) round_trip(data + 2, size - 2, option);
  return 0;
}
