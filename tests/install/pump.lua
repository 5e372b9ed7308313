-- a twin from a shared object, held at its level by a controller
scenario { title = "pumps of a stranger", duration = 10*min, sync = 10*s, seed = 3 }

devices "tanks" {
  count = 300, twin = "pump", dt = 1*s, tick = 1*s,
  sensors = { level = { column = "level_m", noise = 0.001 } },
  actuators = { pump = { column = "pump_on" } },
  control = { kind = "hysteresis", sensor = "level", actuator = "pump", setpoint = 1.2, band = 0.05 },
}

thresholds { ["level_m min"] = "> 0.5 m", ["level_m max"] = "< 1.5 m" }
