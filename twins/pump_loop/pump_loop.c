/* pump_loop.c: motor, centrifugal pump, pipes with two valves, a leak and heat; equations, sources
 * and errors are in README.md beside this file. */
#include "twins/pump_loop/pump_loop.h"

#include "base/dmath.h"
#include "base/simd.h"

#include <assert.h>

static const tl_column columns[] = {
#define COL(name, role, type, unit, initial, low, high, resolution, meaning)                       \
  {#name, role, type, unit, initial, low, high, resolution, meaning},
#include "twins/pump_loop/columns.def"
#undef COL
};

static const double gravity = 9.80665;             /* m/s2 */
static const double density = 997.0;               /* water, kg/m3 */
static const double atmosphere_Pa = 101325.0;      /* on the tank's surface */
static const double per_L_per_min = 1.0 / 60000.0; /* m3/s */
static const double orifice = 0.62;                /* discharge coefficient of a sharp hole */
static const double substep_s = 0.05;              /* longest step of speed and flow */
static const double bar_per_m = 1e-5 * 997.0 * 9.80665;
static const double two_pi = 6.283185307179586;

/* One device, as far as it is constant over a call. Heads in m, flows in m3/s; losses k Q |Q|. */
typedef struct loop {
  double synchronous_rad_s, torque_Nm, slip, inertia; /* motor, torque at this voltage */
  double rated_rad_s, friction_Nm, shutoff_m, droop, per_efficiency;
  double static_m, suction, outlet, inertance;
  double leak, npsh_base_m, npsh_need, gas;
} loop;

typedef struct flow_state {
  double speed, flow;
} flow_state;

/* Loss over opening squared: the usual law of a valve's coefficient. */
TL_INLINE_BODY double valve_loss(double loss_m, double open, double shut, double gate)
{
  const double opening = open + (shut - open) * gate;
  return loss_m / (opening * opening);
}

/* Vapour pressure of water: Magnus with the constants of Alduchov and Eskridge (1996). */
static double vapour_Pa(double water_K)
{
  const double t = water_K - 273.15;
  return 610.94 * tl_math_exp(17.625 * t / (t + 243.04));
}

#define AT(name) column[PUMP_LOOP_##name][i]
static loop loop_of(double *const *column, uint32_t i)
{
  const double flow = AT(rated_L_per_min) * per_L_per_min, per_flow2 = 1.0 / (flow * flow);
  const double voltage = AT(voltage_V) / AT(rated_V), speed = AT(rated_rad_s);
  const double weight = density * gravity;
  return (loop){
      .synchronous_rad_s = two_pi * AT(supply_Hz) / AT(pole_pairs),
      .torque_Nm = AT(breakdown_Nm) * voltage * voltage,
      .slip = AT(breakdown_slip),
      .inertia = AT(inertia_kgm2),
      .rated_rad_s = speed,
      .friction_Nm = AT(friction_W) / speed,
      .shutoff_m = AT(shutoff_m),
      .droop = AT(droop_m) * per_flow2,
      .per_efficiency = 1.0 / AT(efficiency),
      .static_m = AT(static_m),
      .suction =
          per_flow2 * valve_loss(AT(valve1_m), AT(valve1_open), AT(valve1_shut), AT(valve1_gate)),
      .outlet = per_flow2 * (AT(system_m) + valve_loss(AT(valve2_m), AT(valve2_open),
                                                       AT(valve2_shut), AT(valve2_gate))),
      .inertance = AT(pipe_m) / (gravity * AT(bore_m2)),
      .leak = 2.0 * gravity * orifice * orifice * AT(leak_m2) * AT(leak_m2),
      .npsh_base_m = (atmosphere_Pa - vapour_Pa(AT(water_K))) / weight + AT(tank_m),
      .npsh_need = AT(npsh_m) * per_flow2,
      .gas = AT(gas_ratio),
  };
}

TL_INLINE_BODY double square_signed(double x) { return x < 0.0 ? -x * x : x * x; }
TL_INLINE_BODY double size_of(double x) { return x < 0.0 ? -x : x; }

static double npsh_margin_m(const loop *p, double flow)
{
  return p->npsh_base_m - (p->suction + p->npsh_need) * flow * size_of(flow);
}

/* Share of the head that is left: below the needed suction head vapour fills the impeller, and gas
 * that comes with the water does the same. */
static double head_left(const loop *p, double flow)
{
  const double liquid = 1.0 - p->gas, need_m = p->npsh_need * flow * size_of(flow);
  const double margin_m = npsh_margin_m(p, flow);
  double left = 1.0;
  if (margin_m < 0.0 && need_m > 0.0) left = 1.0 + margin_m / need_m;
  return (left > 0.0 ? left : 0.0) * liquid * liquid;
}

/* What is left of the flow behind a leak q = Cd A sqrt(2 g H), with H = static + outlet r^2 for the
 * flow r = Q - q that goes on: the root of a quadratic, in the form without cancellation. */
static double delivered(const loop *p, double flow)
{
  if (!(p->leak > 0.0) || !(flow > 0.0)) return flow;
  const double rest = flow * flow - p->leak * p->static_m;
  const double inside =
      p->leak * (p->outlet * flow * flow + p->static_m * (1.0 - p->leak * p->outlet));
  if (!(rest > 0.0)) return 0.0; /* all of it leaks */
  return rest / (flow + tl_math_sqrt(inside > 0.0 ? inside : 0.0));
}

/* Head behind the pump, over the pump's own level. */
TL_INLINE_BODY double behind_m(const loop *p, double flow)
{
  return p->static_m + p->outlet * square_signed(delivered(p, flow));
}

/* Affinity laws: head over speed squared is one curve of flow over speed. */
TL_INLINE_BODY double head_m(const loop *p, double speed, double flow)
{
  const double w = speed / p->rated_rad_s;
  const double head = p->shutoff_m * w * size_of(w) - p->droop * square_signed(flow);
  return head * head_left(p, flow);
}

/* Load: friction with the square of speed, and the water's power over the hydraulic efficiency. */
static double load_Nm(const loop *p, double speed, double flow)
{
  const double w = speed / p->rated_rad_s, head = head_m(p, speed, flow);
  const double water_W = density * gravity * flow * head * p->per_efficiency;
  const double floor_rad_s = 0.01 * p->rated_rad_s; /* at rest a torque, not a division by zero */
  return p->friction_Nm * w * size_of(w) +
         (water_W > 0.0 ? water_W / (speed > floor_rad_s ? speed : floor_rad_s) : 0.0);
}

/* Kloss: 2 Tb / (s/sk + sk/s). */
TL_INLINE_BODY double motor_Nm(const loop *p, double speed)
{
  const double s = 1.0 - speed / p->synchronous_rad_s;
  return 2.0 * p->torque_Nm * s * p->slip / (s * s + p->slip * p->slip);
}

/* Linearly implicit Euler: both equations are stiff towards their balance, which it meets exactly. */
static flow_state flow_step(const loop *p, flow_state x, double h)
{
  const double s = 1.0 - x.speed / p->synchronous_rad_s, k = p->slip;
  const double bottom = s * s + k * k;
  const double torque_slope =
      -2.0 * p->torque_Nm * k * (k * k - s * s) / (bottom * bottom * p->synchronous_rad_s);
  const double load = load_Nm(p, x.speed, x.flow);
  const double speed_slope =
      (torque_slope < 0.0 ? torque_slope : 0.0) - 2.0 * load / (x.speed > 1.0 ? x.speed : 1.0);
  const double speed_gain = motor_Nm(p, x.speed) - load;
  const double resistance = p->suction + p->outlet + p->droop * head_left(p, x.flow);
  const double flow_gain =
      head_m(p, x.speed, x.flow) - behind_m(p, x.flow) - p->suction * square_signed(x.flow);
  flow_state y = {x.speed + h * speed_gain / (p->inertia - h * speed_slope),
                  x.flow + h * flow_gain / (p->inertance + 2.0 * h * resistance * size_of(x.flow))};
  if (y.flow < 0.0) y.flow = 0.0; /* a check valve */
  return y;
}

static double current_A(double *const *column, uint32_t i, double shaft_W)
{
  const double voltage_V = AT(voltage_V);
  if (!(voltage_V > 0.0)) return 0.0;
  const double ratio = voltage_V / AT(rated_V);
  const double idle_A = AT(idle_A) * tl_math_pow(ratio, AT(saturation));
  const double active_A = (shaft_W + AT(core_W) * ratio * ratio) / voltage_V;
  return tl_math_sqrt(idle_A * idle_A + active_A * active_A);
}

/* C dT/dt = heat - G (T - end), exactly for held neighbours. */
TL_INLINE_BODY double settle_K(double T, double gain_W, double G, double C, double dt_s)
{
  if (!(G > 0.0)) return T + dt_s * gain_W / C;
  return T - gain_W / G * tl_math_expm1(-dt_s * G / C);
}

static void heat_step(double *const *column, uint32_t i, double shaft_W, double dt_s)
{
  const double current = current_A(column, i, shaft_W), ratio = AT(voltage_V) / AT(rated_V);
  const double lost_W = current * current * AT(winding_ohm) + AT(core_W) * ratio * ratio;
  const double motor_K = AT(motor_K), water_K = AT(water_K), ambient_K = AT(ambient_K);
  const double shared = AT(motor_water_W_per_K), Gm = AT(motor_W_per_K), Gw = AT(water_W_per_K);
  const double motor_gain = lost_W - Gm * (motor_K - ambient_K) - shared * (motor_K - water_K);
  const double water_gain = shaft_W - Gw * (water_K - ambient_K) + shared * (motor_K - water_K);
  AT(motor_K) = settle_K(motor_K, motor_gain, Gm + shared, AT(motor_J_per_K), dt_s);
  AT(water_K) = settle_K(water_K, water_gain, Gw + shared, AT(water_J_per_K), dt_s);
}

static void advance(double *const *column, uint32_t i, double dt_s)
{
  const loop p = loop_of(column, i);
  const uint32_t count = (uint32_t)tl_math_ceil(dt_s / substep_s);
  flow_state x = {AT(speed_rad_s), AT(pump_flow_L_per_min) * per_L_per_min};
  for (uint32_t k = 0; k < count; k++) x = flow_step(&p, x, dt_s / (double)count);
  AT(speed_rad_s) = x.speed;
  AT(pump_flow_L_per_min) = x.flow / per_L_per_min;
  heat_step(column, i, x.speed * load_Nm(&p, x.speed, x.flow), dt_s);
}

static void pump_loop_step(double *const *column, tl_slice rows, double dt_s, uint32_t step_count,
                           tl_simd_path path)
{
  (void)path; /* branches of few devices: the scalar code is the only one */
  assert(rows.begin <= rows.end);
  assert(dt_s > 0.0 && step_count > 0);
  for (uint32_t i = rows.begin; i < rows.end; i++)
    for (uint32_t step = 0; step < step_count; step++) advance(column, i, dt_s);
}

static void pump_loop_output(double *const *column, tl_slice rows)
{
  for (uint32_t i = rows.begin; i < rows.end; i++) {
    const loop p = loop_of(column, i);
    const double flow = AT(pump_flow_L_per_min) * per_L_per_min, past = delivered(&p, flow);
    const double rated = AT(rated_L_per_min) * per_L_per_min;
    const double shaft_W = AT(speed_rad_s) * load_Nm(&p, AT(speed_rad_s), flow);
    AT(flow_L_per_min) = past / per_L_per_min;
    AT(leak_L_per_min) = (flow - past) / per_L_per_min;
    AT(discharge_bar) = bar_per_m * behind_m(&p, flow);
    AT(pressure_bar) =
        bar_per_m * AT(tap_m) * square_signed(past / rated) + AT(pressure_offset_bar);
    AT(npsh_margin_m) = npsh_margin_m(&p, flow);
    AT(shaft_W) = shaft_W;
    AT(current_A) = current_A(column, i, shaft_W);
  }
}

const tl_twin_type pump_loop_twin = {
    .abi = TL_TWIN_ABI,
    .flags = 0, /* squares and a motor curve: not affine */
    .name = "pump_loop",
    .meaning = "water loop: induction motor, centrifugal pump, two valves, leak, heat",
    .columns = columns,
    .column_count = PUMP_LOOP_COUNT,
    .step = pump_loop_step,
    .output = pump_loop_output,
    .dt_s_max = 100.0,
};
