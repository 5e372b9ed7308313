-- The telemetry that tools/models/train_detector.py learns from: incubators as the demo has them, healthy for an hour,
-- then (with --set fault=...) all with one fault.
scenario { title = "Training data for the incubator detector", duration = 2*h, sync = 60*s, seed = 1 }

local incubators = require "twinloop.incubators"
local fleet = incubators.fleet("training", {
  count = 256, record = { "box", "control.setpoint", "heater_on" },
})

local fault = setting("fault", "none")
local faults = {
  efficiency = { "actuator.efficiency", { channel = "heater", value = 0.5 } },
  noise      = { "sensor.noise", { channel = "box", value = 0.4 } },
  bias       = { "sensor.bias", { channel = "box", value = 2 } },
  stuck_off  = { "actuator.stuck", { channel = "heater", at = 0 } },
  stuck      = { "sensor.stuck", { channel = "box" } },
}
if fault ~= "none" then
  local what = faults[fault] or fail("unknown fault " .. fault)
  run(function()
    wait(1*h)
    fleet:inject(what[1], what[2])
  end)
end
