/* incubator.h: columns and type of the heated box (README.md beside this file). */
#ifndef TL_TWINS_INCUBATOR_H
#define TL_TWINS_INCUBATOR_H
#include "sim/twin.h"

enum {
#define COL(name, ...) INCUBATOR_##name,
#include "twins/incubator/columns.def"
#undef COL
  INCUBATOR_COUNT
};
extern const tl_twin_type incubator_twin;
#endif
