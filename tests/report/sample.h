/* sample.h: a run that never was, with one of everything, for looking at and for comparing its
 * three files.
 * Owns: a sample owns all behind it until sample_close. Threads: one. */
#ifndef TL_TESTS_REPORT_SAMPLE_H
#define TL_TESTS_REPORT_SAMPLE_H
#include "report/report.h"

typedef struct sample {
  tl_report report;
  tl_world *world;
  tl_judge *judge;
  tl_judgement judgements[8];
  tl_score score;
  int64_t *stamps_ns;
  double *sim, *rec;
} sample;

/* devices: size of its fleet; samples: length of its recording; threads: of the world. */
void sample_open(sample *out, uint32_t devices, uint32_t samples, uint32_t threads);
void sample_close(sample *s);
#endif
