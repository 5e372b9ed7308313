-- Two versions of the detector's model, the second on a wave of devices; a battery. test_run.sh sets `wrong`.
local incubators = require "twinloop.incubators"
scenario { title = "Versions in waves", duration = 40*min, sync = 10*s, seed = 3 }

local detector = incubators.detector()
local wrong = setting("wrong", "nothing")
detector.model = { "incubator-detector-int8.tflite", "w1-synthetic-int8.tflite" }
detector.board = wrong == "board" and "nucleo-l4r5zi-tflmm" or "nucleo-l4r5zi-tflm"
detector.battery = { capacity = "1200 mAh", voltage = "3 V", sleep = "2 uA" }
detector.personality = wrong == "personality" and "single:CONV2D" or "single:FULLY_CONNECTED"
if wrong == "battery" then detector.board = nil end
local fleet = incubators.fleet("boxes", { count = 300, detector = detector })

thresholds {
  ["detector.duty max"]        = "< 0.5",
  ["detector.inference_J max"] = "< 200 uJ",
  ["detector.version max"]     = "== 1",
}

run(function()
  wait(20*min)
  fleet:sample(0.1, "wave"):inject("plant.set", { column = "detector.version", value = 1 })
end)
