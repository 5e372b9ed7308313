/* host.c: the host's files and exit by semihosting: r0 the operation, r1 its arguments, bkpt 0xab. */
#include "kernels/mcu/machine.h"

#include <string.h>

enum {
  SYS_OPEN = 0x01,
  SYS_CLOSE = 0x02,
  SYS_WRITE0 = 0x04,
  SYS_WRITE = 0x05,
  SYS_READ = 0x06,
  SYS_SEEK = 0x0A,
  SYS_FLEN = 0x0C,
  SYS_GET_CMDLINE = 0x15,
  SYS_EXIT_EXTENDED = 0x20,
  ADP_APPLICATION_EXIT = 0x20026
};

static int32_t call(uint32_t operation, const void *arguments)
{
  register uint32_t r0 __asm("r0") = operation;
  register const void *r1 __asm("r1") = arguments;
  __asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return (int32_t)r0;
}

int32_t tl_host_open(const char *path, uint32_t mode)
{
  const uintptr_t arguments[3] = {(uintptr_t)path, mode, strlen(path)};
  return call(SYS_OPEN, arguments);
}

void tl_host_close(int32_t handle)
{
  const uintptr_t arguments[1] = {(uintptr_t)handle};
  (void)call(SYS_CLOSE, arguments);
}

int32_t tl_host_length(int32_t handle)
{
  const uintptr_t arguments[1] = {(uintptr_t)handle};
  return call(SYS_FLEN, arguments);
}

bool tl_host_seek(int32_t handle, uint32_t at)
{
  const uintptr_t arguments[2] = {(uintptr_t)handle, at};
  return call(SYS_SEEK, arguments) == 0;
}

/* Both answer with the bytes that are still missing. */
static bool transfer(uint32_t operation, int32_t handle, uintptr_t at, size_t bytes)
{
  while (bytes > 0) {
    const uintptr_t arguments[3] = {(uintptr_t)handle, at, bytes};
    const int32_t missing = call(operation, arguments);
    if (missing < 0 || (size_t)missing >= bytes) return false; /* end of file, or an error */
    at += bytes - (size_t)missing;
    bytes = (size_t)missing;
  }
  return true;
}

bool tl_host_read(int32_t handle, void *out, size_t bytes)
{
  return transfer(SYS_READ, handle, (uintptr_t)out, bytes);
}

bool tl_host_write(int32_t handle, const void *from, size_t bytes)
{
  return transfer(SYS_WRITE, handle, (uintptr_t)from, bytes);
}

const char *tl_host_arguments(char *text, size_t text_bytes)
{
  const uintptr_t arguments[2] = {(uintptr_t)text, text_bytes};
  text[0] = '\0';
  if (call(SYS_GET_CMDLINE, arguments) != 0) text[0] = '\0';
  text[text_bytes - 1] = '\0';
  while (*text != '\0' && *text != ' ') text++;
  while (*text == ' ') text++;
  return text;
}

void tl_host_print(const char *text) { (void)call(SYS_WRITE0, text); }

_Noreturn void tl_host_exit(int32_t status)
{
  const uintptr_t arguments[2] = {ADP_APPLICATION_EXIT, (uintptr_t)status};
  for (;;) (void)call(SYS_EXIT_EXTENDED, arguments);
}
