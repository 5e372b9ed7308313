/* bench_window [MODEL.tflite]: ns a device of tl_window_score on one thread, per path. A program,
 * not a test; the product's own figures come from tools/bench. */
#define _POSIX_C_SOURCE 200809L
#include "kernels/window.h"
#include "tests/kernels/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROWS = 256, ROUNDS = 40, REPEATS = 50 };

static double now_ns(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return 1e9 * (double)t.tv_sec + (double)t.tv_nsec;
}

static bool cpu_has(tl_kernel_path path)
{
#if defined(__x86_64__) || defined(__i386__)
  switch (path) {
    case TL_KERNEL_SSE: return __builtin_cpu_supports("sse4.1");
    case TL_KERNEL_AVX2: return __builtin_cpu_supports("avx2");
    case TL_KERNEL_VNNI:
      return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
             __builtin_cpu_supports("avx512vnni");
    default: return path == TL_KERNEL_SCALAR;
  }
#else
  return tl_kernel_path_built(path);
#endif
}

int main(int argc, char **argv)
{
  const char *path_name =
      argc > 1 ? argv[1] : TL_SOURCE_DIR "/assets/models/w1-synthetic-int8.tflite";
  opened m;
  size_t bytes = 0;
  uint8_t *file = read_file(path_name, &bytes);
  if (file == NULL || !open_model(&m, file, bytes)) {
    fprintf(stderr, "%s: cannot open\n", path_name);
    return 1;
  }
  const size_t pack_bytes = tl_window_pack_bytes(&m.model);
  void *memory = take(pack_bytes);
  int32_t score[ROWS];
  for (int p = 0; p < TL_KERNEL_PATH_COUNT; p++) {
    tl_window w;
    const tl_kernel_path path = (tl_kernel_path)p;
    if (!tl_kernel_path_built(path) || !cpu_has(path)) {
      printf("%-7s not run\n", tl_kernel_path_name(path));
      continue;
    }
    if (tl_window_pack(&w, memory, pack_bytes, &m.model, 1, path, &m.status) != TL_KERNEL_OK) {
      printf("%-7s %s\n", tl_kernel_path_name(path), m.status.reason);
      continue;
    }
    uint8_t *ring = take(tl_window_ring_bytes(&w, ROWS));
    double *value = take(ROWS * sizeof *value);
    dice d = {1};
    tl_window_clear(&w, ring, ROWS);
    double best_score = 1e18, best_push = 1e18;
    uint32_t phase = 0;
    int64_t sum = 0;
    const int repeats = path == TL_KERNEL_SCALAR ? 2 : REPEATS;
    for (int round = 0; round < ROUNDS; round++) {
      double push = 0, run = 0;
      for (int r = 0; r < repeats; r++) {
        for (int i = 0; i < ROWS; i++)
          value[i] = (double)w.input_scale * ((double)roll(&d, 256) - 128.0);
        const double t0 = now_ns();
        tl_window_push_real(&w, ring, ROWS, ROWS, phase, 0, value);
        const double t1 = now_ns();
        phase = (phase + 1) % w.window;
        tl_window_score(&w, ring, ROWS, ROWS, phase, score);
        run += now_ns() - t1;
        push += t1 - t0;
        sum += score[r];
      }
      best_score = run < best_score ? run : best_score;
      best_push = push < best_push ? push : best_push;
    }
    printf("%-7s %8.1f ns a device, push %.2f ns, proved %d (checksum %lld)\n",
           tl_kernel_path_name(path), best_score / repeats / ROWS, best_push / repeats / ROWS,
           w.proved, (long long)sum);
    free(ring);
    free(value);
  }
  free(memory);
  close_model(&m);
  return 0;
}
