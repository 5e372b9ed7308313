#include "kernels/mcu/machine.h"
#include "tools/mcu/link.h"

bool tl_link_open(tl_link *link)
{
  link->in = tl_host_open("link.in", TL_HOST_READ);
  link->out = tl_host_open("link.out", TL_HOST_WRITE);
  return link->in >= 0 && link->out >= 0;
}

bool tl_link_read(const tl_link *link, void *out, size_t bytes)
{
  return tl_host_read(link->in, out, bytes);
}

bool tl_link_write(const tl_link *link, const void *from, size_t bytes)
{
  return tl_host_write(link->out, from, bytes);
}
