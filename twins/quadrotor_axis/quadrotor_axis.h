/* quadrotor_axis.h: columns and type of a quadrotor's vertical axis (README.md beside this file). */
#ifndef TL_TWINS_QUADROTOR_AXIS_H
#define TL_TWINS_QUADROTOR_AXIS_H
#include "sim/twin.h"

enum {
#define COL(name, ...) QUADROTOR_AXIS_##name,
#include "twins/quadrotor_axis/columns.def"
#undef COL
  QUADROTOR_AXIS_COUNT
};
extern const tl_twin_type quadrotor_axis_twin;
#endif
