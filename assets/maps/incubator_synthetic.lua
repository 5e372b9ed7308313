-- The project's own synthetic incubator recording (tools/recordings/make_incubator.py): channels as in incubator.lua.
return {
  fleet = "incubator",
  label = "SYNTHETIC: made by tools/recordings/make_incubator.py, not measured",
  time = { column = "time", unit = "s" },
  channels = {
    { name = "box", column = "average_temperature", unit = "degC", low = 0, high = 100, resolution = 0.03125 },
    { name = "room", column = "t1", unit = "degC", low = -20, high = 60, resolution = 0.0625, role = "input" },
    { name = "heater", column = "heater_on", unit = "bool", store = "1", role = "input" },
  },
}
