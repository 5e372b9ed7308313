/* naive_incubator.h: the yardstick of calibrate: one incubator through a recording, as a user would write it in C.
 * Owns: nothing. Threads: pure. */
#ifndef TL_BENCHMARKS_NAIVE_INCUBATOR_H
#define TL_BENCHMARKS_NAIVE_INCUBATOR_H
#include <stdint.h>

typedef struct naive_incubator {
  double C_air, G_box, C_heater, G_heater, power_W; /* J/K, W/K, W */
} naive_incubator;

/* Sum of squares of box - recorded over all stamps; one Runge-Kutta step of order 4 from each stamp to the next. */
double naive_incubator_cost(const naive_incubator *p, double heater_K, double box_K,
                            const double *time_s, const double *heater_on, const double *room_K,
                            const double *recorded_K, uint32_t count);
#endif
