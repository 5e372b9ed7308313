-- Lift ride 01, all channels of the inertial unit: fidelity-measure-for-dts, raw_imu_*.csv.
-- The row after the header holds resolutions, not data. Time is that of the unit's own clock: it restarts at 0.
return {
  fleet = "lift",
  label = "recorded: lift ride 4-0-4, raw inertial unit",
  skip_rows = 1,
  time = { column = "Time(s)", unit = "s", restart = true },
  channels = {
    { name = "ax", column = "ax(g)", unit = "gn", low = -16, high = 16 },
    { name = "ay", column = "ay(g)", unit = "gn", low = -16, high = 16 },
    { name = "az", column = "az(g)", unit = "gn", low = -16, high = 16 },
    { name = "wx", column = "wx(deg/s)", unit = "deg/s", low = -2000, high = 2000 },
    { name = "wy", column = "wy(deg/s)", unit = "deg/s", low = -2000, high = 2000 },
    { name = "wz", column = "wz(deg/s)", unit = "deg/s", low = -2000, high = 2000 },
    { name = "angle_x", column = "AngleX(deg)", unit = "deg", low = -360, high = 360 },
    { name = "angle_y", column = "AngleY(deg)", unit = "deg", low = -360, high = 360 },
    { name = "angle_z", column = "AngleZ(deg)", unit = "deg", low = -360, high = 360 },
    { name = "chip", column = 12, unit = "degC", low = -40, high = 125 }, -- its header is not ASCII: by number
    { name = "hx", column = "hx", unit = "1", low = -32768, high = 32767 },
    { name = "hy", column = "hy", unit = "1", low = -32768, high = 32767 },
    { name = "hz", column = "hz", unit = "1", low = -32768, high = 32767 },
    { name = "q0", column = "q0", unit = "1", low = -1, high = 1 },
    { name = "q1", column = "q1", unit = "1", low = -1, high = 1 },
    { name = "q2", column = "q2", unit = "1", low = -1, high = 1 },
    { name = "q3", column = "q3", unit = "1", low = -1, high = 1 },
  },
}
