/* The arm against closed forms, and what it keeps: energy, limits, lanes, bits. */
#include "twins/robot_arm/robot_arm.h"

#include "tests/twins/readme.h"
#include "tests/twins/rig.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define PI 3.14159265358979323846
static const tl_slice one_group = {0, TL_ROW_ALIGN};

static void set_joint(rig *r, uint32_t first, uint32_t joint, double value)
{
  rig_set(r, robot_arm_column(first, joint), value);
}

static double get(const rig *r, uint32_t first, uint32_t joint)
{
  return r->column[robot_arm_column(first, joint)][0];
}

/* Planar pendulum of `count` equal links of the default table, swinging about horizontal axes; angle 0 hangs down.
 * The base frame is turned so that joint 1's z is horizontal and gravity goes along its x. */
static rig pendulum(uint32_t count)
{
  rig r = rig_open(&robot_arm_twin);
  rig_set(&r, ROBOT_ARM_joint_count, count);
  rig_set(&r, ROBOT_ARM_gravity_z_m_per_s2, 0.0);
  rig_set(&r, ROBOT_ARM_gravity_x_m_per_s2, 9.81);
  set_joint(&r, ROBOT_ARM_a1_m, 0, 0.0);
  return r;
}

static void a_pendulum_has_its_elliptic_period(void **unused)
{
  (void)unused;
  const double start = 2.0, inertia = 0.0075 + 1.0 * 0.15 * 0.15, torque = 1.0 * 9.81 * 0.15;
  double a = 1.0, g = cos(0.5 * start); /* period = 2 pi sqrt(I / m g l) / agm(1, cos(start / 2)) */
  for (int i = 0; i < 20; i++) {
    const double mean = 0.5 * (a + g);
    g = sqrt(a * g);
    a = mean;
  }
  const double period_s = 2.0 * PI * sqrt(inertia / torque) / a, dt_s = period_s / 20000.0;
  rig r = pendulum(1);
  rig_set(&r, ROBOT_ARM_q1_rad, start);
  rig_step(&r, dt_s, 10000);
  assert_true(fabs(get(&r, ROBOT_ARM_q1_rad, 0) + start) < 1e-3); /* the other side */
  rig_step(&r, dt_s, 10000);
  assert_true(fabs(get(&r, ROBOT_ARM_q1_rad, 0) - start) < 1e-3);
  rig_close(&r);
}

/* Accelerations of the double pendulum of two default links, from Lagrange's equations. */
static void lagrange(double out[2], const double q[2], const double w[2])
{
  const double m = 1.0, l = 0.3, c = 0.15, inertia = 0.0075, g = 9.81;
  const double c2 = cos(q[1]), s2 = sin(q[1]), both = m * l * c;
  const double a = inertia + m * c * c + inertia + m * (l * l + c * c + 2.0 * l * c * c2);
  const double b = inertia + m * c * c + both * c2, d = inertia + m * c * c;
  const double hang2 = m * g * c * sin(q[0] + q[1]), hang1 = m * g * (c + l) * sin(q[0]) + hang2;
  const double r1 = both * s2 * (2.0 * w[0] * w[1] + w[1] * w[1]) - hang1;
  const double r2 = -both * s2 * w[0] * w[0] - hang2;
  out[0] = (d * r1 - b * r2) / (a * d - b * b);
  out[1] = (a * r2 - b * r1) / (a * d - b * b);
}

static void double_pendulum_reference(double state[4], double time_s, int steps)
{
  const double h = time_s / steps;
  for (int step = 0; step < steps; step++) {
    double k[4][4], at[4];
    for (int stage = 0; stage < 4; stage++) {
      const double reach = stage == 0 ? 0.0 : stage == 3 ? h : 0.5 * h;
      for (int i = 0; i < 4; i++) at[i] = state[i] + (stage ? reach * k[stage - 1][i] : 0.0);
      k[stage][0] = at[2];
      k[stage][1] = at[3];
      lagrange(&k[stage][2], at, at + 2);
    }
    for (int i = 0; i < 4; i++)
      state[i] += h / 6.0 * (k[0][i] + 2.0 * (k[1][i] + k[2][i]) + k[3][i]);
  }
}

static void a_double_pendulum_accelerates_as_lagrange_says(void **unused)
{
  (void)unused;
  uint64_t seed = 7;
  for (int trial = 0; trial < 50; trial++) {
    const double q[2] = {rig_spread(&seed, -3.0, 3.0), rig_spread(&seed, -3.0, 3.0)};
    const double w[2] = {rig_spread(&seed, -5.0, 5.0), rig_spread(&seed, -5.0, 5.0)};
    double expected[2];
    lagrange(expected, q, w);
    rig r = pendulum(2);
    for (uint32_t j = 0; j < 2; j++) {
      set_joint(&r, ROBOT_ARM_q1_rad, j, q[j]);
      set_joint(&r, ROBOT_ARM_dq1_rad_per_s, j, w[j]);
    }
    rig_step(&r, 1.0 / 1024.0,
             1); /* one step of a power of two: the acceleration comes out whole */
    for (uint32_t j = 0; j < 2; j++) {
      const double rate = (get(&r, ROBOT_ARM_dq1_rad_per_s, j) - w[j]) * 1024.0;
      assert_true(fabs(rate - expected[j]) < 1e-9 * (1.0 + fabs(expected[j])));
    }
    rig_close(&r);
  }
}

/* The README's table of errors: angles of the double pendulum after a second. */
static void the_error_is_what_the_readme_says(void **unused)
{
  (void)unused;
  double dt_s[8], bound[8];
  const uint32_t count = readme_bounds("robot_arm", dt_s, bound, 8);
  assert_true(count >= 3);
  double expected[4] = {1.0, 0.5, 0.0, 0.0};
  double_pendulum_reference(expected, 1.0, 20000);
  for (uint32_t i = 0; i < count; i++) {
    rig r = pendulum(2);
    rig_set(&r, ROBOT_ARM_q1_rad, 1.0);
    rig_set(&r, ROBOT_ARM_q2_rad, 0.5);
    rig_step(&r, dt_s[i], (uint32_t)(1.0 / dt_s[i] + 0.5));
    double worst = 0.0;
    for (uint32_t j = 0; j < 2; j++)
      worst = fmax(worst, fabs(get(&r, ROBOT_ARM_q1_rad, j) - expected[j]));
    print_message("dt %g s: %.3g rad\n", dt_s[i], worst);
    assert_true(worst < bound[i] && worst > bound[i] / 20.0); /* a bound that says something */
    rig_close(&r);
  }
}

static void energy_stays_without_friction(void **unused)
{
  (void)unused;
  rig r = pendulum(3);
  rig_set(&r, ROBOT_ARM_q1_rad, 1.2);
  rig_set(&r, ROBOT_ARM_q2_rad, -0.4);
  rig_set(&r, ROBOT_ARM_dq3_rad_per_s, 3.0);
  robot_arm_twin.output(r.column, one_group);
  const double start_J = r.column[ROBOT_ARM_energy_J][0];
  double worst_J = 0.0;
  for (int part = 0; part < 100; part++) {
    rig_step(&r, 1e-4, 1000);
    robot_arm_twin.output(r.column, one_group);
    worst_J = fmax(worst_J, fabs(r.column[ROBOT_ARM_energy_J][0] - start_J));
  }
  print_message("greatest change of %.3g J in 10 s of 0.1 ms: %.3g J\n", start_J, worst_J);
  assert_true(worst_J < 0.1);
  rig_close(&r);
}

static void speed_decays_with_viscous_friction_and_stops_with_coulombs(void **unused)
{
  (void)unused;
  const double inertia = 0.0075 + 0.15 * 0.15, dt_s = 1e-3;
  rig r = rig_open(&robot_arm_twin); /* vertical axes: gravity does nothing */
  rig_set(&r, ROBOT_ARM_joint_count, 1.0);
  rig_set(&r, ROBOT_ARM_dq1_rad_per_s, 2.0);
  rig_set(&r, ROBOT_ARM_viscous1_Nms_per_rad, 0.1);
  rig_step(&r, dt_s, 300);
  const double implicit = 2.0 * pow(1.0 + dt_s * 0.1 / inertia, -300.0);
  assert_true(fabs(get(&r, ROBOT_ARM_dq1_rad_per_s, 0) - implicit) < 1e-12);
  assert_true(fabs(implicit - 2.0 * exp(-0.1 / inertia * 0.3)) < 2e-3);

  rig_set(&r, ROBOT_ARM_viscous1_Nms_per_rad, 0.0);
  rig_set(&r, ROBOT_ARM_coulomb1_Nm, 0.06); /* 2 rad/s2 */
  rig_set(&r, ROBOT_ARM_slip1_rad_per_s, 1e-3);
  rig_set(&r, ROBOT_ARM_dq1_rad_per_s, 2.0);
  rig_set(&r, ROBOT_ARM_q1_rad, 0.0);
  rig_step(&r, dt_s, 1500);
  assert_true(fabs(get(&r, ROBOT_ARM_dq1_rad_per_s, 0)) < 1e-6);
  assert_true(fabs(get(&r, ROBOT_ARM_q1_rad, 0) - 1.0) < 3e-3); /* v^2 / (2 a) */
  rig_step(&r, dt_s, 1500);
  assert_true(fabs(get(&r, ROBOT_ARM_q1_rad, 0) - 1.0) < 3e-3);
  rig_close(&r);
}

/* Torques that inverse dynamics asks for give, in a forward step, the acceleration they were asked for. */
static void forward_undoes_inverse_on_seven_joints(void **unused)
{
  (void)unused;
  uint64_t seed = 11;
  rig r = rig_open(&robot_arm_twin);
  rig_set(&r, ROBOT_ARM_joint_count, 7.0);
  rig_set(&r, ROBOT_ARM_mode, 2.0);
  rig_set(&r, ROBOT_ARM_differentiation_s, 0.25);
  double q[7], speed[7], rate[7];
  for (uint32_t j = 0; j < 7; j++) {
    q[j] = rig_spread(&seed, -3.0, 3.0), speed[j] = rig_spread(&seed, -2.0, 2.0);
    rate[j] = rig_spread(&seed, -4.0, 4.0);
    set_joint(&r, ROBOT_ARM_alpha1_rad, j, rig_spread(&seed, -2.0, 2.0));
    set_joint(&r, ROBOT_ARM_d1_m, j, rig_spread(&seed, -0.2, 0.2));
    set_joint(&r, ROBOT_ARM_coulomb1_Nm, j, 0.3);
    set_joint(&r, ROBOT_ARM_bias1_Nm, j, 0.1);
    set_joint(&r, ROBOT_ARM_armature1_kgm2, j, 0.05);
    set_joint(&r, ROBOT_ARM_q1_command_rad, j, q[j]);
    set_joint(&r, ROBOT_ARM_dq1_command_rad_per_s, j, speed[j]);
    set_joint(&r, ROBOT_ARM_ref1_rad_per_s, j, speed[j] - 0.25 * rate[j]);
    set_joint(&r, ROBOT_ARM_lagged1_rad_per_s, j, speed[j] - 0.5 * rate[j]);
  }
  robot_arm_twin.output(r.column, one_group);
  rig_set(&r, ROBOT_ARM_mode, 0.0);
  for (uint32_t j = 0; j < 7; j++) {
    set_joint(&r, ROBOT_ARM_q1_rad, j, q[j]);
    set_joint(&r, ROBOT_ARM_dq1_rad_per_s, j, speed[j]);
    set_joint(&r, ROBOT_ARM_tau1_command_Nm, j, get(&r, ROBOT_ARM_tau1_Nm, j));
  }
  rig_step(&r, 0x1p-30, 1);
  for (uint32_t j = 0; j < 7; j++)
    assert_true(fabs((get(&r, ROBOT_ARM_dq1_rad_per_s, j) - speed[j]) * 0x1p30 - rate[j]) < 1e-4);
  rig_close(&r);
}

static void a_given_motion_is_differentiated_without_delay(void **unused)
{
  (void)unused;
  const double inertia = 0.0075 + 0.15 * 0.15;
  rig r = rig_open(&robot_arm_twin);
  rig_set(&r, ROBOT_ARM_joint_count, 1.0);
  rig_set(&r, ROBOT_ARM_mode, 2.0);
  for (int step = 0; step <= 2000; step++) { /* speed t^2, acceleration 2 t */
    const double at_s = 0.001 * step;
    rig_set(&r, ROBOT_ARM_dq1_command_rad_per_s, at_s * at_s);
    robot_arm_twin.output(r.column, one_group);
    if (step < 2000) rig_step(&r, 0.001, 1);
  }
  /* one lag alone would be late by 2 T = 0.16 rad/s2; what is left are inputs held for 1 ms */
  assert_true(fabs(get(&r, ROBOT_ARM_tau1_Nm, 0) / inertia - 4.0) < 0.02 + 0.05);
  rig_set(&r, ROBOT_ARM_differentiation_s, 0.0); /* without a lag: no acceleration */
  robot_arm_twin.output(r.column, one_group);
  assert_true(get(&r, ROBOT_ARM_tau1_Nm, 0) == 0.0);
  rig_step(&r, 0.001, 1);
  assert_true(fabs(get(&r, ROBOT_ARM_dq1_rad_per_s, 0) - 4.0) < 1e-12);
  rig_close(&r);
}

static void two_lags_of_a_held_speed_are_exact(void **unused)
{
  (void)unused;
  rig r = rig_open(&robot_arm_twin);
  rig_set(&r, ROBOT_ARM_mode, 2.0);
  rig_set(&r, ROBOT_ARM_dq1_command_rad_per_s, 1.0);
  rig_step(&r, 0.02, 5); /* 0.1 s behind a step: 1 - e, 1 - (1 + t / T) e */
  const double e = exp(-0.1 / 0.08);
  assert_true(fabs(get(&r, ROBOT_ARM_ref1_rad_per_s, 0) - (1.0 - e)) < 1e-14);
  assert_true(fabs(get(&r, ROBOT_ARM_lagged1_rad_per_s, 0) - (1.0 - (1.0 + 0.1 / 0.08) * e)) <
              1e-14);
  rig_close(&r);
}

static void a_servo_keeps_its_limits_and_arrives(void **unused)
{
  (void)unused;
  rig r = pendulum(2);
  rig_set(&r, ROBOT_ARM_mode, 1.0);
  for (uint32_t j = 0; j < 2; j++) {
    set_joint(&r, ROBOT_ARM_q1_command_rad, j, j ? -1.5 : 1.0);
    set_joint(&r, ROBOT_ARM_kp1_Nm_per_rad, j, 1e5);
    set_joint(&r, ROBOT_ARM_kd1_Nms_per_rad, j, 1e3);
  }
  double last[2] = {0.0, 0.0};
  for (int step = 0; step < 2000; step++) {
    rig_step(&r, 0.001, 1);
    for (uint32_t j = 0; j < 2; j++) {
      const double speed = get(&r, ROBOT_ARM_ref1_rad_per_s, j);
      assert_true(fabs(speed) <= 2.0 + 1e-12);
      assert_true(fabs(speed - last[j]) <= 0.01 + 1e-12);
      assert_true(fabs(get(&r, ROBOT_ARM_ref1_rad, j)) <=
                  (j ? 1.5 : 1.0) + 1e-9); /* no overshoot */
      last[j] = speed;
    }
  }
  assert_true(fabs(get(&r, ROBOT_ARM_ref1_rad, 0) - 1.0) < 1e-6);
  assert_true(fabs(get(&r, ROBOT_ARM_q1_rad, 0) - 1.0) < 1e-4);
  assert_true(fabs(get(&r, ROBOT_ARM_q1_rad, 1) + 1.5) < 1e-4);
  /* a drive too weak for gravity hangs at its limit, where the links hang down */
  rig_set(&r, ROBOT_ARM_tau1_max_Nm, 0.5);
  rig_set(&r, ROBOT_ARM_viscous1_Nms_per_rad, 0.5);
  rig_step(&r, 0.001, 10000);
  robot_arm_twin.output(r.column, one_group);
  assert_true(get(&r, ROBOT_ARM_tau1_Nm, 0) == 0.5 && get(&r, ROBOT_ARM_q1_rad, 0) < 0.5);
  rig_close(&r);
}

static void a_stiff_servo_is_stable_at_the_largest_step(void **unused)
{
  (void)unused;
  rig r = pendulum(2);
  rig_set(&r, ROBOT_ARM_mode, 1.0);
  for (uint32_t j = 0; j < 2; j++) {
    set_joint(&r, ROBOT_ARM_kp1_Nm_per_rad, j, 1e6);
    set_joint(&r, ROBOT_ARM_kd1_Nms_per_rad, j, 1e4);
    set_joint(&r, ROBOT_ARM_tau1_max_Nm, j, 1e6);
    set_joint(&r, ROBOT_ARM_q1_command_rad, j, 0.7);
  }
  rig_step(&r, robot_arm_twin.dt_s_max, 200);
  for (uint32_t j = 0; j < 2; j++) assert_true(fabs(get(&r, ROBOT_ARM_q1_rad, j) - 0.7) < 1e-5);
  rig_close(&r);
}

static void a_payload_is_a_point_mass_at_the_tool(void **unused)
{
  (void)unused;
  rig r = pendulum(2), heavy = pendulum(2);
  rig_set(&r, ROBOT_ARM_payload_kg, 2.0);
  /* by hand: mass 3, centre at (1 * 0.15 + 2 * 0.3) / 3 = 0.25, inertia about it 0.0075 + 1 * 0.1^2 + 2 * 0.05^2 */
  rig_set(&heavy, ROBOT_ARM_mass2_kg, 3.0);
  rig_set(&heavy, ROBOT_ARM_com2_x_m, 0.25);
  rig_set(&heavy, ROBOT_ARM_I2_yy_kgm2, 0.0225);
  rig_set(&heavy, ROBOT_ARM_I2_zz_kgm2, 0.0225);
  rig *rigs[2] = {&r, &heavy};
  for (int i = 0; i < 2; i++) {
    rig_set(rigs[i], ROBOT_ARM_q1_rad, 1.0);
    rig_set(rigs[i], ROBOT_ARM_dq2_rad_per_s, 1.0);
    rig_step(rigs[i], 0.001, 500);
    robot_arm_twin.output(rigs[i]->column, one_group);
  }
  for (uint32_t j = 0; j < 2; j++)
    assert_true(fabs(get(&r, ROBOT_ARM_q1_rad, j) - get(&heavy, ROBOT_ARM_q1_rad, j)) < 1e-10);
  assert_true(fabs(r.column[ROBOT_ARM_energy_J][0] - heavy.column[ROBOT_ARM_energy_J][0]) < 1e-9);
  rig_close(&r);
  rig_close(&heavy);
}

static bool joints_are_finite(const rig *r, uint32_t row, uint32_t count)
{
  for (uint32_t j = 0; j < count; j++) {
    const double q = r->column[robot_arm_column(ROBOT_ARM_q1_rad, j)][row];
    if (!(q - q == 0.0)) return false;
  }
  return true;
}

static void what_has_no_answer_is_not_a_number_and_stays_in_its_lane(void **unused)
{
  (void)unused;
  rig r = pendulum(2), sound = pendulum(2);
  rig_set(&r, ROBOT_ARM_q1_rad, 1.0);
  rig_set(&sound, ROBOT_ARM_q1_rad, 1.0);
  r.column[ROBOT_ARM_q1_rad][1] = NAN;               /* an angle unknown */
  r.column[ROBOT_ARM_tau1_command_Nm][2] = INFINITY; /* is held by the drive's limit */
  for (uint32_t j = 0; j < 2; j++) {                 /* massless: no inertia to turn */
    r.column[robot_arm_column(ROBOT_ARM_mass1_kg, j)][3] = 0.0;
    r.column[robot_arm_column(ROBOT_ARM_I1_zz_kgm2, j)][3] = 0.0;
  }
  r.column[ROBOT_ARM_I2_zz_kgm2][4] = -1.0; /* a body that cannot be */
  for (int path = 0; path < TL_PATH_COUNT; path++) {
    if (!tl_cpu_has_path((tl_simd_path)path)) continue;
    robot_arm_twin.step(r.column, one_group, 0.001, 3, (tl_simd_path)path);
    robot_arm_twin.step(sound.column, one_group, 0.001, 3, (tl_simd_path)path);
    assert_false(joints_are_finite(&r, 1, 1));
    assert_true(joints_are_finite(&r, 2, 2));
    assert_false(joints_are_finite(&r, 3, 1));
    assert_false(joints_are_finite(&r, 4, 2));
    for (uint32_t row = 0; row < TL_ROW_ALIGN; row += row ? 1 : 5)
      assert_true(r.column[ROBOT_ARM_q1_rad][row] == sound.column[ROBOT_ARM_q1_rad][row]);
  }
  robot_arm_twin.output(r.column, one_group);
  assert_true(isnan(r.column[ROBOT_ARM_tcp_x_m][1]) && !isnan(r.column[ROBOT_ARM_tcp_x_m][0]));
  rig_close(&r);
  rig_close(&sound);
}

/* Arms of every length and mode in one block, everything drawn. */
static rig mixed_block(void)
{
  uint64_t seed = 3;
  rig r = rig_open(&robot_arm_twin);
  for (uint32_t row = 0; row < TL_BLOCK_ROWS; row++) {
    r.column[ROBOT_ARM_joint_count][row] = 1.0 + (row * 5 + row / 16) % 7;
    r.column[ROBOT_ARM_mode][row] = row / 32 % 4 == 3 ? 2.0 : row % 3;
    for (uint32_t j = 0; j < 7; j++) {
      for (uint32_t c = ROBOT_ARM_q1_rad; c <= ROBOT_ARM_tau1_command_Nm; c++)
        r.column[robot_arm_column(c, j)][row] = rig_spread(&seed, -3.0, 3.0);
      for (uint32_t c = ROBOT_ARM_a1_m; c <= ROBOT_ARM_theta1_rad; c++)
        r.column[robot_arm_column(c, j)][row] = rig_spread(&seed, -0.5, 0.5);
      r.column[robot_arm_column(ROBOT_ARM_coulomb1_Nm, j)][row] = rig_spread(&seed, 0.0, 1.0);
      r.column[robot_arm_column(ROBOT_ARM_viscous1_Nms_per_rad, j)][row] =
          rig_spread(&seed, 0.1, 1.0);
    }
  }
  return r;
}

static void every_path_gives_the_same_bits(void **unused)
{
  (void)unused;
  rig expected = mixed_block();
  rig_step(&expected, 0.001, 100);
  for (uint32_t row = 0; row < TL_BLOCK_ROWS; row++)
    assert_true(joints_are_finite(&expected, row, 7));
  for (int path = 0; path < TL_PATH_COUNT; path++) {
    if (!tl_cpu_has_path((tl_simd_path)path)) continue;
    rig r = mixed_block();
    robot_arm_twin.step(r.column, (tl_slice){0, TL_BLOCK_ROWS}, 0.001, 100, (tl_simd_path)path);
    assert_memory_equal(r.memory, expected.memory, rig_bytes(&r));
    rig_close(&r);
  }
  rig_close(&expected);
}

/* Pinned: what every compiler, processor and level of optimisation must give. */
static void the_bits_are_pinned(void **unused)
{
  (void)unused;
  rig r = mixed_block();
  robot_arm_twin.step(r.column, (tl_slice){0, TL_BLOCK_ROWS}, 0.001, 100, tl_cpu_best_path());
  robot_arm_twin.output(r.column, (tl_slice){0, TL_BLOCK_ROWS});
  const unsigned char *bytes = (const unsigned char *)r.memory;
  uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */
  for (size_t i = 0; i < rig_bytes(&r); i++) hash = (hash ^ bytes[i]) * UINT64_C(1099511628211);
  if (hash != UINT64_C(0xf1f13ee028418682)) fail_msg("0x%016llx", (unsigned long long)hash);
  rig_close(&r);
}

static void an_arm_does_not_see_its_neighbours(void **unused)
{
  (void)unused;
  rig mixed = mixed_block();
  for (uint32_t row = 0; row < 40; row++) {
    rig alone = mixed_block();
    for (uint32_t c = 0; c < ROBOT_ARM_COUNT; c++) rig_set(&alone, c, mixed.column[c][row]);
    robot_arm_twin.step(alone.column, one_group, 0.001, 20, tl_cpu_best_path());
    robot_arm_twin.output(alone.column, one_group);
    rig together = mixed_block();
    rig_step(&together, 0.001, 20);
    robot_arm_twin.output(together.column, (tl_slice){0, 48});
    for (uint32_t c = 0; c < ROBOT_ARM_COUNT; c++)
      assert_true(alone.column[c][0] == together.column[c][row]); /* a zero's sign may differ */
    rig_close(&alone);
    rig_close(&together);
  }
  rig_close(&mixed);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_pendulum_has_its_elliptic_period),
      cmocka_unit_test(a_double_pendulum_accelerates_as_lagrange_says),
      cmocka_unit_test(the_error_is_what_the_readme_says),
      cmocka_unit_test(energy_stays_without_friction),
      cmocka_unit_test(speed_decays_with_viscous_friction_and_stops_with_coulombs),
      cmocka_unit_test(forward_undoes_inverse_on_seven_joints),
      cmocka_unit_test(a_given_motion_is_differentiated_without_delay),
      cmocka_unit_test(two_lags_of_a_held_speed_are_exact),
      cmocka_unit_test(a_servo_keeps_its_limits_and_arrives),
      cmocka_unit_test(a_stiff_servo_is_stable_at_the_largest_step),
      cmocka_unit_test(a_payload_is_a_point_mass_at_the_tool),
      cmocka_unit_test(what_has_no_answer_is_not_a_number_and_stays_in_its_lane),
      cmocka_unit_test(every_path_gives_the_same_bits),
      cmocka_unit_test(the_bits_are_pinned),
      cmocka_unit_test(an_arm_does_not_see_its_neighbours),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
