-- import map of gap.csv: one channel with a missing value and a gap
return {
  fleet = "boxes",
  time = { column = "time", unit = "s" },
  channels = { { name = "box", column = "box", unit = "degC", low = 0, high = 100 } },
}
