#include "edge/alarm.h"

#include "base/simd.h"

#include <assert.h>

/* Non-zero when a row is over its threshold. With the next one: 0 for nearly every block and
 * tick. */
TL_INLINE_BODY uint32_t score_body(double *restrict score, const double *restrict threshold,
                                   const int32_t *restrict sums, double scale, uint32_t row_count)
{
  int64_t over = 0; /* as wide as a double: the loop keeps one lane width */
  for (uint32_t i = 0; i < row_count; i++) {
    const double value = (double)sums[i] * scale;
    score[i] = value;
    over |= value > threshold[i] ? 1 : 0;
  }
  return (uint32_t)over;
}

TL_INLINE_BODY uint32_t busy_body(const uint8_t *restrict alarm, const uint8_t *restrict streak,
                                  uint32_t row_count)
{
  uint8_t any = 0;
  for (uint32_t i = 0; i < row_count; i++) any = (uint8_t)(any | alarm[i] | streak[i]);
  return any;
}

static uint32_t scan_scalar(const tl_alarm_rows *rows, uint32_t row_count, const int32_t *sums,
                            double scale)
{
  return score_body(rows->score, rows->threshold, sums, scale, row_count) |
         busy_body(rows->alarm, rows->streak, row_count);
}

TL_TARGET_AVX2 static uint32_t scan_avx2(const tl_alarm_rows *rows, uint32_t row_count,
                                         const int32_t *sums, double scale)
{
  return score_body(rows->score, rows->threshold, sums, scale, row_count) |
         busy_body(rows->alarm, rows->streak, row_count);
}

void tl_alarm_run(tl_simd_path path, const tl_alarm_rows *rows, uint32_t row_count,
                  const int32_t *sums, double scale, uint32_t persist, double at_s)
{
  assert(persist <= 255);
  const uint32_t busy = path == TL_PATH_AVX2 || path == TL_PATH_VNNI
                            ? scan_avx2(rows, row_count, sums, scale)
                            : scan_scalar(rows, row_count, sums, scale);
  if (busy && persist > 0) tl_alarm_decide(rows, row_count, persist, at_s);
}

void tl_alarm_decide(const tl_alarm_rows *rows, uint32_t row_count, uint32_t persist, double at_s)
{
  assert(persist >= 1 && persist <= 255);
  for (uint32_t i = 0; i < row_count; i++) {
    const uint8_t over = rows->score[i] > rows->threshold[i];
    const uint8_t streak = over == rows->alarm[i] ? 0 : (uint8_t)(rows->streak[i] + 1);
    rows->streak[i] = streak;
    if (streak < persist) continue;
    rows->streak[i] = 0;
    rows->alarm[i] = over;
    if (!over) continue;
    rows->onsets[i]++;
    rows->onset_s[i] = at_s;
  }
}
