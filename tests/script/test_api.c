/* The table api.def, the live API, the editor types and the docs say the same; every example runs. */
#include "script/binding.h"
#include "script/reference.h"
#include "tests/script/support.h"
#include "twins/registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *read_source(const char *name)
{
  char path[1024];
  snprintf(path, sizeof path, "%s/%s", TL_SOURCE_DIR, name);
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  char *text = calloc(1, 1 << 20);
  assert_non_null(text);
  text[fread(text, 1, (1 << 20) - 1, file)] = '\0';
  fclose(file);
  return text;
}

static void the_types_for_editors_are_up_to_date(void **unused)
{
  (void)unused;
  tl_text types = {0};
  tl_api_write_types(&types);
  char *committed = read_source("scripts/twinloop/twinloop.d.lua");
  if (strcmp(committed, tl_text_string(&types)) != 0)
    fail_msg("run gen_api: scripts/twinloop/twinloop.d.lua is old");
  free(committed);
  tl_text_free(&types);
}

static void luacheck_knows_our_globals_and_finds_nothing_in_what_we_ship(void **unused)
{
  (void)unused;
  tl_text rules = {0};
  tl_api_write_luacheck(&rules);
  char *committed = read_source(".luacheckrc");
  if (strcmp(committed, tl_text_string(&rules)) != 0) fail_msg("run gen_api: .luacheckrc is old");
  free(committed);
  tl_text_free(&rules);
  if (system("luacheck --version > luacheck.txt 2>&1") != 0) {
    print_message("SKIP: luacheck is not installed\n");
    skip();
  }
  static const char command[] = "cd '" TL_SOURCE_DIR "' && luacheck -q scenarios scripts";
  if (system(command) != 0) fail_msg("luacheck finds faults");
}

static void the_docs_are_up_to_date_and_show_the_preamble(void **unused)
{
  (void)unused;
  tl_text reference = {0};
  tl_api_write_reference(&reference);
  char *page = read_source("docs/scenario-api.md");
  const char *begin = strstr(page, "<!-- generated: begin -->\n");
  assert_non_null(begin);
  begin += strlen("<!-- generated: begin -->\n");
  if (strncmp(begin, tl_text_string(&reference), reference.length) != 0)
    fail_msg("run gen_api: docs/scenario-api.md is old");
  assert_non_null(strstr(page, preamble));
  free(page);
  tl_text_free(&reference);
}

static bool in_types(const char *types, const char *name)
{
  char function[128], constant[128];
  snprintf(function, sizeof function, "\nfunction %s(", name);
  snprintf(constant, sizeof constant, "\n%s = 0\n", name);
  return strstr(types, function) != NULL || strstr(types, constant) != NULL;
}

static void live_names_equal_those_in_the_types(void **unused)
{
  (void)unused;
  static const char *const lua[] = {"assert", "error",   "ipairs",    "rawequal", "rawget",
                                    "rawlen", "select",  "tonumber",  "type",     "getmetatable",
                                    "pcall",  "xpcall",  "tostring",  "print",    "setmetatable",
                                    "rawset", "require", "coroutine", "string",   "utf8",
                                    "table",  "math",    "pairs"};
  FILE *file = fopen("scenario.lua", "wb");
  assert_non_null(file);
  fputs(preamble, file);
  fclose(file);
  tl_scenario_options options = tl_scenario_options_default();
  options.twins = tl_twins;
  options.twin_count = tl_twin_count;
  tl_scenario *s = NULL;
  tl_error err;
  assert_int_equal(tl_scenario_load(&s, "scenario.lua", &options, &err), TL_OK);
  const char *names[256];
  const uint32_t count = tl_sandbox_names(s->sandbox, names, 256);
  char *types = read_source("scripts/twinloop/twinloop.d.lua");
  uint32_t ours = 0, globals = 0;
  for (uint32_t i = 0; i < count; i++) {
    bool stock = false;
    for (size_t k = 0; k < sizeof lua / sizeof *lua; k++)
      stock = stock || strcmp(lua[k], names[i]) == 0;
    if (stock) continue;
    ours++;
    if (!in_types(types, names[i])) fail_msg("'%s' is live, but not in twinloop.d.lua", names[i]);
  }
  lua_State *L = tl_sandbox_state(s->sandbox);
  for (size_t i = 0; i < tl_api_count(); i++) {
    const tl_api_row *row = tl_api_at(i);
    if (row->class_name == NULL) globals++;
    if (row->class_name == NULL || row->signature == NULL) continue;
    char class_name[64], text[128];
    snprintf(class_name, sizeof class_name, "tl.%s", row->class_name);
    if (!script_method(L, class_name, row->name))
      fail_msg("%s:%s is not live", row->class_name, row->name);
    lua_pop(L, 1);
    snprintf(text, sizeof text, "function %s:%s(", row->class_name, row->name);
    assert_non_null(strstr(types, text));
  }
  assert_int_equal(ours, globals);
  tl_scenario_destroy(s);
  free(types);
  print_message("%u globals\n", ours);
}

static void every_example_runs(void **unused)
{
  (void)unused;
  char text[4096];
  uint32_t count = 0;
  for (size_t i = 0; i < tl_api_count(); i++) {
    const tl_api_row *row = tl_api_at(i);
    if (row->example == NULL) {
      assert_null(row->signature);
      continue;
    }
    const bool whole = strncmp(row->example, "scenario", 8) == 0;
    snprintf(text, sizeof text, "%s%s\n", whole ? "" : preamble, row->example);
    outcome *o = run_text(text, NULL);
    if (o->code != TL_OK) fail_msg("%s\n%s", text, o->message);
    free(o);
    count++;
  }
  print_message("%u examples\n", count);
}

/* One or more wrong calls of each function; what is said is golden. */
static const char *const wrong[] = {
    "scenario(1)",
    "devices(1)",
    "devices 'a' 'b'",
    "devices 'a' {}",
    "devices 'a' { twin = 1 }",
    "devices 'a' { twin = 'incubator', count = 0 }",
    "devices 'a' { twin = 'incubator', count = 1.5 }",
    "devices 'a' { twin = 'incubator', dt = -1 }",
    "devices 'a' { twin = 'incubator', dt = '5 K' }",
    "devices 'a' { twin = 'incubator', dt = 1*s, tick = 1.5*s }",
    "devices 'room' { twin = 'incubator' }",
    "devices 'a' { twin = 'incubator', sensors = 1 }",
    "devices 'a' { twin = 'incubator', sensors = { box = 1 } }",
    "devices 'a' { twin = 'incubator', sensors = { box = { column = 'bx_K' } } }",
    "devices 'a' { twin = 'incubator', sensors = { box = { noise = '1 W' } } }",
    "devices 'a' { twin = 'incubator', sensors = { box = { noise = -1 } } }",
    "devices 'a' { twin = 'incubator', actuators = { heater = { column = 'heater_K' } } }",
    "devices 'a' { twin = 'incubator', actuators = { heater = { column = 'heater_on', high = 2 } } "
    "}",
    "devices 'a' { twin = 'incubator', control = 1 }",
    "devices 'a' { twin = 'incubator', control = { kind = 'fuzzy' } }",
    "devices 'a' { twin = 'incubator', detector = { model = 'gone.tflite' } }",
    "devices 'a' { twin = 'incubator', detector = {} }",
    "devices 'a' { twin = 'incubator', drive = 1 }",
    "devices 'a' { twin = 'incubator', box_K = {} }",
    "devices 'a' { twin = 'incubator', box_K = 1e9 }",
    "devices 'a' { twin = 'incubator', box_K = 0/0 }",
    "devices 'a' { twin = 'incubator', G_box_W_per_K = normal(-1, 1) }",
    "devices 'a' { twin = 'incubator', vary = { box_K = uniform(1, 2) } }",
    "devices 'a' { twin = 'incubator', box_K = 300, init = { box_K = 300 } }",
    "device(1)",
    "device { twin = 'incubator', count = 2 }",
    "hysteresis(1)",
    "pid 'x'",
    "normal('x')",
    "normal(1, -1)",
    "normal(1, 1, 3, 2)",
    "uniform(2, 1)",
    "weighted(1)",
    "weighted {}",
    "weighted { a = 1 }",
    "weighted { [1] = -1 }",
    "setting()",
    "setting('must')",
    "setting('x', {})",
    "degC('x')",
    "degF({})",
    "recording(1)",
    "recording 'gone.h5'",
    "recording('assets/recordings/incubator_synthetic.h5', { flet = 'x' })",
    "recording('assets/recordings/incubator_synthetic.h5', { fleet = 'x' })",
    "calibrate(1)",
    "calibrate { fre = {} }",
    "calibrate { free = { G_box_W_per_K = { 1, 2 } } }",
    "local rec = recording 'assets/recordings/incubator_synthetic.h5' local t = device 'fit' { "
    "twin = 'incubator', drive = rec:inputs { heater_on = 'heater', room_K = 'room' } } calibrate "
    "{ of = t, free = { G_box_W_per_K = { 1, 2 } } }",
    "local rec = recording 'assets/recordings/incubator_synthetic.h5' local t = device 'fit' { "
    "twin = 'incubator', drive = rec:inputs { heater_on = 'heater', room_K = 'room' } } "
    "compare(t.box_K, rec.box) calibrate {}",
    "local rec = recording 'assets/recordings/incubator_synthetic.h5' local t = device 'fit' { "
    "twin = 'incubator', drive = rec:inputs { heater_on = 'heater', room_K = 'room' } } "
    "compare(t.box_K, rec.box) calibrate { free = {} }",
    "local rec = recording 'assets/recordings/incubator_synthetic.h5' local t = device 'fit' { "
    "twin = 'incubator', drive = rec:inputs { heater_on = 'heater', room_K = 'room' } } "
    "compare(t.box_K, rec.box) calibrate { free = { G_box = 1 } }",
    "local rec = recording 'assets/recordings/incubator_synthetic.h5' local t = device 'fit' { "
    "twin = 'incubator', drive = rec:inputs { heater_on = 'heater', room_K = 'room' } } "
    "compare(t.box_K, rec.box) calibrate { free = { G_box = { 1 } } }",
    "local rec = recording 'assets/recordings/incubator_synthetic.h5' local t = device 'fit' { "
    "twin = 'incubator', drive = rec:inputs { heater_on = 'heater', room_K = 'room' } } "
    "compare(t.box_K, rec.box) calibrate { free = { G_bx_W_per_K = { 1, 2 } } }",
    "local rec = recording 'assets/recordings/incubator_synthetic.h5' local t = device 'fit' { "
    "twin = 'incubator', drive = rec:inputs { heater_on = 'heater', room_K = 'room' } } "
    "compare(t.box_K, rec.box) calibrate { free = { G_box_W_per_K = { '1 K', 2 } } }",
    "local rec = recording 'assets/recordings/incubator_synthetic.h5' local t = device 'fit' { "
    "twin = 'incubator', drive = rec:inputs { heater_on = 'heater', room_K = 'room' } } "
    "compare(t.box_K, rec.box) calibrate { free = { G_box_W_per_K = { 1, 2, star = 1 } } }",
    "local rec = recording 'assets/recordings/incubator_synthetic.h5' local t = device 'fit' { "
    "twin = 'incubator', drive = rec:inputs { heater_on = 'heater', room_K = 'room' } } "
    "compare(t.box_K, rec.box) calibrate { free = { G_box_W_per_K = { 1, 2, scale = 'logarithm' } "
    "} }",
    "local rec = recording 'assets/recordings/incubator_synthetic.h5' local t = device 'fit' { "
    "twin = 'incubator', drive = rec:inputs { heater_on = 'heater', room_K = 'room' } } "
    "compare(t.box_K, rec.box) calibrate { free = { G_box_W_per_K = { 1, 2, tie = 'C_air_J_per_K' "
    "} } }",
    "local rec = recording 'assets/recordings/incubator_synthetic.h5' local t = device 'fit' { "
    "twin = 'incubator', drive = rec:inputs { heater_on = 'heater', room_K = 'room' } } "
    "compare(t.box_K, rec.box) calibrate { free = { G_box_W_per_K = { 1, 2, tie = "
    "'G_heater_W_per_K' }, G_heater_W_per_K = { 1, 2 } } }",
    "local rec = recording 'assets/recordings/incubator_synthetic.h5' local t = device 'fit' { "
    "twin = 'incubator', drive = rec:inputs { heater_on = 'heater', room_K = 'room' } } "
    "compare(t.box_K, rec.box) calibrate { free = { init = { G_box_W_per_K = { 1, 2 } } } }",
    "local rec = recording 'assets/recordings/incubator_synthetic.h5' local t = device 'fit' { "
    "twin = 'incubator', drive = rec:inputs { heater_on = 'heater', room_K = 'room' } } "
    "compare(t.box_K, rec.box) calibrate { free = { G_box_W_per_K = { 1, 2 } }, method = 'lmm' }",
    "local rec = recording 'assets/recordings/incubator_synthetic.h5' local t = device 'fit' { "
    "twin = 'incubator', drive = rec:inputs { heater_on = 'heater', room_K = 'room' } } "
    "compare(t.box_K, rec.box) calibrate { free = { G_box_W_per_K = { 1, 2 } }, starts = 0 }",
    "local rec = recording 'assets/recordings/incubator_synthetic.h5' local t = device 'fit' { "
    "twin = 'incubator', drive = rec:inputs { heater_on = 'heater', room_K = 'room' } } "
    "compare(t.box_K, rec.box) calibrate { free = { G_box_W_per_K = { 1, 2 } }, train = 0 }",
    "local rec = recording 'assets/recordings/incubator_synthetic.h5' local t = device 'fit' { "
    "twin = 'incubator', drive = rec:inputs { heater_on = 'heater', room_K = 'room' } } "
    "compare(t.box_K, rec.box) calibrate { free = { G_box_W_per_K = { 1, 2 } }, train = 0.5, "
    "train_until "
    "= 60 }",
    "local rec = recording 'assets/recordings/incubator_synthetic.h5' local t = device 'fit' { "
    "twin = 'incubator', drive = rec:inputs { heater_on = 'heater', room_K = 'room' } } "
    "compare(t.box_K, rec.box) calibrate { free = { G_box_W_per_K = { 1, 2 } }, noise = { box_K = "
    "0 } }",
    "local rec = recording 'assets/recordings/incubator_synthetic.h5' local t = device 'fit' { "
    "twin = 'incubator', drive = rec:inputs { heater_on = 'heater', room_K = 'room' } } "
    "compare(t.box_K, rec.box) calibrate { free = { G_box_W_per_K = { 1, 2 } }, weight = { bx_K = "
    "1 } }",
    "local rec = recording 'assets/recordings/incubator_synthetic.h5' local t = device 'fit' { "
    "twin = 'incubator', drive = rec:inputs { heater_on = 'heater', room_K = 'room' } } "
    "compare(t.box_K, rec.box) calibrate { of = fleet, free = { G_box_W_per_K = { 1, 2 } } }",
    "local rec = recording 'assets/recordings/incubator_synthetic.h5' local t = device 'fit' { "
    "twin = 'incubator', drive = rec:inputs { heater_on = 'heater', room_K = 'room' } } "
    "compare(t.box_K, rec.box) calibrate { of = t, validate = t, free = { G_box_W_per_K = { 1, 2 } "
    "} }",
    "local rec = recording 'assets/recordings/incubator_synthetic.h5' local t = device 'fit' { "
    "twin = 'incubator', drive = rec:inputs { heater_on = 'heater', room_K = 'room' } } "
    "compare(t.box_K, rec.box) calibrate { free = { G_box_W_per_K = { 1, 2 } } } calibrate { free "
    "= { G_box_W_per_K = { 1, 2 } } }",
    "parameters(1)",
    "parameters 'gone.json'",
    "parameters 'scenarios/regression/incubator_fit.lua'",
    "device 'x' { twin = 'tclab', set = parameters 'assets/parameters/incubator.json' }",
    "compare(1, 2)",
    "compare(fleet.box_K, 1)",
    "compare(fleet:device(0).box_K, 1)",
    "local rec = recording 'assets/recordings/incubator_synthetic.h5' "
    "compare(fleet:device(0).power_W, rec.box)",
    "local rec = recording 'assets/recordings/incubator_synthetic.h5' local twin = device 'twin' { "
    "twin = 'incubator', drive = rec:inputs { heater_on = 'heater', room_K = 'room' } } "
    "compare(twin.box_K, rec.box, 1)",
    "local rec = recording 'assets/recordings/incubator_synthetic.h5' local twin = device 'twin' { "
    "twin = 'incubator', drive = rec:inputs { heater_on = 'heater', room_K = 'room' } } "
    "compare(twin.box_K, rec.box, { wieght = 2 })",
    "local rec = recording 'assets/recordings/incubator_synthetic.h5' local twin = device 'twin' { "
    "twin = 'incubator', drive = rec:inputs { heater_on = 'heater', room_K = 'room' } } "
    "compare(twin.box_K, rec.box, { weight = 0 })",
    "local rec = recording 'assets/recordings/incubator_synthetic.h5' local twin = device 'twin' { "
    "twin = 'incubator', drive = rec:inputs { heater_on = 'heater', room_K = 'room' } } "
    "compare(twin.box_K, rec.box, { scale = '2 W' })",
    "local rec = recording 'assets/recordings/incubator_synthetic.h5' local twin = device 'twin' { "
    "twin = 'incubator', drive = rec:inputs { heater_on = 'heater', room_K = 'room' } } "
    "compare(twin.box_K, rec.box, { tube = 0.5 })",
    "local rec = recording 'assets/recordings/incubator_synthetic.h5' local twin = device 'twin' { "
    "twin = 'incubator', drive = rec:inputs { heater_on = 'heater', room_K = 'room' } } "
    "compare(twin.box_K, rec.box, { tube = { time = 5 } })",
    "local rec = recording 'assets/recordings/incubator_synthetic.h5' local twin = device 'twin' { "
    "twin = 'incubator', drive = rec:inputs { heater_on = 'heater', room_K = 'room' } } "
    "compare(twin.box_K, rec.box, { tube = { value = -1 } })",
    "local rec = recording 'assets/recordings/incubator_synthetic.h5' local twin = device 'twin' { "
    "twin = 'incubator', drive = rec:inputs { heater_on = 'heater', room_K = 'room' } } "
    "compare(twin.box_K, rec.box, { params = 1 })",
    "local rec = recording 'assets/recordings/incubator_synthetic.h5' local twin = device 'twin' { "
    "twin = 'incubator', drive = rec:inputs { heater_on = 'heater', room_K = 'room' } } "
    "compare(twin.box_K, rec.box, { params = { mat = 1 } })",
    "local rec = recording 'assets/recordings/incubator_synthetic.h5' local twin = device 'twin' { "
    "twin = 'incubator', drive = rec:inputs { heater_on = 'heater', room_K = 'room' } } "
    "compare(twin.box_K, rec.box, { params = { mad = 0 } })",
    "local rec = recording 'assets/recordings/incubator_synthetic.h5' local twin = device 'twin' { "
    "twin = 'incubator', drive = rec:inputs { heater_on = 'heater', room_K = 'room' } } "
    "compare(twin.box_K, rec.box, { params = { mad = true } })",
    "local rec = recording 'assets/recordings/incubator_synthetic.h5' local twin = device 'twin' { "
    "twin = 'incubator', drive = rec:inputs { heater_on = 'heater', room_K = 'room' } } "
    "compare(twin.box_K, rec.box) regimes(1)",
    "local rec = recording 'assets/recordings/incubator_synthetic.h5' local twin = device 'twin' { "
    "twin = 'incubator', drive = rec:inputs { heater_on = 'heater', room_K = 'room' } } "
    "compare(twin.box_K, rec.box) regimes { 'heater > 0' }",
    "local rec = recording 'assets/recordings/incubator_synthetic.h5' local twin = device 'twin' { "
    "twin = 'incubator', drive = rec:inputs { heater_on = 'heater', room_K = 'room' } } "
    "compare(twin.box_K, rec.box) regimes { on = 1 }",
    "local rec = recording 'assets/recordings/incubator_synthetic.h5' local twin = device 'twin' { "
    "twin = 'incubator', drive = rec:inputs { heater_on = 'heater', room_K = 'room' } } "
    "compare(twin.box_K, rec.box) regimes { on = 'heter > 0' }",
    "local rec = recording 'assets/recordings/incubator_synthetic.h5' local twin = device 'twin' { "
    "twin = 'incubator', drive = rec:inputs { heater_on = 'heater', room_K = 'room' } } "
    "compare(twin.box_K, rec.box) regimes { on = 'heater >' }",
    "local rec = recording 'assets/recordings/incubator_synthetic.h5' local twin = device 'twin' { "
    "twin = 'incubator', drive = rec:inputs { heater_on = 'heater', room_K = 'room' } } "
    "compare(twin.box_K, rec.box) regimes { on = { 'heater > 0', weight = -1 } }",
    "regimes { on = 'heater > 0' }",
    "border(1)",
    "border(fleet)",
    "border(fleet, 'gone.json')",
    "border(fleet, 'assets/recordings/incubator_synthetic.h5')",
    "local rec = recording 'assets/recordings/incubator_synthetic.h5' border(fleet, rec)",
    "local rec = recording 'assets/recordings/incubator_synthetic.h5' border(fleet, rec, {})",
    "local rec = recording 'assets/recordings/incubator_synthetic.h5' border(fleet, rec, { 'box' "
    "})",
    "local rec = recording 'assets/recordings/incubator_synthetic.h5' border(fleet, rec, { bx_K = "
    "'box' })",
    "local rec = recording 'assets/recordings/incubator_synthetic.h5' border(fleet, rec, { box_K = "
    "'bx' })",
    "local rec = recording 'assets/recordings/incubator_synthetic.h5' border(fleet, rec, { box_K = "
    "'heater' })",
    "local rec = recording 'assets/recordings/incubator_synthetic.h5' rec:inputs(1)",
    "local rec = recording 'assets/recordings/incubator_synthetic.h5' rec:inputs {}",
    "local rec = recording 'assets/recordings/incubator_synthetic.h5' rec:slice(5, 1)",
    "local rec = recording 'assets/recordings/incubator_synthetic.h5' rec:slice(1*d, 2*d)",
    "local rec = recording 'assets/recordings/incubator_synthetic.h5' rec:channel 'bx'",
    "local rec = recording 'assets/recordings/incubator_synthetic.h5' rec.channels(1)",
    "local rec = recording 'assets/recordings/incubator_synthetic.h5' device { twin = 'incubator', "
    "drive = rec:inputs { room = 'heater' } }",
    "local rec = recording 'assets/recordings/incubator_synthetic.h5' device { twin = 'incubator', "
    "drive = rec:inputs { box_K = 'box' } }",
    "local rec = recording 'assets/recordings/incubator_synthetic.h5' "
    "rec:inputs { room_K = { 'room', hold = 'before' } }",
    "local rec = recording 'assets/recordings/incubator_synthetic.h5' "
    "rec:inputs { room_K = { 'room', held = 'late' } }",
    "local rec = recording 'assets/recordings/incubator_synthetic.h5' rec:inputs { room_K = {} }",
    "thresholds(1)",
    "thresholds { ['box_K max'] = 1 }",
    "thresholds { ['box_K max'] = '1 K' }",
    "thresholds { ['box_K mx'] = '< 1 K' }",
    "thresholds { ['box_K max'] = { '< 600 K', abrt = true } }",
    "thresholds { ['box_K max'] = { '< 600 K', of = 1 } }",
    "thresholds { ['bocks_K max'] = '< 600 K' }",
    "thresholds { { 'box_K max' } }",
    "run(1)",
    "spawn()",
    "wait(1)",
    "run(function() wait() end)",
    "run(function() wait(-1) end)",
    "run(function() wait('x') end)",
    "run(function() wait(1/0) end)",
    "run(function() wait_until(1) end)",
    "run(function() wait_until(print, { timout = 1 }) end)",
    "run(function() wait_until(function() wait(1) end) end)",
    "run(function() coroutine.wrap(function() wait(1) end)() end)",
    "at(1)",
    "at('x', print)",
    "at(-1, print)",
    "every(0, print)",
    "every({}, print)",
    "on('alrm', print)",
    "on('alarm', 1)",
    "log()",
    "log('%d', 'x')",
    "log({})",
    "fail()",
    "fail({})",
    "elapsed(1)",
    "hms('x')",
    "iso9283(1)",
    "iso9283 { x = 1 }",
    "iso9283 { x = { 0, 0 }, y = { 0, 0 }, command = { 0, 0, 0 } }",
    "iso9283 { x = { 0, 0 }, y = { 0 }, z = { 0, 0 }, command = { 0, 0, 0 } }",
    "iso9283 { x = { 0, 0 }, y = { 0, 'a' }, z = { 0, 0 }, command = { 0, 0, 0 } }",
    "iso9283 { x = { 0, 0 }, y = { 0, 0 }, z = { 0, 0 } }",
    "iso9283 { x = { 0, 0 }, y = { 0, 0 }, z = { 0, 0 }, command = { 0, 0 } }",
    "iso9283 { x = { 0, 0 }, y = { 0, 0 }, z = { 0, 0 }, command = { 0, 0, 'a' } }",
    "iso9283 { x = { 0 }, y = { 0 }, z = { 0 }, command = { 0, 0, 0 } }",
    "iso9283 { x = { 0, 0/0 }, y = { 0, 0 }, z = { 0, 0 }, command = { 0, 0, 0 } }",
    "iso9283 { x = { 0, 0 }, y = { 0, 0 }, z = { 0, 0 }, comand = { 0, 0, 0 } }",
    "fleet:where({})",
    "fleet:where 'box_K >'",
    "fleet:where 'box_K > 300 K'",
    "fleet:where '(box_K > 300'",
    "fleet:where 'box_K box_K'",
    "fleet.where(1)",
    "fleet:sample(0)",
    "fleet:sample(21)",
    "fleet:sample('x')",
    "fleet:device(20)",
    "fleet:device(-1)",
    "fleet:where('box_K > 1'):count()",
    "fleet.count(1)",
    "fleet:stat 'box_K'",
    "run(function() fleet:stat(1) end)",
    "run(function() fleet:stat('box_K p59') end)",
    "run(function() fleet:stat('box_K', { windw = 1 }) end)",
    "run(function() fleet:stat('box_K', { window = -1 }) end)",
    "fleet:all 'box_K'",
    "fleet:any(1)",
    "fleet:set { box_K = 300 }",
    "run(function() fleet:set(1) end)",
    "run(function() fleet:set { bx_K = 1 } end)",
    "run(function() fleet:set { box_K = 1 } end)",
    "run(function() fleet:set { 1 } end)",
    "fleet:read 'box_K'",
    "run(function() fleet:read 'box_K' end)",
    "run(function() fleet:device(0):read 'bx' end)",
    "fleet:inject(1)",
    "fleet:inject 'sensor.bias'",
    "fleet:inject('sensor.bias', { value = 1, chanel = 'box' })",
    "fleet:inject('sensor.bias', { value = 1, channel = 'bx' })",
    "fleet:inject('sensor.bias', { value = '1 W' })",
    "fleet:inject('actuator.stuck', { at = 7 })",
    "fleet:inject('plant.set', { value = 1 })",
    "fleet:inject('plant.scale', { column = 'G_box_W_per_K', factor = 'x' })",
    "fleet:inject('sensor.stuck', { lasting = 0 })",
    "local f = fleet:inject 'sensor.stuck' f.clear(1)",
    "local f = fleet:inject 'sensor.stuck' f:clea()",
    "fleet.box_K = 1",
    "fleet.box_K.x = 1",
    "pow('x')",
    "pow(1)",
    "rng()",
    "rng 'x':random(2, 1)",
    "local r = rng 'x' r:nrmal()",
    "tostring({})",
    "local x = fleet.name",
};

static void every_wrong_argument_gets_its_golden_message(void **unused)
{
  (void)unused;
  tl_text all = {0};
  uint32_t fine = 0;
  char text[4096];
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    snprintf(text, sizeof text, "%s%s\n", preamble, wrong[i]);
    outcome *o = run_text(text, NULL);
    if (o->code == TL_OK) {
      print_error("no error: %s\n", wrong[i]);
      fine++;
      free(o);
      continue;
    }
    assert_int_not_equal(tl_code_describe(o->code)->exit_code, 6);
    const char *message = o->err.text;
    const size_t length = strlen(o->err.where);
    if (length > 0 && strncmp(message, o->err.where, length) == 0) message += length + 2;
    tl_text_addf(&all, "%s\n    TL%04d %s%s%s%s\n", wrong[i], tl_code_describe(o->code)->number,
                 message, o->err.hint[0] != '\0' ? " (" : "", o->err.hint,
                 o->err.hint[0] != '\0' ? ")" : "");
    free(o);
  }
  assert_int_equal(fine, 0);
  expect_golden("arguments.txt", tl_text_string(&all));
  tl_text_free(&all);
  print_message("%zu wrong calls\n", sizeof wrong / sizeof *wrong);
}

static void every_function_and_method_is_called_wrongly_once(void **unused)
{
  (void)unused;
  for (size_t i = 0; i < tl_api_count(); i++) {
    const tl_api_row *row = tl_api_at(i);
    if (row->signature == NULL || strcmp(row->name, "channels") == 0) continue;
    bool found = false;
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong && !found; k++)
      found = strstr(wrong[k], row->name) != NULL;
    if (!found) fail_msg("no wrong call of %s", row->name);
  }
}

int main(void)
{
  enter_test_folder();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_types_for_editors_are_up_to_date),
      cmocka_unit_test(luacheck_knows_our_globals_and_finds_nothing_in_what_we_ship),
      cmocka_unit_test(the_docs_are_up_to_date_and_show_the_preamble),
      cmocka_unit_test(live_names_equal_those_in_the_types),
      cmocka_unit_test(every_example_runs),
      cmocka_unit_test(every_wrong_argument_gets_its_golden_message),
      cmocka_unit_test(every_function_and_method_is_called_wrongly_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
