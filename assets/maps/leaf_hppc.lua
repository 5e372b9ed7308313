-- Nissan Leaf cell, pulse test (HPPC) at 25 degC: batterysim/nissan-leaf-data, *HPPC*.csv.
-- The file starts with a charge; the pulse test begins where column Data holds its second "S", and its time with it.
-- Logging is event-driven (0.1 s to 60 s), so many intervals count as gaps.
return {
  fleet = "cell",
  label = "recorded: Nissan Leaf cell, HPPC",
  from = { column = "Data", equals = "S", occurrence = 2 },
  time = { column = "Time(s)", unit = "s", restart = true },
  channels = {
    { name = "current", column = "Current(A)", unit = "A", low = -400, high = 400, role = "input" },
    { name = "voltage", column = "Voltage(V)", unit = "V", low = 0, high = 5, resolution = 0.001 },
    { name = "power", column = "Power(W)", unit = "W", low = -2000, high = 2000 },
    { name = "capacity", column = "Capacity(Ah)", unit = "Ah", low = -50, high = 50 },
    { name = "energy", column = "Energy(Wh)", unit = "Wh", low = -200, high = 200 },
    { name = "step", column = "Step", unit = "count", low = 0, high = 1000 },
  },
}
