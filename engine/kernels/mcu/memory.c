/* memory.c: the four mem* functions that C compilers and the kernels ask for, and strlen for names
 * of files; words at a time where both sides are aligned. Built so that the compiler does not turn
 * them into calls of themselves. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint32_t __attribute__((may_alias)) word;

void *memcpy(void *restrict to, const void *restrict from, size_t bytes)
{
  uint8_t *d = to;
  const uint8_t *s = from;
  if (((uintptr_t)d | (uintptr_t)s) % sizeof(word) == 0)
    for (; bytes >= sizeof(word); bytes -= sizeof(word), d += sizeof(word), s += sizeof(word))
      *(word *)(void *)d = *(const word *)(const void *)s;
  for (; bytes > 0; bytes--) *d++ = *s++;
  return to;
}

void *memmove(void *to, const void *from, size_t bytes)
{
  uint8_t *d = to;
  const uint8_t *s = from;
  if ((uintptr_t)d - (uintptr_t)s >= bytes) /* also when `to` lies before `from` */
    for (size_t i = 0; i < bytes; i++) d[i] = s[i];
  else
    for (size_t i = bytes; i > 0; i--) d[i - 1] = s[i - 1];
  return to;
}

void *memset(void *to, int value, size_t bytes)
{
  uint8_t *d = to;
  const word fill = (uint8_t)value * 0x01010101u;
  for (; bytes > 0 && (uintptr_t)d % sizeof(word) != 0; bytes--) *d++ = (uint8_t)value;
  for (; bytes >= sizeof(word); bytes -= sizeof(word), d += sizeof(word)) *(word *)(void *)d = fill;
  for (; bytes > 0; bytes--) *d++ = (uint8_t)value;
  return to;
}

int memcmp(const void *a, const void *b, size_t bytes)
{
  const uint8_t *x = a, *y = b;
  for (size_t i = 0; i < bytes; i++)
    if (x[i] != y[i]) return x[i] < y[i] ? -1 : 1;
  return 0;
}

size_t strlen(const char *text)
{
  size_t bytes = 0;
  while (text[bytes] != '\0') bytes++;
  return bytes;
}
