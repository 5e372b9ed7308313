/* motor_bearing.c: a motor, its imbalance, and a rolling bearing with spalls; equations and sources
 * are in README.md beside this file. */
#include "twins/motor_bearing/motor_bearing.h"

#include "base/dmath.h"
#include "twins/motor_bearing/bearing.h"
#include "twins/motor_bearing/shaft.h"

#include <assert.h>

#define TURN_RAD (2.0 * BEARING_PI)
#define GRAVITY_M_PER_S2 9.80665
#define PASSAGES_MAX 1000.0 /* a step; more only with absurd parameters */

static const tl_column columns[] = {
#define COL(name, role, type, unit, initial, low, high, resolution, meaning)                       \
  {#name, role, type, unit, initial, low, high, resolution, meaning},
#include "twins/motor_bearing/columns.def"
#undef COL
};

enum { HORIZONTAL = 0, VERTICAL, AXES };
enum { OUTER = 0, INNER, BALL, CAGE, SPALLS };

/* One device's parameters and held inputs, once a call. */
typedef struct machine {
  shaft shaft;
  bearing_ratios ratio;
  double per_turn[SPALLS], spall_m[SPALLS];   /* passages a turn of the shaft; width */
  double jump_per_m, load_zone, spall_at_rad; /* jump of ring speed by width and shaft speed */
  ringing structure;
  double feet_rad_per_s[AXES], feet_damping;
  double imbalance_m; /* m e / M */
  double forget;      /* share of the window that a step leaves */
} machine;

/* A machine under way. */
typedef struct motion {
  shaft_state shaft;
  double rotor_turns, passage[SPALLS];
  double m[AXES], m_per_s[AXES];
  ring_state ring;
  double push[AXES]; /* acceleration that the imbalance gives, now */
  double mean_square, mean_fourth, peak;
} motion;

#define AT(name) column[MOTOR_BEARING_##name][i]

static shaft shaft_of(double *const *column, uint32_t i)
{
  return (shaft){
      .is_on = AT(drive_Hz) > 0.0 ? 1.0 : 0.0,
      .synchronous_rad_per_s = TURN_RAD * AT(drive_Hz) / AT(pole_pairs),
      .breakdown_Nm = AT(breakdown_Nm),
      .breakdown_rad_per_s = AT(breakdown_rad_per_s),
      .load_Nm = AT(load_Nm),
      .viscous_Nm_s = AT(viscous_Nm_s),
      .fan_Nm_s2 = AT(fan_Nm_s2),
      .per_inertia = 1.0 / AT(inertia_kg_m2),
      .pull_N = AT(rotor_kg) * GRAVITY_M_PER_S2 + AT(pull_N),
      .imbalance_kg_m = AT(rotor_kg) * AT(eccentricity_m),
      .friction_m = 0.5 * AT(friction) * AT(bore_m),
      .room_K = AT(room_K),
      .loss_W_per_K = AT(loss_W_per_K),
      .per_heat_K_per_J = 1.0 / AT(heat_J_per_K),
  };
}

static machine machine_of(double *const *column, uint32_t i)
{
  const bearing_shape shape = {AT(balls), AT(ball_m), AT(pitch_m), AT(contact_rad), AT(cage_slip)};
  const bearing_ratios ratio = bearing_ratios_of(&shape);
  return (machine){
      .shaft = shaft_of(column, i),
      .ratio = ratio,
      .per_turn = {ratio.outer, ratio.inner, 2.0 * ratio.ball, ratio.cage},
      .spall_m = {AT(outer_spall_m), AT(inner_spall_m), AT(ball_spall_m), AT(cage_crack_m)},
      .jump_per_m = 2.0 / AT(ball_m) * ratio.rolling_m * AT(impact_kg) / AT(structure_kg),
      .load_zone = AT(load_zone),
      .spall_at_rad = AT(spall_at_rad),
      .structure = ringing_of(AT(structure_Hz), AT(structure_damping)),
      .feet_rad_per_s = {TURN_RAD * AT(horizontal_Hz), TURN_RAD * AT(vertical_Hz)},
      .feet_damping = AT(feet_damping),
      .imbalance_m = AT(rotor_kg) * AT(eccentricity_m) / AT(machine_kg),
  };
}

/* Acceleration that the heavy spot gives: it is -r'' of a point on a turning radius. */
static void push_at(double push[AXES], const machine *m, double angle_rad, double speed,
                    double accel)
{
  const double c = tl_math_cos(angle_rad), s = tl_math_sin(angle_rad), square = speed * speed;
  push[HORIZONTAL] = m->imbalance_m * (square * c + accel * s);
  push[VERTICAL] = m->imbalance_m * (square * s - accel * c);
}

static motion motion_of(double *const *column, uint32_t i, const machine *m)
{
  motion q = {
      .shaft = {AT(speed_rad_per_s), AT(bearing_K)},
      .rotor_turns = AT(rotor_turns),
      .passage = {AT(outer_passage), AT(inner_passage), AT(ball_passage), AT(cage_turns)},
      .m = {AT(horizontal_m), AT(vertical_m)},
      .m_per_s = {AT(horizontal_m_per_s), AT(vertical_m_per_s)},
      .ring = {AT(ring_m), AT(ring_m_per_s)},
      .mean_square = AT(mean_square_m2_per_s4),
      .mean_fourth = AT(mean_fourth_m4_per_s8),
      .peak = AT(peak_m_per_s2),
  };
  const double accel = shaft_acceleration(&m->shaft, q.shaft);
  push_at(q.push, m, TURN_RAD * q.rotor_turns, q.shaft.speed_rad_per_s, accel);
  return q;
}

static void store(double *const *column, uint32_t i, const motion *q)
{
  AT(speed_rad_per_s) = q->shaft.speed_rad_per_s;
  AT(bearing_K) = q->shaft.bearing_K;
  AT(rotor_turns) = q->rotor_turns;
  AT(outer_passage) = q->passage[OUTER];
  AT(inner_passage) = q->passage[INNER];
  AT(ball_passage) = q->passage[BALL];
  AT(cage_turns) = q->passage[CAGE];
  AT(horizontal_m) = q->m[HORIZONTAL];
  AT(horizontal_m_per_s) = q->m_per_s[HORIZONTAL];
  AT(vertical_m) = q->m[VERTICAL];
  AT(vertical_m_per_s) = q->m_per_s[VERTICAL];
  AT(ring_m) = q->ring.m;
  AT(ring_m_per_s) = q->ring.m_per_s;
  AT(mean_square_m2_per_s4) = q->mean_square;
  AT(mean_fourth_m4_per_s8) = q->mean_fourth;
  AT(peak_m_per_s2) = q->peak;
}

static double feet_acceleration(const machine *m, int axis, double at_m, double m_per_s,
                                double push)
{
  const double w = m->feet_rad_per_s[axis];
  return push - 2.0 * m->feet_damping * w * m_per_s - w * w * at_m;
}

/* One axis on the feet: Runge-Kutta of order 4 with the push at start, half and end of the step. */
static void sway(const machine *m, int axis, double *at_m, double *m_per_s, const double push[3],
                 double dt_s)
{
  const double x = *at_m, v1 = *m_per_s, h = 0.5 * dt_s;
  const double a1 = feet_acceleration(m, axis, x, v1, push[0]);
  const double v2 = v1 + h * a1, a2 = feet_acceleration(m, axis, x + h * v1, v2, push[1]);
  const double v3 = v1 + h * a2, a3 = feet_acceleration(m, axis, x + h * v2, v3, push[1]);
  const double v4 = v1 + dt_s * a3, a4 = feet_acceleration(m, axis, x + dt_s * v3, v4, push[2]);
  *at_m = x + dt_s / 6.0 * (v1 + 2.0 * (v2 + v3) + v4);
  *m_per_s = v1 + dt_s / 6.0 * (a1 + 2.0 * (a2 + a3) + a4);
}

/* How much of a strike the ball's load lets through: the spall's place in the load zone then. */
static double strike_ratio(const machine *m, const motion *q, int kind, double turned)
{
  switch (kind) {
    case OUTER: return bearing_load_ratio(m->spall_at_rad, m->load_zone);
    case INNER: return bearing_load_ratio(TURN_RAD * (q->rotor_turns + turned), m->load_zone);
    case BALL: {
      const double cage_turns = q->passage[CAGE] + m->ratio.cage * turned;
      return bearing_load_ratio(TURN_RAD * cage_turns, m->load_zone);
    }
    default: return 1.0; /* the cage strikes wherever it is */
  }
}

/* Ringing that the strikes of one kind in this step leave at its end. A strike's time is where the
 * shaft's angle, as speed and mean acceleration give it, reaches the passage. */
static ring_state strikes(const machine *m, const motion *q, int kind, const shaft_step *s,
                          double dt_s)
{
  const double w0 = s->speed_rad_per_s[0];
  const double accel = 2.0 * (s->turned_rad - w0 * dt_s) / (dt_s * dt_s);
  const double count =
      tl_math_floor(q->passage[kind] + m->per_turn[kind] * s->turned_rad / TURN_RAD);
  ring_state left = {0.0, 0.0};
  if (!(count >= 1.0) || m->spall_m[kind] == 0.0) return left;
  for (double k = 1.0; k <= count && k <= PASSAGES_MAX; k += 1.0) {
    const double turned = (k - q->passage[kind]) / m->per_turn[kind];
    const double radicand = w0 * w0 + 2.0 * accel * TURN_RAD * turned;
    const double speed = radicand > 0.0 ? tl_math_sqrt(radicand) : 0.0;
    const double after_s = dt_s - 2.0 * TURN_RAD * turned / (w0 + speed);
    const ring_map map = ring_map_of(&m->structure, after_s > 0.0 ? after_s : 0.0);
    const double jump = m->spall_m[kind] * m->jump_per_m * speed * strike_ratio(m, q, kind, turned);
    const ring_state rung = ring_after(&map, (ring_state){0.0, jump});
    left.m += rung.m;
    left.m_per_s += rung.m_per_s;
  }
  return left;
}

/* What a device with an accelerometer keeps: sums that forget, taken at the end of every step. */
static void remember(const machine *m, motion *q)
{
  const double feet =
      feet_acceleration(m, VERTICAL, q->m[VERTICAL], q->m_per_s[VERTICAL], q->push[VERTICAL]);
  const double a = feet + ring_acceleration(&m->structure, q->ring), square = a * a;
  const double size = a < 0.0 ? -a : a, faded = q->peak * m->forget;
  q->mean_square = square + m->forget * (q->mean_square - square);
  q->mean_fourth = square * square + m->forget * (q->mean_fourth - square * square);
  q->peak = size > faded ? size : faded;
}

static double part_of_turn(double turns) { return turns - tl_math_floor(turns); }

static void advance(const machine *m, const ring_map *free, motion *q, double dt_s)
{
  const shaft_step s = shaft_advance(&m->shaft, q->shaft, dt_s);
  ring_state ring = ring_after(free, q->ring);
  for (int kind = 0; kind < SPALLS; kind++) {
    const ring_state rung = strikes(m, q, kind, &s, dt_s);
    ring.m += rung.m;
    ring.m_per_s += rung.m_per_s;
  }
  const double turned = s.turned_rad / TURN_RAD, start_rad = TURN_RAD * q->rotor_turns;
  double half[AXES], end[AXES];
  q->rotor_turns = part_of_turn(q->rotor_turns + turned);
  push_at(half, m, start_rad + s.halfway_rad, s.speed_rad_per_s[1], s.acceleration_rad_per_s2[1]);
  push_at(end, m, TURN_RAD * q->rotor_turns, s.speed_rad_per_s[2], s.acceleration_rad_per_s2[2]);
  for (int axis = 0; axis < AXES; axis++) {
    const double push[3] = {q->push[axis], half[axis], end[axis]};
    sway(m, axis, &q->m[axis], &q->m_per_s[axis], push, dt_s);
    q->push[axis] = end[axis];
  }
  for (int kind = 0; kind < SPALLS; kind++)
    q->passage[kind] = part_of_turn(q->passage[kind] + m->per_turn[kind] * turned);
  q->ring = ring;
  q->shaft = s.end;
  remember(m, q);
}

static void motor_bearing_step(double *const *column, tl_slice rows, double dt_s,
                               uint32_t step_count, tl_simd_path path)
{
  (void)path; /* strikes differ by device: the scalar code is the only one */
  assert(rows.begin <= rows.end);
  assert(dt_s > 0.0 && step_count > 0);
  for (uint32_t i = rows.begin; i < rows.end; i++) {
    machine m = machine_of(column, i);
    m.forget = tl_math_exp(-dt_s / AT(window_s));
    const ring_map free = ring_map_of(&m.structure, dt_s);
    motion q = motion_of(column, i, &m);
    for (uint32_t step = 0; step < step_count; step++) advance(&m, &free, &q, dt_s);
    store(column, i, &q);
  }
}

static void motor_bearing_output(double *const *column, tl_slice rows)
{
  for (uint32_t i = rows.begin; i < rows.end; i++) {
    const machine m = machine_of(column, i);
    const motion q = motion_of(column, i, &m);
    const double w = q.shaft.speed_rad_per_s, shaft_Hz = w / TURN_RAD;
    const double rms = tl_math_sqrt(q.mean_square);
    double feet[AXES];
    for (int axis = 0; axis < AXES; axis++)
      feet[axis] = feet_acceleration(&m, axis, q.m[axis], q.m_per_s[axis], q.push[axis]);
    AT(acceleration_m_per_s2) = feet[VERTICAL] + ring_acceleration(&m.structure, q.ring);
    AT(horizontal_m_per_s2) = feet[HORIZONTAL];
    AT(rms_m_per_s2) = rms;
    AT(crest) = rms > 0.0 ? q.peak / rms : 0.0;
    AT(kurtosis) =
        q.mean_square * q.mean_square > 0.0 ? q.mean_fourth / (q.mean_square * q.mean_square) : 0.0;
    AT(shaft_Hz) = shaft_Hz;
    AT(outer_Hz) = m.ratio.outer * shaft_Hz;
    AT(inner_Hz) = m.ratio.inner * shaft_Hz;
    AT(ball_Hz) = m.ratio.ball * shaft_Hz;
    AT(cage_Hz) = m.ratio.cage * shaft_Hz;
    AT(motor_Nm) = shaft_motor_Nm(&m.shaft, w);
    AT(shaft_W) = shaft_motor_Nm(&m.shaft, w) * w;
    AT(friction_W) = shaft_friction_W(&m.shaft, w);
  }
}

const tl_twin_type motor_bearing_twin = {
    .abi = TL_TWIN_ABI,
    .flags = 0, /* strikes and torques: not affine */
    .name = "motor_bearing",
    .meaning = "motor with imbalance and a rolling bearing with spalls",
    .columns = columns,
    .column_count = MOTOR_BEARING_COUNT,
    .step = motor_bearing_step,
    .output = motor_bearing_output,
    .dt_s_max = 5e-4,
};
