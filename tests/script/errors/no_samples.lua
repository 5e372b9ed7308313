local incubators = require "twinloop.incubators"
scenario { duration = 1*min }
incubators.fleet("room", { count = 3, detector = incubators.detector() })
thresholds {
  ["box_K max"]        = "< 60 degC",
  ["detect.delay p90"] = { "< 5 min", after = 30*s },
}
