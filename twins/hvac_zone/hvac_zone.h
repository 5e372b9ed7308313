/* hvac_zone.h: columns and type of the heated and ventilated zone (README.md beside this file). */
#ifndef TL_TWINS_HVAC_ZONE_H
#define TL_TWINS_HVAC_ZONE_H
#include "sim/twin.h"

enum {
#define COL(name, ...) HVAC_ZONE_##name,
#include "twins/hvac_zone/columns.def"
#undef COL
  HVAC_ZONE_COUNT
};
extern const tl_twin_type hvac_zone_twin;
#endif
