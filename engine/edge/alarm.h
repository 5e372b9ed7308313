/* alarm.h: from a detector's score to an alarm that counts: threshold, persistence, onset.
 * Owns: nothing. Threads: a leaf on the rows it is given. */
#ifndef TL_EDGE_ALARM_H
#define TL_EDGE_ALARM_H
#include "base/cpu.h"

#include <stdint.h>

typedef struct tl_alarm_rows {
  double *restrict score; /* out: mean squared error, feature units */
  const double *restrict threshold;
  uint8_t *restrict alarm;  /* dynamic: 0 or 1 */
  uint8_t *restrict streak; /* dynamic: inferences in a row that disagree with `alarm` */
  int32_t *restrict onsets; /* dynamic: alarms raised so far */
  double *restrict onset_s; /* dynamic: time of the last onset */
} tl_alarm_rows;

/* score[i] = sums[i] * scale; an alarm is raised when score > threshold for `persist` (1..255)
 * inferences in a row, and cleared likewise. persist 0: only the score is written. */
TL_API void tl_alarm_run(tl_simd_path path, const tl_alarm_rows *rows, uint32_t row_count,
                         const int32_t *sums, double scale, uint32_t persist, double at_s);
/* The same from scores that stand in rows->score already. persist 1..255. */
TL_API void tl_alarm_decide(const tl_alarm_rows *rows, uint32_t row_count, uint32_t persist,
                            double at_s);
#endif
