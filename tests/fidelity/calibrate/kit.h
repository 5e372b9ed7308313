/* kit.h: planted problems for the tests of calibrate: an incubator with known parameters, and plain twins with
 * known answers. */
#ifndef TL_TESTS_FIDELITY_CALIBRATE_KIT_H
#define TL_TESTS_FIDELITY_CALIBRATE_KIT_H
#include "fidelity/calibrate/calibrate.h"
#include "twins/incubator/incubator.h"

enum { KIT_RUNS = 3, KIT_SAMPLES = 1200, KIT_FREE = 8, KIT_COLUMNS = 32, KIT_CHANNELS = 2 };

typedef struct kit_run {
  int64_t stamps_ns[KIT_SAMPLES];
  double input[KIT_CHANNELS][KIT_SAMPLES];
  double base[KIT_COLUMNS];
  tl_calibrate_input inputs[KIT_CHANNELS];
  tl_calibrate_channel channels[KIT_CHANNELS];
  uint32_t stamp[KIT_CHANNELS][KIT_SAMPLES];
  double fraction[KIT_CHANNELS][KIT_SAMPLES], value[KIT_CHANNELS][KIT_SAMPLES];
  uint8_t part[KIT_CHANNELS][KIT_SAMPLES];
} kit_run;

typedef struct kit {
  tl_calibrate_problem problem;
  tl_calibrate_run runs[KIT_RUNS];
  kit_run memory[KIT_RUNS];
  tl_calibrate_free free[KIT_FREE];
  tl_calibrate_target targets[KIT_FREE][2 * KIT_RUNS];
} kit;

/* Adds a run of `samples` stamps about step_s apart, compared in its one channel `column`, driven in `inputs`. */
tl_calibrate_run *kit_add_run(kit *k, const tl_twin_type *twin, uint32_t samples, double step_s,
                              const uint32_t *inputs, uint32_t input_count, uint32_t column);
/* Frees a column of all runs. */
tl_calibrate_free *kit_add_free(kit *k, uint32_t column, double start, double low, double high,
                                bool log);
/* An incubator whose heater switches; box_K is compared. */
kit *kit_incubator(uint32_t samples, double step_s);
/* Its four parameters and heater_K. */
void kit_free_incubator(kit *k);
extern const double kit_truth[5];
/* What the problem's twin gives for `truth` [free], plus noise of deviation `noise`, each rho times the one before
 * and something new. */
void kit_plant(kit *k, const double *truth, double noise, double rho, uint64_t seed);
tl_calibrate_options kit_options(uint32_t starts);
void kit_free_all(kit *k);

/* y = a x + b c as an output, nothing else. Columns: x, y, a, b, c. */
extern const tl_twin_type kit_line;
enum { LINE_x, LINE_y, LINE_a, LINE_b, LINE_c };
/* dy/dt = rate y, by forward Euler: rates above 0 grow beyond every number. Columns: y, rate. */
extern const tl_twin_type kit_growth;
enum { GROWTH_y, GROWTH_rate };
#endif
