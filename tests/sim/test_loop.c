/* A fleet's loop in numbers of columns: the columns are those of the names. */
#include "sim/loop.h"

#include "tests/sim/kit.h"

static void a_pid_loop_names_its_columns(void **unused)
{
  (void)unused;
  const kit_options o = kit_default();
  tl_world *world = kit_open(&o);
  const tl_fleet_id labs = kit_fleet(world, "labs");
  const tl_fleet_def def = kit_labs(1);
  const tl_loop_info loop = tl_fleet_loop(world, labs);
  char name[128];
  assert_int_equal(loop.controller, TL_CONTROL_PID);
  const struct {
    const char *suffix;
    uint32_t column;
  } expected[] = {{"setpoint", loop.setpoint}, {"kp", loop.gains[0]},
                  {"ki", loop.gains[1]},       {"kd", loop.gains[2]},
                  {"integral", loop.integral}, {"last", loop.last_measured},
                  {"started", loop.started}};
  for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
    snprintf(name, sizeof name, "%s.%s", def.controller.name, expected[i].suffix);
    assert_int_equal(expected[i].column, kit_column(world, labs, name));
  }
  const tl_actuator_def *actuator = &def.actuators[def.controller.actuator];
  snprintf(name, sizeof name, "%s.command", actuator->name);
  assert_int_equal(loop.command, kit_column(world, labs, name));
  assert_int_equal(loop.measured, kit_column(world, labs, def.sensors[def.controller.sensor].name));
  assert_true(loop.low == actuator->low && loop.high == actuator->high);
  assert_false(loop.has_detector);
  tl_world_destroy(world);
}

static void a_hysteresis_loop_has_one_gain(void **unused)
{
  (void)unused;
  const kit_options o = kit_default();
  tl_world *world = kit_open(&o);
  const tl_loop_info loop = tl_fleet_loop(world, kit_fleet(world, "boxes"));
  assert_int_equal(loop.controller, TL_CONTROL_HYSTERESIS);
  assert_true(loop.gains[0] != TL_LOOP_NONE && loop.gains[1] == TL_LOOP_NONE &&
              loop.integral == TL_LOOP_NONE);
  tl_world_destroy(world);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_pid_loop_names_its_columns),
      cmocka_unit_test(a_hysteresis_loop_has_one_gain),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
