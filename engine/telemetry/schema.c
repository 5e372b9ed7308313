#include "telemetry/schema.h"

#include "base/hash.h"
#include "base/text.h"
#include "base/units.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
  const char *name;
  uint8_t bytes;
} stores[] = {
    [TL_STORE_I16] = {"int16", 2},   [TL_STORE_I32] = {"int32", 4},   [TL_STORE_U8] = {"uint8", 1},
    [TL_STORE_F32] = {"float32", 4}, [TL_STORE_F64] = {"float64", 8},
};
static const char *const roles[] = {
    [TL_STATE] = "state", [TL_INPUT] = "input", [TL_OUTPUT] = "output", [TL_PARAM] = "param"};

size_t tl_store_bytes(tl_store store) { return stores[store].bytes; }
const char *tl_store_name(tl_store store) { return stores[store].name; }
const char *tl_role_name(tl_role role) { return roles[role]; }

bool tl_role_find(tl_role *out, const char *name)
{
  for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++)
    if (strcmp(roles[i], name) == 0) {
      *out = (tl_role)i;
      return true;
    }
  return false;
}

const char *tl_quantity_of_unit(const char *unit)
{
  static const struct {
    const char *unit, *quantity;
  } names[] = {
      {"K", "temperature"},
      {"s", "time"},
      {"m", "length"},
      {"kg", "mass"},
      {"A", "current"},
      {"V", "voltage"},
      {"W", "power"},
      {"J", "energy"},
      {"Pa", "pressure"},
      {"rad", "angle"},
      {"rad/s", "angular_velocity"},
      {"m/s", "velocity"},
      {"m/s2", "acceleration"},
      {"N", "force"},
      {"Hz", "frequency"},
      {"m3/s", "volume_flow"},
      {"kg/s", "mass_flow"},
      {"bool", "truth"},
      {"1", "ratio"},
  };
  tl_unit asked, known;
  if (tl_unit_find(&asked, unit, NULL, NULL) != TL_OK) return "";
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    if (tl_unit_find(&known, names[i].unit, NULL, NULL) == TL_OK &&
        tl_unit_same_dimension(&asked, &known))
      return names[i].quantity;
  return "";
}

/* Whole steps of resolution r from 0 to value, or the nearest below a hundredth of a step. */
static double steps_of(double value, double resolution) { return floor(value / resolution + 0.5); }

static void store_as(tl_signal_def *def, tl_store store, double scale, double offset)
{
  def->store = store;
  def->scale = scale;
  def->offset = offset;
}

void tl_signal_choose(tl_signal_def *def, bool exact)
{
  assert(def->low < def->high);
  assert(def->resolution >= 0.0);
  snprintf(def->quantity, sizeof def->quantity, "%s", tl_quantity_of_unit(def->unit));
  const double r = def->resolution;
  if (exact || !(r > 0.0) || !isfinite(def->low) || !isfinite(def->high)) {
    store_as(def, exact ? TL_STORE_F64 : TL_STORE_F32, 1.0, 0.0);
    return;
  }
  const double low = floor(def->low / r), high = ceil(def->high / r); /* range in steps */
  const double span = high - low;
  if (low >= 0.0 && high <= 254.0)
    store_as(def, TL_STORE_U8, r, 0.0);
  else if (low >= -32767.0 && high <= 32767.0)
    store_as(def, TL_STORE_I16, r, 0.0);
  else if (span <= 65534.0)
    store_as(def, TL_STORE_I16, r, steps_of(0.5 * (def->low + def->high), r) * r);
  else if (low >= -2147483647.0 && high <= 2147483647.0)
    store_as(def, TL_STORE_I32, r, 0.0);
  else if (span <= 4294967294.0)
    store_as(def, TL_STORE_I32, r, steps_of(0.5 * (def->low + def->high), r) * r);
  else
    store_as(def, TL_STORE_F32, 1.0, 0.0);
}

tl_signal_def tl_signal_from_column(const tl_column *column, bool exact)
{
  tl_signal_def def = {.role = column->role,
                       .low = column->low,
                       .high = column->high,
                       .resolution = column->resolution};
  snprintf(def.name, sizeof def.name, "%s", column->name);
  snprintf(def.unit, sizeof def.unit, "%s", column->unit);
  tl_signal_choose(&def, exact);
  return def;
}

static tl_code check_numbers(const tl_signal_def *def, const char *where, tl_error *err)
{
  const bool integer = def->store <= TL_STORE_U8;
  if (!(def->low < def->high))
    return tl_fail(err, TL_E_SCHEMA, where, "signal %s: low %g must be below high %g", def->name,
                   def->low, def->high);
  if (!(def->resolution >= 0.0) || !isfinite(def->resolution))
    return tl_fail(err, TL_E_SCHEMA, where,
                   "signal %s: resolution %g must be 0 or a positive number", def->name,
                   def->resolution);
  if (integer && (!(def->scale > 0.0) || !isfinite(def->scale) || !isfinite(def->offset)))
    return tl_fail(err, TL_E_SCHEMA, where,
                   "signal %s: stored as %s but scale_factor is %g and add_offset %g", def->name,
                   tl_store_name(def->store), def->scale, def->offset);
  return TL_OK;
}

tl_code tl_signal_check(const tl_signal_def *def, const char *where, tl_error *err)
{
  const size_t length = strnlen(def->name, sizeof def->name);
  if (length == 0 || length == sizeof def->name)
    return tl_fail(err, TL_E_SCHEMA, where, "a signal's name must have 1 to %d letters",
                   TL_SIGNAL_NAME_BYTES - 1);
  for (size_t i = 0; i < length; i++)
    if (def->name[i] == '/' || (unsigned char)def->name[i] < ' ')
      return tl_fail(err, TL_E_SCHEMA, where, "signal name '%s' holds a '/' or a control character",
                     def->name);
  if (strcmp(def->name, ".") == 0 || strcmp(def->name, "time_ns") == 0 ||
      strcmp(def->name, "device") == 0 || strcmp(def->name, "pyramid") == 0 ||
      strcmp(def->name, "tail") == 0)
    return tl_fail(err, TL_E_SCHEMA, where, "signal name '%s' is taken by the file layout",
                   def->name);
  tl_unit unit;
  tl_error inner;
  if (tl_unit_find(&unit, def->unit, NULL, &inner) != TL_OK)
    return tl_fail(err, TL_E_SCHEMA, where, "signal %s: %s", def->name, inner.text);
  return check_numbers(def, where, err);
}

static int by_name(const void *a, const void *b)
{
  return strcmp((*(const tl_signal_def *const *)a)->name, (*(const tl_signal_def *const *)b)->name);
}

/* One line a signal, by name, so that the order in which signals were declared does not matter. */
static void hash_fleet(tl_text *text, const tl_fleet_schema *fleet)
{
  const tl_signal_def **sorted = calloc(fleet->signal_count + 1, sizeof *sorted);
  if (sorted == NULL) {
    text->failed = true;
    return;
  }
  for (uint32_t i = 0; i < fleet->signal_count; i++) sorted[i] = &fleet->signals[i];
  qsort(sorted, fleet->signal_count, sizeof *sorted, by_name); /* names are unique: no ties */
  tl_text_addf(text, "fleet %s %lld\n", fleet->name, (long long)fleet->period_ns);
  for (uint32_t i = 0; i < fleet->signal_count; i++) {
    const tl_signal_def *def = sorted[i];
    tl_text_addf(text, "%s|%s|%s|%s|", def->name, def->unit, tl_role_name(def->role),
                 tl_store_name(def->store));
    const double numbers[] = {def->low, def->high, def->resolution, def->scale, def->offset};
    for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++) {
      tl_text_add_double(text, numbers[k]);
      tl_text_add_char(text, k + 1 < sizeof numbers / sizeof numbers[0] ? '|' : '\n');
    }
  }
  free(sorted);
}

void tl_schema_hash(char hex[TL_SCHEMA_HASH_BYTES], const tl_fleet_schema *fleets,
                    uint32_t fleet_count)
{
  tl_text text = {0};
  tl_text_add(&text, TL_SCHEMA_TEXT "\n");
  for (uint32_t i = 0; i < fleet_count; i++) hash_fleet(&text, &fleets[i]);
  assert(!text.failed);
  snprintf(hex, TL_SCHEMA_HASH_BYTES, "%016llx",
           (unsigned long long)tl_hash64(tl_text_string(&text), text.length, 0));
  tl_text_free(&text);
}

tl_code tl_schema_check(const char *text, const char *path, tl_error *err)
{
  if (strcmp(text, TL_SCHEMA_TEXT) == 0) return TL_OK;
  if (strncmp(text, TL_SCHEMA_NAME "/", sizeof TL_SCHEMA_NAME) == 0)
    return tl_fail(err, TL_E_SCHEMA, NULL, "%s: was written with schema %s, this build reads %s",
                   path, text, TL_SCHEMA_TEXT);
  return tl_fail(err, TL_E_FORMAT, NULL, "%s: not a twinloop file: its schema is '%s', expected %s",
                 path, text, TL_SCHEMA_TEXT);
}
