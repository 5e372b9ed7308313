/* import.h: any logger's CSV, HDF5 or uSD log into a recording, by a declared map and with nothing guessed.
 *
 * Why: a score is worth what its recording is worth. So the map names every column, unit and range; a value that
 * breaks them is refused with file, row and column; gaps stay gaps (no row is invented); repeated and falling
 * stamps need a declared policy; and the report says what was found.
 * Owns: a tl_import_report owns its lists until tl_import_report_free. Threads: as recording.h. */
#ifndef TL_TELEMETRY_IMPORT_H
#define TL_TELEMETRY_IMPORT_H
#include "base/text.h"
#include "telemetry/schema.h"
#include "telemetry/timeparse.h"

#include <stdio.h>

enum {
  TL_IMPORT_CHANNELS_MAX = 96,
  TL_IMPORT_MEAN_MAX = 8, /* columns that one channel may average */
  TL_IMPORT_MISSING_MAX = 8,
  TL_IMPORT_GAPS_LISTED = 20
};

typedef enum tl_import_format {
  TL_IMPORT_AUTO,
  TL_IMPORT_CSV,
  TL_IMPORT_HDF5,
  TL_IMPORT_USDLOG
} tl_import_format;
typedef enum tl_import_duplicates {
  TL_DUPLICATES_REFUSE,
  TL_DUPLICATES_FIRST,
  TL_DUPLICATES_LAST
} tl_import_duplicates;
typedef enum tl_import_backwards {
  TL_BACKWARDS_REFUSE,
  TL_BACKWARDS_DROP,
  TL_BACKWARDS_SORT
} tl_import_backwards;

/* A column of the source: by number (1 = first), else by name. */
typedef struct tl_import_ref {
  char name[TL_SIGNAL_NAME_BYTES];
  uint32_t number; /* 0 = by name */
} tl_import_ref;

typedef struct tl_import_channel {
  char name[TL_SIGNAL_NAME_BYTES]; /* in the recording */
  tl_import_ref from[TL_IMPORT_MEAN_MAX];
  uint32_t from_count;  /* above 1: the mean, taken from left to right; missing if any is */
  double scale, offset; /* first value * scale + offset: a PWM of 0..255 is a ratio with 1/255 */
  char unit[TL_SIGNAL_UNIT_BYTES];       /* of that; "bool" also reads TRUE and FALSE in any case */
  char store_unit[TL_SIGNAL_UNIT_BYTES]; /* unit in the recording; "" = unit */
  double low, high;  /* allowed, inclusive, in `unit`; -inf/inf = anything finite */
  double resolution; /* of the sensor, in `unit`; 0 = not known */
  tl_role role;
} tl_import_channel;

/* How the logger's clock is put right: time + offset + rate * (time - first time). With a reference (a column of a
 * better clock's times) both are measured by least squares. */
typedef struct tl_import_clock {
  bool given;
  double offset_s, rate;   /* rate: seconds lost a second; 20e-6 for a clock that is 20 ppm slow */
  tl_import_ref reference; /* none: offset and rate are as declared */
  tl_time_unit unit;       /* of the reference; not iso */
} tl_import_clock;

/* The map. Start from tl_import_map_default(). */
typedef struct tl_import_map {
  char path[192];                   /* of the map file, for messages; may be "" */
  tl_import_format format;          /* AUTO: by the file's first bytes */
  char fleet[TL_SIGNAL_NAME_BYTES]; /* in the recording */
  uint32_t device;                  /* its index there */
  char label[128];
  /* CSV */
  char delimiter; /* 0 = auto */
  char comment;   /* 0 = none */
  bool header;
  uint32_t skip_lines, skip_rows; /* before and after the header */
  uint32_t
      from_occurrence; /* rows begin where column `from` holds from_equals for the n-th time; 0 = at once */
  tl_import_ref from;
  char from_equals[64];
  char missing[TL_IMPORT_MISSING_MAX][32]; /* texts that mean "no value", besides "", nan and NA */
  uint32_t missing_count;
  /* HDF5: a group (a dataset per column), a compound table, or a matrix with its names in attribute `columns`;
   * uSD log: the event's name */
  char object[192];
  /* time */
  int64_t period_ns; /* above 0: no time column, row k is at k * period */
  tl_import_ref time;
  tl_time_unit time_unit;
  bool restart; /* the first kept row is at 0; calendar and unix times always are */
  tl_import_duplicates duplicates;
  tl_import_backwards backwards;
  bool
      has_lateness; /* backwards = sort: rows more than lateness_ns behind the newest are dropped */
  int64_t lateness_ns; /* >= 0 */
  tl_import_clock clock;
  uint32_t channel_count;
  tl_import_channel channels[TL_IMPORT_CHANNELS_MAX];
  uint32_t cookie_;
} tl_import_map;
TL_API tl_import_map tl_import_map_default(void);
TL_API tl_import_channel tl_import_channel_default(void);
/* errors  TL_E_ARG, TL_E_UNIT: what is missing or contradicts, with the map's path */
TL_API tl_code tl_import_map_check(const tl_import_map *map, tl_error *err);

typedef struct tl_import_gap {
  int64_t begin_ns, end_ns; /* the stamps on both sides, as stored */
  uint64_t row;             /* line (CSV) or row, from 1, of the far side */
} tl_import_gap;

typedef struct tl_import_channel_report {
  char name[TL_SIGNAL_NAME_BYTES], unit[TL_SIGNAL_UNIT_BYTES];
  uint64_t missing;
  double low, high; /* seen, in the stored unit; NaN when there is no value */
} tl_import_channel_report;

typedef struct tl_import_report {
  char source[192]; /* file name without folder */
  char source_sha256[65];
  uint64_t rows_read, rows_kept;
  uint64_t duplicates;   /* rows whose stamp was there before */
  uint64_t steps_back;   /* times the clock fell */
  uint64_t rows_dropped; /* by the policies, all of them */
  uint64_t reordered;    /* rows put back to their place by sorting */
  uint64_t late; /* of the dropped: behind the newest by more than the lateness allowed, or, under
                               the policy drop, at all */
  bool clock_corrected;
  double clock_offset_s, clock_rate; /* what was added; declared or measured */
  double clock_residual_s;  /* root mean square of the reference about its line; NaN: declared */
  uint64_t clock_rows;      /* rows that the line was measured on */
  int64_t begin_ns, end_ns; /* of the kept rows */
  int64_t epoch_ns;         /* Unix time of begin when the source has calendar times, else 0 */
  double period_s_median, period_s_min, period_s_max; /* NaN below two rows */
  uint64_t gap_count;                                 /* intervals above 1.5 medians */
  bool has_lines; /* a text file: gaps lie before lines, else before rows */
  uint32_t gaps_listed;
  tl_import_gap gaps[TL_IMPORT_GAPS_LISTED]; /* the first ones */
  uint32_t channel_count;
  tl_import_channel_report *channels;
} tl_import_report;
TL_API void tl_import_report_free(tl_import_report *report);
/* For people, a few lines; and as one JSON object without a newline, schema twinloop.import/1. */
TL_API void tl_import_report_text(const tl_import_report *report, FILE *out);
TL_API void tl_import_report_json(const tl_import_report *report, tl_text *out);

/* Imports `path` by the map into the recording `out_path` (atomic: all or nothing). report may be NULL.
 * errors  TL_E_IO, TL_E_FORMAT: the file; TL_E_COLUMN: no such column; TL_E_RANGE: "exp2.csv:118: column t2: 412 degC
 *         is above the map's high 100 degC"; TL_E_ARG, TL_E_UNIT: the map */
TL_API tl_code tl_import(const char *path, const tl_import_map *map, const char *out_path,
                         tl_import_report *report, tl_error *err);
#endif
