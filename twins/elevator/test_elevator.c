/* The lift against closed forms of its rides, a quadrature, and a published twin's trace. */
#include "twins/elevator/elevator.h"
#include "twins/elevator/profile.h"

#include "tests/twins/rig.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static const ride_limits usual = {1.0, 0.7, 1.0, 0.0, 0.0};
static const ride_limits levelling = {1.02, 0.7, 1.05, 0.073, 0.19};

/* Peters (1995): time of a ride that reaches its rated speed, only its rated acceleration, or
 * neither. A rated speed that is reached before the rated acceleration makes the latter sqrt(v j). */
static double peters_s(const ride_limits *l, double D)
{
  const double v = l->speed_m_per_s, j = l->jerk_m_per_s3;
  const double a = fmin(l->acceleration_m_per_s2, sqrt(v * j));
  if (D >= (a * a * v + v * v * j) / (j * a)) return D / v + v / a + a / j;
  if (D >= 2.0 * a * a * a / (j * j)) return a / j + sqrt(4.0 * D / a + (a / j) * (a / j));
  return cbrt(32.0 * D / j);
}

static void a_ride_takes_as_long_as_the_published_closed_forms_say(void **unused)
{
  (void)unused;
  uint64_t seed = 3;
  int cases[3] = {0, 0, 0};
  for (int i = 0; i < 20000; i++) {
    const ride_limits l = {rig_spread(&seed, 0.2, 6.0), rig_spread(&seed, 0.2, 1.5),
                           rig_spread(&seed, 0.3, 3.0), 0.0, 0.0};
    const double D = exp(rig_spread(&seed, log(1e-3), log(80.0)));
    const ride_profile p = ride_plan(&l, D);
    assert_true(fabs(ride_duration_s(&p) / peters_s(&l, D) - 1.0) < 1e-9);
    cases[p.duration_s[3] > 0.0 ? 0 : p.duration_s[1] > 0.0 ? 1 : 2]++;
  }
  printf("rated speed %d, rated acceleration %d, neither %d\n", cases[0], cases[1], cases[2]);
  assert_true(cases[0] > 1000 && cases[1] > 1000 && cases[2] > 1000);
}

static void a_ride_ends_at_rest_where_it_was_sent(void **unused)
{
  (void)unused;
  uint64_t seed = 4;
  for (int i = 0; i < 20000; i++) {
    const ride_limits l = {rig_spread(&seed, 0.2, 6.0), rig_spread(&seed, 0.2, 1.5),
                           rig_spread(&seed, 0.3, 3.0), i % 3 ? rig_spread(&seed, 0.01, 0.3) : 0.0,
                           i % 2 ? rig_spread(&seed, 0.0, 0.5) : 0.0};
    const double D = exp(rig_spread(&seed, log(1e-3), log(80.0)));
    const ride_profile p = ride_plan(&l, D);
    const ride_point end = ride_at(&p, ride_duration_s(&p) * (1.0 - 1e-12));
    assert_true(fabs(end.position_m - D) < 1e-9 * (1.0 + D));
    assert_true(fabs(end.speed_m_per_s) < 1e-7 && fabs(end.acceleration_m_per_s2) < 1e-6);
  }
}

/* Simpson's rule over the acceleration gives the speed, over the speed the position. */
static void speed_and_position_are_the_integrals_of_the_acceleration(void **unused)
{
  (void)unused;
  const double distances[] = {16.2, 4.05, 1.1, 0.3, 0.02};
  for (uint32_t d = 0; d < 5; d++) {
    const ride_profile p = ride_plan(&levelling, distances[d]);
    const double h = 1e-4, last_s = ride_duration_s(&p);
    double speed = 0.0, position = 0.0, top = 0.0;
    for (double t = 0.0; t < last_s; t += h) {
      const ride_point a = ride_at(&p, t), b = ride_at(&p, t + 0.5 * h), c = ride_at(&p, t + h);
      assert_true(fabs(a.speed_m_per_s - speed) < 1e-6 && fabs(a.position_m - position) < 1e-5);
      assert_true(fabs(a.acceleration_m_per_s2) <= levelling.acceleration_m_per_s2 + 1e-12);
      assert_true(fabs(c.acceleration_m_per_s2 - a.acceleration_m_per_s2) <= 1.05 * h + 1e-9);
      speed += h / 6.0 *
               (a.acceleration_m_per_s2 + 4.0 * b.acceleration_m_per_s2 + c.acceleration_m_per_s2);
      position += h / 6.0 * (a.speed_m_per_s + 4.0 * b.speed_m_per_s + c.speed_m_per_s);
      if (a.speed_m_per_s > top) top = a.speed_m_per_s;
    }
    assert_true(top <= levelling.speed_m_per_s + 1e-12);
  }
}

static void levelling_is_a_stretch_of_its_own_speed_before_the_stop(void **unused)
{
  (void)unused;
  const ride_profile p = ride_plan(&levelling, 16.2);
  assert_true(fabs(p.duration_s[7] - 0.19 / 0.073) < 1e-12);
  const double stop_s = 2.0 * sqrt(0.073 / 1.05), last_s = ride_duration_s(&p);
  assert_true(fabs(ride_at(&p, last_s - stop_s - 1.0).speed_m_per_s - 0.073) < 1e-12);
  const double greatest = ride_at(&p, last_s - 0.5 * stop_s).acceleration_m_per_s2;
  assert_true(fabs(greatest + sqrt(0.073 * 1.05)) < 1e-9);
  /* 11 cm hold neither the 19 cm nor a part of them: no levelling */
  const ride_profile inching = ride_plan(&levelling, 0.11);
  assert_true(inching.duration_s[7] == 0.0);
  assert_true(fabs(ride_duration_s(&inching) - cbrt(32.0 * 0.11 / 1.05)) < 1e-9);
}

static rig open_lift(const ride_limits *l)
{
  rig r = rig_open(&elevator_twin);
  rig_set(&r, ELEVATOR_rated_m_per_s, l->speed_m_per_s);
  rig_set(&r, ELEVATOR_limit_m_per_s2, l->acceleration_m_per_s2);
  rig_set(&r, ELEVATOR_jerk_m_per_s3, l->jerk_m_per_s3);
  rig_set(&r, ELEVATOR_creep_m_per_s, l->creep_m_per_s);
  rig_set(&r, ELEVATOR_creep_m, l->creep_m);
  return r;
}

static double now(const rig *r, uint32_t column)
{
  r->twin->output(r->column, (tl_slice){0, TL_BLOCK_ROWS});
  return r->column[column][0];
}

static void a_called_lift_goes_there_and_waits_for_the_next_call(void **unused)
{
  (void)unused;
  rig r = open_lift(&usual);
  rig_step(&r, 0.1, 50);
  assert_true(r.column[ELEVATOR_position_m][0] == 0.0);
  rig_set(&r, ELEVATOR_called_floor, 3.0);
  const ride_profile p = ride_plan(&usual, 12.0);
  for (int step = 1; step * 0.1 < ride_duration_s(&p); step++) {
    rig_step(&r, 0.1, 1);
    if (step == 40) rig_set(&r, ELEVATOR_called_floor, -1.0); /* heeded on arrival */
    const ride_point at = ride_at(&p, step * 0.1);
    assert_true(fabs(r.column[ELEVATOR_position_m][0] - at.position_m) < 1e-11);
    assert_true(fabs(r.column[ELEVATOR_speed_m_per_s][0] - at.speed_m_per_s) < 1e-11);
    assert_true(fabs(now(&r, ELEVATOR_acceleration_m_per_s2) - at.acceleration_m_per_s2) < 1e-11);
  }
  rig_step(&r, 0.1, 1);
  assert_true(r.column[ELEVATOR_position_m][0] == 12.0);
  rig_step(&r, 0.1, 400);
  assert_true(r.column[ELEVATOR_position_m][0] == -4.0);
  assert_true(r.column[ELEVATOR_rides_begun][0] == 2.0);
  rig_close(&r);
}

static void the_step_does_not_change_a_ride(void **unused)
{
  (void)unused;
  double position_m[3];
  const double dt_s[3] = {0.01, 0.1, 2.0};
  for (int k = 0; k < 3; k++) {
    rig r = open_lift(&levelling);
    rig_set(&r, ELEVATOR_called_floor, 4.0);
    rig_step(&r, dt_s[k], (uint32_t)(14.0 / dt_s[k] + 0.5));
    position_m[k] = r.column[ELEVATOR_position_m][0];
    rig_close(&r);
  }
  assert_true(fabs(position_m[0] - position_m[2]) < 1e-11);
  assert_true(fabs(position_m[1] - position_m[2]) < 1e-11);
}

static rig open_itinerary(void)
{
  rig r = open_lift(&levelling);
  rig_set(&r, ELEVATOR_trigger_m_per_s2, 0.2);
  rig_set(&r, ELEVATOR_stops, 3.0);
  rig_set(&r, ELEVATOR_stop_0, 4.0);
  rig_set(&r, ELEVATOR_stop_2, 4.0);
  rig_set(&r, ELEVATOR_bias_m_per_s2, 0.004);
  return r;
}

static void a_seen_acceleration_begins_the_next_ride_of_the_itinerary(void **unused)
{
  (void)unused;
  rig r = open_itinerary();
  rig_set(&r, ELEVATOR_seen_m_per_s2, 0.9); /* upwards: the first ride is down */
  rig_step(&r, 0.1, 20);
  rig_set(&r, ELEVATOR_seen_m_per_s2, -0.199); /* too little */
  rig_step(&r, 0.1, 20);
  assert_true(r.column[ELEVATOR_rides_begun][0] == 0.0);
  assert_true(now(&r, ELEVATOR_imu_m_per_s2) == 0.004);
  rig_set(&r, ELEVATOR_seen_m_per_s2, -0.252);
  assert_true(fabs(now(&r, ELEVATOR_acceleration_m_per_s2) + 0.252) < 1e-12); /* at once */
  rig_step(&r, 0.1, 1);
  assert_true(fabs(now(&r, ELEVATOR_imu_m_per_s2) + 0.252 + 0.105 - 0.004) < 1e-12);
  const ride_profile p = ride_plan(&levelling, 16.0);
  rig_set(&r, ELEVATOR_seen_m_per_s2, 0.7); /* seen while it rides: of no meaning */
  const uint32_t left = (uint32_t)((ride_duration_s(&p) - 0.252 / 1.05) / 0.1);
  rig_step(&r, 0.1, left);
  assert_true(r.column[ELEVATOR_position_m][0] == -16.0);
  rig_step(&r, 0.1, 29); /* nor within three seconds after it */
  assert_true(r.column[ELEVATOR_rides_begun][0] == 1.0);
  rig_step(&r, 0.1, 2);
  assert_true(r.column[ELEVATOR_rides_begun][0] == 2.0);
  rig_step(&r, 0.1, 400); /* home, and the itinerary is over though more is seen */
  assert_true(r.column[ELEVATOR_position_m][0] == 0.0);
  assert_true(r.column[ELEVATOR_rides_begun][0] == 2.0);
  rig_close(&r);
}

static void a_knock_of_one_sample_is_no_departure(void **unused)
{
  (void)unused;
  rig r = open_itinerary();
  rig_step(&r, 0.1, 5);
  rig_set(&r, ELEVATOR_seen_m_per_s2, -2.0);
  assert_true(now(&r, ELEVATOR_acceleration_m_per_s2) == 0.0);
  rig_step(&r, 0.1, 1);
  rig_set(&r, ELEVATOR_seen_m_per_s2, -0.09); /* not half of the trigger */
  rig_step(&r, 0.1, 1);
  rig_set(&r, ELEVATOR_seen_m_per_s2, -0.3);
  rig_step(&r, 0.1, 1);
  assert_true(r.column[ELEVATOR_rides_begun][0] == 0.0);
  rig_step(&r, 0.1, 1);
  assert_true(r.column[ELEVATOR_rides_begun][0] == 1.0);
  rig_close(&r);
}

static void an_itinerary_has_room_for_ten_stops(void **unused)
{
  (void)unused;
  rig r = open_itinerary();
  rig_set(&r, ELEVATOR_stops, 10.0);
  for (uint32_t stop = 0; stop < 10; stop++)
    rig_set(&r, ELEVATOR_stop_0 + stop, stop % 2 ? 1.0 : 0.0);
  for (uint32_t ride = 0; ride < 12; ride++) {
    rig_set(&r, ELEVATOR_seen_m_per_s2, ride % 2 ? -0.5 : 0.5);
    rig_step(&r, 0.1, 2);
    rig_set(&r, ELEVATOR_seen_m_per_s2, 0.0);
    rig_step(&r, 0.1, 200);
  }
  assert_true(r.column[ELEVATOR_rides_begun][0] == 9.0);
  assert_true(r.column[ELEVATOR_position_m][0] == 4.0);
  rig_close(&r);
}

/* The published high-fidelity twin (Elevate) of the recorded lift, ride 4-0-4, is printed with six
 * digits: with its limits (1 m/s, 0.7 m/s2, 1 m/s3) and distance the twin gives the same curve. */
static void the_published_twins_trace_is_the_same_curve(void **unused)
{
  (void)unused;
  FILE *file = TL_SHARED_DIR[0] == '\0'
                   ? NULL
                   : fopen(TL_SHARED_DIR "/data/elevator/twin_highfid_Bajada_4_0_4.csv", "r");
  if (!file) {
    printf("no shared recordings: the published trace is not compared\n");
    skip();
  }
  const ride_profile p = ride_plan(&usual, 16.32);
  const double begin_s[2] = {5.7, 44.6};
  char line[128];
  uint32_t rows = 0;
  double t, a, greatest = 0.0;
  while (fgets(line, sizeof line, file)) {
    if (sscanf(line, "%lf,%lf", &t, &a) != 2) continue;
    rows++;
    double sum = 0.0;
    for (int ride = 0; ride < 2; ride++) {
      const double at_s = t - begin_s[ride];
      if (at_s >= 0.0) sum += (ride ? 1.0 : -1.0) * ride_at(&p, at_s).acceleration_m_per_s2;
    }
    if (fabs(sum - a) > greatest) greatest = fabs(sum - a);
  }
  fclose(file);
  printf("%u rows, greatest difference %.2e m/s2\n", rows, greatest);
  assert_int_equal(rows, 694);
  assert_true(greatest < 1e-6);
}

static void random_lifts(rig *r, uint64_t seed)
{
  for (uint32_t c = ELEVATOR_floor_height_m; c <= ELEVATOR_jerk_m_per_s3; c++)
    for (uint32_t i = 0; i < TL_BLOCK_ROWS; i++) r->column[c][i] *= rig_spread(&seed, 0.7, 1.4);
  for (uint32_t i = 0; i < TL_BLOCK_ROWS; i++) {
    r->column[ELEVATOR_called_floor][i] = rig_spread(&seed, -5.0, 5.0);
    r->column[ELEVATOR_creep_m_per_s][i] = i % 2 ? 0.08 : 0.0;
    r->column[ELEVATOR_creep_m][i] = rig_spread(&seed, 0.0, 0.3);
  }
}

static rig random_block(void)
{
  rig r = rig_open(&elevator_twin);
  random_lifts(&r, 11);
  return r;
}

static void every_path_and_slice_gives_the_same_bits(void **unused)
{
  (void)unused;
  assert_true(rig_same_bits(random_block, 0.5, 60, 1));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_ride_takes_as_long_as_the_published_closed_forms_say),
      cmocka_unit_test(a_ride_ends_at_rest_where_it_was_sent),
      cmocka_unit_test(speed_and_position_are_the_integrals_of_the_acceleration),
      cmocka_unit_test(levelling_is_a_stretch_of_its_own_speed_before_the_stop),
      cmocka_unit_test(a_called_lift_goes_there_and_waits_for_the_next_call),
      cmocka_unit_test(the_step_does_not_change_a_ride),
      cmocka_unit_test(a_seen_acceleration_begins_the_next_ride_of_the_itinerary),
      cmocka_unit_test(a_knock_of_one_sample_is_no_departure),
      cmocka_unit_test(an_itinerary_has_room_for_ten_stops),
      cmocka_unit_test(the_published_twins_trace_is_the_same_curve),
      cmocka_unit_test(every_path_and_slice_gives_the_same_bits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
