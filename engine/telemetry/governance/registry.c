#include "telemetry/governance/registry.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 400 };

static void path_of(char out[PATH_BYTES], const char *root, const char *name, uint32_t version)
{
  snprintf(out, PATH_BYTES, "%.240s/%.64s/%u.json", root, name, version);
}

uint32_t tl_registry_latest(const char *root, const char *name)
{
  char path[PATH_BYTES];
  uint32_t version = 0;
  for (;; version++) {
    path_of(path, root, name, version + 1);
    if (access(path, F_OK) != 0) return version;
  }
}

tl_code tl_registry_read(tl_governed *out, const char *root, const char *reference, tl_error *err)
{
  char name[TL_SIGNAL_NAME_BYTES], path[PATH_BYTES];
  const char *at = strchr(reference, '@');
  const size_t length = at ? (size_t)(at - reference) : strlen(reference);
  uint64_t version = 0;
  if (length == 0 || length >= sizeof name || (at && !tl_text_parse_uint64(&version, at + 1)) ||
      strchr(reference, '/'))
    return tl_fail(err, TL_E_USAGE, NULL, "'%s' is no schema: NAME or NAME@VERSION is expected",
                   reference);
  snprintf(name, sizeof name, "%.*s", (int)length, reference);
  const uint32_t latest = tl_registry_latest(root, name);
  if (latest == 0) return tl_fail(err, TL_E_IO, NULL, "no schema '%s' in %s", name, root);
  if (at == NULL) version = latest;
  if (version == 0 || version > latest)
    return tl_fail(err, TL_E_IO, NULL, "schema %s has versions 1 to %u, not %llu", name, latest,
                   (unsigned long long)version);
  path_of(path, root, name, (uint32_t)version);
  const tl_code code = tl_governed_read(out, path, err);
  if (code != TL_OK) return code;
  if (strcmp(out->hash, "draft") == 0)
    return tl_fail(err, TL_E_SCHEMA, path,
                   "is a draft: twinloop schema add gives it a version and a hash");
  if (strcmp(out->name, name) == 0 && out->version == version) return TL_OK;
  return tl_fail(err, TL_E_SCHEMA, path, "says that it is %s@%u", out->name, out->version);
}

tl_code tl_registry_promise(const tl_governed *next, const tl_governed *before,
                            tl_resolution *backward, tl_resolution *forward, tl_error *err)
{
  tl_resolution *own = malloc(2 * sizeof *own);
  if (own == NULL) return tl_fail(err, TL_E_LIMIT, NULL, "schema: out of memory");
  if (backward == NULL) backward = own;
  if (forward == NULL) forward = own + 1;
  tl_governed_resolve(backward, next, before, next, false);
  tl_governed_resolve(forward, before, next, next, false);
  char where[PATH_BYTES];
  const bool reads_old =
      next->compatibility == TL_COMPAT_BACKWARD || next->compatibility == TL_COMPAT_FULL;
  const bool is_read =
      next->compatibility == TL_COMPAT_FORWARD || next->compatibility == TL_COMPAT_FULL;
  tl_code code = TL_OK;
  snprintf(where, sizeof where, "%.64s@%u cannot read %.64s@%u", next->name, next->version,
           before->name, before->version);
  if (reads_old) code = tl_resolution_error(backward, where, err);
  snprintf(where, sizeof where, "%.64s@%u cannot read %.64s@%u", before->name, before->version,
           next->name, next->version);
  if (code == TL_OK && is_read) code = tl_resolution_error(forward, where, err);
  free(own);
  return code;
}

tl_code tl_registry_check(const char *root, const char *name, tl_error *err)
{
  const uint32_t latest = tl_registry_latest(root, name);
  if (latest == 0) return tl_fail(err, TL_E_IO, NULL, "no schema '%s' in %s", name, root);
  tl_governed *both = calloc(2, sizeof *both);
  if (both == NULL) return tl_fail(err, TL_E_LIMIT, NULL, "schema: out of memory");
  tl_code code = TL_OK;
  for (uint32_t version = 1; code == TL_OK && version <= latest; version++) {
    tl_governed *now = &both[version & 1], *before = &both[(version + 1) & 1];
    char reference[TL_SIGNAL_NAME_BYTES + 16];
    snprintf(reference, sizeof reference, "%.60s@%u", name, version);
    code = tl_registry_read(now, root, reference, err);
    if (code == TL_OK && strcmp(now->previous, version > 1 ? before->hash : "") != 0)
      code = tl_fail(err, TL_E_SCHEMA, now->path, "follows %s, but version %u is %s",
                     now->previous[0] ? now->previous : "none", version - 1,
                     version > 1 ? before->hash : "none");
    if (code == TL_OK && version > 1) code = tl_registry_promise(now, before, NULL, NULL, err);
  }
  free(both);
  return code;
}

static bool same_channel(const tl_governed_channel *a, const tl_governed_channel *b)
{
  return strcmp(a->name, b->name) == 0 && strcmp(a->unit, b->unit) == 0 && a->type == b->type &&
         a->role == b->role && a->low == b->low && a->high == b->high &&
         a->resolution == b->resolution && a->has_default == b->has_default &&
         a->default_value == b->default_value;
}

bool tl_governed_same(const tl_governed *a, const tl_governed *b)
{
  if (a->channel_count != b->channel_count || a->period_s != b->period_s) return false;
  for (uint32_t i = 0; i < a->channel_count; i++)
    if (!same_channel(&a->channels[i], &b->channels[i])) return false;
  return true;
}

static tl_code write_file(const char *path, const tl_governed *schema, tl_error *err)
{
  tl_text text = {0};
  tl_governed_write(schema, &text);
  FILE *file = fopen(path, "wbx"); /* a version that is there is never written over */
  bool fine = file != NULL && !text.failed &&
              fwrite(tl_text_string(&text), 1, text.length, file) == text.length;
  if (file != NULL && fclose(file) != 0) fine = false;
  tl_text_free(&text);
  return fine ? TL_OK : tl_fail(err, TL_E_IO, NULL, "%s: %s", path, strerror(errno));
}

static bool same_policy(const tl_sample_policy *a, const tl_sample_policy *b)
{
  return a->has_duplicates == b->has_duplicates && a->has_backwards == b->has_backwards &&
         a->has_lateness == b->has_lateness && a->has_clock == b->has_clock &&
         a->duplicates == b->duplicates && a->backwards == b->backwards &&
         a->lateness_s == b->lateness_s && a->clock_offset_s == b->clock_offset_s &&
         a->clock_rate == b->clock_rate;
}

tl_code tl_registry_add(const char *root, tl_governed *next, bool *added, tl_error *err)
{
  const uint32_t latest = tl_registry_latest(root, next->name);
  tl_code code = TL_OK;
  *added = false;
  next->version = latest + 1;
  next->previous[0] = '\0';
  if (latest > 0) {
    tl_governed *before = calloc(1, sizeof *before);
    if (before == NULL) return tl_fail(err, TL_E_LIMIT, NULL, "schema: out of memory");
    code = tl_registry_read(before, root, next->name, err);
    const bool same = code == TL_OK && tl_governed_same(before, next) &&
                      same_policy(&before->policy, &next->policy);
    if (code == TL_OK && !same) code = tl_registry_promise(next, before, NULL, NULL, err);
    memcpy(next->previous, before->hash, sizeof next->previous);
    if (same) *next = *before;
    free(before);
    if (same || code != TL_OK) return code;
  }
  tl_governed_hash(next->hash, next);
  char path[PATH_BYTES];
  snprintf(path, sizeof path, "%.240s", root);
  if (mkdir(path, 0777) != 0 && errno != EEXIST)
    return tl_fail(err, TL_E_IO, NULL, "%s: %s", path, strerror(errno));
  snprintf(path, sizeof path, "%.240s/%.64s", root, next->name);
  if (mkdir(path, 0777) != 0 && errno != EEXIST)
    return tl_fail(err, TL_E_IO, NULL, "%s: %s", path, strerror(errno));
  path_of(path, root, next->name, next->version);
  code = write_file(path, next, err);
  *added = code == TL_OK;
  return code;
}

static int by_text(const void *a, const void *b) { return strcmp(a, b); }

void tl_registry_names(char (*out)[TL_SIGNAL_NAME_BYTES], uint32_t room, uint32_t *count,
                       const char *root)
{
  *count = 0;
  DIR *folder = opendir(root);
  for (struct dirent *entry; folder && (entry = readdir(folder)) != NULL;) {
    if (entry->d_name[0] == '.' || strlen(entry->d_name) >= TL_SIGNAL_NAME_BYTES || *count == room)
      continue;
    if (tl_registry_latest(root, entry->d_name) == 0) continue;
    snprintf(out[(*count)++], TL_SIGNAL_NAME_BYTES, "%s", entry->d_name);
  }
  if (folder) closedir(folder);
  qsort(out, *count, TL_SIGNAL_NAME_BYTES, by_text); /* names are unique */
}
