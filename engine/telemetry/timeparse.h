/* timeparse.h: time stamps as text to int64 nanoseconds, exactly.
 *
 * Why: a stamp of "3.119963408" s read through a double is off by up to hundreds of ns after days, and a held
 * input then changes at another step than in the recording. So decimals are turned into ns by integer
 * arithmetic; digits beyond the nanosecond are rounded half away from zero.
 * Owns: nothing. Threads: pure functions. */
#ifndef TL_TELEMETRY_TIMEPARSE_H
#define TL_TELEMETRY_TIMEPARSE_H
#include "base/error.h"

#include <stdint.h>

typedef enum tl_time_unit {
  TL_TIME_NS,
  TL_TIME_US,
  TL_TIME_MS,
  TL_TIME_S,
  TL_TIME_MIN,
  TL_TIME_H,
  TL_TIME_DAY,
  TL_TIME_UNIX_S, /* seconds since 1970-01-01T00:00:00Z */
  TL_TIME_ISO     /* calendar text, UTC unless it says otherwise */
} tl_time_unit;

/* "s", "ms", "us", "ns", "min", "h", "day", "unix", "iso". */
TL_API bool tl_time_unit_find(tl_time_unit *out, const char *name);
TL_API const char *tl_time_unit_name(tl_time_unit unit);

/* The first `length` bytes as [+-]digits[.digits][e[+-]digits] in `unit` (not ISO), to ns since 0 or since 1970.
 * Returns false when the text is anything else or the result leaves int64 (292 years). */
TL_API bool tl_time_parse_decimal(int64_t *out_ns, const char *text, size_t length,
                                  tl_time_unit unit);
/* YYYY-MM-DD, then perhaps 'T' or a blank and HH:MM[:SS[.digits]], then perhaps 'Z' or +HH:MM or -HH:MM; to ns since
 * 1970 in UTC. Dates are checked (no 30 February); second 60 is refused; years 1678 to 2261. */
TL_API bool tl_time_parse_iso(int64_t *out_ns, const char *text, size_t length);
/* A number of the unit as ns, rounded half away; false when not finite or out of int64. */
TL_API bool tl_time_from_double(int64_t *out_ns, double value, tl_time_unit unit);
#endif
