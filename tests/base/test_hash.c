/* Hashes against published values and against xxHash's plain C form. */
#include "base/hash.h"
#include "base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define XXH_INLINE_ALL
#define XXH_VECTOR XXH_SCALAR
#include <xxhash.h>

enum { BYTES = 50000 };

static void fill(unsigned char *data, size_t bytes)
{
  const tl_rng_key key = tl_rng_key_make(1, 2, 3);
  for (size_t i = 0; i < bytes; i++) data[i] = (unsigned char)tl_rng_hash64(key, (uint32_t)i);
}

static void the_fast_hash_is_xxh3_of_the_plain_c_form(void **unused)
{
  (void)unused;
  unsigned char data[BYTES];
  fill(data, BYTES);
  for (size_t bytes = 0; bytes <= BYTES; bytes += bytes < 600 ? 1 : 1777)
    for (uint64_t seed = 0; seed < 3; seed++)
      for (size_t offset = 0; offset < 3 && offset + bytes <= BYTES; offset++)
        assert_true(
            tl_hash64(data + offset, bytes, seed * UINT64_C(0x9e3779b97f4a7c15)) ==
            XXH3_64bits_withSeed(data + offset, bytes, seed * UINT64_C(0x9e3779b97f4a7c15)));
  assert_true(tl_hash64(NULL, 0, 0) ==
              UINT64_C(0x2d06800538d394c2)); /* published for the empty input */
}

static void names_hash_to_what_seeds_hang_on(void **unused)
{
  (void)unused;
  assert_true(tl_hash_text("") == UINT64_C(0x2d06800538d394c2));
  assert_true(tl_hash_text("hvac") == XXH3_64bits("hvac", 4));
  assert_true(tl_hash_text("hvac") != tl_hash_text("hvac2"));
}

static void sha256_gives_the_published_digests(void **unused)
{
  (void)unused;
  /* FIPS 180-4 examples */
  static const struct {
    const char *text, *hex;
  } rows[] = {
      {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
      {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
       "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char hex[TL_SHA256_HEX_BYTES];
    tl_sha256_bytes(hex, rows[i].text, strlen(rows[i].text));
    assert_string_equal(hex, rows[i].hex);
  }
}

static void a_stream_gives_the_digest_of_the_whole_and_may_be_used_again(void **unused)
{
  (void)unused;
  unsigned char data[BYTES];
  char whole[TL_SHA256_HEX_BYTES], pieces[TL_SHA256_HEX_BYTES];
  tl_sha256 *stream = NULL;
  tl_error err;
  fill(data, BYTES);
  tl_sha256_bytes(whole, data, BYTES);
  assert_int_equal(tl_sha256_create(&stream, &err), TL_OK);
  for (size_t piece = 1; piece < 5000; piece = piece * 7 + 1) {
    for (size_t at = 0; at < BYTES; at += piece)
      tl_sha256_add(stream, data + at, BYTES - at < piece ? BYTES - at : piece);
    tl_sha256_finish_hex(stream, pieces);
    assert_string_equal(pieces, whole);
  }
  const unsigned char little[8] = {8, 7, 6, 5, 4, 3, 2, 1};
  tl_sha256_add_u64(stream, UINT64_C(0x0102030405060708));
  tl_sha256_finish_hex(stream, pieces);
  tl_sha256_bytes(whole, little, sizeof little);
  assert_string_equal(pieces, whole);
  tl_sha256_free(stream);
  tl_sha256_free(NULL);
}

static void a_file_is_hashed_and_a_missing_one_is_named(void **unused)
{
  (void)unused;
  const char *path = TL_BINARY_DIR "/test_hash.tmp";
  unsigned char data[BYTES];
  char whole[TL_SHA256_HEX_BYTES], of_file[TL_SHA256_HEX_BYTES];
  tl_error err;
  fill(data, BYTES);
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(data, 1, BYTES, file), BYTES);
  fclose(file);
  assert_int_equal(tl_sha256_file(of_file, path, &err), TL_OK);
  tl_sha256_bytes(whole, data, BYTES);
  assert_string_equal(of_file, whole);
  remove(path);
  assert_int_equal(tl_sha256_file(of_file, "no/such/file", &err), TL_E_IO);
  assert_string_equal(err.text, "no/such/file: No such file or directory");
  assert_int_equal(tl_sha256_file(of_file, TL_BINARY_DIR, &err),
                   TL_E_IO); /* a folder opens but cannot be read */
  assert_non_null(strstr(err.text, "could not be read"));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_fast_hash_is_xxh3_of_the_plain_c_form),
      cmocka_unit_test(names_hash_to_what_seeds_hang_on),
      cmocka_unit_test(sha256_gives_the_published_digests),
      cmocka_unit_test(a_stream_gives_the_digest_of_the_whole_and_may_be_used_again),
      cmocka_unit_test(a_file_is_hashed_and_a_missing_one_is_named),
  };
  return cmocka_run_group_tests_name("hash", tests, NULL, NULL);
}
