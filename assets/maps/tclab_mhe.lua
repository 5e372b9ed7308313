-- Temperature Control Lab, 300 s at 2 s, no header line: APMonitor/arduino, 2nd_order_linear/MATLAB data.txt.
return {
  fleet = "tclab",
  label = "recorded: TCLab, moving horizon run",
  header = false,
  time = { column = 1, unit = "s" },
  channels = {
    { name = "Q1", column = 2, unit = "%", low = 0, high = 100, role = "input" },
    { name = "Q2", column = 3, unit = "%", low = 0, high = 100, role = "input" },
    { name = "T1", column = 4, unit = "degC", low = 0, high = 100, resolution = 0.49 },
    { name = "T2", column = 5, unit = "degC", low = 0, high = 100, resolution = 0.49 },
  },
}
