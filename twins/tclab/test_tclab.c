/* The tclab twin against a reference of its own equations, its steady state and closed forms of
 * its thermistors. */
#include "twins/tclab/tclab.h"

#include "tests/twins/readme.h"
#include "tests/twins/rig.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

typedef struct board {
  double U, Us, a1, a2, tau_s, ambient_K;
} board; /* the rest is as published */
static const board boards[] = {
    {10.0, 10.0, 0.01, 0.0075, 0.0, 296.15},                 /* start values */
    {2.59136, 2.59136, 0.00530806, 0.00288701, 0.0, 296.15}, /* published fit */
    {3.9438, 9.505, 0.006645, 0.003327, 16.27, 294.0},       /* four states */
};

static rig open_board(const board *b)
{
  rig r = rig_open(&tclab_twin);
  rig_set(&r, TCLAB_U_W_per_m2K, b->U);
  rig_set(&r, TCLAB_Us_W_per_m2K, b->Us);
  rig_set(&r, TCLAB_alpha1_W_per_pct, b->a1);
  rig_set(&r, TCLAB_alpha2_W_per_pct, b->a2);
  rig_set(&r, TCLAB_tau_s, b->tau_s);
  rig_set(&r, TCLAB_ambient_K, b->ambient_K);
  return r;
}

/* The README's equations, written plainly: watts per heater, then divided by m Cp. */
static void slope(const board *b, double Q1, double Q2, const double x[4], double d[4])
{
  const double A = 1e-3, As = 2e-4, es = 0.9 * 5.67e-8, mCp = 0.004 * 500.0;
  const double between = b->Us * As * (x[1] - x[0]) + es * As * (pow(x[1], 4) - pow(x[0], 4));
  d[0] = (b->U * A * (b->ambient_K - x[0]) + es * A * (pow(b->ambient_K, 4) - pow(x[0], 4)) +
          between + b->a1 * Q1) /
         mCp;
  d[1] = (b->U * A * (b->ambient_K - x[1]) + es * A * (pow(b->ambient_K, 4) - pow(x[1], 4)) -
          between + b->a2 * Q2) /
         mCp;
  d[2] = b->tau_s > 0.0 ? (x[0] - x[2]) / b->tau_s : 0.0;
  d[3] = b->tau_s > 0.0 ? (x[1] - x[3]) / b->tau_s : 0.0;
}

/* Gragg's smoothed midpoint rule with n substeps. */
static void midpoint(const board *b, double Q1, double Q2, const double x[4], double time_s, int n,
                     double out[4])
{
  double d[4], before[4], now[4], next[4];
  const double h = time_s / n;
  slope(b, Q1, Q2, x, d);
  for (int i = 0; i < 4; i++) {
    before[i] = x[i];
    now[i] = x[i] + h * d[i];
  }
  for (int k = 1; k < n; k++) {
    slope(b, Q1, Q2, now, d);
    for (int i = 0; i < 4; i++) {
      next[i] = before[i] + 2.0 * h * d[i];
      before[i] = now[i];
      now[i] = next[i];
    }
  }
  slope(b, Q1, Q2, now, d);
  for (int i = 0; i < 4; i++) out[i] = 0.5 * (before[i] + now[i] + h * d[i]);
}

/* The reference, another method than the twin's: Bulirsch-Stoer, midpoint rules of 2 to 12
 * substeps a second extrapolated. */
static void reference(const board *b, double Q1, double Q2, double x[4], double time_s)
{
  enum { ROWS = 6 };
  const int seconds = (int)(time_s + 0.5);
  for (int second = 0; second < seconds; second++) {
    double table[ROWS][4];
    for (int row = 0; row < ROWS; row++) {
      double last[4], keep[4];
      midpoint(b, Q1, Q2, x, 1.0, 2 * (row + 1), last);
      for (int column = 1; column <= row; column++)
        for (int i = 0; i < 4; i++) {
          if (column == 1) keep[i] = last[i];
          const double ratio = (double)(row + 1) / (double)(row + 1 - column);
          const double better = keep[i] + (keep[i] - table[column - 1][i]) / (ratio * ratio - 1.0);
          table[column - 1][i] = keep[i];
          keep[i] = better;
        }
      for (int i = 0; i < 4; i++) table[row][i] = row ? keep[i] : last[i];
    }
    for (int i = 0; i < 4; i++) x[i] = table[ROWS - 1][i];
  }
  if (b->tau_s == 0.0) {
    x[2] = x[0];
    x[3] = x[1];
  }
}

static const double powers[][2] = {
    {80, 0}, {80, 60}, {20, 100}, {0, 0}, {50, 50}}; /* two minutes each */

static double greatest_error_K(const board *b, double dt_s)
{
  rig r = open_board(b);
  double x[4] = {296.15, 296.15, 296.15, 296.15}, greatest = 0.0;
  for (uint32_t part = 0; part < sizeof powers / sizeof powers[0]; part++) {
    rig_set(&r, TCLAB_Q1_pct, powers[part][0]);
    rig_set(&r, TCLAB_Q2_pct, powers[part][1]);
    for (int ten = 0; ten < 12; ten++) {
      rig_step(&r, dt_s, (uint32_t)(10.0 / dt_s + 0.5));
      reference(b, powers[part][0], powers[part][1], x, 10.0);
      for (uint32_t i = 0; i < 4; i++) {
        const double error = fabs(r.column[TCLAB_T1_K + i][0] - x[i]);
        if (error > greatest) greatest = error;
      }
    }
  }
  rig_close(&r);
  return greatest;
}

static void the_error_against_a_reference_is_what_the_readme_states(void **unused)
{
  (void)unused;
  double dt_s[8], bound_K[8];
  const uint32_t count = readme_bounds("tclab", dt_s, bound_K, 8);
  assert_true(count >= 3);
  for (uint32_t b = 0; b < 3; b++)
    for (uint32_t i = 0; i < count; i++) {
      const double error_K = greatest_error_K(&boards[b], dt_s[i]);
      printf("board %u, dt %g s: greatest error over ten minutes %.2e K\n", b, dt_s[i], error_K);
      assert_true(error_K < bound_K[i]);
    }
}

static void halving_the_step_divides_the_error_by_sixteen(void **unused)
{
  (void)unused;
  const double ratio = greatest_error_K(&boards[2], 2.0) / greatest_error_K(&boards[2], 1.0);
  assert_true(ratio > 14.0 && ratio < 19.0);
}

/* With equal heat in both heaters nothing flows between them: U A (T - Ta) + e s A (T^4 - Ta^4) =
 * P has one root. */
static void the_steady_state_balances_heat_in_and_out(void **unused)
{
  (void)unused;
  board b = boards[0];
  b.a2 = b.a1;
  rig r = open_board(&b);
  rig_set(&r, TCLAB_Q1_pct, 60.0);
  rig_set(&r, TCLAB_Q2_pct, 60.0);
  rig_step(&r, 1.0, 20000);
  double low = 296.15, high = 500.0;
  for (int i = 0; i < 200; i++) {
    const double T = 0.5 * (low + high);
    const double out_W =
        10.0 * 1e-3 * (T - 296.15) + 0.9 * 5.67e-8 * 1e-3 * (pow(T, 4) - pow(296.15, 4));
    if (out_W < 0.6)
      low = T;
    else
      high = T;
  }
  assert_true(fabs(r.column[TCLAB_T1_K][0] - low) < 1e-9);
  assert_true(r.column[TCLAB_T1_K][0] == r.column[TCLAB_T2_K][0]);
  rig_close(&r);
}

static void an_uneven_steady_state_balances_too(void **unused)
{
  (void)unused;
  rig r = open_board(&boards[2]);
  rig_set(&r, TCLAB_Q1_pct, 90.0);
  rig_set(&r, TCLAB_Q2_pct, 10.0);
  rig_step(&r, 1.0, 20000);
  double d[4];
  const double x[4] = {r.column[TCLAB_T1_K][0], r.column[TCLAB_T2_K][0], r.column[TCLAB_Tc1_K][0],
                       r.column[TCLAB_Tc2_K][0]};
  slope(&boards[2], 90.0, 10.0, x, d);
  for (int i = 0; i < 4; i++) assert_true(fabs(d[i]) < 1e-12);
  assert_true(x[0] > x[1] + 10.0);
  rig_close(&r);
}

/* Heaters that neither lose nor gain: Tc = T + (Tc0 - T) exp(-t / tau). With constant heat T is a
 * ramp of rate r and Tc = T - r tau (1 - exp(-t / tau)). */
static void thermistors_lag_by_their_closed_forms(void **unused)
{
  (void)unused;
  const board alone = {0.0, 0.0, 0.01, 0.0, 16.27, 296.15};
  rig r = open_board(&alone);
  rig_set(&r, TCLAB_emissivity, 0.0);
  rig_set(&r, TCLAB_Tc2_K, 330.0);
  rig_set(&r, TCLAB_Q1_pct, 100.0);
  for (int step = 1; step <= 1600; step++) {
    rig_step(&r, 0.125, 1);
    const double t = 0.125 * step, left = exp(-t / 16.27), rate = 0.01 * 100.0 / (0.004 * 500.0);
    assert_true(fabs(r.column[TCLAB_T1_K][0] - (296.15 + rate * t)) < 1e-9);
    assert_true(fabs(r.column[TCLAB_Tc1_K][0] - (296.15 + rate * t - rate * 16.27 * (1.0 - left))) <
                1e-8);
    assert_true(r.column[TCLAB_T2_K][0] == 296.15);
    assert_true(fabs(r.column[TCLAB_Tc2_K][0] - (296.15 + 33.85 * left)) < 1e-8);
  }
  rig_close(&r);
}

static void without_a_lag_thermistors_are_the_heaters(void **unused)
{
  (void)unused;
  rig r = open_board(&boards[1]);
  rig_set(&r, TCLAB_Q1_pct, 70.0);
  rig_set(&r, TCLAB_Tc1_K, 400.0);
  rig_step(&r, 1.0, 100);
  assert_true(r.column[TCLAB_Tc1_K][9] == r.column[TCLAB_T1_K][9]);
  assert_true(r.column[TCLAB_Tc2_K][9] == r.column[TCLAB_T2_K][9]);
  assert_true(r.column[TCLAB_T1_K][9] > 300.0);
  rig_close(&r);
}

/* Without a way out, m Cp (T1 + T2) grows by exactly the heat put in, however much flows between
 * the two. */
static void exchange_moves_heat_and_makes_none(void **unused)
{
  (void)unused;
  rig r = open_board(&boards[2]);
  rig_set(&r, TCLAB_area_m2, 0.0);
  rig_set(&r, TCLAB_Q1_pct, 100.0);
  rig_step(&r, 1.0, 300);
  const double stored_J =
      0.004 * 500.0 * (r.column[TCLAB_T1_K][0] + r.column[TCLAB_T2_K][0] - 2.0 * 296.15);
  assert_true(fabs(stored_J - 0.006645 * 100.0 * 300.0) < 1e-8);
  assert_true(r.column[TCLAB_T2_K][0] > 296.15 + 5.0);
  rig_close(&r);
}

static void heat_is_what_both_heaters_give(void **unused)
{
  (void)unused;
  rig r = open_board(&boards[0]);
  rig_set(&r, TCLAB_Q1_pct, 50.0);
  rig_set(&r, TCLAB_Q2_pct, 100.0);
  r.twin->output(r.column, (tl_slice){0, TL_BLOCK_ROWS});
  assert_true(r.column[TCLAB_heat_W][255] == 0.01 * 50.0 + 0.0075 * 100.0);
  rig_close(&r);
}

static void random_boards(rig *r, uint64_t seed)
{
  for (uint32_t c = 0; c < r->twin->column_count; c++)
    for (uint32_t i = 0; i < TL_BLOCK_ROWS; i++) r->column[c][i] *= rig_spread(&seed, 0.9, 1.1);
  for (uint32_t i = 0; i < TL_BLOCK_ROWS; i++) {
    r->column[TCLAB_Q1_pct][i] = rig_spread(&seed, 0.0, 100.0);
    r->column[TCLAB_tau_s][i] = i % 2 ? rig_spread(&seed, 5.0, 30.0) : 0.0;
  }
}

static rig random_block(void)
{
  rig r = rig_open(&tclab_twin);
  random_boards(&r, 11);
  return r;
}

static void every_path_and_slice_gives_the_same_bits(void **unused)
{
  (void)unused;
  assert_true(rig_same_bits(random_block, 0.5, 60, 1));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_error_against_a_reference_is_what_the_readme_states),
      cmocka_unit_test(halving_the_step_divides_the_error_by_sixteen),
      cmocka_unit_test(the_steady_state_balances_heat_in_and_out),
      cmocka_unit_test(an_uneven_steady_state_balances_too),
      cmocka_unit_test(thermistors_lag_by_their_closed_forms),
      cmocka_unit_test(without_a_lag_thermistors_are_the_heaters),
      cmocka_unit_test(exchange_moves_heat_and_makes_none),
      cmocka_unit_test(heat_is_what_both_heaters_give),
      cmocka_unit_test(every_path_and_slice_gives_the_same_bits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
