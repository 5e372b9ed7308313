/* stat.h: the distributions that intervals and tests stand on: normal, chi2, Student t, F, beta, Kolmogorov.
 *
 * Why: a p-value or an interval is a result, so it must have the same bits on every platform; the C library has
 * neither the functions nor that promise. Everything here is made of base/dmath.
 * Tails: each _sf is the upper tail, computed as such, so that a p-value of 1e-20 is a number and not 1 - 1. A
 * quantile is the smallest double that reaches its probability, found by bisection over the doubles in their order:
 * as good as the distribution function, never lost, at most 64 evaluations (some 10 us).
 * Error: relative 1e-12 or better for degrees of freedom and shapes up to 1e6, against mpmath (test_stat.c).
 * Out of domain (NaN, probability outside [0, 1], degrees of freedom or shape <= 0): NaN.
 * Sources: the prefactors in Loader's form (C. Loader, "Fast and accurate computation of binomial probabilities",
 * 2000), NIST DLMF 8.7 and 8.9 for the gamma, DiDonato and Morris (TOMS 708) for the beta function.
 * Owns: nothing. Threads: every function is pure. */
#ifndef TL_FIDELITY_STAT_STAT_H
#define TL_FIDELITY_STAT_STAT_H
#include "base/error.h"

#include <stdint.h>

TL_API double tl_stat_log_gamma(double x); /* x > 0; absolute error 1e-14 (1 + |value|) */
/* Regularised incomplete gamma: lower P(shape, x) and upper Q(shape, x) = 1 - P. */
TL_API double tl_stat_gamma_lower(double shape, double x);
TL_API double tl_stat_gamma_upper(double shape, double x);

TL_API double tl_stat_normal_cdf(double z);
TL_API double tl_stat_normal_sf(double z);
TL_API double
tl_stat_normal_quantile(double p); /* Wichura's AS 241, 1e-15 relative; p = 0, 1: -inf, inf */

TL_API double tl_stat_chi2_cdf(double x, double df);
TL_API double tl_stat_chi2_sf(double x, double df);
TL_API double tl_stat_chi2_quantile(double p, double df);
TL_API double tl_stat_chi2_quantile_upper(double q, double df); /* x with sf(x) = q: for small q */

TL_API double tl_stat_t_cdf(double t, double df);
TL_API double tl_stat_t_sf(double t, double df);
TL_API double tl_stat_t_quantile(double p, double df); /* 0.975 for a two-sided 95 % interval */

TL_API double tl_stat_beta_cdf(double x, double a, double b); /* I_x(a, b) */
TL_API double tl_stat_beta_sf(double x, double a, double b);
TL_API double tl_stat_beta_quantile(double p, double a, double b);

TL_API double tl_stat_f_cdf(double x, double df1, double df2);
TL_API double tl_stat_f_sf(double x, double df1, double df2);
TL_API double tl_stat_f_quantile(double p, double df1, double df2);

/* P(sup |Brownian bridge| > x): the limit of the two-sample Kolmogorov-Smirnov statistic sqrt(nm/(n+m)) D. */
TL_API double tl_stat_kolmogorov_sf(double x);
TL_API double tl_stat_kolmogorov_quantile_upper(double q); /* x with sf(x) = q */

/* P(D_n > d), n >= 1 independent samples, not the limit: for small n and small probabilities, where the limit is not
 * right. Relative error about 1e-9 for n <= 1e5, absolute 1e-10 beyond. */
TL_API double tl_stat_kolmogorov_exact_sf(uint64_t n, double d);

/* P(X >= k) for X ~ binomial(n, p); k may be 0. */
TL_API double tl_stat_binomial_sf(uint64_t k, uint64_t n, double p);
/* Clopper-Pearson interval of a rate seen k times in n > 0 tries: covers the true rate with at least `confidence`. */
TL_API void tl_stat_clopper_pearson(double *low, double *high, uint64_t k, uint64_t n,
                                    double confidence);
#endif
