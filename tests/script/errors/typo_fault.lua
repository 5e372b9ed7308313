scenario { duration = 1*h }
local fleet = devices "room" { twin = "incubator", sensors = { box = { column = "box_K" } } }
run(function() fleet:inject("senor.bias", { value = 1 }) end)
