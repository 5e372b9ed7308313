-- Lift ride 4-0-4, vertical acceleration: fidelity-measure-for-dts, physical_*.csv and the two twins' traces.
-- Two of the rides hold one repeated stamp each: the first of the two rows is kept.
return {
  fleet = "lift",
  label = "recorded: lift ride 4-0-4",
  time = { column = "timestamp(s)", unit = "s", duplicates = "first" },
  channels = {
    { name = "acceleration", column = "accel(m/s2)", unit = "m/s2", low = -20, high = 20, resolution = 0.004905 },
  },
}
