/* w1.h: workload W1 through the product's own path, round by round beside the naive version.
 * Owns: nothing. Threads: one at a time; a case uses the threads it is told. */
#ifndef TL_BENCHMARKS_W1_H
#define TL_BENCHMARKS_W1_H
#include "base/cpu.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum w1_telemetry { W1_ALL, W1_EVENTS, W1_NONE } w1_telemetry;

typedef struct w1_case {
  uint32_t devices, threads, rounds;
  w1_telemetry telemetry;
  bool stepped; /* RK4 in every step instead of the affine map */
  tl_simd_path path;
} w1_case;

typedef struct w1_result {
  double
      device_steps_per_s; /* median over rounds; process CPU time with one thread, wall time with more */
  double naive_device_steps_per_s;     /* the same, naive version, one thread */
  double ratio, ratio_low, ratio_high; /* median, least and most of the rounds' own ratios */
  double bytes_per_device;
  double file_bytes_per_row; /* telemetry on disk per device and sample, 0 without */
  double digest_share; /* of the run's time that digests took, at most (parameters counted too) */
  char run_hash[65];
} w1_result;

/* Runs one warm-up and `rounds` interleaved rounds.
 * root    folder of the source tree or installation, where scenario and model are
 * scratch folder for telemetry files, which are removed
 * errors  whatever the scenario, the engine or the recorder said */
tl_code w1_measure(w1_result *out, const w1_case *what, const char *root, const char *scratch,
                   tl_error *err);
#endif
