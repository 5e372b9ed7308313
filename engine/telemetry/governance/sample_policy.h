/* sample_policy.h: the policy as a value, and a map that follows it.
 *
 * Owns: nothing. Threads: pure. */
#ifndef TL_TELEMETRY_GOVERNANCE_SAMPLE_POLICY_H
#define TL_TELEMETRY_GOVERNANCE_SAMPLE_POLICY_H
#include "telemetry/import.h"

typedef struct tl_sample_policy { /* what is not given is the map's to say */
  bool has_duplicates, has_backwards, has_lateness, has_clock;
  tl_import_duplicates duplicates;
  tl_import_backwards backwards;
  double lateness_s, clock_offset_s, clock_rate;
} tl_sample_policy;
TL_API bool tl_sample_policy_given(const tl_sample_policy *policy);
/* Writes into the map what the policy of `schema` gives. says_*: the map says so itself.
 * errors  TL_E_SCHEMA: the map says something else, where is its path */
TL_API tl_code tl_sample_policy_apply(const tl_sample_policy *policy, const char *schema,
                                      tl_import_map *map, bool says_duplicates, bool says_backwards,
                                      tl_error *err);
#endif
