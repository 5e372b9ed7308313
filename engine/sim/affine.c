/* affine.c: one precomputed map instead of a tick's steps, for plants that are linear while their input is held.
 *
 * The map is made by running the twin's own step on basis vectors, so it *is* the twin's integrator; only rounding
 * differs (tests hold the two within 1e-9 K). A device's terms are rebuilt when its parameters are written. */
#include "sim/internal.h"

#include "base/simd.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

tl_code tl_affine_setup(tl_world *world, tl_fleet *fleet, tl_error *err)
{
  tl_affine *a = &fleet->affine;
  *a = (tl_affine){0};
  if (world->def.stepped || fleet->stamps_ns || fleet->drive_count ||
      !(fleet->twin->flags & TL_TWIN_AFFINE))
    return TL_OK;
  for (uint32_t c = 0; c < fleet->twin->column_count; c++)
    if (fleet->twin->columns[c].role == TL_STATE) {
      if (a->state_count == sizeof a->states / sizeof a->states[0])
        return TL_OK; /* many states: stepping wins */
      a->states[a->state_count++] = c;
    }
  for (uint32_t i = 0; i < fleet->actuator_count; i++)
    a->inputs[a->input_count++] = fleet->actuators[i].applied;
  a->terms = a->state_count * (a->state_count + 1 + a->input_count);
  const size_t bytes = (size_t)fleet->store.block_count * a->terms * TL_BLOCK_ROWS * sizeof(double);
  a->map = aligned_alloc(64, bytes);
  if (!a->map)
    return tl_fail(err, TL_E_LIMIT, NULL, "cannot reserve %zu bytes for the maps of '%s'", bytes,
                   fleet->name);
  memset(a->map, 0, bytes);
  world->bytes += bytes;
  return TL_OK;
}

static double *term(const tl_affine *a, uint32_t block, uint32_t index)
{
  return a->map + ((size_t)block * a->terms + index) * TL_BLOCK_ROWS;
}

/* Layout of a device's terms, for each state r: A[r][0..n), b[r], C[r][0..m). */
void tl_affine_build(tl_fleet *fleet, tl_scratch *scratch, uint32_t block, tl_simd_path path)
{
  const tl_affine *a = &fleet->affine;
  const uint32_t n = a->state_count, width = n + 1 + a->input_count;
  const tl_slice all = {0, TL_BLOCK_ROWS};
  const double dt_s = (double)fleet->dt_ns / 1e9;
  for (uint32_t run = 0; run <= n + a->input_count; run++) { /* run 0: everything 0, gives b */
    for (uint32_t c = 0; c < fleet->twin->column_count; c++)
      memcpy(scratch->twin_column[c], tl_store_rows(&fleet->store, block, c),
             TL_BLOCK_ROWS * sizeof(double));
    for (uint32_t s = 0; s < n; s++)
      for (uint32_t i = 0; i < TL_BLOCK_ROWS; i++)
        scratch->twin_column[a->states[s]][i] = run == s + 1 ? 1.0 : 0.0;
    for (uint32_t u = 0; u < a->input_count; u++)
      for (uint32_t i = 0; i < TL_BLOCK_ROWS; i++)
        scratch->twin_column[a->inputs[u]][i] = run == n + 1 + u ? 1.0 : 0.0;
    fleet->twin->step(scratch->twin_column, all, dt_s, fleet->steps_per_tick, path);
    const uint32_t place = run == 0 ? n : run <= n ? run - 1 : run;
    for (uint32_t r = 0; r < n; r++) {
      double *restrict to = term(a, block, r * width + place);
      const double *restrict base = term(a, block, r * width + n),
                             *restrict now = scratch->twin_column[a->states[r]];
      for (uint32_t i = 0; i < TL_BLOCK_ROWS; i++) to[i] = run == 0 ? now[i] : now[i] - base[i];
    }
  }
}

/* Two states and one input, the common plant, in one pass. */
TL_INLINE_BODY void apply_2_1(double *restrict x0, double *restrict x1, const double *restrict u,
                              const double *restrict map, uint32_t rows)
{
  const double *restrict a00 = map, *restrict a01 = a00 + TL_BLOCK_ROWS,
                         *restrict b0 = a01 + TL_BLOCK_ROWS;
  const double *restrict c0 = b0 + TL_BLOCK_ROWS, *restrict a10 = c0 + TL_BLOCK_ROWS,
                         *restrict a11 = a10 + TL_BLOCK_ROWS;
  const double *restrict b1 = a11 + TL_BLOCK_ROWS, *restrict c1 = b1 + TL_BLOCK_ROWS;
  for (uint32_t i = 0; i < rows; i++) {
    const double s0 = x0[i], s1 = x1[i], in = u[i];
    x0[i] = ((a00[i] * s0 + a01[i] * s1) + b0[i]) + c0[i] * in;
    x1[i] = ((a10[i] * s0 + a11[i] * s1) + b1[i]) + c1[i] * in;
  }
}

static void apply_2_1_scalar(double *x0, double *x1, const double *u, const double *map,
                             uint32_t rows)
{
  apply_2_1(x0, x1, u, map, rows);
}

TL_TARGET_AVX2 static void apply_2_1_avx2(double *x0, double *x1, const double *u,
                                          const double *map, uint32_t rows)
{
  apply_2_1(x0, x1, u, map, rows);
}

static void apply_any(const tl_affine *a, double *const *column, const double *map, uint32_t rows)
{
  const uint32_t n = a->state_count, width = n + 1 + a->input_count;
  for (uint32_t i = 0; i < rows; i++) {
    double next[8] = {0};
    for (uint32_t r = 0; r < n; r++) {
      const double *terms = map + (size_t)r * width * TL_BLOCK_ROWS + i;
      double sum = 0.0;
      for (uint32_t s = 0; s < n; s++)
        sum += terms[(size_t)s * TL_BLOCK_ROWS] * column[a->states[s]][i];
      sum += terms[(size_t)n * TL_BLOCK_ROWS];
      for (uint32_t u = 0; u < a->input_count; u++)
        sum += terms[(size_t)(n + 1 + u) * TL_BLOCK_ROWS] * column[a->inputs[u]][i];
      next[r] = sum;
    }
    for (uint32_t r = 0; r < n; r++) column[a->states[r]][i] = next[r];
  }
}

void tl_affine_apply(const tl_fleet *fleet, double *const *column, uint32_t block, uint32_t rows,
                     tl_simd_path path)
{
  const tl_affine *a = &fleet->affine;
  const double *map = term(a, block, 0);
  assert(a->map);
  if (a->state_count != 2 || a->input_count != 1) {
    apply_any(a, column, map, rows);
    return;
  }
  double *x0 = column[a->states[0]], *x1 = column[a->states[1]];
  const double *u = column[a->inputs[0]];
  if (path == TL_PATH_AVX2 || path == TL_PATH_VNNI)
    apply_2_1_avx2(x0, x1, u, map, rows);
  else
    apply_2_1_scalar(x0, x1, u, map, rows);
}
