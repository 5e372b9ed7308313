#include "tools/cli/session.h"

#include "base/hash.h"
#include "base/text.h"
#include "twins/registry.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The folder that holds scripts/twinloop: share/twinloop beside bin/ in an installation; in a build, a link to the
 * sources in share/ beside the program. */
static void find_root(cli_session *session)
{
  char program[CLI_PATH_BYTES];
  const ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
  if (length <= 0) return;
  program[length] = '\0';
  static const char *const places[] = {"../share/twinloop", "share/twinloop"};
  char *slash = strrchr(program, '/');
  if (!slash) return;
  *slash = '\0';
  for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
    char root[2 * CLI_PATH_BYTES], probe[2 * CLI_PATH_BYTES + 32];
    snprintf(root, sizeof root, "%s/%s", program, places[i]);
    snprintf(probe, sizeof probe, "%s/scripts/twinloop", root);
    if (strlen(root) < sizeof session->root && access(probe, R_OK) == 0) {
      memcpy(session->root, root, strlen(root) + 1);
      snprintf(session->scripts, sizeof session->scripts, "%s/scripts", session->root);
      return;
    }
  }
}

static tl_code load_plugin(cli_session *session, const char *path, tl_error *err)
{
  if (session->plugin_count == CLI_PLUGINS_MAX)
    return tl_fail(err, TL_E_USAGE, NULL, "more than %d times --twin", CLI_PLUGINS_MAX);
  cli_plugin *plugin = &session->plugins[session->plugin_count];
  tl_code code = tl_sha256_file(plugin->sha256, path, err);
  if (code != TL_OK) return code;
  char with_slash[CLI_PATH_BYTES]; /* a bare name would be searched for in the system's folders */
  snprintf(with_slash, sizeof with_slash, "%s%s", strchr(path, '/') ? "" : "./", path);
  plugin->handle = dlopen(with_slash, RTLD_NOW | RTLD_LOCAL);
  if (!plugin->handle) return tl_fail(err, TL_E_FORMAT, NULL, "--twin: %s", dlerror());
  session->plugin_count++;
  const tl_twin_type *(*entry)(void) = NULL;
  *(void **)&entry = dlsym(plugin->handle, TL_TWIN_SYMBOL);
  if (!entry)
    return tl_fail(err, TL_E_FORMAT, NULL, "--twin: %s has no function %s", path, TL_TWIN_SYMBOL);
  const tl_twin_type *twin = entry();
  if (!twin || twin->abi != TL_TWIN_ABI)
    return tl_fail(err, TL_E_SCHEMA, NULL,
                   "--twin: %s was built for twin interface %u, this program has %u", path,
                   twin ? twin->abi : 0, TL_TWIN_ABI);
  for (uint32_t i = 0; i < session->options.twin_count; i++)
    if (strcmp(session->twins[i]->name, twin->name) == 0)
      return tl_fail(err, TL_E_USAGE, NULL, "--twin: %s: there is a twin '%s' already", path,
                     twin->name);
  plugin->name = twin->name;
  session->twins[session->options.twin_count++] = twin;
  return TL_OK;
}

tl_code cli_session_set_text(cli_session *session, const char *text, tl_error *err)
{
  const uint32_t i = session->options.setting_count;
  const size_t length = strcspn(text, "=");
  if (length == 0 || text[length] != '=' || length >= sizeof session->setting_names[0])
    return tl_fail(err, TL_E_USAGE, NULL, "--set: '%s' is not NAME=VALUE", text);
  if (i == CLI_SETTINGS_MAX)
    return tl_fail(err, TL_E_USAGE, NULL, "more than %d times --set", CLI_SETTINGS_MAX);
  memcpy(session->setting_names[i], text, length);
  session->setting_names[i][length] = '\0';
  session->setting_texts[i] = text;
  session->settings[i] = (tl_scenario_setting){session->setting_names[i], text + length + 1};
  session->options.setting_count++;
  return TL_OK;
}

static tl_code read_settings(cli_session *session, const cli_options *options, tl_error *err)
{
  const char *value;
  for (uint32_t i = 0; (value = cli_options_nth(options, "set", i)) != NULL; i++) {
    const tl_code code = cli_session_set_text(session, value, err);
    if (code != TL_OK) return code;
  }
  return TL_OK;
}

static tl_code read_numbers(cli_session *session, const cli_options *options, tl_error *err)
{
  uint64_t threads = 0;
  tl_code code = cli_options_number(options, "seed", 0, INT64_MAX, &session->options.seed, err);
  if (code != TL_OK) return code;
  session->options.has_seed = cli_options_has(options, "seed");
  code = cli_options_number(options, "threads", 1, 1024, &threads, err);
  if (code != TL_OK) return code;
  session->options.thread_count = (uint32_t)threads;
  session->options.stepped = cli_options_has(options, "stepped");
  const char *path = cli_options_get(options, "path");
  return path ? tl_cpu_path_parse(&session->options.path, path, err) : TL_OK;
}

tl_code cli_session_prepare(cli_session *session, const cli_options *options, tl_error *err)
{
  memset(session, 0, sizeof *session);
  session->options = tl_scenario_options_default();
  for (uint32_t i = 0; i < tl_twin_count && i < CLI_TWINS_MAX - CLI_PLUGINS_MAX; i++)
    session->twins[session->options.twin_count++] = tl_twins[i];
  session->options.twins = session->twins;
  session->options.settings = session->settings;
  find_root(session);
  if (session->root[0]) {
    session->script_folders[0] = session->scripts;
    snprintf(session->models, sizeof session->models, "%s/assets/models", session->root);
    snprintf(session->recordings, sizeof session->recordings, "%s/assets/recordings",
             session->root);
    session->asset_folders[0] = session->root;
    session->asset_folders[1] = session->models;
    session->asset_folders[2] = session->recordings;
    session->options.script_folders = session->script_folders;
    session->options.script_folder_count = 1;
    session->options.asset_folders = session->asset_folders;
    session->options.asset_folder_count = 3;
  }
  tl_code code = read_numbers(session, options, err);
  if (code == TL_OK) code = read_settings(session, options, err);
  const char *plugin;
  for (uint32_t i = 0; code == TL_OK && (plugin = cli_options_nth(options, "twin", i)) != NULL; i++)
    code = load_plugin(session, plugin, err);
  return code;
}

tl_code cli_session_load(cli_session *session, const char *path, tl_error *err)
{
  return tl_scenario_load(&session->scenario, path, &session->options, err);
}

void cli_session_unload(cli_session *session)
{
  tl_scenario_destroy(session->scenario);
  session->scenario = NULL;
}

void cli_session_close(cli_session *session)
{
  cli_session_unload(session);
  for (uint32_t i = session->plugin_count; i-- > 0;) dlclose(session->plugins[i].handle);
  session->plugin_count = 0;
}
