/* kolmogorov.h: distribution of the two-sided Kolmogorov-Smirnov statistic of n independent samples.
 *
 * Why: drift tests and ks_p_asymp need small probabilities right, where the limit distribution is not.
 * Source: Simard and L'Ecuyer 2011, J. Stat. Softw. 39(11): which formula where; Marsaglia, Tsang and Wang
 * 2003 (matrix); Pelz and Good 1976 (expansion); Birnbaum and Tingey 1951 (one-sided tail).
 * Owns: nothing. Threads: pure. */
#ifndef TL_FIDELITY_METRIC_KOLMOGOROV_H
#define TL_FIDELITY_METRIC_KOLMOGOROV_H
#include <stdint.h>

/* P(D_n > d), n >= 1; relative error about 1e-9 for n <= 1e5, absolute 1e-10 beyond. */
double tl_kolmogorov_tail(uint64_t n, double d);
#endif
