/* memory_file.h: bytes as a file with a path, in memory. (HDF5 resolves its path, so that a memfd does not do.) */
#ifndef TL_TESTS_FUZZ_MEMORY_FILE_H
#define TL_TESTS_FUZZ_MEMORY_FILE_H
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct memory_file {
  char path[64];
} memory_file;

static inline memory_file memory_file_of(const char *name, const uint8_t *bytes, size_t count)
{
  memory_file file;
  snprintf(file.path, sizeof file.path, "/dev/shm/tl-fuzz-%d-%s", (int)getpid(), name);
  const int fd = open(file.path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0 || (count > 0 && write(fd, bytes, count) != (ssize_t)count)) abort();
  close(fd);
  return file;
}

static inline void memory_file_remove(const memory_file *file) { unlink(file->path); }
#endif
