/* report.h: what came out of a comparison, for people and as a document (twinloop.verify_firmware/1).
 * Owns: nothing. Threads: one. */
#ifndef TL_VERIFY_REPORT_H
#define TL_VERIFY_REPORT_H
#include "base/text.h"
#include "edge/energy/board.h"
#include "tools/verify/compare.h"

typedef struct verify_report {
  const char *elf_path, *what; /* what: "runs/a, fleet boxes, device 3" or "32 cases of in.bin" */
  const elf_info *elf;
  const comparison *result;
  const tl_board *board; /* NULL: no modelled column */
  bool is_loop;          /* samples were compared, not cases alone */
} verify_report;

bool report_is_equal(const verify_report *r);
void report_add_lines(tl_text *out, const verify_report *r);
void report_add_json(tl_text *out, const verify_report *r);
#endif
