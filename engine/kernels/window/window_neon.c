#include "kernels/window/window_layer.h"

#if defined(__aarch64__)
#include "kernels/simd/lanes_neon.h"
#include "kernels/window/window_body.h"

const tl_window_path *tl_window_path_neon(void) { return &path_neon; }
#else
const tl_window_path *tl_window_path_neon(void) { return NULL; }
#endif
