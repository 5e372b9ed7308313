#include "script/scan.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct scanner {
  const char *at, *end;
  int line;
} scanner;

static bool is_name_byte(char c) { return isalnum((unsigned char)c) || c == '_'; }

static char peek(const scanner *s, size_t ahead)
{
  return (size_t)(s->end - s->at) > ahead ? s->at[ahead] : '\0';
}

static void step(scanner *s)
{
  if (*s->at == '\n') s->line++;
  s->at++;
}

/* At '[': level of a long bracket ([[ is 0, [=[ is 1), or -1. */
static int long_level(const scanner *s)
{
  size_t i = 1;
  while (peek(s, i) == '=') i++;
  return peek(s, i) == '[' ? (int)i - 1 : -1;
}

static void skip_long(scanner *s, int level)
{
  s->at += level + 2;
  while (s->at < s->end) {
    if (*s->at == ']') {
      size_t i = 1;
      while ((int)i <= level && peek(s, i) == '=') i++;
      if ((int)i == level + 1 && peek(s, i) == ']') {
        s->at += i + 1;
        return;
      }
    }
    step(s);
  }
}

static void skip_comment(scanner *s)
{
  s->at += 2;
  if (peek(s, 0) == '[') {
    const int level = long_level(s);
    if (level >= 0) {
      skip_long(s, level);
      return;
    }
  }
  while (s->at < s->end && *s->at != '\n') s->at++;
}

/* Skips a quoted string; returns its content's start and length as written. */
static const char *skip_quoted(scanner *s, size_t *length)
{
  const char quote = *s->at++;
  const char *start = s->at;
  while (s->at < s->end && *s->at != quote && *s->at != '\n') {
    if (*s->at == '\\' && s->at + 1 < s->end) step(s);
    step(s);
  }
  *length = (size_t)(s->at - start);
  if (s->at < s->end && *s->at == quote) s->at++;
  return start;
}

static bool is_refused_field(const char *text, size_t length)
{
  return (length == 4 && memcmp(text, "__gc", 4) == 0) ||
         (length == 6 && memcmp(text, "__mode", 6) == 0);
}

static tl_code refuse_field(const char *text, size_t length, const char *where, tl_error *err)
{
  return tl_fail(err, TL_E_SANDBOX, where,
                 "'%.*s' is not allowed: finalisers and weak tables show when the collector runs",
                 (int)length, text);
}

tl_code tl_scan_check(const char *text, size_t length, const char *name, tl_error *err)
{
  char where[160];
  if (length > 0 && text[0] == '\x1b')
    return tl_fail(err, TL_E_SANDBOX, name, "precompiled Lua is not accepted: a scenario is text");
  scanner s = {text, text + length, 1};
  if (length > 0 && text[0] == '#')
    while (s.at < s.end && *s.at != '\n') s.at++;
  while (s.at < s.end) {
    const char c = *s.at;
    if (c == '-' && peek(&s, 1) == '-') {
      skip_comment(&s);
    } else if (c == '[' && long_level(&s) >= 0) {
      skip_long(&s, long_level(&s));
    } else if (c == '"' || c == '\'') {
      size_t count = 0;
      const int line = s.line;
      const char *content = skip_quoted(&s, &count);
      if (is_refused_field(content, count)) {
        snprintf(where, sizeof where, "%s:%d", name, line);
        return refuse_field(content, count, where, err);
      }
    } else if (is_name_byte(c)) {
      const char *start = s.at;
      while (s.at < s.end && is_name_byte(*s.at)) s.at++;
      if (is_refused_field(start, (size_t)(s.at - start))) {
        snprintf(where, sizeof where, "%s:%d", name, s.line);
        return refuse_field(start, (size_t)(s.at - start), where, err);
      }
    } else if (c == '^') {
      snprintf(where, sizeof where, "%s:%d", name, s.line);
      tl_fail(err, TL_E_SANDBOX, where, "the operator '^' gives other bits on other machines");
      return tl_fail_hint(err, "write pow(x, y)");
    } else {
      step(&s);
    }
  }
  return TL_OK;
}

void tl_scan_line(const char *text, int line, char *out, size_t bytes)
{
  assert(bytes > 0);
  out[0] = '\0';
  if (text == NULL || line < 1) return;
  for (; line > 1; line--) {
    text = strchr(text, '\n');
    if (text == NULL) return;
    text++;
  }
  size_t length = strcspn(text, "\r\n");
  if (length > bytes - 1) length = bytes - 1;
  memcpy(out, text, length);
  out[length] = '\0';
}

static bool is_key(const char *after)
{
  after += strspn(after, " ");
  return after[0] == '=' && after[1] != '=';
}

/* How often, and where first: all occurrences, or those as a key. */
static int occurrences(const char *line, const char *name, bool keys, int *first)
{
  const size_t length = strlen(name);
  const bool word = length > 0 && is_name_byte(name[0]);
  int count = 0;
  if (length == 0) return 0;
  for (const char *at = strstr(line, name); at != NULL; at = strstr(at + 1, name)) {
    if (word && ((at > line && is_name_byte(at[-1])) || is_name_byte(at[length]))) continue;
    if (keys && !is_key(at + length)) continue;
    if (count++ == 0) *first = (int)(at - line) + 1;
  }
  return count;
}

int tl_scan_column(const char *line, const char *name)
{
  int first = 0;
  if (occurrences(line, name, false, &first) == 1) return first;
  /* several: no caret is better than a wrong one */
  return occurrences(line, name, true, &first) == 1 ? first : 0;
}

bool tl_scan_has(const char *line, const char *name)
{
  int first = 0;
  return occurrences(line, name, false, &first) > 0;
}

/* The token that Lua names in "near 'token'"; empty for <eof>. */
static void near_token(const char *message, char *out, size_t bytes)
{
  out[0] = '\0';
  const char *at = strstr(message, " near ");
  if (at == NULL || at[6] != '\'') return;
  snprintf(out, bytes, "%s", at + 7);
  const size_t length = strlen(out);
  if (length > 0 && out[length - 1] == '\'') out[length - 1] = '\0';
}

static void hint_syntax(tl_error *err, const char *message, const char *line)
{
  char token[64];
  near_token(message, token, sizeof token);
  const bool name_or_value = is_name_byte(token[0]) || token[0] == '"' || token[0] == '\'' ||
                             token[0] == '[' || token[0] == '{';
  if (strstr(line, "!=") != NULL && (token[0] == '!' || token[0] == '='))
    tl_fail_hint(err, "write ~= for 'not equal'");
  else if (strstr(line, "&&") != NULL)
    tl_fail_hint(err, "write 'and' for '&&'");
  else if (strstr(line, "||") != NULL)
    tl_fail_hint(err, "write 'or' for '||'");
  else if (strstr(line, "+=") != NULL || strstr(line, "-=") != NULL || strstr(line, "++") != NULL)
    tl_fail_hint(err, "Lua has no '+=': write x = x + 1");
  else if (strcmp(token, "=") == 0 &&
           (strstr(line, "if ") != NULL || strstr(line, "while ") != NULL))
    tl_fail_hint(err, "write == to compare");
  else if (strstr(message, "'}' expected") != NULL && name_or_value)
    tl_fail_hint(err, "a comma may be missing before '%s'", token);
  else if (strstr(message, "')' expected") != NULL && name_or_value && strcmp(token, "end") != 0)
    tl_fail_hint(err, "a comma or ')' may be missing before '%s'", token);
  else if (strstr(message, "'then' expected") != NULL)
    tl_fail_hint(err, "an if needs 'then' after its condition");
  else if (strstr(message, "'do' expected") != NULL)
    tl_fail_hint(err, "a loop needs 'do' after its head");
  else if (strstr(message, "'end' expected") != NULL)
    tl_fail_hint(
        err,
        "each function, if, for and while needs its own 'end'; 'else if' needs two, elseif one");
  else if (strstr(message, "unfinished string") != NULL)
    tl_fail_hint(err, "the closing quote is missing");
}

tl_code tl_scan_syntax(const char *message, const char *text, tl_error *err)
{
  char where[160] = "";
  const char *rest = message;
  for (const char *colon = strchr(message, ':'); colon != NULL; colon = strchr(colon + 1, ':')) {
    char *end = NULL;
    const int64_t line = (int64_t)strtoll(colon + 1, &end, 10);
    if (end == colon + 1 || *end != ':' || line < 1) continue;
    snprintf(where, sizeof where, "%.*s", (int)(end - message), message);
    rest = end + 1 + strspn(end + 1, " ");
    break;
  }
  tl_fail(err, TL_E_SYNTAX, where, "%s", rest);
  const char *colon = strrchr(where, ':');
  char line[256] = "";
  if (colon != NULL) tl_scan_line(text, atoi(colon + 1), line, sizeof line);
  if (err != NULL) hint_syntax(err, rest, line);
  return TL_E_SYNTAX;
}
