/* profile.c: durations of a ride's pieces, and the point of a ride at a time. */
#include "twins/elevator/profile.h"

#include "base/dmath.h"

#include <assert.h>

/* A change of speed: jerk up to `peak`, hold it, jerk back. */
typedef struct s_curve {
  double ramp_s, hold_s;
} s_curve;

static s_curve change_speed(const ride_limits *limits, double change_m_per_s)
{
  if (!(change_m_per_s > 0.0)) return (s_curve){0.0, 0.0};
  const double unlimited = tl_math_sqrt(change_m_per_s * limits->jerk_m_per_s3);
  const double peak =
      unlimited < limits->acceleration_m_per_s2 ? unlimited : limits->acceleration_m_per_s2;
  const double ramp_s = peak / limits->jerk_m_per_s3, hold_s = change_m_per_s / peak - ramp_s;
  return (s_curve){ramp_s, hold_s > 0.0 ? hold_s : 0.0};
}

/* An S-curve is symmetric about its middle: its mean speed is the mean of its ends. */
static double way_m(s_curve curve, double from_m_per_s, double to_m_per_s)
{
  return 0.5 * (from_m_per_s + to_m_per_s) * (2.0 * curve.ramp_s + curve.hold_s);
}

/* What a ride with this top speed needs when it does not cruise. */
static double least_m(const ride_limits *limits, double top_m_per_s)
{
  const double creep = limits->creep_m_per_s < top_m_per_s ? limits->creep_m_per_s : top_m_per_s;
  return way_m(change_speed(limits, top_m_per_s), 0.0, top_m_per_s) +
         way_m(change_speed(limits, top_m_per_s - creep), top_m_per_s, creep) +
         way_m(change_speed(limits, creep), creep, 0.0) + (creep > 0.0 ? limits->creep_m : 0.0);
}

/* The speed whose least way is the distance: least_m grows with speed, so halving finds it; 60
 * halvings leave less than a rounding. */
static double top_speed(const ride_limits *limits, double distance_m)
{
  double low = 0.0, high = limits->speed_m_per_s;
  for (int i = 0; i < 60; i++) {
    const double middle = 0.5 * (low + high);
    if (least_m(limits, middle) <= distance_m)
      low = middle;
    else
      high = middle;
  }
  return low;
}

static void put(ride_profile *profile, uint32_t first, s_curve curve, double jerk)
{
  profile->duration_s[first] = curve.ramp_s;
  profile->duration_s[first + 1] = curve.hold_s;
  profile->duration_s[first + 2] = curve.ramp_s;
  profile->jerk_m_per_s3[first] = jerk;
  profile->jerk_m_per_s3[first + 2] = -jerk;
}

ride_profile ride_plan(const ride_limits *asked, double distance_m)
{
  assert(distance_m > 0.0);
  ride_limits limits = *asked;
  if (limits.creep_m_per_s > limits.speed_m_per_s) limits.creep_m_per_s = limits.speed_m_per_s;
  if (limits.creep_m_per_s > 0.0 && least_m(&limits, limits.creep_m_per_s) > distance_m)
    limits.creep_m_per_s = limits.creep_m = 0.0; /* too short to level */
  const double top = least_m(&limits, limits.speed_m_per_s) <= distance_m
                         ? limits.speed_m_per_s
                         : top_speed(&limits, distance_m);
  const double creep = limits.creep_m_per_s < top ? limits.creep_m_per_s : top;
  const double cruise_m = distance_m - least_m(&limits, top);
  ride_profile profile = {{0}, {0}};
  put(&profile, 0, change_speed(&limits, top), limits.jerk_m_per_s3);
  profile.duration_s[3] = cruise_m > 0.0 && top > 0.0 ? cruise_m / top : 0.0;
  put(&profile, 4, change_speed(&limits, top - creep), -limits.jerk_m_per_s3);
  profile.duration_s[7] = creep > 0.0 ? limits.creep_m / creep : 0.0;
  put(&profile, 8, change_speed(&limits, creep), -limits.jerk_m_per_s3);
  return profile;
}

double ride_duration_s(const ride_profile *profile)
{
  double sum_s = 0.0;
  for (uint32_t i = 0; i < RIDE_PIECES; i++) sum_s += profile->duration_s[i];
  return sum_s;
}

ride_point ride_at(const ride_profile *profile, double at_s)
{
  ride_point p = {0.0, 0.0, 0.0};
  uint32_t i = 0;
  for (; i < RIDE_PIECES && at_s > 0.0; i++) {
    const double t = at_s < profile->duration_s[i] ? at_s : profile->duration_s[i];
    const double jerk = profile->jerk_m_per_s3[i];
    p.position_m +=
        t * (p.speed_m_per_s + t * (0.5 * p.acceleration_m_per_s2 + t * (1.0 / 6.0) * jerk));
    p.speed_m_per_s += t * (p.acceleration_m_per_s2 + 0.5 * t * jerk);
    p.acceleration_m_per_s2 += t * jerk;
    at_s -= profile->duration_s[i];
  }
  if (i == RIDE_PIECES && at_s >= 0.0)
    p.speed_m_per_s = p.acceleration_m_per_s2 = 0.0; /* only roundings are left */
  return p;
}
