#include "tools/verify/measure.h"

#include "tools/model/compare.h"
#include "tools/verify/compare.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define QEMU "qemu-system-arm"
enum { PATH_BYTES = 4200, SEED = 1 };

static const char *const names[MEASURE_CORES][2] = {
    {"m4", "Cortex-M4"}, {"m7", "Cortex-M7"}, {"m55", "Cortex-M55"}};

void measure_none(measurement out[MEASURE_CORES])
{
  for (int i = 0; i < MEASURE_CORES; i++) {
    out[i] = (measurement){.word = names[i][0], .core = names[i][1]};
    snprintf(out[i].why, sizeof out[i].why, "ask with --measure %s", out[i].word);
  }
}

void measure_free(measurement cores[MEASURE_CORES])
{
  for (int i = 0; i < MEASURE_CORES; i++) free(cores[i].ops);
}

static bool is_on_path(const char *program)
{
  const char *path = getenv("PATH");
  while (path && *path) {
    char file[PATH_BYTES];
    const size_t length = strcspn(path, ":");
    snprintf(file, sizeof file, "%.*s/%s", (int)length, path, program);
    if (access(file, X_OK) == 0) return true;
    path += length + (path[length] == ':');
  }
  return false;
}

/* What must be there before anything is built; "" when all is. */
static void find_missing(measurement *core, const char *root)
{
  static const char *const programs[] = {"arm-none-eabi-gcc", QEMU, "cmake", "ninja", "bash"};
  char tool[PATH_BYTES];
  core->why[0] = '\0';
  snprintf(tool, sizeof tool, "%s/tools/firmware", root);
  if (!root[0] || access(tool, X_OK) != 0)
    snprintf(core->why, sizeof core->why,
             "tools/firmware is not there: it needs the sources of twinloop");
  for (size_t i = 0; !core->why[0] && i < sizeof programs / sizeof *programs; i++)
    if (!is_on_path(programs[i]))
      snprintf(core->why, sizeof core->why, "%s is missing (tools/setup.sh test)", programs[i]);
}

/* --- build --- */
/* In the child. The model is read already: tools/firmware need not ask a twinloop for it. */
static void become_build(const char *tool, const char *model, const char *core, const char *elf,
                         const char *log)
{
  const int words = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (words < 0 || setenv("TWINLOOP", "none", 1) != 0) _exit(126);
  dup2(words, 1);
  dup2(words, 2);
  execl(tool, tool, model, "--core", core, "-o", elf, (char *)NULL);
  _exit(127);
}

static void last_line(char *out, size_t bytes, const char *log)
{
  char line[MEASURE_WHY_BYTES - 40];
  FILE *file = fopen(log, "rb");
  out[0] = '\0';
  while (file && fgets(line, sizeof line, file)) {
    line[strcspn(line, "\r\n")] = '\0';
    if (line[0]) snprintf(out, bytes, "%s", line);
  }
  if (file) fclose(file);
}

static void build(measurement *core, const char *root, const char *model, const char *elf,
                  const char *log)
{
  char tool[PATH_BYTES], line[MEASURE_WHY_BYTES - 40];
  int status = -1;
  snprintf(tool, sizeof tool, "%s/tools/firmware", root);
  fflush(NULL);
  const pid_t child = fork();
  if (child == 0) become_build(tool, model, core->word, elf, log);
  if (child > 0)
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  if (child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
  last_line(line, sizeof line, log);
  snprintf(core->why, sizeof core->why, "it was not built: %s", line);
}

/* --- run --- */
static void take_counts(measurement *core, const comparison *result, const fw_client *client)
{
  const uint32_t count = result->model->op_count;
  core->ops = calloc(count + 1, sizeof *core->ops);
  if (!core->ops) {
    snprintf(core->why, sizeof core->why, "out of memory");
    return;
  }
  core->step = client->instructions_per_tick;
  for (uint32_t op = 0; op < count; op++) {
    core->ops[op] = (double)result->ops[op].sum * core->step / (double)result->inferences;
    core->instructions += core->ops[op];
  }
  core->is_run = true;
}

static void run(measurement *core, const char *elf, const model_file *file, const tl_model *model)
{
  tl_error err = {0};
  elf_info info;
  fw_client client = {.emulator = {.to = -1, .from = -1}};
  comparison result = {0};
  uint8_t *in = model_random_cases(model, SEED, 1);
  tl_code code = in ? elf_read(&info, elf, &err) : tl_fail(&err, TL_E_LIMIT, NULL, "out of memory");
  if (code == TL_OK) code = client_start(&client, QEMU, elf, &info, &err);
  if (code == TL_OK) code = client_expect(&client, model, file->data, file->bytes, &err);
  if (code == TL_OK) code = comparison_open(&result, model, &client, &err);
  if (code == TL_OK) code = compare_cases(&result, in, 1, &err);
  if (code != TL_OK)
    snprintf(core->why, sizeof core->why, "%.300s", err.text);
  else if (result.first.kind != DIFFERS_NOTHING)
    snprintf(core->why, sizeof core->why,
             "operator %u gave other bytes there than here: twinloop verify-firmware",
             result.first.op);
  else
    take_counts(core, &result, &client);
  comparison_close(&result);
  client_close(&client);
  free(in);
}

static void measure(measurement *core, const char *root, const model_file *file,
                    const tl_model *model)
{
  const char *temporary = getenv("TMPDIR");
  char folder[PATH_BYTES], elf[PATH_BYTES + 16], log[PATH_BYTES + 16];
  find_missing(core, root);
  if (core->why[0]) return;
  snprintf(folder, sizeof folder, "%s/twinloop-measure-XXXXXX",
           temporary && temporary[0] ? temporary : "/tmp");
  if (!mkdtemp(folder)) {
    snprintf(core->why, sizeof core->why, "no temporary folder: %s", strerror(errno));
    return;
  }
  snprintf(elf, sizeof elf, "%s/model.elf", folder);
  snprintf(log, sizeof log, "%s/log", folder);
  build(core, root, file->path, elf, log);
  if (!core->why[0]) run(core, elf, file, model);
  unlink(elf);
  unlink(log);
  rmdir(folder);
}

void measure_cores(measurement cores[MEASURE_CORES], const char *word, const char *root,
                   const model_file *file, const tl_model *model)
{
  static const char prefix[] = "cortex-";
  if (strncmp(word, prefix, sizeof prefix - 1) == 0) word += sizeof prefix - 1;
  for (int i = 0; i < MEASURE_CORES; i++)
    if (strcmp(word, "all") == 0 || strcmp(word, cores[i].word) == 0)
      measure(&cores[i], root, file, model);
}
