/* pair.h: a table with a recorded and a simulated column side by side, and its metrics.
 *
 * Why: whatever made the two columns, they can be judged: one CSV file in, figures out, the same
 * names and parameters as in golden tables.
 * Owns: a tl_pair owns its columns until tl_pair_free. Threads: calls on different pairs may run at
 * once. */
#ifndef TL_FIDELITY_PAIR_H
#define TL_FIDELITY_PAIR_H
#include "base/text.h"
#include "fidelity/metrics.h"

#define TL_PAIR_SCHEMA "twinloop.pair/1"
#define TL_PAIR_MEMBERS_MAX 4096u

/* Which columns of the file. */
typedef struct tl_pair_def {
  const char *path;
  const char *time;    /* [s]; NULL: rows are 1 s apart */
  const char *ref;     /* recorded; NULL: "ref" */
  const char *sim;     /* simulated; NULL: "sim", and none for an ensemble */
  const char *members; /* "m1..m8", or names with commas between; NULL: no ensemble */
  const char *unit;    /* of the values, a name of base/units.def; NULL: unknown ("1") */
} tl_pair_def;

typedef struct tl_pair {
  tl_metric_series series;         /* points into memory_ */
  size_t missing_ref, missing_sim; /* cells that are blank, NA or no finite number */
  size_t missing_members;
  void *memory_; /* private */
} tl_pair;
/* errors  those of tl_csv_open; TL_E_COLUMN: no such column (hint: nearest); TL_E_FORMAT: text where a
 *         number is expected, time that is missing or goes back, each with file:line; TL_E_SAMPLES:
 *         no rows; TL_E_USAGE: a list of members that is none; TL_E_UNIT */
TL_API tl_code tl_pair_read(tl_pair *out, const tl_pair_def *def, tl_error *err);
/* The same over bytes in memory; def->path stands for the file in messages. */
TL_API tl_code tl_pair_read_bytes(tl_pair *out, const tl_pair_def *def, const char *bytes,
                                  size_t byte_count, tl_error *err);
TL_API void tl_pair_free(tl_pair *pair);

/* tl_metric_choose with what the pair has. */
TL_API tl_code tl_pair_choose(bool wanted[TL_METRIC_ALL_COUNT], const char *list,
                              const tl_pair *pair, tl_error *err);
/* {"schema", "file", "rows", "used", ..., "parameters": {...}, "metrics": {name: {value, unit,
 * status[, reason]}}}; value is null unless status is ok. Ends in a newline. */
TL_API void tl_pair_write_json(tl_text *out, const char *path, const tl_pair *pair,
                               const bool wanted[TL_METRIC_ALL_COUNT],
                               const tl_metric_parameters *parameters,
                               const tl_metric_value value[TL_METRIC_ALL_COUNT]);
/* A line a metric: name, value, unit, why not. */
TL_API void tl_pair_write_table(tl_text *out, const bool wanted[TL_METRIC_ALL_COUNT],
                                const tl_metric_value value[TL_METRIC_ALL_COUNT]);
#endif
