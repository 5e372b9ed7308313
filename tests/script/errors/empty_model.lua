local incubators = require "twinloop.incubators"
scenario { duration = 1*min }
local detector = incubators.detector()
detector.model = "empty_model.tflite"
incubators.fleet("boxes", { count = 3, detector = detector })
