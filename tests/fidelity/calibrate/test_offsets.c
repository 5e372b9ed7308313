/* Joint offsets of an arm, planted and found again from where its tool was: pose accuracy (ISO 9283) falls to the noise
 * of the measurement, repeatability stays what it was. */
#include "fidelity/calibrate/calibrate.h"
#include "fidelity/iso9283.h"
#include "tests/twins/rig.h"
#include "twins/robot_arm/robot_arm.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { JOINTS = 6, POSES = 60, CYCLES = 30, OFFSETS = 5, BLOCK = TL_ROW_ALIGN };
#define NOISE_M 5e-5
/* Of joints 2 to 6: that of joint 1 turns the whole arm and is the base's. */
static const double planted_rad[OFFSETS] = {0.012, -0.02, 0.015, 0.008, -0.01};

typedef struct bench {
  int64_t stamps_ns[POSES];
  double command[JOINTS][POSES], value[3][POSES], fraction[POSES];
  uint32_t stamp[POSES];
  uint8_t part[POSES];
  double base[ROBOT_ARM_COUNT];
  tl_calibrate_input inputs[JOINTS];
  tl_calibrate_channel channels[3];
  tl_calibrate_run run;
  tl_calibrate_free free[OFFSETS];
  tl_calibrate_target targets[OFFSETS];
  tl_calibrate_problem problem;
} bench;

/* An arm of six joints with crossed axes, its motion given. */
static rig nominal_arm(void)
{
  static const double a[JOINTS] = {0, 0, 0, 0.0825, -0.0825, 0.088},
                      d[JOINTS] = {0.333, 0, 0.316, 0, 0.384, 0.1};
  static const double quarter[JOINTS] = {0, -1, 1, 1, -1, 1};
  rig r = rig_open(&robot_arm_twin);
  rig_set(&r, ROBOT_ARM_joint_count, JOINTS);
  rig_set(&r, ROBOT_ARM_mode, 2.0);
  rig_set(&r, ROBOT_ARM_tool_x_m, 0.12);
  rig_set(&r, ROBOT_ARM_tool_z_m, 0.08);
  for (uint32_t j = 0; j < JOINTS; j++) {
    rig_set(&r, robot_arm_column(ROBOT_ARM_a1_m, j), a[j]);
    rig_set(&r, robot_arm_column(ROBOT_ARM_d1_m, j), d[j]);
    rig_set(&r, robot_arm_column(ROBOT_ARM_alpha1_rad, j), quarter[j] * 1.57079632679489662);
  }
  return r;
}

static void set_offsets(rig *r, const double *offset_rad)
{
  for (uint32_t i = 0; i < OFFSETS; i++)
    rig_set(r, robot_arm_column(ROBOT_ARM_theta1_rad, i + 1), offset_rad[i]);
}

static tl_pose pose_at(rig *r, const double *q_rad)
{
  for (uint32_t j = 0; j < JOINTS; j++)
    rig_set(r, robot_arm_column(ROBOT_ARM_q1_command_rad, j), q_rad[j]);
  robot_arm_twin.output(r->column, (tl_slice){0, BLOCK});
  tl_pose out;
  for (uint32_t i = 0; i < 3; i++) {
    out.xyz_m[i] = r->column[ROBOT_ARM_tcp_x_m + i][0];
    out.rpy_rad[i] = r->column[ROBOT_ARM_tcp_roll_rad + i][0];
  }
  return out;
}

static double noise(uint64_t *seed) /* nearly normal: twelve uniform ones */
{
  double sum = -6.0;
  for (int i = 0; i < 12; i++) sum += rig_spread(seed, 0.0, 1.0);
  return NOISE_M * sum;
}

/* Sixty poses of the arm with the planted offsets, measured with noise. */
static bench *measured_arm(uint64_t seed)
{
  bench *b = calloc(1, sizeof *b);
  rig r = nominal_arm();
  for (uint32_t c = 0; c < ROBOT_ARM_COUNT; c++) b->base[c] = r.column[c][0];
  set_offsets(&r, planted_rad);
  for (uint32_t k = 0; k < POSES; k++) {
    double q[JOINTS];
    b->stamps_ns[k] = (int64_t)k * 50000000;
    b->stamp[k] = k;
    b->part[k] = TL_SAMPLE_TRAIN;
    for (uint32_t j = 0; j < JOINTS; j++) b->command[j][k] = q[j] = rig_spread(&seed, -1.5, 1.5);
    const tl_pose pose = pose_at(&r, q);
    for (uint32_t i = 0; i < 3; i++) b->value[i][k] = pose.xyz_m[i] + noise(&seed);
  }
  rig_close(&r);
  for (uint32_t j = 0; j < JOINTS; j++)
    b->inputs[j] =
        (tl_calibrate_input){robot_arm_column(ROBOT_ARM_q1_command_rad, j), b->command[j]};
  for (uint32_t i = 0; i < 3; i++)
    b->channels[i] =
        (tl_calibrate_channel){.name = robot_arm_twin.columns[ROBOT_ARM_tcp_x_m + i].name,
                               .unit = "m",
                               .per_unit = 1.0,
                               .column = ROBOT_ARM_tcp_x_m + i,
                               .weight = 1.0,
                               .count = POSES,
                               .stamp = b->stamp,
                               .fraction = b->fraction,
                               .value = b->value[i],
                               .part = b->part};
  b->run = (tl_calibrate_run){.name = "arm",
                              .twin = &robot_arm_twin,
                              .dt_ns = 50000000,
                              .stamp_count = POSES,
                              .stamps_ns = b->stamps_ns,
                              .input_count = JOINTS,
                              .inputs = b->inputs,
                              .base = b->base,
                              .channel_count = 3,
                              .channels = b->channels};
  for (uint32_t i = 0; i < OFFSETS; i++) {
    const uint32_t column = robot_arm_column(ROBOT_ARM_theta1_rad, i + 1);
    b->targets[i] = (tl_calibrate_target){0, column};
    b->free[i] = (tl_calibrate_free){.name = robot_arm_twin.columns[column].name,
                                     .unit = "rad",
                                     .low = -0.2,
                                     .high = 0.2,
                                     .target_count = 1,
                                     .targets = &b->targets[i]};
  }
  b->problem = (tl_calibrate_problem){
      .run_count = 1, .free_count = OFFSETS, .runs = &b->run, .free = b->free};
  return b;
}

/* Thirty visits to one pose that none of the sixty is: the controller's model has `believed_rad`, the arm the planted
 * offsets. The joints go where the model says that the command is, so the command is the model's pose. */
static tl_iso9283 visits(const double *believed_rad)
{
  static const double q[JOINTS] = {0.3, 0.4, -0.2, -1.1, 0.5, 0.9};
  uint64_t seed = 77;
  tl_pose attained[CYCLES];
  rig model = nominal_arm(), arm = nominal_arm();
  set_offsets(&model, believed_rad);
  set_offsets(&arm, planted_rad);
  const tl_pose command = pose_at(&model, q), there = pose_at(&arm, q);
  for (uint32_t k = 0; k < CYCLES; k++) {
    attained[k] = there;
    for (uint32_t i = 0; i < 3; i++) attained[k].xyz_m[i] += noise(&seed);
  }
  tl_iso9283 out;
  tl_error err;
  if (tl_iso9283_measure(&out, attained, CYCLES, &command, NULL, &err) != TL_OK)
    fail_msg("%s", err.text);
  rig_close(&model);
  rig_close(&arm);
  return out;
}

static void planted_offsets_are_found_and_accuracy_falls_to_the_noise(void **unused)
{
  (void)unused;
  bench *b = measured_arm(5);
  tl_calibrate_options options = tl_calibrate_options_default();
  options.starts = 1;
  tl_calibration out;
  tl_error err;
  if (tl_calibrate(&out, &b->problem, &options, &err) != TL_OK) fail_msg("%s", err.text);
  double found_rad[OFFSETS];
  const double nothing_rad[OFFSETS] = {0.0};
  for (uint32_t i = 0; i < OFFSETS; i++) {
    found_rad[i] = out.values[i].value;
    assert_true(fabs(found_rad[i] - planted_rad[i]) < 4.0 * out.values[i].deviation);
    assert_true(out.values[i].deviation < 5e-4);
  }
  const tl_iso9283 before = visits(nothing_rad), after = visits(found_rad);
  print_message("AP %.3f -> %.3f mm, RP %.3f -> %.3f mm\n", 1e3 * before.AP_m, 1e3 * after.AP_m,
                1e3 * before.RP_m, 1e3 * after.RP_m);
  assert_true(before.AP_m > 5e-3);
  assert_true(after.AP_m < 1e-4);
  assert_true(fabs(after.RP_m - before.RP_m) <
              1e-12); /* no model makes a mechanism repeat better */
  for (uint32_t i = 0; i < 3; i++) assert_true(fabs(after.AP_rpy_rad[i]) < 2e-3);
  tl_calibration_free(&out);
  free(b);
}

/* Inverse of a symmetric positive matrix by Gauss and Jordan. */
static void invert(double m[OFFSETS][OFFSETS])
{
  for (int p = 0; p < OFFSETS; p++) {
    const double pivot = m[p][p];
    m[p][p] = 1.0;
    for (int c = 0; c < OFFSETS; c++) m[p][c] /= pivot;
    for (int r = 0; r < OFFSETS; r++) {
      if (r == p) continue;
      const double factor = m[r][p];
      m[r][p] = 0.0;
      for (int c = 0; c < OFFSETS; c++) m[r][c] -= factor * m[p][c];
    }
  }
}

/* sigma^2 (J'J)^-1 of these sixty poses, J by differences of the arm's own kinematics. */
static void theory(double covariance[OFFSETS][OFFSETS], const bench *b)
{
  double jacobian[3 * POSES][OFFSETS];
  rig r = nominal_arm();
  for (int i = 0; i < OFFSETS; i++)
    for (int k = 0; k < POSES; k++) {
      double q[JOINTS], offset[OFFSETS];
      for (int j = 0; j < JOINTS; j++) q[j] = b->command[j][k];
      for (int o = 0; o < OFFSETS; o++) offset[o] = planted_rad[o] + (o == i ? 1e-6 : 0.0);
      set_offsets(&r, offset);
      const tl_pose up = pose_at(&r, q);
      offset[i] -= 2e-6;
      set_offsets(&r, offset);
      const tl_pose down = pose_at(&r, q);
      for (int axis = 0; axis < 3; axis++)
        jacobian[3 * k + axis][i] = (up.xyz_m[axis] - down.xyz_m[axis]) / 2e-6;
    }
  rig_close(&r);
  for (int i = 0; i < OFFSETS; i++)
    for (int j = 0; j < OFFSETS; j++) {
      covariance[i][j] = 0.0;
      for (int k = 0; k < 3 * POSES; k++)
        covariance[i][j] += jacobian[k][i] * jacobian[k][j] / (NOISE_M * NOISE_M);
    }
  invert(covariance);
}

static void the_covariance_is_that_of_theory_and_intervals_cover(void **unused)
{
  (void)unused;
  enum { REPETITIONS = 100 };
  double scaled_sum = 0.0;
  int covered = 0;
  for (int repetition = 0; repetition < REPETITIONS; repetition++) {
    bench *b = measured_arm(100 + (uint64_t)repetition);
    double expected[OFFSETS][OFFSETS];
    theory(expected, b);
    tl_calibrate_options options = tl_calibrate_options_default();
    options.starts = 1;
    tl_calibration out;
    tl_error err;
    if (tl_calibrate(&out, &b->problem, &options, &err) != TL_OK) fail_msg("%s", err.text);
    for (int i = 0; i < OFFSETS; i++) {
      scaled_sum += out.values[i].deviation / sqrt(expected[i][i]);
      covered += out.values[i].low <= planted_rad[i] && planted_rad[i] <= out.values[i].high;
    }
    tl_calibration_free(&out);
    free(b);
  }
  const double scale = scaled_sum / (REPETITIONS * OFFSETS);
  print_message("deviation %.3f of theory's, %d of %d intervals of 95 %% cover\n", scale, covered,
                REPETITIONS * OFFSETS);
  assert_true(scale > 0.95 && scale < 1.15);
  assert_true(covered >= 460 && covered <= 490); /* 92 to 98 % */
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_covariance_is_that_of_theory_and_intervals_cover),
      cmocka_unit_test(planted_offsets_are_found_and_accuracy_falls_to_the_noise),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
