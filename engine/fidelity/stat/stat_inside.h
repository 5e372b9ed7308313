/* stat_inside.h: what the distributions share. Internal to engine/fidelity/stat. */
#ifndef TL_FIDELITY_STAT_STAT_INSIDE_H
#define TL_FIDELITY_STAT_STAT_INSIDE_H
#include "fidelity/stat/stat.h"

#define STAT_TWO_PI 6.283185307179586476925286766559

/* log Gamma(x + 1) - (x + 1/2) log x + x - log(2 pi) / 2: what Stirling's formula leaves. x > 0. */
double stat_stirling_rest(double x);
/* x log(x / mean) + mean - x, without cancellation near x = mean. Both > 0. */
double stat_deviance(double x, double mean);
/* x^a y^b / B(a, b), with y = 1 - x given as its own number. 0 < x, y. */
double stat_beta_power(double x, double y, double a, double b);

/* A function that never falls on [low, high], 0 <= low. */
typedef double stat_rising(double x, const double *shape);
/* Smallest double x in [low, high] with rises(x) >= wanted; high when there is none. Both >= 0. */
double stat_first_at_least(stat_rising *rises, const double *shape, double wanted, double low,
                           double high);
#endif
