#include "fidelity/overall/tube.h"

#include "fidelity/score.h"

#include <assert.h>
#include <math.h>

/* Both ends of the window move forward only, but the extremes are found again only when the one that
 * leaves the window was the extreme: for smooth recordings that is about once a window. */
typedef struct window {
  const double *value;
  size_t begin, end; /* [begin, end) */
  double low, high;
} window;

static void scan(window *w)
{
  w->low = (double)INFINITY;
  w->high = -(double)INFINITY;
  for (size_t i = w->begin; i < w->end; i++) {
    if (!isfinite(w->value[i])) continue;
    if (w->value[i] < w->low) w->low = w->value[i];
    if (w->value[i] > w->high) w->high = w->value[i];
  }
}

static void grow(window *w)
{
  const double value = w->value[w->end++];
  if (!isfinite(value)) return;
  if (value < w->low) w->low = value;
  if (value > w->high) w->high = value;
}

static bool holds_extreme(const window *w, size_t i)
{
  return w->value[i] <= w->low || w->value[i] >= w->high;
}

void tl_tube_make(double *low, double *high, const tl_score_channel *channel, tl_tube tube)
{
  assert(tube.value >= 0.0 && tube.time_ns >= 0);
  const size_t n = channel->series_count;
  const int64_t *at_ns = channel->series_ns;
  window w = {.value = channel->series_rec};
  scan(&w);
  for (size_t i = 0; i < n; i++) {
    bool again = false;
    while (w.begin < i && at_ns[w.begin] < at_ns[i] - tube.time_ns)
      again |= holds_extreme(&w, w.begin++);
    while (w.end < n && (w.end <= i || at_ns[w.end] <= at_ns[i] + tube.time_ns)) grow(&w);
    if (again) scan(&w);
    low[i] = w.low <= w.high ? w.low - tube.value : (double)NAN;
    high[i] = w.low <= w.high ? w.high + tube.value : (double)NAN;
  }
}

tl_tube_result tl_tube_score(const double *low, const double *high, const tl_score_channel *channel)
{
  tl_tube_result out = {.first_outside_ns = -1, .worst_ns = -1};
  for (size_t i = 0; i < channel->series_count; i++) {
    const double sim = channel->series_sim[i];
    if (!isfinite(sim) || !isfinite(channel->series_rec[i])) continue;
    const double above = sim - high[i], below = low[i] - sim;
    const double distance = above > below ? above : below;
    if (distance <= 0.0) {
      out.inside_count++;
      continue;
    }
    if (out.outside_count++ == 0) out.first_outside_ns = channel->series_ns[i];
    if (distance > out.worst) {
      out.worst = distance;
      out.worst_ns = channel->series_ns[i];
    }
  }
  const size_t n = out.inside_count + out.outside_count;
  out.inside_ratio = n > 0 ? (double)out.inside_count / (double)n : (double)NAN;
  return out;
}
