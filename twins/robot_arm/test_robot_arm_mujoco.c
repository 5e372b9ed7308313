/* The arm against MuJoCo: torques, accelerations over many steps, energy and pose of random arms with one to seven
 * joints. The numbers are tests/golden/robot_arm_mujoco.txt, made by tests/reference/robot_arm_mujoco.py. */
#include "twins/robot_arm/robot_arm.h"

#include "tests/twins/rig.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { ARMS_MAX = 16, STEPS = 200 };
#define DT_S 0.001
#define LAG_S                                                                                      \
  0.02 /* 1 / LAG_S is no power of two: acceleration = (speed - lagged) / LAG_S rounds */

typedef struct golden_arm {
  uint32_t joint_count;
  double gravity[3], tool[3], link[7][16], motion[21], torque[7];
  double inverse[7], pose[12], energy, after[14];
} golden_arm;

static uint32_t numbers(char *line, double *out, uint32_t most)
{
  uint32_t count = 0;
  for (char *end = line; count < most; line = end) {
    out[count] = strtod(line, &end);
    if (end == line) break;
    count++;
  }
  return count;
}

/* Reads the golden file; returns the number of arms, 0 when it is not what the script writes. */
static uint32_t read_golden(golden_arm *arms)
{
  FILE *file = fopen(TL_SOURCE_DIR "/tests/golden/robot_arm_mujoco.txt", "r");
  char line[4096], word[16];
  uint32_t count = 0, links = 0;
  bool ended = false;
  while (file && fgets(line, sizeof line, file)) {
    int length = 0;
    if (line[0] == '#' || sscanf(line, "%15s%n", word, &length) != 1) continue;
    if (strcmp(word, "end") == 0) ended = true;
    if (strcmp(word, "arm") == 0) {
      if (count == ARMS_MAX) break;
      arms[count++] = (golden_arm){.joint_count = (uint32_t)strtoul(line + length, NULL, 10)};
      links = 0;
      continue;
    }
    golden_arm *arm = count ? &arms[count - 1] : NULL;
    if (!arm) continue;
    if (strcmp(word, "gravity") == 0) numbers(line + length, arm->gravity, 3);
    if (strcmp(word, "tool") == 0) numbers(line + length, arm->tool, 3);
    if (strcmp(word, "link") == 0 && links < 7) numbers(line + length, arm->link[links++], 16);
    if (strcmp(word, "motion") == 0) numbers(line + length, arm->motion, 21);
    if (strcmp(word, "torque") == 0) numbers(line + length, arm->torque, 7);
    if (strcmp(word, "inverse") == 0) numbers(line + length, arm->inverse, 7);
    if (strcmp(word, "pose") == 0) numbers(line + length, arm->pose, 12);
    if (strcmp(word, "energy") == 0) numbers(line + length, &arm->energy, 1);
    if (strcmp(word, "after") == 0) numbers(line + length, arm->after, 14);
  }
  if (file) fclose(file);
  return ended ? count : 0;
}

static double *cell(rig *r, uint32_t first, uint32_t joint, uint32_t row)
{
  return &r->column[robot_arm_column(first, joint)][row];
}

static void set_links(rig *r, const golden_arm *arm, uint32_t row)
{
  static const uint32_t parameters[16] = {ROBOT_ARM_a1_m,           ROBOT_ARM_alpha1_rad,
                                          ROBOT_ARM_d1_m,           ROBOT_ARM_theta1_rad,
                                          ROBOT_ARM_mass1_kg,       ROBOT_ARM_com1_x_m,
                                          ROBOT_ARM_com1_y_m,       ROBOT_ARM_com1_z_m,
                                          ROBOT_ARM_I1_xx_kgm2,     ROBOT_ARM_I1_yy_kgm2,
                                          ROBOT_ARM_I1_zz_kgm2,     ROBOT_ARM_I1_xy_kgm2,
                                          ROBOT_ARM_I1_xz_kgm2,     ROBOT_ARM_I1_yz_kgm2,
                                          ROBOT_ARM_armature1_kgm2, ROBOT_ARM_viscous1_Nms_per_rad};
  r->column[ROBOT_ARM_joint_count][row] = arm->joint_count;
  r->column[ROBOT_ARM_differentiation_s][row] = LAG_S;
  for (uint32_t i = 0; i < 3; i++) {
    r->column[ROBOT_ARM_gravity_x_m_per_s2 + i][row] = arm->gravity[i];
    r->column[ROBOT_ARM_tool_x_m + i][row] = arm->tool[i];
  }
  for (uint32_t j = 0; j < arm->joint_count; j++)
    for (uint32_t p = 0; p < 16; p++) *cell(r, parameters[p], j, row) = arm->link[j][p];
}

/* Row i is arm i; with the motion given (mode 2), or as a state under torques (mode 0). */
static rig rig_of(const golden_arm *arms, uint32_t count, bool is_given)
{
  rig r = rig_open(&robot_arm_twin);
  for (uint32_t row = 0; row < count; row++) {
    const golden_arm *arm = &arms[row];
    const uint32_t n = arm->joint_count;
    set_links(&r, arm, row);
    r.column[ROBOT_ARM_mode][row] = is_given ? 2.0 : 0.0;
    for (uint32_t j = 0; j < n; j++) {
      const double q = arm->motion[j], speed = arm->motion[n + j], rate = arm->motion[2 * n + j];
      *cell(&r, is_given ? ROBOT_ARM_q1_command_rad : ROBOT_ARM_q1_rad, j, row) = q;
      *cell(&r, is_given ? ROBOT_ARM_dq1_command_rad_per_s : ROBOT_ARM_dq1_rad_per_s, j, row) =
          speed;
      *cell(&r, ROBOT_ARM_ref1_rad_per_s, j, row) = speed - rate * LAG_S;
      *cell(&r, ROBOT_ARM_lagged1_rad_per_s, j, row) = speed - 2.0 * rate * LAG_S;
      *cell(&r, ROBOT_ARM_tau1_command_Nm, j, row) = arm->torque[j];
    }
  }
  return r;
}

static void expect_near(double value, double expected, double scale, double bound, const char *what)
{
  if (!(fabs(value - expected) <= bound * scale))
    fail_msg("%s: %.17g, MuJoCo %.17g: off by %.3g of %.3g", what, value, expected,
             fabs(value - expected) / scale, scale);
}

static void torques_of_a_given_motion_are_mujocos(void **unused)
{
  (void)unused;
  golden_arm arms[ARMS_MAX];
  const uint32_t count = read_golden(arms);
  assert_true(count >= 10);
  rig r = rig_of(arms, count, true);
  robot_arm_twin.output(r.column, (tl_slice){0, TL_ROW_ALIGN});
  double worst = 0.0;
  for (uint32_t row = 0; row < count; row++)
    for (uint32_t j = 0; j < arms[row].joint_count; j++) {
      const double tau = *cell(&r, ROBOT_ARM_tau1_Nm, j, row), expected = arms[row].inverse[j];
      expect_near(tau, expected, fabs(expected), 1e-9, "torque");
      worst = fmax(worst, fabs(tau / expected - 1.0));
    }
  print_message("greatest relative difference of a torque: %.2g\n", worst);
  rig_close(&r);
}

static void pose_and_energy_are_mujocos(void **unused)
{
  (void)unused;
  golden_arm arms[ARMS_MAX];
  const uint32_t count = read_golden(arms);
  rig r = rig_of(arms, count, false);
  robot_arm_twin.output(r.column, (tl_slice){0, TL_ROW_ALIGN});
  for (uint32_t row = 0; row < count; row++) {
    const double *pose = arms[row].pose, *turn = pose + 3; /* row by row */
    for (uint32_t i = 0; i < 3; i++)
      expect_near(r.column[ROBOT_ARM_tcp_x_m + i][row], pose[i], 1.0, 1e-12, "tool point");
    const double roll = r.column[ROBOT_ARM_tcp_roll_rad][row];
    const double pitch = r.column[ROBOT_ARM_tcp_pitch_rad][row];
    const double yaw = r.column[ROBOT_ARM_tcp_yaw_rad][row];
    expect_near(cos(yaw) * cos(pitch), turn[0], 1.0, 1e-12, "x of the tool's x");
    expect_near(sin(yaw) * cos(pitch), turn[3], 1.0, 1e-12, "y of the tool's x");
    expect_near(-sin(pitch), turn[6], 1.0, 1e-12, "z of the tool's x");
    expect_near(cos(pitch) * sin(roll), turn[7], 1.0, 1e-12, "z of the tool's y");
    expect_near(cos(pitch) * cos(roll), turn[8], 1.0, 1e-12, "z of the tool's z");
    /* MuJoCo's kinetic energy has the rotors, as ours has */
    expect_near(r.column[ROBOT_ARM_energy_J][row], arms[row].energy, 1.0 + fabs(arms[row].energy),
                1e-11, "energy");
  }
  rig_close(&r);
}

static void two_hundred_steps_under_torque_are_mujocos_euler_steps(void **unused)
{
  (void)unused;
  golden_arm arms[ARMS_MAX];
  const uint32_t count = read_golden(arms);
  rig r = rig_of(arms, count, false);
  rig_step(&r, DT_S, STEPS);
  for (uint32_t row = 0; row < count; row++)
    for (uint32_t j = 0; j < arms[row].joint_count; j++) {
      const double *after = arms[row].after;
      const double speed = after[arms[row].joint_count + j];
      expect_near(*cell(&r, ROBOT_ARM_q1_rad, j, row), after[j], 1.0 + fabs(after[j]), 1e-8,
                  "angle");
      expect_near(*cell(&r, ROBOT_ARM_dq1_rad_per_s, j, row), speed, 1.0 + fabs(speed), 1e-8,
                  "speed");
    }
  rig_close(&r);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(torques_of_a_given_motion_are_mujocos),
      cmocka_unit_test(pose_and_energy_are_mujocos),
      cmocka_unit_test(two_hundred_steps_under_torque_are_mujocos_euler_steps),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
