local incubators = require "twinloop.incubators"
scenario { title = "fail()", duration = 1*h, sync = 10*s }
incubators.fleet("boxes", { count = 3 })
run(function()
  wait(3*min)
  fail "the story says so"
end)
