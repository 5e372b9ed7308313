-- Foreign HDF5, a group with a dataset per channel (any number type, byte order and filter).
return {
  format = "hdf5",
  object = "/incubator",
  fleet = "incubator",
  label = "recorded: incubator exp2, group of channels",
  time = { column = "time", unit = "s" },
  channels = {
    { name = "box", column = "average_temperature", unit = "degC", low = 0, high = 100 },
    { name = "room", column = "t1", unit = "degC", low = -20, high = 60, role = "input" },
    { name = "heater", column = "heater_on", unit = "bool", store = "1", role = "input" },
    { name = "box_t2", column = "t2", unit = "degC", low = 0, high = 100 },
    { name = "box_t3", column = "t3", unit = "degC", low = 0, high = 100 },
  },
}
