/* calibrate.h: what a calibration costs, beside the same simulation in plain C, round by round.
 * Owns: nothing. Threads: one; everything is measured on one core. */
#ifndef TL_BENCHMARKS_CALIBRATE_H
#define TL_BENCHMARKS_CALIBRATE_H
#include "base/cpu.h"
#include "base/text.h"

/* Appends one JSON object to json, prints a table to stderr. errors  those of tl_calibrate */
tl_code calibrate_measure(tl_text *json, uint32_t rounds, tl_simd_path path, tl_error *err);
#endif
