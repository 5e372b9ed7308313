/* emulator.h: QEMU with a firmware in it, and two pipes to talk to it.
 *
 * Why: the pipes are the files (semihosting) or the serial port (UART) of the firmware; whoever reads never waits for
 * ever, because a firmware that crashed or an emulator that is not there must end as a message.
 * Owns: the process and a temporary folder until emulator_stop. Threads: one. */
#ifndef TL_VERIFY_EMULATOR_H
#define TL_VERIFY_EMULATOR_H
#include "tools/verify/elf.h"

#include <sys/types.h>

typedef struct emulator {
  pid_t process; /* 0: none */
  int to, from;  /* ends of the pipes; -1: closed */
  char folder[256];
  const char *qemu;
} emulator;

/* qemu: program to run, e.g. "qemu-system-arm"; must outlive it.
 * errors  TL_E_IO: no temporary folder or pipe. A program that cannot be started shows at the first transfer. */
tl_code emulator_start(emulator *out, const char *qemu, const char *elf, const elf_info *info,
                       tl_error *err);
/* errors  TL_E_IO: the firmware or the emulator ended, with its last words; or nothing moved for a minute */
tl_code emulator_send(emulator *e, const void *from, size_t bytes, tl_error *err);
tl_code emulator_receive(emulator *e, void *out, size_t bytes, tl_error *err);
void emulator_stop(emulator *e);
#endif
