/* drift_inside.h: one signal cut into stretches, and the pieces that test it. Internal to engine/fidelity/drift. */
#ifndef TL_FIDELITY_DRIFT_DRIFT_INSIDE_H
#define TL_FIDELITY_DRIFT_DRIFT_INSIDE_H
#include "fidelity/drift/drift.h"

enum {
  DRIFT_VALUES_MAX = 1 << 20, /* of a side; longer ones are thinned */
  DRIFT_CLUSTERS_MIN = 8,     /* fewer tell nothing about their spread */
  DRIFT_GRID = 64,            /* places at which distributions are compared by clusters */
  DRIFT_BINS_MAX = 64
};

/* The signal, thinned and cut. side 0 is the reference. */
typedef struct drift_frame {
  tl_drift_side side[2]; /* rows: those of the caller, every `thin`-th is used */
  uint32_t thin;
  bool same_devices;
  int64_t period_ns;  /* median step of the used rows of the reference */
  double correlation; /* integrated autocorrelation time [used rows], >= 1 */
  double common;      /* >= 1: how much more devices move together than independent ones do */
  int64_t block_ns, fine_ns; /* a stretch, and a short one for ADWIN */
  uint32_t blocks[2];
  double *sorted[2]; /* all values, ascending */
  size_t n[2], missing[2];
  double mean[2], device_share;
} drift_frame;

tl_code drift_frame_make(drift_frame *out, const tl_drift_side *reference,
                         const tl_drift_side *current, tl_error *err);
void drift_frame_free(drift_frame *frame);
static inline size_t drift_rows(const drift_frame *frame, int side)
{
  return (frame->side[side].rows + frame->thin - 1) / frame->thin;
}
static inline int64_t drift_row_ns(const drift_frame *frame, int side, size_t row)
{
  return frame->side[side].at_ns[row * frame->thin];
}
static inline double drift_value(const drift_frame *frame, int side, size_t row, uint32_t device)
{
  return frame->side[side].values[row * frame->thin * frame->side[side].device_count + device];
}
/* Stretch of a row; the last one takes the remainder. */
uint32_t drift_block_of(const drift_frame *frame, int side, size_t row);
/* Mean over all devices of each step of step_ns of a side, NaN where there is none; *count of them, caller frees. */
tl_code drift_time_means(double **out, size_t *count, const drift_frame *frame, int side,
                         int64_t step_ns, tl_error *err);

/* Counts of every cluster in the steps between edges; a cluster is a unit that the null may exchange. */
typedef struct drift_clusters {
  tl_drift_level level;
  bool paired;    /* by device, the same on both sides: differences count */
  uint32_t count; /* clusters of both sides; those of the reference first */
  uint32_t of_side[2];
  uint32_t strata;   /* residuals are about a stratum's mean, permutations stay inside a stratum */
  uint32_t *stratum; /* of a cluster */
  uint32_t steps;    /* bins */
  double *hist;      /* [cluster][step] counts */
  double *total;     /* [cluster] */
} drift_clusters;

/* edges: step_count - 1 rising numbers; a value belongs to the first step whose upper edge is >= it. */
tl_code drift_clusters_make(drift_clusters *out, const drift_frame *frame, tl_drift_level level,
                            const double *edges, uint32_t step_count, tl_error *err);
void drift_clusters_free(drift_clusters *clusters);
bool drift_level_exists(const drift_frame *frame, tl_drift_level level);
/* Covariance [steps][steps] of the difference of the sides' shares (or, cumulative, of their distribution functions),
 * as the clusters show it, without a model. freedom: clusters beyond the means that were taken out.
 * errors  TL_E_LIMIT */
tl_code drift_covariance(double *out, double *freedom, const drift_clusters *clusters,
                         bool cumulative, tl_error *err);
/* Shares of a side. */
void drift_shares(double *out, const drift_clusters *clusters, int side);
/* What neighbouring stretches of a device still have in common, >= 1: the factor by which the covariance by stretches
 * is too small. */
double drift_neighbours(const drift_clusters *clusters, const drift_frame *frame);

/* Rising edges of at most `steps` steps of equal share of sorted values; returns the number of steps. */
uint32_t drift_edges(double *edges, const double *sorted, size_t n, uint32_t steps);

/* The tests; each fills one value. freedom as above. */
void drift_psi(tl_drift_value *out, const drift_clusters *clusters, const double *covariance,
               double inflation, double freedom, double alpha);
void drift_ks(tl_drift_value *out, double effective[2], const drift_frame *frame,
              const drift_clusters *clusters, const double *covariance, double inflation,
              double freedom, double alpha);
tl_code drift_wasserstein(tl_drift_value *out, const drift_frame *frame,
                          const drift_clusters *clusters, const double *edges, double inflation,
                          const tl_drift_options *options, uint32_t stream, tl_error *err);
/* series: reference_count means, then those of the current side. */
void drift_cusum(tl_drift_value *out, const double *series, size_t reference_count, size_t count,
                 int64_t block_ns, double inflation, double alpha);
void drift_adwin(tl_drift_value *out, const double *series, size_t reference_count, size_t count,
                 int64_t step_ns, double alpha);
#endif
