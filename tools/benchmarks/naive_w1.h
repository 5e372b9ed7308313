/* naive_w1.h: workload W1 as a competent user would write it in an afternoon: the yardstick of tools/bench.
 *
 * Array of structs, one device at a time, libm Box-Muller, straight int8 loops, -O2, one thread, telemetry in memory.
 * docs/performance.md describes the workload. Owns: what create returns. Threads: one. */
#ifndef TL_BENCHMARKS_NAIVE_W1_H
#define TL_BENCHMARKS_NAIVE_W1_H
#include <stdint.h>

enum { NAIVE_WINDOW = 64, NAIVE_HIDDEN = 8, NAIVE_STEPS_PER_SAMPLE = 6 };

typedef struct naive_w1 naive_w1;

/* telemetry_rows: rows of (T_b, T_h, u, score) floats kept in memory before they wrap; 0 = no telemetry. */
naive_w1 *naive_w1_create(uint32_t device_count, uint32_t telemetry_rows);
/* Advances all devices by step_count plant steps of 0.5 s, step by step. */
void naive_w1_run(naive_w1 *fleet, uint32_t step_count);
/* Mean box temperature [degC]: keeps the compiler honest and lets a test compare. */
double naive_w1_mean(const naive_w1 *fleet);
void naive_w1_free(naive_w1 *fleet);
/* Weight `index` of layer 1 (8 x 64) or 2 (64 x 8), as in assets/models/w1-synthetic-int8.tflite. */
int8_t naive_w1_weight(uint32_t layer, uint32_t index);
#endif
