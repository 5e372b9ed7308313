-- incubators: the fleet that the demo, the detector's training data and several tests share.
--   local incubators = require "twinloop.incubators"
--   local fleet = incubators.fleet("boxes", { count = 1000, detector = incubators.detector() })
local incubators = {}

-- Heated boxes with the published parameters of 2023-05, spread by 5 % from device to device, kept at a set point of
-- 35 to 39 degC by hysteresis control on a noisy sensor. Keys of `more` are those of devices{} and win.
function incubators.fleet(name, more)
  local recipe = {
    twin = "incubator",
    dt   = 0.5*s,
    tick = 3*s,
    set  = { voltage_V = 12.15579391, current_A = 1.53551347 },
    init = { box_K = 309.15, heater_K = 315.15 }, -- warm, as at the end of a night
    vary = {
      C_air_J_per_K    = normal(267.55929458, 13.4),
      G_box_W_per_K    = normal(0.5763498, 0.0288),
      C_heater_J_per_K = normal(329.25376821, 16.5),
      G_heater_W_per_K = normal(1.67053237, 0.0835),
      ["control.setpoint"] = uniform(308.15, 312.15),
    },
    sensors   = { box = { column = "box_K", noise = 0.1 } },
    actuators = { heater = { column = "heater_on" } },
    control   = { kind = "hysteresis", sensor = "box", actuator = "heater", setpoint = 310.15, band = 0.5 },
  }
  for key, value in pairs(more or {}) do recipe[key] = value end
  return devices(name)(recipe)
end

-- The trained autoencoder on 32 samples of (measured - set point, 2 heater - 1); threshold from its model card.
function incubators.detector()
  return {
    model     = "incubator-detector-int8.tflite",
    channels  = {
      { sensor = "box", minus = "control.setpoint" },
      { actuator = "heater", mean = 0.5, scale = 2 },
    },
    threshold = 0.189,
    persist   = 5,
    arm       = 10*min, -- it learned what comes after the start-up
  }
end

return incubators
