-- Incubators under PID or hysteresis, whose detector alarms often and then takes the command over; some break.
local incubators = require "twinloop.incubators"
scenario { title = "Loops for firmware", duration = 10*min, sync = 10*s, seed = 3 }
local detector = incubators.detector()
detector.reaction, detector.fallback, detector.persist, detector.threshold = "fallback", 0.25, 2, 0.25
detector.hop = setting("hop", 2)
local laws = {
  hysteresis = { kind = "hysteresis", sensor = "box", actuator = "heater", setpoint = 310.15, band = 0.5 },
  pid = { kind = "pid", sensor = "box", actuator = "heater", setpoint = 310.15, kp = 0.31, ki = 0.0123, kd = 1.7 },
}
local fleet = incubators.fleet("boxes", { count = 20, detector = detector, control = laws[setting("law", "pid")] })
run(function()
  wait(3*min)
  local noise = fleet:inject("sensor.noise", { value = 1.0 })
  wait(3*min)
  noise:clear()
end)
