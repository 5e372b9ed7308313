/* library.c: libtwinloop itself holds no code but its version; the rooms do the work. */
#include "twinloop/twinloop.h"

const char *tl_version(void) { return TL_LIBRARY_VERSION; }
