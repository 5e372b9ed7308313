-- Ten thousand incubators for three hours: does the on-device detector find what breaks, and leave the rest alone?
--   twinloop run scenarios/2_orchestration/incubator_fleet.lua [--set count=1000]
local incubators = require "twinloop.incubators"

scenario { title = "Incubator fleet with an int8 detector", duration = 3*h, sync = 10*s, seed = 42 }

local fleet = incubators.fleet("incubators", {
  count    = setting("count", 10000),
  room_K   = uniform(degC(18), degC(24)),
  detector = incubators.detector(),
})
local sick = fleet:sample(0.01, "sick") -- one in a hundred will break

thresholds {
  ["comfort.error p95"]   = { "< 1.5 K", after = 1*h },
  ["comfort.error p99"]   = { "< 3.0 K", after = 1*h },
  ["detect.delay p90"]    = { "< 20 min", of = sick },
  ["detect.missed"]       = { "< 10 %", of = sick },
  ["detect.false_alarms"] = { "< 0.1 /device/day", after = 1*h },
}

run(function()
  wait(1*h) -- all boxes are warm
  local kinds = {
    { "actuator.efficiency", { ratio = 0.4 } },
    { "actuator.stuck",      { at = 0 } },
    { "sensor.noise",        { value = 1.0 } },
    { "plant.set",           { column = "lid_open", value = 1 } },
  }
  local draw = rng "kinds"
  for i = 0, sick:count() - 1 do
    spawn(function(device)
      wait(draw() * 30*min)
      local kind = kinds[draw:random(#kinds)]
      device:inject(kind[1], kind[2])
    end, sick:device(i))
  end
  wait(1.5*h)
  log("%d of %d broken devices alarm, mean comfort error %.2f K",
    sick:where("detector.alarm"):count(), sick:count(), fleet:stat "comfort.error mean")
end)
