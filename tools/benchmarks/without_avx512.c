/* without_avx512.c: a processor without AVX-512, for libraries whose CPUID instructions were replaced by
 * UD2 (peers_avx2.py): preloaded, it answers those with what CPUID says less AVX-512 and VNNI. So that
 * peers can be measured as they run on an AVX2 machine, on one that has more. */
#define _GNU_SOURCE
#include <cpuid.h>
#include <signal.h>
#include <stddef.h>
#include <ucontext.h>

static void hide(unsigned leaf, unsigned subleaf, unsigned reg[4])
{
  if (leaf != 7) return;
  if (subleaf == 0) {
    reg[1] &=
        ~(1u << 16 | 1u << 17 | 1u << 21 | 1u << 26 | 1u << 27 | 1u << 28 | 1u << 30 | 1u << 31);
    reg[2] &= ~(1u << 1 | 1u << 6 | 1u << 11 | 1u << 12 | 1u << 14);
    reg[3] &= ~(1u << 2 | 1u << 3 | 1u << 8 | 1u << 22 | 1u << 23 | 1u << 24 | 1u << 25);
  } else if (subleaf == 1) {
    reg[0] &= ~(1u << 4 | 1u << 5 | 1u << 21 | 1u << 23);
    reg[3] &= ~(1u << 4 | 1u << 5 | 1u << 10);
  }
}

static void answer(int number, siginfo_t *info, void *context)
{
  greg_t *const r = ((ucontext_t *)context)->uc_mcontext.gregs;
  const unsigned char *const at = (const unsigned char *)r[REG_RIP];
  (void)info;
  if (at[0] != 0x0F || at[1] != 0x0B) { /* not ours */
    signal(number, SIG_DFL);            /* comes again, and ends the program */
    return;
  }
  unsigned reg[4];
  const unsigned leaf = (unsigned)r[REG_RAX], subleaf = (unsigned)r[REG_RCX];
  __cpuid_count(leaf, subleaf, reg[0], reg[1], reg[2], reg[3]);
  hide(leaf, subleaf, reg);
  r[REG_RAX] = reg[0];
  r[REG_RBX] = reg[1];
  r[REG_RCX] = reg[2];
  r[REG_RDX] = reg[3];
  r[REG_RIP] += 2;
}

__attribute__((constructor)) static void start(void)
{
  struct sigaction action = {0};
  action.sa_sigaction = answer;
  action.sa_flags = SA_SIGINFO | SA_NODEFER;
  sigaction(SIGILL, &action, NULL);
}
