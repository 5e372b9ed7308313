local incubators = require "twinloop.incubators"
scenario { duration = 1*min }
local detector = incubators.detector()
detector.model = { "incubator-detector-int8.tflite", "w1-synthetic-int8.tflite" }
local fleet = incubators.fleet("boxes", { count = 3, detector = detector })
run(function()
  fleet:inject("plant.set", { column = "detector.version", value = 0.5 })
end)
