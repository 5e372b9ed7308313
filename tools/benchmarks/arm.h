/* arm.h: `tools/bench arm`: steps a second of arms with six joints, beside MuJoCo on the same model. */
#ifndef TL_BENCHMARKS_ARM_H
#define TL_BENCHMARKS_ARM_H

#include "base/error.h"
#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct arm_options {
  const char *root; /* of the sources: scenario, and the peer's environment under it */
  const char *path; /* one path's name; NULL: every one that the CPU has */
  uint32_t devices, rounds;
  bool peers;
} arm_options;

/* Appends a row for each path and for 1 and 10 steps a tick, and prints it to standard error. With peers, each round
 * is followed by one of MuJoCo's, and both must agree on where an arm is after 200 steps.
 * errors  whatever scenario and engine said; TL_E_IO: the peer does not answer; TL_E_FORMAT: it disagrees */
tl_code arm_measure(tl_text *json, const arm_options *options, tl_error *err);

#endif
