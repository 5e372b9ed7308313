/* bearing.c: kinematics of rolling, load zone, free ringing. */
#include "twins/motor_bearing/bearing.h"

#include "base/dmath.h"

/* Harris, ch. 25; Randall and Antoni, eq. (1) to (4), with the cage's slip added. */
bearing_ratios bearing_ratios_of(const bearing_shape *shape)
{
  const double g = shape->ball_m / shape->pitch_m * tl_math_cos(shape->contact_rad);
  bearing_ratios out;
  out.cage = 0.5 * (1.0 - g) * (1.0 - shape->cage_slip);
  out.outer = shape->balls * out.cage;
  out.inner = shape->balls * (1.0 - out.cage);
  out.ball = 0.5 * shape->pitch_m / shape->ball_m * (1.0 - g * g);
  out.rolling_m = 0.25 * shape->pitch_m * (1.0 - g * g);
  return out;
}

double bearing_load_ratio(double angle_rad, double width)
{
  const double compression = 1.0 - 0.5 / width * (1.0 - tl_math_cos(angle_rad));
  return compression > 0.0 ? compression * tl_math_sqrt(compression) : 0.0;
}

ringing ringing_of(double natural_Hz, double damping)
{
  const double w = 2.0 * BEARING_PI * natural_Hz;
  return (ringing){damping * w, w * tl_math_sqrt(1.0 - damping * damping), w};
}

ring_map ring_map_of(const ringing *r, double time_s)
{
  const double decay = tl_math_exp(-r->rate_per_s * time_s);
  const double c = decay * tl_math_cos(r->damped_rad_per_s * time_s);
  const double s = decay * tl_math_sin(r->damped_rad_per_s * time_s) / r->damped_rad_per_s;
  return (ring_map){c + r->rate_per_s * s, s, -r->natural_rad_per_s * r->natural_rad_per_s * s,
                    c - r->rate_per_s * s};
}

ring_state ring_after(const ring_map *map, ring_state q)
{
  return (ring_state){map->mm * q.m + map->mv * q.m_per_s, map->vm * q.m + map->vv * q.m_per_s};
}

double ring_acceleration(const ringing *r, ring_state q)
{
  return -2.0 * r->rate_per_s * q.m_per_s - r->natural_rad_per_s * r->natural_rad_per_s * q.m;
}
