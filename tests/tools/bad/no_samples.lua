local incubators = require "twinloop.incubators"
scenario { title = "no samples", duration = 1*min, sync = 10*s }
incubators.fleet("boxes", { count = 3 })
thresholds { ["comfort.error p95"] = { "< 3 K", after = 1*h } }
