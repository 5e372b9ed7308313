/* cmd_run.c: load, seal, record, run, judge, report: in this order, with one way out.
 *
 * The run folder is written in any case that came as far as simulating: after an interrupt or an error it is
 * complete up to then. */
#include "fidelity/overall/overall.h"
#include "base/text.h"
#include "tools/cli/publish.h"
#include "tools/cli/record.h"
#include "tools/cli/session.h"
#include "tools/twinloop/commands.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

typedef struct roots { /* what --verify compares */
  uint64_t *root;
  size_t count, room;
} roots;

typedef struct run {
  const cli_options *options;
  const cli_term *term;
  cli_session session;
  cli_flip flips[CLI_FLIPS_MAX];
  uint32_t flip_count;
  cli_record record;
  cli_progress progress;
  roots first, second;
  char folder[CLI_PATH_BYTES], name[CLI_PATH_BYTES];
  bool began; /* time passes */
  tl_error flip_error;
  cli_outcome outcome;
} run;

/* --- while it runs ------------------------------------------------------------------------------- */
static tl_code root_end(void *self, const tl_window_view *view, tl_error *err)
{
  roots *list = self;
  if (list->count == list->room) {
    const size_t room = list->room ? 2 * list->room : 1024;
    uint64_t *grown = realloc(list->root, room * sizeof *grown);
    if (!grown) return tl_fail(err, TL_E_LIMIT, NULL, "--verify: out of memory");
    list->root = grown;
    list->room = room;
  }
  list->root[list->count++] = tl_world_root(view->world);
  return TL_OK;
}

static tl_code collect_roots(roots *list, tl_world *world, tl_error *err)
{
  const tl_observer observer = {.self = list, .window_end = root_end};
  return tl_world_observe(world, &observer, err);
}

/* A planted fault is no secret: what it was is said at once, and kept in run.json. */
static tl_code plant(run *r, int64_t duration_ns, tl_error *err)
{
  const tl_code code = cli_flips_apply(r->flips, r->flip_count,
                                       tl_scenario_world(r->session.scenario), duration_ns, err);
  for (uint32_t i = 0; i < r->flip_count && !r->term->quiet; i++) {
    const cli_flip *flip = &r->flips[i];
    if (!flip->is_done ||
        flip->planted_ns != tl_world_now_ns(tl_scenario_world(r->session.scenario)))
      continue;
    tl_text text = {0};
    cli_progress_end(&r->progress);
    tl_text_add_duration(&text, flip->planted_ns);
    tl_text_addf(&text, "  planted: fleet %s, device %u, %s bit %u: ", flip->fleet, flip->device,
                 flip->column, flip->bit);
    tl_text_add_double(&text, flip->before);
    tl_text_add(&text, " -> ");
    tl_text_add_double(&text, flip->after);
    if (strcmp(flip->unit, "1") != 0) tl_text_addf(&text, " %s", flip->unit);
    tl_text_add_char(&text, '\n');
    fputs(tl_text_string(&text), stderr);
    tl_text_free(&text);
  }
  return code;
}

static void on_progress(void *self, int64_t now_ns, int64_t duration_ns)
{
  run *r = self;
  if (r->flip_error.code == TL_OK) (void)plant(r, duration_ns, &r->flip_error);
  cli_progress_show(&r->progress, now_ns, duration_ns);
}

static void on_event(void *self, const tl_scenario_event *event)
{
  run *r = self;
  cli_record_event(&r->record, event);
  if (strcmp(event->kind, "alarm") == 0) r->progress.alarm_count += event->count ? event->count : 1;
  if (strcmp(event->kind, "log") == 0 && !r->term->quiet && event->text) {
    char at[TL_TEXT_DURATION_BYTES];
    tl_text_format_duration(at, event->at_ns);
    cli_progress_end(&r->progress);
    fprintf(stderr, "%s  %s\n", at, event->text);
  }
}

/* --- preparation --------------------------------------------------------------------------------- */
static tl_code prepare(run *r, tl_error *err)
{
  tl_code code = cli_session_prepare(&r->session, r->options, err);
  const char *flip;
  for (uint32_t i = 0; code == TL_OK && (flip = cli_options_nth(r->options, "flip", i)) != NULL;
       i++) {
    if (i == CLI_FLIPS_MAX)
      return tl_fail(err, TL_E_USAGE, NULL, "more than %d times --flip", CLI_FLIPS_MAX);
    code = cli_flip_parse(&r->flips[i], flip, err);
    r->flip_count++;
  }
  r->session.options.self = r;
  r->session.options.event = on_event;
  return code;
}

static tl_code choose_folder(run *r, const tl_scenario_info *info, tl_error *err)
{
  const char *output = cli_options_get(r->options, "output");
  const int length = output ? snprintf(r->folder, sizeof r->folder, "%s", output)
                            : snprintf(r->folder, sizeof r->folder, "runs/%s-%llu", info->name,
                                       (unsigned long long)info->seed);
  if (length < 0 || (size_t)length >= sizeof r->folder)
    return tl_fail(err, TL_E_USAGE, NULL, "-o: path too long");
  if (cli_folder_is_foreign(r->folder)) {
    tl_fail(err, TL_E_USAGE, NULL, "%s: holds a telemetry.h5, but is no run folder", r->folder);
    return tl_fail_hint(err, "choose another folder: -o DIR");
  }
  return cli_folder_make(r->folder, err);
}

static int fail_in(const run *r, const tl_error *err)
{
  const tl_scenario *scenario = r->session.scenario;
  const tl_message_context context = {
      .at_ns = scenario ? tl_world_now_ns(tl_scenario_world(r->session.scenario)) : 0,
      .phase = scenario ? tl_scenario_phase(scenario) : "in the main chunk"};
  /* a wrong option or a missing file has no time and no phase */
  const bool is_outside = !r->began && strchr(err->where, ':') == NULL;
  return cli_fail(r->term, err, is_outside ? NULL : &context);
}

/* --- the first of the two runs of --verify: one thread, nothing recorded -------------------------- */
static tl_code run_first(run *r, const char *path, tl_error *err)
{
  const uint32_t asked = r->session.options.thread_count;
  r->session.options.thread_count = 1;
  r->session.options.event = NULL;
  tl_code code = cli_session_load(&r->session, path, err);
  if (code == TL_OK) code = tl_scenario_seal(r->session.scenario, err);
  if (code == TL_OK) code = collect_roots(&r->first, tl_scenario_world(r->session.scenario), err);
  if (code == TL_OK)
    code = cli_flips_apply(r->flips, r->flip_count, tl_scenario_world(r->session.scenario),
                           tl_scenario_describe(r->session.scenario).duration_ns, err);
  if (code == TL_OK) {
    const tl_scenario_hooks hooks = {
        .self = r, .progress = on_progress, .interrupted = cli_signals_interrupted()};
    r->progress = cli_progress_begin(r->term);
    code = tl_scenario_run(r->session.scenario, &hooks, err);
    cli_progress_end(&r->progress);
  }
  if (code == TL_E_INTERRUPTED) return code;
  /* an error of the scenario itself comes again in the second run, which reports it */
  cli_session_unload(&r->session);
  for (uint32_t i = 0; i < r->flip_count; i++) r->flips[i].is_done = false;
  r->session.options.thread_count = asked > 1 ? asked : 2;
  r->session.options.event = on_event;
  return TL_OK;
}

static tl_code compare_roots(run *r, tl_error *err)
{
  const size_t shared = r->first.count < r->second.count ? r->first.count : r->second.count;
  size_t window = 0;
  while (window < shared && r->first.root[window] == r->second.root[window]) window++;
  r->outcome.verified = window == shared && r->first.count == r->second.count;
  if (r->outcome.verified) return TL_OK;
  return tl_fail(err, TL_E_DIVERGED, NULL,
                 "1 and %u threads gave different bits, first in window %zu of %zu and %zu",
                 r->outcome.thread_count, window, r->first.count, r->second.count);
}

/* --- what came out ------------------------------------------------------------------------------- */
static void collect_outcome(run *r, const tl_error *err)
{
  const tl_world *world = tl_scenario_world(r->session.scenario);
  cli_outcome *outcome = &r->outcome;
  outcome->info = tl_scenario_describe(r->session.scenario);
  outcome->result = tl_scenario_result_get(r->session.scenario);
  outcome->error = *err;
  outcome->device_steps = tl_world_device_steps(world);
  outcome->window_count = tl_world_window_count(world);
  outcome->end_ns = tl_world_now_ns(world);
  outcome->verdict = err->code == TL_E_FAIL                   ? TL_FAILED
                     : err->code != TL_OK || !outcome->result ? TL_ERRORED
                                                              : outcome->result->verdict;
  if (outcome->window_count > 0) tl_world_run_hash(world, outcome->run_hash);
}

static void add_value(tl_text *out, double value, const char *unit)
{
  tl_text_add_digits(out, value, 4);
  if (strcmp(unit, "1") != 0 && unit[0]) tl_text_addf(out, " %s", unit);
}

static void add_judgement(tl_text *out, const tl_judgement *row, bool color)
{
  static const char *const words[] = {"PASS ", "FAIL ", "ERROR"};
  static const char *const colors[] = {"\033[32m", "\033[31m", "\033[31m"};
  const char *unit = row->threshold.unit.name;
  tl_text_addf(out, "  %s%s%s  %-34s ", color ? colors[row->verdict] : "",
               row->not_judged ? "-    " : words[row->verdict], color ? "\033[0m" : "",
               row->threshold.name);
  if (row->not_judged) {
    tl_text_addf(out, "%s\n", row->message);
    return;
  }
  if (row->verdict == TL_ERRORED) {
    const size_t length = strlen(row->threshold.name); /* some messages begin with it */
    const bool is_named =
        strncmp(row->message, row->threshold.name, length) == 0 && row->message[length] == ':';
    tl_text_addf(out, "%s\n", is_named ? row->message + length + 2 : row->message);
    return;
  }
  add_value(out, row->observed, unit);
  tl_text_addf(out, "  (%s, margin ", row->threshold.text);
  add_value(out, row->margin, unit);
  char modelled[TL_MODELLED_TEXT_BYTES];
  if (tl_modelled_text(modelled, &row->modelled)[0]) tl_text_addf(out, ", %s", modelled);
  tl_text_add_char(out, ')');
  if (row->verdict == TL_FAILED && row->breach_ns >= 0) {
    tl_text_add(out, " since ");
    tl_text_add_duration(out, row->breach_ns);
  }
  tl_text_add_char(out, '\n');
}

/* "fidelity 0.756 (0.71 to 0.80), worst: box_K in heating 0.62" */
static void add_fidelity(tl_text *out, const tl_score *score)
{
  const tl_overall *overall = score ? score->overall : NULL;
  if (!overall || overall->status != TL_METRIC_OK) return;
  tl_text_add(out, "fidelity ");
  tl_text_add_digits(out, overall->score, 3);
  tl_text_add(out, " (");
  tl_text_add_digits(out, overall->low, 3);
  tl_text_add(out, " to ");
  tl_text_add_digits(out, overall->high, 3);
  tl_text_add_char(out, ')');
  if (overall->part_count > 1) {
    const tl_overall_part *worst = &overall->parts[0];
    tl_text_addf(out, ", worst: %s in %s ", score->channels[worst->channel].name,
                 score->regime_names[worst->regime]);
    tl_text_add_digits(out, worst->score, 3);
  }
  tl_text_add_char(out, '\n');
}

static void add_borders(tl_text *out, const tl_scenario_result *result)
{
  for (uint32_t i = 0; result && i < result->border_count; i++) {
    const tl_scenario_border *b = &result->borders[i];
    if (b->result.outside_devices == 0) continue;
    tl_text_addf(out, "outside the recording: %u of %u %s, first device %u at ",
                 b->result.outside_devices, b->result.device_count, b->fleet,
                 b->result.first_device);
    tl_text_add_duration(out, b->result.first_ns);
    tl_text_add(out, ": ");
    tl_border_explain(b->border, b->result.first_value, b->result.first, out);
    tl_text_add_char(out, '\n');
  }
}

static void print_summary(const run *r)
{
  const cli_outcome *outcome = &r->outcome;
  const bool color = r->term->color && r->term->results == stdout;
  tl_text text = {0};
  tl_text_addf(&text, "%s  seed %llu  ", outcome->info.name,
               (unsigned long long)outcome->info.seed);
  tl_text_add_duration(&text, outcome->end_ns);
  tl_text_add(&text, " in ");
  tl_text_add_digits(&text, outcome->wall_s, 3);
  tl_text_add(&text, " s");
  if (outcome->device_steps > 0 && outcome->wall_s > 0.0) {
    const double speed = (double)outcome->device_steps / outcome->wall_s;
    const char *const words[] = {"", " thousand", " million"};
    const int scale = speed < 1e4 ? 0 : speed < 1e6 ? 1 : 2;
    static const double factors[] = {1.0, 1e-3, 1e-6};
    tl_text_add(&text, ", ");
    tl_text_add_digits(&text, speed * factors[scale], 3);
    tl_text_addf(&text, "%s device-steps/s", words[scale]);
  }
  tl_text_add_char(&text, '\n');
  uint32_t held = 0;
  const uint32_t count = outcome->result ? outcome->result->judgement_count : 0;
  for (uint32_t i = 0; i < count; i++) {
    add_judgement(&text, &outcome->result->judgements[i], color);
    held += outcome->result->judgements[i].verdict == TL_PASSED;
  }
  add_fidelity(&text, outcome->result ? outcome->result->score : NULL);
  add_borders(&text, outcome->result);
  if (outcome->result && outcome->result->score && r->term->verbose)
    tl_score_write_table(outcome->result->score, &text);
  tl_text_add(&text, tl_verdict_name(outcome->verdict));
  if (outcome->error.code != TL_OK)
    tl_text_addf(&text, " (%s)", tl_code_describe(outcome->error.code)->title);
  if (count > 0)
    tl_text_addf(&text, ": %u of %u thresholds held\n", held, count);
  else
    tl_text_add(&text, ": the scenario has no thresholds\n");
  if (outcome->verified == 1)
    tl_text_addf(&text, "verified: 1 and %u threads, every window equal\n", outcome->thread_count);
  if (outcome->run_hash[0]) tl_text_addf(&text, "run hash %s\n", outcome->run_hash);
  tl_text_addf(&text, "run folder %s\n", r->folder);
  cli_print(r->term, &text);
  tl_text_free(&text);
}

static tl_code publish(run *r, tl_error *err)
{
  const cli_publication publication = {.outcome = &r->outcome,
                                       .session = &r->session,
                                       .flips = r->flips,
                                       .flip_count = r->flip_count,
                                       .folder = r->began ? r->folder : NULL,
                                       .json = cli_options_get(r->options, "json"),
                                       .junit = cli_options_get(r->options, "junit")};
  return cli_publish(&publication, err);
}

/* The run came not as far as simulating: what asked for a document gets one all the same, with the cause. */
static int fail_early(run *r, const char *path, const tl_error *err)
{
  const int status = fail_in(r, err);
  cli_outcome *outcome = &r->outcome;
  const char *slash = strrchr(path, '/');
  outcome->verified = -1;
  outcome->error = *err;
  outcome->verdict = err->code == TL_E_FAIL ? TL_FAILED : TL_ERRORED;
  if (r->session.scenario) {
    outcome->info = tl_scenario_describe(r->session.scenario);
  } else {
    snprintf(r->name, sizeof r->name, "%s", slash ? slash + 1 : path);
    const size_t length = strlen(r->name);
    if (length > 4 && strcmp(r->name + length - 4, ".lua") == 0) r->name[length - 4] = '\0';
    outcome->info = (tl_scenario_info){
        .path = path, .name = r->name, .title = r->name, .seed = r->session.options.seed};
    outcome->seed_unknown = !r->session.options.has_seed;
  }
  tl_error write_error = {0};
  if (publish(r, &write_error) != TL_OK) (void)cli_fail(r->term, &write_error, NULL);
  return status;
}

static int status_of(const run *r, const tl_error *err)
{
  if (err->code != TL_OK) return tl_code_describe(err->code)->exit_code;
  int status = r->outcome.verdict == TL_FAILED ? 1 : 0;
  for (uint32_t i = 0; r->outcome.result && i < r->outcome.result->judgement_count; i++) {
    const tl_judgement *row = &r->outcome.result->judgements[i];
    if (row->verdict != TL_ERRORED || row->not_judged) continue;
    tl_error error = {0};
    tl_fail(&error, row->code, row->threshold.where[0] ? row->threshold.where : NULL,
            "threshold '%s': %s", row->threshold.name, row->message);
    status = fail_in(r, &error);
  }
  return status;
}

static tl_code simulate(run *r, tl_error *err)
{
  tl_world *world = tl_scenario_world(r->session.scenario);
  r->began = true;
  tl_code code = plant(r, tl_scenario_describe(r->session.scenario).duration_ns, err);
  if (code != TL_OK) return code;
  const tl_scenario_hooks hooks = {
      .self = r, .progress = on_progress, .interrupted = cli_signals_interrupted()};
  r->progress = cli_progress_begin(r->term);
  const double wall_s = cli_wall_s(), cpu_s = cli_cpu_s();
  code = tl_scenario_run(r->session.scenario, &hooks, err);
  tl_error close_error = {0};
  if (cli_record_close(&r->record, &close_error) != TL_OK && code == TL_OK) {
    *err = close_error;
    code = err->code;
  }
  r->outcome.wall_s = cli_wall_s() - wall_s;
  r->outcome.cpu_s = cli_cpu_s() - cpu_s;
  cli_progress_end(&r->progress);
  if (code == TL_OK && r->flip_error.code != TL_OK) {
    *err = r->flip_error;
    code = err->code;
  }
  for (uint32_t i = 0; code == TL_OK && i < r->flip_count; i++)
    if (!r->flips[i].is_done) {
      char end[TL_TEXT_DURATION_BYTES];
      tl_text_format_duration(end, tl_world_now_ns(world));
      code = tl_fail(err, TL_E_ARG, NULL,
                     "--flip %s was not planted: no window began at or after that time, the run "
                     "ended at %s",
                     r->flips[i].text, end);
    }
  return code;
}

static int run_scenario(run *r)
{
  tl_error err = {0};
  const char *path = r->options->arguments[0];
  const bool verifies = cli_options_has(r->options, "verify");
  tl_code code = prepare(r, &err);
  if (code == TL_OK && verifies) code = run_first(r, path, &err);
  if (code == TL_OK) code = cli_session_load(&r->session, path, &err);
  if (code == TL_OK) code = tl_scenario_seal(r->session.scenario, &err);
  if (code == TL_OK)
    code = cli_flips_check(r->flips, r->flip_count, tl_scenario_world(r->session.scenario),
                           tl_scenario_describe(r->session.scenario).duration_ns, &err);
  if (code != TL_OK) return fail_early(r, path, &err);

  const tl_scenario_info info = tl_scenario_describe(r->session.scenario);
  tl_world *world = tl_scenario_world(r->session.scenario);
  r->outcome.thread_count = tl_world_thread_count(world);
  r->outcome.verified = -1;
  code = choose_folder(r, &info, &err);
  if (code == TL_OK) code = cli_inputs_keep(r->folder, &info, r->session.scripts, &err);
  if (code == TL_OK && verifies) code = collect_roots(&r->second, world, &err);
  if (code == TL_OK) {
    char telemetry[CLI_PATH_BYTES + 32];
    snprintf(telemetry, sizeof telemetry, "%s/telemetry.h5", r->folder);
    code = cli_record_open(&r->record, r->session.scenario, telemetry,
                           cli_options_get(r->options, "record"), r->session.options.path, &err);
  }
  if (code != TL_OK) return fail_early(r, path, &err);

  code = simulate(r, &err);
  if (code == TL_OK && verifies) code = compare_roots(r, &err);
  collect_outcome(r, &err);
  tl_error write_error = {0};
  if (publish(r, &write_error) != TL_OK && code == TL_OK) {
    err = write_error;
    r->outcome.error = err;
    r->outcome.verdict = TL_ERRORED;
  }
  if (err.code != TL_OK) (void)fail_in(r, &err); /* the cause first, then what came of it */
  print_summary(r);
  return status_of(r, &err);
}

int cmd_run(const cli_options *options, const cli_term *term)
{
  run *r = calloc(1, sizeof *r);
  if (!r) {
    tl_error err = {0};
    tl_fail(&err, TL_E_LIMIT, NULL, "out of memory");
    return cli_fail(term, &err, NULL);
  }
  r->options = options;
  r->term = term;
  signal(SIGXFSZ, SIG_IGN); /* a full quota is an error of a write, not a death */
  cli_signals_catch();
  const int status = run_scenario(r);
  tl_error ignored;
  (void)cli_record_close(&r->record, &ignored);
  cli_session_close(&r->session);
  free(r->first.root);
  free(r->second.root);
  free(r);
  return status;
}
