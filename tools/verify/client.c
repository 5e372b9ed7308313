#include "tools/verify/client.h"

#include "kernels/op_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COMPLAINT_BYTES_MAX = 512 };

static tl_code send_header(fw_client *c, uint32_t kind, size_t bytes, tl_error *err)
{
  const fw_header header = {kind, (uint32_t)bytes};
  return emulator_send(&c->emulator, &header, sizeof header, err);
}

/* The firmware's own words instead of an answer. */
static tl_code complaint(fw_client *c, uint32_t bytes, tl_error *err)
{
  char text[COMPLAINT_BYTES_MAX];
  if (bytes >= sizeof text)
    return tl_fail(err, TL_E_FORMAT, NULL, "the firmware's message is damaged");
  const tl_code code = emulator_receive(&c->emulator, text, bytes, err);
  text[bytes] = '\0';
  return code == TL_OK ? tl_fail(err, TL_E_MODEL, NULL, "the firmware says: %s", text) : code;
}

/* The header of the answer to `kind`, of one of two sizes. */
static tl_code expect(fw_client *c, uint32_t kind, size_t bytes, size_t or_bytes, uint32_t *got,
                      tl_error *err)
{
  fw_header header;
  const tl_code code = emulator_receive(&c->emulator, &header, sizeof header, err);
  if (code != TL_OK) return code;
  if (header.kind == FW_ERROR) return complaint(c, header.bytes, err);
  if (header.kind != kind || (header.bytes != bytes && header.bytes != or_bytes))
    return tl_fail(err, TL_E_FORMAT, NULL,
                   "the firmware answers '%c' with %u bytes, expected '%c' with %zu",
                   (int)(header.kind & 0x7F), header.bytes, (int)kind, bytes);
  if (got) *got = header.bytes;
  return TL_OK;
}

tl_code client_greet(fw_client *c, tl_error *err)
{
  tl_code code = send_header(c, FW_HELLO, 0, err);
  if (code == TL_OK) code = expect(c, FW_HELLO, sizeof c->hello, sizeof c->hello, NULL, err);
  return code == TL_OK ? emulator_receive(&c->emulator, &c->hello, sizeof c->hello, err) : code;
}

static size_t trace_bytes_of(const tl_model *model)
{
  size_t bytes = 0;
  for (uint32_t op = 0; op < model->op_count; op++) {
    bytes += sizeof(uint32_t);
    for (uint32_t o = 0; o < model->ops[op].output_count; o++)
      bytes += model->tensors[model->ops[op].outputs[o]].bytes;
  }
  return bytes;
}

tl_code client_start(fw_client *out, const char *qemu, const char *elf, const elf_info *info,
                     tl_error *err)
{
  *out = (fw_client){.instructions_per_tick = 1e9 / info->clock_Hz};
  tl_code code = emulator_start(&out->emulator, qemu, elf, info, err);
  if (code == TL_OK) code = client_greet(out, err);
  if (code == TL_OK && out->hello.version != FW_VERSION)
    code = tl_fail(err, TL_E_SCHEMA, NULL, "the firmware speaks version %u, this program %d",
                   out->hello.version, FW_VERSION);
  return code;
}

bool client_holds(const fw_client *c, const uint8_t *model_file, size_t bytes)
{
  return c->hello.model_bytes == bytes &&
         c->hello.model_hash == fw_hash(model_file, (uint32_t)bytes);
}

tl_code client_expect(fw_client *c, const tl_model *model, const uint8_t *model_file, size_t bytes,
                      tl_error *err)
{
  if (!client_holds(c, model_file, bytes) || c->hello.op_count != model->op_count)
    return tl_fail(err, TL_E_MODEL, NULL,
                   "the firmware holds another model: %u bytes, hash %016llx; expected %zu bytes, "
                   "hash %016llx",
                   c->hello.model_bytes, (unsigned long long)c->hello.model_hash, bytes,
                   (unsigned long long)fw_hash(model_file, (uint32_t)bytes));
  if (c->hello.state_bytes != model->state_bytes)
    return tl_fail(err, TL_E_MODEL, NULL, "the model's state has %u bytes there, %zu here",
                   c->hello.state_bytes, model->state_bytes);
  c->trace_bytes = trace_bytes_of(model);
  c->trace = malloc(c->trace_bytes + 1);
  return c->trace ? TL_OK : tl_fail(err, TL_E_LIMIT, NULL, "out of memory");
}

tl_code client_run(fw_client *c, const uint8_t *in, bool resets, uint8_t *out, tl_error *err)
{
  const fw_run run = {.resets = resets};
  const size_t bytes = c->trace_bytes + c->hello.out_bytes;
  tl_code code = send_header(c, FW_RUN, sizeof run + c->hello.in_bytes, err);
  if (code == TL_OK) code = emulator_send(&c->emulator, &run, sizeof run, err);
  if (code == TL_OK) code = emulator_send(&c->emulator, in, c->hello.in_bytes, err);
  if (code == TL_OK) code = expect(c, FW_RUN, bytes, bytes, NULL, err);
  if (code == TL_OK) code = emulator_receive(&c->emulator, c->trace, c->trace_bytes, err);
  return code == TL_OK ? emulator_receive(&c->emulator, out, c->hello.out_bytes, err) : code;
}

tl_code client_configure(fw_client *c, const fw_config *config, const uint8_t *window,
                         const uint8_t *state, tl_error *err)
{
  const size_t bytes = (size_t)c->hello.in_bytes + c->hello.state_bytes;
  tl_code code = send_header(c, FW_CONFIG, sizeof *config + bytes, err);
  if (code == TL_OK) code = emulator_send(&c->emulator, config, sizeof *config, err);
  if (code == TL_OK) code = emulator_send(&c->emulator, window, c->hello.in_bytes, err);
  if (code == TL_OK) code = emulator_send(&c->emulator, state, c->hello.state_bytes, err);
  return code == TL_OK ? expect(c, FW_CONFIG, 0, 0, NULL, err) : code;
}

tl_code client_sample(fw_client *c, const fw_sample *sample, uint8_t *window, fw_reply *reply,
                      tl_error *err)
{
  const size_t least = c->hello.in_bytes + sizeof *reply;
  uint32_t got = 0;
  tl_code code = send_header(c, FW_SAMPLE, sizeof *sample, err);
  if (code == TL_OK) code = emulator_send(&c->emulator, sample, sizeof *sample, err);
  if (code == TL_OK) code = expect(c, FW_SAMPLE, least, least + c->trace_bytes, &got, err);
  if (code == TL_OK && got > least)
    code = emulator_receive(&c->emulator, c->trace, c->trace_bytes, err);
  if (code == TL_OK) code = emulator_receive(&c->emulator, window, c->hello.in_bytes, err);
  return code == TL_OK ? emulator_receive(&c->emulator, reply, sizeof *reply, err) : code;
}

void client_close(fw_client *c)
{
  emulator_stop(&c->emulator);
  free(c->trace);
  c->trace = NULL;
}
