#include "kernels/window/window_layer.h"

#if defined(__x86_64__)
#include "kernels/simd/lanes_vnni.h"
#include "kernels/window/window_body.h"

const tl_window_path *tl_window_path_vnni(void) { return &path_vnni; }
#else
const tl_window_path *tl_window_path_vnni(void) { return NULL; }
#endif
