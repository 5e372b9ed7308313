#include "telemetry/export.h"

#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { VALUES_AT_ONCE = 1 << 20 }; /* doubles held in memory, all signals together */

size_t tl_export_format_seconds(char out[24], int64_t ns)
{
  const bool negative = ns < 0;
  const uint64_t size = negative ? (uint64_t)0 - (uint64_t)ns : (uint64_t)ns;
  int length =
      snprintf(out, 24, "%s%llu.%09llu", negative ? "-" : "",
               (unsigned long long)(size / 1000000000u), (unsigned long long)(size % 1000000000u));
  while (out[length - 1] == '0') length--;
  if (out[length - 1] == '.') length--;
  out[length] = '\0';
  return (size_t)length;
}

static void write_heading(FILE *out, const tl_signal_def *def, uint32_t device, bool with_device)
{
  const bool quoted = strpbrk(def->name, ",\"") != NULL || strpbrk(def->unit, ",\"") != NULL;
  if (quoted) fputc('"', out);
  for (const char *c = def->name; *c != '\0'; c++) {
    if (*c == '"') fputc('"', out);
    fputc(*c, out);
  }
  if (with_device) fprintf(out, "@%u", device);
  fprintf(out, "[%s]", def->unit);
  if (quoted) fputc('"', out);
}

static void write_value(FILE *out, double value)
{
  char text[TL_TEXT_DOUBLE_BYTES];
  if (value != value) return; /* missing: an empty cell */
  fwrite(text, 1, tl_text_format_double(text, value), out);
}

typedef struct window {
  uint32_t begin, count; /* devices */
  double *values;        /* [signal][row][device] */
  uint64_t rows;         /* room a signal */
} window;

static void write_rows(FILE *out, const tl_recording_fleet *fleet, const window *w, uint64_t first,
                       uint64_t rows, bool wide)
{
  char time[24];
  for (uint64_t r = 0; r < rows; r++) {
    const size_t time_length = tl_export_format_seconds(time, fleet->times_ns[first + r]);
    for (uint32_t d = 0; d < w->count; d++) {
      if (!wide || d == 0) fwrite(time, 1, time_length, out);
      if (!wide) fprintf(out, ",%u", fleet->devices[w->begin + d]);
      if (wide && d > 0) continue;
      for (uint32_t s = 0; s < fleet->signal_count; s++)
        for (uint32_t k = d; k < (wide ? w->count : d + 1); k++) {
          fputc(',', out);
          write_value(out, w->values[(s * w->rows + r) * w->count + k]);
        }
      fputc('\n', out);
    }
  }
}

static void write_header(FILE *out, const tl_recording_fleet *fleet, const window *w, bool wide)
{
  fputs(wide ? "time_s" : "time_s,device", out);
  const bool with_device = wide && (w->count > 1 || fleet->devices[w->begin] != 0);
  for (uint32_t s = 0; s < fleet->signal_count; s++)
    for (uint32_t k = 0; k < (wide ? w->count : 1u); k++) {
      fputc(',', out);
      write_heading(out, &fleet->signals[s], fleet->devices[w->begin + k], with_device);
    }
  fputc('\n', out);
}

tl_code tl_export_csv(tl_recording *recording, const tl_export_def *def, FILE *out, tl_error *err)
{
  uint32_t fleet_index = 0;
  tl_code code = tl_recording_fleet_find(recording, def->fleet, &fleet_index, err);
  if (code != TL_OK) return code;
  const tl_recording_fleet *fleet = tl_recording_fleet_at(recording, fleet_index);
  window w = {.begin = def->device_begin, .count = def->device_end - def->device_begin};
  if (def->device_begin == 0 && def->device_end == 0)
    w.count = fleet->device_count;
  else if (def->device_begin >= def->device_end || def->device_end > fleet->device_count)
    return tl_fail(err, TL_E_ARG, NULL, "%s: devices [%u, %u) are not within the %u recorded ones",
                   tl_recording_path(recording), def->device_begin, def->device_end,
                   fleet->device_count);
  const bool wide = def->form == TL_EXPORT_WIDE;
  const uint64_t row_values =
      (uint64_t)w.count * (fleet->signal_count > 0 ? fleet->signal_count : 1);
  w.rows = row_values >= VALUES_AT_ONCE ? 1 : VALUES_AT_ONCE / row_values;
  w.values = malloc(row_values * w.rows * sizeof *w.values);
  if (w.values == NULL)
    return tl_fail(err, TL_E_LIMIT, NULL, "not enough memory for a row of %u devices", w.count);
  write_header(out, fleet, &w, wide);
  for (uint64_t first = 0; code == TL_OK && first < fleet->sample_count; first += w.rows) {
    const uint64_t rows =
        fleet->sample_count - first < w.rows ? fleet->sample_count - first : w.rows;
    for (uint32_t s = 0; code == TL_OK && s < fleet->signal_count; s++)
      code = tl_recording_read_slab(recording, fleet_index, s, first, rows, w.begin, w.count,
                                    w.values + s * w.rows * w.count, err);
    if (code == TL_OK) write_rows(out, fleet, &w, first, rows, wide);
    if (ferror(out)) break;
  }
  free(w.values);
  if (code == TL_OK && (fflush(out) != 0 || ferror(out)))
    return tl_fail(err, TL_E_IO, NULL, "CSV could not be written: %s", strerror(errno));
  return code;
}

tl_code tl_export_csv_file(tl_recording *recording, const tl_export_def *def, const char *path,
                           tl_error *err)
{
  FILE *out = fopen(path, "wb");
  if (out == NULL) return tl_fail(err, TL_E_IO, NULL, "%s: %s", path, strerror(errno));
  tl_code code = tl_export_csv(recording, def, out, err);
  if (fclose(out) != 0 && code == TL_OK)
    code = tl_fail(err, TL_E_IO, NULL, "%s: %s", path, strerror(errno));
  return code;
}
