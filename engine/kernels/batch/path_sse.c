#include "kernels/batch/fast.h"

#include <string.h>

#if defined(__x86_64__)
#include "kernels/batch/units_sse.h"
#include "kernels/batch/rescale_body.h"
#include "kernels/batch/gemm_body.h"
#include "kernels/batch/depthwise_body.h"
#include "kernels/batch/pair_body.h"
#include "kernels/batch/pool_body.h"
#include "kernels/batch/path_body.h"

const tl_fast_path *tl_fast_path_sse(void) { return &fast_path_sse; }
#else
const tl_fast_path *tl_fast_path_sse(void) { return NULL; }
#endif
