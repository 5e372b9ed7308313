-- Skoltech water loop (pump, two valves, tank), labelled experiments: waico/SKAB, valve1/*.csv, valve2/*.csv, other/*.csv.
-- The folder of a file says which valve is closed and reopened, `anomaly` says when.
return {
  fleet = "loop",
  label = "recorded: SKAB, labelled experiment",
  delimiter = ";",
  time = { column = "datetime", unit = "iso" },
  channels = {
    { name = "vibration1", column = "Accelerometer1RMS", unit = "gn", low = 0, high = 20 },
    { name = "vibration2", column = "Accelerometer2RMS", unit = "gn", low = 0, high = 20 },
    { name = "current", column = "Current", unit = "A", low = -1, high = 50 },
    { name = "pressure", column = "Pressure", unit = "bar", low = -5, high = 20 },
    { name = "motor_temperature", column = "Temperature", unit = "degC", low = -20, high = 200 },
    { name = "water_temperature", column = "Thermocouple", unit = "degC", low = -20, high = 120 },
    { name = "voltage", column = "Voltage", unit = "V", low = 0, high = 500, role = "input" },
    { name = "flow", column = "Volume Flow RateRMS", unit = "L/min", low = -10, high = 500 },
    { name = "anomaly", column = "anomaly", unit = "bool", store = "1", role = "input" },
    { name = "changepoint", column = "changepoint", unit = "bool", store = "1" },
  },
}
