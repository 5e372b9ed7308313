/* flip.h: one-bit faults planted on purpose, so that one can see `diff` find them.
 *
 * Why: a bit may vanish before the first digest after it (rounding, a column that the next tick writes anew), so
 * digests alone can't name it; the place, the time and both values are kept, and run.json carries them.
 * Owns: nothing; texts are the caller's. Threads: the main thread, between windows. */
#ifndef TL_CLI_FLIP_H
#define TL_CLI_FLIP_H
#include "sim/world.h"

enum { CLI_FLIPS_MAX = 16 };
typedef struct cli_flip {
  const char *text; /* as given: FLEET:DEVICE:COLUMN:BIT[@TIME] */
  char fleet[TL_NAME_BYTES], column[TL_NAME_BYTES];
  uint32_t device, bit;
  int64_t at_ns; /* flipped at the first window end that is not before it; 0: before the run */
  bool is_done;  /* then also: */
  int64_t planted_ns;
  uint64_t window; /* the one that begins with it */
  double before, after;
  const char *unit;
} cli_flip;
/* errors  TL_E_USAGE */
tl_code cli_flip_parse(cli_flip *out, const char *text, tl_error *err);
/* Before anything runs: is every place there, and every time before the end?
 * errors  TL_E_NAME, TL_E_ARG: no such fleet, device or column; TL_E_USAGE: at or after the end */
tl_code cli_flips_check(const cli_flip *flips, uint32_t count, const tl_world *world,
                        int64_t duration_ns, tl_error *err);
/* Flips every bit that is due; none once the run is at its end, where nothing would follow from it.
 * errors  those of the check; TL_E_ARG: the column has no such bit, or is computed from the others */
tl_code cli_flips_apply(cli_flip *flips, uint32_t count, tl_world *world, int64_t duration_ns,
                        tl_error *err);
#endif
