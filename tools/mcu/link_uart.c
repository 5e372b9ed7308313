/* link_uart.c: UART 0 of the Arm MPS boards (CMSDK APB UART), polled. TL_UART is its address. */
#include "tools/mcu/link.h"

typedef struct uart {
  uint32_t data;
  uint32_t state;   /* bit 0 transmit buffer full, bit 1 receive buffer full */
  uint32_t control; /* bit 0 transmit on, bit 1 receive on */
  uint32_t interrupts;
  uint32_t divider; /* of the peripheral clock, at least 16 */
} uart;

static volatile uart *port(void) { return (volatile uart *)(uintptr_t)TL_UART; }

bool tl_link_open(tl_link *link)
{
  link->in = link->out = 0;
  port()->divider = 16;
  port()->control = 3;
  return true;
}

bool tl_link_read(const tl_link *link, void *out, size_t bytes)
{
  (void)link;
  uint8_t *at = out;
  for (size_t i = 0; i < bytes; i++) {
    while ((port()->state & 2) == 0) {}
    at[i] = (uint8_t)port()->data;
  }
  return true;
}

bool tl_link_write(const tl_link *link, const void *from, size_t bytes)
{
  (void)link;
  const uint8_t *at = from;
  for (size_t i = 0; i < bytes; i++) {
    while ((port()->state & 1) != 0) {}
    port()->data = at[i];
  }
  return true;
}
