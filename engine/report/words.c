/* words.c: numbers, units, times and places as the page writes them. */
#include "report/internal.h"

#include <math.h>
#include <string.h>

const char *tl_unit_shown(const char *unit)
{
  if (strcmp(unit, "degC") == 0) return "\xc2\xb0\x43";
  if (strcmp(unit, "degF") == 0) return "\xc2\xb0\x46";
  return strcmp(unit, "1") == 0 ? "" : unit;
}

/* Where the file lies is the machine's business: "hvac.lua:17". */
const char *tl_where_shown(const char *where)
{
  const char *slash = strrchr(where, '/');
  return slash ? slash + 1 : where;
}

void tl_html_number(tl_text *out, double value)
{
  if (isinf(value))
    tl_text_add(out, value > 0.0 ? "\xe2\x88\x9e" : "\xe2\x88\x92\xe2\x88\x9e");
  else
    tl_text_add_digits(out, value, 5);
}

void tl_html_data(tl_text *out, double value)
{
  char exact[TL_TEXT_DOUBLE_BYTES];
  tl_text_format_double(exact, value);
  tl_text_addf(out, "<data value=\"%s\">", exact);
  tl_html_number(out, value);
  tl_text_add(out, "</data>");
}

void tl_html_time(tl_text *out, int64_t ns)
{
  const int64_t digit_ns =
      ns < INT64_C(600000000000) ? 1000000 : 1000000000; /* nobody reads more */
  ns = (ns + digit_ns / 2) / digit_ns * digit_ns;
  tl_text_add(out, "<time>");
  tl_text_add_duration(out, ns);
  tl_text_add(out, "</time>");
}
