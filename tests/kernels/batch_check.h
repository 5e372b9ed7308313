/* batch_check.h: one model for many devices on every path of this CPU, against tl_model_run. */
#ifndef TL_TESTS_KERNELS_BATCH_CHECK_H
#define TL_TESTS_KERNELS_BATCH_CHECK_H

#include "kernels/batch.h"
#include "tests/kernels/support.h"

/* Whether this CPU can run the path. */
bool cpu_has(tl_kernel_path path);

/* Runs `devices` devices twice (so that state counts) with random inputs, extremes among them, by
 * tl_model_run and by every path, VNNI also over C stand-ins; fails the test with `what` where bytes
 * differ. Returns the operators that had vector code on the last path. */
uint32_t check_batches(opened *m, uint32_t devices, dice *d, const char *what);

#endif
