scenario { duration = 1*h }
local fleet = devices "room" {
  twin = "incubator",
  sensors = { box = { column = "box_K" } }, actuators = { heater = { column = "heater_on" } },
  control = hysteresis { sensor = "boks", actuator = "heater", setpoint = degC(30) },
}
