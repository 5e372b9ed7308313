#include "tests/sim/kit.h"

#include "twins/registry.h"

kit_options kit_default(void)
{
  return (kit_options){.seed = 7,
                       .threads = 1,
                       .path = tl_cpu_best_path(),
                       .sync_ns = 30 * S,
                       .boxes = 600,
                       .labs = 40};
}

tl_world *kit_empty(const kit_options *o)
{
  tl_world_def def = tl_world_def_default();
  def.seed = o->seed;
  def.thread_count = o->threads;
  def.path = o->path;
  def.stepped = o->stepped;
  def.sync_ns = o->sync_ns;
  def.twins = tl_twins;
  def.twin_count = tl_twin_count;
  tl_world *world = NULL;
  MUST(tl_world_create(&world, &def, err));
  return world;
}

tl_fleet_def kit_boxes(uint32_t count)
{
  tl_fleet_def def = tl_fleet_def_default();
  def.name = "boxes";
  def.twin = "incubator";
  def.count = count;
  def.dt_ns = S / 2;
  def.tick_ns = 3 * S;
  def.sensor_count = 3;
  for (int i = 0; i < 3; i++) def.sensors[i] = tl_sensor_def_default();
  def.sensors[0].name = "box";
  def.sensors[0].column = "box_K";
  def.sensors[0].noise = 0.1;
  def.sensors[1].name = "outside";
  def.sensors[1].column = "room_K";
  def.sensors[1].bias = 0.25;
  def.sensors[1].resolution = 0.0625;
  def.sensors[1].dropout_ratio = 0.02;
  def.sensors[2].name = "meter";
  def.sensors[2].column = "power_W";
  def.sensors[2].low = 0.0;
  def.sensors[2].high = 500.0;
  def.actuator_count = 1;
  def.actuators[0] = tl_actuator_def_default();
  def.actuators[0].name = "heater";
  def.actuators[0].column = "heater_on";
  def.actuators[0].min_on_s = 6.0;
  def.controller = tl_controller_def_default();
  def.controller.kind = TL_CONTROL_HYSTERESIS;
  def.controller.setpoint = 308.15;
  def.controller.band = 0.5;
  return def;
}

tl_fleet_def kit_labs(uint32_t count)
{
  tl_fleet_def def = tl_fleet_def_default();
  def.name = "labs";
  def.twin = "tclab";
  def.count = count;
  def.dt_ns = S / 2;
  def.tick_ns = 2 * S;
  def.sensor_count = 1;
  def.sensors[0] = tl_sensor_def_default();
  def.sensors[0].name = "t1";
  def.sensors[0].column = "Tc1_K";
  def.sensors[0].noise = 0.05;
  def.actuator_count = 1;
  def.actuators[0] = tl_actuator_def_default();
  def.actuators[0].name = "q1";
  def.actuators[0].column = "Q1_pct";
  def.actuators[0].high = 100.0;
  def.actuators[0].rate_per_s = 5.0;
  def.controller = tl_controller_def_default();
  def.controller.kind = TL_CONTROL_PID;
  def.controller.setpoint = 320.0;
  def.controller.kp = 4.0;
  def.controller.ki = 0.05;
  def.controller.kd = 2.0;
  return def;
}

tl_fleet_id kit_fleet(const tl_world *world, const char *name)
{
  for (uint32_t i = 1; i <= tl_world_fleet_count(world); i++)
    if (strcmp(tl_fleet_name(world, (tl_fleet_id){i}), name) == 0) return (tl_fleet_id){i};
  fail_msg("no fleet %s", name);
  return (tl_fleet_id){0};
}

uint32_t kit_column(const tl_world *world, tl_fleet_id fleet, const char *name)
{
  uint32_t column = 0;
  MUST(tl_fleet_column_find(world, fleet, name, NULL, &column, err));
  return column;
}

double kit_get(const tl_world *world, const char *fleet, const char *column, uint32_t device)
{
  const tl_fleet_id id = kit_fleet(world, fleet);
  double value = 0.0;
  tl_fleet_read(world, id, kit_column(world, id, column), device, device + 1, &value);
  return value;
}

void kit_set(tl_world *world, const char *fleet, const char *column, uint32_t device, double value)
{
  const tl_fleet_id id = kit_fleet(world, fleet);
  MUST(tl_fleet_write(world, id, kit_column(world, id, column), device, device + 1, &value, err));
}

/* One device differs from the next by 10 % of a parameter, drawn by the device's own number. */
static void vary(tl_world *world, const char *fleet, const char *column)
{
  const tl_fleet_id id = kit_fleet(world, fleet);
  const uint32_t index = kit_column(world, id, column), count = tl_fleet_device_count(world, id);
  double *values = malloc(count * sizeof *values);
  assert_non_null(values);
  tl_fleet_read(world, id, index, 0, count, values);
  for (uint32_t i = 0; i < count; i++)
    values[i] *= 1.0 + 0.2 * (tl_fleet_draw_uniform(world, id, column, i) - 0.5);
  MUST(tl_fleet_write(world, id, index, 0, count, values, err));
  free(values);
}

tl_world *kit_open(const kit_options *o)
{
  tl_world *world = kit_empty(o);
  tl_fleet_def boxes = kit_boxes(o->boxes), labs = kit_labs(o->labs), extra = kit_boxes(300);
  extra.name = "extra";
  const tl_fleet_def *defs[] = {o->extra ? &extra : NULL, o->labs_first ? &labs : &boxes,
                                o->labs_first ? &boxes : &labs};
  for (int i = 0; i < 3; i++) {
    tl_fleet_id id;
    if (defs[i] && defs[i]->count) MUST(tl_fleet_create(world, &id, defs[i], err));
  }
  MUST(tl_world_seal(world, err));
  if (o->boxes) {
    vary(world, "boxes", "C_air_J_per_K");
    vary(world, "boxes", "G_box_W_per_K");
  }
  if (o->labs) vary(world, "labs", "U_W_per_m2K");
  return world;
}

/* What an engineer would inject: at fixed times, on single devices, all of them gone by 8
 * minutes. */
static void inject(tl_world *world)
{
  static const struct {
    int64_t at_s;
    const char *fleet, *column;
    uint32_t device;
    double value;
  } faults[] = {{60, "boxes", "box.stuck", 3, 1},
                {90, "boxes", "box.dropout", 300, 0.5},
                {120, "boxes", "box.drift_per_s", 599, 0.01},
                {120, "boxes", "heater.efficiency", 17, 0.4},
                {150, "labs", "q1.stuck", 5, 1},
                {150, "labs", "t1.bias", 6, -3},
                {240, "boxes", "lid_open", 40, 1},
                {300, "boxes", "box.stuck", 3, 0},
                {330, "boxes", "box.dropout", 300, 0},
                {360, "labs", "q1.stuck", 5, 0},
                {480, "boxes", "lid_open", 40, 0}};
  for (uint32_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
    if (faults[i].at_s * S == tl_world_now_ns(world))
      kit_set(world, faults[i].fleet, faults[i].column, faults[i].device, faults[i].value);
}

void kit_run(tl_world *world, int64_t until_ns, bool faults)
{
  while (tl_world_now_ns(world) < until_ns) {
    if (faults) inject(world);
    MUST(tl_world_advance(world, until_ns, err));
  }
}

void kit_run_hash(const kit_options *o, bool faults, char hex[65])
{
  tl_world *world = kit_open(o);
  kit_run(world, 600 * S, faults);
  tl_world_run_hash(world, hex);
  tl_world_destroy(world);
}
