-- Temperature Control Lab, one heater, step test: APMonitor/arduino, 1st_order_SISO data.csv.
-- The column called voltage is a PWM of 0 .. 255; the temperature is in degF and is stored in degC.
return {
  fleet = "tclab",
  label = "recorded: TCLab, single heater step",
  time = { column = "time", unit = "s" },
  channels = {
    { name = "Q1", column = "voltage", scale = 1 / 255, unit = "ratio", store = "%", low = 0, high = 1, role = "input" },
    { name = "T1", column = "temperature", unit = "degF", store = "degC", low = 32, high = 212, resolution = 0.58 },
  },
}
