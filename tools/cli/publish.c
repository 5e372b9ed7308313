#include "tools/cli/publish.h"

#include "base/hash.h"
#include "base/text.h"
#include "tools/cli/term.h"
#include "twinloop/twinloop.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>

enum {
  OPTIONS_MAX = CLI_SETTINGS_MAX + CLI_FLIPS_MAX + CLI_PLUGINS_MAX + 2,
  FLEETS_MAX = TL_FLEETS_MAX,
  FILES_MAX = 4,
  MODELLED_MAX = 4,   /* columns of a fleet that come from a board's profile */
  EVENTS_MAX = 20000, /* of a report; telemetry.h5 has them all */
  HASHED_BYTES_MAX = 64 * 1024 * 1024,
  DEVICE_PLOTS = 10
};

typedef struct draft { /* the report and the texts that it borrows */
  tl_report report;
  tl_text command;
  char where[sizeof((tl_error *)0)->where];
  tl_judgement *judgements;
  tl_report_flip flips[CLI_FLIPS_MAX];
  char option_texts[CLI_PLUGINS_MAX][TL_NAME_BYTES + 80];
  tl_report_setting options[OPTIONS_MAX];
  tl_report_fleet fleets[FLEETS_MAX];
  tl_report_modelled modelled[FLEETS_MAX][MODELLED_MAX];
  tl_report_file files[FILES_MAX];
  char telemetry_sha256[65];
  tl_report_file *inputs;
  tl_report_setting *settings;
  tl_report_event *events;
  tl_report_border *borders;
  tl_report_parameter *parameters;
} draft;

static void add_option(draft *d, const char *name, const char *value)
{
  d->options[d->report.option_count++] = (tl_report_setting){name, value};
}

/* Whatever the bits depend on beside the inputs, the seed and the program; read back by run_record.c. */
static void add_options(draft *d, const cli_publication *p)
{
  d->report.options = d->options;
  for (uint32_t i = 0; i < p->session->options.setting_count; i++)
    add_option(d, "set", p->session->setting_texts[i]);
  for (uint32_t i = 0; i < p->flip_count; i++) add_option(d, "flip", p->flips[i].text);
  if (p->session->options.stepped) add_option(d, "stepped", "");
  for (uint32_t i = 0; i < p->session->plugin_count; i++) {
    snprintf(d->option_texts[i], sizeof d->option_texts[i], "%s %s", p->session->plugins[i].name,
             p->session->plugins[i].sha256);
    add_option(d, "twin", d->option_texts[i]);
  }
  if (p->outcome->verified >= 0)
    add_option(d, "verify", p->outcome->verified ? "equal" : "different");
}

/* A word as a shell reads it. */
static void add_word(tl_text *out, const char *word)
{
  tl_text_add_char(out, ' ');
  if (word[0] &&
      strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%") ==
          strlen(word)) {
    tl_text_add(out, word);
    return;
  }
  tl_text_add_char(out, '\'');
  for (; *word; word++) tl_text_add(out, *word == '\'' ? "'\\''" : (char[]){*word, '\0'});
  tl_text_add_char(out, '\'');
}

/* A path as one would type it here; outside of the working folder its name only. */
static const char *short_path(const char *path)
{
  char here[4096];
  const char *slash = strrchr(path, '/');
  if (path[0] != '/' || !slash) return path;
  if (getcwd(here, sizeof here) && strncmp(path, here, strlen(here)) == 0 &&
      path[strlen(here)] == '/')
    return path + strlen(here) + 1;
  return slash + 1;
}

/* The exact command that repeats the run, without the places of this machine. */
static void add_command(draft *d, const cli_publication *p)
{
  tl_text_add(&d->command, "twinloop run");
  add_word(&d->command, short_path(p->outcome->info.path));
  if (!p->outcome->seed_unknown)
    tl_text_addf(&d->command, " --seed %llu", (unsigned long long)p->outcome->info.seed);
  for (uint32_t i = 0; i < d->report.option_count; i++) {
    const tl_report_setting *option = &d->options[i];
    if (strcmp(option->name, "verify") == 0) continue;
    tl_text_addf(&d->command, " --%s", option->name);
    if (strcmp(option->name, "twin") == 0)
      tl_text_addf(&d->command, " %.*s.so", (int)strcspn(option->value, " "), option->value);
    else if (option->value[0])
      add_word(&d->command, option->value);
  }
  d->report.command = tl_text_string(&d->command);
}

static void add_flips(draft *d, const cli_publication *p)
{
  for (uint32_t i = 0; i < p->flip_count; i++) {
    const cli_flip *f = &p->flips[i];
    d->flips[i] = (tl_report_flip){.text = f->text,
                                   .fleet = f->fleet,
                                   .column = f->column,
                                   .unit = f->unit,
                                   .device = f->device,
                                   .bit = f->bit,
                                   .is_planted = f->is_done,
                                   .at_ns = f->planted_ns,
                                   .window = f->window,
                                   .before = f->before,
                                   .after = f->after};
  }
  d->report.flips = d->flips;
  d->report.flip_count = p->flip_count;
}

static void add_modelled(draft *d, const tl_world *world, uint32_t f)
{
  const tl_fleet_id fleet = {f + 1};
  uint32_t count = 0;
  for (uint32_t c = 0; c < tl_fleet_column_count(world, fleet) && count < MODELLED_MAX; c++) {
    const tl_modelled from = tl_fleet_modelled(world, fleet, c);
    if (from.board == NULL) continue;
    d->modelled[f][count++] = (tl_report_modelled){tl_fleet_column(world, fleet, c)->name, from};
  }
  d->fleets[f].modelled = d->modelled[f];
  d->fleets[f].modelled_count = count;
}

static void add_fleets(draft *d, const cli_publication *p)
{
  if (!p->session->scenario) return;
  const tl_world *world = tl_scenario_world(p->session->scenario);
  const uint32_t count = tl_world_fleet_count(world);
  for (uint32_t f = 0; f < count && f < FLEETS_MAX; f++) {
    const tl_fleet_id fleet = {f + 1};
    d->fleets[f].name = tl_fleet_name(world, fleet);
    d->fleets[f].twin = tl_fleet_twin_name(world, fleet);
    d->fleets[f].device_count = tl_fleet_device_count(world, fleet);
    add_modelled(d, world, f);
  }
  d->report.fleets = d->fleets;
  d->report.fleet_count = count < FLEETS_MAX ? count : FLEETS_MAX;
}

static void add_files(draft *d, const cli_publication *p)
{
  if (!p->folder) return;
  char path[CLI_PATH_BYTES + 32];
  snprintf(path, sizeof path, "%s/telemetry.h5", p->folder);
  struct stat info;
  const bool is_small = stat(path, &info) == 0 && info.st_size <= HASHED_BYTES_MAX;
  const bool is_hashed = is_small && tl_sha256_file(d->telemetry_sha256, path, NULL) == TL_OK;
  d->files[0] = (tl_report_file){"run", "run.json", NULL};
  d->files[1] =
      (tl_report_file){"telemetry", "telemetry.h5", is_hashed ? d->telemetry_sha256 : NULL};
  d->files[2] = (tl_report_file){"report", "report.html", NULL};
  d->files[3] = (tl_report_file){"junit", "junit.xml", NULL};
  d->report.files = d->files;
  d->report.file_count = FILES_MAX;
}

static tl_code add_lists(draft *d, const cli_publication *p, tl_error *err)
{
  const tl_scenario_info *info = &p->outcome->info;
  const tl_scenario_result *result = p->outcome->result;
  uint32_t event_count = result ? result->event_count : 0;
  if (event_count > EVENTS_MAX) event_count = EVENTS_MAX;
  d->inputs = calloc(info->file_count + 1, sizeof *d->inputs);
  d->settings = calloc(info->setting_count + 1, sizeof *d->settings);
  d->events = calloc(event_count + 1, sizeof *d->events);
  if (!d->inputs || !d->settings || !d->events)
    return tl_fail(err, TL_E_LIMIT, NULL, "out of memory");
  for (uint32_t i = 0; i < info->file_count; i++)
    d->inputs[i] =
        (tl_report_file){info->files[i].kind, info->files[i].name, info->files[i].sha256};
  for (uint32_t i = 0; i < info->setting_count; i++)
    d->settings[i] = (tl_report_setting){info->settings[i].name, info->settings[i].value};
  for (uint32_t i = 0; i < event_count; i++) {
    const tl_scenario_event *e = &result->events[i];
    d->events[i] = (tl_report_event){e->at_ns,  e->kind,  e->fleet_name ? e->fleet_name : "",
                                     e->device, e->count, e->text ? e->text : ""};
  }
  d->report.inputs = d->inputs;
  d->report.input_count = info->file_count;
  d->report.settings = d->settings;
  d->report.setting_count = info->setting_count;
  d->report.events = d->events;
  d->report.event_count = event_count;
  return TL_OK;
}

/* Where a threshold or an error is, as one would type the path here. */
static void shorten(char *where)
{
  const char *path = short_path(where);
  memmove(where, path, strlen(path) + 1);
}

static tl_code add_judgements(draft *d, const cli_outcome *o, tl_error *err)
{
  if (!o->result || o->result->judgement_count == 0) return TL_OK;
  const uint32_t count = o->result->judgement_count;
  d->judgements = malloc(count * sizeof *d->judgements);
  if (!d->judgements) return tl_fail(err, TL_E_LIMIT, NULL, "out of memory");
  memcpy(d->judgements, o->result->judgements, count * sizeof *d->judgements);
  for (uint32_t i = 0; i < count; i++) shorten(d->judgements[i].threshold.where);
  d->report.judgements = d->judgements;
  d->report.judgement_count = count;
  return TL_OK;
}

static void add_outcome(draft *d, const cli_outcome *o)
{
  tl_report *report = &d->report;
  report->title = o->info.title;
  report->scenario = o->info.name;
  report->version = tl_version();
  report->seed = o->info.seed;
  report->seed_unknown = o->seed_unknown;
  memcpy(report->run_hash, o->run_hash, sizeof report->run_hash);
  report->verdict = o->verdict;
  report->code = o->error.code;
  const size_t prefix = strlen(o->error.where);
  report->message = o->error.text;
  if (prefix > 0 && strncmp(o->error.text, o->error.where, prefix) == 0 &&
      strncmp(o->error.text + prefix, ": ", 2) == 0)
    report->message += prefix + 2; /* `where` says it */
  memcpy(d->where, o->error.where, sizeof d->where);
  shorten(d->where);
  report->where = d->where;
  report->simulated_ns = o->end_ns;
  report->duration_ns = o->info.duration_ns;
  report->device_steps = o->device_steps;
  report->wall_s = o->wall_s;
  report->cpu_s = o->cpu_s;
  report->thread_count = o->thread_count;
  if (!o->result) return;
  report->aborted = o->result->aborted;
  report->score = o->result->score;
}

static tl_code add_borders(draft *d, const cli_outcome *o, tl_error *err)
{
  const uint32_t count = o->result ? o->result->border_count : 0;
  if (count == 0) return TL_OK;
  d->borders = calloc(count, sizeof *d->borders);
  if (!d->borders) return tl_fail(err, TL_E_LIMIT, NULL, "out of memory");
  for (uint32_t i = 0; i < count; i++) {
    const tl_scenario_border *border = &o->result->borders[i];
    d->borders[i] = (tl_report_border){.fleet = border->fleet,
                                       .source = border->source,
                                       .border = border->border,
                                       .result = &border->result};
  }
  d->report.borders = d->borders;
  d->report.border_count = count;
  return TL_OK;
}

static tl_code add_parameters(draft *d, const cli_outcome *o, tl_error *err)
{
  const uint32_t count = o->result ? o->result->parameter_count : 0;
  if (count == 0) return TL_OK;
  d->parameters = calloc(count, sizeof *d->parameters);
  if (!d->parameters) return tl_fail(err, TL_E_LIMIT, NULL, "out of memory");
  for (uint32_t i = 0; i < count; i++) {
    const tl_scenario_parameter *row = &o->result->parameters[i];
    d->parameters[i] = (tl_report_parameter){.set = row->file,
                                             .name = row->name,
                                             .unit = row->unit,
                                             .value = row->value,
                                             .low = row->low,
                                             .high = row->high,
                                             .at_bound = row->at_bound};
  }
  d->report.parameters = d->parameters;
  d->report.parameter_count = count;
  return TL_OK;
}

static tl_code add_plots(draft *d, const cli_publication *p, tl_error *err)
{
  if (!p->session->scenario) return TL_OK;
  tl_code code = d->report.score ? tl_report_plot_score(&d->report, err) : TL_OK;
  const tl_judge *judge = tl_scenario_judge(p->session->scenario);
  if (code == TL_OK && judge)
    code = tl_report_plot_judge(&d->report, judge, tl_scenario_world(p->session->scenario), err);
  /* a run that recorded no signals has no device plots, which is no fault */
  if (code == TL_OK && d->report.worst_count > 0)
    (void)tl_report_plot_devices(&d->report, p->folder, NULL, DEVICE_PLOTS, NULL);
  return code;
}

static tl_code save(const draft *d, const cli_publication *p, const char *name,
                    void (*write)(const tl_report *, tl_text *), tl_error *err)
{
  char path[CLI_PATH_BYTES + 32];
  snprintf(path, sizeof path, "%s/%s", p->folder, name);
  tl_text text = {0};
  write(&d->report, &text);
  const tl_code code = text.failed ? tl_fail(err, TL_E_LIMIT, NULL, "%s: out of memory", path)
                                   : tl_report_save(&text, path, err);
  tl_text_free(&text);
  return code;
}

static tl_code save_all(const draft *d, const cli_publication *p, tl_error *err)
{
  tl_code code = save(d, p, "run.json", tl_report_write_json, err);
  if (code == TL_OK) code = save(d, p, "report.html", tl_report_write_html, err);
  if (code == TL_OK) code = save(d, p, "junit.xml", tl_report_write_junit, err);
  return code;
}

static tl_code save_copies(draft *d, const cli_publication *p, tl_error *err)
{
  tl_text text = {0};
  tl_code code = TL_OK;
  if (p->json) {
    d->report.folder = p->folder;
    tl_report_write_json(&d->report, &text);
    code = cli_write(p->json, &text, err);
  }
  if (code == TL_OK && p->junit) {
    tl_text_clear(&text);
    tl_report_write_junit(&d->report, &text);
    code = cli_write(p->junit, &text, err);
  }
  tl_text_free(&text);
  return code;
}

tl_code cli_publish(const cli_publication *p, tl_error *err)
{
  draft *d = calloc(1, sizeof *d);
  if (!d) return tl_fail(err, TL_E_LIMIT, NULL, "out of memory");
  d->report = tl_report_default();
  d->report.path = tl_cpu_path_name(p->session->options.path);
  add_outcome(d, p->outcome);
  add_options(d, p);
  add_command(d, p);
  add_flips(d, p);
  add_fleets(d, p);
  add_files(d, p);
  tl_code code = add_judgements(d, p->outcome, err);
  if (code == TL_OK) code = add_lists(d, p, err);
  if (code == TL_OK) code = add_borders(d, p->outcome, err);
  if (code == TL_OK) code = add_parameters(d, p->outcome, err);
  if (code == TL_OK) code = add_plots(d, p, err);
  if (code == TL_OK && p->folder) code = save_all(d, p, err);
  if (code == TL_OK) code = save_copies(d, p, err);
  tl_report_free(&d->report);
  tl_text_free(&d->command);
  free(d->judgements);
  free(d->events);
  free(d->borders);
  free(d->parameters);
  free(d->settings);
  free(d->inputs);
  free(d);
  return code;
}
