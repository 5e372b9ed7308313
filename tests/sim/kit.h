/* kit.h: small worlds that the tests of sim share: incubators under hysteresis, boards under PID,
 * with every kind of fault. */
#ifndef TL_TESTS_SIM_KIT_H
#define TL_TESTS_SIM_KIT_H
#include "sim/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define S INT64_C(1000000000)

typedef struct kit_options {
  uint64_t seed;
  uint32_t threads;
  tl_simd_path path;
  bool stepped;
  int64_t sync_ns;
  uint32_t boxes, labs; /* devices; 0 = no such fleet */
  bool labs_first;      /* the fleets the other way round */
  bool extra;           /* one more fleet, of another name, before all others */
} kit_options;

kit_options kit_default(void); /* seed 7, one thread, best path, sync 30 s, 600 boxes, 40 labs */
tl_world *kit_empty(
    const kit_options *o); /* a world without fleets, not sealed; knows all twins of this program */
tl_world *kit_open(const kit_options *o); /* sealed, parameters varied */
tl_fleet_def kit_boxes(uint32_t count);   /* incubators: 3 sensors, heater, hysteresis; tick 3 s */
tl_fleet_def
kit_labs(uint32_t count); /* boards: thermistor with noise, rate-limited heater, PID; tick 2 s */
tl_fleet_id kit_fleet(const tl_world *world, const char *name); /* must exist */
uint32_t kit_column(const tl_world *world, tl_fleet_id fleet, const char *name);
double kit_get(const tl_world *world, const char *fleet, const char *column, uint32_t device);
void kit_set(tl_world *world, const char *fleet, const char *column, uint32_t device, double value);
/* Windows to until_ns; faults come and go at fixed times when faults is true. */
void kit_run(tl_world *world, int64_t until_ns, bool faults);
/* Runs a world of these options for ten minutes and closes it. */
void kit_run_hash(const kit_options *o, bool faults, char hex[65]);

/* Fails the test with the engine's own words. */
#define MUST(call)                                                                                 \
  do {                                                                                             \
    tl_error must_err_ = {0};                                                                      \
    tl_error *const err = &must_err_;                                                              \
    if ((call) != TL_OK) fail_msg("%s", must_err_.text);                                           \
  } while (0)
#endif
