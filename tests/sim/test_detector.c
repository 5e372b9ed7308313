/* The detector in the loop: what runs in a fleet is tl_model_run on each device's own window, then
 * the alarm's rule. */
#include "tests/sim/kit.h"

#include "kernels/model.h"

#include <math.h>

typedef struct bytes {
  unsigned char *data;
  size_t count;
} bytes;

static bytes read_model(const char *name)
{
  char path[1024];
  snprintf(path, sizeof path, "%s/assets/models/%s", TL_SOURCE_DIR, name);
  FILE *file = fopen(path, "rb");
  if (!file) fail_msg("cannot open %s", path);
  bytes b = {malloc(1 << 20), 0};
  assert_non_null(b.data);
  b.count = fread(b.data, 1, 1 << 20, file);
  fclose(file);
  return b;
}

enum { DEVICES = 300, TICKS = 200, WATCHED = 5 };
static const uint32_t watched[WATCHED] = {0, 15, 16, 255, 299};

/* What a detector of that model does, one device at a time, from what an observer sees. */
typedef struct reference {
  tl_model model;
  void *memory, *arena;
  uint32_t channels, inputs, hop, persist;
  /* channel 0: measured - set point; channel 1: (applied before this tick - 0.5) * 2 */
  uint32_t box, setpoint, heater, score, alarm, alarms, alarm_s; /* columns */
  int8_t feature[WATCHED][TICKS][2];
  double applied[WATCHED], expected_score[WATCHED], expected_onset_s[WATCHED];
  int alarmed[WATCHED], streak[WATCHED], onsets[WATCHED], raised, cleared, wrong;
  const tl_world *world;
} reference;

static int8_t quantise(double value, double scale, int32_t zero)
{
  const double q = nearbyint(value * (1.0 / scale)) + zero;
  return (int8_t)(q < -128.0 ? -128.0 : q > 127.0 ? 127.0 : q);
}

static double score_of(reference *r, uint32_t w, int64_t tick)
{
  int8_t in[4096], out[4096];
  const uint32_t window = r->inputs / r->channels;
  const tl_tensor *input = tl_model_input(&r->model, 0);
  for (uint32_t t = 0; t < window; t++)
    for (uint32_t c = 0; c < r->channels; c++) {
      const int64_t at = tick - (int64_t)window + 1 +
                         t; /* oldest first; before the start the window holds real 0 */
      in[t * r->channels + c] = at < 0 ? (int8_t)input->zero_point : r->feature[w][at][c];
    }
  const void *const inputs[1] = {in};
  void *const outputs[1] = {out};
  tl_kernel_status status;
  if (tl_model_run(&r->model, r->arena, r->model.arena_bytes, NULL, inputs, outputs, &status) !=
      TL_KERNEL_OK)
    r->wrong++;
  int32_t sum = 0;
  for (uint32_t i = 0; i < r->inputs; i++) sum += (out[i] - in[i]) * (out[i] - in[i]);
  const double step = (double)tl_model_output(&r->model, 0)->scale;
  return (double)sum * (step * step / (double)r->inputs);
}

static void judge(reference *r, const tl_tick_view *view, uint32_t w)
{
  const uint32_t row = watched[w] % 256;
  const double threshold =
      view->column[r->alarm_s + 1][row]; /* NAME.threshold follows NAME.alarm_s */
  if ((view->tick + 1) % r->hop == 0) {
    const double score = r->expected_score[w] = score_of(r, w, view->tick);
    const int over = score > threshold, full = view->tick + 1 >= (int64_t)(r->inputs / r->channels);
    r->streak[w] = !full || over == r->alarmed[w] ? 0 : r->streak[w] + 1;
    if (full && r->streak[w] == (int)r->persist) {
      r->streak[w] = 0;
      r->alarmed[w] = over;
      r->onsets[w] += over;
      if (over) r->expected_onset_s[w] = (double)view->at_ns / 1e9;
      r->raised += over;
      r->cleared += !over;
    }
  }
  r->wrong += view->column[r->score][row] != r->expected_score[w];
  r->wrong += ((const uint8_t *)view->raw[r->alarm])[row] != r->alarmed[w];
  r->wrong += ((const int32_t *)view->raw[r->alarms])[row] != r->onsets[w];
  r->wrong += view->column[r->alarm_s][row] != r->expected_onset_s[w];
}

static void look(void *self, const tl_tick_view *view)
{
  reference *r = self;
  const tl_tensor *input = tl_model_input(&r->model, 0);
  for (uint32_t w = 0; w < WATCHED; w++) {
    if (watched[w] / 256 != view->block || view->tick >= TICKS) continue;
    const uint32_t row = watched[w] % 256;
    const double error_K = view->column[r->box][row] - view->column[r->setpoint][row];
    r->feature[w][view->tick][0] = quantise(error_K, (double)input->scale, input->zero_point);
    r->feature[w][view->tick][1] =
        quantise((r->applied[w] - 0.5) * 2.0, (double)input->scale, input->zero_point);
    judge(r, view, w);
    r->applied[w] = view->column[r->heater][row]; /* recorded after act: the next tick's feature */
  }
}

static tl_fleet_def with_detector(const bytes *model, uint32_t channels, uint32_t hop,
                                  uint32_t persist, double threshold)
{
  tl_fleet_def def = kit_boxes(DEVICES);
  def.has_detector = true;
  def.detector = tl_detector_def_default();
  def.detector.versions[0].bytes = model->data;
  def.detector.versions[0].byte_count = model->count;
  def.detector.versions[0].name = "model";
  def.detector.inputs[0].channel_count = channels;
  def.detector.inputs[0].channels[0].minus = "control.setpoint";
  if (channels > 1)
    def.detector.inputs[0].channels[1] =
        (tl_feature_def){.source = TL_FEATURE_ACTUATOR, .mean = 0.5, .scale = 2.0};
  def.detector.hop = hop;
  def.detector.persist = persist;
  def.detector.threshold = threshold;
  return def;
}

static tl_world *open_world(const kit_options *o, const tl_fleet_def *def)
{
  tl_world *world = kit_empty(o);
  tl_fleet_id fleet;
  MUST(tl_fleet_create(world, &fleet, def, err));
  MUST(tl_world_seal(world, err));
  for (uint32_t i = 0; i < DEVICES; i++)
    kit_set(world, "boxes", "control.setpoint", i, 300.0 + 0.03 * i);
  return world;
}

static void compare_with_reference(const char *model_name, uint32_t channels, uint32_t hop,
                                   uint32_t persist, double threshold)
{
  const bytes model = read_model(model_name);
  const tl_fleet_def def = with_detector(&model, channels, hop, persist, threshold);
  const kit_options o = kit_default();
  tl_world *world = open_world(&o, &def);
  const tl_fleet_id boxes = kit_fleet(world, "boxes");
  reference *r = calloc(1, sizeof *r);
  assert_non_null(r);
  size_t memory_bytes = 0;
  tl_kernel_status status;
  assert_int_equal(tl_model_memory_bytes(&memory_bytes, model.data, model.count, &status),
                   TL_KERNEL_OK);
  r->memory = aligned_alloc(64, (memory_bytes + 63) / 64 * 64);
  assert_int_equal(
      tl_model_open(&r->model, r->memory, memory_bytes, model.data, model.count, NULL, &status),
      TL_KERNEL_OK);
  r->arena = aligned_alloc(64, (r->model.arena_bytes + 63) / 64 * 64);
  r->channels = channels;
  r->inputs = tl_model_input(&r->model, 0)->element_count;
  r->hop = hop;
  r->persist = persist;
  r->box = kit_column(world, boxes, "box");
  r->setpoint = kit_column(world, boxes, "control.setpoint");
  r->heater = kit_column(world, boxes, "heater_on");
  r->score = kit_column(world, boxes, "detector.score");
  r->alarm = kit_column(world, boxes, "detector.alarm");
  r->alarms = kit_column(world, boxes, "detector.alarms");
  r->alarm_s = kit_column(world, boxes, "detector.alarm_s");
  assert_int_equal(kit_column(world, boxes, "detector.threshold"), r->alarm_s + 1);
  const tl_observer observer = {.self = r, .tick = look};
  MUST(tl_world_observe(world, &observer, err));
  kit_run(world, 240 * S, false);
  for (uint32_t w = 0; w < WATCHED; w++)
    kit_set(world, "boxes", "box.noise", watched[w], w % 2 ? 3.0 : 0.1);
  kit_run(world, 420 * S, false);
  for (uint32_t w = 0; w < WATCHED; w++) kit_set(world, "boxes", "box.noise", watched[w], 0.1);
  kit_run(world, TICKS * 3 * S, false);
  printf("%s, hop %u, persist %u: %d alarms raised, %d cleared\n", model_name, hop, persist,
         r->raised, r->cleared);
  assert_int_equal(r->wrong, 0);
  assert_true(r->expected_score[0] > 0.0);
  if (threshold > 0.0) assert_true(r->raised > 0);
  free(r->memory);
  free(r->arena);
  free(r);
  tl_world_destroy(world);
  free(model.data);
}

static void scores_and_alarms_are_those_of_the_model_run_on_each_window(void **unused)
{
  (void)unused;
  compare_with_reference("w1-synthetic-int8.tflite", 1, 1, 1, 6.0);
  compare_with_reference("w1-synthetic-int8.tflite", 1, 4, 2, 6.0);
  compare_with_reference("incubator-detector-int8.tflite", 2, 1, 5, 0.189);
}

static void a_detector_keeps_one_hash_for_threads_and_paths(void **unused)
{
  (void)unused;
  const bytes model = read_model("incubator-detector-int8.tflite");
  const tl_fleet_def def = with_detector(&model, 2, 1, 3, 0.189);
  char expected[65] = "", hex[65];
  for (int path = 0; path < TL_PATH_COUNT; path++) {
    if (!tl_cpu_has_path((tl_simd_path)path)) {
      printf("not run: path %s\n", tl_cpu_path_name((tl_simd_path)path));
      continue;
    }
    for (uint32_t threads = 1; threads <= 3; threads++) {
      kit_options o = kit_default();
      o.path = (tl_simd_path)path;
      o.threads = threads;
      tl_world *world = open_world(&o, &def);
      kit_run(world, 600 * S, false);
      tl_world_run_hash(world, hex);
      if (!expected[0]) memcpy(expected, hex, sizeof expected);
      assert_string_equal(hex, expected);
      tl_world_destroy(world);
    }
  }
  free(model.data);
}

static void windows_are_state_snapshots_keep_them_and_a_flipped_slot_shows(void **unused)
{
  (void)unused;
  const bytes model = read_model("w1-synthetic-int8.tflite");
  const tl_fleet_def def = with_detector(&model, 1, 1, 1, 6.0);
  const kit_options o = kit_default();
  tl_world *unbroken = open_world(&o, &def), *world = open_world(&o, &def);
  const tl_fleet_id boxes = kit_fleet(world, "boxes");
  unsigned char *snapshot = malloc(tl_world_snapshot_bytes(world));
  kit_run(unbroken, 600 * S, false);
  kit_run(world, 330 * S, false); /* 110 ticks: in the middle of a turn of the ring */
  tl_world_snapshot(world, snapshot);
  kit_run(world, 450 * S, false);
  tl_world_restore(world, snapshot);
  kit_run(world, 600 * S, false);
  assert_true(tl_world_root(world) == tl_world_root(unbroken));
  tl_world_restore(world, snapshot);
  /* 10 ticks from here write slots 46 .. 55: slot 3 stays as it was flipped, and every score sees
   * it */
  MUST(tl_world_flip_bit(world, boxes, 257, kit_column(world, boxes, "detector.window_3"), 5, err));
  tl_world *other = open_world(&o, &def);
  tl_world_restore(other, snapshot);
  kit_run(world, 360 * S, false);
  kit_run(other, 360 * S, false);
  assert_true(tl_block_digest(world, boxes, 0) == tl_block_digest(other, boxes, 0));
  assert_true(tl_block_digest(world, boxes, 1) != tl_block_digest(other, boxes, 1));
  assert_true(kit_get(world, "boxes", "detector.score", 257) !=
              kit_get(other, "boxes", "detector.score", 257));
  assert_true(kit_get(world, "boxes", "detector.score", 256) ==
              kit_get(other, "boxes", "detector.score", 256));
  free(snapshot);
  tl_world_destroy(unbroken);
  tl_world_destroy(world);
  tl_world_destroy(other);
  free(model.data);
}

static void an_alarm_may_hand_control_to_a_fall_back(void **unused)
{
  (void)unused;
  const bytes model = read_model("w1-synthetic-int8.tflite");
  tl_fleet_def def = with_detector(&model, 1, 1, 2,
                                   -1.0); /* every score is above: alarm once the window is full */
  def.detector.reaction = TL_REACT_FALLBACK;
  def.detector.fallback_command = 0.25;
  const kit_options o = kit_default();
  tl_world *world = open_world(&o, &def);
  kit_run(world, 63 * 3 * S, false); /* 63 of 64 samples */
  assert_true(kit_get(world, "boxes", "detector.alarm", 299) == 0.0);
  assert_true(kit_get(world, "boxes", "detector.score", 299) > 0.0);
  kit_run(world, 65 * 3 * S, false);
  assert_true(kit_get(world, "boxes", "detector.alarm", 299) == 1.0);
  assert_true(kit_get(world, "boxes", "detector.alarms", 299) == 1.0);
  assert_true(kit_get(world, "boxes", "detector.alarm_s", 299) ==
              192.0); /* tick 64: the second full window */
  assert_true(kit_get(world, "boxes", "heater_on", 299) == 0.25);
  kit_set(world, "boxes", "detector.threshold", 299, 1e9);
  kit_run(world, 66 * 3 * S, false);
  assert_true(kit_get(world, "boxes", "detector.alarm", 299) ==
              1.0); /* clears with the same patience */
  kit_run(world, 67 * 3 * S, false);
  assert_true(kit_get(world, "boxes", "detector.alarm", 299) == 0.0);
  kit_run(world, 200 * 3 * S, false);
  assert_true(kit_get(world, "boxes", "heater_on", 299) != 0.25);
  assert_true(kit_get(world, "boxes", "heater_on", 298) == 0.25);
  tl_world_destroy(world);
  free(model.data);
}

static void a_model_that_does_not_fit_is_refused(void **unused)
{
  (void)unused;
  const kit_options o = kit_default();
  tl_world *world = kit_empty(&o);
  const bytes model = read_model("w1-synthetic-int8.tflite");
  tl_fleet_def def =
      with_detector(&model, 3, 1, 1, 1.0); /* 64 inputs are no whole number of 3-channel samples */
  def.where = "hvac.lua:8";
  tl_fleet_id fleet;
  tl_error said;
  assert_int_equal(tl_fleet_create(world, &fleet, &def, &said), TL_E_MODEL);
  printf("%s\n", said.text);
  assert_ptr_equal(strstr(said.text, "hvac.lua:8: model: "), said.text);
  def = with_detector(&model, 1, 1, 1, 1.0);
  def.detector.versions[0].byte_count = 1000; /* truncated */
  assert_int_equal(tl_fleet_create(world, &fleet, &def, &said), TL_E_MODEL);
  printf("%s\n", said.text);
  def = with_detector(&model, 1, 1, 1, 1.0);
  def.detector.inputs[0].channels[0].minus = "control.setpiont";
  assert_int_equal(tl_fleet_create(world, &fleet, &def, &said), TL_E_NAME);
  assert_string_equal(said.text,
                      "channel 0 of 'detector': no column 'control.setpiont' to subtract");
  def = with_detector(&model, 1, 1, 1, 1.0);
  def.detector.inputs[0].channels[0].index = 3;
  assert_int_equal(tl_fleet_create(world, &fleet, &def, &said), TL_E_ARG);
  assert_string_equal(said.text, "channel 0 of 'detector' names sensor 3, but there are 3");
  tl_world_destroy(world);
  free(model.data);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(scores_and_alarms_are_those_of_the_model_run_on_each_window),
      cmocka_unit_test(a_detector_keeps_one_hash_for_threads_and_paths),
      cmocka_unit_test(windows_are_state_snapshots_keep_them_and_a_flipped_slot_shows),
      cmocka_unit_test(an_alarm_may_hand_control_to_a_fall_back),
      cmocka_unit_test(a_model_that_does_not_fit_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
