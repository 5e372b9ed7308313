#include "tools/verify/elf.h"

#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
  ELF_BYTES_MAX = 64 * 1024 * 1024,
  ELF_HEADER_BYTES = 52,
  ELF_SECTION_BYTES = 40,
  ELF_ARM = 40,
  ELF_NOBITS = 8,
  ELF_WRITE = 1,
  ELF_ALLOC = 2,
  ABOUT_BYTES_MAX = 1024
};

typedef struct section {
  const char *name;
  uint32_t type, flags, offset, bytes;
} section;

typedef struct sections {
  const uint8_t *data;
  uint64_t bytes;
  uint32_t at, count;
  uint32_t names_at, names_bytes;
} sections;

static uint32_t load16(const uint8_t *from) { return (uint32_t)from[0] | (uint32_t)from[1] << 8; }

static uint32_t load32(const uint8_t *from) { return load16(from) | load16(from + 2) << 16; }

static bool inside(const sections *s, uint64_t at, uint64_t bytes)
{
  return at <= s->bytes && bytes <= s->bytes - at;
}

/* Section number `index`; false when it lies outside of the file. */
static bool section_at(const sections *s, uint32_t index, section *out)
{
  const uint8_t *from = s->data + s->at + (size_t)index * ELF_SECTION_BYTES;
  const uint32_t name = load32(from);
  *out = (section){"", load32(from + 4), load32(from + 8), load32(from + 16), load32(from + 20)};
  if (out->type != ELF_NOBITS && !inside(s, out->offset, out->bytes)) return false;
  if (s->names_bytes == 0) return true;
  if (name >= s->names_bytes) return false;
  out->name = (const char *)s->data + s->names_at + name;
  return memchr(out->name, '\0', s->names_bytes - name) != NULL;
}

static bool open_sections(sections *out, const uint8_t *data, uint64_t bytes)
{
  static const uint8_t magic[6] = {0x7F, 'E', 'L', 'F', 1 /* 32 bits */, 1 /* little-endian */};
  if (bytes < ELF_HEADER_BYTES || memcmp(data, magic, sizeof magic) != 0 ||
      load16(data + 18) != ELF_ARM)
    return false;
  *out =
      (sections){.data = data, .bytes = bytes, .at = load32(data + 32), .count = load16(data + 48)};
  const uint32_t names = load16(data + 50);
  if (load16(data + 46) != ELF_SECTION_BYTES || names >= out->count ||
      !inside(out, out->at, (uint64_t)out->count * ELF_SECTION_BYTES))
    return false;
  section strings;
  if (!section_at(out, names, &strings) || strings.type == ELF_NOBITS) return false;
  out->names_at = strings.offset;
  out->names_bytes = strings.bytes;
  return true;
}

/* Letters, digits and what names of files have; nothing that JSON or an emulator's options would take apart. */
static bool is_plain(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.';
}

/* The word after `key` in lines of "key word"; false when there is none, or it is long or not plain. */
static bool find_word(char out[ELF_WORD_BYTES], const char *lines, const char *key)
{
  const size_t key_bytes = strlen(key);
  for (const char *line = lines; *line != '\0';
       line += strcspn(line, "\n"), line += *line == '\n') {
    if (strncmp(line, key, key_bytes) != 0 || line[key_bytes] != ' ') continue;
    const char *word = line + key_bytes + 1;
    size_t bytes = 0;
    for (; is_plain(word[bytes]) && bytes + 1 < ELF_WORD_BYTES; bytes++) out[bytes] = word[bytes];
    out[bytes] = '\0';
    return bytes > 0 && word[bytes] == '\n';
  }
  return false;
}

static bool read_about(elf_info *out, const sections *s, const section *about)
{
  char lines[ABOUT_BYTES_MAX], clock[ELF_WORD_BYTES];
  uint64_t clock_Hz;
  if (about->type == ELF_NOBITS || about->bytes >= sizeof lines) return false;
  memcpy(lines, s->data + about->offset, about->bytes);
  lines[about->bytes] = '\0';
  if (strncmp(lines, "twinloop-firmware/1\n", 20) != 0) return false;
  if (!find_word(out->core, lines, "core") || !find_word(out->machine, lines, "machine") ||
      !find_word(out->link, lines, "link") || !find_word(out->controller, lines, "controller") ||
      !find_word(out->personality, lines, "personality") || !find_word(clock, lines, "clock_Hz") ||
      !tl_text_parse_uint64(&clock_Hz, clock))
    return false;
  if (clock_Hz < 1000 || clock_Hz > 1000000000) return false;
  out->clock_Hz = (uint32_t)clock_Hz;
  return true;
}

static void add_size(elf_info *out, const section *s)
{
  if (!(s->flags & ELF_ALLOC)) return;
  if (strcmp(s->name, ".stack") == 0)
    out->stack_bytes += s->bytes;
  else if (s->type == ELF_NOBITS)
    out->bss_bytes += s->bytes;
  else {
    out->flash_bytes += s->bytes;
    if (s->flags & ELF_WRITE) out->data_bytes += s->bytes;
  }
}

tl_code elf_parse(elf_info *out, const uint8_t *data, uint64_t bytes, const char *path,
                  tl_error *err)
{
  sections s;
  bool has_about = false;
  *out = (elf_info){0};
  if (!open_sections(&s, data, bytes))
    return tl_fail(err, TL_E_FORMAT, NULL, "%s: no 32-bit Arm ELF with sections", path);
  for (uint32_t i = 0; i < s.count; i++) {
    section at;
    if (!section_at(&s, i, &at))
      return tl_fail(err, TL_E_FORMAT, NULL, "%s: section %u leaves the file", path, i);
    add_size(out, &at);
    if (strcmp(at.name, ".twinloop") == 0) has_about = read_about(out, &s, &at);
  }
  if (has_about) return TL_OK;
  tl_fail(err, TL_E_FORMAT, NULL, "%s: no firmware of this version of tools/firmware", path);
  (void)tl_fail_hint(err, "build it with: tools/firmware MODEL.tflite -o F.elf");
  return TL_E_FORMAT;
}

tl_code elf_read(elf_info *out, const char *path, tl_error *err)
{
  *out = (elf_info){0};
  FILE *file = fopen(path, "rb");
  if (!file) return tl_fail(err, TL_E_IO, NULL, "%s: %s", path, strerror(errno));
  tl_code code = TL_OK;
  uint8_t *data = NULL;
  const int64_t bytes = fseeko(file, 0, SEEK_END) == 0 ? (int64_t)ftello(file) : -1;
  if (bytes < 0 || bytes > ELF_BYTES_MAX)
    code = tl_fail(err, TL_E_FORMAT, NULL, "%s: no file, or larger than 64 MiB", path);
  else if (!(data = malloc((size_t)bytes + 1)))
    code = tl_fail(err, TL_E_LIMIT, NULL, "out of memory");
  else if (fseeko(file, 0, SEEK_SET) != 0 || fread(data, 1, (size_t)bytes, file) != (size_t)bytes)
    code = tl_fail(err, TL_E_IO, NULL, "%s: cannot be read", path);
  else
    code = elf_parse(out, data, (uint64_t)bytes, path, err);
  free(data);
  fclose(file);
  return code;
}
