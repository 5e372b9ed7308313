#include "telemetry/export.h"
#include "tools/twinloop/commands.h"

static tl_code export_to(const cli_options *options, tl_recording *recording, tl_error *err)
{
  tl_export_def def = {.fleet = cli_options_get(options, "fleet"), .form = TL_EXPORT_WIDE};
  uint32_t fleet = 0;
  if (!def.fleet && tl_recording_fleet_count(recording) > 0)
    def.fleet = tl_recording_fleet_at(recording, 0)->name;
  tl_code code = tl_recording_fleet_find(recording, def.fleet, &fleet, err);
  if (code != TL_OK) return code;
  if (cli_options_has(options, "device")) {
    uint64_t device = 0;
    code = cli_options_number(options, "device", 0, UINT32_MAX - 1, &device, err);
    if (code == TL_OK)
      code = tl_recording_device_find(recording, fleet, (uint32_t)device, &def.device_begin, err);
    if (code != TL_OK) return code;
    def.device_end = def.device_begin + 1;
  } else if (tl_recording_fleet_at(recording, fleet)->device_count > 1) {
    def.form = TL_EXPORT_LONG;
  }
  const char *output = cli_options_get(options, "output");
  return output ? tl_export_csv_file(recording, &def, output, err)
                : tl_export_csv(recording, &def, stdout, err);
}

int cmd_export(const cli_options *options, const cli_term *term)
{
  tl_error err = {0};
  tl_recording *recording = NULL;
  tl_code code = tl_recording_open(&recording, options->arguments[0], &err);
  if (code == TL_OK) code = export_to(options, recording, &err);
  tl_recording_close(recording);
  return code == TL_OK ? 0 : cli_fail(term, &err, NULL);
}
