/* standin_fast_vnni.c: the VNNI path of batch.h compiled over the C stand-ins. */
#include "tests/kernels/standin_vnni.h"

#include "tests/kernels/standin_avx512.h"

#define TL_STANDIN
#include "kernels/batch/units_vnni.h"
#include "kernels/batch/rescale_body.h"
#include "kernels/batch/gemm_body.h"
#include "kernels/batch/depthwise_body.h"
#include "kernels/batch/pair_body.h"
#include "kernels/batch/pool_body.h"
#include "kernels/batch/path_body.h"

const tl_fast_path *standin_fast_path_vnni(void) { return &fast_path_vnni; }
