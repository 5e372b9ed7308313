/* shaft.c: the shaft by Runge-Kutta of order 4, and its middle by Hermite's cubic. */
#include "twins/motor_bearing/shaft.h"

#include "base/dmath.h"

#define SIGN_RAD_PER_S 5.0 /* speed over which torques that oppose motion take their sign */

typedef struct slope {
  double rad_per_s, rad_per_s2, K_per_s;
} slope;

/* Kloss's formula on slip speed: at constant volts per hertz it holds for every frequency. */
double shaft_motor_Nm(const shaft *s, double speed_rad_per_s)
{
  const double u = (s->synchronous_rad_per_s - speed_rad_per_s) / s->breakdown_rad_per_s;
  return s->is_on * 2.0 * s->breakdown_Nm * u / (1.0 + u * u);
}

static double sign_of(double speed_rad_per_s)
{
  return speed_rad_per_s /
         tl_math_sqrt(speed_rad_per_s * speed_rad_per_s + SIGN_RAD_PER_S * SIGN_RAD_PER_S);
}

static double friction_Nm(const shaft *s, double speed_rad_per_s)
{
  const double turning_N = s->imbalance_kg_m * speed_rad_per_s * speed_rad_per_s;
  return s->friction_m * tl_math_sqrt(s->pull_N * s->pull_N + turning_N * turning_N);
}

double shaft_friction_W(const shaft *s, double speed_rad_per_s)
{
  return friction_Nm(s, speed_rad_per_s) * sign_of(speed_rad_per_s) * speed_rad_per_s;
}

static slope slope_at(const shaft *s, shaft_state at)
{
  const double w = at.speed_rad_per_s;
  const double opposing_Nm = (s->load_Nm + friction_Nm(s, w)) * sign_of(w);
  const double drag_Nm = w * (s->viscous_Nm_s + s->fan_Nm_s2 * (w < 0.0 ? -w : w));
  const double heat_W = shaft_friction_W(s, w) - s->loss_W_per_K * (at.bearing_K - s->room_K);
  return (slope){w, (shaft_motor_Nm(s, w) - opposing_Nm - drag_Nm) * s->per_inertia,
                 heat_W * s->per_heat_K_per_J};
}

double shaft_acceleration(const shaft *s, shaft_state at) { return slope_at(s, at).rad_per_s2; }

static shaft_state along(shaft_state at, const slope *d, double dt_s)
{
  return (shaft_state){at.speed_rad_per_s + dt_s * d->rad_per_s2, at.bearing_K + dt_s * d->K_per_s};
}

shaft_step shaft_advance(const shaft *s, shaft_state from, double dt_s)
{
  const slope k1 = slope_at(s, from), k2 = slope_at(s, along(from, &k1, 0.5 * dt_s));
  const slope k3 = slope_at(s, along(from, &k2, 0.5 * dt_s));
  const slope k4 = slope_at(s, along(from, &k3, dt_s));
  const slope mean = {
      (k1.rad_per_s + 2.0 * (k2.rad_per_s + k3.rad_per_s) + k4.rad_per_s) / 6.0,
      (k1.rad_per_s2 + 2.0 * (k2.rad_per_s2 + k3.rad_per_s2) + k4.rad_per_s2) / 6.0,
      (k1.K_per_s + 2.0 * (k2.K_per_s + k3.K_per_s) + k4.K_per_s) / 6.0,
  };
  shaft_step out;
  out.end = along(from, &mean, dt_s);
  if (out.end.speed_rad_per_s < 0.0) out.end.speed_rad_per_s = 0.0; /* no torque turns it back */
  out.turned_rad = dt_s * mean.rad_per_s;

  const double w0 = from.speed_rad_per_s, w1 = out.end.speed_rad_per_s;
  const double a0 = k1.rad_per_s2, a1 = slope_at(s, out.end).rad_per_s2;
  const double half_rad_per_s = 0.5 * (w0 + w1) + 0.125 * dt_s * (a0 - a1);
  const shaft_state half = {half_rad_per_s, from.bearing_K};
  out.halfway_rad = 0.5 * out.turned_rad + 0.125 * dt_s * (w0 - w1);
  out.speed_rad_per_s[0] = w0;
  out.speed_rad_per_s[1] = half_rad_per_s;
  out.speed_rad_per_s[2] = w1;
  out.acceleration_rad_per_s2[0] = a0;
  out.acceleration_rad_per_s2[1] = slope_at(s, half).rad_per_s2;
  out.acceleration_rad_per_s2[2] = a1;
  return out;
}
