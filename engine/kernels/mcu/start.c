/* start.c: vectors and reset of any Armv7-M or Armv8-M core; addresses come from the linker
 * script. */
#include "kernels/mcu/machine.h"

#include <string.h>

_Noreturn void tl_reset(void);
extern uint8_t tl_link_stack_bottom[], tl_link_stack_top[];
extern uint8_t tl_link_data_from[], tl_link_data_begin[], tl_link_data_end[];
extern uint8_t tl_link_bss_begin[], tl_link_bss_end[];
extern uint8_t tl_link_free_begin[], tl_link_free_end[];
extern uint8_t tl_link_pool_begin[], tl_link_pool_end[];

enum { STACK_PAINT = 0xA5 };

/* Bytes from one place of the linker script to another; for the compiler they are objects apart. */
static size_t between(const volatile void *begin, const volatile void *end)
{
  return (size_t)((uintptr_t)end - (uintptr_t)begin);
}

static volatile uint32_t *reg(uintptr_t address) { return (volatile uint32_t *)address; }

/* Everything below the stack pointer; inlined, so that nothing of ours lies there. */
__attribute__((always_inline)) static inline void paint_stack(void)
{
  volatile uint8_t *end;
  __asm volatile("mov %0, sp" : "=r"(end));
  for (volatile uint8_t *at = tl_link_stack_bottom; at < end; at++) *at = STACK_PAINT;
}

__attribute__((noinline, noreturn)) static void start(void)
{
  paint_stack();
  memcpy(tl_link_data_begin, tl_link_data_from, between(tl_link_data_begin, tl_link_data_end));
  memset(tl_link_bss_begin, 0, between(tl_link_bss_begin, tl_link_bss_end));
  tl_clock_start();
  tl_host_exit(main());
}

/* Floating point (and MVE) must be on before the first function that may use it. */
_Noreturn void tl_reset(void)
{
  *reg(0xE000ED88u) |= 0xFu << 20; /* CPACR: full access to CP10 and CP11 */
  __asm volatile("dsb\n isb" ::: "memory");
  start();
}

static void print_hex(uint32_t value)
{
  char text[12] = "0x";
  for (int i = 0; i < 8; i++) text[2 + i] = "0123456789abcdef"[value >> (28 - 4 * i) & 15];
  text[10] = '\0';
  tl_host_print(text);
}

/* frame: r0 r1 r2 r3 r12 lr pc psr, as the core stacked them. */
__attribute__((used, noreturn)) static void report_fault(const uint32_t *frame)
{
  tl_host_print("fault at ");
  print_hex(frame[6]);
  tl_host_print(" called from ");
  print_hex(frame[5]);
  tl_host_print(", CFSR ");
  print_hex(*reg(0xE000ED28u));
  tl_host_print("\n");
  tl_host_exit(120);
}

__attribute__((naked)) static void fault(void)
{
  __asm volatile("mrs r0, msp\n b %c0" ::"i"(report_fault));
}

typedef struct tl_vectors {
  uint8_t *stack_top;
  void (*handler[15])(void);
} tl_vectors;

__attribute__((section(".vectors"), used)) static const tl_vectors vectors = {
    tl_link_stack_top,
    {tl_reset, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault,
     fault, fault}};

tl_memory tl_machine_free(void) { return (tl_memory){tl_link_free_begin, tl_link_free_end}; }

tl_memory tl_machine_pool(void) { return (tl_memory){tl_link_pool_begin, tl_link_pool_end}; }

void *tl_memory_take(tl_memory *memory, size_t bytes)
{
  const size_t skip = (16 - (uintptr_t)memory->at % 16) % 16;
  const size_t left = (size_t)(memory->end - memory->at);
  if (left < skip || left - skip < bytes) return NULL;
  uint8_t *taken = memory->at + skip;
  memory->at = taken + bytes;
  return taken;
}

size_t tl_machine_stack_used(void)
{
  const volatile uint8_t *at = tl_link_stack_bottom;
  while (between(at, tl_link_stack_top) > 0 && *at == STACK_PAINT) at++;
  return between(at, tl_link_stack_top);
}

size_t tl_machine_stack_bytes(void) { return between(tl_link_stack_bottom, tl_link_stack_top); }

void tl_clock_start(void)
{
  *reg(0xE000E014u) = 0xFFFFFFu; /* SYST_RVR */
  *reg(0xE000E018u) = 0;         /* SYST_CVR */
  *reg(0xE000E010u) = 5;         /* SYST_CSR: on, core clock, no interrupt */
}

uint32_t tl_clock_now(void) { return 0xFFFFFFu - *reg(0xE000E018u); }
