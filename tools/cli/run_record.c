/* run_record.c: run.json read back, so that the run can be made again. */
#include "tools/cli/run_folder.h"

#include "base/text.h"

#include <assert.h>
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static tl_code find_folder(char out[CLI_PATH_BYTES], const char *path, tl_error *err)
{
  struct stat info;
  if (stat(path, &info) != 0) return tl_fail(err, TL_E_IO, NULL, "%s: %s", path, strerror(errno));
  char *real = realpath(path, NULL);
  if (!real) return tl_fail(err, TL_E_IO, NULL, "%s: %s", path, strerror(errno));
  if (!S_ISDIR(info.st_mode)) {
    char *slash = strrchr(real, '/');
    if (slash && slash != real) *slash = '\0';
  }
  const size_t length = strlen(real);
  if (length < CLI_PATH_BYTES) memcpy(out, real, length + 1);
  free(real);
  return length < CLI_PATH_BYTES ? TL_OK : tl_fail(err, TL_E_IO, NULL, "%s: path too long", path);
}

bool cli_names_run(const char *path)
{
  const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
  struct stat info;
  return strcmp(name, "telemetry.h5") == 0 || strcmp(name, "run.json") == 0 ||
         (stat(path, &info) == 0 && S_ISDIR(info.st_mode));
}

static const char *text_of(const json_t *object, const char *key)
{
  const char *text = json_string_value(json_object_get(object, key));
  return text ? text : "";
}

/* Calls use(self, value) for every option of that name. */
static tl_code each_option(const json_t *json, const char *name,
                           tl_code (*use)(void *self, const char *value, tl_error *err), void *self,
                           tl_error *err)
{
  const json_t *options = json_object_get(json, "options");
  for (size_t i = 0; i < json_array_size(options); i++) {
    const json_t *row = json_array_get(options, i);
    if (strcmp(text_of(row, "name"), name) != 0) continue;
    const tl_code code = use(self, text_of(row, "value"), err);
    if (code != TL_OK) return code;
  }
  return TL_OK;
}

static tl_code use_flip(void *self, const char *value, tl_error *err)
{
  cli_run_record *record = self;
  if (record->flip_count == CLI_FLIPS_MAX)
    return tl_fail(err, TL_E_FORMAT, NULL, "run.json: too many flips");
  if (cli_flip_parse(&record->flips[record->flip_count++], value, err) != TL_OK)
    return tl_fail(err, TL_E_FORMAT, NULL, "run.json: bad flip '%s'", value);
  return TL_OK;
}

/* When each flip was planted; a run of an older version does not say. */
static void read_flips(cli_run_record *out)
{
  const json_t *flips = json_object_get(out->json_, "flips");
  for (uint32_t i = 0; i < out->flip_count && i < json_array_size(flips); i++) {
    const json_t *row = json_array_get(flips, i);
    out->flips[i].is_done = json_is_true(json_object_get(row, "planted"));
    out->flips[i].window = (uint64_t)json_integer_value(json_object_get(row, "window"));
    out->flips[i].planted_ns =
        (int64_t)llround(1e9 * json_number_value(json_object_get(row, "time_s")));
  }
}

static tl_code use_stepped(void *self, const char *value, tl_error *err)
{
  (void)value;
  (void)err;
  ((cli_run_record *)self)->stepped = true;
  return TL_OK;
}

static tl_code read_fields(cli_run_record *out, const char *path, tl_error *err)
{
  const json_t *json = out->json_;
  const char *schema = text_of(json, "schema");
  if (strcmp(schema, "twinloop.run/1") != 0)
    return tl_fail(err, strncmp(schema, "twinloop.run/", 13) == 0 ? TL_E_SCHEMA : TL_E_FORMAT, NULL,
                   "%s: schema is '%s', this program reads 'twinloop.run/1'", path, schema);
  const json_t *seed = json_object_get(json, "seed");
  const char *scenario = text_of(json, "scenario"), *hash = text_of(json, "run_hash");
  const char *version = text_of(json, "version");
  if (!json_is_integer(seed) || !scenario[0] || strchr(scenario, '/') ||
      strlen(scenario) >= sizeof out->scenario || (strlen(hash) != 64 && hash[0]) ||
      strlen(version) >= sizeof out->version)
    return tl_fail(err, TL_E_FORMAT, NULL,
                   "%s: seed, scenario or run_hash is missing or of a wrong form", path);
  memcpy(out->scenario, scenario, strlen(scenario) + 1);
  memcpy(out->run_hash, hash, strlen(hash) + 1);
  out->end_ns = (int64_t)llround(1e9 * json_number_value(json_object_get(json, "simulated_s")));
  memcpy(out->version, version, strlen(version) + 1);
  out->seed = (uint64_t)json_integer_value(seed);
  tl_code code = each_option(json, "stepped", use_stepped, out, err);
  if (code == TL_OK) code = each_option(json, "flip", use_flip, out, err);
  if (code == TL_OK) read_flips(out);
  return code;
}

tl_code cli_run_record_read(cli_run_record *out, const char *path, tl_error *err)
{
  memset(out, 0, sizeof *out);
  tl_code code = find_folder(out->folder, path, err);
  if (code != TL_OK) return code;
  char file[CLI_PATH_BYTES + 16];
  snprintf(file, sizeof file, "%s/run.json", out->folder);
  json_error_t problem;
  out->json_ = json_load_file(file, 0, &problem);
  if (!out->json_) {
    struct stat info;
    if (stat(file, &info) != 0)
      return tl_fail(err, TL_E_IO, NULL, "%s: is no run folder: it has no run.json", path);
    return tl_fail(err, TL_E_FORMAT, NULL, "%s/run.json:%d: %s", path, problem.line, problem.text);
  }
  return read_fields(out, path, err);
}

tl_modelled cli_run_record_modelled(const cli_run_record *record, const char *fleet,
                                    const char *column)
{
  tl_modelled out = {0};
  const json_t *fleets = json_object_get(record->json_, "fleets");
  for (size_t f = 0; f < json_array_size(fleets); f++) {
    const json_t *row = json_array_get(fleets, f);
    if (strcmp(text_of(row, "name"), fleet) != 0) continue;
    const json_t *from = json_object_get(json_object_get(row, "modelled"), column);
    const json_t *error_ratio = json_object_get(from, "error_ratio");
    out.board = json_string_value(json_object_get(from, "board"));
    out.error_ratio = json_is_number(error_ratio) ? json_number_value(error_ratio) : (double)NAN;
  }
  return out;
}

/* value: "NAME SHA256" */
static tl_code use_twin(void *self, const char *value, tl_error *err)
{
  const cli_session *session = self;
  const size_t length = strcspn(value, " ");
  for (uint32_t p = 0; p < session->plugin_count; p++) {
    const cli_plugin *plugin = &session->plugins[p];
    if (strlen(plugin->name) != length || strncmp(plugin->name, value, length) != 0) continue;
    if (value[length] && strcmp(plugin->sha256, value + length + 1) == 0) return TL_OK;
    return tl_fail(err, TL_E_FORMAT, NULL,
                   "twin '%s': the shared object is another build than the run's", plugin->name);
  }
  tl_fail(err, TL_E_NAME, NULL, "the run used twin '%.*s' of a shared object", (int)length, value);
  return tl_fail_hint(err, "name it: --twin FILE.so");
}

static tl_code use_setting(void *self, const char *value, tl_error *err)
{
  return cli_session_set_text(self, value, err);
}

tl_code cli_run_record_apply(const cli_run_record *record, cli_session *session, tl_error *err)
{
  session->options.has_seed = true;
  session->options.seed = record->seed;
  session->options.stepped = record->stepped;
  const tl_code code = each_option(record->json_, "set", use_setting, session, err);
  return code == TL_OK ? each_option(record->json_, "twin", use_twin, session, err) : code;
}

tl_code cli_run_record_check(const cli_run_record *record, const tl_scenario_info *info,
                             tl_error *err)
{
  const json_t *inputs = json_object_get(record->json_, "inputs");
  if (json_array_size(inputs) != info->file_count)
    return tl_fail(err, TL_E_FORMAT, NULL, "the run read %zu files, this one reads %u",
                   json_array_size(inputs), info->file_count);
  for (uint32_t i = 0; i < info->file_count; i++) {
    const json_t *row = json_array_get(inputs, i);
    if (strcmp(text_of(row, "sha256"), info->files[i].sha256) != 0)
      return tl_fail(err, TL_E_FORMAT, NULL, "%s '%s' is not the one that the run read",
                     info->files[i].kind, info->files[i].name);
  }
  return TL_OK;
}

void cli_run_record_free(cli_run_record *record)
{
  json_decref(record->json_);
  record->json_ = NULL;
}
