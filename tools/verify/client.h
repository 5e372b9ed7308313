/* client.h: asks a firmware in an emulator (tools/mcu/wire.h), one function a message.
 *
 * Owns: the emulator, until client_close. Threads: one. */
#ifndef TL_VERIFY_CLIENT_H
#define TL_VERIFY_CLIENT_H
#include "kernels/model.h"
#include "tools/mcu/wire.h"
#include "tools/verify/emulator.h"

typedef struct fw_client {
  emulator emulator;
  fw_hello hello;
  double instructions_per_tick; /* of the emulated clock, at one instruction a nanosecond */
  size_t trace_bytes;           /* of one inference */
  uint8_t *trace; /* of the last inference: per operator ticks, then its output tensors */
} fw_client;

/* Starts the emulator and says hello.
 * errors  those of elf_read and emulator_start; TL_E_MODEL: the firmware refuses its model; TL_E_SCHEMA */
tl_code client_start(fw_client *out, const char *qemu, const char *elf, const elf_info *info,
                     tl_error *err);
/* Is this file the firmware's model? */
bool client_holds(const fw_client *c, const uint8_t *model_file, size_t bytes);
/* Before the first inference. model: the host's, opened from model_file; the firmware must hold the same file.
 * errors  TL_E_MODEL: it holds another; TL_E_LIMIT */
tl_code client_expect(fw_client *c, const tl_model *model, const uint8_t *model_file, size_t bytes,
                      tl_error *err);
/* One inference; fills c->trace and out (hello.out_bytes).  errors  those of emulator_receive; TL_E_FORMAT */
tl_code client_run(fw_client *c, const uint8_t *in, bool resets, uint8_t *out, tl_error *err);
/* window: hello.in_bytes; state: hello.state_bytes.  errors  also TL_E_MODEL: the model is no detector of these settings */
tl_code client_configure(fw_client *c, const fw_config *config, const uint8_t *window,
                         const uint8_t *state, tl_error *err);
/* window: receives hello.in_bytes. c->trace is new when reply->inferred. */
tl_code client_sample(fw_client *c, const fw_sample *sample, uint8_t *window, fw_reply *reply,
                      tl_error *err);
/* Asks again, for the use of the stack so far. */
tl_code client_greet(fw_client *c, tl_error *err);
void client_close(fw_client *c);
#endif
