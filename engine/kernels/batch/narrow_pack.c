/* narrow_pack.c: weights for sums of bytes in int16 (SSE4.1 and AVX2, which have no instruction that
 * sums four products of bytes exactly).
 *
 * pmaddubsw sums two products u w (u 0 .. 255) into an int16 and saturates; several of those are
 * summed in int16, which wraps, before one pmaddwd widens them. That is exact when the sum of an
 * int16 lane stays in it: with P and N the sums of its positive and negative weights and a start o,
 *     o + 255 P <= 32767,  o - 255 N >= -32768,  and P, N <= 128 for each pair of bytes alone.
 * So P + N <= 257 is enough, with a fitting o, which the bias takes back. Weights that are too large
 * for it are taken out of the sum, unit by unit, and added as *rests*: one product and one widening
 * each. Trained weights are mostly small, so that rests are few. */
#include "kernels/batch/fast.h"

#include <string.h>

enum {
  UNITS_MAX = 16, /* summed in int16 */
  LANES_MAX = 8,
  PAIR_MAX = 128,
  SUM_MAX = 257,
  LEVEL = 255
};

/* Weights of one vector for `units` units: [lane][unit][4]. */
typedef struct piece {
  int16_t main[LANES_MAX][UNITS_MAX][4], rest[LANES_MAX][UNITS_MAX][4];
  bool has_rest[UNITS_MAX];
  uint32_t lanes, units;
} piece;

typedef struct lane_sums {
  int32_t up, down; /* sums of positive and of negative weights, both >= 0 */
} lane_sums;

static lane_sums of_pair(const int16_t *w)
{
  return (lane_sums){(w[0] > 0 ? w[0] : 0) + (w[1] > 0 ? w[1] : 0),
                     (w[0] < 0 ? -w[0] : 0) + (w[1] < 0 ? -w[1] : 0)};
}

static lane_sums of_half(const piece *p, uint32_t lane, uint32_t half)
{
  lane_sums all = {0, 0};
  for (uint32_t u = 0; u < p->units; u++) {
    const lane_sums one = of_pair(&p->main[lane][u][2 * half]);
    all.up += one.up;
    all.down += one.down;
  }
  return all;
}

/* Of which output, and where its taps begin and end. */
typedef struct where {
  const tl_sums *sums;
  uint32_t first, run, run_taps; /* output of lane 0 */
} where;

static void load(piece *p, const where *at, const bool *live, uint32_t first_unit)
{
  const tl_weights *weights = &at->sums->weights;
  memset(p->main, 0, sizeof p->main);
  memset(p->rest, 0, sizeof p->rest);
  memset(p->has_rest, 0, sizeof p->has_rest);
  for (uint32_t lane = 0; lane < p->lanes; lane++)
    for (uint32_t u = 0; u < p->units && live[lane]; u++)
      for (uint32_t i = 0; i < 4; i++) {
        const uint32_t tap = 4 * (first_unit + u) + i;
        if (tap >= at->run_taps) continue;
        p->main[lane][u][i] = weights->data[(at->first + lane) * weights->output_step +
                                            (at->run * at->run_taps + tap) * weights->tap_step];
      }
}

/* Takes a pair out of the sum, or half of it where its rest would saturate, too. */
static void take_out(int16_t *main, int16_t *rest)
{
  const lane_sums pair = of_pair(main);
  const int divisor = pair.up > PAIR_MAX || pair.down > PAIR_MAX ? 2 : 1;
  for (int i = 0; i < 2; i++) {
    rest[i] = (int16_t)(main[i] / divisor);
    main[i] = (int16_t)(main[i] - rest[i]);
  }
}

static bool is_zero(const int16_t *pair) { return pair[0] == 0 && pair[1] == 0; }

/* Lanes whose sum is too large lose what they have in this unit. */
static void relieve(piece *p, uint32_t unit)
{
  for (uint32_t lane = 0; lane < p->lanes; lane++)
    for (uint32_t half = 0; half < 2; half++) {
      int16_t *main = &p->main[lane][unit][2 * half], *rest = &p->rest[lane][unit][2 * half];
      const lane_sums all = of_half(p, lane, half);
      if (all.up + all.down > SUM_MAX && is_zero(rest)) take_out(main, rest);
    }
}

/* The unit that would relieve most; UNITS_MAX if no lane needs it. */
static uint32_t most_wanted(const piece *p)
{
  int32_t wanted[UNITS_MAX] = {0}, most = 0;
  uint32_t best = UNITS_MAX;
  for (uint32_t lane = 0; lane < p->lanes; lane++)
    for (uint32_t half = 0; half < 2; half++) {
      const lane_sums all = of_half(p, lane, half);
      const int32_t excess = all.up + all.down - SUM_MAX;
      for (uint32_t u = 0; u < p->units && excess > 0; u++) {
        const lane_sums one = of_pair(&p->main[lane][u][2 * half]);
        wanted[u] += one.up + one.down < excess ? one.up + one.down : excess;
      }
    }
  for (uint32_t u = 0; u < p->units; u++)
    if (!p->has_rest[u] && wanted[u] > most) {
      most = wanted[u];
      best = u;
    }
  return best;
}

/* Splits into what int16 can hold and rests; returns how many units have a rest. */
static uint32_t trim(piece *p)
{
  uint32_t count = 0;
  for (uint32_t u = 0; u < p->units; u++) {
    for (uint32_t lane = 0; lane < p->lanes; lane++)
      for (uint32_t half = 0; half < 2; half++) {
        const lane_sums pair = of_pair(&p->main[lane][u][2 * half]);
        if (pair.up <= PAIR_MAX && pair.down <= PAIR_MAX) continue;
        take_out(&p->main[lane][u][2 * half], &p->rest[lane][u][2 * half]);
        p->has_rest[u] = true;
      }
    if (p->has_rest[u]) count++;
  }
  for (uint32_t u = 0; u < p->units; u++)
    if (p->has_rest[u]) relieve(p, u);
  for (uint32_t u = most_wanted(p); u < UNITS_MAX; u = most_wanted(p)) {
    p->has_rest[u] = true;
    relieve(p, u);
    count++;
  }
  return count;
}

static void find_live(bool *live, const tl_sums *sums, uint32_t first, uint32_t lanes)
{
  for (uint32_t lane = 0; lane < lanes; lane++)
    live[lane] = first + lane < sums->weights.outputs && !tl_sums_constant(sums, first + lane);
}

/* ---- which form ---- */

static uint32_t rests_of(const tl_sums *sums, uint32_t lanes, uint32_t runs, uint32_t run_taps,
                         uint32_t narrow)
{
  const uint32_t units = (run_taps + 3) / 4;
  uint32_t rests = 0;
  for (uint32_t first = 0; first < sums->weights.outputs; first += lanes) {
    bool live[LANES_MAX];
    find_live(live, sums, first, lanes);
    for (uint32_t run = 0; run < runs; run++)
      for (uint32_t u = 0; u < units; u += narrow) {
        const where at = {sums, first, run, run_taps};
        piece p = {.lanes = lanes, .units = narrow};
        load(&p, &at, live, u);
        rests += trim(&p);
      }
  }
  return rests;
}

/* Counts vector instructions. The plain form has, for each four inputs, two products and two sums;
 * this one a product and a sum, two instructions a group, four a rest, and (as its rows share no
 * loads of weights) a quarter more. */
uint32_t tl_narrow_choose(const tl_sums *sums, uint32_t lanes, uint32_t runs, uint32_t run_taps)
{
  static const uint8_t widths[] = {16, 12, 10, 8, 6, 5, 4, 3, 2};
  const uint64_t vectors = (sums->weights.outputs + lanes - 1) / lanes;
  const uint64_t units = (run_taps + 3) / 4;
  uint64_t least = vectors * runs * units * 4 * 4 * 85 / 100; /* in quarters */
  uint32_t best = 0;
  for (size_t i = 0; i < sizeof widths; i++) {
    const uint32_t width = widths[i];
    const uint64_t groups = (units + width - 1) / width;
    const uint64_t cost = vectors * runs * groups * (9 * width + 8);
    if (cost >= least) continue;
    const uint64_t all = cost + 16ull * rests_of(sums, lanes, runs, run_taps, width);
    if (all >= least) continue;
    least = all;
    best = width;
  }
  return best;
}

/* ---- tables ---- */

/* Where the tables go; NULL while they are only counted. */
typedef struct tables {
  uint8_t *weights;
  uint32_t *rest_offsets;
  uint8_t *rest_weights;
  int32_t *start;
  uint32_t rests;
} tables;

/* The start of an int16 lane, as near to 0 as its sums allow. */
static int32_t offset_of(lane_sums sums)
{
  if (sums.up > PAIR_MAX) return INT16_MAX - LEVEL * sums.up;
  if (sums.down > PAIR_MAX) return LEVEL * sums.down + INT16_MIN;
  return 0;
}

static void put_bytes(uint8_t *out, int16_t w[LANES_MAX][UNITS_MAX][4], uint32_t lanes,
                      uint32_t unit)
{
  for (uint32_t lane = 0; lane < lanes; lane++)
    for (uint32_t i = 0; i < 4; i++) out[4 * lane + i] = (uint8_t)w[lane][unit][i];
}

/* One group of one vector; `step`: bytes from a unit of this vector to its next. */
static void put_group(const piece *p, const tl_gemm *g, const where *at, uint32_t first_unit,
                      uint32_t vector_step, tables *t)
{
  piece copy = *p;
  for (uint32_t u = 0; u < p->units; u++) {
    if (p->has_rest[u]) {
      if (t->rest_offsets != NULL) {
        t->rest_offsets[t->rests] = g->offsets[at->run] + 4 * (first_unit + u);
        put_bytes(t->rest_weights + (size_t)t->rests * 4 * p->lanes, copy.rest, p->lanes, u);
      }
      t->rests++;
    }
    if (t->weights != NULL)
      put_bytes(t->weights + (size_t)(u + 1) * vector_step, copy.main, p->lanes, u);
  }
  for (uint32_t lane = 0; lane < p->lanes && t->weights != NULL; lane++)
    for (uint32_t half = 0; half < 2; half++) {
      const int32_t offset = offset_of(of_half(p, lane, half));
      const int16_t word = (int16_t)offset;
      memcpy(t->weights + 4 * lane + 2 * half, &word, sizeof word);
      t->start[at->first + lane] -= offset;
    }
}

static void put_vector(const tl_gemm *g, const tl_sums *sums, const tl_panel *panel, uint32_t v,
                       uint32_t lanes, uint32_t run_taps, tables *t)
{
  const uint32_t first = panel->first + v * lanes, step = panel->vectors * 4 * lanes;
  bool live[LANES_MAX];
  find_live(live, sums, first, lanes);
  uint8_t *const begin = t->weights;
  for (uint32_t run = 0; run < g->runs; run++)
    for (uint32_t u = 0; u < g->units; u += g->narrow) {
      const where at = {sums, first, run, run_taps};
      piece p = {.lanes = lanes, .units = g->narrow};
      load(&p, &at, live, u);
      trim(&p);
      put_group(&p, g, &at, u, step, t);
      if (t->weights != NULL) t->weights += (size_t)(g->narrow + 1) * step;
    }
  t->weights = begin;
}

/* All panels: of four vectors, the last of one if that is enough. */
static uint32_t put_panels(const tl_gemm *g, const tl_sums *sums, uint32_t lanes, uint32_t run_taps,
                           tl_panel *panels, tables *t)
{
  const size_t vector_bytes =
      (size_t)g->runs * (g->units / g->narrow) * (g->narrow + 1) * 4 * lanes;
  uint32_t count = 0;
  size_t used = 0;
  for (uint32_t first = 0; first < g->outputs; count++) {
    const uint32_t room = g->outputs - first, vectors = room > lanes ? TL_PANEL_VECTORS : 1;
    const uint32_t outputs = vectors * lanes;
    tl_panel panel = {.first = first,
                      .count = room < outputs ? room : outputs,
                      .vectors = vectors,
                      .weights = used,
                      .first_rest = t->rests};
    for (uint32_t v = 0; v < vectors; v++) {
      tables of_vector = *t;
      const uint32_t before = t->rests;
      if (t->weights != NULL) of_vector.weights = t->weights + used + v * 4 * lanes;
      put_vector(g, sums, &panel, v, lanes, run_taps, &of_vector);
      t->rests = of_vector.rests;
      panel.rests[v] = t->rests - before;
    }
    if (panels != NULL) panels[count] = panel;
    used += vectors * vector_bytes;
    first += outputs;
  }
  return count;
}

void tl_narrow_pack(tl_gemm *gemm, const tl_sums *sums, uint32_t lanes, uint32_t run_taps,
                    tl_cutter *cutter)
{
  const size_t vector_bytes =
      (size_t)gemm->runs * (gemm->units / gemm->narrow) * (gemm->narrow + 1) * 4 * lanes;
  const size_t all = (gemm->outputs + lanes - 1) / lanes + TL_PANEL_VECTORS;
  tables t = {0};
  const uint32_t count = put_panels(gemm, sums, lanes, run_taps, NULL, &t);
  tl_panel *panels = tl_cut(cutter, count * sizeof *panels);
  t.weights = tl_cut(cutter, all * vector_bytes);
  t.rest_offsets = tl_cut(cutter, 4ull * t.rests);
  t.rest_weights = tl_cut(cutter, 4ull * lanes * t.rests);
  gemm->panels = panels;
  gemm->panel_count = count;
  gemm->weights = t.weights;
  gemm->rest_offsets = t.rest_offsets;
  gemm->rest_weights = t.rest_weights;
  if (panels == NULL) return;
  t.start = (int32_t *)(uintptr_t)gemm->rescaling.start; /* ours, cut by tl_rescaling_pack */
  t.rests = 0;
  put_panels(gemm, sums, lanes, run_taps, panels, &t);
}
