/* internal.h: the parts of a judge: meters that sample, watches that match alarms with faults.
 *
 * Why: both gather at window ends in parallel and are read block by block in order; one picture of
 * the memory keeps that plain. For this room only.
 * Owns: a tl_judge owns everything below; device lists lie in its pool.
 * Threads: workers write only their block's partial and their own histogram. */
#ifndef TL_JUDGE_INTERNAL_H
#define TL_JUDGE_INTERNAL_H
#include "judge/judge.h"

#define TL_NO_COLUMN UINT32_MAX
#define TL_BINS_MAX 131072u
#define TL_LANES 8u /* sums run in this many lanes, whatever the vector unit is */

/* Devices of one fleet, by block; all of the fleet when devices == NULL. */
typedef struct tl_choice {
  tl_fleet_id fleet; /* {0}: every fleet, all devices */
  const uint32_t *devices;
  uint32_t count;
  const uint32_t *block_begin; /* [blocks + 1] first index into devices */
} tl_choice;

typedef struct tl_bins {
  uint32_t count;    /* 0: none */
  bool logarithmic;  /* by the bits of the value */
  double low, width; /* linear: bin i is centred at low + i * width */
  double per_unit;   /* 1 / width when that is whole: then centres are exact decimals; else 0 */
} tl_bins;

typedef struct tl_heat { /* greatest error of groups of blocks against time */
  const char *unit;
  uint32_t rows;
  uint64_t stride, windows;
  int64_t begin_ns, end_ns;
  float value[TL_HEAT_ROWS * TL_HEAT_COLUMNS]; /* negative: nothing sampled */
} tl_heat;

typedef struct tl_source { /* one fleet of a meter */
  tl_fleet_id fleet;
  uint32_t column, setpoint; /* setpoint: TL_NO_COLUMN for a plain column */
  double *error_max;         /* [device], NULL for a plain column */
  tl_heat *heat;             /* this source feeds it; else NULL */
} tl_source;

typedef struct tl_partial { /* what one block adds at one window's end; one writer */
  double sum, low, high;
  uint64_t count, over;
} tl_partial;

typedef struct tl_track_point {
  int64_t begin_ns, end_ns;
  tl_partial partial;
} tl_track_point;

typedef struct tl_track { /* what was sampled over time, merged as it fills */
  uint32_t count;
  uint64_t stride, in_last; /* windows a point stands for; windows in the last point */
  tl_track_point points[TL_JUDGE_POINTS_MAX];
} tl_track;

typedef struct tl_meter {
  tl_source sources[TL_FLEETS_MAX];
  uint32_t source_count;
  tl_choice choice;
  int64_t after_ns;
  double band; /* samples above it are counted in `over` */
  bool needs_bins;
  tl_bins bins;
  uint64_t *counts; /* [thread][bins.count] */
  tl_partial total;
  tl_track track;
} tl_meter;

typedef struct tl_watch { /* the detector of one fleet */
  tl_fleet_id fleet;
  uint32_t device_count, block_count;
  uint32_t alarms, alarm_s; /* columns */
  uint32_t *seen;           /* [device] onsets looked at */
  uint32_t *episode1;       /* [device] its latest episode + 1 */
  uint32_t *active;         /* [device] faults that have begun and not ended */
  uint32_t *false_alarms;   /* [device] since the start */
  uint32_t *late_alarms;    /* [device] of these: from tl_judge.alarms_from_ns on */
  uint8_t *changed;         /* [block] */
} tl_watch;

typedef struct tl_episode { /* from a device's first fault begin to its last fault end */
  uint32_t watch, device;
  int64_t begin_ns, end_ns, found_ns; /* end INT64_MAX: open; found -1: not found */
} tl_episode;

typedef struct tl_false_alarm {
  int64_t at_ns;
  uint32_t watch, device;
} tl_false_alarm;

typedef struct tl_fault {
  tl_fleet_id fleet;
  uint32_t first, count; /* devices, in the pool of faults */
  bool ended;
} tl_fault;

typedef struct tl_gauge { /* a threshold at work */
  tl_threshold threshold;
  tl_unit native;     /* what it is measured in */
  bool is_difference; /* converts without an offset */
  int32_t meter;      /* -1: none */
  tl_choice choice;
  uint64_t false_alarms; /* of its choice, from its `after` on */
  int64_t breach_ns;     /* since when it has not held, -1 */
  /* set_value */
  bool has_value;
  double value;
  tl_code code;
  char message[320];
} tl_gauge;

typedef struct tl_reading { /* a gauge at one time, in its threshold's unit */
  double observed;
  uint64_t samples;
  double bin;
} tl_reading;

struct tl_judge {
  const tl_world *world;
  tl_judge_def def;
  int64_t start_ns, now_ns;
  int64_t alarms_from_ns; /* earliest `after` of a threshold on false alarms */
  uint32_t thread_count;
  tl_gauge *gauges;
  uint32_t gauge_count;
  tl_meter *meters;
  uint32_t meter_count;
  tl_partial *partials;    /* [meter][block of all fleets] */
  uint32_t partial_stride; /* blocks of all fleets */
  uint32_t first_block[TL_FLEETS_MAX];
  tl_watch *watches;
  uint32_t watch_count;
  double *error_max[TL_FLEETS_MAX];
  const char *error_unit[TL_FLEETS_MAX];
  tl_heat *heat[TL_FLEETS_MAX];
  tl_episode *episodes;
  uint32_t episode_count, episode_room;
  tl_fault *faults;
  uint32_t fault_count, fault_room;
  uint32_t *fault_devices;
  uint32_t fault_device_count, fault_device_room;
  tl_false_alarm *ring; /* the latest false alarms */
  uint32_t ring_room;
  uint64_t ring_count; /* ever written */
  double *scratch;     /* [episode_room] delays to sort */
  int32_t aborted;
  void **allocations; /* what destroy frees */
  uint32_t allocation_count, allocation_room;
};

/* Zeroed memory of the judge's, NULL when there is none. */
void *tl_judge_take(tl_judge *judge, size_t count, size_t bytes);
bool tl_choice_has(const tl_choice *choice, tl_fleet_id fleet, uint32_t device);
/* Values of rows [0, rows) of a block into out[256], whatever the column's type. */
void tl_block_values(const tl_world *world, tl_fleet_id fleet, uint32_t block, uint32_t rows,
                     uint32_t column, double *out);
static inline uint32_t tl_rows_of_block(uint32_t device_count, uint32_t block)
{
  const uint32_t left = device_count - block * TL_BLOCK_ROWS;
  return left < TL_BLOCK_ROWS ? left : TL_BLOCK_ROWS;
}

/* meter.c */
tl_bins tl_bins_for_errors(const tl_column *column);
tl_bins tl_bins_for_column(const tl_column *column);
/* One block at a window's end, on any thread: samples into the thread's histogram and *out. */
void tl_meter_sample_block(tl_judge *judge, tl_meter *meter, const tl_source *source,
                           uint32_t block, uint32_t thread, tl_partial *out);
/* After all blocks of all fleets: adds the partials up. */
void tl_meter_close_window(tl_judge *judge, tl_meter *meter, int64_t begin_ns, int64_t end_ns);
/* NaN and no samples when nothing was measured; in the column's unit. */
tl_reading tl_meter_read(const tl_judge *judge, const tl_meter *meter,
                         const tl_threshold *threshold);
double tl_quantile_of(tl_statistic statistic); /* 0.95; 0 when it is no quantile */

/* history.c */
void tl_track_add(tl_track *track, int64_t begin_ns, int64_t end_ns, const tl_partial *now);
void tl_heat_add(tl_heat *heat, const tl_partial *partials, uint32_t blocks, int64_t begin_ns,
                 int64_t end_ns);

/* watch.c */
tl_code tl_watches_create(tl_judge *judge, tl_error *err);
/* One block at a window's end, on any thread: marks it when an alarm was raised. */
void tl_watch_look_at_block(const tl_judge *judge, tl_watch *watch, uint32_t block);
/* After all blocks: matches the onsets of the marked ones with faults. */
void tl_watches_take(tl_judge *judge, int64_t begin_ns, int64_t end_ns);
/* finished: open faults count as not found; else their age so far is a lower bound of their delay.
 * */
tl_reading tl_watch_read(const tl_judge *judge, const tl_gauge *gauge, bool finished);
/* When an upper limit on delays or misses could no longer hold; -1 when that can't be said. */
int64_t tl_watch_breach(const tl_judge *judge, const tl_gauge *gauge);

/* stat.c */
void tl_sort_doubles(double *values, uint32_t count);
/* Statistic of sorted values (exact, nearest rank); count > 0. */
double tl_sorted_statistic(const double *sorted, uint32_t count, tl_statistic statistic);
uint64_t tl_rank_of(double quantile, uint64_t count); /* 1-based nearest rank */
#endif
