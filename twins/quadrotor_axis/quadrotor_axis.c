/* quadrotor_axis.c: four rotors, a battery and a height; equations and sources are in README.md
 * beside this file. */
#include "twins/quadrotor_axis/quadrotor_axis.h"

#include "base/dmath.h"
#include "base/simd.h"

#include <assert.h>

static const tl_column columns[] = {
#define COL(name, role, type, unit, initial, low, high, resolution, meaning)                       \
  {#name, role, type, unit, initial, low, high, resolution, meaning},
#include "twins/quadrotor_axis/columns.def"
#undef COL
};

static const double gravity_m_per_s2 = 9.80665;
enum { ROTORS = 4, PLACES = 10 };

/* What changes within a step. As an array too, for the sums of Runge-Kutta. */
typedef union craft {
  struct {
    double height_m, climb_m_per_s, thrust_m_per_s2, rotor_V[ROTORS], open_V, relax_V, battery_V;
  };
  double place[PLACES];
} craft;
_Static_assert(sizeof(craft) == PLACES * sizeof(double), "every place is a state");

/* One device's parameters and held inputs, once a call. */
typedef struct setup {
  double duty[ROTORS], duty_squares;
  double supply_V, held_factor; /* rotor voltage by pulse width while the supply is given */
  double thrust, exponent, nominal_V, per_motor_s, per_inflow_s, inflow, ground_m, rotor_height_m,
      floor_m, stand_m;
  double per_motor_ohm, emf_ratio, battery_ohm, relax_ohm, per_relax_s, fade_V_per_C, per_sense_s;
  int resting;
} setup;

TL_INLINE_BODY double rotor_factor(const setup *s, double supply_V)
{
  return supply_V > 0.0 ? s->nominal_V * tl_math_pow(supply_V / s->nominal_V, s->exponent) : 0.0;
}

static setup setup_of(double *const *column, uint32_t i)
{
#define AT(name) column[QUADROTOR_AXIS_##name][i]
  setup s = {
      .duty = {AT(duty_1), AT(duty_2), AT(duty_3), AT(duty_4)},
      .supply_V = AT(supply_V),
      .thrust = AT(thrust_m_per_s2V2),
      .exponent = AT(supply_exponent),
      .nominal_V = AT(nominal_V),
      .per_motor_s = 1.0 / AT(motor_s),
      .per_inflow_s = 1.0 / AT(inflow_s),
      .inflow = AT(inflow_per_Vs),
      .ground_m = AT(ground_m),
      .rotor_height_m = AT(rotor_height_m),
      .floor_m = AT(floor_m),
      .stand_m = AT(stand_m),
      .per_motor_ohm = 1.0 / AT(motor_ohm),
      .emf_ratio = AT(emf_ratio),
      .battery_ohm = AT(battery_ohm),
      .relax_ohm = AT(relax_ohm),
      .per_relax_s = 1.0 / AT(relax_s),
      .fade_V_per_C = AT(fade_V_per_C),
      .per_sense_s = 1.0 / AT(sense_s),
      .resting = AT(resting) != 0.0,
  };
#undef AT
  for (int k = 0; k < ROTORS; k++) s.duty_squares += s.duty[k] * s.duty[k];
  s.held_factor = rotor_factor(&s, s.supply_V);
  return s;
}

/* Each motor draws duty (duty V - emf) / ohm; their sum through the battery's resistance is linear
 * in V, so V and the current have a closed form. */
TL_INLINE_BODY double terminal_V(const setup *s, const craft *c, double *current_A)
{
  double back_V = 0.0;
  for (int k = 0; k < ROTORS; k++) back_V += s->duty[k] * c->rotor_V[k];
  back_V *= s->emf_ratio;
  const double share = s->battery_ohm * s->per_motor_ohm;
  const double terminal =
      (c->open_V - c->relax_V + share * back_V) / (1.0 + share * s->duty_squares);
  *current_A = (s->duty_squares * terminal - back_V) * s->per_motor_ohm;
  return terminal;
}

/* Cheeseman and Bennett: thrust near the ground by 1 / (1 - (radius / 4 height)^2); held where that
 * formula leaves its range. */
TL_INLINE_BODY double ground_factor(const setup *s, double height_m)
{
  const double above_m = height_m > s->floor_m ? height_m - s->floor_m : 0.0;
  const double ratio = s->ground_m / (4.0 * (above_m + s->rotor_height_m));
  const double square = ratio * ratio;
  return 1.0 / (1.0 - (square < 0.5 ? square : 0.5));
}

TL_INLINE_BODY double acceleration_of(const setup *s, const craft *c)
{
  const double mean_V = 0.25 * (c->rotor_V[0] + c->rotor_V[1] + c->rotor_V[2] + c->rotor_V[3]);
  return c->thrust_m_per_s2 * ground_factor(s, c->height_m) -
         s->inflow * mean_V * c->climb_m_per_s - gravity_m_per_s2;
}

TL_INLINE_BODY craft slope(const setup *s, const craft *c)
{
  craft d;
  double current_A = 0.0, squares = 0.0;
  const double terminal = terminal_V(s, c, &current_A);
  const double factor = s->supply_V > 0.0 ? s->held_factor : rotor_factor(s, terminal);
  for (int k = 0; k < ROTORS; k++) {
    d.rotor_V[k] = (s->duty[k] * factor - c->rotor_V[k]) * s->per_motor_s;
    squares += c->rotor_V[k] * c->rotor_V[k];
  }
  d.thrust_m_per_s2 = (0.25 * s->thrust * squares - c->thrust_m_per_s2) * s->per_inflow_s;
  d.height_m = s->resting ? 0.0 : c->climb_m_per_s;
  d.climb_m_per_s = s->resting ? 0.0 : acceleration_of(s, c);
  d.open_V = -s->fade_V_per_C * current_A;
  d.relax_V = (s->relax_ohm * current_A - c->relax_V) * s->per_relax_s;
  d.battery_V = (terminal - c->battery_V) * s->per_sense_s;
  return d;
}

TL_INLINE_BODY craft along(const craft *c, const craft *d, double dt_s)
{
  craft out;
  for (int k = 0; k < PLACES; k++) out.place[k] = c->place[k] + dt_s * d->place[k];
  return out;
}

static craft runge_kutta(const setup *s, const craft *c, double dt_s)
{
  const craft k1 = slope(s, c), at2 = along(c, &k1, 0.5 * dt_s);
  const craft k2 = slope(s, &at2), at3 = along(c, &k2, 0.5 * dt_s);
  const craft k3 = slope(s, &at3), at4 = along(c, &k3, dt_s);
  const craft k4 = slope(s, &at4);
  craft out;
  for (int k = 0; k < PLACES; k++)
    out.place[k] =
        c->place[k] + dt_s / 6.0 * (k1.place[k] + 2.0 * (k2.place[k] + k3.place[k]) + k4.place[k]);
  return out;
}

static craft craft_of(double *const *column, uint32_t i)
{
  craft c;
  for (uint32_t k = 0; k < PLACES; k++) c.place[k] = column[QUADROTOR_AXIS_height_m + k][i];
  return c;
}

/* The prediction begins anew at what was recorded. */
static void begin_anew(double *const *column, uint32_t i, setup *s, craft *c)
{
  c->height_m = column[QUADROTOR_AXIS_seen_height_m][i];
  c->climb_m_per_s = column[QUADROTOR_AXIS_seen_climb_m_per_s][i];
  column[QUADROTOR_AXIS_since_s][i] = 0.0;
  const double climb = c->climb_m_per_s;
  const int still = climb < 0.1 && climb > -0.1; /* 0.1 m/s: the estimate while it stands */
  s->resting = (still || c->height_m <= s->floor_m) && c->thrust_m_per_s2 < 0.5 * gravity_m_per_s2;
  if (s->resting) c->climb_m_per_s = 0.0;
}

static int comes_down_on(double level_m, const craft *before, const craft *after)
{
  return before->height_m >= level_m && after->height_m <= level_m && after->climb_m_per_s < 0.0;
}

/* It stands until its thrust lifts it, and again when it comes down on the floor, or on where it
 * stood before if it has not been above the floor since. What a landing does to the craft (bounces,
 * shocks) is not in the model. */
static craft step_once(setup *s, const craft *before, double dt_s)
{
  if (s->resting) s->stand_m = before->height_m;
  if (s->resting && acceleration_of(s, before) > 0.0) s->resting = 0;
  craft after = runge_kutta(s, before, dt_s);
  if (s->resting) return after;
  const int on_floor = comes_down_on(s->floor_m, before, &after);
  if (on_floor || comes_down_on(s->stand_m, before, &after)) {
    after.height_m = on_floor ? s->floor_m : s->stand_m;
    after.climb_m_per_s = 0.0;
    s->resting = 1;
  }
  return after;
}

static void quadrotor_axis_step(double *const *column, tl_slice rows, double dt_s,
                                uint32_t step_count, tl_simd_path path)
{
  (void)path; /* contact branches by device: the scalar code is the only one */
  assert(rows.begin <= rows.end);
  assert(dt_s > 0.0 && step_count > 0);
  for (uint32_t i = rows.begin; i < rows.end; i++) {
    setup s = setup_of(column, i);
    craft c = craft_of(column, i);
    const double horizon_s = column[QUADROTOR_AXIS_horizon_s][i];
    for (uint32_t step = 0; step < step_count; step++) {
      /* a nanosecond: stamps that add up to a horizon but for roundings */
      if (horizon_s > 0.0 && column[QUADROTOR_AXIS_since_s][i] > horizon_s - 1e-9)
        begin_anew(column, i, &s, &c);
      c = step_once(&s, &c, dt_s);
      column[QUADROTOR_AXIS_since_s][i] += dt_s;
    }
    for (uint32_t k = 0; k < PLACES; k++) column[QUADROTOR_AXIS_height_m + k][i] = c.place[k];
    column[QUADROTOR_AXIS_resting][i] = s.resting;
    column[QUADROTOR_AXIS_stand_m][i] = s.stand_m;
  }
}

static void quadrotor_axis_output(double *const *column, tl_slice rows)
{
  for (uint32_t i = rows.begin; i < rows.end; i++) {
    const setup s = setup_of(column, i);
    const craft c = craft_of(column, i);
    const double acceleration = acceleration_of(&s, &c);
    column[QUADROTOR_AXIS_acceleration_m_per_s2][i] =
        s.resting && acceleration < 0.0 ? 0.0 : acceleration;
    terminal_V(&s, &c, &column[QUADROTOR_AXIS_current_A][i]);
  }
}

const tl_twin_type quadrotor_axis_twin = {
    .abi = TL_TWIN_ABI,
    .flags = 0, /* thrust goes with the square of rotor speed: not affine */
    .name = "quadrotor_axis",
    .meaning = "vertical axis of a quadrotor: rotors, battery, height",
    .columns = columns,
    .column_count = QUADROTOR_AXIS_COUNT,
    .step = quadrotor_axis_step,
    .output = quadrotor_axis_output,
    .dt_s_max = 0.01,
};
