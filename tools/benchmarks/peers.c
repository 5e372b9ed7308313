#include "benchmarks/peers.h"

#include "base/text.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

const char *const peer_names[PEER_COUNT] = {"litert", "onnxruntime", "tflm"};

static void run_child(const char *root, const char *environment, const char *program, bool avx2)
{
  char python[1024], script[1024], folder[1024], shim[1024];
  snprintf(python, sizeof python, "%s/build/%s/bin/python", root, environment);
  snprintf(script, sizeof script, "%s/tools/benchmarks/%s", root, program);
  if (avx2) {
    snprintf(folder, sizeof folder, "%s/build/peers-avx2", root);
    snprintf(shim, sizeof shim, "%s/build/peers-avx2/without_avx512.so", root);
    setenv("PYTHONPATH", folder, 1);
    setenv("LD_PRELOAD", shim, 1);
  }
  execl(python, python, script, (char *)NULL);
  _exit(127);
}

tl_code peers_start(peers *out, const char *root, const char *environment, const char *program,
                    bool avx2, tl_error *err)
{
  int to[2], from[2];
  *out = (peers){0};
  if (pipe2(to, O_CLOEXEC) != 0) /* the other peer must not hold our ends */
    return tl_fail(err, TL_E_IO, NULL, "no pipe for the peers");
  if (pipe2(from, O_CLOEXEC) != 0) {
    close(to[0]);
    close(to[1]);
    return tl_fail(err, TL_E_IO, NULL, "no pipe for the peers");
  }
  out->process = fork();
  if (out->process == 0) {
    dup2(to[0], 0);
    dup2(from[1], 1);
    run_child(root, environment, program, avx2);
  }
  close(to[0]);
  close(from[1]);
  out->to = fdopen(to[1], "w");
  out->from = fdopen(from[0], "r");
  if (out->process < 0 || !out->to || !out->from)
    return tl_fail(err, TL_E_IO, NULL, "the peers do not start");
  return TL_OK;
}

void peers_stop(peers *p)
{
  if (p->to) fclose(p->to);
  if (p->from) fclose(p->from);
  if (p->process > 0) waitpid(p->process, NULL, 0);
  *p = (peers){0};
}

bool peers_ask(peers *p, const char *question, char answer[PEER_LINE_BYTES])
{
  if (!p->to || fputs(question, p->to) < 0 || fflush(p->to) != 0) return false;
  return fgets(answer, PEER_LINE_BYTES, p->from) != NULL;
}

/* The text behind "key": in one line of JSON that peers.py wrote; NULL if there is none. */
static const char *find(const char *json, const char *key)
{
  char quoted[64];
  snprintf(quoted, sizeof quoted, "\"%s\": ", key);
  const char *at = strstr(json, quoted);
  return at ? at + strlen(quoted) : NULL;
}

bool peers_number(const char *answer, const char *key, double *out)
{
  const char *value = find(answer, key);
  return value && tl_text_parse_double_n(out, value, strcspn(value, ",]}"));
}

tl_code peers_open(peers *p, const char *label, const char *model_path, tl_error *err)
{
  char question[2048], answer[PEER_LINE_BYTES];
  snprintf(question, sizeof question, "open %s %s\n", label, model_path);
  if (!peers_ask(p, question, answer))
    return tl_fail(err, TL_E_IO, NULL, "the peers do not answer (build/peers)");
  for (int peer = 0; peer < PEER_COUNT; peer++) {
    const char *reason = find(answer, peer_names[peer]);
    p->has[peer] = reason && strncmp(reason, "null", 4) == 0;
    if (!p->has[peer])
      fprintf(stderr, "%s: %s refuses it: %.120s\n", label, peer_names[peer],
              reason ? reason : "?");
  }
  return TL_OK;
}

double peers_time(peers *p, int peer, uint32_t batch, double seconds)
{
  char question[128], answer[PEER_LINE_BYTES], number[TL_TEXT_DOUBLE_BYTES];
  double us;
  if (!p->has[peer]) return -1.0;
  tl_text_format_double(number, seconds);
  snprintf(question, sizeof question, "time %s %u %s\n", peer_names[peer], batch, number);
  if (!peers_ask(p, question, answer)) return -1.0;
  return peers_number(answer, "us_per_inference", &us) ? us : -1.0;
}
