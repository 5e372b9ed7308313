#include "kernels/batch/fast.h"

#include <string.h>

#if defined(__x86_64__)
#include "kernels/batch/units_vnni.h"
#include "kernels/batch/rescale_body.h"
#include "kernels/batch/gemm_body.h"
#include "kernels/batch/depthwise_body.h"
#include "kernels/batch/pair_body.h"
#include "kernels/batch/pool_body.h"
#include "kernels/batch/path_body.h"

const tl_fast_path *tl_fast_path_vnni(void) { return &fast_path_vnni; }
#else
const tl_fast_path *tl_fast_path_vnni(void) { return NULL; }
#endif
