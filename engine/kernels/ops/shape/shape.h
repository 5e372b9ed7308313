/* shape.h: elements move, none changes.
 *
 * Why: outputs are the inputs' bytes in another order or place.
 * prepare() checks types and shapes and turns real scales into integers; eval() trusts it.
 * Threads: see op_table.h. */
#ifndef TL_KERNELS_SHAPE_H
#define TL_KERNELS_SHAPE_H

#include "kernels/op_table.h"

/* reshape.c: a copy */
TL_OP(reshape);

#endif
