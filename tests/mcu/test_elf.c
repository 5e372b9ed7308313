/* Firmware files as bytes: sizes by section, what the firmware says of itself, and every way to be damaged. */
#include "tools/verify/elf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum {
  NAMES_AT = 64,
  ABOUT_AT = 192,
  SECTIONS_AT = 512,
  SECTIONS = 7,
  ELF_BYTES = SECTIONS_AT + SECTIONS * 40
};

static const char about[] =
    "twinloop-firmware/1\ncore m4\nmachine mps2-an386\nclock_Hz 25000000\nlink uart\n"
    "controller my-pid\npersonality tflm\n";
static const char names[] = "\0.text\0.data\0.bss\0.stack\0.twinloop\0.shstrtab";

static void put(uint8_t *at, uint32_t bytes, uint32_t value)
{
  for (uint32_t i = 0; i < bytes; i++) at[i] = (uint8_t)(value >> 8 * i);
}

/* name, type (8: no bits), flags (1 write, 2 allocated), where, how long */
static void put_section(uint8_t *elf, uint32_t index, uint32_t name, uint32_t type, uint32_t flags,
                        uint32_t at, uint32_t bytes)
{
  uint8_t *to = elf + SECTIONS_AT + index * 40;
  put(to, 4, name);
  put(to + 4, 4, type);
  put(to + 8, 4, flags);
  put(to + 16, 4, at);
  put(to + 20, 4, bytes);
}

/* A file with 96 bytes of code, 8 of data, 100 of bss and 2000 of stack. */
static void make(uint8_t elf[ELF_BYTES])
{
  static const uint8_t magic[] = {0x7F, 'E', 'L', 'F', 1, 1, 1};
  memset(elf, 0, ELF_BYTES);
  memcpy(elf, magic, sizeof magic);
  put(elf + 18, 2, 40);
  put(elf + 32, 4, SECTIONS_AT);
  put(elf + 46, 2, 40);
  put(elf + 48, 2, SECTIONS);
  put(elf + 50, 2, 6);
  memcpy(elf + NAMES_AT, names, sizeof names);
  memcpy(elf + ABOUT_AT, about, sizeof about);
  put_section(elf, 1, 1, 1, 2, 0, 96);
  put_section(elf, 2, 7, 1, 3, 96, 8);
  put_section(elf, 3, 13, 8, 3, 0, 100);
  put_section(elf, 4, 18, 8, 3, 0, 2000);
  put_section(elf, 5, 25, 1, 2, ABOUT_AT, sizeof about);
  put_section(elf, 6, 35, 3, 0, NAMES_AT, sizeof names);
}

static void sizes_and_words_are_read(void **unused)
{
  (void)unused;
  uint8_t elf[ELF_BYTES];
  elf_info info;
  tl_error err = {0};
  make(elf);
  assert_int_equal(elf_parse(&info, elf, ELF_BYTES, "f.elf", &err), TL_OK);
  assert_int_equal(info.flash_bytes, 96 + 8 + sizeof about);
  assert_int_equal(info.data_bytes, 8);
  assert_int_equal(info.bss_bytes, 100);
  assert_int_equal(info.stack_bytes, 2000);
  assert_string_equal(info.core, "m4");
  assert_string_equal(info.machine, "mps2-an386");
  assert_string_equal(info.link, "uart");
  assert_string_equal(info.controller, "my-pid");
  assert_string_equal(info.personality, "tflm");
  assert_int_equal(info.clock_Hz, 25000000);
}

static void expect(uint8_t *elf, uint64_t bytes, const char *message)
{
  elf_info info;
  tl_error err = {0};
  assert_int_equal(elf_parse(&info, elf, bytes, "f.elf", &err), TL_E_FORMAT);
  assert_string_equal(err.text, message);
}

static void what_is_no_firmware_is_refused(void **unused)
{
  (void)unused;
  static const char no_elf[] = "f.elf: no 32-bit Arm ELF with sections";
  static const char no_firmware[] = "f.elf: no firmware of this version of tools/firmware";
  uint8_t elf[ELF_BYTES];
  make(elf);
  expect(elf, 51, no_elf);
  expect(elf, ELF_BYTES - 1, no_elf); /* the table of sections leaves the file */
  elf[4] = 2;                         /* 64 bits */
  expect(elf, ELF_BYTES, no_elf);
  make(elf);
  put(elf + 18, 2, 62); /* x86-64 */
  expect(elf, ELF_BYTES, no_elf);
  make(elf);
  put(elf + 50, 2, SECTIONS); /* names in a section that is not there */
  expect(elf, ELF_BYTES, no_elf);
  make(elf);
  put(elf + SECTIONS_AT + 40 + 20, 4, 0xFFFFFFFFu);
  expect(elf, ELF_BYTES, "f.elf: section 1 leaves the file");
  make(elf);
  put(elf + SECTIONS_AT + 2 * 40, 4, sizeof names);
  expect(elf, ELF_BYTES, "f.elf: section 2 leaves the file");
  make(elf);
  elf[ABOUT_AT + 18] = '9'; /* another version */
  expect(elf, ELF_BYTES, no_firmware);
  make(elf);
  elf[NAMES_AT + 26] = 'x'; /* no section .twinloop */
  expect(elf, ELF_BYTES, no_firmware);
}

/* Words end up in JSON and in the emulator's arguments. */
static void words_that_are_not_plain_are_refused(void **unused)
{
  (void)unused;
  static const char bad[] = {'"', ',', ' ', '=', '/', '\\', '\x01', '\xC3', '\0'};
  for (size_t i = 0; i < sizeof bad; i++) {
    uint8_t elf[ELF_BYTES];
    make(elf);
    char *machine = strstr((char *)elf + ABOUT_AT, "mps2");
    machine[2] = bad[i];
    expect(elf, ELF_BYTES, "f.elf: no firmware of this version of tools/firmware");
  }
}

/* Under the sanitizers this finds reads outside of the file. */
static void damaged_files_are_never_read_past_their_end(void **unused)
{
  (void)unused;
  uint64_t state = 1;
  for (int i = 0; i < 200000; i++) {
    uint8_t elf[ELF_BYTES];
    elf_info info;
    make(elf);
    for (int flips = 0; flips < 3; flips++) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      const uint32_t at = (uint32_t)(state >> 40) % ELF_BYTES;
      elf[at] = (uint8_t)(state >> 33);
    }
    const uint64_t bytes = i % 3 == 0 ? (state >> 20) % (ELF_BYTES + 1) : ELF_BYTES;
    const tl_code code = elf_parse(&info, elf, bytes, "f.elf", NULL);
    assert_true(code == TL_OK || code == TL_E_FORMAT);
  }
}

static void a_missing_file_is_named(void **unused)
{
  (void)unused;
  elf_info info;
  tl_error err = {0};
  assert_int_equal(elf_read(&info, "none.elf", &err), TL_E_IO);
  assert_string_equal(err.text, "none.elf: No such file or directory");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sizes_and_words_are_read),
      cmocka_unit_test(what_is_no_firmware_is_refused),
      cmocka_unit_test(words_that_are_not_plain_are_refused),
      cmocka_unit_test(damaged_files_are_never_read_past_their_end),
      cmocka_unit_test(a_missing_file_is_named),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
