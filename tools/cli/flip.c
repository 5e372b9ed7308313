#include "tools/cli/flip.h"

#include "base/text.h"

#include <string.h>

tl_code cli_flip_parse(cli_flip *out, const char *text, tl_error *err)
{
  *out = (cli_flip){.text = text};
  char memory[256];
  uint64_t device = 0, bit = 0;
  if (strlen(text) >= sizeof memory) return tl_fail(err, TL_E_USAGE, NULL, "--flip: text too long");
  memcpy(memory, text, strlen(text) + 1);
  char *at = strchr(memory, '@');
  if (at) *at++ = '\0';
  char *parts[4], *rest = memory;
  int count = 0;
  for (char *part; count < 4 && (part = strsep(&rest, ":")) != NULL;) parts[count++] = part;
  if (count != 4 || rest || !tl_text_parse_uint64(&device, parts[1]) || device > UINT32_MAX ||
      !tl_text_parse_uint64(&bit, parts[3]) || bit > 63 || strlen(parts[0]) >= TL_NAME_BYTES ||
      strlen(parts[2]) >= TL_NAME_BYTES)
    return tl_fail(err, TL_E_USAGE, NULL,
                   "--flip: '%s' is not FLEET:DEVICE:COLUMN:BIT[@TIME], bit 0 to 63", text);
  memcpy(out->fleet, parts[0], strlen(parts[0]) + 1);
  memcpy(out->column, parts[2], strlen(parts[2]) + 1);
  out->device = (uint32_t)device;
  out->bit = (uint32_t)bit;
  if (at && tl_text_parse_duration(&out->at_ns, at, NULL, err) != TL_OK)
    return tl_fail(err, TL_E_USAGE, NULL, "--flip: '%s' is no time such as 90s, 1.5h or 07:12:40",
                   at);
  return TL_OK;
}

static tl_code find_place(const cli_flip *flip, const tl_world *world, tl_fleet_id *fleet,
                          uint32_t *column, tl_error *err)
{
  const char *names[TL_FLEETS_MAX];
  const uint32_t fleets = tl_world_fleet_count(world);
  for (uint32_t f = 1; f <= fleets; f++) {
    *fleet = (tl_fleet_id){f};
    names[f - 1] = tl_fleet_name(world, *fleet);
    if (strcmp(names[f - 1], flip->fleet) != 0) continue;
    const tl_code code = tl_fleet_column_find(world, *fleet, flip->column, "--flip", column, err);
    if (code != TL_OK) return code;
    if (flip->device < tl_fleet_device_count(world, *fleet)) return TL_OK;
    return tl_fail(err, TL_E_ARG, "--flip", "fleet '%s' has devices 0 to %u, not %u", flip->fleet,
                   tl_fleet_device_count(world, *fleet) - 1, flip->device);
  }
  tl_fail(err, TL_E_NAME, "--flip", "unknown fleet '%s'", flip->fleet);
  const char *closest = tl_text_closest(flip->fleet, names, fleets);
  return closest ? tl_fail_hint(err, "did you mean '%s'?", closest) : TL_E_NAME;
}

tl_code cli_flips_check(const cli_flip *flips, uint32_t count, const tl_world *world,
                        int64_t duration_ns, tl_error *err)
{
  for (uint32_t i = 0; i < count; i++) {
    tl_fleet_id fleet;
    uint32_t column = 0;
    tl_code code = find_place(&flips[i], world, &fleet, &column, err);
    if (code == TL_OK)
      code = tl_world_flip_check(world, fleet, flips[i].device, column, flips[i].bit, err);
    if (code != TL_OK) return code;
    if (flips[i].at_ns < duration_ns) continue;
    char end[TL_TEXT_DURATION_BYTES];
    tl_text_format_duration(end, duration_ns);
    return tl_fail(err, TL_E_USAGE, NULL, "--flip %s: the run is over at %s", flips[i].text, end);
  }
  return TL_OK;
}

static tl_code flip_one(cli_flip *flip, tl_world *world, tl_error *err)
{
  tl_fleet_id fleet;
  uint32_t column = 0;
  tl_code code = find_place(flip, world, &fleet, &column, err);
  if (code != TL_OK) return code;
  tl_fleet_read(world, fleet, column, flip->device, flip->device + 1, &flip->before);
  code = tl_world_flip_bit(world, fleet, flip->device, column, flip->bit, err);
  if (code != TL_OK) return code;
  tl_fleet_read(world, fleet, column, flip->device, flip->device + 1, &flip->after);
  flip->unit = tl_fleet_column(world, fleet, column)->unit;
  flip->planted_ns = tl_world_now_ns(world);
  flip->window = tl_world_window_count(world);
  flip->is_done = true;
  return TL_OK;
}

tl_code cli_flips_apply(cli_flip *flips, uint32_t count, tl_world *world, int64_t duration_ns,
                        tl_error *err)
{
  const int64_t now_ns = tl_world_now_ns(world);
  for (uint32_t i = 0; i < count && now_ns < duration_ns; i++) {
    if (flips[i].is_done || now_ns < flips[i].at_ns) continue;
    const tl_code code = flip_one(&flips[i], world, err);
    if (code != TL_OK) return code;
  }
  return TL_OK;
}
