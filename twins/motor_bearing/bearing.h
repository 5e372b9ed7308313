/* bearing.h: how often balls pass a spall, and how the housing rings when they do.
 *
 * Owns: nothing. Threads: every function is pure.
 * Sources: T. A. Harris, "Rolling Bearing Analysis"; R. B. Randall, J. Antoni, "Rolling element
 * bearing diagnostics - a tutorial", MSSP 25 (2011) 485-520. */
#ifndef TL_TWINS_MOTOR_BEARING_BEARING_H
#define TL_TWINS_MOTOR_BEARING_BEARING_H

#define BEARING_PI 3.14159265358979323846

typedef struct bearing_shape {
  double balls, ball_m, pitch_m, contact_rad;
  double cage_slip; /* part that the cage stays behind pure rolling, 0 .. 1 */
} bearing_shape;

/* Passages a turn of the shaft; ball: turns of a ball about itself. */
typedef struct bearing_ratios {
  double outer, inner, ball, cage;
  double
      rolling_m; /* speed at which a ball rolls over either race, by the shaft's speed in rad/s */
} bearing_ratios;
bearing_ratios bearing_ratios_of(const bearing_shape *shape);

/* Stribeck's distribution: load of a ball at this angle from the load's direction, over that of
 * the ball in the middle. width: 0.5 loads half of the ring, below it less (clearance). */
double bearing_load_ratio(double angle_rad, double width);

/* A damped oscillator that only impulses drive: q'' + 2 damping w q' + w^2 q = 0 between them. */
typedef struct ringing {
  double rate_per_s, damped_rad_per_s, natural_rad_per_s;
} ringing;
typedef struct ring_state {
  double m, m_per_s;
} ring_state;
ringing ringing_of(double natural_Hz, double damping); /* damping in (0, 1) */

/* The map of a free stretch of time, exact. */
typedef struct ring_map {
  double mm, mv, vm, vv; /* rows: position, speed */
} ring_map;
ring_map ring_map_of(const ringing *r, double time_s);
ring_state ring_after(const ring_map *map, ring_state q);
double ring_acceleration(const ringing *r, ring_state q);
#endif
