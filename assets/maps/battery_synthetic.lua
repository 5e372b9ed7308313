-- The project's own synthetic pulse test of a cell (tools/recordings/make_battery.py): channels as in leaf_hppc.lua.
return {
  fleet = "cell",
  label = "SYNTHETIC: made by tools/recordings/make_battery.py, not measured",
  time = { column = "time", unit = "s" },
  channels = {
    { name = "current", column = "amperes", unit = "A", low = -400, high = 400, role = "input" },
    { name = "voltage", column = "volts", unit = "V", low = 0, high = 5, resolution = 0.001 },
  },
}
