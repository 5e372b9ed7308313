#include "script/reference.h"

#include "judge/threshold.h"

#include <stdio.h>
#include <string.h>

static const tl_api_row rows[] = {
#define API_FUNCTION(name, function, signature, annotation, doc, example)                          \
  {NULL, #name, signature, annotation, doc, example},
#define API_METHOD(class_name, name, function, signature, annotation, doc, example)                \
  {#class_name, #name, signature, annotation, doc, example},
#define API_FIELD(class_name, name, type, doc) {#class_name, #name, NULL, type, doc, NULL},
#define API_CONSTANT(name, value, doc) {NULL, #name, NULL, "number", doc, NULL},
#include "script/api.def"
#undef API_FUNCTION
#undef API_METHOD
#undef API_FIELD
#undef API_CONSTANT
};
enum { ROWS = sizeof rows / sizeof *rows };

size_t tl_api_count(void) { return ROWS; }
const tl_api_row *tl_api_at(size_t index) { return &rows[index]; }

/* --- types --------------------------------------------------------------------------------------------------- */
static const char prelude[] =
    "---@meta\n"
    "-- Types of twinloop's Lua API for LuaLS. Generated from engine/script/api.def (gen_api): do "
    "not edit.\n\n"
    "---@alias duration number|string seconds, or text such as \"20 min\"\n"
    "---@class spread values that differ from device to device\n"
    "---@class inputs recorded inputs of a twin\n"
    "---@class channel a channel of a recording\n"
    "---@class column a column of one device\n"
    "---@class stream a random stream; call it, or stream:random(m, n), stream:normal(mean, sd)\n"
    "---@class control_def made by hysteresis{} or pid{}\n"
    "---@class alarm_event\n"
    "---@field kind \"alarm\"\n---@field fleet string\n---@field device integer\n---@field at "
    "number seconds\n"
    "---@field score number\n---@field devices devices that one device\n\n"
    "---@class sensor_def\n---@field column string? twin column; default: the sensor's name\n"
    "---@field noise number|string?\n---@field bias number|string?\n---@field resolution "
    "number|string?\n"
    "---@field dropout number?\n---@field low number|string?\n---@field high number|string?\n\n"
    "---@class actuator_def\n---@field column string? twin input; default: the actuator's "
    "name\n---@field low number?\n"
    "---@field high number?\n---@field rate number? per second\n---@field dead_band "
    "number?\n---@field min_on duration?\n"
    "---@field min_off duration?\n\n"
    "---@class detector_channel\n---@field sensor string?\n---@field actuator string?\n---@field "
    "minus string?\n"
    "---@field mean number?\n---@field scale number?\n\n"
    "---@class detector_def\n---@field model string a .tflite file\n---@field channels "
    "detector_channel[]\n"
    "---@field threshold number?\n---@field persist integer?\n---@field hop integer?\n"
    "---@field reaction \"alarm\"|\"fallback\"?\n---@field fallback number?\n---@field name "
    "string?\n\n"
    "---@class fleet_def any other key is a column or parameter of the twin\n---@field twin "
    "string\n---@field count integer?\n"
    "---@field dt duration?\n---@field tick duration?\n---@field sensors table<string, "
    "sensor_def>?\n"
    "---@field actuators table<string, actuator_def>?\n---@field control control_def?\n---@field "
    "detector detector_def?\n"
    "---@field drive inputs?\n---@field init table<string, number|string|channel|spread>?\n"
    "---@field set table<string, number|string|channel|spread>?\n---@field vary table<string, "
    "spread>?\n---@field name string?\n\n"
    "---@class threshold_def\n---@field [1] string\n---@field [2] string?\n---@field of "
    "devices?\n---@field after duration?\n"
    "---@field band number?\n---@field abort boolean?\n\n"
    "---@class calibrate_def\n---@field free table<string, table> bounds { low, high, start =, "
    "scale =, tie =, each = } by column; init = { ... } for states\n---@field of "
    "devices|devices[]?\n---@field validate devices|devices[]?\n---@field train number?\n---@field "
    "train_until duration?\n---@field settle number?\n---@field starts integer?\n---@field method "
    "string?\n---@field intervals string?\n---@field iterations integer?\n---@field noise "
    "table<string, number>?\n---@field "
    "weight table<string, number>?\n"
    "---@class fault_def\n---@field channel string?\n---@field column string?\n---@field value "
    "number|string?\n"
    "---@field rate number?\n---@field ratio number?\n---@field at number?\n---@field factor "
    "number?\n"
    "---@field lasting duration?\n\n";

/* "a, b" out of the annotation's param lines. */
static void add_parameters(tl_text *out, const char *annotation)
{
  bool first = true;
  for (const char *line = annotation; *line != '\0';
       line += strcspn(line, "\n"), line += *line == '\n') {
    if (strncmp(line, "param ", 6) != 0) continue;
    if (!first) tl_text_add(out, ", ");
    tl_text_add_bytes(out, line + 6, strcspn(line + 6, " ?\n"));
    first = false;
  }
}

static void add_annotations(tl_text *out, const char *annotation)
{
  for (const char *line = annotation; *line != '\0';
       line += strcspn(line, "\n"), line += *line == '\n') {
    tl_text_add(out, "---@");
    tl_text_add_bytes(out, line, strcspn(line, "\n"));
    tl_text_add(out, "\n");
  }
}

static bool is_function(const tl_api_row *row) { return row->signature != NULL; }

static void add_class(tl_text *out, const char *name)
{
  tl_text_addf(out, "---@class %s\n", name);
  for (size_t i = 0; i < ROWS; i++)
    if (rows[i].class_name != NULL && strcmp(rows[i].class_name, name) == 0 &&
        !is_function(&rows[i]))
      tl_text_addf(out, "---@field %s %s %s\n", rows[i].name, rows[i].annotation, rows[i].doc);
  if (strcmp(name, "recording") == 0) tl_text_add(out, "---@field [string] channel\n");
  if (strcmp(name, "devices") == 0) tl_text_add(out, "---@field [string] column\n");
  tl_text_addf(out, "local %s = {}\n\n", name);
  for (size_t i = 0; i < ROWS; i++) {
    const tl_api_row *row = &rows[i];
    if (row->class_name == NULL || strcmp(row->class_name, name) != 0 || !is_function(row))
      continue;
    tl_text_addf(out, "---%s\n", row->doc);
    add_annotations(out, row->annotation);
    tl_text_addf(out, "function %s:%s(", name, row->name);
    add_parameters(out, row->annotation);
    tl_text_add(out, ") end\n\n");
  }
}

void tl_api_write_types(tl_text *out)
{
  static const char *const classes[] = {"recording", "devices", "fault"};
  tl_text_add(out, prelude);
  for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) add_class(out, classes[i]);
  for (size_t i = 0; i < ROWS; i++) {
    const tl_api_row *row = &rows[i];
    if (row->class_name != NULL) continue;
    if (is_function(row)) {
      tl_text_addf(out, "---%s\n", row->doc);
      add_annotations(out, row->annotation);
      tl_text_addf(out, "function %s(", row->name);
      add_parameters(out, row->annotation);
      tl_text_add(out, ") end\n\n");
    } else {
      tl_text_addf(out, "---%s\n---@type number\n%s = 0\n\n", row->doc, row->name);
    }
  }
}

/* --- luacheck ---------------------------------------------------------------------------------------------------- */
void tl_api_write_luacheck(tl_text *out)
{
  tl_text_add(
      out,
      "-- Globals of a scenario. Generated from engine/script/api.def (gen_api): do not edit.\n"
      "std = \"none\"\nmax_line_length = 130\nexclude_files = { \"**/*.d.lua\", "
      "\"tests/script/errors\", \"tests/tools/bad\" }\n"
      "read_globals = {\n  \"assert\", \"coroutine\", \"error\", \"getmetatable\", \"ipairs\", "
      "\"math\", \"pairs\", \"pcall\", "
      "\"print\", \"rawequal\",\n  \"rawget\", \"rawlen\", \"rawset\", \"require\", \"select\", "
      "\"setmetatable\", \"string\", "
      "\"table\", \"tonumber\",\n  \"tostring\", \"type\", \"utf8\", \"xpcall\",\n");
  for (size_t i = 0; i < ROWS; i++)
    if (rows[i].class_name == NULL) tl_text_addf(out, "  \"%s\",\n", rows[i].name);
  tl_text_add(out, "}\n");
}

/* --- the docs' reference ---------------------------------------------------------------------------------------- */
static void add_entry(tl_text *out, const tl_api_row *row)
{
  tl_text_addf(out, "### `%s`\n%s\n```lua\n%s\n```\n\n", row->signature, row->doc, row->example);
}

static void add_faults(tl_text *out)
{
  tl_text_add(out, "## Faults\n| kind | what breaks | options |\n|---|---|---|\n");
  const char *pending = NULL; /* a kind whose options are being listed */
#define FAULT(kind, place, meaning)                                                                \
  if (pending != NULL) tl_text_add(out, " |\n");                                                   \
  pending = kind;                                                                                  \
  tl_text_addf(out, "| `%s` | %s | %s", kind, meaning,                                             \
               strcmp(#place, "PLANT") == 0 ? "`column`" : "`channel`");
#define FAULT_WRITE(kind, column, source, option, needed)                                          \
  if (option[0] != '\0') tl_text_addf(out, ", `%s`", option);
#include "edge/faults.def"
#undef FAULT
#undef FAULT_WRITE
  tl_text_add(out, " |\n\nEvery kind also takes `lasting = time`. `channel` may be left out when "
                   "there is only one.\n\n");
}

void tl_api_write_reference(tl_text *out)
{
  tl_text_add(out, "## Functions\n");
  for (size_t i = 0; i < ROWS; i++)
    if (rows[i].class_name == NULL && is_function(&rows[i])) add_entry(out, &rows[i]);
  tl_text_add(out, "## Methods\n");
  for (size_t i = 0; i < ROWS; i++)
    if (rows[i].class_name != NULL && is_function(&rows[i])) add_entry(out, &rows[i]);
  tl_text_add(out, "## Fields\n");
  for (size_t i = 0; i < ROWS; i++)
    if (rows[i].class_name != NULL && !is_function(&rows[i]))
      tl_text_addf(out, "- `%s.%s` (%s): %s\n", rows[i].class_name, rows[i].name,
                   rows[i].annotation, rows[i].doc);
  tl_text_add(out, "\n## Constants\n");
  for (size_t i = 0; i < ROWS; i++)
    if (rows[i].class_name == NULL && !is_function(&rows[i]))
      tl_text_addf(out, "- `%s`: %s\n", rows[i].name, rows[i].doc);
  tl_text_add(out, "\n");
  add_faults(out);
  tl_text_add(out, "## Metrics of thresholds\nBeside these, any column of a fleet: `box_K max`, "
                   "`hvac.box_K p95`.\n\n"
                   "| metric | unit | meaning |\n|---|---|---|\n");
  for (uint32_t i = 0; i < tl_quantity_count(); i++) {
    const tl_quantity *q = tl_quantity_at(i);
    tl_text_addf(out, "| `%s` | %s | %s |\n", q->name, q->unit, q->meaning);
  }
}
