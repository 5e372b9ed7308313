#include "tests/kernels/random_net.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
  TENSORS_MAX = 64,
  OPS_MAX = 16,
  ADD = 0,
  AVERAGE_POOL = 1,
  CONV = 3,
  DEPTHWISE = 4,
  MAX_POOL = 17,
  SUB = 41,
  FLOATS_MAX = 256
};

/* A model that grows layer by layer; `flow` is the tensor that the next layer reads. */
typedef struct net {
  graph_tensor tensors[TENSORS_MAX];
  graph_op ops[OPS_MAX];
  void *owned[TENSORS_MAX];
  uint32_t tensor_count, op_count, owned_count;
  int32_t flow;
  dice *d;
} net;

static void *own(net *n, size_t bytes)
{
  assert(n->owned_count < TENSORS_MAX);
  return n->owned[n->owned_count++] = take(bytes);
}

static int32_t add_tensor(net *n, graph_tensor tensor)
{
  assert(n->tensor_count < TENSORS_MAX);
  n->tensors[n->tensor_count] = tensor;
  return (int32_t)n->tensor_count++;
}

static int32_t between(dice *d, int32_t low, int32_t high)
{
  return low + (int32_t)roll(d, (uint32_t)(high - low + 1));
}

/* Mostly powers of 2, as in models that people ship; odd numbers, too. */
static int32_t some_channels(dice *d)
{
  return roll(d, 2) == 0 ? 8 << roll(d, 4) : between(d, 1, 70);
}

/* One axis of a layer. */
typedef struct axis {
  int32_t in, out, kernel, stride, dilation;
} axis;

static axis some_axis(dice *d, int32_t in, bool same)
{
  axis a = {.in = in, .kernel = roll(d, 3) == 0 ? 1 : between(d, 1, 7)};
  a.stride = roll(d, 2) == 0 ? 1 : between(d, 1, 3);
  a.dilation = roll(d, 4) == 0 ? between(d, 1, 3) : 1;
  if (!same)
    while ((a.kernel - 1) * a.dilation + 1 > in) a.kernel--;
  const int32_t span = same ? in : in - (a.kernel - 1) * a.dilation;
  a.out = (span + a.stride - 1) / a.stride;
  return a;
}

/* Pruned filters: some outputs have no weights at all, so their result is their bias alone. */
static void kill_some(net *n, int8_t *data, uint32_t count, bool depthwise, uint32_t channels)
{
  if (roll(n->d, 3) != 0) return;
  for (uint32_t c = 0; c < channels; c++) {
    if (roll(n->d, 4) != 0) continue;
    for (uint32_t i = 0; i < count; i++)
      if ((depthwise ? i % channels : i / (count / channels)) == c) data[i] = 0;
  }
}

static graph_tensor weights_of(net *n, int32_t first, const axis *y, const axis *x, int32_t last,
                               int32_t channels, int32_t size)
{
  const uint32_t count = (uint32_t)(first * y->kernel * x->kernel * last);
  int8_t *data = own(n, count);
  for (uint32_t i = 0; i < count; i++) data[i] = (int8_t)between(n->d, -size, size);
  kill_some(n, data, count, first == 1 && last == channels, (uint32_t)channels);
  const uint32_t scale_count = roll(n->d, 4) == 0 ? 1 : (uint32_t)channels;
  float *scales = own(n, 4ull * scale_count);
  for (uint32_t c = 0; c < scale_count; c++) scales[c] = 0.001f * (float)between(n->d, 50, 150);
  return (graph_tensor){.type = GRAPH_INT8,
                        .rank = 4,
                        .dims = {first, y->kernel, x->kernel, last},
                        .scale_count = scale_count,
                        .scales = scales,
                        .dimension = first == 1 && last == channels ? 3 : 0,
                        .data = data,
                        .bytes = count};
}

static int32_t add_bias(net *n, int32_t channels)
{
  int32_t *bias = own(n, 4ull * (uint32_t)channels);
  for (int32_t c = 0; c < channels; c++) bias[c] = between(n->d, -5000, 5000);
  return add_tensor(n, (graph_tensor){.type = GRAPH_INT32,
                                      .rank = 1,
                                      .dims = {channels},
                                      .data = bias,
                                      .bytes = 4 * (uint32_t)channels});
}

/* A tensor for outputs whose sums have this deviation: they fill the int8 range. */
static int32_t add_output(net *n, int32_t height, int32_t width, int32_t channels, float deviation)
{
  const graph_tensor *in = &n->tensors[n->flow];
  float *scale = own(n, sizeof *scale);
  *scale = in->scales[0] * 0.1f * deviation / 60.0f * 0.01f * (float)between(n->d, 30, 150);
  return add_tensor(n,
                    (graph_tensor){.type = GRAPH_INT8,
                                   .rank = 4,
                                   .dims = {in->dims[0], height, width, channels},
                                   .scale_count = 1,
                                   .scales = scale,
                                   .zero = roll(n->d, 2) == 0 ? -128 : between(n->d, -128, 127)});
}

static void add_layer(net *n, char *what, size_t what_bytes)
{
  dice *d = n->d;
  const graph_tensor in = n->tensors[n->flow];
  const bool same = roll(d, 2) == 0, depthwise = roll(d, 2) == 0;
  const axis y = some_axis(d, in.dims[1], same), x = some_axis(d, in.dims[2], same);
  const int32_t multiplier = in.dims[3] > 32 || roll(d, 3) != 0 ? 1 : between(d, 1, 4);
  const int32_t channels = depthwise ? in.dims[3] * multiplier : some_channels(d);
  const int32_t size = between(d, 1, 127),
                taps = y.kernel * x.kernel * (depthwise ? 1 : in.dims[3]);
  const int32_t weights =
      add_tensor(n, weights_of(n, depthwise ? 1 : channels, &y, &x,
                               depthwise ? channels : in.dims[3], channels, size));
  const int32_t bias = roll(d, 5) == 0 ? -1 : add_bias(n, channels);
  const float deviation = 70.0f * 0.58f * (float)size * sqrtf((float)taps);
  const int32_t output = add_output(n, y.out, x.out, channels, deviation);
  const int32_t activation = between(d, 0, 3), padding = same ? 0 : 1;
  graph_op op = {.builtin = depthwise ? DEPTHWISE : CONV,
                 .inputs = {n->flow, weights, bias},
                 .input_count = 3,
                 .output = output,
                 .option_count = depthwise ? 7 : 6,
                 .options = {padding, x.stride, y.stride, activation, x.dilation, y.dilation}};
  if (depthwise) {
    const int32_t options[7] = {padding,    x.stride,   y.stride,  multiplier,
                                activation, x.dilation, y.dilation};
    for (int i = 0; i < 7; i++) op.options[i] = options[i];
  }
  n->ops[n->op_count++] = op;
  n->flow = output;
  snprintf(what, what_bytes, " %s %dx%dx%d k%dx%d s%d,%d d%d,%d %s -> %d",
           depthwise ? "dw" : "conv", in.dims[1], in.dims[2], in.dims[3], y.kernel, x.kernel,
           y.stride, x.stride, y.dilation, x.dilation, same ? "same" : "valid", channels);
}

/* A pool, or the sum of the flow and itself with another scale: operators without weights. */
static void add_plain_layer(net *n, char *what, size_t what_bytes)
{
  dice *d = n->d;
  const graph_tensor in = n->tensors[n->flow];
  const uint32_t kind = roll(d, 4); /* 0 ADD, 1 SUB, 2 average, 3 largest */
  const int32_t activation = between(d, 0, 3);
  if (kind < 2) {
    graph_tensor out = in;
    float *scale = own(n, sizeof *scale);
    *scale = in.scales[0] * 0.01f * (float)between(d, 60, 300);
    out.scales = scale;
    out.zero = between(d, -128, 127);
    const int32_t output = add_tensor(n, out);
    n->ops[n->op_count++] = (graph_op){.builtin = kind == 0 ? ADD : SUB,
                                       .inputs = {n->flow, n->flow},
                                       .input_count = 2,
                                       .output = output,
                                       .option_count = 1,
                                       .options = {activation}};
    n->flow = output;
    snprintf(what, what_bytes, " %s", kind == 0 ? "add" : "sub");
    return;
  }
  const bool same = roll(d, 2) == 0;
  axis y = some_axis(d, in.dims[1], same), x = some_axis(d, in.dims[2], same);
  y.dilation = x.dilation = 1;
  y.out = ((same ? y.in : y.in - y.kernel + 1) + y.stride - 1) / y.stride;
  x.out = ((same ? x.in : x.in - x.kernel + 1) + x.stride - 1) / x.stride;
  graph_tensor out = in;
  out.dims[1] = y.out;
  out.dims[2] = x.out;
  const int32_t output = add_tensor(n, out);
  n->ops[n->op_count++] =
      (graph_op){.builtin = kind == 2 ? AVERAGE_POOL : MAX_POOL,
                 .inputs = {n->flow},
                 .input_count = 1,
                 .output = output,
                 .option_count = 6,
                 .options = {same ? 0 : 1, x.stride, y.stride, x.kernel, y.kernel, activation}};
  n->flow = output;
  snprintf(what, what_bytes, " pool k%dx%d s%d,%d", y.kernel, x.kernel, y.stride, x.stride);
}

uint8_t *random_net(size_t *bytes, dice *d, uint32_t layer_count, char *what, size_t what_bytes)
{
  net n = {.d = d};
  float scale = 0.01f * (float)between(d, 1, 100);
  const int32_t images = roll(d, 4) == 0 ? 2 : 1;
  n.flow = add_tensor(
      &n, (graph_tensor){.type = GRAPH_INT8,
                         .rank = 4,
                         .dims = {images, between(d, 1, 15), between(d, 1, 15), some_channels(d)},
                         .scale_count = 1,
                         .scales = &scale,
                         .zero = between(d, -128, 127)});
  size_t used = 0;
  for (uint32_t l = 0; l < layer_count; l++) {
    if (l > 0 && roll(d, 3) == 0)
      add_plain_layer(&n, what + used, what_bytes - used);
    else
      add_layer(&n, what + used, what_bytes - used);
    while (what[used] != '\0') used++;
  }
  uint8_t *file = write_graph(bytes, n.tensors, n.tensor_count, n.ops, n.op_count, 0, n.flow);
  for (uint32_t i = 0; i < n.owned_count; i++) free(n.owned[i]);
  return file;
}
