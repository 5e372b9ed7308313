#include "base/hash.h"

#include <assert.h>
#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <xxh_x86dispatch.h>
#else
#include <xxhash.h>
#endif

/* On x86 the header above turns this name into the library's run-time dispatch (SSE2, AVX2,
 * AVX-512). */
uint64_t tl_hash64(const void *data, size_t bytes, uint64_t seed)
{
  assert(data != NULL || bytes == 0);
  return XXH3_64bits_withSeed(data, bytes, seed);
}

uint64_t tl_hash_text(const char *text) { return tl_hash64(text, strlen(text), 0); }

struct tl_sha256 {
  EVP_MD_CTX *context;
};

/* Initialised once with its algorithm; a NULL algorithm afterwards only resets, so that add() and
 * finish() find everything allocated. */
tl_code tl_sha256_create(tl_sha256 **out, tl_error *err)
{
  *out = NULL;
  tl_sha256 *stream = malloc(sizeof *stream);
  if (stream == NULL) return tl_fail(err, TL_E_LIMIT, NULL, "out of memory for a SHA-256 stream");
  stream->context = EVP_MD_CTX_new();
  if (stream->context == NULL || EVP_DigestInit_ex(stream->context, EVP_sha256(), NULL) != 1) {
    tl_sha256_free(stream);
    return tl_fail(err, TL_E_LIMIT, NULL, "the crypto library gives no SHA-256");
  }
  *out = stream;
  return TL_OK;
}

/* Nothing in here can fail on a stream that was created: a failure is our bug. */
static void must(int result)
{
  assert(result == 1);
  if (result != 1) abort();
}

void tl_sha256_add(tl_sha256 *stream, const void *data, size_t bytes)
{
  assert(data != NULL || bytes == 0);
  if (bytes != 0) must(EVP_DigestUpdate(stream->context, data, bytes));
}

void tl_sha256_add_u64(tl_sha256 *stream, uint64_t word)
{
  unsigned char bytes[8];
  for (int i = 0; i < 8; i++) bytes[i] = (unsigned char)(word >> (8 * i));
  tl_sha256_add(stream, bytes, sizeof bytes);
}

void tl_sha256_finish(tl_sha256 *stream, unsigned char digest[TL_SHA256_BYTES])
{
  unsigned int bytes = 0;
  must(EVP_DigestFinal_ex(stream->context, digest, &bytes));
  assert(bytes == TL_SHA256_BYTES);
  must(EVP_DigestInit_ex(stream->context, NULL, NULL));
}

void tl_sha256_finish_hex(tl_sha256 *stream, char hex[TL_SHA256_HEX_BYTES])
{
  unsigned char digest[TL_SHA256_BYTES];
  tl_sha256_finish(stream, digest);
  tl_sha256_hex(hex, digest);
}

void tl_sha256_free(tl_sha256 *stream)
{
  if (stream == NULL) return;
  EVP_MD_CTX_free(stream->context);
  free(stream);
}

void tl_sha256_hex(char hex[TL_SHA256_HEX_BYTES], const unsigned char digest[TL_SHA256_BYTES])
{
  static const char digits[] = "0123456789abcdef";
  for (int i = 0; i < TL_SHA256_BYTES; i++) {
    hex[2 * i] = digits[digest[i] >> 4];
    hex[2 * i + 1] = digits[digest[i] & 15];
  }
  hex[2 * TL_SHA256_BYTES] = '\0';
}

void tl_sha256_bytes(char hex[TL_SHA256_HEX_BYTES], const void *data, size_t bytes)
{
  unsigned char digest[TL_SHA256_BYTES];
  must(EVP_Digest(data, bytes, digest, NULL, EVP_sha256(), NULL));
  tl_sha256_hex(hex, digest);
}

tl_code tl_sha256_file(char hex[TL_SHA256_HEX_BYTES], const char *path, tl_error *err)
{
  tl_code code = TL_OK;
  tl_sha256 *stream = NULL;
  unsigned char buffer[16384];

  FILE *file = fopen(path, "rb");
  if (file == NULL) return tl_fail(err, TL_E_IO, NULL, "%s: %s", path, strerror(errno));
  code = tl_sha256_create(&stream, err);
  if (code != TL_OK) goto done;
  for (size_t got; (got = fread(buffer, 1, sizeof buffer, file)) > 0;)
    tl_sha256_add(stream, buffer, got);
  if (ferror(file))
    code = tl_fail(err, TL_E_IO, NULL, "%s: could not be read: %s", path, strerror(errno));
  else
    tl_sha256_finish_hex(stream, hex);

done:
  tl_sha256_free(stream);
  fclose(file);
  return code;
}
