/* cmd_verify_firmware.c: a firmware in an emulator, beside a run, a scenario or raw inputs, bit by bit. */
#include "base/text.h"
#include "edge/personality.h"
#include "tools/cli/replay.h"
#include "tools/model/compare.h"
#include "tools/model/file.h"
#include "tools/model/info.h"
#include "tools/model/runner.h"
#include "tools/twinloop/commands.h"
#include "tools/verify/report.h"

#include <stdlib.h>
#include <string.h>

enum { WHAT_BYTES = 512, DEVICES_BYTES = 80, RANDOM_SEED = 1, CASES_MAX = 100000 };

typedef struct request { /* what the command line asks for, and what it opened */
  const cli_options *options;
  const char *elf_path, *qemu, *run; /* run: NULL with raw cases */
  uint64_t device, cases;            /* cases: random ones, without --inputs */
  tl_model_options rounding;         /* of the host's kernels */
  int64_t from_ns, to_ns;
  elf_info elf;
  char model_paths[TL_DETECTOR_VERSIONS_MAX][CLI_PATH_BYTES], what[WHAT_BYTES];
  char devices[TL_DETECTOR_VERSIONS_MAX][DEVICES_BYTES]; /* that run each version in the end */
  uint32_t model_count; /* several: versions of the run's detector */
  tl_board board;
  bool has_board, stopped;
  trace trace;
} request;

/* --- the simulation, made again ------------------------------------------------------------------ */
/* Where a file of the scenario lies. folder: NULL, or the run folder to which its names are relative. */
static void place_of(char out[CLI_PATH_BYTES], const char *path, const char *folder)
{
  if (folder && path[0] != '/')
    snprintf(out, CLI_PATH_BYTES, "%s/inputs/%s", folder, path);
  else
    snprintf(out, CLI_PATH_BYTES, "%s", path);
}

/* The files of the detector's versions; a controller alone has one model that is built in and not used. */
static tl_code find_models(request *q, tl_scenario *scenario, const char *folder, tl_error *err)
{
  const tl_scenario_info info = tl_scenario_describe(scenario);
  const tl_loop_info *loop = &q->trace.loop;
  q->model_count = loop->has_detector ? loop->version_count : 1;
  for (uint32_t v = 0; v < q->model_count; v++)
    for (uint32_t i = 0; i < info.file_count && !q->model_paths[v][0]; i++)
      if (strcmp(info.files[i].kind, "model") == 0 &&
          (!loop->has_detector || strcmp(info.files[i].name, loop->versions[v].name) == 0))
        place_of(q->model_paths[v], info.files[i].path, folder);
  const char *given = cli_options_get(q->options, "model");
  if (given && q->model_count == 1) place_of(q->model_paths[0], given, NULL);
  if (given && q->model_count > 1)
    return tl_fail(
        err, TL_E_USAGE, NULL,
        "the run has its own models, and the firmware says which one it holds: leave out "
        "--model");
  if (!q->model_paths[0][0])
    return tl_fail(err, TL_E_USAGE, NULL,
                   "the scenario has no model: name the firmware's with --model");
  return TL_OK;
}

/* The firmware's controller must be the run's kind; a file of the user's stands for any. */
static tl_code check_controller(const request *q, tl_error *err)
{
  static const char *const kinds[] = {
      [TL_CONTROL_HYSTERESIS] = "hysteresis", [TL_CONTROL_PID] = "pid"};
  const tl_controller_kind kind = q->trace.loop.controller;
  const bool is_built_in =
      strcmp(q->elf.controller, "hysteresis") == 0 || strcmp(q->elf.controller, "pid") == 0;
  if (kind == TL_CONTROL_NONE || !is_built_in || strcmp(q->elf.controller, kinds[kind]) == 0)
    return TL_OK;
  return tl_fail(err, TL_E_ARG, NULL, "the run's controller is %s, the firmware's is %s",
                 kinds[kind], q->elf.controller);
}

static tl_code watch(request *q, tl_scenario *scenario, const char *folder, tl_error *err)
{
  tl_world *world = tl_scenario_world(scenario);
  const tl_observer observer = {.self = &q->trace, .tick = trace_tick};
  tl_code code = trace_open(&q->trace, world, cli_options_get(q->options, "fleet"),
                            (uint32_t)q->device, q->from_ns, q->to_ns, err);
  if (code == TL_OK) code = check_controller(q, err);
  if (code == TL_OK) code = find_models(q, scenario, folder, err);
  return code == TL_OK ? tl_world_observe(world, &observer, err) : code;
}

/* Devices that run a version where the simulation ends, for a hint: whom to compare instead. */
static void name_devices(char out[DEVICES_BYTES], const trace *t, uint32_t version)
{
  enum { NAMED = 5 };
  tl_text list = tl_text_over(out, DEVICES_BYTES);
  const uint32_t count = tl_fleet_device_count(t->world, t->fleet);
  uint32_t found = 0;
  for (uint32_t device = 0; device < count && found < NAMED; device++) {
    double running = 0.0;
    tl_fleet_read(t->world, t->fleet, t->loop.version, device, device + 1, &running);
    if ((uint32_t)running == version) tl_text_addf(&list, found++ ? ", %u" : " %u", device);
  }
  if (found == 0) tl_text_add(&list, " none");
}

static tl_code no_sample(const request *q, tl_error *err)
{
  char from[TL_TEXT_DURATION_BYTES], last[TL_TEXT_DURATION_BYTES];
  tl_text_format_duration(from, q->from_ns);
  tl_text_format_duration(last, q->trace.last_ns > 0 ? q->trace.last_ns : 0);
  if (q->trace.last_ns < q->from_ns)
    return tl_fail(err, TL_E_ARG, NULL,
                   "--from %s is beyond the end: the last sample of %s, fleet %s, is at %s", from,
                   q->run, tl_fleet_name(q->trace.world, q->trace.fleet), last);
  return tl_fail(err, TL_E_ARG, NULL,
                 "no whole sample lies in the time asked for: lengthen it with --for");
}

static tl_code check_trace(request *q, tl_error *err)
{
  trace_finish(&q->trace);
  if (q->trace.is_full)
    return tl_fail(err, TL_E_LIMIT, NULL,
                   "more samples than fit into memory: shorten the time with --for");
  if (q->trace.count == 0) return no_sample(q, err);
  if (q->trace.loop.has_detector) q->rounding = q->trace.loop.rounding;
  for (uint32_t v = 0; q->model_count > 1 && v < q->model_count; v++)
    name_devices(q->devices[v], &q->trace, v);
  snprintf(q->what, sizeof q->what, "%s, fleet %s, device %u", q->run,
           tl_fleet_name(q->trace.world, q->trace.fleet), q->trace.device);
  return TL_OK;
}

/* A recorded run: simulated again from its own inputs, each window proved by digest. */
static tl_code trace_run(request *q, tl_error *err)
{
  cli_run_record record = {0};
  cli_replay *replay = calloc(1, sizeof *replay);
  if (!replay) return tl_fail(err, TL_E_LIMIT, NULL, "out of memory");
  tl_code code = cli_run_record_read(&record, q->run, err);
  if (code == TL_OK) {
    code = cli_replay_open(replay, &record, q->options, cli_options_get(q->options, "fleet"),
                           (uint32_t)q->device, err);
    if (code == TL_OK) code = watch(q, replay->session.scenario, record.folder, err);
    if (code == TL_OK)
      code =
          cli_replay_run(replay, (cli_replay_stop){.window = UINT64_MAX, .at_ns = q->to_ns}, err);
    if (code == TL_OK) code = check_trace(q, err);
    cli_replay_close(replay);
  }
  cli_run_record_free(&record);
  free(replay);
  return code;
}

static tl_code stop_in_time(void *self, const tl_window_view *view, tl_error *err)
{
  request *q = self;
  if (view->end_ns < q->to_ns) return TL_OK;
  q->stopped = true;
  return tl_fail(err, TL_E_INTERRUPTED, NULL, "stopped where asked"); /* caught below */
}

static tl_code trace_scenario(request *q, tl_error *err)
{
  cli_session session;
  const tl_observer stop = {.self = q, .window_end = stop_in_time};
  tl_code code = cli_session_prepare(&session, q->options, err);
  if (code == TL_OK) code = cli_session_load(&session, q->run, err);
  if (code == TL_OK) code = tl_scenario_seal(session.scenario, err);
  if (code == TL_OK) code = watch(q, session.scenario, NULL, err);
  if (code == TL_OK) code = tl_world_observe(tl_scenario_world(session.scenario), &stop, err);
  if (code == TL_OK) code = tl_scenario_run(session.scenario, NULL, err);
  if (q->stopped) {
    *err = (tl_error){0};
    code = TL_OK;
  }
  if (code == TL_OK) code = check_trace(q, err);
  cli_session_close(&session);
  return code;
}

/* --- the comparison -------------------------------------------------------------------------------- */
static tl_code compare_file(comparison *result, request *q, size_t case_bytes, tl_error *err)
{
  model_file in;
  tl_code code = model_file_read(&in, cli_options_get(q->options, "inputs"), err);
  if (code == TL_OK && (in.bytes == 0 || in.bytes % case_bytes != 0))
    code = tl_fail(err, TL_E_FORMAT, NULL, "%s: %zu bytes, expected a multiple of a case's %zu",
                   in.path, in.bytes, case_bytes);
  if (code == TL_OK) code = compare_cases(result, in.data, in.bytes / case_bytes, err);
  snprintf(q->what, sizeof q->what, "%zu cases of %s", in.bytes / case_bytes, in.path);
  model_file_free(&in);
  return code;
}

static tl_code compare_inputs(comparison *result, request *q, const tl_model *model, tl_error *err)
{
  if (cli_options_has(q->options, "inputs"))
    return compare_file(result, q, model_in_bytes(model), err);
  uint8_t *in = model_random_cases(model, RANDOM_SEED, q->cases);
  if (!in) return tl_fail(err, TL_E_LIMIT, NULL, "out of memory");
  snprintf(q->what, sizeof q->what, "%llu random case%s", (unsigned long long)q->cases,
           q->cases == 1 ? "" : "s");
  const tl_code code = compare_cases(result, in, q->cases, err);
  free(in);
  return code;
}

static tl_code show(const request *q, const verify_report *report, const cli_term *term,
                    tl_error *err)
{
  const char *json = cli_options_get(q->options, "json");
  tl_text lines = {0}, document = {0};
  report_add_lines(&lines, report);
  report_add_json(&document, report);
  cli_print(term, &lines);
  const tl_code code = json ? cli_write(json, &document, err) : TL_OK;
  tl_text_free(&document);
  tl_text_free(&lines);
  return code;
}

/* --- which model, which version --- */
/* The number of the file that the firmware holds.  errors  TL_E_MODEL: none of them */
static tl_code find_version(const request *q, const fw_client *client, uint32_t *version,
                            tl_error *err)
{
  for (uint32_t v = 0; v < q->model_count; v++) {
    model_file file;
    const tl_code code = model_file_read(&file, q->model_paths[v], err);
    const bool holds = code == TL_OK && client_holds(client, file.data, file.bytes);
    model_file_free(&file);
    if (code != TL_OK) return code;
    *version = v;
    if (holds || q->model_count == 1) return TL_OK; /* of one, client_expect says more */
  }
  return tl_fail(err, TL_E_MODEL, NULL,
                 "the firmware holds another model (%u bytes) than each of the run's %u versions",
                 client->hello.model_bytes, q->model_count);
}

/* Every sample must be of the version that the firmware holds. */
static tl_code check_version(const request *q, uint32_t version, tl_error *err)
{
  const trace *t = &q->trace;
  char at[TL_TEXT_DURATION_BYTES];
  uint32_t wrong = 0, right = 0;
  if (!q->run || q->model_count == 1) return TL_OK;
  while (wrong < t->count && t->samples[wrong].version == version) wrong++;
  if (wrong == t->count) return TL_OK;
  while (right < t->count && t->samples[right].version != version) right++;
  const bool changes = right < t->count;
  tl_text_format_duration(at, t->samples[right == 0 ? wrong : changes ? right : 0].at_ns);
  const uint32_t runs = t->samples[wrong].version;
  tl_fail(err, TL_E_ARG, NULL, "device %u runs version %u (%s), the firmware holds version %u (%s)",
          t->device, runs, model_file_name(q->model_paths[runs]), version,
          model_file_name(q->model_paths[version]));
  if (changes && right == 0)
    return tl_fail_hint(err, "it does so from %s on: end before, with --for", at);
  if (changes) return tl_fail_hint(err, "until %s: begin there, with --from", at);
  return tl_fail_hint(err, "devices that run it at the end of that time:%s", q->devices[version]);
}

/* Whether an operator rounds once, under a run's options. */
static bool rounds_once(const tl_model_options *options, uint32_t builtin)
{
  const bool differs = (options->differs[builtin / 8] >> builtin % 8 & 1) != 0;
  return (options->rounding == TL_ROUNDING_SINGLE) != differs;
}

/* The firmware's kernels must round as those of the run, in each operator that the model has. */
static tl_code check_rounding(const request *q, const tl_model *model, tl_error *err)
{
  const bool once = strcmp(q->elf.personality, "single") == 0;
  for (uint32_t op = 0; q->run && q->trace.loop.has_detector && op < model->op_count; op++) {
    const int32_t builtin = tl_model_op_builtin(model, op);
    if (builtin < 0 || rounds_once(&q->rounding, (uint32_t)builtin) == once) continue;
    tl_fail(err, TL_E_ARG, NULL, "the run rounds %s in %s, the firmware %s",
            once ? "twice" : "once", tl_model_op_name(model, op), once ? "once" : "twice");
    return tl_fail_hint(err, "tools/firmware --personality single rounds once, tflm twice, in all "
                             "operators");
  }
  return TL_OK;
}

/* A profile of another core is no error: only its cycles are shown, and they are not this core's. */
static void remark_core(const request *q, const cli_term *term)
{
  static const struct {
    const char *word, *core;
  } cores[] = {{"m4", "Cortex-M4"}, {"m7", "Cortex-M7"}, {"m55", "Cortex-M55"}};
  for (size_t i = 0; q->has_board && !term->quiet && i < sizeof cores / sizeof *cores; i++)
    if (strcmp(cores[i].word, q->elf.core) == 0 && strcmp(cores[i].core, q->board.core) != 0)
      fprintf(stderr,
              "remark: board %s has a %s, the firmware is for a %s: its modelled cycles are of "
              "another core than the counted instructions\n",
              q->board.id, q->board.core, cores[i].core);
}

/* Sets *equal when all went well. */
static tl_code compare(request *q, const cli_term *term, bool *equal, tl_error *err)
{
  model_file file = {0};
  model_loaded loaded = {0};
  fw_client client = {.emulator = {.to = -1, .from = -1}};
  comparison result = {0};
  uint32_t version = 0;
  const bool is_loop = q->run != NULL;
  tl_code code = client_start(&client, q->qemu, q->elf_path, &q->elf, err);
  if (code == TL_OK) code = find_version(q, &client, &version, err);
  if (code == TL_OK) code = check_version(q, version, err);
  if (code == TL_OK) code = model_file_read(&file, q->model_paths[version], err);
  if (code == TL_OK) code = model_load(&loaded, &file, &q->rounding, err);
  if (code == TL_OK) code = client_expect(&client, &loaded.model, file.data, file.bytes, err);
  if (code == TL_OK) code = check_rounding(q, &loaded.model, err);
  if (code == TL_OK) code = comparison_open(&result, &loaded.model, &client, err);
  if (code == TL_OK)
    code = is_loop ? compare_loop(&result, &q->trace, version, err)
                   : compare_inputs(&result, q, &loaded.model, err);
  if (code == TL_OK) code = client_greet(&client, err); /* the stack's use by now */
  if (code == TL_OK) {
    const verify_report report = {
        q->elf_path, q->what, &q->elf, &result, q->has_board ? &q->board : NULL, is_loop};
    *equal = report_is_equal(&report);
    remark_core(q, term);
    code = show(q, &report, term, err);
  }
  comparison_close(&result);
  client_close(&client);
  model_unload(&loaded);
  model_file_free(&file);
  return code;
}

/* --- the command line -------------------------------------------------------------------------------- */
static tl_code read_times(request *q, tl_error *err)
{
  const char *from = cli_options_get(q->options, "from"),
             *length = cli_options_get(q->options, "for");
  int64_t length_ns = INT64_MAX;
  if (from && (tl_text_parse_duration(&q->from_ns, from, NULL, err) != TL_OK || q->from_ns < 0))
    return tl_fail(err, TL_E_USAGE, NULL, "--from: '%s' is no time such as 07:12:40, 90s or 1.5h",
                   from);
  if (length && (tl_text_parse_duration(&length_ns, length, NULL, err) != TL_OK || length_ns <= 0))
    return tl_fail(err, TL_E_USAGE, NULL, "--for: '%s' is no length of time such as 90s or 1.5h",
                   length);
  q->to_ns = length_ns > INT64_MAX - q->from_ns ? INT64_MAX : q->from_ns + length_ns;
  return TL_OK;
}

/* A file, or the name of a profile that comes with twinloop. */
static tl_code read_board(request *q, tl_error *err)
{
  const char *name = cli_options_get(q->options, "board");
  cli_session session;
  char folder[2 * CLI_PATH_BYTES], path[3 * CLI_PATH_BYTES];
  if (!name) return TL_OK;
  q->has_board = true;
  if (strchr(name, '/') || strstr(name, ".json")) return tl_board_load(&q->board, name, err);
  tl_code code = cli_session_prepare(&session, q->options, err);
  snprintf(folder, sizeof folder, "%s/assets/boards", session.root);
  snprintf(path, sizeof path, "%s/%s.json", folder, name);
  cli_session_close(&session);
  if (code == TL_OK) code = tl_board_load(&q->board, path, err);
  return code == TL_E_IO ? tl_board_unknown(name, folder, NULL, err) : code;
}

/* A run or scenario; or the model alone, on a file of cases or on random ones. */
static tl_code read_what(request *q, tl_error *err)
{
  const cli_options *options = q->options;
  const bool has_inputs = cli_options_has(options, "inputs");
  const char *model = cli_options_get(options, "model");
  q->cases = 1;
  if (options->argument_count > 0) {
    q->run = options->arguments[0];
    if (has_inputs || cli_options_has(options, "cases"))
      return tl_fail(err, TL_E_USAGE, NULL,
                     "%s is compared sample by sample: --inputs and --cases are for a model alone",
                     q->run);
    return TL_OK;
  }
  if (!model)
    return tl_fail(err, TL_E_USAGE, NULL,
                   has_inputs ? "--inputs needs --model"
                              : "name a run or a scenario, or give --model (and --inputs)");
  if (has_inputs && cli_options_has(options, "cases"))
    return tl_fail(err, TL_E_USAGE, NULL, "--cases are random ones, --inputs are given: not both");
  q->model_count = 1;
  snprintf(q->model_paths[0], sizeof q->model_paths[0], "%s", model);
  return cli_options_number(options, "cases", 1, CASES_MAX, &q->cases, err);
}

/* How the host's kernels round. A run says so itself. */
static tl_code read_personality(request *q, tl_error *err)
{
  const char *text = cli_options_get(q->options, "personality");
  if (!text) return TL_OK;
  if (q->run)
    return tl_fail(err, TL_E_USAGE, NULL, "--personality is for a model alone: a run has its own");
  return tl_personality_parse(&q->rounding, text, strlen(text), err);
}

static tl_code read_request(request *q, tl_error *err)
{
  const cli_options *options = q->options;
  q->elf_path = cli_options_get(options, "elf");
  q->qemu = cli_options_get(options, "qemu");
  if (!q->qemu) q->qemu = "qemu-system-arm";
  if (!q->elf_path) {
    tl_fail(err, TL_E_USAGE, NULL, "--elf is missing: the firmware to verify");
    return tl_fail_hint(err, "make one with: tools/firmware MODEL.tflite -o firmware.elf");
  }
  tl_code code = read_what(q, err);
  if (code == TL_OK) code = read_personality(q, err);
  if (code == TL_OK) code = cli_options_number(options, "device", 0, UINT32_MAX, &q->device, err);
  if (code == TL_OK) code = read_times(q, err);
  if (code == TL_OK) code = elf_read(&q->elf, q->elf_path, err);
  return code == TL_OK ? read_board(q, err) : code;
}

static bool is_scenario(const char *path)
{
  const size_t bytes = strlen(path);
  return bytes > 4 && strcmp(path + bytes - 4, ".lua") == 0;
}

int cmd_verify_firmware(const cli_options *options, const cli_term *term)
{
  tl_error err = {0};
  bool equal = false;
  request *q = calloc(1, sizeof *q);
  tl_code code = q ? TL_OK : tl_fail(&err, TL_E_LIMIT, NULL, "out of memory");
  if (code == TL_OK) {
    q->options = options;
    code = read_request(q, &err);
    if (code == TL_OK && q->run)
      code = is_scenario(q->run) ? trace_scenario(q, &err) : trace_run(q, &err);
    if (code == TL_OK) code = compare(q, term, &equal, &err);
    trace_free(&q->trace);
  }
  free(q);
  if (code != TL_OK) return cli_fail(term, &err, NULL);
  return equal ? 0 : 1;
}
