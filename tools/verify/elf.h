/* elf.h: what a firmware's ELF says of itself: sizes by section, and the lines that tools/firmware put into it.
 *
 * Why: sizes and the way to start it must be known without a toolchain. The file is hostile until proved otherwise.
 * Owns: nothing. Threads: pure. */
#ifndef TL_VERIFY_ELF_H
#define TL_VERIFY_ELF_H
#include "base/error.h"

#include <stdint.h>

enum { ELF_WORD_BYTES = 64 };

typedef struct elf_info {
  uint64_t flash_bytes; /* code, constants (the model too) and the initial values of data */
  uint64_t data_bytes, bss_bytes, stack_bytes;
  char core[ELF_WORD_BYTES];        /* "m4" */
  char machine[ELF_WORD_BYTES];     /* QEMU's: "mps2-an386" */
  char link[ELF_WORD_BYTES];        /* "semihosting", "uart" */
  char controller[ELF_WORD_BYTES];  /* "hysteresis", "pid", or a file's name */
  char personality[ELF_WORD_BYTES]; /* "tflm", "single" */
  uint32_t clock_Hz;                /* of the emulated SysTick */
} elf_info;

/* errors  TL_E_IO; TL_E_FORMAT: no 32-bit Arm ELF, damaged, or not made by tools/firmware */
tl_code elf_read(elf_info *out, const char *path, tl_error *err);
/* The same of bytes in memory; path stands in messages. */
tl_code elf_parse(elf_info *out, const uint8_t *data, uint64_t bytes, const char *path,
                  tl_error *err);
#endif
