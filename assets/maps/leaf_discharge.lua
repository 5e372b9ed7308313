-- Nissan Leaf cell, constant-current discharge: batterysim/nissan-leaf-data, *-Discharge-Bitrode-data.csv.
-- The columns of the pulse test, without a header line.
return {
  fleet = "cell",
  label = "recorded: Nissan Leaf cell, discharge",
  header = false,
  time = { column = 2, unit = "s" },
  channels = {
    { name = "current", column = 9, unit = "A", low = -400, high = 400, role = "input" },
    { name = "voltage", column = 10, unit = "V", low = 0, high = 5, resolution = 0.001 },
    { name = "power", column = 11, unit = "W", low = -2000, high = 2000 },
    { name = "capacity", column = 12, unit = "Ah", low = -50, high = 50 },
    { name = "energy", column = 13, unit = "Wh", low = -200, high = 200 },
  },
}
