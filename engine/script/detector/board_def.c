/* board_def.c: board and battery of a detector: what an inference costs, and what it is drawn from. */
#include "base/hash.h"
#include "edge/energy/board.h"
#include "edge/energy/coulomb.h"
#include "script/binding.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What an inference of each version costs on the board; needs the models opened once more. */
static void cost_versions(lua_State *L, const tl_board *board, tl_detector_def *detector,
                          bool battery, double voltage_V, double efficiency_ratio)
{
  for (uint32_t v = 0; v < detector->version_count; v++) {
    tl_detector_model *version = &detector->versions[v];
    tl_kernel_status status;
    tl_model model;
    tl_cost cost;
    size_t bytes = 0;
    if (tl_model_memory_bytes(&bytes, version->bytes, version->byte_count, &status) != TL_KERNEL_OK)
      tl_script_raise(L, TL_E_MODEL, NULL, "%s: %s", version->name, status.reason);
    void *memory = aligned_alloc(64, (bytes + 127) & ~(size_t)63);
    if (memory == NULL) script_no_memory(L);
    const tl_kernel_code code = tl_model_open(&model, memory, bytes, version->bytes,
                                              version->byte_count, &detector->options, &status);
    if (code == TL_KERNEL_OK) tl_board_cost(board, &cost, NULL, &model);
    free(memory);
    if (code != TL_KERNEL_OK)
      tl_script_raise(L, TL_E_MODEL, NULL, "%s: %s", version->name, status.reason);
    if (battery && !cost.has_energy)
      tl_script_raise(L, TL_E_ARG, NULL,
                      "board '%s': its power was not published, so no battery can be counted down",
                      board->id);
    version->inference_s = cost.time_s;
    version->time_error_ratio = cost.cycles_error_ratio;
    version->energy_error_ratio = cost.has_energy ? cost.energy_error_ratio : (double)NAN;
    version->inference_J = cost.energy_J;
    version->inference_C = tl_coulomb_of_energy(cost.energy_J, voltage_V, efficiency_ratio);
  }
}

/* The run is a function of the profile too; its id stands beside every figure that comes from it. */
static void note_board(lua_State *L, tl_scenario *s, const char *file, const char *path,
                       const tl_board *board, tl_detector_def *detector)
{
  char sha[TL_SHA256_HEX_BYTES];
  tl_error err;
  if (tl_sha256_file(sha, path, &err) != TL_OK) tl_script_raise_error(L, &err);
  char *id = malloc(sizeof board->id);
  const bool is_kept = id != NULL && script_keep_block(s, id);
  if (!is_kept) free(id);
  if (!is_kept || script_note_file(s, "board", file, path, sha) != TL_OK) script_no_memory(L);
  memcpy(id, board->id, sizeof board->id);
  detector->board = id;
}

/* All profiles, when a name is none of theirs. */
static tl_code unknown_board(const tl_scenario *s, const char *name, const char *where,
                             tl_error *err)
{
  char folder[1024];
  static const char *const within[] = {"assets/boards", "boards"};
  for (uint32_t i = 0; i < s->options.asset_folder_count; i++)
    for (size_t k = 0; k < sizeof within / sizeof *within; k++) {
      snprintf(folder, sizeof folder, "%s/%s", s->options.asset_folders[i], within[k]);
      if (access(folder, R_OK) == 0) return tl_board_unknown(name, folder, where, err);
    }
  return tl_board_unknown(name, "", where, err);
}

/* A file of the user's, or the name of a profile. */
static void load_board(lua_State *L, tl_scenario *s, const char *name, tl_board *board,
                       tl_detector_def *detector)
{
  char where[160], file[160], path[1024];
  tl_error err;
  const bool is_file = strchr(name, '/') != NULL || strchr(name, '.') != NULL;
  script_where_word(L, name, where, sizeof where);
  snprintf(file, sizeof file, "%s%s", name, is_file ? "" : ".json");
  tl_code code = script_find_file(s, file, where, path, sizeof path, &err);
  if (code != TL_OK && !is_file) code = unknown_board(s, name, where, &err);
  if (code == TL_OK) code = tl_board_load(board, path, &err);
  if (code != TL_OK) tl_script_raise_error(L, &err);
  note_board(L, s, file, path, board, detector);
}

/* board = "nucleo-l4r5zi-tflm", battery = { capacity, voltage, sleep, efficiency }: charge is counted. */
void script_read_board(lua_State *L, tl_scenario *s, int t, tl_detector_def *detector)
{
  static const char *const keys[] = {"capacity", "voltage", "sleep", "efficiency"};
  const char *name = script_text_field(L, t, "board", NULL);
  const bool battery = script_field(L, t, "battery") != LUA_TNIL;
  double voltage_V = 3.0, efficiency_ratio = 1.0;
  if (battery && name == NULL)
    tl_script_raise(L, TL_E_ARG, NULL, "'battery' needs 'board': what an inference costs");
  if (battery) {
    script_table_at(L, -1, "battery");
    const int row = lua_gettop(L);
    script_check_keys(L, row, "battery", keys, sizeof keys / sizeof *keys);
    detector->capacity_C = script_number_field(L, row, "capacity", "C", false, 0.0);
    detector->sleep_A = script_number_field(L, row, "sleep", "A", false, 0.0);
    voltage_V = script_number_field(L, row, "voltage", "V", false, voltage_V);
    efficiency_ratio = script_number_field(L, row, "efficiency", "1", false, efficiency_ratio);
    if (!(voltage_V > 0.0) || !(efficiency_ratio > 0.0 && efficiency_ratio <= 1.0))
      tl_script_raise(L, TL_E_ARG, NULL,
                      "battery: 'voltage' must be above 0 and 'efficiency' in 0 .. 1");
  }
  lua_pop(L, 1);
  if (name == NULL) return;
  tl_board board;
  load_board(L, s, name, &board, detector);
  cost_versions(L, &board, detector, battery, voltage_V, efficiency_ratio);
  detector->has_battery = true;
}
