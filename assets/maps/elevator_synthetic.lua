-- The output of tools/recordings/make_elevator.py: made, not measured. Channels as in elevator.lua.
return {
  fleet = "lift",
  label = "SYNTHETIC: made by tools/recordings/make_elevator.py, not measured",
  time = { column = "time", unit = "s" },
  channels = {
    { name = "acceleration", unit = "m/s2", low = -20, high = 20, resolution = 0.004905 },
  },
}
