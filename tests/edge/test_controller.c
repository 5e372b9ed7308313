/* Controllers: hysteresis against its band, PID against closed forms of a first-order plant,
 * wind-up against none. */
#include "edge/controller.h"

#include "tests/edge/paths.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = 16 };

static void hysteresis_switches_outside_its_band_and_remembers_inside(void **unused)
{
  (void)unused;
  double command[ROWS] = {0}, measured[ROWS], setpoint[ROWS], band[ROWS];
  for (uint32_t i = 0; i < ROWS; i++) {
    setpoint[i] = 310.0;
    band[i] = 0.5;
  }
  static const double walk[] = {310.0, 309.5, 309.4, 309.8, 310.5, 310.6, 310.2, 309.5, 309.0};
  static const double expected[] = {-1, -1, 3,  3, 3,
                                    -1, -1, -1, 3}; /* at the band's edge nothing happens */
  for (uint32_t i = 0; i < ROWS; i++) command[i] = -1.0;
  for (uint32_t k = 0; k < sizeof walk / sizeof walk[0]; k++) {
    for (uint32_t i = 0; i < ROWS; i++) measured[i] = walk[k];
    const tl_hysteresis_rows rows = {command, measured, setpoint, band};
    tl_hysteresis_run(TL_PATH_SCALAR, &rows, ROWS, -1.0, 3.0);
    for (uint32_t i = 0; i < ROWS; i++) assert_true(command[i] == expected[k]);
  }
}

static void hysteresis_gives_the_same_bits_on_every_path(void **unused)
{
  (void)unused;
  tl_simd_path paths[TL_PATH_COUNT];
  const uint32_t path_count = paths_here(paths);
  double command[TL_PATH_COUNT][64] = {{0}}, measured[64], setpoint[64], band[64];
  uint64_t state = 3;
  for (int tick = 0; tick < 200; tick++) {
    for (uint32_t i = 0; i < 64; i++) {
      measured[i] = 309.0 + 2.0 * spread(&state);
      setpoint[i] = 309.5 + spread(&state);
      band[i] = spread(&state) * 0.5;
    }
    for (uint32_t p = 0; p < path_count; p++) {
      const tl_hysteresis_rows rows = {command[p], measured, setpoint, band};
      tl_hysteresis_run(paths[p], &rows, 64, 0.0, 1.0);
      assert_memory_equal(command[p], command[0], sizeof command[0]);
    }
  }
}

/* dx/dt = (gain u - x) / tau, u held over dt: x' = a x + b u exactly, a = exp(-dt/tau), b = gain
 * (1 - a). */
typedef struct loop {
  double a, b, x, setpoint;
  double command[ROWS], integral[ROWS], last[ROWS], started[ROWS], measured[ROWS], target[ROWS],
      kp[ROWS], ki[ROWS], kd[ROWS];
} loop;

static loop open_loop(double gain, double tau_s, double dt_s, double setpoint, double kp, double ki,
                      double kd)
{
  loop l;
  memset(&l, 0, sizeof l);
  l.a = exp(-dt_s / tau_s);
  l.b = gain * (1.0 - l.a);
  l.setpoint = setpoint;
  for (uint32_t i = 0; i < ROWS; i++) {
    l.kp[i] = kp;
    l.ki[i] = ki;
    l.kd[i] = kd;
  }
  return l;
}

static double control(loop *l, double low, double high, double dt_s)
{
  for (uint32_t i = 0; i < ROWS; i++) {
    l->measured[i] = l->x;
    l->target[i] = l->setpoint;
  }
  const tl_pid_rows rows = {l->command, l->integral, l->last, l->started, l->measured,
                            l->target,  l->kp,       l->ki,   l->kd};
  tl_pid_run(&rows, ROWS, low, high, dt_s);
  for (uint32_t i = 1; i < ROWS; i++) assert_true(l->command[i] == l->command[0]);
  return l->command[0];
}

static void proportional_control_follows_its_geometric_series(void **unused)
{
  (void)unused;
  const double gain = 2.0, tau_s = 50.0, dt_s = 1.0, setpoint = 10.0, kp = 3.0;
  loop l = open_loop(gain, tau_s, dt_s, setpoint, kp, 0.0, 0.0);
  const double rate = l.a - l.b * kp,
               rest = gain * kp * setpoint / (1.0 + gain * kp); /* the droop of a P controller */
  for (int n = 0; n < 400; n++) {
    assert_true(fabs(l.x - rest * (1.0 - pow(rate, n))) < 1e-12 * setpoint);
    l.x = l.a * l.x + l.b * control(&l, -1e6, 1e6, dt_s);
  }
  assert_true(fabs(l.x - 60.0 / 7.0) < 1e-9);
}

/* y = x - setpoint and J = I - setpoint / gain obey (y, J)' = M (y, J), M = [a - b kp - b ki dt,
 * b; -ki dt, 1]. */
static void proportional_integral_control_follows_its_two_modes(void **unused)
{
  (void)unused;
  const double gain = 2.0, tau_s = 50.0, dt_s = 1.0, setpoint = 10.0, kp = 3.0, ki = 0.02;
  loop l = open_loop(gain, tau_s, dt_s, setpoint, kp, ki, 0.0);
  const double m00 = l.a - l.b * kp - l.b * ki * dt_s, m01 = l.b, m10 = -ki * dt_s, m11 = 1.0;
  const double trace = m00 + m11, det = m00 * m11 - m01 * m10,
               root = sqrt(trace * trace / 4.0 - det);
  const double fast = trace / 2.0 - root, slow = trace / 2.0 + root;
  assert_true(trace * trace / 4.0 > det && fast > 0.0 && slow < 1.0);
  const double y0 = -setpoint, y1 = m00 * y0 + m01 * (-setpoint / gain);
  const double of_fast = (y1 - slow * y0) / (fast - slow), of_slow = y0 - of_fast;
  for (int n = 0; n < 3000; n++) {
    const double expected = setpoint + of_fast * pow(fast, n) + of_slow * pow(slow, n);
    assert_true(fabs(l.x - expected) < 1e-11 * setpoint);
    l.x = l.a * l.x + l.b * control(&l, -1e6, 1e6, dt_s);
  }
  assert_true(fabs(l.x - setpoint) < 1e-5); /* no droop left */
}

static void the_derivative_brakes_a_moving_measurement_and_no_set_point_kicks_it(void **unused)
{
  (void)unused;
  loop l = open_loop(1.0, 10.0, 2.0, 5.0, 0.0, 0.0, 4.0);
  l.x = 1.0;
  assert_true(control(&l, -100, 100, 2.0) ==
              0.0); /* first sample: no slope yet, whatever `last` holds */
  l.x = 2.0;
  assert_true(control(&l, -100, 100, 2.0) == -2.0); /* -kd (2 - 1) / 2 */
  l.setpoint = 50.0;
  assert_true(control(&l, -100, 100, 2.0) == 0.0);
  l.x = 0.0;
  assert_true(control(&l, -100, 100, 2.0) == 4.0);
}

static void a_command_stays_within_the_actuators_range(void **unused)
{
  (void)unused;
  loop l = open_loop(1.0, 10.0, 1.0, 1000.0, 1.0, 0.1, 0.0);
  assert_true(control(&l, 0.0, 1.0, 1.0) == 1.0);
  l.setpoint = -1000.0;
  assert_true(control(&l, 0.0, 1.0, 1.0) == 0.0);
}

static double overshoot(int naive)
{
  const double dt_s = 1.0, kp = 0.5, ki = 0.05, setpoint = 8.0;
  loop l = open_loop(10.0, 60.0, dt_s, setpoint, kp, ki, 0.0);
  double integral = 0.0, peak = 0.0;
  for (int n = 0; n < 2000; n++) {
    double command = 0.0;
    if (naive) { /* the same law, whose integral goes on while the command is at its limit */
      integral += ki * (setpoint - l.x) * dt_s;
      command = kp * (setpoint - l.x) + integral;
      command = command < 0.0 ? 0.0 : command > 1.0 ? 1.0 : command;
    } else {
      command = control(&l, 0.0, 1.0, dt_s);
    }
    l.x = l.a * l.x + l.b * command;
    if (l.x > peak) peak = l.x;
  }
  assert_true(fabs(l.x - setpoint) < 1e-6);
  return peak - setpoint;
}

static void the_integral_does_not_wind_up_while_the_command_is_saturated(void **unused)
{
  (void)unused;
  const double with = overshoot(0), without = overshoot(1);
  printf("overshoot: %.4f with anti-windup, %.4f with a naive integral\n", with, without);
  assert_true(without > 1.0); /* the case does wind up */
  assert_true(with < 0.25 * without);
}

static void a_saturated_integral_still_unwinds(void **unused)
{
  (void)unused;
  loop l = open_loop(1.0, 10.0, 1.0, 0.0, 0.0, 0.5, 0.0);
  for (uint32_t i = 0; i < ROWS; i++)
    l.integral[i] = 3.0; /* beyond the range, e.g. after its parameters changed */
  l.x = 1.0;
  assert_true(control(&l, 0.0, 1.0, 1.0) == 1.0);
  assert_true(l.integral[0] == 2.5);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(hysteresis_switches_outside_its_band_and_remembers_inside),
      cmocka_unit_test(hysteresis_gives_the_same_bits_on_every_path),
      cmocka_unit_test(proportional_control_follows_its_geometric_series),
      cmocka_unit_test(proportional_integral_control_follows_its_two_modes),
      cmocka_unit_test(the_derivative_brakes_a_moving_measurement_and_no_set_point_kicks_it),
      cmocka_unit_test(a_command_stays_within_the_actuators_range),
      cmocka_unit_test(the_integral_does_not_wind_up_while_the_command_is_saturated),
      cmocka_unit_test(a_saturated_integral_still_unwinds),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
