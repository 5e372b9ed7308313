/* verdict.c: run.json, the machine's view of a run: keys and their order are an interface. */
#include "report/internal.h"
#include "report/json.h"

#include <stdio.h>

static double seconds(int64_t ns) { return (double)ns / 1e9; }

/* A figure of a board's profile says so, with the profile's error; null for any other. */
static void write_modelled(tl_json *json, const tl_modelled *modelled)
{
  if (modelled->board == NULL) {
    tl_json_null(json, "modelled");
    return;
  }
  tl_json_object_begin(json, "modelled", true);
  tl_json_text(json, "board", modelled->board);
  tl_json_number(json, "error_ratio", modelled->error_ratio);
  tl_json_object_end(json);
}

static void write_threshold(tl_json *json, const tl_judgement *j)
{
  char code[TL_CODE_NAME_BYTES];
  const tl_threshold *t = &j->threshold;
  tl_json_object_begin(json, NULL, true);
  tl_json_text(json, "name", t->name);
  tl_json_number(json, "observed", j->observed);
  tl_json_number(json, "limit", t->limit);
  tl_json_number(json, "margin", j->margin);
  tl_json_text(json, "verdict", tl_verdict_name(j->verdict));
  tl_json_text(json, "unit", t->unit.name);
  tl_json_text(json, "operator", tl_operator_name(t->op));
  tl_json_text(json, "text", t->text);
  tl_json_unsigned(json, "samples", j->sample_count);
  tl_json_number(json, "bin", j->bin);
  write_modelled(json, &j->modelled);
  if (j->breach_ns >= 0)
    tl_json_number(json, "breach_s", seconds(j->breach_ns));
  else
    tl_json_null(json, "breach_s");
  tl_json_number(json, "after_s", seconds(t->after_ns));
  if (t->of_fleet.index1)
    tl_json_unsigned(json, "of", t->of_count);
  else
    tl_json_null(json, "of");
  tl_json_text(json, "where", t->where);
  tl_json_text(json, "code", tl_report_code_name(code, j->code));
  tl_json_text(json, "message", j->message);
  tl_json_object_end(json);
}

static void write_files(tl_json *json, const char *key, const tl_report_file *files, uint32_t count)
{
  tl_json_list_begin(json, key, false);
  for (uint32_t i = 0; i < count; i++) {
    tl_json_object_begin(json, NULL, true);
    tl_json_text(json, "kind", files[i].kind);
    tl_json_text(json, "name", files[i].name);
    tl_json_text(json, "sha256", files[i].sha256);
    tl_json_object_end(json);
  }
  tl_json_list_end(json);
}

static void write_events(tl_json *json, const tl_report *report)
{
  tl_json_list_begin(json, "events", false);
  for (uint32_t i = 0; i < report->event_count; i++) {
    const tl_report_event *e = &report->events[i];
    tl_json_object_begin(json, NULL, true);
    tl_json_number(json, "at_s", seconds(e->at_ns));
    tl_json_text(json, "kind", e->kind);
    tl_json_text(json, "fleet", e->fleet);
    if (e->device >= 0)
      tl_json_integer(json, "device", e->device);
    else
      tl_json_null(json, "device");
    tl_json_unsigned(json, "count", e->count);
    tl_json_text(json, "text", e->text);
    tl_json_object_end(json);
  }
  tl_json_list_end(json);
}

/* {column: {board, error_ratio}}: whoever reads those columns anywhere should know. */
static void write_modelled_columns(tl_json *json, const tl_report_fleet *fleet)
{
  tl_json_object_begin(json, "modelled", true);
  for (uint32_t i = 0; i < fleet->modelled_count; i++) {
    tl_json_object_begin(json, fleet->modelled[i].column, true);
    tl_json_text(json, "board", fleet->modelled[i].from.board);
    tl_json_number(json, "error_ratio", fleet->modelled[i].from.error_ratio);
    tl_json_object_end(json);
  }
  tl_json_object_end(json);
}

static void write_fleets(tl_json *json, const tl_report *report)
{
  tl_json_list_begin(json, "fleets", false);
  for (uint32_t i = 0; i < report->fleet_count; i++) {
    tl_json_object_begin(json, NULL, true);
    tl_json_text(json, "name", report->fleets[i].name);
    tl_json_text(json, "twin", report->fleets[i].twin);
    tl_json_unsigned(json, "devices", report->fleets[i].device_count);
    write_modelled_columns(json, &report->fleets[i]);
    tl_json_object_end(json);
  }
  tl_json_list_end(json);
}

static void write_detection(tl_json *json, const tl_judge_totals *totals)
{
  tl_json_object_begin(json, "detection", true);
  tl_json_unsigned(json, "faults", totals->faults);
  tl_json_unsigned(json, "found", totals->found);
  tl_json_unsigned(json, "missed", totals->missed);
  tl_json_unsigned(json, "false_alarms", totals->false_alarms);
  tl_json_number(json, "alarms_from_s", seconds(totals->alarms_from_ns));
  tl_json_number(json, "device_days", totals->device_days);
  tl_json_object_end(json);
}

static void write_worst(tl_json *json, const tl_report *report)
{
  tl_json_list_begin(json, "worst", false);
  for (uint32_t i = 0; i < report->worst_count; i++) {
    const tl_report_device *d = &report->worst[i];
    tl_json_object_begin(json, NULL, true);
    tl_json_text(json, "fleet", d->fleet);
    tl_json_unsigned(json, "device", d->device);
    tl_json_number(json, "error_max", d->error_max);
    tl_json_text(json, "unit", d->unit);
    tl_json_unsigned(json, "false_alarms", d->false_alarms);
    tl_json_unsigned(json, "missed", d->missed);
    tl_json_object_end(json);
  }
  tl_json_list_end(json);
}

static void write_settings(tl_json *json, const tl_report *report)
{
  tl_json_object_begin(json, "settings", true);
  for (uint32_t i = 0; i < report->setting_count; i++)
    tl_json_text(json, report->settings[i].name, report->settings[i].value);
  tl_json_object_end(json);
}

static void write_options(tl_json *json, const tl_report *report)
{
  tl_json_list_begin(json, "options", false);
  for (uint32_t i = 0; i < report->option_count; i++) {
    tl_json_object_begin(json, NULL, true);
    tl_json_text(json, "name", report->options[i].name);
    tl_json_text(json, "value", report->options[i].value);
    tl_json_object_end(json);
  }
  tl_json_list_end(json);
}

static void write_value(tl_json *json, const char *key, const char *hex_key, double value)
{
  char hex[40];
  snprintf(hex, sizeof hex, "%a", value); /* every bit, also of what is not a number */
  tl_json_number(json, key, value);
  tl_json_text(json, hex_key, hex);
}

static void write_flips(tl_json *json, const tl_report *report)
{
  tl_json_list_begin(json, "flips", false);
  for (uint32_t i = 0; i < report->flip_count; i++) {
    const tl_report_flip *f = &report->flips[i];
    tl_json_object_begin(json, NULL, true);
    tl_json_text(json, "flip", f->text);
    tl_json_bool(json, "planted", f->is_planted);
    if (f->is_planted) {
      tl_json_number(json, "time_s", seconds(f->at_ns));
      tl_json_unsigned(json, "window", f->window);
      tl_json_text(json, "fleet", f->fleet);
      tl_json_unsigned(json, "device", f->device);
      tl_json_text(json, "column", f->column);
      tl_json_text(json, "unit", f->unit);
      write_value(json, "before", "before_hex", f->before);
      write_value(json, "after", "after_hex", f->after);
    }
    tl_json_object_end(json);
  }
  tl_json_list_end(json);
}

void tl_report_write_json(const tl_report *report, tl_text *out)
{
  char code[TL_CODE_NAME_BYTES];
  tl_json json = tl_json_over(out);
  tl_json_object_begin(&json, NULL, false);
  tl_json_text(&json, "schema", TL_RUN_SCHEMA);
  tl_json_text(&json, "scenario", report->scenario);
  tl_json_text(&json, "title", report->title);
  if (report->seed_unknown)
    tl_json_null(&json, "seed");
  else
    tl_json_unsigned(&json, "seed", report->seed);
  tl_json_text(&json, "run_hash", report->run_hash[0] ? report->run_hash : NULL);
  tl_json_text(&json, "verdict", tl_verdict_name(report->verdict));
  tl_json_text(&json, "code", tl_report_code_name(code, report->code));
  tl_json_text(&json, "message", report->message ? report->message : "");
  tl_json_text(&json, "where", report->where ? report->where : "");
  tl_json_bool(&json, "aborted", report->aborted);
  tl_json_unsigned(&json, "device_steps", report->device_steps);
  tl_json_number(&json, "wall_s", report->wall_s);
  tl_json_number(&json, "cpu_s", report->cpu_s);
  tl_json_number(&json, "device_steps_per_s",
                 report->wall_s > 0.0 ? (double)report->device_steps / report->wall_s : 0.0);
  tl_json_number(&json, "simulated_s", seconds(report->simulated_ns));
  tl_json_number(&json, "duration_s", seconds(report->duration_ns));
  tl_json_unsigned(&json, "threads", report->thread_count);
  tl_json_text(&json, "path", report->path);
  tl_json_text(&json, "version", report->version);
  tl_json_text(&json, "command", report->command);
  tl_json_list_begin(&json, "thresholds", false);
  for (uint32_t i = 0; i < report->judgement_count; i++)
    write_threshold(&json, &report->judgements[i]);
  tl_json_list_end(&json);
  write_files(&json, "files", report->files, report->file_count);
  write_files(&json, "inputs", report->inputs, report->input_count);
  if (report->folder) tl_json_text(&json, "folder", report->folder);
  write_settings(&json, report);
  write_options(&json, report);
  if (report->flip_count > 0) write_flips(&json, report);
  write_fleets(&json, report);
  if (report->has_totals) write_detection(&json, &report->totals);
  write_worst(&json, report);
  tl_report_json_fidelity(&json, report);
  write_events(&json, report);
  tl_json_object_end(&json);
}
