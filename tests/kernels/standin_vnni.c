/* standin_vnni.c: the VNNI path compiled over the C stand-ins. */
#include "tests/kernels/standin_vnni.h"

#include "tests/kernels/standin_avx512.h"

#define TL_STANDIN
#include "kernels/simd/lanes_vnni.h"
#include "kernels/window/window_body.h"

const tl_window_path *standin_path_vnni(void) { return &path_vnni; }
