/* machine.h: what a bare Cortex-M gives a program before main(): memory, a clock, a host.
 *
 * Why: the kernels need nothing but mem*; a program around them needs a little more, and nothing
 * of a C library. The host is reached by semihosting (a breakpoint that the emulator or a debugger
 * answers; Arm "Semihosting for AArch32 and AArch64", release 2.0), the clock is SysTick.
 * Owns: nothing. Threads: one; there are no interrupts. */
#ifndef TL_KERNELS_MCU_MACHINE_H
#define TL_KERNELS_MCU_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The program; its result is the emulator's exit status (0 .. 255). start.c calls it. */
int main(void);

/* --- memory: what the linker script left over; "free" is the fast RAM, "pool" lies outside --- */
typedef struct tl_memory {
  uint8_t *at, *end;
} tl_memory;

tl_memory tl_machine_free(void);
tl_memory tl_machine_pool(void);
/* The next `bytes` of a memory, aligned to 16; NULL when there are not as many. */
void *tl_memory_take(tl_memory *memory, size_t bytes);
/* Deepest use of the stack since reset, and what it may take. */
size_t tl_machine_stack_used(void);
size_t tl_machine_stack_bytes(void);

/* --- clock: SysTick, 24 bits, counted up; differences modulo 2^24 --- */
void tl_clock_start(void);
uint32_t tl_clock_now(void);
static inline uint32_t tl_clock_since(uint32_t then, uint32_t now)
{
  return (now - then) & 0xFFFFFFu;
}

/* --- the host, by semihosting --- */
enum { TL_HOST_READ = 1, TL_HOST_WRITE = 5 /* "rb" and "wb" of fopen */ };
/* A handle, or -1. */
int32_t tl_host_open(const char *path, uint32_t mode);
void tl_host_close(int32_t handle);
/* Bytes of a file, or -1. */
int32_t tl_host_length(int32_t handle);
bool tl_host_seek(int32_t handle, uint32_t at);
/* True when all bytes came or went; a pipe may deliver them in parts. */
bool tl_host_read(int32_t handle, void *out, size_t bytes);
bool tl_host_write(int32_t handle, const void *from, size_t bytes);
/* The words after the program's name on the command line; "" when there are none. */
const char *tl_host_arguments(char *text, size_t text_bytes);
void tl_host_print(const char *text);
_Noreturn void tl_host_exit(int32_t status);

#endif
