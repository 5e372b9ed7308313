/* run_document.c: the JSON documents of a run, written in a fixed order of keys. */
#include "tools/cli/run_folder.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

static void add_key(tl_text *out, const char *key)
{
  tl_text_addf(out, "%s\n  \"%s\": ", out->data && out->data[out->length - 1] == '{' ? "" : ",", key);
}

static void add_text(tl_text *out, const char *key, const char *value)
{
  add_key(out, key);
  tl_text_add_json(out, value);
}

static void add_number(tl_text *out, const char *key, double value)
{
  add_key(out, key);
  tl_text_add_json_double(out, value);
}

static void add_count(tl_text *out, const char *key, uint64_t value)
{
  add_key(out, key);
  tl_text_addf(out, "%llu", (unsigned long long)value);
}

static void add_threshold(tl_text *out, const tl_judgement *row, bool is_first)
{
  tl_text_addf(out, "%s\n    {\"name\": ", is_first ? "" : ",");
  tl_text_add_json(out, row->threshold.name);
  tl_text_add(out, ", \"observed\": ");
  tl_text_add_json_double(out, row->observed);
  tl_text_add(out, ", \"limit\": ");
  tl_text_add_json_double(out, row->threshold.limit);
  tl_text_add(out, ", \"margin\": ");
  tl_text_add_json_double(out, row->margin);
  tl_text_addf(out, ", \"verdict\": \"%s\", \"unit\": ", tl_verdict_name(row->verdict));
  tl_text_add_json(out, row->threshold.unit.name);
  tl_text_add(out, ", \"text\": ");
  tl_text_add_json(out, row->threshold.text);
  /* JSON has no infinity: a fault that was never found is said in words */
  if (row->observed > 1e300) tl_text_add(out, ", \"observed_text\": \"inf\"");
  tl_text_addf(out, ", \"samples\": %llu, \"where\": ", (unsigned long long)row->sample_count);
  tl_text_add_json(out, row->threshold.where);
  if (row->breach_ns >= 0) {
    tl_text_add(out, ", \"breach_s\": ");
    tl_text_add_json_double(out, 1e-9 * (double)row->breach_ns);
  }
  if (row->message[0]) {
    tl_text_add(out, ", \"message\": ");
    tl_text_add_json(out, row->message);
  }
  tl_text_add_char(out, '}');
}

static void add_error(tl_text *out, const tl_error *error)
{
  if (error->code == TL_OK) return;
  add_key(out, "error");
  tl_text_addf(out, "{\"code\": \"TL%04d\", \"text\": ", tl_code_describe(error->code)->number);
  tl_text_add_json(out, error->text);
  tl_text_add(out, ", \"where\": ");
  tl_text_add_json(out, error->where);
  tl_text_add(out, ", \"hint\": ");
  tl_text_add_json(out, error->hint);
  tl_text_add_char(out, '}');
}

static void add_files(tl_text *out, const char *folder)
{
  static const char *const files[][2] = {
      {"run", "run.json"}, {"telemetry", "telemetry.h5"}, {"report", "report.html"}, {"junit", "junit.xml"}};
  add_key(out, "files");
  tl_text_add_char(out, '{');
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    char path[2 * CLI_PATH_BYTES];
    snprintf(path, sizeof path, "%s%s%s", folder ? folder : "", folder ? "/" : "", files[i][1]);
    tl_text_addf(out, "%s\"%s\": ", i ? ", " : "", files[i][0]);
    tl_text_add_json(out, path);
  }
  tl_text_add_char(out, '}');
}

static void add_inputs(tl_text *out, const tl_scenario_info *info)
{
  add_key(out, "inputs");
  tl_text_add_char(out, '[');
  for (uint32_t i = 0; i < info->file_count; i++) {
    tl_text_addf(out, "%s\n    {\"kind\": \"%s\", \"name\": ", i ? "," : "", info->files[i].kind);
    tl_text_add_json(out, info->files[i].name);
    tl_text_addf(out, ", \"sha256\": \"%s\"}", info->files[i].sha256);
  }
  tl_text_add_char(out, ']');
}

/* Whatever the bits depend on, beside the inputs and the program. */
static void add_options(tl_text *out, const cli_run_facts *facts)
{
  add_key(out, "options");
  tl_text_addf(out, "{\"stepped\": %s, \"settings\": {", facts->session->options.stepped ? "true" : "false");
  for (uint32_t i = 0; i < facts->session->options.setting_count; i++) {
    if (i) tl_text_add(out, ", ");
    tl_text_add_json(out, facts->session->settings[i].name);
    tl_text_add(out, ": ");
    tl_text_add_json(out, facts->session->settings[i].value);
  }
  tl_text_add(out, "}, \"flip\": [");
  for (uint32_t i = 0; i < facts->flip_count; i++) {
    if (i) tl_text_add(out, ", ");
    tl_text_add_json(out, facts->flips[i].text);
  }
  tl_text_add(out, "], \"twins\": [");
  for (uint32_t i = 0; i < facts->session->plugin_count; i++) {
    tl_text_add(out, i ? ", {\"name\": " : "{\"name\": ");
    tl_text_add_json(out, facts->session->plugins[i].name);
    tl_text_addf(out, ", \"sha256\": \"%s\"}", facts->session->plugins[i].sha256);
  }
  tl_text_add(out, "]}");
}

static void add_clock(tl_text *out, const cli_run_facts *facts)
{
  add_number(out, "wall_s", facts->wall_s);
  add_number(out, "cpu_s", facts->cpu_s);
  add_number(out, "device_steps_per_s", facts->wall_s > 0.0 ? (double)facts->device_steps / facts->wall_s : 0.0);
  add_count(out, "threads", facts->thread_count);
  add_text(out, "path", tl_cpu_path_name(facts->session->options.path));
  if (facts->verified >= 0) {
    add_key(out, "verified");
    tl_text_add(out, facts->verified ? "true" : "false");
  }
}

static void add_score(tl_text *out, const tl_score *score)
{
  tl_text text = {0};
  tl_score_write_json(score, &text);
  while (text.length > 0 && text.data[text.length - 1] == '\n') text.data[--text.length] = '\0';
  add_key(out, "score");
  tl_text_add(out, tl_text_string(&text));
  tl_text_free(&text);
}

void cli_run_document_add(tl_text *out, const cli_run_facts *facts)
{
  const tl_scenario_result *result = facts->result;
  tl_text_add_char(out, '{');
  add_text(out, "schema", "twinloop.run/1");
  add_text(out, "scenario", facts->info->name);
  add_text(out, "title", facts->info->title);
  add_count(out, "seed", facts->info->seed);
  add_text(out, "run_hash", facts->run_hash);
  add_text(out, "verdict", tl_verdict_name(facts->verdict));
  add_count(out, "device_steps", facts->device_steps);
  if (facts->folder) add_clock(out, facts);
  add_number(out, "simulated_s", 1e-9 * (double)facts->end_ns);
  add_count(out, "windows", facts->window_count);
  if (result && result->aborted) {
    add_key(out, "aborted");
    tl_text_add(out, "true");
  }
  add_key(out, "thresholds");
  tl_text_add_char(out, '[');
  for (uint32_t i = 0; result && i < result->judgement_count; i++)
    add_threshold(out, &result->judgements[i], i == 0);
  tl_text_add_char(out, ']');
  if (result && result->score) add_score(out, result->score);
  add_error(out, facts->error);
  add_files(out, facts->folder);
  add_inputs(out, facts->info);
  add_options(out, facts);
  add_text(out, "version", TL_VERSION);
  tl_text_add(out, "\n}\n");
}
