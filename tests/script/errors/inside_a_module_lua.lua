local incubators = require "twinloop.incubators"
scenario { duration = 1*min }
local key = nil
incubators.fleet("boxes", key and {} or 3)
