#include "tools/pair/parameters.h"

#include <jansson.h>
#include <string.h>

static tl_code set(tl_metric_parameters *out, const char *name, const json_t *value,
                   const char *where, tl_error *err)
{
  if (json_is_number(value))
    return tl_metric_parameter_set(out, name, json_number_value(value), where, err);
  if (json_is_string(value))
    return tl_metric_parameter_set_word(out, name, json_string_value(value), where, err);
  return tl_fail(err, TL_E_USAGE, where, "'%.40s' is neither a number nor a text", name);
}

tl_code pair_parameters_parse(tl_metric_parameters *out, const char *json, const char *where,
                              tl_error *err)
{
  json_error_t why;
  const char *name;
  json_t *value, *object = json_loads(json, JSON_REJECT_DUPLICATES, &why);
  tl_code code = TL_OK;
  if (!json_is_object(object)) {
    code = tl_fail(err, TL_E_USAGE, where, "'%.80s' is no JSON object", json);
    (void)tl_fail_hint(err, "write it so: '{\"mad\": 0.5, \"stride\": 2}'");
  }
  json_object_foreach(object, name, value)
  {
    if (code == TL_OK) code = set(out, name, value, where, err);
  }
  if (code != TL_OK && err)
    err->code = TL_E_USAGE; /* whatever is wrong was written on the command line */
  json_decref(object);
  return code == TL_OK ? TL_OK : TL_E_USAGE;
}
