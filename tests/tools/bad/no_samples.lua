local incubators = require "twinloop.incubators"
scenario { title = "no samples", duration = 1*min, sync = 10*s }
incubators.fleet("boxes", { count = 3, detector = incubators.detector() })
thresholds { ["detect.delay p90"] = "< 5 min" }
