/* tclab.h: columns and type of the temperature control lab (README.md beside this file). */
#ifndef TL_TWINS_TCLAB_H
#define TL_TWINS_TCLAB_H
#include "sim/twin.h"

enum {
#define COL(name, ...) TCLAB_##name,
#include "twins/tclab/columns.def"
#undef COL
  TCLAB_COUNT
};
extern const tl_twin_type tclab_twin;
#endif
