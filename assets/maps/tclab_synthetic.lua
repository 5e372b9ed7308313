-- The project's own synthetic TCLab recording (tools/recordings/make_tclab.py): channels as in tclab_energy_balance.lua.
return {
  fleet = "tclab",
  label = "SYNTHETIC: made by tools/recordings/make_tclab.py, not measured",
  time = { column = "time", unit = "s" },
  channels = {
    { name = "Q1", column = "heater_1", unit = "%", low = 0, high = 100, role = "input" },
    { name = "Q2", column = "heater_2", unit = "%", low = 0, high = 100, role = "input" },
    { name = "T1", column = "temperature_1", unit = "degC", low = 0, high = 100, resolution = 0.3223 },
    { name = "T2", column = "temperature_2", unit = "degC", low = 0, high = 100, resolution = 0.3223 },
  },
}
