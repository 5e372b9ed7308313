/* Any model in the loop: what windows score fast, batches score alike; versions in waves, several inputs, state a device,
 * counters, arming, charge. Outside reference: tl_model_run, one device at a time. */
#include "tests/sim/kit.h"

#include "kernels/model.h"
#include "sim/loop.h"

#include <math.h>

enum { DEVICES = 300, TICK_S = 3 };

typedef struct bytes {
  unsigned char *data;
  size_t count;
} bytes;

static bytes read_model(const char *path)
{
  char whole[1024];
  snprintf(whole, sizeof whole, "%s/%s", TL_SOURCE_DIR, path);
  FILE *file = fopen(whole, "rb");
  if (!file) fail_msg("cannot open %s", whole);
  bytes b = {malloc(1 << 20), 0};
  assert_non_null(b.data);
  b.count = fread(b.data, 1, 1 << 20, file);
  fclose(file);
  return b;
}

static const char w1[] = "assets/models/w1-synthetic-int8.tflite";
static const char trained[] = "assets/models/incubator-detector-int8.tflite";

static void use(tl_fleet_def *def, uint32_t version, const bytes *model)
{
  def->detector.versions[version].bytes = model->data;
  def->detector.versions[version].byte_count = model->count;
  def->detector.versions[version].name = "model";
  if (version >= def->detector.version_count) def->detector.version_count = version + 1;
}

static tl_fleet_def with_model(const bytes *model)
{
  tl_fleet_def def = kit_boxes(DEVICES);
  def.has_detector = true;
  def.detector = tl_detector_def_default();
  use(&def, 0, model);
  def.detector.inputs[0].channels[0].minus = "control.setpoint";
  return def;
}

static tl_world *open_def(const tl_fleet_def *def)
{
  const kit_options o = kit_default();
  tl_world *world = kit_empty(&o);
  tl_fleet_id fleet;
  tl_error err;
  if (tl_fleet_create(world, &fleet, def, &err) != TL_OK) fail_msg("%s", err.text);
  if (tl_world_seal(world, &err) != TL_OK) fail_msg("%s", err.text);
  return world;
}

static double get(const tl_world *world, const char *column, uint32_t device)
{
  return kit_get(world, "boxes", column, device);
}

/* Counters force the way of batches: the scores must not change. */
static void a_batch_scores_as_the_window_does(void **unused)
{
  (void)unused;
  const char *const models[] = {w1, trained};
  for (int m = 0; m < 2; m++) {
    const bytes model = read_model(models[m]);
    tl_fleet_def def = with_model(&model);
    tl_world *window = open_def(&def);
    def.detector.counters = true;
    tl_world *batch = open_def(&def);
    double moved = 0.0;
    for (int ticks = 20; ticks <= 120; ticks += 50) {
      kit_run(window, (int64_t)ticks * TICK_S * S, false);
      kit_run(batch, (int64_t)ticks * TICK_S * S, false);
      for (uint32_t d = 0; d < DEVICES; d++) {
        const double score = get(window, "detector.score", d);
        if (score != get(batch, "detector.score", d))
          fail_msg("%s, device %u at tick %d: %.17g, %.17g", models[m], d, ticks, score,
                   get(batch, "detector.score", d));
        moved += score;
      }
    }
    assert_true(moved > 0.0);
    tl_world_destroy(window);
    tl_world_destroy(batch);
    free(model.data);
  }
}

/* A roll-out in waves: devices of version 1 score as a fleet that has only that model. */
static void every_device_runs_its_own_version(void **unused)
{
  (void)unused;
  const bytes first = read_model(w1), second = read_model(trained);
  for (int counters = 0; counters < 2; counters++) {
    tl_fleet_def def = with_model(&first);
    use(&def, 1, &second);
    def.detector.counters = counters != 0;
    tl_world *both = open_def(&def);
    tl_fleet_def only[2] = {with_model(&first), with_model(&second)};
    tl_world *alone[2] = {open_def(&only[0]), open_def(&only[1])};
    for (uint32_t d = 0; d < DEVICES; d += 3) kit_set(both, "boxes", "detector.version", d, 1.0);
    for (int i = 0; i < 3; i++) kit_run(i < 2 ? alone[i] : both, 90 * TICK_S * S, false);
    for (uint32_t d = 0; d < DEVICES; d++)
      assert_true(get(both, "detector.score", d) == get(alone[d % 3 == 0], "detector.score", d));
    assert_true(get(alone[0], "detector.score", 0) != get(alone[1], "detector.score", 0));
    for (int i = 0; i < 3; i++) tl_world_destroy(i < 2 ? alone[i] : both);
  }
  free(first.data);
  free(second.data);
}

/* One device's own tl_model_run on the features that it saw. */
typedef struct single {
  tl_model model;
  void *memory, *arena, *state;
} single;

static single open_single(const bytes *file)
{
  single s = {0};
  size_t bytes_needed;
  assert_int_equal(tl_model_memory_bytes(&bytes_needed, file->data, file->count, NULL),
                   TL_KERNEL_OK);
  s.memory = aligned_alloc(64, (bytes_needed + 127) / 64 * 64);
  assert_int_equal(
      tl_model_open(&s.model, s.memory, bytes_needed, file->data, file->count, NULL, NULL),
      TL_KERNEL_OK);
  s.arena = aligned_alloc(64, (s.model.arena_bytes + 127) / 64 * 64);
  s.state = aligned_alloc(64, (s.model.state_bytes + 127) / 64 * 64);
  tl_model_reset(&s.model, s.state);
  return s;
}

static void close_single(single *s)
{
  free(s->memory);
  free(s->arena);
  free(s->state);
}

static int8_t quantised(double value, const tl_tensor *tensor)
{
  const double q = nearbyint(value * (1.0 / (double)tensor->scale)) + tensor->zero_point;
  return (int8_t)(q < -128.0 ? -128.0 : q > 127.0 ? 127.0 : q);
}

enum { TICKS_MAX = 64 };
typedef struct seen { /* by an observer, of one device */
  uint32_t device, value, minus, score;
  double feature[TICKS_MAX], scores[TICKS_MAX];
} seen;

static void see(void *self, const tl_tick_view *view)
{
  seen *s = self;
  if (view->block != s->device / 256 || view->tick >= TICKS_MAX) return;
  const uint32_t row = s->device % 256;
  s->feature[view->tick] = view->column[s->value][row] - view->column[s->minus][row];
  s->scores[view->tick] = view->column[s->score][row];
}

typedef struct seen_long {
  uint32_t device, value, minus;
  double feature[4096];
} seen_long;

static void see_long(void *self, const tl_tick_view *view)
{
  seen_long *s = self;
  if (view->block == 0 && view->tick < 4096)
    s->feature[view->tick] = view->column[s->value][s->device] - view->column[s->minus][s->device];
}

static tl_world *open_seen(const tl_fleet_def *def, seen *s)
{
  tl_world *world = open_def(def);
  tl_error err;
  const tl_fleet_id boxes = {1};
  s->value = kit_column(world, boxes, "box");
  s->minus = kit_column(world, boxes, "control.setpoint");
  s->score = kit_column(world, boxes, "detector.score");
  const tl_observer observer = {.self = s, .tick = see};
  assert_int_equal(tl_world_observe(world, &observer, &err), TL_OK);
  return world;
}

/* SVDF: the filters' memory is the device's own. Its window is two rows of five values of one channel. */
static void a_streaming_model_keeps_a_state_for_every_device(void **unused)
{
  (void)unused;
  const bytes model = read_model("tests/golden/ops/svdf_one_memory.tflite");
  static const uint32_t devices[] = {0, 255, 299};
  for (int d = 0; d < 3; d++) {
    tl_fleet_def def = with_model(&model);
    def.detector.hop = 10;
    def.detector.output = 2;
    seen s = {.device = devices[d]};
    tl_world *world = open_seen(&def, &s);
    kit_run(world, (TICKS_MAX + 1) * TICK_S * S, false);
    single one = open_single(&model);
    const tl_tensor *input = tl_model_input(&one.model, 0),
                    *output = tl_model_output(&one.model, 0);
    assert_int_equal(input->element_count, 10);
    int checked = 0;
    for (int tick = 9; tick < TICKS_MAX; tick += 10) {
      int8_t in[10], out[16];
      for (int i = 0; i < 10; i++) in[i] = quantised(s.feature[tick - 9 + i], input);
      const void *const ins[] = {in};
      void *const outs[] = {out};
      assert_int_equal(
          tl_model_run(&one.model, one.arena, one.model.arena_bytes, one.state, ins, outs, NULL),
          TL_KERNEL_OK);
      const double expected = (double)(out[2] - output->zero_point) * (double)output->scale;
      assert_true(s.scores[tick] == expected);
      checked++;
    }
    assert_int_equal(checked, 6);
    close_single(&one);
    tl_world_destroy(world);
  }
  free(model.data);
}

/* Two inputs of 210 and 1 elements: windows of their own lengths. */
static void a_model_may_have_several_inputs(void **unused)
{
  (void)unused;
  const bytes model = read_model("tests/golden/ops/add_scalar.tflite");
  tl_fleet_def def = with_model(&model);
  tl_error err;
  tl_fleet_id fleet;
  const kit_options o = kit_default();
  tl_world *refused = kit_empty(&o);
  assert_int_equal(tl_fleet_create(refused, &fleet, &def, &err), TL_E_MODEL);
  assert_string_equal(err.text, "model has 2 inputs, the detector describes 1");
  tl_world_destroy(refused);
  def.detector.input_count = 2;
  def.detector.inputs[1] = def.detector.inputs[0];
  def.detector.output = 209; /* the newest sample, plus itself */
  seen s = {.device = 7};
  tl_world *world = open_seen(&def, &s);
  kit_run(world, 20 * TICK_S * S, false);
  single one = open_single(&model);
  int8_t long_one[210] = {0}, newest = 0, out[210];
  const tl_tensor *first = tl_model_input(&one.model, 0);
  for (int i = 0; i < 210; i++) long_one[i] = (int8_t)first->zero_point;
  long_one[209] = quantised(s.feature[15], first);
  newest = quantised(s.feature[15], tl_model_input(&one.model, 1));
  const void *const ins[] = {long_one, &newest};
  void *const outs[] = {out};
  assert_int_equal(
      tl_model_run(&one.model, one.arena, one.model.arena_bytes, NULL, ins, outs, NULL),
      TL_KERNEL_OK);
  const tl_tensor *output = tl_model_output(&one.model, 0);
  assert_true(s.scores[15] == (double)(out[209] - output->zero_point) * (double)output->scale);
  close_single(&one);
  tl_world_destroy(world);
  free(model.data);
}

/* What firmware is told of a fleet: the inputs are those that the model was given, the state goes on. */
static void the_loop_of_a_detector_can_be_read(void **unused)
{
  (void)unused;
  const bytes svdf = read_model("tests/golden/ops/svdf_one_memory.tflite");
  tl_fleet_def def = with_model(&svdf);
  use(&def, 1, &svdf);
  def.detector.hop = 10;
  def.detector.output = 2;
  def.detector.versions[1].name = "second";
  seen s = {.device = 299};
  tl_world *world = open_seen(&def, &s);
  const tl_fleet_id boxes = {1};
  const tl_loop_info loop = tl_fleet_loop(world, boxes);
  assert_true(loop.has_detector && !loop.hears_spectrum && loop.input_count == 1);
  assert_true(loop.version_count == 2 && loop.inputs[0].window == 10 && loop.output == 2);
  assert_string_equal(loop.versions[1].name, "second");
  assert_int_equal(loop.version, kit_column(world, boxes, "detector.version"));
  single one = open_single(&svdf);
  uint8_t inputs[16], state[4096], *expected = one.state;
  assert_true(loop.versions[0].input_bytes == 10 && one.model.state_bytes <= sizeof state);
  tl_fleet_loop_read(world, boxes, 299, 0, 0, inputs, state);
  assert_memory_equal(state, expected, one.model.state_bytes);
  kit_run(world, 19 * TICK_S * S, false); /* ticks 0 to 18: one inference, at tick 9 */
  int8_t in[10], out[16];
  for (int i = 0; i < 10; i++) in[i] = quantised(s.feature[i], tl_model_input(&one.model, 0));
  const void *const ins[] = {in};
  void *const outs[] = {out};
  assert_int_equal(
      tl_model_run(&one.model, one.arena, one.model.arena_bytes, one.state, ins, outs, NULL),
      TL_KERNEL_OK);
  int64_t ticks = 0;
  while (ticks < TICKS_MAX && s.feature[ticks] != 0.0) ticks++;
  assert_in_range(ticks, 19, 22);
  tl_fleet_loop_read(world, boxes, 299, 0, ticks, inputs, state);
  for (int i = 0; i < 10; i++)
    assert_int_equal((int8_t)inputs[i],
                     quantised(s.feature[ticks - 10 + i], tl_model_input(&one.model, 0)));
  if (ticks < 20) assert_memory_equal(state, expected, one.model.state_bytes);
  tl_fleet_loop_read(world, boxes, 299, 1, ticks, inputs,
                     state); /* another version starts afresh */
  tl_model_reset(&one.model, one.state);
  assert_memory_equal(state, expected, one.model.state_bytes);
  close_single(&one);
  tl_world_destroy(world);
  free(svdf.data);
}

/* Every feature far outside of +-4: each inference counts all samples that it has seen in its window. */
static void values_beyond_the_range_are_counted(void **unused)
{
  (void)unused;
  const bytes model = read_model(w1);
  tl_fleet_def def = with_model(&model);
  def.detector.counters = true;
  def.detector.inputs[0].channels[0].minus = NULL; /* kelvins */
  tl_world *world = open_def(&def);
  kit_run(world, 70 * TICK_S * S, false);
  const double expected = 64.0 * 65.0 / 2.0 + 6.0 * 64.0;
  for (uint32_t d = 0; d < DEVICES; d += 99) {
    assert_true(get(world, "detector.clipped", d) == expected);
    assert_true(get(world, "detector.saturated_0", d) > 0.0);
  }
  tl_world_destroy(world);
  free(model.data);
}

static void no_alarm_comes_before_the_detector_is_armed(void **unused)
{
  (void)unused;
  const bytes model = read_model(w1);
  tl_fleet_def def = with_model(&model);
  def.detector.threshold = -1.0; /* always over it */
  tl_world *now = open_def(&def);
  def.detector.arm_s = 100.0 * TICK_S;
  tl_world *later = open_def(&def);
  kit_run(now, 99 * TICK_S * S, false);
  kit_run(later, 99 * TICK_S * S, false);
  assert_true(get(now, "detector.alarm", 5) == 1.0 && get(later, "detector.alarm", 5) == 0.0);
  kit_run(later, 102 * TICK_S * S, false);
  assert_true(get(later, "detector.alarm", 5) == 1.0);
  assert_true(get(later, "detector.alarm_s", 5) == 100.0 * TICK_S);
  tl_world_destroy(now);
  tl_world_destroy(later);
  free(model.data);
}

/* charge = sleep * (time asleep) + inferences * charge of one: closed form. */
static void a_battery_runs_down_by_sleep_and_inferences(void **unused)
{
  (void)unused;
  const bytes model = read_model(w1);
  tl_fleet_def def = with_model(&model);
  def.detector.hop = 4;
  def.detector.has_battery = true;
  def.detector.capacity_C = 1.0;
  def.detector.sleep_A = 1e-4;
  def.detector.versions[0].inference_C = 2e-4;
  def.detector.versions[0].inference_s = 0.5;
  def.detector.versions[0].inference_J = 6e-4;
  tl_world *world = open_def(&def);
  kit_run(world, 400 * TICK_S * S, false);
  const double inferences = 100.0;
  const double expected = 1e-4 * (1200.0 - inferences * 0.5) + inferences * 2e-4;
  assert_true(fabs(get(world, "detector.charge_C", 299) - expected) < 1e-12);
  assert_true(fabs(get(world, "detector.state_of_charge", 299) - (1.0 - expected)) < 1e-12);
  assert_true(get(world, "detector.inference_J", 299) == 6e-4);
  assert_true(fabs(get(world, "detector.duty", 299) - 0.5 / (4 * TICK_S)) < 1e-15); /* of its hop */
  tl_world_destroy(world);
  free(model.data);
}

/* Which columns a profile stands behind, and how far off it may be: the worst of all versions. */
static void figures_of_a_profile_are_known_as_modelled(void **unused)
{
  (void)unused;
  char text[TL_MODELLED_TEXT_BYTES];
  const bytes model = read_model(w1);
  tl_fleet_def def = with_model(&model);
  def.detector.has_battery = true;
  tl_world *world = open_def(&def);
  const tl_fleet_id fleet = {1};
  uint32_t column;
  assert_int_equal(tl_fleet_column_find(world, fleet, "detector.duty", NULL, &column, NULL), TL_OK);
  assert_null(tl_fleet_modelled(world, fleet, column).board); /* no profile, nothing modelled */
  tl_world_destroy(world);

  def.detector.board = "mine";
  def.detector.version_count = 2;
  def.detector.versions[1] = def.detector.versions[0];
  def.detector.versions[0].time_error_ratio = 0.2;
  def.detector.versions[1].time_error_ratio = 0.3;
  def.detector.versions[0].energy_error_ratio = (double)NAN;
  def.detector.versions[1].energy_error_ratio = 0.4;
  world = open_def(&def);
  assert_int_equal(tl_fleet_column_find(world, fleet, "detector.duty", NULL, &column, NULL), TL_OK);
  tl_modelled from = tl_fleet_modelled(world, fleet, column);
  assert_string_equal(tl_modelled_text(text, &from), "modelled +-30 % (mine)");
  assert_int_equal(tl_fleet_column_find(world, fleet, "detector.charge_C", NULL, &column, NULL),
                   TL_OK);
  from = tl_fleet_modelled(world, fleet, column);
  assert_string_equal(tl_modelled_text(text, &from), "modelled, power not published (mine)");
  assert_int_equal(tl_fleet_column_find(world, fleet, "detector.score", NULL, &column, NULL),
                   TL_OK);
  from = tl_fleet_modelled(world, fleet, column);
  assert_string_equal(tl_modelled_text(text, &from), "");
  tl_world_destroy(world);
  free(model.data);
}

/* Rounding once gives other scores than rounding twice, and is no affair of threads. */
static void personality_and_threads(void **unused)
{
  (void)unused;
  const bytes model = read_model(trained);
  char hash[3][65];
  for (int i = 0; i < 3; i++) {
    kit_options o = kit_default();
    o.threads = i == 2 ? 3 : 1;
    tl_world *world = kit_empty(&o);
    tl_fleet_def def = with_model(&model);
    def.detector.counters = true;
    def.detector.options.rounding = i == 0 ? TL_ROUNDING_DOUBLE : TL_ROUNDING_SINGLE;
    tl_fleet_id fleet;
    tl_error err;
    if (tl_fleet_create(world, &fleet, &def, &err) != TL_OK) fail_msg("%s", err.text);
    assert_int_equal(tl_world_seal(world, &err), TL_OK);
    kit_run(world, 100 * TICK_S * S, false);
    tl_world_run_hash(world, hash[i]);
    tl_world_destroy(world);
  }
  assert_string_not_equal(hash[0], hash[1]);
  assert_string_equal(hash[1], hash[2]);
  free(model.data);
}

/* The anomaly detector of MLPerf Tiny listens: 3072 noisy samples at 16 kHz are five frames of 128 mel bands. What the
 * device hears goes through the same front end and model beside the world. */
static double heard_score(const single *one, const double *feature, int samples)
{
  enum { FEATURES = 128, INPUTS = 640 };
  const tl_tensor *input = tl_model_input(&one->model, 0),
                  *output = tl_model_output(&one->model, 0);
  tl_frontend_def recipe = tl_frontend_def_anomaly();
  recipe.output_scale = input->scale;
  recipe.output_zero_point = input->zero_point;
  size_t table_bytes = 0, taken = 0;
  assert_int_equal(tl_frontend_bytes(&table_bytes, &recipe, NULL), TL_KERNEL_OK);
  void *tables = aligned_alloc(64, (table_bytes + 127) / 64 * 64);
  tl_frontend ear;
  assert_int_equal(tl_frontend_setup(&ear, tables, table_bytes, &recipe, NULL), TL_KERNEL_OK);
  void *state = aligned_alloc(64, (ear.state_bytes + 127) / 64 * 64),
       *scratch = aligned_alloc(64, (ear.scratch_bytes + 127) / 64 * 64);
  tl_frontend_reset(&ear, state);
  int8_t in[INPUTS], out[INPUTS];
  int frames = 0;
  for (int i = 0; i < samples; i++) {
    int32_t features[FEATURES];
    const double q = nearbyint(feature[i] * (32767.0 / 8.0));
    const int16_t sample = (int16_t)(q > 32767.0 ? 32767.0 : q < -32768.0 ? -32768.0 : q);
    if (tl_frontend_push(&ear, state, scratch, &sample, 1, &taken, features))
      tl_frontend_quantize(&ear, in + FEATURES * frames++, features);
  }
  assert_int_equal(frames, 5);
  const void *const ins[] = {in};
  void *const outs[] = {out};
  assert_int_equal(
      tl_model_run(&one->model, one->arena, one->model.arena_bytes, NULL, ins, outs, NULL),
      TL_KERNEL_OK);
  double total = 0.0;
  for (int i = 0; i < INPUTS; i++) {
    const double off = (double)(out[i] - output->zero_point) * (double)output->scale -
                       (double)(in[i] - input->zero_point) * (double)input->scale;
    total += off * off;
  }
  free(tables);
  free(state);
  free(scratch);
  return total / INPUTS;
}

static bool read_shared(bytes *out, const char *path)
{
  char whole[1024];
  snprintf(whole, sizeof whole, "%s%s", TL_SHARED_DIR, path);
  FILE *file = TL_SHARED_DIR[0] ? fopen(whole, "rb") : NULL;
  if (!file) return false;
  out->data = malloc(1 << 20);
  assert_non_null(out->data);
  out->count = fread(out->data, 1, 1 << 20, file);
  fclose(file);
  return true;
}

static void a_model_that_listens_hears_a_spectrum(void **unused)
{
  (void)unused;
  enum { SAMPLES = 3072, TICK_NS = 62500 };
  bytes model;
  if (!read_shared(&model, "/kernels/models/ad01_int8.tflite")) {
    print_message("SKIP: the shared models are not here\n");
    return;
  }
  tl_fleet_def def = with_model(&model);
  def.dt_ns = def.tick_ns = TICK_NS;
  def.count = 20;
  def.detector.hop = SAMPLES;
  def.detector.inputs[0].has_spectrum = true;
  def.detector.inputs[0].spectrum = tl_frontend_def_anomaly();
  def.detector.inputs[0].full_scale = 8.0;
  seen_long *s = calloc(1, sizeof *s);
  assert_non_null(s);
  s->device = 17;
  tl_world *world = open_def(&def);
  tl_error err;
  s->value = kit_column(world, (tl_fleet_id){1}, "box");
  s->minus = kit_column(world, (tl_fleet_id){1}, "control.setpoint");
  const tl_observer observer = {.self = s, .tick = see_long};
  assert_int_equal(tl_world_observe(world, &observer, &err), TL_OK);
  kit_run(world, (SAMPLES + 10) * (int64_t)TICK_NS, false);
  single one = open_single(&model);
  const double expected = heard_score(&one, s->feature, SAMPLES);
  print_message("reconstruction error %.6g\n", expected);
  assert_true(expected > 0.0 && get(world, "detector.score", 17) == expected);
  tl_world_destroy(world);
  def.tick_ns = def.dt_ns = 100000;
  const kit_options o = kit_default();
  tl_world *refused = kit_empty(&o);
  tl_fleet_id fleet;
  assert_int_equal(tl_fleet_create(refused, &fleet, &def, &err), TL_E_ARG);
  assert_string_equal(err.text, "the spectrum hears 16000 samples a second, so the fleet's tick "
                                "must be 62500 ns, not 100000 ns");
  tl_world_destroy(refused);
  close_single(&one);
  free(s);
  free(model.data);
}

static void what_does_not_fit_is_refused(void **unused)
{
  (void)unused;
  const bytes model = read_model(w1), other = read_model("tests/golden/ops/svdf_one_memory.tflite");
  const struct {
    const char *said;
    uint32_t versions, inputs, output;
  } rows[] = {
      {"a detector has 1 to 8 versions, not 9", 9, 1, 0},
      {"a detector has 1 to 4 inputs, not 0", 1, 0, 0},
      {"model: input 0 has 10 elements, in model it has 64: versions must agree", 2, 1, 0},
  };
  for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
    const kit_options o = kit_default();
    tl_world *world = kit_empty(&o);
    tl_fleet_def def = with_model(&model);
    tl_fleet_id fleet;
    tl_error err;
    use(&def, 1, &other);
    def.detector.version_count = rows[r].versions;
    def.detector.input_count = rows[r].inputs;
    def.detector.output = rows[r].output;
    assert_true(tl_fleet_create(world, &fleet, &def, &err) != TL_OK);
    assert_string_equal(err.text, rows[r].said);
    tl_world_destroy(world);
  }
  free(model.data);
  free(other.data);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_batch_scores_as_the_window_does),
      cmocka_unit_test(every_device_runs_its_own_version),
      cmocka_unit_test(a_streaming_model_keeps_a_state_for_every_device),
      cmocka_unit_test(a_model_may_have_several_inputs),
      cmocka_unit_test(the_loop_of_a_detector_can_be_read),
      cmocka_unit_test(values_beyond_the_range_are_counted),
      cmocka_unit_test(no_alarm_comes_before_the_detector_is_armed),
      cmocka_unit_test(a_battery_runs_down_by_sleep_and_inferences),
      cmocka_unit_test(figures_of_a_profile_are_known_as_modelled),
      cmocka_unit_test(personality_and_threads),
      cmocka_unit_test(a_model_that_listens_hears_a_spectrum),
      cmocka_unit_test(what_does_not_fit_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
