/* The machine against another solver's trace, the formulas of rotor dynamics and rolling, and the
 * spectra that its spalls must show. */
#include "twins/motor_bearing/bearing.h"
#include "twins/motor_bearing/motor_bearing.h"

#include "tests/twins/readme.h"
#include "tests/twins/rig.h"

#include <complex.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define M(name) MOTOR_BEARING_##name
#define TURN (2.0 * BEARING_PI)
enum { PLACES = 9, MOMENTS = 40, ROWS = TL_ROW_ALIGN };

static void step(rig *r, double dt_s, uint32_t count)
{
  r->twin->step(r->column, (tl_slice){0, ROWS}, dt_s, count, TL_PATH_SCALAR);
}

static double output(const rig *r, uint32_t column, uint32_t row)
{
  r->twin->output(r->column, (tl_slice){0, ROWS});
  return r->column[column][row];
}

/* No torque at all: the shaft keeps its speed. */
static rig open_coasting(double shaft_Hz)
{
  rig r = rig_open(&motor_bearing_twin);
  rig_set(&r, M(viscous_Nm_s), 0.0);
  rig_set(&r, M(friction), 0.0);
  rig_set(&r, M(eccentricity_m), 0.0);
  rig_set(&r, M(speed_rad_per_s), TURN * shaft_Hz);
  return r;
}

typedef struct trace {
  double drive_Hz[MOMENTS + 1], load_Nm[MOMENTS + 1], at[MOMENTS + 1][PLACES];
} trace;

/* tests/reference/motor_bearing.py: scipy's DOP853, passages found as events. */
static void read_trace(trace *t)
{
  FILE *file = fopen(TL_SOURCE_DIR "/twins/motor_bearing/reference.csv", "r");
  assert_non_null(file);
  char line[512];
  assert_non_null(fgets(line, sizeof line, file));
  for (int row = 0; row <= MOMENTS; row++) {
    assert_non_null(fgets(line, sizeof line, file));
    char *at = line;
    assert_true(fabs(strtod(at, &at) - row / 40.0) < 0.0051);
    t->drive_Hz[row] = strtod(at + 1, &at);
    t->load_Nm[row] = strtod(at + 1, &at);
    for (int k = 0; k < PLACES; k++) t->at[row][k] = strtod(at + 1, &at);
  }
  fclose(file);
}

static rig open_reference(void)
{
  rig r = rig_open(&motor_bearing_twin);
  rig_set(&r, M(eccentricity_m), 5e-5);
  rig_set(&r, M(contact_rad), 0.2);
  rig_set(&r, M(cage_slip), 0.01);
  rig_set(&r, M(load_zone), 0.45);
  rig_set(&r, M(spall_at_rad), 0.5);
  rig_set(&r, M(outer_spall_m), 4e-4);
  rig_set(&r, M(inner_spall_m), 3e-4);
  rig_set(&r, M(ball_spall_m), 2e-4);
  rig_set(&r, M(cage_crack_m), 1e-4);
  return r;
}

/* Differences of rotor angle (turns), speed, feet, ring and temperature rise, each as a part of its
 * greatest value in the trace; of angles as a part of a turn. */
static double greatest_error(const trace *t, double dt_s)
{
  static const uint32_t column[PLACES] = {
      M(rotor_turns), M(speed_rad_per_s),  M(horizontal_m), M(horizontal_m_per_s),
      M(vertical_m),  M(vertical_m_per_s), M(ring_m),       M(ring_m_per_s),
      M(bearing_K)};
  rig r = open_reference();
  double scale[PLACES] = {0.0}, error[PLACES] = {0.0}, greatest = 0.0;
  for (int row = 0; row < MOMENTS; row++) {
    rig_set(&r, M(drive_Hz), t->drive_Hz[row]);
    rig_set(&r, M(load_Nm), t->load_Nm[row]);
    step(&r, dt_s, (uint32_t)(0.025 / dt_s + 0.5));
    for (int k = 0; k < PLACES; k++) {
      double apart = r.column[column[k]][0] - t->at[row + 1][k];
      if (k == 0) apart -= round(apart);
      error[k] = fmax(error[k], fabs(apart));
      scale[k] = fmax(scale[k], fabs(t->at[row + 1][k] - (k == 8 ? 293.15 : 0.0)));
    }
  }
  scale[0] = 1.0;
  for (int k = 0; k < PLACES; k++) {
    printf("  %s %.2e", r.twin->columns[column[k]].name, error[k] / scale[k]);
    greatest = fmax(greatest, error[k] / scale[k]);
  }
  printf("\n");
  rig_close(&r);
  return greatest;
}

static void a_run_up_with_every_spall_agrees_with_another_solver_as_the_readme_states(void **unused)
{
  (void)unused;
  static trace t;
  read_trace(&t);
  double dt_s[8], bound[8];
  const uint32_t count = readme_bounds("motor_bearing", dt_s, bound, 8);
  assert_true(count >= 3);
  for (uint32_t i = 0; i < count; i++) {
    const double error = greatest_error(&t, dt_s[i]);
    printf("dt %g s: greatest error over the run-up %.2e\n", dt_s[i], error);
    assert_true(error < bound[i]);
  }
}

/* SKF 6205-2RS and 6203-2RS as the Case Western Reserve University Bearing Data Center prints them:
 * multiples of the shaft's speed; its "rolling element" is the two strikes of a turn of a ball. */
static void published_bearings_have_their_published_frequencies(void **unused)
{
  (void)unused;
  const struct {
    double balls, ball_in, pitch_in, inner, outer, cage, twice_ball;
  } published[] = {{9, 0.3126, 1.537, 5.4152, 3.5848, 0.39828, 4.7135},
                   {8, 0.2656, 1.122, 4.9469, 3.0530, 0.3817, 3.9874}};
  for (int k = 0; k < 2; k++) {
    rig r = open_coasting(1.0);
    rig_set(&r, M(balls), published[k].balls);
    rig_set(&r, M(ball_m), published[k].ball_in * 0.0254);
    rig_set(&r, M(pitch_m), published[k].pitch_in * 0.0254);
    assert_true(fabs(output(&r, M(inner_Hz), 0) - published[k].inner) < 6e-4);
    assert_true(fabs(output(&r, M(outer_Hz), 0) - published[k].outer) < 6e-4);
    assert_true(fabs(output(&r, M(cage_Hz), 0) - published[k].cage) < 6e-4);
    assert_true(fabs(2.0 * output(&r, M(ball_Hz), 0) - published[k].twice_ball) < 6e-4);
    rig_close(&r);
  }
  const bearing_shape tilted = {12, 0.01, 0.05, 0.6, 0.02};
  const bearing_ratios ratio =
      bearing_ratios_of(&tilted); /* whatever the slip: all balls, one turn */
  assert_true(fabs(ratio.inner + ratio.outer - 12.0) < 1e-12);
}

/* Jeffcott: amplitude (m e / M) r^2 / sqrt((1 - r^2)^2 + (2 z r)^2), lag atan2(2 z r, 1 - r^2). */
static void imbalance_moves_the_machine_as_jeffcotts_rotor(void **unused)
{
  (void)unused;
  const double ratio[ROWS] = {0.2,    0.4,  0.6,  0.8, 0.9, 0.95, 0.99, 1.0,
                              1.0025, 1.01, 1.05, 1.2, 1.5, 2.0,  3.0,  5.0};
  const double e = 1e-4 * 5.0 / 20.0, z = 0.05, natural = TURN * 18.0;
  rig r = open_coasting(1.0);
  rig_set(&r, M(eccentricity_m), 1e-4);
  for (int i = 0; i < ROWS; i++) r.column[M(speed_rad_per_s)][i] = ratio[i] * natural;
  step(&r, 1e-4, 50000); /* e^-28 is left of the start */
  for (int i = 0; i < ROWS; i++) {
    const double x = r.column[M(horizontal_m)][i], u = ratio[i], w = u * natural;
    const double v = r.column[M(horizontal_m_per_s)][i] / w;
    const double exact = e * u * u / hypot(1.0 - u * u, 2.0 * z * u);
    assert_true(fabs(hypot(x, v) - exact) < 2e-6 * exact);
    const double lag = TURN * r.column[M(rotor_turns)][i] - atan2(-v, x);
    const double apart = (lag - atan2(2.0 * z * u, 1.0 - u * u)) / TURN;
    assert_true(fabs(apart - round(apart)) < 1e-6);
  }
  rig_close(&r);
}

/* The worst that the ranges allow: 170 turns a second, feet of 200 Hz, steps of 0.5 ms. */
static void the_largest_step_holds_at_the_fastest_speed_and_the_stiffest_feet(void **unused)
{
  (void)unused;
  rig r = open_coasting(170.0);
  rig_set(&r, M(eccentricity_m), 1e-4);
  for (int i = 0; i < ROWS; i++) r.column[M(horizontal_Hz)][i] = 50.0 + 10.0 * i;
  step(&r, 5e-4, 4000);
  double worst = 0.0;
  for (int i = 0; i < ROWS; i++) {
    const double u = 170.0 / r.column[M(horizontal_Hz)][i], w = TURN * 170.0;
    const double seen = hypot(r.column[M(horizontal_m)][i], r.column[M(horizontal_m_per_s)][i] / w);
    const double exact = 1e-4 * 5.0 / 20.0 * u * u / hypot(1.0 - u * u, 2.0 * 0.05 * u);
    worst = fmax(worst, fabs(seen - exact) / exact);
  }
  printf("amplitude at 170 Hz, dt 5e-4 s: %.1e\n", worst);
  assert_true(worst < 0.01); /* README.md */
  rig_close(&r);
}

/* The critical speed: amplitude is greatest at 1 / sqrt(1 - 2 z^2) of the natural frequency, and
 * there it is (m e / M) / (2 z sqrt(1 - z^2)); upwards as well, at that axis' own frequency. */
static void the_critical_speed_is_where_amplitude_is_greatest(void **unused)
{
  (void)unused;
  const double z = 0.05, critical = TURN * 24.0 / sqrt(1.0 - 2.0 * z * z);
  rig r = open_coasting(1.0);
  rig_set(&r, M(eccentricity_m), 1e-4);
  for (int i = 0; i < ROWS; i++)
    r.column[M(speed_rad_per_s)][i] = critical * (1.0 + 0.01 * (i - 7));
  step(&r, 1e-4, 50000);
  double amplitude[ROWS];
  for (int i = 0; i < ROWS; i++)
    amplitude[i] = hypot(r.column[M(vertical_m)][i],
                         r.column[M(vertical_m_per_s)][i] / r.column[M(speed_rad_per_s)][i]);
  for (int i = 0; i < ROWS; i++) assert_true(i == 7 || amplitude[i] < amplitude[7]);
  const double exact = 1e-4 * 5.0 / 20.0 / (2.0 * z * sqrt(1.0 - z * z));
  assert_true(fabs(amplitude[7] - exact) < 2e-6 * exact);
  rig_close(&r);
}

/* Strikes at equal times T leave, after the n-th, a geometric series: (dv / w_d) sum e^(s k T). */
static ring_state after_train(double jump, double period_s, double past_s, int count)
{
  const ringing g = ringing_of(3000.0, 0.03);
  const double complex s = -g.rate_per_s + I * g.damped_rad_per_s;
  const double complex q = cexp(s * period_s);
  const double complex z =
      jump / g.damped_rad_per_s * cexp(s * past_s) * (1.0 - cpow(q, count)) / (1.0 - q);
  return (ring_state){cimag(z), cimag(s * z)};
}

static void strikes_ring_as_a_train_of_impulses_at_every_step(void **unused)
{
  (void)unused;
  const double dt_s[] = {5e-4, 1.3e-4, 2e-5}, shaft_Hz = 29.95, w = TURN * shaft_Hz;
  const double g = 0.00794 / 0.03904, rolling = w * 0.03904 * (1.0 - g * g) / 4.0;
  const double jump =
      0.02 / 2.0 * 2.0 * 5e-4 / 0.00794 * rolling; /* effective mass, 2 d/D, speed */
  for (int k = 0; k < 3; k++) {
    rig r = open_coasting(shaft_Hz);
    rig_set(&r, M(outer_spall_m), 5e-4);
    const uint32_t count = (uint32_t)(0.3 / dt_s[k]);
    const double period_s = 1.0 / output(&r, M(outer_Hz), 0), time_s = count * dt_s[k];
    const int struck = (int)(time_s / period_s);
    step(&r, dt_s[k], count);
    const ring_state exact = after_train(jump, period_s, time_s - struck * period_s, struck);
    assert_true(fabs(r.column[M(ring_m)][0] - exact.m) < 1e-9 * jump / (TURN * 3000.0));
    assert_true(fabs(r.column[M(ring_m_per_s)][0] - exact.m_per_s) < 1e-9 * jump);
    rig_close(&r);
  }
}

/* One line of the spectrum of the squared acceleration (its envelope), by a Goertzel-like sum. */
enum { SAMPLES = 40000 };
static double line_at(const double *sample, double frequency_Hz, double dt_s)
{
  const double complex turn = cexp(-I * TURN * frequency_Hz * dt_s);
  double complex sum = 0.0, z = 1.0;
  for (int k = 0; k < SAMPLES; k++, z *= turn) {
    const double hann = 0.5 - 0.5 * cos(TURN * k / SAMPLES);
    sum += hann * sample[k] * z;
  }
  return cabs(sum) / SAMPLES;
}

static double highest_line_Hz(const double *sample, double from_Hz, double to_Hz, double dt_s)
{
  double highest = 0.0, at_Hz = 0.0;
  for (double f = from_Hz; f <= to_Hz; f += 0.5) {
    const double line = line_at(sample, f, dt_s);
    if (line > highest) {
      highest = line;
      at_Hz = f;
    }
  }
  return at_Hz;
}

enum { ROW_OUTER = 0, ROW_INNER, ROW_BALL, ROW_CAGE, SPALLED };
static void record(double sample[SPALLED][SAMPLES], double shaft_Hz, double dt_s)
{
  rig r = open_coasting(shaft_Hz);
  for (uint32_t kind = 0; kind < SPALLED; kind++) r.column[M(outer_spall_m) + kind][kind] = 5e-4;
  for (int k = 0; k < SAMPLES; k++) {
    step(&r, dt_s, 1);
    output(&r, M(acceleration_m_per_s2), 0);
    for (int row = 0; row < SPALLED; row++) {
      const double a = r.column[M(acceleration_m_per_s2)][row];
      sample[row][k] = a * a;
    }
  }
  for (int row = 0; row < SPALLED; row++) {
    double mean = 0.0;
    for (int k = 0; k < SAMPLES; k++) mean += sample[row][k] / SAMPLES;
    for (int k = 0; k < SAMPLES; k++) sample[row][k] -= mean;
  }
  rig_close(&r);
}

static void every_spall_shows_its_line_in_the_envelope(void **unused)
{
  (void)unused;
  static double sample[SPALLED][SAMPLES];
  const double dt_s = 5e-5, shaft_Hz = 29.95; /* 1797 rpm: the unloaded test stand */
  record(sample, shaft_Hz, dt_s);
  const double outer_Hz = 3.5848 * shaft_Hz, inner_Hz = 5.4152 * shaft_Hz;
  const double ball_Hz = 4.7135 * shaft_Hz, cage_Hz = 0.39828 * shaft_Hz;
  assert_true(fabs(highest_line_Hz(sample[ROW_OUTER], 5.0, 300.0, dt_s) - outer_Hz) < 0.6);
  assert_true(fabs(highest_line_Hz(sample[ROW_INNER], 100.0, 300.0, dt_s) - inner_Hz) < 0.6);
  assert_true(fabs(highest_line_Hz(sample[ROW_BALL], 100.0, 250.0, dt_s) - ball_Hz) < 0.6);
  assert_true(fabs(highest_line_Hz(sample[ROW_CAGE], 5.0, 20.0, dt_s) - cage_Hz) < 0.6);

  /* The load zone: an inner spall's line has neighbours a shaft's turn apart, a ball's a cage's. */
  const double inner = line_at(sample[ROW_INNER], inner_Hz, dt_s);
  const double ball = line_at(sample[ROW_BALL], ball_Hz, dt_s);
  const double outer = line_at(sample[ROW_OUTER], outer_Hz, dt_s);
  for (int side = -1; side <= 1; side += 2) {
    assert_true(line_at(sample[ROW_INNER], inner_Hz + side * shaft_Hz, dt_s) > 0.3 * inner);
    assert_true(line_at(sample[ROW_BALL], ball_Hz + side * cage_Hz, dt_s) > 0.3 * ball);
    assert_true(line_at(sample[ROW_OUTER], outer_Hz + side * shaft_Hz, dt_s) < 0.01 * outer);
  }
}

static void the_load_zone_is_stribecks(void **unused)
{
  (void)unused;
  assert_true(bearing_load_ratio(0.0, 0.5) == 1.0);
  assert_true(bearing_load_ratio(1.58, 0.5) == 0.0 && bearing_load_ratio(-1.58, 0.5) == 0.0);
  assert_true(fabs(bearing_load_ratio(1.0, 0.5) - pow(cos(1.0), 1.5)) < 1e-14);
  assert_true(fabs(bearing_load_ratio(BEARING_PI, 2.0) - pow(0.5, 1.5)) < 1e-14); /* preloaded */
}

static void the_motor_settles_where_its_torque_meets_the_load(void **unused)
{
  (void)unused;
  rig r = rig_open(&motor_bearing_twin);
  rig_set(&r, M(drive_Hz), 50.0);
  rig_set(&r, M(viscous_Nm_s), 0.0);
  rig_set(&r, M(friction), 0.0);
  step(&r, 5e-4, 4000); /* it starts without the load: at rest it gives less than 4 N m */
  for (int i = 0; i < ROWS; i++) r.column[M(load_Nm)][i] = i; /* below the breakdown of 20 N m */
  step(&r, 5e-4, 10000);
  for (int i = 0; i < ROWS; i++) {
    const double w = r.column[M(speed_rad_per_s)][i], load = i * w / hypot(w, 5.0);
    const double exact =
        i == 0 ? 0.0 : 30.0 * (20.0 - sqrt(400.0 - load * load)) / load; /* Kloss */
    assert_true(fabs(TURN * 50.0 - w - exact) < 1e-6);
    assert_true(fabs(output(&r, M(motor_Nm), (uint32_t)i) - load) < 1e-6);
  }
  rig_set(&r, M(speed_rad_per_s), TURN * 50.0 - 30.0); /* breakdown */
  assert_true(fabs(output(&r, M(motor_Nm), 0) - 20.0) < 1e-12);
  rig_close(&r);
}

static void without_drive_it_coasts_and_never_turns_back(void **unused)
{
  (void)unused;
  rig r = rig_open(&motor_bearing_twin);
  rig_set(&r, M(friction), 0.0);
  rig_set(&r, M(speed_rad_per_s), 300.0);
  step(&r, 5e-4, 4000);
  assert_true(fabs(r.column[M(speed_rad_per_s)][0] - 300.0 * exp(-0.001 / 0.01 * 2.0)) < 1e-9);
  rig_set(&r, M(load_Nm), 10.0);
  step(&r, 5e-4, 10000);
  const double w = r.column[M(speed_rad_per_s)][0];
  assert_true(w >= 0.0 && w < 1e-6);
  rig_close(&r);
}

static void friction_warms_the_bearing_to_where_the_room_takes_it(void **unused)
{
  (void)unused;
  rig r = open_coasting(50.0);
  rig_set(&r, M(friction), 0.0015);
  rig_set(&r, M(inertia_kg_m2), 1e4); /* keeps its speed */
  rig_set(&r, M(heat_J_per_K), 10.0);
  const double w = TURN * 50.0; /* 0.5 mu P d, SKF */
  const double heat_W = 0.5 * 0.0015 * 5.0 * 9.80665 * 0.025 * w * w / hypot(w, 5.0);
  assert_true(fabs(output(&r, M(friction_W), 0) - heat_W) < 1e-9);
  step(&r, 5e-4, 40000);
  const double rise = heat_W / 0.2 * (1.0 - exp(-20.0 * 0.2 / 10.0));
  assert_true(fabs(r.column[M(bearing_K)][0] - 293.15 - rise) < 1e-6);
  rig_close(&r);
}

/* A sine has crest sqrt(2) and kurtosis 3/2; a spall's strikes are sharp, and sharper when rare. */
static void features_tell_a_sine_from_strikes(void **unused)
{
  (void)unused;
  rig r = open_coasting(50.0);
  rig_set(&r, M(eccentricity_m), 1e-4);
  rig_set(&r, M(window_s), 2.0);
  rig_set(&r, M(feet_damping), 0.3);
  r.column[M(outer_spall_m)][1] = 1e-3;
  r.column[M(cage_crack_m)][2] = 1e-3;
  r.column[M(eccentricity_m)][1] = r.column[M(eccentricity_m)][2] = 0.0;
  step(&r, 5e-5, 400000);
  const double u = 50.0 / 24.0, z = 0.3, w = TURN * 50.0;
  const double amplitude = 1e-4 * 5.0 / 20.0 * u * u / hypot(1.0 - u * u, 2.0 * z * u) * w * w;
  assert_true(fabs(output(&r, M(rms_m_per_s2), 0) - amplitude / sqrt(2.0)) < 5e-3 * amplitude);
  assert_true(fabs(r.column[M(kurtosis)][0] - 1.5) < 0.01);
  assert_true(fabs(r.column[M(crest)][0] - sqrt(2.0)) < 0.02);
  const double decays = TURN * 3000.0 * 0.03 / output(&r, M(cage_Hz), 2); /* between two strikes */
  assert_true(fabs(r.column[M(kurtosis)][2] - 1.5 * decays) < 0.05 * 1.5 * decays);
  assert_true(r.column[M(kurtosis)][1] > 4.0);
  assert_true(r.column[M(kurtosis)][2] > 2.0 * r.column[M(kurtosis)][1]);
  assert_true(r.column[M(rms_m_per_s2)][1] > 1.0 && r.column[M(crest)][1] > 3.0);
  rig_close(&r);
}

static void at_rest_nothing_strikes_and_features_are_zero(void **unused)
{
  (void)unused;
  rig r = open_reference();
  step(&r, 5e-4, 1000);
  assert_true(r.column[M(ring_m)][0] == 0.0 && r.column[M(vertical_m)][0] == 0.0);
  for (uint32_t c = 0; c < MOTOR_BEARING_COUNT; c++) assert_true(isfinite(output(&r, c, 0)));
  assert_true(r.column[M(kurtosis)][0] == 0.0 && r.column[M(crest)][0] == 0.0);
  rig_close(&r);
}

/* Absurd numbers end: a speed without bounds may not keep the strikes' loop for ever. */
static void a_step_ends_whatever_the_numbers(void **unused)
{
  (void)unused;
  const double absurd[] = {1e300, INFINITY, NAN, -1e9};
  for (int k = 0; k < 4; k++) {
    rig r = open_reference();
    rig_set(&r, M(speed_rad_per_s), absurd[k]);
    rig_set(&r, M(ball_m), 0.5); /* larger than its pitch circle */
    step(&r, 5e-4, 3);
    rig_close(&r);
  }
}

static void random_machines(rig *r, uint64_t seed)
{
  for (uint32_t c = M(pole_pairs); c < r->twin->column_count; c++)
    for (uint32_t i = 0; i < TL_BLOCK_ROWS; i++)
      r->column[c][i] = r->column[c][i] * rig_spread(&seed, 0.9, 1.1);
  for (uint32_t i = 0; i < TL_BLOCK_ROWS; i++)
    for (uint32_t kind = 0; kind < SPALLED; kind++)
      r->column[M(outer_spall_m) + kind][i] = rig_spread(&seed, 0.0, 1e-3);
  rig_set(r, M(drive_Hz), 45.0);
}

static rig random_block(void)
{
  rig r = rig_open(&motor_bearing_twin);
  random_machines(&r, 11);
  return r;
}

static void every_path_slice_and_grouping_of_steps_gives_the_same_bits(void **unused)
{
  (void)unused;
  assert_true(rig_same_bits(random_block, 2e-4, 200, 3));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_run_up_with_every_spall_agrees_with_another_solver_as_the_readme_states),
      cmocka_unit_test(published_bearings_have_their_published_frequencies),
      cmocka_unit_test(imbalance_moves_the_machine_as_jeffcotts_rotor),
      cmocka_unit_test(the_largest_step_holds_at_the_fastest_speed_and_the_stiffest_feet),
      cmocka_unit_test(the_critical_speed_is_where_amplitude_is_greatest),
      cmocka_unit_test(strikes_ring_as_a_train_of_impulses_at_every_step),
      cmocka_unit_test(every_spall_shows_its_line_in_the_envelope),
      cmocka_unit_test(the_load_zone_is_stribecks),
      cmocka_unit_test(the_motor_settles_where_its_torque_meets_the_load),
      cmocka_unit_test(without_drive_it_coasts_and_never_turns_back),
      cmocka_unit_test(friction_warms_the_bearing_to_where_the_room_takes_it),
      cmocka_unit_test(features_tell_a_sine_from_strikes),
      cmocka_unit_test(at_rest_nothing_strikes_and_features_are_zero),
      cmocka_unit_test(a_step_ends_whatever_the_numbers),
      cmocka_unit_test(every_path_slice_and_grouping_of_steps_gives_the_same_bits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
