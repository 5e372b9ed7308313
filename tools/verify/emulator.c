#include "tools/verify/emulator.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
  SILENCE_MAX_MS = 60000,
  POLL_MS = 100,
  STOP_MAX_MS = 2000,
  PATH_BYTES = 320,
  WORDS_BYTES = 400
};

static const char *const files[] = {"link.in", "link.out", "log"};

/* --- start --- */
static void path_of(char out[PATH_BYTES], const emulator *e, const char *file)
{
  snprintf(out, PATH_BYTES, "%s/%s", e->folder, file);
}

/* Both ends are open here, so that neither side waits for the other; the firmware sees the end of its file when all
 * writers are gone. */
static tl_code make_pipe(const emulator *e, const char *file, int *out, tl_error *err)
{
  char path[PATH_BYTES];
  path_of(path, e, file);
  *out = mkfifo(path, 0600) == 0 ? open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC) : -1;
  if (*out < 0)
    return tl_fail(err, TL_E_IO, NULL, "%s: cannot make a pipe: %s", path, strerror(errno));
  return TL_OK;
}

/* In the child. Only what may be called between fork and exec. */
static void become(const emulator *e, const char *elf, const elf_info *info)
{
  const bool is_uart = strcmp(info->link, "uart") == 0;
  const char *const arguments[] = {e->qemu,
                                   "-M",
                                   info->machine,
                                   "-display",
                                   "none",
                                   "-monitor",
                                   "none",
                                   "-serial",
                                   is_uart ? "pipe:link" : "none",
                                   "-semihosting-config",
                                   "enable=on,target=native",
                                   "-icount",
                                   "shift=0",
                                   "-kernel",
                                   elf,
                                   NULL};
  (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* does not outlive us */
  const int nothing = open("/dev/null", O_RDWR);
  if (chdir(e->folder) != 0 || nothing < 0) _exit(126);
  const int log = open("log", O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (log < 0) _exit(126);
  dup2(nothing, 0);
  dup2(log, 1);
  dup2(log, 2);
  execvp(e->qemu, (char *const *)(uintptr_t)arguments);
  dprintf(2, "%s: %s", e->qemu, strerror(errno));
  _exit(127);
}

tl_code emulator_start(emulator *out, const char *qemu, const char *elf, const elf_info *info,
                       tl_error *err)
{
  const char *temporary = getenv("TMPDIR");
  *out = (emulator){.to = -1, .from = -1, .qemu = qemu};
  char *path = realpath(elf, NULL);
  if (!path) return tl_fail(err, TL_E_IO, NULL, "%s: %s", elf, strerror(errno));
  snprintf(out->folder, sizeof out->folder, "%s/twinloop-firmware-XXXXXX",
           temporary && temporary[0] ? temporary : "/tmp");
  tl_code code = TL_OK;
  if (!mkdtemp(out->folder)) {
    code =
        tl_fail(err, TL_E_IO, NULL, "%s: cannot make a folder: %s", out->folder, strerror(errno));
    out->folder[0] = '\0';
  }
  if (code == TL_OK) code = make_pipe(out, files[0], &out->to, err);
  if (code == TL_OK) code = make_pipe(out, files[1], &out->from, err);
  if (code == TL_OK) {
    fflush(NULL);
    out->process = fork();
    if (out->process == 0) become(out, path, info);
    if (out->process < 0) {
      out->process = 0;
      code = tl_fail(err, TL_E_IO, NULL, "%s: %s", qemu, strerror(errno));
    }
  }
  free(path);
  return code;
}

/* --- transfer --- */
/* The end of what the emulator printed, in one line. */
static void last_words(char out[WORDS_BYTES], const emulator *e)
{
  char path[PATH_BYTES];
  path_of(path, e, files[2]);
  FILE *file = fopen(path, "rb");
  size_t bytes = 0;
  if (file) {
    if (fseek(file, 1 - WORDS_BYTES, SEEK_END) != 0) rewind(file);
    bytes = fread(out, 1, WORDS_BYTES - 1, file);
    fclose(file);
  }
  while (bytes > 0 && (out[bytes - 1] == '\n' || out[bytes - 1] == ' ')) bytes--;
  out[bytes] = '\0';
  for (char *c = out; *c; c++)
    if ((unsigned char)*c < ' ') *c = ' ';
}

/* True when the process is gone; err then says how. */
static bool has_ended(emulator *e, tl_error *err)
{
  int status = 0;
  char words[WORDS_BYTES];
  if (e->process > 0 && waitpid(e->process, &status, WNOHANG) != e->process) return false;
  e->process = 0;
  last_words(words, e);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
    tl_fail(err, TL_E_IO, NULL, "the emulator cannot be started: %s", words);
    tl_fail_hint(err, "tools/setup.sh test installs qemu-system-arm; --qemu names another");
  } else
    tl_fail(err, TL_E_IO, NULL, "the firmware ended (%s %d) before it answered%s%s",
            WIFEXITED(status) ? "status" : "signal",
            WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status), words[0] ? ": " : "",
            words);
  return true;
}

/* One attempt to move bytes from or to `at`: how many, 0 when the pipe is not ready, -1 on an error. */
static int64_t move(const emulator *e, bool reads, uintptr_t at, size_t bytes)
{
  const int64_t moved =
      reads ? read(e->from, (void *)at, bytes) : write(e->to, (const void *)at, bytes);
  if (moved >= 0) return moved;
  return errno == EAGAIN || errno == EINTR ? 0 : -1;
}

static tl_code transfer(emulator *e, bool reads, uintptr_t at, size_t bytes, tl_error *err)
{
  struct pollfd ready = {.fd = reads ? e->from : e->to, .events = reads ? POLLIN : POLLOUT};
  for (int silence_ms = 0; bytes > 0;) {
    const int64_t moved = move(e, reads, at, bytes);
    if (moved < 0)
      return tl_fail(err, TL_E_IO, NULL, "the pipe to the firmware broke: %s", strerror(errno));
    at += (size_t)moved;
    bytes -= (size_t)moved;
    if (moved > 0) silence_ms = 0;
    if (moved > 0 || poll(&ready, 1, POLL_MS) > 0) continue;
    if (has_ended(e, err)) return TL_E_IO;
    silence_ms += POLL_MS;
    if (silence_ms >= SILENCE_MAX_MS)
      return tl_fail(err, TL_E_IO, NULL, "the firmware has not answered for %d s",
                     SILENCE_MAX_MS / 1000);
  }
  return TL_OK;
}

tl_code emulator_send(emulator *e, const void *from, size_t bytes, tl_error *err)
{
  return transfer(e, false, (uintptr_t)from, bytes, err);
}

tl_code emulator_receive(emulator *e, void *out, size_t bytes, tl_error *err)
{
  return transfer(e, true, (uintptr_t)out, bytes, err);
}

/* --- stop --- */
static void end_process(emulator *e)
{
  if (e->process <= 0) return;
  for (int waited_ms = 0; waited_ms < STOP_MAX_MS; waited_ms += 10) {
    if (waitpid(e->process, NULL, WNOHANG) == e->process) return;
    if (waited_ms == 500) kill(e->process, SIGTERM); /* a UART has no end of file */
    usleep(10000);
  }
  kill(e->process, SIGKILL);
  waitpid(e->process, NULL, 0);
}

void emulator_stop(emulator *e)
{
  if (e->to >= 0) close(e->to);
  if (e->from >= 0) close(e->from);
  e->to = e->from = -1;
  end_process(e);
  e->process = 0;
  for (size_t i = 0; e->folder[0] && i < sizeof files / sizeof *files; i++) {
    char path[PATH_BYTES];
    path_of(path, e, files[i]);
    unlink(path);
  }
  if (e->folder[0]) rmdir(e->folder);
  e->folder[0] = '\0';
}
