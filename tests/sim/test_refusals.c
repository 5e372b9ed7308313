/* What a scenario can get wrong, and the sentence it reads then. */
#include "tests/sim/kit.h"

#include <math.h>

typedef enum spoiled {
  NO_NAME,
  LONG_NAME,
  DOTTED_NAME,
  TAKEN_NAME,
  NO_TWIN,
  UNKNOWN_TWIN,
  NO_DEVICE,
  MANY_DEVICES,
  MANY_SENSORS,
  MANY_ACTUATORS,
  NO_DT,
  LONG_DT,
  ODD_TICK,
  MANY_STEPS,
  ONE_STAMP,
  EARLY_STAMP,
  EQUAL_STAMPS,
  WIDE_GAP,
  SENSOR_NAME,
  SENSOR_TWICE,
  SENSOR_IS_COLUMN,
  SENSOR_COLUMN,
  SENSOR_RANGE,
  SENSOR_NOISE,
  SENSOR_DROPOUT,
  ACTUATOR_NAME,
  ACTUATOR_COLUMN,
  ACTUATOR_NO_INPUT,
  ACTUATOR_RANGE,
  ACTUATOR_WIDER,
  ACTUATOR_RATE,
  ACTUATOR_TWICE,
  CONTROLLER_NO_SENSOR,
  CONTROLLER_NO_ACTUATOR,
  CONTROLLER_NAME,
  CONTROLLER_BAND,
  DETECTOR_NAME,
  DETECTOR_CHANNELS,
  DETECTOR_HOP,
  DETECTOR_PERSIST,
  DETECTOR_THRESHOLD,
  DETECTOR_COMMAND,
  DETECTOR_MODEL
} spoiled;

static const int64_t one_stamp[] = {0}, early[] = {-1, 5}, equal[] = {0, 5, 5},
                     gap[] = {0, 1, 1000000000000000000};
static const char name_64[] = "a234567890123456789012345678901234567890123456789012345678901234";
static const char garbage[64] = "this is no model";

static void spoil(tl_fleet_def *d, spoiled what)
{
  switch (what) {
    case NO_NAME: d->name = NULL; break;
    case LONG_NAME: d->name = name_64; break;
    case DOTTED_NAME: d->name = "a.b"; break;
    case TAKEN_NAME: d->name = "taken"; break;
    case NO_TWIN: d->twin = NULL; break;
    case UNKNOWN_TWIN: d->twin = "incubater"; break;
    case NO_DEVICE: d->count = 0; break;
    case MANY_DEVICES: d->count = TL_FLEET_COUNT_MAX + 1; break;
    case MANY_SENSORS: d->sensor_count = TL_SENSORS_MAX + 1; break;
    case MANY_ACTUATORS: d->actuator_count = TL_ACTUATORS_MAX + 1; break;
    case NO_DT: d->dt_ns = 0; break;
    case LONG_DT: d->dt_ns = d->tick_ns = 11 * S; break;
    case ODD_TICK: d->tick_ns = 3 * S + 1; break;
    case MANY_STEPS: d->dt_ns = 1; break;
    case ONE_STAMP:
      d->stamps_ns = one_stamp;
      d->stamp_count = 1;
      break;
    case EARLY_STAMP:
      d->stamps_ns = early;
      d->stamp_count = 2;
      break;
    case EQUAL_STAMPS:
      d->stamps_ns = equal;
      d->stamp_count = 3;
      break;
    case WIDE_GAP:
      d->stamps_ns = gap;
      d->stamp_count = 3;
      break;
    case SENSOR_NAME: d->sensors[0].name = "box K"; break;
    case SENSOR_TWICE: d->sensors[1].name = "box"; break;
    case SENSOR_IS_COLUMN: d->sensors[0].name = "box_K"; break;
    case SENSOR_COLUMN: d->sensors[0].column = "boks_K"; break;
    case SENSOR_RANGE: d->sensors[0].low = d->sensors[0].high = 5; break;
    case SENSOR_NOISE: d->sensors[0].noise = -0.1; break;
    case SENSOR_DROPOUT: d->sensors[0].dropout_ratio = 1.5; break;
    case ACTUATOR_NAME: d->actuators[0].name = ""; break;
    case ACTUATOR_COLUMN: d->actuators[0].column = "heater_onn"; break;
    case ACTUATOR_NO_INPUT: d->actuators[0].column = "box_K"; break;
    case ACTUATOR_RANGE: d->actuators[0].high = 0; break;
    case ACTUATOR_WIDER: d->actuators[0].high = 2; break;
    case ACTUATOR_RATE: d->actuators[0].rate_per_s = -1; break;
    case ACTUATOR_TWICE:
      d->actuator_count = 2;
      d->actuators[1] = d->actuators[0];
      d->actuators[1].name = "second";
      break;
    case CONTROLLER_NO_SENSOR: d->controller.sensor = 3; break;
    case CONTROLLER_NO_ACTUATOR: d->controller.actuator = 1; break;
    case CONTROLLER_NAME: d->controller.name = "a/b"; break;
    case CONTROLLER_BAND: d->controller.band = -1; break;
    default:
      d->has_detector = true;
      d->detector = tl_detector_def_default();
      d->detector.versions[0].bytes = garbage;
      d->detector.versions[0].byte_count = sizeof garbage;
      d->detector.versions[0].name = "anomaly.tflite";
      if (what == DETECTOR_NAME) d->detector.name = NULL;
      if (what == DETECTOR_CHANNELS) d->detector.inputs[0].channel_count = 5;
      if (what == DETECTOR_HOP) d->detector.hop = 0;
      if (what == DETECTOR_THRESHOLD) d->detector.threshold = NAN;
      if (what == DETECTOR_COMMAND) d->detector.fallback_command = INFINITY;
      if (what == DETECTOR_PERSIST) d->detector.persist = 256;
  }
}

static const struct {
  spoiled what;
  tl_code code;
  const char *text, *hint;
} refusals[] = {
    {NO_NAME, TL_E_ARG, "a fleet's name has 1 to 63 characters and no '/', '.' or space", ""},
    {LONG_NAME, TL_E_ARG, "a fleet's name has 1 to 63 characters and no '/', '.' or space", ""},
    {DOTTED_NAME, TL_E_ARG, "a fleet's name has 1 to 63 characters and no '/', '.' or space", ""},
    {TAKEN_NAME, TL_E_ARG, "there is already a fleet 'taken'", ""},
    {NO_TWIN, TL_E_ARG, "fleet 'boxes' needs a twin", ""},
    {UNKNOWN_TWIN, TL_E_NAME, "unknown twin 'incubater'", "did you mean 'incubator'?"},
    {NO_DEVICE, TL_E_ARG, "fleet 'boxes': count must be 1 to 4000000", ""},
    {MANY_DEVICES, TL_E_ARG, "fleet 'boxes': count must be 1 to 4000000", ""},
    {MANY_SENSORS, TL_E_LIMIT, "fleet 'boxes': at most 8 sensors and 4 actuators", ""},
    {MANY_ACTUATORS, TL_E_LIMIT, "fleet 'boxes': at most 8 sensors and 4 actuators", ""},
    {NO_DT, TL_E_ARG, "fleet 'boxes': dt must be positive", ""},
    {LONG_DT, TL_E_ARG,
     "fleet 'boxes': dt is larger than 10 s, the most that twin 'incubator' allows", ""},
    {ODD_TICK, TL_E_ARG, "fleet 'boxes': tick must be a multiple of dt", ""},
    {MANY_STEPS, TL_E_ARG, "fleet 'boxes': more than a million steps a tick", ""},
    {ONE_STAMP, TL_E_ARG, "fleet 'boxes': a recording needs two stamps", ""},
    {EARLY_STAMP, TL_E_ARG, "fleet 'boxes': stamps begin before 0", ""},
    {EQUAL_STAMPS, TL_E_ARG, "fleet 'boxes': stamp 2 is not after the one before", ""},
    {WIDE_GAP, TL_E_ARG, "fleet 'boxes': more than 100 million steps before stamp 2", ""},
    {SENSOR_NAME, TL_E_ARG,
     "sensor's name 'box K': it has 1 to 50 characters and no '/', '.' or space", ""},
    {SENSOR_TWICE, TL_E_ARG, "fleet 'boxes': name 'box' is used twice", ""},
    {SENSOR_IS_COLUMN, TL_E_ARG, "fleet 'boxes': name 'box_K' is used twice", ""},
    {SENSOR_COLUMN, TL_E_NAME, "box: twin 'incubator' has no column 'boks_K'",
     "did you mean 'box_K'?"},
    {SENSOR_RANGE, TL_E_ARG, "sensor 'box': low must be below high", ""},
    {SENSOR_NOISE, TL_E_ARG, "sensor 'box': noise is out of range", ""},
    {SENSOR_DROPOUT, TL_E_ARG, "sensor 'box': dropout is out of range", ""},
    {ACTUATOR_NAME, TL_E_ARG,
     "actuator's name '': it has 1 to 50 characters and no '/', '.' or space", ""},
    {ACTUATOR_COLUMN, TL_E_NAME, "heater: twin 'incubator' has no column 'heater_onn'",
     "did you mean 'heater_on'?"},
    {ACTUATOR_NO_INPUT, TL_E_ARG, "actuator 'heater': 'box_K' is no input of the twin", ""},
    {ACTUATOR_RANGE, TL_E_ARG, "actuator 'heater': low must be below high", ""},
    {ACTUATOR_WIDER, TL_E_ARG, "actuator 'heater': its range is wider than that of 'heater_on'",
     ""},
    {ACTUATOR_RATE, TL_E_ARG,
     "actuator 'heater': rate, dead band and minimum times can't be negative", ""},
    {ACTUATOR_TWICE, TL_E_ARG, "actuator 'second': 'heater_on' already has actuator 'heater'", ""},
    {CONTROLLER_NO_SENSOR, TL_E_ARG, "controller 'control' needs a sensor and an actuator", ""},
    {CONTROLLER_NO_ACTUATOR, TL_E_ARG, "controller 'control' needs a sensor and an actuator", ""},
    {CONTROLLER_NAME, TL_E_ARG,
     "controller's name 'a/b': it has 1 to 50 characters and no '/', '.' or space", ""},
    {CONTROLLER_BAND, TL_E_ARG, "controller 'control': band is out of range", ""},
    {DETECTOR_NAME, TL_E_ARG,
     "detector's name '': it has 1 to 50 characters and no '/', '.' or space", ""},
    {DETECTOR_CHANNELS, TL_E_ARG, "a detector has 1 to 4 channels, not 5", ""},
    {DETECTOR_HOP, TL_E_ARG, "hop must be 1 or more and persist 1 to 255", ""},
    {DETECTOR_PERSIST, TL_E_ARG, "hop must be 1 or more and persist 1 to 255", ""},
    {DETECTOR_THRESHOLD, TL_E_ARG,
     "detector 'detector': threshold or fall-back command is out of range", ""},
    {DETECTOR_COMMAND, TL_E_ARG,
     "detector 'detector': threshold or fall-back command is out of range", ""},
    {DETECTOR_MODEL, TL_E_MODEL, "anomaly.tflite: ", ""},
};

static void a_wrong_recipe_is_refused_with_its_line_and_leaves_the_world_usable(void **unused)
{
  (void)unused;
  const kit_options o = kit_default();
  tl_world *world = kit_empty(&o);
  tl_fleet_def taken = kit_boxes(3);
  taken.name = "taken";
  tl_fleet_id fleet;
  MUST(tl_fleet_create(world, &fleet, &taken, err));
  for (uint32_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
    tl_fleet_def def = kit_boxes(3);
    def.where = "hvac.lua:3";
    spoil(&def, refusals[i].what);
    tl_error said;
    memset(&said, 0, sizeof said);
    char expected[256];
    snprintf(expected, sizeof expected, "hvac.lua:3: %s", refusals[i].text);
    const tl_code code = tl_fleet_create(world, &fleet, &def, &said);
    if (code != refusals[i].code) fail_msg("not refused as it should be: %s", refusals[i].text);
    assert_int_equal(fleet.index1, 0);
    if (refusals[i].what == DETECTOR_MODEL) { /* the reason is the reader's */
      assert_true(strlen(said.text) > strlen(expected) + 5);
      said.text[strlen(expected)] = '\0';
    }
    assert_string_equal(said.text, expected);
    assert_string_equal(said.hint, refusals[i].hint);
    assert_int_equal(tl_fleet_create(world, &fleet, &def, NULL),
                     refusals[i].code); /* who wants no sentence gets the code */
  }
  assert_int_equal(tl_world_fleet_count(world), 1);
  const tl_fleet_def good = kit_boxes(3);
  MUST(tl_fleet_create(world, &fleet, &good, err));
  MUST(tl_world_seal(world, err));
  kit_run(world, 60 * S, false);
  tl_world_destroy(world);
}

static void a_detectors_faults_of_binding_are_refused(void **unused)
{
  (void)unused;
  const kit_options o = kit_default();
  tl_world *world = kit_empty(&o);
  tl_fleet_def def = kit_boxes(3);
  def.actuator_count = 0;
  def.controller.kind = TL_CONTROL_NONE;
  def.has_detector = true;
  def.detector = tl_detector_def_default();
  def.detector.reaction = TL_REACT_FALLBACK;
  tl_fleet_id fleet;
  tl_error said;
  assert_int_equal(tl_fleet_create(world, &fleet, &def, &said), TL_E_ARG);
  assert_string_equal(said.text, "a fall-back needs an actuator");
  tl_world_destroy(world);
}

static void a_world_has_64_fleets_at_most_and_none_once_it_runs(void **unused)
{
  (void)unused;
  const kit_options o = kit_default();
  tl_world *world = kit_empty(&o);
  tl_fleet_id fleet;
  tl_error said;
  for (int i = 0; i <= 64; i++) {
    char name[16];
    snprintf(name, sizeof name, "f%d", i);
    tl_fleet_def def = kit_labs(1);
    def.name = name;
    assert_int_equal(tl_fleet_create(world, &fleet, &def, &said), i < 64 ? TL_OK : TL_E_LIMIT);
  }
  assert_string_equal(said.text, "more than 64 fleets");
  MUST(tl_world_seal(world, err));
  const tl_fleet_def late = kit_labs(1);
  assert_int_equal(tl_fleet_create(world, &fleet, &late, &said), TL_E_ARG);
  assert_string_equal(said.text, "fleets can't be added to a running world");
  tl_world_destroy(world);
}

static void a_wrong_world_is_refused(void **unused)
{
  (void)unused;
  tl_world *world = NULL;
  tl_error said;
  tl_world_def def = tl_world_def_default();
  def.sync_ns = 0;
  assert_int_equal(tl_world_create(&world, &def, &said), TL_E_ARG);
  assert_string_equal(said.text, "sync must be positive");
  assert_null(world);
  for (int path = 0; path < TL_PATH_COUNT; path++) {
    if (tl_cpu_has_path((tl_simd_path)path)) continue;
    char expected[80];
    snprintf(expected, sizeof expected, "this processor has no path '%s'",
             tl_cpu_path_name((tl_simd_path)path));
    def = tl_world_def_default();
    def.path = (tl_simd_path)path;
    assert_int_equal(tl_world_create(&world, &def, &said), TL_E_ARG);
    assert_string_equal(said.text, expected);
  }
}

static void a_ninth_observer_is_refused(void **unused)
{
  (void)unused;
  const kit_options o = kit_default();
  tl_world *world = kit_open(&o);
  const tl_observer observer = {0};
  tl_error said;
  for (int i = 0; i < 8; i++) MUST(tl_world_observe(world, &observer, err));
  assert_int_equal(tl_world_observe(world, &observer, &said), TL_E_LIMIT);
  assert_string_equal(said.text, "more than 8 observers");
  tl_world_destroy(world);
}

static void a_value_outside_its_range_is_not_written(void **unused)
{
  (void)unused;
  const kit_options o = kit_default();
  tl_world *world = kit_open(&o);
  const tl_fleet_id boxes = kit_fleet(world, "boxes");
  const uint32_t capacity = kit_column(world, boxes, "C_air");
  const double before[2] = {kit_get(world, "boxes", "C_air", 3),
                            kit_get(world, "boxes", "C_air", 4)};
  tl_error said;
  const double values[2] = {100.0, -1.0};
  assert_int_equal(tl_fleet_write(world, boxes, capacity, 3, 5, values, &said), TL_E_ARG);
  assert_string_equal(
      said.text, "C_air_J_per_K of device 4 in fleet 'boxes': -1 is outside 0.001 .. 1000000 J/K");
  assert_true(kit_get(world, "boxes", "C_air", 3) == before[0]); /* all or nothing */
  assert_true(kit_get(world, "boxes", "C_air", 4) == before[1]);
  const double odd[] = {NAN, INFINITY, -INFINITY};
  for (int i = 0; i < 3; i++)
    assert_int_equal(tl_fleet_write(world, boxes, capacity, 0, 1, &odd[i], &said), TL_E_ARG);
  assert_string_equal(
      said.text,
      "C_air_J_per_K of device 0 in fleet 'boxes': -inf is outside 0.001 .. 1000000 J/K");
  const double edges[2] = {0.001, 1e6};
  MUST(tl_fleet_write(world, boxes, capacity, 3, 5, edges, err));
  tl_world_destroy(world);
}

static void an_unknown_column_gets_a_hint(void **unused)
{
  (void)unused;
  const kit_options o = kit_default();
  tl_world *world = kit_open(&o);
  const tl_fleet_id boxes = kit_fleet(world, "boxes");
  tl_error said;
  uint32_t column = 0;
  assert_int_equal(tl_fleet_column_find(world, boxes, "box.bais", "hvac.lua:9", &column, &said),
                   TL_E_NAME);
  assert_string_equal(said.text, "hvac.lua:9: fleet 'boxes' has no column 'box.bais'");
  assert_string_equal(said.hint, "did you mean 'box.bias'?");
  assert_int_equal(tl_fleet_column_find(world, boxes, "heater", NULL, &column, &said),
                   TL_E_NAME); /* heater_K or heater_on? */
  assert_int_equal(tl_fleet_column_find(world, boxes, "", NULL, &column, &said), TL_E_NAME);
  tl_world_destroy(world);
}

static void a_wrong_drive_is_refused(void **unused)
{
  (void)unused;
  const kit_options o = kit_default();
  tl_world *world = kit_empty(&o);
  const tl_fleet_def def = kit_boxes(3);
  tl_fleet_id fleet;
  MUST(tl_fleet_create(world, &fleet, &def, err));
  const int64_t stamps[] = {0, 5, 5};
  const double room_K[] = {290, 291, 292}, cold[] = {290, 100, 290}, gap_K[] = {NAN};
  const struct {
    const char *column;
    const double *values;
    uint32_t count;
    tl_code code;
    const char *text;
  } cases[] = {
      {"rom_K", room_K, 2, TL_E_NAME, "r.lua:7: fleet 'boxes' has no column 'rom_K'"},
      {"box_K", room_K, 2, TL_E_ARG,
       "r.lua:7: 'box_K' is no input of twin 'incubator' and can't be driven"},
      {"box", room_K, 2, TL_E_ARG,
       "r.lua:7: 'box' is no input of twin 'incubator' and can't be driven"},
      {"heater_on", room_K, 2, TL_E_ARG,
       "r.lua:7: heater_on is set by actuator 'heater' and can't be driven too"},
      {"room", room_K, 3, TL_E_ARG, "r.lua:7: room: stamps must ascend"},
      {"room", cold, 2, TL_E_ARG,
       "r.lua:7: sample 1 for input room is 100, outside its range or missing: a driven input "
       "needs every value"},
      {"room", gap_K, 1, TL_E_ARG,
       "r.lua:7: sample 0 for input room is nan, outside its range or missing: a driven input "
       "needs every value"},
      {"room", room_K, 2, TL_OK, ""},
      {"room_K", room_K, 2, TL_E_ARG, "r.lua:7: room_K is driven twice"},
  };
  for (uint32_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    tl_error said;
    memset(&said, 0, sizeof said);
    assert_int_equal(tl_fleet_drive(world, fleet, cases[i].column, stamps, cases[i].values,
                                    cases[i].count, "r.lua:7", &said),
                     cases[i].code);
    assert_string_equal(said.text, cases[i].text);
  }
  MUST(tl_world_seal(world, err));
  kit_run(world, 30 * S, false);
  tl_world_destroy(world);
}

static void a_flip_needs_an_existing_bit_of_the_state(void **unused)
{
  (void)unused;
  const kit_options o = kit_default();
  tl_world *world = kit_open(&o);
  const tl_fleet_id boxes = kit_fleet(world, "boxes");
  const uint32_t box_K = kit_column(world, boxes, "box_K"),
                 power_W = kit_column(world, boxes, "power_W");
  tl_error said;
  assert_int_equal(tl_world_flip_bit(world, boxes, 600, box_K, 0, &said), TL_E_ARG);
  assert_string_equal(said.text, "flip: no such fleet, device or column");
  assert_int_equal(tl_world_flip_bit(world, boxes, 0, 9999, 0, &said), TL_E_ARG);
  assert_int_equal(tl_world_flip_bit(world, (tl_fleet_id){9}, 0, 0, 0, &said), TL_E_ARG);
  assert_int_equal(tl_world_flip_bit(world, boxes, 0, box_K, 64, &said), TL_E_ARG);
  assert_string_equal(said.text, "flip: box_K has 64 bits");
  assert_int_equal(tl_world_flip_bit(world, boxes, 0, power_W, 0, &said), TL_E_ARG);
  assert_string_equal(
      said.text,
      "flip: power_W is computed from the others; flip a state, an input or a parameter");
  tl_world_destroy(world);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_wrong_recipe_is_refused_with_its_line_and_leaves_the_world_usable),
      cmocka_unit_test(a_detectors_faults_of_binding_are_refused),
      cmocka_unit_test(a_world_has_64_fleets_at_most_and_none_once_it_runs),
      cmocka_unit_test(a_wrong_world_is_refused),
      cmocka_unit_test(a_ninth_observer_is_refused),
      cmocka_unit_test(a_value_outside_its_range_is_not_written),
      cmocka_unit_test(an_unknown_column_gets_a_hint),
      cmocka_unit_test(a_wrong_drive_is_refused),
      cmocka_unit_test(a_flip_needs_an_existing_bit_of_the_state),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
