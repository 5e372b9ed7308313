/* naive_fidelity.h: metrics as one writes them from their definitions: whole tables, row by row, paths read back. The
 * yardstick of `tools/bench fidelity`. Results are those of the product but for rounding. */
#ifndef TL_BENCHMARKS_NAIVE_FIDELITY_H
#define TL_BENCHMARKS_NAIVE_FIDELITY_H
#include <stddef.h>

double naive_rmse(const double *sim, const double *ref, size_t n);
double naive_dtw(const double *sim, const double *ref, size_t n);
double naive_iso18571(const double *sim, const double *ref, size_t n);
/* Score of the alignment: gaps -1, -0.1. */
double naive_alignment(const double *sim, const double *ref, size_t n, double mad);
double naive_frechet(const double *sim, const double *ref, const double *at, size_t n);
#endif
