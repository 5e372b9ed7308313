/* units.h: unit names, what they measure, and conversion that refuses nonsense.
 *
 * Why: parameters, columns, import maps and thresholds carry units; a wrong dimension must be an
 * error at load, in plain words, never a wrong number. One table, units.def, feeds everything.
 * A unit is a name of the table or a compound of names: "W/K", "m/s2", "kg*m2", "/device/day",
 * "1/h".
 * Owns: nothing. Threads: every function is pure. */
#ifndef TL_BASE_UNITS_H
#define TL_BASE_UNITS_H
#include "base/error.h"

#include <stdint.h>

typedef enum tl_dimension {
  TL_DIM_LENGTH,
  TL_DIM_MASS,
  TL_DIM_TIME,
  TL_DIM_CURRENT,
  TL_DIM_TEMPERATURE,
  TL_DIM_ANGLE,  /* rad counts: rad/s is not 1/s */
  TL_DIM_DEVICE, /* so that /device/day is not /day */
  TL_DIM_DATA,   /* byte */
  TL_DIM_TRUTH,  /* bool */
  TL_DIM_COUNT
} tl_dimension;

/* SI value = (value + offset) * numerator / denominator. A ratio of whole numbers, so that 9 ms is
 * the double nearest 0.009. */
typedef struct tl_unit {
  char name[32];
  int8_t power[TL_DIM_COUNT];
  double numerator, denominator;
  double offset; /* degC 273.15, degF 459.67; 0 for all others and inside compounds */
} tl_unit;

/* errors  TL_E_UNIT: unknown, with the nearest known name as hint; malformed compound */
TL_API tl_code tl_unit_find(tl_unit *out, const char *name, const char *where, tl_error *err);
TL_API bool tl_unit_same_dimension(const tl_unit *a, const tl_unit *b);

/* A value of unit `from` in unit `to`; absolute: 20 degC is 293.15 K.
 * errors  TL_E_UNIT: unknown name, or "cannot turn K into W" */
TL_API tl_code tl_unit_convert(double *out, double value, const char *from, const char *to,
                               const char *where, tl_error *err);
/* A difference (tolerance, error, deviation, step): 20 degC is 20 K, 9 degF is 5 K. */
TL_API tl_code tl_unit_convert_difference(double *out, double value, const char *from,
                                          const char *to, const char *where, tl_error *err);
/* The same on found units of one dimension (asserted), for bulk data. */
TL_API double tl_unit_apply(double value, const tl_unit *from, const tl_unit *to);
TL_API double tl_unit_apply_difference(double value, const tl_unit *from, const tl_unit *to);

/* "20 min", "0.1 /device/day", "21.5 degC", "5 %", "0" (unit "1"): a number, then perhaps a unit.
 * errors  TL_E_UNIT: unknown unit; TL_E_ARG: no number */
TL_API tl_code tl_unit_parse_quantity(double *value, tl_unit *unit, const char *text,
                                      const char *where, tl_error *err);

/* Rows of the table, for binding them into Lua and for documentation. */
typedef struct tl_unit_row {
  tl_unit unit;
  const char *meaning; /* "minute" */
} tl_unit_row;
TL_API uint32_t tl_unit_row_count(void);
TL_API const tl_unit_row *tl_unit_row_at(uint32_t index);
#endif
