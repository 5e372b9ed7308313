/* internal.h: memory of a report and the words its files share. For this room only.
 * Owns: memory of tl_report_take belongs to the report. Threads: one thread a report. */
#ifndef TL_REPORT_INTERNAL_H
#define TL_REPORT_INTERNAL_H
#include "report/json.h"
#include "report/report.h"

/* Zeroed memory until tl_report_free; NULL when there is none. */
void *tl_report_take(tl_report *report, size_t count, size_t bytes);
/* A copy of a text; NULL stays NULL, and is also what no memory gives. */
const char *tl_report_keep(tl_report *report, const char *text);
/* "TL0110", "" for TL_OK: as users look it up with `twinloop explain`. */
enum { TL_CODE_NAME_BYTES = 16 };
const char *tl_report_code_name(char out[TL_CODE_NAME_BYTES], tl_code code);
/* A new plot at the end of the list; NULL without memory. */
tl_plot *tl_report_plot_add(tl_report *report);

/* draw.c: the parts of the page that are drawings */
void tl_draw_plot(tl_text *out, const tl_plot *plot);
void tl_draw_margin(tl_text *out, const tl_judgement *judgement);

/* For people: at most six digits; "not found" for +inf of a delay is the caller's word. */
void tl_html_number(tl_text *out, double value);
/* The same inside <data value="...">, where the exact number is. */
void tl_html_data(tl_text *out, double value);
void tl_html_count(tl_text *out, uint64_t value);                 /* 10 000 */
void tl_html_value(tl_text *out, double value, const char *unit); /* number and unit */
void tl_html_tile(tl_text *out, const char *name);
void tl_html_fidelity(tl_text *out, const tl_report *report);         /* fidelity.c: the section */
void tl_report_json_fidelity(tl_json *json, const tl_report *report); /* fidelity_json.c */
void tl_html_time(tl_text *out, int64_t ns);                          /* <time>00:20:00</time> */
const char *tl_unit_shown(const char *unit);   /* "" for "1", the degree sign for "degC" */
const char *tl_where_shown(const char *where); /* without folders */

void tl_style_add(tl_text *out); /* style.c: the sheet */
#endif
