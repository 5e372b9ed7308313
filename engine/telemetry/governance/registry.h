/* registry.h: a folder of schemas, `ROOT/NAME/1.json`, `2.json`, ...: versions without holes, each naming the hash of
 * the one before and keeping its promise towards it.
 *
 * Owns: nothing. Threads: the files are read; one writer at a time. */
#ifndef TL_TELEMETRY_GOVERNANCE_REGISTRY_H
#define TL_TELEMETRY_GOVERNANCE_REGISTRY_H
#include "telemetry/governance/governed.h"

/* Highest version of a name; 0: none. */
TL_API uint32_t tl_registry_latest(const char *root, const char *name);
/* "NAME" (the latest) or "NAME@N". Reads that one document.
 * errors  TL_E_IO: no such name or version, with the versions there are; those of tl_governed_read */
TL_API tl_code tl_registry_read(tl_governed *out, const char *root, const char *reference,
                                tl_error *err);
/* Is `next` what `before` allows? Fills both directions (NULL: not wanted).
 * errors  TL_E_SCHEMA or TL_E_UNIT: the promise of `next` is broken, naming the change */
TL_API tl_code tl_registry_promise(const tl_governed *next, const tl_governed *before,
                                   tl_resolution *backward, tl_resolution *forward, tl_error *err);
/* The whole chain of a name: numbers, hashes, promises.  errors  as above */
TL_API tl_code tl_registry_check(const char *root, const char *name, tl_error *err);
/* Writes the next version after checking its promise; fills version, previous and hash. A schema whose channels and
 * period are those of the latest adds nothing: *added is false.
 * errors  as above; TL_E_IO */
TL_API tl_code tl_registry_add(const char *root, tl_governed *next, bool *added, tl_error *err);
/* Do two schemas say the same of their channels and period (name, version, promise and rules aside)? */
TL_API bool tl_governed_same(const tl_governed *a, const tl_governed *b);
/* Names in the folder, ascending; *count of them in out[][TL_SIGNAL_NAME_BYTES], at most `room`. */
TL_API void tl_registry_names(char (*out)[TL_SIGNAL_NAME_BYTES], uint32_t room, uint32_t *count,
                              const char *root);
#endif
