/* wire.h: what a host and a firmware of tools/firmware say to each other, byte for byte.
 *
 * Every message is a fw_header and `bytes` bytes; the firmware answers each one with the same kind,
 * or with FW_ERROR and a text. All little-endian, as both sides are.
 *
 *     FW_HELLO   -                            -> fw_hello
 *     FW_RUN     fw_run, inputs               -> trace, outputs
 *     FW_CONFIG  fw_config, window, state     -> -
 *     FW_SAMPLE  fw_sample                    -> trace when there was an inference, window, fw_reply
 *
 *     trace  = per operator: uint32_t ticks of the clock, then its output tensors, one after the other
 *     window = the model's inputs, raw, one after the other, each with its oldest sample first
 *     state  = what the model keeps from inference to inference (tl_model.state_bytes)
 *
 * RUN uses the place of the window: SAMPLE needs a new CONFIG after it. Threads: types only. */
#ifndef TL_TOOLS_MCU_WIRE_H
#define TL_TOOLS_MCU_WIRE_H

#include <stdint.h>

enum { FW_VERSION = 2, FW_INPUTS_MAX = 4, FW_CHANNELS_MAX = 4, FW_GAINS = 3 };
enum {
  FW_FEATURES_MAX = FW_INPUTS_MAX * FW_CHANNELS_MAX
}; /* input i's begin at i * CHANNELS_MAX */
enum { FW_HELLO = 'H', FW_RUN = 'R', FW_CONFIG = 'C', FW_SAMPLE = 'S', FW_ERROR = 'E' };

typedef struct fw_header {
  uint32_t kind, bytes;
} fw_header;

typedef struct fw_hello {
  uint64_t model_hash; /* fw_hash of the file */
  uint32_t version, model_bytes;
  uint32_t op_count, tensor_count;
  uint32_t in_bytes, out_bytes;                    /* of all inputs, all outputs */
  uint32_t tables_bytes, arena_bytes, state_bytes; /* what the model takes of the RAM ... */
  uint32_t buffers_bytes;                          /* ... and the loop around it */
  uint32_t ram_bytes;                              /* what was free for these */
  uint32_t stack_bytes, stack_used;                /* reserved; deepest so far */
  uint32_t spare_;
} fw_hello;

typedef struct fw_run {
  uint32_t resets; /* 1: clear the model's state first */
  uint32_t spare_;
} fw_run;

typedef struct fw_channel { /* feature = (value - minus - mean) * scale */
  double mean, scale;
  uint32_t has_minus, spare_;
} fw_channel;

/* The loop's settings, and its state where the host wants it to go on from. */
typedef struct fw_config {
  uint64_t tick;    /* number of the next sample: phase of window and hop */
  double low, high; /* limits of the command */
  double fallback_command;
  double command, integral, last_measured, started; /* state of the controller */
  double score, onset_s;
  fw_channel channels[FW_FEATURES_MAX];
  uint32_t input_count;                  /* 0: no detector */
  uint32_t channel_count[FW_INPUTS_MAX]; /* an input's window is its elements / channels long */
  uint32_t reconstructs, output;         /* how the score is read: edge/scoring.h */
  uint32_t hop, persist;          /* an inference every hop samples; alarm after persist of them */
  uint32_t falls_back;            /* 1: an alarm sets the command to fallback_command */
  uint32_t alarm, streak, onsets; /* state of the alarm */
  uint32_t spare_;
} fw_config;

typedef struct fw_sample {
  double at_s, dt_s;
  double measured, setpoint;
  double gains[FW_GAINS]; /* hysteresis: band; PID: kp, ki, kd */
  double threshold;
  double value[FW_FEATURES_MAX], minus[FW_FEATURES_MAX];
} fw_sample;

typedef struct fw_reply {
  double command, score, onset_s;
  uint32_t alarm, streak, onsets;
  uint32_t inferred;   /* 1: there was a trace */
  uint32_t loop_ticks; /* all of this sample but the inference */
  uint32_t spare_;
} fw_reply;

_Static_assert(sizeof(fw_hello) == 64 && sizeof(fw_channel) == 24, "no padding");
_Static_assert(sizeof(fw_config) == 520 && sizeof(fw_sample) == 320, "no padding");
_Static_assert(sizeof(fw_reply) == 48, "no padding");

/* FNV-1a, 64 bits: enough to see that two sides hold different files. */
static inline uint64_t fw_hash(const uint8_t *data, uint32_t bytes)
{
  uint64_t hash = 0xCBF29CE484222325u;
  for (uint32_t i = 0; i < bytes; i++) hash = (hash ^ data[i]) * 0x100000001B3u;
  return hash;
}

#endif
