local incubators = require "twinloop.incubators"
scenario { title = "unit", duration = 1*h, sync = 10*s }
incubators.fleet("boxes", { count = 3 })
thresholds { ["box_K max"] = "< 300 s" }
