/* policy.h: the `policy` of a schema: what an import does with samples that come late, twice, out of order or by a
 * wrong clock. Declared once with the schema, used by every map that names it, counted in the import's report.
 *
 * Owns: nothing. Threads: pure. */
#ifndef TL_TELEMETRY_GOVERNANCE_POLICY_H
#define TL_TELEMETRY_GOVERNANCE_POLICY_H
#include "base/text.h"
#include "telemetry/governance/sample_policy.h"

#include <jansson.h>

/* errors  TL_E_FORMAT: a key that is unknown or has another value than it may */
tl_code tl_sample_policy_read(tl_sample_policy *out, const json_t *object, const char *path,
                              tl_error *err);
/* As the JSON object that was read. */
void tl_sample_policy_write(const tl_sample_policy *policy, tl_text *out);
#endif
