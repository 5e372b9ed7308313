-- W1: a fleet of incubators in closed loop: plant, noisy sensor, hysteresis, int8 autoencoder 64-8-64, telemetry.
-- The workload of docs/performance.md; tools/bench runs it beside the naive version.
scenario {
  title    = "W1 fleet of incubators in closed loop",
  duration = setting("seconds", 1920)*s,
  sync     = 192*s, -- 64 samples: a telemetry chunk
  seed     = 1,
}

devices "w1" {
  count = setting("devices", 10000),
  twin  = "incubator",
  dt    = 0.5*s,
  tick  = 3*s,
  set   = {
    C_heater_J_per_K = 243.46, G_heater_W_per_K = 0.87, C_air_J_per_K = 68.2, G_box_W_per_K = 0.74,
    voltage_V = 12, current_A = 10,
  },
  sensors   = { box = { column = "box_K", noise = 0.1 } },
  actuators = { heater = { column = "heater_on" } },
  control   = { kind = "hysteresis", sensor = "box", actuator = "heater", setpoint = 309.15, band = 0.3 },
  detector  = { model = "w1-synthetic-int8.tflite", channels = { { sensor = "box", minus = "control.setpoint" } } },
  vary      = { ["control.setpoint"] = uniform(309.15, 313.15) },
}
