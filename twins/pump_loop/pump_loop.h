/* pump_loop.h: columns and type of the pump loop (README.md beside this file). */
#ifndef TL_TWINS_PUMP_LOOP_H
#define TL_TWINS_PUMP_LOOP_H
#include "sim/twin.h"

enum {
#define COL(name, ...) PUMP_LOOP_##name,
#include "twins/pump_loop/columns.def"
#undef COL
  PUMP_LOOP_COUNT
};
extern const tl_twin_type pump_loop_twin;
#endif
