-- Incubator (heated styrofoam box) with its controller's log: fidelity-measure-for-dts, exp2_*_Model.csv.
-- Temperatures stay in degC: CV(RMSE) and NMBE are relative to the unit's zero.
-- The file's columns 2P_Model and 4P_Model are twins' traces (the second is wrong at the source) and not read.
return {
  fleet = "incubator",
  label = "recorded: incubator exp2",
  time = { column = "time", unit = "s" },
  channels = {
    { name = "box", column = "average_temperature", unit = "degC", low = 0, high = 100, resolution = 0.03125 },
    { name = "room", column = "t1", unit = "degC", low = -20, high = 60, resolution = 0.0625, role = "input" },
    { name = "heater", column = "heater_on", unit = "bool", store = "1", role = "input" },
    { name = "fan", column = "fan_on", unit = "bool", store = "1", role = "input" },
    { name = "box_t2", column = "t2", unit = "degC", low = 0, high = 100, resolution = 0.0625 },
    { name = "box_t3", column = "t3", unit = "degC", low = 0, high = 100, resolution = 0.0625 },
  },
}
