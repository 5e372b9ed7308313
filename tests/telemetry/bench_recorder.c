/* bench_recorder: what recording costs a run, per device row of four signals: process CPU time with the recorder
 * (staging, packing, writing, closing) less that of the same run without, in interleaved rounds. One thread.
 * Usage: bench_recorder [devices [ticks [rounds]]]. Built, not run by ctest. */
#include "recorder_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { CASES = 4, ROUNDS_MAX = 99 };

static double cpu_s(void)
{
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
  const double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
  static const char *const names[CASES] = {"no recorder", "events", "all, no pyramid", "all"};
  const uint32_t devices = argc > 1 ? (uint32_t)atoi(argv[1]) : 10000,
                 ticks = argc > 2 ? (uint32_t)atoi(argv[2]) : 512;
  const int rounds = argc > 3 && atoi(argv[3]) < ROUNDS_MAX ? atoi(argv[3]) : 9;
  double spent[CASES][ROUNDS_MAX], bytes[CASES] = {0};
  const double rows = (double)devices * ticks;
  for (int round = -1; round < rounds; round++)
    for (int c = 0; c < CASES; c++) {
      run_def def = run_default("bench_recorder.h5");
      def.devices[0] = devices;
      def.sync_s = 192;
      def.end_s = 3 * (int64_t)ticks;
      def.signal_count = 4;
      def.flush_s = 1.0;
      def.record = c > 0;
      def.policy = c == 1 ? TL_RECORD_EVENTS : TL_RECORD_ALL;
      def.no_pyramid = c == 2;
      run r;
      tl_error err;
      run_open(&r, &def);
      const double begin = cpu_s();
      if (run_advance(&r, &def, &err) != TL_OK) return fprintf(stderr, "%s\n", err.text), 1;
      if (c > 0) bytes[c] = (double)tl_recorder_written_bytes(r.recorder) / rows;
      if (tl_recorder_close(r.recorder, &err) != TL_OK) return fprintf(stderr, "%s\n", err.text), 1;
      if (round >= 0) spent[c][round] = cpu_s() - begin;
      tl_world_destroy(r.world);
      unlink(def.file);
    }
  printf("%u devices, %u ticks, median of %d rounds      ns/row  over none  bytes/row\n", devices,
         ticks, rounds);
  for (int c = CASES - 1; c >= 0; c--) { /* case 0 last: the others are compared with its rounds */
    double over[ROUNDS_MAX];
    for (int i = 0; i < rounds; i++) over[i] = spent[c][i] - spent[0][i];
    qsort(over, (size_t)rounds, sizeof *over, ascending);
    qsort(spent[c], (size_t)rounds, sizeof **spent, ascending);
    printf("%-44s %8.2f %10.2f %10.2f\n", names[c], 1e9 * spent[c][rounds / 2] / rows,
           1e9 * over[rounds / 2] / rows, bytes[c]);
  }
  return 0;
}
