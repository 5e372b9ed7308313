-- The telemetry that tools/models/train_detector.py learns from: incubators as the demo has them, healthy for an hour,
-- then (with --set fault=...) all with one fault.
local incubators = require "twinloop.incubators"

scenario { title = "Training data for the incubator detector", duration = 2*h, sync = 60*s, seed = 1 }

local fleet = incubators.fleet("training", { count = 256, room_K = uniform(degC(18), degC(24)) })

local faults = {
  efficiency = { "actuator.efficiency", { ratio = 0.4 } },
  stuck_off  = { "actuator.stuck", { at = 0 } },
  noise      = { "sensor.noise", { value = 1.0 } },
  lid        = { "plant.set", { column = "lid_open", value = 1 } },
  bias       = { "sensor.bias", { value = 2 } },
  stuck      = { "sensor.stuck", {} },
}
local fault = setting("fault", "none")
if fault ~= "none" then
  local what = faults[fault] or fail("unknown fault " .. fault)
  run(function()
    wait(1*h)
    fleet:inject(what[1], what[2])
  end)
end
