/* schema.h: what a signal in a file is: name, unit, range, resolution, and the integer it is stored as.
 *
 * Why: runs and recordings share one layout (docs/file-format.md), so that a score, a plot or a stranger's h5py
 * script reads either; the unit, range and resolution that a twin declares once decide how a value is stored.
 * A value with a declared resolution is an integer: value = stored * scale + offset, where CF's `scale_factor`,
 * `add_offset` and `_FillValue` (missing) are attributes, so that every HDF5/netCDF tool decodes it.
 * Owns: nothing; a tl_signal_def is a plain value. Threads: every function is pure but for its arguments. */
#ifndef TL_TELEMETRY_SCHEMA_H
#define TL_TELEMETRY_SCHEMA_H
#include "base/error.h"
#include "state/column.h"

#include <math.h>
#include <stdint.h>

#define TL_SCHEMA_NAME "twinloop.telemetry"
#define TL_SCHEMA_TEXT "twinloop.telemetry/1" /* root attribute `twinloop_schema` */
enum { TL_SIGNAL_NAME_BYTES = 64, TL_SIGNAL_UNIT_BYTES = 32, TL_SCHEMA_HASH_BYTES = 17 };

typedef enum tl_store {
  TL_STORE_I16,
  TL_STORE_I32,
  TL_STORE_U8,
  TL_STORE_F32,
  TL_STORE_F64
} tl_store;
enum {
  TL_FILL_I16 = INT16_MIN, /* `_FillValue`: missing */
  TL_FILL_I32 = INT32_MIN,
  TL_FILL_U8 = 255 /* floats use NaN */
};

typedef struct tl_signal_def {
  char name[TL_SIGNAL_NAME_BYTES];
  char unit[TL_SIGNAL_UNIT_BYTES];     /* a name of base/units.def, "1" for none */
  char quantity[TL_SIGNAL_UNIT_BYTES]; /* "temperature", "" when the unit names none */
  tl_role role;
  double low, high;  /* declared range, inclusive; -inf/inf when not declared */
  double resolution; /* 0: not rounded */
  tl_store store;
  double scale, offset; /* value = stored * scale + offset for integer stores; 1 and 0 for floats */
} tl_signal_def;

/* Fills store, scale, offset and quantity of a def whose other fields are set. With a resolution and a range of
 * at most 255 steps the store is U8, of at most 65 535 steps I16, of at most 2^32 - 1 steps I32; otherwise F32.
 * exact: keep every bit (F64), for signals that a comparison or a score uses.
 * Assumes low < high and resolution >= 0 (asserted). */
TL_API void tl_signal_choose(tl_signal_def *def, bool exact);
/* Def of a device column, store chosen. */
TL_API tl_signal_def tl_signal_from_column(const tl_column *column, bool exact);
/* errors  TL_E_SCHEMA naming the signal: empty or over-long name, '/' in it, unknown unit, low >= high, negative or
 *         not finite resolution, store and scale that contradict them */
TL_API tl_code tl_signal_check(const tl_signal_def *def, const char *where, tl_error *err);

TL_API const char *tl_role_name(tl_role role); /* "state", "input", "output", "param" */
TL_API bool tl_role_find(tl_role *out, const char *name);
/* "temperature" for K, degC and degF, "power" for W and kW, ... ; "" when the dimension has no name. */
TL_API const char *tl_quantity_of_unit(const char *unit);
TL_API size_t tl_store_bytes(tl_store store);
TL_API const char *tl_store_name(tl_store store); /* "int16" ... "float64" */

/* Integer for a value: to the nearest step, ties to even, saturated to the store's range (the fill excluded);
 * NaN is the fill. The store must be an integer one. */
static inline int32_t tl_signal_encode(const tl_signal_def *def, double value)
{
  const int32_t fill = def->store == TL_STORE_U8    ? TL_FILL_U8
                       : def->store == TL_STORE_I16 ? TL_FILL_I16
                                                    : TL_FILL_I32;
  const double low = def->store == TL_STORE_U8    ? 0.0
                     : def->store == TL_STORE_I16 ? -32767.0
                                                  : -2147483647.0;
  const double high = def->store == TL_STORE_U8    ? 254.0
                      : def->store == TL_STORE_I16 ? 32767.0
                                                   : 2147483647.0;
  if (value != value) return fill;
  const double step = nearbyint((value - def->offset) / def->scale);
  return (int32_t)(step < low ? low : step > high ? high : step);
}
static inline double tl_signal_decode(const tl_signal_def *def, int32_t stored)
{
  const int32_t fill = def->store == TL_STORE_U8    ? TL_FILL_U8
                       : def->store == TL_STORE_I16 ? TL_FILL_I16
                                                    : TL_FILL_I32;
  return stored == fill ? (double)NAN : (double)stored * def->scale + def->offset;
}

/* One fleet of a file. */
typedef struct tl_fleet_schema {
  const char *name;
  int64_t period_ns;            /* of the samples; 0 = by the time stamps alone */
  const tl_signal_def *signals; /* in the file's order: ascending names */
  uint32_t signal_count;
} tl_fleet_schema;

/* 16 hex digits of XXH3-64 over the canonical text of fleets and signals (docs/file-format.md). Two files with
 * the same hash hold the same signals, in the same units and the same encoding. */
TL_API void tl_schema_hash(char hex[TL_SCHEMA_HASH_BYTES], const tl_fleet_schema *fleets,
                           uint32_t fleet_count);
/* Is `text` (attribute `twinloop_schema` of `path`) a version that this build reads?
 * errors  TL_E_SCHEMA: names both versions; TL_E_FORMAT: no schema at all */
TL_API tl_code tl_schema_check(const char *text, const char *path, tl_error *err);
#endif
