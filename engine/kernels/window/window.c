#include "kernels/window.h"

#include "kernels/window/window_layer.h"

#include <assert.h>
#include <string.h>

/* ---- paths ---- */

const char *tl_kernel_path_name(tl_kernel_path path)
{
  static const char *const names[TL_KERNEL_PATH_COUNT] = {"scalar", "sse", "avx2", "vnni", "neon"};
  return (unsigned)path < TL_KERNEL_PATH_COUNT ? names[path] : "unknown";
}

const tl_window_path *tl_window_path_find(tl_kernel_path path)
{
  switch (path) {
    case TL_KERNEL_SSE: return tl_window_path_sse();
    case TL_KERNEL_AVX2: return tl_window_path_avx2();
    case TL_KERNEL_VNNI: return tl_window_path_vnni();
    case TL_KERNEL_NEON: return tl_window_path_neon();
    case TL_KERNEL_SCALAR:
    case TL_KERNEL_PATH_COUNT: break;
  }
  return NULL;
}

bool tl_kernel_path_built(tl_kernel_path path)
{
  return path == TL_KERNEL_SCALAR || tl_window_path_find(path) != NULL;
}

/* ---- the ring ---- */

static size_t slot_at(const tl_window *window, uint32_t stride, uint32_t phase, uint32_t channel)
{
  assert(phase < window->window);
  assert(channel < window->channels);
  const uint32_t slot = phase * window->channels + channel;
  return (size_t)(slot / 4) * stride * 4 + slot % 4;
}

size_t tl_window_ring_bytes(const tl_window *window, uint32_t stride)
{
  return (size_t)window->quads * stride * 4;
}

void tl_window_clear(const tl_window *window, uint8_t *ring, uint32_t stride)
{
  memset(ring, 0, tl_window_ring_bytes(window, stride));
  const uint8_t byte = (uint8_t)(window->input_zero_point + 128);
  for (uint32_t slot = 0; slot < window->inputs; slot++)
    for (uint32_t r = 0; r < stride; r++)
      ring[((size_t)(slot / 4) * stride + r) * 4 + slot % 4] = byte;
}

void tl_window_push(const tl_window *window, uint8_t *ring, uint32_t stride, uint32_t rows,
                    uint32_t phase, uint32_t channel, const int8_t *q)
{
  assert(rows <= stride);
  uint8_t *at = ring + slot_at(window, stride, phase, channel);
  for (uint32_t r = 0; r < rows; r++) at[4 * (size_t)r] = (uint8_t)(q[r] + 128);
}

/* Nearest byte of a real number that lies in the range of the input, half to even. */
static inline uint8_t nearest_byte(double value, double per_unit, double low, double high,
                                   int32_t add)
{
  double x = value * per_unit;
  x = x > low ? x : low; /* a NaN, too */
  x = x < high ? x : high;
  const double shifted = x + 0x1.8p52; /* the integer stands in the low bits */
  uint64_t bits;
  memcpy(&bits, &shifted, sizeof bits);
  return (uint8_t)((uint32_t)bits + (uint32_t)add);
}

void tl_window_push_real(const tl_window *window, uint8_t *ring, uint32_t stride, uint32_t rows,
                         uint32_t phase, uint32_t channel, const double *value)
{
  assert(rows <= stride);
  uint8_t *at = ring + slot_at(window, stride, phase, channel);
  const double per_unit = window->input_per_unit;
  const double low = -128.0 - window->input_zero_point, high = 127.0 - window->input_zero_point;
  const int32_t add = window->input_zero_point + 128;
  for (uint32_t r = 0; r < rows; r++)
    at[4 * (size_t)r] = nearest_byte(value[r], per_unit, low, high, add);
}

void tl_window_gather(const tl_window *window, const uint8_t *ring, uint32_t stride, uint32_t row,
                      uint32_t phase, int8_t *out)
{
  assert(phase < window->window && row < stride);
  uint32_t slot = phase * window->channels;
  for (uint32_t i = 0; i < window->inputs; i++) {
    out[i] = (int8_t)(ring[((size_t)(slot / 4) * stride + row) * 4 + slot % 4] - 128);
    slot = slot + 1 == window->inputs ? 0 : slot + 1;
  }
}

/* ---- inference ---- */

/* One row by the reference kernel; the meaning of all other paths. */
static void reference_row(const tl_window *window, const int8_t *input, int8_t *out)
{
  int8_t buffer[2][TL_WINDOW_WIDTH_MAX];
  const int8_t *x = input;
  for (uint32_t l = 0; l < window->layer_count; l++) {
    int8_t *y = l + 1 == window->layer_count ? out : buffer[l % 2];
    tl_fc_row(window->layers[l].fc, x, y);
    x = y;
  }
}

static tl_window_job job_of(const tl_window *window, const uint8_t *ring, uint32_t stride,
                            uint32_t rows, uint32_t phase)
{
  assert(rows % TL_WINDOW_ROWS == 0 && rows <= stride);
  assert(phase < window->window);
  return (tl_window_job){window, ring, (size_t)stride * 4, rows,
                         window->inputs - phase * window->channels};
}

static int32_t squared_distance(const int8_t *a, const int8_t *b, uint32_t count)
{
  int32_t sum = 0;
  for (uint32_t i = 0; i < count; i++) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum;
}

void tl_window_score(const tl_window *window, const uint8_t *ring, uint32_t stride, uint32_t rows,
                     uint32_t phase, int32_t *score)
{
  assert(window->reconstructs);
  const tl_window_job job = job_of(window, ring, stride, rows, phase);
  const tl_window_path *path = tl_window_path_find(window->path);
  if (path != NULL && window->layer_count > 1) {
    path->score(&job, score);
    return;
  }
  for (uint32_t r = 0; r < rows; r++) { /* also one layer alone, which nobody ships */
    int8_t x[TL_WINDOW_INPUTS_MAX], y[TL_WINDOW_INPUTS_MAX];
    tl_window_gather(window, ring, stride, r, phase, x);
    reference_row(window, x, y);
    score[r] = squared_distance(x, y, window->inputs);
  }
}

void tl_window_outputs(const tl_window *window, const uint8_t *ring, uint32_t stride, uint32_t rows,
                       uint32_t phase, int8_t *out)
{
  const tl_window_job job = job_of(window, ring, stride, rows, phase);
  const tl_window_path *path = tl_window_path_find(window->path);
  if (path != NULL) {
    path->outputs(&job, out, stride);
    return;
  }
  for (uint32_t r = 0; r < rows; r++) {
    int8_t x[TL_WINDOW_INPUTS_MAX], y[TL_WINDOW_INPUTS_MAX];
    tl_window_gather(window, ring, stride, r, phase, x);
    reference_row(window, x, y);
    for (uint32_t o = 0; o < window->outputs; o++) out[(size_t)o * stride + r] = y[o];
  }
}
