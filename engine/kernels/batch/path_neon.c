#include "kernels/batch/fast.h"

#include <string.h>

#if defined(__aarch64__)
#include "kernels/batch/units_neon.h"
#include "kernels/batch/rescale_body.h"
#include "kernels/batch/gemm_body.h"
#include "kernels/batch/depthwise_body.h"
#include "kernels/batch/pair_body.h"
#include "kernels/batch/pool_body.h"
#include "kernels/batch/path_body.h"

const tl_fast_path *tl_fast_path_neon(void) { return &fast_path_neon; }
#else
const tl_fast_path *tl_fast_path_neon(void) { return NULL; }
#endif
