/* The growing string of text.h, and what goes into JSON and HTML. */
#include "base/text.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

tl_text tl_text_over(char *memory, size_t bytes)
{
  assert(memory != NULL && bytes >= 1);
  memory[0] = '\0';
  return (tl_text){.data = memory, .capacity = bytes, .fixed = true};
}

void tl_text_free(tl_text *text)
{
  if (!text->fixed) free(text->data);
  *text = (tl_text){0};
}

void tl_text_clear(tl_text *text)
{
  text->length = 0;
  text->failed = false;
  if (text->data != NULL) text->data[0] = '\0';
}

const char *tl_text_string(const tl_text *text) { return text->data != NULL ? text->data : ""; }

/* True when `count` bytes and the end fit. */
static bool reserve(tl_text *text, size_t count)
{
  assert(text->length <= text->capacity);
  if (count < text->capacity - text->length) return true;
  if (text->fixed || count > SIZE_MAX / 4 || text->length > SIZE_MAX / 4) {
    text->failed = true;
    return false;
  }
  size_t wanted = text->capacity < 64 ? 128 : 2 * text->capacity;
  if (wanted < text->length + count + 1) wanted = text->length + count + 1;
  char *grown = realloc(text->data, wanted);
  if (grown == NULL) {
    text->failed = true;
    return false;
  }
  text->data = grown;
  text->capacity = wanted;
  text->data[text->length] = '\0';
  return true;
}

void tl_text_add_bytes(tl_text *text, const char *bytes, size_t count)
{
  if (!reserve(text, count)) {
    if (!text->fixed || text->capacity == 0) return;
    count = text->capacity - 1 - text->length; /* what fits, without cutting a character in two */
    while (count > 0 && ((unsigned char)bytes[count] & 0xc0) == 0x80) count--;
  }
  if (count > 0) memcpy(text->data + text->length, bytes, count);
  text->length += count;
  text->data[text->length] = '\0';
}

void tl_text_add(tl_text *text, const char *string)
{
  if (string != NULL) tl_text_add_bytes(text, string, strlen(string));
}

void tl_text_add_char(tl_text *text, char c)
{
  if (!reserve(text, 1)) return;
  text->data[text->length++] = c;
  text->data[text->length] = '\0';
}

void tl_text_addf(tl_text *text, const char *format, ...)
{
  char small[256];
  va_list arguments, again;
  va_start(arguments, format);
  va_copy(again, arguments);
  const int length = vsnprintf(small, sizeof small, format, arguments);
  va_end(arguments);
  assert(length >= 0);
  if ((size_t)length < sizeof small) {
    tl_text_add_bytes(text, small, (size_t)length);
  } else if (reserve(text, (size_t)length)) {
    vsnprintf(text->data + text->length, (size_t)length + 1, format, again);
    text->length += (size_t)length;
  } else if (text->fixed) {
    vsnprintf(text->data + text->length, text->capacity - text->length, format, again);
    text->length += strlen(text->data + text->length);
  }
  va_end(again);
}

void tl_text_add_digits(tl_text *text, double value, int digits)
{
  char printed[TL_TEXT_DOUBLE_BYTES];
  const size_t length = tl_text_format_digits(printed, value, digits);
  tl_text_add_bytes(text, printed, length);
}

void tl_text_add_double(tl_text *text, double value)
{
  char printed[TL_TEXT_DOUBLE_BYTES];
  const size_t length = tl_text_format_double(printed, value);
  tl_text_add_bytes(text, printed, length);
}

void tl_text_add_duration(tl_text *text, int64_t ns)
{
  char printed[TL_TEXT_DURATION_BYTES];
  const size_t length = tl_text_format_duration(printed, ns);
  tl_text_add_bytes(text, printed, length);
}

void tl_text_add_count(tl_text *text, int64_t count)
{
  char digits[32], grouped[48];
  const int length = snprintf(digits, sizeof digits, "%lld", (long long)count);
  size_t used = 0;
  for (int i = 0; i < length; i++) {
    const bool between_digits = i > 0 && digits[i - 1] != '-';
    if (between_digits && (length - i) % 3 == 0) grouped[used++] = ' ';
    grouped[used++] = digits[i];
  }
  tl_text_add_bytes(text, grouped, used);
}

void tl_text_add_size(tl_text *text, uint64_t bytes)
{
  static const char *const units[] = {" B", " kB", " MB", " GB", " TB", " PB", " EB"};
  double size = (double)bytes;
  size_t unit = 0;
  for (; size >= 999.5; size /= 1000.0) unit++;
  tl_text_add_digits(text, size, 3);
  tl_text_add(text, units[unit]);
}

/* Bytes of the UTF-8 character at `at`, 0 when they are none (RFC 3629: shortest form, no
 * surrogates). */
static size_t utf8_bytes(const char *string)
{
  const unsigned char *at = (const unsigned char *)string;
  if (at[0] < 0x80) return 1;
  const size_t bytes = at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;
  if (at[0] < 0xc2 || at[0] > 0xf4) return 0;
  for (size_t i = 1; i < bytes; i++)
    if ((at[i] & 0xc0) != 0x80) return 0; /* the end mark stops here too */
  if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f)) return 0;
  if ((at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f)) return 0;
  return bytes;
}

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

static void add_json_byte(tl_text *text, char c)
{
  switch (c) {
    case '"': tl_text_add(text, "\\\""); return;
    case '\\': tl_text_add(text, "\\\\"); return;
    case '\n': tl_text_add(text, "\\n"); return;
    case '\r': tl_text_add(text, "\\r"); return;
    case '\t': tl_text_add(text, "\\t"); return;
    case '<':
      tl_text_add(text, "\\u003c");
      return; /* so that </script> cannot end a script element */
    default: break;
  }
  if ((unsigned char)c < 0x20 || c == 0x7f)
    tl_text_addf(text, "\\u%04x", (unsigned)(unsigned char)c);
  else
    tl_text_add_char(text, c);
}

void tl_text_add_json(tl_text *text, const char *string)
{
  if (string == NULL) {
    tl_text_add(text, "null");
    return;
  }
  tl_text_add_char(text, '"');
  while (*string) {
    const size_t bytes = utf8_bytes(string);
    if (bytes == 0)
      tl_text_add(text, replacement);
    else if (bytes == 1)
      add_json_byte(text, *string);
    else
      tl_text_add_bytes(text, string, bytes);
    string += bytes == 0 ? 1 : bytes;
  }
  tl_text_add_char(text, '"');
}

void tl_text_add_json_double(tl_text *text, double value)
{
  if (isfinite(value))
    tl_text_add_double(text, value);
  else
    tl_text_add(text, "null");
}

static void add_html_byte(tl_text *text, char c)
{
  switch (c) {
    case '&': tl_text_add(text, "&amp;"); return;
    case '<': tl_text_add(text, "&lt;"); return;
    case '>': tl_text_add(text, "&gt;"); return;
    case '"': tl_text_add(text, "&quot;"); return;
    case '\'': tl_text_add(text, "&#39;"); return;
    default: break;
  }
  const bool allowed = (unsigned char)c >= 0x20 || c == '\t' || c == '\n' || c == '\r';
  if (allowed && c != 0x7f) tl_text_add_char(text, c);
}

void tl_text_add_html(tl_text *text, const char *string)
{
  while (string != NULL && *string) {
    const size_t bytes = utf8_bytes(string);
    if (bytes == 0)
      tl_text_add(text, replacement);
    else if (bytes == 1)
      add_html_byte(text, *string);
    else
      tl_text_add_bytes(text, string, bytes);
    string += bytes == 0 ? 1 : bytes;
  }
}
