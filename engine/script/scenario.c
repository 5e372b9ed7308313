#include "script/scenario.h"

#include "base/hash.h"
#include "base/text.h"
#include "script/binding.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { COOKIE = 0x5ce0 };

tl_scenario_options tl_scenario_options_default(void)
{
  return (tl_scenario_options){.path = tl_cpu_best_path(),
                               .lua_bytes = TL_SANDBOX_MEMORY_BYTES,
                               .lua_resume_s = TL_SANDBOX_RESUME_S,
                               .cookie_ = COOKIE};
}

/* --- helpers ------------------------------------------------------------------------------------------------------- */
tl_scenario *script_scenario(lua_State *L) { return tl_sandbox_owner(tl_sandbox_of(L)); }

bool script_grow(void *array_pointer, uint32_t *room, uint32_t count, size_t item_bytes)
{
  if (count < *room) return true;
  void *array = NULL;
  memcpy(&array, array_pointer, sizeof array);
  const uint32_t wanted = *room == 0 ? 8 : 2 * *room;
  void *moved = realloc(array, wanted * item_bytes);
  if (moved == NULL) return false;
  memcpy(array_pointer, &moved, sizeof moved);
  *room = wanted;
  return true;
}

bool script_keep_block(tl_scenario *s, void *block)
{
  if (!script_grow(&s->blocks, &s->block_room, s->block_count, sizeof *s->blocks)) return false;
  s->blocks[s->block_count++] = block;
  return true;
}

char *script_keep_text(tl_scenario *s, const char *text)
{
  char *copy = strdup(text);
  if (copy != NULL && !script_keep_block(s, copy)) {
    free(copy);
    return NULL;
  }
  return copy;
}

tl_code script_find_file(const tl_scenario *s, const char *name, const char *where, char *out,
                         size_t bytes, tl_error *err)
{
  snprintf(out, bytes, "%s", name);
  if (access(out, R_OK) == 0) return TL_OK;
  const int reason = errno;
  if (name[0] != '/') {
    snprintf(out, bytes, "%s/%s", s->folder, name);
    if (access(out, R_OK) == 0) return TL_OK;
    static const char *const within[] = {
        "",        "models/",        "recordings/",        "boards/",        "parameters/",
        "assets/", "assets/models/", "assets/recordings/", "assets/boards/", "assets/parameters/"};
    for (uint32_t i = 0; i < s->options.asset_folder_count; i++)
      for (size_t k = 0; k < sizeof within / sizeof *within; k++) {
        snprintf(out, bytes, "%s/%s%s", s->options.asset_folders[i], within[k], name);
        if (access(out, R_OK) == 0) return TL_OK;
      }
  }
  tl_fail(err, TL_E_IO, where, "'%s': cannot be opened: %s", name, strerror(reason));
  return tl_fail_hint(
      err, name[0] == '/' ? "check the path"
                          : "looked in the working folder, beside the scenario and in the assets");
}

tl_code script_note_file(tl_scenario *s, const char *kind, const char *name, const char *path,
                         const char sha256[65])
{
  if (!script_grow(&s->files, &s->file_room, s->file_count, sizeof *s->files)) return TL_E_LIMIT;
  tl_scenario_file *file = &s->files[s->file_count];
  memset(file, 0, sizeof *file);
  file->kind = kind;
  file->name = script_keep_text(s, name);
  file->path = script_keep_text(s, path);
  memcpy(file->sha256, sha256, sizeof file->sha256);
  if (file->name == NULL || file->path == NULL) return TL_E_LIMIT;
  s->file_count++;
  return TL_OK;
}

int64_t script_now_ns(const tl_scenario *s) { return s->running ? tl_world_now_ns(s->world) : 0; }

void script_event(tl_scenario *s, const char *kind, tl_fleet_id fleet, int64_t device,
                  uint32_t count, double value, const char *text)
{
  tl_scenario_event event = {.at_ns = script_now_ns(s),
                             .kind = kind,
                             .fleet = fleet,
                             .fleet_name = fleet.index1 != 0 ? tl_fleet_name(s->world, fleet) : "",
                             .device = device,
                             .count = count,
                             .value = value,
                             .text = text};
  if (s->history_count < SCRIPT_HISTORY_MAX &&
      script_grow(&s->history, &s->history_room, s->history_count, sizeof *s->history)) {
    event.text = script_keep_text(s, text);
    if (event.text == NULL) event.text = "";
    s->history[s->history_count++] = event;
  }
  if (s->options.event != NULL) s->options.event(s->options.self, &event);
}

static void on_print(void *owner, const char *line)
{
  script_event(owner, "log", (tl_fleet_id){0}, -1, 0, 0.0, line);
}

static void on_file(void *owner, const char *path, const void *bytes, size_t count)
{
  tl_scenario *s = owner;
  char sha[TL_SHA256_HEX_BYTES];
  tl_sha256_bytes(sha, bytes, count);
  const char *slash = strrchr(path, '/');
  script_note_file(s, s->file_count == 0 ? "scenario" : "module", slash != NULL ? slash + 1 : path,
                   path, sha);
}

/* Lua shortens long chunk names in messages; users get the path they know, or where that is too long the file's name. */
void script_full_where(const tl_scenario *s, char *where, size_t bytes)
{
  const char *colon = strrchr(where, ':');
  char short_name[LUA_IDSIZE], full[1200];
  const char *path = NULL;
  if (colon == NULL || (size_t)(colon - where) >= sizeof short_name || s->sandbox == NULL) return;
  snprintf(short_name, sizeof short_name, "%.*s", (int)(colon - where), where);
  if (tl_sandbox_source(s->sandbox, short_name, &path) == NULL || strcmp(path, short_name) == 0)
    return;
  const char *slash = strrchr(path, '/');
  if ((size_t)snprintf(full, sizeof full, "%s:%s", path, colon + 1) >= bytes && slash != NULL)
    snprintf(full, sizeof full, "%s:%s", slash + 1, colon + 1);
  if (strlen(full) < bytes) memcpy(where, full, strlen(full) + 1);
}

void script_full_path(const tl_scenario *s, tl_error *err)
{
  const tl_error shorter = *err;
  const size_t old = strlen(shorter.where);
  char where[sizeof err->where];
  memcpy(where, shorter.where, sizeof where);
  script_full_where(s, where, sizeof where);
  if (strcmp(where, shorter.where) == 0) return;
  const char *text = strncmp(shorter.text, shorter.where, old) == 0 && shorter.text[old] == ':'
                         ? shorter.text + old + 2
                         : shorter.text;
  tl_fail(err, shorter.code, where, "%s", text);
  memcpy(err->hint, shorter.hint, sizeof err->hint);
}

/* --- load ------------------------------------------------------------------------------------------------------------ */
static tl_code copy_options(tl_scenario *s, const char *path, const tl_scenario_options *options)
{
  s->options = *options;
  s->settings = calloc(options->setting_count + 1, sizeof *s->settings);
  s->setting_used = calloc(options->setting_count + 1, sizeof *s->setting_used);
  if (s->settings == NULL || s->setting_used == NULL) return TL_E_LIMIT;
  for (uint32_t i = 0; i < options->setting_count; i++) {
    s->settings[i].name = script_keep_text(s, options->settings[i].name);
    s->settings[i].value = script_keep_text(s, options->settings[i].value);
    if (s->settings[i].name == NULL || s->settings[i].value == NULL) return TL_E_LIMIT;
  }
  const char *slash = strrchr(path, '/');
  const char *base = slash != NULL ? slash + 1 : path;
  s->path = script_keep_text(s, path);
  s->name = script_keep_text(s, base);
  s->folder = script_keep_text(s, slash == NULL ? "." : path);
  if (s->path == NULL || s->name == NULL || s->folder == NULL) return TL_E_LIMIT;
  if (slash != NULL) s->folder[slash > path ? slash - path : 1] = '\0';
  const size_t length = strlen(s->name);
  if (length > 4 && strcmp(s->name + length - 4, ".lua") == 0) s->name[length - 4] = '\0';
  snprintf(s->title, sizeof s->title, "%s", s->name);
  s->seed = options->has_seed ? options->seed : 1;
  s->sync_ns = 10000000000;
  s->process_next = 1;
  snprintf(s->phase, sizeof s->phase, "in the main chunk");
  return TL_OK;
}

static tl_code make_sandbox(tl_scenario *s, tl_error *err)
{
  tl_sandbox_def def = tl_sandbox_def_default();
  def.memory_bytes = s->options.lua_bytes;
  def.resume_s = s->options.lua_resume_s;
  def.owner = s;
  def.print = on_print;
  def.file_used = on_file;
  def.folders[def.folder_count++] = s->folder;
  for (uint32_t i = 0;
       i < s->options.script_folder_count && def.folder_count < TL_SANDBOX_FOLDERS_MAX; i++)
    def.folders[def.folder_count++] = s->options.script_folders[i];
  const tl_code code = tl_sandbox_create(&s->sandbox, &def, err);
  if (code == TL_OK) script_open_api(s);
  return code;
}

static tl_code check_settings(const tl_scenario *s, tl_error *err)
{
  for (uint32_t i = 0; i < s->options.setting_count; i++) {
    if (s->setting_used[i]) continue;
    const char *names[64];
    uint32_t count = 0;
    for (; count < s->used_count && count < 64; count++) names[count] = s->used[count].name;
    const char *closest = tl_text_closest(s->settings[i].name, names, count);
    tl_fail(err, TL_E_NAME, NULL, "--set %s: %s asks for no such setting", s->settings[i].name,
            s->path);
    if (closest != NULL) return tl_fail_hint(err, "did you mean '%s'?", closest);
    return count > 0
               ? tl_fail_hint(err, "it asks for: %.80s%s", names[0], count > 1 ? " and others" : "")
               : TL_E_NAME;
  }
  return TL_OK;
}

static tl_code run_main_chunk(tl_scenario *s, tl_error *err)
{
  lua_State *co = lua_newthread(tl_sandbox_state(s->sandbox)); /* stays on the main stack */
  bool yielded = false;
  tl_code code = tl_sandbox_load(s->sandbox, co, s->path, err);
  if (code == TL_OK) code = tl_sandbox_resume(s->sandbox, co, 0, &yielded, err);
  if (code == TL_OK && yielded)
    code = tl_fail(err, TL_E_SCRIPT, NULL, "the main chunk waits; write run(function() ... end)");
  if (code == TL_OK && !s->declared) {
    code = tl_fail(err, TL_E_SCRIPT, NULL, "%s: no scenario { duration = ... }", s->path);
    tl_fail_hint(err, "a scenario begins with scenario { duration = 1*h }");
  }
  return code;
}

tl_code tl_scenario_load(tl_scenario **out, const char *path, const tl_scenario_options *options,
                         tl_error *err)
{
  assert(options->cookie_ == COOKIE && "start from tl_scenario_options_default()");
  tl_error local;
  if (err == NULL) err = &local;
  *out = NULL;
  tl_scenario *s = calloc(1, sizeof *s);
  if (s == NULL) return tl_fail(err, TL_E_LIMIT, NULL, "out of memory");
  tl_code code = copy_options(s, path, options);
  if (code != TL_OK) tl_fail(err, code, NULL, "out of memory");
  if (code == TL_OK) code = make_sandbox(s, err);
  if (code == TL_OK) code = run_main_chunk(s, err);
  if (code == TL_OK) code = check_settings(s, err);
  if (code == TL_OK) code = script_check_channels(s, err);
  if (code == TL_OK) code = script_check_regimes(s, err);
  if (code == TL_OK) code = script_check_times(s, err);
  if (code == TL_OK) code = script_check_thresholds(s, err);
  if (code != TL_OK) {
    script_full_path(s, err);
    tl_scenario_destroy(s);
    return code;
  }
  s->loaded = true;
  s->phase[0] = '\0';
  *out = s;
  return TL_OK;
}

void tl_scenario_destroy(tl_scenario *s)
{
  if (s == NULL) return;
  tl_sandbox_destroy(s->sandbox);
  tl_judge_destroy(s->judge);
  tl_world_destroy(s->world);
  for (uint32_t i = 0; i < s->recording_count; i++) tl_recording_close(s->recordings[i].file);
  for (uint32_t i = 0; i < s->compare_count; i++) {
    free(s->compares[i].at_ns);
    free(s->compares[i].value);
    if (s->score_memory != NULL) free(s->score_memory[i]);
  }
  for (uint32_t i = 0; i < s->border_count; i++) tl_border_watch_destroy(s->borders[i].watch);
  for (uint32_t i = 0; i < s->fleet_count; i++) free(s->fleets[i].alarms_seen);
  if (s->calibrate != NULL) {
    free(s->calibrate->free);
    free(s->calibrate->weights);
    free(s->calibrate);
  }
  for (uint32_t i = 0; i < s->block_count; i++) free(s->blocks[i]);
  tl_events_free(&s->queue);
  void *const arrays[] = {s->settings, s->setting_used,   s->fleets,         s->recordings,
                          s->compares, s->compare_infos,  s->thresholds,     s->threshold_extra,
                          s->writes,   s->files,          s->used,           s->blocks,
                          s->pending,  s->pending_faults, s->processes,      s->calls,
                          s->history,  s->score.channels, s->score_memory,   s->judgements,
                          s->borders,  s->fitted,         s->border_results, s->overall};
  for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) free(arrays[i]);
  free(s);
}

/* --- seal -------------------------------------------------------------------------------------------------------------- */
static tl_code seal_alarms(tl_scenario *s, tl_error *err)
{
  for (uint32_t i = 0; i < s->fleet_count; i++) {
    if (!s->fleets[i].has_detector) continue;
    s->fleets[i].alarms_seen = calloc(s->fleets[i].count, sizeof(double));
    if (s->fleets[i].alarms_seen == NULL)
      return tl_fail(err, TL_E_LIMIT, s->fleets[i].where, "out of memory");
  }
  s->judgements = calloc(s->threshold_count + 1, sizeof *s->judgements);
  s->compare_infos = calloc(s->compare_count + 1, sizeof *s->compare_infos);
  if (s->judgements == NULL || s->compare_infos == NULL)
    return tl_fail(err, TL_E_LIMIT, NULL, "out of memory");
  return TL_OK;
}

tl_code tl_scenario_seal(tl_scenario *s, tl_error *err)
{
  assert(!s->sealed);
  tl_error local;
  if (err == NULL) err = &local;
  tl_code code = tl_world_seal(s->world, err);
  s->running = code == TL_OK; /* columns can be read and written from here */
  if (code == TL_OK) code = seal_alarms(s, err);
  if (code == TL_OK) code = script_seal_writes(s, err);
  if (code == TL_OK) code = script_seal_pending(s, err);
  if (code == TL_OK) code = script_seal_judge(s, err);
  if (code == TL_OK) code = script_seal_compares(s, err);
  if (code == TL_OK) code = script_seal_borders(s, err);
  s->sealed = true;
  if (code != TL_OK) script_full_path(s, err);
  return code;
}

/* --- what it is ---------------------------------------------------------------------------------------------------------- */
tl_scenario_info tl_scenario_describe(const tl_scenario *s)
{
  tl_scenario_info info = {.path = s->path,
                           .name = s->name,
                           .title = s->title,
                           .seed = s->seed,
                           .duration_ns = s->duration_ns,
                           .sync_ns = s->sync_ns,
                           .files = s->files,
                           .file_count = s->file_count,
                           .thresholds = s->thresholds,
                           .threshold_count = s->threshold_count,
                           .settings = s->used,
                           .setting_count = s->used_count,
                           .story_count = s->story_count,
                           .lua_bytes_max = tl_sandbox_bytes_max(s->sandbox)};
  info.compare_count = s->compare_count;
  if (s->compare_infos != NULL) {
    for (uint32_t i = 0; i < s->compare_count; i++) {
      const script_compare *compare = &s->compares[i];
      s->compare_infos[i] = compare->info;
      s->compare_infos[i].sim = compare->sim;
      s->compare_infos[i].rec = compare->rec;
      s->compare_infos[i].recording = s->recordings[compare->channel.rec.recording].path;
      s->compare_infos[i].where = compare->where;
    }
    info.compares = s->compare_infos;
  }
  return info;
}

tl_world *tl_scenario_world(tl_scenario *s) { return s->world; }
const tl_judge *tl_scenario_judge(const tl_scenario *s) { return s->judge; }
const char *tl_scenario_phase(const tl_scenario *s) { return s->phase; }
const tl_scenario_result *tl_scenario_result_get(const tl_scenario *s) { return &s->result; }
