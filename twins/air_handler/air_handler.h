/* air_handler.h: columns and type of the air handler (README.md beside this file). */
#ifndef TL_TWINS_AIR_HANDLER_H
#define TL_TWINS_AIR_HANDLER_H
#include "sim/twin.h"

enum {
#define COL(name, ...) AIR_HANDLER_##name,
#include "twins/air_handler/columns.def"
#undef COL
  AIR_HANDLER_COUNT
};
extern const tl_twin_type air_handler_twin;
#endif
