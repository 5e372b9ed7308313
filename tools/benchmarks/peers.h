/* peers.h: other runtimes, in a Python process behind two pipes (peers.py and arm_peer.py say what is sent).
 *
 * Owns: the process, until peers_stop. Threads: one. */
#ifndef TL_BENCHMARKS_PEERS_H
#define TL_BENCHMARKS_PEERS_H

#include "base/error.h"

#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

enum { PEER_LITERT, PEER_ONNXRUNTIME, PEER_TFLM, PEER_COUNT, PEER_LINE_BYTES = 4096 };
extern const char *const peer_names[PEER_COUNT];

typedef struct peers {
  pid_t process;
  FILE *to, *from;
  bool has[PEER_COUNT]; /* of the model that is open */
} peers;

/* Starts tools/benchmarks/PROGRAM in the environment that tools/bench made as root/build/ENVIRONMENT; avx2: as it runs
 * on a processor without AVX-512.
 * errors  TL_E_IO: not there, or it does not start */
tl_code peers_start(peers *out, const char *root, const char *environment, const char *program,
                    bool avx2, tl_error *err);
void peers_stop(peers *p);

/* Sends one line and reads one; false when the process is gone. */
bool peers_ask(peers *p, const char *question, char answer[PEER_LINE_BYTES]);
/* The number behind "key" in an answer; false if there is none. */
bool peers_number(const char *answer, const char *key, double *out);

/* Opens a model in each; says on standard error which refuses it and why. */
tl_code peers_open(peers *p, const char *label, const char *model_path, tl_error *err);

/* Microseconds an inference, the least of `seconds` of calls; negative where the peer cannot. */
double peers_time(peers *p, int peer, uint32_t batch, double seconds);

#endif
