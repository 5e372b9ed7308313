/* cmd_model.c: what a .tflite file holds, what it answers, and where two personalities part. */
#include "base/text.h"
#include "edge/personality.h"
#include "tools/cli/session.h"
#include "tools/model/compare.h"
#include "tools/model/file.h"
#include "tools/model/info.h"
#include "tools/model/runner.h"
#include "tools/twinloop/commands.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { EXIT_EQUAL = 0, EXIT_DIFFERENT = 1, CASES = 8, CASES_MAX = 1000000 };

/* --- info ---------------------------------------------------------------------------------------- */
static tl_code show(const cli_options *options, const cli_term *term, const model_info *info,
                    tl_error *err)
{
  const char *json = cli_options_get(options, "json");
  tl_text lines = {0}, document = {0};
  tl_code code = TL_OK;
  model_info_lines(&lines, info);
  if (json) {
    model_info_json(&document, info);
    code = cli_write(json, &document, err);
  }
  if (!json || strcmp(json, "-") != 0) cli_print(term, &lines);
  tl_text_free(&lines);
  tl_text_free(&document);
  return code;
}

/* Where the program's files lie; "" when it has none. */
static tl_code find_root(char root[CLI_PATH_BYTES], const cli_options *options, tl_error *err)
{
  cli_session *session = model_take(sizeof *session);
  if (!session) return tl_fail(err, TL_E_LIMIT, NULL, "out of memory");
  const tl_code code = cli_session_prepare(session, options, err);
  snprintf(root, CLI_PATH_BYTES, "%s", session->root);
  cli_session_close(session);
  free(session);
  return code;
}

/* The profiles that came with the program; without its folder of assets there are none. */
static tl_code load_boards(model_boards *out, const char *root, tl_error *err)
{
  char folder[CLI_PATH_BYTES + 32];
  out->count = 0;
  if (!root[0]) return TL_OK;
  snprintf(folder, sizeof folder, "%s/assets/boards", root);
  return tl_boards_load(out->boards, &out->count, folder, err);
}

/* A refused model is shown as far as it goes, then it is an error. */
static tl_code info(const cli_options *options, const cli_term *term, const model_file *file,
                    bool *is_written, tl_error *err)
{
  model_surveyed surveyed = {0};
  model_loaded loaded = {0};
  tl_error refused = {0};
  measurement measured[MEASURE_CORES];
  char root[CLI_PATH_BYTES] = "";
  model_boards *boards = model_take(sizeof *boards);
  measure_none(measured);
  tl_code code =
      boards ? model_survey(&surveyed, file, err) : tl_fail(err, TL_E_LIMIT, NULL, "out of memory");
  if (code == TL_OK) code = find_root(root, options, err);
  if (code == TL_OK) code = load_boards(boards, root, err);
  if (code == TL_OK) {
    const tl_code load_code = model_load(&loaded, file, NULL, &refused);
    const char *core;
    for (uint32_t i = 0;
         load_code == TL_OK && (core = cli_options_nth(options, "measure", i)) != NULL; i++)
      measure_cores(measured, core, root, file, &loaded.model);
    const model_info what = {
        .file = file,
        .survey = &surveyed.survey,
        .boards = boards,
        .measured = measured,
        .model = load_code == TL_OK ? &loaded.model : NULL,
        .refusal = load_code != TL_OK && surveyed.survey.refused_count == 0 ? refused.text : NULL,
        .error = load_code != TL_OK ? &refused : NULL};
    code = show(options, term, &what, err);
    *is_written = true;
    if (code == TL_OK && load_code != TL_OK) {
      *err = refused;
      code = load_code;
    }
  }
  measure_free(measured);
  free(boards);
  model_unload(&loaded);
  model_survey_free(&surveyed);
  return code;
}

/* --- run ----------------------------------------------------------------------------------------- */
typedef struct stream { /* in.bin and out.bin, a batch at a time */
  const char *in_path, *out_path, *model_path;
  FILE *in, *out;
  uint8_t *in_data, *out_data;
  uint64_t case_count;
} stream;

static tl_code is_whole(const char *path, uint64_t bytes, size_t case_bytes, tl_error *err)
{
  if (bytes == 0)
    return tl_fail(err, TL_E_FORMAT, NULL, "%s: is empty; a case has %zu bytes", path, case_bytes);
  if (bytes % case_bytes == 0) return TL_OK;
  return tl_fail(err, TL_E_FORMAT, NULL,
                 "%s: %llu bytes are no whole number of cases: a case has %zu bytes, %llu are left "
                 "over after %llu cases",
                 path, (unsigned long long)bytes, case_bytes,
                 (unsigned long long)(bytes % case_bytes),
                 (unsigned long long)(bytes / case_bytes));
}

/* Writing starts by emptying the file: it must be none that is still to be read. */
static bool same_file(const char *a, const char *b)
{
  struct stat one, other;
  return stat(a, &one) == 0 && stat(b, &other) == 0 && S_ISREG(one.st_mode) &&
         one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

/* The output is opened only after the input was found whole, so that a wrong call destroys nothing. */
static tl_code open_stream(stream *s, const model_runner *runner, tl_error *err)
{
  s->in = fopen(s->in_path, "rb");
  if (!s->in)
    return tl_fail(err, TL_E_IO, NULL, "%s: cannot read: %s", s->in_path, strerror(errno));
  if (fseeko(s->in, 0, SEEK_END) ==
      0) { /* a pipe has no size; what it gives is counted at its end */
    const off_t bytes = ftello(s->in);
    if (bytes >= 0) {
      const tl_code code = is_whole(s->in_path, (uint64_t)bytes, runner->in_bytes, err);
      if (code != TL_OK) return code;
    }
    rewind(s->in);
  }
  s->in_data = model_take(runner->in_bytes * runner->batch);
  s->out_data = model_take(runner->out_bytes * runner->batch);
  if (!s->in_data || !s->out_data) return tl_fail(err, TL_E_LIMIT, NULL, "out of memory");
  if (same_file(s->out_path, s->in_path) || same_file(s->out_path, s->model_path))
    return tl_fail(err, TL_E_USAGE, NULL, "--output %s is the input or the model itself",
                   s->out_path);
  s->out = fopen(s->out_path, "wb");
  if (!s->out)
    return tl_fail(err, TL_E_IO, NULL, "%s: cannot write: %s", s->out_path, strerror(errno));
  return TL_OK;
}

static tl_code run_batches(stream *s, model_runner *runner, tl_error *err)
{
  uint64_t bytes = 0;
  for (;;) {
    const size_t got = fread(s->in_data, 1, runner->in_bytes * runner->batch, s->in);
    const size_t count = got / runner->in_bytes;
    bytes += got;
    const tl_code code = model_runner_run(runner, s->out_data, s->in_data, count, err);
    if (code != TL_OK) return code;
    if (fwrite(s->out_data, runner->out_bytes, count, s->out) != count)
      return tl_fail(err, TL_E_IO, NULL, "%s: cannot write: %s", s->out_path, strerror(errno));
    s->case_count += count;
    if (got < runner->in_bytes * runner->batch) break;
  }
  if (ferror(s->in))
    return tl_fail(err, TL_E_IO, NULL, "%s: cannot read: %s", s->in_path, strerror(errno));
  return is_whole(s->in_path, bytes, runner->in_bytes, err);
}

static tl_code close_stream(stream *s, tl_code code, tl_error *err)
{
  if (s->in) fclose(s->in);
  if (s->out && fclose(s->out) != 0 && code == TL_OK)
    code = tl_fail(err, TL_E_IO, NULL, "%s: cannot write: %s", s->out_path, strerror(errno));
  free(s->in_data);
  free(s->out_data);
  return code;
}

static tl_code personality_of(const cli_options *options, tl_model_options *out, tl_error *err)
{
  const char *text = cli_options_get(options, "personality");
  *out = (tl_model_options){0};
  return text ? tl_personality_parse(out, text, strlen(text), err) : TL_OK;
}

static tl_code run(const cli_options *options, const cli_term *term, const model_file *file,
                   tl_error *err)
{
  tl_model_options personality;
  model_loaded loaded = {0};
  model_runner runner = {0};
  uint64_t batch = 1;
  stream s = {.in_path = cli_options_get(options, "input"),
              .out_path = cli_options_get(options, "output"),
              .model_path = file->path};
  if (!s.in_path || !s.out_path)
    return tl_fail(err, TL_E_USAGE, NULL, "model run: --input and --output are needed");
  tl_code code = cli_options_number(options, "batch", 1, MODEL_BATCH_MAX, &batch, err);
  if (code == TL_OK) code = personality_of(options, &personality, err);
  if (code == TL_OK) code = model_load(&loaded, file, &personality, err);
  const model_run_options how = {.path = cli_options_get(options, "path"),
                                 .batch = (uint32_t)batch};
  if (code == TL_OK) code = model_runner_open(&runner, &loaded.model, &how, err);
  if (code == TL_OK) code = open_stream(&s, &runner, err);
  if (code == TL_OK) code = run_batches(&s, &runner, err);
  code = close_stream(&s, code, err);
  if (code == TL_OK && !term->quiet)
    fprintf(stderr, "%llu cases of %zu bytes run, %zu bytes out each\n",
            (unsigned long long)s.case_count, runner.in_bytes, runner.out_bytes);
  model_runner_close(&runner);
  model_unload(&loaded);
  return code;
}

/* --- compare ------------------------------------------------------------------------------------- */
typedef struct sides {
  const char *names[2]; /* inside the option's text */
  int lengths[2];
  model_loaded models[2];
  uint8_t *in;
  uint64_t case_count;
  model_comparison comparison;
} sides;

/* "tflm, single": blanks around a name are none of it. */
static void name_side(sides *s, int side, const char *begin, const char *end)
{
  while (begin < end && *begin == ' ') begin++;
  while (end > begin && end[-1] == ' ') end--;
  s->names[side] = begin;
  s->lengths[side] = (int)(end - begin);
}

static tl_code load_sides(sides *s, const cli_options *options, const model_file *file,
                          tl_error *err)
{
  const char *text = cli_options_get(options, "personality");
  const char *comma = text ? strchr(text, ',') : NULL;
  if (!comma || strchr(comma + 1, ','))
    return tl_fail(err, TL_E_USAGE, NULL,
                   "model compare: two personalities are needed: --personality tflm,single");
  name_side(s, 0, text, comma);
  name_side(s, 1, comma + 1, comma + strlen(comma));
  tl_code code = TL_OK;
  for (int i = 0; i < 2 && code == TL_OK; i++) {
    tl_model_options personality;
    code = tl_personality_parse(&personality, s->names[i], (size_t)s->lengths[i], err);
    if (code == TL_OK) code = model_load(&s->models[i], file, &personality, err);
  }
  return code;
}

static tl_code read_cases(sides *s, const char *path, tl_error *err)
{
  model_file cases;
  const size_t case_bytes = model_in_bytes(&s->models[0].model);
  tl_code code = model_file_read(&cases, path, err);
  s->in = cases.data;
  if (code == TL_OK) code = is_whole(path, cases.bytes, case_bytes, err);
  s->case_count = cases.bytes / case_bytes;
  return code;
}

static tl_code make_cases(sides *s, const cli_options *options, tl_error *err)
{
  uint64_t seed = 1;
  s->case_count = CASES;
  tl_code code = cli_options_number(options, "seed", 0, UINT64_MAX, &seed, err);
  if (code == TL_OK) code = cli_options_number(options, "cases", 1, CASES_MAX, &s->case_count, err);
  if (code != TL_OK) return code;
  s->in = model_random_cases(&s->models[0].model, seed, s->case_count);
  return s->in ? TL_OK : tl_fail(err, TL_E_LIMIT, NULL, "out of memory");
}

static void add_first_lines(tl_text *out, const sides *s)
{
  const model_first_difference *first = &s->comparison.first;
  const tl_model *model = &s->models[0].model;
  const tl_tensor *tensor = &model->tensors[first->tensor];
  if (!first->is_found) {
    tl_text_addf(out, "equal: %u operators, %llu cases, every byte\n", s->comparison.op_count,
                 (unsigned long long)s->case_count);
    return;
  }
  tl_text_addf(out, "first difference: node %u (%s), case %llu, element %u of %u of tensor %u",
               first->op, tl_model_op_name(model, first->op), (unsigned long long)first->case_index,
               first->element, tensor->element_count, first->tensor);
  tl_text_addf(out, " %.*s\n", (int)tensor->name_bytes, tensor->name);
  for (int i = 0; i < 2; i++) {
    tl_text_addf(out, "  %.*s  ", s->lengths[i], s->names[i]);
    tl_text_add_double(out, i == 0 ? first->a : first->b);
    tl_text_add_char(out, '\n');
  }
}

static void add_lines(tl_text *out, const sides *s)
{
  add_first_lines(out, s);
  if (!s->comparison.first.is_found) return;
  tl_text_add(out, " node operator                       elements    differing  largest\n");
  for (uint32_t op = 0; op < s->comparison.op_count; op++) {
    const model_op_difference *row = &s->comparison.ops[op];
    tl_text_addf(out, "%5u %-26s %12llu %12llu  ", op, tl_model_op_name(&s->models[0].model, op),
                 (unsigned long long)row->elements, (unsigned long long)row->differing);
    tl_text_add_double(out, row->largest);
    tl_text_add_char(out, '\n');
  }
}

static void add_first_json(tl_text *out, const sides *s)
{
  const model_first_difference *first = &s->comparison.first;
  if (!first->is_found) {
    tl_text_add(out, "null");
    return;
  }
  tl_text_addf(out,
               "{\"node\": %u, \"operator\": \"%s\", \"case\": %llu, \"output\": %u, "
               "\"tensor\": %u, \"element\": %u, \"a\": ",
               first->op, tl_model_op_name(&s->models[0].model, first->op),
               (unsigned long long)first->case_index, first->output, first->tensor, first->element);
  tl_text_add_json_double(out, first->a);
  tl_text_add(out, ", \"b\": ");
  tl_text_add_json_double(out, first->b);
  tl_text_add_char(out, '}');
}

static void add_json(tl_text *out, const sides *s, bool is_isolated)
{
  const model_comparison *c = &s->comparison;
  tl_text_addf(
      out,
      "{\"schema\": \"twinloop.model-compare/1\", \"a\": \"%.*s\", \"b\": \"%.*s\", "
      "\"cases\": %llu, \"isolated\": %s, \"verdict\": \"%s\", \"error\": null,\n  \"first\": ",
      s->lengths[0], s->names[0], s->lengths[1], s->names[1], (unsigned long long)s->case_count,
      is_isolated ? "true" : "false", c->first.is_found ? "different" : "equal");
  add_first_json(out, s);
  tl_text_addf(out, ",\n  \"differing\": %llu, \"ops\": [", (unsigned long long)c->differing);
  for (uint32_t op = 0; op < c->op_count; op++) {
    tl_text_addf(out,
                 "%s{\"node\": %u, \"operator\": \"%s\", \"elements\": %llu, \"differing\": %llu, "
                 "\"largest\": ",
                 op ? ",\n    " : "\n    ", op, tl_model_op_name(&s->models[0].model, op),
                 (unsigned long long)c->ops[op].elements, (unsigned long long)c->ops[op].differing);
    tl_text_add_json_double(out, c->ops[op].largest);
    tl_text_add_char(out, '}');
  }
  tl_text_add(out, "]}\n");
}

static tl_code tell(const sides *s, const cli_options *options, const cli_term *term,
                    bool is_isolated, tl_error *err)
{
  const char *json = cli_options_get(options, "json");
  tl_text lines = {0}, document = {0};
  tl_code code = TL_OK;
  add_lines(&lines, s);
  if (json) {
    add_json(&document, s, is_isolated);
    code = cli_write(json, &document, err);
  }
  if (!json || strcmp(json, "-") != 0) cli_print(term, &lines);
  tl_text_free(&lines);
  tl_text_free(&document);
  return code;
}

static tl_code compare(const cli_options *options, const cli_term *term, const model_file *file,
                       int *status, bool *is_written, tl_error *err)
{
  sides s = {0};
  const char *input = cli_options_get(options, "input");
  const bool is_isolated = cli_options_has(options, "isolate");
  tl_code code = load_sides(&s, options, file, err);
  if (code == TL_OK) code = input ? read_cases(&s, input, err) : make_cases(&s, options, err);
  if (code == TL_OK)
    code = model_compare(&s.comparison, &s.models[0].model, &s.models[1].model, s.in, s.case_count,
                         is_isolated, err);
  if (code == TL_OK) {
    code = tell(&s, options, term, is_isolated, err);
    *is_written = true;
  }
  *status = s.comparison.first.is_found ? EXIT_DIFFERENT : EXIT_EQUAL;
  model_compare_free(&s.comparison);
  free(s.in);
  model_unload(&s.models[0]);
  model_unload(&s.models[1]);
  return code;
}

/* --- the command --------------------------------------------------------------------------------- */
static tl_code check_word(const char *word, tl_error *err)
{
  static const char *const words[] = {"info", "run", "compare"};
  enum { WORD_COUNT = sizeof words / sizeof *words };
  for (int i = 0; i < WORD_COUNT; i++)
    if (strcmp(words[i], word) == 0) return TL_OK;
  tl_fail(err, TL_E_USAGE, NULL, "model: '%s' is none of info, run, compare", word);
  const char *closest = tl_text_closest(word, words, WORD_COUNT);
  return closest ? tl_fail_hint(err, "did you mean '%s'?", closest) : TL_E_USAGE;
}

/* An option's help begins with the words that take it: "run, compare: ...". */
static bool takes(const char *help, size_t list_length, const char *word)
{
  const size_t length = strlen(word);
  for (const char *at = help; at < help + list_length; at += strspn(at, ", ")) {
    const size_t here = strcspn(at, ",:");
    if (here == length && strncmp(at, word, length) == 0) return true;
    at += here;
  }
  return false;
}

static tl_code check_options(const cli_options *options, const char *word, tl_error *err)
{
  for (uint32_t i = 0; i < options->given_count; i++) {
    const cli_option *option = options->given[i].option;
    const size_t list_length = strcspn(option->help, ":");
    if (strcmp(option->command, "model") != 0 || takes(option->help, list_length, word)) continue;
    return tl_fail(err, TL_E_USAGE, NULL, "model %s takes no --%s: it is for model %.*s", word,
                   option->name, (int)list_length, option->help);
  }
  return TL_OK;
}

/* Whoever asked for a document gets one, whatever went wrong. */
static void write_error(const cli_options *options, const char *word, const tl_error *err)
{
  const char *json = cli_options_get(options, "json");
  tl_text document = {0};
  if (!json) return;
  tl_text_addf(&document, "{\"schema\": \"twinloop.%s/1\", \"model\": ",
               strcmp(word, "info") == 0 ? "model" : "model-compare");
  tl_text_add_json(&document, model_file_name(options->arguments[1]));
  tl_text_add(&document, strcmp(word, "info") == 0 ? ", \"runs\": false,\n  "
                                                   : ", \"verdict\": \"error\",\n  ");
  model_error_json(&document, err);
  tl_text_add(&document, "}\n");
  (void)cli_write(json, &document, NULL); /* what went wrong first is told */
  tl_text_free(&document);
}

int cmd_model(const cli_options *options, const cli_term *term)
{
  tl_error err = {0};
  model_file file = {0};
  int status = 0;
  bool is_written = false;
  const char *word = options->arguments[0];
  tl_code code = check_word(word, &err);
  if (code == TL_OK) code = check_options(options, word, &err);
  if (code != TL_OK) return cli_fail(term, &err, NULL);
  code = model_file_read(&file, options->arguments[1], &err);
  if (code == TL_OK) {
    if (strcmp(word, "info") == 0)
      code = info(options, term, &file, &is_written, &err);
    else if (strcmp(word, "run") == 0)
      code = run(options, term, &file, &err);
    else
      code = compare(options, term, &file, &status, &is_written, &err);
  }
  model_file_free(&file);
  if (code == TL_OK) return status;
  if (!is_written) write_error(options, word, &err);
  return cli_fail(term, &err, NULL);
}
