scenario { duration = 1*h }
local fleet = devcies "room" { twin = "incubator" }
