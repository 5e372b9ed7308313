scenario { duration = 1*h }
local fleet = devices "room" { twin = "incubator" }
local hot = fleet:where "box_k > 300"
