-- The project's own synthetic water loop (tools/recordings/make_pump.py): channels as in skab.lua.
return {
  fleet = "loop",
  label = "SYNTHETIC: made by tools/recordings/make_pump.py, not measured",
  time = { column = "time", unit = "s" },
  channels = {
    { name = "current", column = "amperes", unit = "A", low = -1, high = 50 },
    { name = "pressure", column = "bar", unit = "bar", low = -5, high = 20 },
    { name = "motor_temperature", column = "motor", unit = "degC", low = -20, high = 200 },
    { name = "water_temperature", column = "water", unit = "degC", low = -20, high = 120 },
    { name = "voltage", column = "volts", unit = "V", low = 0, high = 500, role = "input" },
    { name = "flow", column = "flow", unit = "L/min", low = -10, high = 500 },
    { name = "anomaly", column = "anomaly", unit = "bool", store = "1", role = "input" },
  },
}
