scenario { duration = 1*min }
local room = devices "room" { twin = "incubator", count = 3 }
compare(roomm.box_K, nil)
