-- Foreign HDF5, one compound table with whole nanoseconds and an enumerated truth.
return {
  format = "hdf5",
  object = "/telemetry/incubator-0",
  fleet = "incubator",
  label = "recorded: incubator exp2, compound table",
  time = { column = "time_ns", unit = "ns" },
  channels = {
    { name = "box", column = "t_box", unit = "degC", low = 0, high = 100 },
    { name = "room", column = "t_room", unit = "degC", low = -20, high = 60, role = "input" },
    { name = "heater", column = "heater_on", unit = "bool", store = "1", role = "input" },
  },
}
