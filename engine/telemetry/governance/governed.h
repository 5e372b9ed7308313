/* governed.h: a schema as a document with a name, a version and a hash, and whether two of them fit.
 *
 * Why: a twin's columns, a recording, a model's input and a bridge's messages must mean the same by "box_K"; a unit, range,
 * type or rate that changes silently gives wrong numbers that look right. So each version is a file, its hash says
 * what it was, and a change is allowed, migrated by a declared rule, or refused in words.
 * Rules are those of Avro's schema resolution (Apache Avro 1.11 specification, "Schema Resolution") for telemetry:
 * docs/schema.md has the table. Document: `schemas/NAME/N.json`, schema twinloop.schema/1.
 * Owns: a tl_governed is a plain value of some 100 KB: keep it on the heap. Threads: pure but for files. */
#ifndef TL_TELEMETRY_GOVERNANCE_GOVERNED_H
#define TL_TELEMETRY_GOVERNANCE_GOVERNED_H
#include "base/text.h"
#include "telemetry/governance/sample_policy.h"
#include "telemetry/recording.h"

#define TL_GOVERNED_SCHEMA "twinloop.schema/1"
enum {
  TL_GOVERNED_CHANNELS_MAX = 256,
  TL_GOVERNED_ALIASES_MAX = 4,
  TL_GOVERNED_MEANING_BYTES = 96
};

typedef enum tl_compatibility {
  TL_COMPAT_NONE,
  TL_COMPAT_BACKWARD,
  TL_COMPAT_FORWARD,
  TL_COMPAT_FULL
} tl_compatibility;
TL_API const char *tl_compatibility_name(tl_compatibility compatibility);

typedef struct tl_governed_channel {
  char name[TL_SIGNAL_NAME_BYTES], unit[TL_SIGNAL_UNIT_BYTES];
  char alias[TL_GOVERNED_ALIASES_MAX][TL_SIGNAL_NAME_BYTES]; /* names it had */
  uint32_t alias_count;
  tl_store type; /* of the value */
  tl_role role;
  double low, high, resolution; /* inclusive; -inf, inf, 0: not declared */
  bool has_default;
  double default_value; /* what a reader takes when the writer has no such channel */
  char meaning[TL_GOVERNED_MEANING_BYTES];
  /* migrate: how a value of the version before becomes one of this: value * scale + offset, from the channel `from` */
  bool migrates;
  char from[TL_SIGNAL_NAME_BYTES];
  double scale, offset;
  bool clamps; /* values beyond a narrowed range are set to its end, and counted by who does it */
} tl_governed_channel;

typedef struct tl_governed {
  char path[256]; /* of the document, for messages; "" when there is none */
  char name[TL_SIGNAL_NAME_BYTES];
  uint32_t version;               /* 1, 2, ... */
  tl_compatibility compatibility; /* what this version promises towards the one before */
  char hash[TL_SCHEMA_HASH_BYTES], previous[TL_SCHEMA_HASH_BYTES]; /* previous "" for version 1 */
  double period_s; /* of the samples; 0: by their stamps */
  bool resamples;  /* migrate: a changed period is allowed, values are held from sample to sample */
  tl_sample_policy policy; /* of samples that come late, twice, out of order or by a wrong clock */
  uint32_t channel_count;
  tl_governed_channel channels[TL_GOVERNED_CHANNELS_MAX];
} tl_governed;

/* Hash of the canonical text: everything but path, meaning, hash and previous (docs/schema.md). */
TL_API void tl_governed_hash(char hex[TL_SCHEMA_HASH_BYTES], const tl_governed *schema);
/* Reads and checks a document. A draft, for tl_registry_add, has the hash "draft".
 * errors  TL_E_IO; TL_E_FORMAT: no JSON, another document, a key that is missing or unknown (with a hint);
 *         TL_E_SCHEMA: a channel that contradicts itself, twice the same name, or a hash that is not the content's */
TL_API tl_code tl_governed_read(tl_governed *out, const char *path, tl_error *err);
TL_API void tl_governed_write(const tl_governed *schema, tl_text *out);
/* The document as JSON Schema (draft 2020-12) of one message: an object with a number a channel. */
TL_API void tl_governed_write_json_schema(const tl_governed *schema, tl_text *out);
/* From a table of columns, version 0 and no hash yet. Inputs and parameters get their initial value as default. */
TL_API tl_code tl_governed_from_columns(tl_governed *out, const char *name,
                                        const tl_column *columns, uint32_t count, tl_error *err);
/* From what a file holds. */
TL_API tl_code tl_governed_from_recording(tl_governed *out, const tl_recording *recording,
                                          uint32_t fleet, tl_error *err);

/* --- whether data of one fit the other --- */
typedef enum tl_change {
  TL_CHANGE_ADDED,   /* the reader has it, the writer not */
  TL_CHANGE_REMOVED, /* the writer has it, the reader not */
  TL_CHANGE_RENAMED,
  TL_CHANGE_TYPE,
  TL_CHANGE_UNIT,
  TL_CHANGE_RANGE,
  TL_CHANGE_RATE,
  TL_CHANGE_ROLE,
  TL_CHANGE_RESOLUTION
} tl_change;
typedef enum tl_ruling { TL_RULED_FINE, TL_RULED_MIGRATED, TL_RULED_REFUSED } tl_ruling;
TL_API const char *tl_change_name(tl_change change);
TL_API const char *tl_ruling_name(tl_ruling ruling); /* "fine", "migrated", "refused" */

typedef struct tl_finding {
  tl_change change;
  tl_ruling ruling;
  char channel
      [TL_SIGNAL_NAME_BYTES]; /* of the reader, or of the writer when removed; "" for the rate */
  char text[240];
} tl_finding;
enum { TL_FINDINGS_MAX = 512 };
typedef struct tl_resolution {
  uint32_t count, refused, migrated;
  tl_finding finding[TL_FINDINGS_MAX];
} tl_resolution;

/* Can `reader` read what `writer` wrote? rules: the migrations to use, of the newer of the two (they are inverted when
 * it is the writer). partial: the writer is a recording that need not hold every channel. */
TL_API void tl_governed_resolve(tl_resolution *out, const tl_governed *reader,
                                const tl_governed *writer, const tl_governed *rules, bool partial);
/* The first refusal as an error of `where`: TL_E_SCHEMA, TL_E_UNIT for a unit. TL_OK when there is none. */
TL_API tl_code tl_resolution_error(const tl_resolution *resolution, const char *where,
                                   tl_error *err);
/* Does a fleet of a recording hold what the schema says? Extra channels are fine, missing ones are noted.
 * errors  those of tl_resolution_error, where names the file */
TL_API tl_code tl_governed_check_recording(tl_resolution *out, const tl_governed *schema,
                                           const tl_recording *recording, uint32_t fleet,
                                           tl_error *err);
#endif
