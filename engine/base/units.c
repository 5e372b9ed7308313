#include "base/units.h"

#include "base/text.h"

#include <assert.h>
#include <string.h>

static const tl_unit_row rows[] = {
/* The nine powers go through as one macro argument list. */
#define UNIT(...) UNIT_ROW(__VA_ARGS__)
#define UNIT_ROW(name_, numerator_, denominator_, offset_, p0, p1, p2, p3, p4, p5, p6, p7, p8,     \
                 meaning_)                                                                         \
  {{.name = name_,                                                                                 \
    .power = {p0, p1, p2, p3, p4, p5, p6, p7, p8},                                                 \
    .numerator = numerator_,                                                                       \
    .denominator = denominator_,                                                                   \
    .offset = offset_},                                                                            \
   meaning_},
#include "base/units.def"
#undef UNIT
#undef UNIT_ROW
};
enum { ROW_COUNT = sizeof rows / sizeof *rows };

uint32_t tl_unit_row_count(void) { return ROW_COUNT; }

const tl_unit_row *tl_unit_row_at(uint32_t index)
{
  assert(index < ROW_COUNT);
  return &rows[index];
}

static const tl_unit *find_row(const char *name, size_t length)
{
  for (uint32_t i = 0; i < ROW_COUNT; i++)
    if (strlen(rows[i].unit.name) == length && memcmp(rows[i].unit.name, name, length) == 0)
      return &rows[i].unit;
  return NULL;
}

static tl_code fail_unknown(const char *part, size_t length, const char *name, const char *where,
                            tl_error *err)
{
  const char *candidates[ROW_COUNT];
  char wanted[32];
  if (length > sizeof wanted - 1) length = sizeof wanted - 1;
  memcpy(wanted, part, length);
  wanted[length] = '\0';
  for (uint32_t i = 0; i < ROW_COUNT; i++) candidates[i] = rows[i].unit.name;
  const char *closest = tl_text_closest(wanted, candidates, ROW_COUNT);
  if (strcmp(wanted, name) == 0)
    tl_fail(err, TL_E_UNIT, where, "unknown unit '%s'", name);
  else
    tl_fail(err, TL_E_UNIT, where, "unknown unit '%s' in '%s'", wanted, name);
  if (closest != NULL) tl_fail_hint(err, "did you mean '%s'?", closest);
  return TL_E_UNIT;
}

/* Multiplies *out by part^power. An offset has no meaning inside a product: W/degC is W/K. */
static void multiply(tl_unit *out, const tl_unit *part, int power)
{
  for (int times = 0; times < (power < 0 ? -power : power); times++) {
    out->numerator *= power > 0 ? part->numerator : part->denominator;
    out->denominator *= power > 0 ? part->denominator : part->numerator;
  }
  for (int i = 0; i < TL_DIM_COUNT; i++)
    out->power[i] = (int8_t)(out->power[i] + power * part->power[i]);
}

/* "kg*m2/s": factors, each perhaps with a digit 1..4 as its power, joined by * or /. */
static tl_code find_compound(tl_unit *out, const char *name, const char *where, tl_error *err)
{
  *out = (tl_unit){.numerator = 1.0, .denominator = 1.0};
  memcpy(out->name, name, strlen(name));
  int sign = 1, factor_count = 0;
  for (const char *at = name; *at != '\0'; factor_count++) {
    if (*at == '/' || *at == '*') {
      if (*at == '*' && factor_count == 0) break;
      sign = *at++ == '/' ? -1 : 1;
    } else if (factor_count > 0) {
      break;
    }
    const size_t length = strcspn(at, "*/^");
    size_t base = length;
    int power = 1;
    const char *next = at + length;
    if (length > 1 && at[length - 1] >= '1' && at[length - 1] <= '4') {
      power = at[length - 1] - '0';
      base--;
    } else if (*next == '^') {
      if (next[1] < '1' || next[1] > '4') break;
      power = next[1] - '0';
      next += 2;
    }
    if (base == 0 || factor_count == 6) break;
    const tl_unit *part = find_row(at, base);
    if (part == NULL) return fail_unknown(at, base, name, where, err);
    multiply(out, part, sign * power);
    at = next;
    if (*at == '\0') return TL_OK;
  }
  return tl_fail(err, TL_E_UNIT, where,
                 "'%s' is not a unit: expected names joined by * and /, such as W/K or m/s2", name);
}

tl_code tl_unit_find(tl_unit *out, const char *name, const char *where, tl_error *err)
{
  const tl_unit *row = find_row(name, strlen(name));
  if (row != NULL) {
    *out = *row;
    return TL_OK;
  }
  if (strlen(name) > sizeof out->name - 1)
    return tl_fail(err, TL_E_UNIT, where, "'%.40s...' is too long for a unit", name);
  if (strpbrk(name, "*/^123456789") == NULL && name[0] != '\0')
    return fail_unknown(name, strlen(name), name, where, err);
  tl_unit found; /* so that *out stays as it was on failure */
  const tl_code code = find_compound(&found, name, where, err);
  if (code == TL_OK) *out = found;
  return code;
}

bool tl_unit_same_dimension(const tl_unit *a, const tl_unit *b)
{
  return memcmp(a->power, b->power, sizeof a->power) == 0;
}

double tl_unit_apply(double value, const tl_unit *from, const tl_unit *to)
{
  assert(tl_unit_same_dimension(from, to));
  const double numerator = from->numerator * to->denominator;
  const double denominator = from->denominator * to->numerator;
  if (numerator == denominator) /* both scales alike: one rounding, as 20 degC + 273.15 */
    return from->offset == to->offset ? value : value + (from->offset - to->offset);
  return (value + from->offset) * numerator / denominator - to->offset;
}

double tl_unit_apply_difference(double value, const tl_unit *from, const tl_unit *to)
{
  assert(tl_unit_same_dimension(from, to));
  return value * (from->numerator * to->denominator) / (from->denominator * to->numerator);
}

static tl_code find_pair(tl_unit *from_unit, tl_unit *to_unit, const char *from, const char *to,
                         const char *where, tl_error *err)
{
  tl_code code = tl_unit_find(from_unit, from, where, err);
  if (code == TL_OK) code = tl_unit_find(to_unit, to, where, err);
  if (code == TL_OK && !tl_unit_same_dimension(from_unit, to_unit))
    code = tl_fail(err, TL_E_UNIT, where, "cannot turn %s into %s", from, to);
  return code;
}

tl_code tl_unit_convert(double *out, double value, const char *from, const char *to,
                        const char *where, tl_error *err)
{
  tl_unit from_unit, to_unit;
  const tl_code code = find_pair(&from_unit, &to_unit, from, to, where, err);
  if (code == TL_OK) *out = tl_unit_apply(value, &from_unit, &to_unit);
  return code;
}

tl_code tl_unit_convert_difference(double *out, double value, const char *from, const char *to,
                                   const char *where, tl_error *err)
{
  tl_unit from_unit, to_unit;
  const tl_code code = find_pair(&from_unit, &to_unit, from, to, where, err);
  if (code == TL_OK) *out = tl_unit_apply_difference(value, &from_unit, &to_unit);
  return code;
}

tl_code tl_unit_parse_quantity(double *value, tl_unit *unit, const char *text, const char *where,
                               tl_error *err)
{
  const char *begin = text + strspn(text, " ");
  /* The longest start that reads as a number: "20min", "1e3 W", but the e of "5eV" is no exponent.
   * */
  size_t length = strspn(begin, "+-0123456789.eEinfINF");
  double number = 0.0;
  while (length > 0 && !tl_text_parse_double_n(&number, begin, length)) length--;
  if (length == 0) return tl_fail(err, TL_E_ARG, where, "'%s' does not start with a number", text);
  const char *name = begin + length;
  name += strspn(name, " ");
  size_t name_length = strlen(name);
  while (name_length > 0 && name[name_length - 1] == ' ') name_length--;
  char copy[sizeof unit->name + 8] = "1";
  if (name_length >= sizeof copy)
    return tl_fail(err, TL_E_UNIT, where, "'%.40s...' is too long for a unit", name);
  if (name_length > 0) {
    memcpy(copy, name, name_length);
    copy[name_length] = '\0';
  }
  const tl_code code = tl_unit_find(unit, copy, where, err);
  if (code == TL_OK) *value = number;
  return code;
}
