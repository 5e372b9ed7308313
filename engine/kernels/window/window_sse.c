#include "kernels/window/window_layer.h"

#if defined(__x86_64__) || defined(__i386__)
#include "kernels/simd/lanes_sse.h"
#include "kernels/window/window_body.h"

const tl_window_path *tl_window_path_sse(void) { return &path_sse; }
#else
const tl_window_path *tl_window_path_sse(void) { return NULL; }
#endif
