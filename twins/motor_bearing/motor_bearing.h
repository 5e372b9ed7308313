/* motor_bearing.h: columns and type of the machine with a rolling bearing (README.md beside this file). */
#ifndef TL_TWINS_MOTOR_BEARING_H
#define TL_TWINS_MOTOR_BEARING_H
#include "sim/twin.h"

enum {
#define COL(name, ...) MOTOR_BEARING_##name,
#include "twins/motor_bearing/columns.def"
#undef COL
  MOTOR_BEARING_COUNT
};
extern const tl_twin_type motor_bearing_twin;
#endif
