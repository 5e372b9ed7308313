#include "tools/model/card.h"

#include "base/units.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CARD_SCHEMA "twinloop.model_card/1"

static const tl_governed_channel *find(const tl_governed *schema, const char *name)
{
  for (uint32_t i = 0; i < schema->channel_count; i++)
    if (strcmp(schema->channels[i].name, name) == 0) return &schema->channels[i];
  return NULL;
}

/* A text or number of the card; the caller says what is missing. */
static const char *text_of(const json_t *object, const char *key)
{
  return json_string_value(json_object_get(object, key));
}

static tl_code unknown_channel(const tl_governed *schema, const char *name, const char *path,
                               tl_error *err)
{
  const char *names[TL_GOVERNED_CHANNELS_MAX];
  for (uint32_t i = 0; i < schema->channel_count; i++) names[i] = schema->channels[i].name;
  tl_fail(err, TL_E_SCHEMA, path, "schema %s@%u has no channel '%s'", schema->name, schema->version,
          name);
  const char *near = tl_text_closest(name, names, schema->channel_count);
  return near ? tl_fail_hint(err, "did you mean '%s'?", near) : TL_E_SCHEMA;
}

/* A difference of two values of a channel (measured - set point) has its unit but not its zero: the card's range of one
 * is as wide as the channel's at most; that of a plain value lies inside it. */
static tl_code check_range(const tl_governed_channel *channel, const json_t *input,
                           const tl_tensor *tensor, const char *path, tl_error *err)
{
  const double low = json_number_value(json_object_get(input, "low"));
  const double high = json_number_value(json_object_get(input, "high"));
  const bool difference = json_is_true(json_object_get(input, "difference"));
  if (!json_is_number(json_object_get(input, "low")) ||
      !json_is_number(json_object_get(input, "high")) || !(low < high))
    return tl_fail(err, TL_E_FORMAT, path, "input %s: low and high must be numbers, low below high",
                   channel->name);
  const double factor = json_is_number(json_object_get(input, "scale"))
                            ? json_number_value(json_object_get(input, "scale"))
                            : 1.0;
  const double offset = json_number_value(json_object_get(input, "offset"));
  const bool fits = difference ? high - low <= 2.0 * (channel->high - channel->low)
                               : low >= channel->low && high <= channel->high;
  if (!fits)
    return tl_fail(err, TL_E_SCHEMA, path,
                   "input %s: its range %g .. %g is not inside the schema's %g .. %g",
                   channel->name, low, high, channel->low, channel->high);
  if (tensor->type != TL_TENSOR_INT8 || tensor->scale_count != 1) return TL_OK;
  const double least = (double)(-128 - tensor->zero_point) * (double)tensor->scale;
  const double most = (double)(127 - tensor->zero_point) * (double)tensor->scale;
  const double a = low * factor + offset, b = high * factor + offset;
  const double slack = (double)tensor->scale; /* the last step may be rounded away */
  if (fmin(a, b) >= least - slack && fmax(a, b) <= most + slack) return TL_OK;
  return tl_fail(err, TL_E_SCHEMA, path,
                 "input %s: %g .. %g is said to enter the tensor, which holds %g .. %g",
                 channel->name, fmin(a, b), fmax(a, b), least, most);
}

static tl_code check_input(const tl_governed *schema, const json_t *input, const tl_tensor *tensor,
                           const char *path, tl_error *err)
{
  const char *name = text_of(input, "channel"), *unit = text_of(input, "unit");
  if (!name || !unit) return tl_fail(err, TL_E_FORMAT, path, "an input needs a channel and a unit");
  const tl_governed_channel *channel = find(schema, name);
  if (!channel) return unknown_channel(schema, name, path, err);
  if (strcmp(channel->unit, unit) != 0)
    return tl_fail(err, TL_E_UNIT, path, "input %s is in %s, the schema's channel in %s", name,
                   unit, channel->unit);
  return check_range(channel, input, tensor, path, err);
}

static tl_code check_card(model_card_report *out, const tl_governed *schema, const json_t *root,
                          const tl_model *model, tl_error *err)
{
  const char *path = out->path, *kind = text_of(root, "schema"),
             *governed = text_of(root, "governed_by");
  const json_t *inputs = json_object_get(root, "inputs");
  char expected[TL_SIGNAL_NAME_BYTES + 16];
  if (!kind || strcmp(kind, CARD_SCHEMA) != 0)
    return tl_fail(err, TL_E_FORMAT, path, "its schema is '%s', expected " CARD_SCHEMA,
                   kind ? kind : "");
  snprintf(expected, sizeof expected, "%.60s@%u", schema->name, schema->version);
  if (!governed || strcmp(governed, expected) != 0)
    return tl_fail(err, TL_E_SCHEMA, path, "is governed by %s, not by %s",
                   governed ? governed : "nothing", expected);
  out->window = (uint32_t)json_integer_value(json_object_get(root, "window"));
  out->period_s = json_number_value(json_object_get(root, "period_s"));
  out->input_count = (uint32_t)json_array_size(inputs);
  if (out->window == 0 || !(out->period_s > 0.0) || out->input_count == 0)
    return tl_fail(err, TL_E_FORMAT, path,
                   "window, period_s and inputs must be given, none of them 0 or empty");
  if (schema->period_s > 0.0 && schema->period_s != out->period_s)
    return tl_fail(err, TL_E_SCHEMA, path,
                   "takes a sample every %g s, the schema has one every %g s", out->period_s,
                   schema->period_s);
  const tl_tensor *tensor = &model->tensors[model->inputs[0]];
  if (tensor->element_count != out->window * out->input_count)
    return tl_fail(err, TL_E_SCHEMA, path,
                   "%u samples of %u inputs are %u values, the tensor has %u", out->window,
                   out->input_count, out->window * out->input_count, tensor->element_count);
  for (size_t i = 0; i < out->input_count; i++) {
    const tl_code code = check_input(schema, json_array_get(inputs, i), tensor, path, err);
    if (code != TL_OK) return code;
  }
  return TL_OK;
}

tl_code model_card_check(model_card_report *out, const tl_governed *schema, const char *model_path,
                         tl_error *err)
{
  memset(out, 0, sizeof *out);
  const char *dot = strrchr(model_path, '.');
  const size_t stem = dot && !strchr(dot, '/') ? (size_t)(dot - model_path) : strlen(model_path);
  if (stem + 8 > sizeof out->path)
    return tl_fail(err, TL_E_USAGE, NULL, "the model's path is too long");
  snprintf(out->path, sizeof out->path, "%.*s.json", (int)stem, model_path);
  json_error_t problem;
  json_t *root = json_load_file(out->path, JSON_REJECT_DUPLICATES, &problem);
  if (root == NULL && json_error_code(&problem) == json_error_cannot_open_file) {
    tl_fail(err, TL_E_IO, NULL, "%s: model %s has no card", out->path, model_path);
    return tl_fail_hint(err, "docs/schema.md says what is in one");
  }
  if (root == NULL)
    return tl_fail(err, TL_E_FORMAT, out->path, "line %d: no JSON: %s", problem.line, problem.text);
  model_file file = {0};
  model_loaded loaded = {0};
  tl_code code = model_file_read(&file, model_path, err);
  if (code == TL_OK) code = model_load(&loaded, &file, NULL, err);
  if (code == TL_OK) code = check_card(out, schema, root, &loaded.model, err);
  model_unload(&loaded);
  model_file_free(&file);
  json_decref(root);
  return code;
}
