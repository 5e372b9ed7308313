-- a small fleet that holds its thresholds; the tests of the command line run it
local incubators = require "twinloop.incubators"
scenario { title = "Small fleet", duration = setting("minutes", 20)*min, sync = 10*s, seed = 5 }
local fleet = incubators.fleet("boxes", { count = setting("count", 300) })
thresholds {
  ["box_K max"] = setting("limit", "< 320 K"),
  ["comfort.error mean"] = { "< 3 K", after = 10*min },
}
run(function()
  wait(5*min)
  log("five minutes are over")
end)
