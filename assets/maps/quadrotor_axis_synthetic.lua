-- The output of tools/recordings/make_quadrotor_axis.py: made, not measured. Channels as in crazypad_motor.lua.
return {
  fleet = "quadrotor",
  label = "SYNTHETIC: made by tools/recordings/make_quadrotor_axis.py, not measured",
  time = { column = "time", unit = "s" },
  channels = {
    { name = "pwm1", scale = 1 / 65535, unit = "ratio", low = 0, high = 1, role = "input" },
    { name = "pwm2", scale = 1 / 65535, unit = "ratio", low = 0, high = 1, role = "input" },
    { name = "pwm3", scale = 1 / 65535, unit = "ratio", low = 0, high = 1, role = "input" },
    { name = "pwm4", scale = 1 / 65535, unit = "ratio", low = 0, high = 1, role = "input" },
    { name = "battery", unit = "mV", store = "V", low = 0, high = 6000, role = "input" },
    { name = "z", column = "height", unit = "m", low = -100, high = 100 },
    { name = "vz", column = "climb", unit = "m/s", low = -50, high = 50 },
    { name = "az", column = "acceleration", unit = "gn", low = -30, high = 30 },
  },
}
