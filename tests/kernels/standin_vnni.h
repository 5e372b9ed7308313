/* standin_vnni.h: the VNNI path over C stand-ins of its intrinsics; runs on any machine. */
#ifndef TL_TESTS_KERNELS_STANDIN_VNNI_H
#define TL_TESTS_KERNELS_STANDIN_VNNI_H

#include "kernels/batch/fast.h"
#include "kernels/window/window_layer.h"

const tl_window_path *standin_path_vnni(void);
const tl_fast_path *standin_fast_path_vnni(void);

#endif
