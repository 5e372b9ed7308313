#include "tools/cli/run_folder.h"

#include "base/text.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* --- files --------------------------------------------------------------------------------------- */
tl_code cli_folder_make(const char *path, tl_error *err)
{
  char memory[2 * CLI_PATH_BYTES];
  const size_t length = strlen(path);
  if (length == 0 || length >= sizeof memory)
    return tl_fail(err, TL_E_IO, NULL, "'%s': no usable folder name", path);
  memcpy(memory, path, length + 1);
  for (size_t i = 1; i <= length; i++) {
    if (memory[i] != '/' && memory[i] != '\0') continue;
    const char kept = memory[i];
    memory[i] = '\0';
    if (mkdir(memory, 0777) != 0 && errno != EEXIST)
      return tl_fail(err, TL_E_IO, NULL, "%s: cannot make the folder: %s", memory, strerror(errno));
    memory[i] = kept;
  }
  struct stat info;
  if (stat(path, &info) != 0 || !S_ISDIR(info.st_mode))
    return tl_fail(err, TL_E_IO, NULL, "%s: is there already, and is no folder", path);
  return TL_OK;
}

static bool is_there(const char *folder, const char *name)
{
  char path[2 * CLI_PATH_BYTES];
  struct stat info;
  return (size_t)snprintf(path, sizeof path, "%s/%s", folder, name) < sizeof path &&
         stat(path, &info) == 0;
}

bool cli_folder_is_foreign(const char *path)
{
  cli_run_record record;
  if (!is_there(path, "telemetry.h5")) return false;
  if (!is_there(path, "run.json")) return !is_there(path, "inputs");
  const bool is_foreign = cli_run_record_read(&record, path, NULL) != TL_OK;
  cli_run_record_free(&record);
  return is_foreign;
}

tl_code cli_file_copy(const char *from, const char *to, tl_error *err)
{
  struct stat a, b;
  if (stat(from, &a) == 0 && stat(to, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino)
    return TL_OK;
  FILE *in = fopen(from, "rb");
  if (!in) return tl_fail(err, TL_E_IO, NULL, "%s: cannot open: %s", from, strerror(errno));
  FILE *out = fopen(to, "wb");
  if (!out) {
    tl_fail(err, TL_E_IO, NULL, "%s: cannot write: %s", to, strerror(errno));
    fclose(in);
    return TL_E_IO;
  }
  char buffer[1 << 16];
  size_t count;
  bool is_good = true;
  while (is_good && (count = fread(buffer, 1, sizeof buffer, in)) > 0)
    is_good = fwrite(buffer, 1, count, out) == count;
  is_good = is_good && !ferror(in);
  is_good = fclose(out) == 0 && is_good;
  const int reason = errno;
  fclose(in);
  return is_good ? TL_OK
                 : tl_fail(err, TL_E_IO, NULL, "%s: cannot write: %s", to, strerror(reason));
}

static bool stays_inside(const char *name)
{
  if (name[0] == '/' || name[0] == '\0') return false;
  for (const char *part = name; part; part = strchr(part, '/')) {
    part += *part == '/';
    if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || part[2] == '\0')) return false;
  }
  return true;
}

/* path seen from a folder: "twinloop/incubators.lua"; NULL when it is not inside. free() it. */
static char *seen_from(const char *folder, const char *path)
{
  char *real_folder = realpath(folder, NULL), *real_path = realpath(path, NULL), *found = NULL;
  const size_t length = real_folder ? strlen(real_folder) : 0;
  if (length > 0 && real_path && strncmp(real_path, real_folder, length) == 0 &&
      real_path[length] == '/')
    found = strdup(real_path + length + 1);
  free(real_folder);
  free(real_path);
  return found;
}

/* `require "a.b"` finds a/b.lua in the scenario's folder, then among twinloop's own scripts. */
static void name_module(char *out, size_t bytes, const tl_scenario_info *info,
                        const tl_scenario_file *file, const char *scripts)
{
  char folder[CLI_PATH_BYTES];
  snprintf(folder, sizeof folder, "%s", info->path);
  char *slash = strrchr(folder, '/');
  if (slash)
    *slash = '\0';
  else
    memcpy(folder, ".", 2);
  char *name = seen_from(folder, file->path);
  if (!name) name = seen_from(scripts, file->path);
  snprintf(out, bytes, "%s", name ? name : file->name);
  free(name);
}

tl_code cli_inputs_keep(const char *folder, const tl_scenario_info *info, const char *scripts,
                        tl_error *err)
{
  for (uint32_t i = 0; i < info->file_count; i++) {
    const tl_scenario_file *file = &info->files[i];
    char name[CLI_PATH_BYTES], to[2 * CLI_PATH_BYTES + 16];
    if (strcmp(file->kind, "scenario") == 0)
      snprintf(name, sizeof name, "%s.lua", info->name);
    else if (strcmp(file->kind, "module") == 0)
      name_module(name, sizeof name, info, file, scripts);
    else
      snprintf(name, sizeof name, "%s", file->name);
    if (!stays_inside(name)) continue; /* run.json has its hash; diff looks for it where it was */
    snprintf(to, sizeof to, "%s/inputs/%s", folder, name);
    char *slash = strrchr(to, '/');
    *slash = '\0';
    tl_code code = cli_folder_make(to, err);
    *slash = '/';
    if (code == TL_OK) code = cli_file_copy(file->path, to, err);
    if (code != TL_OK) return code;
  }
  return TL_OK;
}
