-- The same file as leaf_hppc.lua, from its first row (charge, rest, then the pulse test), time as logged.
return {
  fleet = "cell",
  label = "recorded: Nissan Leaf cell, charge and HPPC",
  time = { column = "Time(s)", unit = "s" },
  channels = {
    { name = "current", column = "Current(A)", unit = "A", low = -400, high = 400, role = "input" },
    { name = "voltage", column = "Voltage(V)", unit = "V", low = 0, high = 5, resolution = 0.001 },
    { name = "loop", column = 4, unit = "count", low = 0, high = 1000 }, -- `Loop` occurs three times: by number
  },
}
