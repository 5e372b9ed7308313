/* battery_cell.h: columns and type of the battery cell (README.md beside this file). */
#ifndef TL_TWINS_BATTERY_CELL_H
#define TL_TWINS_BATTERY_CELL_H
#include "sim/twin.h"

enum {
#define COL(name, ...) BATTERY_CELL_##name,
#include "twins/battery_cell/columns.def"
#undef COL
  BATTERY_CELL_COUNT
};
enum {
  BATTERY_CELL_OPEN_NODES = BATTERY_CELL_open_00_V - BATTERY_CELL_open_soc_00,
  BATTERY_CELL_TABLE_NODES = 11 /* soc 0, 0.1 .. 1 */
};
extern const tl_twin_type battery_cell_twin;
#endif
