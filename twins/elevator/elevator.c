/* elevator.c: a lift that rides from stop to stop; equations and sources are in README.md beside
 * this file. */
#include "twins/elevator/elevator.h"

#include "twins/elevator/profile.h"

#include <assert.h>

static const tl_column columns[] = {
#define COL(name, role, type, unit, initial, low, high, resolution, meaning)                       \
  {#name, role, type, unit, initial, low, high, resolution, meaning},
#include "twins/elevator/columns.def"
#undef COL
};

/* The ride under way, or none. */
typedef struct car {
  double distance_m, clock_s, from_m;
  int begins; /* with this call */
} car;

static ride_limits limits_of(double *const *column, uint32_t i)
{
  return (ride_limits){
      .speed_m_per_s = column[ELEVATOR_rated_m_per_s][i],
      .acceleration_m_per_s2 = column[ELEVATOR_limit_m_per_s2][i],
      .jerk_m_per_s3 = column[ELEVATOR_jerk_m_per_s3][i],
      .creep_m_per_s = column[ELEVATOR_creep_m_per_s][i],
      .creep_m = column[ELEVATOR_creep_m][i],
  };
}

/* Floors to the next stop of the itinerary; 0 after the last. */
static double next_floors(double *const *column, uint32_t i)
{
  const double begun = column[ELEVATOR_rides_begun][i];
  if (!(begun + 1.0 < column[ELEVATOR_stops][i]) || begun > 8.0) return 0.0;
  const uint32_t at = ELEVATOR_stop_0 + (uint32_t)begun;
  return column[at + 1][i] - column[at][i];
}

/* A measured acceleration beyond the trigger, in the direction of the next ride: the ride began as
 * long ago as its first ramp takes to get there. The step before must have been on the way: a knock
 * is not. */
static void see(double *const *column, uint32_t i, car *c)
{
  const double floors = next_floors(column, i), seen = column[ELEVATOR_seen_m_per_s2][i];
  const double along = floors < 0.0 ? -seen : seen;
  const double before = column[ELEVATOR_seen_before_m_per_s2][i];
  const double along_before = floors < 0.0 ? -before : before;
  const double trigger = column[ELEVATOR_trigger_m_per_s2][i];
  if (floors == 0.0 || !(along >= trigger && along_before >= 0.5 * trigger)) return;
  if (c->clock_s < column[ELEVATOR_rest_s][i]) return;
  const double limit = column[ELEVATOR_limit_m_per_s2][i];
  c->distance_m = floors * column[ELEVATOR_floor_height_m][i];
  c->clock_s = (along < limit ? along : limit) / column[ELEVATOR_jerk_m_per_s3][i];
}

static void obey(double *const *column, uint32_t i, car *c)
{
  const double target_m = column[ELEVATOR_called_floor][i] * column[ELEVATOR_floor_height_m][i];
  const double distance_m = target_m - column[ELEVATOR_position_m][i];
  if (distance_m > -1e-6 && distance_m < 1e-6) return; /* there */
  c->distance_m = distance_m;
  c->clock_s = 0.0;
}

static car car_of(double *const *column, uint32_t i)
{
  car c = {column[ELEVATOR_distance_m][i], column[ELEVATOR_clock_s][i], column[ELEVATOR_from_m][i],
           0};
  if (c.distance_m != 0.0) return c; /* calls wait until the ride has ended */
  if (column[ELEVATOR_trigger_m_per_s2][i] > 0.0)
    see(column, i, &c);
  else
    obey(column, i, &c);
  c.begins = c.distance_m != 0.0;
  if (c.begins) c.from_m = column[ELEVATOR_position_m][i];
  return c;
}

static ride_point point_of(const car *c, const ride_profile *profile)
{
  ride_point p = ride_at(profile, c->clock_s);
  if (c->distance_m < 0.0) {
    p.position_m = -p.position_m;
    p.speed_m_per_s = -p.speed_m_per_s;
    p.acceleration_m_per_s2 = -p.acceleration_m_per_s2;
  }
  p.position_m += c->from_m;
  return p;
}

static void advance(double *const *column, uint32_t i, double dt_s)
{
  car c = car_of(column, i);
  c.clock_s += dt_s;
  if (c.begins) column[ELEVATOR_rides_begun][i] += 1.0;
  if (c.distance_m != 0.0) {
    const ride_limits limits = limits_of(column, i);
    const ride_profile profile =
        ride_plan(&limits, c.distance_m < 0.0 ? -c.distance_m : c.distance_m);
    const double past_s = c.clock_s - ride_duration_s(&profile);
    ride_point p = point_of(&c, &profile);
    if (past_s >= 0.0) { /* exactly there, not a rounding beside it */
      p = (ride_point){c.from_m + c.distance_m, 0.0, 0.0};
      c = (car){0.0, past_s, p.position_m, 0};
    }
    column[ELEVATOR_position_m][i] = p.position_m;
    column[ELEVATOR_speed_m_per_s][i] = p.speed_m_per_s;
  }
  column[ELEVATOR_distance_m][i] = c.distance_m;
  column[ELEVATOR_from_m][i] = c.from_m;
  column[ELEVATOR_clock_s][i] = c.clock_s;
  column[ELEVATOR_seen_before_m_per_s2][i] = column[ELEVATOR_seen_m_per_s2][i];
}

static void elevator_step(double *const *column, tl_slice rows, double dt_s, uint32_t step_count,
                          tl_simd_path path)
{
  (void)path; /* branches by device: the scalar code is the only one */
  assert(rows.begin <= rows.end);
  assert(dt_s > 0.0 && step_count > 0);
  for (uint32_t i = rows.begin; i < rows.end; i++)
    for (uint32_t step = 0; step < step_count; step++) advance(column, i, dt_s);
}

static void elevator_output(double *const *column, tl_slice rows)
{
  for (uint32_t i = rows.begin; i < rows.end; i++) {
    const car c = car_of(column, i); /* a ride that begins now is seen now */
    double acceleration = 0.0;
    if (c.distance_m != 0.0) {
      const ride_limits limits = limits_of(column, i);
      const ride_profile profile =
          ride_plan(&limits, c.distance_m < 0.0 ? -c.distance_m : c.distance_m);
      acceleration = point_of(&c, &profile).acceleration_m_per_s2;
    }
    column[ELEVATOR_acceleration_m_per_s2][i] = acceleration;
    column[ELEVATOR_imu_m_per_s2][i] = acceleration + column[ELEVATOR_bias_m_per_s2][i];
  }
}

const tl_twin_type elevator_twin = {
    .abi = TL_TWIN_ABI,
    .flags = 0, /* rides begin and end: not affine */
    .name = "elevator",
    .meaning = "lift with jerk-limited rides between stops",
    .columns = columns,
    .column_count = ELEVATOR_COUNT,
    .step = elevator_step,
    .output = elevator_output,
    .dt_s_max = 10.0,
};
