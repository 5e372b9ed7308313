-- Temperature Control Lab, another board, 600 s at 3 s: APMonitor/arduino, Hybrid_MIMO data.txt.
return {
  fleet = "tclab",
  label = "recorded: TCLab, hybrid run (another board)",
  time = { column = "Time (sec)", unit = "s" },
  channels = {
    { name = "Q1", column = "Heater 1", unit = "%", low = 0, high = 100, role = "input" },
    { name = "Q2", column = "Heater 2", unit = "%", low = 0, high = 100, role = "input" },
    { name = "T1", column = "Temperature 1", unit = "degC", low = 0, high = 100 },
    { name = "T2", column = "Temperature 2", unit = "degC", low = 0, high = 100 },
  },
}
