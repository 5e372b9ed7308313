#include "script/message.h"

#include "script/scan.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_BYTES = 4096, SHOWN = 110 };

/* Splits "path:22" at its last colon; false when there is no line number. */
static bool split_where(const char *where, char *path, size_t bytes, int *line)
{
  const char *colon = strrchr(where, ':');
  if (colon == NULL || !isdigit((unsigned char)colon[1])) return false;
  *line = atoi(colon + 1);
  snprintf(path, bytes, "%.*s", (int)(colon - where), where);
  return *line > 0;
}

static bool read_line(const char *path, int wanted, char out[LINE_BYTES])
{
  FILE *file = fopen(path, "rb");
  if (file == NULL) return false;
  bool found = false;
  int line = 1;
  size_t used = 0;
  for (int c = fgetc(file); c != EOF && line <= wanted; c = fgetc(file)) {
    if (line == wanted) {
      found = true;
      if (c != '\n' && c != '\r' && used + 1 < LINE_BYTES) out[used++] = c == '\t' ? ' ' : (char)c;
    }
    if (c == '\n') line++;
  }
  out[used] = '\0';
  fclose(file);
  return found;
}

/* The last 'quoted' word of the text that is in the line: its column, when that is sure, and length. What comes last
 * is what is wrong: "sensor 'box' has no key 'nosie'". */
static int find_caret(const char *text, const char *line, size_t *length)
{
  int found = 0;
  for (const char *quote = strchr(text, '\''); quote != NULL;) {
    const char *end = strchr(quote + 1, '\'');
    if (end == NULL) break;
    char name[96];
    snprintf(name, sizeof name, "%.*s", (int)(end - quote - 1), quote + 1);
    if (tl_scan_has(line, name)) {
      found = tl_scan_column(line, name); /* 0: which of them is not known, and no other is meant */
      *length = strlen(name);
    }
    quote = strchr(end + 1, '\'');
  }
  return found;
}

/* A line that fits no screen is shown around the caret. Returns the caret's column in what is shown. */
static int cut_line(char line[LINE_BYTES], int column, size_t length)
{
  const size_t bytes = strlen(line);
  if (bytes <= SHOWN + 10) return column;
  const size_t caret = column > 0 ? (size_t)column - 1 : 0;
  size_t begin = caret + length > SHOWN ? caret - (caret < SHOWN / 2 ? caret : SHOWN / 2) : 0;
  while (begin > 0 && ((unsigned char)line[begin] & 0xc0) == 0x80) begin--; /* whole characters */
  size_t end = begin + SHOWN < bytes ? begin + SHOWN : bytes;
  while (end < bytes && ((unsigned char)line[end] & 0xc0) == 0x80) end++;
  char shown[LINE_BYTES];
  const int before = begin > 0 ? 4 : 0;
  snprintf(shown, sizeof shown, "%s%.*s%s", begin > 0 ? "... " : "", (int)(end - begin),
           line + begin, end < bytes ? " ..." : "");
  memcpy(line, shown, strlen(shown) + 1);
  return column > 0 ? column - (int)begin + before : 0;
}

static void add_repeated(tl_text *out, char c, size_t count)
{
  while (count-- > 0) tl_text_add_char(out, c);
}

void tl_message_render(tl_text *out, const tl_error *err, const tl_message_context *context)
{
  static const tl_message_context none = {-1, NULL, false};
  if (context == NULL) context = &none;
  const char *red = context->color ? "\033[1;31m" : "", *bold = context->color ? "\033[1m" : "";
  const char *blue = context->color ? "\033[34m" : "", *reset = context->color ? "\033[0m" : "";
  const tl_code_info *info = tl_code_describe(err->code);

  const char *text = err->text;
  const size_t prefix = strlen(err->where);
  if (prefix > 0 && strncmp(text, err->where, prefix) == 0 && text[prefix] == ':')
    text += prefix + 1 + (text[prefix + 1] == ' ');
  tl_text_addf(out, "%serror[TL%04d]%s%s: %s%s\n", red, info->number, reset, bold, text, reset);

  char path[160] = "", line_text[LINE_BYTES] = "";
  int line = 0;
  bool hint_shown = err->hint[0] == '\0';
  const bool placed = split_where(err->where, path, sizeof path, &line);
  if (placed) {
    const bool readable = read_line(path, line, line_text);
    size_t length = 0;
    const int column = readable ? find_caret(text, line_text, &length) : 0;
    const int shown = cut_line(line_text, column, length);
    const size_t room = strlen(line_text) + 1 - (size_t)(shown > 0 ? shown : 1);
    if (length > room) length = room;
    char number[16];
    const int width = snprintf(number, sizeof number, "%d", line);
    tl_text_addf(out, "%*s%s-->%s %s:%d", width, "", blue, reset, path, line);
    if (column > 0) tl_text_addf(out, ":%d", column);
    tl_text_add_char(out, '\n');
    if (readable) {
      tl_text_addf(out, "%*s %s|%s\n", width, "", blue, reset);
      tl_text_addf(out, "%s%s |%s %s\n", blue, number, reset, line_text);
      if (column > 0) {
        tl_text_addf(out, "%*s %s|%s ", width, "", blue, reset);
        add_repeated(out, ' ', (size_t)shown - 1);
        tl_text_add(out, red);
        add_repeated(out, '^', length);
        if (!hint_shown) tl_text_addf(out, " %s", err->hint);
        tl_text_addf(out, "%s\n", reset);
        hint_shown = true;
      }
    }
    if (!hint_shown) tl_text_addf(out, "%*s %s=%s %s\n", width, "", blue, reset, err->hint);
    tl_text_addf(out, "%*s %s=%s ", width, "", blue, reset);
  } else {
    if (err->where[0] != '\0') tl_text_addf(out, "  %s-->%s %s\n", blue, reset, err->where);
    if (!hint_shown) tl_text_addf(out, "  %s=%s %s\n", blue, reset, err->hint);
    tl_text_addf(out, "  %s=%s ", blue, reset);
  }
  const bool phase = context->phase != NULL && context->phase[0] != '\0';
  if (context->at_ns >= 0) {
    tl_text_add(out, "simulated time ");
    tl_text_add_duration(out, context->at_ns);
  }
  if (phase) tl_text_addf(out, "%s%s", context->at_ns >= 0 ? ", " : "", context->phase);
  if (context->at_ns >= 0 || phase) tl_text_add(out, "       ");
  tl_text_addf(out, "help: twinloop explain TL%04d\n", info->number);
}
