/* Crazyflie uSD-card log, version 2, for import.c. The layout, all little-endian:
 *   0xBC | u16 version | u16 event types | per type: u16 id, name\0, u16 count, count x "variable(format)\0"
 *   records: u16 id, u64 time [us], the variables packed one after another | CRC-32 of all before
 * format is one letter of Python's struct module. */
#include "telemetry/import/source.h"

#include "telemetry/csv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { EVENTS_MAX = 256, VARIABLES_MAX = 512 };

typedef struct variable {
  const char *name; /* without "(f)" */
  char format;
  uint32_t at; /* byte in the record's payload */
} variable;

typedef struct event {
  uint16_t id;
  const char *name;
  uint32_t payload_bytes;
} event;

typedef struct log_file {
  char *bytes;
  size_t at, end; /* end: before the CRC */
  event events[EVENTS_MAX];
  uint32_t event_count;
  variable variables[VARIABLES_MAX]; /* of the wanted event */
  uint32_t variable_count;
  int32_t wanted; /* index of the event */
} log_file;

static uint64_t unsigned_at(const char *bytes, uint32_t size)
{
  uint64_t value = 0;
  for (uint32_t i = 0; i < size; i++) value |= (uint64_t)(unsigned char)bytes[i] << (8 * i);
  return value;
}

static uint32_t format_bytes(char format)
{
  switch (format) {
    case 'b':
    case 'B':
    case '?': return 1;
    case 'h':
    case 'H':
    case 'e': return 2;
    case 'i':
    case 'I':
    case 'l':
    case 'L':
    case 'f': return 4;
    case 'q':
    case 'Q':
    case 'd': return 8;
    default: return 0;
  }
}

static double half_to_double(uint16_t bits)
{
  const int exponent = (bits >> 10) & 31;
  const double mantissa = (double)(bits & 1023);
  double value = 0.0;
  if (exponent == 31)
    value = mantissa == 0.0 ? (double)INFINITY : (double)NAN;
  else
    value = exponent == 0 ? ldexp(mantissa, -24) : ldexp(mantissa + 1024.0, exponent - 25);
  return (bits & 0x8000) != 0 ? -value : value;
}

static double value_at(const char *bytes, char format)
{
  const uint32_t size = format_bytes(format);
  const uint64_t raw = unsigned_at(bytes, size);
  uint32_t word = (uint32_t)raw;
  float single;
  double full;
  switch (format) {
    case 'f': memcpy(&single, &word, sizeof single); return (double)single;
    case 'd': memcpy(&full, &raw, sizeof full); return full;
    case 'e': return half_to_double((uint16_t)raw);
    case 'b': return (double)(int8_t)raw;
    case 'h': return (double)(int16_t)raw;
    case 'i':
    case 'l': return (double)(int32_t)raw;
    case 'q': return (double)(int64_t)raw;
    default: return (double)raw;
  }
}

/* A name ended by 0 within the file; NULL when it is not. */
static char *take_name(log_file *log)
{
  char *begin = log->bytes + log->at;
  char *zero = memchr(begin, '\0', log->end - log->at);
  if (zero == NULL) return NULL;
  log->at = (size_t)(zero + 1 - log->bytes);
  return begin;
}

static bool take_u16(log_file *log, uint16_t *out)
{
  if (log->end - log->at < 2) return false;
  *out = (uint16_t)unsigned_at(log->bytes + log->at, 2);
  log->at += 2;
  return true;
}

/* One event type; keeps its variables when it is the wanted one. */
static bool take_event(log_file *log, const char *wanted)
{
  event *entry = &log->events[log->event_count];
  uint16_t count = 0;
  if (!take_u16(log, &entry->id) || (entry->name = take_name(log)) == NULL ||
      !take_u16(log, &count))
    return false;
  const bool keep = log->wanted < 0 && strcmp(entry->name, wanted) == 0;
  if (count > VARIABLES_MAX) return false;
  entry->payload_bytes = 0;
  for (uint16_t i = 0; i < count; i++) {
    char *name = take_name(log);
    const size_t length = name == NULL ? 0 : strlen(name);
    if (length < 4 || name[length - 1] != ')' || name[length - 3] != '(') return false;
    const char format = name[length - 2];
    if (format_bytes(format) == 0) return false;
    name[length - 3] = '\0';
    if (keep)
      log->variables[log->variable_count++] = (variable){name, format, entry->payload_bytes};
    entry->payload_bytes += format_bytes(format);
  }
  if (keep) log->wanted = (int32_t)log->event_count;
  log->event_count++;
  return true;
}

static tl_code read_types(log_file *log, const import_rows *rows, tl_error *err)
{
  uint16_t version = 0, types = 0;
  if (log->end < 5 || (unsigned char)log->bytes[0] != 0xBC)
    return tl_fail(err, TL_E_FORMAT, NULL, "%s: not a uSD log: its first byte is not 0xBC",
                   rows->name);
  log->at = 1;
  take_u16(log, &version);
  take_u16(log, &types);
  if (version != 2)
    return tl_fail(err, TL_E_FORMAT, NULL, "%s: uSD log version %u, expected 2", rows->name,
                   version);
  log->wanted = -1;
  for (uint16_t i = 0; i < types; i++) {
    if (log->event_count < EVENTS_MAX && take_event(log, rows->map->object)) continue;
    return tl_fail(err, TL_E_FORMAT, NULL, "%s: uSD log header is corrupt at event type %u",
                   rows->name, i + 1u);
  }
  if (log->wanted >= 0) return TL_OK;
  return tl_fail(err, TL_E_COLUMN, NULL, "%s: has no event '%s', the first is '%s'", rows->name,
                 rows->map->object, log->event_count > 0 ? log->events[0].name : "");
}

static tl_code find_variables(const variable **out, const log_file *log, const import_rows *rows,
                              tl_error *err)
{
  const char *names[VARIABLES_MAX];
  for (uint32_t i = 0; i < log->variable_count; i++) names[i] = log->variables[i].name;
  for (uint32_t k = 0; k < rows->column_count; k++) {
    const tl_import_ref *ref = &rows->columns[k].ref;
    out[k] = NULL;
    if (ref->number > 0 && ref->number <= log->variable_count)
      out[k] = &log->variables[ref->number - 1];
    for (uint32_t i = 0; ref->number == 0 && i < log->variable_count; i++)
      if (strcmp(names[i], ref->name) == 0) out[k] = &log->variables[i];
    if (out[k] == NULL)
      return import_no_column(rows, &rows->columns[k], names, log->variable_count, err);
  }
  return TL_OK;
}

static tl_code read_records(import_rows *rows, log_file *log, const variable *const *columns,
                            tl_error *err)
{
  uint64_t record = 0;
  while (log->at < log->end) {
    record++;
    uint16_t id = 0;
    const event *type = NULL;
    const bool room = take_u16(log, &id) && log->end - log->at >= 8;
    for (uint32_t i = 0; room && i < log->event_count; i++)
      if (log->events[i].id == id) {
        type = &log->events[i];
        break;
      }
    if (type == NULL || log->end - log->at - 8 < type->payload_bytes)
      return tl_fail(err, TL_E_FORMAT, NULL, "%s: uSD log is corrupt at record %llu", rows->name,
                     (unsigned long long)record);
    const uint64_t time_us = unsigned_at(log->bytes + log->at, 8);
    const char *payload = log->bytes + log->at + 8;
    log->at += 8 + type->payload_bytes;
    if (type != &log->events[log->wanted]) continue;
    if (time_us > (uint64_t)INT64_MAX / 1000u)
      return tl_fail(err, TL_E_FORMAT, NULL, "%s: record %llu: time %llu us is out of range",
                     rows->name, (unsigned long long)record, (unsigned long long)time_us);
    double *values = import_rows_add(rows, (int64_t)(time_us * 1000u), record);
    if (values == NULL) return tl_fail(err, TL_E_LIMIT, NULL, "%s: not enough memory", rows->name);
    for (uint32_t k = 0; k < rows->column_count; k++)
      values[k] = value_at(payload + columns[k]->at, columns[k]->format);
  }
  return TL_OK;
}

tl_code import_read_usdlog(import_rows *rows, const char *path, tl_error *err)
{
  const variable *columns[IMPORT_COLUMNS_MAX];
  size_t bytes = 0;
  log_file *log = calloc(1, sizeof *log);
  if (log == NULL) return tl_fail(err, TL_E_LIMIT, NULL, "%s: not enough memory", rows->name);
  tl_code code = tl_file_load(&log->bytes, &bytes, path, err);
  if (code != TL_OK) goto done;
  if (bytes < 9) {
    code = tl_fail(err, TL_E_FORMAT, NULL, "%s: not a uSD log: %zu bytes", rows->name, bytes);
    goto done;
  }
  log->end = bytes - 4;
  if ((unsigned char)log->bytes[0] == 0xBC) { /* else the next message is the better one */
    const uint64_t stored = unsigned_at(log->bytes + log->end, 4);
    const uint64_t computed =
        crc32_z(crc32_z(0, NULL, 0), (const unsigned char *)log->bytes, log->end);
    if (stored != computed) {
      code = tl_fail(err, TL_E_FORMAT, NULL,
                     "%s: uSD log checksum is %08llx, expected %08llx: truncated or corrupt",
                     rows->name, (unsigned long long)stored, (unsigned long long)computed);
      goto done;
    }
  }
  code = read_types(log, rows, err);
  if (code == TL_OK) code = find_variables(columns, log, rows, err);
  if (code == TL_OK) code = read_records(rows, log, columns, err);
done:
  free(log->bytes);
  free(log);
  return code;
}
