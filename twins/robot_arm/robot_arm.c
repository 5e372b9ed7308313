/* robot_arm.c: a serial arm of up to seven turning joints; equations, sources and errors are in README.md beside this file. */
#include "twins/robot_arm/robot_arm.h"

#include "base/dmath.h"
#include "base/simd.h"

#include <assert.h>

static const tl_column columns[] = {
#define COL(name, role, type, unit, initial, low, high, resolution, meaning)                       \
  {#name, role, type, unit, initial, low, high, resolution, meaning},
#include "twins/robot_arm/columns.def"
#undef COL
};

_Static_assert(ROBOT_ARM_lagged1_rad_per_s == ROBOT_ARM_q1_rad + 4,
               "a joint's states stand together");

/* The equations, for two, four and eight arms at once. Types of one name differ in width: each
 * inclusion has its own. */
#define V_TARGET
#define V_LANES 2
#define V_NAME(name) name##_2
#define v_double v_double_2
#define v_mask v_mask_2
#define v_body v_body_2
#define v_three v_three_2
#define v_chain v_chain_2
#define v_arm v_arm_2
#include "twins/robot_arm/chain_lanes.inc"
#include "twins/robot_arm/arm_lanes.inc"

#if TL_HAVE_X86
#define V_TARGET TL_TARGET_AVX2
#define V_LANES 4
#define V_NAME(name) name##_4
#define v_double v_double_4
#define v_mask v_mask_4
#define v_body v_body_4
#define v_three v_three_4
#define v_chain v_chain_4
#define v_arm v_arm_4
#include "twins/robot_arm/chain_lanes.inc"
#include "twins/robot_arm/arm_lanes.inc"

#define V_TARGET TL_TARGET_VNNI
#define V_LANES 8
#define V_NAME(name) name##_8
#define v_double v_double_8
#define v_mask v_mask_8
#define v_body v_body_8
#define v_three v_three_8
#define v_chain v_chain_8
#define v_arm v_arm_8
#include "twins/robot_arm/chain_lanes.inc"
#include "twins/robot_arm/arm_lanes.inc"
#endif

typedef void step_rows(double *const *column, uint32_t row, uint32_t joint_count, double dt_s,
                       uint32_t step_count);
typedef void output_rows(double *const *column, uint32_t row, uint32_t joint_count);

typedef struct arm_path {
  step_rows *step;
  output_rows *output;
  uint32_t lanes;
} arm_path;

static arm_path path_of(tl_simd_path path)
{
#if TL_HAVE_X86
  if (path == TL_PATH_VNNI) return (arm_path){step_rows_8, output_rows_8, 8};
  if (path == TL_PATH_AVX2) return (arm_path){step_rows_4, output_rows_4, 4};
#endif
  (void)path;
  return (arm_path){step_rows_2, output_rows_2, 2};
}

/* The longest chain among TL_ROW_ALIGN rows. Of rows, not lanes: the work, and with it the signs of
 * zeros, must not depend on the path. */
static uint32_t joints_of(const double *joint_count)
{
  uint32_t most = 1;
  for (uint32_t i = 0; i < TL_ROW_ALIGN; i++)
    while (most < ROBOT_ARM_JOINTS_MAX && joint_count[i] > (double)most) most++;
  return most;
}

static void robot_arm_step(double *const *column, tl_slice rows, double dt_s, uint32_t step_count,
                           tl_simd_path path)
{
  assert(rows.begin <= rows.end && rows.begin % TL_ROW_ALIGN == 0);
  assert(dt_s > 0.0 && step_count > 0);
  const arm_path p = path_of(path);
  for (uint32_t begin = rows.begin; begin < rows.end; begin += TL_ROW_ALIGN) {
    const uint32_t joint_count = joints_of(column[ROBOT_ARM_joint_count] + begin);
    for (uint32_t row = begin; row < begin + TL_ROW_ALIGN; row += p.lanes)
      p.step(column, row, joint_count, dt_s, step_count);
  }
}

static void robot_arm_output(double *const *column, tl_slice rows)
{
  assert(rows.begin <= rows.end && rows.begin % TL_ROW_ALIGN == 0);
  const arm_path p = path_of(tl_cpu_best_path());
  for (uint32_t begin = rows.begin; begin < rows.end; begin += TL_ROW_ALIGN) {
    const uint32_t joint_count = joints_of(column[ROBOT_ARM_joint_count] + begin);
    for (uint32_t row = begin; row < begin + TL_ROW_ALIGN; row += p.lanes)
      p.output(column, row, joint_count);
  }
}

const tl_twin_type robot_arm_twin = {
    .abi = TL_TWIN_ABI,
    .flags = 0, /* not affine */
    .name = "robot_arm",
    .meaning = "serial arm of up to seven joints with friction, by Newton and Euler",
    .columns = columns,
    .column_count = ROBOT_ARM_COUNT,
    .step = robot_arm_step,
    .output = robot_arm_output,
    .dt_s_max = 0.05,
};
