/* twinloop.h: all of libtwinloop in one include.
 *
 *   #include <twinloop/twinloop.h>    cc twin.c $(pkg-config --cflags --libs twinloop)
 *
 * A program that loads, runs and judges scenarios starts at script/scenario.h, one that builds worlds in C at
 * sim/world.h, and a twin of your own at sim/twin.h (docs/add-a-twin.md).
 * Owns, threads: as each header says. */
#ifndef TWINLOOP_TWINLOOP_H
#define TWINLOOP_TWINLOOP_H
#include "base/arena.h"
#include "base/cpu.h"
#include "base/dmath.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/rng.h"
#include "base/text.h"
#include "base/units.h"
#include "edge/board.h"
#include "edge/coulomb.h"
#include "edge/personality.h"
#include "fidelity/calibrate/calibrate.h"
#include "fidelity/metrics.h"
#include "fidelity/pair.h"
#include "fidelity/score.h"
#include "judge/judge.h"
#include "judge/threshold.h"
#include "kernels/batch.h"
#include "kernels/features/frontend.h"
#include "kernels/model.h"
#include "kernels/survey.h"
#include "report/report.h"
#include "script/fit/fit.h"
#include "script/map.h"
#include "script/message.h"
#include "script/scenario.h"
#include "sim/loop.h"
#include "sim/twin.h"
#include "sim/world.h"
#include "state/column.h"
#include "telemetry/compare.h"
#include "telemetry/export.h"
#include "telemetry/import.h"
#include "telemetry/recorder.h"
#include "telemetry/recording.h"
#include "telemetry/schema.h"
#include "twins/registry.h"

/* Version of the library that the program runs with, e.g. "0.1.0". */
TL_API const char *tl_version(void);
#endif
