/* shaft.h: torques of motor, load and bearing; the bearing's heat.
 *
 * Owns: nothing. Threads: every function is pure. Sources: README.md beside this file. */
#ifndef TL_TWINS_MOTOR_BEARING_SHAFT_H
#define TL_TWINS_MOTOR_BEARING_SHAFT_H

typedef struct shaft {
  double is_on; /* 1 or 0: without the drive there is no torque */
  double synchronous_rad_per_s, breakdown_Nm, breakdown_rad_per_s;
  double load_Nm, viscous_Nm_s, fan_Nm_s2, per_inertia;
  double pull_N, imbalance_kg_m, friction_m; /* static load, m e, coefficient times half the bore */
  double room_K, loss_W_per_K, per_heat_K_per_J;
} shaft;
typedef struct shaft_state {
  double speed_rad_per_s, bearing_K;
} shaft_state;

/* One step: where it ends, and what lies on the way, for those who ride along. */
typedef struct shaft_step {
  shaft_state end;
  double turned_rad, halfway_rad; /* since the step began: all of it, and after half the time */
  double speed_rad_per_s[3], acceleration_rad_per_s2[3]; /* at its start, half and end */
} shaft_step;

double shaft_motor_Nm(const shaft *s, double speed_rad_per_s);
double shaft_acceleration(const shaft *s, shaft_state at); /* rad/s2 */
double shaft_friction_W(const shaft *s, double speed_rad_per_s);
shaft_step shaft_advance(const shaft *s, shaft_state from, double dt_s);
#endif
