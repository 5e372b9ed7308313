/* bench_pack: what staging, ranging and packing cost in memory, per device row of the four W1-like signals.
 * Built, not run by ctest. One thread, process CPU time, best of several rounds. */
#include "telemetry/recorder/pack.h"
#include "telemetry/recorder/stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROWS = 64, COLUMNS = 256, SIGNALS = 4, ROUNDS = 15, REPEATS = 40 };

static double cpu_ns(void)
{
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return 1e9 * (double)t.tv_sec + (double)t.tv_nsec;
}

typedef struct part {
  const char *name;
  double best_ns;
} part;

int main(void)
{
  static const tl_store stores[SIGNALS] = {TL_STORE_I16, TL_STORE_I16, TL_STORE_U8, TL_STORE_I16};
  static const double scale[SIGNALS] = {0.01, 0.01, 1.0, 0.01},
                      spread[SIGNALS] = {1.2, 9.0, 2.0, 5.0};
  double(*src)[ROWS][COLUMNS] = malloc(SIGNALS * sizeof *src);
  unsigned char *buffer[SIGNALS], *low = malloc(COLUMNS * 2), *high = malloc(COLUMNS * 2);
  uint64_t state = 1;
  tl_stage stage[SIGNALS];
  for (int s = 0; s < SIGNALS; s++) {
    const tl_signal_def def = {
        .store = stores[s], .scale = scale[s], .offset = s < 2 ? 310.0 : 0.0};
    stage[s] = tl_stage_make(&def);
    buffer[s] = aligned_alloc(64, tl_pack_buffer_bytes(TL_STORE_I16, ROWS * COLUMNS));
    for (int r = 0; r < ROWS; r++)
      for (int c = 0; c < COLUMNS; c++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        const double u = (double)(state >> 11) * 0x1p-53;
        src[s][r][c] =
            s == 2 ? (double)(u > 0.6) : def.offset + spread[s] * (u - (s < 2 ? 0.5 : 0.0));
      }
  }
  printf("path     stage  range  pack  total  [ns per row of 4 signals]  bytes/row  pack GB/s of "
         "input\n");
  for (int p = TL_PATH_SCALAR; p < TL_PATH_COUNT; p++) {
    const tl_simd_path path = (tl_simd_path)p;
    if (!tl_cpu_has_path(path)) continue;
    double best[3] = {1e30, 1e30, 1e30};
    size_t bytes = 0;
    for (int round = 0; round < ROUNDS; round++) {
      double spent[3] = {0};
      for (int repeat = 0; repeat < REPEATS; repeat++) {
        const double t0 = cpu_ns();
        for (int r = 0; r < ROWS; r++)
          for (int s = 0; s < SIGNALS; s++)
            tl_stage_row(path, &stage[s],
                         buffer[s] + TL_PACK_HEADROOM +
                             (size_t)(r * COLUMNS) * tl_store_bytes(stores[s]),
                         src[s][r], COLUMNS);
        const double t1 = cpu_ns();
        for (int s = 0; s < SIGNALS; s++)
          for (int r = 0; r < ROWS; r += 16) {
            tl_stage_range_begin(stores[s], low, high, COLUMNS);
            tl_stage_range(path, stores[s], low, high,
                           buffer[s] + TL_PACK_HEADROOM +
                               (size_t)(r * COLUMNS) * tl_store_bytes(stores[s]),
                           16, COLUMNS);
            tl_stage_range_end(stores[s], low, high, COLUMNS);
          }
        const double t2 = cpu_ns();
        bytes = 0;
        for (int s = 0; s < SIGNALS; s++)
          bytes += tl_pack_chunk(path, stores[s], buffer[s], ROWS * COLUMNS);
        const double t3 = cpu_ns();
        spent[0] += t1 - t0, spent[1] += t2 - t1, spent[2] += t3 - t2;
      }
      for (int k = 0; k < 3; k++) best[k] = spent[k] < best[k] ? spent[k] : best[k];
    }
    const double rows = (double)ROWS * COLUMNS * REPEATS;
    printf("%-7s %6.2f %6.2f %5.2f %6.2f %34.2f %12.2f\n", tl_cpu_path_name(path), best[0] / rows,
           best[1] / rows, best[2] / rows, (best[0] + best[1] + best[2]) / rows,
           (double)bytes / (ROWS * COLUMNS), 7.0 * rows / best[2]);
  }
  return 0;
}
