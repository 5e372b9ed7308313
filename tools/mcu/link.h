/* link.h: the bytes between a firmware and its host: semihosting files, or a UART.
 *
 * Semihosting reads the file "link.in" and writes "link.out" of the host's working folder: pipes for
 * a host that answers, plain files for a recorded session. Threads: one. */
#ifndef TL_TOOLS_MCU_LINK_H
#define TL_TOOLS_MCU_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct tl_link {
  int32_t in, out; /* handles of the host's files; unused by the UART */
} tl_link;

bool tl_link_open(tl_link *link);
/* False at the host's end of file. */
bool tl_link_read(const tl_link *link, void *out, size_t bytes);
bool tl_link_write(const tl_link *link, const void *from, size_t bytes);

#endif
