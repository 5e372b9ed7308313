/* bench.h: a judge on a twin whose every value the test decides.
 * Owns: a bench owns world and judge until bench_close. Threads: one. */
#ifndef TL_TESTS_JUDGE_BENCH_H
#define TL_TESTS_JUDGE_BENCH_H
#include "judge/judge.h"

#define S INT64_C(1000000000)
enum { DEVICES = 700 }; /* three blocks, the last one short */

/* box_K grows by rate_K each second; alarms are written by the test. */
enum { BOX, RATE, SETPOINT, POWER, ALARM, ALARMS, ALARM_S };

typedef struct bench {
  tl_world *world;
  tl_fleet_id fleet;
  tl_judge *judge;
  tl_threshold thresholds[16];
  uint32_t count;
} bench;

bench bench_make(uint32_t devices, uint32_t threads); /* not sealed */
bench bench_open(uint32_t devices, uint32_t threads);
void bench_close(bench *b);
/* A threshold of line x.lua:7, to be changed before the judge is made. */
tl_threshold *bench_add(bench *b, const char *key, const char *text);
tl_code bench_create(bench *b, tl_error *err); /* the judge alone */
void bench_start(bench *b);                    /* and watching */
void bench_run_to(bench *b, int64_t until_ns);
void bench_write(bench *b, uint32_t column, uint32_t device, double value);
/* The device's alarm was raised `onsets` times so far, the last time at at_s. */
void bench_raise(bench *b, uint32_t device, double onsets, double at_s);
tl_verdict bench_finish(bench *b, tl_judgement *out);
/* Device i drifts by 0.0001 i K a second, every other one downwards. */
void bench_spread_rates(bench *b);
#endif
