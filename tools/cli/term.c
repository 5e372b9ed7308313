#include "tools/cli/term.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static bool is_set(const char *name)
{
  const char *value = getenv(name);
  return value && value[0] && strcmp(value, "0") != 0 && strcmp(value, "false") != 0;
}

cli_term cli_term_make(const cli_options *options)
{
  cli_term term = {.results = stdout};
  const bool is_terminal = isatty(STDERR_FILENO) == 1;
  const char *color = cli_options_get(options, "color");
  const char *no_color = getenv("NO_COLOR");
  const char *kind = getenv("TERM");
  if (color && strcmp(color, "auto") != 0)
    term.color = strcmp(color, "always") == 0;
  else
    term.color = is_terminal && !(no_color && no_color[0]) && !(kind && strcmp(kind, "dumb") == 0);
  term.redraws = is_terminal && !is_set("CI") && !(kind && strcmp(kind, "dumb") == 0);
  term.quiet = cli_options_has(options, "quiet");
  term.verbose = cli_options_has(options, "verbose");
  const char *json = cli_options_get(options, "json");
  if (json && strcmp(json, "-") == 0) term.results = stderr;
  return term;
}

int cli_fail(const cli_term *term, const tl_error *err, const tl_message_context *context)
{
  assert(err->code != TL_OK);
  tl_message_context with_color = {.at_ns = -1};
  if (context) with_color = *context;
  with_color.color = term->color;
  tl_text text = {0};
  tl_message_render(&text, err, &with_color);
  fflush(stdout);
  fputs(tl_text_string(&text), stderr);
  tl_text_free(&text);
  return tl_code_describe(err->code)->exit_code;
}

tl_code cli_write(const char *path, const tl_text *text, tl_error *err)
{
  if (text->failed) return tl_fail(err, TL_E_LIMIT, NULL, "%s: out of memory", path);
  const bool is_stdout = strcmp(path, "-") == 0;
  FILE *file = is_stdout ? stdout : fopen(path, "wb");
  if (!file) return tl_fail(err, TL_E_IO, NULL, "%s: cannot write: %s", path, strerror(errno));
  bool is_good = text->length == 0 || fwrite(text->data, 1, text->length, file) == text->length;
  is_good = fflush(file) == 0 && is_good;
  const int reason = errno;
  if (!is_stdout) is_good = fclose(file) == 0 && is_good;
  if (!is_good)
    return tl_fail(err, TL_E_IO, NULL, "%s: cannot write: %s", is_stdout ? "standard output" : path,
                   strerror(reason));
  return TL_OK;
}

void cli_print(const cli_term *term, const tl_text *text)
{
  fputs(tl_text_string(text), term->results);
}

/* --- signals ------------------------------------------------------------------------------------- */
static volatile sig_atomic_t interrupted; /* a handler has no other way to tell */

static void on_signal(int number)
{
  (void)number;
  if (interrupted) _exit(130);
  interrupted = 1;
}

void cli_signals_catch(void)
{
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
}

const volatile sig_atomic_t *cli_signals_interrupted(void) { return &interrupted; }

/* --- progress ------------------------------------------------------------------------------------ */
static double clock_s(clockid_t clock)
{
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}
double cli_wall_s(void) { return clock_s(CLOCK_MONOTONIC); }
double cli_cpu_s(void) { return clock_s(CLOCK_PROCESS_CPUTIME_ID); }

cli_progress cli_progress_begin(const cli_term *term)
{
  const double now_s = cli_wall_s();
  return (cli_progress){.term = term, .begin_s = now_s, .drawn_s = now_s};
}

/* 2310 as "2 310" */
static void add_grouped(tl_text *out, double value)
{
  const uint64_t whole = value < 0.0    ? 0
                         : value > 1e18 ? UINT64_C(1000000000000000000)
                                        : (uint64_t)value;
  char digits[32];
  const int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)whole);
  for (int i = 0; i < length; i++) {
    if (i > 0 && (length - i) % 3 == 0) tl_text_add_char(out, ' ');
    tl_text_add_char(out, digits[i]);
  }
}

static void add_line(tl_text *out, const cli_progress *progress, int64_t now_ns,
                     int64_t duration_ns, double elapsed_s)
{
  const double share = duration_ns > 0 ? (double)now_ns / (double)duration_ns : 1.0;
  tl_text_add_duration(out, now_ns / 1000000000 * 1000000000);
  tl_text_add(out, " / ");
  tl_text_add_duration(out, duration_ns);
  tl_text_addf(out, "  %d %%", (int)(100.0 * share));
  if (elapsed_s > 0.0) {
    tl_text_add(out, "  ");
    add_grouped(out, 1e-9 * (double)now_ns / elapsed_s);
    tl_text_add(out, "x real time");
  }
  if (share > 0.0 && share < 1.0) {
    const uint64_t left_s = (uint64_t)(elapsed_s * (1.0 - share) / share + 0.5);
    tl_text_addf(out, "  ETA %u:%02u", (unsigned)(left_s / 60), (unsigned)(left_s % 60));
  }
  if (progress->alarm_count > 0)
    tl_text_addf(out, "  alarms %llu", (unsigned long long)progress->alarm_count);
}

void cli_progress_show(cli_progress *progress, int64_t now_ns, int64_t duration_ns)
{
  if (progress->term->quiet) return;
  const double wall_s = cli_wall_s();
  const int tenth = duration_ns > 0 ? (int)(10.0 * (double)now_ns / (double)duration_ns) : 10;
  const double since_s = wall_s - progress->drawn_s;
  const bool is_due =
      progress->term->redraws
          ? since_s >= 0.1
          : since_s >= 10.0 || (tenth > progress->drawn_tenth && wall_s - progress->begin_s >= 1.0);
  if (!is_due) return;
  char memory[200];
  tl_text line = tl_text_over(memory, sizeof memory);
  add_line(&line, progress, now_ns, duration_ns, wall_s - progress->begin_s);
  if (progress->term->redraws) {
    fprintf(stderr, "\r%s\033[K", memory);
    progress->line_open = true;
  } else {
    fprintf(stderr, "%s\n", memory);
  }
  fflush(stderr);
  progress->drawn_s = wall_s;
  progress->drawn_tenth = tenth;
}

void cli_progress_count(cli_progress *progress, uint64_t count, const char *of)
{
  const double wall_s = cli_wall_s();
  if (progress->term->quiet || !progress->term->redraws || wall_s - progress->begin_s < 1.0 ||
      wall_s - progress->drawn_s < 0.1)
    return;
  char memory[200];
  tl_text line = tl_text_over(memory, sizeof memory);
  add_grouped(&line, (double)count);
  tl_text_addf(&line, " %s  %d s", of, (int)(wall_s - progress->begin_s));
  fprintf(stderr, "\r%s\033[K", memory);
  fflush(stderr);
  progress->line_open = true;
  progress->drawn_s = wall_s;
}

void cli_progress_end(cli_progress *progress)
{
  if (progress->line_open) fputs("\r\033[K", stderr);
  progress->line_open = false;
}
