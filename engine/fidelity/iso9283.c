#include "fidelity/iso9283.h"

#include "base/dmath.h"

#include <assert.h>

#define TURN 0x1.921fb54442d18p+2 /* 2 pi */

/* The same turn, in [-pi, pi]. */
static double within_half_turn(double angle)
{
  return angle - TURN * tl_math_round_even(angle / TURN);
}

static bool is_finite(const tl_pose *pose)
{
  double poison = 0.0;
  for (int i = 0; i < 3; i++)
    poison += (pose->xyz_m[i] - pose->xyz_m[i]) + (pose->rpy_rad[i] - pose->rpy_rad[i]);
  return poison == 0.0;
}

/* 3 s of values whose mean is known. */
static double three_deviations(double sum_of_squares, uint32_t count)
{
  return 3.0 * tl_math_sqrt(sum_of_squares / (double)(count - 1));
}

static double distance(const double a[3], const double b[3])
{
  const double x = a[0] - b[0], y = a[1] - b[1], z = a[2] - b[2];
  return tl_math_sqrt(x * x + y * y + z * z);
}

static void position(tl_iso9283 *out, const tl_pose *attained, const tl_pose *command)
{
  const uint32_t n = out->cycle_count;
  double mean[3] = {0.0, 0.0, 0.0}, sum = 0.0, squares = 0.0;
  for (int i = 0; i < 3; i++) {
    for (uint32_t k = 0; k < n; k++) mean[i] += attained[k].xyz_m[i] - command->xyz_m[i];
    out->AP_xyz_m[i] = mean[i] / (double)n;
    mean[i] = command->xyz_m[i] + out->AP_xyz_m[i];
  }
  out->AP_m =
      tl_math_sqrt(out->AP_xyz_m[0] * out->AP_xyz_m[0] + out->AP_xyz_m[1] * out->AP_xyz_m[1] +
                   out->AP_xyz_m[2] * out->AP_xyz_m[2]);
  for (uint32_t k = 0; k < n; k++) sum += distance(attained[k].xyz_m, mean);
  for (uint32_t k = 0; k < n; k++) {
    const double off = distance(attained[k].xyz_m, mean) - sum / (double)n;
    squares += off * off;
  }
  out->RP_m = sum / (double)n + three_deviations(squares, n);
}

/* Deviations are taken from the command, or poses on both sides of half a turn would average to its opposite. */
static void orientation(tl_iso9283 *out, const tl_pose *attained, const tl_pose *command)
{
  const uint32_t n = out->cycle_count;
  for (int i = 0; i < 3; i++) {
    double sum = 0.0, squares = 0.0;
    for (uint32_t k = 0; k < n; k++)
      sum += within_half_turn(attained[k].rpy_rad[i] - command->rpy_rad[i]);
    out->AP_rpy_rad[i] = sum / (double)n;
    for (uint32_t k = 0; k < n; k++) {
      const double off =
          within_half_turn(attained[k].rpy_rad[i] - command->rpy_rad[i]) - out->AP_rpy_rad[i];
      squares += off * off;
    }
    out->RP_rpy_rad[i] = three_deviations(squares, n);
  }
}

tl_code tl_iso9283_measure(tl_iso9283 *out, const tl_pose *attained, uint32_t count,
                           const tl_pose *command, const char *where, tl_error *err)
{
  assert(out && command && (attained || count == 0));
  *out = (tl_iso9283){.cycle_count = count};
  if (count < 2)
    return tl_fail(
        err, TL_E_SAMPLES, where,
        "iso9283: %u cycle%s: repeatability needs two at least, the standard asks for %d", count,
        count == 1 ? "" : "s", TL_ISO9283_CYCLES);
  if (!is_finite(command))
    return tl_fail(err, TL_E_ARG, where, "iso9283: the commanded pose is not finite");
  for (uint32_t k = 0; k < count; k++)
    if (!is_finite(&attained[k]))
      return tl_fail(err, TL_E_ARG, where, "iso9283: the pose of cycle %u is not finite", k + 1);
  position(out, attained, command);
  orientation(out, attained, command);
  return TL_OK;
}
