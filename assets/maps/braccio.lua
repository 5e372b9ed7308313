-- Braccio arm and its published twin, pick and drop: fidelity-measure-for-dts, pick_drop_*.csv.
-- The time column holds milliseconds in spite of its name; positions are in mm.
return {
  fleet = "arm",
  label = "recorded: Braccio, pick and drop",
  time = { column = "timestamp(s)", unit = "ms" },
  channels = {
    { name = "s1", column = "s1", unit = "deg", low = -360, high = 360, role = "input" },
    { name = "s2", column = "s2", unit = "deg", low = -360, high = 360, role = "input" },
    { name = "s3", column = "s3", unit = "deg", low = -360, high = 360, role = "input" },
    { name = "s4", column = "s4", unit = "deg", low = -360, high = 360, role = "input" },
    { name = "s5", column = "s5", unit = "deg", low = -360, high = 360, role = "input" },
    { name = "s6", column = "s6", unit = "deg", low = -360, high = 360, role = "input" },
    { name = "x", column = "x", unit = "mm", store = "m", low = -1000, high = 1000 },
    { name = "y", column = "y", unit = "mm", store = "m", low = -1000, high = 1000 },
    { name = "z", column = "z", unit = "mm", store = "m", low = -1000, high = 1000 },
  },
}
