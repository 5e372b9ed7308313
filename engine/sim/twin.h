/* twin.h: what a twin is: columns of state, and one function that steps a slice of devices.
 *
 * Why: the engine owns time, memory and threads; a twin owns only its equations. So the same twin
 * gives the same bits on 1 or 64 threads, from a checkpoint, or inside a co-simulation.
 * Owns: nothing. A tl_twin_type is const data and lives as long as the program (or its shared
 * object).
 * Threads: step() and output() run on disjoint slices at once and touch only the rows of their
 * slice. */
#ifndef TL_SIM_TWIN_H
#define TL_SIM_TWIN_H
#include "base/cpu.h"
#include "state/column.h"

#define TL_TWIN_ABI 1u
#define TL_TWIN_SYMBOL                                                                             \
  "tl_twin_plugin" /* a shared object exports `const tl_twin_type *tl_twin_plugin(void)` */

/* The next state is an affine function of the states and of the inputs that actuators drive, all
 * other columns being constant: the engine may then replace a tick's steps by one precomputed map
 * (docs/architecture.md). It builds the map by calling step() with states and inputs of 0 and 1,
 * so step() must not refuse values outside their columns' ranges. */
#define TL_TWIN_AFFINE 1u

/* column[i] points at the rows of the twin's i-th column (in columns[] order), 64-byte aligned,
 * row 0 = device `block * 256`. rows: multiples of TL_ROW_ALIGN, rows past the last device are
 * padding with valid parameters. Advances by step_count steps of dt_s seconds each, inputs held;
 * dt_s > 0, step_count >= 1.
 * path: the widest instruction set the caller allows; every path must give the same bits. */
typedef void tl_twin_step(double *const *column, tl_slice rows, double dt_s, uint32_t step_count,
                          tl_simd_path path);
/* Computes the TL_OUTPUT columns from states and inputs. */
typedef void tl_twin_output(double *const *column, tl_slice rows);

typedef struct tl_twin_type {
  uint32_t abi;        /* TL_TWIN_ABI */
  uint32_t flags;      /* TL_TWIN_AFFINE or 0 */
  const char *name;    /* how scenarios name it */
  const char *meaning; /* one phrase */
  const tl_column *columns;
  uint32_t column_count;
  tl_twin_step *step;
  tl_twin_output *output; /* NULL when there is no TL_OUTPUT column */
  double dt_s_max;        /* largest stable and accurate step; the engine refuses a larger one */
} tl_twin_type;
#endif
