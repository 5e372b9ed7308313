/* random_net.h: random convolutional models: any kernel, stride, dilation, padding, channels. */
#ifndef TL_TESTS_KERNELS_RANDOM_NET_H
#define TL_TESTS_KERNELS_RANDOM_NET_H

#include "tests/kernels/graph.h"
#include "tests/kernels/support.h"

/* A .tflite of `layer_count` (at most 8) layers, allocated. `what` receives a description. */
uint8_t *random_net(size_t *bytes, dice *d, uint32_t layer_count, char *what, size_t what_bytes);

#endif
