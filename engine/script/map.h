/* map.h: an import map written as a Lua table, read into the plain struct that tl_import takes.
 *
 * Why Lua: maps stand beside scenarios and are written by the same people; why no sandbox.h: a map is data, so its
 * chunk sees nothing but unit names (numbers: `period = 20*ms`), and ends by a memory and an instruction cap.
 *   return {
 *     fleet = "incubator", label = "recorded",                -- format = "csv"|"hdf5"|"usdlog": by content
 *     time = { column = "time", unit = "s" },                 -- or { period = 20*ms } or { rate = 50 } [Hz];
 *                                                             -- restart = true, duplicates = "first"|"last",
 *                                                             -- backwards = "drop"|"sort" (both are refused else)
 *     channels = {
 *       { name = "box", mean = { "t2", "t3" }, unit = "degC", store = "K", low = 0, high = 100 },
 *       { name = "heater", column = "heater_on", unit = "bool", role = "input" },
 *       { name = "q1", column = 2, scale = 1/255, unit = "ratio" },   -- columns count from 1
 *     },
 *   }
 * and for CSV: delimiter, comment, header, skip_lines, skip_rows, missing = { "-" }, from = { column =, equals =,
 * occurrence = }; for HDF5 and uSD logs: object. docs/import-maps.md describes every key.
 * Owns: nothing. Threads: any; each call has a Lua state of its own. */
#ifndef TL_SCRIPT_MAP_H
#define TL_SCRIPT_MAP_H
#include "telemetry/import.h"

/* errors  TL_E_IO: unreadable; TL_E_SYNTAX; TL_E_SCRIPT: it raised an error; TL_E_SANDBOX: bytecode; TL_E_BUDGET;
 *         TL_E_NAME: unknown key (hint: nearest); TL_E_TYPE; TL_E_ARG, TL_E_UNIT: as tl_import_map_check */
TL_API tl_code tl_import_map_load(const char *path, tl_import_map *map, tl_error *err);
#endif
