/* column.h: one row of a device table: name, role, unit, range. Written once, read by everybody.
 *
 * Why: store, HDF5 schema and units, checkpoint, Lua names, fidelity and docs must never disagree,
 * so a twin writes COL(name, role, type, unit, initial, low, high, resolution, meaning) once in
 * its columns.def.
 * Owns: nothing; columns are const data. Threads: read only. */
#ifndef TL_STATE_COLUMN_H
#define TL_STATE_COLUMN_H
#include "base/error.h"

#include <stdint.h>

#define TL_BLOCK_ROWS                                                                              \
  256 /* devices a block holds; the unit of work, of digests and of telemetry chunks */
#define TL_ROW_ALIGN 16 /* rows are computed in multiples of this; the rest of a block is padding */

typedef enum tl_role {
  TL_STATE,  /* changed by step() */
  TL_INPUT,  /* held over a step: actuators, environment, recordings write it */
  TL_OUTPUT, /* computed from states and inputs by output() */
  TL_PARAM   /* constant but for faults and calibration */
} tl_role;

typedef enum tl_type { TL_F64, TL_F32, TL_I32, TL_U8 } tl_type;

typedef struct tl_column {
  const char *name; /* ends in its unit: "box_K", "power_W"; components are dotted: "box.bias" */
  tl_role role;
  tl_type type;     /* twins' columns are TL_F64 */
  const char *unit; /* a name of base/units.def */
  double initial;
  double low, high;    /* allowed range; writes outside are refused */
  double resolution;   /* telemetry is rounded to this; 0 = recorded as float32 */
  const char *meaning; /* one phrase */
} tl_column;

typedef struct tl_slice {
  uint32_t begin, end;
} tl_slice; /* rows [begin, end) */

static inline uint32_t tl_rows_padded(uint32_t rows)
{
  return (rows + TL_ROW_ALIGN - 1u) / TL_ROW_ALIGN * TL_ROW_ALIGN;
}
#endif
