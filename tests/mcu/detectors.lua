-- Detectors of every kind that firmware can be: other rounding, versions in waves, several inputs, int16, state, counters.
local incubators = require "twinloop.incubators"
local what = setting("what", "single")
scenario { title = "Detectors for firmware", duration = 6*min, sync = 10*s, seed = 5 }

local box = { sensor = "box", minus = "control.setpoint", scale = 0.7 }
local heater = { actuator = "heater", mean = 0.5, scale = 2 }
local detector = incubators.detector()
detector.hop, detector.persist, detector.threshold, detector.arm = 3, 2, 0.1, 1*min
detector.reaction, detector.fallback = "fallback", 0.25
if what == "single" then
  detector.personality = "single"
elseif what == "waves" then
  detector.model = { "incubator-detector-int8.tflite", "w1-synthetic-int8.tflite" }
elseif what == "counters" then
  detector.counters = true
else -- a model beside the scenario: golden ones of the operators' tests
  detector.channels = nil
  detector.model = what .. ".tflite"
  detector.output = 2
  if what == "add_scalar" then
    detector.inputs = { { box, heater }, { box } } -- 210 and 1 elements: 105 samples and 1
  elseif what == "sub_int16" then
    for _, channel in ipairs { box, heater } do channel.scale = channel.scale * 0.001 end
    detector.inputs = { { box, heater, box, heater }, { heater, box } } -- 6 and 2 samples
  else
    detector.channels = { box }
    if what == "micro_speech_quantized" then detector.spectrum, detector.full_scale = "micro_speech", 10 end
    detector.hop = setting("hop", 2)
  end
end
local tick = detector.spectrum and 1*s/16000 or 3*s
local fleet = incubators.fleet("boxes", { count = 20, tick = tick, dt = math.min(tick, 0.5*s), detector = detector })
run(function()
  wait(3*min)
  if what == "waves" then
    fleet:sample(0.3, "wave"):inject("plant.set", { column = "detector.version", value = 1 })
  end
  fleet:inject("sensor.noise", { value = 1.0 })
end)
