-- Temperature Control Lab, two heaters and two thermistors, 600 s: APMonitor/arduino, Energy_balance_MIMO data.txt.
-- The heater values of a row hold until the next row.
return {
  fleet = "tclab",
  label = "recorded: TCLab, energy balance run",
  time = { column = 1, unit = "s" },
  channels = {
    { name = "Q1", column = "Heater 1 (%)", unit = "%", low = 0, high = 100, role = "input" },
    { name = "Q2", column = "Heater 2 (%)", unit = "%", low = 0, high = 100, role = "input" },
    { name = "T1", column = "Temperature 1 (degC)", unit = "degC", low = 0, high = 100 },
    { name = "T2", column = "Temperature 2 (degC)", unit = "degC", low = 0, high = 100 },
  },
}
