/* report.h: everything that is told about a run, once, for run.json, junit.xml and report.html.
 *
 * Why: three files that tell the same story must take it from one place, or they will disagree.
 * run.json has wall and CPU times; junit.xml and report.html leave out whatever differs from
 * machine to machine, so the same run gives the same bytes.
 * Owns: a tl_report owns what its functions add (plots, texts read from files) until
 * tl_report_free; the arrays and texts that the caller puts in are borrowed. Threads: one report
 * belongs to one thread. */
#ifndef TL_REPORT_REPORT_H
#define TL_REPORT_REPORT_H
#include "base/text.h"
#include "fidelity/border/watch.h"
#include "fidelity/score.h"
#include "judge/judge.h"

#define TL_RUN_SCHEMA "twinloop.run/1"
enum {
  TL_PLOT_BUCKETS_MAX = 800, /* a series' points: lowest and highest value of each bucket */
  TL_PLOT_SERIES_MAX = 4,
  TL_PLOT_LIMITS_MAX = 4
};

/* An input (kind "scenario", "model", "board", "recording", "module") or a file written. */
typedef struct tl_report_file {
  const char *kind;
  const char *name;   /* no machine's path */
  const char *sha256; /* 64 hex, or NULL */
} tl_report_file;

typedef struct tl_report_setting {
  const char *name, *value;
} tl_report_setting;

typedef struct tl_report_modelled { /* a column whose values come from a board's profile */
  const char *column;
  tl_modelled from;
} tl_report_modelled;

typedef struct tl_report_fleet {
  const char *name, *twin;
  uint32_t device_count;
  const tl_report_modelled *modelled;
  uint32_t modelled_count;
} tl_report_fleet;

typedef struct tl_report_event {
  int64_t at_ns;
  const char *kind;  /* "log", "fault.begin", "fault.end", "alarm", "abort" ... */
  const char *fleet; /* "" when none */
  int64_t device;    /* -1: several or none */
  uint32_t count;    /* devices concerned */
  const char *text;
} tl_report_event;

/* A bit that was flipped on purpose, with the value before and after. */
typedef struct tl_report_flip {
  const char *text; /* as given */
  const char *fleet, *column, *unit;
  uint32_t device, bit;
  bool is_planted; /* false: the run ended before its time */
  int64_t at_ns;
  uint64_t window; /* the one that began with it */
  double before, after;
} tl_report_flip;

/* Lowest and highest value of equal parts of time; low > high marks a part without values. */
typedef struct tl_plot_series {
  const char *name;
  const char
      *role; /* colour and line: "recorded", "simulated", "residual", "band", "mean", "device" */
  uint32_t count;
  const double *low, *high;
} tl_plot_series;

typedef struct tl_plot {
  const char *id; /* anchor in the page: "comfort-error" */
  const char *
      kind; /* "fidelity", "fleet", "device", "sample", "heat", "delay" (x: time since the fault) */
  const char *title, *unit, *note;
  int64_t begin_ns, end_ns;
  uint32_t series_count;
  tl_plot_series series[TL_PLOT_SERIES_MAX]; /* fidelity: recorded, simulated, residual */
  uint32_t limit_count;
  double limit[TL_PLOT_LIMITS_MAX]; /* lines across, in `unit` */
  const char *limit_text[TL_PLOT_LIMITS_MAX];
  uint32_t rows; /* heat: series[0].high is [row][column] of series[0].count / rows columns */
} tl_plot;

typedef struct tl_report_device {
  const char *fleet;
  uint32_t device;
  double error_max; /* NaN: not measured */
  const char *unit; /* of error_max */
  uint32_t false_alarms, missed;
} tl_report_device;

/* A fleet watched against what a recording covers. */
typedef struct tl_report_border {
  const char *fleet, *source;
  const tl_border *border;
  const tl_border_result *result;
} tl_report_border;

/* A fitted value that the run used, from a parameter file. */
typedef struct tl_report_parameter {
  const char *set; /* the file, as the scenario names it */
  const char *name, *unit;
  double value, low, high; /* 95 % interval; NaN: the file states none */
  bool at_bound;
} tl_report_parameter;

typedef struct tl_report {
  const char *title;
  const char *scenario; /* name: "incubator_fleet" */
  const char *version;  /* of the program */
  const char *command;  /* the exact command that repeats the run */
  uint64_t seed;
  bool seed_unknown; /* the scenario could not be read; run.json has null */
  char run_hash[65]; /* "" when no window came to its end */
  tl_verdict verdict;
  tl_code code;                      /* TL_OK, or why the run itself ended in an error */
  const char *message;               /* that error's sentence, "" */
  const char *where;                 /* its "file:line", "" */
  bool aborted;                      /* an `abort` threshold stopped it */
  int64_t simulated_ns, duration_ns; /* done, asked for */
  uint64_t device_steps;
  double wall_s, cpu_s;  /* run.json only */
  uint32_t thread_count; /* run.json only */
  const char *path;      /* instruction set used; run.json only */
  const tl_judgement *judgements;
  uint32_t judgement_count;
  const tl_report_fleet *fleets;
  uint32_t fleet_count;
  const tl_report_file *inputs;
  uint32_t input_count;
  const tl_report_file *files; /* written by the run, names inside the run folder */
  uint32_t file_count;
  const tl_report_setting *settings;
  uint32_t setting_count;
  const tl_report_setting *options; /* of the command line, as far as the bits depend on them; a
                                       name may come twice; run.json only */
  uint32_t option_count;
  const tl_report_flip *flips; /* run.json only */
  uint32_t flip_count;
  const char *folder; /* of the run, for the document of --json; NULL: left out, as in run.json */
  const tl_report_event *events;
  uint32_t event_count;
  const tl_score *score; /* NULL: nothing was compared */
  const tl_report_border *borders;
  uint32_t border_count;
  const tl_report_parameter *parameters;
  uint32_t parameter_count;
  bool has_totals;
  tl_judge_totals totals;
  const tl_report_device *worst;
  uint32_t worst_count;
  tl_plot *plots;
  uint32_t plot_count;
  void *memory; /* private: what the report owns */
} tl_report;

/* Empty: verdict error, no hash. */
TL_API tl_report tl_report_default(void);
TL_API void tl_report_free(tl_report *report);

/* --- plots; each call adds some and keeps them in the report.  errors  TL_E_LIMIT: no memory ---
 * */
/* For every channel of report->score: recorded against simulated within its tube, with residuals, and the
 * residuals' autocorrelation. */
TL_API tl_code tl_report_plot_score(tl_report *report, tl_error *err);
/* Fleet figures over time for each threshold that samples (mean, lowest and highest of the fleet,
 * the limit as a line), and a strip of all devices against time for comfort.error. Takes
 * judgements, totals and worst devices over too, as far as they are not set: judgements must be set
 * before. */
TL_API tl_code tl_report_plot_judge(tl_report *report, const tl_judge *judge, const tl_world *world,
                                    tl_error *err);
/* A signal of the worst devices that were recorded, read from a run folder or file: at most `most`
 * devices. Devices or signals that are not in the file are left out silently; when none is there,
 * the first recorded ones are drawn, as "sample". signal NULL: "box_K"-like first state of the fleet. */
TL_API tl_code tl_report_plot_devices(tl_report *report, const char *run_path, const char *signal,
                                      uint32_t most, tl_error *err);

/* --- the files --- */
/* {"schema":"twinloop.run/1","scenario",...}; docs/reports.md lists the keys. Ends in a
 * newline. */
TL_API void tl_report_write_json(const tl_report *report, tl_text *out);
/* A testcase a threshold (and one for the run itself), seed and command as properties, margin in
 * the message. */
TL_API void tl_report_write_junit(const tl_report *report, tl_text *out);
/* One page, no request to anywhere, readable without JavaScript, at most 500 KB. */
TL_API void tl_report_write_html(const tl_report *report, tl_text *out);

/* Writes text to a file: a temporary one beside it, then renamed.  errors  TL_E_IO with the
 * system's reason */
TL_API tl_code tl_report_save(const tl_text *text, const char *path, tl_error *err);
#endif
