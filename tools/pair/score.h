/* score.h: `twinloop score PAIR.csv`: metrics of two columns of one file. */
#ifndef TL_TOOLS_PAIR_SCORE_H
#define TL_TOOLS_PAIR_SCORE_H
#include "tools/cli/options.h"
#include "tools/cli/term.h"

/* Returns the exit code. */
int pair_score(const cli_options *options, const cli_term *term);
#endif
