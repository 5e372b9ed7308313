/* board.c: reads board profiles, JSON that tools/boards/fit_boards.py wrote. */
#include "edge/board.h"

#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCHEMA "twinloop.board/1"
enum { PROFILE_BYTES_MAX = 65536, PATH_BYTES = 1024 };

typedef struct reading { /* one profile on its way in; the first failure stays */
  const char *name;
  tl_error *err;
  tl_code code;
} reading;

static void refuse(reading *r, const char *key, const char *wanted)
{
  if (r->code == TL_OK)
    r->code = tl_fail(r->err, TL_E_FORMAT, r->name, "board profile: '%s' must be %s", key, wanted);
}

static void read_text(reading *r, const json_t *object, const char *key, char *out,
                      size_t out_bytes)
{
  const char *text = json_string_value(json_object_get(object, key));
  if (text == NULL || text[0] == '\0' || strlen(text) >= out_bytes)
    refuse(r, key, "a text, not empty and not too long");
  else
    snprintf(out, out_bytes, "%s", text);
}

/* A finite number of [low, high]. */
static double read_number(reading *r, const json_t *object, const char *key, double low,
                          double high)
{
  const json_t *value = json_object_get(object, key);
  const double number = json_number_value(value);
  if (json_is_number(value) && number >= low && number <= high) return number;
  char wanted[64];
  snprintf(wanted, sizeof wanted, "a number from %g to %g", low, high);
  refuse(r, key, wanted);
  return low;
}

static void read_rates(reading *r, const json_t *root, tl_board *out)
{
  const json_t *cycles = json_object_get(root, "cycles");
  for (int kind = 0; kind < TL_WORK_ELEMENT; kind++)
    out->mac_cycles[kind] = read_number(r, cycles, tl_work_kind_name((tl_work_kind)kind), 0.0, 1e6);
  out->element_cycles = read_number(r, cycles, "element", 0.0, 1e6);
  out->op_cycles = read_number(r, cycles, "op", 0.0, 1e9);
  const json_t *error = json_object_get(root, "cycles_error");
  const double network = read_number(r, error, "network_left_out", 0.0, 100.0);
  const double point = read_number(r, error, "point_left_out", 0.0, 100.0);
  out->cycles_error_ratio = network > point ? network : point;
}

static void read_points(reading *r, const json_t *root, tl_board *out)
{
  const json_t *points = json_object_get(root, "points");
  const size_t count = json_array_size(points);
  if (count < 1 || count > TL_BOARD_NETWORKS_MAX) {
    refuse(r, "points", "a list of 1 to 8 published results");
    return;
  }
  for (size_t i = 0; i < count; i++) {
    tl_board_point *point = &out->points[i];
    const json_t *from = json_array_get(points, i);
    read_text(r, from, "network", point->network, sizeof point->network);
    point->cycles = read_number(r, from, "published", 1.0, 1e15);
    point->fitted = read_number(r, from, "fitted", 0.0, 1e15);
    point->unseen = read_number(r, from, "unseen", 0.0, 1e15);
  }
  out->point_count = (uint32_t)count;
}

/* "boards/nucleo.json" is "nucleo". */
static void set_id(reading *r, tl_board *out)
{
  const char *slash = strrchr(r->name, '/');
  const char *file = slash ? slash + 1 : r->name;
  size_t bytes = strlen(file);
  if (bytes > 5 && strcmp(file + bytes - 5, ".json") == 0) bytes -= 5;
  if (bytes == 0 || bytes >= sizeof out->id)
    refuse(r, "file name", "shorter than 96 characters");
  else
    snprintf(out->id, sizeof out->id, "%.*s", (int)bytes, file);
}

tl_code tl_board_parse(tl_board *out, const char *text, size_t text_bytes, const char *name,
                       tl_error *err)
{
  json_error_t problem;
  reading r = {name, err, TL_OK};
  *out = (tl_board){0};
  json_t *root = json_loadb(text, text_bytes, JSON_REJECT_DUPLICATES, &problem);
  if (root == NULL) {
    char where[160];
    snprintf(where, sizeof where, "%.140s:%d", name, problem.line);
    return tl_fail(err, TL_E_FORMAT, where, "no JSON: %s", problem.text);
  }
  const char *schema = json_string_value(json_object_get(root, "schema"));
  if (schema == NULL || strcmp(schema, SCHEMA) != 0) refuse(&r, "schema", "\"" SCHEMA "\"");
  set_id(&r, out);
  read_text(&r, root, "board", out->title, sizeof out->title);
  read_text(&r, root, "core", out->core, sizeof out->core);
  read_text(&r, root, "software", out->software, sizeof out->software);
  read_text(&r, root, "source", out->source, sizeof out->source);
  out->clock_Hz = read_number(&r, root, "clock_Hz", 1e3, 1e11);
  out->power_W = read_number(&r, root, "power_W", 0.0, 1e4);
  out->power_error_ratio = read_number(&r, root, "power_error", 0.0, 100.0);
  read_rates(&r, root, out);
  read_points(&r, root, out);
  json_decref(root);
  if (r.code != TL_OK) *out = (tl_board){0};
  return r.code;
}

tl_code tl_board_load(tl_board *out, const char *path, tl_error *err)
{
  *out = (tl_board){0};
  char *text = malloc(PROFILE_BYTES_MAX);
  if (text == NULL) return tl_fail(err, TL_E_LIMIT, NULL, "out of memory");
  FILE *file = fopen(path, "rb");
  errno = file ? 0 : errno;
  const size_t bytes = file ? fread(text, 1, PROFILE_BYTES_MAX, file) : 0;
  tl_code code = TL_OK;
  if (file == NULL || ferror(file))
    code = tl_fail(err, TL_E_IO, NULL, "%s: %s", path, strerror(errno ? errno : EIO));
  else if (bytes == PROFILE_BYTES_MAX)
    code = tl_fail(err, TL_E_FORMAT, path, "too long for a board profile");
  else
    code = tl_board_parse(out, text, bytes, path, err);
  if (file) fclose(file);
  free(text);
  return code;
}

/* Keeps the boards in order of ids, whatever order the file system has. */
static void insert(tl_board *boards, uint32_t count, const tl_board *board)
{
  uint32_t at = count;
  for (; at > 0 && strcmp(boards[at - 1].id, board->id) > 0; at--) boards[at] = boards[at - 1];
  boards[at] = *board;
}

static bool is_profile(const char *name)
{
  const size_t bytes = strlen(name);
  return bytes > 5 && name[0] != '.' && strcmp(name + bytes - 5, ".json") == 0;
}

tl_code tl_boards_load(tl_board *out, uint32_t *count, const char *folder, tl_error *err)
{
  *count = 0;
  DIR *dir = opendir(folder);
  if (dir == NULL) return tl_fail(err, TL_E_IO, NULL, "%s: %s", folder, strerror(errno));
  tl_code code = TL_OK;
  for (struct dirent *entry; code == TL_OK && (entry = readdir(dir)) != NULL;) {
    char path[PATH_BYTES];
    tl_board board;
    if (!is_profile(entry->d_name)) continue;
    if (*count == TL_BOARDS_MAX)
      code =
          tl_fail(err, TL_E_LIMIT, NULL, "%s: more than %d board profiles", folder, TL_BOARDS_MAX);
    else if (snprintf(path, sizeof path, "%s/%s", folder, entry->d_name) >= (int)sizeof path)
      code = tl_fail(err, TL_E_IO, NULL, "%s: the path is too long", folder);
    else
      code = tl_board_load(&board, path, err);
    if (code == TL_OK) insert(out, (*count)++, &board);
  }
  closedir(dir);
  return code;
}

tl_code tl_board_unknown(const char *name, const char *folder, const char *where, tl_error *err)
{
  char memory[480] = "";
  tl_text list = tl_text_over(memory, sizeof memory);
  const char *ids[TL_BOARDS_MAX];
  uint32_t count = 0;
  tl_board *boards = malloc(TL_BOARDS_MAX * sizeof *boards);
  if (boards == NULL || tl_boards_load(boards, &count, folder, NULL) != TL_OK) count = 0;
  for (uint32_t b = 0; b < count; b++) {
    ids[b] = boards[b].id;
    tl_text_addf(&list, "%s%s", b ? ", " : "; there are: ", ids[b]);
  }
  tl_fail(err, TL_E_NAME, where, "there is no board profile '%.60s'%s", name, memory);
  const char *closest = tl_text_closest(name, ids, count);
  if (closest != NULL) tl_fail_hint(err, "did you mean '%s'?", closest);
  free(boards);
  return TL_E_NAME;
}
