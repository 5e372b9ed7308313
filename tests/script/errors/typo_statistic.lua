scenario { duration = 1*h }
local fleet = devices "room" { twin = "incubator" }
run(function() log("%f", fleet:stat "box_K maen") end)
