/* robot_arm.h: columns and type of the serial robot arm (README.md beside this file). */
#ifndef TL_TWINS_ROBOT_ARM_H
#define TL_TWINS_ROBOT_ARM_H
#include "sim/twin.h"

#define ROBOT_ARM_JOINTS_MAX 7

enum {
#define COL(name, ...) ROBOT_ARM_##name,
#include "twins/robot_arm/columns.def"
#undef COL
  ROBOT_ARM_COUNT,
  ROBOT_ARM_JOINT_STRIDE = ROBOT_ARM_q2_rad - ROBOT_ARM_q1_rad /* columns of a joint */
};

/* The column of joint `joint` (0 is the first) that is `first` in joint 1: ROBOT_ARM_q1_rad ... */
static inline uint32_t robot_arm_column(uint32_t first, uint32_t joint)
{
  return first + joint * ROBOT_ARM_JOINT_STRIDE;
}

extern const tl_twin_type robot_arm_twin;
#endif
