local incubators = require "twinloop.incubators"
scenario { duration = 1*min }
local detector = incubators.detector()
detector.board = "nucleo-l4r5zi-tflmm"
incubators.fleet("boxes", { count = 3, detector = detector })
