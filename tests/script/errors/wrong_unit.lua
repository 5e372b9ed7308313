scenario { duration = 1*h }
local fleet = devices "room" {
  twin = "incubator", count = 10,
  sensors = { box = { column = "box_K" } }, actuators = { heater = { column = "heater_on" } },
  control = hysteresis { sensor = "box", actuator = "heater", setpoint = degC(30) },
}
thresholds {
  ["box_K max"]         = "< 60 degC",
  ["comfort.error p95"] = "< 20 min",
}
