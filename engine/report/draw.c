/* draw.c: plots as SVG that stretches with the page while its text does not: curves lie in an inner
 * drawing without fixed proportions, labels are placed in percent. No style attribute anywhere: the
 * content policy forbids them. */
#include "report/internal.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { WIDE = 4000, HIGH = 1000, TICKS_MAX = 12 }; /* inner units */

typedef struct range {
  double low, high;
} range;

static void widen(range *r, double low, double high)
{
  if (low > high) return; /* an empty bucket */
  if (low < r->low) r->low = low;
  if (high > r->high) r->high = high;
}

static range range_of(const tl_plot_series *series, uint32_t count)
{
  range r = {(double)INFINITY, -(double)INFINITY};
  for (uint32_t s = 0; s < count; s++)
    for (uint32_t i = 0; i < series[s].count; i++) widen(&r, series[s].low[i], series[s].high[i]);
  return r;
}

/* 1, 2 or 5 times a power of ten, at least `least`; by multiplication, so that every machine
 * agrees. */
static double nice_step(double least)
{
  double step = 1.0;
  if (!(least > 1e-12) || !(least < 1e15)) return least > 0.0 ? least : 1.0;
  while (step > least) step /= 10.0;
  while (step * 10.0 <= least) step *= 10.0;
  if (step >= least) return step;
  if (step * 2.0 >= least) return step * 2.0;
  return step * 5.0 >= least ? step * 5.0 : step * 10.0;
}

static range padded(range r)
{
  if (!(r.low <= r.high)) return (range){0.0, 1.0};
  const double room = r.high > r.low  ? 0.06 * (r.high - r.low)
                      : r.high != 0.0 ? 0.1 * fabs(r.high)
                                      : 1.0;
  return (range){r.low - room, r.high + room};
}

/* --- curves --- */

typedef struct pen {
  tl_text *out;
  int32_t x, y;
  bool down, in_line; /* a point was set; an `l` stands open */
} pen;

static void pen_to(pen *p, int32_t x, int32_t y)
{
  if (!p->down) {
    tl_text_addf(p->out, "M%d %d", x, y);
    p->in_line = false;
  } else if (x != p->x || y != p->y) {
    const int32_t dx = x - p->x, dy = y - p->y;
    tl_text_addf(p->out, "%s%d%s%d", p->in_line ? (dx < 0 ? "" : " ") : "l", dx, dy < 0 ? "" : " ",
                 dy);
    p->in_line = true;
  }
  p->x = x;
  p->y = y;
  p->down = true;
}

static int32_t x_of(uint32_t bucket, uint32_t count)
{
  return (int32_t)(((uint64_t)bucket * 2 + 1) * WIDE / (2 * (uint64_t)count));
}

static int32_t y_of(double value, range r)
{
  const double at = (r.high - value) / (r.high - r.low) * HIGH;
  return (int32_t)nearbyint(at < -HIGH ? -HIGH : at > 2 * HIGH ? 2 * HIGH : at);
}

/* Both ends of each bucket, the nearer one first; an empty bucket lifts the pen. */
static void draw_line(tl_text *out, const tl_plot_series *s, range r)
{
  pen p = {.out = out};
  tl_text_addf(out, "<path class=\"%s\" d=\"", s->role);
  for (uint32_t i = 0; i < s->count; i++) {
    if (s->low[i] > s->high[i]) {
      p.down = false;
      continue;
    }
    const int32_t x = x_of(i, s->count), low = y_of(s->low[i], r), high = y_of(s->high[i], r);
    const bool low_first = p.down && (p.y - low) * (p.y - low) < (p.y - high) * (p.y - high);
    const bool alone = !p.down;
    pen_to(&p, x, low_first ? low : high);
    pen_to(&p, x, low_first ? high : low);
    if (alone && low == high && (i + 1 == s->count || s->low[i + 1] > s->high[i + 1]))
      tl_text_add(out, "h1");
  }
  tl_text_add(out, "\"/>");
}

static void draw_band(tl_text *out, const tl_plot_series *s, range r)
{
  tl_text_addf(out, "<path class=\"%s\" d=\"", s->role);
  for (uint32_t begin = 0; begin < s->count;) {
    uint32_t end = begin;
    while (end < s->count && s->low[end] <= s->high[end]) end++;
    pen p = {.out = out};
    for (uint32_t i = begin; i < end; i++) pen_to(&p, x_of(i, s->count), y_of(s->high[i], r));
    for (uint32_t i = end; i-- > begin;) pen_to(&p, x_of(i, s->count), y_of(s->low[i], r));
    if (end > begin) tl_text_add_char(out, 'z');
    begin = end + (end == begin);
  }
  tl_text_add(out, "\"/>");
}

/* --- axes --- */

static void percent(tl_text *out, double share)
{
  char text[TL_TEXT_DOUBLE_BYTES];
  tl_text_format_digits(text, nearbyint(share * 1e5) / 1e3, 6);
  tl_text_add(out, text);
  tl_text_add_char(out, '%');
}

static int64_t time_step(int64_t range_ns)
{
  static const int64_t steps_s[] = {1,     2,     5,      10,     20,      30,     60,    120,
                                    300,   600,   1200,   1800,   3600,    7200,   10800, 21600,
                                    43200, 86400, 172800, 604800, 1209600, 2419200};
  const size_t count = sizeof steps_s / sizeof steps_s[0];
  for (size_t i = 0; i < count; i++)
    if (range_ns / 5 <= steps_s[i] * INT64_C(1000000000)) return steps_s[i] * INT64_C(1000000000);
  int64_t step = steps_s[count - 1] * INT64_C(1000000000);
  while (range_ns / 5 > step) step *= 2;
  return step;
}

static void time_label(tl_text *out, int64_t at_ns, int64_t step_ns)
{
  static const struct {
    int64_t ns;
    const char *name;
  } units[] = {{INT64_C(86400000000000), "d"},
               {INT64_C(3600000000000), "h"},
               {INT64_C(60000000000), "min"},
               {INT64_C(1000000000), "s"}};
  size_t u = 0;
  while (u < 3 && step_ns % units[u].ns != 0) u++;
  tl_text_addf(out, "%lld %s", (long long)(at_ns / units[u].ns), units[u].name);
}

static void draw_times(tl_text *out, const tl_plot *plot, uint32_t y, double gutter)
{
  const int64_t range_ns = plot->end_ns - plot->begin_ns;
  if (range_ns <= 0) return;
  const int64_t step_ns = time_step(range_ns);
  int64_t at_ns = (plot->begin_ns + step_ns - 1) / step_ns * step_ns;
  for (; at_ns <= plot->end_ns; at_ns += step_ns) {
    const double share = (double)(at_ns - plot->begin_ns) / (double)range_ns;
    const bool first = share<0.04, last = share> 0.95;
    tl_text_add(out, "<text x=\"");
    percent(out, gutter + (1.0 - gutter) * share);
    tl_text_addf(out, "\" y=\"%u\" text-anchor=\"%s\"%s>", y,
                 first  ? "start"
                 : last ? "end"
                        : "middle",
                 first  ? " dx=\"2\""
                 : last ? " dx=\"-2\""
                        : "");
    time_label(out, at_ns, step_ns);
    tl_text_add(out, "</text>");
  }
}

static double share_of(double value, range r) { return (r.high - value) / (r.high - r.low); }

static uint32_t y_px(double value, range r, uint32_t height)
{
  return (uint32_t)nearbyint(share_of(value, r) * (double)height) + 4;
}

static void draw_grid(tl_text *out, range r, uint32_t height, bool zero)
{
  const double step = nice_step((r.high - r.low) / (height < 120 ? 3.0 : 5.0));
  for (double k = nearbyint(r.low / step); k * step < r.high; k += 1.0) {
    const double value = k * step;
    if (value <= r.low) continue;
    const uint32_t y = y_px(value, r, height);
    tl_text_addf(out, "<line class=\"%s\" x2=\"100%%\" y1=\"%u\" y2=\"%u\"/>",
                 zero && k == 0.0 ? "zero" : "grid", y, y);
  }
}

/* Numbers stand on their line, inside the drawing: no room is lost beside it on a small screen. */
static void draw_values(tl_text *out, range r, uint32_t height, const char *unit)
{
  const double step = nice_step((r.high - r.low) / (height < 120 ? 3.0 : 5.0));
  for (double k = nearbyint(r.low / step); k * step < r.high; k += 1.0) {
    const double value = k * step;
    const uint32_t y = y_px(value, r, height);
    if (value <= r.low || y < 16) continue;
    char text[TL_TEXT_DOUBLE_BYTES];
    tl_text_format_digits(text, value == 0.0 ? 0.0 : value, 6);
    tl_text_addf(out, "<text x=\"8\" y=\"%u\">%s", y - 4, text);
    if (unit[0]) {
      tl_text_add_char(out, ' ');
      tl_text_add_html(out, unit);
    }
    tl_text_add(out, "</text>");
  }
}

/* --- one panel: grid, curves, limit, numbers --- */

typedef struct panel {
  const tl_plot *plot;
  const tl_plot_series *series;
  uint32_t series_count, height;
  range range;
  double gutter; /* share of the width that the numbers have for themselves */
  bool with_times, with_zero, with_limits;
  const char *label;
} panel;

static bool is_inside(double value, range r) { return value >= r.low && value <= r.high; }

/* Above their lines; where two would meet, the later one moves to the left. */
static void draw_limit_texts(tl_text *out, const panel *p)
{
  for (uint32_t i = 0; i < p->plot->limit_count; i++) {
    if (!is_inside(p->plot->limit[i], p->range)) continue;
    const uint32_t y = y_px(p->plot->limit[i], p->range, p->height);
    uint32_t column = 0;
    for (uint32_t k = 0; k < i; k++) {
      if (!is_inside(p->plot->limit[k], p->range)) continue;
      const uint32_t other = y_px(p->plot->limit[k], p->range, p->height);
      column += (other > y ? other - y : y - other) < 15;
    }
    tl_text_addf(out,
                 "<text class=\"limit-text\" x=\"100%%\" dx=\"-%u\" text-anchor=\"end\" y=\"%u\">",
                 8 + 110 * column, y > 18 ? y - 5 : y + 15);
    tl_text_add_html(out, p->plot->limit_text[i]);
    tl_text_add(out, "</text>");
  }
}

static void draw_panel(tl_text *out, const panel *p)
{
  const uint32_t total = p->height + (p->with_times ? 28u : 8u);
  const char *unit = tl_unit_shown(p->plot->unit);
  tl_text_addf(out, "<svg class=\"plot%s\" height=\"%u\" role=\"img\" aria-label=\"",
               p->with_zero ? " sub" : "", total);
  tl_text_add_html(out, p->label);
  tl_text_add(out, "\">");
  draw_grid(out, p->range, p->height, p->with_zero);
  tl_text_addf(out,
               "<svg x=\"%u%%\" y=\"4\" width=\"%u%%\" height=\"%u\" viewBox=\"0 0 %d %d\" "
               "preserveAspectRatio=\"none\">",
               (uint32_t)(100.0 * p->gutter + 0.5), (uint32_t)(100.0 * (1.0 - p->gutter) + 0.5),
               p->height, WIDE, HIGH);
  for (uint32_t s = 0; s < p->series_count; s++) {
    if (strcmp(p->series[s].role, "band") == 0)
      draw_band(out, &p->series[s], p->range);
    else
      draw_line(out, &p->series[s], p->range);
  }
  tl_text_add(out, "</svg>");
  for (uint32_t i = 0; i < p->plot->limit_count && p->with_limits; i++) {
    if (!is_inside(p->plot->limit[i], p->range)) continue;
    const uint32_t y = y_px(p->plot->limit[i], p->range, p->height);
    tl_text_addf(out, "<line class=\"limit\" x2=\"100%%\" y1=\"%u\" y2=\"%u\"/>", y, y);
  }
  draw_values(out, p->range, p->height, unit);
  if (p->with_limits) draw_limit_texts(out, p);
  if (p->with_times) draw_times(out, p->plot, p->height + 21, p->gutter);
  tl_text_add(out, "</svg>\n");
}

static void draw_legend(tl_text *out, const tl_plot *plot)
{
  tl_text_add(out, "<ul class=\"legend\">");
  for (uint32_t s = 0; s < plot->series_count; s++) {
    const char *role = plot->series[s].role;
    tl_text_add(out, "<li><svg viewBox=\"0 0 32 14\" aria-hidden=\"true\">");
    tl_text_addf(out,
                 strcmp(role, "band") == 0 ? "<path class=\"%s\" d=\"M1 2h30v10h-30z\"/>"
                                           : "<path class=\"%s\" d=\"M1 7h30\"/>",
                 role);
    tl_text_add(out, "</svg>");
    tl_text_add_html(out, plot->series[s].name);
    tl_text_add(out, "</li>");
  }
  tl_text_add(out, "</ul>");
}

static void draw_fidelity(tl_text *out, const tl_plot *plot)
{
  tl_text label = {0};
  const uint32_t band = strcmp(plot->series[0].role, "band") == 0; /* the tube lies behind */
  tl_text_addf(&label, "%s: recorded and simulated over time", plot->title);
  panel p = {.plot = plot,
             .series = plot->series,
             .series_count = 2 + band,
             .height = 210,
             .label = tl_text_string(&label)};
  p.range = padded(range_of(plot->series, 2 + band));
  draw_panel(out, &p);
  tl_text_clear(&label);
  tl_text_addf(&label, "%s: simulated minus recorded over time", plot->title);
  range r = range_of(plot->series + 2 + band, 1);
  widen(&r, 0.0, 0.0);
  p = (panel){.plot = plot,
              .series = plot->series + 2 + band,
              .series_count = 1,
              .height = 90,
              .range = padded(r),
              .with_times = true,
              .with_zero = true,
              .label = tl_text_string(&label)};
  draw_panel(out, &p);
  tl_text_free(&label);
}

static void draw_curves(tl_text *out, const tl_plot *plot, uint32_t height)
{
  tl_text label = {0};
  tl_text_addf(&label, "%s over time", plot->title);
  range r = range_of(plot->series, plot->series_count);
  const double span = r.high - r.low, low = r.low, high = r.high;
  /* a limit belongs into view, unless it would squeeze the data to a line */
  for (uint32_t i = 0; i < plot->limit_count; i++)
    if (plot->limit[i] < high + 3.0 * span && plot->limit[i] > low - 3.0 * span)
      widen(&r, plot->limit[i], plot->limit[i]);
  if (strcmp(plot->kind, "delay") == 0) widen(&r, 0.0, 100.0);
  if (strcmp(plot->kind, "autocorrelation") == 0) widen(&r, 0.0, 1.0);
  if (strcmp(plot->kind, "fleet") == 0 && r.low >= 0.0 && r.low < 0.5 * r.high) r.low = 0.0;
  panel p = {.plot = plot,
             .series = plot->series,
             .series_count = plot->series_count,
             .height = height,
             .range = padded(r),
             .gutter =
                 height < 120 ? 0.16 : 0.0, /* in a small plot the numbers would hide the curve */
             .with_times = true,
             .with_limits = true,
             .label = tl_text_string(&label)};
  if (r.low == 0.0) p.range.low = 0.0;
  draw_panel(out, &p);
  tl_text_free(&label);
}

/* --- the strip of all devices against time --- */

enum { CLASSES = 8 };

/* Classes grow with the square, so that a few bad devices do not hide how the others differ. */
static double class_bound(double high, uint32_t c)
{
  return high * (double)(c * c) / (CLASSES * CLASSES);
}

static uint32_t class_of(double value, double high)
{
  uint32_t c = CLASSES - 1;
  while (c > 0 && value < class_bound(high, c)) c--;
  return c;
}

static void draw_cells(tl_text *out, const tl_plot *plot, uint32_t columns, double high,
                       uint32_t wanted)
{
  const tl_plot_series *s = &plot->series[0];
  bool open = false;
  for (uint32_t row = 0; row < plot->rows; row++)
    for (uint32_t begin = 0; begin < columns;) {
      const uint32_t at = row * columns + begin;
      const bool empty = s->low[at] > s->high[at];
      const uint32_t c = empty ? CLASSES : class_of(s->high[at], high);
      uint32_t end = begin + 1;
      while (end < columns) {
        const uint32_t next = row * columns + end;
        const uint32_t other =
            s->low[next] > s->high[next] ? (uint32_t)CLASSES : class_of(s->high[next], high);
        if (other != c) break;
        end++;
      }
      if (c == wanted) {
        if (!open)
          tl_text_addf(out,
                       wanted == CLASSES ? "<path class=\"none\" d=\"" : "<path class=\"h%u\" d=\"",
                       wanted);
        open = true;
        tl_text_addf(out, "M%u %uh%uv1h-%uz", begin, row, end - begin, end - begin);
      }
      begin = end;
    }
  if (open) tl_text_add(out, "\"/>");
}

static void draw_heat(tl_text *out, const tl_plot *plot)
{
  const range r = range_of(plot->series, 1);
  const uint32_t columns = plot->series[0].count / plot->rows;
  const uint32_t height = plot->rows < 4 ? 48 : plot->rows * 9;
  const double high = r.high > 0.0 ? r.high : 1.0;
  const char *unit = tl_unit_shown(plot->unit);
  tl_text_addf(out,
               "<svg class=\"plot\" height=\"%u\" role=\"img\" aria-label=\"greatest comfort error "
               "of groups of devices over time\">",
               height + 28);
  tl_text_addf(out,
               "<svg y=\"4\" width=\"100%%\" height=\"%u\" viewBox=\"0 0 %u %u\" "
               "preserveAspectRatio=\"none\" "
               "shape-rendering=\"crispEdges\">",
               height, columns, plot->rows);
  for (uint32_t c = 0; c <= CLASSES; c++) draw_cells(out, plot, columns, high, c);
  tl_text_add(out, "</svg>");
  draw_times(out, plot, height + 21, 0.0);
  tl_text_add(out, "</svg>\n<figcaption><ul class=\"legend\">");
  for (uint32_t c = 0; c < CLASSES; c++) {
    tl_text_addf(out,
                 "<li><svg viewBox=\"0 0 32 14\" aria-hidden=\"true\"><path class=\"h%u\" d=\"M0 "
                 "0h32v14h-32z\"/></svg>from ",
                 c);
    tl_text_add_digits(out, class_bound(high, c), 3);
    tl_text_addf(out, "%s%s</li>", unit[0] ? " " : "", unit);
  }
  tl_text_add(out, "</ul></figcaption>");
}

void tl_draw_plot(tl_text *out, const tl_plot *plot)
{
  tl_text_add(out, "<figure id=\"");
  tl_text_add_html(out, plot->id);
  tl_text_add(out, "\">\n<figcaption><h3>");
  tl_text_add_html(out, plot->title);
  tl_text_add(out, "</h3>");
  if (plot->note) {
    tl_text_add(out, " <span class=\"soft small\">");
    tl_text_add_html(out, plot->note);
    tl_text_add(out, "</span>");
  }
  if (strcmp(plot->kind, "heat") != 0) draw_legend(out, plot);
  tl_text_add(out, "</figcaption>\n");
  if (strcmp(plot->kind, "fidelity") == 0)
    draw_fidelity(out, plot);
  else if (strcmp(plot->kind, "heat") == 0)
    draw_heat(out, plot);
  else
    draw_curves(out, plot,
                strcmp(plot->kind, "device") == 0 || strcmp(plot->kind, "sample") == 0 ? 110
                : strcmp(plot->kind, "delay") == 0                                     ? 130
                : strcmp(plot->kind, "autocorrelation") == 0                           ? 130
                                                                                       : 200);
  tl_text_add(out, "</figure>\n");
}

/* --- where a figure stands against its limit --- */

typedef struct gauge {
  double good_begin, good_end, limit, at; /* of a width of 120 */
} gauge;

static double clipped(double at) { return at < 6.0 ? 6.0 : at > 114.0 ? 114.0 : at; }

static gauge gauge_of(const tl_judgement *j)
{
  const double limit = j->threshold.limit, value = j->observed;
  const bool lower = j->threshold.op == TL_OP_MORE || j->threshold.op == TL_OP_AT_LEAST;
  const double scale = fabs(limit) > 0.0 ? fabs(limit) : 1.0;
  if (j->threshold.op == TL_OP_EQUAL)
    return (gauge){34.0, 46.0, 40.0, clipped(40.0 + 40.0 * (value - limit) / scale)};
  if (j->threshold.op == TL_OP_WITHIN)
    return (gauge){20.0, 100.0, 100.0, clipped(60.0 + 40.0 * value / scale)};
  if (lower) return (gauge){40.0, 120.0, 40.0, clipped(40.0 + 80.0 * (value - limit) / scale)};
  return (gauge){0.0, 80.0, 80.0, clipped(80.0 + 80.0 * (value - limit) / scale)};
}

void tl_draw_margin(tl_text *out, const tl_judgement *judgement)
{
  if (judgement->verdict == TL_ERRORED) return;
  const gauge g = gauge_of(judgement);
  char text[3][TL_TEXT_DOUBLE_BYTES];
  tl_text_format_digits(text[0], g.good_end - g.good_begin, 4);
  tl_text_format_digits(text[1], g.limit, 4);
  tl_text_format_digits(text[2], g.at, 4);
  tl_text_addf(out,
               "<svg class=\"gauge\" viewBox=\"0 0 120 11\" aria-hidden=\"true\"><rect "
               "class=\"track\" y=\"3.5\" width=\"120\" "
               "height=\"4\" rx=\"2\"/><rect class=\"good\" x=\"%d\" y=\"3.5\" width=\"%s\" "
               "height=\"4\" rx=\"2\"/>"
               "<line class=\"tick\" x1=\"%s\" x2=\"%s\" y1=\"0\" y2=\"11\"/><circle class=\"at\" "
               "cx=\"%s\" cy=\"5.5\" r=\"4.5\"/></svg>",
               (int)g.good_begin, text[0], text[1], text[1], text[2]);
}
