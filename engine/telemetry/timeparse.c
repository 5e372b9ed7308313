#include "telemetry/timeparse.h"

#include <math.h>
#include <string.h>

/* ns = number * multiplier * 10^exponent: keeps every scale an integer. */
static const struct {
  const char *name;
  uint32_t multiplier;
  int32_t exponent;
  double ns;
} scales[] = {
    [TL_TIME_NS] = {"ns", 1, 0, 1.0},          [TL_TIME_US] = {"us", 1, 3, 1e3},
    [TL_TIME_MS] = {"ms", 1, 6, 1e6},          [TL_TIME_S] = {"s", 1, 9, 1e9},
    [TL_TIME_MIN] = {"min", 6, 10, 60e9},      [TL_TIME_H] = {"h", 36, 11, 3600e9},
    [TL_TIME_DAY] = {"day", 864, 11, 86400e9}, [TL_TIME_UNIX_S] = {"unix", 1, 9, 1e9},
    [TL_TIME_ISO] = {"iso", 0, 0, 0.0},
};

bool tl_time_unit_find(tl_time_unit *out, const char *name)
{
  for (size_t i = 0; i < sizeof scales / sizeof scales[0]; i++)
    if (strcmp(scales[i].name, name) == 0) {
      *out = (tl_time_unit)i;
      return true;
    }
  return false;
}

const char *tl_time_unit_name(tl_time_unit unit) { return scales[unit].name; }

enum { DIGITS_MAX = 48 }; /* significant digits kept; an int64 of ns needs 19 and one to round */

typedef struct decimal {
  uint8_t digit[DIGITS_MAX]; /* most significant first, no leading zero */
  int32_t count;
  int64_t exponent; /* of the last digit */
  bool negative;
} decimal;

/* Digits beyond DIGITS_MAX only shift the exponent: they lie below half a ns for any number that fits. */
static void decimal_push(decimal *number, uint8_t digit, bool fraction)
{
  if (number->count == DIGITS_MAX) {
    if (!fraction) number->exponent++;
    return;
  }
  if (number->count > 0 || digit != 0) number->digit[number->count++] = digit;
  if (fraction) number->exponent--;
}

static bool decimal_read(decimal *number, const char *text, size_t length)
{
  memset(number, 0, sizeof *number);
  size_t i = 0, digit_count = 0;
  if (i < length && (text[i] == '+' || text[i] == '-')) number->negative = text[i++] == '-';
  bool fraction = false;
  for (; i < length; i++) {
    if (text[i] == '.' && !fraction) {
      fraction = true;
      continue;
    }
    if (text[i] < '0' || text[i] > '9') break;
    decimal_push(number, (uint8_t)(text[i] - '0'), fraction);
    digit_count++;
  }
  if (digit_count == 0) return false;
  if (i == length) return true;
  if (text[i] != 'e' && text[i] != 'E') return false;
  i++;
  bool down = false;
  if (i < length && (text[i] == '+' || text[i] == '-')) down = text[i++] == '-';
  if (i == length) return false;
  int64_t power = 0;
  for (; i < length; i++) {
    if (text[i] < '0' || text[i] > '9') return false;
    if (power < 100000) power = power * 10 + (text[i] - '0');
  }
  number->exponent += down ? -power : power;
  return true;
}

/* Times a small whole number; room for the carry was left by the caller's digit limit. */
static bool decimal_multiply(decimal *number, uint32_t factor)
{
  uint8_t result[DIGITS_MAX + 4];
  int32_t at = (int32_t)sizeof result;
  uint32_t carry = 0;
  for (int32_t i = number->count - 1; i >= 0 || carry > 0; i--) {
    const uint32_t product = carry + (i >= 0 ? number->digit[i] * factor : 0u);
    if (at == 0) return false;
    result[--at] = (uint8_t)(product % 10u);
    carry = product / 10u;
    if (i < 0) i = 0; /* only the carry is left; keep i from running away */
  }
  const int32_t count = (int32_t)sizeof result - at;
  const int32_t kept = count < DIGITS_MAX ? count : DIGITS_MAX;
  memcpy(number->digit, result + at, (size_t)kept);
  number->count = kept;
  number->exponent += count - kept;
  return true;
}

bool tl_time_parse_decimal(int64_t *out_ns, const char *text, size_t length, tl_time_unit unit)
{
  decimal number;
  if (unit == TL_TIME_ISO || !decimal_read(&number, text, length)) return false;
  if (scales[unit].multiplier != 1 && !decimal_multiply(&number, scales[unit].multiplier))
    return false;
  number.exponent += scales[unit].exponent;
  const int64_t whole_digits =
      number.count + number.exponent; /* digits left of the nanosecond's point */
  if (number.count == 0 || whole_digits < 0) {
    *out_ns = 0;
    return true;
  }
  if (whole_digits > 19) return false;
  uint64_t value = 0;
  for (int64_t i = 0; i < whole_digits; i++)
    value = value * 10u + (i < number.count ? number.digit[i] : 0u); /* 19 digits fit in uint64 */
  if (whole_digits < number.count && number.digit[whole_digits] >= 5) value++;
  if (value > (uint64_t)INT64_MAX) return false;
  *out_ns = number.negative ? -(int64_t)value : (int64_t)value;
  return true;
}

static bool two_digits(const char *text, int32_t *out)
{
  if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9') return false;
  *out = (text[0] - '0') * 10 + (text[1] - '0');
  return true;
}

/* Days since 1970-01-01 of a Gregorian date; years count from March, so that the leap day is the last. */
static int64_t days_of(int32_t year, int32_t month, int32_t day)
{
  const int64_t y = year - (month <= 2 ? 1 : 0);
  const int64_t era = y / 400, of_era = y % 400;
  const int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int32_t days_in_month(int32_t year, int32_t month)
{
  static const int32_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

/* HH:MM[:SS[.digits]] then a zone, to ns of the day less the zone's offset. */
static bool parse_clock(int64_t *out_ns, const char *text, size_t length)
{
  int32_t hour = 0, minute = 0, zone_hour = 0, zone_minute = 0;
  int64_t second_ns = 0;
  if (length < 5 || !two_digits(text, &hour) || text[2] != ':' || !two_digits(text + 3, &minute))
    return false;
  size_t i = 5;
  if (i < length && text[i] == ':') {
    const size_t begin = ++i;
    while (i < length && ((text[i] >= '0' && text[i] <= '9') || text[i] == '.')) i++;
    int32_t whole = 0;
    if (i - begin < 2 || !two_digits(text + begin, &whole) ||
        (i - begin > 2 && text[begin + 2] != '.'))
      return false;
    if (whole > 59 || !tl_time_parse_decimal(&second_ns, text + begin, i - begin, TL_TIME_S))
      return false;
  }
  if (hour > 23 || minute > 59) return false;
  int64_t zone_min = 0;
  if (i < length && (text[i] == 'Z' || text[i] == 'z'))
    i++;
  else if (i < length && (text[i] == '+' || text[i] == '-')) {
    const bool west = text[i++] == '-';
    if (length - i < 4 || !two_digits(text + i, &zone_hour)) return false;
    i += 2;
    if (text[i] == ':') i++;
    if (length - i != 2 || !two_digits(text + i, &zone_minute) || zone_hour > 14 ||
        zone_minute > 59)
      return false;
    i += 2;
    zone_min = (zone_hour * 60 + zone_minute) * (west ? -1 : 1);
  }
  *out_ns = ((int64_t)hour * 60 + minute - zone_min) * 60000000000 + second_ns;
  return i == length;
}

bool tl_time_parse_iso(int64_t *out_ns, const char *text, size_t length)
{
  int32_t century = 0, year = 0, month = 0, day = 0;
  if (length < 10 || !two_digits(text, &century) || !two_digits(text + 2, &year) ||
      text[4] != '-' || !two_digits(text + 5, &month) || text[7] != '-' ||
      !two_digits(text + 8, &day))
    return false;
  year += century * 100;
  if (year < 1678 || year > 2261 || month < 1 || month > 12 || day < 1 ||
      day > days_in_month(year, month))
    return false;
  int64_t clock_ns = 0;
  if (length > 10 &&
      ((text[10] != ' ' && text[10] != 'T') || !parse_clock(&clock_ns, text + 11, length - 11)))
    return false;
  *out_ns = days_of(year, month, day) * 86400000000000 + clock_ns;
  return true;
}

bool tl_time_from_double(int64_t *out_ns, double value, tl_time_unit unit)
{
  const double ns = round(value * scales[unit].ns);
  if (!(ns > -9.2e18 && ns < 9.2e18)) return false;
  *out_ns = (int64_t)ns;
  return true;
}
