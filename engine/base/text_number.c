/* Numbers, times and names of text.h. */
#include "base/text.h"

#include <assert.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned wide
    __attribute__((mode(TI))); /* 128 bits, without the words that -Wpedantic refuses */

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }

/* What a decimal number says, before it is rounded to a double. */
typedef struct decimal {
  uint64_t digits;  /* the first 19 significant ones */
  int32_t exponent; /* value = digits * 10^exponent, when exact */
  bool negative;
  bool exact; /* no digit was left out */
} decimal;

static const char *scan_digits(decimal *out, const char *at, const char *end, bool after_point)
{
  for (; at < end && is_digit(*at); at++) {
    if (out->digits >
        (UINT64_MAX - 9) / 10) { /* full: a zero here is no loss before the point only */
      out->exact = false;
      continue;
    }
    out->digits = out->digits * 10 + (uint64_t)(*at - '0');
    if (after_point) out->exponent--;
  }
  return at;
}

/* True when [at, end) is sign, digits, point, digits, exponent in the grammar of text.h. */
static bool scan_decimal(decimal *out, const char *at, const char *end)
{
  *out = (decimal){.exact = true};
  if (at < end && (*at == '+' || *at == '-')) out->negative = *at++ == '-';
  const char *first = at;
  at = scan_digits(out, at, end, false);
  int64_t digit_count = at - first;
  if (at < end && *at == '.') {
    first = ++at;
    at = scan_digits(out, at, end, true);
    digit_count += at - first;
  }
  if (digit_count == 0) return false;
  if (at < end && (*at == 'e' || *at == 'E')) {
    at++;
    bool negative = false;
    if (at < end && (*at == '+' || *at == '-')) negative = *at++ == '-';
    if (at == end) return false;
    int32_t exponent = 0;
    for (; at < end && is_digit(*at); at++)
      if (exponent < 100000) exponent = exponent * 10 + (*at - '0');
    out->exponent += negative ? -exponent : exponent;
  }
  return at == end;
}

/* strtod rounds correctly but reads the locale's point: give it that one. */
static double parse_slowly(const char *text, size_t length)
{
  char buffer[1100];
  const char *point = localeconv()->decimal_point;
  const size_t point_bytes = strlen(point);
  size_t used = 0;
  for (size_t i = 0; i < length; i++) {
    if (text[i] != '.') {
      buffer[used++] = text[i];
    } else {
      memcpy(buffer + used, point, point_bytes);
      used += point_bytes;
    }
  }
  buffer[used] = '\0';
  return strtod(buffer, NULL);
}

static bool same_word(const char *text, size_t length, const char *word)
{
  if (strlen(word) != length) return false;
  for (size_t i = 0; i < length; i++)
    if (lower(text[i]) != word[i]) return false;
  return true;
}

static bool parse_word(double *out, const char *text, size_t length)
{
  bool negative = false;
  if (length > 0 && (*text == '+' || *text == '-')) {
    negative = *text == '-';
    text++;
    length--;
  }
  if (same_word(text, length, "nan")) {
    *out = (double)NAN;
    return true;
  }
  if (!same_word(text, length, "inf") && !same_word(text, length, "infinity")) return false;
  *out = negative ? -HUGE_VAL : HUGE_VAL;
  return true;
}

bool tl_text_parse_double_n(double *out, const char *text, size_t length)
{
  static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                  1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                  1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  if (length > 1000) return false;
  decimal number;
  if (!scan_decimal(&number, text, text + length)) return parse_word(out, text, length);
  /* Digits and power are both exact doubles, so one operation rounds once (Clinger, 1990). */
  if (number.exact && number.digits <= UINT64_C(1) << 53 && -22 <= number.exponent &&
      number.exponent <= 22) {
    const double digits = (double)number.digits;
    const double value =
        number.exponent < 0 ? digits / powers[-number.exponent] : digits * powers[number.exponent];
    *out = number.negative ? -value : value;
  } else {
    *out = parse_slowly(text, length);
  }
  return true;
}

bool tl_text_parse_double(double *out, const char *text)
{
  return tl_text_parse_double_n(out, text, strlen(text));
}

bool tl_text_parse_int64(int64_t *out, const char *text)
{
  const bool negative = *text == '-';
  if (*text == '-' || *text == '+') text++;
  if (*text == '\0') return false;
  int64_t value = 0; /* kept negative: its range is the larger one */
  for (; *text; text++)
    if (!is_digit(*text) || __builtin_mul_overflow(value, 10, &value) ||
        __builtin_sub_overflow(value, *text - '0', &value))
      return false;
  if (!negative && value == INT64_MIN) return false;
  *out = negative ? value : -value;
  return true;
}

bool tl_text_parse_uint64(uint64_t *out, const char *text)
{
  uint64_t base = 10;
  if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
    base = 16;
    text += 2;
  }
  if (*text == '\0') return false;
  uint64_t value = 0;
  for (; *text; text++) {
    const char c = lower(*text);
    uint64_t digit;
    if (is_digit(c))
      digit = (uint64_t)(c - '0');
    else if (base == 16 && c >= 'a' && c <= 'f')
      digit = (uint64_t)(c - 'a') + 10;
    else
      return false;
    if (__builtin_mul_overflow(value, base, &value) || __builtin_add_overflow(value, digit, &value))
      return false;
  }
  *out = value;
  return true;
}

size_t tl_text_format_digits(char out[TL_TEXT_DOUBLE_BYTES], double value, int digits)
{
  assert(1 <= digits && digits <= 17);
  const char *word = isnan(value) ? "nan" : isinf(value) ? (value < 0 ? "-inf" : "inf") : NULL;
  if (word != NULL) {
    memcpy(out, word, strlen(word) + 1);
    return strlen(word);
  }
  char printed[64];
  snprintf(printed, sizeof printed, "%.*g", digits, value);
  const char *point = localeconv()->decimal_point;
  const char *found = strcmp(point, ".") == 0 ? NULL : strstr(printed, point);
  if (found == NULL) return (size_t)snprintf(out, TL_TEXT_DOUBLE_BYTES, "%.31s", printed);
  return (size_t)snprintf(out, TL_TEXT_DOUBLE_BYTES, "%.*s.%.24s", (int)(found - printed), printed,
                          found + strlen(point));
}

size_t tl_text_format_double(char out[TL_TEXT_DOUBLE_BYTES], double value)
{
  if (!isfinite(value)) return tl_text_format_digits(out, value, 17);
  if (fabs(value) < 1e15 && value == (double)(int64_t)value && !(value == 0 && signbit(value)))
    return (size_t)snprintf(out, TL_TEXT_DOUBLE_BYTES, "%lld", (long long)value);
  /* 15 digits survive the way to a normal double and back, so fewer are never needed there: %g
   * drops zeros. */
  int digits = fabs(value) < 2.3e-308 ? 1 : 15;
  for (;; digits++) {
    const size_t length = tl_text_format_digits(out, value, digits);
    double back;
    if (digits == 17 || (tl_text_parse_double_n(&back, out, length) && back == value))
      return length;
  }
}

size_t tl_text_format_duration(char out[TL_TEXT_DURATION_BYTES], int64_t ns)
{
  const uint64_t size = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;
  const uint64_t seconds = size / 1000000000u;
  const uint32_t part_ns = (uint32_t)(size % 1000000000u);
  int used = snprintf(out, TL_TEXT_DURATION_BYTES, "%s%02llu:%02u:%02u", ns < 0 ? "-" : "",
                      (unsigned long long)(seconds / 3600), (unsigned)(seconds / 60 % 60),
                      (unsigned)(seconds % 60));
  char *end = out + used;
  const size_t room = TL_TEXT_DURATION_BYTES - (size_t)used;
  if (part_ns == 0) return (size_t)used;
  if (part_ns % 1000000 == 0)
    used += snprintf(end, room, ".%03u", part_ns / 1000000);
  else if (part_ns % 1000 == 0)
    used += snprintf(end, room, ".%06u", part_ns / 1000);
  else
    used += snprintf(end, room, ".%09u", part_ns);
  return (size_t)used;
}

typedef enum amount_result {
  AMOUNT_OK,
  AMOUNT_NONE,
  AMOUNT_TOO_FINE,
  AMOUNT_TOO_LARGE
} amount_result;

/* Adds "12.5" times unit_ns to *sum_ns, exactly; *at moves behind the digits. */
static amount_result add_amount(uint64_t *sum_ns, const char *digits, const char *end,
                                uint64_t unit_ns)
{
  decimal number;
  if (digits == end || !scan_decimal(&number, digits, end)) return AMOUNT_NONE;
  if (number.digits == 0) return AMOUNT_OK;
  if (!number.exact) return AMOUNT_TOO_FINE;
  while (number.exponent < 0 && number.digits % 10 == 0) {
    number.digits /= 10;
    number.exponent++;
  }
  wide scaled = (wide)number.digits * unit_ns; /* < 2^64 * 2^47 */
  for (; number.exponent < 0; number.exponent++) {
    if (scaled % 10 != 0) return AMOUNT_TOO_FINE;
    scaled /= 10;
  }
  if (number.exponent > 0 || scaled > INT64_MAX) return AMOUNT_TOO_LARGE;
  if (__builtin_add_overflow(*sum_ns, (uint64_t)scaled, sum_ns) || *sum_ns > INT64_MAX)
    return AMOUNT_TOO_LARGE;
  return AMOUNT_OK;
}

static uint64_t duration_unit_ns(const char *name, size_t length)
{
  static const struct {
    const char *name;
    uint64_t ns;
  } units[] = {
      {"ns", 1},
      {"us", 1000},
      {"ms", 1000000},
      {"s", 1000000000},
      {"", 1000000000},
      {"min", UINT64_C(60000000000)},
      {"h", UINT64_C(3600000000000)},
      {"d", UINT64_C(86400000000000)},
      {"day", UINT64_C(86400000000000)},
  };
  for (size_t i = 0; i < sizeof units / sizeof *units; i++)
    if (strlen(units[i].name) == length && memcmp(units[i].name, name, length) == 0)
      return units[i].ns;
  return 0;
}

static const char *number_end(const char *at)
{
  while (is_digit(*at) || *at == '.') at++;
  return at;
}

/* "07:12:40.5" and "07:12": hours, minutes, perhaps seconds. */
static amount_result parse_clock(uint64_t *sum_ns, const char *at)
{
  uint64_t unit_ns = UINT64_C(3600000000000);
  for (int field = 0; field < 3; field++, unit_ns /= 60) {
    const char *end = number_end(at);
    const bool last = *end == '\0';
    if (!last && *end != ':') return AMOUNT_NONE;
    if (field < 2 && memchr(at, '.', (size_t)(end - at))) return AMOUNT_NONE;
    if (field > 0 && !(is_digit(at[0]) && is_digit(at[1]) && !is_digit(at[2]) && at[0] <= '5'))
      return AMOUNT_NONE;
    const amount_result result = add_amount(sum_ns, at, end, unit_ns);
    if (result != AMOUNT_OK) return result;
    if (last) return field == 0 ? AMOUNT_NONE : AMOUNT_OK;
    at = end + 1;
  }
  return AMOUNT_NONE;
}

/* "1h 30min", "250ms", "90". */
static amount_result parse_amounts(uint64_t *sum_ns, const char *at)
{
  int amounts = 0;
  bool bare = false;
  while (*at != '\0') {
    const char *digits = at, *end = number_end(at);
    at = end;
    while (*at == ' ') at++;
    const char *unit = at;
    while (lower(*at) >= 'a' && lower(*at) <= 'z') at++;
    const uint64_t unit_ns = duration_unit_ns(unit, (size_t)(at - unit));
    if (unit_ns == 0 || bare) return AMOUNT_NONE;
    bare = at == unit; /* seconds without a unit stand alone */
    if (bare && amounts > 0) return AMOUNT_NONE;
    const amount_result result = add_amount(sum_ns, digits, end, unit_ns);
    if (result != AMOUNT_OK) return result;
    amounts++;
    while (*at == ' ') at++;
  }
  return amounts > 0 ? AMOUNT_OK : AMOUNT_NONE;
}

tl_code tl_text_parse_duration(int64_t *out_ns, const char *text, const char *where, tl_error *err)
{
  const char *at = text;
  while (*at == ' ') at++;
  const bool negative = *at == '-';
  if (negative) at++;
  uint64_t sum_ns = 0;
  switch (strchr(at, ':') ? parse_clock(&sum_ns, at) : parse_amounts(&sum_ns, at)) {
    case AMOUNT_OK: *out_ns = negative ? -(int64_t)sum_ns : (int64_t)sum_ns; return TL_OK;
    case AMOUNT_TOO_FINE:
      return tl_fail(err, TL_E_ARG, where, "time '%s' is not a whole number of nanoseconds", text);
    case AMOUNT_TOO_LARGE:
      return tl_fail(err, TL_E_ARG, where, "time '%s' is longer than the 292 years a run can have",
                     text);
    default:
      return tl_fail(err, TL_E_ARG, where,
                     "'%s' is not a time: expected for example 5min, 1h 30min, 250ms, 07:12:40 or "
                     "90 (seconds)",
                     text);
  }
}

enum { NAME_MAX_ = 63 };

/* Optimal string alignment: Damerau-Levenshtein where no piece is edited twice. */
static uint32_t distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
  uint8_t rows[3][NAME_MAX_ + 1]; /* distances to prefixes of b, for the last three prefixes of a */
  for (size_t j = 0; j <= b_length; j++) rows[0][j] = (uint8_t)j;
  for (size_t i = 1; i <= a_length; i++) {
    uint8_t *row = rows[i % 3];
    const uint8_t *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];
    row[0] = (uint8_t)i;
    for (size_t j = 1; j <= b_length; j++) {
      uint32_t best = above[j - 1] + (a[i - 1] != b[j - 1] ? 1u : 0u);
      if (above[j] + 1u < best) best = above[j] + 1u;
      if (row[j - 1] + 1u < best) best = row[j - 1] + 1u;
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
          above2[j - 2] + 1u < best)
        best = above2[j - 2] + 1u;
      row[j] = (uint8_t)best;
    }
  }
  return rows[a_length % 3][b_length];
}

static size_t copy_name(char out[NAME_MAX_ + 1], const char *name, bool lower_case)
{
  size_t length = 0;
  for (; length < NAME_MAX_ && name[length]; length++)
    out[length] = lower_case ? lower(name[length]) : name[length];
  out[length] = '\0';
  return length;
}

uint32_t tl_text_distance(const char *a, const char *b)
{
  char a_name[NAME_MAX_ + 1], b_name[NAME_MAX_ + 1];
  const size_t a_length = copy_name(a_name, a, false), b_length = copy_name(b_name, b, false);
  return distance(a_name, a_length, b_name, b_length);
}

/* How unlikely it is that somebody who typed name meant candidate: smaller is nearer. */
static uint32_t misfit(const char *name, size_t name_length, const char *candidate, size_t length,
                       uint32_t edits)
{
  size_t matched = 0, start = 0, tail = 0;
  for (size_t j = 0; j < length && matched < name_length; j++)
    matched += candidate[j] == name[matched];
  while (start < length && start < name_length && candidate[start] == name[start]) start++;
  while (tail < length && tail < name_length &&
         candidate[length - 1 - tail] == name[name_length - 1 - tail])
    tail++;
  const uint32_t only_letters_left_out = matched == name_length;
  return edits * 1024 + (only_letters_left_out ? 0 : 512) +
         (uint32_t)(2 * NAME_MAX_ - start - tail);
}

const char *tl_text_closest(const char *name, const char *const *candidates, size_t count)
{
  char wanted[NAME_MAX_ + 1], other[NAME_MAX_ + 1];
  const size_t name_length = copy_name(wanted, name, true);
  const uint32_t allowed = name_length < 6 ? 1 : (uint32_t)(name_length / 3);
  const char *best = NULL;
  uint32_t best_misfit = UINT32_MAX;
  for (size_t i = 0; i < count; i++) {
    const size_t length = copy_name(other, candidates[i], true);
    const uint32_t edits = distance(wanted, name_length, other, length);
    if (edits > allowed || edits >= name_length) continue;
    const uint32_t value = misfit(wanted, name_length, other, length, edits);
    if (value >= best_misfit) continue;
    best_misfit = value;
    best = candidates[i];
  }
  return best;
}
