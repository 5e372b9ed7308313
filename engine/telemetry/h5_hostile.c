/* What HDF5 1.10 does not check by itself: heaps that loop, files that crash it. */
#include "telemetry/h5.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PROBE_CPU_S = 60 };

tl_code tl_h5_probe(const char *path, void (*read)(void *context), void *context, tl_error *err)
{
  int status = 0;
  const pid_t child = fork();
  if (child < 0)
    return tl_fail(err, TL_E_IO, NULL, "%s: no process to look at it first: %s", path,
                   strerror(errno));
  if (child == 0) { /* it uses HDF5 and the heap only: no threads, no OpenMP */
    const struct rlimit no_core = {0, 0}, cpu = {PROBE_CPU_S, PROBE_CPU_S};
    const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) signal(signals[i], SIG_DFL);
    setrlimit(RLIMIT_CORE, &no_core);
    setrlimit(RLIMIT_CPU, &cpu);
    read(context);
    _exit(0);
  }
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return tl_fail(err, TL_E_IO, NULL, "%s: %s", path, strerror(errno));
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return TL_OK;
  return tl_fail(err, TL_E_FORMAT, NULL, "%s: corrupt: the HDF5 library %s while reading it", path,
                 WIFSIGNALED(status) && (WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL)
                     ? "hangs"
                     : "crashes");
}

static uint64_t little_endian(const uint8_t *bytes, uint8_t count)
{
  uint64_t value = 0;
  for (uint8_t i = 0; i < count; i++) value |= (uint64_t)bytes[i] << (8 * i);
  return value;
}

/* One heap: "GCOL", version, 3 bytes, u64 bytes in all; then objects: u16 index, u16 references, 4 bytes, u64 bytes,
 * data padded to 8. Index 0 is free space, whose size includes its 16 bytes of header. (Sizes of 8 bytes.) */
static bool heap_ends(const uint8_t *heap, uint64_t room)
{
  if (room < 16) return false;
  const uint64_t bytes = little_endian(heap + 8, 8);
  if (bytes < 16 || bytes > room) return false;
  for (uint64_t at = 16; bytes - at >= 16;) {
    const uint64_t index = little_endian(heap + at, 2), size = little_endian(heap + at + 8, 8);
    if (size > bytes - at) return false;
    const uint64_t step = index == 0 ? size : 16 + (size + 7) / 8 * 8;
    if (step < 16 || step > bytes - at) return false;
    at += step;
  }
  return true;
}

tl_code tl_h5_check_heaps(const char *path, tl_error *err)
{
  struct stat status;
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return tl_fail(err, TL_E_IO, NULL, "%s: %s", path, strerror(errno));
  const bool known = fstat(fd, &status) == 0 && status.st_size > 0;
  const size_t bytes = known ? (size_t)status.st_size : 0;
  const uint8_t *file = known ? mmap(NULL, bytes, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
  close(fd);
  if (file == MAP_FAILED) return TL_OK; /* empty, or not to be mapped: opening it will say more */
  tl_code code = TL_OK;
  for (const uint8_t *at = file; code == TL_OK;) {
    at = memmem(at, bytes - (size_t)(at - file), "GCOL", 4);
    if (at == NULL) break;
    if (!heap_ends(at, bytes - (uint64_t)(at - file)))
      code = tl_fail(err, TL_E_FORMAT, NULL, "%s: the heap of texts at byte %llu is corrupt", path,
                     (unsigned long long)(at - file));
    at += 4;
  }
  munmap((void *)(uintptr_t)file, bytes);
  return code;
}
