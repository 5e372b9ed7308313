#include "tests/script/support.h"

#include "twins/registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

const char preamble[] =
    "scenario { title = \"example\", duration = 1*min, sync = 10*s, seed = 1 }\n"
    "local fleet = devices \"room\" {\n"
    "  twin = \"incubator\", count = 20,\n"
    "  sensors = { box = { column = \"box_K\", noise = 0.1 } }, actuators = { heater = { column = "
    "\"heater_on\" } },\n"
    "  control = hysteresis { sensor = \"box\", actuator = \"heater\", setpoint = degC(30), band = "
    "0.5 },\n"
    "}\n";

static void keep_event(void *self, const tl_scenario_event *event)
{
  outcome *o = self;
  const size_t used = strlen(o->log), room = sizeof o->log - used;
  const double at = (double)event->at_ns / 1e9;
  if (strcmp(event->kind, "log") == 0)
    snprintf(o->log + used, room, "%.3f %s\n", at, event->text);
  else
    snprintf(o->log + used, room, "%.3f %s %s %u %s\n", at, event->kind, event->fleet_name,
             event->count, event->text);
}

void enter_test_folder(void)
{
  char folder[1024];
  snprintf(folder, sizeof folder, "%s/script-%d", TL_BINARY_DIR, (int)getpid());
  mkdir(folder, 0777);
  assert_int_equal(chdir(folder), 0);
}

static double wall_s(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void render(outcome *o, int64_t at_ns, const char *phase)
{
  tl_text text = {0};
  const tl_message_context context = {at_ns, phase, false};
  tl_message_render(&text, &o->err, &context);
  snprintf(o->message, sizeof o->message, "%s", tl_text_string(&text));
  tl_text_free(&text);
}

static void keep_result(outcome *o, const tl_scenario *s)
{
  const tl_scenario_result *r = tl_scenario_result_get(s);
  o->verdict = r->verdict;
  o->judgement_count = r->judgement_count;
  for (uint32_t i = 0; i < r->judgement_count && i < 16; i++) o->judgements[i] = r->judgements[i];
  o->aborted = r->aborted;
  o->end_ns = r->end_ns;
  o->lua_s = r->lua_s;
  o->channel_count = r->score != NULL ? r->score->channel_count : 0;
  for (uint32_t i = 0; i < o->channel_count && i < 4; i++) o->channels[i] = r->score->channels[i];
}

outcome *run_file(const char *path, const run_options *options)
{
  static const run_options none = {0};
  if (options == NULL) options = &none;
  outcome *o = calloc(1, sizeof *o);
  assert_non_null(o);
  tl_scenario_options def = tl_scenario_options_default();
  const char *scripts[] = {TL_SOURCE_DIR "/scripts"}, *assets[] = {TL_SOURCE_DIR};
  tl_scenario_setting settings[4];
  def.settings = settings;
  for (int i = 0; i < 8 && options->settings[i] != NULL; i += 2)
    settings[def.setting_count++] =
        (tl_scenario_setting){options->settings[i], options->settings[i + 1]};
  def.twins = tl_twins;
  def.twin_count = tl_twin_count;
  def.thread_count = options->thread_count > 0 ? options->thread_count : 2;
  def.has_seed = options->has_seed;
  def.seed = options->seed;
  def.script_folders = scripts;
  def.script_folder_count = 1;
  def.asset_folders = assets;
  def.asset_folder_count = 1;
  def.self = o;
  def.event = keep_event;
  tl_scenario *s = NULL;
  o->code = tl_scenario_load(&s, path, &def, &o->err);
  if (o->code != TL_OK) {
    render(o, 0, "in the main chunk");
    return o;
  }
  const tl_scenario_hooks hooks = {.interrupted = options->interrupted};
  const double start = wall_s();
  if (!options->check_only) {
    o->code = tl_scenario_run(s, &hooks, &o->err);
    tl_world_run_hash(tl_scenario_world(s), o->hash);
  }
  o->wall_s = wall_s() - start;
  o->lua_bytes = tl_scenario_describe(s).lua_bytes_max;
  keep_result(o, s);
  if (o->code != TL_OK) render(o, tl_world_now_ns(tl_scenario_world(s)), tl_scenario_phase(s));
  tl_scenario_destroy(s);
  return o;
}

outcome *run_text(const char *text, const run_options *options)
{
  FILE *file = fopen("scenario.lua", "wb");
  assert_non_null(file);
  assert_true(fputs(text, file) >= 0);
  fclose(file);
  return run_file("scenario.lua", options);
}

void expect_ok(const outcome *o, const char *what)
{
  if (o->code != TL_OK) fail_msg("%s\n%s", what, o->message);
}

void expect_golden(const char *name, const char *text)
{
  char path[1024];
  snprintf(path, sizeof path, "%s/tests/golden/errors/%s", TL_SOURCE_DIR, name);
  if (getenv("TL_UPDATE_GOLDEN") != NULL) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    return;
  }
  FILE *file = fopen(path, "rb");
  if (file == NULL) fail_msg("%s is missing; the text is\n%s", path, text);
  char *golden = calloc(1, 1 << 18);
  assert_non_null(golden);
  const size_t length = fread(golden, 1, (1 << 18) - 1, file);
  golden[length] = '\0';
  fclose(file);
  if (strcmp(golden, text) != 0) fail_msg("%s\n--- expected\n%s--- got\n%s", name, golden, text);
  free(golden);
}
