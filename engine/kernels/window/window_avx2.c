#include "kernels/window/window_layer.h"

#if defined(__x86_64__) || defined(__i386__)
#include "kernels/simd/lanes_avx2.h"
#include "kernels/window/window_body.h"

const tl_window_path *tl_window_path_avx2(void) { return &path_avx2; }
#else
const tl_window_path *tl_window_path_avx2(void) { return NULL; }
#endif
