/* The affine map is the twin's own integrator: it and the stepped plant agree. */
#include "tests/sim/kit.h"
#include "tests/twins/rig.h"

#include <math.h>

/* Absolute, but relative for values beyond `unit`. */
static double greatest_gap(const tl_world *a, const tl_world *b, const char *fleet,
                           const char *column, double unit)
{
  const tl_fleet_id id = kit_fleet(a, fleet);
  const uint32_t count = tl_fleet_device_count(a, id);
  double greatest = 0.0;
  for (uint32_t device = 0; device < count; device++) {
    const double of_a = kit_get(a, fleet, column, device), of_b = kit_get(b, fleet, column, device);
    const double gap = fabs(of_a - of_b) / (fabs(of_a) > unit ? fabs(of_a) / unit : 1.0);
    if (!(gap <= greatest)) greatest = gap;
  }
  return greatest;
}

static void two_hours_of_hysteresis_control_agree_within_a_billionth_of_a_kelvin(void **unused)
{
  (void)unused;
  kit_options map = kit_default(), stepped = kit_default();
  map.labs = stepped.labs = 0;
  map.sync_ns = stepped.sync_ns = 60 * S;
  stepped.stepped = true;
  tl_world *a = kit_open(&map), *b = kit_open(&stepped);
  double greatest = 0.0, coldest = 1e9, warmest = 0.0;
  for (int64_t at_s = 60; at_s <= 7200; at_s += 60) {
    if (at_s == 3600) { /* a parameter written on the way rebuilds that device's map */
      kit_set(a, "boxes", "lid_open", 123, 0.2);
      kit_set(b, "boxes", "lid_open", 123, 0.2);
      kit_set(a, "boxes", "C_heater_J_per_K", 124, 0.0);
      kit_set(b, "boxes", "C_heater_J_per_K", 124, 0.0);
    }
    kit_run(a, at_s * S, false);
    kit_run(b, at_s * S, false);
    greatest = fmax(greatest, greatest_gap(a, b, "boxes", "box_K", 1e9));
    greatest = fmax(greatest, greatest_gap(a, b, "boxes", "heater_K", 1e9));
    const double box_K = kit_get(a, "boxes", "box_K", 0);
    coldest = fmin(coldest, box_K);
    warmest = fmax(warmest, box_K);
  }
  printf("map against steps, 600 devices, 2 h: %.2e K (device 0 between %.1f and %.1f K)\n",
         greatest, coldest, warmest);
  assert_true(greatest < 1e-9);
  assert_true(greatest > 0.0); /* the map was used */
  assert_true(warmest - coldest > 3.0);
  tl_world_destroy(a);
  tl_world_destroy(b);
}

/* A plant with another shape: three states, two inputs, one disturbance. x0' = -k x0 + u0, x1' = k
 * (x0 - x1) + u1 + d, x2' = x1. */
enum { X0, X1, X2, U0, U1, D, K, CHAIN_COLUMNS };
static const tl_column chain_columns[] = {
    {"x0", TL_STATE, TL_F64, "1", 1.0, -1e6, 1e6, 0.0, "first"},
    {"x1", TL_STATE, TL_F64, "1", -2.0, -1e6, 1e6, 0.0, "second"},
    {"x2", TL_STATE, TL_F64, "1", 0.0, -1e6, 1e6, 0.0, "integral"},
    {"u0", TL_INPUT, TL_F64, "1", 0.0, -10, 10, 0.0, "input"},
    {"u1", TL_INPUT, TL_F64, "1", 0.0, -10, 10, 0.0, "input"},
    {"d", TL_INPUT, TL_F64, "1", 0.1, -10, 10, 0.0, "disturbance"},
    {"k", TL_PARAM, TL_F64, "1/s", 0.2, 0.0, 1.0, 0.0, "rate"},
};

static void chain_step(double *const *column, tl_slice rows, double dt_s, uint32_t step_count,
                       tl_simd_path path)
{
  (void)path;
  for (uint32_t i = rows.begin; i < rows.end; i++)
    for (uint32_t step = 0; step < step_count; step++) { /* Heun's method */
      const double k = column[K][i], u0 = column[U0][i], in = column[U1][i] + column[D][i];
      const double x0 = column[X0][i], x1 = column[X1][i], x2 = column[X2][i];
      const double a0 = u0 - k * x0, a1 = k * (x0 - x1) + in, a2 = x1;
      const double y0 = x0 + dt_s * a0, y1 = x1 + dt_s * a1;
      column[X0][i] = x0 + 0.5 * dt_s * (a0 + (u0 - k * y0));
      column[X1][i] = x1 + 0.5 * dt_s * (a1 + (k * (y0 - y1) + in));
      column[X2][i] = x2 + 0.5 * dt_s * (a2 + y1);
    }
}

static const tl_twin_type chain = {.abi = TL_TWIN_ABI,
                                   .flags = TL_TWIN_AFFINE,
                                   .name = "chain",
                                   .meaning = "for a test",
                                   .columns = chain_columns,
                                   .column_count = CHAIN_COLUMNS,
                                   .step = chain_step,
                                   .dt_s_max = 1.0};

static tl_world *open_chain(bool stepped, tl_simd_path path)
{
  static const tl_twin_type *const twins[] = {&chain};
  tl_world_def def = tl_world_def_default();
  def.twins = twins;
  def.twin_count = 1;
  def.stepped = stepped;
  def.path = path;
  tl_world *world = NULL;
  MUST(tl_world_create(&world, &def, err));
  tl_fleet_def fleet = tl_fleet_def_default();
  fleet.name = "chains";
  fleet.twin = "chain";
  fleet.count = 20;
  fleet.dt_ns = S / 4;
  fleet.actuator_count = 2;
  for (int i = 0; i < 2; i++) {
    fleet.actuators[i] = tl_actuator_def_default();
    fleet.actuators[i].name = i ? "second" : "first";
    fleet.actuators[i].column = i ? "u1" : "u0";
    fleet.actuators[i].low = -10.0;
    fleet.actuators[i].high = 10.0;
  }
  tl_fleet_id id;
  MUST(tl_fleet_create(world, &id, &fleet, err));
  MUST(tl_world_seal(world, err));
  for (uint32_t i = 0; i < 20; i++) kit_set(world, "chains", "k", i, 0.05 * (1 + i % 7));
  return world;
}

static void any_affine_twin_gets_its_map(void **unused)
{
  (void)unused;
  tl_world *a = open_chain(false, tl_cpu_best_path()), *b = open_chain(true, tl_cpu_best_path()),
           *c = open_chain(false, TL_PATH_SCALAR);
  tl_world *const worlds[] = {a, b, c};
  double greatest = 0.0;
  for (int window = 0; window < 60; window++)
    for (int w = 0; w < 3; w++) {
      kit_set(worlds[w], "chains", "first.command", (uint32_t)window % 20, window % 5 - 2.0);
      kit_set(worlds[w], "chains", "second.command", (uint32_t)window % 13,
              0.3 * (window % 3) - 0.2);
      if (window == 30) kit_set(worlds[w], "chains", "d", 4, -1.0);
      kit_run(worlds[w], (window + 1) * 10 * S, false);
      if (w < 2) continue;
      assert_true(tl_world_root(a) == tl_world_root(c));
      for (uint32_t i = 0; i < 3; i++)
        greatest = fmax(greatest, greatest_gap(a, b, "chains", chain_columns[i].name, 1.0));
    }
  printf("map against steps, three states and two inputs: %.2e of the value\n", greatest);
  assert_true(greatest < 1e-9 && greatest > 0.0);
  assert_true(fabs(kit_get(a, "chains", "x2", 4)) > 1.0);
  for (int w = 0; w < 3; w++) tl_world_destroy(worlds[w]);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(two_hours_of_hysteresis_control_agree_within_a_billionth_of_a_kelvin),
      cmocka_unit_test(any_affine_twin_gets_its_map),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
