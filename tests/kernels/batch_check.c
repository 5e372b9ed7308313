#include "tests/kernels/batch_check.h"

#include "kernels/batch/fast.h"
#include "tests/kernels/standin_vnni.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { OPERANDS_MAX = 8, PASSES = 2 };

bool cpu_has(tl_kernel_path path)
{
#if defined(__x86_64__) || defined(__i386__)
  switch (path) {
    case TL_KERNEL_SCALAR: return true;
    case TL_KERNEL_SSE: return __builtin_cpu_supports("sse4.1");
    case TL_KERNEL_AVX2: return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case TL_KERNEL_VNNI:
      return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
             __builtin_cpu_supports("avx512vnni");
    default: return false;
  }
#else
  return tl_kernel_path_built(path);
#endif
}

/* Tensors of all devices for one pass, and what tl_model_run makes of them. */
typedef struct pass {
  uint8_t *in[OPERANDS_MAX], *expected[OPERANDS_MAX], *got[OPERANDS_MAX];
} pass;

/* Extremes, narrow and wide noise: by device. */
static void fill(uint8_t *data, size_t bytes, uint32_t device, dice *d)
{
  const uint32_t kind = device % 5;
  for (size_t i = 0; i < bytes; i++)
    data[i] = (uint8_t)(kind == 0   ? 0x80
                        : kind == 1 ? 0x7F
                        : kind == 2 ? roll(d, 21) - 10
                                    : roll(d, 256));
}

static void start(pass *p, opened *m, uint32_t devices, dice *d)
{
  *p = (pass){0};
  for (uint32_t i = 0; i < m->model.input_count; i++) {
    const size_t bytes = tl_model_input(&m->model, i)->bytes;
    p->in[i] = take(bytes * devices);
    for (uint32_t dev = 0; dev < devices; dev++) fill(p->in[i] + dev * bytes, bytes, dev, d);
  }
  for (uint32_t o = 0; o < m->model.output_count; o++) {
    const size_t bytes = tl_model_output(&m->model, o)->bytes;
    p->expected[o] = take(bytes * devices);
    p->got[o] = take(bytes * devices);
  }
}

static void finish(pass *p)
{
  for (int i = 0; i < OPERANDS_MAX; i++) {
    free(p->in[i]);
    free(p->expected[i]);
    free(p->got[i]);
  }
}

static void expect(pass *p, opened *m, uint32_t devices, uint8_t *state)
{
  for (uint32_t dev = 0; dev < devices; dev++) {
    const void *in[OPERANDS_MAX];
    void *out[OPERANDS_MAX];
    for (uint32_t i = 0; i < m->model.input_count; i++)
      in[i] = p->in[i] + dev * (size_t)tl_model_input(&m->model, i)->bytes;
    for (uint32_t o = 0; o < m->model.output_count; o++)
      out[o] = p->expected[o] + dev * (size_t)tl_model_output(&m->model, o)->bytes;
    assert_int_equal(tl_model_run(&m->model, m->arena, m->model.arena_bytes,
                                  state + dev * m->model.state_bytes, in, out, NULL),
                     TL_KERNEL_OK);
  }
}

static void compare(const pass *p, opened *m, uint32_t devices, const char *what, const char *path)
{
  for (uint32_t o = 0; o < m->model.output_count; o++) {
    const size_t bytes = tl_model_output(&m->model, o)->bytes;
    for (size_t b = 0; b < bytes * devices; b++)
      if (p->expected[o][b] != p->got[o][b])
        fail_msg("%s, path %s: device %zu, output %u, byte %zu of %zu: %d, expected %d", what, path,
                 b / bytes, o, b % bytes, bytes, (int8_t)p->got[o][b], (int8_t)p->expected[o][b]);
  }
}

static void run(const tl_batch *batch, pass *passes, opened *m, uint32_t devices, uint8_t *state,
                const char *what, const char *path)
{
  uint8_t *arena = take(batch->arena_bytes);
  memset(arena, 0x55, batch->arena_bytes);
  memset(state, 0, devices * m->model.state_bytes);
  for (int i = 0; i < PASSES; i++) {
    for (uint32_t o = 0; o < m->model.output_count; o++)
      memset(passes[i].got[o], 0x33, devices * (size_t)tl_model_output(&m->model, o)->bytes);
    assert_int_equal(tl_model_run_batch(batch, arena, batch->arena_bytes, state, devices,
                                        (const void *const *)passes[i].in,
                                        (void *const *)passes[i].got, &m->status),
                     TL_KERNEL_OK);
    compare(&passes[i], m, devices, what, path);
  }
  free(arena);
}

uint32_t check_batches(opened *m, uint32_t devices, dice *d, const char *what)
{
  assert_true(m->model.input_count <= OPERANDS_MAX && m->model.output_count <= OPERANDS_MAX);
  uint32_t fast = 0;
  pass passes[PASSES];
  uint8_t *state = take(devices * m->model.state_bytes);
  const size_t bytes = tl_batch_pack_bytes(&m->model);
  const size_t standin_bytes = 16 * bytes + 65536; /* its path need not be built here */
  void *memory = take(standin_bytes);
  for (int i = 0; i < PASSES; i++) {
    start(&passes[i], m, devices, d);
    expect(&passes[i], m, devices, state);
  }
  for (int p = 0; p <= TL_KERNEL_PATH_COUNT; p++) {
    tl_batch batch;
    const tl_kernel_path path = (tl_kernel_path)p;
    const bool standin = path == TL_KERNEL_PATH_COUNT;
    if (!standin && (!tl_kernel_path_built(path) || !cpu_has(path))) continue;
    assert_int_equal(standin ? tl_batch_pack_path(&batch, memory, standin_bytes, &m->model,
                                                  standin_fast_path_vnni(), &m->status)
                             : tl_batch_pack(&batch, memory, bytes, &m->model, path, &m->status),
                     TL_KERNEL_OK);
    assert_true(standin || batch.packed_bytes <= bytes);
    run(&batch, passes, m, devices, state, what,
        standin ? "vnni over stand-ins" : tl_kernel_path_name(path));
    fast = batch.fast_count;
  }
  for (int i = 0; i < PASSES; i++) finish(&passes[i]);
  free(state);
  free(memory);
  return fast;
}
