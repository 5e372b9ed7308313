/* registry.h: the twins this program knows; one row a twin in registry.def. */
#ifndef TL_TWINS_REGISTRY_H
#define TL_TWINS_REGISTRY_H
#include "sim/twin.h"

TL_API extern const tl_twin_type *const tl_twins[];
TL_API extern const uint32_t tl_twin_count;
#endif
