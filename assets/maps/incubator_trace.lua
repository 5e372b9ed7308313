-- Box temperature on a 3 s grid, as the published incubator twins and the resampled recording are stored:
-- fidelity-measure-for-dts, 2P_*.csv, 4P_*.csv, *_Real.csv.
return {
  fleet = "incubator",
  label = "trace: incubator box temperature",
  time = { column = "timestamp(s)", unit = "s" },
  channels = {
    { name = "box", column = "temperature(degrees)", unit = "degC", low = 0, high = 100 },
  },
}
