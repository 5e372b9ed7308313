/* session.h: a scenario loaded as the command line asks: seed, threads, settings, twins, folders.
 *
 * Why: run, check, plan, diff and inspect open scenarios the same way, so a run can be made again by any of them.
 * Owns: the scenario and the shared objects of --twin until cli_session_close; the struct must not move.
 * Threads: the main thread. */
#ifndef TL_CLI_SESSION_H
#define TL_CLI_SESSION_H
#include "script/scenario.h"
#include "tools/cli/options.h"

enum { CLI_TWINS_MAX = 64, CLI_PLUGINS_MAX = 8, CLI_SETTINGS_MAX = 64, CLI_PATH_BYTES = 1024 };

typedef struct cli_plugin {
  void *handle;
  const char *name; /* of its twin */
  char sha256[65];  /* of the shared object */
} cli_plugin;

typedef struct cli_session {
  tl_scenario *scenario;
  tl_scenario_options
      options; /* set up by cli_session_prepare, changed by the caller before cli_session_load */
  const tl_twin_type *twins[CLI_TWINS_MAX];
  cli_plugin plugins[CLI_PLUGINS_MAX];
  uint32_t plugin_count;
  tl_scenario_setting settings[CLI_SETTINGS_MAX];
  char setting_names[CLI_SETTINGS_MAX][64];
  const char *setting_texts[CLI_SETTINGS_MAX]; /* as given */
  char root
      [CLI_PATH_BYTES]; /* holds scripts/ and assets/: the source tree or share/twinloop; "" when not found */
  char scripts[CLI_PATH_BYTES + 16];
  char models[CLI_PATH_BYTES + 32], recordings[CLI_PATH_BYTES + 32];
  const char *script_folders[1], *asset_folders[3];
} cli_session;

/* Reads --seed, --threads, --path, --set, --stepped and --twin; loads nothing but shared objects.
 * errors  TL_E_USAGE, TL_E_ARG: a path this processor has not; TL_E_IO, TL_E_FORMAT: a shared object */
tl_code cli_session_prepare(cli_session *session, const cli_options *options, tl_error *err);
/* errors  those of tl_scenario_load */
tl_code cli_session_load(cli_session *session, const char *path, tl_error *err);
/* Unloads the scenario but keeps what was prepared. */
void cli_session_unload(cli_session *session);
void cli_session_close(cli_session *session);
/* Adds one more setting, "NAME=VALUE", e.g. of run.json; the text must outlive the session.
 * errors  TL_E_USAGE: another form, or too many */
tl_code cli_session_set_text(cli_session *session, const char *text, tl_error *err);
#endif
