local incubators = require "twinloop.incubators"
scenario { duration = 1*min }

incubators.fleet("boxes", {
  count = -1,
})
