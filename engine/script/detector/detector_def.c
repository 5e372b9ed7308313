/* detector_def.c: detector = { ... } of a fleet: models, windows, alarm. */
#include "base/hash.h"
#include "base/text.h"
#include "edge/personality.h"
#include "script/binding.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void load_model(lua_State *L, tl_scenario *s, const char *name, tl_detector_model *model)
{
  tl_error err;
  char where[160], path[1024], sha[TL_SHA256_HEX_BYTES];
  script_where_word(L, name, where, sizeof where);
  if (script_find_file(s, name, where, path, sizeof path, &err) != TL_OK)
    tl_script_raise_error(L, &err);
  FILE *file = fopen(path, "rb");
  int64_t bytes = -1;
  if (file != NULL && fseeko(file, 0, SEEK_END) == 0) bytes = (int64_t)ftello(file);
  unsigned char *block = bytes > 0 && bytes < ((int64_t)1 << 30) ? malloc((size_t)bytes) : NULL;
  const bool kept = block != NULL && script_keep_block(s, block);
  errno = 0;
  const bool read = kept && fseeko(file, 0, SEEK_SET) == 0 &&
                    fread(block, 1, (size_t)bytes, file) == (size_t)bytes;
  const int reason = errno != 0 ? errno : EIO;
  if (file != NULL) fclose(file);
  if (!kept) free(block);
  if (bytes == 0) {
    tl_fail(&err, TL_E_MODEL, where, "model '%s' is empty", name);
    tl_script_raise_error(L, &err);
  }
  if (!read) {
    tl_fail(&err, TL_E_IO, where, "model %s: cannot be read: %s", name, strerror(reason));
    tl_script_raise_error(L, &err);
  }
  tl_sha256_bytes(sha, block, (size_t)bytes);
  if (script_note_file(s, "model", name, path, sha) != TL_OK) script_no_memory(L);
  model->bytes = block;
  model->byte_count = (size_t)bytes;
  model->name = s->files[s->file_count - 1].name;
}

/* model = "x.tflite", or a list: versions, of which NAME.version says who runs which. */
static void read_models(lua_State *L, tl_scenario *s, int t, tl_detector_def *detector)
{
  if (script_field(L, t, "model") == LUA_TNIL)
    tl_script_raise(L, TL_E_ARG, NULL, "detector needs 'model'");
  if (lua_type(L, -1) == LUA_TSTRING) {
    load_model(L, s, lua_tostring(L, -1), &detector->versions[0]);
    lua_pop(L, 1);
    return;
  }
  if (!lua_istable(L, -1)) script_wrong_type(L, "model", "a file's name or a list of them", -1);
  const int list = lua_gettop(L);
  const lua_Unsigned count = lua_rawlen(L, list);
  if (count < 1 || count > TL_DETECTOR_VERSIONS_MAX)
    tl_script_raise(L, TL_E_ARG, NULL, "detector: 'model' is a file or a list of 1 to %u versions",
                    TL_DETECTOR_VERSIONS_MAX);
  for (uint32_t v = 0; v < count; v++) {
    lua_rawgeti(L, list, (lua_Integer)v + 1);
    if (lua_type(L, -1) != LUA_TSTRING) script_wrong_type(L, "model", "a file's name", -1);
    load_model(L, s, lua_tostring(L, -1), &detector->versions[v]);
    lua_pop(L, 1);
  }
  detector->version_count = (uint32_t)count;
  lua_pop(L, 1);
}

/* The list at the top of the stack; pops it. */
static void read_channels(lua_State *L, const tl_fleet_def *def, tl_detector_input *input)
{
  static const char *const keys[] = {"sensor", "actuator", "minus", "mean", "scale"};
  script_table_at(L, -1, "channels");
  const int channels = lua_gettop(L);
  const lua_Unsigned count = lua_rawlen(L, channels);
  if (count < 1 || count > TL_DETECTOR_CHANNELS_MAX)
    tl_script_raise(L, TL_E_ARG, NULL, "detector: 'channels' is a list of 1 to %u",
                    TL_DETECTOR_CHANNELS_MAX);
  for (uint32_t i = 0; i < count; i++) {
    tl_feature_def *feature = &input->channels[i];
    lua_rawgeti(L, channels, (lua_Integer)i + 1);
    script_table_at(L, -1, "channels");
    const int row = lua_gettop(L);
    script_check_keys(L, row, "detector channel", keys, sizeof keys / sizeof *keys);
    const char *actuator = script_text_field(L, row, "actuator", NULL);
    feature->source = actuator != NULL ? TL_FEATURE_ACTUATOR : TL_FEATURE_SENSOR;
    feature->index = actuator != NULL
                         ? script_actuator_index(L, def, actuator)
                         : script_sensor_index(
                               L, def, script_required_text(L, row, "sensor", "detector channel"));
    feature->minus = script_text_field(L, row, "minus", NULL);
    feature->mean = script_number_field(L, row, "mean", "1", false, 0.0);
    feature->scale = script_number_field(L, row, "scale", "1", false, 1.0);
    lua_pop(L, 1);
  }
  input->channel_count = (uint32_t)count;
  lua_pop(L, 1);
}

/* spectrum = "kws", full_scale = 4: of the table at t. */
static void read_spectrum(lua_State *L, int t, tl_detector_input *input)
{
  static const char *const names[] = {"anomaly", "kws", "micro_speech"};
  const char *name = script_text_field(L, t, "spectrum", NULL);
  input->full_scale = script_number_field(L, t, "full_scale", "1", false, 1.0);
  if (name == NULL) return;
  input->has_spectrum = true;
  if (strcmp(name, "anomaly") == 0)
    input->spectrum = tl_frontend_def_anomaly();
  else if (strcmp(name, "kws") == 0)
    input->spectrum = tl_frontend_def_kws();
  else if (strcmp(name, "micro_speech") == 0)
    input->spectrum = tl_frontend_def_micro_speech();
  else
    script_unknown(L, "no spectrum", name, names, 3);
}

/* channels = { ... } of the only input, or inputs = { { ... }, { ... } }. */
static void read_inputs(lua_State *L, int t, const tl_fleet_def *def, tl_detector_def *detector)
{
  const bool one = script_field(L, t, "channels") != LUA_TNIL;
  if (one) {
    read_channels(L, def, &detector->inputs[0]);
    read_spectrum(L, t, &detector->inputs[0]);
    return;
  }
  lua_pop(L, 1);
  if (script_field(L, t, "inputs") == LUA_TNIL)
    tl_script_raise(L, TL_E_ARG, NULL, "detector needs 'channels'");
  script_table_at(L, -1, "inputs");
  const int list = lua_gettop(L);
  const lua_Unsigned count = lua_rawlen(L, list);
  if (count < 1 || count > TL_DETECTOR_INPUTS_MAX)
    tl_script_raise(L, TL_E_ARG, NULL, "detector: 'inputs' is a list of 1 to %u lists of channels",
                    TL_DETECTOR_INPUTS_MAX);
  for (uint32_t i = 0; i < count; i++) {
    lua_rawgeti(L, list, (lua_Integer)i + 1);
    script_table_at(L, -1, "inputs");
    read_spectrum(L, lua_gettop(L), &detector->inputs[i]);
    read_channels(L, def, &detector->inputs[i]);
  }
  detector->input_count = (uint32_t)count;
  lua_pop(L, 1);
}

static void read_personality(lua_State *L, int t, tl_detector_def *detector)
{
  const char *text = script_text_field(L, t, "personality", "tflm");
  tl_error err;
  if (tl_personality_parse(&detector->options, text, strlen(text), &err) == TL_OK) return;
  err.code = TL_E_ARG;
  script_where_word(L, text, err.where, sizeof err.where);
  tl_script_raise_error(L, &err);
}

/* What enters a model is what its card says, if it has one; a spectrum is not the channel any more. */
static void check_cards(lua_State *L, tl_scenario *s, int table, const tl_fleet_def *def,
                        const tl_twin_type *twin)
{
  const bool is_driven = script_field(L, table, "drive") != LUA_TNIL;
  lua_pop(L, 1);
  if (def->detector.inputs[0].has_spectrum) return;
  for (uint32_t v = 0; v < TL_DETECTOR_VERSIONS_MAX; v++) {
    const char *name = def->detector.versions[v].name;
    for (size_t i = 0; name != NULL && i < s->file_count; i++)
      if (s->files[i].name == name)
        script_check_model_card(L, s, def, twin, is_driven, name, s->files[i].path);
  }
}

void script_read_detector(lua_State *L, tl_scenario *s, int table, tl_fleet_def *def,
                          script_fleet *fleet)
{
  static const char *const keys[] = {
      "model",       "channels", "inputs",   "output",   "threshold", "persist",
      "hop",         "reaction", "fallback", "name",     "counters",  "arm",
      "personality", "board",    "battery",  "spectrum", "full_scale"};
  if (script_field(L, table, "detector") == LUA_TNIL) return;
  script_table_at(L, -1, "detector");
  const int t = lua_gettop(L);
  script_check_keys(L, t, "detector", keys, sizeof keys / sizeof *keys);
  tl_detector_def *detector = &def->detector;
  *detector = tl_detector_def_default();
  detector->name = script_text_field(L, t, "name", detector->name);
  read_models(L, s, t, detector);
  read_inputs(L, t, def, detector);
  check_cards(L, s, table, def, fleet->twin);
  read_personality(L, t, detector);
  script_read_board(L, s, t, detector);
  detector->scores_output = script_field(L, t, "output") != LUA_TNIL;
  lua_pop(L, 1);
  detector->output = script_count_field(L, t, "output", 1, 1000000) - 1;
  detector->threshold = script_number_field(L, t, "threshold", "1", false, detector->threshold);
  detector->persist = script_count_field(L, t, "persist", 1, 1000000);
  detector->hop = script_count_field(L, t, "hop", 1, 1000000);
  detector->arm_s = script_seconds_field(L, t, "arm");
  if (script_field(L, t, "counters") != LUA_TNIL) {
    if (!lua_isboolean(L, -1)) script_wrong_type(L, "counters", "true or false", -1);
    detector->counters = lua_toboolean(L, -1);
  }
  lua_pop(L, 1);
  const char *reaction = script_text_field(L, t, "reaction", "alarm");
  if (strcmp(reaction, "fallback") == 0)
    detector->reaction = TL_REACT_FALLBACK;
  else if (strcmp(reaction, "alarm") != 0)
    script_unknown(L, "no reaction", reaction, (const char *const[]){"alarm", "fallback"}, 2);
  detector->fallback_command = script_number_field(L, t, "fallback", "1", false, 0.0);
  def->has_detector = true;
  fleet->has_detector = true;
  snprintf(fleet->detector, sizeof fleet->detector, "%s", detector->name);
}
