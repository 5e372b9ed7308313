/* threshold.h: what must hold, as data: `["comfort.error p95"] = "< 1.0 K"`.
 *
 * Why: thresholds are the verdict, so they are parsed and checked before anything runs: check,
 * plan, report and viewer see them, and a wrong unit is an error at load, never a wrong verdict.
 * Grammar: key = METRIC [CHANNEL] [STATISTIC]; text = OPERATOR NUMBER [UNIT].
 *   METRIC     a row of quantities.def ("comfort.error"), or any fleet column ("box_K"); a fleet's
 *                name and a dot may stand in front ("hvac.comfort.error p95", "hvac.box_K max");
 *                without it all fleets count
 *   CHANNEL    for fidelity.* only: "fidelity.rmse box_K"
 *   STATISTIC  mean p50 p90 p95 p99 max min count; none = every sample must hold
 *   OPERATOR   < <= > >= == within;  "within 0.1 K" holds when the magnitude is at most 0.1 K
 *   UNIT       of base/units.def; "== 0" and "<= 0" need none. "%" on detect.missed and
 *                detect.found asks for the share of faults instead of their number
 * Owns: nothing; device lists are the caller's. Threads: every function is pure but for its
 * arguments. */
#ifndef TL_JUDGE_THRESHOLD_H
#define TL_JUDGE_THRESHOLD_H
#include "base/units.h"
#include "sim/world.h"

#include <math.h>

typedef enum tl_statistic {
  TL_STAT_NONE, /* none written */
  TL_STAT_MEAN,
  TL_STAT_P50,
  TL_STAT_P90,
  TL_STAT_P95,
  TL_STAT_P99,
  TL_STAT_MAX,
  TL_STAT_MIN,
  TL_STAT_COUNT,
  TL_STATISTIC_COUNT
} tl_statistic;
typedef enum tl_operator {
  TL_OP_LESS, /* < */
  TL_OP_AT_MOST,
  TL_OP_MORE,
  TL_OP_AT_LEAST,
  TL_OP_EQUAL,
  TL_OP_WITHIN,
  TL_OPERATOR_COUNT
} tl_operator;

enum { TL_THRESHOLD_NAME_BYTES = 160, TL_THRESHOLD_TEXT_BYTES = 64 };

typedef enum tl_quantity_id {
#define QUANTITY(id, ...) TL_QUANTITY_##id,
#include "judge/quantities.def"
#undef QUANTITY
  TL_QUANTITY_COUNT /* also: none of them, a column */
} tl_quantity_id;

typedef struct tl_threshold {
  char name[TL_THRESHOLD_NAME_BYTES];   /* the key as written: "comfort.error p95" */
  char text[TL_THRESHOLD_TEXT_BYTES];   /* the limit as written: "< 1.0 K" */
  tl_quantity_id quantity;              /* TL_QUANTITY_COUNT: metric names a column */
  char fleet[TL_NAME_BYTES];            /* in front of a quantity: "hvac"; "" = all */
  char metric[TL_THRESHOLD_NAME_BYTES]; /* "comfort.error", "fidelity.rmse"; "hvac.box_K" */
  char channel[TL_NAME_BYTES];          /* "box_K" of "fidelity.rmse box_K", "" for none */
  tl_statistic statistic;
  tl_operator op;
  double limit; /* in `unit` */
  tl_unit unit; /* "1" when none was written */
  bool unit_written;
  /* options; the parser sets the defaults, the caller changes what differs */
  tl_fleet_id of_fleet; /* fleet of the selection; {0}: no selection */
  const uint32_t *of;   /* devices of of_fleet, ascending, no repeats; tl_judge_create copies */
  uint32_t of_count;
  int64_t after_ns; /* samples, faults and alarms before this do not count (warm-up); 0 */
  double band;      /* comfort.violation: largest allowed error, in the column's unit; 1 */
  bool abort;       /* stop the run at the first window end where it does not hold */
  char where[160];  /* "hvac.lua:17", "" when unknown */
} tl_threshold;

/* Parses one threshold and checks what needs no world: grammar, metric, statistic, unit of a known
 * quantity.
 * errors  TL_E_ARG: grammar, statistic without sense, an upper limit alone on a signed metric;
 *         TL_E_NAME: unknown metric such as "comfort.eror" (hint: nearest), unknown statistic;
 *         TL_E_UNIT: unknown unit, or a unit of another dimension than the metric's */
TL_API tl_code tl_threshold_parse(tl_threshold *out, const char *key, const char *text,
                                  const char *where, tl_error *err);
/* Does an observed value (in the threshold's unit) hold? NaN never holds. */
TL_API bool tl_threshold_holds(const tl_threshold *threshold, double observed);
/* Distance to the limit in the threshold's unit, positive when held: "< 1.0 K" observed 0.4 gives
 * 0.6; "== 0" observed 3 gives -3; within 0.1 observed -0.04 gives 0.06. */
TL_API double tl_threshold_margin(const tl_threshold *threshold, double observed);

TL_API const char *tl_statistic_name(tl_statistic statistic); /* "p95", "" for none */
TL_API bool tl_statistic_find(tl_statistic *out, const char *name);
TL_API const char *tl_operator_name(tl_operator op); /* "<=" */

/* Rows of quantities.def: the metrics that are not columns, for help, docs and completion. */
typedef struct tl_quantity {
  const char *name; /* "detect.delay" */
  const char
      *unit;      /* unit it is measured in; "column": that of the column or channel it looks at */
  bool is_signed; /* an upper limit alone can't mean what it says */
  const char *meaning; /* one phrase */
} tl_quantity;
TL_API uint32_t tl_quantity_count(void);
TL_API const tl_quantity *tl_quantity_at(uint32_t index);
TL_API const tl_quantity *tl_quantity_find(const char *name); /* NULL when there is none */
#endif
