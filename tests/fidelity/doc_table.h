/* doc_table.h: the tables of docs/fidelity.md, made from metrics.def and parameters.def. */
#ifndef TL_TEST_FIDELITY_DOC_TABLE_H
#define TL_TEST_FIDELITY_DOC_TABLE_H
#include "base/text.h"

#define DOC_BEGIN "<!-- generated: metrics -->\n"
#define DOC_END "<!-- generated: end -->\n"
void doc_table(tl_text *out);
#endif
