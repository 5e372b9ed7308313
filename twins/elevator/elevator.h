/* elevator.h: columns and type of the lift (README.md beside this file). */
#ifndef TL_TWINS_ELEVATOR_H
#define TL_TWINS_ELEVATOR_H
#include "sim/twin.h"

enum {
#define COL(name, ...) ELEVATOR_##name,
#include "twins/elevator/columns.def"
#undef COL
  ELEVATOR_COUNT
};
extern const tl_twin_type elevator_twin;
#endif
