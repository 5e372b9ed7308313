scenario { duration = 1*h }
local seed = setting("mode", "a")
if seed != "a" then fail "no" end
