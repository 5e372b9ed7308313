/* profile.h: a ride in closed form: at most eleven pieces of constant jerk.
 *
 * What: away with an S-curve of speed, cruise, an S-curve down to levelling speed, a stretch at that
 * speed, an S-curve to rest. Without levelling this is the usual profile of seven pieces. A ride that
 * is too short for the rated speed has the speed at which it needs no cruise; one that is too short
 * even to level has no levelling. Distances here are positive: the direction is the caller's.
 * Source: constant-jerk segments as in R. D. Peters, "Ideal lift kinematics", Elevator Technology 6
 * (IAEE, 1995), whose closed forms for the three cases (rated speed, rated acceleration, neither
 * reached) test_elevator.c uses; the levelling stretch is what the recordings show.
 * Owns: nothing. Threads: pure. */
#ifndef TL_TWINS_ELEVATOR_PROFILE_H
#define TL_TWINS_ELEVATOR_PROFILE_H
#include <stdint.h>

typedef struct ride_limits {
  double speed_m_per_s, acceleration_m_per_s2, jerk_m_per_s3, creep_m_per_s, creep_m;
} ride_limits;

enum { RIDE_PIECES = 11 };
typedef struct ride_profile {
  double duration_s[RIDE_PIECES], jerk_m_per_s3[RIDE_PIECES];
} ride_profile;

typedef struct ride_point {
  double position_m, speed_m_per_s, acceleration_m_per_s2;
} ride_point;

/* distance_m > 0; all limits but the two of creeping > 0. */
ride_profile ride_plan(const ride_limits *limits, double distance_m);
double ride_duration_s(const ride_profile *profile);
/* 0 <= at_s; past the end: at rest there. */
ride_point ride_at(const ride_profile *profile, double at_s);
#endif
